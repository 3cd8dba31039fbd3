"""The words on the screen: never a number for what isn't known, never a level that wasn't typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from estim.core.errors import EstimError
from estim.core.vocabulary import Priority, Reason, State
from estim.tui import wording
from protocols.vocabulary import Channel
from tests.tui.scripted import ENDED, IDLE, LANES, RUNNING


@given(st.integers(0, 200), st.integers(0, 200))
def test_only_a_known_level_is_one_number(lo: int, more: int) -> None:
    text = wording.level(replace(LANES[0], lo=lo, hi=lo + more))
    assert text == (str(lo) if more == 0 else f"{lo}–{lo + more}")


@given(st.dictionaries(st.sampled_from(Channel), st.integers(0, 9999)))
def test_a_goal_is_read_as_it_is_written(goal: dict[Channel, int]) -> None:
    assert wording.goal_of(",".join(f"{channel}={level}" for channel, level in goal.items())) == goal


@pytest.mark.parametrize(
    ("text", "goal"),
    [("", {}), ("12", {Channel.A: 12}), (" a=3, b=4 ", {Channel.A: 3, Channel.B: 4}), ("0", {Channel.A: 0})],
)
def test_goals(text: str, goal: dict[Channel, int]) -> None:
    assert wording.goal_of(text) == goal


@pytest.mark.parametrize("text", ["-1", "1.5", "A12", "E=1", "A=", "99999", "A=1=2", "½", "2,5", "A=1,A=2", "12 8"])
def test_what_is_no_goal(text: str) -> None:
    with pytest.raises(EstimError, match="Goal level"):
        wording.goal_of(text)


@pytest.mark.parametrize(("text", "minutes"), [("20", 20), ("0.5", 0.5), ("0,5", 0.5), ("30", 30)])
def test_minutes(text: str, minutes: float) -> None:
    assert wording.minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["", "0", "-1", "30.1", "nan", "inf", "x", "0.04", "1e1", "1_0", "2,5,"])
def test_what_are_no_minutes(text: str) -> None:
    with pytest.raises(EstimError, match="Minutes"):
        wording.minutes_of(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(1200, "20:00"), (1199.2, "20:00"), (59.1, "1:00"), (0.2, "0:01"), (0, "0:00"), (-3, "0:00")]
)
def test_the_clock_shows_the_last_second_until_it_is_over(seconds: float, text: str) -> None:
    assert wording.clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "never"), (0.0, "under 1 s ago"), (0.99, "under 1 s ago"), (3.9, "3 s ago")]
)
def test_ages(seconds: float | None, text: str) -> None:
    assert wording.age(seconds) == text


def test_every_state_reason_and_priority_has_its_word() -> None:
    assert len({wording.state(replace(RUNNING, state=state)) for state in State}) == len(State)
    assert len({wording.reason(reason) for reason in Reason}) == len(Reason)
    assert len({wording.symbol(priority) for priority in Priority}) == len(Priority)


@pytest.mark.parametrize("state", list(State))
def test_a_session_is_under_way_from_its_start_to_its_end(state: State) -> None:
    assert replace(RUNNING, state=state).live is (state not in {State.IDLE, State.ENDED})


def test_a_stop_without_a_program_is_under_way_and_a_ready_unit_is_not() -> None:
    assert replace(IDLE, state=State.STOPPING).live
    assert not replace(IDLE, state=State.READY).live


def test_what_may_flow() -> None:
    assert wording.may_flow(replace(IDLE, state=State.ENDED, out="maybe"))
    assert not wording.may_flow(replace(IDLE, state=State.ENDED, out="off"))
    assert not wording.may_flow(None)


def test_exit_codes() -> None:
    assert wording.exit_code(None) == 0
    assert wording.exit_code(ENDED) == 0
    assert wording.exit_code(replace(ENDED, stop_confirmed=False)) == 80
    assert wording.exit_code(replace(ENDED, stop_confirmed=False, started_at=None)) == 0
    assert wording.exit_code(replace(ENDED, stop_confirmed=False, started_at=None, may_be_on=True)) == 80
