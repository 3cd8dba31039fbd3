"""Serve software units on the virtual air until told to end: the part of `estim-sim serve` that runs on a loop.

The log holds lines of JSON with t, unit and event first, each flushed at once. `t` is this machine's monotonic clock in
seconds, the same in every process (time.monotonic in Python). The first line of each unit is `ready`, with its address.
"""

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from simulator.air.dongle import LOOPBACK
from simulator.air.peripheral import VirtualAir
from simulator.chance import Chance
from simulator.registry import Setup, make
from simulator.trace import Trace
from simulator.twin import Log, Twin
from simulator.weather import Weather


@dataclass(frozen=True, slots=True)
class Served:
    """What is on the air now: (name, address) of each unit, and the transport for a host to connect to."""

    units: tuple[tuple[str, str], ...]
    transport: str


def populate(setups: Sequence[Setup], seed: int, trace: Trace) -> list[tuple[str, Twin, Log, Weather]]:
    """Make the units that are asked for, decoys included, each with its name, log and weather."""
    made: list[tuple[str, Twin, Log, Weather]] = []
    for place, setup in enumerate(setups):
        names: list[str] = []
        number = 1 + sum(before.family == setup.family for before in setups[:place])

        def log_of(name: str, names: list[str] = names) -> Log:
            names.append(name)
            return trace.of(name)

        for twin, name in zip(make(setup, log_of, seed, number), names, strict=True):
            luck = Chance(setup.seed(seed)).stream(f"air {twin.address}")
            made.append((name, twin, trace.of(name), Weather(setup.radio, luck)))
    return made


async def serve(
    setups: Sequence[Setup], port: int, seed: int, log: IO[str] | None, ready: Callable[[Served], None]
) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; return 128 + its number. OSError if the port is taken.

    `ready` is called once, as soon as hosts can connect.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _end, ended, number)
    trace = Trace(log)
    units = populate(setups, seed, trace)
    air = VirtualAir()
    try:
        bound = await air.open([(twin, of, weather) for _, twin, of, weather in units], port)
        for _, twin, of, _ in units:
            of(loop.time(), "ready", {"address": twin.address})
        ready(Served(tuple((name, twin.address) for name, twin, _, _ in units), f"tcp-client:{LOOPBACK}:{bound}"))
        return 128 + await ended
    finally:
        await air.close()


def _end(ended: "asyncio.Future[int]", number: int) -> None:
    if not ended.done():
        ended.set_result(number)
