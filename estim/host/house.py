"""Joins a house to this host for as long as it lives: whom it hears of, what it may ask, and what the day is.

1. Nothing waits for it: the password's command, the broker and the diary are asked beside everything else, and a host
   without them is a host all the same.
2. The day is read again once a minute at most, and after something happened that changes it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from estim.config.broker import Broker, broker_of, host_id
from estim.config.settings import Settings, read_settings
from estim.config.timezone import zone_name
from estim.core.days.outcomes import judge
from estim.core.days.schedule import zone_of
from estim.core.errors import EstimError
from estim.core.messages.events import Ended, Happened, Reminded
from estim.core.messages.lowering import Lowering
from estim.core.messages.shown import Snapshot
from estim.core.remote.day import DAYS, day_of
from estim.core.remote.discovery import UnitFacts
from estim.core.remote.state import Day
from estim.core.remote.topics import unit_id
from estim.host.front_ends import FrontEnds
from estim.host.orders import Orders
from estim.host.remote import Remote
from estim.host.services import Services
from estim.journal.terms import terms_of

TRY_S = 60.0
"""How long after a broker's address or password couldn't be had it is tried again, s: a keyring may be locked."""

WATCH_S = 2.0
"""How often the figures of a unit are looked at, s; another state is seen at once. Each look costs a host that rests
as much as its own second: at 0.25 s it took 0.36 % of a core, at 1 s 0.31, at 2 s 0.28."""

DAY_S = 60.0
"""How long the day holds before it is read again, s."""


class House:
    """One house. `typed` is the broker's address from the command line, None: the settings have it."""

    def __init__(self, services: Services, front_ends: FrontEnds, orders: Orders, typed: str | None) -> None:
        self._services = services
        self._front_ends = front_ends
        self._orders = orders
        self._typed = typed
        self._day: Day | None = None
        self._day_s = -DAY_S

    async def run(self) -> None:
        """Be there for the house, until cancelled."""
        settings = self._services.settings.mqtt
        while True:
            try:
                broker = await asyncio.to_thread(broker_of, settings, self._typed)
                ident = await asyncio.to_thread(host_id, self._services.home, settings)
                break
            except EstimError as error:
                logging.getLogger(__name__).warning("no house is told, and it is tried again: %s", error.text)
            await asyncio.sleep(TRY_S)
        if broker is not None:
            await self._tell(broker, ident)

    async def _tell(self, broker: Broker, ident: str) -> None:
        remote = Remote(
            broker,
            ident,
            f"estim {ident}",
            known=() if self._services.air.simulated else self._known(),
            health=self._services.settings.mqtt.health,
            obey=self._obey,
            day=self.day,
            doubts=self._orders.doubts,
            # what isn't known because a file can't be read, or since the units are software, is there all the same
            whole=not self._services.air.simulated and not self._services.trouble,
            now=lambda: self._services.clock.now().utc,
        )
        watcher = Watcher(remote, self._changed)
        self._front_ends.subscribers.add(watcher, WATCH_S, watcher.happened)
        try:
            await remote.run()
        finally:
            self._front_ends.subscribers.drop(watcher)

    def _known(self) -> Sequence[UnitFacts]:
        families = {one.name: one for one in self._services.families()}
        return [
            UnitFacts(
                unit=unit_id(one.address),
                name=one.name,
                address=one.address,
                family=one.family,
                title=families[one.family].title,
                channels=families[one.family].caps.channels,
            )
            for one in self._services.units
            if one.family in families
        ]

    async def _obey(self, order: Lowering) -> None:
        await self._orders.obey(order)
        self._changed()

    def _changed(self) -> None:
        self._day_s = -DAY_S

    async def day(self) -> Day | None:
        """Return the day, None if it can't be read now, or there is none since the units are software."""
        if self._services.journal.simulated:
            return None
        now_s = asyncio.get_running_loop().time()
        if now_s - self._day_s >= DAY_S:
            self._day_s = now_s
            try:
                self._day = await self._read_day()
            except EstimError as error:
                logging.getLogger(__name__).info("the day can't be read: %s", error.text)
                self._day = None
        return self._day

    async def _read_day(self) -> Day:
        settings = await asyncio.to_thread(read_settings, self._services.home.settings_file)
        now = self._now(settings)
        diary = await self._services.journal.diary(now - timedelta(days=DAYS + 1))
        terms = await asyncio.to_thread(terms_of, self._services.home, settings, diary)
        slots = judge(settings.schedule, diary, now, now - timedelta(days=DAYS), now + timedelta(days=2), terms)
        return day_of(diary, slots, now, reminders=settings.reminders.on)

    def _now(self, settings: Settings) -> datetime:
        zone = zone_name(settings.schedule.zone, self._services.zone)
        return self._services.clock.now().utc.astimezone(zone_of(zone))


class Watcher:
    """Hands on to the house what a front end would be told, and notes what changes the day."""

    def __init__(self, remote: Remote, changed: Callable[[], None]) -> None:
        self._remote = remote
        self._changed = changed

    def tell(self, line: Snapshot | Happened, /) -> None:
        """Take it; returns at once."""
        self._remote.tell(line)

    def happened(self, line: Happened, address: str) -> None:
        """Take what happened, with its unit's address; returns at once."""
        if isinstance(line, Ended | Reminded):
            self._changed()
        self._remote.tell(line, address)
