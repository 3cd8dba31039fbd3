"""What one channel may be at: writes widen it, answers narrow it, and the levels in between are a Span.

1. A write that nobody answered may have been done or not; all of them together give the span.
2. Air keeps order. An answer to a numbered write is the truth at that write: it settles this one and all before it.
3. A report without a number is the truth too, but the writes under way may or may not be in it yet.
4. An answer that nothing accounts for is not believed at once: the span grows over it, and the next one decides.

No family is named here: keys are whatever numbers a family gives to its writes or questions.
"""

from dataclasses import dataclass, replace
from enum import Enum
from math import inf

from protocols.vocabulary import Span, hull

LONGEST = 32
"""Unanswered writes kept apart; older ones are folded into the span (more than any family has numbers for)."""


class How(Enum):
    """What a write does to a level."""

    ADD = "add"
    SET = "set"
    CLIP = "clip"
    """Come down to the value, if above it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write, as far as the level goes. ADD 0 only asks."""

    how: How
    value: int

    def after(self, span: Span, top: int) -> Span:
        """Return the span after the change was surely done; results stay within 0..top."""
        match self.how:
            case How.ADD:
                return Span(max(0, min(top, span.lo + self.value)), max(0, min(top, span.hi + self.value)))
            case How.SET:
                return Span(self.value, self.value)
            case How.CLIP:
                return Span(min(span.lo, self.value), min(span.hi, self.value))


ASK = Change(How.ADD, 0)


class Answer(Enum):
    """How an answer or a report fits what was believed."""

    FITS = "fits"
    ODD = "odd"
    """Nothing accounts for this answer: ask again."""
    ROSE = "rose"
    """It was raised, and not by a write."""
    FELL = "fell"
    """It was lowered, and not by a write (of an answer only if a second one agrees with an odd one)."""


@dataclass(frozen=True, slots=True)
class _Sent:
    key: int | None
    change: Change
    sure: bool


class Belief:
    """One channel with levels 0..top. It starts as unknown. `settled_s` says since when it is known (inf: it isn't)."""

    def __init__(self, top: int) -> None:
        self.met = False
        self.settled_s = inf
        self.span = Span(0, top)
        self.expected = self.span
        self._top = top
        self._base = self.span
        self._sent: tuple[_Sent, ...] = ()
        self._doubted: Span | None = None

    def write(self, now_s: float, change: Change, key: int | None) -> None:
        """Take note of a write that went out; without a key no answer will come. A key in use again is given up."""
        for at, sent in enumerate(self._sent):
            if key is not None and sent.key == key:
                self._fold(at + 1)
                break
        if len(self._sent) >= LONGEST:
            self._fold(1)
        self._sent = (*self._sent, _Sent(key, change, key is not None))
        if self._doubted is not None:
            self._doubted = hull(self._doubted, change.after(self._doubted, self._top))
        self._work_out(now_s)

    def awaits(self, key: int) -> bool:
        """Say whether an answer with this key is still due."""
        return any(sent.key == key for sent in self._sent)

    def answer(self, now_s: float, key: int, level: int) -> Answer:
        """Take the answer to a write; raise KeyError if none with this key is due."""
        at = next((at for at, sent in enumerate(self._sent) if sent.key == key), None)
        if at is None:
            raise KeyError(key)
        self._fold(at)
        asked = self._sent[0]
        self._sent = self._sent[1:]
        told = asked.change.after(self._base, self._top)
        foreseen = told if asked.sure else hull(self._base, told)
        fits = foreseen.lo <= level <= foreseen.hi
        self._base = Span(level, level) if fits else hull(foreseen, Span(level, level))
        self._work_out(now_s)
        if not fits:
            self._doubted = self._doubted or foreseen
            return Answer.ODD
        fell = self._doubted is not None and level < self._doubted.lo
        self._doubted = None
        return Answer.FELL if fell else Answer.FITS

    def overhear(self, now_s: float, level: int) -> Answer:
        """Take a report that answers nothing."""
        how = self._judge(level)
        self._base = Span(level, level)
        self._sent = tuple(replace(sent, sure=False) for sent in self._sent)
        self._doubted = None
        self._work_out(now_s)
        return how

    def _judge(self, level: int) -> Answer:
        """Say what a report means. Where no write under way leads only a hand does, by one step as a rule."""
        if not self.span.lo <= level <= self.span.hi:
            return Answer.ROSE if level > self.span.hi else Answer.FELL
        if not self._base.known or level in self._ends():
            return Answer.FITS
        before = self._base.lo
        if not all(sent.change.how is How.ADD for sent in self._sent):
            return Answer.ROSE if level > before else Answer.FELL
        after = self.expected.hi
        return Answer.ROSE if level - before < after - level else Answer.FELL

    def _ends(self) -> set[int]:
        """Return every level that the writes under way can have led to by now: each was done, or it wasn't yet."""
        ends = {self._base.lo}
        for sent in self._sent:
            ends |= {sent.change.after(Span(end, end), self._top).lo for end in ends}
        return ends

    def _fold(self, count: int) -> None:
        """Give up waiting for the oldest writes: each of them was done, or it wasn't."""
        for sent in self._sent[:count]:
            self._base = hull(self._base, sent.change.after(self._base, self._top))
        self._sent = self._sent[count:]

    def _work_out(self, now_s: float) -> None:
        before = self.span
        span = expected = self._base
        for sent in self._sent:
            span = hull(span, sent.change.after(span, self._top))
            done = sent.change.after(expected, self._top)
            expected = done if sent.sure else hull(expected, done)
        self.span = span
        self.expected = expected
        if not span.known:
            self.settled_s = inf
        elif span != before or self.settled_s == inf:
            self.settled_s = now_s
            self.met = True
