"""Says which tables a journal has and what is in their columns, for all files that hold tables.

Sessions are numbered from 1 as they come, and a check names the session that it is about by that number: a file that
was written here and a journal that it is read into count alike, whatever the numbers were before.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from estim.core.days.diary import (
    SCORE_MAX,
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
from estim.core.values import replace
from estim.export.cells import (
    DAY,
    LEVELS,
    MOMENT,
    NAMES,
    NUMBER,
    RULES,
    SLOT,
    TEXT,
    YES,
    ZONE,
    Kind,
    whole,
    word,
)


class Column(Struct, frozen=True):
    """One column: `field` is what an entry calls it, if it isn't the same name; an optional one may be None.

    `later`: tables that an earlier estim wrote are without it, which isn't worth a word.
    """

    name: str
    kind: Kind
    field: str = ""
    optional: bool = False
    later: bool = False

    def of(self, entry: Entry) -> Any:
        return getattr(entry, self.field or self.name)


class Table(Struct, frozen=True):
    """One table: `field` is what the diary calls it."""

    name: str
    field: str
    entry: type[Entry]
    columns: tuple[Column, ...]

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    def of(self, diary: Diary) -> tuple[Entry, ...]:
        entries: tuple[Entry, ...] = getattr(diary, self.field)
        return entries


AT = Column("at", MOMENT)
NOTE = Column("note", TEXT)
SCORE = whole(0, SCORE_MAX)

TABLES = (
    Table(
        "sessions",
        "sessions",
        Played,
        (
            Column("number", whole(1), field="id"),
            AT,
            Column("ended", MOMENT, optional=True),
            Column("program", TEXT),
            Column("unit", TEXT),
            Column("family", TEXT),
            Column("sites", NAMES),
            Column("simulated", YES),
            Column("length_s", NUMBER),
            Column("output_s", NUMBER),
            Column("delivered_until", MOMENT),
            Column("duration_s", NUMBER, optional=True),
            Column("level_max", LEVELS),
            Column("goal", LEVELS),
            Column("reason", TEXT),
            Column("stop_confirmed", YES, optional=True),
            Column("message", TEXT),
            Column("overrides", NAMES),
            Column("usual_s", NUMBER, optional=True, later=True),
            Column("by_hand", YES, later=True),
        ),
    ),
    Table(
        "pain",
        "pains",
        Pain,
        (
            AT,
            Column("score", SCORE),
            Column("when", word(When)),
            NOTE,
            Column("stiffness_min", NUMBER, optional=True, later=True),
            Column("side", word(Side), optional=True, later=True),
        ),
    ),
    Table(
        "runs",
        "runs",
        Run,
        (
            AT,
            Column("distance_km", NUMBER, field="km", optional=True),
            Column("duration_min", NUMBER, field="minutes", optional=True),
            Column("pain", SCORE, optional=True),
            NOTE,
            Column("shoes", TEXT, later=True),
        ),
    ),
    Table(
        "checks",
        "checks",
        Check,
        (
            AT,
            Column("topic", word(Topic)),
            Column("about", TEXT),
            Column("answer", TEXT),
            Column("session", whole(1), optional=True),
            NOTE,
        ),
    ),
    Table("pads", "pads", Pads, (AT, NOTE)),
    Table("notes", "notes", Note, (AT, Column("text", TEXT))),
    Table("marks", "marks", Mark, (AT, Column("slot", SLOT), Column("what", word(Marked)))),
    Table(
        "breaks",
        "breaks",
        Break,
        (AT, Column("first", DAY), Column("last", DAY, optional=True), Column("holiday", YES)),
    ),
    Table("regimes", "regimes", Regime, (AT, Column("rules", RULES), Column("zone", ZONE))),
)


def numbered(diary: Diary) -> Diary:
    """Number the sessions from 1 on; a check about a session that isn't among them is about none then."""
    numbers = {played.id: number for number, played in enumerate(diary.sessions, 1) if played.id}
    return replace(
        diary,
        sessions=tuple(replace(played, id=number) for number, played in enumerate(diary.sessions, 1)),
        checks=tuple(
            check if check.session is None else replace(check, session=numbers.get(check.session))
            for check in diary.checks
        ),
    )


def entries_of(diary: Diary) -> Iterator[tuple[Table, Entry]]:
    """Yield all entries, table by table."""
    for table in TABLES:
        for entry in table.of(diary):
            yield table, entry


def moment_of(entry: Entry) -> datetime:
    """Return when an entry was written, in UTC: two moments of one zone would be compared by their clock faces."""
    return entry.at.astimezone(UTC)
