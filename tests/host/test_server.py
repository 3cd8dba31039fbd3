"""The control socket: for its owner only, patient with nonsense, in order, and never held up by one front end."""

import asyncio
import json
import os
import shutil
import socket
import stat
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest

from estim.core.errors import Exit
from estim.core.messages.commands import LINE_MAX, Acknowledge, Arm, Ask, Done, Refusal, Reply, Scan, SetLevel, Watch
from estim.core.messages.events import Happened, LinkBack, Paused
from estim.core.messages.lines import Line, read_line
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.vocabulary import State
from estim.host.server import ASKED_MAX, CONNECTIONS_MAX, EXTRA_MAX, MET_MAX, Connection, Server, serve

WAIT_S = 20.0
"""Longest wait for anything here; nothing takes it but a mistake."""


class Supervisor:
    """Keeps what it was asked. A scan takes until `scanned` is set, a leave is a bug, a watch makes one known."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.connections: list[Connection] = []
        self.scanned = asyncio.Event()
        self.gone: asyncio.Queue[Connection] = asyncio.Queue()
        self.stop_fails = False

    async def ask(self, connection: Connection, command: Ask) -> Reply:
        self.asked.append(command)
        match command:
            case Scan():
                await self.scanned.wait()
                return Done("looked around")
            case Acknowledge(7):
                raise KeyError("a bug")
            case Stop() if self.stop_fails:
                raise KeyError("a bug")
            case Watch():
                self.connections.append(connection)
            case _:
                pass
        return Done(type(command).__name__)

    def left(self, connection: Connection) -> None:
        self.gone.put_nowait(connection)


class Client:
    """A front end's bare socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    def say(self, *lines: bytes) -> None:
        self.writer.write(b"".join(line + b"\n" for line in lines))

    async def hear(self) -> Line:
        async with asyncio.timeout(WAIT_S):
            return read_line(await self._reader.readuntil(b"\n"))

    async def hears_the_end(self) -> bool:
        async with asyncio.timeout(WAIT_S):
            return await self._reader.read() == b""


class House:
    """A server with its supervisor, and the front ends that came."""

    def __init__(self, path: Path, supervisor: Supervisor, server: Server) -> None:
        self.path = path
        self.supervisor = supervisor
        self.server = server
        self._clients: list[Client] = []

    async def enter(self) -> Client:
        client = Client(*await asyncio.open_unix_connection(str(self.path), limit=LINE_MAX))
        self._clients.append(client)
        return client

    async def watch(self) -> tuple[Client, Connection]:
        client = await self.enter()
        client.say(b'{"do":"watch"}')
        assert await client.hear() == Done("Watch")
        return client, self.supervisor.connections[-1]

    async def left(self) -> Connection:
        async with asyncio.timeout(WAIT_S):
            return await self.supervisor.gone.get()

    async def clear(self) -> None:
        for client in self._clients:
            client.writer.close()
        self.supervisor.scanned.set()
        await self.server.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="estim-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def house(folder: Path) -> AsyncIterator[House]:
    supervisor = Supervisor()
    house = House(folder / "s", supervisor, await serve(folder / "s", supervisor))
    yield house
    await house.clear()


def snapshot(unit: str, elapsed_s: float) -> Snapshot:
    return Snapshot(
        unit=unit, address="-", family="-", title="-", simulated=True, state=State.RUNNING, elapsed_s=elapsed_s
    )


