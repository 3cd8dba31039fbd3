"""A real mosquitto on a port of its own, that can be stopped and started again, and somebody who talks to it."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiomqtt import Client, ProtocolVersion

from estim.tasks import end

GUARD_S = 60.0
"""A test whose message never comes ends after this."""


class Mosquitto:
    """A broker without a memory: what was retained is gone when it ends. `rules` are lines of its configuration."""

    def __init__(self, folder: Path, rules: str = "allow_anonymous true") -> None:
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if program is None:
            if "CI" in os.environ:
                pytest.fail("there is no mosquitto here, and CI has to have one")
            pytest.skip("there is no mosquitto here: what goes over MQTT isn't tested")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\npersistence false\nuser root\n{rules}\n", encoding="utf-8")
        self._words = [program, "-c", str(config)]
        self._running = ExitStack()

    def start(self) -> None:
        process = self._running.enter_context(subprocess.Popen(self._words, stderr=subprocess.PIPE, text=True))
        self._running.callback(process.kill)
        assert process.stderr is not None
        said = ""
        while "running" not in (line := process.stderr.readline()):
            said += line
            assert line, f"mosquitto ended: {said}"
        rest = threading.Thread(target=process.stderr.read, daemon=True)  # a full pipe would hold the broker up
        rest.start()
        self._running.callback(rest.join)
        self._running.callback(process.kill)

    def stop(self) -> None:
        self._running.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    made.start()
    yield made
    made.stop()


class House:
    """Somebody at the broker: what is said there, the newest of each topic, and a way to say something."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.said: dict[str, bytes] = {}
        self.all: list[tuple[str, bytes, bool]] = []
        self._new = asyncio.Event()

    async def listen(self) -> None:
        async for message in self.client.messages:
            topic = str(message.topic)
            self.said[topic] = message.payload
            self.all.append((topic, message.payload, message.retain))
            self._new.set()

    async def until(self, topic: str, payload: bytes | None = None) -> bytes:
        """Return what was said on a topic, as soon as it is `payload` (None: anything)."""
        async with asyncio.timeout(GUARD_S):
            while topic not in self.said or payload not in (None, self.said[topic]):
                self._new.clear()
                await self._new.wait()
        return self.said[topic]

    async def when(self, topic: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the state that was said on a topic, as soon as this is true of it."""
        async with asyncio.timeout(GUARD_S):
            while topic not in self.said or not true(json.loads(self.said[topic])):
                self._new.clear()
                await self._new.wait()
        found: dict[str, Any] = json.loads(self.said[topic])
        return found

    async def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        await self.client.publish(topic, payload, qos=1, retain=retain)


@asynccontextmanager
async def house(mosquitto: Mosquitto, *topics: str, user: str | None = None) -> AsyncIterator[House]:
    """Give somebody who hears these topics, all without any; a user's password is his name."""
    async with Client("127.0.0.1", mosquitto.port, username=user, password=user, protocol=ProtocolVersion.V5) as client:
        made = House(client)
        await client.subscribe([(topic, 1) for topic in topics or ("#",)])
        listening = asyncio.get_running_loop().create_task(made.listen())
        try:
            yield made
        finally:
            await end(listening)
