"""The driver of an EM 70: one question or step at a time, a level believed only from the state, and a stop that climbs.

1. Up goes by a single 01, only from a known level and with nothing under way; never by 03. Down goes by 02 one after
   the other; to zero by 03 00, past everything that waits.
2. The state (07) is asked each second, at once after a change, and again after ask_s. An echo only ends a wait.
3. Zero is proved by two states that were asked for after this stop (its number). Then, still at zero, the program is
   selected and seen in the state: ready.
4. A hand is told, never fought. A fall that nobody wrote is a hand or the end of the unit's own timer; a rise without
   a key is only reported, and the session faults on it.
"""

from collections import Counter
from dataclasses import dataclass
from math import inf
from typing import assert_never

from protocols.em70.level import LATE_S, Act, Gauge
from protocols.em70.packets import (
    CAPS,
    CONTROL,
    ECHO_DOWN,
    ECHO_SET,
    ECHO_UP,
    ENDED,
    KEY,
    LAYOUTS,
    LOW_BATTERY,
    OVERLOAD,
    PROGRAM,
    SELECT,
    LongState,
    Program,
    State,
)
from protocols.em70.program import Choice, Timer
from protocols.em70.stop import Stop
from protocols.layout import Direction, pick
from protocols.vocabulary import (
    AirError,
    BadPacket,
    Capabilities,
    Channel,
    Contact,
    Ended,
    Endpoint,
    Event,
    Hand,
    Level,
    LowBattery,
    Mode,
    Op,
    Out,
    Refused,
    Reported,
    Span,
    Wanted,
    Write,
    Zero,
)

POLL_S = 1.0
"""Between questions when all is known, as the official app does."""

ECHO_S = 0.3
"""How long the echo of a step is waited for before the state is asked."""

TICK_S = 0.01

_A = Channel.A


REQUEST_S = 1.0
"""A write whose response has not come by then no longer holds up the next one."""


