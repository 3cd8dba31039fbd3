"""The person's own keys ([keys] in config.toml), checked: what stops can be given more keys, and never loses its own.

1. F12 is the panic key unless another one is named; only a function key can be one: a letter is typed into fields.
2. The keys that stop mean nothing else, and no key means two things.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from estim.client.stop_keys import LEAVE_LETTERS, PANIC_KEY, PANIC_NAMES, STOP_LETTERS, bare
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.tui.places import PLACES

ADDED_TO = ("stop", "quit")
"""What only gets more keys, and function keys only: they are taken on their way in, from every field and dialog."""

ALWAYS = frozenset({"ctrl+q", "ctrl+c", "ctrl+z", "escape"})
"""Keys that stop or leave beside the letters, and stay as they are."""

FUNCTION_KEYS = frozenset(f"f{number}" for number in range(1, 25))

SIGNS = {"?": "question_mark", "/": "slash", ".": "full_stop", ",": "comma", "-": "minus", "+": "plus"}
"""How the library calls what people write as a sign."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """Checked keys: `bindings` by what they do, for the library; panic keys, and what stops or leaves beside letters.

    Those three aren't the library's: it would look at all the letters that stop for each key that is pressed.
    """

    bindings: Mapping[str, str]
    panic: frozenset[str]
    stop: frozenset[str] = frozenset()
    leave: frozenset[str] = frozenset()


USUAL = Keymap({}, PANIC_NAMES)
"""Where nothing is set."""


def names() -> tuple[str, ...]:
    """Return what can be given another key."""
    return (*(one.name for one in PLACES), "help", "palette", "unit", "quiet", "stop", "quit", "panic")


def keymap_of(keys: Mapping[str, str]) -> Keymap:
    """Return the keys, checked; raises EstimError (78) with the first thing that is wrong."""
    panic = _panic(keys)
    taken: dict[str, str] = {}
    own: dict[str, list[str]] = {}
    for what, text in keys.items():
        if what not in names():
            raise _wrong(
                tr("keys.{name} is nothing that has a key; there are {names}", name=what, names=", ".join(names()))
            )
        own[what] = [SIGNS.get(key.strip(), key.strip().lower()) for key in text.split(",")] if what != "panic" else []
        for key in own[what]:
            _check(what, key, panic, taken)
            taken[key] = what
    bindings = {what: ",".join(mine) for what, mine in own.items() if mine and what not in ADDED_TO}
    if "panic" in keys:
        bindings["panic"] = ",".join(sorted(panic))
    return Keymap(bindings, panic, frozenset(own.get("stop", ())), frozenset(own.get("quit", ())))


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


def _check(what: str, key: str, panic: frozenset[str], taken: Mapping[str, str]) -> None:
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
    if key in taken:
        raise _wrong(tr("keys.{name} = {key}: {other} has it already", name=what, key=key, other=taken[key]))


def _wrong(text: str) -> EstimError:
    return EstimError(text, code=Exit.CONFIG)
