"""The units of this host: each with its present or last session, found by address or by what a person calls it."""

import asyncio
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from estim.core.addresses import same_address
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.core.vocabulary import Reason, State
from estim.host.runner import Runner
from estim.host.server import Connection
from estim.host.session_log import SessionLog


class Proof(Enum):
    """What may be said of a unit after a stop."""

    PROVED = "proved"
    UNTOUCHED = "untouched"
    UNPROVED = "unproved"


class ActiveUnit(Struct):
    """One unit with its present (or last) session. `keep`: it outlives its owner, as a person has asked for."""

    runner: Runner
    session_log: SessionLog
    task: asyncio.Task[None]
    owner: Connection | None
    keep: bool

    @property
    def name(self) -> str:
        """What a person calls the unit."""
        return self.runner.session.unit.name

    @property
    def running(self) -> bool:
        """Say whether the session has not ended yet."""
        return self.runner.session.state is not State.ENDED

    @property
    def recovers(self) -> bool:
        """Say whether it only stops a unit that was left on."""
        return self.runner.session.order is None

    @property
    def kept(self) -> bool:
        """Say whether the session goes on although nobody watches; one that only stops a unit doesn't count."""
        return self.keep and self.running and self.runner.session.order is not None

    @property
    def waiting(self) -> bool:
        """Say whether it was prepared by the schedule, and nobody has come yet."""
        session = self.runner.session
        return self.owner is None and self.running and session.order is not None and session.started is None

    @property
    def proof(self) -> Proof:
        """Say what is proved. A session that only stops a unit never starts, and is proved by nothing but zero."""
        session = self.runner.session
        if session.stop_confirmed is True:
            return Proof.PROVED
        untouched = not self.running and session.untouched
        return Proof.UNTOUCHED if untouched else Proof.UNPROVED

    def is_called(self, name: str) -> bool:
        """Say whether this is its name, or its address."""
        return name.casefold() == self.name.casefold() or same_address(name, self.runner.session.unit.address)

    def take_over(self, owner: Connection, *, keep: bool) -> None:
        """Give a session that was prepared to the person who has come for it."""
        self.owner = owner
        self.keep = keep

    def stop(self, reason: Reason, *, soft: bool = False) -> None:
        """Order the stop of its session, in this very breath."""
        session = self.runner.session
        self.runner.ask(lambda now, _: session.stop(now, reason, soft=soft))

    def note_seen_off(self) -> None:
        """Take a person's word that the unit is off."""
        session = self.runner.session
        self.runner.ask(lambda now, _: session.seen_off(now))


class ActiveUnits:
    """All of them, by address: a name may be given to another unit."""

    def __init__(self) -> None:
        self._units: dict[str, ActiveUnit] = {}

    def __iter__(self) -> Iterator[ActiveUnit]:
        return iter(list(self._units.values()))

    def at(self, address: str) -> ActiveUnit | None:
        """Return the unit at an address, if it has or had a session."""
        return self._units.get(address.casefold())

    def put(self, active: ActiveUnit) -> None:
        """Note a unit with its new session, in the place of its last one."""
        address = active.runner.session.unit.address
        present = self.at(address)
        assert present is None or not present.running, "a running session is never replaced"
        self._units[address.casefold()] = active

    @property
    def running(self) -> list[ActiveUnit]:
        """Those whose session has not ended yet; one that waits for a person, or only stops its unit, is among them."""
        return [active for active in self if active.running]

    def meant_by_stop(self, name: str | None) -> list[ActiveUnit]:
        """Return all that a stop may mean: those of this name that run, else those that ran, else every one.

        A name may have been another unit's before, and one that nobody knows here may be a slip, or a new name: what
        was to be stopped is among them all.
        """
        named = [active for active in self if name is not None and active.is_called(name)]
        return [active for active in named if active.running] or named or list(self)

    def knows(self, name: str) -> bool:
        """Say whether a unit of this name has, or had, a session here."""
        return any(active.is_called(name) for active in self)

    def meant(self, name: str | None) -> list[ActiveUnit]:
        """Return the one unit that is named, or all of them; raise EstimError if there is none of this name."""
        return [self.one(name)] if name else list(self)

    def one(self, name: str | None) -> ActiveUnit:
        """Return the unit that is meant; raise EstimError if it isn't clear which."""
        if name is not None:
            named = [active for active in self if active.is_called(name)]
            if named:
                return next((active for active in named if active.running), named[0])
            there = ", ".join(active.name for active in self.running)
            text = tr("no session on a unit {unit!r}", unit=name)
            running = tr("no session on a unit {unit!r}; running: {there}", unit=name, there=there)
            raise EstimError(running if there else text, code=Exit.NO_DEVICE)
        active_units = self.running or list(self)
        if not active_units:
            raise EstimError(tr("nothing is running: start a program first"), code=Exit.TRY_LATER)
        if len(active_units) > 1:
            raise EstimError(tr("more than one unit is running: name one with --unit"), code=Exit.USAGE)
        return active_units[0]

    def doing(self) -> str:
        """Return in one line what is going on, for who looks from outside."""
        running = [f"{active.name} {active.runner.session.state.value}" for active in self.running]
        return ", ".join(running) or tr("nothing is running")
