"""Turns one value into the text of one cell of a table and back, so that nothing is lost on the way.

1. An empty cell is None, an empty list or an empty text: the column knows which.
2. A moment is written in UTC, always with microseconds; the offset of the place where it was written has a cell of its
   own (safety.md C-28). Read is any moment of ISO 8601, and 10.06.2026 08:00 as spreadsheets write it.
3. A list is joined by one sign. That sign and the backslash have a backslash before them inside an entry.
4. A note is never changed, not even one that a spreadsheet would take for a formula.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from sys import float_info
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from estim.core.days.diary import NOTE_MAX
from estim.core.days.schedule import TWICE_A_DAY, check_rules, resolve, zone_of
from estim.core.errors import EstimError
from estim.core.numbers import TwoMeanings, read_number
from estim.core.translation import mark, tr

DAY_S = 86400

SHOWN_MAX = 40
"""Characters of a wrong cell that are shown."""


_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:[ T]+([0-9:.,]+))?")


class Wrong(ValueError):
    """A cell can't be read; the text says what is wrong with it, as the rest of a sentence.

    `behind`: it is the cell behind this one, that of its offset.
    """

    def __init__(self, text: str, *, behind: bool = False) -> None:
        super().__init__(text)
        self.behind = behind


class NoOffset(Wrong):
    """A moment has no offset, and nobody has said in which zone it was written."""


class Kind(Struct, frozen=True):
    """One kind of cell; `told`, with its `parts`, is what a person may write into it. `read` raises ValueError."""

    told: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    parts: Mapping[str, object] = field(default_factory=dict)

    @property
    def allowed(self) -> str:
        """Return what a person may write into it, in their language."""
        return tr(self.told, **self.parts)


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
        raise Wrong(tr("ends with a backslash"))
    return tuple(parts)


def _text(text: str) -> str:
    if len(text) > NOTE_MAX:
        raise Wrong(tr("has {count} characters", count=len(text)))
    return text


def dotted(text: str) -> bool:
    """Say whether a day or moment is written like 10.06.2026: with points the day is first everywhere."""
    return _DOTTED.fullmatch(text.strip()) is not None


def _iso(text: str) -> str:
    """Return a day or moment as ISO 8601 has it, whatever a spreadsheet made of it."""
    found = _DOTTED.fullmatch(text.strip())
    if found is None:
        return text.strip()
    day = f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}"
    clock = re.sub(r"^(?=[0-9]:)", "0", found[4] or "")
    return f"{day}T{clock}" if clock else day


def _moment(text: str) -> datetime:
    """Return a moment, which may have no offset yet: `placed` gives it one."""
    moment = datetime.fromisoformat(_iso(text))
    if moment.tzinfo is None and not re.search("[0-9]:[0-9]", text):
        raise ValueError(text)  # a day alone
    return moment


def placed(moment: datetime, offset: str, zone: ZoneInfo | None) -> datetime:
    """Return a moment where the person was: `offset` is the cell behind it, `zone` where those without were written.

    Raises NoOffset if there is none of either, ValueError for a moment at the end of all time.
    """
    if moment.tzinfo is None:
        if zone is None:
            raise NoOffset(
                tr(
                    "is {moment} without an offset: say in which zone it was written (--zone Europe/Berlin), or write "
                    "+02:00 or Z behind it",
                    moment=shown(moment.isoformat()),
                )
            )
        moment = resolve(moment, zone)
    try:
        there = timezone(timedelta(seconds=_offset(offset))) if offset else timezone(moment.utcoffset() or timedelta())
        moment.astimezone(UTC)
        return moment.astimezone(there)
    except OverflowError as error:
        raise Wrong(tr("is {cell}", cell=shown(moment.isoformat()))) from error


def _offset(text: str) -> int:
    if not re.fullmatch(r"[-+]?[0-9]{1,5}", text) or abs(int(text)) >= DAY_S:
        raise Wrong(tr("is {cell}", cell=shown(text)), behind=True)
    return int(text)


def _offset_text(moment: datetime) -> str:
    return str(round((moment.utcoffset() or timedelta()).total_seconds()))


def _moment_text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _day(text: str) -> date:
    return date.fromisoformat(_iso(text))


def _slot(text: str) -> str:
    local = datetime.fromisoformat(_iso(text))
    if local.tzinfo is not None or local.second or local.microsecond or not re.search("[0-9]:[0-9]", text):
        raise ValueError(text)
    return local.isoformat(timespec="minutes")


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
            raise Wrong(tr("has an INTERVAL that isn't a whole number from 1 to 9999"))
        try:
            check_rules((rule,))
        except EstimError as error:
            raise Wrong(tr("can't be followed ({why})", why=error.text)) from error
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            raise Wrong(tr("can't be followed ({why})", why=error)) from error
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
        raise Wrong(tr("is {cell}, which can be thousands or a fraction", cell=shown(text))) from error
    except EstimError:
        return _number(text)


def _yes(text: str) -> bool:
    return {"true": True, "false": False, "wahr": True, "falsch": False}[
        text.lower()
    ]  # as a German spreadsheet says it


def _levels(text: str) -> dict[str, int]:
    levels: dict[str, int] = {}
    for part in parted(text, ";"):
        channel, _, level = part.rpartition("=")
        if channel in levels:
            raise Wrong(tr("names channel {channel} twice", channel=channel))
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

    if hi is None:
        return Kind(mark("a whole number, {lo} or more"), str, read, {"lo": lo})
    return Kind(mark("a whole number from {lo} to {hi}"), str, read, {"lo": lo, "hi": hi})


def word(words: type[StrEnum]) -> Kind:
    """Return the kind of a cell that holds one of some words."""
    return Kind("{words}", str, words, {"words": ", ".join(words)})


TEXT = Kind(mark("a text of at most {count} characters"), str, _text, {"count": NOTE_MAX})
MOMENT = Kind(mark("a moment such as 2026-06-10T06:00:00Z or 2026-06-10T08:00:00+02:00"), _moment_text, _moment)
OFFSET = Kind(mark("seconds from UTC such as 7200"), _offset_text, _offset)
DAY = Kind(mark("a day such as 2026-06-10"), date.isoformat, _day)
SLOT = Kind(mark("a local time without an offset such as 2026-06-10T08:00"), str, _slot)
ZONE = Kind(mark("the name of a zone such as Europe/Berlin"), str, _zone)
NUMBER = Kind(mark("a number, 0 or more, such as 5.2"), _number_text, _number)
TYPED_NUMBER = Kind(NUMBER.told, _number_text, _typed_number)
YES = Kind(mark("true or false"), lambda value: "true" if value else "false", _yes)
LEVELS = Kind(mark("levels by channel such as A=12;B=8"), _levels_text, _levels)
NAMES = Kind(
    mark("names with a semicolon between two"), lambda names: joined(names, ";"), lambda text: parted(_text(text), ";")
)
RULES = Kind(mark("rules such as {rule}, one a line"), lambda rules: joined(rules, "\n"), _rules, {"rule": TWICE_A_DAY})
"""A rule holds semicolons itself: one rule a line, so that each can be copied as it stands."""
