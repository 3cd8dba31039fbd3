"""The front ends' side of the control socket: join the host of a home, or start one, and talk to it in JSON lines.

1. A host that a front end starts is a process of its own in a session of its own, so that neither Ctrl-C nor a closed
   terminal reaches it; it tells on a pipe when it is ready, and ends with its front end.
2. A stop goes over the connection that is there, past every other command, and needs no new one; if the connection is
   gone it goes over another one, and if there is none to be had, as a signal to the process that holds the home.
3. A host that is just leaving is no host: who joins waits for its end, and starts another one.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from shlex import quote
from threading import Event

import msgspec

from estim.client.exchange import NoHost, exchange
from estim.client.launch import READY_TIMEOUT_S, Starting, start_host
from estim.client.lock import stop_by_signal
from estim.config.options import HostOptions
from estim.config.paths import Home
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import LINE_MAX, Ask, Done, Overview, Refusal, Reply, Scan, Status, Watch
from estim.core.messages.events import Happened
from estim.core.messages.lines import Line, read_line
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr
from estim.core.values import replace

ANSWER_TIMEOUT_S = 60.0
"""Longest wait for an answer: a stop waits for its proof, a start for a scan."""

JOIN_TRIES = 50
"""Attempts to join a host."""

JOIN_PAUSE_S = 0.2
"""The wait between two: a host that leaves needs up to 3 s to hang up (bluetooth.md), and one that another front end
has just started needs a second or two to open its door."""

ENTER_S = 5.0
"""A host that lives says within this time that one may watch."""

STOP_TIMEOUT_S = 35.0
"""Longest wait for the answer to a stop on one's own connection: the longest ladder, a unit that is lost, and room."""

ALIVE_S = 2.0
"""A host that doesn't say its status in this time stands still."""

ASKS_MAX = 32
"""Commands that wait for an answer."""

LINES_MAX = 2000
"""Lines read and not yet taken: a front end that is slower than that stops reading, and the host keeps the rest."""

_reply: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def socket_of(options: HostOptions) -> Path:
    """Return the path of the home's control socket."""
    return options.place.socket


def programs_of(options: HostOptions) -> Path:
    """Return the folder of the user's own programs."""
    return options.place.programs


def read_reply(line: bytes) -> Reply:
    """Read an answer; raises EstimError (70) for a line that is none."""
    try:
        return _reply.decode(line)
    except msgspec.MsgspecError as error:
        text = tr(
            "the host's answer can't be understood ({error}): is it another version of estim? end it, and try again",
            error=error,
        )
        raise EstimError(text, code=Exit.INTERNAL) from error


def answer_s(command: Ask) -> float:
    """Return the longest wait for the answer to a command: a scan listens first for as long as it was told to."""
    return ANSWER_TIMEOUT_S + (command.seconds if isinstance(command, Scan) else 0.0)


def ask_once(path: Path, command: Ask, timeout_s: float = ANSWER_TIMEOUT_S) -> Reply:
    """Ask one thing and return the answer; raises NoHost (69) if nobody is there, EstimError (75) if it is mute."""
    return read_reply(exchange(path, msgspec.json.encode(command) + b"\n", timeout_s).answer())


def ask_any(options: HostOptions, command: Ask) -> Reply:
    """Ask the home's host, or one of our own that is started for it; raises EstimError if there is none to be had."""
    path = socket_of(options)
    why: EstimError = NoHost(tr("no estim is running here"))
    ours = False
    for attempt in range(JOIN_TRIES):
        if attempt > 1:
            Event().wait(JOIN_PAUSE_S)
        if attempt:
            try:
                start_host(options)
                ours = True
            except EstimError as error:
                if error.code != Exit.TRY_LATER:
                    raise
                why = error  # another host has the home: it is starting, or on its way out
        try:
            if options.simulate is not None and not ours:  # ours would end with the first who leaves it
                _check_kind(ask_once(path, Status()), options.simulate)
            return ask_once(path, command, answer_s(command))
        except NoHost as gone:
            why = gone if attempt == 0 else why
    raise why


