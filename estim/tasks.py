"""Tasks that go on beside whoever began them: kept until they have ended, counted, and ended together."""

import asyncio
from collections.abc import Coroutine


class Tasks:
    """A set of tasks of one owner. The loop itself keeps a task only weakly, so somebody has to."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self, work: Coroutine[object, object, None]) -> None:
        """Begin `work` beside everything else; whoever has a limit looks at `len()` first."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """Cancel all of them; waits for nothing."""
        for task in list(self._tasks):
            task.cancel()

    async def end(self, timeout_s: float) -> None:
        """Cancel all of them, and wait at most so long until they have ended."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
