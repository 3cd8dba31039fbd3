"""The verdict on a run is the plan's own word, as it stood when the run was judged."""

from datetime import UTC, datetime, timedelta

import pytest

from estim.cli.clinic_view import verdicts
from estim.config.care_plan import shipped
from estim.core.care.plan import read_plan
from estim.core.days.diary import Check, Diary, Pain, Run, Topic, When

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
RUN = 9
"""The day of the run: after the days of rest, and two calm ones."""


def day(number: int, hour: int) -> datetime:
    return BEGAN.replace(hour=hour) + timedelta(days=number)


def diary(pain: int, morning_after: int | None) -> Diary:
    pains = [Pain(at=day(number, 7), score=1, when=When.MORNING) for number in range(1, RUN + 1)]
    pains += [Pain(at=day(number, 21), score=1, when=When.WORST) for number in range(RUN + 1)]
    if morning_after is not None:
        pains.append(Pain(at=day(RUN + 1, 7), score=morning_after, when=When.MORNING))
    return Diary(
        checks=(Check(at=BEGAN, topic=Topic.CARE, answer="begin"),),
        pains=tuple(sorted(pains, key=lambda one: one.at)),
        runs=(Run(at=day(RUN, 17), km=2.5, pain=pain),),
    )


@pytest.mark.parametrize(
    ("pain", "morning_after", "told"),
    [(1, 1, "fine: building up"), (1, 6, "rest again; "), (7, 1, "rest again; ")],
)
def test_a_run_is_judged_by_its_pain_and_by_the_next_morning(pain: int, morning_after: int, told: str) -> None:
    plan = read_plan(shipped(), "eight-steps.toml")
    for later in (3, 40):
        (found,) = verdicts(plan, diary(pain, morning_after), day(RUN + later, 12)).values()
        assert found.startswith(told)


def test_a_run_of_this_evening_is_not_judged_yet_and_one_without_a_plan_never() -> None:
    plan = read_plan(shipped(), "eight-steps.toml")
    (found,) = verdicts(plan, diary(1, None), day(RUN, 20)).values()
    assert found.startswith("not judged yet")
    assert verdicts(plan, Diary(runs=diary(1, 1).runs), day(RUN + 3, 12)) == {}
