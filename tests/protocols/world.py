"""One world for a driver: the real Guard and a software unit on a virtual clock, over an air that does its worst.

It is stepped when something is due for the driver, the unit or the air, and at no other time: a driver that needs to be
looked at sooner has to say so (but see Kin.nap_s). There is no session in it: a test says what is wanted, as a session
would. What each write asks for is held against what was granted, and each proof against the unit, in every step. Whole
sessions are lived in estim/rehearsal/world.py.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import inf
from operator import itemgetter
from random import Random
from typing import Any, Protocol

from estim.core.session.guard import Limits, Request, permit
from estim.core.values import replace
from protocols.family import Family
from protocols.score import Score
from protocols.vocabulary import (
    UNFED_MAX_S,
    AirError,
    Channel,
    Close,
    Endpoint,
    Event,
    Hand,
    Level,
    Mode,
    Op,
    Read,
    Reported,
    Wanted,
    Write,
    Zero,
)
from simulator.registry import Setup, make, read_line
from simulator.trace import Trace
from simulator.twin import Said, WriteRefused
from simulator.weather import RadioFaults

TIMEOUT_S = 2.0
"""A request without an answer has failed then, as the host has it."""

CLOSE_S = 0.1
STALL_S = 3.0


class Unit(Protocol):
    """What a world needs of a unit: a twin, or a smaller box of a test. One that is off keeps no link."""

    @property
    def on(self) -> bool: ...

    @property
    def due_s(self) -> float: ...

    def advance(self, now_s: float) -> list[Said]: ...

    def connect(self, now_s: float) -> None: ...

    def disconnect(self, now_s: float) -> None: ...

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None: ...

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None: ...

    def read(self, now_s: float, endpoint: Endpoint) -> bytes: ...

    def hand(self, now_s: float, act: str) -> None: ...

    def level(self, channel: str = "A") -> int: ...


@dataclass(frozen=True, slots=True)
class Kin:
    """What a family brings: what it plays, its Guard's limits, and what a write asks of each channel.

    Seconds that a command, a request and the answer to one are on their way. `follows`: a hand moves the wish, as in
    a session; elsewhere a test does that.
    """

    family: Family
    score: Score
    limits: Limits
    asks: Callable[[Write], Mapping[Channel, int]]
    command_s: float = 0.002
    request_s: float = 0.02
    answer_s: float = 0.02
    heard_s: float = 0.015
    follows: bool = False
    patience_s: float = TIMEOUT_S
    """For how long a driver waits for an outcome before it sends the next one of that kind."""
    nap_s: float = inf
    """While the Guard holds a level it is asked again this soon, as a session does; not where more often is heard."""


@dataclass(slots=True)
class Air:
    """What goes wrong, changed by a test as it goes. Shares of 1; seconds at most, and drawn.

    Of what the unit says: `lost`, `doubled`, `late` of it `late_s` late, `behind_s` late always; order is kept unless
    `jumbled`.
    Of ops: `hung` arrive, and nobody tells their outcome; `dropped` requests get lost; `stalled` ones take STALL_S
    more, and all that follows waits; `refused` ones and readings that fail
    (`fails`) never reach the unit. `mute`: nothing comes back; `away`: nothing
    arrives either. `overtaken`: a request waits for the one before, and commands pass it, as in BlueZ. `way_s` and
    `back_s` are drawn parts of the way there and of an answer, `slow_s` is how long a command takes to leave, `tells`
    how often an outcome is told.
    """

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 1.0
    late_s: float = 0.0
    behind_s: float = 0.0
    jumbled: bool = False
    hung: float = 0.0
    dropped: float = 0.0
    stalled: float = 0.0
    refused: float = 0.0
    fails: float = 0.0
    mute: bool = False
    away: bool = False
    overtaken: bool = False
    way_s: float = 0.0
    back_s: float = 0.0
    slow_s: float = 0.0
    tells: int = 1
    seed: int = 0


class World:
    """See the module. `wish` is what a person wants, `grants` what the Guard gave, `number` that of the last stop.

    `proofs` are (time, highest level at the unit) of each step in which zero is proved for that stop. `touched`: a
    hand was at the unit since, so that a proof may be older than what it did.
    """

    def __init__(
        self,
        kin: Kin,
        options: Any = "",
        air: Air | None = None,
        *,
        unit: Unit | None = None,
        score: Score | None = None,
        profile: str = "",
    ) -> None:
        self.kin = kin
        self.air = replace(air) if air else Air()
        self.luck = Random(self.air.seed)
        self.trace = Trace()
        name = kin.family.name
        setup = read_line(f"{name}:{options}") if isinstance(options, str) else Setup(name, RadioFaults(), options)
        self.twin: Any = unit or make(setup, self.trace.of, self.air.seed)[0]
        self.score = score or kin.score
        self.now_s = 0.0
        self.linked = True
        self.mode = Mode.READY
        self.wish: dict[Channel, int] = dict.fromkeys(kin.family.caps.channels, 0)
        self.begun_s = 0.0
        self.end_s = 1800.0
        self.number = 0
        self.events: list[Event] = []
        self.ops: list[tuple[float, Op]] = []
        self.grants: list[tuple[float, Mapping[Channel, Level]]] = []
        self.levels: list[tuple[float, dict[str, int]]] = []
        self.proofs: list[tuple[float, int]] = []
        self.last: Reported | None = None
        self.touched = False
        self.clear_s = 0.0
        self._gap = False
        self._asks_s = inf
        self._free_s = 0.0
        self._answered_s = 0.0
        self._here_s = 0.0
        self._waits: dict[bool, set[int]] = {True: set(), False: set()}
        self._told: set[int] = set()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self.twin.connect(0.0)
        for endpoint in kin.family.subscribe:
            self.twin.subscribe(0.0, endpoint, True)
        self.driver = kin.family.connect(0.0, profile)
        self._note()

    # What a test does

    def run(self, seconds: float, until: Callable[[Reported], bool] = lambda _: False) -> float:
        """Live for so long, or until a report is so; return the time that took."""
        begin_s = self.now_s
        end_s = begin_s + seconds
        now = self.step() if self.linked else self.reported
        while self.linked and self.now_s < end_s and not until(now):
            heap_s = self._heap[0][0] if self._heap else inf
            due_s = min(heap_s, self.driver.due_s, self.twin.due_s, self._asks_s, end_s)
            self.now_s = max(self.now_s, due_s)
            while self._heap and self._heap[0][0] <= self.now_s:
                heappop(self._heap)[2]()
            self._collect()
            if self.linked:
                now = self.step()
        return self.now_s - begin_s

    def ready(self) -> "World":
        """Connect and make ready."""
        self.run(30, lambda now: now.ready)
        assert self.reported.ready, self.reported
        return self

    def play(self, *levels: int, seconds: float = 60.0) -> "World":
        """Make ready, and ramp for levels of A, B, …, until they are known; the others are 0."""
        if self.mode is Mode.READY:
            self.run(30, lambda now: now.ready)
        channels = self.kin.family.caps.channels
        wish = dict(zip(channels, (*levels, 0, 0, 0, 0), strict=False))
        self.begun_s = self.begun_s if self.mode is Mode.PLAY else self.now_s
        self.mode = Mode.PLAY
        self.wish = wish
        self.run(seconds, lambda now: all(now.level[ch].lo == now.level[ch].hi == wish[ch] for ch in channels))
        return self

    def stop(self, seconds: float | None = None) -> float:
        """Stop until it is proved, or the link is closed; return how long that took."""
        self.mode = Mode.OFF
        self._gap = False
        self.wish = dict.fromkeys(self.wish, 0)
        self.number += 1
        return self.run(self.driver.caps.stop_s if seconds is None else seconds, self.proved)

    def hand(self, act: str) -> None:
        """Let a hand at the unit act."""
        self.touched = True
        self.twin.hand(self.now_s, act)
        self._collect()

    def cut(self) -> None:
        """Lose the link."""
        if self.linked:
            self.linked = False
            self.last = self.driver.lost(self.now_s)
            self.twin.disconnect(self.now_s)

    # What it sees

    @property
    def reported(self) -> Reported:
        return self.driver.reported(self.now_s)

    def proved(self, now: Reported) -> bool:
        """Say whether the stop that was asked for last is proved."""
        return now.zero is Zero.CONFIRMED and now.stop == self.number

    @property
    def writes(self) -> list[tuple[float, Write]]:
        return [(at_s, op) for at_s, op in self.ops if isinstance(op, Write)]

    def wrote(self, since_s: float = 0.0) -> list[Write]:
        """Return what was written since then."""
        return [op for at_s, op in self.writes if at_s >= since_s]

    def top(self) -> int:
        """Return the highest level that a channel is really at."""
        return int(max(self.twin.level(channel.value) for channel in self.wish))

    def rises(self, channel: str = "A") -> list[tuple[float, int, int]]:
        """Return (time, from, to) of each rise at the unit that its host made, as the unit recorded it."""
        out = []
        level = 0
        for record in self.trace.records:
            if record["event"] == "level" and record.get("channel", channel) == channel:
                now = int(str(record["level"]))
                if record["by"] == "host" and now > level:
                    out.append((float(str(record["t"])), level, now))
                level = now
        return out

    def granted(self, channel: Channel, at_s: float, back_s: float) -> int:
        """Return the highest level that was granted while a write that arrives then was on its way."""
        first = bisect_right(self.grants, at_s - back_s, key=itemgetter(0))
        until = bisect_right(self.grants, at_s, key=itemgetter(0))
        return max((level[channel] for _, level in self.grants[max(0, first - 1) : until]), default=0)

    # A step

    def step(self) -> Reported:
        """One pass, as the host makes it; return what the driver reports after it."""
        now_s = self.now_s
        driver = self.driver
        reported = driver.reported(now_s)
        self._interrupted(reported)
        mode = Mode.OFF if self._gap else self.mode
        wish = {channel: Level(level) for channel, level in self.wish.items()}
        held = self.grants[-1][1] if self.grants else {}
        request = Request(mode, wish, 1.0, self.begun_s, self.end_s, held=held)
        answer = permit(now_s, request, reported, driver.caps, self.kin.limits)
        self.grants.append((now_s, answer.level))
        held_back = mode is Mode.PLAY and any(answer.level[channel] < level for channel, level in wish.items())
        self._asks_s = now_s + self.kin.nap_s if held_back else inf
        top = self.kin.limits.ceiling
        wanted = Wanted(mode, answer.level, top, self.score, self.begun_s, self.end_s, self.number, answer.asks)
        driver.want(now_s, wanted)
        for op in driver.poll(now_s):
            self._send(op)
        assert driver.due_s > now_s, "a livelock"
        after = driver.reported(now_s)
        if self.proved(after):
            self.proofs.append((now_s, self.top()))
            assert self.touched or not self.top(), "a proof is true"
        return after

    def _interrupted(self, reported: Reported) -> None:
        """Do as the session does when it was unfed: zero first, with a number of its own, and then it plays again."""
        unfed_s = self.now_s - (reported.fed_s or self.now_s)
        if self.mode is Mode.PLAY and not self._gap and unfed_s > UNFED_MAX_S:
            self._gap = True
            self.number += 1
        elif self._gap and self.proved(reported):
            self._gap = False

    # The air

    def _send(self, op: Op) -> None:
        self.ops.append((self.now_s, op))
        if isinstance(op, Close):
            self._at(self.now_s + CLOSE_S, self.cut)
            return
        request = isinstance(op, Read) or op.response
        if isinstance(op, Write):
            granted = self.grants[-1][1]
            for channel, level in self.kin.asks(op).items():
                assert level <= granted[channel], "never above what is granted"
        waits = self._waits[request]
        if not (isinstance(op, Write) and op.urgent):
            assert not waits, "one at a time"
            waits.add(op.tag)
            self._at(self.now_s + self.kin.patience_s, lambda: waits.discard(op.tag))
        begins_s = max(self.now_s, self._answered_s if request and self.air.overtaken else 0.0)
        if request:
            self._answered_s = begins_s + TIMEOUT_S
            self._at(self.now_s + TIMEOUT_S, lambda: self._done(op.tag, b"", AirError("no answer within 2 s")))
        self._at(begins_s, lambda: self._launch(op, request=request))

    def _launch(self, op: Read | Write, *, request: bool) -> None:
        """Put an op on the air, which keeps order."""
        air = self.air
        way_s = (self.kin.request_s if request else self.kin.command_s) + self.luck.uniform(0, air.way_s)
        stalls_s = STALL_S if request and self.luck.random() < air.stalled else 0.0
        self._free_s = max(self.now_s + way_s + stalls_s, self._free_s, self.clear_s)
        dropped = request and self.luck.random() < air.dropped
        urgent = isinstance(op, Write) and op.urgent
        hung = dropped or (self.luck.random() < air.hung and not (urgent and not request))
        self._at(self._free_s, lambda: self._arrive(op, dropped=dropped, hung=hung, request=request))

    def _arrive(self, op: Read | Write, *, dropped: bool, hung: bool, request: bool) -> None:
        data = b""
        fails = self.air.fails if isinstance(op, Read) else self.air.refused
        error = AirError("refused", code=0x0E) if self.luck.random() < fails else None
        try:
            if error or dropped or self.air.away:
                pass
            elif isinstance(op, Read):
                data = self.twin.read(self.now_s, op.endpoint)
            else:
                self.twin.write(self.now_s, op.endpoint, op.data, op.response)
        except WriteRefused as refused:
            error = AirError(str(refused), code=refused.code)
        self._note()
        self._collect()
        if hung or (request and (self.air.mute or self.air.away)):
            return
        for _ in range(self.air.tells):
            back_s = self.kin.answer_s + self.luck.uniform(0, self.air.back_s) if request else self.air.slow_s
            self._at(self.now_s + back_s, lambda: self._done(op.tag, data, error))

    def _done(self, tag: int, data: bytes, error: AirError | None) -> None:
        timed_out = error is not None and error.code is None
        if not self.linked or (timed_out and tag in self._told):
            return
        self._told.add(tag)
        self._answered_s = self.now_s
        for waits in self._waits.values():
            waits.discard(tag)
        self._take(self.driver.done(self.now_s, tag, data, error))

    def _collect(self) -> None:
        """Put what the unit says on the air."""
        air = self.air
        for said in self.twin.advance(self.now_s) if self.linked else ():
            if air.mute or air.away or self.luck.random() < air.lost:
                continue
            for _ in range(2 if self.luck.random() < air.doubled else 1):
                late = air.late >= 1 or self.luck.random() < air.late
                late_s = self.luck.uniform(0, air.late_s) if late else 0.0
                at_s = self.now_s + self.kin.heard_s + air.behind_s + late_s
                self._here_s = at_s if air.jumbled else max(self._here_s, at_s)
                self._at(self._here_s, lambda one=said: self.hear(one.endpoint, one.data))  # type: ignore[misc] # a default binds it now
        self._note()
        if not self.twin.on:
            self.cut()

    def hear(self, endpoint: Endpoint, data: bytes) -> None:
        """Let the driver hear something."""
        if self.linked:
            self._take(self.driver.receive(self.now_s, endpoint, data))

    def _take(self, events: list[Event]) -> None:
        """Keep what was told, and do with the wish what the session does after a hand."""
        self.events += events
        for event in events if self.kin.follows and self.mode is Mode.PLAY else ():
            if isinstance(event, Hand):
                choose = max if event.rose else min
                top = self.kin.limits.ceiling[event.channel]
                self.wish[event.channel] = min(top, choose(self.wish[event.channel], event.level))

    def _note(self) -> None:
        """Keep the levels at the unit whenever they differ."""
        now = {channel.value: self.twin.level(channel.value) for channel in self.wish}
        if not self.levels or now != self.levels[-1][1]:
            self.levels.append((self.now_s, now))

    def _at(self, at_s: float, what: Callable[[], None]) -> None:
        heappush(self._heap, (at_s, next(self._number), what))
