"""The desk: takes every command from every front end, keeps one runner for each unit, and tells fronts and journal.

Rules:
1. A stop is taken in the same breath as it arrives, whatever else goes on; its answer waits for the proof.
2. A session row is on disk before its runner exists, so before any current.
3. A front end that vanishes takes its session with it, unless it asked to keep it.
4. One session a unit; units don't know each other.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from threading import Timer
from typing import assert_never

from estim.core.errors import EstimError, Exit
from estim.core.happenings import Happened
from estim.core.panel import (
    Arm,
    Ask,
    Done,
    Found,
    Overview,
    Pause,
    Quiet,
    Raise,
    Reason,
    Refusal,
    Reply,
    Resume,
    Scan,
    Start,
    Status,
    Stop,
    Watch,
)
from estim.core.session import Session
from estim.host.addresses import same_address
from estim.host.control import Front
from estim.host.finding import look
from estim.host.parts import Parts
from estim.host.preparing import prepare
from estim.host.readying import until_ready
from estim.host.recovering import recovery
from estim.host.runner import Runner
from estim.host.scribe import Scribe, opening
from estim.host.station import Proof, Station, Watchers
from protocols.driver import Family
from protocols.vocabulary import AirError

STOP_WAIT_S = 3.0
"""How much longer than the family's own limit a stop's answer waits for the proof."""

REACH_WAIT_S = 25.0
"""How long a stop waits for a unit that a dead host left behind: it is to be found and connected first."""

LOST_WAIT_S = 10.0
"""How long an interrupted front end waits for a lost unit to come back before it is told the truth."""


class Desk:
    """See the module. `solo`: the host ends with the last of its front ends."""

    def __init__(self, parts: Parts, *, solo: bool, leaving: asyncio.Event) -> None:
        self._parts = parts
        self._solo = solo
        self._stops = 0
        self._stations: dict[str, Station] = {}
        self._watchers = Watchers()
        self._fronts: set[Front] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting = asyncio.Lock()
        self._leaving = leaving
        self._alone: Timer | None = None

    async def ask(self, front: Front, command: Ask) -> Reply:
        """Carry out one command; every refusal is an answer, never an exception."""
        self._fronts.add(front)
        if self._alone is not None:
            self._alone.cancel()
        try:
            if self._leaving.is_set() and not isinstance(command, Stop | Status):
                raise EstimError("this host is ending: try again", code=Exit.TRY_LATER)
            return await self._do(front, command)
        except EstimError as error:
            return Refusal(code=error.code, text=error.text, nearest=error.nearest)
        except AirError as error:
            return Refusal(code=Exit.NO_DEVICE, text=str(error))

    def left(self, front: Front) -> None:
        """A front end is gone: stop what it started, unless it asked to keep it."""
        self._fronts.discard(front)
        self._watchers.drop(front)
        for station in self._stations.values():
            if station.owner is front and not station.keep and station.running:
                self._order_stop(station, Reason.INTERRUPTED, soft=False)
        self._background(self._maybe_leave())

    def expect_front(self, seconds: float) -> None:
        """Leave if no front end has asked for anything by then: the one that started this host is gone."""
        loop = asyncio.get_running_loop()
        self._alone = Timer(seconds, loop.call_soon_threadsafe, (self._leaving.set,))  # the wall's seconds
        self._alone.daemon = True
        self._alone.start()

    async def close(self) -> None:
        """Stop everything, verified, then hang up: what every signal to the host leads to."""
        for station in self._stations.values():
            if station.running:
                self._order_stop(station, Reason.INTERRUPTED, soft=False)
        for station in list(self._stations.values()):
            await self._settle(station, lost_wait_s=LOST_WAIT_S)
            await asyncio.wait({station.task}, timeout=10)
            if not station.runner.unsettled:
                await station.scribe.close()

    async def _do(self, front: Front, command: Ask) -> Reply:
        match command:
            case Stop():
                return await self._stop(command)
            case Start():
                return await self._start(front, command)
            case Arm(unit):
                station = self._one(unit)
                if station.waiting:  # prepared by the schedule: from now on it is this person's
                    station.owner, station.keep = front, self._parts.settings.keep_running
                station.runner.ask(lambda now, _: station.runner.session.arm(now))
                return Done("armed")
            case Raise(unit=unit):
                return self._raise(self._one(unit), command)
            case Pause(unit):
                station = self._one(unit)
                station.runner.ask(lambda now, _: station.runner.session.pause(now))
                return Done("paused: the output goes to zero at once")
            case Resume(unit):
                station = self._one(unit)
                station.runner.ask(station.runner.session.resume)
                return Done("resumed: it ramps up from zero")
            case Quiet(alarm):
                return self._quiet(alarm)
            case Watch(every_s):
                self._watchers.add(front, every_s)
                self._show(front)
                return Done("watching")
            case Status():
                return self.overview()
            case Scan(seconds):
                return await self._scan(seconds)
            case _:
                assert_never(command)

    async def prepare(self, command: Start) -> str:
        """Connect a unit for a slot and wait for a person's key; return what that person should know."""
        reply = await self._start(None, command)
        return await until_ready(self._stations[reply.unit or ""])

    def tell(self, event: Happened) -> None:
        """Tell every front end that watches."""
        self._watchers.told([event])

    async def _start(self, front: Front | None, command: Start) -> Done:
        stops = self._stops
        async with self._starting:
            if front is not None:
                await self._clear_waiting()
            ready = await prepare(self._parts, command)
            name = ready.unit.name
            present = self._stations.get(name)
            if present is not None and present.running:
                raise EstimError(f"{name} is busy: stop its session first", code=Exit.TRY_LATER)
            if present is not None:
                await asyncio.wait({present.task}, timeout=10)
            keep = command.keep or self._parts.settings.keep_running
            self._check_wanted(front, stops, keep=keep)
            now = self._parts.clock.now()
            session = Session(ready.unit, ready.family.caps, ready.limits, ready.order, now)
            row = opening(session, now, self._parts.zone(), ready.sites, ready.overrides, ready.warnings)
            number = await self._parts.journal.begin(row)
            station = self._open(session, ready.family, number, front, keep=keep)
            try:
                self._check_wanted(front, stops, keep=keep)  # again: the disk may have taken its time
            except EstimError:
                self._order_stop(station, Reason.STOPPED, soft=False)
                raise
            return Done("; ".join([f"{ready.order.course.program.title} on {name}", *ready.warnings]), name)

    async def _clear_waiting(self) -> None:
        """End what was prepared for nobody yet, to its last word in the journal: a person's own start goes first."""
        for station in [one for one in self._stations.values() if one.waiting]:
            self._order_stop(station, Reason.STOPPED, soft=False)
            await self._settle(station, lost_wait_s=0.0)
            await asyncio.wait({station.task}, timeout=10)

    def _check_wanted(self, front: Front | None, stops: int, *, keep: bool) -> None:
        """Refuse a start that has been overtaken while it was prepared: by a stop, the host's end, or nobody left."""
        if self._stops != stops or self._leaving.is_set():
            raise EstimError("stopped before it began", code=Exit.TRY_LATER)
        if front not in self._fronts and not keep:
            raise EstimError("whoever wanted this session has gone", code=Exit.TRY_LATER)

    def _open(
        self,
        session: Session,
        family: Family,
        number: int,
        front: Front | None,
        *,
        keep: bool,
        until_s: float | None = None,
    ) -> Station:
        scribe = Scribe(self._parts.journal, session.unit, number, self._watchers.told, self._watchers.passed)
        runner = Runner(self._parts.air, family, session, self._parts.clock, scribe, until_s=until_s)
        scribe.runner = runner
        task = asyncio.get_running_loop().create_task(self._run(runner, scribe))
        station = self._stations[session.unit.name] = Station(runner, scribe, task, front, keep)
        return station

    async def recover(self, number: int | None = None) -> list[str]:
        """Stop, in the background, every unit that was left in a session (or in that one); return the units' names."""
        names: list[str] = []
        for left in await self._parts.journal.open_sessions():
            if number is not None and left.id != number:
                continue
            made = recovery(self._parts, left)
            name = made.session.unit.name
            if name not in names:
                self._open(made.session, made.family, made.number, None, keep=True, until_s=made.until_s)
                names.append(name)
        return names

    async def _run(self, runner: Runner, scribe: Scribe) -> None:
        try:
            await runner.run()
        except Exception as bug:  # of ours or a plug-in: say that the unit may be on, and stop it by a fresh way
            logging.getLogger(__name__).exception("the session on %s broke off", runner.session.unit.name)
            runner.broke_off(bug)
            if runner.session.order is not None:
                self._background(self._stop_afresh(scribe.number))
                return
        if not runner.unsettled:  # else its row stays open, so that the next host looks for the unit too
            await scribe.close()
        await self._maybe_leave()

    async def _stop_afresh(self, number: int) -> None:
        """Stop the unit of a session that broke off: its row is still open, and leads there."""
        await self.recover(number)

    async def _stop(self, command: Stop) -> Reply:
        self._stops += 1
        stations = [self._one(command.unit)] if command.unit else list(self._stations.values())
        running = [station for station in stations if station.running]
        if not running:
            return self._nothing_to_stop(stations)
        for station in running:
            self._order_stop(station, Reason(command.reason), soft=command.soft)
        lost_wait_s = 0.0 if command.reason == "stopped" else LOST_WAIT_S
        for station in running:
            await self._settle(station, lost_wait_s=lost_wait_s)
        return _stopped(running)

    def _nothing_to_stop(self, stations: Sequence[Station]) -> Reply:
        unsure = [station for station in stations if station.proof is Proof.UNPROVED]
        return _stopped(unsure) if unsure else Done("nothing is running")

    def _order_stop(self, station: Station, reason: Reason, *, soft: bool) -> None:
        session = station.runner.session
        station.runner.ask(lambda now, _: session.stop(now, reason, soft=soft))

    async def _settle(self, station: Station, *, lost_wait_s: float) -> None:
        """Wait for a session's end. A lost unit is not waited for for ever, and given up if `lost_wait_s` says so."""
        session = station.runner.session
        limit_s = session.caps.stop_s + STOP_WAIT_S + (2.0 if session.wish.softening else 0.0)
        if not session.linked:
            limit_s = max(limit_s, lost_wait_s, REACH_WAIT_S if session.order is None else 0.0)
        try:
            async with asyncio.timeout(limit_s):
                await station.runner.ended.wait()
        except TimeoutError:
            if lost_wait_s:
                station.runner.forget()

    def _raise(self, station: Station, command: Raise) -> Reply:
        if (command.by is None) == (command.to is None):
            raise EstimError("say either how many steps (by) or which level (to)", code=Exit.USAGE)
        session = station.runner.session
        text = session.level(command.channel, by=command.by, to=command.to)
        station.runner.ask(lambda _now, _reported: [])
        return Done(text)

    def _quiet(self, number: int) -> Reply:
        for station in self._stations.values():
            if station.runner.session.teller.quiet(number):
                return Done("acknowledged")
        raise EstimError(f"there is no alarm {number}", code=Exit.USAGE)

    async def _scan(self, seconds: float) -> Reply:
        return Found(await look(self._parts.air, seconds, self._parts.families(), self._parts.units))

    def _one(self, name: str | None) -> Station:
        """Return the station that is meant; raise EstimError if it isn't clear which."""
        if name is not None:
            for station in self._stations.values():
                unit = station.runner.session.unit
                if name.casefold() == unit.name.casefold() or same_address(name, unit.address):
                    return station
            raise EstimError(f"no session on a unit {name!r}", code=Exit.NO_DEVICE)
        stations = list(self._stations.values())
        running = [station for station in stations if station.running] or stations
        if not running:
            raise EstimError("nothing is running: start a program first", code=Exit.TRY_LATER)
        if len(running) > 1:
            raise EstimError("more than one unit is running: name one with --unit", code=Exit.USAGE)
        return running[0]

    def overview(self) -> Overview:
        """Return everything that is known now."""
        units = tuple(station.runner.snapshot() for station in self._stations.values())
        return Overview(pid=self._parts.pid, simulated=self._parts.air.simulated, units=units)

    def _show(self, front: Front) -> None:
        for station in self._stations.values():
            front.tell(station.runner.snapshot())

    async def _maybe_leave(self) -> None:
        """A solo host with no front end left ends once everything has stopped."""
        if not self._solo or self._fronts or any(one.kept for one in self._stations.values()):
            return
        for station in list(self._stations.values()):
            await self._settle(station, lost_wait_s=LOST_WAIT_S)
        if not self._fronts:
            self._leaving.set()

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _stopped(stations: Sequence[Station]) -> Reply:
    """Return the answer to a stop: nothing is called confirmed that isn't."""
    names = ", ".join(station.runner.session.unit.name for station in stations)
    unsure = [station.runner.session.unit for station in stations if station.proof is Proof.UNPROVED]
    if unsure:
        by_hand = "; ".join(f"{unit.name}: {unit.by_hand}" for unit in unsure)
        raise EstimError(f"the stop is NOT confirmed: {by_hand}", code=Exit.NOT_CONFIRMED)
    if all(station.proof is Proof.PROVED for station in stations):
        return Done(f"{names}: stopped, {Proof.PROVED.value}")
    return Done(f"{names}: {Proof.UNTOUCHED.value}")
