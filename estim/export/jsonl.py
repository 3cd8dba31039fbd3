"""Writes a journal as lines of JSON, one entry a line, for programs: all kinds together, in order of time.

The names are those of the tables (columns.py), the types those of JSON: a list is a list, and what isn't known is
null.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from estim.core.days.diary import Diary, Entry
from estim.export.columns import Table, entries_of, moment_of, numbered

SCHEMA = "estim.entry"
VERSION = 1
"""Goes up when a name or its meaning changes; a new name alone doesn't count."""


def to_jsonl(diary: Diary) -> str:
    """Return one JSON object a line; entries of one moment come in the order of the tables."""
    entries = sorted(entries_of(numbered(diary)), key=lambda pair: moment_of(pair[1]))
    return "".join(f"{_line(table, entry)}\n" for table, entry in entries)


def _line(table: Table, entry: Entry) -> str:
    head = {"schema": SCHEMA, "version": VERSION, "table": table.name}
    return json.dumps(
        head | {column.name: _plain(column.of(entry)) for column in table.columns}, ensure_ascii=False, allow_nan=False
    )


def _plain(value: Any) -> Any:
    match value:
        case date():  # a moment is one too
            return value.isoformat()
        case tuple():
            return list(value)
        case Mapping():
            return dict(value)
        case _:
            return value
