"""Reads the journal back as a diary: what was delivered, and what a person wrote down, in the zone of then."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from estim.core.days.diary import PROVING_S, Diary, Played
from estim.core.days.dose import ANY, Delivered
from estim.core.values import replace
from estim.journal.database import BEAT_S, moment, stamp
from estim.journal.entries_table import read_entries, zone_at

BLIND_S = 3 * BEAT_S
"""A session that beat and then ended this long after its last beat was out of sight in between."""

LASTS_MAX = timedelta(days=1)
"""No unit that people own puts out for longer on one charge, however little is known of its end."""

_decode = msgspec.json.Decoder(dict[str, int]).decode


@lru_cache(maxsize=1024)
def _levels(text: str) -> Mapping[str, int]:
    """Most sessions have the levels of the one before."""
    return MappingProxyType(_decode(text))


def read_diary(
    db: sqlite3.Connection, simulated: bool, since_utc: datetime | None, recent_utc: datetime | None = None
) -> Diary:
    """Return all from a moment on (None: all there is).

    With `recent_utc`, of the sessions before it only those of the day before a run: what a plan of years is judged by.
    """
    diary = read_entries(db, since_utc, read_sessions(db, simulated, since_utc, recent_utc))
    return replace(diary, played_before=since_utc is not None and _played_before(db, simulated, since_utc))


def has_sessions(db: sqlite3.Connection) -> bool:
    """Say whether a session with a real unit is here, whatever became of it."""
    return bool(db.execute("SELECT EXISTS (SELECT 1 FROM session WHERE simulated = 0)").fetchone()[0])


def has_entries(db: sqlite3.Connection) -> bool:
    """Say whether a person wrote anything down, also what was taken back; rules are noted without being asked."""
    return bool(db.execute("SELECT EXISTS (SELECT 1 FROM entry WHERE kind <> 'regime')").fetchone()[0])


def _played_before(db: sqlite3.Connection, simulated: bool, since_utc: datetime) -> bool:
    found = db.execute(
        "SELECT EXISTS (SELECT 1 FROM session WHERE simulated = ? AND started_utc < ?"
        " AND (output_s >= ? OR duration_s > 0))",
        (simulated, stamp(since_utc), PROVING_S),
    )
    return bool(found.fetchone()[0])


def read_sessions(
    db: sqlite3.Connection, simulated: bool, since_utc: datetime | None, recent_utc: datetime | None = None
) -> tuple[Played, ...]:
    """Return the sessions by their start, oldest first; those that never put anything out are among them."""
    since = "" if since_utc is None else stamp(since_utc)
    near_runs = (
        "SELECT near.id FROM entry JOIN session near ON near.started_utc <= entry.at_utc AND near.started_utc >="
        " strftime('%Y-%m-%dT%H:%M:%f+00:00', entry.at_utc, '-25 hours') WHERE entry.kind = 'run' AND at_utc >= ?"
    )
    found = db.execute(
        "SELECT id, program, unit, family, simulated, started_utc, offset_s, length_s, beat_utc, on_until_utc,"
        " output_s, ended_utc, reason, duration_s, level_max, goal, stop_confirmed, message, imported, usual_s,"
        " by_hand_utc"
        " FROM session WHERE simulated = ? AND undone_utc IS NULL AND started_utc >= ?"
        f" AND (started_utc >= ? OR id IN ({near_runs}))"
        " ORDER BY started_utc DESC, id DESC",
        (simulated, since, since if recent_utc is None else stamp(recent_utc), since),
    ).fetchall()
    if not found:
        return ()
    first = min(row[0] for row in found)
    sites: dict[int, list[str]] = {}
    for session, site in db.execute("SELECT session, site FROM session_site WHERE session >= ?", (first,)):
        sites.setdefault(session, []).append(site)
    gates: dict[int, list[str]] = {}
    for session, gate in db.execute("SELECT session, gate FROM override WHERE session >= ?", (first,)):
        gates.setdefault(session, []).append(gate)
    return tuple(_played(row, sites.get(row[0], [ANY]), gates.get(row[0], [])) for row in reversed(found))


class Details(Struct, frozen=True):
    """One session in full: its row by column, (s, channel, level, author) and (moment, priority, text, remedy)."""

    facts: dict[str, object]
    levels: list[tuple[float, str, int, str]]
    alarms: list[tuple[str, str, str, str]]


def read_details(db: sqlite3.Connection, number: int) -> Details | None:
    """Return one session with its level changes and alarms."""
    cursor = db.execute("SELECT * FROM session WHERE id = ?", (number,))
    row = cursor.fetchone()
    if row is None:
        return None
    facts: dict[str, object] = {about[0]: value for about, value in zip(cursor.description, row, strict=True)}
    for table, column in (("session_site", "site"), ("override", "gate"), ("warning", "text")):
        found = db.execute(f"SELECT {column} FROM {table} WHERE session = ?", (number,)).fetchall()
        facts[table] = "; ".join(value for (value,) in found)
    levels = db.execute("SELECT at_s, channel, level, author FROM level_change WHERE session = ?", (number,)).fetchall()
    alarms = db.execute("SELECT at_utc, priority, text, remedy FROM alarm WHERE session = ?", (number,)).fetchall()
    return Details(facts, levels, alarms)


class Rang(Struct, frozen=True):
    """One alarm that rang; `session` None: outside of one. `do` is what a person was told to do."""

    session: int | None
    at: datetime
    priority: str
    text: str
    do: str


ALARMS_MAX = 500
"""So many of the last alarms are read: a history for a person."""


def read_alarms(db: sqlite3.Connection) -> tuple[Rang, ...]:
    """Return the last alarms, newest first."""
    found = db.execute(
        "SELECT session, at_utc, priority, text, remedy FROM alarm ORDER BY at_utc DESC, rowid DESC LIMIT ?",
        (ALARMS_MAX,),
    ).fetchall()
    return tuple(Rang(session, moment(at), priority, text, do) for session, at, priority, text, do in found)


def _played(row: Any, sites: list[str], gates: list[str]) -> Played:
    (
        number, program, unit, family, simulated, started, offset_s, length_s, beat, on_until, output_s, ended,
        reason, duration_s, level_max, goal, confirmed, message, imported, usual_s, by_hand,
    ) = row  # fmt: skip
    record = delivered(ANY, started, ended, beat, on_until, length_s, output_s, confirmed, imported)
    zone = zone_at(offset_s)
    return Played(
        id=number,
        at=record.started_utc.astimezone(zone),
        program=program,
        unit=unit,
        family=family,
        sites=tuple(sites),
        simulated=bool(simulated),
        length_s=length_s,
        output_s=record.output_s,
        delivered_until=record.over_utc.astimezone(zone),
        ended=None if ended is None else moment(ended).astimezone(zone),
        reason=reason or "",
        duration_s=duration_s,
        level_max=_levels(level_max or "{}"),
        goal=_levels(goal or "{}"),
        stop_confirmed=None if confirmed is None else bool(confirmed),
        message=message or "",
        overrides=tuple(gates),
        usual_s=usual_s,
        by_hand=by_hand is not None,
        seen=None if ended is not None or imported else moment(beat).astimezone(zone),
        seen_output_s=output_s,
    )


def delivered(
    site: str,
    started: str,
    ended: str | None,
    beat: str,
    on_until: str | None,
    length_s: float,
    output_s: float,
    stop_confirmed: int | None,
    imported: int = 0,
) -> Delivered:
    """Count what isn't known as the longest it can have been.

    A host that died or a link that was lost leaves a time after the last beat in which the unit may have played on: to
    `on_until` if that is known, else to the end of the program, or to when somebody found it.
    """
    started_utc = moment(started)
    seen_utc = moment(beat)
    if imported:  # another journal has reckoned it already, to `beat`
        return Delivered(site, started_utc, output_s, seen_utc)
    ended_utc = None if ended is None else moment(ended)
    if ended_utc is not None and output_s == 0 and seen_utc == started_utc:
        return Delivered(site, started_utc, 0.0, ended_utc)  # it ended before anything was put out
    blind = ended_utc is None or (seen_utc > started_utc and ended_utc - seen_utc > timedelta(seconds=BLIND_S))
    if ended_utc is not None and not blind:
        seen_utc = ended_utc
        if stop_confirmed:
            return Delivered(site, started_utc, output_s, ended_utc)
    latest_utc = moment(on_until) if on_until else ended_utc or started_utc + timedelta(seconds=length_s)
    latest_utc = min(latest_utc, started_utc + LASTS_MAX)
    over_utc = max(latest_utc, seen_utc + timedelta(seconds=BEAT_S) if blind else seen_utc)
    if ended_utc is not None and stop_confirmed:
        over_utc = min(over_utc, ended_utc)
    return Delivered(site, started_utc, output_s + (over_utc - seen_utc).total_seconds(), over_utc)
