"""One way to a host and its successors, for every front end: sends commands, hears lines, and goes on with the next.

1. Each command has a task of its own. A stop is never dropped, and waits behind nothing, not even another stop. Where
   no answer comes in time that is told, and it goes on by every way there is (connection.py).
2. A stop is owed until it is answered: it is the first thing the next host is told, and the very first one, should none
   have been joined yet. One that crosses a start is said again when the start is answered: whatever the host made of
   the first one, nothing begins after it.
3. Lines that stay away while a session is under way are told; then the host is asked whether it lives, by a door of its
   own, since it may just be looking for a lost unit (safety.md H-29).
4. Lines that end are a lost host: the next one is joined or started until there is one, unless the front end leaves.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from estim.core.errors import EstimError
from estim.core.messages.commands import Ask, Reply, SetLevel, Start
from estim.core.messages.events import Ended, Started
from estim.core.messages.lines import Line
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tasks import Tasks

ASKS_MAX = 24
"""Commands under way at once; a raise beyond is dropped (a key that repeats), a stop never."""

ASK_S = 90.0
"""Longest wait for an answer, s: a backstop. The client has a shorter one (60 s), after which it hangs up, since a late
answer must not be taken for another command's."""

STOP_S = 40.0
"""How long a stop may be without an answer until that is told, s: it comes with the proof, and a lost unit is waited
for up to 25 s."""

LOOK_S = 1.0
"""How often it is looked at whether the host still says something."""

SILENT_TICKS = 3
"""Such looks without a line make a silent host; snapshots come four times a second (safety.md section 2)."""

TRY_GAP_S = 1.0
"""First wait between two attempts to join or start a host, s: doubled each time."""

TRY_GAP_MAX_S = 10.0
"""The longest of them, s."""

END_S = 1.0
"""Longest wait for what is under way to end when the front end leaves, s."""

Sleep = Callable[[float], Awaitable[None]]


class Client(Protocol):
    """The way to one host, as `connection.Client` is one."""

    async def ask(self, command: Ask) -> Reply:
        """Send one command and return its answer; raises EstimError or OSError if there is none any more."""
        ...

    def lines(self) -> AsyncIterator[Line]:
        """What it says, as it comes; ends when the host has gone."""
        ...

    async def lives(self) -> bool:
        """Whether it answers at its door."""
        ...

    async def close(self) -> None:
        """Hang up."""


class Listener(Protocol):
    """A front end: hears what comes of it. Every method returns at once."""

    def heard(self, line: Line) -> None:
        """A line came; answers are among them, in their place."""

    def answered(self, command: Ask, reply: Reply) -> None:
        """A command was answered."""

    def undelivered(self, command: Ask, why: str) -> None:
        """A command had no answer; a stop goes on all the same, and may be answered yet."""

    def fell_silent(self) -> None:
        """No line has come for three seconds in a session."""

    def stands_still(self) -> None:
        """A host that had fallen silent doesn't answer at its door either."""

    def lost(self) -> None:
        """The host has gone; who wants no other one leaves now."""

    def failed_again(self, why: str) -> None:
        """Joining or starting the next one failed."""


