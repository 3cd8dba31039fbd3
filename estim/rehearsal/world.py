"""A rehearsal: a whole session in one pure loop of session, Guard, driver, an air and a twin, without task or clock.

It is the host's runner with everything taken out that isn't a decision: `estim scope` draws what came out of it, and
a property test lives thousands of sessions in it. The twin is the witness: what it records is what the electrodes saw.
Beside estim.host.main this is the only file that may import the simulator.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from msgspec import Struct, field

from estim.core.messages.events import Ended, Happened
from estim.core.moment import Now
from estim.core.session.guard import Limits, permit
from estim.core.session.order import Order, Unit
from estim.core.session.session import Session
from estim.core.translation import tr
from estim.core.vocabulary import State
from protocols.driver import Driver
from protocols.family import Family
from protocols.vocabulary import AirError, Close, Endpoint, Event, Mode, Read, Reported, Write
from simulator.chance import Chance
from simulator.twin import Twin, WriteRefused

COMMAND_S = 0.002
"""On the way to the unit, without a reply."""

REQUEST_S = 0.022
"""On the way to the unit, with a reply."""

REPLY_S = 0.023
"""The reply's way back (bluetooth.md: 49-60 ms for both)."""

UNLINKED_S = 1.0
"""How often a world without a link is looked at, for its twin."""

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Weather(Struct):
    """How the air between driver and twin misbehaves: shares of notifications lost, doubled, and seconds of delay."""

    lost: float = 0.0
    doubled: float = 0.0
    late_s: float = 0.0
    seed: int = 0


class Seen(Struct):
    """What a world recorded: levels on the unit with their time, and whether they rose by hand."""

    levels: list[tuple[float, str, int]] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)


