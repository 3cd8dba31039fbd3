"""What a person wrote down, in the journal: one row for time, order and undoing, and one of its own kind.

Nothing is ever deleted: what was undone keeps its row and isn't read any more.
"""

import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from msgspec import Struct

from estim.core.days.diary import (
    Break,
    Check,
    Diary,
    Entry,
    Mark,
    Marked,
    Note,
    Pads,
    Pain,
    Played,
    Regime,
    Run,
    Side,
    Topic,
    When,
)
from estim.core.days.entry_text import told
from estim.core.days.screening import own_words
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.journal.database import moment, stamp


class _Kind(Struct, frozen=True):
    """How one kind of entry lies in its table: its columns, its values, and the entry again."""

    name: str
    columns: tuple[str, ...]
    values: Callable[[Any], tuple[object, ...]]
    made: Callable[[int, datetime, Any], Entry]


def _pain(number: int, at: datetime, row: Any) -> Entry:
    return Pain(id=number, at=at, score=row[0], when=When(row[1]), note=row[2], stiffness_min=row[3],
                side=None if row[4] is None else Side(row[4]))  # fmt: skip


def _run(number: int, at: datetime, row: Any) -> Entry:
    return Run(id=number, at=at, km=row[0] if row[5] else None, minutes=row[1], pain=row[2], note=row[3], shoes=row[4])


def _check(number: int, at: datetime, row: Any) -> Entry:
    return Check(id=number, at=at, topic=Topic(row[0]), about=row[1], answer=row[2], session=row[3], note=row[4])


def _break(number: int, at: datetime, row: Any) -> Entry:
    last = None if row[1] is None else date.fromisoformat(row[1])
    return Break(id=number, at=at, first=date.fromisoformat(row[0]), last=last, holiday=bool(row[2]))


_KINDS: dict[type[Entry], _Kind] = {
    Pain: _Kind(
        "pain",
        ("score", "pain_when", "note", "stiffness_min", "side"),
        lambda it: (it.score, it.when.value, it.note, it.stiffness_min, None if it.side is None else it.side.value),
        _pain,
    ),
    Run: _Kind(
        "run",
        ("km", "minutes", "pain", "note", "shoes", "km_known"),
        lambda it: (it.km or 0.0, it.minutes, it.pain, it.note, it.shoes, it.km is not None),
        _run,
    ),
    Check: _Kind(
        "check_in",
        ("topic", "about", "answer", "session", "note"),
        lambda it: (it.topic.value, it.about, it.answer, it.session, it.note),
        _check,
    ),
    Pads: _Kind("pads", ("note",), lambda it: (it.note,), lambda number, at, row: Pads(id=number, at=at, note=row[0])),
    Note: _Kind("note", ("text",), lambda it: (it.text,), lambda number, at, row: Note(id=number, at=at, text=row[0])),
    Mark: _Kind(
        "mark",
        ("slot", "what"),
        lambda it: (it.slot, it.what.value),
        lambda number, at, row: Mark(id=number, at=at, slot=row[0], what=Marked(row[1])),
    ),
    Break: _Kind(
        "break",
        ("first", "last", "holiday"),
        lambda it: (it.first.isoformat(), None if it.last is None else it.last.isoformat(), it.holiday),
        _break,
    ),
    Regime: _Kind(
        "regime",
        ("rules", "zone"),
        lambda it: ("\n".join(it.rules), it.zone),
        lambda number, at, row: Regime(id=number, at=at, rules=tuple(row[0].split("\n")), zone=row[1]),
    ),
}

_NOT_A_PERSONS = ("regime", "mark")
"""Kinds that are noted by the program itself; of marks a person makes some."""

_A_PERSONS = (
    "FROM entry LEFT JOIN mark ON mark.entry = entry.id LEFT JOIN check_in ON check_in.entry = entry.id"
    " WHERE undone_utc IS NULL AND (kind NOT IN (?, ?) OR mark.what IN (?, ?))"
    " AND coalesce(check_in.about, '') != 'honesty'"
)
"""What a person wrote and hasn't taken back."""

_PERSONS = (*_NOT_A_PERSONS, Marked.SKIPPED.value, Marked.SNOOZED.value)

_ALWAYS = ("regime", "break")
"""Few, and needed however little of the past is asked for."""

_LASTING = (
    Topic.HEALTH.value,
    Topic.RED_FLAG.value,
    Topic.CARE.value,
    Topic.RUN_PLANNED.value,
    Topic.LOADING.value,
    Topic.DRILL.value,
)
"""Of check-ins these hold until something else is said, however long ago it was; planned runs lie ahead. Looks at
the skin that hold a site or let go of it do so too, and are told by the sites that they keep (skin.py)."""

_MARKS = ", ".join("?" * len(_LASTING))


