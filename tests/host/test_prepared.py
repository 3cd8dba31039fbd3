"""What the schedule prepares waits at zero for a person: nothing but a person's own act ever leads to output."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest

from estim.core.messages.commands import Arm, Done, Refusal, SetLevel, Start
from estim.core.messages.lowering import Stop
from estim.core.vocabulary import Reason, State
from protocols.vocabulary import Channel
from simulator.trace import Trace
from tests.life.life import Life, Seat

BERLIN = ZoneInfo("Europe/Berlin")
BORN = datetime(2026, 3, 23, 7, 0, tzinfo=BERLIN)
MORNING = "2026-03-23T08:00"
READY = "is ready and at zero: press Enter in estim within five minutes"


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="estim-") as name:
        yield Path(name)


def life_in(
    folder: Path, line: str = "em70:battery=100", settings: str = 'site = "ankle-left"\n', trace: Trace | None = None
) -> Life:
    return Life(folder, BORN, "Europe/Berlin", settings, line=line, trace=trace)


async def prepared(life: Life) -> Life:
    """Live until the first slot's unit waits."""
    await life.well()
    await life.until(23, "8:01")
    assert life.states == [State.READY]
    return life


def highest(trace: Trace) -> int:
    """Return the highest level that the unit itself was ever at, by its own record."""
    levels = [0]
    for record in trace.records:
        level = record.get("level", 0)
        levels += level.values() if isinstance(level, dict) else [int(str(level))]
    return max(levels)


def currents(trace: Trace) -> list[float]:
    return [float(str(record["current_ma"])) for record in trace.records if record["event"] == "output"]


def connects(trace: Trace) -> int:
    return sum(record["event"] == "connect" for record in trace.records)


@pytest.mark.control("C-13")
@pytest.mark.parametrize("line", ["em70:battery=100", "coyote3", "zc95"])
def test_a_slot_never_starts_output(folder: Path, line: str) -> None:
    trace = Trace()

    async def story(life: Life) -> None:
        await life.well()
        for hour in (8, 20):
            await life.until(23, f"{hour}:02")
            assert life.states == [State.READY], "it waits for a person's key"
            assert life.twin.pulses(life.loop.time() - 60, life.loop.time()) == []
            await life.until(23, f"{hour}:06")
            assert life.states == [State.ENDED], "and not for longer than five minutes"
        await life.until(23, "23:00")

    life_in(folder, line, trace=trace).live(story)
    assert connects(trace) == 2
    assert highest(trace) == 0
    assert not any(currents(trace))


@pytest.mark.control("C-13")
@pytest.mark.parametrize("button", ["ready", "start", "snooze"])
def test_no_button_of_a_notice_leads_to_output(folder: Path, button: str) -> None:
    trace = Trace()

    async def story(life: Life) -> None:
        await prepared(life)
        for minute in ("8:01", "8:03", "8:30", "8:31"):
            await life.until(23, minute)
            life.reminders.acted(MORNING, button)
        await life.until(23, "19:00")
        assert life.states == [State.ENDED]

    life_in(folder, trace=trace).live(story)
    assert highest(trace) == 0
    assert not any(currents(trace))


@pytest.mark.control("C-13")
def test_a_lid_that_is_closed_over_a_waiting_session_opens_on_one_that_is_over(folder: Path) -> None:
    async def story(life: Life) -> None:
        await prepared(life)
        life.clock.slept_s += 3 * 3600
        await asyncio.sleep(5)
        assert life.states == [State.ENDED]
        assert life.twin.level() == 0
        reply = await life.ask(Arm())
        assert isinstance(reply, Refusal)

    life_in(folder).live(story)


def test_the_button_get_ready_prepares_once_more(folder: Path) -> None:
    trace = Trace()

    async def story(life: Life) -> None:
        await prepared(life)
        await life.until(23, "8:30")
        life.reminders.acted(MORNING, "ready")
        await life.until(23, "8:31")
        assert life.states == [State.READY]
        assert sum(READY in text for text in life.wall.texts) == 2

    life_in(folder, trace=trace).live(story)
    assert connects(trace) == 2


