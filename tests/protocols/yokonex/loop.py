"""A driver of yokonex with Guard and twin over a bad air, woken by nothing but its own due time; for its tests."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

from estim.core.session.guard import Limits, Request, family_cap, permit
from protocols.layout import Direction, pick
from protocols.score import Part, Score, Steady
from protocols.vocabulary import BadPacket, Channel, Event, Level, Mode, Op, Reported, Wanted, Write, Zero
from protocols.yokonex.family import FAMILY
from protocols.yokonex.packets import CAPS, IN, LAYOUTS, LAYOUTS_V2, OUT, V1, Custom, Fixed, Order
from protocols.yokonex.proof import ON_V1, ON_V2
from simulator.chance import Chance
from simulator.options import read_options
from simulator.trace import Trace
from simulator.weather import RadioFaults
from simulator.yokonex.options import YokonexOptions
from simulator.yokonex.unit import KIND, Yokonex
from tests.world import Weather

A = Channel.A
B = Channel.B
STEADY = Score((Part("all", 0, 1800, Steady(80), Steady(90)),))
LIMITS = Limits((family_cap(CAPS),))


def unit(options: str = "", trace: Trace | None = None) -> Yokonex:
    """Return a software unit with options as text."""
    record: YokonexOptions = read_options(options, RadioFaults(), KIND.unit)[1]
    made: Any = KIND.make("E5:30:31:32:00:01", record, Chance(1), (trace or Trace()).of("yokonex"))
    assert isinstance(made, Yokonex)
    return made


def asked_by(data: bytes, profile: str) -> dict[Channel, int]:
    """Return the intensities that a frame orders, as a unit of the profile reads it; none for another's frame."""
    forms = (LAYOUTS if profile == V1 else LAYOUTS_V2)[Direction.TO_DEVICE][IN.name]
    try:
        packet = pick(forms, data)[1]
    except BadPacket:
        return {}
    match packet:
        case Order():
            channels = (A, B) if packet.channel == 3 else ((A, B)[packet.channel - 1],)
            return dict.fromkeys(channels, packet.intensity if packet.on else 0)
        case Fixed() | Custom():
            return {A: packet.intensity_a, B: packet.intensity_b}
        case _:
            return {}


