"""A planned run: cancelled, moved, fulfilled by one that was run, and asked about the morning after."""

import pytest

from estim.core.care.planned import ahead, cancelled, planned, unsaid
from estim.core.care.standing import blocked, may_run_at, quiet_until
from estim.core.days.diary import Check, Topic
from estim.core.values import replace
from tests.core.days.journals import BUILT, PLAN, at, check, diary, played, ran, stand

RUN = replace(check(Topic.RUN_PLANNED, at(12, 18)), id=50)
DROPPED = replace(cancelled(RUN.at, at(12, 12)), id=51)


@pytest.mark.control("C-30")
def test_a_cancelled_run_blocks_nothing_and_a_run_planned_anew_does_again() -> None:
    assert quiet_until(PLAN, diary(RUN), at(12, 15)) == RUN.at
    assert blocked(PLAN, diary(RUN), at(12, 15)).endswith("or take it back: estim run-log cancel")
    assert blocked(PLAN, diary(RUN, DROPPED), at(12, 15)) == ""
    assert blocked(PLAN, diary(RUN, DROPPED, replace(RUN, id=52)), at(12, 15)) != ""
    assert planned(diary(RUN, DROPPED)) == ()


@pytest.mark.control("C-30")
def test_a_run_that_was_moved_is_quiet_before_its_new_time_only() -> None:
    moved = diary(RUN, DROPPED, replace(RUN, at=at(13, 18), id=52))
    assert blocked(PLAN, moved, at(12, 15)) == ""
    assert quiet_until(PLAN, moved, at(13, 15)) == at(13, 18)


@pytest.mark.control("C-30")
@pytest.mark.parametrize(("hour", "fulfilled"), [(5.9, False), (6.5, True), (16, True), (18.5, True), (23, True)])
def test_a_run_fulfils_the_planned_one_that_is_near_it(hour: float, fulfilled: bool) -> None:
    assert (planned(diary(RUN, ran(12, hour=hour))) == ()) is fulfilled


def test_one_run_fulfils_one_plan_and_the_nearest() -> None:
    early = Check(at=at(12, 9), topic=Topic.RUN_PLANNED)
    assert planned(diary(early, RUN, ran(12, hour=17))) == (early.at,)
    assert planned(diary(early, RUN, ran(12, hour=9), ran(12, hour=17))) == ()


@pytest.mark.control("C-30")
def test_the_extra_session_after_a_run_is_not_refused_because_of_the_run_that_has_just_been_done() -> None:
    before = diary(*BUILT, RUN)
    after = diary(*BUILT, RUN, ran(12, hour=16))
    assert blocked(PLAN, before, at(12, 16.6), 20) != ""
    assert blocked(PLAN, after, at(12, 16.6), 20) == ""
    assert any(
        "an extra session after the run" in one for one in stand(at(12, 16.6), *BUILT, RUN, ran(12, hour=16)).asks
    )


def asked(day: int, hour: float, *more: Check | object) -> bool:
    entries = (*BUILT, RUN, *more)
    return any("did the run of 2026-11-12 18:00 take place?" in one for one in stand(at(day, hour), *entries).asks)  # type: ignore[arg-type] # entries


@pytest.mark.control("C-30")
def test_a_run_that_was_written_down_before_the_plan_was_made_does_not_fulfil_it() -> None:
    morning_run = replace(ran(12, hour=8), id=40)
    assert planned(diary(morning_run, RUN)) == (RUN.at,)
    assert planned(diary(replace(morning_run, id=60), RUN)) == ()


def test_the_next_morning_asks_whether_it_took_place() -> None:
    assert not asked(12, 12)
    assert not asked(12, 22), "the evening is still young"
    assert asked(13, 7)
    assert asked(14, 7)
    assert not asked(15, 7), "what nobody said in two days isn't asked again and again"
    assert not asked(13, 7, DROPPED)
    assert not asked(13, 7, ran(12))


def test_what_is_cancelled_is_the_next_one_or_the_one_that_is_asked_about() -> None:
    assert ahead(diary(RUN), at(12, 12)) == RUN.at
    assert ahead(diary(RUN), at(12, 18.1)) is None
    assert unsaid(diary(RUN), at(13, 7)) == RUN.at
    assert unsaid(diary(RUN), at(12, 12)) is None


@pytest.mark.control("C-58")
def test_a_day_off_is_kept_from_planned_runs_that_stand_and_from_no_others() -> None:
    assert not may_run_at(PLAN, diary(*BUILT, RUN, played(at(11, 8))), at(13, 18)).ok
    assert may_run_at(PLAN, diary(*BUILT, RUN, DROPPED), at(13, 18)).ok
