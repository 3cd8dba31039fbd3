"""`estim run` on a played host, on time that jumps: one that dies, stands still or answers late, and what is told."""

import asyncio
import json
from collections.abc import Callable, Coroutine

import pytest

from estim.cli.run import RECOVERY_S, STOP_S, Run
from estim.client.follower import SILENT_TICKS
from estim.client.follower import STOP_S as LATE_S
from estim.clock import VirtualLoop
from estim.config.options import HostOptions
from estim.core.errors import Exit
from estim.core.messages.commands import Ask, Done, Refusal, Reply, Start
from estim.core.messages.events import Started
from estim.core.messages.lowering import Stop
from estim.core.vocabulary import Reason
from tests.tui.scripted import RUNNING, ScriptedClient, Successors

STARTED = Started(unit="coyote3", program="tens-ankle", length_s=1200.0, started_at="2026-03-01T08:00:00+00:00")
LAST_WORD = Stop(reason="interrupted")
PROVED = Done("stopped, zero confirmed", proved=True)


class Host(ScriptedClient):
    """A host as a run has it: its answers are among its lines, and a start names its unit.

    `word` is what it answers to a stop, `mute`: nothing at all. `start` is what a start waits for.
    """

    def __init__(self, *, word: Reply | None = None, mute: bool = False, zeroes: bool = True) -> None:
        super().__init__(zeroes=zeroes)
        self.start = asyncio.Event()
        self.start.set()
        self._word = word
        self._mute = mute

    async def ask(self, command: Ask) -> Reply:
        """Answer in words and in a line."""
        if isinstance(command, Start) and not self.dead:
            self.asked.append(command)
            await self.start.wait()
            reply = self.refuse or Done("found", unit="coyote3")
        elif isinstance(command, Stop) and (self._mute or self._word):
            self.asked.append(command)
            if self._word is None:
                await asyncio.Event().wait()
            reply = self._word or Done()
        else:
            reply = await super().ask(command)
        self._lines.put_nowait(reply)
        return reply

    def play(self) -> None:
        """Begin the session that was asked for."""
        self.tell(STARTED)
        self.show(RUNNING)


class Played:
    """One run, from its start on this host to its exit code."""

    def __init__(self, host: Host, *next_ones: ScriptedClient | OSError, simulate: str | None = None) -> None:
        options = HostOptions(simulate=simulate)
        start = Start(program="tens-ankle", pads_on=True)
        self.run = Run(options, start, screen=None, may_ask=False)
        self.again = Successors(*next_ones)
        self.playing = asyncio.create_task(self.run.play(host, self.again))

    async def end(self) -> tuple[int, float]:
        """Return the exit code, and after how many seconds it came; five minutes are without end."""
        async with asyncio.timeout(300):
            code = await self.playing
        return code, asyncio.get_running_loop().time()


async def turns() -> None:
    """Let everything go on that waits for no time."""
    for _ in range(12):
        await asyncio.sleep(0)


