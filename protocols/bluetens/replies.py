"""What a Bluetens says, line by line: each answer goes to what was asked, and everything else is news."""

from collections import Counter
from dataclasses import dataclass, field
from math import inf

from protocols.bluetens.level import LevelBelief
from protocols.bluetens.packets import (
    BATTERY,
    LAYOUTS,
    MD5,
    SHELL,
    STRENGTH,
    VERSION,
    FileRow,
    Notice,
    Stat,
    Status,
    Word,
    percent,
)
from protocols.bluetens.shell import Asked, Shell
from protocols.bluetens.stop import ASK_S, Stop
from protocols.bluetens.upload import Upload
from protocols.layout import Direction, Form, pick
from protocols.vocabulary import BadPacket, Event, Refused

MAINS = 32769
"""Status with which old firmware answers the question for its battery."""

NO_START = "the unit does not start the program that it has just stored"

EVERY_S = 60.0

VERSION_TRIES = 3
"""A unit that never tells its version is taken for second hardware."""


@dataclass(slots=True)
class Battery:
    """`percent` is None until it is told; `due_s` is when to ask next."""

    due_s: float
    percent: int | None = None
    _version: str = ""
    _tries: int = 0

    def question(self, now_s: float) -> str:
        """Return the command to ask now."""
        if self._version or self._tries >= VERSION_TRIES:
            self.due_s = now_s + EVERY_S
            return "bat"
        self._tries += 1
        return "ver"

    def missed(self, now_s: float) -> None:
        """No answer came."""
        self.due_s = now_s if self.percent is None else self.due_s

    def told_version(self, version: str) -> None:
        """Take the version, such as 3.3.7; up to 3.0 it is that of first hardware."""
        self._version = version

    def told(self, shown: int) -> None:
        """Take what the unit shows."""
        self.percent = percent(shown, first=self._version.startswith(("1.", "2.", "3.0.")))

    def mains(self) -> None:
        """The unit has no battery to speak of (old firmware)."""
        self.percent = None
        self.due_s = inf


@dataclass(slots=True)
class Unit:
    """All that is known of one unit. `ask_s` is when to ask its state next, `mute` how often it has not answered."""

    shell: Shell
    battery: Battery
    ask_s: float
    known: LevelBelief = field(default_factory=LevelBelief)
    upload: Upload = field(default_factory=Upload)
    heard_s: float = -inf
    mute: int = 0
    trouble: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    def hear(self, now_s: float, data: bytes, stop: Stop | None, pace_s: float, *, playing: bool) -> list[Event]:
        """Take one notification; `stop` is under way or None, `pace_s` the time until the next question."""
        events: list[Event] = []
        for line in self.shell.lines(data):
            try:
                form, packet = pick(LAYOUTS[Direction.FROM_DEVICE][SHELL.name], line)
            except BadPacket:
                self.counts["unknown"] += 1
                continue
            self.heard_s = now_s
            match packet:
                case Stat():
                    events += self._told(now_s, packet, stop, pace_s, playing=playing)
                case Status(code, text):
                    events += self._ended(now_s, code, stop, ok=code < 4 and text != "failure")
                case Notice():
                    events += self._notified(now_s, packet)
                case FileRow(file):
                    self.upload.told_row(file)
                case Word(value):
                    self._answered(now_s, form, value)
            events += self._refusals()
        return events

    def missed(self, now_s: float, asked: Asked, *, playing: bool) -> None:
        """Take note of a command that got no answer, or did not go out."""
        self.counts["timeouts"] += 1
        self.mute += asked.kind in ("stat", "level")
        # at rest other questions have a turn before the next one for the state
        self.ask_s = now_s if playing or asked.kind != "stat" else now_s + ASK_S
        if asked.kind in ("cat", "ls", "rm"):
            self.upload.ended(now_s, asked.kind, ok=True)
        elif asked.kind in ("ver", "bat"):
            self.battery.missed(now_s)

    def _told(self, now_s: float, stat: Stat, stop: Stop | None, pace_s: float, *, playing: bool) -> list[Event]:
        self.shell.answered("stat")
        self.mute = 0
        late = self.known.late
        was_off = self.known.off
        events = self.known.told(now_s, stat, playing=playing)
        news = self.known.late == late
        sure = news and self.known.span.known and not self.known.strange
        self.ask_s = now_s + (pace_s if sure else ASK_S / 3)
        if stop is not None and news:
            double = was_off and self.known.awaits_of_before(now_s, stop.first_s)
            stop.told(now_s, self.known.asked_s, off=self.known.off, double=double)
        return events

    def _ended(self, now_s: float, code: int, stop: Stop | None, *, ok: bool) -> list[Event]:
        """Take the status at the end of a command; one that comes late may be that of the command before."""
        kind = self.shell.kind
        if stop is not None:
            stop.answered(now_s)
        if ok and code == 0:
            self.known.ended(now_s)
        if self.shell.uploads:
            if code < 4 and (code != 3 or not kind):
                return []
            kind = "cat"  # its end, or refused before all of it was sent
        match kind:
            case "md5":
                self.shell.answered(kind)
                if not ok:
                    self.upload.told_md5("", self.known.date(now_s, kind)[1])
            case "cat" | "ls" | "rm":
                self.shell.forget()
                self.upload.ended(now_s, kind, ok=code < 4)
            case "bat" if code == MAINS:
                self.shell.answered(kind)
                self.battery.mains()
            case "ssta":
                self.shell.answered(kind)
                self.ask_s = now_s
                return [] if ok else [Refused(NO_START)]
        return []

    def _answered(self, now_s: float, form: Form, value: str | int) -> None:
        if form is STRENGTH and isinstance(value, int):
            self.known.told_level(now_s, value)
            self.mute += self.mute % 2  # the state is next
            self.shell.answered("level")
            self.shell.answered("str")
        elif form is MD5 and not self.shell.uploads:
            self.shell.answered("md5")
            self.upload.told_md5(str(value), self.known.date(now_s, "md5")[1])
        elif form is VERSION:
            self.shell.answered("ver")
            self.battery.told_version(str(value))
        elif form is BATTERY and isinstance(value, int):
            self.shell.answered("bat")
            self.battery.told(value)

    def _notified(self, now_s: float, notice: Notice) -> list[Event]:
        self.ask_s = now_s
        self.counts[notice.what] += 1
        if notice.what == "battery":
            self.battery.told(notice.value)
        elif notice.what.startswith("insufficient"):
            self.upload.full()
        return self.known.notified(now_s, notice)

    def _refusals(self) -> list[Event]:
        if not self.upload.refused or self.trouble == self.upload.refused:
            return []
        self.trouble = self.upload.refused
        return [Refused(self.trouble)]
