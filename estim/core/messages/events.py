"""What happens in a session, as the lines of `estim run --json`: something that was not so a moment ago.

The first field of each is `event`; the last line of a session is always `ended`.
"""

from msgspec import Struct

from estim.core.vocabulary import Priority, Reason
from protocols.vocabulary import Channel, Level


class Happening(Struct, frozen=True, tag_field="event"):
    """The root of all happenings: something that was not so a moment ago."""


class Connected(Happening, tag="connected", frozen=True, kw_only=True):
    unit: str
    address: str
    family: str
    simulated: bool
    battery: int | None
    differs: tuple[str, ...]


class Armed(Happening, tag="armed", frozen=True, kw_only=True):
    """`cap` is the highest level that the settings allow."""

    unit: str
    cap: dict[Channel, int]


class Started(Happening, tag="started", frozen=True, kw_only=True):
    unit: str
    program: str
    length_s: float
    started_at: str


class Levelled(Happening, tag="level", frozen=True, kw_only=True):
    """A level that the unit confirmed; `by` says who moved it: ramp, key, hand, pause, stop, guard or end."""

    unit: str
    channel: Channel
    level: Level
    cap: int
    by: str
    at_s: float


class Phased(Happening, tag="phase", frozen=True, kw_only=True):
    unit: str
    phase: str
    number: int
    count: int
    at_s: float


class Paused(Happening, tag="paused", frozen=True, kw_only=True):
    unit: str
    why: str
    at_s: float


class Resumed(Happening, tag="resumed", frozen=True, kw_only=True):
    unit: str
    at_s: float


class Alarmed(Happening, tag="alarm", frozen=True, kw_only=True):
    unit: str
    priority: Priority
    text: str
    do: str


class LinkLost(Happening, tag="link_lost", frozen=True, kw_only=True):
    """`on_until` is the local time until which output may be on, None if it is off already."""

    unit: str
    on_until: str | None
    text: str


class LinkBack(Happening, tag="link_back", frozen=True, kw_only=True):
    unit: str


class Reminded(Happening, tag="reminded", frozen=True, kw_only=True):
    """A slot of the schedule is due; it belongs to no unit. `slot` is its key, `program` whose turn it is."""

    slot: str
    program: str
    text: str
    unit: str = ""


class Ended(Happening, tag="ended", frozen=True, kw_only=True):
    """The last line, always. `level_end` holds None for a channel whose level is unknown.

    `stop_confirmed` is null where this command never touched a unit. `may_be_on`: the unit may be putting out after
    this, until the local time `on_until` (null: it doesn't end by itself); it is searched for, to be stopped.
    """

    reason: Reason
    program: str
    unit: str
    family: str
    simulated: bool
    started_at: str | None
    duration_s: float
    level_max: dict[Channel, int]
    level_end: dict[Channel, int | None]
    stop_confirmed: bool | None
    message: str
    may_be_on: bool = False
    on_until: str | None = None

    @property
    def unproved(self) -> bool:
        """Say whether there was output that nothing proves the end of, whoever began it."""
        return self.may_be_on or (self.started_at is not None and not self.stop_confirmed)


Happened = (
    Connected
    | Armed
    | Started
    | Levelled
    | Phased
    | Paused
    | Resumed
    | Alarmed
    | LinkLost
    | LinkBack
    | Reminded
    | Ended
)
