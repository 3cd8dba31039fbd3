"""What the driver of a YOKONEX EMS keeps of a channel, what it tells one, and the frames of both protocols for that."""

from dataclasses import dataclass
from math import floor, inf

from protocols.score import Score, part_at, texture, unchanged_s
from protocols.vocabulary import Channel, Wanted
from protocols.yokonex.level import Gauge
from protocols.yokonex.packets import (
    CUSTOM,
    CUSTOM_BOTH,
    FIXED,
    ORDER,
    PROGRAMS,
    STOP_V1,
    STOP_V2,
    V1,
    Custom,
    Fixed,
    Order,
    rate_played,
    width_played,
)

BOTH = (Channel.A, Channel.B)
SLOT_S = 0.1
"""What moves goes out in slots of this."""

SLOT_LATE_S = 0.03
"""So long after its start a slot still counts as begun."""

_SLACK_S = 1e-6
_BEHIND_S = 1e-9
"""More than sums of times are off by, and less than anything moves in."""


@dataclass(frozen=True, slots=True)
class Playing:
    """What one channel is told: intensity (0: off), the unit's own program or custom, rate and width of custom."""

    intensity: int
    mode: int = 0
    rate_hz: int = 0
    width_us: int = 0

    @property
    def texture(self) -> tuple[int, int, int]:
        """All but the intensity."""
        return self.mode, self.rate_hz, self.width_us


OFF = Playing(0)


@dataclass(slots=True)
class ChannelState:
    """One channel: `sent` as last ordered (None: never), `contact` as last told (None: never).

    `ordered_s` is when it was ordered anything, `changed_s` when another level.
    """

    channel: Channel
    gauge: Gauge
    sent: Playing | None = None
    ordered_s: float = -inf
    changed_s: float = -inf
    asked_s: float = -inf
    contact: bool | None = None
    missed: bool = False
    """Whether it has been told that the pads are off, since output began."""


def order(profile: str, number: int, a: Playing, b: Playing) -> bytes:
    """Return the frame that tells channel `number` (1 or 2) what to play; V2.0 has only one for both channels."""
    if profile == V1:
        one = b if number == 2 else a
        return ORDER.build(Order(number, int(one.intensity > 0), one.intensity, one.mode, one.rate_hz, one.width_us))
    if CUSTOM not in (a.mode, b.mode):
        return FIXED.build(Fixed(a.intensity, a.mode, b.intensity, b.mode))
    return CUSTOM_BOTH.build(Custom(a.intensity, a.rate_hz, a.width_us, b.intensity, b.rate_hz, b.width_us))


def stops(profile: str, again: int, *, proved: bool) -> list[bytes]:
    """Return the frames of a stop, for both protocols while it isn't known which one is spoken.

    Whether V1.6 obeys "both off" was never seen, so each second time the channels are switched off one by one.
    """
    v1 = [STOP_V1] if again % 2 == 0 else [order(V1, 1, OFF, OFF), order(V1, 2, OFF, OFF)]
    if proved:
        return v1 if profile == V1 else [STOP_V2]
    return [*v1, STOP_V2] if again % 2 == 0 else v1


class Texture:
    """What the score asks of both channels now; worked out anew only when it may have changed, at `until_s`."""

    def __init__(self) -> None:
        self.until_s = -inf
        self._of: tuple[Score | None, float] = (None, 0.0)
        self._now = 0, 0, 0

    def playing(self, now_s: float, wanted: Wanted, level: int) -> Playing:
        """Return what a channel is to play in the slot of now; a rest is a width of 0, at the lowest rate."""
        score = wanted.score
        of = (wanted.score, wanted.origin_s)
        if score is None or level == 0:
            return OFF
        if now_s >= self.until_s - _SLACK_S or of[0] is not self._of[0] or of[1] != self._of[1]:
            self._of = of
            self._now, self.until_s = _worked_out(score, max(0.0, now_s - wanted.origin_s), now_s)
        return Playing(level, *self._now)


def waits_s(wanted: Wanted, now_s: float) -> float:
    """Return how long an order waits that only changes the level, so that it isn't in the way of the next slot's."""
    score = wanted.score
    at_s = now_s - wanted.origin_s
    if score is None or score.number is not None:
        return 0.0
    into_s = _into_s(score, at_s)
    return 0.0 if into_s < SLOT_LATE_S or unchanged_s(score, at_s, SLOT_S) > 2 * SLOT_S else SLOT_S - into_s


def _worked_out(score: Score, at_s: float, now_s: float) -> tuple[tuple[int, int, int], float]:
    """Return mode, rate and width of a position's slot, and until when they stay."""
    if score.number is not None:
        return (max(1, min(PROGRAMS, score.number)), 0, 0), inf
    begins_s = _begins_s(score, at_s)
    until_s = now_s + unchanged_s(score, max(at_s, begins_s), SLOT_S)
    now = texture(score, begins_s)
    width_us = int(width_played(now.width_us)) if now.on else 0
    return (CUSTOM, int(rate_played(now.rate_hz)) if width_us else 1, width_us), until_s


def _into_s(score: Score, at_s: float) -> float:
    """Return how long a position is into its slot."""
    return max(0.0, at_s - _begins_s(score, at_s))


def _begins_s(score: Score, at_s: float) -> float:
    """Return where a position's slot begins; slots begin with each part.

    A position that only rounding puts before a border is in the slot behind it: the one before may be a rest, and its
    part another one. What is returned lies behind the border for the same reason.
    """
    part = part_at(score, at_s + _SLACK_S)[1]
    slots = floor((at_s - part.start_s + _SLACK_S) / SLOT_S)
    return part.start_s + slots * SLOT_S + _BEHIND_S
