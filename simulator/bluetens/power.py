"""What a software Bluetens lives on: its battery and charger, and how long it waits before it gives up on somebody."""

from simulator.bluetens.options import BluetensOptions

LOW_MV = 3000
EMPTY_MV = 3100
NO_START_MV = 3250
FULL_MV = 4150
FIRST_EMPTY_MV = 3500
IDLE_S = {"second": 30.0, "first": 20.0}
NOLOAD_S = 3.0
SLOW_ADDRESS = "08:7C:EE"
"""Units of this maker's prefix wait longer:"""

SLOW_IDLE_S = 60.0
"""so long when nothing plays,"""

SLOW_NOLOAD_S = 10.0
"""and so long without pads."""


class Power:
    """See the module; `mv` is the true voltage in mV."""

    def __init__(self, address: str, options: BluetensOptions) -> None:
        self.first = options.hardware == "first"
        self.charging = options.charging
        slow = address.upper().startswith(SLOW_ADDRESS)
        self.idle_s = SLOW_IDLE_S if slow else IDLE_S[options.hardware]
        self.noload_s = SLOW_NOLOAD_S if slow else NOLOAD_S
        empty_mv = FIRST_EMPTY_MV if self.first else EMPTY_MV
        self.mv = round(empty_mv + (FULL_MV - empty_mv) * options.battery / 100)

    @property
    def shown_mv(self) -> int:
        """What it tells: the first hardware has a scale of its own."""
        return round((self.mv - FIRST_EMPTY_MV) * 1200 / 650 + 3800) if self.first else self.mv

    def run_low(self) -> None:
        """Be nearly empty."""
        self.mv = LOW_MV

    def objection(self) -> str:
        """Return the line that tells why nothing can be started, "" if it can."""
        if self.charging:
            return "charging"
        return "low battery" if self.mv < NO_START_MV and not self.first else ""
