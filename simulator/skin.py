"""What is between the electrodes: a resistance, or nothing when the pads are off.

500 ohm is the load of the measurements that the twins go by. At another load the current is computed as if the unit
kept its voltage, which was not measured: an assumption, good for comparing, not for judging a real unit.
"""

from dataclasses import dataclass

LOAD_OHM = 500.0


@dataclass(frozen=True, slots=True)
class Skin:
    """The load of one channel."""

    load_ohm: float = LOAD_OHM
    pads_on: bool = True

    def current_ma(self, volts: float) -> float:
        """Return the current that a voltage drives; none flows while the pads are off."""
        return volts / self.load_ohm * 1000.0 if self.pads_on else 0.0
