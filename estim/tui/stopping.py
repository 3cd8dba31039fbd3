"""The keys that stop, as the screen's bindings: client.stop_keys says which; a modifier makes no difference.

While a field has the focus a letter is typed into it, so another key is named there.
"""

from typing import Any

from textual.screen import Screen
from textual.widgets import Input

from estim.client.stop_keys import LEAVE_LETTERS, STOP_LETTERS
from estim.tui.keymap import key_while

MODIFIERS = ("ctrl", "alt", "ctrl+alt", "shift", "super")
"""The first one is named where the letter alone is typed."""


def _bindings(first: str, letters: frozenset[str]) -> str:
    """Return the keys as one binding; the footer shows the first."""
    names = [first, *sorted(letters - {first})]
    return ",".join([*names, *(f"{modifier}+{name}" for modifier in MODIFIERS for name in names)])


STOP_KEYS = _bindings("s", STOP_LETTERS)
LEAVE_KEYS = _bindings("q", LEAVE_LETTERS)


def typing(screen: Screen[Any]) -> bool:
    """Say whether letters are typed into a field of this screen."""
    return isinstance(screen.focused, Input)


def stop_key(screen: Screen[Any]) -> str:
    """Return the key that stops where one is, as people read it."""
    return key_while("stop", typing=typing(screen))
