"""A broker that misbehaves as a test wants: enough of MQTT to be connected to, and then whatever hurts."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

CONNECT = 1
PUBLISH = 3
SUBSCRIBE = 8

WELCOME = bytes.fromhex("2003000000")
"""CONNACK of MQTT 5: taken, no properties."""

REFUSED_PASSWORD = bytes.fromhex("2003008600")
OLD_VERSION = bytes.fromhex("20020001")
"""CONNACK of MQTT 3.1.1: the version isn't spoken here."""


class PlayedBroker:
    """Answers a packet (its type, its body) with what `answer` returns, b"" for nothing, None to read no more."""

    def __init__(self, answer: Callable[[int, bytes], bytes | None]) -> None:
        self._answer = answer
        self.port = 0
        self.heard = asyncio.Event()
        self.packets: list[tuple[int, bytes]] = []
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def connected(self) -> int:
        """How many connections the other side holds open."""
        return sum(not writer.is_closing() for writer in self._writers)

    def say(self, packet: bytes) -> None:
        """Send something to everybody."""
        for writer in self._writers:
            writer.write(packet)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                kind, body = await _packet(reader)
                self.packets.append((kind, body))
                self.heard.set()
                answer = self._answer(kind, body)
                if answer is None:
                    return
                writer.write(answer)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    def hang_up(self) -> None:
        """Break everything off."""
        for writer in self._writers:
            writer.transport.abort()


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind = (await reader.readexactly(1))[0] >> 4
    length = 0
    for shift in range(0, 28, 7):
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        if byte < 128:
            break
    return kind, await reader.readexactly(length)


def friendly(kind: int, body: bytes) -> bytes:
    """Answer as a broker does that lets everybody in and hear everything."""
    match kind:
        case 1:
            return WELCOME
        case 3:
            topic = int.from_bytes(body[:2], "big")
            return bytes([0x40, 2]) + body[2 + topic : 4 + topic]
        case 8:
            return suback(body, 1)
        case 12:
            return bytes.fromhex("d000")
        case _:
            return b""


def suback(body: bytes, code: int) -> bytes:
    """Answer a SUBSCRIBE with this reason for each topic."""
    at = 3 + body[2]
    count = 0
    while at < len(body):
        at += 2 + int.from_bytes(body[at : at + 2], "big") + 1
        count += 1
    return bytes([0x90, 3 + count]) + body[:2] + b"\0" + bytes([code]) * count


@asynccontextmanager
async def played(
    answer: Callable[[int, bytes], bytes | None], context: ssl.SSLContext | None = None
) -> AsyncIterator[PlayedBroker]:
    """Give such a broker on a port of its own."""
    made = PlayedBroker(answer)
    server = await asyncio.start_server(made.meet, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.hang_up()
        server.close()
