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
from dataclasses import MISSING, dataclass, field, fields, replace
from difflib import get_close_matches
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from estim.core.days.diary import Break, Diary, Entry, Run
from estim.core.errors import EstimError, Exit
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


@dataclass(frozen=True, slots=True)
class Read:
    """What tables held, and in sentences what had to be guessed to read them."""

    diary: Diary
    guesses: tuple[str, ...]


@dataclass(slots=True)
class _Notes:
    """What is noticed on the way: mistakes in order, and how often something was guessed, by file and sentence."""

    zone: ZoneInfo | None
    mistakes: list[str] = field(default_factory=list)
    guesses: Counter[str] = field(default_factory=Counter)
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


def _told(guess: str, count: int) -> str:
    return guess.format(count=f"{count} cell" if count == 1 else f"{count} cells")


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


def _strange(files: Mapping[str, str]) -> list[str]:
    known = [table.file for table in TABLES]
    return [
        f"{name} isn't a table of a journal{_meant(name, known)}, allowed: {', '.join(known)}"
        for name in files
        if name not in known
    ]


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
            notes.guesses[f"{table.file}: semicolons between the cells, so a comma is a decimal sign"] += 1
        for line, cells in records:
            entry = _entry(table, line, places, cells, notes, typed=between == ";")
            if entry is not None:
                rows.append((line, entry))
    except csv.Error as error:
        notes.mistakes.append(
            f"{table.file} line {max(reader.line_num, 1)}: {error}, allowed: cells with commas between them, "
            'in double quotes if they hold a comma, a new line or a double quote (that one written twice: "")'
        )
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
    needed = [column.name for column in table.columns if _otherwise(table, column) is MISSING]
    named = [name for name in header if name]
    strange = [name for name in named if name not in allowed]
    missing = [name for name in needed if name not in named]
    doubled = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    where = f"{table.file} line {line}"
    told = f"allowed: {','.join(allowed)}"
    if not named:
        notes.mistakes.append(f"{where}: there is no header, {told}")
    elif strange:
        absent = [name for name in allowed if name not in named]
        notes.mistakes += [
            f"{where}: there is no column {shown(name)}{_meant(name, absent)}, {told}" for name in strange
        ]
    elif missing:
        notes.mistakes.append(f"{where}: the column {', '.join(missing)} is missing, {told}")
    elif doubled:
        notes.mistakes.append(f"{where}: the column {doubled[0]} is there twice, {told}")
    else:
        for column in table.columns:
            if column.name not in named and not column.later:
                notes.guesses[f"{table.file}: there is no column {column.name}, taken as empty"] += 1
        return {name: header.index(name) for name in named}
    return None


def _otherwise(table: Table, column: Column) -> Any:
    """Return what an entry has where its column isn't there, MISSING if it can't be without."""
    if column.optional:
        return None
    name = column.field or column.name
    found = next(one for one in fields(table.entry) if one.name == name)
    return found.default if found.default_factory is MISSING else found.default_factory()


def _entry(
    table: Table, line: int, places: Mapping[str, int], cells: list[str], notes: _Notes, *, typed: bool
) -> Entry | None:
    where = f"{table.file} line {line}"
    wide = max(places.values()) + 1
    if len(cells) < wide or any(cells[wide:]):
        notes.mistakes.append(f"{where}: there are {len(cells)} cells, allowed: {wide}, one for each column")
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
            notes.mistakes.append(f"{where}: {column.name} {error}")
        except (ValueError, KeyError) as error:
            notes.mistakes.append(f"{where}: {_wrong(column, cell, error)}")
        if dotted(cell) and column.kind in (MOMENT, DAY, SLOT):
            notes.guesses[f"{table.file}: {{count}} written like 10.06.2026, read as day.month.year"] += 1
    if len(notes.mistakes) > before:
        return None
    entry = table.entry(**values)
    if isinstance(entry, Break) and entry.last is not None and entry.last < entry.first:
        notes.mistakes.append(
            f"{where}: last is {entry.last}, allowed: a day from {entry.first} on (first), or nothing"
        )
        return None
    if isinstance(entry, Run) and entry.km is None and entry.minutes is None:
        notes.mistakes.append(f"{where}: neither distance_km nor duration_min is there, allowed: one of them, or both")
        return None
    return entry


def _placed(table: Table, at: Any, offset: str, notes: _Notes) -> Any:
    if at.tzinfo is None and notes.zone is not None:
        notes.guesses[f"{table.file}: {{count}} without an offset, read as time in {notes.zone.key}"] += 1
    return placed(at, offset, notes.zone)


def _wrong(column: Column, cell: str, error: Exception) -> str:
    """Return what is wrong with a cell; a mistake that names its column itself is about the one behind it."""
    wrong = str(error) if isinstance(error, Wrong) else f"is {shown(cell)}" if cell else "is empty"
    or_empty = ", or nothing" if column.optional else ""
    if isinstance(error, Wrong) and error.behind:
        return f"{column.name}{BEHIND} {wrong}, allowed: {OFFSET.allowed}, or nothing"
    return f"{column.name} {wrong}, allowed: {column.kind.allowed}{or_empty}"


def _value(column: Column, cell: str, typed: bool) -> Any:
    return TYPED_NUMBER.read(cell) if typed and column.kind is NUMBER else column.kind.read(cell)


def _check_sessions(rows: Mapping[str, Rows], mistakes: list[str]) -> None:
    """Each number stands for one session, and each check that names one finds it.

    Sessions with a mistake aren't there to be found: then checks are looked at once that is put right.
    """
    right = not mistakes
    numbers: set[int] = set()
    for line, played in rows.get("sessions", ()):
        if played.id in numbers:
            mistakes.append(
                f"sessions.csv line {line}: number {played.id} is there twice, allowed: another number for each"
            )
        numbers.add(played.id)
    for line, check in rows.get("checks", ()):
        session = getattr(check, "session", None)
        if right and session is not None and session not in numbers:
            mistakes.append(
                f"checks.csv line {line}: there is no session {session}, allowed: a number of sessions.csv, or nothing"
            )


def _meant(name: str, known: list[str]) -> str:
    near = get_close_matches(name.lower(), known, n=1, cutoff=0)
    return f" (is {near[0]} meant?)" if near else ""


def _all(mistakes: list[str], kind: type[EstimError]) -> EstimError:
    told = mistakes[:MISTAKES_MAX]
    more = mistakes[MISTAKES_MAX:]
    if more:
        told.append(f"and {len(more)} more: {_lines(more)}")
    return kind("\n".join(("nothing was read, put this right first:", *told)), code=Exit.BAD_DATA)


def _lines(mistakes: list[str]) -> str:
    """Return where mistakes are: "pain.csv lines 7-9, 12"."""
    found: dict[str, list[int]] = {}
    for mistake in mistakes:
        file, _, line = mistake.partition(":")[0].partition(" line ")
        found.setdefault(file, []).extend([int(line)] if line else [])
    told = []
    for file, lines in found.items():
        runs = [
            [line for _, line in some]
            for _, some in groupby(enumerate(sorted(set(lines))), lambda one: one[1] - one[0])
        ]
        named = ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
        told.append(f"{file} line{'s' if len(set(lines)) > 1 else ''} {named}".strip() if lines else file)
    return "; ".join(told)
