"""The brake on building up: how soon the next run may be, how long, and what is said of one that was neither."""

from datetime import date

import pytest

from estim.core.care.standing import Stage, may_run_at, standing
from estim.core.days.diary import Check, Entry, Run, Topic
from estim.core.values import replace
from tests.core.days.journals import BUILT, CALM, PLAN, at, begin, check, diary, morning, ran, stage, stand, worst

TRIAL = (begin(), worst(7, 1), worst(8, 1), morning(9, 0), ran(9, pain=0, km=2.5), morning(10, 1))
"""A trial run of 2.5 km; the first steps were 0 before it and 1 after."""

STORY = (
    *TRIAL,
    *(entry for day, km in ((10, 12.0), (11, 21.0), (12, 5.0), (13, 20.0))
      for entry in (ran(day, pain=0, km=km), morning(day + 1, 1))),
)  # fmt: skip
"""12, 21, 5 and 20 km on the four days after it."""


@pytest.mark.control("C-58")
def test_a_point_of_noise_is_no_worse_morning() -> None:
    here = stand(at(10, 8), *TRIAL)
    assert (here.stage, here.warnings) == (Stage.BUILD, ())
    assert stage(at(10, 8), *TRIAL[:-1], morning(10, 2)) is Stage.REST
    assert stage(at(10, 8), *BUILT[:-1], morning(10, 2)) is Stage.BUILD
    assert stage(at(10, 8), *BUILT[:-1], morning(10, 3)) is Stage.REST, "above the calm limit"


@pytest.mark.control("C-58")
def test_a_worse_morning_asks_for_the_calm_days_again_and_for_no_week() -> None:
    worse = (*TRIAL[:-1], morning(10, 3))
    assert stand(at(10, 8), *worse).warnings[0].endswith("rest until the calm days are met again")
    assert stage(at(11, 22), *worse, worst(11, 1)) is Stage.REST
    assert stage(at(12, 22), *worse, worst(11, 1), worst(12, 1)) is Stage.TRIAL


@pytest.mark.control("C-58")
def test_a_day_off_after_each_run_is_a_gate() -> None:
    gate = may_run_at(PLAN, diary(*TRIAL), at(10, 18))
    assert not gate.ok
    assert gate.text == "a day off belongs after the run of 2026-11-09: from 2026-11-11 on"
    assert gate in stand(at(10, 9), *TRIAL).gates
    assert may_run_at(PLAN, diary(*TRIAL), at(11, 7)).ok
    here = stand(at(10, 19), *TRIAL, ran(10, pain=0, km=2))
    assert here.warnings == (
        "the run of 2026-11-10 came without the day off after the one of 2026-11-09: "
        "the next run on 2026-11-13 at the earliest",
    )


@pytest.mark.control("C-58")
def test_runs_that_are_planned_have_a_day_off_between_them_too() -> None:
    planned = Check(at=at(14, 18), topic=Topic.RUN_PLANNED)
    for day, ok in ((12, True), (13, False), (14, False), (15, False), (16, True)):
        gate = may_run_at(PLAN, diary(*TRIAL, planned), at(day, 9))
        assert gate.ok is ok, day
    assert gate.ok
    assert "a run is planned for 2026-11-14 already" in may_run_at(PLAN, diary(*TRIAL, planned), at(13)).text


@pytest.mark.control("C-58")
def test_four_runs_that_no_plan_would_allow_are_told_each_and_slow_it() -> None:
    for day, km in ((10, 12), (11, 21), (12, 5), (13, 20)):
        here = standing(PLAN, diary(*(one for one in STORY if one.at <= at(day, 18))), at(day, 19))
        assert any(f"{km:g} km on 2026-11-{day}: at most 3.0 km" in text for text in here.warnings), here.warnings
        assert any("came without the" in text for text in here.warnings)
    here = stand(at(14, 8), *STORY)
    assert here.stage is Stage.BUILD
    assert [gate.text for gate in here.gates if not gate.ok] == [
        "two days off belong after the run of 2026-11-13: from 2026-11-16 on"
    ]
    assert not may_run_at(PLAN, diary(*STORY), at(15, 18)).ok
    gate = may_run_at(PLAN, diary(*STORY), at(16, 18))
    assert (gate.ok, gate.text.startswith("at most 3.0 km")) == (True, True)


