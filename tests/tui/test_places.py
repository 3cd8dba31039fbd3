"""Navigation: every place by its key and by the palette; a session stays in sight everywhere, and STOP works."""

import asyncio

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from estim.config.options import HostOptions
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui import wording
from estim.tui.app import SessionApp
from estim.tui.frame import strip
from estim.tui.model import View
from estim.tui.palette import Palette
from estim.tui.place import Place
from estim.tui.places import PLACES, SESSION
from protocols.vocabulary import Channel
from tests.tui.scripted import (
    ALARM,
    IDLE,
    LANES,
    OFFERS,
    RUNNING,
    Pulse,
    ScriptedClient,
    Successors,
    screen_of,
    settle,
    text_of,
)

FOOTER_MAX = 6
"""Keys in the footer: more are found by nobody."""

SIZES = [(40, 12), (80, 24), (120, 40), (200, 50)]


def place_of(pilot: Pilot[int]) -> str:
    """Return the name of the place on the screen; the session's own screens are below all places."""
    screen = pilot.app.screen
    if not isinstance(screen, Place):
        return SESSION
    return next(one.name for one in PLACES if one.where.endswith(f":{type(screen).__name__}"))


async def found(pilot: Pilot[int], title: str) -> None:
    """Wait until the palette's search has come to its first hit."""
    async with asyncio.timeout(20):
        while True:
            await pilot.pause(0.02)
            hits = pilot.app.screen.query_one(OptionList)
            if hits.option_count and str(hits.get_option_at_index(0).prompt).startswith(title):
                return


async def test_a_key_and_the_palette_lead_to_every_place() -> None:
    client = ScriptedClient(replace(IDLE, simulated=True))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        for one in PLACES:
            await pilot.press(one.key)
            await settle(pilot)
            assert place_of(pilot) == one.name
            active = pilot.app.screen.active_bindings.values()
            assert len({key.binding.action for key in active if key.binding.show and key.enabled}) <= FOOTER_MAX
            await pilot.press("1" if one.name != "today" else "2")
            await pilot.press("ctrl+p")
            await settle(pilot)
            assert isinstance(pilot.app.screen, Palette)
            await pilot.press(*one.title.casefold())
            await found(pilot, one.title)
            await pilot.press("enter")
            await settle(pilot)
            assert place_of(pilot) == one.name, "by the palette"
            assert len(pilot.app.screen_stack) <= 3, "one place in the stead of the other"


async def test_the_palette_knows_every_theme_once_somebody_asks_for_one() -> None:
    async with screen_of(ScriptedClient(IDLE)).run_test() as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p")
        await settle(pilot)
        hits = pilot.app.screen.query_one(OptionList)
        assert not any("Theme" in str(hits.get_option_at_index(number).prompt) for number in range(hits.option_count))
        await pilot.press(*"theme nord")
        await found(pilot, "Theme nord")
        await pilot.press("enter")
        await settle(pilot)
        assert pilot.app.theme == "nord"


async def test_with_a_real_unit_nothing_leads_to_the_simulator() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        for one in PLACES:
            await pilot.press(one.key)
            await settle(pilot)
            assert (place_of(pilot) == one.name) is not one.simulated
        await pilot.press("ctrl+p")
        await settle(pilot)
        hits = pilot.app.screen.query_one(OptionList)
        offered = [str(hits.get_option_at_index(number).prompt) for number in range(hits.option_count)]
        assert any(line.startswith("Units") for line in offered)
        assert not any(line.startswith("Simulator") for line in offered)


@pytest.mark.control("C-38")
async def test_f12_ctrl_q_and_stop_work_in_every_place_and_while_the_palette_is_open() -> None:
    client = ScriptedClient(replace(RUNNING, simulated=True), zeroes=False)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        for one in PLACES:
            await pilot.press(one.key)
            await settle(pilot)
            for dialog in (None, "ctrl+p", "question_mark"):
                if dialog:
                    await pilot.press(dialog)
                    await settle(pilot)
                    assert pilot.app.screen.is_modal
                client.asked.clear()
                await pilot.press("f12", "ctrl+s")
                await pilot.click("#stop")
                assert client.stops == [Stop(reason="panic"), Stop(), Stop()], (one.name, dialog)
                if dialog:
                    await pilot.press("enter" if dialog == "question_mark" else "escape")
                    await settle(pilot)
            assert place_of(pilot) == one.name
        await pilot.resize_terminal(40, 12)
        await pilot.press("ctrl+p")
        await found(pilot, PLACES[0].title)
        client.asked.clear()
        await pilot.click("#stop")
        assert client.stops == [Stop()], "on a small terminal the palette's list leaves STOP in sight"
        client.asked.clear()
        await pilot.press("ctrl+q")
        assert client.stops == [Stop()]
        assert pilot.app.return_code is None, "it waits for zero"


