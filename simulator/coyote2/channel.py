"""One socket of a software Coyote 2.0: its strength, the wave that it plays, and what of that is on record.

1. A wave plays for 100 ms from its arrival, then the socket is silent and keeps its strength (the maker's document).
2. It is X pulses in X ms, then Y ms of pause, again and again. Whether that runs on when a word is written again nobody
   has said: it does, unless `restart`. After a silence that was longer than the pause it begins with its pulses.
3. A word that comes while another plays takes its place, or waits for its end, if the box `backs_up`.
4. No voltage of this box is known: 0.032 V for each step of strength is assumed (64 V at 2000, as the newer box).
"""

from collections import deque
from functools import lru_cache
from math import inf

from protocols.coyote2.packets import FRAME_S, WIDTH_STEP_US, Wave
from simulator.coyote2.options import Coyote2Options
from simulator.output import Run, Skin, Stage, tick_at
from simulator.twin import Log

VOLTS_A_STEP = 0.032
SLOW = 8
NEVER_MS = 10**9
REST_S = 1.0
"""A wave that pauses for less (between bursts, or lone pulses) isn't recorded as an end of output."""
WAITING_MAX = 100
"""Ten seconds of waves that wait; more is dropped."""


class ChannelOutput:
    """One channel. It tells `log` of each change of strength, and of each change of what flows."""

    def __init__(self, name: str, strength: int, options: Coyote2Options, log: Log) -> None:
        self.name = name
        self.strength = strength
        self.wave: Wave | None = None
        self._options = options
        self._log = log
        self._skin = Skin(options.load_ohm)
        self._stage = Stage(name)
        self._stage.strength(0, self._ma)
        self._ends_s = inf
        self._dry_s = inf
        self._began_tick = -NEVER_MS
        self._waiting: deque[Wave] = deque(maxlen=WAITING_MAX)
        self._shown_ma = 0.0

    @property
    def due_s(self) -> float:
        """When the wave ends, or its end should be on record."""
        return min(self._ends_s, self._dry_s + REST_S)

    def set(self, now_s: float, strength: int, by: str) -> bool:
        """Set the strength; say whether that changed it."""
        if strength == self.strength:
            return False
        self.strength = strength
        self._log(now_s, "level", {"channel": self.name, "level": strength, "by": by})
        self._rise(now_s)
        self._show(now_s, by)
        return True

    def take(self, now_s: float, wave: Wave) -> None:
        """Play a word at once, or after the one that plays, for a unit that `backs_up`."""
        if self._options.backs_up and self.wave is not None:
            self._waiting.append(wave)
        else:
            self._play(now_s, wave, "frame")

    def off(self, now_s: float, why: str) -> None:
        """Forget every wave."""
        self._waiting.clear()
        self._end(now_s)
        self._dry_s = inf
        self._show(now_s, why)

    def run_dry(self, now_s: float) -> None:
        """Notice that the wave has come to its end; to be called at `due_s`."""
        if now_s >= self._ends_s:
            self._end(self._ends_s)
            if self._waiting:
                self._play(now_s, self._waiting.popleft(), "frame")
        elif now_s >= self._dry_s + REST_S:
            at_s = self._dry_s
            self._dry_s = inf
            self._show(at_s, "starved")

    def wear(self, now_s: float, *, pads_on: bool, why: str) -> None:
        """Change what is between the electrodes."""
        self._skin = Skin(self._options.load_ohm, pads_on)
        self._rise(now_s)
        self._show(now_s, why)

    def stage_at(self, now_s: float) -> Stage:
        """Return the output stage, lived on until now."""
        self._stage.live(tick_at(now_s))
        return self._stage

    @property
    def _ma(self) -> float:
        return self._skin.current_ma(self.strength * VOLTS_A_STEP)

    def _play(self, now_s: float, wave: Wave, why: str) -> None:
        self._end(now_s)
        tick = tick_at(now_s)
        self.wave = wave
        self._ends_s = now_s + FRAME_S
        cycle_ms = self._cycle_ms(wave)
        if self._options.restart or tick - self._began_tick >= cycle_ms:
            self._began_tick = tick
        self._sound(tick)
        if wave.x and wave.z:
            self._dry_s = inf
            self._show(now_s, why)

    def _rise(self, now_s: float) -> None:
        """Take another height of pulses; from nothing they come in where the cycle of the wave stands."""
        tick = tick_at(now_s)
        self._stage.strength(tick, self._ma)
        if self.wave is not None:
            self._sound(tick)

    def _sound(self, tick: int) -> None:
        assert self.wave is not None, "a wave plays"
        cycle_ms = self._cycle_ms(self.wave)
        left_ms = tick_at(self._ends_s) - tick
        self._stage.play(tick, _runs(self.wave, cycle_ms, (tick - self._began_tick) % cycle_ms, left_ms))

    def _end(self, now_s: float) -> None:
        """Keep where the cycle of the wave stands, and play it no more."""
        if self.wave is None:
            return
        cycle_ms = self._cycle_ms(self.wave)
        played_ms = max(0, tick_at(now_s) - 1 - self._began_tick)
        self._began_tick += played_ms // cycle_ms * cycle_ms
        if self.wave.x and self.wave.z:
            self._dry_s = now_s
        self.wave = None
        self._ends_s = inf
        self._stage.play(tick_at(now_s), ())

    def _cycle_ms(self, wave: Wave) -> int:
        return max(1, wave.x + wave.y * (SLOW if self._options.slow_clock else 1))

    def _show(self, now_s: float, why: str) -> None:
        """Put a change of output on record."""
        plays = self.wave is not None and bool(self.wave.x and self.wave.z)
        flows_ma = round(self._ma, 3) if plays or self._dry_s < inf else 0.0
        if flows_ma != self._shown_ma:
            self._shown_ma = flows_ma
            self._log(now_s, "output", {"channel": self.name, "current_ma": flows_ma, "why": why})


@lru_cache(maxsize=4096)
def _runs(wave: Wave, cycle_ms: int, inside_ms: int, left_ms: int) -> tuple[Run, ...]:
    """Return what is left of a wave that stands `inside_ms` in its cycle, ready for the output stage."""
    width_us = float(WIDTH_STEP_US * wave.z)
    if not wave.x or not wave.z:
        return ()
    runs: list[Run] = []
    while left_ms > 0:
        pulses_ms = min(max(0, wave.x - inside_ms), left_ms)
        if pulses_ms:
            runs.append(Run(pulses_ms, 1, width_us))
        left_ms -= pulses_ms
        if wave.x == 1 and inside_ms == 0 and left_ms > 0:
            return (*runs, Run(left_ms, cycle_ms, width_us))  # the stage's own rule: one pulse a period
        pause_ms = min(cycle_ms - max(inside_ms, wave.x), left_ms)
        if pause_ms > 0:
            runs.append(Run(pause_ms, NEVER_MS, 0.0))
        left_ms -= max(0, pause_ms)
        inside_ms = 0
    return tuple(runs)
