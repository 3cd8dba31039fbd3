"""The driver of the Bluetens family: one command at a time, a script in place before the start, `>stat` as the truth.

1. Each link begins with CR LF, since a killed host may have left half a line. Then `>stat` is asked again and again:
   the level and whether it runs are believed from that alone (other answers may tell the moment before).
2. READY: zero proved, then the script by its md5: only if it is missing or another one it is sent, and asked for again.
3. `>str` goes out only right after a `>stat` that says running, one step up at most; else it would start file 0.
4. Stop: `>osto` past everything that waits (Ctrl-D twice in an upload), proved by a `>stat` asked after it.
5. A pause is a stop. Where the score isn't the same all through, what is left of it is compiled and sent before it
   starts again.
"""

from collections import Counter
from math import ceil, inf

from protocols.belief import Answer
from protocols.bluetens import (
    CAPS,
    COMMAND,
    CR_LF,
    LAYOUTS,
    NOTIFY,
    SHELL,
    TOP,
    WRITE_MAX,
    Line,
    Notice,
    Stat,
    Status,
    Word,
    percent,
)
from protocols.bluetens_known import Known
from protocols.bluetens_shelf import MORE_S, TRIES, Shelf
from protocols.bluetens_talk import Talk
from protocols.driver import Direction
from protocols.layout import pick
from protocols.score import Score
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

POLL_S, REST_S, ASK_S = 1.0, 4.0, 0.3
"""Between two `>stat`: while it plays or is about to; at rest (it switches itself off after 20 s); while unsure."""

FRESH_S = 0.1
"""A `>str` follows the answer to a `>stat` so soon; with the way there and back that is 0.2 s at most."""

STOP_S, STOP_AGAIN_S = 3.5, 1.0
BATTERY_S, TICK_S = 60.0, 0.001
CTRL_D = b"\x04"
_A = Channel.A


