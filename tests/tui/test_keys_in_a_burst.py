"""Keys that come all at once, as over a slow line, do what the same keys do one by one."""

import asyncio

import pytest
from textual import events
from textual.widgets import Input

from estim.core.messages.commands import SetLevel
from estim.tui.app import SessionApp
from estim.tui.key_order import WAIT_S, WAITING_MOST, KeyOrder
from estim.tui.place import place_class
from estim.tui.session import Session
from protocols.vocabulary import Channel
from tests.tui.scripted import IDLE, RUNNING, ScriptedClient, screen_of, settle


def burst(app: SessionApp, *keys: str) -> None:
    """Let the terminal hand over these keys before the loop has its turn."""
    for key in keys:
        app.post_message(
            events.Key({"+": "plus", "-": "minus", "/": "slash"}.get(key, key), key if len(key) == 1 else None)
        )


@pytest.mark.control("C-79")
@pytest.mark.parametrize("over", ["tab", "shift+tab", "enter"])
async def test_what_is_typed_behind_the_end_of_a_field_is_typed_into_the_next_one(over: str) -> None:
    back = over == "shift+tab"
    async with screen_of(ScriptedClient(IDLE)).run_test() as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        minutes, goal = (pilot.app.screen.query_one(f"#{name}", Input) for name in ("minutes", "goal"))
        minutes.value = goal.value = ""
        (goal if back else minutes).focus()
        await settle(pilot)
        burst(pilot.app, "1", over, "5")
        await settle(pilot)
        assert (minutes.value, goal.value) == (("5", "1") if back else ("1", "5"))


@pytest.mark.control("C-79")
async def test_a_level_key_behind_a_channel_moves_that_channel() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        burst(pilot.app, "b", "+", "a", "+", "tab", "+")
        await settle(pilot)
        moved = [command.channel for command in client.asked if isinstance(command, SetLevel)]
        assert moved == [Channel.B, Channel.A, Channel.B]


@pytest.mark.control("C-79")
async def test_however_many_keys_come_none_is_lost_and_a_stop_behind_them_stops() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        many = WAITING_MOST + 50
        burst(pilot.app, *["-"] * many)
        await asyncio.sleep(many * WAIT_S)
        assert sum(isinstance(command, SetLevel) for command in client.asked) == many
        burst(pilot.app, *["-"] * many, "s")
        await asyncio.sleep(many * WAIT_S)
        assert client.stops


@pytest.mark.control("C-79")
async def test_a_key_whose_place_has_gone_holds_none_up() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        burst(pilot.app, "9", "5", "2", "-")
        await asyncio.sleep(5 * WAIT_S)
        await settle(pilot)
        assert isinstance(pilot.app.screen, Session)
        assert [command.by for command in client.asked if isinstance(command, SetLevel)] == [-1]


@pytest.mark.control("C-79")
async def test_a_key_that_never_comes_through_holds_the_next_one_up_for_a_quarter_of_a_second_only() -> None:
    handed: list[events.Key | events.Paste] = []
    order = KeyOrder(handed.append)
    first = events.Key("a", "a")
    second = events.Key("b", "b")
    assert order.take(first)
    assert not order.take(second)
    await asyncio.sleep(WAIT_S * 0.9)
    assert handed == []
    await asyncio.sleep(WAIT_S * 0.2)
    assert handed == [second]
    await asyncio.sleep(WAIT_S)
    assert order.take(first)


@pytest.mark.control("C-79")
@pytest.mark.parametrize("key", ["s", "S", "ы"])
async def test_a_letter_that_stops_goes_past_all_that_waits(key: str) -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        burst(pilot.app, *["4", "6"] * 10, "+", key)
        for _ in range(5):
            await asyncio.sleep(0)  # nothing of all that can have been made by now
        assert client.stops
        await asyncio.sleep(WAIT_S)
        await settle(pilot)
        assert not isinstance(pilot.app.screen, place_class("units")), "what waited behind it is dropped"


@pytest.mark.control("C-79")
async def test_a_letter_that_is_typed_right_behind_the_key_of_a_field_is_typed() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("3")
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        burst(pilot.app, "/", "s", "s")
        await asyncio.sleep(WAIT_S)
        await settle(pilot)
        assert pilot.app.screen.query_one(Input).value == "ss"
        assert not client.stops


@pytest.mark.control("C-79")
async def test_what_is_pasted_behind_tab_goes_into_the_next_field() -> None:
    async with screen_of(ScriptedClient(IDLE)).run_test() as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        minutes, goal = (pilot.app.screen.query_one(f"#{name}", Input) for name in ("minutes", "goal"))
        minutes.value = goal.value = ""
        minutes.focus()
        await settle(pilot)
        burst(pilot.app, "8", "tab")
        pilot.app.post_message(events.Paste("7"))
        await settle(pilot)
        assert (minutes.value, goal.value) == ("8", "7")


async def test_the_key_of_the_place_where_one_is_makes_no_other_one() -> None:
    async with screen_of(ScriptedClient(RUNNING)).run_test() as pilot:
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        there = pilot.app.screen
        await pilot.press("4")
        await settle(pilot)
        assert pilot.app.screen is there
