"""The driver of the Bluetens family: one command at a time, a script in place before the start, `>stat` as the truth.

1. Each link begins with CR LF, since a killed host may have left half a line. Level and running are believed from what
   the unit answers, and only as far as the answer can be dated (see bluetens_known); a stop is proved by a `>stat`
   that was asked after it (see bluetens_stop). Each number of Wanted.stop is a stop of its own.
2. READY: zero proved, then the script by its md5 (see bluetens_shelf). A start is one write, so it is never cut.
3. `>str` goes out only right after a `>stat` that says running, one step up at most; else it would start file 0.
4. A level that doesn't come down within LOWER_S, because no state comes, or no `>str` is obeyed, is stopped. Level 0 is
   a stop.
5. A pause is a stop. Where the score isn't the same all through, what is left of it is compiled and sent before it
   starts again (see bluetens_start).
"""

from dataclasses import replace
from math import ceil, inf

from protocols.bluetens.packets import CAPS, COMMAND, CR_LF, SHELL, TOP, WRITE_MAX, Line
from protocols.bluetens.replies import Battery, Unit
from protocols.bluetens.shell import Asked, Shell
from protocols.bluetens.stop import ASK_S, CTRL_D, STAT, Stop
from protocols.bluetens.upload import MORE_S, Beginning
from protocols.vocabulary import (
    AirError,
    Capabilities,
    Channel,
    Endpoint,
    Event,
    Level,
    Mode,
    Op,
    Out,
    Refused,
    Reported,
    Wanted,
    Write,
    Zero,
)

POLL_S = 1.0
"""Between two `>stat` while it plays."""

REST_S = 2.0
"""The same at rest: unasked for 20 s it would switch itself off."""

FRESH_S = 0.1
"""A `>str` follows a `>stat` that came so short a time ago,"""

ROUND_S = 0.25
"""and was asked so short a time ago at the earliest."""

LOWER_S = 2.0
LOOK_S = 0.1
TICK_S = 0.001

ANSWER_S = {"str": 0.1, "ls": 1.0}
"""How long an answer is waited for; ASK_S where nothing is said."""

QUESTIONS = {"stat": "stat", "level": "level", "str": "set", "ssta": "status", "rm": "status", "md5": "md5"}
"""Commands whose answers tell the order of things, by the kind that bluetens_known gives them."""

_A = Channel.A


