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
from datetime import timedelta
from threading import Timer
from typing import assert_never

from estim.core.errors import EstimError, Exit
from estim.core.guard import SESSION_MAX_S
from estim.core.happenings import Happened
from estim.core.panel import (
    Arm,
    Ask,
    Done,
    Found,
    Leave,
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
    State,
    Status,
    Stop,
    Watch,
)
from estim.core.session import Session
from estim.host.clock import wall_s
from estim.host.control import Front
from estim.host.finding import look
from estim.host.parts import Parts
from estim.host.preparing import family_of, limits_of, prepare, unit_of
from estim.host.runner import Runner
from estim.host.scribe import Scribe, Watched, opening
from estim.host.station import Station, Watcher
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
        self._watchers: dict[Front, Watcher] = {}
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
        self._watchers.pop(front, None)
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
            await self._proved(station, lost_wait_s=LOST_WAIT_S)
            await asyncio.wait({station.task}, timeout=10)
            await station.scribe.close()

    async def _do(self, front: Front, command: Ask) -> Reply:
        match command:
            case Stop():
                return await self._stop(command)
            case Start():
                return await self._start(front, command)
            case Arm(unit):
                station = self._one(unit)
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
                self._watchers[front] = Watcher(every_s)
                self._show(front)
                return Done("watching")
            case Status():
                return self._overview()
            case Scan(seconds):
                return await self._scan(seconds)
            case Leave():
                self._background(self._leave())
                return Done("leaving")
            case _:
                assert_never(command)

    async def _start(self, front: Front, command: Start) -> Reply:
        stops = self._stops
        async with self._starting:
            ready = await prepare(self._parts, command)
            name = ready.unit.name
            present = self._stations.get(name)
            if present is not None and present.running:
                raise EstimError(f"{name} is busy: stop its session first", code=Exit.TRY_LATER)
            if present is not None:
                await asyncio.wait({present.task}, timeout=10)
            now = self._parts.clock.now()
            session = Session(ready.unit, ready.family.caps, ready.limits, ready.order, now)
            row = opening(session, now, ready.sites, ready.overrides, ready.warnings)
            number = await self._parts.journal.begin(row)
            keep = command.keep or self._parts.settings.keep_running
            station = self._open(session, ready.family, number, front, keep=keep)
            if self._stops != stops:  # somebody stopped everything while this was being prepared
                self._order_stop(station, Reason.STOPPED, soft=False)
            return Done("; ".join([f"{ready.order.course.program.title} on {name}", *ready.warnings]), name)

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
        scribe = Scribe(self._parts.journal, session.unit, number, self._told, self._passed)
        runner = Runner(self._parts.air, family, session, self._parts.clock, scribe, until_s=until_s)
        scribe.runner = runner
        task = asyncio.get_running_loop().create_task(self._run(runner, scribe))
        station = self._stations[session.unit.name] = Station(runner, scribe, task, front, keep)
        return station

    async def recover(self) -> list[str]:
        """Stop, in the background, every unit that a host left in a session when it died; return the units' names."""
        names: list[str] = []
        for left in await self._parts.journal.open_sessions():
            known = self._parts.units.get(left.address) or self._parts.units.add(
                left.address, left.family, self._parts.clock.now().utc
            )
            if known.name in names:
                continue
            family = family_of(self._parts, known)
            unit = unit_of(self._parts, known, family)
            limits = limits_of(self._parts, known, family, None)
            now = self._parts.clock.now()
            session = Session(unit, family.caps, limits, None, now)
            on_until = left.on_until_utc or left.beat_utc + timedelta(seconds=SESSION_MAX_S)
            until_s = now.mono_s + max(0.0, (on_until - now.utc).total_seconds())
            self._open(session, family, left.id, None, keep=True, until_s=until_s)
            names.append(known.name)
        return names

    async def _run(self, runner: Runner, scribe: Scribe) -> None:
        try:
            await runner.run()
        except Exception:  # a bug of ours: say that the unit may be on, and stop it by a fresh way
            logging.getLogger(__name__).exception("the session on %s broke off", runner.session.unit.name)
            runner.broke_off()
            self._background(self._stop_afresh(runner, scribe))
            return
        await scribe.close()
        await self._maybe_leave()

    async def _stop_afresh(self, runner: Runner, scribe: Scribe) -> None:
        await scribe.close()
        if runner.session.order is not None:
            await self.recover()

    async def _stop(self, command: Stop) -> Reply:
        self._stops += 1
        stations = [self._one(command.unit)] if command.unit else list(self._stations.values())
        running = [station for station in stations if station.running]
        if not running:
            return self._nothing_to_stop(stations)
        for station in running:
            self._order_stop(station, Reason(command.reason), soft=command.soft)
        lost_wait_s = 0.0 if command.reason == "stopped" else LOST_WAIT_S
        sure = [await self._proved(station, lost_wait_s=lost_wait_s) for station in running]
        names = ", ".join(station.runner.session.unit.name for station in running)
        if all(sure):
            return Done(f"{names}: stopped, zero confirmed")
        by_hand = "; ".join(
            station.runner.session.unit.by_hand for station, one in zip(running, sure, strict=True) if not one
        )
        raise EstimError(f"{names}: the stop is NOT confirmed: {by_hand}", code=Exit.NOT_CONFIRMED)

    def _nothing_to_stop(self, stations: Sequence[Station]) -> Reply:
        unsure = [s.runner.session.unit for s in stations if s.runner.session.stop_confirmed is False]
        if unsure:
            by_hand = "; ".join(f"{unit.name}: {unit.by_hand}" for unit in unsure)
            raise EstimError(f"the last stop was NOT confirmed: {by_hand}", code=Exit.NOT_CONFIRMED)
        return Done("nothing is running")

    def _order_stop(self, station: Station, reason: Reason, *, soft: bool) -> None:
        session = station.runner.session
        station.runner.ask(lambda now, _: session.stop(now, reason, soft=soft))

    async def _proved(self, station: Station, *, lost_wait_s: float) -> bool:
        """Wait for a session's end; true only if zero is confirmed. A lost unit is not waited for for ever."""
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
        return session.stop_confirmed is True or (session.state is State.ENDED and session.started is None)

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
        busy = [name for name, station in self._stations.items() if station.running]
        if busy:
            raise EstimError(f"{', '.join(busy)} is in a session: scan after it", code=Exit.TRY_LATER)
        return Found(await look(self._parts.air, seconds, self._parts.families(), self._parts.units))

    def _one(self, name: str | None) -> Station:
        """Return the station that is meant; raise EstimError if it isn't clear which."""
        if name is not None:
            for station in self._stations.values():
                unit = station.runner.session.unit
                if name.casefold() in (unit.name.casefold(), unit.address.casefold()):
                    return station
            raise EstimError(f"no session on a unit {name!r}", code=Exit.NO_DEVICE)
        stations = list(self._stations.values())
        running = [station for station in stations if station.running] or stations
        if not running:
            raise EstimError("nothing is running: start a program first", code=Exit.TRY_LATER)
        if len(running) > 1:
            raise EstimError("more than one unit is running: name one with --unit", code=Exit.USAGE)
        return running[0]

    def _overview(self) -> Overview:
        units = tuple(station.runner.snapshot() for station in self._stations.values())
        return Overview(pid=self._parts.pid, simulated=self._parts.air.simulated, units=units)

    def _told(self, told: Sequence[Happened]) -> None:
        for front in list(self._watchers):
            for line in told:
                front.tell(line)

    def _passed(self, runner: Watched) -> None:
        """Show fresh snapshots to who watches, no more often than asked, by the clock on the wall."""
        if not self._watchers:
            return
        name = runner.session.unit.name
        for front, watcher in list(self._watchers.items()):
            at_s = wall_s()
            if at_s - watcher.told_s.get(name, -1e9) >= watcher.every_s or runner.session.state is State.ENDED:
                watcher.told_s[name] = at_s
                front.tell(runner.snapshot())

    def _show(self, front: Front) -> None:
        for station in self._stations.values():
            front.tell(station.runner.snapshot())

    async def _maybe_leave(self) -> None:
        """A solo host with no front end left ends once everything has stopped."""
        if not self._solo or self._fronts or any(one.kept for one in self._stations.values()):
            return
        for station in list(self._stations.values()):
            await self._proved(station, lost_wait_s=LOST_WAIT_S)
        if not self._fronts:
            self._leaving.set()

    async def _leave(self) -> None:
        await self.close()
        self._leaving.set()

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
