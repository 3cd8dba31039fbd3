"""One line typed at a home, in this process: what came out, and with which exit code."""

import io
import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from estim.cli.main import main


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


class Person:
    """Somebody who types."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys

    def types(self, *words: str, json_: bool = False, stdin: bytes = b"") -> Said:
        """Type one line; `stdin` is what comes through a pipe in front of it."""
        line = ["--home", str(self.home), "--no-input", *(["--json"] if json_ else []), *words]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            with pytest.raises(SystemExit) as end:
                main(line)
        out, err = self._capsys.readouterr()
        return Said(int(end.value.code or 0), out, err)

    def counts(self) -> dict[str, int]:
        """Count the rows of every table, as a foreign reader does."""
        path = self.home / "log.sqlite"
        if not path.exists():
            return {}
        with closing(sqlite3.connect(path)) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
