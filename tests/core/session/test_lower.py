"""A level that is lowered from afar: nothing rises by it wherever a session is, and what rises stops rising."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from estim.core.errors import EstimError
from protocols.registry import names
from protocols.vocabulary import Channel
from tests.core.session.test_session import world
from tests.world import World

A = Channel.A


def lower(one: World, steps: int, channel: Channel | None = None) -> str:
    """Lower; return the refusal, if there is one."""
    try:
        one.act(lambda _now: one.session.lower(steps, channel))
    except EstimError as error:
        return error.text
    return ""


@pytest.mark.control("C-14")
@pytest.mark.parametrize("name", names())
def test_a_ramp_that_is_lowered_on_its_way_rises_no_further(name: str) -> None:
    one = world(name, minutes=5, level=3)
    one.link()
    while one.level_of("A") < 1:
        one.run(0.1)
    assert lower(one, 1) == ""
    assert one.session.ramp.goal(A) == 0
    one.run(60)
    assert one.level_of("A") == 0


def test_all_channels_go_down_and_one_that_is_named_alone() -> None:
    one = world("coyote3", minutes=5, level=10)
    one.link()
    one.run(30)
    assert lower(one, 4) == ""
    one.run(10)
    assert (one.level_of("A"), one.level_of("B")) == (6, 0)
    assert lower(one, 1, Channel.B) == ""
    assert lower(one, 1, Channel.D) != ""
    one.run(10)
    assert (one.level_of("A"), one.level_of("B")) == (6, 0)


@pytest.mark.control("C-14")
@settings(max_examples=25)
@example(steps=-1, wait_s=20, name="coyote3")
@given(
    steps=st.integers(-5, 5) | st.integers(-1000, 1000),
    wait_s=st.floats(0, 25),
    name=st.sampled_from(("coyote3", "em70", "zc95", "openemsstim")),
)
def test_whenever_it_comes_and_whatever_it_says_nothing_is_higher_after_it(
    steps: int, wait_s: float, name: str
) -> None:
    one = world(name, minutes=1, level=4)
    one.link()
    one.run(wait_s)
    before = one.level_of("A")
    refused = lower(one, steps)
    goal = one.session.ramp.goal(A)
    assert refused or goal <= before
    for _ in range(4):
        one.run(2)
        assert refused or one.level_of("A") <= before
