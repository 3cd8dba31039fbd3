"""Reads what came over a network: an order that lowers or enters something, or the sentence why it is none.

Never acted on (H-07): what is retained, since a broker says it
again at each connect; what comes within a second of subscribing, since it may be old; what is longer than an order can
be. There is no word here that starts, arms, resumes or raises.
"""

from enum import StrEnum

from estim.core.errors import EstimError
from estim.core.messages.lowering import EnterPain, Lower, Lowering, Pause, SetReminders, Snooze, Stop
from estim.core.numbers import read_whole, shown

ORDER_MAX = 1024
"""Longest payload, bytes."""

SETTLE_S = 1.0
"""How long after subscribing nothing is acted on, s (home-assistant.md)."""

PAIN_MAX = 10
STEPS_MAX = 1000


class Ignored(StrEnum):
    """Why an order wasn't carried out, as it is counted."""

    RETAINED = "retained"
    EARLY = "early"
    LONG = "long"
    UNKNOWN = "unknown"
    TOO_MANY = "too_many"


_ORDERS = "stop, pause, level_down, snooze, pain 0 to 10, reminders on or off"  # untranslated: as they are sent
_NO_ORDER = f" isn't an order: {_ORDERS}"  # untranslated: for the log


def ignored(payload: bytes, *, retained: bool, subscribed_s: float, now_s: float) -> Ignored | None:
    """Return why a message is not even read, None if it is; moments in seconds of one clock."""
    if retained:
        return Ignored.RETAINED
    if now_s - subscribed_s < SETTLE_S:
        return Ignored.EARLY
    return Ignored.LONG if len(payload) > ORDER_MAX else None


def read_order(payload: bytes, unit: str | None) -> Lowering:
    """Return the order of a payload for a unit's name (None: for the host); raises EstimError for anything else."""
    try:
        words = payload.decode("ascii").casefold().split()
    except UnicodeDecodeError:
        raise EstimError(f"{payload[:40]!r}{_NO_ORDER}") from None
    match words:
        case ["stop"]:
            return Stop(unit=unit)
        case ["pause"]:
            return Pause(unit=unit)
        case ["level_down"]:
            return Lower(unit=unit)
        case ["level_down", steps]:
            return Lower(steps=read_whole(steps, what="level_down", lo=1, hi=STEPS_MAX, unit="steps"), unit=unit)
        case ["pain", score]:
            return EnterPain(read_whole(score, what="pain", lo=0, hi=PAIN_MAX))
        case ["snooze"]:
            return Snooze()
        case ["reminders", "on" | "off" as on]:
            return SetReminders(on == "on")
        case _:
            raise EstimError(f"{shown(payload.decode('ascii'))}{_NO_ORDER}")
