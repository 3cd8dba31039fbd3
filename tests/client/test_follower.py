"""A front end's way to a host and its successors: no stop is lost on it, no silence and no end goes unnoticed."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path

import pytest

from estim.client.connection import join
from estim.client.follower import ASKS_MAX, SILENT_TICKS, STOP_S, TRY_GAP_MAX_S, TRY_GAP_S, Follower
from estim.clock import VirtualLoop
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.core.messages.commands import Ask, Done, Refusal, Reply, SetLevel, Start, Status, Watch
from estim.core.messages.events import Started
from estim.core.messages.lines import Line
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import State
from protocols.vocabulary import Channel
from tests.tui.scripted import ENDED, IDLE, RUNNING, ScriptedClient, Successors

PANIC = Stop(reason="panic")
SOFT = Stop(unit="coyote3", soft=True)
START = Start(program="tens-ankle", pads_on=True)
UP = SetLevel(channel=Channel.A, by=1)
DOWN = SetLevel(channel=Channel.A, by=-1)
GREETING = (Watch(), Status())

STARTED = Started(unit="coyote3", program="tens-ankle", length_s=1200.0, started_at="2026-03-01T08:00:00+00:00")


class Front:
    """A front end that writes down what it is told, with the time."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str, object]] = []

    def _note(self, what: str, of: object = None) -> None:
        self.told.append((asyncio.get_running_loop().time(), what, of))

    def heard(self, line: Line) -> None:
        self._note("heard", line)

    def answered(self, command: Ask, reply: Reply) -> None:
        self._note("answered", command)

    def undelivered(self, command: Ask, why: str) -> None:
        self._note("undelivered", (command, why))

    def fell_silent(self) -> None:
        self._note("silent")

    def stands_still(self) -> None:
        self._note("still")

    def lost(self) -> None:
        self._note("lost")

    def failed_again(self, why: str) -> None:
        self._note("failed", why)

    def of(self, *kinds: str) -> list[tuple[str, object]]:
        """Return what was told of these kinds."""
        return [(what, of) for _, what, of in self.told if what in kinds]

    def when(self, kind: str) -> list[float]:
        """Return when something was told, in whole seconds."""
        return [round(at_s) for at_s, what, _ in self.told if what == kind]


class Answering(ScriptedClient):
    """A host that answers starts when it is let, and stops after a while; `fails` makes a stop fail instead."""

    def __init__(self, *, stop_s: float = 0.0, fails: bool = False) -> None:
        super().__init__()
        self.let: list[asyncio.Future[Reply]] = []
        self.closed = False
        self._stop_s = stop_s
        self._fails = fails

    async def ask(self, command: Ask) -> Reply:
        if isinstance(command, Start):
            self.asked.append(command)
            self.let.append(asyncio.get_running_loop().create_future())
            return await self.let[-1]
        if isinstance(command, Stop) and (self._stop_s or self._fails):
            self.asked.append(command)
            await asyncio.sleep(self._stop_s)
            if self._fails:
                raise ConnectionResetError("the host is gone")
            return Done("stopped")
        return await super().ask(command)

    async def close(self) -> None:
        self.closed = True