class Loop:
    """`goal` is what a person wants, `granted` what the Guard last gave; `beyond` are frames that asked for more,
    `false_proofs` times at which zero was told as proved though it wasn't, `sure` the highest level ever told as sure.
    """

    def __init__(
        self, options: str = "", weather: Weather | None = None, profile: str = "", score: Score = STEADY
    ) -> None:
        self.trace = Trace()
        self.twin = unit(options, self.trace)
        self.weather = weather or Weather()
        self.score = score
        self.now_s = 0.0
        self.profile = profile or V1
        self.driver = FAMILY.connect(0.0, profile)
        self.mode = Mode.READY
        self.goal = {A: 0, B: 0}
        self.number = 0
        self.end_s = 1800.0
        self.events: list[Event] = []
        self.writes: list[tuple[float, Write]] = []
        self.granted: dict[Channel, int] = {A: 0, B: 0}
        self.false_proofs: list[float] = []
        self.beyond: list[tuple[float, str]] = []
        self.sure: dict[Channel, int] = {A: 0, B: 0}
        self._luck = Chance(self.weather.seed).stream("air")
        self._number = count()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self.twin.connect(0.0)
        self.twin.subscribe(0.0, OUT, True)

    @property
    def reported(self) -> Reported:
        return self.driver.reported(self.now_s)

    def run(self, seconds: float, until: Callable[[Reported], bool] = lambda _: False) -> float:
        """Live for so long, or until a report is so; return the time that took."""
        begin_s = self.now_s
        end_s = self.now_s + seconds
        self._pass()
        while self.now_s < end_s and not until(self.reported):
            heap_s = self._heap[0][0] if self._heap else end_s
            self.now_s = max(self.now_s, min(heap_s, self.driver.due_s, self.twin.due_s, end_s))
            while self._heap and self._heap[0][0] <= self.now_s:
                heappop(self._heap)[2]()
            self._collect()
            self._pass()
        return self.now_s - begin_s

    def ready(self) -> "Loop":
        """Connect and make ready."""
        self.run(12, lambda now: now.ready)
        assert self.reported.ready, self.reported
        return self

    def play(self, a: int, b: int = 0, seconds: float = 60.0) -> "Loop":
        """Ramp for levels, until they are known."""
        self.mode = Mode.PLAY
        self.goal = {A: a, B: b}
        self.run(seconds, lambda now: (now.level[A].lo, now.level[B].lo) == (a, b))
        return self

    def stop(self, seconds: float = CAPS.stop_s) -> float:
        """Stop until it is proved; return how long that took."""
        self.mode = Mode.OFF
        self.goal = {A: 0, B: 0}
        self.number += 1
        return self.run(seconds, lambda now: now.zero is Zero.CONFIRMED and now.stop == self.number)

    def by_hand(self, act: str, follow: Callable[[], object]) -> None:
        """Let a hand act, and follow it as soon as the driver tells of it, as a session does; then live for 1 s."""
        told = len(self.events)
        self.twin.hand(self.now_s, act)
        self.run(1, lambda _: len(self.events) > told)
        follow()
        self.run(1)

    def orders(self) -> list[tuple[float, str]]:
        """Return all that was written and is no question."""
        return [(at_s, op.data.hex()) for at_s, op in self.writes if op.data[1] != 0x71]

    def _pass(self) -> None:
        now_s = self.now_s
        driver = self.driver
        reported = driver.reported(now_s)
        self.sure = {channel: max(self.sure[channel], span.lo) for channel, span in reported.level.items()}
        goal = {ch: Level(level) for ch, level in self.goal.items()}
        held = {ch: Level(level) for ch, level in self.granted.items()}
        answer = permit(now_s, Request(self.mode, goal, 1.0, 0.0, self.end_s, held=held), reported, CAPS, LIMITS)
        level = answer.level
        self.granted = dict(level)
        top = dict.fromkeys((A, B), CAPS.scale)
        wanted = Wanted(self.mode, level, top, self.score, 0.0, self.end_s, stop=self.number, rises=answer.asks)
        driver.want(now_s, wanted)
        for _ in range(8):
            for op in driver.poll(now_s):
                self._send(op)
            if driver.due_s > now_s:
                break
        assert driver.due_s > now_s, "a livelock"
        if driver.reported(now_s).zero is Zero.CONFIRMED and self._on_or_coming():
            self.false_proofs.append(now_s)

    def _on_or_coming(self) -> bool:
        return self.twin.level("A") > 0 or self.twin.level("B") > 0

    def _send(self, op: Op) -> None:
        assert isinstance(op, Write)
        assert (op.endpoint, op.response) == (IN, False)
        self.writes.append((self.now_s, op))
        if op.data not in (ON_V1, ON_V2) and any(
            asked > self.granted[channel] for channel, asked in asked_by(op.data, self.profile).items()
        ):
            self.beyond.append((self.now_s, op.data.hex()))
        self._at(0.002, lambda: self._arrive(op))

    def _arrive(self, op: Write) -> None:
        self.twin.write(self.now_s, IN, op.data, False)
        self._collect()
        self.events += self.driver.done(self.now_s, op.tag, b"", None)

    def _collect(self) -> None:
        for said in self.twin.advance(self.now_s):
            if self._luck.happens(self.weather.lost):
                continue
            for _ in range(2 if self._luck.happens(self.weather.doubled) else 1):
                self._at(0.015 + self.weather.late_s, lambda data=said.data: self._hear(data))  # type: ignore[misc] # a default binds it now

    def _hear(self, data: bytes) -> None:
        self.events += self.driver.receive(self.now_s, OUT, data)

    def _at(self, in_s: float, what: Callable[[], None]) -> None:
        heappush(self._heap, (self.now_s + in_s, next(self._number), what))
