"""Every key has a name in one table, and a key that is another one is shown as that wherever it is named."""

import re
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.binding import Binding
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets._footer import FooterKey

from estim.core.messages.commands import Resume, SetLevel
from estim.core.messages.lowering import Pause
from estim.core.programs.pads import PICTURES
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui.all_keys import ALL, APP, CHOOSE, NAMED, SESSION, SUMMARY
from estim.tui.app import SessionApp
from estim.tui.choose import Choose
from estim.tui.help import help_on
from estim.tui.key_names import _both_cases, keys_in
from estim.tui.keymap import USUAL, Keymap, keymap_of, shown
from estim.tui.keys import Keys
from estim.tui.palette import Commands
from estim.tui.place import place_class
from estim.tui.places import PLACES
from estim.tui.places import SESSION as SESSION_PLACE
from estim.tui.session import Session
from estim.tui.simulator import acts_told
from estim.tui.stopping import LEAVE_KEYS, STOP_KEYS
from estim.tui.summary import Summary
from tests.tui.scripted import ALARM, ENDED, OFFERS, RUNNING, Pulse, ScriptedClient, Successors, let_go, settle
from tests.tui.test_today import Home

FIXED = {"escape", "ctrl+q", "ctrl+c", *STOP_KEYS.split(","), *LEAVE_KEYS.split(",")}
"""What stops, leaves or leads back: no key of a name."""


SCREENS: dict[str, type[App[Any] | Screen[Any]]] = {
    APP: SessionApp,
    SESSION: Session,
    CHOOSE: Choose,
    SUMMARY: Summary,
    **{one.name: place_class(one.name) for one in PLACES if one.name != SESSION_PLACE},
}


@pytest.mark.parametrize("scope", SCREENS)
def test_every_binding_has_a_name_of_the_table_and_every_name_a_binding(scope: str) -> None:
    screen = SCREENS[scope]
    for one in vars(screen).get("BINDINGS", ()):
        assert isinstance(one, Binding)
        keys = set(one.key.split(","))
        assert one.id in NAMED or keys <= FIXED, f"{one.key} of {screen.__name__}: make it with bound(…), see all_keys"
        assert one.id is None or keys == set(_both_cases(NAMED[one.id].usual.split(",")))
    own = [one.name for one in ALL if scope in one.scopes and one.name not in ("stop", "quit")]
    assert sorted(keys_in(screen)) == sorted(own)


def moved() -> Keymap:
    """Return keys of which none is a usual one, and no two are alike."""
    free = [f"f{number}" for number in range(1, 25) if number not in (9, 11, 12, 24)]
    free += [f"{held}+{letter}" for held in ("alt", "ctrl+alt", "shift+alt") for letter in "abcdefghijklmnoprtuvwxyz"]
    names = [one.name for one in ALL if one.name not in ("panic", "stop", "quit")]
    assert len(free) >= len(names)
    return keymap_of({**dict(zip(names, free, strict=False)), "panic": "f9"} | {"stop": "f11"})


def seen(pilot: Pilot[int]) -> str:
    """Return everything that people read on the screen, hidden or not."""
    screen = pilot.app.screen
    told = [str(one.render()) for one in screen.query(Static)]
    told += [str(one.label) for one in screen.query(Button)]
    told += [one.placeholder for one in screen.query(Input)]
    told += [f"{one.key_display} {one.description}" for one in screen.query(FooterKey)]
    for entries in screen.query(OptionList):
        told += [str(entries.get_option_at_index(index).prompt) for index in range(entries.option_count)]
    return " ".join(" ".join(told).split())


