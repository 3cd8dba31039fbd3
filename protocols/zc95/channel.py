"""What the driver of a ZC95 keeps of one channel, of a request on its way, and of a stop.

1. A channel that has to be silent (`zero`) stays so until replies have proved power 0 and then enable 0, in that order.
2. An answer counts for the channel only if no new silence was asked for since its request went out (`turn`).
3. Only a channel that has width and rate by reply (`prepared`) is enabled, and only an enabled one gets power.
"""

from dataclasses import dataclass, field
from enum import Enum
from math import inf

from protocols.belief import Belief, Change, How
from protocols.vocabulary import Channel
from protocols.zc95.packets import TOP


class What(Enum):
    """What a request is about; the first four are written, the last two read."""

    POWER = "power"
    ENABLE = "enable"
    WIDTH = "width"
    RATE = "rate"
    DIAL = "dial"
    BATTERY = "battery"


TEXTURE = frozenset((What.WIDTH, What.RATE))


@dataclass(slots=True)
class ChannelState:
    """One channel. `told` holds what it was told last (power: in any form; width, rate), `sure` what of it was replied
    to, `enabled` None while nobody knows, `again_s` when the commands of its zero go out (again), `leaving` the tags of
    those that have not left yet.
    """

    channel: Channel
    belief: Belief = field(default_factory=lambda: Belief(TOP))
    zero: What | None = What.POWER
    again_s: float = -inf
    leaving: set[int] = field(default_factory=set)
    turn: int = 0
    enabled: bool | None = None
    told: dict[What, int] = field(default_factory=dict)
    sure: frozenset[What] = frozenset()
    prepared: bool = False
    told_s: float = -inf
    dial: int | None = None
    dial_s: float = -inf

    @property
    def may_flow(self) -> bool:
        """Whether it may be putting out, or may with the next power."""
        return self.belief.span.hi > 0 or self.enabled is not False

    @property
    def used(self) -> bool:
        """Whether its level may be above 0."""
        return self.belief.span.hi > 0

    @property
    def plays(self) -> bool:
        """Whether it takes power and texture now."""
        return self.zero is None and self.prepared and self.enabled is True

    def silence(self, now_s: float) -> None:
        """Ask for power 0 and enable 0, to be proved anew; it is also to be told width and rate anew."""
        self.zero = What.POWER
        self.again_s = now_s
        self.prepared = False
        self.sure = frozenset()
        self.leaving.clear()
        self.turn += 1

    def says(self, now_s: float, what: What, value: int, tag: int | None) -> None:
        """Take note of a write; without a tag it is a command, which nothing answers."""
        match what:
            case What.POWER:
                self.belief.write(now_s, Change(How.SET, value), tag)
            case What.ENABLE:
                self.enabled = None
            case _ if self.told.get(what) != value:
                self.sure -= {what}
        self.told[what] = value

    def answered(self, now_s: float, sent: "Sent") -> None:
        """The box has replied to a write."""
        match sent.what:
            case What.POWER if self.belief.awaits(sent.tag):
                self.told_s = now_s
                self.belief.answer(now_s, sent.tag, sent.value)
            case What.ENABLE if sent.turn == self.turn:
                self.enabled = bool(sent.value)
            case What.WIDTH | What.RATE if sent.turn == self.turn and self.told.get(sent.what) == sent.value:
                self.sure |= {sent.what}
                self.prepared = self.prepared or (self.zero is None and self.sure == TEXTURE)
        if sent.what is What.POWER and self.zero is None and sent.value > self.told.get(What.POWER, 0):
            self.told[What.POWER] = sent.value  # a command that was to lower it may have overtaken it
        if sent.turn == self.turn and sent.what is self.zero and sent.value == 0:
            self.zero = What.ENABLE if self.zero is What.POWER else None


@dataclass(frozen=True, slots=True)
class Sent:
    """A request on its way until `until_s`. One that `hurries` waits for no other but the like."""

    tag: int
    state: ChannelState
    what: What
    value: int
    turn: int
    until_s: float
    hurries: bool


@dataclass(slots=True)
class Stop:
    """A stop that hangs up at `close_s` unless it is proved; `closing` is the tag of that hang-up."""

    close_s: float
    closing: int | None = None
