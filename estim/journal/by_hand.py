"""Sessions that a unit played by itself: written down by hand, and taken back; a host never runs or recovers them."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta

from estim.core.days.by_hand import overlapped
from estim.core.days.diary import Played
from estim.core.errors import EstimError, Exit
from estim.journal.database import stamp
from estim.journal.reader import read_sessions

AROUND = timedelta(days=2)
"""So long before it another session may have begun that overlaps it."""


def insert(db: sqlite3.Connection, session: Played, now: datetime) -> int:
    """Write it and return its number, in a transaction of the caller's; raises EstimError (77) if it overlaps one.

    It is looked at in the same transaction: a host may write beside this process.
    """
    if why := overlapped(session, read_sessions(db, False, session.at.astimezone(UTC) - AROUND), now):
        raise EstimError(why, code=Exit.REFUSED)
    offset = session.at.utcoffset()
    assert offset is not None, "moments of a diary are aware"
    over = stamp(session.delivered_until)
    cursor = db.execute(
        "INSERT INTO session (program, unit, address, family, simulated, started_utc, start_mono_s, length_s, beat_utc,"
        " output_s, ended_utc, reason, duration_s, level_max, goal, message, offset_s, settled_utc, by_hand_utc)"
        " VALUES (?, ?, '', '', 0, ?, 0, ?, ?, ?, ?, ?, ?, ?, '{}', '', ?, ?, ?)",
        (
            session.program,
            session.unit,
            stamp(session.at),
            session.length_s,
            over,
            session.output_s,
            over,
            session.reason,
            session.duration_s,
            json.dumps(dict(session.level_max)),
            int(offset.total_seconds()),
            over,
            stamp(now),
        ),
    )
    number = cursor.lastrowid
    assert number is not None, "an insert has a row"
    db.executemany("INSERT INTO session_site VALUES (?, ?)", [(number, site) for site in dict.fromkeys(session.sites)])
    return number


def last_act(db: sqlite3.Connection, last_written: str) -> tuple[Played, ...]:
    """Return the last one, if it was written after `last_written`, the last entry.

    Those of another journal stay: they came in with what else it held.
    """
    found = db.execute(
        "SELECT id, started_utc FROM session WHERE by_hand_utc > ? AND undone_utc IS NULL AND imported = 0"
        " ORDER BY by_hand_utc DESC, id DESC LIMIT 1",
        (last_written,),
    ).fetchone()
    if found is None:
        return ()
    began = datetime.fromisoformat(found[1]) - timedelta(seconds=1)
    return tuple(one for one in read_sessions(db, False, began) if one.id == found[0])


def undo(db: sqlite3.Connection, last_written: str, undone_utc: datetime) -> tuple[Played, ...]:
    """Mark what `last_act` returns as undone, and return it."""
    act = last_act(db, last_written)
    for session in act:
        db.execute("UPDATE session SET undone_utc = ? WHERE id = ?", (stamp(undone_utc), session.id))
    return act
