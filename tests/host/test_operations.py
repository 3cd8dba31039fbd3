"""What carries a driver's operations: a stop waits for nothing, and nothing of an old link reaches a new driver."""

import asyncio
from collections.abc import Callable

import pytest

from estim.clock import VirtualLoop, new_loop
from estim.core.moment import Now
from estim.host.operations import OP_TIMEOUT_S, OPS_MAX, Entry, Operations
from estim.host.radio.link import Heard, Lost
from protocols.em70.packets import CONTROL
from protocols.registry import family
from protocols.vocabulary import AirError, Close, Endpoint, Read, Write


class Hangs:
    """A link that takes everything and answers nothing."""

    severed = False

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.closed = False

    async def open(self, heard: Heard, lost: Lost, timeout_s: float) -> None: ...

    def post(self, endpoint: Endpoint, data: bytes) -> bool:
        return False

    async def write(self, endpoint: Endpoint, data: bytes, response: bool) -> None:
        self.taken.append(data)
        await asyncio.Event().wait()

    async def read(self, endpoint: Endpoint) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError("it never answers")

    async def close(self) -> None:
        self.closed = True


class Bench:
    """Holds what the operations bring."""

    def __init__(self) -> None:
        loop, self.clock = new_loop("max")
        assert isinstance(loop, VirtualLoop)
        self.loop = loop
        self.link = Hangs()
        self.entries: list[Entry] = []
        self.lost: list[str] = []
        self.driver = family("em70").connect(0.0, "")

    def live(self, act: Callable[[Operations], object]) -> None:
        """Let something be done with the operations of a link, and the longest time-outs pass."""

        async def whole() -> None:
            operations = Operations(
                self.link,
                self.driver,
                self.clock,
                put=self.entries.append,
                lose=self.lost.append,
                sent=lambda: None,
                carried=lambda _now, _way, _endpoint, _data: None,
            )
            act(operations)
            await asyncio.sleep(2 * OP_TIMEOUT_S)
            await operations.close()

        try:
            self.loop.run_until_complete(whole())
        finally:
            self.loop.close()

    @property
    def now(self) -> Now:
        return self.clock.now()


@pytest.mark.control("C-07")
def test_a_stop_goes_out_however_many_operations_hang() -> None:
    bench = Bench()

    def act(operations: Operations) -> None:
        for tag in range(1, 2 * OPS_MAX):
            operations.perform(bench.now, Read(tag, CONTROL))
            operations.perform(bench.now, Write(1000 + tag, CONTROL, b"\x07", response=True))
        operations.perform(bench.now, Write(5000, CONTROL, b"\x03\x00", response=True, urgent=True))
        operations.perform(bench.now, Close(5001))

    bench.live(act)
    assert bench.link.taken[-1] == b"\x03\x00"
    assert bench.link.closed


def test_too_many_reads_at_once_are_told_as_failed_and_counted() -> None:
    bench = Bench()
    held: list[Operations] = []

    def act(operations: Operations) -> None:
        held.append(operations)
        for tag in range(1, OPS_MAX + 4):
            operations.perform(bench.now, Read(tag, CONTROL))

    bench.live(act)
    assert held[0].dropped == 3


def test_what_hangs_ends_with_its_time() -> None:
    bench = Bench()
    bench.live(lambda operations: operations.perform(bench.now, Write(1, CONTROL, b"\x07", response=True)))
    errors: list[AirError] = []

    class Takes:
        def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[object]:
            errors.append(error or AirError("none"))
            return []

    for entry in bench.entries:
        entry(0.0, Takes())  # type: ignore[arg-type] # only `done` is asked
    assert [str(error) for error in errors] == ["no answer within 2 s"]