async def test_a_session_stays_in_sight_in_every_place_at_every_size() -> None:
    client = ScriptedClient(replace(RUNNING, simulated=True, alarms=(ALARM,)))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        for one in PLACES:
            await pilot.press(one.key)
            for size in SIZES if one.name != SESSION else ():
                await pilot.resize_terminal(*size)
                await settle(pilot)
                assert place_of(pilot) == one.name
                strip_words = (("#strip", word) for word in ("A 12, B 0", "18:48 left", "stops"))
                for part, word in (*strip_words, ("#stop", "STOP"), ("#banner", "SIMULATED"), ("#alarm-0", "ALARM")):
                    line = pilot.app.screen.query_one(part)
                    assert pilot.app.screen.region.contains_region(line.region), (one.name, size, part)
                    assert line.region.height, (one.name, size, part)
                    assert word in text_of(pilot, part)


@pytest.mark.control("C-38")
async def test_a_press_on_the_line_of_the_session_stops() -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("1")
        await settle(pilot)
        await pilot.click("#strip")
        assert client.stops == [Stop()]


async def test_escape_leads_back_and_is_a_soft_stop_while_a_session_runs() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("1")
        await settle(pilot)
        await pilot.press("escape")
        assert place_of(pilot) == SESSION
        assert not client.stops
        client.show(RUNNING)
        await settle(pilot)
        await pilot.press("1")
        await settle(pilot)
        await pilot.press("escape")
        assert client.stops == [Stop(unit="coyote3", soft=True)]


async def test_a_session_that_begins_or_ends_comes_to_the_top() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        for shown in (RUNNING, replace(RUNNING, state=State.ENDED, out="off")):
            await pilot.press("1")
            await settle(pilot)
            assert place_of(pilot) == "today"
            client.show(shown)
            await settle(pilot)
            assert place_of(pilot) == SESSION


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (View(), ""),
        (View(snapshot=IDLE), ""),
        (View(snapshot=replace(IDLE, out="maybe")), "may be ON after the session"),
        (View(gone=("gone", "x"), unknown=True), "NOT KNOWN any more"),
        (View(gone=("had gone", "x")), ""),
        (View(snapshot=IDLE, on=(("em70", "A 5"),)), "ON: em70: A 5"),
        (View(snapshot=replace(RUNNING, stale=True)), "STALE "),
    ],
)
def test_the_line_of_the_session_says_what_may_be_on(view: View, text: str) -> None:
    for width in (38, 80, 200):
        assert text in strip(view, width)
        assert bool(strip(view, width)) is bool(text)


async def for_ever(_seconds: float) -> None:
    """Time that stands still: after the first picture no other one is drawn by itself."""
    await asyncio.Event().wait()


@pytest.mark.control("C-40", "C-38")
async def test_a_place_never_opens_without_what_is_on_and_that_it_is_simulated() -> None:
    client = ScriptedClient(replace(RUNNING, simulated=True))
    async with SessionApp(client, OFFERS, Successors(), for_ever).run_test() as pilot:
        for _ in range(20):
            await pilot.pause()
        for one in PLACES:
            if one.name != SESSION:
                await pilot.press(one.key)
                assert place_of(pilot) == one.name
                assert "SIMULATED" in text_of(pilot, "#banner"), one.name
                assert "18:48 left" in text_of(pilot, "#strip"), one.name


@pytest.mark.control("C-40")
async def test_before_the_host_has_said_a_word_software_units_are_told_as_such() -> None:
    client = ScriptedClient()
    client.slow = True
    options = HostOptions(home="/nowhere", simulate="coyote3")
    app = SessionApp(client, OFFERS, Successors(), Pulse(), options=options)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "SIMULATED" in text_of(pilot, "#banner")


@pytest.mark.control("C-73")
@pytest.mark.parametrize("width", [38, 50, 60, 78, 118])
@pytest.mark.parametrize("count", [1, 2])
def test_a_second_unit_that_is_on_is_never_left_out_of_the_line(width: int, count: int) -> None:
    lanes = tuple(replace(LANES[0], channel=channel, lo=118, hi=118) for channel in Channel)
    for shown in (RUNNING, replace(RUNNING, lanes=lanes), replace(RUNNING, lanes=lanes, stale=True)):
        on = [(RUNNING.unit, "A 12"), ("the left one", "A 7"), ("right", "A 8")][: count + 1]
        told = strip(View(snapshot=shown, on=tuple(on)), width)
        assert f"+{count} ON" in told or all(unit in told for unit, _ in on[1:]), told
        assert all(wording.level(lane) in told for lane in shown.lanes)
        assert len(told) <= width or shown is not RUNNING
        if width >= 78:
            assert "F12" in told
