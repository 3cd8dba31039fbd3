"""A world whose air falls silent for a while, and whose host may stand still while unit and air live on."""

from collections.abc import Callable
from enum import Enum
from heapq import heappop

from estim.core.session.guard import Limits
from estim.core.session.order import Order
from estim.core.values import replace
from protocols.driver import Driver
from protocols.family import Family
from protocols.vocabulary import AirError, Capabilities, Close, Endpoint, Event, Op, Read, Reported, Wanted, Write
from simulator.twin import Twin
from tests.world import World


class Wake(Enum):
    """What a host does first when it runs again: a whole pass, a mere poll of the driver, or what has come in."""

    PASS = "pass"
    POLL = "poll"
    INPUTS = "inputs"


class Held:
    """A real driver whose inputs wait while its host stands still."""

    def __init__(self, real: Driver) -> None:
        self.real = real
        self.stands = False
        self.waiting: list[Callable[[float], list[Event]]] = []

    @property
    def caps(self) -> Capabilities:
        return self.real.caps

    @property
    def due_s(self) -> float:
        return self.real.due_s

    def want(self, now_s: float, wanted: Wanted) -> None:
        self.real.want(now_s, wanted)

    def poll(self, now_s: float) -> list[Op]:
        return self.real.poll(now_s)

    def reported(self, now_s: float) -> Reported:
        return self.real.reported(now_s)

    def lost(self, now_s: float) -> Reported:
        return self.real.lost(now_s)

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        if not self.stands:
            return self.real.receive(now_s, endpoint, data)
        self.waiting.append(lambda later_s: self.real.receive(later_s, endpoint, data))
        return []

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        if not self.stands:
            return self.real.done(now_s, tag, data, error)
        self.waiting.append(lambda later_s: self.real.done(later_s, tag, data, error))
        return []


class SilentWorld(World):
    """See the module. `spacing_s` apart is what waited delivered when the air carries again."""

    def __init__(
        self, family: Family, twin: Twin, order: Order | None, limits: Limits, *, spacing_s: float = 0.0
    ) -> None:
        self._clear_s = 0.0
        self._loses = False
        self._spacing_s = spacing_s
        self._held: list[Held] = []

        def connect(now_s: float, profile: str) -> Driver:
            self._held.append(Held(family.connect(now_s, profile)))
            return self._held[-1]

        super().__init__(replace(family, connect=connect), twin, twin.level, order, limits)

    def stall(self, seconds: float, *, loses: bool = False) -> None:
        """From now on the air carries nothing for so long; what is handed over waits, or gets lost."""
        self._clear_s = self.now_s + seconds
        self._loses = loses

    def stand(self, seconds: float, wake: Wake) -> None:
        """The host stands still for so long. What was on the air arrives; what comes back waits for the host."""
        held = self._held[-1]
        end_s = self.now_s + seconds
        held.stands = True
        while (due_s := min(self._heap[0][0] if self._heap else end_s, self.twin.due_s)) < end_s:
            self.now_s = max(self.now_s, due_s)
            while self._heap and self._heap[0][0] <= self.now_s:
                heappop(self._heap)[2]()
            self._collect()
        self.now_s = end_s
        held.stands = False
        events: list[Event] = []
        if wake is Wake.POLL:
            for op in held.poll(self.now_s):
                self._perform(op, held)
        if wake is not Wake.PASS:
            events = [event for take in held.waiting for event in take(self.now_s)]
            held.waiting.clear()
        self.step(events)
        late = [event for take in held.waiting for event in take(self.now_s)]
        held.waiting.clear()
        self.step(late)

    def drain(self) -> None:
        """The session is over; what still waits on the air arrives."""
        self.now_s = max(self.now_s, self._clear_s)
        while self._heap:
            at_s, _, what = heappop(self._heap)
            self.now_s = max(self.now_s, at_s)
            what()

    def _perform(self, op: Write | Read | Close, driver: Driver) -> None:
        if self._loses and self.now_s < self._clear_s and not isinstance(op, Close):
            tag = op.tag
            self._at(
                self._clear_s - self.now_s, lambda: driver.done(self.now_s, tag, b"", AirError("nothing was carried"))
            )
            return
        super()._perform(op, driver)

    def _send(self, in_s: float, what: Callable[[], list[Event]]) -> None:
        super()._send(max(in_s, self._clear_s - self.now_s), what)
        if self.now_s < self._clear_s:
            self._arrives_s += self._spacing_s

    def _hear(self, endpoint: Endpoint, data: bytes) -> None:
        driver = self._driver
        if driver is not None:
            in_s = max(0.015, self._clear_s - self.now_s)
            self._at(in_s, lambda: driver.receive(self.now_s, endpoint, data))
