"""Help: what can be done where one is, then the keys that work everywhere, then all places; each key as it is set."""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from textual.screen import Screen

from estim.core.translation import mark, tr_text
from estim.tui.all_keys import EVERYWHERE, NAMED, OF_SESSION, STOPS
from estim.tui.key_names import keys_in
from estim.tui.keymap import KEYBOARD, USUAL, all_keys_of, key_of, shown
from estim.tui.place import Place
from estim.tui.places import PLACES

KEYS_WIDE = 13
"""Columns for the keys, before what they do."""
TEXT_WIDE = 52
"""Columns for what they do: the widest that the list has room for."""

ESCAPE = mark("soft stop: down in two seconds, and end")
ESCAPE_IN_PLACE = mark("back; while a session runs it is a soft stop too")
JOINED = frozenset(one.name for one in OF_SESSION if not one.told)
"""What is told with the row before it."""

BAR = mark("bar: █ the unit is there   ▒ it may be   ◇ goal   │ last time")


def help_on(screen: type[Screen[Any]], *, simulated: bool) -> str:
    """Return all keys: of the screen where one is first, and of the session if that is one of its screens."""
    stops = [one.name for one in STOPS]
    everywhere = [*stops[2:], *(one.name for one in EVERYWHERE)]
    if issubclass(screen, Place):
        here = "\n".join([*(_row(shown(key), text) for key, text in screen.FIXED), *_rows(keys_in(screen))])
        parts = [here, "\n".join([*_rows(stops[:2]), _row(shown("escape"), ESCAPE_IN_PLACE), *_rows(everywhere)])]
    else:
        own = keys_in(screen)
        rest = [one.name for one in OF_SESSION if one.name not in own]
        first = [*_rows(stops[:2]), _row(shown("escape"), ESCAPE)]
        parts = ["\n".join([*first, *_rows(_whole(own)), *_rows(_whole(rest)), *_rows(everywhere)]), tr_text(BAR)]
    places = [one for one in PLACES if simulated or not one.simulated]
    parts.append("\n".join(_row(_keys(one.name), f"{one.title}: {one.about}") for one in places))
    return "\n\n".join(filter(None, parts))


def _whole(names: Iterable[str]) -> list[str]:
    """Return keys in the order of the table, so that what is told in one row stays together."""
    wanted = set(names)
    return [one.name for one in OF_SESSION if one.name in wanted]


def _rows(names: Iterable[str]) -> Iterator[str]:
    """Return a row for each key; one without words of its own is told with the one before it."""
    told: list[tuple[list[str], str]] = []
    for name in names:
        if told and name in JOINED:
            told[-1][0].append(_keys(name))
        else:
            told.append(([_keys(name)], NAMED[name].about))
    return (_row(", ".join(keys), text) for keys, text in told)


def _keys(name: str) -> str:
    """Return a key as it is set; of the usual ones the first, if they aren't those that stop."""
    if name in {one.name for one in STOPS} or KEYBOARD.keymap.keys[name] != USUAL.keys[name]:
        return ", ".join(all_keys_of(name))
    return key_of(name)


def _row(keys: str, text: str) -> str:
    """Return keys and what they do, as many lines as that takes."""
    lines = textwrap.wrap(tr_text(text), TEXT_WIDE, break_on_hyphens=False)
    head = f"{keys:<{KEYS_WIDE}} "
    first = [f"{head}{lines[0]}"] if len(keys) <= KEYS_WIDE else [keys, f"{'':<{KEYS_WIDE}} {lines[0]}"]
    return "\n".join([*first, *(f"{'':<{KEYS_WIDE}} {line}" for line in lines[1:])])