@lru_cache(maxsize=128)
def zone_at(offset_s: int) -> timezone:
    return timezone(timedelta(seconds=offset_s))


def enter(db: sqlite3.Connection, entry: Entry, written_utc: datetime) -> int:
    """Insert one entry and return its number; in a transaction of the caller's."""
    kind = _KINDS[type(entry)]
    offset = entry.at.utcoffset()
    assert offset is not None, "moments of a diary are aware"
    cursor = db.execute(
        "INSERT INTO entry (kind, at_utc, offset_s, written_utc) VALUES (?, ?, ?, ?)",
        (kind.name, stamp(entry.at), int(offset.total_seconds()), stamp(written_utc)),
    )
    number = cursor.lastrowid
    assert number is not None, "an insert has a row"
    names = ", ".join(("entry", *kind.columns))
    marks = ", ".join("?" * (1 + len(kind.columns)))
    db.execute(f"INSERT INTO {kind.name} ({names}) VALUES ({marks})", (number, *kind.values(entry)))
    return number


def last_written(db: sqlite3.Connection) -> str:
    """Return when the last thing of a person was written, as the table has it; "": nothing is there."""
    last = db.execute(f"SELECT written_utc {_A_PERSONS} ORDER BY entry.id DESC LIMIT 1", _PERSONS).fetchone()
    return "" if last is None else str(last[0])


def last_act(db: sqlite3.Connection) -> tuple[tuple[int, Entry], ...]:
    """Return the last thing that a person did, each entry by its number; nothing if there is nothing left.

    What one command wrote is one act. Raises EstimError (77) for one that forbids something: it has words of its own.
    """
    last = db.execute(f"SELECT written_utc {_A_PERSONS} ORDER BY entry.id DESC LIMIT 1", _PERSONS).fetchone()
    if last is None:
        return ()
    found = db.execute(
        f"SELECT entry.id, entry.kind {_A_PERSONS} AND written_utc = ? ORDER BY entry.id", (*_PERSONS, last[0])
    ).fetchall()
    kinds = {kind.name: kind for kind in _KINDS.values()}
    which = "entry.id = ?"  # untranslated: SQL
    act = tuple((number, _read(db, kinds[name], which, (number,))[0]) for number, name in found)
    for _, entry in act:
        if words := own_words(entry):
            text = tr("undo doesn't take back {entry}: {words}", entry=told(entry), words=words)
            raise EstimError(text, code=Exit.REFUSED)
    return act


def undo(db: sqlite3.Connection, undone_utc: datetime) -> tuple[Entry, ...]:
    """Mark the last thing that a person did as undone and return its entries. Raises EstimError (77) as `last_act`."""
    act = last_act(db)
    for number, _ in act:
        take_back(db, number, undone_utc)
    return tuple(entry for _, entry in act)


def take_back(db: sqlite3.Connection, number: int, undone_utc: datetime) -> None:
    """Mark an entry as undone; in a transaction of the caller's."""
    db.execute("UPDATE entry SET undone_utc = ? WHERE id = ?", (stamp(undone_utc), number))


def read_entries(db: sqlite3.Connection, since_utc: datetime | None, sessions: tuple[Played, ...]) -> Diary:
    """Return the diary of these sessions with all entries from a moment on; regimes and breaks all the same."""
    since = "" if since_utc is None else stamp(since_utc)
    found: dict[str, Any] = {}
    for kind in _KINDS.values():
        first = "" if kind.name in _ALWAYS else since
        where = "entry.kind = ? AND at_utc >= ?"  # untranslated: SQL
        values: tuple[object, ...] = (kind.name, first)
        if kind.name == "check_in":
            lasts = f"topic IN ({_MARKS}) OR (topic = '{Topic.SKIN.value}' AND about != '')"  # untranslated: SQL
            where = f"entry.kind = ? AND (at_utc >= ? OR {lasts})"  # untranslated: SQL
            values = (*values, *_LASTING)
        found[kind.name] = tuple(_read(db, kind, where, values))
    return Diary(
        sessions=sessions,
        pains=found["pain"],
        runs=found["run"],
        checks=found["check_in"],
        pads=found["pads"],
        notes=found["note"],
        marks=found["mark"],
        breaks=found["break"],
        regimes=found["regime"],
    )


def _read(db: sqlite3.Connection, kind: _Kind, where: str, values: tuple[object, ...]) -> list[Entry]:
    columns = ", ".join(f"{kind.name}.{column}" for column in kind.columns)
    rows = db.execute(
        f"SELECT entry.id, at_utc, offset_s, {columns} FROM entry JOIN {kind.name} ON {kind.name}.entry = entry.id"
        f" WHERE undone_utc IS NULL AND {where} ORDER BY at_utc, entry.id",
        values,
    )
    return [kind.made(row[0], moment(row[1]).astimezone(zone_at(row[2])), row[3:]) for row in rows]
