"""F12 from everywhere, and every other way to stop: keys, a click, leaving, freezing."""

import asyncio

import pytest
from textual import events
from textual.screen import Screen

from estim.client.consent import Consent
from estim.core.errors import Exit
from estim.core.messages.commands import Ask, Done, Reply, Resume, SetLevel, Start
from estim.core.messages.lowering import Pause, Stop
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui.app import LEAVE_S, SUSPEND_S, SessionApp
from estim.tui.choose import Choose
from estim.tui.dialog import Dialog
from estim.tui.keys import Keys
from estim.tui.session import Session
from estim.tui.summary import Summary
from estim.tui.widgets import StopBar
from protocols.vocabulary import Channel
from tests.tui.scripted import ENDED, IDLE, OFFERS, RUNNING, Pulse, ScriptedClient, let_go, screen_of, settle, text_of

PANIC = Stop(reason="panic")


@pytest.mark.control("C-38")
async def test_f12_stops_from_everywhere() -> None:
    client = ScriptedClient(zeroes=False)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        screen: type[Screen[None]] = Choose
        for place in ("#programs", "#minutes", "#goal", "#start", "session", "keys", "summary"):
            if place.startswith("#"):
                pilot.app.screen.query_one(place).focus()
            elif place == "session":
                client.show(RUNNING)
                screen = Session
            elif place == "keys":
                await pilot.press("question_mark")
                screen = Keys
            else:
                client.show(replace(RUNNING, state=State.ENDED, out="off"))
                client.tell(ENDED)
                screen = Summary
            await settle(pilot)
            assert isinstance(pilot.app.screen, screen), place
            client.asked.clear()
            await pilot.press("f12")
            assert client.stops == [PANIC], place


@pytest.mark.control("C-07")
async def test_f12_passes_a_full_queue_and_commands_without_an_answer() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        client.slow = True
        await pilot.press("plus", "plus", "space")
        free = asyncio.Event()
        pilot.app.call_later(free.wait)  # the app's own queue stands still from here on
        for _ in range(50):
            pilot.app.post_message(events.Key("plus", "+"))
        assert not client.stops
        driver = pilot.app._driver
        assert driver is not None
        driver.send_message(events.Key("f12", None))
        turns = 0
        while not client.stops and turns < 100:
            await asyncio.sleep(0)
            turns += 1
        assert client.stops == [PANIC]
        assert turns <= 4, "a stop is a few turns of the loop away from the key, whatever else waits"
        free.set()
        await settle(pilot)


async def test_f12_still_stops_when_the_commands_are_at_their_limit() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        client.slow = True
        for _ in range(60):
            pilot.app.simulate_key("plus")
        await settle(pilot)
        raises = [command for command in client.asked if isinstance(command, SetLevel)]
        assert 0 < len(raises) < 30, "a key that repeats must not pile up raises"
        await pilot.press("f12")
        assert client.stops == [PANIC]


async def test_the_keys_that_stop_a_session() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        for key, stop in (("s", Stop()), ("escape", Stop(unit="coyote3", soft=True)), ("f12", PANIC)):
            client.show(RUNNING)
            await settle(pilot)
            assert isinstance(pilot.app.screen, Session), key
            client.asked.clear()
            await pilot.press(key)
            await settle(pilot)
            assert client.stops == [stop]
            assert isinstance(pilot.app.screen, Summary)


async def test_keys_that_stop_do_so_in_the_list_of_keys_too() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        for key, stop in (("escape", Stop(unit="coyote3", soft=True)), ("s", Stop())):
            client.show(RUNNING)
            await settle(pilot)
            await pilot.press("question_mark")
            assert isinstance(pilot.app.screen, Keys), key
            client.asked.clear()
            await pilot.press(key)
            await settle(pilot)
            assert client.stops == [stop]


async def test_escape_without_a_session_does_nothing() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("escape")
        assert not client.stops


async def test_stop_is_in_sight_and_takes_a_click() -> None:
    client = ScriptedClient(zeroes=False)
    async with screen_of(client).run_test() as pilot:
        for face in (Choose, Session, Keys, Summary):
            if face is Session:
                client.show(RUNNING)
            elif face is Keys:
                await pilot.press("question_mark")
            elif face is Summary:
                client.show(replace(RUNNING, state=State.ENDED, out="off"))
                client.tell(ENDED)
            for size in ((80, 24), (40, 20), (200, 60)):
                await pilot.resize_terminal(*size)
                await settle(pilot)
                assert isinstance(pilot.app.screen, face)
                assert pilot.app.screen.size == size
                bar = pilot.app.screen.query_one("#stop")
                assert bar.region.height == 3
                assert pilot.app.screen.region.contains_region(bar.region)
                client.asked.clear()
                await pilot.click("#stop")
                assert client.stops == [Stop()]


class CrossingWire(ScriptedClient):
    """A host that takes a while to find the unit, and knows of nothing to stop before it has."""

    def __init__(self) -> None:
        super().__init__()
        self.found = asyncio.Event()

    async def ask(self, command: Ask) -> Reply:
        """Keep a start waiting."""
        if isinstance(command, Start):
            self.asked.append(command)
            await self.found.wait()
            self.show(RUNNING)
            return Done("found")
        return await super().ask(command)


