"""What a software EM 70 lets flow: an ASSUMPTION, so that there is a witness at all; nobody has measured a real one.

While the level is above 0: 100 pulses a second of 200 µs, 1 mA for each step, the positive phase first. None of these
four says anything about the unit itself, and no text for people may quote them.
"""

from simulator.output import ENDLESS_MS, Run, Stage, tick_at
from simulator.twin import Log, Pulse

_RUNS = (Run(ENDLESS_MS, 10, 200.0),)
_STEP_MA = 1.0
_POSITIVE = 1


class AssumedCurrent:
    """The output of one unit; each change goes on record, marked as assumed."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._stage = Stage("A", first=_POSITIVE)
        self._stage.play(0, _RUNS)
        self._shown = 0, False

    def flow(self, now_s: float, level: int, through: bool, why: str) -> None:
        """Let flow what belongs to a level; `through` is false while pads are off or a pause holds."""
        flows = level > 0 and through
        if (level, flows) == self._shown:
            return
        self._shown = level, flows
        current_ma = level * _STEP_MA if flows else 0.0
        self._stage.strength(tick_at(now_s), current_ma)
        fields = {"channel": "A", "strength": level, "current_ma": current_ma, "assumed": True}
        self._log(now_s, "output", {**fields, "why": why})

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """Return the pulses of a stretch of the past."""
        self._stage.live(tick_at(until_s))
        return list(self._stage.pulses(since_s, until_s))
