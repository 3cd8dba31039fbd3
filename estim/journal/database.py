"""The journal's file: opening, schema, migrations, transactions, and what goes wrong with a disk said in words.

1. The schema only grows by migrations, each with its number and in one transaction.
2. A database that is newer than this program is refused; so is one that isn't estim's.
3. What is there but can't be written is opened for reading: a session that was left open must be found on a full disk
   too, to be stopped.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from estim.config.files import sync_folder
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text

BEAT_S = 5.0
"""How often a session that lives is written down: a host that died did so at most this long after the last time."""

LOCK_TIMEOUT_S = 5.0
"""Longest wait for another process that writes to the same database."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE session (
            id INTEGER PRIMARY KEY AUTOINCREMENT, program TEXT NOT NULL, unit TEXT NOT NULL, address TEXT NOT NULL,
            family TEXT NOT NULL, simulated INTEGER NOT NULL, started_utc TEXT NOT NULL, start_mono_s REAL NOT NULL,
            length_s REAL NOT NULL, beat_utc TEXT NOT NULL, on_until_utc TEXT, output_s REAL NOT NULL DEFAULT 0,
            ended_utc TEXT, reason TEXT, duration_s REAL, level_max TEXT, level_end TEXT, stop_confirmed INTEGER,
            message TEXT)""",
        "CREATE INDEX session_open ON session (id) WHERE ended_utc IS NULL",
        "CREATE INDEX session_started ON session (started_utc)",
        """CREATE TABLE session_site (
            session INTEGER NOT NULL REFERENCES session, site TEXT NOT NULL, PRIMARY KEY (session, site))
            WITHOUT ROWID""",
        """CREATE TABLE level_change (
            session INTEGER NOT NULL REFERENCES session, at_s REAL NOT NULL, channel TEXT NOT NULL,
            level INTEGER NOT NULL, author TEXT NOT NULL)""",
        """CREATE TABLE alarm (
            session INTEGER REFERENCES session, at_utc TEXT NOT NULL, priority TEXT NOT NULL, text TEXT NOT NULL,
            remedy TEXT NOT NULL)""",
        "CREATE TABLE override (session INTEGER NOT NULL REFERENCES session, gate TEXT NOT NULL, text TEXT NOT NULL)",
        "CREATE TABLE warning (session INTEGER NOT NULL REFERENCES session, text TEXT NOT NULL)",
        """CREATE TABLE carried (
            id INTEGER PRIMARY KEY AUTOINCREMENT, unit TEXT NOT NULL, at_utc TEXT NOT NULL, mono_s REAL NOT NULL,
            way TEXT NOT NULL, endpoint TEXT NOT NULL, data BLOB NOT NULL)""",
        "CREATE INDEX carried_unit ON carried (unit, id)",
    ),
    (
        # what a person writes down: one row in entry, for time, order and undoing, and one in a table of its kind
        "ALTER TABLE session ADD COLUMN offset_s INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE session ADD COLUMN goal TEXT",
        # of another journal: told to the end, so nothing of it is reckoned or recovered here
        "ALTER TABLE session ADD COLUMN imported INTEGER NOT NULL DEFAULT 0",
        """CREATE TABLE entry (
            id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, at_utc TEXT NOT NULL, offset_s INTEGER NOT NULL,
            written_utc TEXT NOT NULL, undone_utc TEXT)""",
        "CREATE INDEX entry_at ON entry (kind, at_utc)",
        """CREATE TABLE pain (
            entry INTEGER PRIMARY KEY REFERENCES entry, score INTEGER NOT NULL CHECK (score BETWEEN 0 AND 10),
            pain_when TEXT NOT NULL, note TEXT NOT NULL)""",
        """CREATE TABLE run (
            entry INTEGER PRIMARY KEY REFERENCES entry, km REAL NOT NULL CHECK (km >= 0), minutes REAL,
            pain INTEGER CHECK (pain BETWEEN 0 AND 10), note TEXT NOT NULL)""",
        """CREATE TABLE check_in (
            entry INTEGER PRIMARY KEY REFERENCES entry, topic TEXT NOT NULL, about TEXT NOT NULL, answer TEXT NOT NULL,
            session INTEGER, note TEXT NOT NULL)""",
        "CREATE TABLE pads (entry INTEGER PRIMARY KEY REFERENCES entry, note TEXT NOT NULL)",
        "CREATE TABLE note (entry INTEGER PRIMARY KEY REFERENCES entry, text TEXT NOT NULL)",
        "CREATE TABLE mark (entry INTEGER PRIMARY KEY REFERENCES entry, slot TEXT NOT NULL, what TEXT NOT NULL)",
        """CREATE TABLE break (
            entry INTEGER PRIMARY KEY REFERENCES entry, first TEXT NOT NULL, last TEXT, holiday INTEGER NOT NULL)""",
        "CREATE TABLE regime (entry INTEGER PRIMARY KEY REFERENCES entry, rules TEXT NOT NULL, zone TEXT NOT NULL)",
    ),
    (
        # a session has ended when its host says so, and is settled when its unit can't be on any more
        "ALTER TABLE session ADD COLUMN settled_utc TEXT",
        "ALTER TABLE session ADD COLUMN profile TEXT NOT NULL DEFAULT ''",
        "UPDATE session SET settled_utc = coalesce(ended_utc, started_utc) WHERE ended_utc IS NOT NULL OR imported = 1",
        "DROP INDEX session_open",
        "CREATE INDEX session_unsettled ON session (id) WHERE settled_utc IS NULL",
    ),
    (
        # how long its program usually lasted then: what a slot asks for, however short a session was ordered
        "ALTER TABLE session ADD COLUMN usual_s REAL",
    ),
    (
        # which pair of shoes was worn
        "ALTER TABLE run ADD COLUMN shoes TEXT NOT NULL DEFAULT ''",
    ),
    (
        "ALTER TABLE pain ADD COLUMN stiffness_min REAL",
        "ALTER TABLE pain ADD COLUMN side TEXT",
        # a run may be known by its minutes alone: SQLite can't take a NOT NULL back, so its km are 0 and unknown then
        "ALTER TABLE run ADD COLUMN km_known INTEGER NOT NULL DEFAULT 1",
        # a unit that played by itself: when the person wrote that down (else NULL), and when they took it back
        "ALTER TABLE session ADD COLUMN by_hand_utc TEXT",
        "ALTER TABLE session ADD COLUMN undone_utc TEXT",
    ),
)


def open_database(path: Path) -> tuple[sqlite3.Connection, str]:
    """Open or make the database and bring it to the present schema.

    With it comes the sentence why it can only be read, empty if it can be written. Raises EstimError: 73 if there is
    nothing and nothing can be made, 78 if the database is newer than this program or none of estim's.
    """
    try:
        with telling(path):
            return _open_to_write(path), ""
    except EstimError as error:
        if error.code is not Exit.CANT_CREATE or not path.is_file():
            raise
        return _open_to_read(path, error), error.text


def _open_to_write(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)  # what a person had done to the skin is nobody else's business
    db = sqlite3.connect(path, timeout=LOCK_TIMEOUT_S, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")
        _migrate(path, db)
        sync_folder(path.parent)  # SQLite syncs what is in its files; that they exist is on us
    except (sqlite3.Error, EstimError, OSError):
        db.close()
        raise
    return db


def _open_to_read(path: Path, trouble: EstimError) -> sqlite3.Connection:
    """Try what needs the least: first without the shared-memory file that a full disk has no room for.

    Only a file with no write-ahead log beside it may be taken as it is: else the last rows would be missing in it.
    """
    logged = path.with_name(path.name + "-wal").exists()
    for mode, locking in (("rw", "EXCLUSIVE"), ("ro", "NORMAL"), ("ro&immutable=1", "NORMAL"))[: 2 if logged else 3]:
        try:
            db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)
        except sqlite3.Error:  # the right to read it is missing
            continue
        try:
            db.execute(f"PRAGMA locking_mode = {locking}")
            version = _version(path, db)
        except sqlite3.Error:
            db.close()
            continue
        if version == len(MIGRATIONS):
            return db
        db.close()
    raise trouble


def _migrate(path: Path, db: sqlite3.Connection) -> None:
    if _version(path, db) == len(MIGRATIONS):
        return
    with transaction(db):
        db.execute("CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY)")
        for version in range(_version(path, db), len(MIGRATIONS)):  # asked again: another process may have been first
            for statement in MIGRATIONS[version]:
                db.execute(statement)
            db.execute("INSERT INTO migration VALUES (?)", (version + 1,))


def _version(path: Path, db: sqlite3.Connection) -> int:
    known = db.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migration'").fetchone()[0]
    version: int = db.execute("SELECT coalesce(max(version), 0) FROM migration").fetchone()[0] if known else 0
    if version > len(MIGRATIONS):
        raise EstimError(
            tr(
                "{path} was written by a newer estim (journal version {version}, this one knows {known}): update "
                "estim, or choose another --home",
                path=path,
                version=version,
                known=len(MIGRATIONS),
            ),
            code=Exit.CONFIG,
        )
    return version


def remove_database(path: Path) -> None:
    """Remove a database with its write-ahead log; raises EstimError (73)."""
    try:
        for name in (path.name, path.name + "-wal", path.name + "-shm"):
            path.with_name(name).unlink(missing_ok=True)
    except OSError as error:
        text = tr("can't remove {path}: {why}", path=path, why=error.strerror or error)
        raise EstimError(text, code=Exit.CANT_CREATE) from error


def stamp(at: datetime) -> str:
    """Return a moment as text: UTC, to the millisecond, so that the order as text is the order in time."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(text: str) -> datetime:
    """Return the moment of a text that stamp() made."""
    return datetime.fromisoformat(text)


