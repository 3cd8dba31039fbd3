"""After recovery the plan goes on as a lighter one, by the person's word, until something is worse all the same."""

from datetime import date

import pytest

from estim.core.care.plan import Tick
from estim.core.care.standing import Stage, may_run_at, recovery, standing
from estim.core.days.diary import Entry, Topic, When
from estim.core.values import replace
from tests.core.days.journals import BUILT, PLAN, at, begin, check, diary, morning, played, ran, stage, stand, worst

SAID = check(Topic.CARE, at(100), answer="recovered")
LIGHT = (*BUILT, SAID)


def gate(day: int, *entries: Entry) -> tuple[bool, str]:
    found = recovery(PLAN, diary(*entries), at(day))
    return found.ok, found.text


@pytest.mark.control("C-72")
def test_it_begins_by_a_word_after_84_days_of_building_up_and_not_before() -> None:
    assert gate(93, *BUILT) == (
        False,
        "building up since 2026-11-10: the lighter plan from 2027-02-02 on, if all goes well",
    )
    assert gate(94, *BUILT) == (True, "building up since 2026-11-10 without a step back")
    again = (*BUILT, ran(50), morning(51, 4), worst(52, 0), worst(53, 0), ran(54), morning(55, 1))
    assert gate(94, *again)[1].startswith("building up since 2026-12-25"), "a step back counts from the new beginning"
    assert gate(3, begin())[1].startswith("the plan becomes a lighter one from building up only")
    assert gate(94)[1].startswith("the plan is not begun")
    assert gate(94, *BUILT, check(Topic.CARE, at(90), answer="end"))[1].startswith("the plan is not begun")
    assert gate(110, *LIGHT) == (False, "the plan has been the lighter one since 2027-02-08")
    bare = replace(PLAN, steps=tuple(replace(step, light="") for step in PLAN.steps))
    assert recovery(bare, diary(*BUILT), at(94)).text.startswith("this plan has no lighter one")


def test_it_asks_for_no_score_of_a_day_or_a_morning() -> None:
    assert stand(at(101), *LIGHT).asks == ()
    assert stand(at(103, 7), *LIGHT, ran(102)).asks == ()
    assert stand(at(102, 19), *LIGHT, ran(102)).asks == ()


def test_its_list_is_the_steps_that_have_a_text_for_it_and_nothing_is_to_be_ticked() -> None:
    here = stand(at(101), *LIGHT)
    assert (here.stage, here.since, here.day) == (Stage.LIGHT, date(2027, 2, 8), 2)
    steps = ["loading", "cross-training", "shoes", "stretching", "tens", "pattern"]
    assert [one.step for one in here.today] == steps
    assert {one.tick for one in here.today} == {Tick.NONE}
    texts = {step.id: step.light for step in PLAN.steps}
    assert [one.text for one in here.today if one.step != "loading"] == [texts[name] for name in steps[1:]]
    on = stand(at(102), *LIGHT, check(Topic.LOADING, at(101), answer="on"))
    assert on.today[0].text == texts["loading"]
    assert [one.text for one in here.gates] == [
        "no session in the 4 h before a run",
        "at most 3.0 km for the next run, slowly",
    ]


def test_a_run_without_a_score_or_a_morning_leads_to_nothing_and_lets_the_next_one_grow() -> None:
    runs = [ran(day, pain=None, km=3) for day in (101, 103, 105)]
    here = stand(at(108), *LIGHT, *runs)
    assert (here.stage, here.since) == (Stage.LIGHT, date(2027, 2, 8))
    assert here.warnings == ()
    assert here.gates[-1].text.startswith("at most 3.3 km for the next run")
    assert stage(at(105, 20), *LIGHT, *runs) is Stage.LIGHT, "while the last one waits for a morning too"
    assert may_run_at(PLAN, diary(*LIGHT, *runs), at(107, 18)).ok
    assert not may_run_at(PLAN, diary(*LIGHT, *runs), at(106, 18)).ok, "a day off belongs after a run"


@pytest.mark.control("C-72")
@pytest.mark.parametrize(
    "worse",
    [
        (ran(110), morning(111, 3)),
        (ran(110, pain=6),),
        (ran(110, pain=4), morning(111, 0)),
        (played(at(110, 16)), ran(110, pain=0), morning(111, 0)),
    ],
    ids=["a worse morning", "too much pain", "pain above safe", "a run after a session"],
)
def test_what_is_worse_all_the_same_ends_it_with_the_whole_plan(worse: tuple[Entry, ...]) -> None:
    here = stand(at(111, 12), *LIGHT, *worse)
    assert (here.stage, bool(here.warnings)) == (Stage.REST, True)
    calm = (*LIGHT, *worse, *(worst(day, 0) for day in range(112, 116)))
    assert stage(at(116), *calm) is Stage.TRIAL
    later = stand(at(119), *calm, ran(117), morning(118, 0))
    assert later.stage is Stage.BUILD, "and it takes the word anew to make it a lighter one"
    assert any("worst" in one for one in later.asks)


@pytest.mark.control("C-72")
def test_a_word_from_before_the_plan_was_begun_anew_says_nothing() -> None:
    assert stage(at(101), *LIGHT, begin(at(100, 12))) is Stage.REST
    assert standing(PLAN, diary(*LIGHT, check(Topic.RED_FLAG, at(101), "pop", "yes")), at(101, 9)).stage is Stage.ENDED


def test_pain_in_a_run_that_is_noted_by_itself_counts_there_too() -> None:
    apart = replace(worst(110, 6), when=When.RUN)
    assert stage(at(111, 12), *LIGHT, ran(110, pain=None)) is Stage.LIGHT
    assert stage(at(111, 12), *LIGHT, ran(110, pain=None), apart) is Stage.REST
