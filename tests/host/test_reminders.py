"""The schedule's host side: what is said when, on which wall, and that nothing ends who says it."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from estim.core.days.by_hand import session
from estim.core.days.diary import Check, Marked, Pads, Pain, Topic, When
from estim.core.messages.commands import Done, Start
from estim.core.vocabulary import State
from estim.journal.journal import Journal
from tests.host.reminding import DISK_FULL, EVENING, FIRST, MORNING, NAG, PLAIN, UNPREPARED, folder, life_in, warnings
from tests.life.life import Life

__all__ = ["folder"]


# What a notice says of the unit


async def second(life: Life) -> str:
    """Return the notice that follows the first one: how the unit is."""
    await life.until(23, "8:02")
    first, then = life.wall.texts
    assert first == FIRST
    return then


def test_an_absent_unit_is_to_be_switched_on(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        life.twin.hand(life.loop.time(), "power-off")
        assert await second(life) == "08:00: no unit is in range: switch it on, then start in estim"

    life_in(folder, PLAIN).live(story)


def test_a_known_unit_that_is_absent_is_to_be_switched_on(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        life.services.units.add(life.twin.address, "em70", life.clock.now().utc)
        life.twin.hand(life.loop.time(), "power-off")
        said = await second(life)
        assert said.startswith("08:00: Beurer EM 70 Wireless isn't ready: switch it on")
        assert life.twin.address not in said

    life_in(folder, PLAIN).live(story)


def test_a_low_battery_is_named(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        assert (await second(life)).startswith("08:00: Beurer EM 70 Wireless isn't ready: the battery is at 10 %")
        assert life.states == [State.ENDED]

    life_in(folder, PLAIN, "em70:battery=10").live(story)


def test_a_unit_in_use_is_left_alone(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "7:59")
        assert isinstance(await life.ask(Start(program="tens-ankle", minutes=20)), Done)
        await life.until(23, "8:02")
        assert life.wall.texts == [], "somebody is about to play already"
        assert life.states == [State.READY], "it waits for the person who started it, as before"
        life.supervisor.left(life.seat)
        await life.until(23, "8:11")
        assert life.wall.texts[0] == FIRST

    life_in(folder, PLAIN).live(story)


def test_what_a_person_answered_is_on_no_lock_screen(folder: Path) -> None:
    async def story(life: Life) -> None:
        assert await second(life) == "08:00: not now; estim tells you why"
        assert life.states == []

    life_in(folder, PLAIN).live(story)


# When it is said


def test_the_first_word_the_nag_and_no_more(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.until(23, "9:59")
        assert life.wall.texts == [FIRST, NAG]
        assert life.wall.hanging == {MORNING}
        await life.until(23, "10:15")
        assert life.wall.hanging == set(), "its window is over"

    life_in(folder).live(story)


def test_a_reminder_tells_of_pads_that_are_due_and_not_twice(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        began = life.now - timedelta(days=40)
        hands = [session("x", began + timedelta(days=number), 20, ("calf-left",), {}) for number in range(25)]
        journal = Journal.open(life.services.home.journal)
        for one in hands:
            journal.log_by_hand(one, life.now)
        journal.close()
        await life.until(23, "9:59")
        assert life.wall.texts == [f"{FIRST}; fresh pads are due", NAG]
        await life.write(Pads(at=life.now))
        await life.until(23, "20:05")
        assert life.wall.texts[2] == "20:00: time for your session, until 22:00"

    life_in(folder).live(story)


def test_an_evening_score_is_asked_for_once_if_somebody_wants_it(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "19:00")
        before = len(life.wall.texts)
        await life.until(23, "19:31")
        (asked,) = life.wall.texts[before:]
        assert asked == "19:30: one thing is left to write down today: estim today"
        assert "2026-03-23T19:30" in life.wall.hanging
        await life.until(23, "19:40")
        assert len(life.wall.texts) == before + 1
        await life.write(Pain(at=life.now, score=2, when=When.WORST))
        await life.until(23, "19:55")
        assert "2026-03-23T19:30" not in life.wall.hanging, "it is written down"
        await life.until(24, "19:45")
        assert life.wall.texts.count(asked) == 2, "a day later"

    life_in(folder, PLAIN + UNPREPARED + 'evening_score = "19:30"\n').live(story)


def test_the_snooze_button_says_it_again_a_quarter_of_an_hour_later(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.until(23, "8:05")
        life.reminders.acted(MORNING, "snooze")
        await life.until(23, "8:19")
        assert life.wall.texts == [FIRST]
        await life.until(23, "8:31")
        assert life.wall.texts == [FIRST, FIRST]

    life_in(folder).live(story)


def test_a_button_of_a_notice_that_has_stood_there_too_long_does_nothing(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.until(23, "10:05")
        life.reminders.acted(MORNING, "snooze")
        life.reminders.acted(MORNING, "ready")
        life.reminders.acted("nonsense", "ready")
        await life.until(23, "19:00")
        marks = [(mark.slot, mark.what) for mark in (await life.diary()).marks]
        assert marks == [(MORNING, Marked.REMINDED), (MORNING, Marked.NAGGED)]
        assert life.states == []

    life_in(folder, PLAIN).live(story)


def test_a_notice_is_withdrawn_once_its_slot_is_done_or_skipped(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:05")
        assert life.wall.hanging == {MORNING}
        await life.play(minutes=5)
        await asyncio.sleep(600)
        assert life.wall.hanging == set()
        await life.until(23, "20:05")
        assert life.wall.hanging == {EVENING}
        await life.mark(EVENING, Marked.SKIPPED)
        await asyncio.sleep(600)
        assert life.wall.hanging == set()

    life_in(folder).live(story)


def test_a_slot_in_the_quiet_hours_is_told_at_its_time_and_they_hold_back_the_rest(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.until(23, "8:01")
        assert life.wall.texts == [FIRST]
        await life.until(23, "9:09")
        assert life.wall.texts == [FIRST]
        await life.until(23, "9:11")
        assert life.wall.texts == [FIRST, NAG]
        await life.until(23, "23:00")
        assert life.wall.texts == [FIRST, NAG, "20:00: time for your session, until 22:00"]

    quiet = 'quiet_from = "19:00"\nquiet_to = "09:10"\n'
    life_in(folder, PLAIN + UNPREPARED + quiet).live(story)


def test_a_changed_schedule_holds_at_the_next_look(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.until(23, "7:35")
        rule = 'rules = ["RRULE:FREQ=DAILY;BYHOUR=9;BYMINUTE=30;BYSECOND=0"]\n'
        life.home.settings_file.write_text(f"{PLAIN}{UNPREPARED}[schedule]\n{rule}", encoding="utf-8")
        await life.until(23, "9:31")
        assert life.wall.texts == ["09:30: time for your session, until 11:30"]
        assert len((await life.diary()).regimes) == 2

    life_in(folder).live(story)


def test_broken_settings_leave_the_last_good_ones_and_are_logged_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(life: Life) -> None:
        await life.until(23, "7:30")
        life.home.settings_file.write_text("minutes = 'many'\n", encoding="utf-8")
        await life.until(23, "8:05")
        assert life.wall.texts == [FIRST]
        life.home.settings_file.write_text(PLAIN, encoding="utf-8")
        await life.until(23, "8:30")
        life.home.settings_file.write_text("minutes = 'many'\n", encoding="utf-8")
        await life.until(23, "9:45")
        life.home.settings_file.write_text(PLAIN, encoding="utf-8")

    life_in(folder).live(story)
    assert len(warnings(caplog)) == 2, "once for each time that they broke"
    assert all("the last settings that were right hold" in text for text in warnings(caplog))


def test_who_is_playing_at_that_time_is_not_reminded(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "7:59")
        await life.play(minutes=5)
        await life.until(23, "12:00")
        assert life.wall.texts == []

    life_in(folder, PLAIN).live(story)


def test_another_zone_is_noted_once(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.until(23, "11:05")
        life.zone = "America/New_York"
        await asyncio.sleep(3600)
        zones = [regime.zone for regime in (await life.diary()).regimes]
        assert zones == ["Europe/Berlin", "America/New_York"]
        await life.until(23, "8:01")
        assert life.wall.texts == [FIRST, NAG], (
            "a slot that was told at home isn't told again by its other eight o'clock"
        )

    life_in(folder).live(story)


# What goes wrong


@pytest.mark.parametrize("trouble", [DISK_FULL, sqlite3.OperationalError("disk I/O error"), OSError(28, "full")])
def test_a_journal_that_fails_never_ends_the_reminders_nor_a_session(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    async def fails(*_: object) -> None:
        raise trouble

    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "7:57")
        playing = asyncio.get_running_loop().create_task(life.play(minutes=15, level=3))
        await life.until(23, "7:59")
        with monkeypatch.context() as patch:
            patch.setattr(life.journal, "enter", fails)
            patch.setattr(life.journal, "diary", fails)
            life.reminders.acted(MORNING, "snooze")
            await life.until(23, "8:11")  # two looks
            assert life.states == [State.RUNNING]
            assert life.twin.level() == 3
        assert isinstance(await playing, Done)
        assert not life.reminding.done()
        await life.until(23, "20:01")
        assert life.wall.texts == ["20:00: time for your session, until 22:00"]

    life_in(folder).live(story)
    told = [text for text in warnings(caplog) if "could not be minded" in text]
    assert len(told) == 2, "the looks once, the button once"


def test_what_could_not_be_noted_is_said_once_it_can(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise DISK_FULL

    async def story(life: Life) -> None:
        await life.until(23, "7:50")
        with monkeypatch.context() as patch:
            patch.setattr(life.journal, "enter", fails)
            await life.until(23, "8:31")
            assert life.wall.texts == []
        await life.until(23, "8:41")
        assert life.wall.texts == [FIRST]

    life_in(folder).live(story)


# Clocks that leap, hosts that end


@pytest.mark.parametrize(("hours", "said"), [(2.0, [FIRST]), (4.0, [])])
def test_a_lid_that_was_closed_over_a_slot_reminds_only_while_it_is_open(
    folder: Path, hours: float, said: list[str]
) -> None:
    async def story(life: Life) -> None:
        await life.until(23, "7:15")
        life.clock.slept_s += hours * 3600
        await asyncio.sleep(620)
        assert life.wall.texts == said

    life_in(folder).live(story)


def test_a_notice_is_withdrawn_after_days_with_the_lid_closed(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.until(23, "8:05")
        assert life.wall.hanging == {MORNING}
        life.clock.slept_s += 5 * 24 * 3600 + 3600 * 3
        await asyncio.sleep(620)
        assert life.wall.hanging == set()

    life_in(folder).live(story)


@pytest.mark.parametrize("hours", [-2.0, -26.0])
def test_a_clock_that_is_set_back_reminds_nobody_twice(folder: Path, hours: float) -> None:
    async def story(life: Life) -> None:
        await asyncio.sleep(24 * 3600)
        await life.until(24, "8:05")
        told = life.wall.texts.count(FIRST)
        life.clock.set_s += hours * 3600
        await life.until(24, "8:15")
        assert life.wall.texts.count(FIRST) == told
        assert not life.reminding.done()

    life_in(folder).live(story)


@pytest.mark.parametrize("killed", [False, True])
def test_a_host_that_starts_again_within_the_window_reminds_nobody_twice(folder: Path, killed: bool) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:10")
        before = list(life.wall.texts)
        await (life.die() if killed else life.sleep())
        await asyncio.sleep(300)
        await life.wake()
        await life.until(23, "8:59")
        assert life.wall.texts == before
        assert life.twin.level() == 0

    life_in(folder, PLAIN).live(story)


@pytest.mark.control("C-45")
def test_after_a_red_flag_nobody_is_reminded_until_the_plan_is_begun_anew(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:02")
        assert life.wall.texts == [FIRST]
        await life.write(Check(at=life.now, topic=Topic.RED_FLAG, about="calf", answer="yes"))
        await life.until(23, "8:15")
        assert life.wall.hanging == set(), "and what hung there is taken down"
        await life.until(24, "12:00")
        assert life.wall.texts == [FIRST]
        await life.write(Check(at=life.now, topic=Topic.CARE, answer="begin", note="my doctor"))
        await life.until(24, "20:02")
        assert len(life.wall.texts) == 2

    life_in(folder).live(story)