class Client:
    """A front end's connection: ask() for answers, lines() for what happens. Made by `join`.

    `host` is the process that was started for it, None if a host was there already.
    """

    def __init__(self, home: Home, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.host: subprocess.Popen[bytes] | None = None
        self._home = home
        self._reader = reader
        self._writer = writer
        self._gone = False
        self._number = 0
        self._asked: dict[int, asyncio.Future[Reply | None]] = {}
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue(LINES_MAX)
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def ask(self, command: Ask) -> Reply:
        """Ask and return the answer; raises OSError if the host is gone, TimeoutError if it is mute.

        Who gives up waiting has hung up: nobody would hear of what comes of it. A stop that can't be delivered on
        this connection is delivered in another way.
        """
        if not isinstance(command, Stop):
            return await self._ask_here(command)
        try:
            return await self._ask_here(command)
        except OSError:  # a time-out among them, and what it hung up was a stop as well
            return await _ask_alone(self._home, command)

    async def _ask_here(self, command: Ask) -> Reply:
        if self._gone:
            raise ConnectionResetError(tr("the host is gone"))
        if len(self._asked) >= ASKS_MAX and not isinstance(command, Stop):
            raise ConnectionResetError(tr("more than {count} commands wait for an answer", count=ASKS_MAX))
        self._number += 1
        number = self._number
        answer: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self._writer.write(msgspec.json.encode(replace(command, number=number)) + b"\n")
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S if isinstance(command, Stop) else answer_s(command)):
                await self._writer.drain()
                reply = await answer
        except TimeoutError:
            self._writer.close()
            raise
        except asyncio.CancelledError:
            if not isinstance(command, Stop):  # a stop that is under way is carried out, whoever waits for it
                self._writer.close()
            raise
        finally:
            self._asked.pop(number, None)
        if reply is None:
            raise ConnectionResetError(tr("the host is gone"))
        return reply

    async def line(self, timeout_s: float) -> Line | None:
        """Return the next line of any kind, None if the host is gone; raises TimeoutError if it says nothing.

        Answers are among the lines, in their place: what stands before one was so before it.
        """
        async with asyncio.timeout(timeout_s):
            line = await self._lines.get()
        if line is None:
            self._lines.put_nowait(None)  # gone is gone, however often one asks
        return line

    async def lines(self) -> AsyncIterator[Line]:
        """Give lines as they come; ends when the host is gone."""
        while (line := await self._lines.get()) is not None:
            yield line

    async def lives(self) -> bool:
        """Say whether the host answers, by a connection of its own: this one may be silent for a good reason."""
        try:
            await asyncio.to_thread(ask_once, self._home.socket, Status(), ALIVE_S)
        except EstimError:
            return False
        return True

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        self._reading.cancel()
        await asyncio.wait({self._reading})

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                what = read_line(line)
                if not isinstance(what, Snapshot | Happened):
                    # numbers are a matter of the connection
                    number = what.to
                    what = replace(what, to=0)
                    self._answered(number, what)
                await self._lines.put(what)
        except (OSError, ValueError):
            pass  # a host that breaks off in the middle of a line, or talks nonsense, is gone as well
        self._gone = True
        for answer in self._asked.values():
            if not answer.done():
                answer.set_result(None)
        await self._lines.put(None)

    def _answered(self, number: int, reply: Reply) -> None:
        """Give an answer to who asked; one without a number (a line that wasn't understood) to who asked first."""
        answer = self._asked.get(number or next(iter(self._asked), 0))
        if answer is not None and not answer.done():
            answer.set_result(reply)


