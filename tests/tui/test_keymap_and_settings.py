"""Own keys: what stops never loses its key, the rest is free; and settings that are changed where they are shown."""

import re
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from estim.client.stop_keys import PANIC_NAMES, STOP_LETTERS
from estim.config.settings import read_settings
from estim.core.errors import EstimError, Exit
from estim.core.messages.lowering import Stop
from estim.tui.all_keys import NAMED
from estim.tui.app import SessionApp
from estim.tui.keymap import ADDED_TO, ALWAYS, FUNCTION_KEYS, SIGNS, keymap_of, names
from estim.tui.log import LogPlace
from estim.tui.pick import Pick, scores
from estim.tui.press_key import PressKey
from estim.tui.typed import Typed
from estim.tui.typed_setting import change, shown
from tests.tui.scripted import OFFERS, RUNNING, Pulse, ScriptedClient, Successors, asked_of, settle, text_of
from tests.tui.test_log import rows
from tests.tui.test_today import Home, assert_seen


@pytest.mark.control("C-38")
async def test_another_panic_key_works_everywhere_and_the_stop_letters_stay() -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    keys = keymap_of({"panic": "f9", "log": "f3", "units": "f12", "stop": "f8"})
    app = SessionApp(client, OFFERS, Successors(), Pulse(), keys=keys)
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        assert isinstance(pilot.app.screen, LogPlace)
        await pilot.press("slash", "s")
        assert pilot.app.screen.query_one("#search", Input).value == "s"
        client.asked.clear()
        await pilot.press("f9", "shift+f9", "f8", "tab", "s")
        assert client.stops == [Stop(reason="panic"), Stop(reason="panic"), Stop(), Stop()]
        for dialog in ("ctrl+p", "question_mark", "a key"):
            if dialog == "a key":
                app.push_screen(Pick("Pain in the first steps this morning", scores()))
            else:
                await pilot.press(dialog)
            await settle(pilot)
            assert pilot.app.screen.is_modal
            client.asked.clear()
            await pilot.press("f8", "f9")
            assert client.stops == [Stop(), Stop(reason="panic")], dialog
            await pilot.press("enter" if dialog == "question_mark" else "escape")
        client.asked.clear()
        await pilot.press("f12")
        assert not client.stops, "F12 was given away, and another one named"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"panic": ""}, "can't be taken away"),
        ({"panic": "p"}, "only f1 to f24"),
        ({"log": "f12"}, "name another panic key first"),
        ({"log": "f12", "panic": "f12"}, "that is the panic key"),
        ({"log": "shift+f9", "panic": "f9"}, "that is the panic key"),
        ({"log": "s"}, "that key stops"),
        ({"log": "ctrl+s"}, "that key stops"),
        ({"stop": "x"}, "its letters stay"),
        ({"log": "ctrl+q"}, "that key stops"),
        ({"log": "escape"}, "that key stops"),
        ({"log": "f3", "care": "f3"}, "log has it already"),
        ({"log": ""}, "name a key"),
        ({"loge": "f3"}, "did you mean log?"),
        ({"zzz": "f3"}, "is nothing that has a key; there are today, session"),
        ({"log": "m"}, "today.morning has it already"),
        ({"today.tick": "m"}, "today.morning has it already"),
        ({"units.scan": "k"}, "quiet has it already"),
        ({"pause": "+"}, "level_up has it already"),
        ({"log": "2"}, "session has it already"),
        ({"last_level": "h"}, "answer_again has it already"),
        ({"unit_1": "f3", "log": "f3", "unit_2": "f3"}, "unit_1 has it already"),
        ({"today.tick": "pageup"}, "take that key for themselves"),
        ({"log": "enter"}, "take that key for themselves"),
        ({"log": "ctrl+m"}, "take that key for themselves"),
        ({"log": "ctrl+["}, "that key stops"),
        ({"log": "f25"}, "there is no key of that name"),
        ({"pause": "shift+m"}, "there is no key of that name"),
        ({"pause": "hyper+m"}, "there is no key of that name"),
        ({"pause": "ы"}, "that key stops"),
    ],
)
def test_what_no_key_may_be_is_refused_in_a_sentence(keys: dict[str, str], says: str) -> None:
    with pytest.raises(EstimError, match=says) as refused:
        keymap_of(keys)
    assert refused.value.code is Exit.CONFIG


KEY = st.sampled_from(["", "f3", "f9", "f12", "f24", "ctrl+f12", "s", "S", "ы", "x", "?", "ctrl+q", "escape", "ctrl+c"])


