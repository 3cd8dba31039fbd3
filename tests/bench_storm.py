"""Figures of a session's frames while somebody storms the control socket, or the broker: with the storm and without.

The attacker is a process of its own on the same machine, and takes its share of the same cores.
"""

import asyncio
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from estim.clock import new_loop
from estim.config.mqtt_settings import MqttSettings
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.config.settings import Settings
from estim.config.units import Units
from estim.core.messages.commands import Done, Start
from estim.core.messages.lowering import Stop
from estim.host.main import told_to_house
from estim.host.server import serve
from estim.host.services import Services
from estim.host.supervisor import Supervisor
from estim.journal.writer import JournalWriter
from protocols.registry import family
from protocols.vocabulary import Channel, Endpoint
from simulator.memory import Expected, MemoryAir, MemoryLink
from simulator.registry import make, read_line
from simulator.trace import silent
from tests.broker import Mosquitto
from tests.figures import Say, gaps_ms, short_a_minute, spread
from tests.host.test_supervisor import Seat

SPAN_S = 20.0
"""How long each part is measured, s."""

FRAMES = 100_000
FLAP_S = 2.0


class NotedAir(MemoryAir):
    """A radio that notes when each frame was handed to it."""

    at_s: list[float]

    def link(self, address: str, family: Expected, *, to_stop: bool = False) -> MemoryLink:
        made = super().link(address, family, to_stop=to_stop)
        post = made.post

        def noted(endpoint: Endpoint, data: bytes) -> bool:
            if data[:1] == b"\xb0":
                self.at_s.append(asyncio.get_running_loop().time())
            return post(endpoint, data)

        made.post = noted  # type: ignore[method-assign] # a link takes no observer, and only this bench wants one
        return made


@asynccontextmanager
async def playing(folder: Path, port: int | None) -> AsyncIterator[tuple[Supervisor, NotedAir]]:
    """Give a coyote3 that plays, on a host in this process; with a broker's port it is told to a house."""
    setup = read_line("coyote3")
    air = NotedAir(make(setup, lambda _unit: silent))
    air.at_s = []
    home = find_home(str(folder))
    home.prepare()
    _, clock = new_loop("1")
    journal = await JournalWriter.open(home.simulated, simulated=True)
    services = Services(
        clock=clock, air=air, journal=journal, home=home, settings=Settings(mqtt=MqttSettings(host="h7")),
        units=Units.load(home), families=lambda: (family("coyote3"),), pid=os.getpid(),
    )  # fmt: skip
    supervisor = Supervisor(services, solo=False, leaving=asyncio.Event())
    async with AsyncExitStack() as undo:
        undo.push_async_callback(journal.close)
        undo.push_async_callback(supervisor.sessions.close)
        (folder / "s").unlink(missing_ok=True)
        server = await serve(folder / "s", supervisor)
        undo.push_async_callback(server.close)
        if port is not None:
            options = HostOptions(solo=False, mqtt=f"mqtt://127.0.0.1:{port}")
            await undo.enter_async_context(told_to_house(services, supervisor, options, None))
        start = Start(program="tens-ankle", minutes=20, level={Channel.A: 2}, pads_on=True, keep=True, unasked=True)
        reply = await supervisor.ask(Seat(), start)
        assert isinstance(reply, Done), reply
        await asyncio.sleep(5)
        gc.collect()  # as the host does it
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        air.at_s.clear()
        yield supervisor, air


def told(say: Say, what: str, at_s: list[float]) -> None:
    """Print how even the frames were."""
    say(f"{what}: frames short a minute", f"{short_a_minute(at_s, 0.1):.2f}")
    say(f"{what}: frame interval p50 / p99 / max", f"{spread(gaps_ms(at_s), 2)} ms")


def attacker(*words: str) -> "subprocess.Popen[bytes]":
    """Begin the attacker's process."""
    return subprocess.Popen([sys.executable, "-m", "tests.hostile", *words], stdout=subprocess.DEVNULL)


@contextmanager
def _folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="estim-"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system


async def _socket(say: Say, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    async with playing(folder, None) as (supervisor, air):
        await asyncio.sleep(SPAN_S)
        told(say, "control socket at rest", air.at_s)
        air.at_s.clear()
        began_s = loop.time()
        used_s = _cpu_s()
        process = attacker("socket", str(folder / "s"), str(FRAMES))
        await asyncio.to_thread(process.wait)
        took_s = loop.time() - began_s
        told(say, f"{FRAMES} hostile frames in {took_s:.0f} s", air.at_s)
        say("host, share of a core meanwhile", f"{(_cpu_s() - used_s) / took_s:.1%}")
        again = attacker("socket", str(folder / "s"), str(FRAMES))
        await asyncio.sleep(1)
        asked_s = loop.time()
        reply = await supervisor.ask(Seat(), Stop())
        say("a stop in the storm", f"{loop.time() - asked_s:.3f} s, {type(reply).__name__}")
        again.kill()
        again.wait()


async def _broker(say: Say, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    async with playing(folder, None) as (_, air):
        await asyncio.sleep(SPAN_S)
        told(say, "without MQTT", air.at_s)
    broker = Mosquitto(folder)
    broker.start()
    try:
        async with playing(folder, broker.port) as (_, air):
            process = attacker("mqtt", str(broker.port), str(SPAN_S))
            await asyncio.sleep(SPAN_S)
            process.wait()
            told(say, "MQTT, 1,000 hostile messages a second", air.at_s)
            process = attacker("mqtt", str(broker.port), str(SPAN_S + 5))
            await asyncio.sleep(2)  # its start takes a processor
            air.at_s.clear()
            began_s = loop.time()
            used_s = _cpu_s()
            while loop.time() - began_s < SPAN_S:
                await asyncio.sleep(FLAP_S)
                await asyncio.to_thread(broker.stop)
                await asyncio.to_thread(broker.start)
            told(say, "MQTT, the same, the broker killed every 2 s", air.at_s)
            say("host, share of a core meanwhile", f"{(_cpu_s() - used_s) / (loop.time() - began_s):.1%}")
            process.kill()
            process.wait()
    finally:
        broker.stop()


def control_socket(say: Say) -> None:
    """100,000 hostile frames on the control socket in a session."""
    with _folder() as folder:
        asyncio.run(_socket(say, folder))


def broker(say: Say) -> None:
    """1,000 hostile messages a second, and a broker that is killed every 2 s, in a session."""
    with _folder() as folder:
        asyncio.run(_broker(say, folder))
