"""What is shown of one unit at one moment: a Snapshot, with the age of every figure that came from the unit."""

from msgspec import Struct

from estim.core.vocabulary import Priority, Reason, State
from protocols.vocabulary import Channel

_AT_WORK = frozenset({State.ARMED, State.RAMPING, State.RUNNING, State.PAUSED, State.STOPPING, State.FAULT})
_PLAYING = frozenset({State.RAMPING, State.RUNNING})
_ON_THE_WAY = frozenset({State.CONNECTING, State.READY})


class Alarm(Struct, frozen=True, kw_only=True):
    """Latched until acknowledged. `do` is the one line that tells a person what to do."""

    number: int
    priority: Priority
    text: str
    do: str
    at: str


class ChannelView(Struct, frozen=True, kw_only=True, rename={"request": "wish"}):
    """One channel. `lo`..`hi` is what the unit may be at (equal: known); `goal` what the user asked for; `request` what
    the session asks of the Guard now (in JSON it is `wish`); `held_by` the sentence of the limit that decided, empty if
    none did. `room` is by how many steps a key may raise the goal at this moment.
    """

    channel: Channel
    lo: int
    hi: int
    goal: int
    request: int
    cap: int
    cap_why: str
    scale: int
    held_by: str = ""
    room: int = 0


class PhaseView(Struct, frozen=True, kw_only=True):
    """One phase of the course that is played, in its order: how long it is, and at how many % of the goal it plays."""

    title: str
    length_s: float
    level_pct: int = 100


class PulseView(Struct, frozen=True, kw_only=True):
    """What the course plays at this moment, wherever the level is; the unit itself tells none of it.

    `burst_s` is how long trains of pulses last and pause; `contraction_s` how long a contraction rises, holds, falls
    and rests; both empty where there is none. `gate` is how far a contraction has risen, 0 to 1. `into_s` is how long
    the phase has played.
    """

    rate_hz: float
    width_us: float
    gate: float
    into_s: float
    burst_s: tuple[float, ...] = ()
    contraction_s: tuple[float, ...] = ()


class Snapshot(Struct, frozen=True, kw_only=True, tag_field="show", tag="unit"):
    """One unit and its session. Ages are seconds since the unit said so, None if it never did.

    `lost_at` is the local time (ISO) at which the link was lost, None while it is there. Then `on_until` is the local
    time until which output may be on, and `on_left_s` how long that is, s: 0 is over or off, None has no known end.
    `pulse` is None while nothing is played, or the unit plays a program of its own; `own_left_s` is what the unit's own
    timer says.
    """

    unit: str
    address: str
    family: str
    title: str
    simulated: bool
    state: State
    program: str = ""
    program_title: str = ""
    phase: str = ""
    phase_number: int = 0
    phase_count: int = 0
    phases: tuple[PhaseView, ...] = ()
    pulse: PulseView | None = None
    lanes: tuple[ChannelView, ...] = ()
    length_s: float = 0.0
    elapsed_s: float = 0.0
    left_s: float = 0.0
    own_left_s: float | None = None
    heard_age_s: float | None = None
    told_age_s: float | None = None
    stale: bool = False
    battery: int | None = None
    out: str = "off"
    zero: str = "no"
    lost_at: str | None = None
    on_until: str | None = None
    on_left_s: float | None = None
    differs: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    reason: Reason | None = None
    stop_confirmed: bool | None = None
    message: str = ""
    by_hand: str = ""
    counts: dict[str, int] = {}

    @property
    def live(self) -> bool:
        """Whether a session is under way: from its start on, or a stop that isn't finished, until it has ended."""
        return self.state in _AT_WORK or (self.state in _ON_THE_WAY and bool(self.program))

    @property
    def softening(self) -> bool:
        """Whether it comes down by a soft stop: it still plays, and why it ends is known already."""
        return self.state in _PLAYING and self.reason is not None