class NotYet:
    """Stands where a connection will be, as long as no host has been joined: what it is asked it can't deliver, but a
    stop goes by every way that needs no connection of ours, should a host be there all the same.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    async def ask(self, command: Ask) -> Reply:
        """Deliver a stop; raises OSError or EstimError where nobody has heard it, and for all else."""
        if isinstance(command, Stop):
            return await _ask_alone(self._home, command)
        raise ConnectionResetError(tr("the controller is not there yet"))

    async def lines(self) -> AsyncIterator[Line]:
        """Nothing is said yet."""
        nothing: tuple[Line, ...] = ()
        for line in nothing:
            yield line

    async def lives(self) -> bool:
        """Nobody does yet."""
        return False

    async def close(self) -> None:
        """There is nothing to hang up."""


async def _ask_alone(home: Home, command: Stop) -> Reply:
    """Deliver a stop over a connection of its own, or as a signal; raises OSError or EstimError if neither is had."""
    with suppress(
        OSError, ValueError, EstimError
    ):  # nobody there, mute, gone before it had answered, or no host's words
        reply = await _ask_anew(home, command)
        if not (isinstance(reply, Refusal) and reply.code == Exit.TRY_LATER):  # one that takes no more front ends
            return reply
    if command.seen_off:
        raise ConnectionResetError(tr("the host is gone"))  # a signal would stop what is not meant
    return await asyncio.to_thread(_signal_stop, home)


async def _ask_anew(home: Home, command: Stop) -> Reply:
    reader, writer = await asyncio.open_unix_connection(str(home.socket), limit=LINE_MAX)
    try:
        writer.write(msgspec.json.encode(command) + b"\n")
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            line = await reader.readline()
    finally:
        writer.close()
    if not line.endswith(b"\n"):
        raise ConnectionResetError(tr("the host is gone"))
    return read_reply(bytes(line))


def _signal_stop(home: Home) -> Reply:
    told = stop_by_signal(home, STOP_TIMEOUT_S)
    if told is None:
        raise ConnectionResetError(tr("the host is gone"))
    return Done(told)


async def join(options: HostOptions, *, watch_s: float = 0.25) -> Client:
    """Connect to the home's host, or to one of our own that is started now, and watch it.

    Raises EstimError: the host's own words if it can't start, 75 if it doesn't answer, or drives real units, or other
    software units, although some are asked for.
    """
    home = options.place
    host: subprocess.Popen[bytes] | None = None
    why = EstimError(tr("the host does not answer"), code=Exit.TRY_LATER)
    for attempt in range(JOIN_TRIES):
        if attempt:
            await asyncio.sleep(JOIN_PAUSE_S)
        client = await _enter(home, watch_s)
        if client is not None:
            client.host = host
            return await _same_kind(client, options)
        try:
            host = await asyncio.to_thread(start_host, options)
        except EstimError as error:
            if error.code != Exit.TRY_LATER:
                raise
            why = error  # another host has the home: it is starting, or on its way out
    raise why


async def join_begun(options: HostOptions, starting: Starting | None) -> Client:
    """Join the host that was started just now (None: one is there already); raises EstimError as `join` does.

    No thread waits for its first word: who gives up waiting can leave at once.
    """
    if starting is not None:
        said = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(starting.reads, said.set)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_TIMEOUT_S):
                    await said.wait()
        finally:
            loop.remove_reader(starting.reads)
        try:
            await asyncio.to_thread(starting.ready)
        except EstimError as error:
            if error.code != Exit.TRY_LATER:
                raise  # else another host has the home by now, and is joined
    return await join(options)


async def _enter(home: Home, watch_s: float) -> Client | None:
    """Connect and watch; None if nobody is there, or is leaving. Raises EstimError (75) if somebody is, but mute."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(home.socket), limit=4 * LINE_MAX)
    except OSError:
        return None
    client = Client(home, reader, writer)
    try:
        async with asyncio.timeout(ENTER_S):
            reply = await client.ask(Watch(watch_s))
    except TimeoutError as error:
        await client.close()
        raise EstimError(
            tr("a host runs here, but has not answered for {seconds:g} s", seconds=ENTER_S), code=Exit.TRY_LATER
        ) from error
    except OSError:
        reply = None
    if isinstance(reply, Done):
        return client
    await client.close()
    return None


async def _same_kind(client: Client, options: HostOptions) -> Client:
    """Who asks for software units must not get a host that drives real ones (safety.md H-28), nor others than those."""
    if options.simulate is None:
        return client
    try:
        overview = await client.ask(Status())
    except OSError as error:
        raise EstimError(tr("the host went away"), code=Exit.TRY_LATER) from error
    try:
        _check_kind(overview, options.simulate)
    except EstimError:
        await client.close()
        raise
    return client


def _check_kind(overview: Reply, simulate: str) -> None:
    """Raise EstimError (75) where a host drives others than the software units that were asked for."""
    simulated = isinstance(overview, Overview) and overview.simulated
    running = overview.simulate if isinstance(overview, Overview) else ""
    if simulated and (not running or _units_in(running) == _units_in(simulate)):
        return
    if not simulated:
        text = tr("the host that runs here drives real units: end it first, or leave --simulate out")
    else:
        words = " ".join(f"--simulate {quote(unit)}" for unit in _units_in(running))
        text = tr("other software units play here already: end that estim first, or join it with {words}", words=words)
    raise EstimError(text, code=Exit.TRY_LATER)


def _units_in(simulate: str) -> list[str]:
    """Return the software units of a --simulate, each as it is typed."""
    return ["".join(unit.split()) for unit in simulate.split(";")]


def running(options: HostOptions) -> Reply | None:
    """Return the host's overview, None if no host runs."""
    try:
        return ask_once(socket_of(options), Status())
    except NoHost:
        return None
