"""What is known of a Bluetens: level, whether it runs, until when at the latest; and what its own lines mean."""

from dataclasses import dataclass, field
from math import inf

from protocols.belief import ASK, Answer, Belief, Change, How
from protocols.bluetens import TOP, Notice, Stat
from protocols.vocabulary import Channel, Contact, Ended, Event, Hand, Level, LowBattery, Refused

START_S = 3.0
"""A start that nothing shows after so long was none: the unit says ok to one on its charger, too."""

_A = Channel.A
_FULL = "the unit's memory is full: remove programs with its own app"


@dataclass(slots=True)
class Known:
    """Times in seconds; `stat_s` is when the last `>stat` was answered, `started_s` when a start was sent (-inf: none).

    `notice_due` is true from a start until the unit has told it by `NOTIFY strength 1`: the same line later is a hand.
    """

    belief: Belief = field(default_factory=lambda: Belief(TOP))
    running: bool | None = None
    stat_s: float = -inf
    started_s: float = -inf
    ends_s: float = inf
    left_s: float | None = None
    notice_due: bool = False

    @property
    def off(self) -> bool:
        """Whether it is known to put nothing out."""
        return self.running is False and self.belief.span.hi == 0

    def order(self, now_s: float, level: int) -> None:
        """Take note of a command that sets the level, 0 for a stop."""
        self.belief.write(now_s, Change(How.SET, level), None)
        if level == 0:
            self.started_s = -inf

    def start(self, now_s: float, cut_s: int) -> None:
        """Take note of a start, which begins at level 1, and of its cut-off."""
        self.order(now_s, 1)
        self.started_s, self.ends_s, self.notice_due = now_s, now_s + cut_s, True

    def told(self, now_s: float, key: int, stat: Stat, *, playing: bool) -> tuple[Answer, list[Event]]:
        """Take a `>stat`; return how its level fits what was believed, and what it says of starts and ends."""
        was, self.running, self.stat_s = self.running, stat.tick > 0 or stat.level > 0, now_s
        self.belief.write(now_s, ASK, key)
        how = self.belief.answer(now_s, key, max(0, min(TOP, stat.level)))
        self.left_s = max(0.0, self.ends_s - now_s) if self.running and self.ends_s < inf else None
        if self.running or not playing or now_s <= self.started_s + START_S or self.started_s == -inf:
            return how, []
        self.started_s = -inf
        if was:
            return how, [Ended("its program has come to its end, or was stopped at the unit")]
        return how, [Refused("the unit says ok to a start, and does not start: is it on its charger?")]

    def notified(self, now_s: float, notice: Notice) -> list[Event]:
        """Take a line that nobody asked for; app and older firmware say more kinds than the present one."""
        on = self.running is not False or self.belief.span.hi > 0
        match notice.what.split()[0]:
            case "strength":
                return self._pressed(now_s, max(0, min(TOP, notice.value)))
            case "noload":
                return [Contact(_A, False)] if on else []
            case "low":
                return [LowBattery()]
            case "insufficient":
                return [Refused(_FULL)]
            case "charging" | "shutdown" | "error" | "stop" | "disconnect" if on:
                return [Ended(f"the unit says: {notice.what}")]
            case _:
                return []

    def _pressed(self, now_s: float, level: int) -> list[Event]:
        if self.notice_due and level == 1:
            self.notice_due = False
            return []
        how = self.belief.overhear(now_s, level)
        return [] if how is Answer.FITS else [Hand(_A, Level(level), rose=how is Answer.ROSE)]
