"""A small loop for coyote2 drivers: one driver, the real Guard and the software box on a virtual clock, bad air."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random

from estim.core.session.guard import Cap, Limits, Request, family_cap, permit
from protocols.coyote2.family import FAMILY
from protocols.coyote2.packets import CAPS, STRENGTH_WORD, STRENGTHS
from protocols.score import Part, Score, Steady
from protocols.vocabulary import (
    UNFED_MAX_S,
    AirError,
    Channel,
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
from simulator.chance import Chance
from simulator.coyote2.options import Coyote2Options
from simulator.coyote2.unit import KIND
from simulator.trace import Trace
from simulator.twin import WriteRefused

A = Channel.A
B = Channel.B
SCORE = Score((Part("all", 0, 1200, Steady(100), Steady(100)),))
CEILING = {A: Level(700), B: Level(600)}
LIMITS = Limits((family_cap(CAPS), Cap("test", CEILING)))


@dataclass(frozen=True)
class Air:
    """Shares of notifications lost and doubled, of writes whose outcome is never told, of readings that fail or hang;
    seconds that notifications and commands may be late."""

    lost: float = 0.0
    doubled: float = 0.0
    hangs: float = 0.0
    fails: float = 0.0
    mute: bool = False
    late_s: float = 0.0
    flight_s: float = 0.004


class Loop:
    """Driver, Guard and box on a virtual clock that stops only where something is due."""

    def __init__(self, options: Coyote2Options | None = None, air: Air | None = None, seed: int = 0) -> None:
        self.air = air or Air()
        self.luck = Random(seed)
        self.trace = Trace()
        self.box = KIND.make(f"{KIND.address}:01", options or Coyote2Options(), Chance(seed), self.trace.of("box"))
        self.now_s = 0.0
        self.driver = FAMILY.connect(0.0, "")
        self.mode = Mode.READY
        self.goal = {A: 0, B: 0}
        self.end_s = 1200.0
        self.events: list[Event] = []
        self.ops: list[tuple[float, Op]] = []
        self.waits = {"command": set[int](), "request": set[int]()}
        self.grants: list[tuple[float, dict[Channel, int]]] = []
        self.handled = False
        self.stops = 0
        self.gap = False
        self._held: Mapping[Channel, Level] = {}
        self._number = count()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._there_s = self._here_s = self._read_s = 0.0
        self.box.connect(0.0)
        self.box.subscribe(0.0, STRENGTHS, True)

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> float:
        """Live for so long, or until something is so; return the time that took."""
        begin_s = self.now_s
        self.step()
        while not until():
            due_s = min(self._heap[0][0] if self._heap else 1e9, self.driver.due_s, self.box.due_s, self._look_s)
            if due_s >= begin_s + seconds:
                self.now_s = begin_s + seconds
                break
            self.now_s = max(self.now_s, due_s)
            while self._heap and self._heap[0][0] <= self.now_s:
                heappop(self._heap)[2]()
            self._collect()
            self.step()
        return self.now_s - begin_s

    @property
    def _look_s(self) -> float:
        """When the session looks again; rarely, so that the driver's own due time has to do."""
        return self.now_s + 0.5

    @property
    def proved(self) -> bool:
        now = self.driver.reported(self.now_s)
        return now.zero is Zero.CONFIRMED and now.stop == self.stops

    def ready(self) -> "Loop":
        self.run(20, lambda: self.driver.reported(self.now_s).ready)
        assert self.driver.reported(self.now_s).ready
        return self

    def play(self, a: int, b: int = 0, seconds: float = 30.0) -> "Loop":
        self.mode = Mode.PLAY
        self.goal = {A: a, B: b}
        self.run(seconds, lambda: (self.box.level("A"), self.box.level("B")) == (a, b) and self._known())
        return self

    def stop(self, seconds: float = 20.0) -> float:
        self.mode = Mode.OFF
        self.gap = False
        self.stops += 1
        return self.run(seconds, lambda: self.proved)

    def _interrupted(self, reported: Reported) -> None:
        """Do as the session does when it was unfed: zero first, with a number of its own, and then it plays again."""
        if self.mode is Mode.PLAY and not self.gap and self.now_s - (reported.fed_s or self.now_s) > UNFED_MAX_S:
            self.gap = True
            self.stops += 1
        elif self.gap and reported.zero is Zero.CONFIRMED and reported.stop == self.stops:
            self.gap = False

    def hand(self, act: str) -> None:
        self.handled = True
        self.box.hand(self.now_s, act)
        self._collect()

    def _known(self) -> bool:
        return all(span.known for span in self.driver.reported(self.now_s).level.values())

    def step(self) -> None:
        now_s = self.now_s
        driver = self.driver
        reported = driver.reported(now_s)
        self._interrupted(reported)
        goal = {ch: Level(level) for ch, level in self.goal.items()}
        mode = Mode.OFF if self.gap else self.mode
        granted = permit(
            now_s, Request(mode, goal, 1.0, 0.0, self.end_s, held=self._held), reported, driver.caps, LIMITS
        )
        level = self._held = granted.level
        self.grants.append((now_s, {channel: int(value) for channel, value in level.items()}))
        driver.want(
            now_s,
            Wanted(mode, level, CEILING, SCORE, 0.0, self.end_s, stop=self.stops, rises=granted.asks),
        )
        for op in driver.poll(now_s):
            self.ops.append((now_s, op))
            self._perform(op)
            if isinstance(op, Write) and op.endpoint == STRENGTHS:
                told = STRENGTH_WORD.parse(op.data)
                assert told.a <= level[A], "never above what was wanted"
                assert told.b <= level[B], "never above what was wanted"
        assert driver.due_s > now_s, "a livelock"
        if driver.reported(now_s).zero is Zero.CONFIRMED and not self.handled:
            assert self.box.level("A") == self.box.level("B") == 0, "a proof that isn't true"

    def _perform(self, op: Op) -> None:
        kind = "request" if isinstance(op, Read) else "command"
        waits = self.waits[kind]
        if isinstance(op, Write):
            assert not op.response
            if not op.urgent:
                self._wait(waits, op.tag, 0.5)
            self._there_s = max(self._there_s, self.now_s + self.luck.uniform(0.001, self.air.flight_s))
            self._at(self._there_s, lambda: self._arrive(op))
            if op.urgent or self.luck.random() >= self.air.hangs:
                self._at(self.now_s + 0.001, lambda: self._done(waits, op.tag, b"", None))
        elif isinstance(op, Read) and not self.air.mute:
            self._wait(waits, op.tag, 0.5)
            if self.luck.random() >= self.air.hangs:
                self._there_s = max(self._there_s, self.now_s + self.luck.uniform(0.02, 0.06))
                self._at(self._there_s, lambda: self._read(op))

    def _wait(self, waits: set[int], tag: int, seconds: float) -> None:
        assert not waits, "one at a time"
        waits.add(tag)
        self._at(self.now_s + seconds, lambda: waits.discard(tag))

    def _arrive(self, op: Write) -> None:
        self.box.write(self.now_s, op.endpoint, op.data, op.response)
        self._collect()

    def _read(self, op: Read) -> None:
        error: AirError | None = AirError("busy") if self.luck.random() < self.air.fails else None
        data = b""
        try:
            data = self.box.read(self.now_s, op.endpoint)
        except WriteRefused as refused:
            error = AirError(str(refused), code=refused.code)
        self._here_s = max(self._here_s, self.now_s + 0.015)
        waits = self.waits["request"]
        self._at(self._here_s, lambda: self._done(waits, op.tag, b"" if error else data, error))

    def _done(self, waits: set[int], tag: int, data: bytes, error: AirError | None) -> None:
        waits.discard(tag)
        self._follow(self.driver.done(self.now_s, tag, data, error))

    def _collect(self) -> None:
        for said in self.box.advance(self.now_s):
            if self.air.mute or self.luck.random() < self.air.lost:
                continue
            self._here_s = max(self._here_s, self.now_s + 0.015)
            for _ in range(2 if self.luck.random() < self.air.doubled else 1):
                late_s = self.luck.uniform(0, self.air.late_s)
                data = said.data
                self._at(self._here_s + late_s, lambda data=data: self._hear(data))  # type: ignore[misc] # a default binds it now

    def _hear(self, data: bytes) -> None:
        self._follow(self.driver.receive(self.now_s, STRENGTHS, data))

    def _follow(self, events: list[Event]) -> None:
        """Do with the goal what the session does after a hand."""
        self.events += events
        for event in events:
            if isinstance(event, Hand) and self.mode is Mode.PLAY:
                choose = max if event.rose else min
                self.goal[event.channel] = min(CEILING[event.channel], choose(self.goal[event.channel], event.level))

    def _at(self, at_s: float, what: Callable[[], None]) -> None:
        heappush(self._heap, (at_s, next(self._number), what))

    def rises(self, letter: str) -> list[tuple[float, int, int]]:
        """Return (time, from, to) of each rise on the box that its host made."""
        out = []
        level = 0
        for record in self.trace.records:
            if record["event"] == "level" and record["channel"] == letter:
                now = record["level"]
                at_s = record["t"]
                assert isinstance(now, int)
                assert isinstance(at_s, float)
                if record["by"] == "host" and now > level:
                    out.append((at_s, level, now))
                level = now
        return out
