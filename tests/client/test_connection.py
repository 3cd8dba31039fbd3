"""A front end's side of the socket: who is there, what it answers and tells, and what is said when nobody is."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from estim.client.connection import ASKS_MAX, Client, answer_s, ask_any, ask_once, join, read_reply, running, socket_of
from estim.client.exchange import NoHost
from estim.client.launch import start_host
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import (
    Acknowledge,
    Arm,
    Ask,
    Done,
    Found,
    Overview,
    Refusal,
    Reply,
    Scan,
    Status,
    Watch,
)
from estim.core.messages.events import LinkBack
from estim.core.messages.lines import Line
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.host.server import Connection, Server, serve
from estim.journal.marker import begin_markers, markers

WAIT_S = 30.0
"""Longest wait for anything here; nothing takes it but a mistake."""

SNAPSHOT = Snapshot(unit="one", address="-", family="-", title="-", simulated=True, state=State.READY)


class Supervisor:
    """A host's supervisor with real units: a scan never ends, an arm is told of on the way, a leave is refused."""

    def __init__(self) -> None:
        self.asked: list[tuple[Connection, Ask]] = []
        self.scanning = asyncio.Event()
        self.gone: asyncio.Queue[Connection] = asyncio.Queue()
        self.overview = Overview(pid=7, simulated=False, units=(SNAPSHOT,))

    async def ask(self, connection: Connection, command: Ask) -> Reply:
        self.asked.append((connection, command))
        match command:
            case Scan():
                self.scanning.set()
                await asyncio.Event().wait()
            case Arm():
                connection.tell(SNAPSHOT)
                connection.tell(LinkBack(unit="one"))
            case Acknowledge():
                return Refusal(code=Exit.REFUSED, text="not now")
            case Status():
                return self.overview
            case _:
                pass
        return Done(type(command).__name__)

    def left(self, connection: Connection) -> None:
        self.gone.put_nowait(connection)


class House:
    """A control server with its supervisor below a home."""

    def __init__(self, home: Path, supervisor: Supervisor, server: Server) -> None:
        self.options = HostOptions(home=str(home))
        self.path = socket_of(self.options)
        self.supervisor = supervisor
        self.server = server

    async def enter(self) -> Client:
        return Client(find_home(self.options.home), *await asyncio.open_unix_connection(str(self.path)))


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="estim-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def house(home: Path) -> AsyncIterator[House]:
    supervisor = Supervisor()
    house = House(home, supervisor, await serve(socket_of(HostOptions(home=str(home))), supervisor))
    yield house
    await house.server.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:  # a scan that never ends
        task.cancel()


@asynccontextmanager
async def odd(home: Path, says: bytes) -> AsyncIterator[Path]:
    """Give the socket of a host that answers whatever comes with these bytes, and hangs up."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(says)
        writer.close()

    path = socket_of(HostOptions(home=str(home)))
    async with await asyncio.start_unix_server(meet, path=str(path)):
        yield path


def end(host: "subprocess.Popen[bytes]") -> int:
    """End a host that a test has started, and return its exit code."""
    host.terminate()
    try:
        return host.wait(timeout=WAIT_S)
    finally:
        host.kill()


def stale(path: Path) -> None:
    """Leave a socket behind as a host does that was killed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))


@pytest.mark.parametrize("leave", [lambda path: None, stale], ids=["no socket", "a stale socket"])
def test_where_nobody_is_that_is_said(home: Path, leave: Callable[[Path], None]) -> None:
    options = HostOptions(home=str(home))
    leave(socket_of(options))
    with pytest.raises(NoHost, match=r"^no estim is running here$") as raised:
        ask_once(socket_of(options), Status())
    assert raised.value.code == Exit.NO_DEVICE
    assert running(options) is None


async def test_one_thing_is_asked_and_answered(house: House) -> None:
    overview = await asyncio.to_thread(running, house.options)
    refused = await asyncio.to_thread(ask_once, house.path, Acknowledge(7))
    assert overview == Overview(pid=7, simulated=False, units=(SNAPSHOT,))
    assert refused == Refusal(code=Exit.REFUSED, text="not now")
    assert [command for _, command in house.supervisor.asked] == [Status(), Acknowledge(7)]


