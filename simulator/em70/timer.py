"""The clock of a software EM 70: counts its program down, about once a second and not quite evenly.

As captured: it starts 1-2 s after the first step, and of two polls a second apart one may see two seconds gone and the
next none. Its program's length can't be set.
"""

from math import inf

from simulator.chance import Stream
from simulator.em70.options import Em70Options

LENGTH_S = 1800
LENGTHS_S = {19: 1380}
"""Seconds of the programs whose length was seen; 30 minutes is also the app's upper bound."""
START_S = 1.0, 2.0
JITTER_S = 0.3


class Timer:
    """Counts down while it runs. `tick` is to be called at `due_s`."""

    def __init__(self, options: Em70Options, chance: Stream) -> None:
        self.left_s = 0
        self.due_s = inf
        self.fresh = True
        self._options = options
        self._chance = chance
        self._beat_s = inf
        self._held = False

    def reload(self, program: int) -> None:
        """Stop, and show the program's full length."""
        self.left_s = round(self._options.timer) or LENGTHS_S.get(program, LENGTH_S)
        self.due_s = inf
        self._held = False

    def start(self, now_s: float) -> None:
        """Begin to count; the first beat comes after a delay that differs from start to start."""
        self.fresh = False
        self._beat_s = now_s + self._chance.between(*START_S)
        self._plan()

    def hold(self, now_s: float, held: bool) -> None:
        """Freeze, or go on (choice: the effect of a pause was not captured)."""
        if self._held == held or (self.due_s == inf and not self._held):
            return
        self._held = held
        self._beat_s = now_s + 1.0
        if held:
            self.due_s = inf
        else:
            self._plan()

    def tick(self) -> bool:
        """Count one second; say whether that was the last."""
        self.left_s -= 1
        if self.left_s <= 0:
            return True
        self._beat_s += 1.0 + self._options.drift
        self._plan()
        return False

    def _plan(self) -> None:
        self.due_s = self._beat_s + self._chance.between(-JITTER_S, JITTER_S)