@pytest.mark.control("C-38")
@given(st.dictionaries(st.sampled_from(names()), st.lists(KEY, min_size=1, max_size=3).map(",".join), max_size=5))
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_for_there_is_a_panic_key_and_no_stop_key_means_anything_else(keys: dict[str, str]) -> None:
    try:
        made = keymap_of(keys)
    except EstimError:
        return
    assert made.panic
    assert made.panic <= FUNCTION_KEYS | PANIC_NAMES
    for what, listed in made.keys.items():
        held = set(listed) - set(NAMED[what].usual.split(",")) if what in ADDED_TO else set(listed)
        if what != "panic":
            assert not held & made.panic
        assert not held & (STOP_LETTERS | ALWAYS)
    assert made.stop | made.leave <= FUNCTION_KEYS - made.panic


def test_a_change_keeps_comments_and_a_wrong_one_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('# mine\nminutes = 20  # as the physio said\n[keys]\nlog = "f3"\n', encoding="utf-8")
    assert change(path, "minutes", "15").minutes == 15
    assert change(path, "keys.care", "f4").keys == {"log": "f3", "care": "f4"}
    for name, text in (("minutes", "99"), ("keys.log", "f12"), ("keys.panic", ""), ("minuts", "3"), ("site", "7")):
        before = path.read_text(encoding="utf-8")
        with pytest.raises(EstimError):
            change(path, name, text)
        assert path.read_text(encoding="utf-8") == before
    assert "# as the physio said" in path.read_text(encoding="utf-8")
    assert change(path, "keys.log", "default").keys == {"care": "f4"}
    assert change(path, "mqtt.url", "mqtt://u:secret@broker").mqtt.url is not None
    assert "secret" not in shown(read_settings(path).mqtt.url)


async def _set(pilot: Pilot[int], text: str) -> None:
    await pilot.press("enter")
    await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Typed))
    pilot.app.screen.query_one("#typed", Input).value = text
    await pilot.press("enter")


async def test_a_setting_is_changed_where_it_is_shown_and_says_what_is_allowed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    async with home.app(ScriptedClient(), "settings").run_test() as pilot:
        await assert_seen(pilot, lambda: any(row.startswith("minutes  ") for row in rows(pilot)))
        await pilot.press("down")
        await assert_seen(pilot, lambda: "at most 30" in text_of(pilot, "#detail"))
        await _set(pilot, "99")
        await assert_seen(pilot, lambda: "minutes = 99 is not allowed" in asked_of(pilot))
        await pilot.press("backspace", "backspace", "1", "2", "enter")
        await assert_seen(pilot, lambda: rows(pilot)[1].endswith("12   (changed)"))
    assert read_settings(home.options.place.settings_file).minutes == 12


def test_a_theme_that_there_is_not_is_refused_before_it_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for typed, words in (("pink", "there is no theme “pink”; there are "), ("nrd", "did you mean nord?")):
        with pytest.raises(EstimError, match=re.escape(words)) as refused:
            change(path, "theme", typed)
        assert refused.value.code is Exit.USAGE
        assert not path.exists()
    own = tmp_path / "themes"
    own.mkdir()
    (own / "evening.toml").write_text('primary = "#d08770"\n', encoding="utf-8")
    (own / "broken.toml").write_text('primary = "no colour"\n', encoding="utf-8")
    assert change(path, "theme", "nord").theme == "nord"
    assert change(path, "theme", "evening").theme == "evening"
    with pytest.raises(EstimError, match=r"broken\.toml"):
        change(path, "theme", "broken")
    assert change(path, "theme", "default").theme is None


async def test_the_names_of_the_themes_are_offered_and_another_is_asked_for_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    async with home.app(ScriptedClient(), "settings").run_test(size=(80, 40)) as pilot:
        await assert_seen(pilot, lambda: any(row.startswith("theme  ") for row in rows(pilot)))
        number = next(number for number, row in enumerate(rows(pilot)) if row.startswith("theme  "))
        pilot.app.screen.query_one("#entries", OptionList).highlighted = number
        await _set(pilot, "pink")
        await assert_seen(pilot, lambda: "there is no theme “pink”" in asked_of(pilot))
        assert "one of ansi-dark, " in asked_of(pilot)
        pilot.app.screen.query_one("#typed", Input).value = "nord"
        await pilot.press("enter")
        await assert_seen(pilot, lambda: rows(pilot)[number].endswith("nord   (changed)"))
    assert read_settings(home.options.place.settings_file).theme == "nord"


