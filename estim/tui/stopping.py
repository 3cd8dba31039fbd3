"""The keys that stop, as the screen's bindings: client.stop_keys says which; a modifier makes no difference."""

from estim.client.stop_keys import LEAVE_LETTERS, STOP_LETTERS

MODIFIERS = ("alt", "ctrl", "ctrl+alt", "shift", "super")


def _bindings(first: str, letters: frozenset[str]) -> str:
    """Return the keys as one binding; the footer shows the first."""
    names = [first, *sorted(letters - {first})]
    return ",".join([*names, *(f"{modifier}+{name}" for modifier in MODIFIERS for name in names)])


STOP_KEYS = _bindings("s", STOP_LETTERS)
LEAVE_KEYS = _bindings("q", LEAVE_LETTERS)
