"""Takes sessions and entries of another journal into this one: as they were told, never as sessions that still run."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from estim.core.days.diary import Check, Entry, Played
from estim.core.values import replace
from estim.journal.database import stamp
from estim.journal.entries_table import enter


def adopt(
    db: sqlite3.Connection,
    sessions: Sequence[Played],
    entries: Sequence[Entry],
    numbers: Mapping[int, int],
    written_utc: datetime,
) -> None:
    """Insert both, in a transaction of the caller's; `numbers` are those of sessions that are here already."""
    known = dict(numbers)
    for session in sessions:
        known[session.id] = _insert(db, session)
    for entry in entries:
        if isinstance(entry, Check) and entry.session is not None:
            entry = replace(entry, session=known.get(entry.session))
        enter(db, entry, written_utc)


def _insert(db: sqlite3.Connection, session: Played) -> int:
    offset = session.at.utcoffset()
    assert offset is not None, "moments of a diary are aware"
    cursor = db.execute(
        "INSERT INTO session (program, unit, address, family, simulated, started_utc, start_mono_s, length_s, beat_utc,"
        " on_until_utc, output_s, ended_utc, reason, duration_s, level_max, goal, stop_confirmed, message, offset_s,"
        " imported, settled_utc, usual_s, by_hand_utc)"
        " VALUES (?, ?, '', ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
        (
            session.program,
            session.unit,
            session.family,
            session.simulated,
            stamp(session.at),
            session.length_s,
            stamp(session.delivered_until),
            stamp(session.delivered_until),
            session.output_s,
            None if session.ended is None else stamp(session.ended),
            session.reason,
            session.duration_s,
            json.dumps(dict(session.level_max)),
            json.dumps(dict(session.goal)),
            session.stop_confirmed,
            session.message,
            int(offset.total_seconds()),
            stamp(session.delivered_until),
            session.usual_s,
            stamp(session.at) if session.by_hand else None,
        ),
    )
    number = cursor.lastrowid
    assert number is not None, "an insert has a row"
    db.executemany("INSERT INTO session_site VALUES (?, ?)", [(number, site) for site in dict.fromkeys(session.sites)])
    db.executemany("INSERT INTO override VALUES (?, ?, '')", [(number, gate) for gate in session.overrides])
    return number
