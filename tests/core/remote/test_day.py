"""What a house is told of the day, out of a diary."""

from datetime import UTC, datetime, timedelta

from estim.core.days.diary import Diary, Pain, Regime, When
from estim.core.days.outcomes import judge
from estim.core.days.schedule import Schedule
from estim.core.remote.day import DAYS, day_of
from estim.core.remote.state import Day
from tests.core.days.journals import played

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def told(diary: Diary) -> Day:
    slots = judge(Schedule(), diary, NOW, NOW - timedelta(days=DAYS), NOW + timedelta(days=2))
    return day_of(diary, slots, NOW, reminders=True)


REGIME = Regime(at=NOW - timedelta(days=30), rules=Schedule().rules, zone="UTC")


def test_a_diary_without_a_word_knows_when_the_next_session_is_and_nothing_else() -> None:
    day = told(Diary(regimes=(REGIME,)))
    assert day.due == datetime(2026, 11, 29, 20, 0, tzinfo=UTC)
    assert (day.sessions, day.minutes, day.pain) == (0, 0.0, None)
    assert day.adherence_pct is None, "where nothing was played there is nothing to count, and no 0 %"
    assert told(Diary(regimes=(REGIME,), played_before=True)).adherence_pct == 0


def test_what_was_done_today_and_in_seven_days() -> None:
    mornings = tuple(played(NOW.replace(hour=8) - timedelta(days=number)) for number in range(DAYS))
    pains = tuple(Pain(at=NOW - timedelta(days=number), score=number, when=When.REST) for number in (2, 1))
    day = told(Diary(regimes=(REGIME,), sessions=mornings, pains=pains))
    assert (day.sessions, day.pain, day.reminders) == (1, 1, True)
    assert day.minutes == 20
    assert day.adherence_pct is not None
    assert 50 < day.adherence_pct < 60, "seven mornings of seven mornings and six evenings"


def test_what_is_due_now_comes_before_what_comes_next() -> None:
    diary = Diary(regimes=(REGIME,))
    slots = judge(Schedule(), diary, NOW.replace(hour=8), NOW - timedelta(days=DAYS), NOW + timedelta(days=2))
    assert day_of(diary, slots, NOW.replace(hour=8), reminders=False).due == NOW.replace(hour=8)
