"""The hours before runs as they were: a plan holds them until it is cancelled, run or over, and a run has them too."""

import pytest

from estim.core.care.planned import cancelled
from estim.core.care.quiet import WHY, quiet_spans
from estim.core.days.diary import Check, Topic
from estim.core.values import replace
from tests.core.days.journals import at, check, diary, ran

RUN = replace(check(Topic.RUN_PLANNED, at(12, 18)), id=50)


def spans(*entries: object) -> list[tuple[object, object]]:
    return [(one.since, one.until) for one in quiet_spans(4, 20, diary(*entries))]  # type: ignore[arg-type] # entries


@pytest.mark.control("C-30")
def test_a_planned_run_has_them_until_its_moment_and_a_whole_session_would_not_reach_into_them() -> None:
    assert spans(RUN) == [(at(12, 18 - 4 - 1 / 3), at(12, 18))]
    assert {one.why for one in quiet_spans(4, 20, diary(RUN))} == {WHY}


@pytest.mark.control("C-30")
@pytest.mark.parametrize(("said", "until"), [(15, 15), (20, 18), (12, None), (-3, None)])
def test_a_plan_that_was_cancelled_had_them_until_it_was_said(said: float, until: float | None) -> None:
    dropped = replace(cancelled(RUN.at, at(12, said)), id=51)
    found = [end for _, end in spans(RUN, dropped)]
    assert found == ([] if until is None else [at(12, until)])


def test_of_a_plan_that_was_cancelled_before_that_was_kept_nobody_knows() -> None:
    dropped = Check(at=RUN.at, topic=Topic.RUN_PLANNED, answer="cancelled", id=51)
    assert spans(RUN, dropped) == []
    assert spans(RUN, replace(dropped, about="noon")) == []
    assert spans(RUN, replace(dropped, about="2026-11-12T15:00")) == [], "no moment without its zone"


@pytest.mark.control("C-30")
def test_a_run_has_them_whether_it_was_planned_or_not_and_ends_those_of_its_plan() -> None:
    assert spans(ran(12, hour=10)) == [(at(12, 10 - 4 - 1 / 3), at(12, 10))]
    assert spans(RUN, ran(12, hour=16)) == [
        (at(12, 16 - 4 - 1 / 3), at(12, 16)),
        (at(12, 18 - 4 - 1 / 3), at(12, 16)),
    ]
