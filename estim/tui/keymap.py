"""The person's own keys ([keys] in config.toml), checked, and the keys that hold now, as people read them.

1. F12 is the panic key unless another one is named; only a function key can be one: a letter is typed into fields.
2. The keys that stop mean nothing else, and no key means two things on one screen.
3. Which keys hold now is asked wherever one is named: like the language, it is one value for all of a process.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from msgspec import Struct

from estim.client.stop_keys import LEAVE_LETTERS, PANIC_KEY, PANIC_NAMES, STOP_LETTERS, bare
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text
from estim.tui.all_keys import ALL, APP, NAMED, SESSION, SUMMARY, Named
from estim.tui.places import PLACES

ADDED_TO = ("stop", "quit")
"""What only gets more keys, and function keys only: they are taken on their way in, from every field and dialog."""

ALWAYS = frozenset({"ctrl+q", "ctrl+c", "ctrl+z", "escape"})
"""Keys that stop or leave beside the letters, and stay as they are."""

FUNCTION_KEYS = frozenset(f"f{number}" for number in range(1, 25))

SIGNS = {
    "!": "exclamation_mark", '"': "quotation_mark", "#": "number_sign", "$": "dollar_sign", "%": "percent_sign",
    "&": "ampersand", "'": "apostrophe", "(": "left_parenthesis", ")": "right_parenthesis", "*": "asterisk",
    "+": "plus", ",": "comma", "-": "minus", ".": "full_stop", "/": "slash", ":": "colon", ";": "semicolon",
    "<": "less_than_sign", "=": "equals_sign", ">": "greater_than_sign", "?": "question_mark", "@": "at",
    "[": "left_square_bracket", "\\": "backslash", "]": "right_square_bracket", "^": "circumflex_accent",
    "_": "underscore", "`": "grave_accent", "{": "left_curly_bracket", "|": "vertical_line",
    "}": "right_curly_bracket", "~": "tilde",
}  # fmt: skip
"""How the library calls what people write as a sign."""

TAKEN_BY_PARTS = frozenset(
    {"enter", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "backspace",
     "delete"}
)  # fmt: skip
"""Keys that lists, fields and buttons take for themselves: only on a screen that has none of them they can be set."""

NAMES = {
    "space": mark("space", "key"),
    "enter": mark("Enter", "key"),
    "escape": mark("Escape", "key"),
    "tab": mark("Tab", "key"),
    "up": mark("Up", "key"),
    "down": mark("Down", "key"),
    "left": mark("Left", "key"),
    "right": mark("Right", "key"),
    "home": mark("Home", "key"),
    "end": mark("End", "key"),
    "pageup": mark("PageUp", "key"),
    "pagedown": mark("PageDown", "key"),
    "insert": mark("Insert", "key"),
    "delete": mark("Delete", "key"),
    "backspace": mark("Backspace", "key"),
    "ctrl": mark("Ctrl", "key"),
    "alt": mark("Alt", "key"),
    "shift": mark("Shift", "key"),
    "super": mark("Super", "key"),
}
"""What people call a key that is no sign."""

MODIFIERS = ("ctrl", "alt", "shift", "super")
SAME = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+left_square_bracket": "escape"}
"""What a terminal sends for these: it can't tell them apart."""

_SIGN_OF = {**{name: sign for sign, name in SIGNS.items()}, "minus": "−"}


class Keymap(Struct, frozen=True):
    """Checked keys: `keys` by what they do, as the library calls them, the first one is shown.

    `panic`, `stop` and `leave` are taken on their way in, and aren't the library's: it would look at all the letters
    that stop for each key that is pressed.
    """

    keys: Mapping[str, tuple[str, ...]]
    panic: frozenset[str] = PANIC_NAMES
    stop: frozenset[str] = frozenset()
    leave: frozenset[str] = frozenset()


def names() -> tuple[str, ...]:
    """Return what can be given another key."""
    return tuple(NAMED)