@pytest.mark.control("C-13")
async def test_a_stop_that_crosses_a_start_is_said_again_when_the_start_is_answered() -> None:
    client = CrossingWire()
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await let_go()
        await pilot.press("enter")
        assert [command for command in client.asked if isinstance(command, Start)]
        await pilot.press("f12")
        assert client.stops == [PANIC]
        client.found.set()
        await settle(pilot)
        assert client.stops == [PANIC, PANIC]
        assert client.units["coyote3"].state is State.ENDED


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_leaving_stops_first_and_waits_for_zero(key: str) -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press(key)
        assert client.stops == [Stop()]
        assert pilot.app.return_code is None
        assert "leaving when the unit says zero" in text_of(pilot, "#note")
        await pilot.press(key)
        assert pilot.app.return_code is None, "a second q while it waits is no way around"
        client.show(replace(RUNNING, state=State.ENDED, out="off", stop_confirmed=True))
        client.tell(replace(ENDED, stop_confirmed=True))
        await settle(pilot)
    assert pilot.app.return_code == 0


async def test_leaving_without_output_asks_nothing() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("q")
    assert not client.stops
    assert pilot.app.return_code == 0


@pytest.mark.control("C-09")
async def test_an_unproved_stop_is_left_only_by_a_second_q_and_then_with_code_80() -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    pulse = Pulse()
    async with screen_of(client, pulse=pulse).run_test() as pilot:
        await settle(pilot)
        await pilot.press("q")
        await pulse.advance(LEAVE_S)
        await settle(pilot)
        assert pilot.app.return_code is None
        assert "NOT CONFIRMED" in text_of(pilot, "#note")
        assert RUNNING.by_hand in text_of(pilot, "#note")
        await pilot.press("q")
    assert pilot.app.return_code == 80


async def test_after_an_unproved_end_leaving_stops_once_more() -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        client.tell(replace(ENDED, stop_confirmed=False))  # and no snapshot comes after it
        await settle(pilot)
        assert isinstance(pilot.app.screen, Summary)
        await pilot.press("q")
        assert client.stops == [Stop()]
        assert pilot.app.return_code is None


@pytest.mark.parametrize(("zeroes", "code"), [(True, Exit.HUNG_UP), (False, Exit.NOT_CONFIRMED)])
async def test_a_hang_up_stops_first_and_asks_nobody(zeroes: bool, code: Exit) -> None:
    client = ScriptedClient(RUNNING, zeroes=zeroes)
    pulse = Pulse()
    async with screen_of(client, pulse=pulse).run_test() as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        pilot.app.leave_by_signal(Exit.HUNG_UP)
        await settle(pilot)
        assert client.stops == [Stop(reason="interrupted")]
        await pulse.advance(LEAVE_S)
        await settle(pilot)
    assert pilot.app.return_code == code


@pytest.mark.control("C-41")
@pytest.mark.parametrize("zeroes", [True, False])
async def test_ctrl_z_freezes_only_after_the_stop(zeroes: bool) -> None:
    client = ScriptedClient(RUNNING, zeroes=zeroes)
    pulse = Pulse()
    frozen: list[int] = []
    async with screen_of(client, pulse=pulse).run_test() as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, SessionApp)
        pilot.app.freeze(lambda: frozen.append(len(client.stops)))
        assert not frozen
        await settle(pilot)
        if not zeroes:
            assert not frozen, "it waits for zero"
            await pulse.advance(SUSPEND_S)
            await settle(pilot)
    assert frozen == [1], "a stop was on its way before the process froze"


async def test_level_keys_move_the_goal_of_the_chosen_channel_by_one() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("plus", "equals_sign", "minus", "underscore")
        await pilot.press("tab", "plus", "a", "plus", "b", "minus")
        moves = [(c.channel, c.by) for c in client.asked if isinstance(c, SetLevel)]
        a = Channel.A
        b = Channel.B
        assert moves == [(a, 1), (a, 1), (a, -1), (a, -1), (b, 1), (a, 1), (b, -1)]
        assert all(c.unit == "coyote3" and c.to is None for c in client.asked if isinstance(c, SetLevel))


async def test_space_pauses_and_goes_on() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("space")
        await settle(pilot)
        assert text_of(pilot, "#state").startswith("PAUSED")
        await let_go()
        await pilot.press("space")
        await settle(pilot)
        assert [c for c in client.asked if isinstance(c, Pause | Resume)] == [Pause("coyote3"), Resume("coyote3")]


@pytest.mark.control("C-38")
async def test_a_stop_needs_no_part_of_the_list_before_a_start() -> None:
    made = Choose(OFFERS, Consent())  # as before its parts are there, or while they are taken away
    made.step_back()
    assert made.focused is None


@pytest.mark.control("C-38")
async def test_a_stop_needs_no_screen_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    app = screen_of(ScriptedClient(IDLE))
    sent: list[object] = []
    monkeypatch.setattr(app.follower, "send", sent.append)  # nothing listens before it runs
    app.action_panic()
    assert sent == [PANIC]


@pytest.mark.control("C-38")
async def test_a_press_on_the_stop_that_shows_from_below_a_dialog_is_one() -> None:
    """Where there is little room the dialog's own STOP is a row further down."""
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test(size=(80, 16)) as pilot:
        await settle(pilot)
        below = pilot.app.screen
        await pilot.app.push_screen(Dialog())
        await settle(pilot)
        bar = below.query_one(StopBar).region
        assert bar.y < pilot.app.screen.query_one(StopBar).region.y
        await pilot.click(offset=(bar.x + 5, bar.y))
        assert client.stops == [Stop()]
