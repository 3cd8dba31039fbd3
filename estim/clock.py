"""The one file that reads a clock, and the loop on which time can be made to jump or run faster.

1. Real time: the monotonic part counts suspend (CLOCK_BOOTTIME), so a lid that was closed is time that has passed.
2. Virtual time (speed None): when nothing is ready, time jumps to the next deadline instead of waiting. It stands
   still while work is out in a thread, so what the disk takes never shows in a log; two runs are the same to the byte.
3. A factor (speed N) runs the loop N times faster than the clock on the wall.
"""

import asyncio
import os
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar, TypeVarTuple

from estim.core.moment import Now

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

VIRTUAL_START = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
"""What a jumping clock shows at its start: always the same, so that runs can be compared."""


class Clock(Protocol):
    """Where the host gets its moments from."""

    def now(self) -> Now:
        """Return the present moment; `mono_s` runs as fast as the running loop's time."""


class RealClock:
    """The clock on the wall."""

    def now(self) -> Now:
        return Now(time.clock_gettime(time.CLOCK_BOOTTIME), datetime.now(UTC))


class LoopClock:
    """The clock of a loop with its own time; UTC goes along with it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start
        self._zero_s = loop.time()

    def now(self) -> Now:
        mono_s = self._loop.time()
        return Now(mono_s, self._start + timedelta(seconds=mono_s - self._zero_s))


def wall_s() -> float:
    """Return real seconds, for what a person waits for while virtual time jumps."""
    return time.monotonic()


def began_s() -> float:
    """Return when this process began, on the clock that counts suspend; now, where the system doesn't say."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return int(fields[19]) / os.sysconf("SC_CLK_TCK")  # proc(5): starttime is the 22nd field
    except (OSError, ValueError, IndexError):
        return RealClock().now().mono_s


LOOK_S = 0.02
"""While time jumps, sockets are looked at this often, by the wall's clock: a look costs more than many a jump."""


class _Selector(selectors.DefaultSelector):
    """Asks the loop how long to wait really; 0 means that time has jumped instead."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: Callable[[float], float | None] | None = None
        self._looked_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or self.waits is None:
            return super().select(timeout)
        at_s = time.monotonic()
        if at_s - self._looked_s >= LOOK_S:
            self._looked_s = at_s
            ready = super().select(0)
            if ready:
                return ready
        if timeout <= 0:
            return []
        wait_s = self.waits(timeout)
        return [] if wait_s == 0 else super().select(wait_s)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time jumps (`speed` None) or runs `speed` times as fast as the wall's."""

    def __init__(self, speed: float | None = None) -> None:
        selector = _Selector()
        self._speed = speed
        self._jumped_s = 0.0
        self._busy = 0
        self._began_s = time.monotonic()
        super().__init__(selector)
        selector.waits = self._waits

    def time(self) -> float:
        if self._speed is None:
            return self._jumped_s
        return (time.monotonic() - self._began_s) * self._speed

    def stand_still(self, seconds: float) -> None:
        """Let time pass in which this process doesn't run, as when it is held or the computer sleeps (speed None)."""
        self._jumped_s += seconds

    def _waits(self, timeout_s: float) -> float | None:
        if self._speed is not None:
            return timeout_s / self._speed
        if self._busy:
            return None  # a thread's result wakes the loop; until then no time passes
        self._jumped_s += timeout_s
        return 0

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        self._busy += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._unbusy)
        return future

    def _unbusy(self, _future: object) -> None:
        self._busy -= 1


def new_loop(speed: str) -> tuple[asyncio.AbstractEventLoop, Clock]:
    """Return loop and clock for a speed: "1" real, "max" jumping, or a factor."""
    if speed == "1":
        return asyncio.SelectorEventLoop(), RealClock()
    loop = VirtualLoop(None if speed == "max" else float(speed))
    return loop, LoopClock(loop, VIRTUAL_START if speed == "max" else datetime.now(UTC))
