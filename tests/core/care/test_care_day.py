"""The plan's day: ticks, what is asked, what is warned of, and no session before a run."""

from datetime import timedelta

import pytest

from estim.core.care.plan import Tick
from estim.core.care.standing import Item, Stage, blocked, honesty_due, may_run_at, quiet_until
from estim.core.days.diary import Diary, Entry, Topic
from tests.core.days.journals import (
    BUILT,
    CALM,
    PLAN,
    at,
    begin,
    check,
    diary,
    morning,
    played,
    ran,
    shut,
    stand,
    worst,
)


@pytest.mark.control("C-30")
def test_a_run_may_be_planned_four_hours_after_a_session() -> None:
    session = played(at(9, 12))
    gate = may_run_at(PLAN, diary(*CALM, session), at(9, 16))
    assert not gate.ok
    assert gate.text == "a session lasted until 12:20, and a run belongs 4 h after one: from 16:20 on"
    assert may_run_at(PLAN, diary(*CALM, session), at(9, 16.5)).ok
    assert not may_run_at(PLAN, diary(session), at(9, 16)).ok
    assert may_run_at(PLAN, diary(session), at(9, 17)).ok
    assert shut(at(9, 13), *CALM, session) == [gate.text]


def test_a_run_may_be_planned_when_nothing_speaks_against_it() -> None:
    assert may_run_at(PLAN, diary(*BUILT), at(20)).ok
    assert may_run_at(PLAN, diary(begin()), at(5)).text.startswith("day 5 of 7 of rest")
    assert not may_run_at(PLAN, diary(*CALM, ran(9)), at(10, 18)).ok, "the last one isn't judged yet"
    later = may_run_at(PLAN, diary(begin(), worst(1, 4)), at(9))
    assert later.ok
    assert later.text == (
        "if the worst pain of the two days before it is at most 2, written down each day; "
        "at most 3.0 km for the next run, slowly"
    )
    assert may_run_at(PLAN, diary(begin(), worst(8, 3)), at(9)).text.endswith("(worst pain 3 on 2026-11-08)")
    assert "get it looked at now" in may_run_at(PLAN, diary(*BUILT, check(Topic.RED_FLAG, at(11), "pop")), at(20)).text


@pytest.mark.control("C-30")
@pytest.mark.parametrize(
    ("now", "minutes", "refused"),
    [
        (13.9, 0, False),
        (14.0, 0, False),
        (14.01, 0, True),
        (13.9, 20, True),
        (13.6, 20, False),
        (18.0, 0, True),
        (18.1, 0, False),
    ],
)
def test_no_session_in_the_four_hours_before_a_planned_run(now: float, minutes: float, refused: bool) -> None:
    planned = diary(check(Topic.RUN_PLANNED, at(9, 18)), check(Topic.RUN_PLANNED, at(12, 18)))
    sentence = blocked(PLAN, planned, at(9, now), minutes)
    assert (sentence != "") is refused
    assert (quiet_until(PLAN, planned, at(9, now), minutes) == at(9, 18)) is refused
    if refused:
        assert sentence.startswith("a run is planned at 18:00, and no session takes place in the 4 h before it")


def item(name: str, day: int, *entries: Entry) -> Item:
    (found,) = (one for one in stand(at(day, 20), *entries).today if one.step == name)
    return found


def test_a_planned_run_is_told_by_the_persons_clock_and_a_past_one_blocks_nothing() -> None:
    tomorrow = diary(check(Topic.RUN_PLANNED, at(10, 1)))
    assert "planned at 2026-11-10 01:00" in blocked(PLAN, tomorrow, at(9, 22))
    assert blocked(PLAN, tomorrow, at(10, 2)) == ""
    assert blocked(PLAN, Diary(), at(9)) == ""


def test_todays_list_holds_the_steps_of_the_stage_with_their_cautions() -> None:
    here = stand(at(2), begin())
    steps = ["rest", "loading", "cross-training", "shoes", "stretching", "cold", "tens"]
    assert [one.step for one in here.today] == steps
    assert "numb skin" in item("cold", 2, begin()).warn
    assert [one.step for one in stand(at(11), *BUILT).today] == [
        "loading",
        "cross-training",
        "shoes",
        "stretching",
        "tens",
        "pattern",
    ]
    assert not any(one.done for one in here.today)


def test_a_daily_tick_holds_for_its_day_and_a_single_one_for_good() -> None:
    ticks = (check(Topic.TICK, at(2, 12), "rest"), check(Topic.TICK, at(2, 12), "shoes"))
    for day, rested in ((2, True), (3, False)):
        assert item("rest", day, begin(), *ticks).done is rested
        assert item("shoes", day, begin(), *ticks).done
    assert not item("shoes", 3, begin(), *ticks, begin(at(3))).done
    assert not item("rest", 2, begin(), *ticks).auto


