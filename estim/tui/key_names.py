"""Puts a person's keys and language into the bindings of a screen: what each key does, and by which it is done.

1. A binding whose key can be another one is made by `bound`, of a row of estim/tui/all_keys.py; its id is that name.
2. Bindings are made when a screen's class is, before anybody has chosen a language or keys; each screen (and the app)
   puts its own into words as it is made, and anew if the keys change while it is there.
3. The library's own keymap isn't used: it walks over all bindings at each key that is pressed, and 360 letters stop.
"""

from collections.abc import Iterable

from textual.binding import Binding
from textual.dom import DOMNode

from estim.core.translation import tr_text
from estim.core.values import replace
from estim.tui.all_keys import NAMED
from estim.tui.keymap import KEYBOARD, key_of


def bound(name: str, action: str, *, show: bool = True, priority: bool = False, beside: str = "") -> Binding:
    """Return the binding of a key that has a name; the footer shows `beside` with it: up and down are one entry."""
    one = NAMED[name]
    keys = ",".join(_both_cases(one.usual.split(",")))
    return Binding(keys, action, one.titled, show=show, priority=priority, id=name, tooltip=beside)


def name_keys(node: DOMNode) -> None:
    """Give the bindings of a screen or of the app their words, and the keys that hold now; they are its own copy."""
    merged = type(node)._merged_bindings
    if merged is None:
        return
    every = [one for bindings in merged.key_to_bindings.values() for one in bindings]
    taken = {key for one in every if one.id in NAMED for key in _keys_of(one.id)}
    found: dict[str, list[Binding]] = {}
    seen: set[str] = set()
    for one in every:
        if one.id not in NAMED:
            if one.key not in taken:
                found.setdefault(one.key, []).append(_worded(one))
        elif one.id not in seen:
            seen.add(one.id)
            found.update({key: [_moved(one, one.id, key)] for key in _keys_of(one.id)})
    node._bindings.key_to_bindings = found


def _keys_of(name: str) -> list[str]:
    """Return by which keys it is done now."""
    return _both_cases(KEYBOARD.keymap.keys[name])


def _moved(one: Binding, name: str, key: str) -> Binding:
    shown = " ".join([key_of(name), *([key_of(one.tooltip)] if one.tooltip else [])])
    return replace(one, key=key, description=tr_text(one.description), key_display=shown, tooltip="")


def _worded(one: Binding) -> Binding:
    return replace(one, description=tr_text(one.description)) if one.description else one


def _both_cases(keys: Iterable[str]) -> list[str]:
    """Return keys with each letter in both cases: Caps Lock makes no difference."""
    return list(dict.fromkeys(case for key in keys for case in ((key, key.upper()) if len(key) == 1 else (key,))))


def keys_in(node: type[DOMNode]) -> list[str]:
    """Return the names of the keys of a screen, in the order of its bindings."""
    merged = node._merged_bindings
    every = [] if merged is None else [one for bindings in merged.key_to_bindings.values() for one in bindings]
    return list(dict.fromkeys(one.id for one in every if one.id in NAMED))
