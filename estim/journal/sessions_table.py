"""The table of sessions with their levels, alarms and bytes: written in one thread that may wait for the disk.

1. A session's row is written with synchronous=FULL: when `begin` and `close_session` return, it is on disk, and a
   power cut can't take it back. Everything else is written with NORMAL: a kill can't take it, a power cut may.
2. Each write is one transaction, so a kill at any moment leaves a database that opens.
3. Moments are UTC text of one fixed form, so that their order as text is their order in time.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from estim.core.days.dose import ANY, Delivered
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr
from estim.core.values import replace as changed
from estim.journal.database import BEAT_S, NO_START, followed, moment, stamp, telling, transaction
from estim.journal.journal import Journal
from estim.journal.reader import delivered
from estim.journal.rows import (
    NEVER,
    AlarmRow,
    BeatRow,
    ByteRows,
    Carried,
    LevelRow,
    Opening,
    OpenSession,
    Outcome,
    Row,
)
from protocols.vocabulary import Channel

STAYS_OPEN = mark("the session stays open in it")
"""What follows from an end that can't be kept."""

HOST_DIED = mark("its host died")
"""Stands as the message of a session that nobody ended, in English; it is translated where it is shown."""

RING_S = 600.0
"""How much of the byte log is kept for each unit, seconds (safety.md section 9, as in speakersafetyd)."""

RING_MAX = 20_000
"""Packets kept for each unit at most: 10 minutes of 10 frames a second with their answers are 12 000."""