async def test_a_mute_host_is_given_up_on(house: House) -> None:
    with pytest.raises(EstimError, match=r"has not answered for 0\.05 s") as raised:
        await asyncio.to_thread(ask_once, house.path, Scan(), 0.05)
    assert raised.value.code == Exit.TRY_LATER


@pytest.mark.parametrize("says", [b"", b'{"answer":"done","text":"zer'])
async def test_a_host_that_breaks_off_has_not_answered(home: Path, says: bytes) -> None:
    async with odd(home, says) as path:
        with pytest.raises(EstimError, match="went away before it had answered") as raised:
            await asyncio.to_thread(ask_once, path, Status())
    assert raised.value.code == Exit.TRY_LATER


@pytest.mark.parametrize("line", [b"\n", b"hello\n", b"{}\n", b'{"answer":"maybe"}\n', b'{"answer":"refused"}\n'])
def test_an_answer_of_another_version_is_said_to_be_one(line: bytes) -> None:
    with pytest.raises(EstimError, match="is it another version of estim") as raised:
        read_reply(line)
    assert raised.value.code == Exit.INTERNAL


async def test_a_wire_gives_answers_and_all_lines_in_their_places(house: House) -> None:
    client = await house.enter()
    assert await client.ask(Watch()) == Done("Watch")
    assert await client.ask(Arm()) == Done("Arm")
    assert await client.ask(Acknowledge(7)) == Refusal(code=Exit.REFUSED, text="not now")
    expected: list[Line] = [Done("Watch"), SNAPSHOT, LinkBack(unit="one"), Done("Arm")]
    assert [await client.line(WAIT_S) for _ in range(4)] == expected
    await client.close()
    await asyncio.wait_for(house.supervisor.gone.get(), WAIT_S)


async def test_two_who_ask_at_once_get_each_their_own_answer(house: House) -> None:
    client = await house.enter()
    armed, left, watched = await asyncio.gather(client.ask(Arm()), client.ask(Acknowledge(7)), client.ask(Watch()))
    assert armed == Done("Arm")
    assert left == Refusal(code=Exit.REFUSED, text="not now")
    assert watched == Done("Watch")
    await client.close()


@pytest.mark.control("C-48")
async def test_a_stop_goes_over_the_connection_that_is_there_past_what_waits(house: House) -> None:
    client = await house.enter()
    waits = asyncio.create_task(client.ask(Scan()))
    await asyncio.wait_for(house.supervisor.scanning.wait(), WAIT_S)
    assert await client.ask(Stop(reason="panic")) == Done("Stop")
    (scanner, _), (stopper, command) = house.supervisor.asked
    assert command == Stop(reason="panic")
    assert stopper is scanner  # no new connection is needed for it
    assert not waits.done()
    waits.cancel()
    await asyncio.wait({waits})
    await client.close()


@pytest.mark.control("C-48")
async def test_commands_that_wait_for_an_answer_never_keep_a_stop_from_the_connection_that_is_there(home: Path) -> None:
    found = find_home(str(home))
    found.prepare()
    met: list[asyncio.StreamWriter] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(writer)
        while line := await reader.readline():
            command = json.loads(line)
            if command["do"] == "stop":
                writer.write(b'{"answer":"done","text":"stopped","to":%d}\n' % command["number"])

    async with await asyncio.start_unix_server(meet, path=str(found.socket)), asyncio.timeout(WAIT_S):
        client = Client(found, *await asyncio.open_unix_connection(str(found.socket)))
        waiting = [asyncio.create_task(client.ask(Status())) for _ in range(ASKS_MAX)]
        await asyncio.sleep(0)
        with pytest.raises(ConnectionResetError, match="commands wait for an answer"):
            await client.ask(Status())
        assert await client.ask(Stop()) == Done("stopped")
        assert len(met) == 1
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
        await client.close()
        met[0].close()


