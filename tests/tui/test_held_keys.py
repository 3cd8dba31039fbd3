"""A key that is held, that bounces or is pressed once more in haste begins nothing, and goes on with nothing."""

import asyncio
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from estim.client.consent import APART_S, READ_S
from estim.core.days.screening import QUESTIONS
from estim.core.messages.commands import Arm, Done, Resume, Start
from estim.core.messages.lowering import Pause
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui.app import SessionApp
from estim.tui.model import PASSING_TICKS
from estim.tui.pick import Pick
from estim.tui.questions import Questions
from estim.tui.session import Session
from tests.tui.scripted import IDLE, RUNNING, Pulse, ScriptedClient, let_go, screen_of, settle, text_of

DELAY_S = 0.5
"""After so long a key that is held repeats, s: a usual setting of desktops."""
GAP_S = 0.03
"""And then so often."""
REPEATS = 30


async def hold(pilot: Pilot[int], key: str) -> None:
    """Hold a key down for a second and a half, as a terminal tells it."""
    loop = asyncio.get_running_loop()
    repeats_s = loop.time() + DELAY_S
    await pilot.press(key)
    await settle(pilot)
    await asyncio.sleep(max(0.0, repeats_s - loop.time()))
    for _ in range(REPEATS):
        await pilot.press(key)
        await asyncio.sleep(GAP_S)
    await settle(pilot)


def kept(client: ScriptedClient, kind: type[object]) -> int:
    """Return how many commands of a kind came."""
    return sum(isinstance(command, kind) for command in client.asked)


@pytest.mark.control("C-78")
async def test_enter_that_is_held_on_a_program_doesnt_say_that_the_pads_are_on() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await hold(pilot, "enter")
        assert not kept(client, Start)
        assert "wait a moment, then press Enter again" in text_of(pilot, "#wrong")
        await asyncio.sleep(APART_S)
        await pilot.press("enter")
        await settle(pilot)
        assert kept(client, Start) == 1
        assert isinstance(pilot.app.screen, Session)


@pytest.mark.control("C-78")
async def test_enter_that_is_held_in_the_field_of_the_goal_doesnt_start_with_that_goal() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        pilot.app.screen.query_one("#goal", Input).focus()
        await settle(pilot)
        await pilot.press("backspace", "1", "2")
        await hold(pilot, "enter")
        assert not kept(client, Start)
        await asyncio.sleep(APART_S)
        await pilot.press("enter")
        await settle(pilot)
        assert kept(client, Start) == 1


@pytest.mark.control("C-78")
async def test_the_key_that_pauses_goes_on_only_when_it_is_pressed_anew() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await asyncio.sleep(APART_S)
        await hold(pilot, "space")
        assert kept(client, Pause) >= 1
        assert not kept(client, Resume)
        assert "to go on: wait a moment, then press space again" in text_of(pilot, "#note")
        await asyncio.sleep(APART_S)
        await pilot.press("space")
        await settle(pilot)
        assert kept(client, Resume) == 1


@pytest.mark.control("C-78")
async def test_enter_in_haste_doesnt_begin_what_has_just_become_ready() -> None:
    connecting = replace(RUNNING, state=State.CONNECTING)
    client = ScriptedClient(connecting)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await asyncio.sleep(APART_S)
        await pilot.press("enter")
        client.show(replace(RUNNING, state=State.READY))
        await settle(pilot)
        await hold(pilot, "enter")
        assert not kept(client, Arm)
        assert "to start: wait a moment, then press Enter again" in text_of(pilot, "#note")
        await asyncio.sleep(APART_S)
        await pilot.press("enter")
        await settle(pilot)
        assert kept(client, Arm) == 1


@pytest.mark.control("C-78")
async def test_enter_that_is_held_while_the_unit_connects_doesnt_begin_what_is_ready_then() -> None:
    client = ScriptedClient(replace(RUNNING, state=State.CONNECTING))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await asyncio.sleep(APART_S)
        for number in range(REPEATS):
            await pilot.press("enter")
            if number == REPEATS // 2:
                client.show(replace(RUNNING, state=State.READY))
                await asyncio.sleep(0)
                assert isinstance(pilot.app, SessionApp)
                pilot.app.action_arm()  # the very next one, before anything of it is drawn
            await asyncio.sleep(GAP_S)
        await settle(pilot)
        assert not kept(client, Arm)


