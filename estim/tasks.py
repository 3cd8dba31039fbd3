"""Tasks that go on beside whoever began them: kept until they have ended, counted, and ended together."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

CANCEL_AGAIN_S = 0.2
"""How long a task that was cancelled may go on before it is cancelled again, s."""


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks, and return when each has ended; what they end with is nobody's business any more.

    One cancellation may get lost: `asyncio.wait_for` of Python 3.11, which libraries use, drops one that comes in the
    same moment as what it waits for. So it is repeated.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


class Tasks:
    """A set of tasks of one owner. The loop itself keeps a task only weakly, so somebody has to."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Begin `work` beside everything else; whoever has a limit looks at `len()` first."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def cancel(self) -> None:
        """Cancel all of them; waits for nothing."""
        for task in list(self._tasks):
            task.cancel()

    async def end(self, timeout_s: float) -> None:
        """Cancel all of them, and wait at most so long until they have ended."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
