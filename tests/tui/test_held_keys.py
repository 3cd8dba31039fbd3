"""A key that is held, that bounces or is pressed once more in haste begins nothing, and goes on with nothing."""

import asyncio

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from estim.client.consent import APART_S
from estim.core.messages.commands import Arm, Resume, Start
from estim.core.messages.lowering import Pause
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui.session import Session
from tests.tui.scripted import IDLE, RUNNING, ScriptedClient, screen_of, settle, text_of

DELAY_S = 0.5
"""After so long a key that is held repeats, s: a usual setting of desktops."""
GAP_S = 0.03
"""And then so often."""
REPEATS = 30


async def hold(pilot: Pilot[int], key: str) -> None:
    """Hold a key down for a second and a half, as a terminal tells it."""
    await pilot.press(key)
    await settle(pilot)
    await asyncio.sleep(DELAY_S)
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