def test_sessions_are_counted_and_a_cut_short_or_simulated_one_or_another_program_is_none() -> None:
    none = (
        played(at(2, 9), minutes=10),
        played(at(2, 10), simulated=True),
        played(at(2, 11), program="ems-strength"),
        played(at(1, 12)),
    )
    one = item("tens", 2, begin(), *none, played(at(2, 8), minutes=11))
    assert (one.done, one.auto) == (False, True)
    assert one.text.startswith("1 of 2 today. ")
    assert item("tens", 2, begin(), played(at(2, 8)), played(at(2, 18), program="tens-han")).done


def test_sessions_beyond_those_of_a_day_are_told_as_more() -> None:
    four = [played(at(2, hour)) for hour in (8, 11, 14, 17)]
    assert item("tens", 2, begin(), *four[:2]).text.startswith("2 of 2 today. ")
    assert item("tens", 2, begin(), *four).text.startswith("2 of 2 today and 2 more. ")


def test_a_run_ticks_itself_and_a_rule_to_keep_is_never_done() -> None:
    assert not item("trial-run", 9, *CALM).done
    run = item("trial-run", 9, *CALM, ran(9))
    assert (run.done, run.auto) == (True, True)
    kept = item("pattern", 11, *BUILT, check(Topic.TICK, at(11, 9), "pattern"))
    assert (kept.done, kept.tick) == (False, Tick.NONE)


def test_after_a_run_an_extra_session_is_asked_for_and_its_programs_are_allowed_for_three_hours() -> None:
    asked = "an extra session after the run, until 21:00: tens-ankle or ems-recovery-simple"
    for hour, open_ in ((18.0, True), (20.9, True), (21.0, False)):
        here = stand(at(9, hour), *CALM, ran(9))
        assert (asked in here.asks) is open_
        assert ("ems-recovery-simple" in here.programs) is open_
        assert "tens-ankle" in here.programs
    assert asked not in stand(at(9, 20), *CALM, ran(9), played(at(9, 19))).asks
    assert asked in stand(at(9, 20), *CALM, ran(9), played(at(9, 19), simulated=True)).asks
    assert "ems-recovery-simple" not in stand(at(9, 12), *CALM).programs


def test_the_morning_after_a_run_asks_for_the_first_steps_and_says_what_they_are_held_against() -> None:
    asked = "how were the first steps this morning, 0 to 10? Held against 1 on the morning of 2026-11-09"
    assert asked not in stand(at(9, 22), *CALM, ran(9)).asks
    assert stand(at(10, 6), *CALM, ran(9)).asks == (asked,)
    assert asked not in stand(at(10, 9), *CALM, ran(9), morning(10, 1)).asks


def test_a_day_without_a_score_is_asked_about() -> None:
    (asked,) = stand(at(3, 20), begin()).asks
    assert asked.startswith("how bad is the pain today")
    assert stand(at(3, 22), begin(), worst(3, 2)).asks == ()


def test_after_a_session_the_skin_is_asked_about_until_somebody_looked() -> None:
    base = (begin(), worst(3, 1), played(at(3, 21)))
    asked = "is the skin under the pads all right after the session of 21:00?"
    assert asked not in stand(at(3, 21.2), *base).asks
    assert asked in stand(at(3, 22), *base).asks
    assert asked not in stand(at(3, 22), *base, check(Topic.SKIN, at(3, 21.5), answer="ok")).asks
    assert asked not in stand(at(4, 9), *base).asks


def test_bad_skin_is_warned_of_until_it_is_good() -> None:
    bad, good = (check(Topic.SKIN, at(day, 9), answer=answer) for day, answer in ((3, "bad"), (4, "ok")))
    assert stand(at(5), begin(), bad).warnings[0].startswith("the skin wasn't all right on 2026-11-03: no pads")
    assert stand(at(5), begin(), bad, good).warnings == ()


def test_the_honest_word_is_due_once() -> None:
    assert honesty_due(diary(begin()))
    assert not honesty_due(diary(begin(), check(Topic.CARE, at(1), "honesty", "shown")))


def test_a_word_that_was_shown_begins_nothing() -> None:
    shown = check(Topic.CARE, at(1), "honesty", "shown")
    assert stand(at(2), shown).stage is Stage.NOT_BEGUN
    assert stand(at(2) + timedelta(days=9), begin(), shown).day == 11
