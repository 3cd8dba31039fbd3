"""One line typed at a home, in this process: what came out, and with which exit code."""

import io
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, TextIO, cast

import pytest

from estim.cli.main import main

GUARD_S = 30.0
"""A host that doesn't leave is left behind after this, and its test fails: in real seconds."""

LOOK_S = 0.05
"""How often it is looked whether it has gone, s."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a line said."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def typed(home: Path, *words: str) -> int:
    """Type one line; return its exit code."""
    with pytest.raises(SystemExit) as end:
        main(["--home", str(home), *words])
    return int(end.value.code or 0)


@contextmanager
def short_home() -> Iterator[Path]:
    """Give a home whose path is short enough for a socket, and remove it when the last host there has ended.

    A host that was started for a line lives on for a moment after it, and puts its files away.
    """
    home = Path(tempfile.mkdtemp(prefix="estim-", dir="/tmp"))
    yield home
    pause = Event()
    for _ in range(int(GUARD_S / LOOK_S)):
        if not _lives_in(home):
            break
        pause.wait(LOOK_S)
    shutil.rmtree(home)


def _lives_in(home: Path) -> bool:
    """Say whether a process has this home on its command line: it is found also where a test has spoiled its lock."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if str(home).encode() in line.read_bytes():
                return True
    return False


class Kept(io.TextIOWrapper):
    """A stream as Python makes one for a file, in an encoding, whose bytes stay here."""

    def __init__(self, encoding: str, sent: bytes = b"") -> None:
        super().__init__(io.BytesIO(sent), encoding=encoding, errors="strict")

    @property
    def written(self) -> bytes:
        """What was written to it."""
        self.flush()
        return cast("io.BytesIO", self.buffer).getvalue()


@contextmanager
def gone(what: str) -> Iterator[TextIO | None]:
    """Give an output that takes nothing: `full` (a disk), `unread` (its reader has left), or `missing`.

    It is a real file: what is still in hand for it fails when it is closed, as at Python's own end.
    """
    match what:
        case "full":
            with Path("/dev/full").open("w", encoding="utf-8") as full:
                yield full
        case "unread":
            reading, writing = os.pipe()
            os.close(reading)
            with os.fdopen(writing, "w", encoding="utf-8") as unread:
                yield unread
        case _:
            yield None


@contextmanager
def streams(out: TextIO | None, err: TextIO | None) -> Iterator[None]:
    """Let a line that is typed in here write to these streams."""
    before = (sys.stdout, sys.stderr)
    sys.stdout = cast("TextIO", out)
    sys.stderr = cast("TextIO", err)
    try:
        yield
    finally:
        sys.stdout = before[0]
        sys.stderr = before[1]


class Person:
    """Somebody who types."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys

    def types(self, *words: str, json_: bool = False, stdin: bytes = b"") -> Said:
        """Type one line; `stdin` is what comes through a pipe in front of it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", Kept("utf-8", stdin))
            code = typed(self.home, "--no-input", *(["--json"] if json_ else []), *words)
        out, err = self._capsys.readouterr()
        return Said(code, out, err)

    def counts(self) -> dict[str, int]:
        """Count the rows of every table, as a foreign reader does."""
        path = self.home / "log.sqlite"
        if not path.exists():
            return {}
        with closing(sqlite3.connect(path)) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