class Bluetens:
    """See the module and protocols.driver.Driver."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._acting = Mode.WATCH
        self._shell = Shell(WRITE_MAX)
        self._unit = Unit(self._shell, Battery(now_s), now_s)
        self._known = self._unit.known
        self._upload = self._unit.upload
        self._beginning = Beginning(None)
        self._stop: Stop | None = None
        self._greeted = False
        self._lower_s = inf
        self._lower_from = 0
        self._asked_s = -inf
        self._news: list[Event] = []
        self._tag = 0
        self._due_s = now_s

    @property
    def caps(self) -> Capabilities:
        return CAPS

    @property
    def due_s(self) -> float:
        return self._due_s

    def want(self, now_s: float, wanted: Wanted) -> None:
        again = wanted.stop != self._wanted.stop
        self._wanted = wanted
        self._turn(now_s, again=again)
        if wanted.rises and self._acting is Mode.PLAY and now_s >= self._asked_s + ASK_S:
            self._unit.ask_s = min(self._unit.ask_s, now_s)
        if self._acting is Mode.PLAY and self._level() != self._known.span.hi:
            self._due_s = now_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        events = self._news
        self._news = []
        if endpoint == SHELL:
            playing = self._acting is Mode.PLAY
            events += self._unit.hear(now_s, data, self._stop, self._pace, playing=playing)
        return events

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        events = self._news
        self._news = []
        self._known.replied(now_s, tag, ok=error is None)
        self._unit.counts["errors"] += error is not None
        self._missed(now_s, self._shell.wrote(now_s, tag, ok=error is None))
        return events

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        self._missed(now_s, self._shell.late(now_s))
        ops = self._urgent(now_s)
        if self._shell.free and (self._stop is None or self._stop.proved):
            self._begin_next(now_s)
        kind = self._shell.asked.kind if self._shell.asked is not None else ""
        self._tag += 1
        data = self._shell.chunk(now_s, self._tag)
        if data is not None:
            if kind in QUESTIONS:
                self._known.asked(now_s, self._tag, QUESTIONS[kind])
            ops.append(Write(self._tag, SHELL, data, response=True))
        self._due_s = max(self._next_s(now_s), now_s + TICK_S)
        return ops

    def lost(self, now_s: float) -> Reported:
        """See Driver: it goes on to the end of its script or to the cut-off, unless it has said that it goes off."""
        self._known.lost(now_s)
        last = self.reported(now_s)
        return replace(last, out=Out.OFF if last.out is Out.OFF else Out.MAYBE)

    def reported(self, now_s: float) -> Reported:
        known = self._known
        stop = self._stop
        unit = self._unit
        zero = Zero.NO
        if known.gone:
            zero = Zero.CONFIRMED
        elif stop is not None and self._acting is not Mode.PLAY and stop.sent_s > -inf:
            zero = Zero.CONFIRMED if stop.proved and known.off else Zero.SENT
        talks = self._shell.uploads or bool(self._shell.tag)
        return Reported(
            ready=self._acting is Mode.PLAY or (zero is Zero.CONFIRMED and self._upload.in_place),
            closable=not talks and (self._acting is Mode.WATCH or known.off),
            level={_A: known.span},
            settled_s={_A: known.settled_s},
            ceiling={_A: CAPS.scale},
            out=Out.OFF if known.off else Out.ON if known.span.lo else Out.MAYBE,
            zero=zero,
            until_s=now_s if known.off else max(now_s, known.ends_s),
            heard_s=unit.heard_s,
            told_s=known.told_s,
            left_s=known.left_s(now_s),
            battery=unit.battery.percent,
            trouble=unit.trouble,
            counts={**unit.counts, "late": known.late, "dropped": self._shell.dropped},
            stop=self._wanted.stop,
        )

    # What is to be so

    @property
    def _pace(self) -> float:
        return POLL_S if self._acting is Mode.PLAY else REST_S

    def _level(self) -> int:
        return min(self._wanted.level.get(_A, Level(0)), self._wanted.ceiling.get(_A, CAPS.scale), TOP)

    def _turn(self, now_s: float, *, again: bool = False) -> None:
        """Follow mode and level: whether a stop is to be sent and proved, and which script is to be there."""
        mode = self._wanted.mode
        if mode is Mode.PLAY and now_s >= self._wanted.end_s:
            mode = Mode.OFF
        was = self._acting
        self._acting = mode
        if mode is Mode.WATCH:
            self._stop = None
            return
        stop = self._stop
        off = self._known.off
        missing = stop is None or stop.proved
        if mode is Mode.PLAY and self._level() > 0:
            if stop is not None and stop.proved and not off:
                self._stop = None  # it plays
            elif stop is None and now_s >= self._lower_s + LOWER_S:
                self._begin_stop(now_s)
        elif mode is Mode.PLAY:
            if missing and not off:
                self._begin_stop(now_s)
        elif (
            again
            or stop is None
            or (was is not mode and (was, mode) != (Mode.OFF, Mode.READY))
            or (missing and not off)
        ):
            self._begin_stop(now_s)
        if mode in (Mode.READY, Mode.PLAY) and self._wanted.score is not self._beginning.score:
            self._beginning = Beginning(self._wanted.score)
            self._choose(self._beginning.from_s(0.0))

    def _begin_stop(self, now_s: float) -> None:
        self._stop = Stop(now_s, uploads=self._shell.uploads)
        if self._shell.uploads:
            self._upload.ended(now_s, "cat", ok=True)  # asked for again before it is sent again
        self._shell.forget()
        self._lower_s = inf

    def _choose(self, from_s: float) -> None:
        """Choose the script that begins at a position of the score."""
        if self._wanted.score is None:
            return
        try:
            self._upload.choose(self._wanted.score, from_s)
        except ValueError as error:
            self._unit.trouble = f"the unit can't play it from here on: {error}"
            self._news.append(Refused(self._unit.trouble))

    # What goes out

    def _urgent(self, now_s: float) -> list[Op]:
        """Return what the stop has to say, past everything that waits."""
        ops: list[Op] = []
        for data in self._stop.act(now_s) if self._stop is not None else []:
            self._tag += 1
            if data == STAT:
                self._known.asked(now_s, self._tag, "stat")
            elif data != CTRL_D:
                self._known.asked(now_s, self._tag, "status")
                self._known.order(now_s, 0)
            self._greeted = True
            ops.append(Write(self._tag, SHELL, data, response=True, urgent=True))
        return ops

    def _begin_next(self, now_s: float) -> None:
        """Begin the command that is due, if any."""
        plays = self._acting is Mode.PLAY
        known = self._known
        unit = self._unit
        if (plays and self._play(now_s)) or not self._shell.idle:
            return
        still = known.off and not known.starts and (plays or (self._acting is Mode.READY and self._stop is not None))
        if now_s >= unit.ask_s:
            unit.ask_s = now_s + self._pace
            self._asked_s = now_s
            if plays and unit.mute % 2 and (known.running or known.starts):
                self._say(now_s, "str", kind="level")  # a short answer gets through more often
            else:
                self._say(now_s, "stat")
        elif self._upload.wants and still:
            kind, *parts = self._upload.next(now_s)
            self._shell.begin(now_s, kind, tuple(parts), ANSWER_S.get(kind, ASK_S))
        elif now_s >= unit.battery.due_s and unit.heard_s > -inf:
            self._say(now_s, unit.battery.question(now_s))

    def _play(self, now_s: float) -> bool:
        """Begin a start or a change of level, if one is due and the last `>stat` is fresh; say whether that was so."""
        level = self._level()
        known = self._known
        if level >= known.span.hi:
            self._lower_s = inf
        elif self._lower_s == inf or known.span.hi < self._lower_from:
            self._lower_s = now_s
            self._lower_from = known.span.hi
        if level == 0 or not known.span.known or level == known.span.hi or known.starts:
            return False
        if not known.running:
            return self._start(now_s)
        if now_s - known.state_s > FRESH_S or now_s - known.asked_s > ROUND_S:
            self._unit.ask_s = min(self._unit.ask_s, now_s)
            return False
        step = min(level, known.span.hi + 1)
        known.order(now_s, step)
        self._say(now_s, "str", step)
        self._unit.ask_s = now_s
        return True

    def _start(self, now_s: float) -> bool:
        upload = self._upload
        at_s = now_s - self._wanted.origin_s
        if not self._known.off or now_s - self._known.state_s > CAPS.stale_s or not upload.in_place:
            return False
        if not self._beginning.fits(at_s, upload.from_s):
            self._choose(self._beginning.from_s(at_s + upload.reach_s))
            return False
        if not self._beginning.now(at_s, upload.from_s):
            return False
        cut_s = ceil(self._wanted.end_s - now_s + MORE_S)
        self._known.start(now_s, cut_s, upload.digest)
        self._say(now_s, "ssta", upload.name, f"-cut={cut_s}")
        self._unit.ask_s = now_s
        return True

    def _say(self, now_s: float, command: str, *words: str | int, kind: str = "") -> None:
        greeting = b"" if self._greeted else CR_LF
        self._greeted = True
        line = greeting + COMMAND.build(Line(command, words))
        self._shell.begin(now_s, kind or command, (line,), ANSWER_S.get(kind or command, ASK_S))

    def _missed(self, now_s: float, asked: Asked | None) -> None:
        if asked is None:
            return
        self._unit.missed(now_s, asked, playing=self._acting is Mode.PLAY)
        if asked.kind == "cat":  # the shell may still take what it hears for the file
            self._shell.begin(now_s, "end", (CTRL_D, CTRL_D, CR_LF), LOOK_S)

    def _next_s(self, now_s: float) -> float:
        stops = self._stop is not None and not self._stop.proved
        dues_s = [self._stop.due_s] if self._stop is not None and stops else []
        if not self._shell.idle:
            dues_s.append(self._shell.due_s)
        elif not stops:
            dues_s += [self._unit.ask_s, self._unit.battery.due_s]
        if self._acting is Mode.PLAY:
            dues_s += [self._wanted.end_s, self._lower_s + LOWER_S]
            if self._wanted.rises:
                dues_s.append(self._asked_s + ASK_S)
            if self._level() > 0 and not self._known.running:
                dues_s.append(now_s + LOOK_S)
        return min([due_s for due_s in dues_s if due_s > now_s] or [now_s + TICK_S])
