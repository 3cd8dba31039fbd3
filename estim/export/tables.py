"""Writes a journal as tables that a spreadsheet opens, and reads them back: RFC 4180, one file for each kind of entry.

1. What was written here is read back as it was, byte for byte, except that entries are numbered anew.
2. Every moment has one shape, UTC to the microsecond ("2026-06-10T06:00:00.000000Z"), and a column of its own behind it
   says where the person was: how far their clock was from UTC, in seconds ("at_offset_s"). One column with the offsets
   of summer and winter in it is no column of times to a data-frame library: it stays text, or is refused. In UTC it is
   one, and at + at_offset_s is the person's own clock, so that no day gets lost (safety.md C-28).
3. Columns may come in another order and rows too: they are put in order of time. A column that may be empty may be
   missing.
4. A spreadsheet may have put a byte order mark before it, and, where a comma is the decimal sign, semicolons between
   the cells. Then numbers are read as a person types them, and what can mean two things is a mistake. It may have
   written days as 10.06.2026, and lines of nothing but separators at the end.
5. What had to be guessed is told; a moment without an offset is guessed only in a zone that the person has named.
6. All mistakes are told at once, up to MISTAKES_MAX in full and the others by their line; a journal with a mistake in
   it is not read at all.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import NODEFAULT, Struct, field
from msgspec.structs import fields

from estim.core.days.diary import Break, Diary, Entry, Run
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_many
from estim.core.values import replace
from estim.export.cells import DAY, MOMENT, NUMBER, OFFSET, SLOT, TYPED_NUMBER, NoOffset, Wrong, dotted, placed, shown
from estim.export.columns import TABLES, Column, Table, moment_of, numbered

MISTAKES_MAX = 10
"""Mistakes that are told in full; of the rest, where they are."""

BEHIND = "_offset_s"
"""What the column behind a column of moments adds to its name."""

Rows = list[tuple[int, Entry]]
"""Entries with the line on which each begins."""


class NoZone(EstimError):
    """Some moments have no offset, and nobody has said in which zone they were written."""


class Read(Struct, frozen=True):
    """What tables held, and in sentences what had to be guessed to read them."""

    diary: Diary
    guesses: tuple[str, ...]


class _Mistake(Struct, frozen=True):
    """What is wrong in a file; `line` None: with the file as a whole."""

    file: str
    line: int | None
    text: str

    @property
    def told(self) -> str:
        if self.line is None:
            return self.text
        return tr("{file} line {line}: {mistake}", file=self.file, line=self.line, mistake=self.text)


class _Guess(Struct, frozen=True):
    """What had to be guessed in a file: a marked text, with `{count}` for the cells, and one part of it."""

    file: str
    text: str
    part: str = ""


SEMICOLONS = mark("{file}: semicolons between the cells, so a comma is a decimal sign")
ABSENT = mark("{file}: there is no column {part}, taken as empty")
DOTTED = mark("{file}: {count} written like 10.06.2026, read as day.month.year")
ZONELESS = mark("{file}: {count} without an offset, read as time in {part}")


class _Notes(Struct):
    """What is noticed on the way: mistakes in order, and how often something was guessed."""

    zone: ZoneInfo | None
    mistakes: list[_Mistake] = field(default_factory=list)
    guesses: Counter[_Guess] = field(default_factory=Counter)
    zoneless: bool = False


def to_csv(diary: Diary) -> dict[str, str]:
    """Return the text of every table by the name of its file; an empty table is a header only."""
    counted = numbered(diary)
    return {table.file: _written(table, counted) for table in TABLES}


def from_csv(files: Mapping[str, str], zone: ZoneInfo | None = None) -> Read:
    """Return what the tables hold, by time, numbered from 1; a table that isn't there is empty.

    `zone` is where moments without an offset were written. Raises one EstimError (65) that lists the mistakes, each
    with its file and line; it is a NoZone if there is such a moment and no zone.
    """
    notes = _Notes(zone, _strange(files))
    rows = {table.name: _read(table, files[table.file], notes) for table in TABLES if table.file in files}
    _check_sessions(rows, notes.mistakes)
    if notes.mistakes:
        raise _all(notes.mistakes, NoZone if notes.zoneless else EstimError)
    found: dict[str, Any] = {}
    for table in TABLES:
        entries = sorted((entry for _, entry in rows.get(table.name, ())), key=moment_of)
        if table.name != "sessions":  # those keep theirs until the checks have followed them to the new ones
            entries = [replace(entry, id=number) for number, entry in enumerate(entries, 1)]
        found[table.field] = tuple(entries)
    return Read(numbered(Diary(**found)), tuple(_told(guess, count) for guess, count in notes.guesses.items()))


def _told(guess: _Guess, count: int) -> str:
    cells = tr_many("{count} cell", "{count} cells", count)
    return tr(guess.text, file=guess.file, count=cells, part=guess.part)


def _names(table: Table) -> Iterator[str]:
    """Yield the names of a table's header."""
    for column in table.columns:
        yield column.name
        if column.kind is MOMENT:
            yield f"{column.name}{BEHIND}"


