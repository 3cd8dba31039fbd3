"""The two strengths of a Coyote 3: what each may be at, what the next frame does about it, and whether zero is proved.

1. Up only by a relative change, and only while both are known, so nothing that got lost can add up.
2. Down at once: to zero by an absolute change, else by as much as it may be too high with all earlier changes done.
3. A change that stays unanswered is never sent again. It is asked for, and after three vain questions the strength is
   lowered by the whole doubt (once), so that it is not above what was granted.
4. Zero is proved only by an answer of 0/0 to a zero sent since the stop began, and no longer once a wheel has moved.
5. There are but 15 numbers. An answer that may be to an older frame of the same number is taken for that one: the air
   keeps order, so each answer also says that none to an earlier frame is still to come.
6. What an answer tells is as old as the frame that it answers, however late it comes.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

from protocols.belief import ASK, Answer, Belief, Change, How
from protocols.vocabulary import Capabilities, Channel, Event, Hand, Level, Zero

KEEP = 0
"""Mode of a frame for a channel: its strength stays."""

UP = 1
"""It rises by so much."""

DOWN = 2
"""It falls by so much."""

SET = 3
"""It becomes this."""

PROBE_S = 2.0
"""A unit is silent while nothing changes, so it is asked this long after its last word (DESIGN section 2a, rule 3)."""

VAIN = 3
"""So many questions without an answer are taken as silence."""

DUE_MAX = 60
"""So many numbered frames may still be answered: 6 s of a stop's zeros, the longest a link lives without a word."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a frame does to the strengths. Sequence 0: nothing, and no answer is wanted."""

    sequence: int = 0
    mode_a: int = KEEP
    mode_b: int = KEEP
    value_a: int = 0
    value_b: int = 0


@dataclass(frozen=True, slots=True)
class _Step:
    mode: int
    value: int
    change: Change


@dataclass(frozen=True, slots=True)
class _Due:
    """A numbered frame that may still be answered; `proves`: its answer would prove the zero of this stop."""

    sequence: int
    at_s: float
    proves: bool


_NONE = _Step(KEEP, 0, ASK)
_QUESTION = _Step(UP, 0, ASK)
_ZERO = _Step(SET, 0, Change(How.SET, 0))


