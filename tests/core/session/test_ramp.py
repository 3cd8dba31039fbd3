"""The ramp: up, a fade down, and hands that are followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.session.ramp import FADE_OUT_S, ChannelRamp, Ramp, ramp_default_s
from protocols.score import Part, Score, Steady
from protocols.vocabulary import Channel, Level

A = Channel.A
B = Channel.B
RATE = Steady(100)
WIDTH = Steady(150)
SCORE = Score((Part("warm-up", 0, 60, RATE, WIDTH, level_pct=50), Part("work", 60, 60, RATE, WIDTH)))


def begun(goal: int = 10) -> Ramp:
    made = Ramp((A, B), SCORE, {A: Level(goal)})
    made.begin(100.0, 10.0)
    return made


def test_it_ramps_rounds_down_and_follows_the_parts_percentage() -> None:
    made = begun()
    made.advance(105.1)
    assert made.levels(105.1) == {A: 2, B: 0}
    made.advance(111.0)
    assert made.climbed()
    assert made.levels(111.0)[A] == 5
    assert made.levels(161.0)[A] == 10


def test_a_channel_without_a_goal_of_its_own_can_be_raised_while_another_one_climbs() -> None:
    made = begun()
    made.advance(101.0)
    made.aim(B, 4, at_once=False)
    made.advance(111.0)
    assert made.levels(111.0) == {A: 5, B: 2}
    assert made.climbed()


@pytest.mark.control("C-32")
def test_it_comes_down_over_the_last_seconds() -> None:
    made = begun()
    made.advance(215.0)
    levels = [made.levels(220 - FADE_OUT_S + step / 10)[A] for step in range(21)]
    assert levels[0] == 10
    assert levels[-1] == 0
    assert levels == sorted(levels, reverse=True)


def test_a_soft_stop_comes_down_from_any_place() -> None:
    made = begun()
    made.advance(170.0)
    made.soften(170.0)
    assert made.levels(171.0)[A] == 5
    assert not made.soft_over(171.9)
    assert made.soft_over(172.0)


@pytest.mark.control("C-44")
def test_clearing_keeps_goal_and_position_and_begins_again_from_zero() -> None:
    made = begun()
    made.advance(170.0)
    made.clear(170.0)
    made.advance(500.0)
    assert made.levels(500.0) == {A: 0, B: 0}
    assert made.played_s(500.0) == 70.0
    made.begin(500.0, 10.0)
    assert made.levels(500.0)[A] == 0
    made.advance(505.0)
    assert made.levels(505.0)[A] == 5
    assert made.end_s(505.0) == 550.0


@pytest.mark.control("C-26")
def test_what_a_hand_lowered_stays_down() -> None:
    made = begun()
    made.advance(170.0)
    made.hand(170.0, A, 7, rose=False, cap=200)
    made.advance(200.0)
    assert made.levels(200.0)[A] == 7
    made.hand(200.0, A, 9, rose=False, cap=200)
    assert made.levels(200.0)[A] == 7


@pytest.mark.control("C-54")
def test_what_a_hand_did_in_the_half_level_part_holds_there_and_moves_the_goal_by_as_many_steps() -> None:
    made = begun()
    made.advance(150.0)
    made.hand(150.0, A, 3, rose=False, cap=200)
    assert made.levels(150.0)[A] == 3
    assert made.goal(A) == 8
    made.advance(200.0)
    assert made.levels(200.0)[A] == 8


@pytest.mark.control("C-54")
@given(goal=st.integers(1, 200), percent=st.integers(1, 100), rose=st.booleans())
def test_one_press_at_the_unit_moves_the_goal_by_one_step_whatever_the_part_plays(
    goal: int, percent: int, rose: bool
) -> None:
    ramp = ChannelRamp(goal=goal, at=float(goal))
    pressed = max(0, ramp.level(0, percent) + (1 if rose else -1))
    ramp.hand(0, percent, pressed, rose=rose, cap=200)
    assert ramp.level(0, percent) == pressed
    assert abs(ramp.goal - goal) <= 1
    assert ramp.level(1, 100) <= goal + 1


@given(goal=st.integers(0, 200), level=st.integers(0, 200), percent=st.integers(1, 100))
def test_a_raised_level_is_adopted_in_its_part(goal: int, level: int, percent: int) -> None:
    ramp = ChannelRamp(goal=goal, at=float(goal))
    before = ramp.level(0, percent)
    ramp.hand(0, percent, level, rose=True, cap=200)
    assert ramp.level(0, percent) == max(before, level)


@given(goal=st.integers(0, 200), at=st.floats(0, 200), level=st.integers(0, 200), percent=st.integers(1, 100))
def test_a_lowered_level_is_never_exceeded(goal: int, at: float, level: int, percent: int) -> None:
    ramp = ChannelRamp(goal=goal, at=min(at, float(goal)), slew=1.0)
    ramp.hand(0, percent, level, rose=False, cap=200)
    lowered = ramp.held is not None
    ramp.advance(1000.0)
    assert not lowered or ramp.level(0, percent) <= level
    assert ramp.goal <= goal


@pytest.mark.control("C-54")
def test_a_press_in_a_part_that_plays_little_never_moves_the_goal_above_the_cap() -> None:
    ramp = ChannelRamp(goal=70, at=70.0)
    ramp.hand(0, 5, 4, rose=True, cap=70)
    assert ramp.goal == 70
    assert ramp.level(0, 5) == 4


def test_a_key_ends_what_a_hand_had_held() -> None:
    ramp = ChannelRamp(goal=40, at=40.0)
    ramp.hand(0, 50, 10, rose=False, cap=200)
    assert ramp.level(0, 50) == 10
    ramp.aim(30)
    assert ramp.level(0, 50) == 15


@pytest.mark.parametrize(("goal", "step", "gap_s", "ramp_s"), [(10, 4, 0.5, 3.0), (70, 4, 0.5, 9.0), (5, 1, 1.0, 5.0)])
def test_the_default_ramp_is_what_the_slope_allows(goal: int, step: int, gap_s: float, ramp_s: float) -> None:
    assert ramp_default_s(goal, step, gap_s) == ramp_s
