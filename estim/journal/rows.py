"""What the journal is told and what it tells: plain frozen values, moments in UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct, field

from estim.core.moment import Now
from estim.core.vocabulary import Priority, Reason
from protocols.vocabulary import Channel

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""When the output of a unit ends that doesn't end by itself; far below datetime.max, so that times can be added."""


class Opening(Struct, frozen=True, kw_only=True):
    """A session that is about to put something out.

    `sites` as the program names them (none: any site), `on_until_utc` when the unit falls silent by itself at the
    latest if nobody stops it (NEVER: it doesn't), `profile` the version of its protocol, `offset_s` that of the
    person's zone from UTC, `overrides` pairs of gate and the sentence that was overridden, `warnings` sentences that
    were told at the start. `usual_s` is how long its program usually lasts, None: nobody knows.
    """

    program: str
    unit: str
    address: str
    family: str
    sites: tuple[str, ...]
    simulated: bool
    started: Now
    length_s: float
    usual_s: float | None = None
    offset_s: int = 0
    on_until_utc: datetime = NEVER
    profile: str = ""
    overrides: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


class Outcome(Struct, frozen=True, kw_only=True):
    """How a session ended. `output_s` is the time with a level above 0; `on_until_utc` as far as output may go on.

    `goal` is the level that was asked for at the end, by channel. `settled`: nothing can be on any more, since zero was
    proved, nothing was ever put out, or `on_until_utc` is over; else the row stays open for whoever looks on.
    """

    reason: Reason
    ended_utc: datetime
    duration_s: float
    output_s: float
    level_max: Mapping[Channel, int]
    level_end: Mapping[Channel, int | None]
    stop_confirmed: bool
    message: str = ""
    on_until_utc: datetime | None = None
    goal: Mapping[Channel, int] = field(default_factory=dict)
    settled: bool = True
    blind: bool = False
    """Its host had died: what the unit put out since the last beat is reckoned as the longest it can have been."""


class OpenSession(Struct, frozen=True, kw_only=True):
    """A session after which its unit may be on: its host died (at `beat_utc`, or within BEAT_S after it), or it ended
    (`ended`) without a proof of zero. `id` 0: only the marker tells of it. `on_until_utc` None: nothing is known.
    """

    id: int
    program: str
    unit: str
    address: str
    family: str
    started_utc: datetime
    length_s: float
    beat_utc: datetime
    output_s: float
    on_until_utc: datetime | None
    ended: bool = False
    profile: str = ""


class Carried(Struct, frozen=True):
    """One packet of the byte log; `way` is "out" or "in"."""

    at_utc: datetime
    mono_s: float
    way: str
    endpoint: str
    data: bytes


class BeatRow(Struct, frozen=True):
    """A session lives, and has put out for `output_s` so far: with its highest levels, and what was asked for."""

    session: int
    at_utc: datetime
    output_s: float
    on_until_utc: datetime | None = None
    level_max: Mapping[Channel, int] = field(default_factory=dict)
    goal: Mapping[Channel, int] = field(default_factory=dict)


class LevelRow(Struct, frozen=True):
    """A level that the unit confirmed, `at_s` into the session; `by` says who moved it."""

    session: int
    at_s: float
    channel: Channel
    level: int
    by: str


class AlarmRow(Struct, frozen=True):
    """An alarm that rang, in a session or outside of one; `do` is what a person was told to do."""

    session: int | None
    at_utc: datetime
    priority: Priority
    text: str
    do: str


class ByteRows(Struct, frozen=True):
    """New packets of one unit, oldest first, at least one."""

    unit: str
    carried: tuple[Carried, ...]


Row = BeatRow | LevelRow | AlarmRow | ByteRows
