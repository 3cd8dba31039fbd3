"""What the driver of a ZC95 keeps of a channel, of a request on its way, and of a stop."""

from dataclasses import dataclass, field
from math import inf

from protocols.belief import Belief
from protocols.vocabulary import Channel


@dataclass(slots=True)
class Lane:
    """One channel: `width_us` and `rate_hz` as last sent (-1: never), `enabled` as last sent (None: unknown).

    `zero` tells how far a stop has come: the requests that prove it are "power", then "enable", then none ("").
    """

    channel: Channel
    belief: Belief
    width_us: int = -1
    rate_hz: int = -1
    enabled: bool | None = None
    zero: str = "power"
    dial: int | None = None
    asked_s: float = -inf

    @property
    def set_up(self) -> bool:
        """Whether it was told what to play."""
        return self.width_us >= 0 and self.rate_hz > 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A request on its way; `power` None: it is not about power."""

    lane: Lane
    late_s: float
    power: int | None = None
    enable: bool | None = None
    dial: bool = False


@dataclass(slots=True)
class Stop:
    """A stop under way since `since_s`; `again_s`: when its commands go out again."""

    since_s: float
    again_s: float
    closing: bool = False
    lanes: list[Lane] = field(default_factory=list)