class Strengths:
    """Both channels of one link. `ask_due_s` is when to ask next, `asks` how many questions in a row got no answer."""

    def __init__(self, now_s: float, caps: Capabilities) -> None:
        self.belief = {channel: Belief(caps.scale) for channel in caps.channels}
        self.zero = Zero.NO
        self.told_s = -inf
        self.ask_due_s = now_s
        self.asks = 0
        self._caps = caps
        self._sequence = 0
        self._due: deque[_Due] = deque(maxlen=DUE_MAX)
        self._retreated = False

    @property
    def over_zero(self) -> bool:
        """Say whether some channel may be above 0."""
        return any(belief.span.hi > 0 for belief in self.belief.values())

    def asks_at(self, now_s: float) -> bool:
        """Say whether it is time to ask (sums of times are not exact, so a nanosecond early counts)."""
        return now_s >= self.ask_due_s - 1e-9

    def begin_play(self) -> None:
        """Output may flow again: whatever proved the last stop is over."""
        self.zero = Zero.NO
        self._disprove()

    def begin_stop(self, now_s: float) -> None:
        """A stop begins: only zeros from now on can prove it."""
        self.begin_play()
        self.ask_due_s = now_s

    def stop(self, now_s: float) -> Order:
        """Return the order that sets both to zero, and take it as sent."""
        if self.asks_at(now_s):
            self._asked(now_s)
        order = self._send(now_s, _ZERO, _ZERO, proves=True)
        if self.zero is Zero.NO:
            self.zero = Zero.SENT
        return order

    def approach(self, now_s: float, target: Mapping[Channel, Level]) -> Order:
        """Return what brings the strengths nearer to the target, or asks if it is time to, and take it as sent."""
        asks = self.asks_at(now_s)
        step_a, step_b = (self._step(channel, target.get(channel, Level(0)), asks) for channel in self.belief)
        if step_a is _NONE and step_b is _NONE:
            if not asks:
                return Order()
            step_a = step_b = _QUESTION
        elif asks and self.asks >= VAIN:
            self._retreated = True
        if asks and not (step_a.change.value > 0 or step_b.change.value > 0):
            self._asked(now_s)
        self.ask_due_s = now_s + self._caps.ask_s
        return self._send(now_s, step_a, step_b)

    def limit(self, now_s: float, limits: Mapping[Channel, Level]) -> None:
        """Take note of limits that were sent: a strength above them comes down, and nobody says so for certain."""
        for channel, belief in self.belief.items():
            known = belief.span.known
            belief.write(now_s, Change(How.CLIP, limits[channel]), None)
            if known and not belief.span.known:
                self.ask_due_s = now_s

    def answer(self, now_s: float, sequence: int, levels: tuple[int, int], *, playing: bool) -> list[Event] | None:
        """Take the answer to a frame; None if none of this number is due, or if it may be one to an older frame."""
        at = next((at for at, due in enumerate(self._due) if due.sequence == sequence), None)
        if at is None:
            return None
        asked = self._due[at]
        for _ in range(at + 1):
            self._due.popleft()
        twice = any(due.sequence == sequence for due in self._due)
        if (twice and not asked.proves) or not all(belief.awaits(sequence) for belief in self.belief.values()):
            return None
        events: list[Event] = []
        odd = False
        for (channel, belief), level in zip(self.belief.items(), levels, strict=True):
            match belief.answer(now_s, sequence, level):
                case Answer.ODD:
                    odd = True
                case Answer.FELL if playing:
                    events.append(Hand(channel, Level(level), rose=False))
                case _:
                    pass
        self._heard(now_s, max(self.told_s, asked.at_s), odd=odd)
        if any(levels):
            self._unprove()
        elif asked.proves:
            self.zero = Zero.CONFIRMED
        return events

    def wheel(self, now_s: float, levels: tuple[int, int]) -> list[Event]:
        """Take a report that a wheel has moved (or that the unit came down to its limits, which is no hand)."""
        events: list[Event] = []
        jumped = False
        for (channel, belief), level in zip(self.belief.items(), levels, strict=True):
            span = belief.span
            met = belief.met
            how = belief.overhear(now_s, level)
            if met and how is not Answer.FITS:
                events.append(Hand(channel, Level(level), rose=how is Answer.ROSE))
                # One report a step: a jump means that some got lost, or that this one is damaged.
                jumped = jumped or not span.lo - 1 <= level <= span.hi + 1
        self._heard(now_s, now_s, odd=jumped)
        if any(levels):
            self._unprove()
        return events

    def _unprove(self) -> None:
        if self.zero is Zero.CONFIRMED:
            self.zero = Zero.SENT
        self._disprove()

    def _disprove(self) -> None:
        """Let no zero that is already sent prove anything."""
        self._due = deque((replace(due, proves=False) for due in self._due), DUE_MAX)

    def _heard(self, now_s: float, told_s: float, *, odd: bool) -> None:
        self.told_s = told_s
        self.asks = 0
        self._retreated = False
        if odd:
            self.ask_due_s = now_s
        elif all(belief.span.known for belief in self.belief.values()):
            self.ask_due_s = max(now_s, told_s + PROBE_S)

    def _step(self, channel: Channel, target: Level, asks: bool) -> _Step:
        belief = self.belief[channel]
        span = belief.span
        expected = belief.expected
        if target == 0 and (expected.hi > 0 or (asks and span.hi > 0)):
            return _ZERO
        if expected.hi > target:
            down = expected.hi - target
        elif asks and self.asks >= VAIN and not self._retreated:
            down = span.hi - span.lo
        else:
            down = 0
        if down > 0:
            return _Step(DOWN, down, Change(How.ADD, -down))
        if target > span.hi and self._settled():
            up = min(target - span.hi, self._caps.step)
            return _Step(UP, up, Change(How.ADD, up))
        return _NONE

    def _settled(self) -> bool:
        return all(belief.span.known for belief in self.belief.values())

    def _asked(self, now_s: float) -> None:
        self.asks += 1
        self.ask_due_s = now_s + self._caps.ask_s

    def _send(self, now_s: float, step_a: _Step, step_b: _Step, *, proves: bool = False) -> Order:
        self._sequence = self._sequence % 15 + 1
        self._due.append(_Due(self._sequence, now_s, proves))
        for belief, step in zip(self.belief.values(), (step_a, step_b), strict=True):
            belief.write(now_s, step.change, self._sequence)
        return Order(self._sequence, step_a.mode, step_b.mode, step_a.value, step_b.value)
