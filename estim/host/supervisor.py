"""The supervisor: takes the commands of every front end, and hands each to the part of the host that carries it out.

A stop is handed on in the breath in which it arrives (stops.py); a start is the work of sessions.py, who has gone or
watches that of front_ends.py. All three share the one set of units (active.py).
"""

import asyncio
from contextlib import suppress
from math import isinf
from typing import assert_never

from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import (
    Acknowledge,
    Arm,
    Ask,
    Done,
    Found,
    Overview,
    Refusal,
    Reply,
    Resume,
    Scan,
    SetLevel,
    Start,
    Status,
    Touch,
    Watch,
)
from estim.core.messages.lowering import Disconnect, Pause, Stop
from estim.core.messages.shown import Snapshot
from estim.core.moment import Now
from estim.core.session.announce import local_time
from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace
from estim.host.active import ActiveUnit, ActiveUnits, Proof
from estim.host.discovery import look
from estim.host.front_ends import FrontEnds
from estim.host.out_of_reach import OutOfReach
from estim.host.server import Connection
from estim.host.services import Services
from estim.host.sessions import Sessions
from estim.host.stops import Stops
from protocols.vocabulary import AirError

TOUCHED = {
    "A+": mark("simulated: A was turned up at the unit"),
    "A-": mark("simulated: A was turned down at the unit"),
    "B+": mark("simulated: B was turned up at the unit"),
    "B-": mark("simulated: B was turned down at the unit"),
    "pads-off": mark("simulated: the pads came off"),
    "pads-on": mark("simulated: the pads are on the skin"),
    "power-off": mark("simulated: the unit was switched off"),
    "power-on": mark("simulated: the unit was switched on"),
    "low-battery": mark("simulated: the unit's battery is low"),
    "cut": mark("simulated: the link was cut"),
    "deaf": mark("simulated: the unit takes no command any more, no stop either"),
    "hears": mark("simulated: the unit takes commands again"),
}
"""What is said of what was done to a software unit."""


class Supervisor:
    """See the module. `solo`: the host ends with the last of its front ends, which sets `leaving`."""

    def __init__(self, services: Services, *, solo: bool, leaving: asyncio.Event) -> None:
        self._services = services
        out_of_reach = OutOfReach(services.journal, services.clock)
        self.units = ActiveUnits()
        self.stops = Stops(self.units, out_of_reach, services.home, services.clock)
        self.front_ends = FrontEnds(self.units, leaving, solo=solo, simulated=services.air.simulated)
        self.sessions = Sessions(services, self.units, self.stops, self.front_ends, out_of_reach)

    async def ask(self, connection: Connection, command: Ask) -> Reply:
        """Carry out one command; every refusal is an answer, never an exception."""
        self.front_ends.came(connection)
        try:
            if self.front_ends.leaving and not isinstance(command, Stop | Disconnect | Status):
                raise EstimError(tr("this host is ending: try again"), code=Exit.TRY_LATER)
            return await self._do(connection, command)
        except EstimError as error:
            return Refusal(code=error.code, text=error.text, nearest=error.nearest)
        except AirError as error:
            return Refusal(code=Exit.NO_DEVICE, text=str(error))

    def left(self, connection: Connection) -> None:
        """A front end is gone."""
        self.front_ends.left(connection)

    def overview(self) -> Overview:
        """Return everything that is known now."""
        services = self._services
        now = services.clock.now()
        units = tuple(_shown(active, now) for active in self.units)
        return Overview(pid=services.pid, simulated=services.air.simulated, units=units, simulate=services.simulate)

    async def _do(self, connection: Connection, command: Ask) -> Reply:
        match command:
            case Stop():
                return await self.stops.stop(command)
            case Disconnect(unit=unit):
                return await self.stops.disconnect(unit)
            case Start():
                return await self.sessions.start(connection, command)
            case Arm(unit):
                return self._arm(connection, self.units.one(unit))
            case SetLevel(unit=unit):
                return _raise(self.units.one(unit), command)
            case Pause(unit):
                active = self.units.one(unit)
                active.runner.ask(lambda now, _: active.runner.session.pause(now))
                return Done(tr("paused: the output goes to zero at once"))
            case Resume(unit):
                active = self.units.one(unit)
                active.runner.ask(active.runner.session.resume)
                return Done(tr("resumed: it ramps up from zero"))
            case Acknowledge(alarm):
                return self._quiet(alarm)
            case Watch(every_s):
                self.front_ends.subscribers.add(connection, every_s)
                return Done(tr("watching"))
            case Status():
                return self.overview()
            case Touch(act=act, address=address):
                return self._touch(act, address)
            case Scan(seconds):
                services = self._services
                with suppress(EstimError):  # a list that can't be read keeps nobody from looking: the last one holds
                    services.units.renew()
                return Found(await look(services.air, seconds, services.families(), services.units))
            case _:
                assert_never(command)

    def _arm(self, connection: Connection, active: ActiveUnit) -> Reply:
        if active.waiting:  # prepared by the schedule: from now on it is this person's
            active.take_over(connection, keep=self._services.settings.keep_running)
        active.runner.ask(lambda now, _: active.runner.session.arm(now))
        return Done(tr("noted: the pads are on"))

    def _touch(self, act: str, address: str | None) -> Reply:
        if self._services.hand is None:
            raise EstimError(
                tr("only a software unit can be touched from here: --simulate, or estim demo"), code=Exit.USAGE
            )
        try:
            self._services.hand(address, act)
        except ValueError as error:
            raise EstimError(str(error), code=Exit.USAGE) from error
        return Done(tr_text(TOUCHED[act]))

    def _quiet(self, number: int) -> Reply:
        for active in self.units:
            if active.runner.session.alarms.quiet(number):
                return Done(tr("acknowledged"))
        raise EstimError(tr("there is no alarm {number}", number=number), code=Exit.USAGE)


def _raise(active: ActiveUnit, command: SetLevel) -> Reply:
    if (command.by is None) == (command.to is None):
        raise EstimError(tr("say either how many steps (by) or which level (to)"), code=Exit.USAGE)
    text = active.runner.session.level(command.channel, by=command.by, to=command.to)
    active.runner.ask(lambda _now, _reported: [])
    return Done(text)


def _shown(active: ActiveUnit, now: Now) -> Snapshot:
    """Return what is known of a unit, also after its session: whether it may be on then, and until when."""
    shown = active.runner.snapshot()
    if active.running or active.proof is Proof.PROVED:
        return shown
    if active.proof is Proof.UNTOUCHED:
        return replace(shown, stop_confirmed=None)
    left_s = max(0.0, active.runner.on_until_s - now.mono_s)
    until = local_time(now, now.mono_s + left_s)
    return replace(shown, on_until=until, on_left_s=None if isinf(left_s) else round(left_s, 2))