def _written(table: Table, diary: Diary) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_names(table))
    for entry in table.of(diary):
        writer.writerow(cell for column in table.columns for cell in _cells(column, column.of(entry)))
    return text.getvalue()


def _cells(column: Column, value: Any) -> Iterator[str]:
    yield "" if value is None else column.kind.write(value)
    if column.kind is MOMENT:
        yield "" if value is None else OFFSET.write(value)


def _strange(files: Mapping[str, str]) -> list[_Mistake]:
    known = [table.file for table in TABLES]
    found = []
    for name in files:
        if name in known:
            continue
        text = tr("{file} isn't a table of a journal, allowed: {known}", file=name, known=", ".join(known))
        if near := _near(name, known):
            text = tr(
                "{file} isn't a table of a journal (is {near} meant?), allowed: {known}",
                file=name,
                near=near,
                known=", ".join(known),
            )
        found.append(_Mistake(name, None, text))
    return found


def _read(table: Table, text: str, notes: _Notes) -> Rows:
    """Read a table as far as it can be read."""
    whole = text.removeprefix("\ufeff")
    between = _between(whole)
    reader = csv.reader(io.StringIO(whole, newline=""), delimiter=between, strict=True)
    records = _records(reader)
    rows: Rows = []
    places: dict[str, int] | None = None
    try:
        line, header = next(records, (1, []))
        places = _places(table, line, header, notes)
        if places is None:
            return rows
        if between == ";":
            notes.guesses[_Guess(table.file, SEMICOLONS)] += 1
        for line, cells in records:
            entry = _entry(table, line, places, cells, notes, typed=between == ";")
            if entry is not None:
                rows.append((line, entry))
    except csv.Error as error:
        text = tr(
            "{why}, allowed: cells with commas between them, in double quotes if they hold a comma, a new line or a "
            'double quote (that one written twice: "")',
            why=error,
        )
        notes.mistakes.append(_Mistake(table.file, max(reader.line_num, 1), text))
    if table.name == "sessions" and places is not None and "number" not in places:
        return [(line, replace(entry, id=number)) for number, (line, entry) in enumerate(rows, 1)]
    return rows


def _between(text: str) -> str:
    """Return what stands between the cells, by the header and the first row: no name of a column holds either sign."""
    header, row, *_ = (*(line for line in text.split("\n", 20) if line.strip()), "", ";")
    return ";" if header.count(";") > header.count(",") and ";" in (row or ";") else ","


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line on which it begins; lines without a single sign in their cells are none."""
    line = 1
    for cells in reader:
        if any(cells):
            yield line, cells
        line = reader.line_num + 1


def _places(table: Table, line: int, header: list[str], notes: _Notes) -> dict[str, int] | None:
    """Return where each column stands, None if they aren't those of the table; one without a name is padding."""
    allowed = list(_names(table))
    needed = [column.name for column in table.columns if _otherwise(table, column) is NODEFAULT]
    named = [name for name in header if name]
    strange = [name for name in named if name not in allowed]
    missing = [name for name in needed if name not in named]
    doubled = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    names = ",".join(allowed)
    wrong: list[str] = []
    if not named:
        wrong.append(tr("there is no header, allowed: {names}", names=names))
    elif strange:
        absent = [name for name in allowed if name not in named]
        for name in strange:
            near = _near(name, absent)
            text = tr("there is no column {name}, allowed: {names}", name=shown(name), names=names)
            meant = tr(
                "there is no column {name} (is {near} meant?), allowed: {names}",
                name=shown(name),
                near=near,
                names=names,
            )
            wrong.append(meant if near else text)
    elif missing:
        wrong.append(tr("the column {name} is missing, allowed: {names}", name=", ".join(missing), names=names))
    elif doubled:
        wrong.append(tr("the column {name} is there twice, allowed: {names}", name=doubled[0], names=names))
    else:
        for column in table.columns:
            if column.name not in named and not column.later:
                notes.guesses[_Guess(table.file, ABSENT, column.name)] += 1
        return {name: header.index(name) for name in named}
    notes.mistakes += [_Mistake(table.file, line, text) for text in wrong]
    return None


def _otherwise(table: Table, column: Column) -> Any:
    """Return what an entry has where its column isn't there, NODEFAULT if it can't be without."""
    if column.optional:
        return None
    name = column.field or column.name
    found = next(one for one in fields(table.entry) if one.name == name)
    return found.default if found.default_factory is NODEFAULT else found.default_factory()