def live(
    life: Callable[[], Coroutine[object, object, None]], capsys: pytest.CaptureFixture[str]
) -> list[dict[str, object]]:
    """Live on time that jumps; return the lines that were told."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(life())
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def texts(told: list[dict[str, object]]) -> list[object]:
    """Return alarms and the last line in words."""
    return [line.get("text", line.get("message")) for line in told if line["event"] in ("alarm", "ended")]


DIED = "the host died, and output may be on: a new one is started to stop it"


@pytest.mark.control("C-41", "C-48")
def test_a_host_that_cant_be_started_at_once_is_tried_again_and_stops_the_unit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def life() -> None:
        host = Host()
        second = Host(word=PROVED)
        played = Played(host, OSError("no adapter"), OSError("no adapter"), second)
        await turns()
        host.play()
        await turns()
        host.die()
        assert await played.end() == (Exit.GENERAL, 3.0)
        assert second.asked == [LAST_WORD]

    told = live(life, capsys)
    assert texts(told) == [DIED, "the host died; a new one has stopped the unit, zero confirmed"]
    assert told[-1]["stop_confirmed"] is True


@pytest.mark.control("C-09")
@pytest.mark.parametrize(
    ("next_ones", "why", "after_s"),
    [
        ([], "no host", RECOVERY_S),
        ([Refusal(code=80, text="coyote3 can't be reached")], "coyote3 can't be reached", 0.0),
        ([Done("nothing is running")], "nothing is running", 0.0),
        ([None], f"no word of a new host for {RECOVERY_S:g} s", RECOVERY_S),
    ],
)
def test_a_recovery_without_a_proof_is_told_as_none(
    next_ones: list[Reply | None], why: str, after_s: float, capsys: pytest.CaptureFixture[str]
) -> None:
    async def life() -> None:
        host = Host()
        played = Played(host, *(Host(word=word, mute=True) for word in next_ones))
        await turns()
        host.play()
        await turns()
        host.die()
        assert await played.end() == (Exit.NOT_CONFIRMED, after_s)

    told = live(life, capsys)
    assert texts(told) == [DIED, f"the host died, and the stop is NOT confirmed ({why}): {RUNNING.by_hand}"]
    assert told[-1]["stop_confirmed"] is False


@pytest.mark.control("C-41", "C-48")
def test_a_new_host_that_dies_as_well_is_followed_by_another_one(capsys: pytest.CaptureFixture[str]) -> None:
    async def life() -> None:
        host = Host()
        second = Host(mute=True)
        third = Host(word=PROVED)
        played = Played(host, second, third)
        await turns()
        host.play()
        await turns()
        host.die()
        await turns()
        second.tell(STARTED)  # nothing that it says belongs to this session
        second.die()
        assert await played.end() == (Exit.GENERAL, 0.0)
        assert (second.stops, third.stops) == ([LAST_WORD], [LAST_WORD])

    assert texts(live(life, capsys)) == [DIED, "the host died; a new one has stopped the unit, zero confirmed"]


def test_a_software_unit_dies_with_its_host_and_no_other_one_is_started(capsys: pytest.CaptureFixture[str]) -> None:
    async def life() -> None:
        host = Host()
        played = Played(host, Host(), simulate="coyote3")
        await turns()
        host.die()
        assert await played.end() == (Exit.GENERAL, 0.0)
        assert played.again.calls == 0

    assert texts(live(life, capsys)) == ["the host died, and the software unit with it"]


@pytest.mark.control("C-41", "C-48")
def test_a_host_that_dies_before_the_start_is_answered_is_followed_by_one_that_stops(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def life() -> None:
        host = Host()
        host.dead = True
        second = Host(word=PROVED)
        played = Played(host, second)
        assert await played.end() == (Exit.GENERAL, 0.0)
        assert second.asked == [LAST_WORD]

    assert texts(live(life, capsys)) == ["the host died; a new one has stopped the unit, zero confirmed"]


@pytest.mark.control("C-41")
@pytest.mark.parametrize("still", [True, False])
def test_a_silent_host_is_asked_and_only_one_that_stands_still_is_an_alarm(
    still: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async def life() -> None:
        host = Host()
        host.still = still
        played = Played(host)
        await turns()
        host.play()
        await asyncio.sleep(SILENT_TICKS + 1)
        host.still = True
        await asyncio.sleep(60)
        played.run.key("s")
        assert await played.end() == (Exit.DONE, 64.0)

    alarm = ["the host has said nothing for 3 s, and output may be on"] if still else []
    assert texts(live(life, capsys)) == [*alarm, "coyote3 is at zero"]


@pytest.mark.control("C-09")
def test_a_stop_key_without_an_answer_is_an_alarm_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    async def life() -> None:
        host = Host(mute=True)
        played = Played(host)
        await turns()
        host.play()
        await turns()
        played.run.key("f12")
        for _ in range(int(LATE_S) + 2):
            host.show(RUNNING)
            await asyncio.sleep(1)
        assert host.stops == [Stop(unit="coyote3", reason="panic")]
        host._stop(host.stops[0])
        assert (await played.end())[0] == Exit.DONE

    assert texts(live(life, capsys)) == ["no answer in 40 s", "coyote3 is at zero"]


@pytest.mark.control("C-13", "C-49")
@pytest.mark.parametrize("refused", [True, False])
def test_an_interruption_that_crosses_the_start_is_said_again_when_it_is_answered(
    refused: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async def life() -> None:
        host = Host(zeroes=False)
        host.start.clear()
        if refused:
            host.refuse = Refusal(code=Exit.REFUSED, text="stopped before it began")
        played = Played(host)
        await turns()
        played.run.interrupt(Exit.INTERRUPTED)
        await turns()
        assert host.stops == [LAST_WORD]
        host.start.set()
        await turns()
        assert host.stops == [LAST_WORD, LAST_WORD]
        if not refused:
            host.play()
            host.zeroes = True
            host._stop(Stop())
        assert (await played.end())[0] == (Exit.REFUSED if refused else Exit.INTERRUPTED)

    told = live(life, capsys)
    assert told[-1]["reason"] == (Reason.REFUSED if refused else Reason.INTERRUPTED)


@pytest.mark.control("C-48")
def test_a_host_that_does_not_end_after_a_signal_is_taken_for_dead_when_its_time_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def life() -> None:
        host = Host(mute=True)
        played = Played(host, Host(word=PROVED))
        await turns()
        host.play()
        await turns()
        played.run.interrupt(Exit.TERMINATED)
        played.run.interrupt(Exit.INTERRUPTED)
        talking = asyncio.create_task(talk(host))
        assert await played.end() == (Exit.GENERAL, STOP_S)
        talking.cancel()

    async def talk(host: Host) -> None:
        while True:
            host.show(RUNNING)
            await asyncio.sleep(0.25)

    assert texts(live(life, capsys)) == [DIED, "the host died; a new one has stopped the unit, zero confirmed"]
