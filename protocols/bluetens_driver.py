"""The driver of the Bluetens family: one command at a time, a script in place before the start, `>stat` as the truth.

1. Each link begins with CR LF, since a killed host may have left half a line. Level and running are believed from
   `>stat` alone (see bluetens_known); a stop is proved by one that was asked after it (see bluetens_stop).
2. READY: zero proved, then the script by its md5 (see bluetens_shelf). A start is one write, so it is never cut.
3. `>str` goes out only right after a `>stat` that says running, one step up at most; else it would start file 0.
4. A level that can't be lowered by `>str`, because no state comes, is stopped after LOWER_S. Level 0 is a stop.
5. A pause is a stop. Where the score isn't the same all through, what is left of it is compiled and sent before it
   starts again. Contractions start when the score's own begin to be full, so that the Guard knows when none is.
"""

from collections import Counter
from math import ceil, inf

from protocols.bluetens import (
    BATTERY,
    CAPS,
    COMMAND,
    CR_LF,
    LAYOUTS,
    MD5,
    SHELL,
    TOP,
    VERSION,
    WRITE_MAX,
    FileRow,
    Line,
    Notice,
    Stat,
    Status,
    Word,
    percent,
)
from protocols.bluetens_known import Known
from protocols.bluetens_shelf import MORE_S, Shelf
from protocols.bluetens_start import Beginning
from protocols.bluetens_stop import ASK_S, CTRL_D, STAT, Stop
from protocols.bluetens_talk import Asked, Talk
from protocols.driver import Direction
from protocols.layout import Form, pick
from protocols.vocabulary import (
    AirError,
    BadPacket,
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

POLL_S, REST_S, LOOK_S, BATTERY_S, TICK_S = 1.0, 2.0, 0.1, 60.0, 0.001
"""Between two `>stat` while it plays; at rest (it switches itself off after 20 s); while a start waits; ..."""

FRESH_S, ROUND_S = 0.1, 0.5
"""A `>str` follows a `>stat` that came so short a time ago, and was asked so short a time ago."""

LOWER_S = 2.0
ANSWER_S = {"stat": ASK_S, "str": 0.1, "ssta": ASK_S, "cat": 2.0, "ls": 2.0}
"""How long an answer is waited for (1 s where nothing is said)."""

_A = Channel.A


class Bluetens:
    """See the module and protocols.driver.Driver."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._acting = Mode.WATCH
        self._known = Known()
        self._talk = Talk(WRITE_MAX)
        self._shelf = Shelf()
        self._beginning = Beginning(None)
        self._stop: Stop | None = None
        self._greeted = False
        self._heard_s = -inf
        self._ask_s = self._bat_s = now_s
        self._lower_s = inf
        self._version = ""
        self._percent: int | None = None
        self._trouble = ""
        self._news: list[Event] = []
        self._tag = 0
        self._due_s = now_s
        self._counts: Counter[str] = Counter()

    @property
    def caps(self) -> Capabilities:
        return CAPS

    @property
    def due_s(self) -> float:
        return self._due_s

    def want(self, now_s: float, wanted: Wanted) -> None:
        self._wanted = wanted
        self._turn(now_s)

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        events, self._news = self._news, []
        for line in self._talk.lines(data if endpoint == SHELL else b""):
            try:
                form, packet = pick(LAYOUTS[Direction.FROM_DEVICE][SHELL.name], line)
            except BadPacket:
                self._counts["unknown"] += 1
                continue
            self._heard_s = now_s
            events += self._heard(now_s, form, packet)
        return events

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        events, self._news = self._news, []
        self._known.replied(now_s, tag, ok=error is None)
        self._counts["errors"] += error is not None
        failed = self._talk.wrote(now_s, tag, ok=error is None)
        if failed is not None:
            self._give_up(now_s, failed)
        return events

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        late = self._talk.late(now_s)
        if late is not None:
            self._counts["timeouts"] += 1
            self._give_up(now_s, late)
        ops = self._urgent(now_s)
        if self._talk.idle and (self._stop is None or self._stop.proved):
            self._begin_next(now_s)
        self._tag += 1
        kind, data = self._talk.asked.kind if self._talk.asked else "", self._talk.chunk(now_s, self._tag)
        if data is not None:
            if kind == "stat":
                self._known.asked(now_s, self._tag)
            ops.append(Write(self._tag, SHELL, data, response=True))
        self._due_s = max(self._next_s(now_s), now_s + TICK_S)
        return ops

    def lost(self, now_s: float) -> Reported:
        """See Driver: without a link it goes on to the end of its script, or the cut-off."""
        return self.reported(now_s)

    # What the unit says

    def _heard(self, now_s: float, form: Form, packet: object) -> list[Event]:
        kind = self._talk.kind
        match packet:
            case Stat():
                return self._told(now_s, packet)
            case Notice():
                return self._notified(now_s, packet)
            case Status(code, text):
                return self._ended(now_s, kind, ok=code in (0, 1, 3) and text != "failure")
            case FileRow(file):
                self._shelf.told_row(file)
            case Word(value) if form is VERSION:
                self._version = str(value)
                self._answered("ver")
            case Word(int(value)) if form is BATTERY:
                self._percent = percent(value, first=self._version.startswith(("1.", "2.", "3.0.")))
                self._answered("bat")
            case Word(value) if form is MD5 and (kind == "md5" or str(value).casefold() == self._shelf.digest):
                if not self._talk.uploads:
                    self._answered("md5")
                    self._compare(str(value))
            case Word() if kind == "str":
                self._answered("str")
        return []

    def _answered(self, kind: str) -> None:
        if self._talk.kind == kind:
            self._talk.forget()

    def _ended(self, now_s: float, kind: str, *, ok: bool) -> list[Event]:
        """Take the status at the end of a command."""
        if self._stop is not None:
            self._stop.answered(now_s)
        match kind:
            case "md5" | "ls" | "rm" | "bat" | "ssta":
                self._answered(kind)
            case "cat" if self._talk.uploads:
                self._answered(kind)
        if not ok and self._talk.asked is not None and self._talk.uploads:
            self._talk.forget()  # refused before all of it was sent
            kind = "cat"
        if kind == "md5" and not ok:
            self._compare("")
        elif kind in ("cat", "ls", "rm"):
            self._shelf.ended(kind, ok=ok)
        elif kind == "ssta":
            self._ask_s = now_s
            return [] if ok else [Refused("the unit does not start the program that it has just stored")]
        return self._refusals()

    def _compare(self, told: str) -> None:
        self._shelf.told_md5(told)

    def _refusals(self) -> list[Event]:
        if not self._shelf.refused or self._trouble == self._shelf.refused:
            return []
        self._trouble = self._shelf.refused
        return [Refused(self._trouble)]

    def _told(self, now_s: float, stat: Stat) -> list[Event]:
        self._answered("stat")
        late = self._known.late
        events = self._known.told(now_s, stat, playing=self._acting is Mode.PLAY)
        sure = self._known.late == late and self._known.span.known
        self._ask_s = now_s + (self._pace if sure else ASK_S / 3)
        if self._stop is not None and self._known.late == late:
            self._stop.told(now_s, self._known.asked_s, off=self._known.off)
        return events

    def _notified(self, now_s: float, notice: Notice) -> list[Event]:
        self._ask_s = now_s
        self._counts[notice.what] += 1
        if notice.what == "battery":
            self._percent = percent(notice.value, first=self._version.startswith(("1.", "2.", "3.0.")))
        if notice.what.startswith("insufficient"):
            self._shelf.full()
        return self._known.notified(now_s, notice) + self._refusals()

    # What goes out

    @property
    def _pace(self) -> float:
        return POLL_S if self._acting is Mode.PLAY else REST_S

    def _turn(self, now_s: float) -> None:
        """Follow mode and level: whether a stop is to be sent and proved, and which script is to be there."""
        mode = self._wanted.mode
        if mode is Mode.PLAY and now_s >= self._wanted.end_s:
            mode = Mode.OFF
        was, self._acting = self._acting, mode
        if mode is Mode.WATCH:
            self._stop = None
            return
        stop, off = self._stop, self._known.off
        if mode is Mode.PLAY and self._level() > 0:
            if stop is not None and stop.proved and not off:
                self._stop = None
        elif mode is Mode.PLAY:
            if not off and (stop is None or stop.proved):
                self._begin_stop(now_s)
        elif stop is None or (was is not mode and (was, mode) != (Mode.OFF, Mode.READY)) or (stop.proved and not off):
            self._begin_stop(now_s)
        if mode in (Mode.READY, Mode.PLAY) and self._wanted.score is not self._beginning.score:
            self._beginning = Beginning(self._wanted.score)
            self._choose(self._beginning.from_s(0.0))

    def _begin_stop(self, now_s: float) -> None:
        self._stop = Stop(now_s, uploads=self._talk.uploads)
        if self._talk.uploads:
            self._shelf.ended("cat", ok=True)  # asked for again before it is sent again
        self._talk.forget()
        self._lower_s = inf

    def _choose(self, from_s: float) -> None:
        """Choose the script that begins at a position of the score."""
        if self._wanted.score is None:
            return
        try:
            self._shelf.choose(self._wanted.score, from_s)
        except ValueError as error:
            self._trouble = str(error)
            self._news.append(Refused(f"the unit can't play it from here on: {error}"))

    def _level(self) -> int:
        return min(self._wanted.level.get(_A, Level(0)), self._wanted.ceiling.get(_A, CAPS.scale), TOP)

    def _urgent(self, now_s: float) -> list[Op]:
        """Return what the stop has to say, past everything that waits."""
        ops: list[Op] = []
        for data in self._stop.act(now_s) if self._stop is not None else []:
            self._tag += 1
            if data == STAT:
                self._known.asked(now_s, self._tag)
            elif data != CTRL_D:
                self._known.order(now_s, 0)
            self._greeted = True
            ops.append(Write(self._tag, SHELL, data, response=True, urgent=True))
        return ops

    def _begin_next(self, now_s: float) -> None:
        """Begin the command that is due, if any."""
        plays = self._acting is Mode.PLAY
        still = self._known.off and (plays or (self._acting is Mode.READY and self._stop is not None))
        if plays and self._play(now_s):
            return
        if now_s >= self._ask_s:
            self._ask_s = now_s + self._pace
            self._say(now_s, "stat")
        elif self._shelf.wants and still and not self._known.starts(now_s):
            kind, *parts = self._shelf.next()
            self._talk.begin(now_s, kind, tuple(parts), ANSWER_S.get(kind, 1.0))
        elif now_s >= self._bat_s and self._heard_s > -inf:
            asks = "bat" if self._version or self._counts["ver"] > 2 else "ver"
            self._counts[asks] += 1
            self._bat_s = now_s + (BATTERY_S if asks == "bat" else 0.0)
            self._say(now_s, asks)

    def _play(self, now_s: float) -> bool:
        """Begin a start or a change of level, if one is due and the last `>stat` is fresh; say whether that was so."""
        level, known = self._level(), self._known
        if level >= known.span.hi:
            self._lower_s = inf
        elif self._lower_s == inf:
            self._lower_s = now_s
        if level == 0 or not known.span.known or level == known.span.hi or known.starts(now_s):
            return False
        if not known.running:
            return self._start(now_s)
        if now_s - known.told_s > FRESH_S or now_s - known.asked_s > ROUND_S:
            self._ask_s = min(self._ask_s, now_s)
            return False
        step = min(level, known.span.hi + 1)
        known.order(now_s, step)
        self._say(now_s, "str", step)
        self._ask_s, self._lower_s = now_s, inf
        return True

    def _start(self, now_s: float) -> bool:
        shelf, at_s = self._shelf, now_s - self._wanted.origin_s
        if self._known.running is None or now_s - self._known.told_s > CAPS.stale_s or not shelf.in_place:
            return False
        if not self._beginning.fits(at_s, shelf.from_s):
            self._choose(self._beginning.from_s(at_s + shelf.reach_s))
            return False
        if not self._beginning.now(at_s, shelf.from_s):
            return False
        cut_s = ceil(self._wanted.end_s - now_s + MORE_S)
        self._known.start(now_s, cut_s, shelf.digest)
        self._say(now_s, "ssta", shelf.name, f"-cut={cut_s}")
        self._ask_s = now_s
        return True

    def _say(self, now_s: float, command: str, *words: str | int) -> None:
        greeting, self._greeted = (b"" if self._greeted else CR_LF), True
        self._talk.begin(now_s, command, (greeting + COMMAND.build(Line(command, words)),), ANSWER_S.get(command, 1.0))

    def _give_up(self, now_s: float, asked: Asked) -> None:
        """A command got no answer, or did not go out: ask how things are."""
        self._ask_s = min(self._ask_s, now_s)
        if asked.kind in ("cat", "ls", "rm"):
            self._shelf.ended(asked.kind, ok=True)
        if asked.kind == "cat":
            self._talk.begin(now_s, "end", (CTRL_D, CTRL_D, CR_LF), LOOK_S)

    def _next_s(self, now_s: float) -> float:
        stops = self._stop is not None and not self._stop.proved
        dues_s = [self._stop.due_s] if self._stop is not None and stops else []
        if not self._talk.idle:
            dues_s.append(self._talk.due_s)
        elif not stops:
            dues_s += [self._ask_s, self._bat_s]
        if self._acting is Mode.PLAY:
            dues_s += [self._wanted.end_s, self._lower_s + LOWER_S]
            if self._level() > 0 and not self._known.running:
                dues_s.append(now_s + LOOK_S)
        return min([due_s for due_s in dues_s if due_s > now_s] or [now_s + TICK_S])

    # What is so

    def reported(self, now_s: float) -> Reported:
        known, stop = self._known, self._stop
        zero = Zero.NO
        if stop is not None and self._acting is not Mode.PLAY and stop.sent_s > -inf:
            zero = Zero.CONFIRMED if stop.proved and known.off else Zero.SENT
        talks = self._talk.uploads or bool(self._talk.tag)
        return Reported(
            ready=self._acting is Mode.PLAY or (zero is Zero.CONFIRMED and self._shelf.in_place),
            closable=not talks and (self._acting is Mode.WATCH or known.off),
            level={_A: known.span},
            settled_s={_A: known.settled_s},
            ceiling={_A: CAPS.scale},
            out=Out.OFF if known.off else Out.ON if known.span.lo else Out.MAYBE,
            zero=zero,
            until_s=now_s if known.off else max(now_s, known.ends_s),
            heard_s=self._heard_s,
            told_s=known.told_s,
            left_s=known.left_s,
            battery=self._percent,
            trouble=self._trouble,
            counts={**self._counts, "late": known.late, "dropped": self._talk.dropped},
        )
