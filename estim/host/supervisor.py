"""The supervisor: takes the commands of every front end, keeps one runner for each unit, tells connections and journal.

Rules:
1. A stop is taken in the same breath as it arrives, whatever else goes on; its answer waits for the proof.
2. A session row is on disk before its runner exists, so before any current.
3. A front end that vanishes takes its session with it, unless it asked to keep it.
4. One session a unit; units don't know each other.
5. A session that ended without a proof of zero is followed by one that only stops its unit, until that is proved or
   the unit's output has ended by itself. A host doesn't leave before; one that must leaves it to the next.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from math import inf
from threading import Timer
from typing import assert_never

from estim.clock import RealClock
from estim.config.stamp import stopped_since
from estim.core.addresses import same_address
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import (
    Acknowledge,
    Arm,
    Ask,
    Done,
    Found,
    Overview,
    Pause,
    Refusal,
    Reply,
    Resume,
    Scan,
    SetLevel,
    Start,
    Status,
    Stop,
    Watch,
)
from estim.core.messages.events import Happened
from estim.core.moment import Now
from estim.core.session.announce import local_time
from estim.core.session.session import Session
from estim.core.vocabulary import Reason
from estim.host.active import ActiveUnit, Proof, Subscribers, until_ready
from estim.host.discovery import look
from estim.host.prepare import prepare
from estim.host.recovery import recovery
from estim.host.runner import Runner
from estim.host.server import Connection
from estim.host.services import Services
from estim.host.session_log import SessionLog, opening, utc_at
from estim.journal.marker import How
from estim.journal.rows import NEVER, OpenSession
from protocols.family import Family
from protocols.vocabulary import AirError

STOP_WAIT_S = 3.0
"""How much longer than the family's own limit a stop's answer waits for the proof."""

REACH_WAIT_S = 25.0
"""How long a stop waits for a unit that a dead host left behind: it is to be found and connected first."""

LOOK_ON_S = 0.5
"""Between a session that ended without a proof and the one that goes on to stop its unit."""

WRITE_AGAIN_S = 30.0
"""How often a session's end that the disk didn't take is written again."""

WRITE_TRIES = 2880
"""How many times: for a day."""

LOST_WAIT_S = 10.0
"""How long an interrupted front end waits for a lost unit to come back before it is told the truth."""


class Supervisor:
    """See the module. `solo`: the host ends with the last of its front ends."""

    def __init__(self, services: Services, *, solo: bool, leaving: asyncio.Event) -> None:
        self._services = services
        self._solo = solo
        self._stops = 0
        self._units: dict[str, ActiveUnit] = {}
        """By the unit's address: a name may be given to another one."""
        self._subscribers = Subscribers()
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting = asyncio.Lock()
        self._leaving = leaving
        self._alone: Timer | None = None
        self._closing = False
        self._stopped_s = -inf  # of the computer's clock, as Start.typed_s
        self.busy_changed: Callable[[bool], None] = lambda _busy: None
        self._beyond: dict[str, tuple[OpenSession, str]] = {}
        """Units that may be on and can't be stopped from here: what left them on, and the sentence why."""

    async def ask(self, connection: Connection, command: Ask) -> Reply:
        """Carry out one command; every refusal is an answer, never an exception."""
        self._connections.add(connection)
        if self._alone is not None:
            self._alone.cancel()
        try:
            if self._leaving.is_set() and not isinstance(command, Stop | Status):
                raise EstimError("this host is ending: try again", code=Exit.TRY_LATER)
            return await self._do(connection, command)
        except EstimError as error:
            return Refusal(code=error.code, text=error.text, nearest=error.nearest)
        except AirError as error:
            return Refusal(code=Exit.NO_DEVICE, text=str(error))

    def left(self, connection: Connection) -> None:
        """A front end is gone: stop what it started, unless it asked to keep it."""
        self._connections.discard(connection)
        self._subscribers.drop(connection)
        for active in self._units.values():
            if active.owner is connection and not active.keep and active.running:
                self._order_stop(active, Reason.INTERRUPTED, soft=False)
        self._background(self._maybe_leave())

    def expect_front(self, seconds: float) -> None:
        """Leave if no front end has asked for anything by then: the one that started this host is gone."""
        loop = asyncio.get_running_loop()
        self._alone = Timer(seconds, loop.call_soon_threadsafe, (self._leaving.set,))  # the wall's seconds
        self._alone.daemon = True
        self._alone.start()

    async def close(self) -> None:
        """Stop everything, verified, then hang up: what every signal to the host leads to."""
        self._closing = True
        self.stop_all(Reason.INTERRUPTED)
        await asyncio.gather(*(self._close_one(active) for active in list(self._units.values())))

    async def _close_one(self, active: ActiveUnit) -> None:
        await self._settle(active, lost_wait_s=LOST_WAIT_S)
        active.runner.forget(linked=True)
        await asyncio.wait({active.task}, timeout=10)
        await active.session_log.close(self._services.clock.now())

    def stop_all(self, reason: Reason) -> None:
        """Order every session's stop in this very breath; waits for nothing."""
        self._stops += 1
        for active in self._units.values():
            if active.running:
                self._order_stop(active, reason, soft=False)

    async def stop_and_wait(self) -> None:
        """Stop everything, and return when each session has ended; a unit that is lost is looked for afterwards too."""
        self.stop_all(Reason.INTERRUPTED)
        running = [active for active in self._units.values() if active.running]
        await asyncio.gather(*(self._settle(active, lost_wait_s=0.0) for active in running))

    @property
    def busy(self) -> bool:
        """Say whether a session is under way, one that only stops a unit included."""
        return any(active.running for active in self._units.values())

    async def _do(self, connection: Connection, command: Ask) -> Reply:
        match command:
            case Stop():
                return await self._stop(command)
            case Start():
                return await self._start(connection, command)
            case Arm(unit):
                active = self._one(unit)
                if active.waiting:  # prepared by the schedule: from now on it is this person's
                    active.owner = connection
                    active.keep = self._services.settings.keep_running
                active.runner.ask(lambda now, _: active.runner.session.arm(now))
                return Done("armed")
            case SetLevel(unit=unit):
                return self._raise(self._one(unit), command)
            case Pause(unit):
                active = self._one(unit)
                active.runner.ask(lambda now, _: active.runner.session.pause(now))
                return Done("paused: the output goes to zero at once")
            case Resume(unit):
                active = self._one(unit)
                active.runner.ask(active.runner.session.resume)
                return Done("resumed: it ramps up from zero")
            case Acknowledge(alarm):
                return self._quiet(alarm)
            case Watch(every_s):
                self._subscribers.add(connection, every_s)
                self._show(connection)
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
        return await until_ready(self._one(reply.unit))

    def tell(self, event: Happened) -> None:
        """Tell every front end that watches."""
        self._subscribers.told([event])

    async def _start(self, connection: Connection | None, command: Start) -> Done:
        stops = self._stops
        async with self._starting:
            if connection is not None:
                await self._clear_waiting()
            ready = await prepare(self._services, command)
            name = ready.unit.name
            await self._check_free(ready.unit.address)
            keep = command.keep or self._services.settings.keep_running
            self._check_wanted(connection, stops, command, keep=keep)
            now = self._services.clock.now()
            session = Session(ready.unit, ready.family.caps, ready.limits, ready.order, now)
            row = opening(session, now, self._services.zone(), ready.sites, ready.overrides, ready.warnings)
            number = await self._services.journal.begin(row)
            active = self._open(session, ready.family, number, connection, keep=keep, since_utc=now.utc)
            try:
                self._check_wanted(connection, stops, command, keep=keep)  # again: the disk may have taken its time
            except EstimError:
                self._order_stop(active, Reason.STOPPED, soft=False)
                raise
            return Done("; ".join([f"{ready.order.course.program.title} on {name}", *ready.warnings]), name)

    async def _check_free(self, address: str) -> None:
        """Refuse a start on a unit that has a session, is being hung up, or may still be on and is to be stopped."""
        present = self._units.get(_key(address))
        if present is not None and not present.running:
            await asyncio.wait({present.task}, timeout=10)
            present = self._units.get(_key(address))  # another one, if nothing proved that the unit is off
        if present is not None and (present.running or not present.task.done()):
            raise EstimError(_busy(present), code=Exit.TRY_LATER)

    async def _clear_waiting(self) -> None:
        """End what was prepared for nobody yet, to its last word in the journal: a person's own start goes first."""
        for active in [one for one in self._units.values() if one.waiting]:
            self._order_stop(active, Reason.STOPPED, soft=False)
            await self._settle(active, lost_wait_s=0.0)
            await asyncio.wait({active.task}, timeout=10)

    def _check_wanted(self, connection: Connection | None, stops: int, command: Start, *, keep: bool) -> None:
        """Refuse a start that has been overtaken before it began: by a stop, the host's end, or nobody left."""
        typed_before = command.typed_s is not None and command.typed_s <= self._stopped_s
        overtaken = self._stops != stops or typed_before or stopped_since(self._services.home, command.typed_s)
        if overtaken or self._leaving.is_set():
            raise EstimError("stopped before it began", code=Exit.TRY_LATER)
        if connection not in self._connections and not keep:
            raise EstimError("whoever wanted this session has gone", code=Exit.TRY_LATER)

    def _open(
        self,
        session: Session,
        family: Family,
        number: int,
        connection: Connection | None,
        *,
        keep: bool,
        since_utc: datetime,
        row_ended: bool = False,
    ) -> ActiveUnit:
        present = self._units.get(_key(session.unit.address))
        assert present is None or not present.running, "a running session is never replaced"
        services = self._services
        subscribers = self._subscribers
        session_log = SessionLog(
            services.journal,
            session.unit,
            number,
            subscribers.told,
            subscribers.passed,
            since_utc=since_utc,
            row_ended=row_ended,
        )
        runner = Runner(services.air, family, session, services.clock, session_log)
        session_log.runner = runner
        task = asyncio.get_running_loop().create_task(self._run(runner, session_log))
        active = self._units[_key(session.unit.address)] = ActiveUnit(runner, session_log, task, connection, keep)
        self.busy_changed(True)
        return active

    async def recover(self) -> list[str]:
        """Stop, in the background, every unit that may have been left on; return the units' names.

        Each is taken up by itself: one that can't be (a family that estim doesn't know) is told, and keeps none of
        the others on.
        """
        names: list[str] = []
        for left in await self._services.journal.open_sessions():
            name = self._try_to_take_up(left)
            if name and name not in names:
                names.append(name)
        return names

    def _try_to_take_up(self, left: OpenSession) -> str:
        """Begin to stop what was left on and return its name; "" if it can't be, which every stop tells from now on."""
        try:
            return self._take_up(left)
        except EstimError as error:
            why = error.text
        except Exception as bug:  # one row that nobody foresaw must not keep the others on
            logging.getLogger(__name__).exception("%s can't be taken up", left.unit)
            why = f"it can't be searched for ({bug!r})"
        self._beyond[left.unit or left.address] = (left, why)
        return ""

    def _take_up(self, left: OpenSession) -> str:
        """Begin to stop what was left on, and go on until it is off; two rows of one unit are one unit."""
        made = recovery(self._services, left)
        name = made.session.unit.name
        present = self._units.get(_key(made.session.unit.address))
        if present is not None and present.running and not present.recovers:
            raise EstimError(f"{name} has a session already", code=Exit.TRY_LATER)
        if present is not None and present.running:
            present.session_log.also.append(left.id)
            present.runner.session.until_s = max(present.runner.session.until_s, made.session.until_s)
            return name
        since_utc = left.started_utc
        self._open(
            made.session, made.family, made.number, None, keep=True, since_utc=since_utc, row_ended=made.row_ended
        )
        return name

    async def _run(self, runner: Runner, session_log: SessionLog) -> None:
        try:
            await runner.run()
        except Exception as bug:  # of ours or a plug-in: say that the unit may be on, and stop it by a fresh way
            logging.getLogger(__name__).exception("the session on %s broke off", runner.session.unit.name)
            runner.broke_off(bug)
        await self._write_down(session_log)
        looks_on = runner.unsettled and not self._closing and not (self._solo and self._services.air.simulated)
        if looks_on:
            await asyncio.sleep(LOOK_ON_S)  # whatever ends it at once must not be a loop without a breath
            if not self._closing:  # the host may have been told to end meanwhile: the next one takes it up
                self._look_on(runner, session_log)
        self.busy_changed(self.busy)
        if not looks_on:
            await self._maybe_leave()

    def _look_on(self, runner: Runner, session_log: SessionLog) -> None:
        """Nothing proves that the unit is off: go on to stop it, by a fresh way, until something does."""
        now = self._services.clock.now()
        session = runner.session
        on_until = utc_at(now, runner.on_until_s)
        self._try_to_take_up(
            OpenSession(
                id=session_log.number,
                program="",
                unit=session.unit.name,
                address=session.unit.address,
                family=session.unit.family,
                started_utc=session_log.since_utc,
                length_s=session.length_s,
                beat_utc=now.utc,
                output_s=runner.output_s,
                on_until_utc=on_until,
                ended=True,
                profile=session.unit.profile,
            )
        )

    async def _write_down(self, session_log: SessionLog) -> None:
        """Write a session's end; if the disk takes nothing now, it is tried again for as long as this host lives."""
        if not await session_log.close(self._services.clock.now()):
            self._background(self._write_later(session_log))

    async def _write_later(self, session_log: SessionLog) -> None:
        for _ in range(WRITE_TRIES):
            await asyncio.sleep(WRITE_AGAIN_S)
            if await session_log.close(self._services.clock.now()):
                return

    async def stop_now(self) -> Reply:
        """Stop everything and say what came of it, for who has no socket to ask on."""
        try:
            return await self._stop(Stop())
        except EstimError as error:
            return Refusal(code=error.code, text=error.text)

    async def _stop(self, command: Stop) -> Reply:
        self._stops += 1
        self._stopped_s = RealClock().now().mono_s
        if command.seen_off:
            return await self._seen_off(command.unit)
        active_units = [self._one(command.unit)] if command.unit else list(self._units.values())
        running = [active for active in active_units if active.running]
        if not running:
            others = [active for active in self._units.values() if active.running]
            return self._nothing_to_stop(active_units, others)
        for active in running:
            self._order_stop(active, Reason(command.reason), soft=command.soft)
        lost_wait_s = 0.0 if command.reason == "stopped" else LOST_WAIT_S
        for active in running:
            await self._settle(active, lost_wait_s=lost_wait_s)
        return _stopped(running, self._services.clock.now(), self._untold())

    def _nothing_to_stop(self, active_units: Sequence[ActiveUnit], others: Sequence[ActiveUnit]) -> Reply:
        unsure = [one for one in active_units if one.proof is Proof.UNPROVED and not one.runner.session.was_seen_off]
        untold = self._untold()
        recovered = [active for active in active_units if active.recovers and active.proof is Proof.PROVED]
        if not unsure and not untold:
            if recovered:
                return _stopped(recovered, self._services.clock.now(), ())
            names = ", ".join(active.runner.session.unit.name for active in others)
            return Done(f"nothing is running there; running: {names}" if names else "nothing is running")
        return _stopped(unsure, self._services.clock.now(), untold)

    def _untold(self) -> tuple[str, ...]:
        """Return what keeps this host from knowing that nothing else is on, a sentence each."""
        blind = self._services.journal.blind
        now = self._services.clock.now()
        beyond = (
            f"{unit} may be on: {why}"
            for unit, (left, why) in self._beyond.items()
            if (left.on_until_utc or NEVER) > now.utc
        )
        return (*beyond, *([f"whether another unit was left on can't be known: {blind}"] if blind else []))

    async def _seen_off(self, unit: str | None) -> Reply:
        """Take a person's word that a unit which can't be reached is off: nobody looks for it any more."""
        active_units = [self._one(unit)] if unit else list(self._units.values())
        lost = [active for active in active_units if active.running and active.recovers]
        for active in lost:
            if active.runner.says_on:
                name = active.runner.session.unit.name
                raise EstimError(
                    f"{name} is connected and doesn't say that it is off: switch it off first", code=Exit.REFUSED
                )
        settled = await self._settle_beyond()
        if settled and not lost:
            return Done(f"{', '.join(settled)}: noted as seen off by you")
        if not lost:
            raise EstimError("no unit is being searched for, so there is nothing to settle", code=Exit.TRY_LATER)
        for active in lost:
            self._note_seen_off(active)
            await asyncio.wait({active.task}, timeout=10)
        names = ", ".join(active.runner.session.unit.name for active in lost)
        return Done(f"{names}: noted as seen off by you; it isn't searched for any more")

    async def _settle_beyond(self) -> list[str]:
        """Note that what can't be stopped from here is off, and return the names."""
        beyond = self._beyond
        self._beyond = {}
        for left, _ in beyond.values():
            with suppress(EstimError):  # it is taken up again by the next host
                if left.id:
                    await self._services.journal.settle(left.id, self._services.clock.now())
                await self._services.journal.unmark(left.address, left.started_utc, How.SEEN_OFF)
        return list(beyond)

    def _note_seen_off(self, active: ActiveUnit) -> None:
        session = active.runner.session
        active.runner.ask(lambda now, _: session.seen_off(now))

    def _order_stop(self, active: ActiveUnit, reason: Reason, *, soft: bool) -> None:
        session = active.runner.session
        active.runner.ask(lambda now, _: session.stop(now, reason, soft=soft))

    async def _settle(self, active: ActiveUnit, *, lost_wait_s: float) -> None:
        """Wait for a session's end. A lost unit is not waited for for ever, and given up if `lost_wait_s` says so."""
        session = active.runner.session
        limit_s = session.caps.stop_s + STOP_WAIT_S + (2.0 if session.ramp.softening else 0.0)
        if not session.linked:
            limit_s = max(limit_s, lost_wait_s, REACH_WAIT_S if session.order is None else 0.0)
        try:
            async with asyncio.timeout(limit_s):
                await active.runner.ended.wait()
        except TimeoutError:
            if lost_wait_s:
                active.runner.forget()

    def _raise(self, active: ActiveUnit, command: SetLevel) -> Reply:
        if (command.by is None) == (command.to is None):
            raise EstimError("say either how many steps (by) or which level (to)", code=Exit.USAGE)
        session = active.runner.session
        text = session.level(command.channel, by=command.by, to=command.to)
        active.runner.ask(lambda _now, _reported: [])
        return Done(text)

    def _quiet(self, number: int) -> Reply:
        for active in self._units.values():
            if active.runner.session.alarms.quiet(number):
                return Done("acknowledged")
        raise EstimError(f"there is no alarm {number}", code=Exit.USAGE)

    async def _scan(self, seconds: float) -> Reply:
        return Found(await look(self._services.air, seconds, self._services.families(), self._services.units))

    def _one(self, name: str | None) -> ActiveUnit:
        """Return the active unit that is meant; raise EstimError if it isn't clear which."""
        if name is not None:
            for active in self._units.values():
                unit = active.runner.session.unit
                if name.casefold() == unit.name.casefold() or same_address(name, unit.address):
                    return active
            raise EstimError(f"no session on a unit {name!r}", code=Exit.NO_DEVICE)
        active_units = list(self._units.values())
        running = [active for active in active_units if active.running] or active_units
        if not running:
            raise EstimError("nothing is running: start a program first", code=Exit.TRY_LATER)
        if len(running) > 1:
            raise EstimError("more than one unit is running: name one with --unit", code=Exit.USAGE)
        return running[0]

    def overview(self) -> Overview:
        """Return everything that is known now."""
        units = tuple(active.runner.snapshot() for active in self._units.values())
        return Overview(pid=self._services.pid, simulated=self._services.air.simulated, units=units)

    def _show(self, connection: Connection) -> None:
        for active in self._units.values():
            connection.tell(active.runner.snapshot())

    async def _maybe_leave(self) -> None:
        """A solo host with no front end left ends once everything has stopped, and is known to have."""
        if not self._solo or self._connections or any(one.kept for one in self._units.values()):
            return
        for active in list(self._units.values()):
            if not active.recovers:
                await self._settle(active, lost_wait_s=LOST_WAIT_S)
        if self._connections or any(self._holds(active) for active in self._units.values()):
            return  # asked again when the next session ends
        self._leaving.set()

    def _holds(self, active: ActiveUnit) -> bool:
        """Say whether a host must stay for this: a unit may be on. A software unit ends with its host."""
        may_be_on = (active.running and active.recovers) or active.runner.unsettled
        return may_be_on and not self._services.air.simulated

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _key(address: str) -> str:
    return address.casefold()