def _entry(
    table: Table, line: int, places: Mapping[str, int], cells: list[str], notes: _Notes, *, typed: bool
) -> Entry | None:
    wide = max(places.values()) + 1
    if len(cells) < wide or any(cells[wide:]):
        text = tr("there are {count} cells, allowed: {wide}, one for each column", count=len(cells), wide=wide)
        notes.mistakes.append(_Mistake(table.file, line, text))
        return None
    values: dict[str, Any] = {}
    before = len(notes.mistakes)
    for column in table.columns:
        name = column.field or column.name
        if column.name not in places:
            values[name] = _otherwise(table, column)
            continue
        cell = cells[places[column.name]]
        behind = places.get(f"{column.name}{BEHIND}")
        try:
            values[name] = None if column.optional and not cell else _value(column, cell, typed)
            if values[name] is not None and column.kind is MOMENT:
                values[name] = _placed(table, values[name], "" if behind is None else cells[behind], notes)
        except NoOffset as error:
            notes.zoneless = True
            notes.mistakes.append(_Mistake(table.file, line, f"{column.name} {error}"))
        except (ValueError, KeyError) as error:
            notes.mistakes.append(_Mistake(table.file, line, _wrong(column, cell, error)))
        if dotted(cell) and column.kind in (MOMENT, DAY, SLOT):
            notes.guesses[_Guess(table.file, DOTTED)] += 1
    if len(notes.mistakes) > before:
        return None
    entry = table.entry(**values)
    if isinstance(entry, Break) and entry.last is not None and entry.last < entry.first:
        text = tr(
            "last is {last}, allowed: a day from {first} on (first), or nothing", last=entry.last, first=entry.first
        )
        notes.mistakes.append(_Mistake(table.file, line, text))
        return None
    if isinstance(entry, Run) and entry.km is None and entry.minutes is None:
        text = tr("neither distance_km nor duration_min is there, allowed: one of them, or both")
        notes.mistakes.append(_Mistake(table.file, line, text))
        return None
    return entry


def _placed(table: Table, at: Any, offset: str, notes: _Notes) -> Any:
    if at.tzinfo is None and notes.zone is not None:
        notes.guesses[_Guess(table.file, ZONELESS, notes.zone.key)] += 1
    return placed(at, offset, notes.zone)


def _wrong(column: Column, cell: str, error: Exception) -> str:
    """Return what is wrong with a cell; a mistake that names its column itself is about the one behind it."""
    if isinstance(error, Wrong):
        wrong = str(error)
    else:
        wrong = tr("is {cell}", cell=shown(cell)) if cell else tr("is empty")
    behind = isinstance(error, Wrong) and error.behind
    name = f"{column.name}{BEHIND}" if behind else column.name
    allowed = OFFSET.allowed if behind else column.kind.allowed
    if behind or column.optional:
        return tr("{column} {mistake}, allowed: {allowed}, or nothing", column=name, mistake=wrong, allowed=allowed)
    return tr("{column} {mistake}, allowed: {allowed}", column=name, mistake=wrong, allowed=allowed)


def _value(column: Column, cell: str, typed: bool) -> Any:
    return TYPED_NUMBER.read(cell) if typed and column.kind is NUMBER else column.kind.read(cell)


def _check_sessions(rows: Mapping[str, Rows], mistakes: list[_Mistake]) -> None:
    """Each number stands for one session, and each check that names one finds it.

    Sessions with a mistake aren't there to be found: then checks are looked at once that is put right.
    """
    right = not mistakes
    numbers: set[int] = set()
    for line, played in rows.get("sessions", ()):
        if played.id in numbers:
            text = tr("number {number} is there twice, allowed: another number for each", number=played.id)
            mistakes.append(_Mistake("sessions.csv", line, text))
        numbers.add(played.id)
    for line, check in rows.get("checks", ()):
        session = getattr(check, "session", None)
        if right and session is not None and session not in numbers:
            text = tr("there is no session {number}, allowed: a number of sessions.csv, or nothing", number=session)
            mistakes.append(_Mistake("checks.csv", line, text))


def _near(name: str, known: list[str]) -> str:
    """Return which of the names is meant, "" where none can be."""
    near = get_close_matches(name.lower(), known, n=1, cutoff=0)
    return near[0] if near else ""


def _all(mistakes: list[_Mistake], kind: type[EstimError]) -> EstimError:
    told = [one.told for one in mistakes[:MISTAKES_MAX]]
    more = mistakes[MISTAKES_MAX:]
    if more:
        told.append(tr("and {count} more: {places}", count=len(more), places=_lines(more)))
    return kind("\n".join((tr("nothing was read, put this right first:"), *told)), code=Exit.BAD_DATA)


def _lines(mistakes: list[_Mistake]) -> str:
    """Return where mistakes are: "pain.csv lines 7-9, 12"."""
    found: dict[str, set[int]] = {}
    for one in mistakes:
        found.setdefault(one.file, set()).update(() if one.line is None else (one.line,))
    told = []
    for file, lines in found.items():
        runs = [
            [line for _, line in some] for _, some in groupby(enumerate(sorted(lines)), lambda one: one[1] - one[0])
        ]
        named = ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
        where = tr_many("{file} line {lines}", "{file} lines {lines}", len(lines), file=file, lines=named)
        told.append(where if lines else file)
    return "; ".join(told)
