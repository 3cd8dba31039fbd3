"""One search of the radio for all who look: BlueZ allows a program one discovery, and can't connect well meanwhile.

1. The search runs while anybody looks. Each has a filter and patience of its own, and hears what the others hear.
2. Connecting pauses the search and resumes it; one connection is made at a time.
3. To stop a unit goes before everything else: its connection is the next, and an attempt for a session makes way. An
   attempt that leads nowhere makes way for anybody's after TURN_S. Who only looks around is never waited for.
4. A radio that is busy (org.bluez.Error.InProgress) or stands still is asked again, later and later, and is a failure
   to nobody: whose patience ends is told by `trouble`. Every other error is told at once to all who look.
5. BlueZ tells of a unit once in a search, if its strength hardly changes. So who joins is told what was heard just now,
   and the search begins anew: then, and every RENEW_S, which also finds a Bluetooth service that was started again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum
from math import inf
from typing import Any, Generic, Protocol, TypeVar

START_S = 5.0
"""For a radio to begin a search; a Bluetooth service that stands still never answers."""
STOP_S = 3.0
RENEW_S = 10.0
FRESH_S = 3.0
"""What was heard so long ago is told to who joins."""
YOUNG_S = 1.0
"""A search that began so long ago need not begin anew for who joins."""
TURN_S = 6.0
"""How long one attempt to connect keeps others from the radio: three times what a unit that is there takes."""
ASIDE_S = 1.0
"""How long an attempt for a session may keep one that is to stop a unit from the radio."""
LET_GO_S = 3.0
"""For an attempt that is called off to be undone: a disconnect takes up to 2.8 s on BlueZ (bluetooth.md)."""
BUSY_MIN_S = 0.05
"""The first wait before a busy radio is asked again."""

BUSY_MAX_S = 1.0
"""The longest such wait."""
END_TRIES = 30


class Device(Protocol):
    """What was heard, as the radio's library has it."""

    @property
    def address(self) -> str:
        """Its Bluetooth address."""


CUT_SHORT = (AssertionError, AttributeError, KeyError)
"""What comes out of bleak when the message bus goes away in the middle of a request."""

T = TypeVar("T")
D = TypeVar("D", bound=Device)
A = TypeVar("A")
Hears = Callable[[D, A], None]


class Scanner(Protocol):
    """A search on one adapter."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End."""


class Rank(IntEnum):
    """What somebody wants of the radio, the most urgent last."""

    LOOK = 0
    PLAY = 1
    STOP = 2


class MadeWay(Exception):
    """An attempt to connect was called off for another one: look again, and try again."""


class _Looker(Generic[D, A]):
    def __init__(self, rank: Rank, hears: Hears[D, A]) -> None:
        self.rank = rank
        self.hears = hears
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class _Turn:
    def __init__(self, rank: Rank) -> None:
        self.rank = rank
        self.comes = asyncio.Event()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.began_s = inf
        self.work: asyncio.Task[Any] | None = None