class Rehearsal:
    """One session on one twin. `level_of` reads the twin's true level of a channel, `profile` is the protocol's."""

    def __init__(
        self,
        family: Family,
        twin: Twin,
        level_of: Callable[[str], int],
        order: Order | None,
        limits: Limits,
        weather: Weather | None = None,
        profile: str = "",
    ) -> None:
        self.family = family
        self.twin = twin
        self.level_of = level_of
        self.weather = weather or Weather()
        self.now_s = 0.0
        self.seen = Seen()
        self.linked = False
        self.frozen = False
        self._luck = Chance(self.weather.seed).stream("weather")
        self._heap: list[tuple[float, int, Callable[[], list[Event]]]] = []
        self._number = count()
        self._driver: Driver | None = None
        self.reported: Reported | None = None
        self._channels = tuple(channel.value for channel in family.caps.channels)
        self._last: dict[str, int] = {}
        self._arrives_s = 0.0
        self._step_s = 0.0
        unit = Unit("box", twin.address, family.name, family.title, True, family.by_hand, profile)
        self.session = Session(unit, family.caps, limits, order, self.now())
        self.session.connect(self.now())

    def now(self) -> Now:
        return Now(self.now_s, START + timedelta(seconds=self.now_s))

    def link(self) -> None:
        """Connect: subscribe, and give the session a fresh driver."""
        self.twin.connect(self.now_s)
        for endpoint in self.family.subscribe:
            self.twin.subscribe(self.now_s, endpoint, True)
        self._driver = self.family.connect(self.now_s, self.session.unit.profile)
        self.linked = True
        self.seen.happened += self.session.link_up(self.now())
        self.step([])

    def cut(self) -> None:
        """Lose the link."""
        if self._driver is None:
            return
        self.linked = False
        self._heap.clear()
        self.reported = self._driver.lost(self.now_s)
        self._driver = None
        self.twin.disconnect(self.now_s)
        self.seen.happened += self.session.link_down(self.now(), self.reported, tr("the link was cut"))

    def run(self, seconds: float) -> None:
        """Live on for so long, or until the session ends."""
        end_s = self.now_s + seconds
        while self.session.state is not State.ENDED:
            due_s = min(self._next_s(), end_s)
            self.now_s = max(self.now_s, due_s)
            if due_s >= end_s:
                break
            self._turn()

    def act(self, what: Callable[[Now], object]) -> None:
        """Let a person do something, and act on it in the same breath."""
        what(self.now())
        self.step([])

    def hand(self, act: str) -> None:
        """Let a hand at the unit act."""
        self.twin.hand(self.now_s, act)
        self._note(by_hand=True)
        self._collect()

    @property
    def ended(self) -> Ended:
        """The session's last word."""
        last = self.seen.happened[-1]
        assert isinstance(last, Ended)
        return last

    def step(self, events: list[Event]) -> None:
        """One pass, as the host makes it."""
        driver = self._driver
        if driver is None:
            self._step_s = self.now_s + UNLINKED_S
            return
        now = self.now()
        self.reported = driver.reported(self.now_s)
        self.seen.happened += self.session.step(now, self.reported, events)
        request = self.session.request(now)
        granted = permit(self.now_s, request, self.reported, driver.caps, self.session.limits)
        assert request.mode is Mode.PLAY or not any(granted.level.values())
        driver.want(self.now_s, self.session.wanted(now, request, granted))
        self._step_s = self.now_s + self.session.nap_s(now, request, granted)
        self._poll(driver)

    def _poll(self, driver: Driver) -> None:
        for op in driver.poll(self.now_s):
            self._perform(op, driver)
        assert driver.due_s > self.now_s, "a livelock"  # untranslated: a bug's words

    def _next_s(self) -> float:
        heap_s = self._heap[0][0] if self._heap else float("inf")
        driver_s = self._driver.due_s if self._driver else float("inf")
        return min(heap_s, driver_s, self.twin.due_s, self._step_s)

    def _turn(self) -> None:
        """The host's own two paces: whatever came in is decided upon; a frame that is due alone is only polled for."""
        events: list[Event] = []
        came = False
        while self._heap and self._heap[0][0] <= self.now_s:
            came = True
            events += heappop(self._heap)[2]()
        self._collect()
        if came or self.now_s >= self._step_s:
            self.step(events)
        elif self._driver is not None:
            self._poll(self._driver)
        self._note()

    def _perform(self, op: Write | Read | Close, driver: Driver) -> None:
        match op:
            case Write(tag, endpoint, data, response, _):
                self._send(
                    REQUEST_S if response else COMMAND_S, lambda: self._write(driver, tag, endpoint, data, response)
                )
            case Read(tag, endpoint):
                self._send(REQUEST_S, lambda: self._read(driver, tag, endpoint))
            case Close():
                self._at(0.001, self._closed)

    def _closed(self) -> list[Event]:
        self.cut()
        return []

    def _write(self, driver: Driver, tag: int, endpoint: Endpoint, data: bytes, response: bool) -> list[Event]:
        error = None
        try:
            self.twin.write(self.now_s, endpoint, data, response)
        except WriteRefused as refused:
            error = AirError(str(refused), code=refused.code) if response else None
        self._note()
        self._collect()
        if not response:
            return driver.done(self.now_s, tag, b"", None)
        return self._reply(driver, tag, b"", error)

    def _read(self, driver: Driver, tag: int, endpoint: Endpoint) -> list[Event]:
        try:
            return self._reply(driver, tag, self.twin.read(self.now_s, endpoint), None)
        except WriteRefused as refused:
            return self._reply(driver, tag, b"", AirError(str(refused), code=refused.code))

    def _reply(self, driver: Driver, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        """Send the answer to a request back: one more connection interval."""
        self._at(REPLY_S, lambda: driver.done(self.now_s, tag, data, error))
        return []

    def _send(self, in_s: float, what: Callable[[], list[Event]]) -> None:
        """Put something on the air: what was sent later never arrives earlier."""
        self._arrives_s = max(self._arrives_s, self.now_s + in_s)
        self._at(self._arrives_s - self.now_s, what)

    def _collect(self) -> None:
        """Put what the twin says on the hostile air; order is kept, as a link keeps it."""
        for said in self.twin.advance(self.now_s):
            if not self.linked or self._luck.happens(self.weather.lost):
                continue
            copies = 2 if self._luck.happens(self.weather.doubled) else 1
            for _ in range(copies):
                self._hear(said.endpoint, said.data)
        self._note()

    def _hear(self, endpoint: Endpoint, data: bytes) -> None:
        driver = self._driver
        if driver is not None:
            self._at(0.015 + self.weather.late_s, lambda: driver.receive(self.now_s, endpoint, data))

    def _at(self, in_s: float, what: Callable[[], list[Event]]) -> None:
        heappush(self._heap, (self.now_s + in_s, next(self._number), what))

    def _note(self, *, by_hand: bool = False) -> None:
        last = self._last
        for channel in self._channels:
            level = self.level_of(channel)
            if level != last.get(channel):
                last[channel] = level
                who = f"{channel} by hand" if by_hand else channel  # untranslated: read again below
                self.seen.levels.append((self.now_s, who, level))


def rises(seen: Seen, channel: str) -> list[tuple[float, int, int]]:
    """Return (time, from, to) of every rise that no hand made."""
    out: list[tuple[float, int, int]] = []
    level = 0
    for at_s, who, now in seen.levels:
        if who.split()[0] != channel:
            continue
        if now > level and "hand" not in who:
            out.append((at_s, level, now))
        level = now
    return out
