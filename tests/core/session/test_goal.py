"""The goal and a key that is held: a goal that a key moves stays near the level that the unit told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.core.errors import EstimError, Exit
from protocols.registry import family, names
from protocols.vocabulary import Channel
from tests.core.session.test_session import world
from tests.world import World

A = Channel.A


def ahead(name: str) -> int:
    return max(3, family(name).caps.step)


def press(one: World, by: int = 1) -> str:
    """Press a key; return the refusal, if there is one."""
    try:
        one.act(lambda _now: one.session.level(A, by=by, to=None))
    except EstimError as error:
        return error.text
    return ""


def playing(name: str, level: int) -> World:
    """Return a session that has reached its level."""
    one = world(name, minutes=5, level=level)
    one.link()
    one.run(30)
    assert one.level_of("A") == level
    return one


@pytest.mark.control("C-01")
@pytest.mark.parametrize("name", names())
def test_a_key_that_is_held_never_runs_away_from_the_level_and_the_climb_ends_with_it(name: str) -> None:
    one = playing(name, 2)
    refused: set[str] = set()
    for _ in range(60):
        one.run(2 / 60)
        told = one.reported.level[A].lo if one.reported else 0
        refused.add(press(one))
        assert one.session.ramp.goal(A) <= told + ahead(name)
    held = one.level_of("A")
    assert len(refused - {""}) <= 2, "a refusal says the same each time: the level that is waited for, or the cap"
    one.run(30)
    assert one.level_of("A") - held <= ahead(name)


def test_what_a_person_typed_and_a_ramp_on_its_way_are_not_held_back() -> None:
    one = world("coyote3", minutes=5, level=40)
    one.link()
    while one.level_of("A") < 8:
        one.run(0.1)
    assert one.session.ramp.goal(A) == 40
    assert "waits for the unit" in press(one), "a ramp's goal is ahead already: a key adds nothing to it"
    assert one.session.ramp.goal(A) == 40
    one.act(lambda _now: one.session.level(A, by=None, to=60))
    one.run(60)
    assert one.level_of("A") == 60


def test_a_refused_key_changes_nothing_and_is_told_to_try_later() -> None:
    one = playing("coyote3", 8)
    with pytest.raises(EstimError, match="waits for the unit") as refused:
        one.session.level(A, by=ahead("coyote3") + 1, to=None)
    assert refused.value.code is Exit.TRY_LATER
    assert one.session.ramp.goal(A) == 8


@settings(max_examples=30)
@given(presses=st.lists(st.tuples(st.floats(0.01, 3), st.sampled_from([1, 1, 1, 2, -1, -5])), max_size=40))
def test_down_is_always_taken_and_up_is_never_further_than_a_few_steps(presses: list[tuple[float, int]]) -> None:
    one = playing("coyote3", 10)
    for wait_s, by in presses:
        one.run(wait_s)
        before = one.session.ramp.goal(A)
        told = one.reported.level[A].lo if one.reported else 0
        refused = press(one, by)
        after = one.session.ramp.goal(A)
        if by < 0:
            assert not refused
            assert after == max(0, before + by)
        else:
            assert after == before if refused else after <= max(told, 0) + ahead("coyote3")
