"""What level one channel of a YOKONEX EMS may be at: orders widen it, reports narrow it unless they may be old ones.

1. Orders are absolute and reports carry no number; a report may come by itself, twice, or LATE_S late, in order.
2. A report is news if no level from before the last order can still be told, or if it tells what that order asked for
   and no level from before it was the same.
3. A level from before can't be told any more when LATE_S is over, or when the answer to a question of another kind has
   come that was put after the order (a fence): a unit answers in the order in which it is asked (an assumption).
4. A level is told as of `since_s`, the last moment that the report surely came after; never as of when it was heard.
5. News that no order accounts for are somebody's: a fall is a hand, a rise is told as it is.
"""

from dataclasses import dataclass, replace
from enum import Enum
from math import inf

from protocols.vocabulary import Span, hull

LATE_S = 2.5
"""A report comes within this of what it tells, or never (reports that are 2 s late must be survived)."""

GIVE_UP_S = 3.0
"""An order of which nobody said that it went out has done so by then, or never (the host gives up after 2 s)."""

FORMER_MAX = 32
"""Former spans kept apart; older ones are folded together."""


class News(Enum):
    """What a report means."""

    OLD = "old"
    """It may be from before the last order: nothing is learned."""
    FITS = "fits"
    FELL = "fell"
    """Somebody lowered it."""
    ROSE = "rose"
    """Somebody raised it."""


@dataclass(frozen=True, slots=True)
class _Former:
    tag: int
    ended_s: float
    span: Span


class Gauge:
    """One channel with levels 0 to `top`, unknown at first.

    `settled_s` says since when it is known (inf: it isn't), `told_s` as of when it was told last (-inf: never),
    `expected` what the last order asked for (None: there was none), `proved` whether news have told just that since
    the change.
    """

    def __init__(self, top: int) -> None:
        self.span = Span(0, top)
        self.settled_s = inf
        self.told_s = -inf
        self.expected: int | None = None
        self.proved = False
        self._former: list[_Former] = []
        self._last = _Former(0, -inf, self.span)
        self._cleared = 0

    @property
    def zero(self) -> bool:
        """Whether the unit has told 0 after it was told to be at 0."""
        return self.proved and self.expected == 0 and self.span.hi == 0

    @property
    def unclear(self) -> bool:
        """Whether reports may be old ones until a fence has passed, and something is to be learned from them."""
        waits = any(one.tag > self._cleared for one in self._former)
        return waits and not (self.proved and self.span.known)

    def ordered(self, now_s: float, tag: int, level: int, *, afresh: bool = False) -> None:
        """Take note of an order; `afresh`: its proof has to come after it, though the same was ordered before."""
        if afresh or level != self.expected:
            self._former.append(_Former(tag, now_s + GIVE_UP_S, self.span))
            if len(self._former) > FORMER_MAX:
                first, second = self._former[:2]
                self._former[:2] = [replace(second, span=hull(first.span, second.span))]
            self.proved = False
        self.expected = level
        self._last = _Former(tag, now_s + GIVE_UP_S, self.span)
        self._become(now_s, hull(self.span, Span(level, level)))

    def went(self, now_s: float, tag: int) -> None:
        """Take note that an order went out (or failed, and may have gone out all the same)."""
        self._former = [replace(one, ended_s=now_s) if one.tag == tag else one for one in self._former]
        if self._last.tag == tag:
            self._last = replace(self._last, ended_s=now_s)

    def fence(self, tag: int) -> None:
        """A question that was put as number `tag` is answered: what comes from now on is newer than all before it."""
        self._cleared = max(self._cleared, tag)

    def told(self, now_s: float, level: int, since_s: float) -> News:
        """Take the level of a report that tells it as it was at `since_s` or later."""
        self._former = [one for one in self._former if not self._over(now_s, one)]
        before = self.span
        seen = Span(level, level)
        known_before = any(one.span.lo <= level <= one.span.hi for one in self._former)
        if not self._former or (level == self.expected and not known_before):
            self._former = []
            asked = self.expected
            told = (
                seen
                if asked is None or level == asked or self._over(now_s, self._last)
                else hull(seen, Span(asked, asked))
            )
            self.proved = level == asked
            self.told_s = max(self.told_s, since_s)
            self._become(now_s, told)
            return News.ROSE if level > before.hi else News.FELL if level < before.lo else News.FITS
        if before.lo <= level <= before.hi:
            self.told_s = max(self.told_s, since_s) if before.known else self.told_s
        elif not known_before:
            self._become(now_s, hull(before, seen))  # somebody's, before the last order or after it
        return News.OLD

    def _over(self, now_s: float, former: _Former) -> bool:
        return former.tag <= self._cleared or now_s >= former.ended_s + LATE_S

    def _become(self, now_s: float, span: Span) -> None:
        if not span.known:
            self.settled_s = inf
        elif self.settled_s == inf or span != self.span:
            self.settled_s = now_s
        self.span = span
