"""The words on the screen: never a number for what isn't known, never a level that wasn't typed."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.days.screening import QUESTIONS
from estim.core.errors import EstimError
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from estim.tui import wording
from estim.tui.drill import was_drill
from estim.tui.model import View
from estim.tui.pick import Pick, scores
from estim.tui.questions import Questions
from estim.tui.summary import _texts
from protocols.vocabulary import Channel
from tests.tui.scripted import ALARM, ENDED, IDLE, LANES, RUNNING, ScriptedClient, answer, screen_of, settle, text_of


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


@pytest.mark.parametrize("text", ["2,5", "1,000", "1 2", "12 8", "A=2,5", "12.5"])
def test_what_is_no_whole_number_is_told_with_an_example(text: str) -> None:
    with pytest.raises(EstimError) as raised:
        wording.goal_of(text)
    told = raised.value.text
    assert told == (f"Goal level “{text}” isn't a level: write a whole number, such as 12 for channel A, or A=12,B=8")


@pytest.mark.parametrize("text", ["A=1,A=2", "5,A=2", "B=1 B=2"])
def test_a_channel_that_is_named_twice_is_told(text: str) -> None:
    with pytest.raises(EstimError, match="twice"):
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


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0 s ago"), (0.99, "0 s ago"), (3.9, "3 s ago")])
def test_ages(seconds: float, text: str) -> None:
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


@pytest.mark.parametrize(
    ("reason", "message", "why", "rest"),
    [
        (Reason.LINK_LOST, "the link was lost; u is off", "the link was lost", "u is off"),
        (Reason.STOPPED, "stopped by a person; u is at zero", "stopped by a person", "u is at zero"),
        (Reason.COMPLETED, "the time is up; u is at zero", "completed", "the time is up; u is at zero"),
        (Reason.FAULT, "", "ended by a fault", ""),
    ],
)
def test_why_it_ended_is_said_once(reason: Reason, message: str, why: str, rest: str) -> None:
    assert wording.why(replace(ENDED, reason=reason, message=message)) == (why, rest)


def test_moments_are_told_where_the_reader_is() -> None:
    moment = "2026-03-01T14:03:12+01:00"
    here = datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S")
    assert wording.local(f"it may be on until {moment}, and 2026-03-01T13:03:12Z") == (
        f"it may be on until {here}, and {here}"
    )
    assert wording.alarm(replace(ALARM, text=f"on until {moment}")).count(here) == 1


@pytest.mark.parametrize(
    ("state", "lane", "text"),
    [
        (State.RUNNING, {"lo": 12, "hi": 12, "goal": 12, "request": 12}, "goal 12 · cap"),
        (State.RUNNING, {"lo": 11, "hi": 11, "goal": 20, "request": 12}, "goal 20 · asked 12 · unit says 11 · cap"),
        (State.RUNNING, {"lo": 0, "hi": 4, "goal": 4, "request": 4}, "goal 4 · asked 4 · unit says 0–4 · cap"),
        (State.PAUSED, {"lo": 0, "hi": 0, "goal": 5, "request": 0}, "paused at 5 · cap"),
        (State.PAUSED, {"lo": 0, "hi": 0, "goal": 0, "request": 0}, "goal 0 · cap"),
        (State.STOPPING, {"lo": 3, "hi": 5, "goal": 5, "request": 0}, "going to 0 · cap"),
        (State.READY, {"lo": 0, "hi": 0, "goal": 5, "request": 0}, "goal 5 · cap"),
    ],
)
def test_a_goal_is_told_as_it_stands(state: State, lane: dict[str, Any], text: str) -> None:
    assert wording.goal(replace(LANES[0], **lane), state).startswith(text)
    assert "last time 9 · cap" in wording.goal(replace(LANES[0], **lane), state, 9)


def test_a_soft_stop_is_told_as_one_for_as_long_as_it_comes_down() -> None:
    down = replace(RUNNING, reason=Reason.STOPPED, lanes=(replace(LANES[0], lo=5, hi=5, goal=14, request=3),))
    assert down.softening
    assert wording.state(down) == "SOFT STOP: going down to 0"
    said = wording.goal_in(down.lanes[0], down, 9, 80)
    assert said.startswith("going to 0 · asked 3 · unit says 5 · cap")
    assert "last time" not in said
    assert "◇" not in wording.lane(wording.aimed(down.lanes[0], down), 78, wording.LaneMarks())
    assert not RUNNING.softening
    assert not replace(down, state=State.STOPPING).softening


def test_what_a_unit_reports_has_its_age_and_its_timer() -> None:
    assert wording.unit_says(RUNNING) == "the unit reports: on, A 12, B 0 · 0 s ago"
    late = replace(RUNNING, told_age_s=2.4, own_left_s=61.0, out="maybe")
    assert wording.unit_says(late) == "perhaps on; the unit reports: A 12, B 0, own timer 1:01 · 2 s ago"
    assert wording.unit_says(replace(RUNNING, told_age_s=None)) == "the unit has reported no level yet"


@pytest.mark.parametrize(
    ("change", "drill"),
    [
        ({}, True),
        ({"level_max": {Channel.A: 1, Channel.B: 0}, "reason": Reason.COMPLETED}, True),
        ({"level_max": {Channel.A: 2, Channel.B: 0}}, False),
        ({"program": "tens-knee"}, False),
        ({"duration_s": 61.0}, False),
        ({"family": "gone"}, False),
    ],
)
def test_a_stop_drill_is_known_by_its_program_its_minute_and_its_level(change: dict[str, Any], drill: bool) -> None:
    ended = replace(
        ENDED, program="tens-ankle", duration_s=12.0, level_max={Channel.A: 1}, reason=Reason.PANIC, family="coyote3"
    )
    shown = replace(RUNNING, unit=ENDED.unit, program="tens-ankle", length_s=60.0)
    ended = replace(ended, **change)
    assert was_drill(ended, shown) == drill
    assert not was_drill(ended, replace(shown, length_s=1200.0)), "it was meant to be longer"
    assert not was_drill(ended, None)
    asks = _texts(View(snapshot=shown, ended=ended), ended, narrow=False)["asks"]
    assert ("Skin under the pads" in asks) == (not drill)


def test_only_a_session_of_its_own_says_that_it_put_nothing_out() -> None:
    never = replace(ENDED, stop_confirmed=False, started_at=None)
    assert wording.confirmed(never) == "not needed: this session put nothing out"
    assert wording.confirmed(replace(never, program="")).startswith("NO"), (
        "that one only looked for a unit that was left on"
    )
    assert wording.confirmed(replace(never, may_be_on=True)).startswith("NO")
    assert wording.confirmed(replace(ENDED, stop_confirmed=False)).startswith("NO")


async def test_the_footer_of_the_questions_has_the_keys_that_do_something_at_this_one() -> None:
    async with screen_of(ScriptedClient(IDLE)).run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        asked = Questions(QUESTIONS[:2])
        pilot.app.push_screen(asked)
        await settle(pilot)

        def footer() -> set[str]:
            return {one.binding.action for one in asked.active_bindings.values() if one.enabled} & {
                "answer(True)", "back", "keep"
            }  # fmt: skip

        assert footer() == {"answer(True)"}
        await answer(pilot, "y")
        assert footer() == {"answer(True)", "back"}
        await answer(pilot, "n")
        assert footer() == {"back", "keep"}
        await pilot.press("enter")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, Questions)


async def test_a_dialog_of_keys_says_what_escape_does() -> None:
    async with screen_of(ScriptedClient(IDLE)).run_test() as pilot:
        await settle(pilot)
        pilot.app.push_screen(Pick("How bad?", scores()))
        await settle(pilot)
        assert text_of(pilot, "#question").endswith("Escape goes back without an answer")
