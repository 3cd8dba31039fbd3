"""Hostile frames with a fixed seed, and a process that sends them: to a control socket, or to a broker.

`python -m tests.hostile socket PATH COUNT`, `python -m tests.hostile mqtt PORT SECONDS` (1,000 a second).
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from random import Random

from aiomqtt import Client, MqttError, ProtocolVersion

CLIENTS = 200
A_SECOND = 1000

ORDERS = (
    "start",
    "level_up",
    "resume",
    '{"do":"start","pads_on":true}',
    "level_down -9",
    "x" * 2000,
    "\x00",
    "[" * 900,
)


def frames(seed: int) -> Iterator[bytes]:
    """Give frames without end: no commands, split ones, huge ones, binary, nested too deeply, a level that is none."""
    chance = Random(seed)
    while True:
        match chance.randrange(8):
            case 0:
                yield chance.randbytes(chance.randrange(200)) + b"\n"
            case 1:
                yield b"\n" * chance.randrange(1, 50)
            case 2:
                yield b"[" * chance.randrange(60_000) + b"\n"
            case 3:
                yield b"x" * chance.randrange(1, 200_000) + b"\n"
            case 4:
                yield b'{"do":"start","program":' + b'{"a":' * chance.randrange(5000) + b"\n"
            case 5:
                yield b'{"do":"level","channel":"A","by":' + str(chance.randrange(1001, 10**9)).encode() + b"}\n"
            case 6:
                yield b'{"do":"sta'
            case _:
                yield b'{"do":"status"}\n'


async def attack(path: Path, count: int, seed: int) -> None:
    """Send so many frames over one connection after another; some are read from, some are half closed or cut."""
    chance = Random(seed)
    rest = islice(frames(seed), count)
    for frame in rest:
        with suppress(OSError):
            reader, writer = await asyncio.open_unix_connection(str(path))
            try:
                writer.write(frame)
                for more in islice(rest, chance.randrange(40)):
                    writer.write(more)
                    async with asyncio.timeout(1):  # a host that hangs up leaves the rest unsent
                        await writer.drain()
                if chance.random() < 0.5:
                    writer.write_eof()
                    async with asyncio.timeout(1):
                        await reader.read()
            except TimeoutError:
                pass
            finally:
                writer.transport.abort()


async def storm(path: Path, count: int, clients: int = CLIENTS) -> None:
    """Send so many frames, from so many clients at once."""
    async with asyncio.TaskGroup() as all_of_them:
        for number in range(clients):
            all_of_them.create_task(attack(path, count // clients, number))


async def flood(port: int, seconds: float) -> None:
    """Say what raises, 1,000 times a second, to whoever listens; go on when the broker was away."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + seconds
    said = 0
    while loop.time() < until_s:
        with suppress(MqttError):
            async with Client("127.0.0.1", port, protocol=ProtocolVersion.V5) as client:
                async for topic in _paced(until_s):
                    await client.publish(topic, ORDERS[said % len(ORDERS)], retain=said % 97 == 0)
                    said += 1
        await asyncio.sleep(0.1)
    sys.stdout.write(f"{said}\n")


async def _paced(until_s: float) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for number in range(1_000_000):
        wait_s = began_s + number / A_SECOND - loop.time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        if loop.time() > until_s:
            return
        yield ("estim/h7/cmd", "estim/all/cmd", "estim/h7/c1/cmd")[number % 3]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["socket", where, how_many]:
            asyncio.run(storm(Path(where), int(how_many)))
        case ["mqtt", which, how_long]:
            asyncio.run(flood(int(which), float(how_long)))
