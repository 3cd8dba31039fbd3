"""What level an EM 70 may be at: writes and keys widen it, and a state narrows it unless it may be an old one.

1. Replies carry no number and may be lost, doubled or late, so a reply may answer any question of the last LATE_S.
2. A level is news if every question that is still alive was put after the last change, or else if the unit is
   foreseen to be at it now and can't have been at it since the oldest of those questions.
3. After a 03 00, and until something may have raised the level, writes only lower: a zero that is news then stays.
4. A level that nothing accounts for only widens the span, until the first half of rule 2 holds.
"""

from dataclasses import dataclass
from enum import Enum
from math import inf

from protocols.em70.packets import ASK_STATE, POWER_OFF, SET_LEVEL, STEP_DOWN, STEP_UP, TOP, Plain, Strength
from protocols.vocabulary import Span

LATE_S = 2.5
"""A reply comes within this of its question's write response, or never (replies that are 2 s late must be survived)."""

STALL_S = 6.0
"""After a write that failed, old replies may still be on their way: the supervision time-out that the unit asks for."""

GIVE_UP_S = 3.0
"""A write whose outcome nobody told by then has failed (the host gives up after 2 s)."""

SPANS_MAX = 32
"""Former spans kept apart; older ones are folded together."""


class Act(Enum):
    """What the driver may write, but for the selection of a program; the value is the frame."""

    UP = STEP_UP.build(Plain(0))
    DOWN = STEP_DOWN.build(Plain(0))
    ZERO = SET_LEVEL.build(Strength(0))
    ASK = ASK_STATE.build(Plain(0))
    POWER_OFF = POWER_OFF.build(Plain(0))


@dataclass(frozen=True, slots=True)
class News:
    """How a told level fits: `fresh` if it narrowed the span, `late` if it may be an old one that came late.

    `foreseen` is what writes and keys accounted for before it came.
    """

    fresh: bool
    late: bool
    foreseen: Span


@dataclass(slots=True)
class _Question:
    tag: int
    since_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class _Former:
    ended_s: float
    span: Span