@pytest.mark.control("C-78")
async def test_a_key_that_was_meant_to_pause_doesnt_go_on_with_what_has_just_been_paused_elsewhere() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await asyncio.sleep(APART_S)
        client.show(replace(RUNNING, state=State.PAUSED))
        await settle(pilot)
        await pilot.press("space")
        await settle(pilot)
        assert not kept(client, Resume)
        await let_go()
        await pilot.press("space")
        await settle(pilot)
        assert kept(client, Resume) == 1


@pytest.mark.control("C-78")
async def test_the_key_that_led_to_a_choice_is_none_while_it_is_held() -> None:
    chosen: list[str | None] = []
    async with screen_of(ScriptedClient(IDLE)).run_test() as pilot:
        await settle(pilot)
        await pilot.press("4")
        pilot.app.push_screen(Pick("?", {"4": "four", "5": "five"}), chosen.append)
        await settle(pilot)
        await hold(pilot, "4")
        assert chosen == []
        await pilot.press("5")
        await settle(pilot)
        assert chosen == ["five"]
        pilot.app.push_screen(Pick("?", {"4": "four", "5": "five"}), chosen.append)
        await settle(pilot)
        await let_go()
        await pilot.press("5")
        await settle(pilot)
        assert chosen == ["five", "five"], "it is one once it was let go"


@pytest.mark.control("C-78")
async def test_a_key_that_is_held_answers_one_question() -> None:
    async with screen_of(ScriptedClient(IDLE)).run_test() as pilot:
        await settle(pilot)
        asked = Questions(QUESTIONS)
        pilot.app.push_screen(asked)
        await settle(pilot)
        await hold(pilot, "n")
        assert f"(1 of {asked.number})" in text_of(pilot, "#question"), "what is held from before is no answer"
        assert "One press is one answer" in text_of(pilot, "#question")
        await asyncio.sleep(READ_S)
        await hold(pilot, "n")
        assert f"(2 of {asked.number})" in text_of(pilot, "#question")
        await asyncio.sleep(READ_S)
        await pilot.press("n")
        assert f"(3 of {asked.number})" in text_of(pilot, "#question")
        assert "One press is one answer" not in text_of(pilot, "#question")


async def test_questions_are_answered_at_a_persons_pace() -> None:
    async with screen_of(ScriptedClient(IDLE)).run_test() as pilot:
        await settle(pilot)
        asked = Questions(QUESTIONS)
        pilot.app.push_screen(asked)
        await asyncio.sleep(READ_S)
        loop = asyncio.get_running_loop()
        for _ in range(6):
            until_s = loop.time() + 0.75
            await pilot.press("n")
            await asyncio.sleep(max(0.0, until_s - loop.time()))
        assert f"(7 of {asked.number})" in text_of(pilot, "#question")


async def test_what_was_true_of_a_moment_goes_with_it() -> None:
    client = ScriptedClient(replace(RUNNING, state=State.PAUSED))
    pulse = Pulse()
    async with screen_of(client, pulse=pulse).run_test() as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        model = pilot.app.model
        for change in (
            {"state": State.PAUSED},
            {"state": State.RUNNING, "lost_at": "2026-03-01T08:01:00+00:00"},
            {"state": State.RAMPING, "lost_at": None},
        ):
            model.answered(Resume(), Done("resumed: it ramps up from zero"))
            await settle(pilot)
            assert "resumed" in text_of(pilot, "#note")
            client.show(replace(RUNNING, state=State.RUNNING) if change["state"] is State.PAUSED else RUNNING)
            client.show(replace(RUNNING, **cast("dict[str, Any]", change)))
            await settle(pilot)
            assert "resumed" not in text_of(pilot, "#note")
        model.answered(Resume(), Done("resumed: it ramps up from zero"))
        await pulse.advance(PASSING_TICKS + 2)
        await settle(pilot)
        assert "resumed" not in text_of(pilot, "#note")
        client.show(RUNNING)
        await settle(pilot)
        model.say("left has ended before its time")
        client.show(replace(RUNNING, state=State.PAUSED))
        await settle(pilot)
        assert "left has ended" in text_of(pilot, "#note"), "what happened stays"


@pytest.mark.control("C-78")
@pytest.mark.parametrize("stop", ["f12", "s"])
async def test_after_a_stop_a_start_takes_both_keys_again(stop: str) -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await let_go()
        await pilot.press(stop)
        await settle(pilot)
        await let_go()
        await pilot.press("enter")
        await settle(pilot)
        assert not kept(client, Start)
