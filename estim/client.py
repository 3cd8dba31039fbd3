"""The front ends' side of the control socket: join the host of a home, or start one, and talk to it in JSON lines.

1. `stop` and `status` use the plain blocking calls here: they import nothing slow, since a stop must be on the wire
   within half a second of typing it, Python's own start included.
2. A host that a front end starts is a process of its own in a session of its own, so that neither Ctrl-C nor a closed
   terminal reaches it; it tells on a pipe when it is ready, and ends with its front end.
3. Stops go over a connection of their own, so none ever waits for the answer to something else.
"""

import asyncio
import os
import select
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from msgspec import Struct

from estim.core.errors import EstimError, Exit
from estim.core.happenings import Happened
from estim.core.lines import Line, read_line
from estim.core.panel import LINE_MAX, Ask, Done, Reply, Snapshot, Status, Stop, Watch
from estim.host.home import find_home

READY_TIMEOUT_S = 30.0
"""Longest wait for a host to say that it is ready."""

ANSWER_TIMEOUT_S = 60.0
"""Longest wait for an answer: a stop waits for its proof, a start for a scan."""

CONNECT_TIMEOUT_S = 2.0

_reply: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


class HostOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a host is to run. `solo`: it ends with its last front end. `ready_fd`: the pipe on which it says so."""

    home: str | None = None
    radio: str = "bluetooth"
    simulate: str | None = None
    speed: str = "1"
    solo: bool = True
    seed: int = 0
    log: str | None = None
    ready_fd: int | None = None


class NoHost(EstimError):
    """Nobody listens on the home's socket."""

    code = Exit.NO_DEVICE


def socket_of(options: HostOptions) -> Path:
    """Return the path of the home's control socket."""
    return find_home(options.home).socket


def programs_of(options: HostOptions) -> Path:
    """Return the folder of the user's own programs."""
    return find_home(options.home).programs


def knock(path: Path) -> socket.socket:
    """Connect; raise NoHost if nobody listens."""
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    wire.settimeout(CONNECT_TIMEOUT_S)
    try:
        wire.connect(str(path))
    except OSError as error:
        wire.close()
        raise NoHost("no estim is running here") from error
    return wire


def ask_once(path: Path, command: Ask, timeout_s: float = ANSWER_TIMEOUT_S) -> Reply:
    """Ask one thing and return the answer; raises NoHost, or EstimError if it breaks off or takes too long."""
    with knock(path) as wire:
        wire.settimeout(timeout_s)
        try:
            wire.sendall(msgspec.json.encode(command) + b"\n")
            got = b""
            while not got.endswith(b"\n"):
                more = wire.recv(LINE_MAX)
                if not more:
                    raise EstimError("the host went away before it answered", code=Exit.NOT_CONFIRMED)
                got += more
        except TimeoutError as error:
            raise EstimError(f"the host has not answered for {timeout_s:.0f} s", code=Exit.NOT_CONFIRMED) from error
    return _reply.decode(got)


def start_host(options: HostOptions) -> int:
    """Start a host of our own and return its process id; raises EstimError with its own words if it can't run."""
    home = find_home(options.home)
    home.prepare()
    reads, writes = os.pipe()
    try:
        argument = msgspec.json.encode(msgspec.structs.replace(options, ready_fd=writes)).decode()
        with home.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "estim.app", argument],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=(writes,),
                start_new_session=True,
            )
        os.close(writes)
        writes = -1
        _await_ready(reads, home.log)
    finally:
        os.close(reads)
        if writes >= 0:
            os.close(writes)
    return process.pid


class _Word(Struct):
    ready: bool = False
    code: int = Exit.INTERNAL
    text: str = ""


def _await_ready(handle: int, log: Path) -> None:
    got = b""
    while not got.endswith(b"\n"):
        if not select.select([handle], [], [], READY_TIMEOUT_S)[0]:
            raise EstimError(f"the host is not ready after {READY_TIMEOUT_S:.0f} s: see {log}", code=Exit.INTERNAL)
        more = os.read(handle, 4096)
        if not more:
            raise EstimError(f"the host ended before it was ready: see {log}", code=Exit.INTERNAL)
        got += more
    word = msgspec.json.decode(got, type=_Word)
    if not word.ready:
        raise EstimError(word.text, code=Exit(word.code))


class Wire:
    """A front end's connection: ask() for answers, lines() for what happens. Made by `join`."""

    def __init__(self, path: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pid: int | None) -> None:
        self.pid = pid
        self._path = path
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()
        self._replies: asyncio.Queue[Reply | None] = asyncio.Queue(8)
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue(2000)
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def ask(self, command: Ask) -> Reply:
        """Ask and return the answer; raises OSError if the host is gone, TimeoutError if it is mute (and hangs up:
        a late answer must not be taken for another command's)."""
        if isinstance(command, Stop):
            return await _ask_alone(self._path, command)
        async with self._turn:
            self._writer.write(msgspec.json.encode(command) + b"\n")
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    await self._writer.drain()
                    reply = await self._replies.get()
            except TimeoutError:
                self._writer.close()
                raise
        if reply is None:
            raise ConnectionResetError("the host is gone")
        return reply

    async def lines(self) -> AsyncIterator[Line]:
        """Give snapshots and happenings as they come; ends when the host is gone."""
        while (line := await self._lines.get()) is not None:
            yield line

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        self._reading.cancel()
        await asyncio.wait({self._reading})

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                what = read_line(line)
                if isinstance(what, Snapshot | Happened):
                    await self._lines.put(what)
                else:
                    await self._replies.put(what)
        except (OSError, ValueError):
            pass
        await self._lines.put(None)
        await self._replies.put(None)


async def _ask_alone(path: Path, command: Stop) -> Reply:
    reader, writer = await asyncio.open_unix_connection(str(path), limit=LINE_MAX)
    try:
        writer.write(msgspec.json.encode(command) + b"\n")
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            line = await reader.readline()
    finally:
        writer.close()
    if not line:
        raise ConnectionResetError("the host is gone")
    return _reply.decode(line)


async def join(options: HostOptions, *, watch_s: float = 0.25) -> Wire:
    """Connect to the home's host, or to one of our own that is started now, and watch it."""
    path = socket_of(options)
    pid = None
    try:
        reader, writer = await asyncio.open_unix_connection(str(path), limit=4 * LINE_MAX)
    except OSError:
        pid = start_host(options)
        reader, writer = await asyncio.open_unix_connection(str(path), limit=4 * LINE_MAX)
    wire = Wire(path, reader, writer, pid)
    reply = await wire.ask(Watch(watch_s))
    if not isinstance(reply, Done):
        await wire.close()
        raise EstimError("the host does not answer", code=Exit.INTERNAL)
    return wire


def running(options: HostOptions) -> Reply | None:
    """Return the host's overview, None if no host runs."""
    try:
        return ask_once(socket_of(options), Status())
    except NoHost:
        return None
