"""Begins sessions and follows each to its end; one that ends without a proof is followed by one that stops its unit.

Rules:
1. A session row is on disk before its runner exists, so before any current.
2. One session a unit; units don't know each other.
3. A session that ended without a proof of zero is followed by one that only stops its unit, until that is proved or
   the unit's output has ended by itself. A host that has to end before leaves it to the next.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Done, Start
from estim.core.session.session import Session
from estim.core.translation import tr, tr_text
from estim.core.vocabulary import Reason, State
from estim.host.active import ActiveUnit, ActiveUnits
from estim.host.front_ends import FrontEnds
from estim.host.out_of_reach import OutOfReach
from estim.host.prepare import prepare
from estim.host.recovery import recovery
from estim.host.runner import Runner
from estim.host.server import Connection
from estim.host.services import Services
from estim.host.session_log import SessionLog, opening, utc_at
from estim.host.stops import LOST_WAIT_S, Stops, settled
from estim.journal.rows import NEVER, OpenSession
from estim.tasks import Tasks
from protocols.family import Family

LOOK_ON_S = 0.5
"""Between a session that ended without a proof and the one that goes on to stop its unit."""

WRITE_AGAIN_S = 30.0
"""How often a session's end that the disk didn't take is written again."""

WRITE_TRIES = 2880
"""How many times: for a day."""

LOOK_S = 0.5
"""How often a unit that is prepared for a slot is looked at."""

LOOKS = 90
"""How many times, so for 45 s: two attempts to connect."""


class Sessions:
    """All sessions of this host. `busy_changed` is told when one is under way, and when none is any more."""

    def __init__(
        self, services: Services, units: ActiveUnits, stops: Stops, front_ends: FrontEnds, out_of_reach: OutOfReach
    ) -> None:
        self.busy_changed: Callable[[bool], None] = lambda _busy: None
        self._services = services
        self._units = units
        self._stops = stops
        self._front_ends = front_ends
        self._out_of_reach = out_of_reach
        self._starting = asyncio.Lock()
        self._closing = False
        self._tasks = Tasks()

    @property
    def busy(self) -> bool:
        """Say whether a session is under way, one that only stops a unit included."""
        return bool(self._units.running)

    async def close(self) -> None:
        """Stop everything, verified, then hang up: what every signal to the host leads to."""
        self._closing = True
        self._stops.order_all(Reason.INTERRUPTED)
        await asyncio.gather(*(self._close_one(active) for active in self._units))

    async def _close_one(self, active: ActiveUnit) -> None:
        if active.recovers and self._front_ends.end_software:
            active.runner.forget()
        await settled(active, lost_wait_s=LOST_WAIT_S)
        active.runner.forget(linked=True)
        await asyncio.wait({active.task}, timeout=10)
        await active.session_log.close(active.runner.seen())

    # Starts

    async def prepare(self, command: Start) -> str:
        """Connect a unit for a slot and wait for a person's key; return what that person should know."""
        reply = await self.start(None, command)
        return await _until_ready(self._units.one(reply.unit))

    async def start(self, connection: Connection | None, command: Start) -> Done:
        """Begin a session for a front end, or for nobody yet; raises EstimError if it is refused or overtaken."""
        stops = self._stops.number
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
            zone = self._services.zone()
            row = opening(session, now, zone, ready.sites, ready.overrides, ready.warnings, ready.usual_s)
            number = await self._services.journal.begin(row)
            active = self._open(session, ready.family, number, connection, keep=keep, since_utc=now.utc)
            try:
                self._check_wanted(connection, stops, command, keep=keep)  # again: the disk may have taken its time
            except EstimError:
                active.stop(Reason.STOPPED)
                raise
            played = tr("{program} on {unit}", program=tr_text(ready.order.course.program.title), unit=name)
            return Done("; ".join([played, *ready.warnings]), name)

    async def _clear_waiting(self) -> None:
        """End what was prepared for nobody yet, to its last word in the journal: a person's own start goes first."""
        for active in [one for one in self._units if one.waiting]:
            active.stop(Reason.STOPPED)
            await settled(active, lost_wait_s=0.0)
            await asyncio.wait({active.task}, timeout=10)

    async def _check_free(self, address: str) -> None:
        """Refuse a start on a unit that has a session, is being hung up, or may still be on and is to be stopped."""
        present = self._units.at(address)
        if present is not None and not present.running:
            await asyncio.wait({present.task}, timeout=10)
            present = self._units.at(address)  # another one, if nothing proved that the unit is off
        if present is not None and (present.running or not present.task.done()):
            raise EstimError(_busy(present), code=Exit.TRY_LATER)

    def _check_wanted(self, connection: Connection | None, stops: int, command: Start, *, keep: bool) -> None:
        """Refuse a start that has been overtaken before it began: by a stop, the host's end, or nobody left."""
        if self._stops.overtook(stops, command.typed_s) or self._front_ends.leaving:
            raise EstimError(tr("stopped before it began"), code=Exit.TRY_LATER)
        if not self._front_ends.here(connection) and not keep:
            raise EstimError(tr("whoever wanted this session has gone"), code=Exit.TRY_LATER)

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
        services = self._services
        subscribers = self._front_ends.subscribers
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
        task = asyncio.get_running_loop().create_task(self._run(runner, session_log))
        active = ActiveUnit(runner, session_log, task, connection, keep)
        self._units.put(active)
        self.busy_changed(True)
        return active

    # Ends

    async def _run(self, runner: Runner, session_log: SessionLog) -> None:
        try:
            await runner.run()
        except Exception as bug:  # of ours or a plug-in: say that the unit may be on, and stop it by a fresh way
            logging.getLogger(__name__).exception("the session on %s broke off", runner.session.unit.name)
            runner.broke_off(bug)
        if not await session_log.close(runner.seen()):
            self._tasks.begin(self._write_later(runner, session_log))
        looks_on = runner.unsettled and not self._closing and not self._front_ends.end_software
        if looks_on:
            await asyncio.sleep(LOOK_ON_S)  # whatever ends it at once must not be a loop without a breath
            if not self._closing:  # the host may have been told to end meanwhile: the next one takes it up
                self._look_on(runner, session_log)
        self.busy_changed(self.busy)
        if not looks_on:
            await self._front_ends.maybe_leave()

    async def _write_later(self, runner: Runner, session_log: SessionLog) -> None:
        """Write an end again that the disk didn't take, for as long as this host lives."""
        for _ in range(WRITE_TRIES):
            await asyncio.sleep(WRITE_AGAIN_S)
            if await session_log.close(runner.seen()):
                return

    def _look_on(self, runner: Runner, session_log: SessionLog) -> None:
        """Nothing proves that the unit is off: go on to stop it, by a fresh way, until something does."""
        now = self._services.clock.now()
        session = runner.session
        on_until = NEVER if session.may_repeat else utc_at(now, runner.on_until_s)
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

    # What was left on

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
            why = tr("it can't be searched for ({error!r})", error=bug)
        self._out_of_reach.note(left, why)
        return ""

    def _take_up(self, left: OpenSession) -> str:
        """Begin to stop what was left on, and go on until it is off; two rows of one unit are one unit."""
        before = self._units.at(left.address)
        made = recovery(self._services, left, before.name if before is not None else "")
        name = made.session.unit.name
        present = self._units.at(made.session.unit.address)
        if present is not None and present.running and not present.recovers:
            raise EstimError(tr("{unit} has a session already", unit=name), code=Exit.TRY_LATER)
        if present is not None and present.running:
            present.session_log.also.append(left.id)
            present.runner.session.until_s = max(present.runner.session.until_s, made.session.until_s)
            return name
        since_utc = left.started_utc
        self._open(
            made.session, made.family, made.number, None, keep=True, since_utc=since_utc, row_ended=made.row_ended
        )
        return name


