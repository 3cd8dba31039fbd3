"""Tasks beside whoever began them are ended for good, also where a library has dropped a cancellation."""

import asyncio

from estim.tasks import Tasks, end


async def deaf_once(times: list[str]) -> None:
    """Drop the first cancellation, as `asyncio.wait_for` of Python 3.11 may."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            times.append("cancelled")
            if len(times) > 1:
                raise


async def test_a_task_that_drops_a_cancellation_is_cancelled_again() -> None:
    times: list[str] = []
    running = asyncio.create_task(deaf_once(times))
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await end(running)
    assert (running.cancelled(), times) == (True, ["cancelled", "cancelled"])


async def test_tasks_that_have_ended_or_fail_are_no_matter() -> None:
    async def fails() -> None:
        raise ValueError("nobody's business")

    await end()
    failed = asyncio.create_task(fails())
    await asyncio.wait({failed})
    await end(failed, asyncio.create_task(asyncio.sleep(100)))
    assert failed.exception() is not None
    tasks = Tasks()
    tasks.begin(asyncio.sleep(100))
    await tasks.end(5)
    assert len(tasks) == 0
