"""Turns one value into the text of one cell of a table and back, so that nothing is lost on the way.

1. An empty cell is None, an empty list or an empty text: the column knows which.
2. A moment keeps the offset with which it was written; microseconds are there only if it has some (safety.md C-28).
3. A list is joined by one sign. That sign and the backslash have a backslash before them inside an entry.
4. A note is never changed, not even one that a spreadsheet would take for a formula.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from sys import float_info
from typing import Any

from estim.core.days.diary import NOTE_MAX
from estim.core.days.schedule import TWICE_A_DAY, check_rules, zone_of
from estim.core.errors import EstimError
from estim.core.numbers import TwoMeanings, read_number

SHOWN_MAX = 40
"""Characters of a wrong cell that are shown."""


class Wrong(ValueError):
    """A cell can't be read; the text says what is wrong with it, as the rest of a sentence."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of cell; `allowed` is what a person may write into it. `read` raises ValueError."""

    allowed: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]


def shown(text: str) -> str:
    """Return a cell as it is told in a mistake: quoted, and cut if it is long."""
    return repr(text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…")


def joined(parts: Iterable[str], by: str) -> str:
    """Join entries by a sign, so that `parted` finds the same ones again; one empty entry is as good as none."""
    return by.join(re.sub(rf"[\\{by}]", r"\\\g<0>", part) for part in parts)


def parted(text: str, by: str) -> tuple[str, ...]:
    """Return the entries that `joined` has joined."""
    if not text:
        return ()
    parts = [""]
    escaped = False
    for sign in text:
        if not escaped and sign == "\\":
            escaped = True
            continue
        if not escaped and sign == by:
            parts.append("")
        else:
            parts[-1] += sign
        escaped = False
    if escaped:
        raise Wrong("ends with a backslash")
    return tuple(parts)


def _text(text: str) -> str:
    if len(text) > NOTE_MAX:
        raise Wrong(f"has {len(text)} characters")
    return text


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise Wrong(f"is {shown(text)} without an offset")
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    return moment


def _slot(text: str) -> str:
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None or local.isoformat(timespec="minutes") != text:
        raise ValueError(text)
    return text


def _zone(text: str) -> str:
    try:
        zone_of(text)
    except EstimError as error:
        raise ValueError(text) from error
    return text


def _rules(text: str) -> tuple[str, ...]:
    """Read rules, each of which can be followed: one that can't would be in the way of every look at the schedule."""
    rules = parted(_text(text), "\n")
    for rule in rules:
        if re.search(r"INTERVAL=(?![1-9][0-9]{0,3}(;|$))", rule.upper()):  # dateutil would search for ever with 0
            raise Wrong("has an INTERVAL that is no whole number from 1 to 9999")
        try:
            check_rules((rule,))
        except EstimError as error:
            raise Wrong(f"can't be followed ({error.text})") from error
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            raise Wrong(f"can't be followed ({error})") from error
    return rules


def _number_text(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _number(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", text) or float(text) == float("inf"):
        raise ValueError(text)
    return float(text)


def _typed_number(text: str) -> float:
    """Read a number with either decimal sign; one that can mean two things is a mistake."""
    try:
        return read_number(text, what="it", lo=0, hi=float_info.max)
    except TwoMeanings as error:
        raise Wrong(f"is {shown(text)}, which can be thousands or a fraction") from error
    except EstimError:
        return _number(text)


def _yes(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _levels(text: str) -> dict[str, int]:
    levels: dict[str, int] = {}
    for part in parted(text, ";"):
        channel, _, level = part.rpartition("=")
        if channel in levels:
            raise Wrong(f"names channel {channel} twice")
        if not channel:
            raise ValueError(text)
        levels[channel] = _whole(level)
    return levels


def _levels_text(levels: Mapping[str, int]) -> str:
    return joined((f"{channel}={level}" for channel, level in levels.items()), ";")


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError(text)
    return int(text)


def whole(lo: int, hi: int | None = None) -> Kind:
    """Return the kind of a whole number from `lo` to `hi` (None: no end)."""

    def read(text: str) -> int:
        number = _whole(text)
        if number < lo or (hi is not None and number > hi):
            raise ValueError(text)
        return number

    return Kind(f"a whole number from {lo} to {hi}" if hi is not None else f"a whole number from {lo} on", str, read)


def word(words: type[StrEnum]) -> Kind:
    """Return the kind of a cell that holds one of some words."""
    return Kind(", ".join(words), str, words)


TEXT = Kind(f"a text of at most {NOTE_MAX} characters", str, _text)
MOMENT = Kind("a moment with its offset such as 2026-06-10T08:00:00+02:00", datetime.isoformat, _moment)
DAY = Kind("a day such as 2026-06-10", date.isoformat, date.fromisoformat)
SLOT = Kind("a local time without an offset such as 2026-06-10T08:00", str, _slot)
ZONE = Kind("the name of a zone such as Europe/Berlin", str, _zone)
NUMBER = Kind("a number from 0 on such as 5.2", _number_text, _number)
TYPED_NUMBER = Kind(NUMBER.allowed, _number_text, _typed_number)
YES = Kind("true or false", lambda value: "true" if value else "false", _yes)
LEVELS = Kind("levels by channel such as A=12;B=8", _levels_text, _levels)
NAMES = Kind(
    "names with a semicolon between two", lambda names: joined(names, ";"), lambda text: parted(_text(text), ";")
)
RULES = Kind(f"rules such as {TWICE_A_DAY}, one a line", lambda rules: joined(rules, "\n"), _rules)
"""A rule holds semicolons itself: one rule a line, so that each can be copied as it stands."""
