"""The loops: virtual time jumps, stands still while a thread works, and is the same in every run."""

import asyncio
import time
from datetime import timedelta

from estim.clock import VIRTUAL_START, LoopClock, RealClock, VirtualLoop, new_loop


def test_a_day_passes_in_no_time() -> None:
    began_s = time.monotonic()
    loop, clock = new_loop("max")
    try:
        loop.run_until_complete(asyncio.sleep(86_400))
        now = clock.now()
    finally:
        loop.close()
    assert 86_400 <= now.mono_s < 86_400.001
    assert now.utc - VIRTUAL_START >= timedelta(days=1)
    assert time.monotonic() - began_s < 5


def test_deadlines_come_in_order_and_on_time() -> None:
    loop = VirtualLoop()
    seen: list[float] = []

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)
        seen.append(round(loop.time(), 6))

    async def three() -> None:
        await asyncio.gather(wait(0.3), wait(0.1), wait(0.2))

    loop.run_until_complete(three())
    loop.close()
    assert seen == [0.1, 0.2, 0.3]


def test_time_stands_still_while_a_thread_works() -> None:
    loop = VirtualLoop()
    seen: list[float] = []
    loop.call_later(5.0, lambda: seen.append(loop.time()))

    async def work() -> float:
        done = asyncio.Event()
        loop.call_later(1.0, done.set)
        await loop.run_in_executor(None, lambda: sum(range(300_000)))
        after_s = loop.time()
        await done.wait()
        assert seen == []
        return after_s

    after_s = loop.run_until_complete(work())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert after_s == 0.0


def test_a_factor_runs_the_loop_faster_than_the_wall() -> None:
    loop, clock = new_loop("1000")
    began_s = time.monotonic()
    loop.run_until_complete(asyncio.sleep(10))
    took_s = time.monotonic() - began_s
    loop.close()
    assert 0.01 <= took_s < 5
    assert isinstance(clock, LoopClock)


def test_real_time_goes_forward_and_knows_its_zone() -> None:
    loop, clock = new_loop("1")
    loop.close()
    assert isinstance(clock, RealClock)
    first = clock.now()
    second = clock.now()
    assert second.mono_s >= first.mono_s
    assert first.utc.tzinfo is not None
    assert first.iso()[-6] in "+-"
