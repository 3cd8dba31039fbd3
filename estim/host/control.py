"""The control socket: JSON lines between the host and everything in front of it, for nobody but the owner.

1. A line that can't be understood is answered with a sentence, and the host goes on.
2. Commands of one front end are taken one after another as they come, but a stop never waits for an earlier one.
3. A front end that doesn't read loses snapshots first; when what must not be lost piles up, it is hung up on.
"""

import asyncio
import logging
import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from estim.core.errors import Exit
from estim.core.lines import Line
from estim.core.panel import LINE_MAX, Ask, Refusal, Reply, Snapshot

OUTBOX_MAX = 1000
"""Lines waiting for one front end."""

FRONTS_MAX = 32
"""Front ends at once."""

ASKED_MAX = 32
"""Commands of one front end under way at once."""

_decode = msgspec.json.Decoder(Ask).decode
_encode = msgspec.json.Encoder().encode


class Front:
    """One front end: a connection on the socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._outbox: deque[Line] = deque()
        self._wakes = asyncio.Event()
        self.gone = False

    def tell(self, line: Line) -> None:
        """Send a line soon; a snapshot replaces one of the same unit that hasn't been sent yet."""
        if self.gone:
            return
        if isinstance(line, Snapshot):
            for index, waiting in enumerate(self._outbox):
                if isinstance(waiting, Snapshot) and waiting.unit == line.unit:
                    self._outbox[index] = line
                    return
        if len(self._outbox) >= OUTBOX_MAX:
            self.hang_up()
            return
        self._outbox.append(line)
        self._wakes.set()

    def hang_up(self) -> None:
        """Close the connection; what waits is lost."""
        self.gone = True
        self._outbox.clear()
        self._wakes.set()
        self._writer.close()

    async def send(self) -> None:
        """Write what waits, for as long as the connection lives."""
        with suppress(ConnectionError):
            while not self.gone:
                await self._wakes.wait()
                self._wakes.clear()
                while self._outbox:
                    self._writer.write(_encode(self._outbox.popleft()) + b"\n")
                    await self._writer.drain()


class Desk(Protocol):
    """Who carries out what front ends ask."""

    async def ask(self, front: Front, command: Ask) -> Reply:
        """Carry out one command."""

    def left(self, front: Front) -> None:
        """A front end is gone."""


class Server:
    """The listening socket with its connections."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._fronts: set[Front] = set()
        self._listener: asyncio.Server | None = None

    async def listen(self, path: Path) -> None:
        """Listen at `path`, readable and writable by the owner only."""
        mask = os.umask(0o177)  # so that there is no moment in which others could connect
        try:
            self._listener = await asyncio.start_unix_server(self._meet, path=str(path), limit=LINE_MAX)
        finally:
            os.umask(mask)

    async def close(self) -> None:
        """Send what waits, then hang up on everybody."""
        if self._listener is not None:
            self._listener.close()
        for front in list(self._fronts):
            await asyncio.sleep(0)
            front.hang_up()
        await asyncio.sleep(0)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        front = Front(writer)
        if len(self._fronts) >= FRONTS_MAX:
            front.hang_up()
            return
        self._fronts.add(front)
        sending = asyncio.get_running_loop().create_task(front.send())
        asked: set[asyncio.Task[None]] = set()
        try:
            await self._listen_to(front, reader, asked)
        finally:
            self._fronts.discard(front)
            front.hang_up()
            self._desk.left(front)
            sending.cancel()
            await asyncio.wait({sending})

    async def _listen_to(self, front: Front, reader: asyncio.StreamReader, asked: set[asyncio.Task[None]]) -> None:
        loop = asyncio.get_running_loop()
        while not front.gone:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                await _skip(reader, error.consumed)
                front.tell(_bad(f"a line may have up to {LINE_MAX} bytes"))
                continue
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            try:
                command = _decode(line)
            except msgspec.MsgspecError as error:
                front.tell(_bad(str(error)))
                continue
            if len(asked) >= ASKED_MAX:
                front.tell(_bad(f"more than {ASKED_MAX} commands at once: wait for answers"))
                continue
            task = loop.create_task(self._answer(front, command))
            asked.add(task)
            task.add_done_callback(asked.discard)
            await asyncio.sleep(0)  # let it act before the next line is read, so that order is kept

    async def _answer(self, front: Front, command: Ask) -> None:
        try:
            reply = await self._desk.ask(front, command)
        except Exception:  # a bug of ours must not leave a person without an answer
            logging.getLogger(__name__).exception("%s failed", type(command).__name__)
            reply = Refusal(code=Exit.INTERNAL, text="a bug in estim: the host's log has the details")
        front.tell(reply)


async def _skip(reader: asyncio.StreamReader, seen: int) -> None:
    """Throw the rest of a line away that is too long."""
    await reader.readexactly(seen)
    while True:
        try:
            await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            await reader.readexactly(error.consumed)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        else:
            return


def _bad(why: str) -> Refusal:
    return Refusal(code=Exit.USAGE, text=f"that is no command: {why}")


async def serve(path: Path, desk: Desk) -> Server:
    """Listen at `path` and return the server."""
    server = Server(desk)
    await server.listen(path)
    return server