def _busy(active: ActiveUnit) -> str:
    name = active.name
    if active.recovers:
        return tr(
            "{unit} may still be on from an earlier session and is being searched for, to be "
            "stopped: switch it on and bring it near, or, if you have seen that it is off, say so "
            "with `estim stop --seen-off`",
            unit=name,
        )
    return tr("{unit} is busy: stop its session first", unit=name)


async def _until_ready(active: ActiveUnit) -> str:
    """Return what the person should know: that it is ready, or why not; "" once somebody has taken it over."""
    session = active.runner.session
    for _ in range(LOOKS):
        if not active.waiting or session.state is State.READY:
            break
        await asyncio.sleep(LOOK_S)
    if active.owner is not None or session.started is not None:
        return ""
    if session.state is State.READY:
        return tr("{unit} is ready and at zero: press Enter in estim within five minutes", unit=session.unit.title)
    return _why_not(session)


def _why_not(session: Session) -> str:
    if session.reason in (Reason.STOPPED, Reason.PANIC, Reason.INTERRUPTED):
        return ""  # a person stopped it, or wanted another session
    if session.reason is Reason.REFUSED:
        return tr("{unit} isn't ready: {why}", unit=session.unit.title, why=session.why)
    return tr("{unit} isn't ready: switch it on and bring it near, then start in estim", unit=session.unit.title)