def paused(number: int) -> Paused:
    return Paused(unit="one", why="key", at_s=float(number))


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
async def test_only_the_owner_may_come_in_whatever_the_umask(folder: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        server = await serve(folder / "s", Supervisor())
        after = os.umask(before)
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "s").stat().st_mode) == 0o600
    assert after == mask
    await server.close()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "truncated"),
        (b"stop", "JSON is malformed"),
        (b'{"do":"stop"', "truncated"),
        (b'{"do":"dance"}', "Invalid value 'dance'"),
        (b"{}", "missing required field `do`"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"do":7}', "Expected `str`"),
        (b'{"do":"level","channel":"A","by":"1"}', "Expected `int | null`, got `str` - at `$.by`"),
        (b'{"do":"level","channel":"A","by":1001}', "<= 1000"),
        (b'{"do":"level","channel":"Z","by":1}', "Invalid enum value 'Z'"),
        (b'{"do":"level","channel":"A","to":-1}', ">= 0"),
        (b'{"do":"stop","reason":"bored"}', "Invalid enum value 'bored'"),
        (b'{"do":"stop","sofd":true}', "unknown field `sofd`"),
        (b'{"do":"watch","every_s":0}', ">= 0.05"),
        (b'{"do":"start","program":"\xff"}', "utf-8"),
        (b'{"do":"start","program":"p","level":' + b"[" * 30_000, "Expected `object`"),
        (b"[" * 60_000, "Expected `object`"),
        (b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b',"do":"stop"}', "nested too deeply"),
        (b" " * LINE_MAX + b'{"do":"status"}', f"up to {LINE_MAX} bytes"),
        (b"x" * 5 * LINE_MAX, f"up to {LINE_MAX} bytes"),
    ],
    ids=lambda value: value[:40].decode(errors="replace") if isinstance(value, bytes) else None,
)
async def test_what_is_no_command_is_answered_with_a_sentence_and_the_host_goes_on(
    house: House, line: bytes, why: str
) -> None:
    client = await house.enter()
    client.say(line, b'{"do":"arm"}')
    refused = await client.hear()
    assert isinstance(refused, Refusal)
    assert refused.code == Exit.USAGE
    assert refused.text.startswith("that isn't a command: ")
    assert why in refused.text
    assert await client.hear() == Done("Arm")
    assert house.supervisor.asked == [Arm()]


async def test_however_many_lines_come_at_once_one_is_read_a_turn_and_all_others_have_theirs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = 0
    read_in: list[int] = []

    def noted(why: str) -> Refusal:
        read_in.append(turn)
        return Refusal(code=Exit.USAGE, text=why)

    monkeypatch.setattr("estim.host.server._bad", noted)
    client = await house.enter()
    client.say(*[b""] * 500, b'{"do":"arm"}')
    async with asyncio.timeout(WAIT_S):
        while not house.supervisor.asked:
            await asyncio.sleep(0)
            turn += 1
    assert len(read_in) == 500
    assert max(Counter(read_in).values()) <= 2, "a frame of a session waits for no more than this"


async def test_however_many_come_at_once_few_are_met_in_a_turn_and_none_is_turned_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = 0
    met_in: list[int] = []

    class Noted(Connection):
        def __init__(self, writer: asyncio.StreamWriter) -> None:
            met_in.append(turn)
            super().__init__(writer)

    monkeypatch.setattr("estim.host.server.Connection", Noted)
    with ExitStack() as undo:
        for _ in range(300):
            wire = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            wire.settimeout(WAIT_S)
            wire.connect(str(house.path))
        async with asyncio.timeout(WAIT_S):
            while len(met_in) < 300:
                await asyncio.sleep(0)
                turn += 1
    assert max(Counter(met_in).values()) <= MET_MAX


async def test_a_line_of_the_longest_length_is_taken(house: House) -> None:
    client = await house.enter()
    client.say(b'{"do":"status"}'.rjust(LINE_MAX))
    assert await client.hear() == Done("Status")


async def test_a_bug_of_ours_is_answered_too(house: House, caplog: pytest.LogCaptureFixture) -> None:
    client = await house.enter()
    client.say(b'{"do":"quiet","alarm":7}')
    refused = await client.hear()
    client.say(b'{"do":"arm"}')
    assert isinstance(refused, Refusal)
    assert refused.code == Exit.INTERNAL
    assert "the host's log" in refused.text
    assert await client.hear() == Done("Arm")
    assert "Acknowledge failed" in caplog.text