@pytest.mark.parametrize(("km", "over"), [(3.0, False), (3.1, True)])
def test_the_first_run_of_all_has_a_cap(km: float, over: bool) -> None:
    here = stand(at(9, 19), *CALM, ran(9, km=km))
    assert bool(here.warnings) is over
    assert may_run_at(PLAN, diary(*CALM), at(9, 18)).text.startswith("at most 3.0 km")


@pytest.mark.control("C-58")
def test_a_run_of_which_only_the_time_is_known_is_said_to_have_no_length_and_makes_nothing_grow() -> None:
    timed = Run(at=at(12, 18), km=None, minutes=50, pain=1)
    here = stand(at(13, 9), *BUILT, timed, morning(13, 1))
    assert here.warnings == (
        "the run of 2026-11-12 has no distance: nobody can say if it kept to its cap, and none grows by it",
    )
    assert most(20, *BUILT, timed, morning(13, 1)) == "at most 3.0"
    soon = replace(timed, at=at(10, 18))
    told = standing(PLAN, diary(*BUILT, soon), at(10, 19)).warnings
    assert told[0].startswith("the run of 2026-11-10 came without the day off")
    assert told[1].startswith("the run of 2026-11-10 has no distance")


def steady(*kms: float, first: int = 12) -> tuple[Entry, ...]:
    """Runs every other day, each borne well."""
    found: list[Entry] = [*BUILT]
    for number, km in enumerate(kms):
        day = first + 2 * number
        found += [ran(day, km=km), morning(day + 1, 1)]
    return tuple(found)


def most(day: int, *entries: Entry) -> str:
    gate = may_run_at(PLAN, diary(*entries), at(day, 18))
    assert gate.ok, gate.text
    return gate.text.split(" km")[0]


def test_what_was_borne_well_grows_by_ten_percent_from_the_floor_on() -> None:
    assert most(20, *BUILT) == "at most 3.0"
    assert most(20, *steady(3.0)) == "at most 3.3"
    assert most(20, *steady(3.0, 3.3)) == "at most 3.6", "rounded down"
    assert most(44, *steady(3.0, 3.3)) == "at most 3.6", "the longest of the last 30 days"
    assert most(45, *steady(3.0, 3.3)) == "at most 3.0"


def test_a_run_over_its_cap_makes_nothing_grow_but_a_distance_that_is_borne_again_and_again_does() -> None:
    assert most(20, *steady(3.0, 8.0)) == "at most 3.3"
    assert most(22, *steady(3.0, 8.0, 8.0)) == "at most 8.8", (
        "a diary from before there was a cap is not set to nothing"
    )
    assert most(22, *steady(3.0, 12.0, 21.0)) == "at most 3.3"


def test_after_rest_a_run_is_as_short_as_the_first_one() -> None:
    worse = (*steady(3.0, 3.3), ran(16, km=3.5), morning(17, 4), worst(18, 1), worst(19, 1))
    assert stage(at(20), *worse) is Stage.TRIAL
    assert most(20, *worse) == "at most 3.0"


def test_floor_growth_and_days_off_are_the_plans() -> None:
    own = replace(PLAN, first_km=5, growth_pct=20, days_off=2, worse_by=1)
    assert may_run_at(own, diary(*BUILT), at(12)).text.startswith("at most 5.0 km")
    assert not may_run_at(own, diary(*BUILT), at(11, 18)).ok
    assert standing(own, diary(*CALM, ran(9), morning(10, 2)), at(10)).stage is Stage.REST
    assert standing(own, diary(*steady(5.0)), at(14)).gates[-1].text.startswith("at most 6.0 km")


def test_a_planned_run_that_is_longer_than_its_cap_is_told() -> None:
    gate = may_run_at(PLAN, diary(*TRIAL), at(12, 18), km=12)
    assert gate.ok
    assert gate.text.startswith("12 km is more than the 3.0 km")
    assert not may_run_at(PLAN, diary(*TRIAL, check(Topic.RED_FLAG, at(11), "pop")), at(12, 18), km=2).ok
    assert date(2026, 11, 9) == at(9).date()