async def walk(folder: Path, keys: Keymap) -> list[str]:
    """Return what is read on every screen, with its help, and in every state that names a key."""
    home = Home(folder)
    client = ScriptedClient()
    app = SessionApp(client, OFFERS, Successors(), Pulse(), options=home.options, opening=SESSION_PLACE, keys=keys)
    read: list[str] = []
    async with app.run_test(size=(200, 70)) as pilot:

        async def look() -> None:
            await settle(pilot)
            reading = [one for one in pilot.app.workers if one.group == "fetch"]
            if reading:
                await pilot.app.workers.wait_for_complete(reading)
            await settle(pilot)
            read.append(seen(pilot))

        async def press(name: str) -> None:
            await pilot.press(keys.keys[name][0])
            await look()

        await look()
        read += [about for _, about, _ in Commands(pilot.app.screen)._all()]
        await press("help")
        assert isinstance(pilot.app.screen, Keys)
        await press("help")
        for one in PLACES:
            if one.name != SESSION_PLACE and not one.simulated:
                await press(one.name)
                assert isinstance(pilot.app.screen, place_class(one.name))
        await press("session")
        for number, state in enumerate((State.READY, State.PAUSED, State.RUNNING)):
            client.show(replace(RUNNING, state=state, alarms=(ALARM,) * 6 if number == 2 else ()))
            await look()
        client.asked.clear()
        await press("level_up")
        await press("pause")
        await let_go()
        await press("pause")
        assert [type(one) for one in client.asked] == [SetLevel, Pause, Resume]
        client.show(replace(RUNNING, unit="other", address="C0:FF:EE:00:00:04"))
        await press("channel_d")
        await press("unit_2")
        for unit in ("coyote3", "other"):
            client.show(replace(RUNNING, unit=unit, state=State.ENDED, out="off"))
            client.tell(replace(ENDED, unit=unit))
        await look()
        assert [type(one) for one in pilot.app.screen_stack[1:]] == [Summary]
        await press("new_session")
        assert [type(one) for one in pilot.app.screen_stack[1:]] == [Choose]
    told = [help_on(one, simulated=True) for one in SCREENS.values() if issubclass(one, Screen)]
    # the rows of the settings are those of the file, which sets none here
    read = [re.sub(r"keys\.today .*", "", text) for text in read]
    return [" ".join(text.split()).replace(str(folder), "HOME") for text in [*read, *told, *acts_told()]]


def as_usual(text: str, keys: Keymap) -> str:
    """Return a text with the usual keys in the stead of those that are set."""
    usual = {shown(keys.keys[name][0]): shown(USUAL.keys[name][0]) for name in keys.keys}
    usual |= {"s, F11": "s", "F9, F12": "F12"}  # what stops is told with all its keys
    longest = sorted(usual, key=len, reverse=True)
    return re.sub(
        "|".join(rf"(?<![\w+]){re.escape(key)}(?!\w)" for key in longest), lambda found: usual[found[0]], text
    )


def _old() -> re.Pattern[str]:
    """Return what finds a usual key in a text; "a" is a word, a digit is more than a key.

    Enter and Tab are keys of lists and buttons too, and stay there.
    """
    named = {shown(USUAL.keys[one.name][0]) for one in ALL if one.name not in ("stop", "quit")}
    signs = "|".join(map(re.escape, (key for key in named if not key.isdigit() and key not in ("a", "Enter", "Tab"))))
    titles = "|".join(one.title for one in PLACES)
    return re.compile(
        rf"(?<![\w.'’+-])(?:{signs})(?![\w.'’=-]).{{0,30}}|(?<!\w)[1-9] (?:{titles}):|\([1-9]\)|\ba scans|\(1 or"
        r"|(?<!\w)[1-4], [2-4]|press Enter|Enter the pads|Enter after|Tab choose"
    )


OLD = _old()
DRAWN = [
    text for one in PICTURES.values() for text in (" ".join(one.drawing.split()), f"x {one.never}") if text != "x "
]
"""Where pads go, as it is drawn, and its legend: a sign there is no key."""


def keys_of(told: str) -> str:
    """Return a text without its drawings, in which a usual key would be found."""
    for drawn in DRAWN:
        told = told.replace(drawn, "")
    return told.replace("F9, F12", "F9")


async def test_a_key_that_is_another_one_is_shown_as_that_wherever_the_usual_one_was(tmp_path: Path) -> None:
    keys = moved()
    for name in ("set", "usual"):
        (tmp_path / name).mkdir()
    as_set = await walk(tmp_path / "set", keys)
    usual = await walk(tmp_path / "usual", USUAL)
    missed = [(told, before) for told, before in zip(as_set, usual, strict=True) if as_usual(told, keys) != before]
    assert not missed
    left = [found[0] for told in as_set if (found := OLD.search(keys_of(told)))]
    assert not left, "the usual key is named where another one is set"
    for name in NAMED:
        assert any(shown(keys.keys[name][0]) in told for told in as_set), name