@pytest.mark.parametrize("last", [b"", b'{"do":"arm"', b"x" * 3 * LINE_MAX])
async def test_a_front_end_that_vanishes_has_left_wherever_its_line_ends(house: House, last: bytes) -> None:
    client, connection = await house.watch()
    other, _ = await house.watch()
    client.writer.write(last)
    client.writer.close()
    assert await house.left() is connection
    assert connection.gone
    connection.tell(paused(1))
    other.say(b'{"do":"arm"}')
    assert await other.hear() == Done("Arm")
    assert house.supervisor.asked == [Watch(), Watch(), Arm()]


async def test_one_that_vanishes_before_its_answer_has_left_too(house: House) -> None:
    client, connection = await house.watch()
    client.say(b'{"do":"scan"}')
    client.writer.close()
    assert await house.left() is connection
    house.supervisor.scanned.set()
    other = await house.enter()
    other.say(b'{"do":"arm"}')
    assert await other.hear() == Done("Arm")


async def test_a_snapshot_takes_the_place_of_one_that_waits_and_what_happens_is_kept(house: House) -> None:
    client, connection = await house.watch()
    told: list[Line] = [snapshot("one", 1), paused(1), snapshot("two", 1), snapshot("one", 2), paused(2), Done("yes")]
    for line in [*told, snapshot("one", 3), snapshot("two", 2)]:
        connection.tell(line)
    heard = [await client.hear() for _ in range(5)]
    assert heard == [snapshot("one", 3), paused(1), snapshot("two", 2), paused(2), Done("yes")]


async def test_a_slow_front_end_loses_snapshots_and_nothing_else(house: House) -> None:
    client, connection = await house.watch()
    chance = Random(4)
    kept: list[Line] = []
    last: dict[str, Snapshot] = {}
    for number in range(20_000):
        unit = chance.choice(["one", "two"])
        if chance.random() < 0.04:
            kept.append(paused(number) if chance.random() < 0.9 else Done(str(number)))
            connection.tell(kept[-1])
        else:
            last[unit] = snapshot(unit, number)
            connection.tell(last[unit])
        if chance.random() < 0.1:
            await asyncio.sleep(0)
    connection.tell(LinkBack(unit="one"))
    heard = [await client.hear()]
    while heard[-1] != LinkBack(unit="one"):
        heard.append(await client.hear())
    shown = [line for line in heard if isinstance(line, Snapshot)]
    assert not connection.gone
    assert [line for line in heard[:-1] if not isinstance(line, Snapshot)] == kept
    assert {line.unit: line for line in shown} == last
    assert len(shown) < 20_000 - len(kept)
    for unit in last:
        ages = [line.elapsed_s for line in shown if line.unit == unit]
        assert ages == sorted(ages)


async def test_one_that_never_reads_is_hung_up_on_and_the_others_are_not(house: House) -> None:
    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with deaf:
        deaf.connect(str(house.path))
        deaf.sendall(b'{"do":"watch"}\n')
        other, front_of_other = await house.watch()
        connection = next(connection for connection in house.supervisor.connections if connection is not front_of_other)
        happened: list[Happened] = [paused(number) for number in range(40_000)]
        for told in happened:
            connection.tell(told)
            if connection.gone:
                break
            await asyncio.sleep(0)
        assert connection.gone
        assert await house.left() is connection
        other.say(b'{"do":"arm"}')
        assert await other.hear() == Done("Arm")
    front_of_other.tell(happened[0])
    assert await other.hear() == happened[0]


async def test_commands_begin_in_the_order_in_which_they_come(house: House) -> None:
    client = await house.enter()
    moves = [{"do": "level", "channel": "AB"[number % 2], "by": number - 50} for number in range(3 * ASKED_MAX)]
    client.say(*(json.dumps(move).encode() for move in moves))
    answers = [await client.hear() for _ in moves]
    assert answers == [Done("SetLevel")] * len(moves)
    assert [(move.channel, move.by) for move in house.supervisor.asked if isinstance(move, SetLevel)] == [
        (move["channel"], move["by"]) for move in moves
    ]


