"""Carries out what a house asks for: each order by the part of the host that does the same for a person.

1. What is asked for is one of `Lowering`, and this file names no command that starts, arms, resumes or raises: a
   contract holds that (pyproject.toml).
2. A stop is ordered in the breath in which it arrives; the diary and the schedule take what else there is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import assert_never

from estim.config.settings import change_settings
from estim.core.days.diary import Pain, When
from estim.core.days.schedule import zone_of
from estim.core.errors import EstimError, Exit
from estim.core.messages.lowering import EnterPain, Lower, Lowering, Pause, SetReminders, Snooze, Stop
from estim.core.translation import tr
from estim.core.values import replace
from estim.host.active import ActiveUnits
from estim.host.services import Services
from estim.host.stops import Stops, not_confirmed


class Orders:
    """What a house may ask of this host. `snooze` puts off the slot that is due, None where nobody is reminded."""

    def __init__(
        self, services: Services, units: ActiveUnits, stops: Stops, snooze: Callable[[], Awaitable[None]] | None
    ) -> None:
        self._services = services
        self._units = units
        self._stops = stops
        self._snooze = snooze

    def doubts(self) -> tuple[str, ...]:
        """Return what keeps this host from knowing that nothing else is on, a sentence each."""
        return self._stops.doubts()

    async def obey(self, order: Lowering) -> None:
        """Carry out one order; raises EstimError if it can't be, or a stop isn't confirmed."""
        match order:
            case Stop():
                await self._stop(order)
            case Pause(unit=unit):
                active = self._units.one(unit)
                active.runner.ask(lambda now, _: active.runner.session.pause(now))
            case Lower():
                active = self._units.one(order.unit)
                active.runner.session.lower(order.steps, order.channel)
                active.runner.ask(lambda _now, _reported: [])
            case EnterPain(score):
                await self._enter(score)
            case Snooze():
                if self._snooze is None:
                    raise EstimError(tr("nobody is reminded here, so nothing can be put off"), code=Exit.TRY_LATER)
                await self._snooze()
            case SetReminders(on=on):
                await asyncio.to_thread(change_settings, self._services.home.settings_file, "reminders.on", on)
            case _:
                assert_never(order)

    async def _stop(self, order: Stop) -> None:
        """Stop; a unit that this host knows and does nothing with is stopped already, if nothing was left on."""
        known = self._services.units.get(order.unit) if order.unit is not None else None
        if known is not None and self._units.at(known.address) is None:
            if self.doubts():
                raise not_confirmed(self.doubts())
            return
        # by its address: a session goes on under the name with which it began
        await self._stops.stop(order if known is None else replace(order, unit=known.address))

    async def _enter(self, score: int) -> None:
        if self._services.journal.simulated:
            raise EstimError(tr("what is written down is real, and simulated sessions never count"), code=Exit.USAGE)
        now = self._services.clock.now()
        at = now.utc.astimezone(zone_of(self._services.zone()))
        await self._services.journal.enter([Pain(at=at, score=score, when=When.REST)], now)