class Follower:
    """One way to a host, and its successors. `again` joins or starts the next one.

    `greeting` is what each host is asked first, behind what is owed. With `joining` the first host has yet to be
    joined, and `client` stands in until then; if there is none to be had, `run` raises its EstimError.
    """

    def __init__(
        self,
        client: Client,
        listener: Listener,
        again: Callable[[], Awaitable[Client]],
        sleep: Sleep = asyncio.sleep,
        greeting: Sequence[Ask] = (),
        joining: Awaitable[Client] | None = None,
    ) -> None:
        self._client = client
        self._joining = joining
        self._listener = listener
        self._again = again
        self._sleep = sleep
        self._greeting = greeting
        self._tasks = Tasks()
        self.stops = 0
        """How many stops were sent: who orders several things one after the other looks whether one came between."""
        self._owed: list[Stop] = []
        self._starting: list[list[Stop]] = []
        self._live: set[str] = set()
        self._quiet = 0
        self._up = True
        self._hearing: asyncio.Task[None] | None = None
        self._given_up = False
        self._over = asyncio.Event()

    @property
    def owes(self) -> bool:
        """Whether a stop has no answer yet."""
        return bool(self._owed)

    @property
    def left(self) -> bool:
        """Whether the front end has left."""
        return self._over.is_set()

    def send(self, command: Ask) -> None:
        """Hand a command to the client, in a task of its own; what comes of it is told to the listener."""
        if len(self._tasks) >= ASKS_MAX and isinstance(command, SetLevel) and not command.only_lowers:
            self._listener.undelivered(command, tr("too many keys at once"))
            return
        self._tasks.begin(self._told(command, self._noted(command)))

    async def say(self, command: Ask) -> Reply | None:
        """Hand over a command, and return its answer when the listener has been told; None if there was none.

        It has a task of its own too: a command that is given up hangs up (connection.py), so who stops waiting, such as
        a place of the screen that is left, must not take it along.
        """
        return await asyncio.shield(self._tasks.begin(self._said(command, self._noted(command))))

    def owe(self, stop: Stop) -> None:
        """Make a stop the next host's first word; one that stops everything at once stands for all before it."""
        everything = stop.unit is None and not stop.soft
        self._owed = [] if everything else [one for one in self._owed if one != stop]
        self._owed.append(stop)

    def give_up(self) -> None:
        """Take the present host for gone, whatever it still says."""
        self._given_up = True
        if self._hearing is not None:
            self._hearing.cancel()

    def leave(self) -> None:
        """Hear no more, and go on with no other host."""
        self._over.set()

    async def run(self) -> None:
        """Listen until the front end leaves, through as many hosts as it takes."""
        going = [asyncio.create_task(work) for work in (self._follow(), self._mind_silence(), self._left())]
        try:
            ended, _ = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()  # a listener's mistake is nobody's to swallow
        finally:
            for task in going:
                task.cancel()
            self._tasks.cancel()

    async def close(self) -> None:
        """Leave, and hang up; a stop that is under way is carried out all the same."""
        self.leave()
        await self._tasks.end(END_S)
        await self._client.close()

    async def _left(self) -> None:
        await self._over.wait()

    # What is said

    def _noted(self, command: Ask) -> list[Stop]:
        """Note that a stop is owed, and crosses every start under way; return where what crosses this one is noted."""
        crossed: list[Stop] = []
        if isinstance(command, Start):
            self._starting.append(crossed)
        if isinstance(command, Stop):
            self.owe(command)
            self.stops += 1
            for noted in self._starting:
                if command not in noted:
                    noted.append(command)
        return crossed

    async def _told(self, command: Ask, crossed: list[Stop]) -> None:
        await self._said(command, crossed)

    async def _said(self, command: Ask, crossed: list[Stop]) -> Reply | None:
        stops = isinstance(command, Stop)
        why = tr("no answer in {seconds:.0f} s", seconds=STOP_S if stops else ASK_S)
        # A stop that is late is told, and never taken back: its other ways are still to come.
        late = (
            asyncio.get_running_loop().call_later(STOP_S, self._listener.undelivered, command, why) if stops else None
        )
        reply: Reply | None = None
        try:
            async with asyncio.timeout(None if stops else ASK_S):
                reply = await self._client.ask(command)
        except TimeoutError:
            pass
        except (EstimError, OSError) as error:
            why = str(error)
        finally:
            if late is not None:
                late.cancel()
            self._starting = [one for one in self._starting if one is not crossed]
        if crossed:
            for stop in crossed:
                self.send(replace(stop))  # a word of its own: what is answered to the first doesn't settle it
            await asyncio.sleep(0)  # they are under way before anybody who hears of the answer can hang up
        if reply is None:
            self._listener.undelivered(command, why)
        else:
            self._owed = [one for one in self._owed if one is not command]
            self._listener.answered(command, reply)
        return reply

    # What is heard

    async def _follow(self) -> None:
        if self._joining is not None:
            self._up = False
            self._client = await self._joining
            self._up = True
            self._greet(self._owed)
        self._greet(self._greeting)
        while True:
            await self._attend()
            self._up = False
            self._live.clear()
            if not self.left:
                self._listener.lost()
            if self._over.is_set():
                return
            gone = self._client
            await self._rejoin()
            self._greet((*self._owed, *self._greeting))
            self._tasks.begin(gone.close())

    def _greet(self, commands: Sequence[Ask]) -> None:
        """Say these, each in a task of its own, in this order."""
        for command in commands:
            self.send(command)

    async def _attend(self) -> None:
        """Hear the present host to its end, or until it is given up."""
        self._hearing = asyncio.create_task(self._hear())
        if self._given_up:
            self._hearing.cancel()
        try:
            await asyncio.wait({self._hearing})
        finally:
            self._hearing.cancel()
        if not self._hearing.cancelled():
            self._hearing.result()

    async def _hear(self) -> None:
        async for line in self._client.lines():
            self._quiet = 0
            match line:
                case Snapshot():
                    # Nothing flows before the first link, and a scan may take its time without a word.
                    self._count(line.unit, live=line.live and line.state is not State.CONNECTING)
                case Started():
                    self._count(line.unit, live=True)
                case Ended():
                    # Whether or not a last Snapshot follows, there is nothing to be said.
                    self._count(line.unit, live=False)
                case _:
                    pass
            self._listener.heard(line)
            if self.left:
                return

    def _count(self, unit: str, *, live: bool) -> None:
        """Keep whether something has to be said of a unit."""
        if live:
            self._live.add(unit)
        else:
            self._live.discard(unit)

    async def _mind_silence(self) -> None:
        while True:
            await self._sleep(LOOK_S)
            self._quiet += 1
            if self._quiet == SILENT_TICKS and self._up and self._live:
                self._listener.fell_silent()
                self._tasks.begin(self._ask_alive(self._client))

    async def _ask_alive(self, client: Client) -> None:
        if not await client.lives():
            self._listener.stands_still()

    async def _rejoin(self) -> None:
        gap_s = TRY_GAP_S
        while not self._up:
            try:
                self._client = await self._again()
            except (EstimError, OSError) as error:
                self._listener.failed_again(str(error))
                await self._sleep(gap_s)
                gap_s = min(2 * gap_s, TRY_GAP_MAX_S)
            else:
                self._given_up = False
                self._up = True
