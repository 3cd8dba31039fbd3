"""Carries Commands from the screen to the host, and Snapshots and Happenings back; knows when either goes silent.

1. Each command has a task of its own. A stop never waits behind another command, a redraw or a message queue.
2. A stop that could not be delivered is owed: it is the first thing a new controller is told. A stop that crosses a
   start is said again when the start is answered: whatever the host made of the first one, nothing begins after it.
3. Lines that end are a lost controller, unless the screen is leaving; it is started again, until there is one.
4. Lines that stay away while a session is under way make the model stale: the screen must not look alive by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Protocol

from estim.core.errors import EstimError
from estim.core.messages.commands import Ask, Overview, Refusal, Reply, SetLevel, Snapshot, Start, Status, Stop, Watch
from estim.core.messages.events import Ended, Happened
from estim.core.messages.lines import Line
from estim.core.vocabulary import State
from estim.tui.wording import live

ASKS_MAX = 24
"""Commands under way at once; a raise beyond is dropped (a key that repeats), a stop never."""
ASK_S = 90.0
"""Longest wait for an answer, s: a backstop. The client has a shorter one (60 s), after which it hangs up, since a late
answer must not be taken for another command's."""
STOP_S = 40.0
"""Longest wait for the answer to a stop, s: it comes with the proof, and a lost unit is waited for up to 25 s."""
SILENT_TICKS = 3
"""Seconds without a line, in ticks of one second, until the model is stale (safety.md section 2: grey at 3 s)."""
TRY_GAP_S = 1.0
"""First wait between two attempts to start a controller again, s: doubled each time."""

TRY_GAP_MAX_S = 10.0
"""The longest of them, s."""

Sleep = Callable[[float], Awaitable[None]]


class Client(Protocol):
    """The way to a host. `ask` raises EstimError, OSError or TimeoutError if there is none any more."""

    async def ask(self, command: Ask) -> Reply:
        """Send one command and return its answer."""
        ...

    def lines(self) -> AsyncIterator[Line]:
        """Snapshots and Happenings as they come; ends when the host has gone."""
        ...


class Listener(Protocol):
    """Who hears what comes back; every method returns at once."""

    def heard(self, line: Snapshot | Happened) -> None:
        """A Snapshot or Happening came."""

    def met(self, overview: Overview) -> None:
        """A controller answers: what it knows."""

    def answered(self, command: Ask, reply: Reply) -> None:
        """A command was answered."""

    def undelivered(self, command: Ask, why: str) -> None:
        """A command had no answer."""

    def fell_silent(self) -> None:
        """No line has come for three seconds in a session."""

    def lost(self) -> None:
        """The controller has gone."""

    def failed_again(self, why: str) -> None:
        """Starting a controller again failed."""

    def tick(self) -> None:
        """A second is over."""


class Mailbox:
    """One way to a host, and its successors. `again` starts or joins a host anew."""

    def __init__(
        self, client: Client, listener: Listener, again: Callable[[], Awaitable[Client]], sleep: Sleep
    ) -> None:
        self._client = client
        self._listener = listener
        self._again = again
        self._sleep = sleep
        self._asks: set[asyncio.Task[None]] = set()
        self._owed: Stop | None = None
        self._starts = 0
        self._crossed: Stop | None = None
        self._live: dict[str, bool] = {}
        self._quiet = 0
        self.up = True
        self.leaving = False

    def send(self, command: Ask) -> None:
        """Hand a command to the client, in a task of its own; what comes of it is told to the listener."""
        if len(self._asks) >= ASKS_MAX and isinstance(command, SetLevel):
            self._listener.undelivered(command, "too many keys at once")
            return
        limit_s = STOP_S if isinstance(command, Stop) else ASK_S
        if isinstance(command, Stop) and self._starts:
            self._crossed = command
        self._spawn(self._start(command) if isinstance(command, Start) else self._deliver(command, limit_s))

    async def run(self) -> None:
        """Listen until cancelled, through as many controllers as it takes."""
        ticking = asyncio.create_task(self._tick())
        try:
            while True:
                await self._attend(self._client)
                self.up = False
                self._live.clear()
                if self.leaving:
                    return
                self._listener.lost()
                await self._rejoin()
        finally:
            ticking.cancel()
            for task in self._asks:
                task.cancel()

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._asks.add(task)
        task.add_done_callback(self._asks.discard)

    async def _start(self, command: Start) -> None:
        self._starts += 1
        try:
            await self._deliver(command, ASK_S)
        finally:
            self._starts -= 1
        crossed = self._crossed
        self._crossed = None
        if crossed is not None:
            await self._deliver(crossed, STOP_S)

    async def _deliver(self, command: Ask, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                reply = await self._client.ask(command)
        except TimeoutError:
            self._miss(command, f"no answer in {limit_s:.0f} s")
        except (EstimError, OSError) as error:
            self._miss(command, str(error))
        else:
            self._listener.answered(command, reply)

    def _miss(self, command: Ask, why: str) -> None:
        if isinstance(command, Stop):
            self._owed = command
        self._listener.undelivered(command, why)

    async def _attend(self, client: Client) -> None:
        self._spawn(self._greet(client))
        try:
            async for line in client.lines():
                self._quiet = 0
                if isinstance(line, Snapshot):
                    # Nothing flows before the first link, and a scan may take its time without a word.
                    self._live[line.unit] = live(line) and line.state is not State.CONNECTING
                if isinstance(line, Ended):
                    self._live[line.unit] = False  # whether or not a last Snapshot follows, there is nothing to be said
                if isinstance(line, Snapshot | Happened):
                    self._listener.heard(line)
        except (EstimError, OSError) as error:
            self._listener.failed_again(str(error))

    async def _greet(self, client: Client) -> None:
        """Say the owed stop first, then ask to be told everything."""
        if self._owed is not None:
            owed = self._owed
            self._owed = None
            await self._deliver(owed, STOP_S)
        try:
            async with asyncio.timeout(ASK_S):
                watching = await client.ask(Watch())
                overview = await client.ask(Status())
        except (EstimError, OSError, TimeoutError) as error:
            self._listener.undelivered(Watch(), str(error) or f"no answer in {ASK_S:.0f} s")
            return
        if isinstance(watching, Refusal):
            self._listener.answered(Watch(), watching)
        if isinstance(overview, Overview):
            self._listener.met(overview)

    async def _rejoin(self) -> None:
        gap_s = TRY_GAP_S
        while not self.up:
            try:
                self._client = await self._again()
                self.up = True
            except (EstimError, OSError, TimeoutError) as error:
                self._listener.failed_again(str(error))
                await self._sleep(gap_s)
                gap_s = min(2 * gap_s, TRY_GAP_MAX_S)

    async def _tick(self) -> None:
        while True:
            await self._sleep(1.0)
            self._quiet += 1
            if self._quiet == SILENT_TICKS and self.up and any(self._live.values()):
                self._listener.fell_silent()
            self._listener.tick()
