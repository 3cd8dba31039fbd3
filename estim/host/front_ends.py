"""Who is in front of this host: what one that has gone leaves behind, and whether the host stays.

Rules:
1. A front end that vanishes takes its session with it, unless it asked to keep it.
2. A host doesn't leave while a unit may be on; one that must leaves it to the next.
"""

import asyncio
from threading import Timer

from estim.core.messages.events import Happened
from estim.core.vocabulary import Reason
from estim.host.active import ActiveUnit, ActiveUnits
from estim.host.server import Connection
from estim.host.stops import LOST_WAIT_S, settled
from estim.host.subscribers import Subscribers
from estim.tasks import Tasks


class FrontEnds:
    """All of them. `solo`: the host ends with the last one; `simulated`: its units are software and end with it."""

    def __init__(self, units: ActiveUnits, leaving: asyncio.Event, *, solo: bool, simulated: bool) -> None:
        self.subscribers = Subscribers(units)
        self._units = units
        self._leaving = leaving
        self._solo = solo
        self._simulated = simulated
        self._here: set[Connection] = set()
        self._alone: Timer | None = None
        self._tasks = Tasks()

    @property
    def leaving(self) -> bool:
        """Say whether the host is about to end."""
        return self._leaving.is_set()

    @property
    def end_software(self) -> bool:
        """Say whether software units end now, with their host: nobody is there any more who would see them stopped."""
        return self._solo and self._simulated and not self._here

    def expect_one(self, seconds: float) -> None:
        """Leave if no front end has asked for anything by then: the one that started this host is gone."""
        loop = asyncio.get_running_loop()
        self._alone = Timer(seconds, loop.call_soon_threadsafe, (self._leaving.set,))  # the wall's seconds
        self._alone.daemon = True
        self._alone.start()

    def came(self, connection: Connection) -> None:
        """A front end asks for something."""
        self._here.add(connection)
        if self._alone is not None:
            self._alone.cancel()

    def here(self, connection: Connection | None) -> bool:
        """Say whether a front end is still there."""
        return connection in self._here

    def left(self, connection: Connection) -> None:
        """A front end is gone: stop what it started, unless it asked to keep it."""
        self._here.discard(connection)
        self.subscribers.drop(connection)
        for active in self._units:
            if active.owner is connection and not active.keep and active.running:
                active.stop(Reason.INTERRUPTED)
        self._tasks.begin(self.maybe_leave())

    def tell(self, event: Happened) -> None:
        """Tell every front end that watches of what is no session's own."""
        self.subscribers.told([event])

    async def maybe_leave(self) -> None:
        """A solo host with no front end left ends once everything has stopped, and is known to have."""
        if not self._solo or self._here or any(active.kept for active in self._units):
            return
        for active in self._units:
            if not active.recovers:
                await settled(active, lost_wait_s=LOST_WAIT_S)
        if self._here or any(self._holds(active) for active in self._units):
            return  # asked again when the next session ends
        self._leaving.set()

    def _holds(self, active: ActiveUnit) -> bool:
        """Say whether a host must stay for this: a unit may be on. A software unit ends with its host."""
        may_be_on = (active.running and active.recovers) or active.runner.unsettled
        return may_be_on and not self._simulated
