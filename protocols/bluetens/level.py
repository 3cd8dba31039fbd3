"""What is known of a Bluetens: the level it may be at, whether it runs, until when at the latest; what its lines mean.

1. An answer is dated by the oldest question that it may belong to: the shell answers in order, the air keeps it, and
   an answer comes within LATE_S of its question or never. It closes all questions before that one. An answer that no
   question is open for is a double. `>stat` tells level and running, a bare `>str` the level while it runs.
2. A state narrows the level only if its question was put after the last command, start or button that moved it; a zero
   if it was put after the last one that may have raised it, since a stop only lowers.
3. A state that says "nothing runs" may be one of before a start, as long as an answer to an older question may still
   come: only after that is it believed. A running one that is older than the last proof of zero is not believed.
4. A unit that says that it is on its charger, or its battery low, or that it shuts down, stops and goes off (firmware):
   if its link is lost then, with no state in between, it is off.
5. A program that began again, or another one than ours, is told as an end: estim did not start it. Two states in a row
   have to say so, since a line has no checksum.
"""

from dataclasses import dataclass, field
from math import inf

from protocols.bluetens.packets import TOP, Notice, Stat
from protocols.vocabulary import Channel, Contact, Ended, Event, Hand, Level, LowBattery, Refused, Span

LATE_S = 2.5
"""An answer comes within this of the reply to its question's write, or never (2 s late must be survived)."""

STALL_S = 6.0
"""After a write that failed old answers may still be on their way: a usual supervision time-out."""

START_S = 3.0
"""A start that nothing shows after so long was none: the unit says ok to one on its charger, too."""

STARTS_MAX = 2
"""So many starts that were none are one too many."""

NO_START = "the unit says ok to a start, and does not start: is it on its charger, or its battery low?"

STRANGE_MAX = 2
BEGAN_AGAIN = "its program began again, and estim did not start it"
ANOTHER = "it plays another program than the one that was started"

TICK_SLACK_S = 3.0
"""How far the unit's seconds may be behind ours,"""

TICK_SHARE = 0.02
"""and by which share of the time that has passed."""

ENDS_SLACK_S = 8.0
"""How much later than its cut-off a program may end: a block of ours, 7 entries that are loaded already, the way."""

_A = Channel.A


@dataclass(slots=True)
class _Question:
    tag: int
    kind: str
    since_s: float
    until_s: float
    answered: bool = False


