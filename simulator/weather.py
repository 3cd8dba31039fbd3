"""What becomes of a notification between a unit and its central; the radio in memory and the virtual air share it.

Order is kept: what is late makes all that follows at least as late. Nothing here knows what the bytes mean.
"""

from dataclasses import dataclass
from math import inf

from simulator.chance import Stream
from simulator.options import SHARE, number, option, span, whole, yes

AWAY_S = 6.0
"""How long a unit is away after a cut, unless the option says so: the longest supervision time-out seen in units."""


@dataclass(frozen=True, slots=True)
class RadioFaults:
    """What goes wrong on the air. Order is kept always; everything else may happen."""

    lost: float = option(0.0, "P", "share of notifications that get lost", SHARE)
    lost_after: float = option(inf, "T", "from T s after connecting, all notifications get lost", number(0))
    mute: bool = option(False, "yes|no", "the unit is never heard: no notification arrives", yes)
    late_s: float = option(0.0, "S", "each notification comes S/2 to S seconds late", number(0))
    dup: float = option(0.0, "P", "share of notifications that arrive twice", SHARE)
    corrupt: float = option(0.0, "P", "share of notifications with a byte damaged or the end cut off", SHARE)
    cut: tuple[float, float] | None = option(
        None, "T[+D]", f"the link is lost T s after connecting; the unit is away D s ({AWAY_S:g})", span(AWAY_S)
    )
    stall: tuple[float, float] | None = option(
        None, "T+D", "silence on the air from T s after connecting, for D s; writes wait", span(None)
    )
    taken: int = option(0, "N", "in a silence, so many writes without response are taken as sent", whole(0, 64))
    decoy: bool = option(False, "yes|no", "a second unit with the same service but another name is there", yes)
    seed: int | None = option(None, "N", "seed of all chance", whole(0, 2**31))


class Weather:
    """The bad luck of one unit's link, from the radio's options. `since_s` counts from the opening of the link."""

    def __init__(self, faults: RadioFaults, chance: Stream) -> None:
        self._faults = faults
        self._chance = chance
        self._arrives_s = 0.0
        self._since_s = 0.0

    @property
    def cut(self) -> tuple[float, float] | None:
        """When the link is lost, and how long the unit is away then."""
        return self._faults.cut

    @property
    def stall(self) -> tuple[float, float] | None:
        """When the radio falls silent, and for how long."""
        return self._faults.stall

    @property
    def taken(self) -> int:
        """How many commands the radio takes, as if they were sent, while the air is silent."""
        return self._faults.taken

    def change(self, faults: RadioFaults) -> None:
        """Let it be another weather from now on."""
        self._faults = faults

    def carry(self, since_s: float, data: bytes) -> list[tuple[float, bytes]]:
        """Return what arrives of one notification: none, or one or two of (delay in seconds, bytes)."""
        faults = self._faults
        chance = self._chance
        lost = chance.happens(faults.lost)
        late = chance.between(faults.late_s / 2, faults.late_s)
        twice = chance.happens(faults.dup)
        damaged = chance.happens(faults.corrupt)
        if lost or faults.mute or since_s >= faults.lost_after:
            return []
        if damaged and data:
            data = self._damage(data)
        if since_s < self._since_s:
            self._arrives_s = 0.0  # a new link, on which nothing is under way
        self._since_s = since_s
        self._arrives_s = max(since_s + late, self._arrives_s)
        return [(self._arrives_s - since_s, data)] * (2 if twice else 1)

    def _damage(self, data: bytes) -> bytes:
        if self._chance.happens(0.25):
            return data[: self._chance.number(0, len(data) - 1)]
        place = self._chance.number(0, len(data) - 1)
        return data[:place] + bytes((data[place] ^ self._chance.number(1, 255),)) + data[place + 1 :]
