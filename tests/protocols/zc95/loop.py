"""A zc95 driver, the real Guard and the twin on one virtual clock, over an air that does its worst."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random

from estim.core.session.guard import Limits, Request, family_cap, permit
from protocols.score import Part, Score, Steady
from protocols.vocabulary import (
    AirError,
    Channel,
    Close,
    Event,
    Level,
    Mode,
    Op,
    Read,
    Reported,
    Span,
    Wanted,
    Write,
    Zero,
)
from protocols.zc95.family import FAMILY
from protocols.zc95.packets import CAPS, POWERS
from simulator.chance import Chance
from simulator.trace import Trace
from simulator.twin import WriteRefused
from simulator.zc95.options import Zc95Options
from simulator.zc95.unit import KIND

SCORE = Score((Part("all", 0, 1200, Steady(100), Steady(200)),))
LIMITS = Limits((family_cap(CAPS),))
REPLY_S = 0.035


@dataclass(frozen=True, slots=True)
class Air:
    """Shares of requests that are `hung` (done, never replied to), `dropped` (nor done) and `late` by 3 s.

    `overtaken`: a request waits for the one before, and commands pass it, as in BlueZ. `slow_s`: until a command left.
    """

    hung: float = 0.0
    dropped: float = 0.0
    late: float = 0.0
    overtaken: bool = False
    slow_s: float = 0.0
    seed: int = 0


@dataclass
class Loop:
    """Driver, Guard and twin on a virtual clock.

    `number` is that of the stop that was asked for last. While the air is `mute` no request is replied to; while the
    box is `away` nothing arrives either, though commands leave as ever.
    """

    options: Zc95Options = field(default_factory=Zc95Options)
    air: Air = field(default_factory=Air)
    score: Score = SCORE

    def __post_init__(self) -> None:
        self.trace = Trace()
        self.twin = KIND.make("28:CD:C1:09:05:01", self.options, Chance(1), self.trace.of("zc95"))
        self.luck = Random(self.air.seed)
        self.now_s = 0.0
        self.linked = True
        self.mute = False
        self.away = False
        self.mode = Mode.READY
        self.goal = dict.fromkeys(CAPS.channels, 0)
        self.begun_s = 0.0
        self.number = 0
        self.held: Mapping[Channel, Level] = {}
        self.events: list[Event] = []
        self.ops: list[tuple[float, Op]] = []
        self.granted: list[tuple[float, dict[Channel, int]]] = []
        self.last: Reported | None = None
        self._waiting: set[int] = set()
        self._told: set[int] = set()
        self._asked: set[int] = set()
        self._free_s = self._answered_s = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self.twin.connect(0.0)
        for endpoint in FAMILY.subscribe:
            self.twin.subscribe(0.0, endpoint, True)
        self.driver = FAMILY.connect(0.0, "")

    def run(self, seconds: float, until: Callable[[Reported], bool] = lambda _: False) -> float:
        """Live for so long, or until a report is so; return the time that took."""
        begin_s = self.now_s
        self._pass()
        while self.linked and self.now_s < begin_s + seconds and not until(self.reported):
            heap_s = self._heap[0][0] if self._heap else begin_s + seconds
            next_s = min(heap_s, self.driver.due_s, self.twin.due_s, self.now_s + 0.1)
            self.now_s = max(self.now_s, min(next_s, begin_s + seconds))
            while self._heap and self._heap[0][0] <= self.now_s:
                heappop(self._heap)[2]()
            self._hear()
            if self.linked:
                self._pass()
        return self.now_s - begin_s

    @property
    def reported(self) -> Reported:
        return self.driver.reported(self.now_s)

    def ready(self) -> "Loop":
        """Connect and make ready."""
        self.run(30, lambda now: now.ready)
        assert self.reported.ready
        return self

    def play(self, *levels: int, seconds: float = 30.0) -> "Loop":
        """Ramp for levels of A, B, …, until they are known."""
        goal = {channel: Level(level) for channel, level in zip(CAPS.channels, (*levels, 0, 0, 0), strict=False)}
        self.begun_s = self.begun_s if self.mode is Mode.PLAY else self.now_s
        self.mode = Mode.PLAY
        self.goal = dict(goal)
        self.run(seconds, lambda now: all(now.level[channel] == Span(level, level) for channel, level in goal.items()))
        return self

    def stop(self, seconds: float = CAPS.stop_s) -> float:
        """Stop until it is proved, or the link is closed; return how long that took."""
        self.mode = Mode.OFF
        self.goal = dict.fromkeys(CAPS.channels, 0)
        self.number = self.number + 1
        self._pass()
        return self.run(seconds, lambda now: now.zero is Zero.CONFIRMED)

    def wrote(self, since_s: float = 0.0) -> list[Write]:
        return [op for at_s, op in self.ops if at_s >= since_s and isinstance(op, Write)]

    def levels(self) -> dict[str, int]:
        return {channel.value: self.twin.level(channel) for channel in CAPS.channels}

    def bound(self, channel: Channel, at_s: float, back_s: float) -> int:
        """Return the highest level that was granted while a write that arrives now was on its way."""
        held = [level[channel] for since_s, level in self.granted if since_s <= at_s - back_s]
        return max([0, *held[-1:], *(level[channel] for s, level in self.granted if at_s - back_s < s <= at_s)])

    def _pass(self) -> None:
        now_s = self.now_s
        driver = self.driver
        reported = driver.reported(now_s)
        goal = {channel: Level(level) for channel, level in self.goal.items()}
        request = Request(self.mode, goal, 1.0, self.begun_s, 1e6, held=self.held)
        granted = permit(now_s, request, reported, CAPS, LIMITS)
        level = self.held = granted.level
        self.granted.append((now_s, {channel: int(value) for channel, value in level.items()}))
        end_s = self.begun_s + 1e5
        wanted = Wanted(self.mode, level, {}, self.score, self.begun_s, end_s, stop=self.number, rises=granted.asks)
        driver.want(now_s, wanted)
        for op in driver.poll(now_s):
            self._send(op)
        assert driver.due_s > now_s, "a livelock"
        if driver.reported(now_s).zero is Zero.CONFIRMED:
            assert not any(self.levels().values()), "a proof is true"

    def _send(self, op: Op) -> None:
        self.ops.append((self.now_s, op))
        if isinstance(op, Close):
            self._at(self.now_s + 0.1, self.cut)
            return
        request = isinstance(op, Read) or op.response
        if isinstance(op, Write) and op.endpoint in POWERS.values():
            channel = next(channel for channel, endpoint in POWERS.items() if endpoint == op.endpoint)
            assert int.from_bytes(op.data, "little") <= self.granted[-1][1][channel], "never above what is wanted"
        if request and not (isinstance(op, Write) and op.urgent):
            self._waiting.add(op.tag)
            assert len(self._waiting) <= 1, "one request at a time"
        begins_s = max(self.now_s, self._answered_s if request and self.air.overtaken else 0.0)
        if request:
            self._answered_s = begins_s + 2.0
        self._at(begins_s, lambda: self._launch(op, request=request))
        if request:  # as the host does
            self._asked.add(op.tag)
            self._at(self.now_s + 2.0, lambda: self._done(op.tag, b"", AirError("no answer within 2 s")))

    def _launch(self, op: Read | Write, *, request: bool) -> None:
        """Put an op on the air, which keeps order."""
        stalls_s = 3.0 if request and self.luck.random() < self.air.late else 0.0
        there_s = self._free_s = max(self.now_s + (0.015 if request else 0.005) + stalls_s, self._free_s)
        dropped = request and self.luck.random() < self.air.dropped
        hung = dropped or self.mute or (request and self.luck.random() < self.air.hung)
        self._at(there_s, lambda: self._arrive(op, dropped=dropped, hung=hung))

    def _arrive(self, op: Read | Write, *, dropped: bool, hung: bool) -> None:
        data = b""
        error = None
        dropped = dropped or self.away
        hung = hung or self.away
        try:
            if isinstance(op, Read):
                data = self.twin.read(self.now_s, op.endpoint)
            elif not dropped:
                self.twin.write(self.now_s, op.endpoint, op.data, op.response)
        except WriteRefused as refused:
            error = AirError(str(refused), code=refused.code)
        command = isinstance(op, Write) and not op.response
        if command or not hung:
            self._at(self.now_s + (self.air.slow_s if command else REPLY_S), lambda: self._done(op.tag, data, error))

    def _done(self, tag: int, data: bytes, error: AirError | None) -> None:
        if tag not in self._told:
            self._told.add(tag)
            self._answered_s = self.now_s if tag in self._asked else self._answered_s
            self._waiting.discard(tag)
            self.events += self.driver.done(self.now_s, tag, data, error)

    def _hear(self) -> None:
        for said in self.twin.advance(self.now_s) if self.linked else ():
            self.events += self.driver.receive(self.now_s, said.endpoint, said.data)

    def cut(self) -> None:
        """Lose the link."""
        if self.linked:
            self.linked = False
            self.last = self.driver.lost(self.now_s)
            self.twin.disconnect(self.now_s)

    def _at(self, at_s: float, what: Callable[[], None]) -> None:
        heappush(self._heap, (at_s, next(self._number), what))
