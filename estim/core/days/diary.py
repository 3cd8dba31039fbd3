"""What a person's journal holds, as plain frozen values: the sessions that were played and everything they wrote down.

Every moment is aware and carries the offset of the place where it was written, so `at.date()` is the person's own day
even after they have travelled (safety.md C-28).
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct, field

SCORE_MAX = 10
"""Top of the numeric rating scale of pain, which begins at 0 (programs.md section 6)."""

PROVING_S = 15.0
"""Longest time in which a unit that was just reached proves that it is at zero (READY_MAX_S is 12)."""

STIFFNESS_MAX_MIN = 1440.0
"""Longest morning stiffness, minutes: a day."""

NOTE_MAX = 2000
"""Longest note, characters."""


class When(StrEnum):
    """Which pain is meant: the first steps of a day, at rest, the worst of the day, or during a run."""

    MORNING = "morning"
    REST = "rest"
    WORST = "worst"
    RUN = "run"


class Side(StrEnum):
    """Which leg is meant."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class Topic(StrEnum):
    """What a check-in is about; `about` and `answer` say the rest."""

    HEALTH = "health"
    """A question before the first session: `about` is its id, `answer` yes, no or cleared (why: `note`)."""
    RED_FLAG = "red-flag"
    """A sign of a torn tendon or a clot: `about` is one of those of screening.py, or "none" with the answer no."""
    SKIN = "skin"
    """After a session: `answer` is ok or bad."""
    FEEL = "feel"
    """After a session, against the last one: `answer` is weaker, same or stronger."""
    TICK = "tick"
    """Something of the plan was done that day: `about` is the step's id, `answer` what of it (training.py)."""
    LOADING = "loading"
    """Heel raises: `answer` on, since they were agreed with a professional (who: `note`), or off."""
    LOAD = "load"
    """Heel raises were done: `about` is sets and repetitions ("3x15"), `answer` the worst pain, if it was said."""
    CARE = "care"
    """The plan: `answer` is begin, recovered or end; `note` says that somebody had a look, where that was asked for."""
    RUN_PLANNED = "run-planned"
    """A run is meant to take place at `at`: no session in the four hours before it. `answer` cancelled: it isn't."""
    DRILL = "drill"
    """The stop was tried with the pads off, in `session`: `about` is the unit's address, `answer` zero, late or
    unproved, and `note` its name then, the level at which F12 was pressed, and how long it took until it said 0."""


class Marked(StrEnum):
    """What was done about one slot of the schedule."""

    REMINDED = "reminded"
    NAGGED = "nagged"
    SNOOZED = "snoozed"
    SKIPPED = "skipped"
    EVENING = "evening"
    """A day's worst pain was asked for; `slot` is when that was due, and may be no slot's."""


class Entry(Struct, frozen=True, kw_only=True):
    """The root of all that is written down; `id` is its number in its table, 0 before it has one."""

    at: datetime
    id: int = 0


class Pain(Entry, frozen=True, kw_only=True):
    """A pain score, 0 to SCORE_MAX; `stiffness_min` is how long the tendon was stiff that morning, minutes."""

    score: int
    when: When
    note: str = ""
    stiffness_min: float | None = None
    side: Side | None = None


class Run(Entry, frozen=True, kw_only=True):
    """A run that was run: distance, time, the worst pain in it and the pair of shoes, as far as they are known.

    Distance or time is known.
    """

    km: float | None
    minutes: float | None = None
    pain: int | None = None
    note: str = ""
    shoes: str = ""


class Check(Entry, frozen=True, kw_only=True):
    """The answer to a question; `session` is the number of the session that it is about, if it is about one."""

    topic: Topic
    about: str = ""
    answer: str = ""
    session: int | None = None
    note: str = ""


class Pads(Entry, frozen=True, kw_only=True):
    """Fresh pads from this moment on; uses are the sessions since."""

    note: str = ""


class Note(Entry, frozen=True, kw_only=True):
    """Anything else worth keeping."""

    text: str


class Mark(Entry, frozen=True, kw_only=True):
    """Something was done about a slot; `slot` is its key, local time without a zone ("2026-03-29T08:00")."""

    slot: str
    what: Marked


class Break(Entry, frozen=True, kw_only=True):
    """Days without slots, from `first` to `last`, both included; `last` None: until it is ended."""

    first: date
    last: date | None
    holiday: bool = False


class Regime(Entry, frozen=True, kw_only=True):
    """From `at` on these rules held (RFC 5545 RRULE texts) in this zone (IANA).

    A regime is noted when the schedule is changed and when the person is in another zone.
    """

    rules: tuple[str, ...]
    zone: str


class Played(Entry, frozen=True, kw_only=True):
    """One session: `at` is its start. `ended` None: it never ended by itself, its host died or it still runs.

    `output_s` is the time with a level above 0, as the longest it can have been; `delivered_until` when that was over.
    `goal` is the level asked for at the end, `level_max` the highest that was reached, both by channel. `sites` as the
    program names them ("any": none named). `usual_s` is how long its program usually lasted then, None: not known.
    `by_hand`: a unit played by itself, and the person wrote it down. Of one without an end, `seen` is when its host
    told of it last, and `seen_output_s` the time with a level above 0 by then.
    """

    program: str
    unit: str
    family: str
    sites: tuple[str, ...]
    simulated: bool
    length_s: float
    output_s: float
    delivered_until: datetime
    ended: datetime | None
    reason: str = ""
    duration_s: float | None = None
    level_max: Mapping[str, int] = field(default_factory=dict)
    goal: Mapping[str, int] = field(default_factory=dict)
    stop_confirmed: bool | None = None
    message: str = ""
    overrides: tuple[str, ...] = ()
    usual_s: float | None = None
    by_hand: bool = False
    seen: datetime | None = None
    seen_output_s: float = 0.0

    @property
    def begun(self) -> bool:
        """Say whether it really began: one that was only prepared, or refused, put nothing out.

        Until a unit has proved zero it counts as on, so such a session has a few seconds too.
        """
        return self.output_s >= PROVING_S or bool(self.duration_s)


class Diary(Struct, frozen=True, kw_only=True):
    """All of it, each kind by time, oldest first; what was undone isn't in it.

    `played_before`: a session was played before those that it holds.
    """

    sessions: tuple[Played, ...] = ()
    pains: tuple[Pain, ...] = ()
    runs: tuple[Run, ...] = ()
    checks: tuple[Check, ...] = ()
    pads: tuple[Pads, ...] = ()
    notes: tuple[Note, ...] = ()
    marks: tuple[Mark, ...] = ()
    breaks: tuple[Break, ...] = ()
    regimes: tuple[Regime, ...] = ()
    played_before: bool = False


def entries_of(diary: Diary) -> list[Entry]:
    """Return everything in it, kind by kind."""
    return [
        *diary.sessions,
        *diary.pains,
        *diary.runs,
        *diary.checks,
        *diary.pads,
        *diary.notes,
        *diary.marks,
        *diary.breaks,
        *diary.regimes,
    ]