@contextmanager
def transaction(db: sqlite3.Connection, *, durable: bool = True) -> Iterator[None]:
    """All of it or nothing; `durable`: on disk when it is over, else a power cut may take it back, a kill never."""
    db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:  # a statement or the commit failed
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")


@contextmanager
def telling(path: Path, then: str = "", *, reading: bool = False) -> Iterator[None]:
    """Turn what SQLite says into a sentence with its exit code; `then` says what follows from it, a marked clause."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            text = tr(
                "{path} is damaged, or isn't a journal of estim ({why}): move it away, a new one is made then",
                path=path,
                why=error,
            )
            raise EstimError(text, code=Exit.CONFIG) from error
        why = next((tr_text(words) for start, words in _CAUSES if name.startswith(start)), str(error))
        text = tr("can't read the journal {path}: {why}", path=path, why=why) if reading else _unwritten(path, why)
        raise EstimError(followed(text, then), code=Exit.CANT_CREATE) from error
    except OSError as error:
        text = _unwritten(path, error.strerror or str(error))
        raise EstimError(followed(text, then), code=Exit.CANT_CREATE) from error
    except ValueError as error:
        text = tr(
            "{path} holds a row that can't be understood ({why}): move it away, a new one is made then",
            path=path,
            why=error,
        )
        raise EstimError(text, code=Exit.CONFIG) from error


def followed(text: str, then: str) -> str:
    """Return a sentence with what follows from it, a marked clause; none: as it stands."""
    return f"{text}; {tr_text(then)}" if then else text


def _unwritten(path: Path, why: str) -> str:
    return tr("can't write the journal {path}: {why}", path=path, why=why)


_CAUSES = (
    ("SQLITE_FULL", mark("the disk is full")),
    ("SQLITE_READONLY", mark("it is read-only")),
    ("SQLITE_BUSY", mark("another process holds it")),
    ("SQLITE_CANTOPEN", mark("it can't be opened, or its folder can't be written")),
    ("SQLITE_IOERR", mark("the disk failed or is full")),
)

NOTHING_WRITTEN = mark("nothing was written")
"""What follows from an entry that can't be kept."""

NO_START = mark("no session starts without its journal")
"""What follows from a start that can't be kept."""


def flaw_of(path: Path, timeout_s: float) -> str:
    """Return what is wrong with a journal's file, "" if every page of it is right; nothing is written.

    Raises EstimError (73, 78) for one that can't be read at all.
    """
    place = f"{path.absolute().as_uri()}?mode=ro"
    with telling(path, reading=True), closing(sqlite3.connect(place, uri=True, timeout=timeout_s)) as made:
        said = [str(row[0]) for row in made.execute("PRAGMA quick_check(5)")]
    return "" if said == ["ok"] else said[0]
