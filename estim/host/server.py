"""The control socket: JSON lines between the host and everything in front of it, for nobody but the owner.

1. A line that can't be understood is answered with a sentence, and the host goes on.
2. Commands of one front end begin in the order in which they come, and a stop never waits for an earlier one. Each is
   answered when it is done, with the number that it came with.
3. Past the limit of front ends one line is still read, and a Stop obeyed.
4. A front end that doesn't read loses snapshots first; when what must not be lost piles up, it is hung up on.
"""

import asyncio
import logging
import os
import socket
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from estim.core.errors import Exit
from estim.core.messages.commands import LINE_MAX, Ask, Refusal, Reply
from estim.core.messages.lines import Line
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr
from estim.core.values import replace
from estim.tasks import Tasks

OUTBOX_MAX = 1000
"""Lines waiting for one front end."""

CONNECTIONS_MAX = 32
"""Front ends at once."""

MET_MAX = 4
"""Connections that are taken in one turn of the loop: a hundred at once would hold a frame up."""

WAITING_MAX = 512
"""Connections that may wait for that: a stop is never turned away at the door."""

EXTRA_MAX = 256
"""Connections beyond that which are still listened to for one line: it may be a Stop."""

EXTRA_S = 2.0
"""How long for, s."""

ASKED_MAX = 32
"""Commands of one front end under way at once; a stop goes beyond."""

LAST_WORDS_S = 1.0
"""Longest wait for a front end to take what was told before the host ends."""

_decode = msgspec.json.Decoder(Ask).decode
_encode = msgspec.json.Encoder().encode


class Connection:
    """One front end: a connection on the socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._outbox: deque[Line] = deque()
        self._wakes = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
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
        self._empty.clear()
        self._wakes.set()

    def hang_up(self) -> None:
        """Break the connection off, at once: who doesn't read can't be waited for. What waits is lost."""
        self.gone = True
        self._outbox.clear()
        self._empty.set()
        self._wakes.set()
        self._writer.transport.abort()

    async def close(self) -> None:
        """Let the front end take what waits, if it does so soon, and hang up."""
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self._empty.wait()
                self._writer.close()
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            pass  # it had its time, or is gone already
        self.hang_up()

    async def send(self) -> None:
        """Write what waits, for as long as the connection lives."""
        with suppress(OSError):
            while not self.gone:
                await self._wakes.wait()
                self._wakes.clear()
                while self._outbox:
                    self._writer.write(_encode(self._outbox.popleft()) + b"\n")
                    await self._writer.drain()
                self._empty.set()
        self._empty.set()


class Supervisor(Protocol):
    """Who carries out what front ends ask."""

    async def ask(self, connection: Connection, command: Ask) -> Reply:
        """Carry out one command."""

    def left(self, connection: Connection) -> None:
        """A front end is gone."""


class Server:
    """The listening socket with its connections."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._connections: set[Connection] = set()
        self._extra = 0
        self._listener: asyncio.Server | None = None

    async def listen(self, path: Path) -> None:
        """Listen at `path`, readable and writable by the owner only."""
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            mask = os.umask(0o177)  # so that there is no moment in which others could connect
            try:
                door.bind(str(path))
            finally:
                os.umask(mask)
            # asyncio takes as many connections in one turn as may wait, so it is told few, and the system more
            self._listener = await asyncio.start_unix_server(self._meet, sock=door, limit=LINE_MAX, backlog=MET_MAX)
            door.listen(WAITING_MAX)
        except OSError:
            door.close()
            raise

    def deafen(self) -> None:
        """Take no more front ends; those that are here go on."""
        if self._listener is not None:
            self._listener.close()

    async def close(self) -> None:
        """Send what waits, then hang up on everybody."""
        self.deafen()
        async with asyncio.TaskGroup() as closing:
            for connection in self._connections:
                closing.create_task(connection.close())

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(writer)
        sending = asyncio.get_running_loop().create_task(connection.send())
        if len(self._connections) >= CONNECTIONS_MAX:
            await self._meet_extra(connection, reader)
            await connection.close()
            await asyncio.wait({sending})
            return
        self._connections.add(connection)
        asked = Tasks()
        try:
            await self._listen_to(connection, reader, asked)
        finally:
            self._connections.discard(connection)
            connection.hang_up()
            self._supervisor.left(connection)
            sending.cancel()
            await asyncio.wait({sending})

    async def _meet_extra(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        """Read one line of a front end that is one too many: a Stop is obeyed, all else refused."""
        text = tr("{count} front ends are here already: end one of them", count=CONNECTIONS_MAX)
        reply: Reply = Refusal(code=Exit.TRY_LATER, text=text)
        if self._extra < EXTRA_MAX:
            self._extra += 1
            try:
                async with asyncio.timeout(EXTRA_S):
                    command = _decode(await reader.readuntil(b"\n"))
                reply = await self._reply(connection, command) if isinstance(command, Stop) else reply
                reply = replace(reply, to=command.number)
            except (TimeoutError, asyncio.LimitOverrunError, asyncio.IncompleteReadError, OSError, ValueError):
                pass  # no Stop came, so it is refused
            except RecursionError:
                pass
            finally:
                self._extra -= 1
                self._supervisor.left(connection)
        connection.tell(reply)

    async def _listen_to(self, connection: Connection, reader: asyncio.StreamReader, asked: Tasks) -> None:
        while not connection.gone:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                await _skip(reader, error.consumed)
                connection.tell(_bad(tr("a line may have up to {bytes} bytes", bytes=LINE_MAX)))
                continue
            except (asyncio.IncompleteReadError, OSError):
                return
            await asyncio.sleep(0)  # what was sent at once is read without a wait: all others have their turn first
            try:
                command = _decode(line)
            except ValueError as error:  # msgspec's own, and those of UTF-8
                connection.tell(_bad(str(error)))
                continue
            except RecursionError:
                connection.tell(_bad(tr("it is nested too deeply")))
                continue
            if len(asked) >= ASKED_MAX and not isinstance(command, Stop):
                connection.tell(_bad(tr("more than {count} commands at once: wait for answers", count=ASKED_MAX)))
                continue
            asked.begin(self._answer(connection, command))
            await asyncio.sleep(0)  # let it act before the next line is read, so that order is kept

    async def _answer(self, connection: Connection, command: Ask) -> None:
        reply = await self._reply(connection, command)
        connection.tell(replace(reply, to=command.number))

    async def _reply(self, connection: Connection, command: Ask) -> Reply:
        try:
            return await self._supervisor.ask(connection, replace(command, number=0))
        except Exception:  # a bug of ours must not leave a person without an answer
            logging.getLogger(__name__).exception("%s failed", type(command).__name__)
            return Refusal(code=Exit.INTERNAL, text=tr("a bug in estim: the host's log has the details"))


async def _skip(reader: asyncio.StreamReader, seen: int) -> None:
    """Throw the rest of a line away that is too long."""
    await reader.readexactly(seen)
    while True:
        try:
            await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            await reader.readexactly(error.consumed)
        except (asyncio.IncompleteReadError, OSError):
            return
        else:
            return


def _bad(why: str) -> Refusal:
    return Refusal(code=Exit.USAGE, text=tr("that isn't a command: {why}", why=why))


async def serve(path: Path, supervisor: Supervisor) -> Server:
    """Listen at `path` and return the server."""
    server = Server(supervisor)
    await server.listen(path)
    return server
