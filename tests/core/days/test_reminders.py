"""When somebody is reminded: once, once more, and then no more."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from estim.core.days.diary import Check, Diary, Mark, Marked, Pain, Regime, Topic, When
from estim.core.days.outcomes import judge
from estim.core.days.reminders import Quiet, evening, reminders
from estim.core.days.schedule import TWICE_A_DAY, Schedule, clock_times
from estim.core.values import replace

DAY = datetime(2026, 6, 1, tzinfo=ZoneInfo("Europe/Berlin"))
NEVER = Quiet(time(), time())


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


class Life:
    """Somebody whose computer asks for reminders now and then, and does what it was told to note."""

    def __init__(self, quiet: Quiet = NEVER) -> None:
        self.quiet = quiet
        self.marks: list[Mark] = []
        self.said: list[tuple[float, str]] = []

    def look(self, hour: float) -> None:
        regime = Regime(at=DAY, rules=(TWICE_A_DAY,), zone="Europe/Berlin")
        diary = Diary(regimes=(regime,), marks=tuple(self.marks))
        slots = judge(Schedule(), diary, at(hour), DAY, DAY + timedelta(days=1))
        for reminder in reminders(slots, self.marks, at(hour), self.quiet):
            self.said.append((hour, reminder.what.value))
            self.marks.append(Mark(at=at(hour), slot=reminder.slot.key, what=reminder.what))

    def snooze(self, hour: float) -> None:
        self.marks.append(Mark(at=at(hour), slot="2026-06-01T08:00", what=Marked.SNOOZED))


@pytest.mark.parametrize(
    ("hour", "quiet", "asked"),
    [
        (20.4, NEVER, False),
        (20.5, NEVER, True),
        (23.9, NEVER, True),
        (22.5, Quiet(time(22), time(7)), False),
        (22.5, Quiet(time(20), time(7)), True),
    ],
)
def test_an_evening_score_is_asked_for_from_its_time_on_unless_the_quiet_hours_came_first(
    hour: float, quiet: Quiet, asked: bool
) -> None:
    found = evening(Diary(), time(20, 30), at(hour), quiet)
    assert (found is not None) is asked


def test_an_evening_score_is_asked_for_once_a_day_and_only_if_it_is_missing_and_wanted() -> None:
    assert evening(Diary(), None, at(21), NEVER) is None
    first = evening(Diary(), time(20, 30), at(21), NEVER)
    assert first is not None
    assert (first.slot, first.what) == ("2026-06-01T20:30", Marked.EVENING)
    assert evening(Diary(marks=(first,)), time(20, 30), at(22), NEVER) is None
    assert evening(Diary(marks=(first,)), time(21), at(22), NEVER) is None, "another time on the same day"
    assert evening(Diary(marks=(first,)), time(20, 30), at(24 + 21), NEVER) is not None
    score = Pain(at=at(19), score=2, when=When.WORST)
    assert evening(Diary(pains=(score,)), time(20, 30), at(21), NEVER) is None
    assert evening(Diary(pains=(replace(score, when=When.REST),)), time(20, 30), at(21), NEVER) is not None


@pytest.mark.control("C-45")
def test_after_a_red_flag_no_evening_score_is_asked_for() -> None:
    flag = Check(at=at(9), topic=Topic.RED_FLAG, about="pop", answer="yes")
    assert evening(Diary(checks=(flag,)), time(20, 30), at(21), NEVER) is None


def test_one_reminder_one_nag_and_then_it_is_missed() -> None:
    life = Life()
    for quarter in range(6 * 4, 12 * 4):
        life.look(quarter / 4)
    assert life.said == [(8.0, "reminded"), (9.0, "nagged")]


def test_a_computer_that_slept_over_it_reminds_once_when_it_wakes() -> None:
    life = Life()
    life.look(7)
    life.look(9.5)
    life.look(9.6)
    assert life.said == [(9.5, "reminded")]
    asleep = Life()
    asleep.look(7)
    asleep.look(10.5)
    assert asleep.said == []


def test_a_clock_that_jumps_back_reminds_of_nothing_twice() -> None:
    life = Life()
    life.look(8)
    life.look(7.6)
    life.look(8)
    assert life.said == [(8, "reminded")]


def test_a_snooze_is_followed_by_another_reminder() -> None:
    life = Life()
    life.look(8)
    life.snooze(8.1)
    for step in range(1, 5):
        life.look(8.1 + step / 10)
    assert [round(hour, 1) for hour, _ in life.said] == [8.0, 8.4]


def test_a_slot_in_the_quiet_hours_was_chosen_and_is_told_at_its_time_but_not_once_more() -> None:
    life = Life(Quiet(time(19), time(23)))
    for quarter in range(19 * 4, 24 * 4):
        life.look(quarter / 4)
    assert life.said == [(20.0, "reminded")]
    late = Life(Quiet(time(19), time(21, 30)))
    for quarter in range(19 * 4, 24 * 4):
        late.look(quarter / 4)
    assert late.said == [(20.0, "reminded"), (21.5, "nagged")]


def test_a_snooze_into_the_quiet_hours_is_a_chosen_time_too() -> None:
    life = Life(Quiet(time(8, 15), time(12)))
    life.look(8)
    life.snooze(8.1)
    for step in range(1, 9):
        life.look(8.1 + step / 4)
    assert [round(hour, 2) for hour, _ in life.said] == [8.0, 8.35]


def test_quiet_hours_hold_back_what_was_not_chosen_for_then() -> None:
    life = Life(Quiet(time(20, 15), time(21)))  # the computer slept over the slot and wakes in the quiet hours
    for quarter in range(81, 24 * 4):
        life.look(quarter / 4)
    assert life.said == [(21.0, "reminded"), (22.0, "nagged")]
    night = Quiet(time(22), time(7))
    assert night.holds(at(23))
    assert night.holds(at(6.9))
    assert not night.holds(at(7))


def test_the_times_of_the_rules_that_lie_in_the_quiet_hours_are_found() -> None:
    rules = ("RRULE:FREQ=DAILY;BYHOUR=6,9", "RRULE:FREQ=WEEKLY;BYDAY=SA;BYHOUR=22;BYMINUTE=30")
    assert clock_times(rules) == (time(6), time(9), time(22, 30))
    assert Quiet(time(22), time(7)).among(clock_times(rules)) == (time(6), time(22, 30))
    assert NEVER.among(clock_times(rules)) == ()