class Search(Generic[D, A]):
    """See the module. `make` gives the scanners, not yet started, that call its argument for whatever they hear.

    `errors` are those of the radio's library, CUT_SHORT among them; D is its device, A what it says of itself.
    """

    def __init__(
        self,
        make: Callable[[Hears[D, A]], Awaitable[Sequence[Scanner]]],
        errors: Callable[[], tuple[type[Exception], ...]],
    ) -> None:
        self._make = make
        self._errors = errors
        self.trouble: Exception | None = None
        self._lookers: list[_Looker[D, A]] = []
        self._scanners: list[Scanner] = []
        self._heard: dict[str, tuple[float, D, A]] = {}
        self._began_s = -inf
        self._listened_s = 0.0
        self._renew_s = inf
        self._busy_s = BUSY_MIN_S
        self._queue: list[_Turn] = []
        self._holder: _Turn | None = None
        self._changed = asyncio.Event()
        self._silent = asyncio.Event()
        self._silent.set()
        self._keeper: asyncio.Task[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._undoing: set[asyncio.Task[Any]] = set()
        self._late: set[asyncio.Task[Any]] = set()

    @contextmanager
    def looking(self, rank: Rank, hears: Hears[D, A]) -> "Iterator[asyncio.Future[None]]":
        """Look within this block: `hears` is called for each advert; what is given fails if the search does."""
        looker = _Looker(rank, hears)
        self._lookers.append(looker)
        now_s = asyncio.get_running_loop().time()
        for heard_s, device, data in list(self._heard.values()):
            if self._scanners and now_s - heard_s <= FRESH_S:
                hears(device, data)
        if now_s - self._began_s > YOUNG_S:
            self._renew_s = now_s
        self._stir()
        try:
            yield looker.failed
        finally:
            if looker in self._lookers:
                self._lookers.remove(looker)
            looker.failed.cancel()
            self._stir()

    async def find(self, rank: Rank, address: str, fits: Callable[[D], bool] = lambda _: True) -> D:
        """Return the unit with this address once it is heard: when that is, is up to the caller's patience."""
        found: asyncio.Future[D] = asyncio.get_running_loop().create_future()

        def hears(device: D, _data: A) -> None:
            if not found.done() and device.address.upper() == address.upper() and fits(device):
                found.set_result(device)

        with self.looking(rank, hears) as failed:
            await asyncio.wait((found, failed), return_when=asyncio.FIRST_COMPLETED)
            if not found.done():
                failed.result()
            return found.result()

    async def listen(self, seconds: float, limit_s: float, hears: Hears[D, A]) -> float:
        """Look around until it was listened for so long, `limit_s` at most; return how long it really was."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + limit_s
        before_s = self._listened()
        with self.looking(Rank.LOOK, hears) as failed:
            while (left_s := seconds - (self._listened() - before_s)) > 1e-6 and loop.time() < until_s:
                await asyncio.wait({failed}, timeout=min(left_s, until_s - loop.time()))
                if failed.done():
                    failed.result()
            heard_s = self._listened() - before_s
        await self._quiet()
        return heard_s

    async def alone(self, rank: Rank, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do work while nobody searches or connects; raises MadeWay if it was called off for another's."""
        turn = _Turn(rank)
        self._queue.append(turn)
        self._grant()
        try:
            await turn.comes.wait()
            await self._silent.wait()
            turn.began_s = asyncio.get_running_loop().time()
            turn.work = asyncio.get_running_loop().create_task(work())
            self._press()
            await asyncio.wait({turn.work, turn.over}, return_when=asyncio.FIRST_COMPLETED)
            await self._call_off(turn)
            if not turn.work.done() or turn.work.cancelled() or (turn.over.done() and turn.work.exception()):
                raise MadeWay
            result: T = turn.work.result()
            return result
        finally:
            try:
                await self._call_off(turn)
            finally:
                if self._holder is turn:
                    self._holder = None
                else:
                    self._queue.remove(turn)
                self._grant()

    async def close(self) -> None:
        """End the search; who still looks hears nothing more."""
        self._lookers.clear()
        self._stir()
        if self._keeper is not None:
            await asyncio.wait({self._keeper}, timeout=2 * STOP_S)

    async def _quiet(self) -> None:
        """Wait until the search has ended, if nobody else looks."""
        if self._keeper is not None and not self._lookers:
            await asyncio.wait({self._keeper}, timeout=STOP_S)

    async def _call_off(self, turn: _Turn) -> None:
        """End an attempt that is under way; one that can't be undone in time is left to itself."""
        if turn.work is None or turn.work.done() or turn.work in self._undoing:
            return
        turn.work.cancel()
        self._undoing.add(turn.work)
        turn.work.add_done_callback(self._undone)
        await asyncio.wait({turn.work}, timeout=LET_GO_S)

    def _undone(self, work: "asyncio.Task[Any]") -> None:
        self._undoing.discard(work)
        if not work.cancelled():
            work.exception()  # nobody waits for it any more

    def _grant(self) -> None:
        """Give the radio to the most urgent of those who want to connect, the first among equals."""
        if self._holder is None and self._queue:
            turn = max(self._queue, key=lambda one: one.rank)
            self._queue.remove(turn)
            self._holder = turn
            turn.comes.set()
        self._stir()

    def _stir(self) -> None:
        """Let the keeper look at what has changed; it lives while there is something to keep."""
        self._changed.set()
        if (self._keeper is None or self._keeper.done()) and self._lookers:
            self._keeper = asyncio.get_running_loop().create_task(self._keep())
        self._press()

    def _press(self) -> None:
        """Call the present attempt off once its time is up: at once if it is, else by an alarm."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        turn = self._holder
        if turn is None or turn.work is None or turn.work.done() or turn.over.done():
            return
        limit_s = self._limit_s(turn)
        if limit_s == inf:
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= turn.began_s + limit_s:
            turn.over.set_result(None)
        else:
            self._alarm = loop.call_at(turn.began_s + limit_s, self._press)

    def _limit_s(self, turn: _Turn) -> float:
        if turn.rank < Rank.STOP and any(one.rank is Rank.STOP for one in self._queue):
            return ASIDE_S
        if self._queue or any(one.rank > Rank.LOOK for one in self._lookers):
            return TURN_S
        return inf

    async def _keep(self) -> None:
        """Begin, renew and end the search, until nobody looks any more."""
        while self._lookers or self._scanners:
            self._changed.clear()
            now_s = asyncio.get_running_loop().time()
            if not self._lookers or now_s >= self._renew_s:
                await self._stop()
            elif self._holder is not None:
                await self._stop()
                await self._wait(inf)
            elif not self._scanners:
                await self._start()
            else:
                await self._wait(self._renew_s - now_s)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(None if seconds == inf else seconds):
                await self._changed.wait()

    async def _start(self) -> None:
        """Begin on every adapter; one that can't is tried again with the next renewal, if another can."""
        self._silent.clear()
        self._heard.clear()
        troubles: list[Exception] = []
        try:
            async with asyncio.timeout(START_S):
                while self._late:
                    await asyncio.wait(self._late)
                scanners = await self._make(self._hear)
        except self._errors() as error:
            scanners = ()
            troubles = [error]
        for scanner in scanners:
            try:
                await self._in_time(self._begin(scanner), START_S)
                self._scanners.append(scanner)
            except self._errors() as error:
                troubles.append(error)
        if self._scanners:
            self._began_s = asyncio.get_running_loop().time()
            self._renew_s = self._began_s + RENEW_S
            self._busy_s = BUSY_MIN_S
            self.trouble = None
            return
        self._silent.set()
        self._renew_s = inf
        self.trouble = next((one for one in troubles if passes(one)), None)
        if self.trouble is None:
            self._fail(troubles[0])
        else:
            await self._wait_busy()

    async def _begin(self, scanner: Scanner) -> None:
        await scanner.start()
        if asyncio.current_task() in self._late:
            await scanner.stop()  # nobody waits for it any more, and BlueZ would refuse the next one

    async def _in_time(self, work: Coroutine[Any, Any, None], seconds: float) -> None:
        """Wait so long for BlueZ to begin or end a search. It is not called off: then BlueZ would search for nobody."""
        task = asyncio.get_running_loop().create_task(work)
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            self._late.add(task)
            task.add_done_callback(self._arrived)
            raise TimeoutError
        task.result()

    def _arrived(self, task: "asyncio.Task[Any]") -> None:
        self._late.discard(task)
        if not task.cancelled():
            task.exception()  # nobody waits for it any more

    async def _wait_busy(self) -> None:
        """Wait before a busy radio is asked again; who joins or connects meanwhile doesn't shorten it."""
        wait_s = self._busy_s
        self._busy_s = min(2 * self._busy_s, BUSY_MAX_S)
        await asyncio.sleep(wait_s)

    async def _stop(self) -> None:
        """End on every adapter. What can't be ended is over all the same: nobody hears it any more."""
        scanners = self._scanners
        self._scanners = []
        if scanners:
            self._listened_s += asyncio.get_running_loop().time() - self._began_s
        self._heard.clear()
        self._renew_s = inf
        try:
            for scanner in scanners:
                await self._stop_one(scanner)
        finally:
            self._silent.set()

    async def _stop_one(self, scanner: Scanner) -> None:
        with suppress(*self._errors()):
            await self._in_time(self._end(scanner), STOP_S)

    async def _end(self, scanner: Scanner) -> None:
        """End a search, again and again while BlueZ is busy: one that goes on would be in the way of all to come."""
        wait_s = BUSY_MIN_S
        for _ in range(END_TRIES):
            try:
                await scanner.stop()
                return
            except self._errors() as error:
                if not in_progress(error):
                    raise
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, BUSY_MAX_S)

    def _fail(self, error: Exception) -> None:
        lookers = self._lookers
        self._lookers = []
        for looker in lookers:
            if not looker.failed.done():
                looker.failed.set_exception(error)
                looker.failed.exception()  # it may be that nobody looks at it any more

    def _listened(self) -> float:
        now_s = asyncio.get_running_loop().time()
        return self._listened_s + (now_s - self._began_s if self._scanners else 0.0)

    def _hear(self, device: D, data: A) -> None:
        self._heard[device.address.upper()] = (asyncio.get_running_loop().time(), device, data)
        for looker in list(self._lookers):
            looker.hears(device, data)


_IN_PROGRESS = "already in progress"  # untranslated: as BlueZ says it


def in_progress(error: BaseException | None) -> bool:
    """Say whether BlueZ was busy with something else, in whatever this error came from."""
    while error is not None:
        text = str(error)
        if "org.bluez.Error.InProgress" in text or _IN_PROGRESS in text.lower():
            return True
        error = error.__cause__
    return False


def passes(error: BaseException) -> bool:
    """Say whether an error passes by itself: the radio is busy, stands still, or is just being started again."""
    return isinstance(error, (TimeoutError, *CUT_SHORT)) or in_progress(error)
