"""What a person keeps in the journal: read as a diary, written all or nothing, in the one thread that opened it.

Apart from the ledger, since who only reads a diary needs nothing of sessions that run.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from estim.core.days.diary import Diary, Entry, Played
from estim.core.errors import EstimError, Exit
from estim.journal.database import open_database, telling, transaction
from estim.journal.entries import enter, take_back, undo
from estim.journal.history import Details, read_details, read_diary
from estim.journal.imported import adopt


class Book:
    """An open database; `trouble` says why it can only be read. All methods raise EstimError: 73, or 78 if damaged."""

    def __init__(self, path: Path, db: sqlite3.Connection, trouble: str) -> None:
        self.trouble = trouble
        self._path = path
        self._db = db

    @classmethod
    def open(cls, path: Path) -> "Book":
        """Open or make it."""
        return cls(path, *open_database(path))

    def close(self) -> None:
        """Close it."""
        with telling(self._path):
            self._db.close()

    def diary(self, simulated: bool, since_utc: datetime | None, recent_utc: datetime | None = None) -> Diary:
        """Return what the journal holds from a moment on, all of it for None; see history.read_diary."""
        with telling(self._path, reading=True):
            return read_diary(self._db, simulated, since_utc, recent_utc)

    def session(self, number: int) -> Details | None:
        """Return everything about one session, None if there is none of that number."""
        with telling(self._path, reading=True):
            return read_details(self._db, number)

    def enter(self, entries: Sequence[Entry], written_utc: datetime) -> list[int]:
        """Write what a person says and return the numbers; on disk then."""
        self._check("nothing was written")
        with telling(self._path, "; nothing was written"), transaction(self._db):
            return [enter(self._db, entry, written_utc) for entry in entries]

    def adopt(
        self, sessions: Sequence[Played], entries: Sequence[Entry], numbers: Mapping[int, int], written_utc: datetime
    ) -> None:
        """Take in what another journal held; see adopting.adopt."""
        self._check("nothing was read in")
        with telling(self._path, "; nothing was read in"), transaction(self._db):
            adopt(self._db, sessions, entries, numbers, written_utc)

    def replace(self, numbers: Sequence[int], entries: Sequence[Entry], written_utc: datetime) -> None:
        """Take entries back and write others in their stead."""
        self._check("nothing was changed")
        with telling(self._path, "; nothing was changed"), transaction(self._db):
            for number in numbers:
                take_back(self._db, number, written_utc)
            for entry in entries:
                enter(self._db, entry, written_utc)

    def undo(self, undone_utc: datetime) -> Entry | None:
        """Take back the last thing that a person wrote and return it, None if there is nothing."""
        self._check("nothing was undone")
        with telling(self._path, "; nothing was undone"), transaction(self._db):
            return undo(self._db, undone_utc)

    def _check(self, then: str) -> None:
        if self.trouble:
            raise EstimError(f"{self.trouble}; {then}", code=Exit.CANT_CREATE)