def test_the_button_get_ready_while_it_gets_ready_changes_nothing(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:00")
        await asyncio.sleep(1)
        life.reminders.acted(MORNING, "ready")
        await asyncio.sleep(30)
        assert [READY in text for text in life.wall.texts] == [False, True]

    life_in(folder).live(story)


@pytest.mark.parametrize("line", ["em70:battery=100", "coyote3", "zc95"])
def test_a_person_takes_what_was_prepared_and_plays_it(folder: Path, line: str) -> None:
    trace = Trace()

    async def story(life: Life) -> None:
        await prepared(life)
        await life.press_enter(level=4)
        (played,) = (await life.diary()).sessions
        assert played.level_max["A"] == 4
        assert played.output_s == pytest.approx(5 * 60, abs=60)
        await asyncio.sleep(600)
        assert life.wall.hanging == set()

    life_in(folder, line, 'site = "ankle-left"\nminutes = 5\n', trace).live(story)
    assert highest(trace) == 4, "the record that is empty above would show it"
    assert any(currents(trace))


@pytest.mark.parametrize(("keep", "level"), [(False, 0), (True, 4)])
@pytest.mark.control("C-41")
def test_a_front_end_that_took_it_and_vanishes_takes_it_along_unless_it_is_to_be_kept(
    folder: Path, keep: bool, level: int
) -> None:
    async def story(life: Life) -> None:
        await prepared(life)
        assert isinstance(await life.ask(Arm()), Done)
        assert isinstance(await life.ask(SetLevel(channel=Channel.A, to=4)), Done)
        await asyncio.sleep(120)
        assert life.twin.level() == 4
        life.supervisor.left(life.seat)
        await asyncio.sleep(10)
        assert life.twin.level() == level
        assert isinstance(await life.ask(Stop()), Done)

    life_in(folder, settings=f'site = "ankle-left"\nkeep_running = {str(keep).lower()}\n').live(story)


def test_a_front_end_that_only_looked_leaves_what_was_prepared(folder: Path) -> None:
    async def story(life: Life) -> None:
        await prepared(life)
        passer = Seat()
        life.supervisor.left(passer)
        await asyncio.sleep(10)
        assert life.states == [State.READY]

    life_in(folder).live(story)


def test_a_start_of_ones_own_goes_before_what_was_prepared(folder: Path) -> None:
    async def story(life: Life) -> None:
        await prepared(life)
        began = life.now
        start = Start(program="tens-ankle", minutes=5, level={Channel.A: 3}, pads_on=True)
        assert isinstance(await life.ask(start), Done), "what was prepared asks for no rest"
        assert (life.now - began).total_seconds() < 10
        await asyncio.sleep(60)
        assert life.twin.level() == 3
        assert life.states == [State.RUNNING]
        await life.ask(Stop())

    life_in(folder).live(story)


def test_a_start_of_ones_own_while_it_is_still_connecting_goes_before_it_too(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:00")
        await asyncio.sleep(4.2)
        assert life.states == [State.CONNECTING]
        start = Start(program="tens-ankle", minutes=5, level={Channel.A: 3}, pads_on=True)
        assert isinstance(await life.ask(start), Done)
        await asyncio.sleep(60)
        assert life.twin.level() == 3
        assert life.wall.texts == ["08:00: time for your session, until 10:00"], "nothing more is to be said"
        await life.ask(Stop())

    life_in(folder).live(story)


def test_who_takes_it_while_it_is_still_connecting_hears_no_complaint(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:00")
        await asyncio.sleep(4.2)
        assert isinstance(await life.ask(Arm()), Done)
        await asyncio.sleep(60)
        assert life.states == [State.RUNNING]
        assert life.wall.texts == ["08:00: time for your session, until 10:00"]

    life_in(folder).live(story)


def test_stop_ends_what_was_prepared(folder: Path) -> None:
    trace = Trace()

    async def story(life: Life) -> None:
        await prepared(life)
        reply = await life.ask(Stop())
        assert isinstance(reply, Done)
        assert life.states == [State.ENDED]
        await life.until(23, "8:30")
        assert life.states == [State.ENDED], "and it isn't prepared again by itself"

    life_in(folder, trace=trace).live(story)
    assert connects(trace) == 1


@pytest.mark.parametrize("way", ["stop", "panic", "signal", "sleep", "end"])
@pytest.mark.control("C-13")
def test_no_stop_of_everything_leaves_out_what_only_waits_for_a_person(folder: Path, way: str) -> None:
    async def story(life: Life) -> None:
        await prepared(life)
        stops = life.supervisor.stops
        match way:
            case "stop":
                await life.ask(Stop())
            case "panic":
                await life.ask(Stop(reason="panic"))
            case "signal":
                stops.order_all(Reason.STOPPED)
            case "sleep":
                await stops.stop_and_wait()
            case _:
                await life.supervisor.sessions.close()
        await asyncio.sleep(5)
        assert life.states == [State.ENDED]
        assert isinstance(await life.ask(Arm()), Refusal)

    life_in(folder).live(story)


def test_stop_while_it_is_looked_for_prepares_nothing(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:00")
        await asyncio.sleep(1)
        assert life.states == []
        await life.ask(Stop())
        await asyncio.sleep(60)
        assert life.states == []
        assert life.twin.level() == 0

    life_in(folder).live(story)
