"""What a day asks for: which scores are open, which steps, whose skin, and when a start is offered."""

from datetime import time, timedelta

import pytest

from estim.core.care.agenda import Agenda, Missing, agenda, missing
from estim.core.days.diary import Diary, Entry, Topic, When
from estim.core.days.slots import Slot, Status
from tests.core.days.journals import PLAN, at, begin, check, diary, morning, played, worst


def slot(day: int, hour: float, status: Status) -> Slot:
    moment = at(day, hour)
    opens = moment - timedelta(minutes=30)
    return Slot(moment.isoformat()[:16], moment, opens, moment + timedelta(hours=2), status)


def day(number: int, hour: float, *entries: Entry, slots: tuple[Slot, ...] = ()) -> Agenda:
    return agenda(PLAN, diary(*entries), slots, at(number, hour))


def test_yesterdays_scores_are_asked_for_before_this_mornings_and_only_where_there_was_a_yesterday() -> None:
    first = begin()
    assert missing(Diary(), at(1, 7)) == (Missing(at(1).date(), When.MORNING),)
    assert missing(diary(first), at(1, 9)) == (Missing(at(1).date(), When.MORNING),), "begun today"
    assert [(one.day.day, one.when) for one in missing(diary(first), at(2, 7))] == [
        (1, When.WORST),
        (1, When.MORNING),
        (2, When.MORNING),
    ]
    kept = diary(first, morning(1, 2), worst(1, 3), morning(2, 1))
    assert missing(kept, at(2, 17.9)) == ()
    assert missing(kept, at(2, 18)) == (Missing(at(2).date(), When.WORST),), "in the evening the day can be judged"
    assert missing(kept, at(2, 17), time(17)) == missing(kept, at(2, 18)), "a reminder finds here what it asks for"
    assert missing(kept, at(2, 18), time(21)) == missing(kept, at(2, 18)), "and who looks sooner isn't sent away"


def test_steps_keep_their_number_of_the_plan_and_are_listed_until_they_are_ticked() -> None:
    open_ = day(2, 7, begin()).steps
    assert [(number, item.step) for number, item in open_] == [
        (1, "rest"), (2, "cross-training"), (3, "shoes"), (4, "stretching"), (5, "cold"),
    ]  # fmt: skip
    ticked = day(2, 7, begin(), check(Topic.TICK, at(2, 6), "rest"), check(Topic.TICK, at(1, 9), "shoes"))
    assert [number for number, _ in ticked.steps] == [2, 4, 5], "sessions tick 6 by themselves"


def test_the_skin_is_asked_about_for_a_day_after_the_last_session() -> None:
    evening = played(at(1, 20))
    asked = day(2, 7, begin(), evening)
    assert asked.skin == evening
    assert day(2, 7, begin(), evening, check(Topic.SKIN, at(1, 20.5), answer="ok")).skin is None
    assert day(1, 20.1, begin(), evening).skin is None, "it isn't over"
    assert day(2, 20.5, begin(), evening).skin is None, "a day is over"
    assert day(2, 7, begin(), played(at(1, 20), simulated=True)).skin is None


@pytest.mark.control("C-68")
def test_a_start_is_offered_where_one_is_due_or_none_was_played_and_never_against_the_diary() -> None:
    due = slot(2, 8, Status.DUE)
    assert day(2, 7.6, begin(), slots=(due,)).offers_start
    assert day(2, 7, begin(), slots=(slot(2, 8, Status.UPCOMING),)).offers_start, "nobody has played today"
    assert not day(2, 12, begin(), played(at(2, 8)), slots=(slot(2, 20, Status.UPCOMING),)).offers_start
    for against in (
        check(Topic.RED_FLAG, at(2, 7), "pop", "yes"),
        check(Topic.HEALTH, at(2, 7), "implant", "yes"),
        check(Topic.RUN_PLANNED, at(2, 10)),
    ):
        refused = day(2, 7.6, begin(), against, slots=(due,))
        assert refused.refused
        assert not refused.offers_start


def test_a_planned_run_is_told_a_day_ahead_and_one_that_nobody_spoke_of_is_asked_about() -> None:
    plan = check(Topic.RUN_PLANNED, at(3, 18))
    assert day(2, 7, begin(), plan).run == at(3, 18)
    assert day(1, 9, begin(), plan).run is None
    assert day(4, 7, begin(), plan).unsaid == at(3, 18)
