"""What goes wrong on the air, as one frozen record that both radios share; times are seconds since the link opened."""

from dataclasses import dataclass
from math import inf

from simulator.options import SHARE, number, option, span, whole, yes

AWAY_S = 6.0
"""How long a unit is away after a cut, unless the option says so: the longest supervision time-out seen in units."""


@dataclass(frozen=True, slots=True)
class RadioFaults:
    """What goes wrong on the air. Order is kept always; everything else may happen."""

    lost: float = option(0.0, "P", "share of notifications that get lost", SHARE)
    lost_after: float = option(inf, "T", "from T s after connecting, all notifications get lost", number(0))
    mute: bool = option(False, "yes|no", "the unit is never heard: no notification arrives", yes)
    late_s: float = option(0.0, "S", "each notification comes S/2 to S seconds late", number(0))
    dup: float = option(0.0, "P", "share of notifications that arrive twice", SHARE)
    corrupt: float = option(0.0, "P", "share of notifications with a byte damaged or the end cut off", SHARE)
    cut: tuple[float, float] | None = option(
        None, "T[+D]", f"the link is lost T s after connecting; the unit is away D s ({AWAY_S:g})", span(AWAY_S)
    )
    stall: tuple[float, float] | None = option(
        None, "T+D", "silence on the air from T s after connecting, for D s; writes wait", span(None)
    )
    taken: int = option(0, "N", "in a silence, so many writes without response are taken as sent", whole(0, 64))
    decoy: bool = option(False, "yes|no", "a second unit with the same service but another name is there", yes)
    seed: int | None = option(None, "N", "seed of all chance", whole(0, 2**31))
