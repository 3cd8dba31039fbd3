"""How strong a unit is heard, for people: a word and a bar beside the dBm, which tell nobody how far away it is."""

from estim.core.translation import mark, tr, tr_text

NEAR_DBM = -60
"""From here on a unit lies beside the computer, or on the same table."""
FAR_DBM = -80
"""Below this it is at the other end of the room, or something is between."""
WEAKEST_DBM = -100
"""Where a bar begins: weaker adverts are hardly heard at all."""
STRONGEST_DBM = -35
"""Where a bar is full: a unit that touches the computer."""
NEAR = mark("near", "signal")
BETWEEN = mark("not far", "signal")
FAR = mark("far", "signal")


def word_of(rssi_dbm: int) -> str:
    """Return how near a unit is as a word: walls and hands weaken a signal, so it is no distance."""
    if rssi_dbm >= NEAR_DBM:
        return tr_text(NEAR, "signal")
    return tr_text(FAR if rssi_dbm < FAR_DBM else BETWEEN, "signal")


def signal_of(rssi_dbm: int) -> str:
    """Return a signal as a word, with its figure for whoever knows it."""
    return tr("{word} ({dbm} dBm)", word=word_of(rssi_dbm), dbm=rssi_dbm)


def bar_of(rssi_dbm: int | None, columns: int) -> str:
    """Return a bar that grows as a unit comes near; an empty one where nothing is heard."""
    if rssi_dbm is None:
        return "·" * columns
    share = (rssi_dbm - WEAKEST_DBM) / (STRONGEST_DBM - WEAKEST_DBM)
    full = min(columns, max(1, round(columns * share)))
    return "█" * full + "·" * (columns - full)
