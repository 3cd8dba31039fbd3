"""A hostile radio in memory: units that advertise, links that carry bytes, and everything that can go wrong with both.

Rules:
1. Order is kept on a link, both ways; all else may go wrong, by the radio's options and one seed.
2. It holds no queue but what is in flight: bounded, and dropped when the link goes.
3. Time is the running loop's, so it works on a loop whose time jumps. A write without response costs no event.
4. A request (read, or write with response) takes 45 ms, as measured on a real stack; one at a time.
5. A unit lives on when its link is lost, and its time goes on.

It fits estim.host.radio.link by its form alone: nothing in here knows estim.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from math import inf
from typing import Protocol

from protocols.vocabulary import Advert, AirError, Endpoint, Seen
from simulator.chance import Chance
from simulator.twin import Twin, WriteRefused
from simulator.weather import AWAY_S, RadioFaults, Weather

Heard = Callable[[Endpoint, bytes], None]
Lost = Callable[[str], None]

OPEN_S = 0.3
"""To connect and discover: the quick end of what was measured on a real stack."""
REQUEST_S = 0.045
CLOSE_S = 0.05
LOOK_S = 0.1
"""How often opening looks whether an absent unit has come."""
FLIGHT_MAX = 64
"""Writes in flight on one link: far more than a driver may have."""
RSSI_DBM = -60


class Expected(Protocol):
    """What a central looks for on the unit that it connects: a protocols.family.Family, by its form alone."""

    @property
    def name(self) -> str:
        """The family's name."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """What must be there."""

    @property
    def subscribe(self) -> tuple[Endpoint, ...]:
        """What it listens to."""


class Station:
    """One unit on the air: it lives by the loop's time, with or without a link."""

    def __init__(self, twin: Twin, weather: Weather) -> None:
        self.twin = twin
        self.weather = weather
        self.away_until_s = -inf
        self.link: MemoryLink | None = None
        self.deaf = False  # it ignores whatever is written to it
        self.kept = False  # the radio holds a link whose central is gone
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_s = inf

    def free(self, now_s: float) -> bool:
        """Say whether it advertises: on, near, and without a central."""
        return self.link is None and self.twin.on and now_s >= self.away_until_s

    def live(self) -> None:
        """Let it live until now, and pass on what it says."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for said in self.twin.advance(now_s):
            if self.link is not None and not self.kept:
                self.link.said(now_s, said.endpoint, said.data)
        if not self.twin.on:
            self.kept = False
            if self.link is not None:
                self.link.drop("the unit was switched off")
        due_s = self.twin.due_s
        if due_s < self._alarm_s:  # an alarm that is too early only looks again
            self.rest()
            self._alarm = loop.call_at(due_s, self._wake)
            self._alarm_s = due_s

    def rest(self) -> None:
        """Wake up no more."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        self._alarm_s = inf

    def _wake(self) -> None:
        self._alarm = None
        self._alarm_s = inf
        self.live()