async def test_who_gives_up_waiting_has_hung_up(house: House) -> None:
    client = await house.enter()
    waits = asyncio.create_task(client.ask(Scan()))
    await asyncio.wait_for(house.supervisor.scanning.wait(), WAIT_S)
    waits.cancel()
    await asyncio.wait({waits})
    assert await asyncio.wait_for(house.supervisor.gone.get(), WAIT_S) is house.supervisor.asked[0][0]
    with pytest.raises(OSError, match="the host is gone"):
        await client.ask(Arm())
    assert [command for _, command in house.supervisor.asked] == [Scan()]
    await client.close()


async def last_lines(client: Client) -> list[Line]:
    """Return what a host has told of its own accord, once it is gone."""
    return [line async for line in client.lines() if isinstance(line, Snapshot | LinkBack)]


async def gone_for_good(client: Client) -> None:
    assert await asyncio.wait_for(last_lines(client), WAIT_S) == []
    with pytest.raises(ConnectionResetError, match="the host is gone"):
        await client.ask(Arm())
    await client.close()


async def test_a_host_that_goes_ends_what_waits_and_all_lines(house: House) -> None:
    client = await house.enter()
    assert await client.ask(Watch()) == Done("Watch")
    waits = asyncio.create_task(client.ask(Scan()))
    await asyncio.wait_for(house.supervisor.scanning.wait(), WAIT_S)
    await house.server.close()
    with pytest.raises(ConnectionResetError, match="the host is gone"):
        await waits
    assert await client.line(WAIT_S) == Done("Watch")
    assert [await client.line(WAIT_S) for _ in range(3)] == [None, None, None]
    with pytest.raises(OSError, match=r".+"):
        await client.ask(Stop())
    await gone_for_good(client)


@pytest.mark.parametrize(
    "says", [b"", b'{"answer":"do', b"nonsense\n", b'{"show":"unit"}\n', b'{"event":"x"}\n', b"x" * 100_000]
)
async def test_a_host_that_talks_nonsense_is_gone(home: Path, says: bytes) -> None:
    async with odd(home, says) as path:
        client = Client(find_home(str(home)), *await asyncio.open_unix_connection(str(path)))
        with pytest.raises(OSError, match="the host is gone"):
            await client.ask(Watch())
        await gone_for_good(client)


async def test_who_asks_for_software_units_never_gets_a_host_with_real_ones(house: House) -> None:
    options = HostOptions(home=house.options.home, simulate="coyote3")
    with pytest.raises(EstimError, match="drives real units") as raised:
        await join(options)
    assert raised.value.code == Exit.TRY_LATER
    await asyncio.wait_for(house.supervisor.gone.get(), WAIT_S)
    with pytest.raises(EstimError, match="drives real units") as raised:
        await asyncio.to_thread(ask_any, options, Scan(1.0))
    assert raised.value.code == Exit.TRY_LATER
    client = await join(house.options)
    assert client.host is None
    await client.close()


@pytest.mark.parametrize(
    ("asked", "joins"), [("em70", False), ("coyote3", False), ("coyote3:mute;em70", True), ("coyote3:mute; em70", True)]
)
async def test_who_asks_for_other_software_units_than_play_here_is_told_which_do(
    asked: str, joins: bool, house: House
) -> None:
    house.supervisor.overview = Overview(pid=7, simulated=True, units=(), simulate="coyote3:mute;em70")
    options = HostOptions(home=house.options.home, simulate=asked)
    if joins:
        await (await join(options)).close()
        return
    with pytest.raises(EstimError, match=r"join it with --simulate coyote3:mute --simulate em70$") as raised:
        await join(options)
    assert raised.value.code == Exit.TRY_LATER


def test_a_home_that_is_too_deep_for_a_socket_is_told_in_the_hosts_own_words(home: Path) -> None:
    deep = home / ("d" * 100)
    with pytest.raises(EstimError, match=r"the system allows 107: .*; choose a shorter folder with --home") as raised:
        start_host(HostOptions(home=str(deep), simulate="coyote3"))
    assert raised.value.code == Exit.CANT_CREATE
    assert "choose a shorter folder" in (deep / "host.log").read_text(encoding="utf-8")


