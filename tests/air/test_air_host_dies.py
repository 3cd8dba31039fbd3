"""A host that is killed, or that hangs, in mid-session: real processes and real sockets, and what the front end says.

Nothing is judged by the wall's clock: a death is told by the closing of the socket while the follower's own clock
stands still, and a silence by that clock alone, which a test moves.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from estim.client import connection
from estim.client.connection import Client, join
from estim.client.follower import SILENT_TICKS, Follower
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.config.units import Units
from estim.core.errors import Exit
from estim.core.messages.commands import Done, Start
from estim.core.messages.events import Started
from estim.journal.marker import Marker
from protocols.vocabulary import Channel
from tests.air.room import Served
from tests.air.test_air_loss import EM70
from tests.cli.line import short_home
from tests.client.test_follower import Front

GUARD_S = 60.0
"""What is waited for and never comes ends a test after this; nothing takes it but a mistake."""

START = Start(program="tens-ankle", minutes=5, level={Channel.A: 2}, pads_on=True, unasked=True)


@pytest.fixture
def home() -> Iterator[Path]:
    with short_home() as folder:
        yield folder


class Hand:
    """The follower's clock: it stands still until a test moves it."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._waiting: list[asyncio.Future[None]] = []

    async def sleep(self, _seconds: float) -> None:
        self._waiting.append(asyncio.get_running_loop().create_future())
        await self._waiting[-1]

    def tick(self) -> None:
        """Let a look's time pass."""
        self._front.told.append((0.0, "tick", None))
        for one in self._waiting:
            if not one.done():
                one.set_result(None)
        self._waiting.clear()


class Followed:
    """A front end in this process, and the process of the host that it follows, in the middle of a session."""

    def __init__(self, client: Client) -> None:
        assert client.host is not None, "it was started for this front end"
        self.process = client.host
        self.front = Front()
        self.hand = Hand(self.front)
        self.follower = Follower(client, self.front, self._no_other, sleep=self.hand.sleep)

    async def _no_other(self) -> Client:
        await asyncio.Event().wait()
        raise AssertionError("there is no other host")

    async def told(self, kind: str) -> None:
        """Return when the front end was told of this."""
        async with asyncio.timeout(GUARD_S):
            while not self.front.of(kind):  # noqa: ASYNC110 # a front end is told, and tells nobody
                await asyncio.sleep(0.01)

    async def playing(self) -> None:
        assert isinstance(await self.follower.say(START), Done)
        async with asyncio.timeout(GUARD_S):
            while not any(isinstance(line, Started) for _, line in self.front.of("heard")):  # noqa: ASYNC110 # as above
                await asyncio.sleep(0.01)


@asynccontextmanager
async def followed(home: Path) -> AsyncIterator[Followed]:
    made = Followed(await join(HostOptions(home=str(home), simulate="em70", speed="4")))
    running = asyncio.create_task(made.follower.run())
    try:
        await made.playing()
        yield made
    finally:
        made.process.kill()
        await asyncio.to_thread(made.process.wait)
        await made.follower.close()
        await running


@pytest.mark.air
@pytest.mark.control("C-41")
async def test_a_host_that_is_killed_is_told_by_the_closing_of_its_socket_while_no_clock_moves(home: Path) -> None:
    async with followed(home) as made:
        made.process.send_signal(signal.SIGKILL)
        await made.told("lost")
        assert made.front.of("tick", "silent", "still", "lost") == [("lost", None)]


@pytest.mark.air
@pytest.mark.control("C-41")
async def test_a_host_that_hangs_is_told_after_three_looks_without_a_line_and_asked_at_its_door(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ALIVE_S", 0.2)
    async with followed(home) as made:
        made.process.send_signal(signal.SIGSTOP)
        await asyncio.to_thread(os.waitid, os.P_PID, made.process.pid, os.WSTOPPED | os.WNOWAIT)
        async with asyncio.timeout(GUARD_S):
            while not made.front.of("silent"):
                made.hand.tick()
                for _ in range(20):
                    await asyncio.sleep(0)
        order = [what for _, what, _ in made.front.told]
        last = len(order) - 1 - order[::-1].index("heard")
        assert order[last + 1 : order.index("silent")] == ["tick"] * SILENT_TICKS
        await made.told("still")
        assert made.front.of("lost") == [], "it hangs, and may go on: nobody calls it gone"


class Typed:
    """`estim run` on a unit that another process plays."""

    def __init__(self, home: Path, transport: str) -> None:
        words = ["--home", str(home), "--radio", f"hci:{transport}", "--no-input", "--json", "run", "tens-ankle"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "estim.cli.main", *words, "--minutes", "5", "--level", "2", "--pads-on"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )

    def until(self, true: Callable[[dict[str, object]], bool]) -> list[dict[str, object]]:
        """Return the lines up to the first of which this is true."""
        assert self.process.stdout is not None
        told = []
        for line in self.process.stdout:
            told.append(json.loads(line))
            if true(told[-1]):
                return told
        pytest.fail(f"the lines ended: {told}")


@pytest.mark.air
@pytest.mark.control("C-12", "C-41")
def test_estim_run_says_that_its_host_was_killed_and_what_may_be_on_before_it_has_another_one(
    home: Path, serve: Callable[..., Served]
) -> None:
    served = serve("em70")
    place = find_home(str(home))
    place.prepare()
    Units.load(place).add(EM70, "em70", datetime.now(UTC))  # who is known needs no search for whoever is there
    typed = Typed(home, served.transport)
    try:
        typed.until(lambda line: line["event"] == "level")
        host = int(place.lock.read_text(encoding="ascii"))
        os.kill(host, signal.SIGKILL)
        *before, alarm = typed.until(lambda line: line["event"] == "alarm")
        on = Marker(place.journal.with_suffix(".on.json")).read()
        assert on is not None
        assert [one.unit for one in on.units] == ["em70"], "nobody has stopped it yet"
        assert alarm["text"] == "the host died, and output may be on: a new one is started to stop it"
        assert "minus key" in str(alarm["do"])
        assert {line["event"] for line in before} <= {"level"}, "it is the first thing that is told of it"
        ended = typed.until(lambda line: line["event"] == "ended")[-1]
        assert ended["message"] == "the host died; a new one has stopped the unit, zero confirmed"
        assert typed.process.wait(GUARD_S) == Exit.GENERAL
        assert [row["level"] for row in served.records() if row["event"] == "level"][-1] == 0
    finally:
        typed.process.kill()
        typed.process.communicate()
