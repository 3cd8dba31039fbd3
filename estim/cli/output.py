"""Everything that the command line prints: lines for a person, notes and errors beside them, JSON lines for a script.

1. What is for a person goes out by `say` (stdout) and `note` (stderr), what is for either by `tell`; no other file of
   the command line writes to a stream, and the guard in front of both (estim.terminal) lets nothing steer a terminal
   and no encoding fail.
2. Every JSON line says first which `schema` it follows, and in which `version`.
3. A stream that is missing, closed or full, or whose reader has gone, is met in `printed` and `note`: a note that can't
   be written is left out, and any other output that can't be written is told by the exit code.
"""

import errno
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from estim.core.errors import Exit
from estim.core.translation import tr
from estim.terminal import UNREAD, finish, guarded, inked, look_away, steer

if TYPE_CHECKING:
    from estim.cli.flags import Flags

VERSION = 1

_PLAIN = frozenset({str, int, float, bool, type(None)})

_LOST = frozenset({errno.ENOSPC, errno.EIO, errno.EBADF})
"""What the system says of an output that takes nothing: a disk that is full or broken, a stream that is closed."""


def printed(work: Callable[[], int], *, a_stop: bool) -> int:
    """Do what prints, behind the guard, and return its exit code.

    A stop's code tells of the unit only; any other tells of words that could not be written too.
    """
    streams = (sys.stdout, sys.stderr)
    sys.stdout = guarded(sys.stdout)
    sys.stderr = guarded(sys.stderr)
    try:
        try:
            code = work()
        except OSError as error:
            if not isinstance(error, BrokenPipeError) and (error.filename is not None or error.errno not in _LOST):
                raise
            code = _unwritten(error)
        failed = finish()
        if failed is not None and code == Exit.DONE and not a_stop:
            code = _unwritten(failed)
    finally:
        for stream, before in zip((sys.stdout, sys.stderr), streams, strict=True):
            if before is None:
                stream.close()
        sys.stdout = streams[0]
        sys.stderr = streams[1]
    return code


def _unwritten(error: OSError) -> int:
    """Return the code for output that went nowhere: quietly if its reader has gone."""
    if isinstance(error, BrokenPipeError):
        return UNREAD
    complain(tr("the output can't be written: {why}", why=error.strerror or error))
    return Exit.CANT_CREATE


def say(text: str) -> None:
    """Write lines for a person."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Write a line beside what was asked for; where nobody can read it, it is left out, and nothing else changes."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        look_away(sys.stderr)


def complain(text: str) -> None:
    """Write what went wrong."""
    note(f"estim: {text}")  # untranslated: the program's name


def line_of(schema: str, row: Mapping[str, object]) -> str:
    """Return one JSON line, which says what it is first."""
    told = {"schema": f"estim.{schema}", "version": VERSION, **{key: plain(value) for key, value in row.items()}}
    return json.dumps(told, ensure_ascii=False) + "\n"


def tell_row(schema: str, row: Mapping[str, object]) -> None:
    """Write one JSON line."""
    sys.stdout.write(line_of(schema, row))


def tell_encoded(schema: str, told: bytes) -> None:
    """Write an object that is JSON already as such a line, at once."""
    row = told.decode().removeprefix("{")
    sys.stdout.write(f'{{"schema":"estim.{schema}","version":{VERSION},{row}\n')  # untranslated: JSON
    sys.stdout.flush()


def tell(flags: "Flags", schema: str, text: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Print `text`, or with --json the rows, one line each."""
    if not flags.as_json:
        if text:
            say(text.rstrip("\n"))
        return
    for row in rows:
        tell_row(schema, row)


def outlet() -> TextIO:
    """Return where lines for a person go, for what is drawn over itself there; raises OSError as any stream does."""
    return sys.stdout


def draw(text: str) -> None:
    """Write a text with our own colours."""
    steer(sys.stdout, inked(text))


def is_watched() -> bool:
    """Say whether notes go to a terminal."""
    return sys.stderr.isatty()


def overdraw(signs: str) -> None:
    """Write signs of our own that move the cursor, beside what was asked for."""
    steer(sys.stderr, signs)
    sys.stderr.flush()


class Redrawn:
    """A picture on stdout, a terminal, that is drawn over itself."""

    def __init__(self) -> None:
        self._before = 0

    @property
    def lines_max(self) -> int:
        """Return how many lines the terminal shows at once."""
        import shutil

        return max(6, shutil.get_terminal_size((80, 24)).lines - 1)

    def draw(self, lines: Iterable[str]) -> None:
        """Draw it; a line that is wider than the terminal is cut, since one that wraps would be two to draw over."""
        import shutil

        columns = max(20, shutil.get_terminal_size((80, 24)).columns - 1)
        cut = [line[:columns] for line in lines][: self.lines_max]
        if self._before:
            steer(sys.stdout, f"\x1b[{self._before}F\x1b[J")
        say("\n".join(cut))
        self._before = len(cut)
        sys.stdout.flush()


def flush() -> None:
    """Send on its way what was written: who reads it may wait for it, or leave; raises OSError as the stream does."""
    sys.stdout.flush()


def unread() -> None:
    """Write nothing more to stdout, not even when Python empties its buffers at the end: nobody can read it."""
    look_away(sys.stdout)


def plain(value: object) -> object:
    """Return a value as JSON can hold it; moments and days as ISO text."""
    if type(value) in _PLAIN:
        return value
    from datetime import date, datetime

    if isinstance(value, Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
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