def keymap_of(keys: Mapping[str, str]) -> Keymap:
    """Return the keys, checked; raises EstimError (78) with the first thing that is wrong."""
    panic = _panic(keys)
    own = {what: _listed(what, text) for what, text in keys.items() if what != "panic"}
    for what, listed in own.items():
        for key in listed:
            _check(NAMED[what], key, panic)
    held = {one.name: own.get(one.name) or _usual(one) for one in ALL if one.name not in ("panic", *ADDED_TO)}
    _refuse_two_meanings({**held, **{what: own[what] for what in ADDED_TO if what in own}}, own)
    for what in ADDED_TO:
        held[what] = (*_usual(NAMED[what]), *own.get(what, ()))
    held["panic"] = _panic_shown(keys, panic)
    return Keymap(held, panic, frozenset(own.get("stop", ())), frozenset(own.get("quit", ())))


def _usual(one: Named) -> tuple[str, ...]:
    return tuple(one.usual.split(","))


def _listed(what: str, text: str) -> tuple[str, ...]:
    """Return a line's keys as the library calls them."""
    if what not in NAMED:
        near = get_close_matches(what, NAMED, n=1, cutoff=0.5)
        if near:
            raise _wrong(tr("keys.{name} is nothing that has a key; did you mean {near}?", name=what, near=near[0]))
        raise _wrong(
            tr("keys.{name} is nothing that has a key; there are {names}", name=what, names=", ".join(names()))
        )
    return tuple(dict.fromkeys(_called(key) for key in text.split(",")))


def _called(key: str) -> str:
    """Return how the library calls a key; a letter is its lower case, since it counts in both."""
    *modifiers, last = key.strip().lower().rsplit("+", 1) if len(key.strip()) > 1 else [key.strip().lower()]
    name = "+".join([*modifiers, SIGNS.get(last, last)])
    return SAME.get(name, name)


def _refuse_two_meanings(held: Mapping[str, tuple[str, ...]], own: Mapping[str, tuple[str, ...]]) -> None:
    """Raise if a key means two things on one screen: what works everywhere, and what works there."""
    taken: dict[tuple[str, str], str] = {}
    for what in (*(name for name in held if name not in own), *(name for name in own if name in held)):
        for key in held[what]:
            for other in _met(NAMED[what], key, taken):
                if not _may_share(what, other):
                    text = tr("keys.{name} = {key}: {other} has it already", name=what, key=shown(key), other=other)
                    raise _wrong(text)
            taken.update({(scope, key): what for scope in NAMED[what].scopes if (scope, key) not in taken})