class Gauge:
    """The level of the one channel, 0..TOP, unknown at first.

    `settled_s` says since when it is known (inf: it isn't), `told_s` when a state last was news (-inf: never), `downs`
    how many 02 went out since then.
    """

    def __init__(self) -> None:
        self.settled_s = inf
        self.told_s = -inf
        self.downs = 0
        self._span = Span(0, TOP)
        self._odd: Span | None = None
        self._recent: list[_Question] = []
        self._older: list[_Question] = []
        self._former: list[_Former] = []
        self._writes: dict[int, float] = {}
        self._unsure_s = -inf
        self._falling = False

    @property
    def span(self) -> Span:
        """Where the level may be."""
        return self._span if self._odd is None else _hull(self._span, self._odd)

    @property
    def foreseen(self) -> Span:
        """Where writes and keys may have brought it: the span without what nothing accounts for."""
        return self._span

    def begin(self, now_s: float) -> None:
        """A stop begins: what answers a question from before it, or may do so, is no news of it."""
        self._change(now_s)

    def wrote(self, now_s: float, tag: int, act: Act) -> None:
        """Take note of a question or a write that goes out."""
        if act is Act.ASK:
            self._prune(now_s)
            self._recent.append(_Question(tag, now_s, now_s + GIVE_UP_S + LATE_S))
        elif act is not Act.POWER_OFF:
            self._move(now_s, tag, act)

    def done(self, now_s: float, tag: int, *, ok: bool) -> None:
        """Take the outcome of a question or a write; one that failed may have been carried out all the same."""
        for question in (*self._older, *self._recent):
            if question.tag == tag:
                question.until_s = now_s + (LATE_S if ok else STALL_S)
        if self._writes.pop(tag, None) is not None and not ok:
            self._unsure_s = now_s + STALL_S

    def told(self, now_s: float, level: int) -> News:
        """Take the level that a state tells."""
        clear = self._prune(now_s)
        foreseen = self._span
        inside = foreseen.lo <= level <= foreseen.hi
        known_before = any(former.span.lo <= level <= former.span.hi for former in self._former)
        if not clear and (not inside or known_before):
            if not inside:
                seen = Span(level, level)
                self._odd = seen if self._odd is None else _hull(self._odd, seen)
                self._settle(now_s)
            return News(False, known_before, foreseen)
        if not inside:
            self._change(now_s)  # somebody else moved it, so replies from before that may still come
        self._span = self._narrowed(level, inside)
        self._odd = None
        self.told_s = now_s
        self.downs = 0
        self._settle(now_s, level_moved=not (foreseen.known and foreseen.lo == level))
        return News(True, False, foreseen)

    def key(self, now_s: float, level: int) -> bool:
        """Take the level after a key was pressed at the unit; return whether that was not foreseen."""
        span = self.span
        if span.known and span.lo == level:
            return False
        self._change(now_s)
        self._falling = False
        self._span = _hull(span, Span(level, level))
        self._odd = None
        self._settle(now_s)
        return not span.lo <= level <= span.hi

    def may_have_ended(self, now_s: float) -> None:
        """Take note that the unit may have gone to zero by itself."""
        if self.span.hi > 0:
            self._change(now_s)
            self._falling = False
            self._span = Span(0, self.span.hi)
            self._odd = None
            self._settle(now_s)

    def _move(self, now_s: float, tag: int, act: Act) -> None:
        if not self._only_lowers(act):
            self._change(now_s)
            self._writes[tag] = now_s + GIVE_UP_S
        span = self._span
        match act:
            case Act.UP:
                self._span = Span(span.lo, min(TOP, span.hi + 1))
                self._falling = False
            case Act.DOWN:
                self._span = Span(max(0, span.lo - 1), span.hi)
                self.downs = self.downs + 1
            case Act.ZERO:
                self._span = Span(0, self.span.hi)
                self._odd = None
                self._falling = True
            case _:
                return
        self._settle(now_s)

    def _only_lowers(self, act: Act) -> bool:
        """Say whether rule 3 holds for a write: it can't make a zero untrue that was news before it."""
        return act is not Act.UP and (self._falling or self.span.hi == 0)

    def _narrowed(self, level: int, inside: bool) -> Span:
        if level > 0 and self._falling:
            # A write that came after the question may have lowered it further: only the top is known.
            self._falling = inside
            return Span(0, level)
        return Span(level, level)

    def _change(self, now_s: float) -> None:
        """Begin a new stretch: what was believed until now may still be told by replies to the questions so far."""
        self._prune(now_s)
        self._former.append(_Former(now_s, self.span))
        if len(self._former) > SPANS_MAX:
            first, second = self._former[:2]
            self._former[:2] = [_Former(second.ended_s, _hull(first.span, second.span))]
        self._older += self._recent
        self._recent = []

    def _prune(self, now_s: float) -> bool:
        """Forget what can no longer be answered; return whether all that can still come is about the present."""
        self._older = [question for question in self._older if question.until_s > now_s]
        self._recent = [question for question in self._recent if question.until_s > now_s]
        for tag in [tag for tag, until_s in self._writes.items() if until_s <= now_s]:
            self.done(now_s, tag, ok=False)
        if self._writes or now_s < self._unsure_s:
            return False
        oldest_s = min((question.since_s for question in self._older), default=inf)
        self._former = [former for former in self._former if former.ended_s >= oldest_s]
        return not self._older

    def _settle(self, now_s: float, *, level_moved: bool = False) -> None:
        if not self.span.known:
            self.settled_s = inf
        elif self.settled_s == inf or level_moved:
            self.settled_s = now_s


def _hull(one: Span, other: Span) -> Span:
    return Span(min(one.lo, other.lo), max(one.hi, other.hi))
