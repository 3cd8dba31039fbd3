"""Notes that pass: a refusal with its moment, an answer with the place where it was given; what happened stays."""

import pytest

from estim.core.messages.commands import Arm, Ask, Refusal, Resume, SetLevel, Start
from estim.core.messages.lowering import Pause
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui.model import PASSING_TICKS, Model
from protocols.vocabulary import Channel
from tests.tui.scripted import (
    IDLE,
    LANES,
    RUNNING,
    Pulse,
    ScriptedClient,
    Successors,
    place_in,
    screen_of,
    settle,
    text_of,
)

UP = SetLevel(channel=Channel.A, by=1, unit="coyote3")
WAITS = Refusal(text="A waits for the unit: press again when it is there", code=75)


def model() -> Model:
    made = Model(lambda: None, lambda: None)
    made.heard(replace(RUNNING, state=State.RAMPING))
    return made


@pytest.mark.parametrize("key", [UP, Pause(unit="coyote3"), Resume(unit="coyote3"), Arm(unit="coyote3")])
def test_why_a_key_of_a_session_did_nothing_passes_with_its_moment(key: Ask) -> None:
    made = model()
    made.answered(key, WAITS)
    assert made.view.note == f"refused: {WAITS.text}"
    made.heard(RUNNING)
    assert made.view.note == "", "it has come there"
    made.answered(key, WAITS)
    for _ in range(PASSING_TICKS + 1):
        assert made.view.note
        made.tick()
    assert made.view.note == ""


def test_an_answer_stays_where_it_was_given_and_goes_with_the_person() -> None:
    made = model()
    made.answered(Start(program="none"), Refusal(text="there is no such program", code=2))
    for _ in range(PASSING_TICKS + 1):
        made.tick()
    assert made.view.note == "refused: there is no such program"
    made.left()
    assert made.view.note == ""


def test_what_happened_stays_wherever_the_person_goes() -> None:
    made = model()
    made.answer("kept")
    made.say("the stop was not answered")
    made.left()
    assert made.view.note == "the stop was not answered"


async def test_what_a_place_said_is_gone_in_the_next_one() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("3")
        await settle(pilot)
        for key in ("4", "2", "escape"):
            place_in(pilot).desk.say("undo doesn't take back a session")
            await settle(pilot)
            assert "undo" in text_of(pilot, "#note")
            await pilot.press(key)
            await settle(pilot)
            assert text_of(pilot, "#note") == "", key
            await pilot.press("3")
            await settle(pilot)


async def test_what_leads_elsewhere_by_itself_takes_its_words_along() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("3")
        await settle(pilot)
        desk = place_in(pilot).desk
        desk.say("the steps go on at the next start")
        desk.go("today")
        await settle(pilot)
        assert text_of(pilot, "#note") == "the steps go on at the next start"


async def test_a_page_key_that_does_nothing_says_why_for_a_moment() -> None:
    pulse = Pulse()
    client = ScriptedClient(replace(RUNNING, lanes=(replace(LANES[0], room=0, goal=20),)))
    async with screen_of(client, Successors(), pulse).run_test() as pilot:
        await settle(pilot)
        await pilot.press("pageup")
        await settle(pilot)
        assert "A waits for the unit" in text_of(pilot, "#note")
        await pulse.advance(PASSING_TICKS + 2)
        await settle(pilot)
        assert "A waits for the unit" not in text_of(pilot, "#note")
