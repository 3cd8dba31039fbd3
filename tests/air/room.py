"""What the air tests stand on: a virtual air in this process, a host on it over TCP, and `estim-sim` as a child."""

import asyncio
import json
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from estim.host.radio.bleak_link import BleAir
from protocols.vocabulary import Endpoint
from simulator.air.bleak_backend import Radio
from simulator.air.peripheral import VirtualAir
from simulator.air.serve import populate
from simulator.registry import read_line
from simulator.trace import Record, Trace

LOOK_S = 0.005


class Room:
    """Units on the air, what they did, and a host's radio that hears them."""

    def __init__(self, undo: AsyncExitStack) -> None:
        self._undo = undo
        self.trace = Trace()
        self.port = 0

    async def fill(self, *lines: str) -> None:
        air = VirtualAir()
        units = populate([read_line(line) for line in lines], 1, self.trace)
        self.port = await air.open([(twin, log, weather) for _, twin, log, weather in units], 0)
        self._undo.push_async_callback(air.close)

    def host(self) -> BleAir:
        radio = Radio(f"tcp-client:127.0.0.1:{self.port}")
        air = BleAir(client=radio.client, scanner=radio.scanner, give_back=radio.close)
        self._undo.push_async_callback(air.release)
        return air

    def events(self, *names: str) -> list[Record]:
        return [record for record in self.trace.records if record["event"] in names]

    async def until(self, event: str, count: int = 1, limit_s: float = 5.0) -> list[Record]:
        """Wait until something happened so often on the units' side."""
        for _ in range(int(limit_s / LOOK_S)):
            if len(self.events(event)) >= count:
                break
            await asyncio.sleep(LOOK_S)
        else:
            pytest.fail(f"{count} x {event} did not happen within {limit_s} s: {list(self.trace.records)[-5:]}")
        return self.events(event)


class Ear:
    """What a link told its owner."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.lost: list[str] = []
        self.told = asyncio.Event()

    def hear(self, endpoint: Endpoint, data: bytes) -> None:
        self.heard.append((endpoint.name, data))
        self.told.set()

    def lose(self, why: str) -> None:
        self.lost.append(why)
        self.told.set()


class Served:
    """An `estim-sim serve` of our own."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self.process = process
        assert process.stderr is not None
        self.ready = process.stderr.readline()
        self.transport = self.ready.rpartition(" at ")[2].strip()
        self._log = log

    def records(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines()]