def test_a_software_unit_that_is_not_known_is_told_in_the_hosts_own_words(home: Path) -> None:
    with pytest.raises(EstimError, match="did you mean coyote3") as raised:
        start_host(HostOptions(home=str(home), simulate="coyotte3"))
    assert raised.value.code == Exit.USAGE


async def test_a_host_that_is_started_answers_has_the_home_alone_and_ends_when_told(home: Path) -> None:
    options = HostOptions(home=str(home), simulate="coyote3", solo=False)
    client = await join(options)
    host = client.host
    assert host is not None
    try:
        overview = await client.ask(Status())
        assert isinstance(overview, Overview)
        assert (overview.pid, overview.simulated, overview.simulate) == (host.pid, True, "coyote3")
        assert os.getsid(host.pid) == host.pid != os.getsid(0)
        again = await join(options)
        assert again.host is None
        await again.close()
        with pytest.raises(EstimError, match="other software units play here already"):
            await join(replace(options, simulate="em70"))
        with pytest.raises(EstimError, match="other software units play here already"):
            await asyncio.to_thread(ask_any, replace(options, simulate="em70"), Scan(1.0))
        found = await asyncio.to_thread(ask_any, options, Scan(1.0))
        assert isinstance(found, Found)
        assert [one.family for one in found.units] == ["coyote3"]
        with pytest.raises(EstimError, match=rf"another host \(process {host.pid}\) has the home") as raised:
            await asyncio.to_thread(start_host, options)
        assert raised.value.code == Exit.TRY_LATER
    finally:
        code = await asyncio.to_thread(end, host)
        await client.close()
    assert code == Exit.DONE
    with pytest.raises(OSError, match=r".+"):
        await client.ask(Stop())
    assert await asyncio.to_thread(running, options) is None


def test_a_scan_is_waited_for_as_long_as_it_listens_and_then_as_long_as_anything() -> None:
    assert answer_s(Scan(60.0)) == answer_s(Status()) + 60.0


HOLDS = """
import fcntl, os, signal, sys
from pathlib import Path
from estim.journal.marker import How, Marker, MayBeOn
from estim.journal.rows import NEVER
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
os.pwrite(lock, str(os.getpid()).encode(), 0)
marker = Marker(Path(sys.argv[2]))
marker.put(MayBeOn(address="AA", unit="one", family="em70", since_utc=NEVER, until_utc=NEVER))
signal.signal(signal.SIGUSR1, lambda *_: marker.drop("AA", NEVER, How.PROVED))
print("ready", flush=True)
signal.pause()
"""
"""A process that holds a home and has one unit that may be on; a signal makes it off."""


@pytest.mark.control("C-48")
@pytest.mark.parametrize("says", [b'{"answer":"refused","code":75,"text":"full"}\n', b"", b"nonsense\n"])
async def test_a_stop_that_no_other_connection_brings_about_goes_as_a_signal(home: Path, says: bytes) -> None:
    found = find_home(str(home))
    found.prepare()
    begin_markers(found)
    come = 0

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal come
        come += 1
        if come > 1:
            await reader.readline()
            writer.write(says)
        writer.close()

    line = [sys.executable, "-c", HOLDS, str(found.lock), str(markers(found)[0])]
    holder = await asyncio.create_subprocess_exec(*line, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"ready\n"
    try:
        async with await asyncio.start_unix_server(meet, path=str(found.socket)), asyncio.timeout(WAIT_S):
            client = Client(found, *await asyncio.open_unix_connection(str(found.socket)))
            reply = await client.ask(Stop())
            await client.close()
    finally:
        if holder.returncode is None:
            holder.kill()  # one that was signalled has ended already
        await holder.wait()
    assert isinstance(reply, Done)
    assert "by a signal" in reply.text
    assert come == 2
