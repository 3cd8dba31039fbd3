"""The output of a software Bluetens: a level, a script that plays at it, and each pulse that the electrodes saw.

Between the measured levels voltage is taken as a straight line, and half of the voltage from peak to peak as that of
one phase; the rate is taken to change nothing in it (choice).
"""

from collections import deque
from math import inf

from simulator.bluetens.options import BluetensOptions
from simulator.bluetens.script import BadScript, Player
from simulator.output import Skin
from simulator.twin import Log, Pulse

TOP = 60
VOLTS_PP = {0: 0.0, 1: 7.45, 5: 15.8, 10: 25.8, 15: 35.2, 20: 47.6, 30: 61.0, 40: 76.8, 50: 90.0, 60: 103.0}
"""Measured at 500 ohm and 50 Hz, peak to peak of both phases (vendor's sheet)."""

NARROWER_US = {"second": 3, "first": 8}
KEPT = 120_000
"""Pulses kept: 60 s at the highest rate of the firmware, and more."""

POSITIVE = 1


class Output:
    """See the module. `start_s` is when what plays was started; the level is 0 while nothing plays."""

    def __init__(self, options: BluetensOptions, log: Log) -> None:
        self.level = 0
        self.pads_on = True
        self.start_s = 0.0
        self._options = options
        self._log = log
        self._player: Player | None = None
        self._past: deque[Pulse] = deque(maxlen=KEPT)

    @property
    def plays(self) -> bool:
        """Whether a script plays."""
        return self._player is not None

    @property
    def ends_s(self) -> float:
        """When it ends by itself, as far as it has been played (inf: not yet known, or nothing plays)."""
        return min(self._player.ends_s, self.start_s + self._options.ends) if self._player is not None else inf

    def play(self, now_s: float, data: bytes, cut_s: float, by: str) -> bool:
        """Play a script at level 1; false if it is none."""
        narrower_us = NARROWER_US[self._options.hardware]
        try:
            text = data.decode("ascii", errors="replace")
            bound = self._options.bound
            player = Player(text, now_s, cut_s, narrower_us, self._options.preload, bound=bound)
        except BadScript:
            return False
        self.start_s = now_s
        self.set(now_s, 1, by)
        self._player = player
        return True

    def stop(self, now_s: float, by: str) -> None:
        """Play nothing."""
        self.live(now_s)
        self._player = None
        self.set(now_s, 0, by)

    def set(self, now_s: float, level: int, by: str) -> None:
        """Play at another level, 0 to TOP."""
        if level != self.level:
            self.live(now_s)
            self.level = level
            self._log(now_s, "level", {"channel": "A", "level": level, "by": by})
            self._tell(now_s, by)

    def pads(self, now_s: float, *, on: bool) -> None:
        """Let the pads come off or on."""
        self.live(now_s)
        self.pads_on = on
        self._tell(now_s, "pads-on" if on else "pads-off")

    def live(self, now_s: float) -> None:
        """Play on until now."""
        player = self._player
        if player is None or player.pulse_s > now_s:
            return
        current_ma = self.current_ma
        while player.pulse_s <= now_s:
            if current_ma:
                self._past.append(Pulse(player.pulse_s, "A", player.width_us, current_ma, POSITIVE))
            player.take()

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """Return the pulses of a stretch of the past, as far as it has lived."""
        return [pulse for pulse in self._past if since_s <= pulse.at_s < until_s]

    @property
    def current_ma(self) -> float:
        """The height of a phase now."""
        low = max(level for level in VOLTS_PP if level <= self.level)
        high = min(level for level in VOLTS_PP if level >= self.level)
        share = (self.level - low) / (high - low) if high > low else 0.0
        volts = (VOLTS_PP[low] + (VOLTS_PP[high] - VOLTS_PP[low]) * share) / 2
        return round(Skin(self._options.load_ohm, self.pads_on).current_ma(volts), 3)

    def _tell(self, now_s: float, why: str) -> None:
        self._log(now_s, "output", {"channel": "A", "current_ma": self.current_ma, "why": why})