@dataclass(slots=True)
class LevelBelief:
    """Times in seconds (-inf: never). `asked_s` is the date of the last state, `state_s` when it came, `told_s` when
    any level came.

    `started_s` is when a program was last started by us or by a button, `zero_s` the date of the last believed zero.
    """

    span: Span = field(default_factory=lambda: Span(0, TOP))
    settled_s: float = inf
    running: bool | None = None
    asked_s: float = -inf
    told_s: float = -inf
    state_s: float = -inf
    started_s: float = -inf
    zero_s: float = -inf
    ends_s: float = inf
    digest: str = ""
    late: int = 0
    gone: bool = False
    strange: int = 0
    _goes: bool = False
    _ours: bool = False
    _starts: int = 0
    _moved_s: float = -inf
    _raised_s: float = -inf
    _notice_until_s: float = -inf
    _questions: list[_Question] = field(default_factory=list)

    @property
    def off(self) -> bool:
        """Whether it is known to put nothing out."""
        return self.running is False and self.span.hi == 0

    def lost(self, now_s: float) -> None:
        """The link is lost: a unit that said that it goes off has done so."""
        if self._goes:
            self.gone = True
            self.running = False
            self._believe(now_s, Span(0, 0))

    def left_s(self, now_s: float) -> float | None:
        """Return how long the cut-off is still away, None if nothing runs or nobody knows."""
        return max(0.0, self.ends_s - ENDS_SLACK_S - now_s) if self.running and self.ends_s < inf else None

    @property
    def starts(self) -> bool:
        """Whether a start of ours may still show, or has not yet been found to be none."""
        return self._ours and not self.running

    def asked(self, now_s: float, tag: int, kind: str) -> None:
        """Take note of a command that goes out: "stat", "level" (a bare `>str`), "set", or one with a "status"."""
        self._questions.append(_Question(tag, kind, now_s, now_s + 2.0 + LATE_S))

    def replied(self, now_s: float, tag: int, *, ok: bool) -> None:
        """Take the reply to the write of a command."""
        for question in self._questions:
            if question.tag == tag:
                question.until_s = now_s + (LATE_S if ok else STALL_S)

    def order(self, now_s: float, level: int) -> None:
        """Take note of a command that sets the level, 0 for a stop; it may be carried out or not."""
        self._moved_s = now_s
        self._raised_s = now_s if level > 0 else self._raised_s
        self._believe(now_s, Span(min(self.span.lo, level), max(self.span.hi, level)))
        self._ours = self._ours and level > 0

    def start(self, now_s: float, cut_s: float, digest: str) -> None:
        """Take note of a start, which begins at level 1, of its cut-off, and of the md5 of what is started."""
        self.order(now_s, 1)
        self.started_s = now_s
        self.ends_s = now_s + cut_s + ENDS_SLACK_S
        self.digest = digest
        self._ours = True
        self._notice_until_s = now_s + START_S
        self._starts += 1

    def told(self, now_s: float, stat: Stat, *, playing: bool) -> list[Event]:
        """Take a state; return what it says of hands and ends."""
        _, asked_s = self.date(now_s, "stat")
        if asked_s is None or (stat.level == 0 and stat.tick == 0 and not self._is_news(now_s)):
            self.late += 1
            return []
        if stat.level > 0 and stat.tick > now_s - self.zero_s + 1.5:
            self.late += 1  # it was running before the last zero
            return []
        was = self.running
        before = self.span
        self._goes = False
        self.asked_s = asked_s
        self.told_s = now_s
        self.state_s = now_s
        self.running = stat.tick > 0 or stat.level > 0
        self._starts = 0 if self.running else self._starts
        level = max(0, min(TOP, stat.level))
        fits = asked_s >= (self._moved_s if level else self._raised_s)
        low, high = (level, level) if fits else (min(before.lo, level), max(before.hi, level))
        self._believe(now_s, Span(low, high))
        if not self.running:
            self.zero_s = asked_s
            self.ends_s = inf
            return self._stopped(now_s, bool(was)) if playing else []
        return self._runs_on(asked_s, stat, before, fits=fits) if playing else []

    def notified(self, now_s: float, notice: Notice) -> list[Event]:
        """Take a line that nobody asked for; app and older firmware know more of them than the present one."""
        on = self.running is not False or self.span.hi > 0
        kind = notice.what.split()[0]
        self._goes = self._goes or kind in ("low", "charging", "shutdown")
        if kind == "strength":
            return self._pressed(now_s, max(0, min(TOP, notice.value)))
        if kind in ("noload", "low", "charging", "shutdown", "error", "stop", "disconnect") and on:
            self._moved_s = now_s
            self._believe(now_s, Span(0, self.span.hi))
        match kind:
            case "noload":
                return [Contact(_A, False)] if on else []
            case "low":
                return [LowBattery()]
            case "charging":
                return [Ended("the unit is on its charger")] if on else []
            case "shutdown" | "error" | "stop" | "disconnect" if on:
                return [Ended(f"the unit says: {notice.what}")]
            case _:
                return []

    def ended(self, now_s: float) -> None:
        """Take an ok, of a stop or a start: what was asked before it is no longer open."""
        self.date(now_s, "status")

    def told_level(self, now_s: float, level: int) -> None:
        """Take the answer to a `>str`; that to a new level may still be the old one, so it only tells the order."""
        kind, asked_s = self.date(now_s, "level", "set")
        runs = self.running or self.starts
        if asked_s is None or kind == "set" or not 0 < level <= TOP or not runs or asked_s < self._moved_s:
            return
        self.told_s = now_s
        self.running = True
        self._believe(now_s, Span(level, level))

    def date(self, now_s: float, *kinds: str) -> tuple[str, float | None]:
        """Return kind and time of the oldest question of these kinds that is open, None for the time if none is."""
        self._questions = [one for one in self._questions if one.until_s > now_s]
        for place, question in enumerate(self._questions):
            if question.kind in kinds and not question.answered:
                for before in self._questions[: place + 1]:
                    before.answered = True
                return question.kind, question.since_s
        return "", None

    def awaits_of_before(self, now_s: float, at_s: float) -> bool:
        """Say whether an answer, or its double, to a question for the state of before a moment may still come."""
        return any(one.kind == "stat" and one.since_s < at_s and one.until_s > now_s for one in self._questions)

    def _is_news(self, now_s: float) -> bool:
        """Say whether a zero that comes now can't be one of before the last start."""
        return all(one.since_s >= self.started_s for one in self._questions)

    def _stopped(self, now_s: float, was: bool) -> list[Event]:
        """Nothing runs though it shall: an end that nothing else tells, or a start that was none."""
        if not self._ours or (not was and now_s <= self.started_s + START_S):
            return []
        self._ours = False
        if was:
            return [Ended("its program has come to its end, or was stopped at the unit")]
        return [Refused(NO_START)] if self._starts >= STARTS_MAX else []

    def _runs_on(self, asked_s: float, stat: Stat, before: Span, *, fits: bool) -> list[Event]:
        age_s = asked_s - self.started_s
        began_again = stat.tick + TICK_SLACK_S + TICK_SHARE * age_s < age_s
        another = bool(stat.md5) and stat.md5.casefold() != self.digest
        if self._ours and age_s >= 0 and (began_again or another):
            self.strange += 1
            self.state_s = -inf  # no level is moved after such a state
            if self.strange < STRANGE_MAX:
                return []
            self._ours = False
            return [Ended(BEGAN_AGAIN if began_again else ANOTHER)]
        self.strange = 0
        if fits and 0 < stat.level < before.lo:
            return [Hand(_A, Level(stat.level), rose=False)]
        return []

    def _pressed(self, now_s: float, level: int) -> list[Event]:
        if level == 1 and now_s <= self._notice_until_s:
            self._notice_until_s = -inf
            return []
        before = self.span
        pending = self.asked_s < self._moved_s
        self._moved_s = self._raised_s = now_s
        if not self.running and level > 0:
            self.started_s = now_s  # by a button: states of before may still say that nothing runs
        self.running = level > 0
        hull = Span(min(before.lo, level), max(before.hi, level))
        self._believe(now_s, hull if pending and not before.known else Span(level, level))
        if before.known and before.lo == level:
            return []
        return [Hand(_A, Level(level), rose=level >= before.hi)]

    def _believe(self, now_s: float, span: Span) -> None:
        if not span.known:
            self.settled_s = inf
        elif self.settled_s == inf or span != self.span:
            self.settled_s = now_s
        self.span = span
