"""The text form of what can be set on a software unit, and how a record of options is declared and read.

Text form: `opt=val,opt=val`; a bare `opt` is `opt=yes`. Times of what a person does are seconds since the link was
opened first. Shares are 0..1. Where a fact sheet leaves something open, an option holds each reading of it, and the
default is the one that is worse for a driver, unless a reason says otherwise.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from difflib import get_close_matches
from math import inf, isfinite
from typing import Any, TypeVar, cast

from simulator.outbox import Act

HAND_ACTS = ("pads-off", "pads-on", "power-off", "power-on", "low-battery")
R = TypeVar("R")
U = TypeVar("U")


class BadOption(ValueError):
    """An option that doesn't exist or doesn't fit: one sentence, with the nearest name or the allowed range."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option, for people: its name, the form of its value, what it does, its default as text."""

    name: str
    form: str
    meaning: str
    default: str


def option(default: Any, form: str, meaning: str, read: Callable[[str], object]) -> Any:
    """Return a field of an option record: default, form and meaning for people, and how its text is read."""
    return field(default=default, metadata={"form": form, "meaning": meaning, "read": read})


def number(low: float, high: float = inf) -> Callable[[str], float]:
    """Read a number from low to high."""

    def read(text: str) -> float:
        value = float(text)
        if not isfinite(value) or not low <= value <= high:
            raise ValueError(f"{low:g} to {high:g}" if isfinite(high) else f"{low:g} or more")
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number from low to high."""

    def read(text: str) -> int:
        if not low <= int(text) <= high:
            raise ValueError(f"{low} to {high}")
        return int(text)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Read one of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return read


def yes(text: str) -> bool:
    """Read yes or no."""
    return one_of("yes", "no")(text) == "yes"


def pair(top: int) -> Callable[[str], tuple[int, int]]:
    """Read A/B, or one number for both."""

    def read(text: str) -> tuple[int, int]:
        first, _, second = text.partition("/")
        return whole(0, top)(first), whole(0, top)(second or first)

    return read


def span(more_s: float | None) -> Callable[[str], tuple[float, float]]:
    """Read T+D in seconds; without D it is `more_s`."""

    def read(text: str) -> tuple[float, float]:
        at, plus, length = text.partition("+")
        if not plus and more_s is None:
            raise ValueError("T+D, both in seconds")
        return number(0)(at), number(0)(length) if plus else more_s or 0.0

    return read


def acts(*more: str, channels: str = "AB") -> Callable[[str], tuple[Act, ...]]:
    """Read acts of a person, as A+@30;power-off@60; `more` are those that only this family knows."""
    known = (*HAND_ACTS, *more)
    hand = re.compile(rf"[{channels}][+-]\d{{0,4}}")
    steps = " ".join(f"{channel}{sign}" for channel in channels for sign in "+-")

    def read(text: str) -> tuple[Act, ...]:
        found = []
        for part in text.split(";"):
            what, _, at = part.partition("@")
            if what not in known and not hand.fullmatch(what):
                raise ValueError(f"{steps} (A+5 is five steps) {' '.join(known)}, each @seconds, with ; between")
            found.append(Act(number(0)(at), what))
        return tuple(found)

    return read


def word(text: str) -> str:
    """Read a name as it fits an advert."""
    if len(text.encode()) > 20:
        raise ValueError("at most 20 bytes")
    return text


SHARE = number(0, 1)


def options_of(kind: type[Any]) -> tuple[Option, ...]:
    """Return the options of one record, in their order."""
    return tuple(Option(f.name, f.metadata["form"], f.metadata["meaning"], _told(f.default)) for f in fields(kind))


def read_options(text: str, radio: R, unit: U) -> tuple[R, U]:
    """Return both records with what the text sets; raise BadOption."""
    radio_fields: dict[str, Field[Any]] = {f.name: f for f in fields(cast("Any", radio))}
    unit_fields: dict[str, Field[Any]] = {f.name: f for f in fields(cast("Any", unit))}
    for part in text.split(",") if text.strip() else []:
        name, _, value = part.strip().partition("=")
        name = name.strip().replace("-", "_")
        if "=" not in part:
            value = "yes"
        if name in radio_fields:
            radio = replace(cast("Any", radio), **_read(radio_fields[name], value))
        elif name in unit_fields:
            unit = replace(cast("Any", unit), **_read(unit_fields[name], value))
        else:
            raise BadOption(_unknown(name, (*radio_fields, *unit_fields)))
    return radio, unit


def _read(option: "Field[Any]", value: str) -> Mapping[str, Any]:
    try:
        return {option.name: option.metadata["read"](value.strip())}
    except ValueError as error:
        allowed = str(error)
        if "could not convert" in allowed or "invalid literal" in allowed:
            allowed = "a number"
        raise BadOption(
            f"option {option.name}={option.metadata['form']}: {value!r} doesn't fit, it takes {allowed}"
        ) from error


def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
    return f"no option {name!r}; {hint}"


def _told(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float() if value == inf:
            return "never"
        case float():
            return f"{value:g}"
        case tuple():
            return "/".join(str(part) for part in value) or "none"
        case None:
            return "none"
        case _:
            return str(value)
