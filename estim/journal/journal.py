"""The journal, opened: read as a diary, written all or nothing, in the one thread that opened it.

Apart from the table of sessions, since who only reads a diary needs nothing of sessions that run.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from estim.core.days.diary import Diary, Entry, Played
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark
from estim.journal import by_hand
from estim.journal.database import NOTHING_WRITTEN, followed, open_database, telling, transaction
from estim.journal.entries_table import enter, last_act, last_written, take_back, undo
from estim.journal.imported import adopt
from estim.journal.reader import Details, Rang, has_entries, has_sessions, read_alarms, read_details, read_diary


class Journal:
    """An open journal; `trouble` says why it can only be read. All methods raise EstimError: 73, or 78 if damaged."""

    def __init__(self, path: Path, db: sqlite3.Connection, trouble: str) -> None:
        self.path = path
        self.db = db
        self.trouble = trouble

    @classmethod
    def open(cls, path: Path) -> "Journal":
        """Open or make it."""
        return cls(path, *open_database(path))

    def close(self) -> None:
        with telling(self.path):
            self.db.close()

    def diary(self, simulated: bool, since_utc: datetime | None, recent_utc: datetime | None = None) -> Diary:
        """Return what the journal holds from a moment on, all of it for None; see reader.read_diary."""
        with telling(self.path, reading=True):
            return read_diary(self.db, simulated, since_utc, recent_utc)

    @property
    def played(self) -> bool:
        """Whether there is a session with a real unit in it."""
        with telling(self.path, reading=True):
            return has_sessions(self.db)

    @property
    def written(self) -> bool:
        """Whether a person wrote anything down in it."""
        with telling(self.path, reading=True):
            return has_entries(self.db)

    def session(self, number: int) -> Details | None:
        """Return everything about one session, None if there is none of that number."""
        with telling(self.path, reading=True):
            return read_details(self.db, number)

    def alarms(self) -> tuple[Rang, ...]:
        """Return the last alarms, newest first."""
        with telling(self.path, reading=True):
            return read_alarms(self.db)

    def enter(self, entries: Sequence[Entry], written_utc: datetime) -> list[int]:
        """Write what a person says and return the numbers; on disk then."""
        self._check(NOTHING_WRITTEN)
        with telling(self.path, NOTHING_WRITTEN), transaction(self.db):
            return [enter(self.db, entry, written_utc) for entry in entries]

    def log_by_hand(self, session: Played, now: datetime) -> int:
        """Write down a session that a unit played by itself and return its number; raises EstimError (77) too."""
        self._check(NOTHING_WRITTEN)
        with telling(self.path, NOTHING_WRITTEN), transaction(self.db):
            return by_hand.insert(self.db, session, now)

    def adopt(
        self, sessions: Sequence[Played], entries: Sequence[Entry], numbers: Mapping[int, int], written_utc: datetime
    ) -> None:
        """Take in what another journal held; see imported.adopt."""
        self._check(mark("nothing was read in"))
        with telling(self.path, mark("nothing was read in")), transaction(self.db):
            adopt(self.db, sessions, entries, numbers, written_utc)

    def replace(self, numbers: Sequence[int], entries: Sequence[Entry], written_utc: datetime) -> None:
        """Take entries back and write others in their stead."""
        self._check(mark("nothing was changed"))
        with telling(self.path, mark("nothing was changed")), transaction(self.db):
            for number in numbers:
                take_back(self.db, number, written_utc)
            for entry in entries:
                enter(self.db, entry, written_utc)

    def last_act(self) -> tuple[Entry, ...]:
        """Return what `undo` would take back. Raises EstimError (77) for what forbids something."""
        with telling(self.path, reading=True):
            return by_hand.last_act(self.db, last_written(self.db)) or tuple(entry for _, entry in last_act(self.db))

    def undo(self, undone_utc: datetime) -> tuple[Entry, ...]:
        """Take back the last thing that a person did and return its entries, none if there is nothing.

        Raises EstimError: 73 if it can't be written, 77 for what forbids something.
        """
        self._check(mark("nothing was undone"))
        with telling(self.path, mark("nothing was undone")), transaction(self.db):
            return by_hand.undo(self.db, last_written(self.db), undone_utc) or undo(self.db, undone_utc)

    def _check(self, then: str) -> None:
        if self.trouble:
            raise EstimError(followed(self.trouble, then), code=Exit.CANT_CREATE)
