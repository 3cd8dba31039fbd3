"""What the supervisor keeps of each unit, and of the front ends that watch."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from estim.clock import wall_s
from estim.core.messages.events import Happened
from estim.core.session.session import Session
from estim.core.vocabulary import Reason, State
from estim.host.runner import Runner
from estim.host.server import Connection
from estim.host.session_log import SessionLog, Watched

LOST_EVERY_S = 1.0
"""While a unit is not linked it is shown this often, s: nothing else happens that would show it, and a person who
waits must see that the time goes on."""

LOOK_S = 0.5
"""How often a unit that is prepared for a slot is looked at."""

LOOKS = 90
"""How many times, so for 45 s: two attempts to connect."""


class Proof(Enum):
    """What may be said of a unit after a stop."""

    PROVED = "zero confirmed"
    UNTOUCHED = "stopped before anything was put out"
    UNPROVED = "the stop is NOT confirmed"


@dataclass(slots=True)
class ActiveUnit:
    """One unit with its present (or last) session. `keep`: it outlives its owner, as a person has asked for."""

    runner: Runner
    session_log: SessionLog
    task: asyncio.Task[None]
    owner: Connection | None
    keep: bool

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


@dataclass(slots=True)
class Subscriber:
    """One front end that wants to see everything, a snapshot of each unit at most every `every_s`.

    `told_s` is when each unit was shown last, `owed` what shows it again.
    """

    every_s: float
    told_s: dict[str, float] = field(default_factory=dict)
    owed: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


class Subscribers:
    """All front ends that watch."""

    def __init__(self) -> None:
        self._all: dict[Connection, Subscriber] = {}

    def add(self, connection: Connection, every_s: float) -> None:
        """Show this front end everything from now on."""
        self.drop(connection)
        self._all[connection] = Subscriber(every_s)

    def drop(self, connection: Connection) -> None:
        """Show it nothing more."""
        subscriber = self._all.pop(connection, None)
        for timer in subscriber.owed.values() if subscriber else ():
            timer.cancel()

    def told(self, told: Sequence[Happened]) -> None:
        """Pass on what happened."""
        for connection in list(self._all):
            for line in told:
                connection.tell(line)

    def passed(self, runner: Watched) -> None:
        """Show a fresh snapshot to who watches, no more often than asked, by the clock on the wall.

        One that comes too soon is owed and sent as soon as it may be, then as things are: the last one before a
        silence is the one that counts.
        """
        for connection, subscriber in list(self._all.items()):
            self._show(connection, subscriber, runner)

    def _show(self, connection: Connection, subscriber: Subscriber, runner: Watched) -> None:
        session = runner.session
        name = session.unit.name
        ended = session.state is State.ENDED
        wait_s = subscriber.told_s.get(name, -1e9) + subscriber.every_s - wall_s()
        if wait_s > 0 and not ended:
            if name not in subscriber.owed:
                self._owe(connection, subscriber, runner, wait_s)
            return
        if name in subscriber.owed:
            subscriber.owed.pop(name).cancel()
        subscriber.told_s[name] = wall_s()
        connection.tell(runner.snapshot())
        if not (session.linked or ended):
            self._owe(connection, subscriber, runner, max(LOST_EVERY_S, subscriber.every_s))

    def _owe(self, connection: Connection, subscriber: Subscriber, runner: Watched, wait_s: float) -> None:
        name = runner.session.unit.name

        def late() -> None:
            subscriber.owed.pop(name, None)
            self._show(connection, subscriber, runner)

        subscriber.owed[name] = asyncio.get_running_loop().call_later(wait_s, late)


async def until_ready(active: ActiveUnit) -> str:
    """Return what the person should know: that it is ready, or why not; "" once somebody has taken it over."""
    session = active.runner.session
    for _ in range(LOOKS):
        if not active.waiting or session.state is State.READY:
            break
        await asyncio.sleep(LOOK_S)
    if active.owner is not None or session.started is not None:
        return ""
    if session.state is State.READY:
        return f"{session.unit.title} is ready and at zero: press Enter in estim within five minutes"
    return _why_not(session)


def _why_not(session: Session) -> str:
    if session.reason in (Reason.STOPPED, Reason.PANIC, Reason.INTERRUPTED):
        return ""  # a person stopped it, or wanted another session
    if session.reason is Reason.REFUSED:
        return f"{session.unit.title} isn't ready: {session.why}"
    return f"{session.unit.title} isn't ready: switch it on and bring it near, then start in estim"
