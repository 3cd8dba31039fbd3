"""Prints what a verb has to say: lines for a person, or JSON lines with a schema for a script, on stdout."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estim.cli.flags import Flags

VERSION = 1


def plain(value: object) -> object:
    """Return a value as JSON can hold it; moments and days as ISO text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


def tell(flags: "Flags", schema: str, text: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Print `text`, or with --json the rows, one line each."""
    if not flags.as_json:
        if text:
            sys.stdout.write(text.rstrip("\n") + "\n")
        return
    for row in rows:
        line = {"schema": f"estim.{schema}", "version": VERSION, **{key: plain(value) for key, value in row.items()}}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def wrapped(lines: Iterable[str]) -> list[str]:
    """Wrap lines at the terminal's width (80 without one), each under its own beginning."""
    import shutil
    import textwrap

    width = max(40, shutil.get_terminal_size((80, 24)).columns)
    found: list[str] = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip(" ")) + 4)
        found += textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [""]
    return found
