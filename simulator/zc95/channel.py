"""One channel of a software zc95: what was written to it, and its dial with the word that it owes about it."""

from dataclasses import dataclass
from math import inf

from protocols.vocabulary import Channel
from protocols.zc95.packets import TOP

TELL_AFTER_S = 0.02
"""From a turn of the dial to the notification, at the soonest (choice)."""


@dataclass(slots=True)
class Outlet:
    """One channel; `tell_s` is when its dial is told next (inf: nothing to tell)."""

    channel: Channel
    dial: int
    positive_us: int = 150
    negative_us: int = 150
    rate_hz: int = 150
    power: int = 0
    on: bool = False
    current_ma: float = 0.0
    tell_s: float = inf
    _told_s: float = -inf

    @property
    def level(self) -> int:
        """The power if it is enabled, else 0."""
        return self.power if self.on else 0

    def turn(self, now_s: float, steps: int, gap_s: float) -> bool:
        """Turn the dial, to be told no sooner than `gap_s` after the last word; return whether it moved."""
        before = self.dial
        self.dial = max(0, min(TOP, self.dial + steps))
        if self.dial == before:
            return False
        self.tell_s = min(self.tell_s, max(now_s + TELL_AFTER_S, self._told_s + gap_s))
        return True

    def told(self, now_s: float) -> None:
        """Its dial was told."""
        self._told_s = now_s
        self.tell_s = inf