def test_a_key_may_be_anything_that_a_terminal_sends_and_two_screens_may_have_one() -> None:
    made = keymap_of(
        {"pause": "P", "log": "alt+L", "units.scan": "?", "help": "f1", "level_up": "pageup,+",
         "level_far_up": "Home", "today.morning": "n", "care.run": "ö", "last_level": "ctrl+g"}
    )  # fmt: skip
    assert made.keys["pause"] == ("p",)
    assert made.keys["log"] == ("alt+l",)
    assert made.keys["units.scan"] == ("question_mark",)
    assert made.keys["level_up"] == ("pageup", "plus")
    assert made.keys["level_far_up"] == ("home",)
    assert made.keys["units.name"] == made.keys["today.morning"] == ("n",)
    swapped = keymap_of({"today.tick": "m", "today.morning": "t", "log": "1", "today": "3"})
    assert swapped.keys["today.tick"] == ("m",)


def test_signs_are_called_as_the_library_calls_them() -> None:
    assert {sign: _character_to_key(sign) for sign in string.punctuation} == SIGNS


def test_a_name_with_a_dot_needs_no_quotes_and_nothing_gets_lost(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[keys]\nlog = "f3"\ntoday.tick = "x"  # mine\ntoday.morning = "y"\n', encoding="utf-8")
    assert read_settings(path).keys == {"log": "f3", "today.tick": "x", "today.morning": "y"}
    assert change(path, "keys.today", "f7").keys["today.morning"] == "y", "as a table it would be in the way"
    assert change(path, "keys.today.tick", "f5").keys["today.tick"] == "f5"
    assert '"today.tick" = "f5"  # mine' in path.read_text(encoding="utf-8")
    assert change(path, "keys.units.scan", "f6").keys["units.scan"] == "f6"
    assert change(path, "keys.today.tick", "default").keys == {
        "log": "f3", "today.morning": "y", "today": "f7", "units.scan": "f6"
    }  # fmt: skip
    path.write_text('[keys]\ntoday = "f7"\ntoday.tick = "x"\n', encoding="utf-8")
    with pytest.raises(EstimError, match='write "today.tick" in quotes'):  # noqa: RUF043
        read_settings(path)
    path.write_text('[keys]\ntoday.morning = "y"\n', encoding="utf-8")
    with pytest.raises(EstimError, match=r"today\.morning has it already"):
        change(path, "keys.programs", "y")


@pytest.mark.control("C-38")
async def test_a_key_is_pressed_where_it_is_shown_clashes_are_told_and_it_holds_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    client = ScriptedClient(RUNNING, zeroes=False)
    async with home.app(client, "settings").run_test() as pilot:

        async def light(name: str) -> None:
            number = next(number for number, row in enumerate(rows(pilot)) if row.startswith(f"keys.{name} "))
            pilot.app.screen.query_one("#entries", OptionList).highlighted = number
            await pilot.press("enter")
            await assert_seen(pilot, lambda: isinstance(pilot.app.screen, PressKey))

        await settle(pilot)
        await pilot.press("9")
        await assert_seen(pilot, lambda: any(row.startswith("keys.log ") for row in rows(pilot)))
        await light("log")
        for key, says in (("8", "alarms has it already"), ("enter", "for themselves"), ("q", "that key stops")):
            await pilot.press(key)
            await settle(pilot)
            assert says in text_of(pilot, "#wrong")
        client.asked.clear()
        await pilot.press("s", "f12", "ctrl+s")
        await pilot.click("#stop")
        assert client.stops == [Stop(), Stop(reason="panic"), Stop(), Stop()]
        await pilot.press("Y")
        await assert_seen(pilot, lambda: "keys.log = y, from now on" in text_of(pilot, "#note"))
        assert read_settings(home.options.place.settings_file).keys == {"log": "y"}
        await light("panic")
        await pilot.press("f9")
        await assert_seen(pilot, lambda: "F9 from everywhere" in text_of(pilot, "#stop"))
        client.asked.clear()
        await pilot.press("f9", "f12")
        assert client.stops == [Stop(reason="panic"), Stop(reason="panic")], "F12 is for nothing else, so it stays"
        await pilot.press("3")
        await settle(pilot)
        assert type(pilot.app.screen) is not LogPlace, "the usual key leads nowhere any more"
        await pilot.press("2", "y")
        await settle(pilot)
        assert isinstance(pilot.app.screen, LogPlace)
        await pilot.press("9")
        await assert_seen(pilot, lambda: any("y   (changed)" in row for row in rows(pilot)))
        await light("log")
        await pilot.press("backspace")
        await assert_seen(pilot, lambda: "keys.log = 3, from now on" in text_of(pilot, "#note"))
        assert "log" not in read_settings(home.options.place.settings_file).keys
        client.asked.clear()
        await light("pause")
        await pilot.press("escape")
        assert client.stops == [Stop(unit="coyote3", soft=True)]
