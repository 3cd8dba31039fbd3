"""Runs a call that may block, in a thread that nothing ever waits for longer than it wants to.

The event loop's own threads won't do: a process doesn't end before they have, and a host must always be able to end.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def aside(call: Callable[[], T], timeout_s: float) -> T:
    """Return what `call` returns, or raise what it raises; TimeoutError if it takes longer, and it is left alone."""
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()  # from here on it can't be cancelled, so the thread may always settle it

    def work() -> None:
        try:
            outcome.set_result(call())
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            outcome.set_exception(error)

    Thread(target=work, name="estim-aside", daemon=True).start()
    async with asyncio.timeout(timeout_s):
        return await asyncio.wrap_future(outcome)
