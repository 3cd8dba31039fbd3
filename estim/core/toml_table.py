"""Reads a TOML table field by field and collects every mistake in a sentence: where, what, and what is allowed."""

from collections.abc import Mapping
from difflib import get_close_matches
from re import fullmatch
from typing import TypeGuard

from msgspec import Struct

from estim.core.translation import tr, tr_text

SHOWN_MAX = 60
"""Characters of a wrong value that a sentence repeats."""


class Number(Struct, frozen=True):
    """A number from `lo` to `hi`; without a `default` the field must be there. `says` is for whoever fills it in.

    `unit` and `says` are marked where a field stands, and translated where they are shown.
    """

    lo: float
    hi: float
    unit: str
    says: str
    default: float | None = None
    whole: bool = False

    @property
    def range(self) -> str:
        """Return the limits in words; with decimal points in every language, as a file has to have them."""
        least = f"{self.lo:g}"
        most = f"{self.hi:g}"
        return tr("{least} to {most} {unit}", least=least, most=most, unit=tr_text(self.unit)).rstrip()

    @property
    def allowed(self) -> str:
        """Return what the field takes, as it goes on after "it takes"."""
        if self.whole:
            return tr("a whole number from {range}", range=self.range)
        return tr("a number from {range}", range=self.range)


class Text(Struct, frozen=True):
    """A text of 1 to `longest` characters; `pattern` holds for the whole of it, `form` is the pattern in words."""

    longest: int
    says: str
    default: str | None = None
    pattern: str = ""
    form: str = ""

    @property
    def allowed(self) -> str:
        """Return what the field takes, as it goes on after "it takes"."""
        return tr(
            "a text of {least} to {most} printable characters", least=int(self.default is None), most=self.longest
        )


class Words(Struct, frozen=True):
    """One of `words`, or a list of them."""

    words: tuple[str, ...]
    says: str

    @property
    def range(self) -> str:
        return ", ".join(self.words)