class Bluetens:
    """See the module and protocols.driver.Driver."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._acting = Mode.WATCH
        self._known = Known()
        self._talk = Talk(WRITE_MAX)
        self._greeted = False
        self._heard_s = -inf
        self._ask_s = self._bat_s = now_s
        self._stop_s: float | None = None
        self._again_s = now_s
        self._ordered = self._proved = False
        self._score: Score | None = None
        self._shelf = Shelf()
        self._percent: int | None = None
        self._trouble = ""
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
        if self._level(now_s) != self._known.belief.expected.hi or (self._stop_s is not None and not self._ordered):
            self._due_s = now_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        events: list[Event] = []
        for line in self._talk.lines(data if endpoint == SHELL else b""):
            try:
                form, packet = pick(LAYOUTS[Direction.FROM_DEVICE][SHELL.name], line)
            except BadPacket:
                self._counts["unknown"] += 1
                continue
            self._heard_s = now_s
            events += self._notified(now_s, packet) if form is NOTIFY else self._answered(now_s, packet)
        return events

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        kind = self._talk.asked.kind if self._talk.asked is not None else ""
        if self._talk.wrote(now_s, tag, ok=error is None) and error is not None:
            self._counts["errors"] += 1
            self._gave_up(now_s, kind)
        return []

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        late = self._talk.late(now_s)
        if late:
            self._counts["timeouts"] += 1
            self._gave_up(now_s, late)
        ops = self._urgent(now_s)
        if self._talk.idle:
            self._begin_next(now_s)
        self._tag += 1
        data = self._talk.chunk(now_s, self._tag)
        if data is not None:
            ops.append(Write(self._tag, SHELL, data, response=True))
        self._due_s = max(self._next_s(now_s), now_s + TICK_S)
        return ops

    def lost(self, now_s: float) -> Reported:
        """See Driver: without a link it goes on to the end of its script, or the cut-off."""
        return self.reported(now_s)

    # What the unit says

    def _answered(self, now_s: float, packet: object) -> list[Event]:
        asked = self._talk.asked
        kind = asked.kind if asked is not None and not asked.rest else ""
        match packet:
            case Stat() if kind == "stat":
                self._talk.answered()
                return self._told(now_s, packet)
            case Word(value) if kind == "bat" and isinstance(value, int):
                self._talk.answered()
                self._percent = percent(value)
            case Word(value) if kind == "md5":
                self._talk.answered()
                return self._compared(str(value))
            case Word() if kind == "str":
                self._talk.answered()
                self._ask_s = now_s
            case Status(code):
                return self._ended(now_s, kind, code)
            case _:
                self._counts["other"] += 1
        return []

    def _ended(self, now_s: float, kind: str, code: int) -> list[Event]:
        """Take the status at the end of a command."""
        if kind in ("", "stat", "str"):
            self._counts["other"] += 1
            return []
        self._talk.answered()
        self._ask_s = now_s
        if kind == "md5":
            return self._compared("")
        if kind == "cat" and code not in (0, 3):
            self._shelf.sends = TRIES
            return self._refuse(f"the unit did not take the program (status {code}): its memory may be full")
        if kind == "ssta" and code != 0:
            self._shelf.in_place = False
            return self._refuse(f"the unit did not start the program (status {code})")
        return []

    def _compared(self, told: str) -> list[Event]:
        self._shelf.compared(told)
        if self._shelf.in_place or self._shelf.wants:
            return []
        return self._refuse("the program arrives damaged: go nearer to the unit and try again")

    def _refuse(self, why: str) -> list[Event]:
        self._trouble = why
        return [Refused(why)]

    def _told(self, now_s: float, stat: Stat) -> list[Event]:
        self._tag += 1
        how, events = self._known.told(now_s, self._tag, stat, playing=self._acting is Mode.PLAY)
        self._ask_s = now_s + (ASK_S if how is Answer.ODD else self._pace)
        if self._stop_s is not None and self._ordered and self._known.off:
            self._proved = True
        return events

    def _notified(self, now_s: float, notice: Notice) -> list[Event]:
        self._ask_s = now_s
        self._counts[notice.what] += 1
        if notice.what == "battery":
            self._percent = percent(notice.value)
        self._proved = self._proved and not (notice.what == "strength" and notice.value > 0)
        return self._known.notified(now_s, notice)

    # What goes out

    @property
    def _pace(self) -> float:
        if self._acting is Mode.PLAY:
            return POLL_S
        return ASK_S if self._stop_s is not None and not self._proved else REST_S

    def _turn(self, now_s: float) -> None:
        mode = self._wanted.mode
        if mode is Mode.PLAY and now_s >= self._wanted.end_s:
            mode = Mode.OFF
        was, self._acting = self._acting, mode
        stopped = (Mode.OFF, Mode.READY)
        if mode in stopped and (self._stop_s is None or was not in stopped):
            self._stop_s = self._again_s = now_s
            self._ordered = self._proved = False
        elif mode is Mode.PLAY and was is not Mode.PLAY:
            self._stop_s = None
            self._choose(now_s)
        elif mode is Mode.WATCH:
            self._stop_s = None
        if mode is Mode.READY and self._wanted.score is not self._score:
            self._choose(now_s)

    def _choose(self, now_s: float) -> None:
        """Choose the script: that of the whole score, or of what is left of it after a pause."""
        self._score = self._wanted.score
        if self._score is not None:
            self._shelf.choose(self._score, now_s - self._wanted.origin_s if self._acting is Mode.PLAY else 0.0)

    def _level(self, now_s: float) -> int:
        if self._acting is not Mode.PLAY:
            return 0
        return min(self._wanted.level.get(_A, Level(0)), self._wanted.ceiling.get(_A, CAPS.scale), TOP)

    def _urgent(self, now_s: float) -> list[Op]:
        """Return the stop, past everything: at its beginning, and again while nothing proves it."""
        if self._acting is Mode.PLAY and self._level(now_s) == 0 and self._known.belief.expected.hi > 0:
            return self._stopping(now_s)
        if self._stop_s is None or self._proved or now_s < self._again_s:
            return []
        if self._ordered and self._known.running is False and self._known.belief.span.hi == 0:
            return []  # only the question is due
        self._again_s = now_s + STOP_AGAIN_S
        self._ordered = True
        return self._stopping(now_s)

    def _stopping(self, now_s: float) -> list[Op]:
        asked = self._talk.asked
        words = [CTRL_D, CTRL_D] if asked is not None and asked.upload else []
        words.append(CR_LF + COMMAND.build(Line("osto")))
        self._talk.cut_in(now_s, "osto", STOP_S)
        self._greeted = True
        self._known.order(now_s, 0)
        self._ask_s = now_s
        ops: list[Op] = []
        for word in words:
            self._tag += 1
            ops.append(Write(self._tag, SHELL, word, response=True, urgent=True))
        return ops

    def _begin_next(self, now_s: float) -> None:
        """Begin the command that is due, if any."""
        readied = self._acting is Mode.READY and self._proved
        if self._acting is Mode.PLAY and self._shelf.in_place and self._play(now_s):
            pass
        elif now_s >= self._ask_s:
            self._ask_s = now_s + self._pace
            self._say(now_s, "stat")
        elif self._shelf.wants and self._known.running is False and (self._acting is Mode.PLAY or readied):
            self._prepare(now_s)
        elif now_s >= self._bat_s and self._known.stat_s > -inf:
            self._bat_s = now_s + BATTERY_S
            self._say(now_s, "bat")

    def _prepare(self, now_s: float) -> None:
        """Ask whether the script is there; if it was asked and isn't, send it."""
        question = self._shelf.question()
        if question is not None:
            self._say(now_s, *question)
        else:
            self._talk.begin(now_s, "cat", self._shelf.upload(), upload=True)

    def _play(self, now_s: float) -> bool:
        """Begin a start or a change of level, if that is due and the last `>stat` is fresh; say whether it was."""
        level, now = self._level(now_s), self._known.belief.expected.hi
        if level == now or now_s - self._known.stat_s > FRESH_S or not self._known.belief.span.known:
            if level != now and now_s - self._known.stat_s > FRESH_S:
                self._ask_s = min(self._ask_s, now_s)
            return False
        if self._known.running and now > 0:
            step = min(level, now + 1)
            self._known.order(now_s, step)
            self._say(now_s, "str", step)
            return True
        if self._known.running is False and level > 0 and self._known.started_s == -inf:
            cut_s = ceil(self._wanted.end_s - now_s + MORE_S)
            self._known.start(now_s, cut_s)
            self._say(now_s, "ssta", self._shelf.name, f"-cut={cut_s}")
            return True
        return False

    def _say(self, now_s: float, command: str, *words: str | int) -> None:
        greeting, self._greeted = (b"" if self._greeted else CR_LF), True
        self._talk.begin(now_s, command, greeting + COMMAND.build(Line(command, words)))

    def _gave_up(self, now_s: float, kind: str) -> None:
        """A command got no answer: ask how things are."""
        self._ask_s = now_s if kind != "stat" else now_s + ASK_S
        self._shelf.asked = self._shelf.asked and kind not in ("md5", "cat")

    def _next_s(self, now_s: float) -> float:
        dues_s = [self._talk.due_s] if not self._talk.idle else [self._ask_s, self._bat_s]
        if self._stop_s is not None and not self._proved:
            dues_s.append(self._again_s)
        if self._acting is Mode.PLAY:
            dues_s.append(self._wanted.end_s)
        return min([due_s for due_s in dues_s if due_s > now_s] or [now_s + TICK_S])

    # What is so

    def reported(self, now_s: float) -> Reported:
        span = self._known.belief.span
        off = self._known.off
        zero = Zero.NO
        if self._stop_s is not None and self._ordered:
            zero = Zero.CONFIRMED if self._proved and off else Zero.SENT
        busy = self._talk.asked is not None and (self._talk.asked.upload or bool(self._talk.asked.rest))
        return Reported(
            ready=self._acting is Mode.PLAY or (zero is Zero.CONFIRMED and self._shelf.in_place),
            closable=not busy and not self._talk.tag and (self._acting is Mode.WATCH or off),
            level={_A: span},
            settled_s={_A: self._known.belief.settled_s},
            ceiling={_A: CAPS.scale},
            out=Out.OFF if off else Out.ON if span.lo else Out.MAYBE,
            zero=zero,
            until_s=now_s if off else max(now_s, self._known.ends_s),
            heard_s=self._heard_s,
            told_s=self._known.stat_s,
            left_s=self._known.left_s,
            battery=self._percent,
            trouble=self._trouble,
            counts=dict(self._counts),
        )