def _met(one: Named, key: str, taken: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Return what has this key already where one of them works: what is everywhere meets all."""
    for (scope, other), name in taken.items():
        if other == key and (scope in one.scopes or APP in (scope, *one.scopes)):
            yield name


def _may_share(one: str, other: str) -> bool:
    """Say whether two may have one key: a unit's number and a place, since the key leads there with one unit."""
    pair = (one, other)
    places = {place.name for place in PLACES}
    return any(name.startswith("unit_") for name in pair) and any(name in places for name in pair)


def _panic(keys: Mapping[str, str]) -> frozenset[str]:
    """Return the panic keys: what is named, and F12 unless it is wanted for something else."""
    text = keys.get("panic")
    if text is None:
        return PANIC_NAMES
    named = {key.strip().lower() for key in text.split(",") if key.strip()}
    if not named:
        raise _wrong(tr('keys.panic = "": the panic key can\'t be taken away; name another one such as "f9"'))
    if not named <= FUNCTION_KEYS:
        odd = ", ".join(sorted(named - FUNCTION_KEYS))
        text = tr("keys.panic = {keys}: only f1 to f24 work in every field; a letter would be typed there", keys=odd)
        raise _wrong(text)
    wanted = {key.strip().lower() for what, other in keys.items() if what != "panic" for key in other.split(",")}
    return frozenset(named) if PANIC_KEY in wanted else frozenset(named) | PANIC_NAMES


def _check(one: Named, key: str, panic: frozenset[str]) -> None:
    what = one.name
    if not key:
        raise _wrong(tr('keys.{name} = "": name a key, or leave the line out for the usual one', name=what))
    if key in panic or bare(key) in panic:
        if bare(key) == PANIC_KEY:
            text = tr(
                'keys.{name} = {key}: that is the panic key; name another panic key first, such as panic = "f9"',
                name=what,
                key=key,
            )
            raise _wrong(text)
        raise _wrong(tr("keys.{name} = {key}: that is the panic key", name=what, key=key))
    if what in ADDED_TO and key not in FUNCTION_KEYS:
        text = tr(
            "keys.{name} = {key}: its letters stay; more keys are f1 to f24, which work in every field",
            name=what,
            key=key,
        )
        raise _wrong(text)
    if key in ALWAYS or bare(key) in STOP_LETTERS | LEAVE_LETTERS:
        text = tr("keys.{name} = {key}: that key stops, here and in every dialog: choose another", name=what, key=key)
        raise _wrong(text)
    if key in TAKEN_BY_PARTS and not {SESSION, SUMMARY}.issuperset(one.scopes):
        text = tr(
            "keys.{name} = {key}: lists, fields and buttons take that key for themselves: choose another",
            name=what,
            key=shown(key),
        )
        raise _wrong(text)
    if not _is_key(key):
        text = tr(
            "keys.{name} = {key}: there is no key of that name; name one such as f3, m, space, pageup or alt+g",
            name=what,
            key=key,
        )
        raise _wrong(text)


def _is_key(key: str) -> bool:
    """Say whether a terminal can send it: a sign, a key with a name, or one of them with Ctrl or Alt."""
    *modifiers, last = key.split("+")
    if not set(modifiers) <= set(MODIFIERS) or len(set(modifiers)) < len(modifiers):
        return False
    if modifiers == ["shift"] and len(last) == 1:
        return False  # a terminal sends the letter itself, and that counts in both cases
    named = last in FUNCTION_KEYS or (last in NAMES and last not in MODIFIERS) or last in _SIGN_OF
    return named or (len(last) == 1 and last.isalnum())


def _panic_shown(keys: Mapping[str, str], panic: frozenset[str]) -> tuple[str, ...]:
    """Return the panic keys in the order in which they are shown: what the person named, then F12 if it is still one.

    F24 is F12 with Shift, by another name.
    """
    named = [key.strip().lower() for key in keys.get("panic", "").split(",") if key.strip()]
    return tuple(dict.fromkeys([*named, *([PANIC_KEY] if PANIC_KEY in panic else [])]))


def shown(key: str) -> str:
    """Return a key as people read it: "F3", "Ctrl+P", "space", "−"."""
    *modifiers, last = key.split("+")
    letter = last.upper() if modifiers and len(last) == 1 else _shown(last)
    return "+".join([*map(_shown, modifiers), letter])


def _shown(part: str) -> str:
    if part in NAMES:
        return tr_text(NAMES[part], "key")
    return part.upper() if part in FUNCTION_KEYS else _SIGN_OF.get(part, part)


USUAL = keymap_of({})
"""Where nothing is set."""


class Keyboard:
    """The keys that hold in this process. One for all of it: who presses them is one person, at one place."""

    def __init__(self) -> None:
        self.keymap = USUAL


KEYBOARD = Keyboard()


def key_of(name: str) -> str:
    """Return the key by which something is done now, as people read it; of several the first."""
    return shown(KEYBOARD.keymap.keys[name][0])


def key_while(name: str, *, typing: bool) -> str:
    """Return the key that stops or leaves, as people read it; `typing`: one that types nothing into a field."""
    if not typing:
        return key_of(name)
    added = [key for key in KEYBOARD.keymap.keys[name] if key in FUNCTION_KEYS]
    return shown(added[0] if added else f"ctrl+{NAMED[name].usual}")


def all_keys_of(name: str) -> list[str]:
    """Return every key by which something is done now, as people read it."""
    return [shown(key) for key in KEYBOARD.keymap.keys[name]]


def _wrong(text: str) -> EstimError:
    return EstimError(text, code=Exit.CONFIG)