def live(life: Coroutine[object, object, None]) -> None:
    """Live on time that jumps."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(life)


async def turns() -> None:
    """Let everything go on that waits for no time."""
    for _ in range(8):
        await asyncio.sleep(0)


def test_what_is_said_and_heard_is_told_and_a_new_host_is_greeted() -> None:
    async def life() -> None:
        front = Front()
        host = ScriptedClient(RUNNING)
        follower = Follower(host, front, Successors(), greeting=GREETING)
        running = asyncio.create_task(follower.run())
        host.show(RUNNING)
        await turns()
        assert host.asked == [*GREETING]
        assert await follower.say(UP) == Done()
        assert front.of("heard")[0] == ("heard", RUNNING)
        assert front.of("answered") == [("answered", Watch()), ("answered", Status()), ("answered", UP)]
        follower.leave()
        await running
        host.show(IDLE)
        await turns()
        assert ("heard", IDLE) not in front.of("heard")

    live(life())


@pytest.mark.control("C-13", "C-49")
@pytest.mark.parametrize("answer", [Done("found"), Refusal(code=69, text="no unit"), OSError("the host is gone")])
def test_a_stop_that_crosses_a_start_is_said_again_however_the_start_is_answered(answer: Reply | OSError) -> None:
    async def life() -> None:
        host = Answering()
        follower = Follower(host, Front(), Successors())
        follower.send(START)
        follower.send(PANIC)  # in the same breath: the start isn't even on its way yet
        await turns()
        assert host.asked == [START, PANIC]
        if isinstance(answer, OSError):
            host.let[0].set_exception(answer)
        else:
            host.let[0].set_result(answer)
        await turns()
        assert host.asked == [START, PANIC, PANIC]
        follower.send(PANIC)
        await turns()
        assert host.stops == [PANIC] * 3, "with no start under way once is enough"

    live(life())


@pytest.mark.control("C-49")
def test_of_two_starts_each_is_followed_by_every_stop_that_crossed_it() -> None:
    async def life() -> None:
        host = Answering()
        follower = Follower(host, Front(), Successors())
        follower.send(START)
        follower.send(PANIC)
        follower.send(START)
        follower.send(SOFT)
        await turns()
        host.let[1].set_result(Done())
        await turns()
        assert host.stops == [PANIC, SOFT, SOFT]
        host.let[0].set_result(Done())
        await turns()
        assert host.stops == [PANIC, SOFT, SOFT, PANIC, SOFT]

    live(life())


@pytest.mark.control("C-48")
def test_who_awaits_a_refused_start_and_hangs_up_has_said_the_stop_again() -> None:
    async def life() -> None:
        host = Answering()
        follower = Follower(host, Front(), Successors())
        saying = asyncio.create_task(follower.say(START))
        await turns()
        follower.send(PANIC)
        await turns()
        host.let[0].set_result(Refusal(code=77, text="stopped"))
        assert await saying == Refusal(code=77, text="stopped")
        assert host.stops == [PANIC, PANIC]
        await follower.close()
        assert host.closed

    live(life())


@pytest.mark.control("C-77")
def test_who_stops_waiting_for_an_answer_gives_no_command_up() -> None:
    """A connection whose command is given up hangs up, and a session that runs would end with it."""

    async def life() -> None:
        host = Answering()
        front = Front()
        follower = Follower(host, front, Successors())
        saying = asyncio.create_task(follower.say(START))
        await turns()
        saying.cancel()
        await turns()
        assert saying.cancelled()
        host.let[0].set_result(Done())
        await turns()
        assert front.of("answered") == [("answered", START)]

    live(life())


def test_raises_have_a_limit_and_stops_have_none() -> None:
    async def life() -> None:
        host = ScriptedClient(slow=True)
        front = Front()
        follower = Follower(host, front, Successors())
        for _ in range(ASKS_MAX + 5):
            follower.send(UP)
        for _ in range(ASKS_MAX + 5):
            follower.send(PANIC)
        await turns()
        follower.send(DOWN)
        await turns()
        assert host.asked == [UP] * ASKS_MAX + [PANIC] * (ASKS_MAX + 5) + [DOWN]
        assert front.of("undelivered") == [("undelivered", (UP, "too many keys at once"))] * 5
        await follower.close()

    live(life())


@pytest.mark.control("C-48")
@pytest.mark.parametrize(
    ("said", "owed"),
    [
        ([PANIC], [PANIC]),
        ([PANIC, SOFT], [PANIC, SOFT]),
        ([SOFT, PANIC], [PANIC]),
        ([SOFT, SOFT], [SOFT]),
        ([SOFT, Stop(unit="em70")], [SOFT, Stop(unit="em70")]),
        ([PANIC, PANIC], [PANIC]),
    ],
)
def test_every_stop_that_went_nowhere_is_owed_to_the_next_host_and_said_first(
    said: list[Stop], owed: list[Stop]
) -> None:
    async def life() -> None:
        first = ScriptedClient(RUNNING)
        second = ScriptedClient(IDLE)
        front = Front()
        third = ScriptedClient()
        again = Successors(OSError("the socket is in use"), second, third)
        follower = Follower(first, front, again, greeting=GREETING)
        running = asyncio.create_task(follower.run())
        await turns()
        first.die()
        await turns()
        for stop in said:
            follower.send(stop)
        await asyncio.sleep(TRY_GAP_S)
        await turns()
        assert second.asked == [*owed, *GREETING]
        assert [of for _, of in front.of("failed")] == ["the socket is in use"]
        second.die()
        await turns()
        assert third.asked == [*GREETING], "what was answered is owed no more"
        running.cancel()

    live(life())


@pytest.mark.control("C-48")
def test_a_late_stop_is_told_and_owed_and_still_goes_all_its_ways() -> None:
    async def life() -> None:
        front = Front()
        first = Answering(stop_s=100.0)
        second = ScriptedClient()
        follower = Follower(first, front, Successors(second))
        running = asyncio.create_task(follower.run())
        follower.send(PANIC)
        await asyncio.sleep(STOP_S + 1)
        assert front.of("undelivered") == [("undelivered", (PANIC, "no answer in 40 s"))]
        await asyncio.sleep(100.0)
        assert front.when("answered") == [100]
        first.die()
        await turns()
        assert second.asked == [], "it was answered after all"
        running.cancel()

    live(life())


@pytest.mark.control("C-48")
def test_a_stop_that_was_under_way_when_its_host_went_is_the_next_ones_first_word_at_once() -> None:
    async def life() -> None:
        front = Front()
        first = Answering(stop_s=5.0, fails=True)
        second = ScriptedClient(RUNNING)
        follower = Follower(first, front, Successors(second), greeting=GREETING)
        running = asyncio.create_task(follower.run())
        await turns()
        follower.send(PANIC)
        await turns()
        first.die()
        await turns()
        assert second.asked == [PANIC, *GREETING], "it doesn't wait for what becomes of its other ways"
        assert first.closed
        await asyncio.sleep(6.0)
        assert front.of("undelivered") == [("undelivered", (PANIC, "the host is gone"))]
        assert second.stops == [PANIC]
        running.cancel()

    live(life())


@pytest.mark.control("C-27", "C-41")
@pytest.mark.parametrize("still", [True, False])
def test_silence_in_a_session_is_told_after_three_seconds_and_the_host_is_asked_whether_it_lives(still: bool) -> None:
    async def life() -> None:
        front = Front()
        host = ScriptedClient(RUNNING)
        host.still = still
        running = asyncio.create_task(Follower(host, front, Successors()).run())
        host.show(RUNNING)
        await asyncio.sleep(SILENT_TICKS - 0.5)
        assert front.of("silent", "still") == []
        await asyncio.sleep(60)
        assert front.when("silent") == [3], "once"
        assert front.when("still") == ([3] if still else [])
        host.show(RUNNING)
        await asyncio.sleep(60)
        assert len(front.when("silent")) == 2, "and again after every line"
        running.cancel()

    live(life())


@pytest.mark.parametrize(
    ("lines", "silent"),
    [
        ([], False),
        ([IDLE], False),
        ([replace(RUNNING, state=State.CONNECTING)], False),
        ([replace(RUNNING, state=State.CONNECTING), STARTED], True),
        ([replace(RUNNING, state=State.READY)], True),
        ([RUNNING, ENDED], False),
        ([RUNNING, ENDED, replace(RUNNING, unit="em70")], True),
    ],
)
def test_silence_is_told_only_while_something_has_to_be_said(lines: list[Line], silent: bool) -> None:
    async def life() -> None:
        front = Front()
        host = ScriptedClient()
        for line in lines:
            host._lines.put_nowait(line)
        running = asyncio.create_task(Follower(host, front, Successors()).run())
        await asyncio.sleep(10)
        assert bool(front.of("silent")) is silent
        host.die()
        await asyncio.sleep(10)
        assert len(front.of("silent")) == silent, "a host that has gone isn't silent"
        running.cancel()

    live(life())


@pytest.mark.control("C-41")
def test_the_next_host_is_tried_for_ever_with_growing_gaps() -> None:
    async def life() -> None:
        front = Front()
        first = ScriptedClient()
        running = asyncio.create_task(Follower(first, front, Successors(*[OSError("no host")] * 8)).run())
        await turns()
        first.die()
        await asyncio.sleep(60)
        gaps = [TRY_GAP_S, 2.0, 4.0, 8.0, TRY_GAP_MAX_S, TRY_GAP_MAX_S, TRY_GAP_MAX_S, TRY_GAP_MAX_S]
        tried = front.when("failed")
        assert tried == [sum(gaps[:number]) for number in range(len(tried))]
        assert len(tried) >= 7
        assert len(front.of("lost")) == 1
        running.cancel()

    live(life())


def test_a_host_that_is_given_up_is_as_good_as_gone_whatever_it_still_says() -> None:
    async def life() -> None:
        front = Front()
        first = Answering()
        second = ScriptedClient(IDLE)
        follower = Follower(first, front, Successors(second))
        follower.give_up()  # before anybody listens
        follower.owe(PANIC)
        running = asyncio.create_task(follower.run())
        first.show(RUNNING)
        await turns()
        assert front.of("heard", "lost") == [("lost", None)]
        assert first.closed
        second.show(IDLE)
        await turns()
        assert front.of("heard") == [("heard", IDLE)]
        follower.give_up()
        await turns()
        assert len(front.of("lost")) == 2
        running.cancel()

    live(life())


def test_who_leaves_when_a_host_is_lost_gets_no_other_one() -> None:
    async def life() -> None:
        host = ScriptedClient()
        again = Successors(ScriptedClient())

        class Leaving(Front):
            def lost(self) -> None:
                super().lost()
                follower.leave()

        front = Leaving()
        follower = Follower(host, front, again)
        running = asyncio.create_task(follower.run())
        host.die()
        await running
        assert front.of("lost") == [("lost", None)]
        assert again.calls == 0
        assert follower.left

    live(life())


def test_a_listeners_mistake_ends_the_following_and_is_swallowed_by_nobody() -> None:
    async def life() -> None:
        class Mistaken(Front):
            def heard(self, line: Line) -> None:
                raise LookupError("a mistake")

        host = ScriptedClient()
        host.show(RUNNING)
        with pytest.raises(LookupError, match="a mistake"):
            await Follower(host, Mistaken(), Successors()).run()

    live(life())


# On a real socket


class PlayedHost:
    """A host's door on a real socket: it answers everything, and hangs up when it is told to."""

    def __init__(self) -> None:
        self._met = 0
        self._asked: asyncio.Queue[tuple[int, str]] = asyncio.Queue(100)
        self._writers: list[asyncio.StreamWriter] = []

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one front end, and keep what it asked."""
        self._met += 1
        number = self._met
        self._writers.append(writer)
        while line := await reader.readline():
            command = json.loads(line)
            await self._asked.put((number, command["do"]))
            writer.write(b'{"answer":"done","text":"","to":%d}\n' % command["number"])
        writer.close()

    async def asked(self, count: int) -> list[tuple[int, str]]:
        """Return the next commands, each with the number of who asked it."""
        return [await self._asked.get() for _ in range(count)]

    def hang_up(self) -> None:
        """Be gone for everybody who is there."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="estim-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.control("C-48")
async def test_over_a_real_socket_the_next_host_hears_what_is_owed_and_lives_at_its_door(home: Path) -> None:
    options = HostOptions(home=str(home))
    host = PlayedHost()
    front = Front()
    find_home(options.home).prepare()
    server = await asyncio.start_unix_server(host.meet, path=str(find_home(options.home).socket))
    async with server, asyncio.timeout(30):
        client = await join(options)
        follower = Follower(client, front, lambda: join(options), greeting=(Status(),))
        running = asyncio.create_task(follower.run())
        assert await host.asked(2) == [(1, "watch"), (1, "status")]
        assert await client.lives()
        assert await host.asked(1) == [(2, "status")]
        follower.owe(PANIC)
        host.hang_up()
        assert await host.asked(3) == [(3, "watch"), (3, "stop"), (3, "status")]
        assert front.of("lost") == [("lost", None)]
        await follower.close()
        await running
        server.close()
        host.hang_up()
        assert not await client.lives()
