"""While letters are typed into a field, the keys that stop and leave are told as those that work there."""

import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from textual.widgets._footer import FooterKey, FooterLabel

from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui.app import SessionApp
from estim.tui.key_bar import KeyBar
from estim.tui.keymap import USUAL, Keymap, keymap_of
from estim.tui.palette import Palette
from estim.tui.widgets import StopBar
from tests.tui.scripted import IDLE, OFFERS, RUNNING, Pulse, ScriptedClient, Successors, screen_of, settle, text_of

MOVED = keymap_of({"stop": "f5", "panic": "f9", "quit": "f6"})


def shown_by(client: ScriptedClient, keys: Keymap) -> SessionApp:
    return SessionApp(client, OFFERS, Successors(), Pulse(), keys=keys)


def footer(pilot: Pilot[int]) -> list[str]:
    """Return the keys of the footer as they are read."""
    return [f"{one.key_display} {one.description}" for one in pilot.app.screen.query(FooterKey)]


@pytest.mark.control("C-38")
@pytest.mark.parametrize("keys", [USUAL, MOVED], ids=["usual", "moved"])
@pytest.mark.parametrize("way", [("3", "slash"), ("ctrl+p",)], ids=["search", "palette"])
async def test_where_letters_are_typed_every_key_that_is_named_for_a_stop_is_one(
    keys: Keymap, way: tuple[str, ...]
) -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    stop, leave, panic = ("F5", "F6", "F9") if keys is MOVED else ("Ctrl+S", "Ctrl+Q", "F12")
    async with shown_by(client, keys).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press(*way)
        await settle(pilot)
        assert isinstance(pilot.app.screen.focused, Input)
        assert text_of(pilot, "#stop") == f"STOP   {stop} or a click here · {panic} from everywhere"
        assert f"{stop} or {panic} stops" in text_of(pilot, "#strip")
        assert f"{stop} Stop" in footer(pilot)
        assert "ctrl+p" in way or f"{leave} Quit" in footer(pilot)
        assert not {"s Stop", "q Quit", "space Pause", "+ − Level"} & set(footer(pilot))
        await pilot.press(stop.lower())
        assert client.stops == [Stop()]


async def test_out_of_the_field_the_letter_is_named_again() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("3", "slash")
        await settle(pilot)
        assert "Ctrl+S" in text_of(pilot, "#stop")
        await pilot.press("enter")
        await settle(pilot)
        assert text_of(pilot, "#stop") == "STOP   s or a click here · F12 from everywhere"
        assert "s or F12 stops" in text_of(pilot, "#strip")
        assert {"s Stop", "q Quit"} <= set(footer(pilot))


async def test_in_the_field_of_a_start_too() -> None:
    async with screen_of(ScriptedClient(IDLE)).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        pilot.app.screen.query_one("#goal", Input).focus()
        await settle(pilot)
        assert text_of(pilot, "#stop") == "STOP   Ctrl+S or a click here · F12 from everywhere"
        assert {"Ctrl+S Stop", "Ctrl+Q Quit"} <= set(footer(pilot))


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_over_the_palette_there_is_one_stop_and_nothing_of_what_lies_below(size: tuple[int, int]) -> None:
    client = ScriptedClient(replace(RUNNING, title="BELOW"))
    async with screen_of(client).run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p")
        await settle(pilot)
        await pilot.pause(1)
        screen = pilot.app.screen
        assert isinstance(screen, Palette)
        rows = ["".join(one.text for one in row) for row in screen._compositor.render_strips(screen.size)]
        text = "\n".join(rows)
        assert sum("STOP " in row for row in rows) == 1, text
        assert "BELOW" not in text, text
        assert "Level" not in text, text
        assert "Escape Close" in " ".join(text.split()), text
        stop = screen.query_one(StopBar).region
        assert screen.query_one(KeyBar).region.y == stop.bottom == size[1] - 1


@pytest.mark.parametrize("place", ["", "3", "6", "question_mark"])
async def test_at_forty_columns_help_and_quit_are_in_the_footer_and_a_sign_says_that_there_is_more(place: str) -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test(size=(40, 24)) as pilot:
        await settle(pilot)
        if place:
            await pilot.press(place)
            await settle(pilot)
        bar = pilot.app.screen.query_one(KeyBar)
        parts = [one.region for one in bar.query("FooterKey, FooterLabel")]
        assert all(0 < one.width <= 40 - one.x for one in parts), parts
        more = [str(one.render()).strip() for one in bar.query(FooterLabel)]
        assert more == ([] if place == "question_mark" else ["…"])
        assert any(one.startswith("? ") for one in footer(pilot))
        assert place == "question_mark" or "q Quit" in footer(pilot)


@pytest.mark.parametrize("live", [False, True], ids=["nothing on", "session on"])
async def test_the_footer_of_a_dialog_says_what_escape_really_does(live: bool) -> None:
    client = ScriptedClient(RUNNING if live else IDLE, zeroes=False)
    async with screen_of(client).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        said = [one for one in footer(pilot) if one.startswith("Escape")]
        assert said == (["Escape Soft stop"] if live else ["Escape Leave it"])
        client.show(replace(RUNNING, state=State.RUNNING) if not live else replace(RUNNING, elapsed_s=80.0))
        await settle(pilot)
        await pilot.press("escape")
        assert bool(client.stops) is True
