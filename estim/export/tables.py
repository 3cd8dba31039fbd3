"""Writes a journal as tables that a spreadsheet opens, and reads them back: RFC 4180, one file for each kind of entry.

1. What was written here is read back as it was, byte for byte, except that entries are numbered anew.
2. Columns may come in another order and rows too: they are put in order of time.
3. A spreadsheet may have put a byte order mark before it, and, where a comma is the decimal sign, semicolons between
   the cells. Then numbers are read as a person types them, and what can mean two things is a mistake.
4. All mistakes are told at once, up to MISTAKES_MAX; a journal with a mistake in it is not read at all.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from estim.core.days.diary import Break, Diary, Entry
from estim.core.errors import EstimError, Exit
from estim.export.cells import NUMBER, TYPED_NUMBER, Wrong, shown
from estim.export.columns import TABLES, Column, Table, moment_of, numbered

MISTAKES_MAX = 10
"""Mistakes that are told at once; the rest are counted."""

Rows = list[tuple[int, Entry]]
"""Entries with the line on which each begins."""


def to_csv(diary: Diary) -> dict[str, str]:
    """Return the text of every table by the name of its file; an empty table is a header only."""
    counted = numbered(diary)
    return {table.file: _written(table, counted) for table in TABLES}


def from_csv(files: Mapping[str, str]) -> Diary:
    """Return what the tables hold, by time, numbered from 1; a table that isn't there is empty.

    Raises one EstimError (65) that lists the mistakes, each with its file and line.
    """
    mistakes = _strange(files)
    rows = {table.name: _read(table, files[table.file], mistakes) for table in TABLES if table.file in files}
    _check_sessions(rows, mistakes)
    if mistakes:
        raise _all(mistakes)
    found: dict[str, Any] = {}
    for table in TABLES:
        entries = sorted((entry for _, entry in rows.get(table.name, ())), key=moment_of)
        if table.name != "sessions":  # those keep theirs until the checks have followed them to the new ones
            entries = [replace(entry, id=number) for number, entry in enumerate(entries, 1)]
        found[table.field] = tuple(entries)
    return numbered(Diary(**found))


def _written(table: Table, diary: Diary) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(column.name for column in table.columns)
    for entry in table.of(diary):
        writer.writerow(_cell(column, column.of(entry)) for column in table.columns)
    return text.getvalue()


def _cell(column: Column, value: Any) -> str:
    return "" if value is None else column.kind.write(value)


def _strange(files: Mapping[str, str]) -> list[str]:
    known = [table.file for table in TABLES]
    return [
        f"{name}: is no table of a journal{_meant(name, known)}, allowed: {', '.join(known)}"
        for name in files
        if name not in known
    ]


def _read(table: Table, text: str, mistakes: list[str]) -> Rows:
    """Read a table as far as it can be read."""
    whole = text.removeprefix("\ufeff")
    between = _between(whole)
    reader = csv.reader(io.StringIO(whole, newline=""), delimiter=between, strict=True)
    records = _records(reader)
    rows: Rows = []
    try:
        line, header = next(records, (1, []))
        columns = _columns(table, line, header, mistakes)
        if columns is None:
            return rows
        for line, cells in records:
            entry = _entry(table, line, columns, cells, mistakes, typed=between == ";")
            if entry is not None:
                rows.append((line, entry))
    except csv.Error as error:
        mistakes.append(
            f"{table.file} line {max(reader.line_num, 1)}: {error}, allowed: cells with commas between them, "
            'in double quotes if they hold a comma, a new line or a double quote (that one written twice: "")'
        )
    return rows


def _between(text: str) -> str:
    """Return what stands between the cells, by the header and the first row: no name of a column holds either sign."""
    header, row, *_ = (*(line for line in text.split("\n", 20) if line.strip()), "", ";")
    return ";" if header.count(";") > header.count(",") and ";" in (row or ";") else ","


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line on which it begins; empty lines are none."""
    line = 1
    for cells in reader:
        if cells:
            yield line, cells
        line = reader.line_num + 1


def _columns(table: Table, line: int, header: list[str], mistakes: list[str]) -> list[Column] | None:
    """Return the columns in the order of the file, None if they aren't those of the table."""
    by_name = {column.name: column for column in table.columns}
    strange = [name for name in header if name not in by_name]
    missing = [name for name in by_name if name not in header]
    where = f"{table.file} line {line}"
    allowed = f"allowed: {','.join(by_name)}"
    if not header:
        mistakes.append(f"{where}: there is no header, {allowed}")
    elif strange:
        mistakes += [f"{where}: there is no column {shown(name)}{_meant(name, missing)}, {allowed}" for name in strange]
    elif missing:
        mistakes.append(f"{where}: the column {', '.join(missing)} is missing, {allowed}")
    elif len(header) > len(by_name):
        doubled = next(name for name in header if header.count(name) > 1)
        mistakes.append(f"{where}: the column {doubled} is there twice, {allowed}")
    else:
        return [by_name[name] for name in header]
    return None


def _entry(
    table: Table, line: int, columns: list[Column], cells: list[str], mistakes: list[str], *, typed: bool
) -> Entry | None:
    where = f"{table.file} line {line}"
    if len(cells) != len(columns):
        mistakes.append(f"{where}: there are {len(cells)} cells, allowed: {len(columns)}, one for each column")
        return None
    values: dict[str, Any] = {}
    before = len(mistakes)
    for column, cell in zip(columns, cells, strict=True):
        try:
            values[column.field or column.name] = None if column.optional and not cell else _value(column, cell, typed)
        except (ValueError, KeyError) as error:
            wrong = str(error) if isinstance(error, Wrong) else f"is {shown(cell)}" if cell else "is empty"
            or_empty = ", or nothing" if column.optional else ""
            mistakes.append(f"{where}: {column.name} {wrong}, allowed: {column.kind.allowed}{or_empty}")
    if len(mistakes) > before:
        return None
    entry = table.entry(**values)
    if isinstance(entry, Break) and entry.last is not None and entry.last < entry.first:
        mistakes.append(f"{where}: last is {entry.last}, allowed: a day from {entry.first} on (first), or nothing")
        return None
    return entry


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


def _all(mistakes: list[str]) -> EstimError:
    told = mistakes[:MISTAKES_MAX]
    more = len(mistakes) - len(told)
    if more:
        told.append(f"and {more} more")
    return EstimError("\n".join(("nothing was read, put this right first:", *told)), code=Exit.BAD_DATA)
