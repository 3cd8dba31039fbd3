"""Who watches, and when each unit is shown to them: no more often than asked, and never too late."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct, field

from estim.clock import wall_s
from estim.core.messages.events import Happened
from estim.core.messages.shown import Snapshot
from estim.core.vocabulary import State
from estim.host.active import ActiveUnit, ActiveUnits

LOST_EVERY_S = 1.0
"""While a unit is not linked it is shown this often, s: nothing else happens that would show it, and a person who
waits must see that the time goes on."""


class Watcher(Protocol):
    """Somebody who watches: a front end, or the house."""

    def tell(self, line: Snapshot | Happened, /) -> None:
        """Take what is to be seen; returns at once and never raises."""


Addressed = Callable[[Happened, str], None]
"""Takes what happened together with its unit's address, "" for none: two units may have had the same name."""


class Subscriber(Struct):
    """One who wants to see everything, a snapshot of each unit at most every `every_s`.

    `happened`, if there is one, takes what happens in place of the watcher's `tell`.

    `told_s` is when each unit was shown last, `shown` in which state and whether linked, `owed` what shows it again,
    all by its address.
    """

    every_s: float
    happened: Addressed | None = None
    told_s: dict[str, float] = field(default_factory=dict)
    shown: dict[str, tuple[State, bool]] = field(default_factory=dict)
    owed: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


class Subscribers:
    """All who watch."""

    def __init__(self, units: ActiveUnits) -> None:
        self._units = units
        self._all: dict[Watcher, Subscriber] = {}

    def add(self, watcher: Watcher, every_s: float, happened: Addressed | None = None) -> None:
        """Show this one everything from now on."""
        self.drop(watcher)
        self._all[watcher] = Subscriber(every_s, happened)
        for active in self._units:
            watcher.tell(active.runner.snapshot())

    def drop(self, watcher: Watcher) -> None:
        """Show this one nothing more."""
        subscriber = self._all.pop(watcher, None)
        for timer in subscriber.owed.values() if subscriber else ():
            timer.cancel()

    def told(self, told: Sequence[Happened], address: str = "") -> None:
        """Pass on what happened; `address` is the unit's, "" for what belongs to none."""
        for watcher, subscriber in list(self._all.items()):
            for line in told:
                if subscriber.happened is None:
                    watcher.tell(line)
                else:
                    subscriber.happened(line, address)

    def passed(self, address: str) -> None:
        """Show a fresh snapshot of the unit to who watches, no more often than asked, by the clock on the wall.

        Another state, and a link that goes or comes back, wait for nobody: there are few of them, and a stop is one.
        Else one that comes too soon is owed and sent as soon as it may be, then as things are: the last one before a
        silence is the one that counts.
        """
        active = self._units.at(address)
        if active is None:
            return
        for watcher, subscriber in list(self._all.items()):
            self._show(watcher, subscriber, active)

    def _show(self, watcher: Watcher, subscriber: Subscriber, active: ActiveUnit) -> None:
        session = active.runner.session
        address = session.unit.address
        ended = session.state is State.ENDED
        wait_s = subscriber.told_s.get(address, -1e9) + subscriber.every_s - wall_s()
        now = (session.state, session.linked)
        if wait_s > 0 and not ended and subscriber.shown.get(address) == now:
            if address not in subscriber.owed:
                self._owe(watcher, subscriber, address, wait_s)
            return
        if address in subscriber.owed:
            subscriber.owed.pop(address).cancel()
        subscriber.told_s[address] = wall_s()
        subscriber.shown[address] = now
        watcher.tell(active.runner.snapshot())
        if not (session.linked or ended):
            self._owe(watcher, subscriber, address, max(LOST_EVERY_S, subscriber.every_s))

    def _owe(self, watcher: Watcher, subscriber: Subscriber, address: str, wait_s: float) -> None:
        def late() -> None:
            subscriber.owed.pop(address, None)
            active = self._units.at(address)
            if active is not None:
                self._show(watcher, subscriber, active)

        subscriber.owed[address] = asyncio.get_running_loop().call_later(wait_s, late)