class Em70:
    """See the module and protocols.driver.Driver."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._acting = Mode.WATCH
        self._gauge = Gauge()
        self._stop: Stop | None = None
        self._flight = Flight()
        self._echo_until_s = -inf
        self._echoed: int | None = None
        self._asked_s = -inf
        self._ask_s = now_s
        self._heard_s = -inf
        self._timer = Timer()
        self._choice = Choice()
        self._battery: int | None = None
        self._key = (0, -inf)
        self._prepared = False
        self._stop_number = 0
        self._zero_of: int | None = None
        self._answered_s = -inf
        self._has_ended = False
        self._counts: Counter[str] = Counter()
        self._due_s = now_s

    @property
    def caps(self) -> Capabilities:
        return CAPS

    @property
    def due_s(self) -> float:
        return self._due_s

    def want(self, now_s: float, wanted: Wanted) -> None:
        if self._choice.choose(wanted.score.number if wanted.score else None):
            self._prepared = False
            self._hurry(now_s)
        self._wanted = wanted
        self._turn(now_s)
        if wanted.rises and self._acting is Mode.PLAY:
            self._hurry(max(now_s, self._asked_s + CAPS.ask_s))

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        try:
            layout, packet = pick(LAYOUTS[Direction.FROM_DEVICE].get(endpoint.name, ()), data)
        except BadPacket:
            self._counts["bad"] += 1
            return []
        self._heard_s = now_s
        if isinstance(packet, State | LongState):
            return self._told(now_s, packet)
        if layout is KEY:
            return self._pressed(now_s, packet.level)
        if layout is ENDED:
            return self._finished(now_s)
        if layout is OVERLOAD:
            self._gauge.may_have_ended(now_s)
            self._hurry(now_s)
            return [Contact(_A, False)]
        if layout is LOW_BATTERY:
            return [LowBattery()]
        if layout in (ECHO_UP, ECHO_DOWN, ECHO_SET):
            self._echoed = packet.level
            self._echo_until_s = now_s
        elif layout is PROGRAM:
            self._hurry(now_s)
        self._counts[layout.name] += 1
        return []

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        self._gauge.done(now_s, tag, ok=error is None)
        if error is None:
            self._answered_s = now_s
        sent = self._flight.end(tag)
        if sent is None:
            return []
        if error is not None:
            self._counts["errors"] += 1
            if sent.act is Act.POWER_OFF and not error.lost and self._stop is not None:
                self._stop.failed()
        elif sent.act in (Act.UP, Act.DOWN):
            self._echo_until_s = now_s + ECHO_S
        elif sent.act is Act.POWER_OFF and self._stop is not None:
            self._stop.taken(now_s)
        if error is None and self._stop is not None:
            self._stop.responded(now_s)
        if sent.act is not Act.ASK:
            self._hurry(now_s)
        return []

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        self._counts["timeouts"] += self._flight.give_up(now_s)
        ops: list[Op] = self._climb(now_s)
        if self._flight.free and not ops:
            op = self._work(now_s)
            ops = [op] if op else []
        self._due_s = max(self._next_s(now_s), now_s + TICK_S)
        return ops

    def reported(self, now_s: float) -> Reported:
        span = self._gauge.span
        out = Out.ON if span.lo > 0 else Out.MAYBE if span.hi > 0 else Out.OFF
        return self._report(now_s, span, out, self._zero())

    def lost(self, now_s: float) -> Reported:
        ended_s = max(self._answered_s, self._heard_s)
        ended = self._stop is not None and self._stop.ended_link(now_s, ended_s)
        if ended or (self._zero_of == self._stop_number and self._gauge.span.hi == 0):
            return self._report(now_s, Span(0, 0), Out.OFF, Zero.CONFIRMED)
        span = self._gauge.span
        return self._report(now_s, span, Out.MAYBE if span.hi > 0 else Out.OFF, self._zero())

    # What the unit says

    def _told(self, now_s: float, state: State | LongState) -> list[Event]:
        ran_out = self._timer.runs_out(now_s)
        self._timer.told(now_s, state)
        self._choice.told = state.program
        self._battery = state.battery
        news = self._gauge.told(now_s, state.level)
        if state.level > 0:
            self._zero_of = None
        self._counts["late"] += news.late
        self._counts["no_load"] += state.level > 0 and state.load == 0
        self._ask_s = self._asked_s + (POLL_S if self._gauge.span.known else CAPS.ask_s)
        events = self._compare(now_s, state.level, news.foreseen, ran_out) if news.fresh else []
        if self._stop is not None:
            if state.level > 0 and self._stop.seen_zero and not news.late:
                self._stop = Stop(now_s)
            self._stop.answered(now_s, state.level, fresh=news.fresh)
            if self._stop.proved and self._gauge.span.hi == 0:
                self._zero_of = self._stop_number
        return events + self._check_program(now_s)

    def _compare(self, now_s: float, level: int, foreseen: Span, ran_out: bool) -> list[Event]:
        """Tell what a proved level says about the world beyond estim."""
        self._counts["echo_differs"] += self._echoed not in (None, level)
        self._echoed = None
        if level > foreseen.hi and self._key[0] == level and now_s - self._key[1] < 2 * LATE_S:
            return [Hand(_A, Level(level), rose=True)]
        if level >= foreseen.lo:
            return []
        if level > 0:
            return [Hand(_A, Level(level), rose=False)]
        return self._end("the unit's own timer ran out" if ran_out else "the unit was stopped at its keys, or it ended")

    def _pressed(self, now_s: float, level: int) -> list[Event]:
        again = self._key[0] == level and now_s - self._key[1] < LATE_S
        self._key = (level, now_s)
        self._hurry(now_s)
        if level > 0:
            self._zero_of = None
        if again:  # perhaps the same press told twice: the state decides, and no proof of zero outlasts it
            if level > 0 and self._stop is not None:
                self._begin_stop(now_s)
            return []
        rose = level > self._gauge.span.hi
        if not self._gauge.key(now_s, level):
            return []
        if self._stop is not None and self._stop.seen_zero:
            self._stop = Stop(now_s)
        return [Hand(_A, Level(level), rose=rose)]

    def _finished(self, now_s: float) -> list[Event]:
        """Take "treatment ended", which some firmware may send after our own stop as well."""
        ours = self._acting is not Mode.PLAY or self._stop is not None or self._gauge.span.hi == 0
        self._gauge.may_have_ended(now_s)
        self._hurry(now_s)
        return [] if ours else self._end("the unit says that the treatment has ended")

    def _end(self, why: str) -> list[Event]:
        if self._has_ended:
            return []
        self._has_ended = True
        return [Ended(why)]

    def _check_program(self, now_s: float) -> list[Event]:
        choice = self._choice
        if self._acting is Mode.READY and self._zero() is Zero.CONFIRMED:
            self._prepared = choice.right()
            return [Refused(choice.refused)] if choice.fails(now_s) else []
        if self._acting is Mode.PLAY and choice.strayed(now_s):
            return self._end(f"the unit went to its program {choice.told}, away from {choice.number}")
        return []

    # What goes out

    def _turn(self, now_s: float) -> None:
        """Follow the mode; after its end a play is a stop. A new number asks for a stop that begins anew."""
        mode = self._wanted.mode
        if mode is Mode.PLAY and now_s >= self._wanted.end_s:
            mode = Mode.OFF
        was = self._acting
        self._acting = mode
        anew = self._wanted.stop != self._stop_number
        self._stop_number = self._wanted.stop
        match mode:
            case Mode.WATCH:
                self._stop = None
            case Mode.OFF | Mode.READY:
                if anew or (was is not mode and not (was is Mode.OFF and mode is Mode.READY)):
                    self._begin_stop(now_s)
            case Mode.PLAY:
                self._has_ended = self._has_ended and was is mode
                if self._stop is not None and self._stop.seen_zero:
                    self._stop = None
                if self._stop is None and self._level() == 0 and self._gauge.span.hi > 0:
                    self._stop = Stop(now_s)
            case _:
                assert_never(mode)

    def _begin_stop(self, now_s: float) -> None:
        """Begin a stop that no answer to an earlier question proves."""
        self._gauge.begin(now_s)
        self._stop = Stop(now_s)

    def _climb(self, now_s: float) -> list[Op]:
        if self._stop is None:
            return []
        acts = self._stop.act(now_s, self._gauge.span.hi, may_switch_off=self._acting is Mode.OFF)
        return [self._write(now_s, act, urgent=True) for act in acts]

    def _work(self, now_s: float) -> Op | None:
        """Return the one thing to write next that may wait."""
        if self._acting is Mode.PLAY and self._stop is None:
            step = self._step(now_s)
            if step is not None:
                return self._write(now_s, step)
        if self._stop is not None and not self._stop.proved:
            return None  # the ladder asks
        number = self._choice.number
        ready = self._acting is Mode.READY and self._zero() is Zero.CONFIRMED
        if number is not None and ready and self._choice.due(now_s):
            self._choice.sent(now_s)
            return self._send(now_s, None, SELECT.build(Program(number)), urgent=False)
        if now_s >= max(self._ask_s, self._echo_until_s):
            return self._write(now_s, Act.ASK)
        return None

    def _step(self, now_s: float) -> Act | None:
        wanted = self._level()
        foreseen = self._gauge.foreseen
        span = self._gauge.span
        if self._gauge.told_s < self._key[1] and now_s < self._key[1] + POLL_S:
            return None  # a key was pressed: where to is in the next state
        if 0 < wanted < foreseen.hi and self._gauge.downs < foreseen.hi - wanted:
            return Act.DOWN
        fresh = now_s - self._gauge.told_s <= CAPS.fresh_s  # it may have waited for the air since it was granted
        if span.known and span.hi < wanted and fresh and self._prepared and self._flight.empty:
            return Act.UP
        return None

    def _write(self, now_s: float, act: Act, *, urgent: bool = False) -> Write:
        write = self._send(now_s, act, act.value, urgent=urgent)
        self._gauge.wrote(now_s, write.tag, act)
        if act is Act.ASK:
            self._asked_s = now_s
            self._ask_s = now_s + CAPS.ask_s
        else:
            self._echoed = None
            if act is Act.UP:
                self._zero_of = None
        return write

    def _send(self, now_s: float, act: Act | None, data: bytes, *, urgent: bool) -> Write:
        return Write(self._flight.begin(now_s, act, urgent=urgent), CONTROL, data, response=True, urgent=urgent)

    def _hurry(self, at_s: float) -> None:
        self._ask_s = min(self._ask_s, at_s)

    def _next_s(self, now_s: float) -> float:
        due_s = self._flight.due_s
        if self._stop is not None:
            due_s = min(due_s, self._stop.due_s)
        if self._flight.free and (self._stop is None or self._stop.proved):
            due_s = min(due_s, max(self._ask_s, self._echo_until_s))
        return min(due_s, self._wanted.end_s) if self._acting is Mode.PLAY else due_s

    # What is so

    def _level(self) -> int:
        return min(self._wanted.level.get(_A, Level(0)), self._wanted.ceiling.get(_A, CAPS.scale), CAPS.scale)

    def _zero(self) -> Zero:
        if self._stop is None or self._acting is Mode.PLAY or not self._stop.sent:
            return Zero.NO
        return Zero.CONFIRMED if self._stop.proved and self._gauge.span.hi == 0 else Zero.SENT

    def _report(self, now_s: float, span: Span, out: Out, zero: Zero) -> Reported:
        return Reported(
            ready=self._prepared and (self._acting is Mode.PLAY or zero is Zero.CONFIRMED),
            closable=self._acting is Mode.WATCH or span.hi == 0,
            level={_A: span},
            settled_s={_A: self._gauge.settled_s},
            ceiling={_A: CAPS.scale},
            out=out,
            zero=zero,
            until_s=now_s if span.hi == 0 else now_s + self._timer.may_run_s(now_s),
            heard_s=self._heard_s,
            told_s=self._gauge.told_s,
            left_s=self._timer.left_s(now_s),
            battery=self._battery,
            trouble=self._choice.refused,
            counts=dict(self._counts),
            stop=self._stop_number,
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """A write under way; `act` is None for the selection of a program."""

    act: Act | None
    until_s: float


class Flight:
    """All writes under way, by their tag."""

    def __init__(self) -> None:
        self._tag = 0
        self._sent: dict[int, Sent] = {}
        self._awaited: int | None = None

    @property
    def free(self) -> bool:
        """Say whether a write that isn't urgent may go."""
        return self._awaited is None

    @property
    def empty(self) -> bool:
        """Say whether nothing at all is under way."""
        return not self._sent

    @property
    def due_s(self) -> float:
        """When to give one up (inf: there is none)."""
        return min((sent.until_s for sent in self._sent.values()), default=inf)

    def begin(self, now_s: float, act: Act | None, *, urgent: bool) -> int:
        """Take note of a write and return its tag."""
        self._tag += 1
        self._sent[self._tag] = Sent(act, now_s + REQUEST_S)
        if not urgent:
            self._awaited = self._tag
        return self._tag

    def end(self, tag: int) -> Sent | None:
        """The outcome is told; None if that write was given up before."""
        if self._awaited == tag:
            self._awaited = None
        return self._sent.pop(tag, None)

    def give_up(self, now_s: float) -> int:
        """Give up what is over its time; return how many that were."""
        late = [tag for tag, sent in self._sent.items() if now_s >= sent.until_s]
        for tag in late:
            self.end(tag)
        return len(late)
