"""The words that every device family, the core, the host and the twins share; plain frozen values and nothing else.

Rules that the words stand for:
1. A level is the unit's own step (0 = off). It is never converted to mA.
2. What a unit may be at is a Span. A write widens it, a report narrows it; it is known only when both ends meet.
3. Only Zero.CONFIRMED may ever be told as "stopped".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, Flag, StrEnum, auto
from typing import NewType

from protocols.score import Score

Level = NewType("Level", int)
"""A unit's own level step: 0 is off, the top is Capabilities.scale. Not a percentage and not a current."""


class Channel(StrEnum):
    """An output pair of a unit, as it is marked on the box."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Can(Flag):
    """What a characteristic offers. COMMAND is a write without response, WRITE one with."""

    READ = auto()
    WRITE = auto()
    COMMAND = auto()
    NOTIFY = auto()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One GATT characteristic: `name` as the fact sheet calls it, full 128-bit UUIDs in lower case."""

    name: str
    service: str
    uuid: str
    can: Can


@dataclass(frozen=True, slots=True)
class Advert:
    """What a unit says of itself on the air. `name` has its trailing NULs stripped; empty if it hides it."""

    address: str
    name: str = ""
    services: tuple[str, ...] = ()
    manufacturer: tuple[tuple[int, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One advert as a radio saw it; `attached` is true if the operating system already holds a link to the unit."""

    advert: Advert
    rssi_dbm: int | None = None
    attached: bool = False


class Match(Enum):
    """How sure a family is that an advert is one of its units."""

    NO = "no"
    MAYBE = "maybe"
    """Only if the user has pinned this address, or names it: the services are checked after connecting."""
    YES = "yes"


class Mode(Enum):
    """What the session lets the driver do."""

    WATCH = "watch"
    """Look only: nothing that changes the unit is written."""
    OFF = "off"
    """Zero and verify, again and again until it is confirmed."""
    READY = "ready"
    """Zero, verified; also prepare program, upload and limits."""
    PLAY = "play"
    """Output is allowed, up to Wanted.level."""


class Out(Enum):
    """Whether current may flow, as far as the driver can tell."""

    OFF = "off"
    MAYBE = "maybe"
    ON = "on"


class Zero(Enum):
    """How far the last stop has come."""

    NO = "no"
    SENT = "sent"
    CONFIRMED = "confirmed"


class Control(Enum):
    """How a family is played."""

    STREAM = "streamed frames"
    NUMBER = "device program number"
    SCRIPT = "uploaded script"
    LIVE = "live parameters"
    LEASE = "leased commands"


class OffBy(Enum):
    """What silences a unit that nobody stops."""

    FEED = "falls silent when it is no longer fed"
    LINK = "goes off when the link is lost"
    LEASE = "goes off when its lease ends"
    TOLD = "goes on until it is told, or its own timer ends"


class Pause(Enum):
    """What a pause is on this family."""

    HOLD = "hold"
    RESTART = "restart"
    """A pause is a stop: the unit's own timer and program begin again."""


class ZeroBy(Enum):
    """What counts as proof of zero."""

    REPORT = "the unit reported level 0"
    REPLY = "the unit acknowledged the write"
    LEASE = "the lease has ended"
    CLOSE = "the link was closed"


@dataclass(frozen=True, slots=True)
class Span:
    """The levels a channel may be at, both ends included."""

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if not 0 <= self.lo <= self.hi:
            raise ValueError(f"a span needs 0 <= lo <= hi, not {self.lo}..{self.hi}")

    @property
    def known(self) -> bool:
        return self.lo == self.hi


def hull(one: Span, other: Span) -> Span:
    """Return the narrowest span that holds both."""
    return Span(min(one.lo, other.lo), max(one.hi, other.hi))


FRESH_MAX_S = 0.5
"""How old the last word on a level may be for an absolute raise, seconds: less than a hand needs to turn it away."""

UNFED_MAX_S = 0.5
"""A unit that falls silent unfed was interrupted if no frame reached it for longer than this, seconds."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a family can do and how fast it may be driven. After connecting they may only be tightened.

    `scale` is the top level, `step` the largest single raise, `first` the lowest non-zero level; times in seconds:
    `raise_gap_s` between a known level and the next raise, `ask_s` before asking again, `fresh_s` how old the unit's
    last word on its levels may be when one is raised, `stale_s` without a word until nothing is raised at all,
    `fault_s` of unanswered asking until zero and fault, `stop_s` until a stop that stays unproven is told as such.

    `fresh_s` is short (FRESH_MAX_S) where a raise is an absolute level, since a hand may have turned the unit down
    since it last spoke; a family may say `stale_s` only if its raises are relative, or if nothing at the unit can
    change a level.

    `silence_sure`: no report says of a unit of this family that falls silent unfed that it went on.
    """

    family: str
    channels: tuple[Channel, ...]
    scale: Level
    step: int
    first: Level
    raise_gap_s: float
    ask_s: float
    fresh_s: float
    stale_s: float
    fault_s: float
    stop_s: float
    control: Control
    off_by: OffBy
    pause: Pause
    zero_by: ZeroBy
    silence_sure: bool = True

    def __post_init__(self) -> None:
        if not self.channels or not 0 < self.first <= self.scale:
            raise ValueError(f"{self.family}: needs a channel and 0 < first <= scale")
        if not 1 <= self.step <= max(1, self.scale * 2 // 100):
            raise ValueError(f"{self.family}: a step is at most 2 % of the scale (or 1), not {self.step}")
        if self.first > max(1, self.scale * 2 // 100):
            raise ValueError(f"{self.family}: the first level is at most 2 % of the scale (or 1), not {self.first}")
        if self.raise_gap_s < 0.5 or not 0 < self.ask_s < self.stale_s < self.fault_s:
            raise ValueError(f"{self.family}: needs raise_gap_s >= 0.5 and ask_s < stale_s < fault_s")
        if not 0 < self.fresh_s <= self.stale_s:
            raise ValueError(f"{self.family}: needs 0 < fresh_s <= stale_s, not {self.fresh_s}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the driver shall bring about. Levels and ceilings hold one entry for each channel of the family.

    `level` comes from the Guard, absolute and native: never exceeded. `ceiling` is the static cap, for limits that
    live in the unit. The position in the score is now - origin_s. From `end_s` on nothing may flow.

    `stop` numbers the zeros that are asked for: with a new number whatever proved zero before proves nothing any
    more, and zero has to be asked for and proved anew. `rises`: a raise waits for the unit to say its level again
    (Capabilities.fresh_s), so ask it now unless an answer is already on its way.
    """

    mode: Mode
    level: Mapping[Channel, Level] = field(default_factory=dict)
    ceiling: Mapping[Channel, Level] = field(default_factory=dict)
    score: Score | None = None
    origin_s: float = 0.0
    end_s: float = 0.0
    stop: int = 0
    rises: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """What the unit is known to do.

    `settled_s` says since when each level has been known (the slope's clock), `ceiling` what the unit's own dials
    or limits allow, `until_s` when output ends by itself at the latest (inf: never), `heard_s` when the unit last
    said anything, `told_s` when it last told its levels (both -inf: never), `left_s` its own timer, `battery` in %.

    `stop` is the number (Wanted.stop) of the stop that `zero` speaks of: a proof of an earlier one proves nothing.
    `fed_s`, for a unit that falls silent unfed: when the air took the last frame that keeps it going; None while
    nothing has to be fed. After a gap of more than UNFED_MAX_S the driver has zeroed the unit by itself, leaves
    `fed_s` as it was, and plays only after the next stop number.

    `switched_on`: the driver has switched something on by itself, for a proof, and nothing says since that it is off.
    """

    ready: bool
    closable: bool
    level: Mapping[Channel, Span]
    settled_s: Mapping[Channel, float]
    ceiling: Mapping[Channel, Level]
    out: Out
    zero: Zero
    until_s: float
    heard_s: float
    told_s: float
    left_s: float | None = None
    battery: int | None = None
    trouble: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    stop: int = 0
    fed_s: float | None = None
    switched_on: bool = False


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody moved a wheel or pressed a key at the unit; `level` is what the unit then told."""

    channel: Channel
    level: Level
    rose: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The unit stopped by itself, for instance because its own timer ran out."""

    why: str


@dataclass(frozen=True, slots=True)
class Contact:
    """The unit says that its pads lost (or found) the skin."""

    channel: Channel
    ok: bool


@dataclass(frozen=True, slots=True)
class LowBattery:
    """The unit's own low-battery flag."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The unit refused something; `why` is a sentence for people."""

    why: str


Event = Hand | Ended | Contact | LowBattery | Refused


@dataclass(frozen=True, slots=True)
class Write:
    """Write `data`. Urgent writes go on the air at once, past everything that waits."""

    tag: int
    endpoint: Endpoint
    data: bytes
    response: bool
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """Read the endpoint's value."""

    tag: int
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Close:
    """Hang up: the last rung of a ladder, or proof by closing."""

    tag: int


Op = Write | Read | Close


class BadPacket(ValueError):
    """Bytes that are no packet of the family: the text says what, where and what would be right."""


class AirError(Exception):
    """The air let an operation down. `lost` says that the link is gone; `code` is the ATT error, if there was one."""

    def __init__(self, text: str, *, lost: bool = False, code: int | None = None) -> None:
        super().__init__(text)
        self.lost = lost
        self.code = code
