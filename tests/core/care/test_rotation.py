"""A plan in a home: the schedule's rotation serves its steps, and what the unit refuses is offered to nobody."""

from estim.core.care.rotation import fitted
from estim.core.care.standing import Item, standing
from estim.core.values import replace
from tests.core.days.journals import BUILT, PLAN, at, begin, diary, played, ran

KINDS = {"tens-ankle": "pain", "tens-han": "pain", "tens-al": "pain", "ems-strength": "tetanic"}


def kind(program: str) -> str:
    return KINDS.get(program, "")


ROTATION = ("tens-ankle", "tens-al", "ems-strength", "gone")
FITTED = fitted(PLAN, ROTATION, kind, lambda _program: False)


def tens(plan: object, *programs: str) -> Item:
    sessions = [played(at(2, 8 + 3 * place), program=program) for place, program in enumerate(programs)]
    found = standing(plan, diary(begin(), *sessions), at(2, 22)).today  # type: ignore[arg-type] # a plan
    return next(one for one in found if one.step == "tens")


def test_a_step_is_done_by_any_program_of_the_schedule_that_serves_it() -> None:
    assert not tens(PLAN, "tens-ankle", "tens-al").done
    assert tens(FITTED, "tens-ankle", "tens-al").done
    assert tens(FITTED, "tens-al", "tens-al").done
    assert tens(FITTED, "tens-ankle", "ems-strength").text.startswith("1 of 2 today"), "that is of another kind"
    assert tens(FITTED, "tens-ankle", "gone").text.startswith("1 of 2 today")


def test_a_step_that_names_no_program_and_one_that_is_no_session_are_served_by_nothing_more() -> None:
    assert {one.id: one.served_by for one in FITTED.steps if one.served_by} == {"tens": ("tens-al",)}
    open_step = replace(next(one for one in PLAN.steps if one.id == "tens"), programs=())
    free = fitted(replace(PLAN, steps=(open_step,)), ROTATION, lambda _program: "pain", lambda _program: False)
    assert free.steps[0].served_by == ()


def test_left_and_then_right_is_one_session_of_a_step_and_not_two() -> None:
    left = played(at(2, 8))
    right = replace(played(at(2, 9)), sites=("ankle-right",))
    unsaid = replace(played(at(2, 12)), sites=("ankle-left", "ankle-right"))

    def text(*sessions: object) -> str:
        found = standing(PLAN, diary(begin(), *sessions), at(2, 22)).today  # type: ignore[arg-type] # sessions
        return next(one.text for one in found if one.step == "tens")

    assert text(left, right).startswith("1 of 2 today")
    assert text(left, right, replace(left, at=at(2, 20))).startswith("2 of 2 today")
    assert text(left, unsaid).startswith("2 of 2 today")


def test_a_program_that_the_unit_refuses_is_offered_nowhere_and_what_was_played_with_it_counts() -> None:
    plan = fitted(PLAN, ROTATION, kind, lambda program: program in ("ems-recovery-simple", "tens-han"))
    now = standing(plan, diary(*BUILT, ran(12)), at(12, 18.5))
    assert next(one for one in now.asks if "extra session" in one).endswith(": tens-ankle")
    assert set(now.programs).isdisjoint({"ems-recovery-simple", "tens-han"})
    assert "tens-ankle" in now.programs
    assert tens(plan, "tens-han", "tens-han").done