async def test_a_stop_is_not_held_up_by_what_came_before(house: House) -> None:
    client = await house.enter()
    client.say(b'{"do":"scan"}', b'{"do":"stop","reason":"panic"}')
    assert await client.hear() == Done("Stop")
    assert house.supervisor.asked == [Scan(), Stop(reason="panic")]
    house.supervisor.scanned.set()
    assert await client.hear() == Done("looked around")


async def test_too_many_commands_at_once_are_refused_and_a_stop_is_not(house: House) -> None:
    client = await house.enter()
    client.say(*[b'{"do":"scan"}'] * ASKED_MAX, b'{"do":"quiet","alarm":1}', b'{"do":"stop"}')
    refused = await client.hear()
    assert isinstance(refused, Refusal)
    assert f"more than {ASKED_MAX} commands at once" in refused.text
    assert await client.hear() == Done("Stop")
    house.supervisor.scanned.set()
    assert [await client.hear() for _ in range(ASKED_MAX)] == [Done("looked around")] * ASKED_MAX
    client.say(b'{"do":"quiet","alarm":2}')
    assert await client.hear() == Done("Acknowledge")
    assert [command for command in house.supervisor.asked if isinstance(command, Acknowledge)] == [Acknowledge(2)]


async def test_one_front_end_too_many_is_told_so(house: House) -> None:
    here = [(await house.watch())[0] for _ in range(CONNECTIONS_MAX)]
    late = await house.enter()
    refused = await late.hear()
    assert isinstance(refused, Refusal)
    assert refused.code == Exit.TRY_LATER
    assert await late.hears_the_end()
    here[0].writer.close()
    await house.left()
    await house.watch()
    assert len(house.supervisor.connections) == CONNECTIONS_MAX + 1


@pytest.mark.control("C-48")
async def test_past_the_limit_of_front_ends_a_stop_is_obeyed_and_nothing_else(house: House) -> None:
    for _ in range(CONNECTIONS_MAX):
        await house.watch()
    idle = [await house.enter() for _ in range(40)]
    stops = await house.enter()
    arms = await house.enter()
    stops.say(b'{"do":"stop","reason":"panic","number":7}')
    assert await stops.hear() == Done("Stop", to=7)
    arms.say(b'{"do":"arm"}')
    refused = await arms.hear()
    assert isinstance(refused, Refusal)
    assert refused.code == Exit.TRY_LATER
    asked = [command for command in house.supervisor.asked if not isinstance(command, Watch)]
    assert asked == [Stop(reason="panic")]
    assert len(idle) == 40


@pytest.mark.control("C-48")
async def test_past_the_limit_a_stop_is_obeyed_however_many_came_before(house: House) -> None:
    for _ in range(CONNECTIONS_MAX):
        await house.watch()
    for number in range(1, EXTRA_MAX + 3):
        late = await house.enter()
        late.say(b'{"do":"stop","number":%d}\n' % number)
        assert await late.hear() == Done("Stop", to=number)
        late.writer.close()


async def test_each_answer_carries_the_number_of_its_command(house: House) -> None:
    client = await house.enter()
    client.say(b'{"do":"scan","number":3}', b'{"do":"arm","number":4}')
    assert await client.hear() == Done("Arm", to=4)
    house.supervisor.scanned.set()
    assert await client.hear() == Done("looked around", to=3)


async def test_the_end_is_told_before_it_hangs_up(house: House) -> None:
    client, connection = await house.watch()
    last: list[Any] = [paused(number) for number in range(100)]
    for line in last:
        connection.tell(line)
    await house.server.close()
    assert [await client.hear() for _ in last] == last
    assert await client.hears_the_end()
    assert await house.left() is connection
    with pytest.raises(OSError, match="refused"):
        await house.enter()


async def test_past_the_limit_a_stop_that_meets_a_bug_is_answered_and_the_rest_goes_on(house: House) -> None:
    for _ in range(CONNECTIONS_MAX):
        await house.watch()
    house.supervisor.stop_fails = True
    late = await house.enter()
    late.say(b'{"do":"stop","number":7}')
    refused = await late.hear()
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.to) == (Exit.INTERNAL, 7)
    assert await late.hears_the_end()