class MemoryLink:
    """One connection to one unit; see estim.host.radio.link.Link."""

    def __init__(self, station: Station | None, family: Expected) -> None:
        self._station = station
        self._family = family
        self._heard: Heard | None = None
        self._lost: Lost | None = None
        self._opened_s = 0.0
        self._arrived_s = -inf  # of the last write, at the unit
        self._heard_s = -inf  # of the last notification, at the central
        self._idle_s = -inf  # when the next request may begin
        self.severed = False
        self._taken = 0  # commands that wait in the radio for the air
        self._alarms: set[asyncio.TimerHandle] = set()
        self._waiting: dict[asyncio.Future[bytes], None] = {}  # in order, so that two runs are the same

    async def open(self, heard: Heard, lost: Lost, timeout_s: float) -> None:
        """Connect, look for the family's endpoints, listen. Raise AirError if the unit isn't there in time."""
        station = await self._reach(timeout_s)
        loop = asyncio.get_running_loop()
        station.link = self
        try:
            await asyncio.sleep(OPEN_S)
        except asyncio.CancelledError:
            station.link = None
            raise
        twin = station.twin
        now_s = loop.time()
        if not twin.on:
            station.link = None
            raise AirError("the unit was switched off while it was being connected")
        self._opened_s = now_s
        self._heard = heard
        self._lost = lost
        if not station.kept:
            twin.connect(now_s)
        station.kept = False
        missing = [e.name for e in self._family.endpoints if e.uuid not in {have.uuid for have in twin.endpoints}]
        if missing:
            self._end()
            raise AirError(f"{twin.address} is no {self._family.name}: it has no {', '.join(missing)}")
        for endpoint in self._family.subscribe:
            twin.subscribe(now_s, endpoint, True)
        if station.weather.cut is not None:
            self._at(now_s + station.weather.cut[0], self._cut)
        station.live()

    def post(self, endpoint: Endpoint, data: bytes) -> bool:
        """Carry a write without response if the air is not silent; return whether it was carried."""
        now_s = asyncio.get_running_loop().time()
        if self._clear_s(now_s) > now_s or self._arrived_s > now_s:
            return False
        station = self._alive()
        station.live()
        with suppress(WriteRefused):  # a command that is refused is never answered, so nobody learns of it
            if not station.deaf:
                station.twin.write(now_s, endpoint, data, False)
        station.live()
        return True

    async def write(self, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """Carry bytes to the unit; without response they are there at once unless the air is silent."""
        if not response and self.post(endpoint, data):
            return
        now_s = asyncio.get_running_loop().time()
        done = self._answer()
        begins_s = max(self._clear_s(now_s), self._idle_s if response else now_s)
        arrives_s = max(begins_s + (REQUEST_S / 2 if response else 0.0), self._arrived_s + 1e-6)
        self._arrived_s = arrives_s
        self._at(arrives_s, partial(self._arrive, endpoint, data, response, done))
        if response:
            self._idle_s = arrives_s + REQUEST_S / 2
        elif self._taken < self._alive().weather.taken:
            self._taken += 1  # the stack's buffer has it, and nobody learns whether it ever arrived
            done.add_done_callback(self._let_go)
            return
        await done

    async def read(self, endpoint: Endpoint) -> bytes:
        """Return the endpoint's value."""
        now_s = asyncio.get_running_loop().time()
        done = self._answer()
        asked_s = max(self._clear_s(now_s), self._idle_s) + REQUEST_S / 2
        self._idle_s = asked_s + REQUEST_S / 2
        self._at(asked_s, partial(self._look, endpoint, done))
        return await done

    async def close(self) -> None:
        """Hang up; what is in flight is lost, `lost` is not called."""
        if self._heard is not None:
            self._end()
            await asyncio.sleep(CLOSE_S)

    def orphan(self) -> None:
        """Its central is gone, and the radio keeps the link, as BlueZ does: the unit notices nothing, what was in
        flight is lost, and the next central that connects has the same link.
        """
        if self._heard is None or self._station is None:
            return
        self._heard = None
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()
        self._station.link = None
        self._station.kept = True

    def said(self, now_s: float, endpoint: Endpoint, data: bytes) -> None:
        """Take a notification of the unit; the weather decides what becomes of it."""
        for late_s, arrives in self._alive().weather.carry(now_s - self._opened_s, data):
            at_s = max(self._clear_s(now_s) + late_s, self._heard_s)
            if at_s <= now_s:
                self._hear(endpoint, arrives)
            elif len(self._alarms) < FLIGHT_MAX:
                self._heard_s = at_s + 1e-6
                self._at(at_s, partial(self._hear, endpoint, arrives))

    def drop(self, why: str) -> None:
        """Lose the link, and tell the central once."""
        lost = self._lost
        if self._heard is not None:
            self._end()
            if lost is not None:
                lost(why)

    async def _reach(self, timeout_s: float) -> Station:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + timeout_s
        while self._station is None or not self._station.free(loop.time()):
            if loop.time() >= until_s:
                raise AirError(f"no answer to a connection within {timeout_s:g} s")
            await asyncio.sleep(min(LOOK_S, max(0.001, until_s - loop.time())))
        return self._station

    def _let_go(self, done: "asyncio.Future[bytes]") -> None:
        self._taken -= 1
        if not done.cancelled():
            done.exception()  # nobody waits for it

    def _alive(self) -> Station:
        if self._heard is None or self._station is None:
            raise AirError("the link is gone", lost=True)
        return self._station

    def _clear_s(self, now_s: float) -> float:
        """Return when the air carries again: now, or at the end of a stall."""
        stall = self._alive().weather.stall
        if stall is None or not stall[0] <= now_s - self._opened_s < sum(stall):
            return now_s
        return self._opened_s + sum(stall)

    def _answer(self) -> "asyncio.Future[bytes]":
        self._alive()
        if len(self._waiting) >= FLIGHT_MAX:
            raise AirError(f"{FLIGHT_MAX} writes are in flight already")
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[done] = None
        done.add_done_callback(self._waiting.pop)
        return done

    def _arrive(self, endpoint: Endpoint, data: bytes, response: bool, done: "asyncio.Future[bytes]") -> None:
        station = self._alive()
        now_s = asyncio.get_running_loop().time()
        error: AirError | None = None
        station.live()
        try:
            if not station.deaf:
                station.twin.write(now_s, endpoint, data, response)
        except WriteRefused as refused:
            error = AirError(str(refused), code=refused.code) if response else None
        self._at(now_s + (REQUEST_S / 2 if response else 0.0), partial(_settle, done, b"", error))
        station.live()

    def _look(self, endpoint: Endpoint, done: "asyncio.Future[bytes]") -> None:
        station = self._alive()
        now_s = asyncio.get_running_loop().time()
        data = b""
        error = None
        try:
            data = station.twin.read(now_s, endpoint)
        except WriteRefused as refused:
            error = AirError(str(refused), code=refused.code)
        self._at(now_s + REQUEST_S / 2, partial(_settle, done, data, error))

    def _hear(self, endpoint: Endpoint, data: bytes) -> None:
        if self._heard is not None:
            self._heard(endpoint, data)

    def _cut(self) -> None:
        station = self._alive()
        now_s = asyncio.get_running_loop().time()
        if station.weather.cut is None:
            return  # the weather has changed since
        station.away_until_s = now_s + station.weather.cut[1]
        self.drop("the link was lost")

    def _at(self, at_s: float, act: Callable[[], None]) -> None:
        def go() -> None:
            self._alarms.discard(alarm)
            act()

        alarm = asyncio.get_running_loop().call_at(at_s, go)
        self._alarms.add(alarm)

    def _end(self) -> None:
        station = self._alive()
        self.severed = True
        self._heard = None
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()
        for done in list(self._waiting):
            _settle(done, b"", AirError("the link was lost before the answer", lost=True))
        station.link = None
        station.twin.disconnect(asyncio.get_running_loop().time())
        station.live()


def _settle(done: "asyncio.Future[bytes]", data: bytes, error: AirError | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(data)
    else:
        done.set_exception(error)


class MemoryAir:
    """A room with software units in it; see estim.host.radio.link.Air."""

    simulated = True

    def __init__(self, twins: Sequence[Twin], seed: int = 0, faults: RadioFaults | None = None) -> None:
        self._stations = {
            twin.address: Station(twin, Weather(faults or RadioFaults(), Chance(seed).stream(f"air {twin.address}")))
            for twin in twins
        }

    async def scan(self, seconds: float) -> list[Seen]:
        """Listen for so long; return what advertises then, each address once."""
        await asyncio.sleep(seconds)
        seen = []
        for station in self._stations.values():
            station.live()
            if station.free(asyncio.get_running_loop().time()):
                seen.append(Seen(_as_heard(station.twin.advert), RSSI_DBM))
        return seen

    def link(self, address: str, family: Expected, *, to_stop: bool = False) -> MemoryLink:
        """Return a link, not yet open; a unit that isn't in the room is never reached.

        Nobody waits for anybody on this radio, so it makes no difference what a link is for.
        """
        return MemoryLink(self._stations.get(address), family)

    def change(self, address: str, faults: RadioFaults) -> None:
        """Let the air around one unit be another one from now on; cut and stall count from the opening of a link."""
        self._stations[address].weather.change(faults)

    def hand(self, address: str | None, act: str) -> None:
        """Do something to a unit at run time, None: the only one; raises ValueError for what can't be done.

        It is what Twin.hand takes, or `cut`: the link is lost, and the unit away for a while; `deaf`, `hears`: whether
        it takes what is written.
        """
        stations = [self._stations[address]] if address in self._stations else list(self._stations.values())
        if len(stations) != 1 or (address is not None and address not in self._stations):
            raise ValueError(f"no software unit is meant by {address}: there are {', '.join(self._stations)}")
        station = stations[0]
        now_s = asyncio.get_running_loop().time()
        match act:
            case "cut":
                station.away_until_s = now_s + AWAY_S
                if station.link is not None:
                    station.link.drop("the link was lost")
            case "deaf" | "hears":
                station.deaf = act == "deaf"
            case _:
                station.live()
                station.twin.hand(now_s, act)
        station.live()

    async def release(self) -> None:
        """Cut what is still linked, and let the units rest. What they did until now is on record then."""
        for station in self._stations.values():
            if station.link is not None:
                await station.link.close()
            station.live()
            station.rest()


def _as_heard(advert: Advert) -> Advert:
    return Advert(advert.address, advert.name.rstrip("\0"), advert.services, advert.manufacturer)