def _busy(active: ActiveUnit) -> str:
    name = active.runner.session.unit.name
    if active.recovers:
        return (
            f"{name} may still be on from an earlier session and is being searched for, to be stopped: switch it on"
            " and bring it near, or, if you have seen that it is off, say so with `estim stop --seen-off`"
        )
    return f"{name} is busy: stop its session first"


def _stopped(active_units: Sequence[ActiveUnit], now: Now, untold: Sequence[str]) -> Reply:
    """Return the answer to a stop: nothing is called confirmed that isn't."""
    names = ", ".join(active.runner.session.unit.name for active in active_units)
    unsure = [active for active in active_units if active.proof is Proof.UNPROVED]
    if unsure or untold:
        told = [*(_unproved(active, now) for active in unsure), *untold]
        raise EstimError(f"the stop is NOT confirmed: {'; '.join(told)}", code=Exit.NOT_CONFIRMED)
    if all(active.proof is Proof.PROVED for active in active_units):
        return Done(f"{names}: stopped, {Proof.PROVED.value}", proved=True)
    return Done(f"{names}: {Proof.UNTOUCHED.value}")


def _unproved(active: ActiveUnit, now: Now) -> str:
    """Return what is known of a unit that may be on, and what to do by hand."""
    unit = active.runner.session.unit
    until_s = active.runner.on_until_s
    if until_s <= now.mono_s:
        return f"{unit.name}: {unit.by_hand}"
    end = local_time(now, until_s)
    how_long = f"until {end}" if end else "and doesn't end by itself"
    return f"{unit.name} may be on {how_long}, and is being searched for to be stopped; {unit.by_hand}"