class SessionsTable:
    """That of an open journal. Its methods belong to the one thread that opened it, and raise EstimError."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.path = journal.path
        self.db = journal.db

    def close(self) -> None:
        """Close the journal; what was committed stays, whatever goes wrong here."""
        with suppress(EstimError):
            self.journal.close()

    def begin(self, opening: Opening) -> int:
        """Write a session's row and return its number; it is on disk then. Raises EstimError (73) if it isn't."""
        if self.journal.trouble:
            raise EstimError(followed(self.journal.trouble, NO_START), code=Exit.CANT_CREATE)
        started = stamp(opening.started.utc)
        with telling(self.path, NO_START), transaction(self.db):
            cursor = self.db.execute(
                "INSERT INTO session (program, unit, address, family, simulated, started_utc, start_mono_s, length_s,"
                " beat_utc, on_until_utc, offset_s, profile, usual_s)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    opening.program,
                    opening.unit,
                    opening.address,
                    opening.family,
                    opening.simulated,
                    started,
                    opening.started.mono_s,
                    opening.length_s,
                    started,
                    stamp(opening.on_until_utc),
                    opening.offset_s,
                    opening.profile,
                    opening.usual_s,
                ),
            )
            session = cursor.lastrowid
            assert session is not None, "an insert has a row"
            sites = [(session, site) for site in dict.fromkeys(opening.sites or (ANY,))]
            self.db.executemany("INSERT INTO session_site VALUES (?, ?)", sites)
            self.db.executemany("INSERT INTO override VALUES (?, ?, ?)", [(session, *it) for it in opening.overrides])
            self.db.executemany("INSERT INTO warning VALUES (?, ?)", [(session, text) for text in opening.warnings])
        return session

    def close_session(self, session: int, outcome: Outcome) -> None:
        """Write how a session ended; on disk when it returns. Raises EstimError (73; 70 if it isn't open).

        What its last beats told of its levels stays where the outcome knows less: a host that only stopped the unit
        has seen none.
        """
        on_until = None if outcome.on_until_utc is None else stamp(outcome.on_until_utc)
        with telling(self.path, STAYS_OPEN), transaction(self.db):
            if outcome.blind:
                self._count_blind(session, outcome.ended_utc)
            known = self.db.execute("SELECT level_max, goal FROM session WHERE id = ?", (session,)).fetchone()
            level_max, goal = known or (None, None)
            cursor = self.db.execute(
                "UPDATE session SET ended_utc = ?, reason = ?, duration_s = ?, output_s = max(output_s, ?),"
                " level_max = ?, level_end = ?, stop_confirmed = ?, message = ?, goal = ?,"
                " on_until_utc = coalesce(?, on_until_utc), settled_utc = ?"
                " WHERE id = ? AND ended_utc IS NULL",
                (
                    stamp(outcome.ended_utc),
                    outcome.reason.value,
                    outcome.duration_s,
                    outcome.output_s,
                    _highest(level_max, outcome.level_max),
                    json.dumps(outcome.level_end),
                    outcome.stop_confirmed,
                    outcome.message,
                    json.dumps(dict(outcome.goal)) if outcome.goal else goal,
                    on_until,
                    stamp(outcome.ended_utc) if outcome.settled else None,
                    session,
                ),
            )
            if cursor.rowcount != 1:
                text = tr("session {number} is not open in {path}", number=session, path=self.path)
                raise EstimError(text, code=Exit.INTERNAL)

    def _count_blind(self, session: int, ended_utc: datetime) -> None:
        """Count what was put out since the last beat of a host that died; the row has beaten to its end then."""
        row = self.db.execute(
            "SELECT started_utc, beat_utc, on_until_utc FROM session WHERE id = ? AND ended_utc IS NULL", (session,)
        ).fetchone()
        if row is None or row[0] == row[1]:
            return  # it never began to put out
        beat_utc = _moment_or(row[1], ended_utc)
        on_until_utc = NEVER if row[2] is None else _moment_or(row[2], NEVER)
        over_utc = min(ended_utc, max(on_until_utc, beat_utc + timedelta(seconds=BEAT_S)))
        self.db.execute(
            "UPDATE session SET output_s = output_s + ?, beat_utc = ? WHERE id = ?",
            (max(0.0, (over_utc - beat_utc).total_seconds()), stamp(ended_utc), session),
        )

    def settle(self, session: int, at_utc: datetime) -> None:
        """Say that the unit of a session can't be on any more; raises EstimError (73).

        One whose host had died, and whose unit was stopped together with another row's, ends with that, and counts as
        long as it may have put out by itself.
        """
        at = stamp(at_utc)
        with telling(self.path, STAYS_OPEN), transaction(self.db):
            self._count_blind(session, at_utc)
            self.db.execute(
                "UPDATE session SET settled_utc = ?, on_until_utc = min(coalesce(on_until_utc, ?), ?),"
                " message = CASE WHEN ended_utc IS NULL THEN ? ELSE message END,"
                " ended_utc = coalesce(ended_utc, ?), reason = coalesce(reason, 'fault'),"
                " duration_s = coalesce(duration_s, output_s), stop_confirmed = coalesce(stop_confirmed, 0)"
                " WHERE id = ? AND settled_utc IS NULL",
                (at, at, at, HOST_DIED, at, session),
            )

    def write(self, rows: Sequence[Row]) -> None:
        """Write what nobody waits for, all or nothing; raises EstimError (73)."""
        if not rows:
            return
        with telling(self.path), transaction(self.db, durable=False):
            for row in rows:
                self._write_one(row)

    def _write_one(self, row: Row) -> None:
        match row:
            case BeatRow(session, at_utc, output_s, on_until_utc, level_max, goal):
                on_until = None if on_until_utc is None else stamp(on_until_utc)
                self.db.execute(
                    "UPDATE session SET beat_utc = ?, output_s = max(output_s, ?),"
                    " on_until_utc = coalesce(?, on_until_utc), level_max = ?, goal = ?"
                    " WHERE id = ? AND ended_utc IS NULL",
                    (stamp(at_utc), output_s, on_until, json.dumps(dict(level_max)), json.dumps(dict(goal)), session),
                )
            case LevelRow(session, at_s, channel, level, by):
                self.db.execute(
                    "INSERT INTO level_change VALUES (?, ?, ?, ?, ?)", (session, at_s, channel.value, level, by)
                )
            case AlarmRow(session, at_utc, priority, text, do):
                self.db.execute(
                    "INSERT INTO alarm VALUES (?, ?, ?, ?, ?)", (session, stamp(at_utc), priority.value, text, do)
                )
            case ByteRows(unit, carried):
                self._write_bytes(unit, carried)
            case _:
                assert_never(row)

    def _write_bytes(self, unit: str, carried: Sequence[Carried]) -> None:
        self.db.executemany(
            "INSERT INTO carried (unit, at_utc, mono_s, way, endpoint, data) VALUES (?, ?, ?, ?, ?, ?)",
            [(unit, stamp(row.at_utc), row.mono_s, row.way, row.endpoint, row.data) for row in carried],
        )
        oldest = stamp(carried[-1].at_utc - timedelta(seconds=RING_S))
        # the scan begins at the oldest row and ends at the first that stays, so it costs what it deletes
        self.db.execute(
            "DELETE FROM carried WHERE unit = ? AND id <"
            " (SELECT id FROM carried WHERE unit = ? AND at_utc >= ? ORDER BY id LIMIT 1)",
            (unit, unit, oldest),
        )
        self.db.execute(
            "DELETE FROM carried WHERE unit = ? AND id <="
            " (SELECT id FROM carried WHERE unit = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (unit, unit, RING_MAX),
        )

    def open_sessions(self) -> list[OpenSession]:
        """Return the sessions after which a unit may be on, oldest first: their host died, or nothing was proved.

        Each row is read by itself: a moment that can't be understood in one of them takes none of the others along.
        """
        with telling(self.path, reading=True):
            found = self.db.execute(
                "SELECT id, program, unit, address, family, started_utc, length_s, beat_utc, output_s, on_until_utc,"
                " ended_utc, profile FROM session WHERE settled_utc IS NULL AND imported = 0 ORDER BY id"
            ).fetchall()
        return [_open_session(row) for row in found]

    def sessions_of_site(self, site: str, since_utc: datetime, simulated: bool) -> list[Delivered]:
        """Return what was delivered to a site (ANY: to any) by sessions that were over after `since_utc`."""
        with telling(self.path, reading=True):
            found = self.db.execute(
                "SELECT program, started_utc, ended_utc, beat_utc, on_until_utc, length_s, output_s, stop_confirmed,"
                " imported FROM session WHERE simulated = ? AND undone_utc IS NULL AND started_utc >= ? AND (? = ? OR"
                " EXISTS"
                " (SELECT 1 FROM session_site WHERE session = session.id AND site IN (?, ?))) ORDER BY id",
                (simulated, stamp(since_utc - timedelta(days=1)), site, ANY, site, ANY),
            ).fetchall()
        records = [changed(delivered(site, *row[1:]), program=row[0]) for row in found]
        return [record for record in records if record.over_utc >= since_utc]

    def black_box(self, unit: str) -> list[Carried]:
        """Return the byte log of a unit, oldest first."""
        with telling(self.path, reading=True):
            found = self.db.execute(
                "SELECT at_utc, mono_s, way, endpoint, data FROM carried WHERE unit = ? ORDER BY id", (unit,)
            ).fetchall()
        return [Carried(moment(row[0]), *row[1:]) for row in found]


_UNREADABLE = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands for a moment that can't be understood: long ago, so that nothing is reckoned from it."""


def _open_session(row: Sequence[Any]) -> OpenSession:
    """Return what a row tells; what can't be understood in it is what is least known."""
    on_until = NEVER if row[9] is None else _moment_or(row[9], NEVER)
    return OpenSession(
        id=row[0],
        program=str(row[1]),
        unit=str(row[2]),
        address=str(row[3]),
        family=str(row[4]),
        started_utc=_moment_or(row[5], _UNREADABLE),
        length_s=row[6] if isinstance(row[6], int | float) else 0.0,
        beat_utc=_moment_or(row[7], _UNREADABLE),
        output_s=row[8] if isinstance(row[8], int | float) else 0.0,
        on_until_utc=on_until,
        ended=row[10] is not None,
        profile=str(row[11]),
    )


def _moment_or(text: object, otherwise: datetime) -> datetime:
    try:
        at = moment(str(text))
    except ValueError:
        return otherwise
    return otherwise if at.tzinfo is None else at


def _highest(known: str | None, told: Mapping[Channel, int]) -> str:
    """Return the higher of two sets of levels, as JSON; what was kept and can't be understood is left out."""
    try:
        before: Any = json.loads(known or "{}")
        levels = {str(channel): int(level) for channel, level in before.items()}
    except (ValueError, TypeError, AttributeError):
        levels = {}
    for channel, level in told.items():
        levels[channel] = max(level, levels.get(channel, 0))
    return json.dumps(levels)