class Table:
    """One table of a file. `problems` is shared by all tables of the file; a wrong field reads as its default."""

    def __init__(self, data: Mapping[str, object], where: str, problems: list[str]) -> None:
        self._data = data
        self._where = where
        self._read: set[str] = set()
        self.problems = problems

    def at(self, key: str) -> str:
        """Return the full name of a field, such as phases[1].rate_hz."""
        key = key if key.isprintable() and len(key) <= SHOWN_MAX else _shown(key)
        return f"{self._where}.{key}" if self._where else key

    def has(self, key: str) -> bool:
        """Say whether a field is there, which may also be left out."""
        self._read.add(key)
        return key in self._data

    def wrong(self, key: str, found: object, allowed: str) -> None:
        """Note that a field holds what isn't allowed; `allowed` goes on after "it takes"."""
        self.problems.append(
            tr("{field} = {found}: it takes {allowed}", field=self.at(key), found=_shown(found), allowed=allowed)
        )

    def refuse(self, key: str, why: str) -> None:
        """Note that a field, whatever it holds, isn't taken here."""
        self._read.add(key)
        self.problems.append(f"{self.at(key)}: {why}")

    def number(self, key: str, field: Number, more: str = "") -> float:
        """Return a number within the limits of its field; `more` names another form that would be taken too."""
        allowed = f"{field.allowed} {more}".rstrip()
        value = self._take(key, allowed, field.default)
        if not _is_number(value, field):
            if value is not None:
                self.wrong(key, value, allowed)
            return field.lo if field.default is None else field.default
        return float(value)

    def whole(self, key: str, field: Number) -> int:
        """Return a whole number within the limits of its field; 50.0 is one too, as JSON Schema has it."""
        return int(self.number(key, field))

    def text(self, key: str, field: Text) -> str:
        """Return a text on one line: a terminal shows it, so it may steer nothing."""
        value = self._take(key, field.allowed, field.default)
        line = " ".join(value.split()) if isinstance(value, str) else ""
        least = int(field.default is None)
        if not isinstance(value, str) or not least <= len(line) <= len(value) <= field.longest or not _is_plain(value):
            if value is not None:
                self.wrong(key, value, field.allowed)
            return field.default or "?"
        if field.pattern and fullmatch(field.pattern, value) is None:
            self.wrong(key, value, tr_text(field.form))
        return line

    def word(self, key: str, field: Words) -> str:
        """Return one of the field's words; a wrong one reads as the first of them."""
        allowed = tr("one of {words}", words=field.range)
        value = self._take(key, allowed, None)
        if value not in field.words:
            if value is not None:
                self.wrong(key, value, allowed + _meant(value, field.words))
            return field.words[0]
        return str(value)

    def words(self, key: str, field: Words) -> tuple[str, ...]:
        """Return a list of some words, possibly empty."""
        value = self._take(key, "", [])
        if not isinstance(value, list):
            self.wrong(key, value, tr("a list of {words}", words=field.range))
            return ()
        for item in value:
            if item not in field.words:
                self.wrong(key, item, tr("only {words}", words=field.range) + _meant(item, field.words))
        return tuple(item for item in value if item in field.words)

    def texts(self, key: str, field: Text, most: int) -> tuple[str, ...]:
        """Return a list of up to `most` texts, each as text() has it; none if it isn't there."""
        value = self._take(key, "", [])
        if not isinstance(value, list) or len(value) > most:
            self.wrong(key, value, tr("a list of up to {most} texts", most=most))
            return ()
        inner = Table({f"{key}[{index}]": item for index, item in enumerate(value)}, self._where, self.problems)
        return tuple(inner.text(name, field) for name in inner.names())

    def tables(self, key: str, most: int) -> list["Table"]:
        """Return a list of 1 to `most` tables, each with its index in its name; a wrong one is empty."""
        allowed = tr("1 to {most} tables", most=most)
        value = self._take(key, allowed, None)
        if not isinstance(value, list) or not 1 <= len(value) <= most or not all(isinstance(x, dict) for x in value):
            if value is not None:
                self.wrong(key, value, allowed)
            return []
        return [Table(item, f"{self.at(key)}[{index}]", self.problems) for index, item in enumerate(value)]

    def table(self, key: str) -> "Table":
        """Return a table, empty if it isn't there."""
        value = self._take(key, "", {})
        if not isinstance(value, dict):
            self.wrong(key, value, tr("a table"))
            return Table({}, self.at(key), [])  # what is missing in a table that isn't one needs no sentences
        return Table(value, self.at(key), self.problems)

    def names(self) -> tuple[str, ...]:
        return tuple(self._data)

    def is_table(self, key: str) -> bool:
        return isinstance(self._data.get(key), dict)

    def close(self) -> None:
        """Note every field that nobody read."""
        for key in self._data:
            if key not in self._read:
                known = tuple(sorted(self._read))
                hint = _meant(key, known) or tr("; here go {fields}", fields=", ".join(known))
                self.problems.append(tr("{field}: there is no such field", field=self.at(key)) + hint)

    def _take(self, key: str, allowed: str, default: object) -> object:
        self._read.add(key)
        if key in self._data:
            return self._data[key]
        if default is None:
            self.problems.append(tr("{field} is missing: it takes {allowed}", field=self.at(key), allowed=allowed))
        return default


def _is_number(value: object, field: Number) -> TypeGuard[int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not field.lo <= value <= field.hi:
        return False
    return not field.whole or value == int(value)


def _is_plain(text: str) -> bool:
    return all(sign.isprintable() or sign in "\t\n\r" for sign in text)


def _shown(found: object) -> str:
    if isinstance(found, dict | list):
        return tr("a table") if isinstance(found, dict) else tr("a list")
    if isinstance(found, int) and found.bit_length() > 64:
        return tr("a huge number")  # with some thousand digits Python itself refuses to write it out
    shown = repr(found)
    return shown if len(shown) <= SHOWN_MAX else f"{shown[:SHOWN_MAX]}…"


def _meant(found: object, words: tuple[str, ...]) -> str:
    near = get_close_matches(str(found), words, n=1, cutoff=0.6)
    return tr("; did you mean {word}?", word=near[0]) if near else ""
