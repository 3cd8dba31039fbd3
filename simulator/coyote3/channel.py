"""One socket of a software Coyote 3.0: its strength and limit, the block that it plays, and what of that is on record.

1. A block is four slots of 25 ms for one channel. One byte out of range makes it no block at all (DG-LAB's document).
2. Height of a pulse from strength, width from intensity: 2 µs + 1.5 µs x intensity, measured on one box into 500 ohm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from protocols.coyote3.packets import period_ms
from simulator.output import Run, Skin, Stage, tick_at
from simulator.twin import Log

SLOT_MS = 25
REST_S = 1.0
"""A texture that pauses for less (between bursts) isn't recorded as an end of output."""
STARVED_S = 0.5
"""How much later than the fact, at most, running dry is put on record; the record has the true time."""
LATE_MS = 20.0
"""A frame that comes so much too late still goes on record as the same output: hardly a pulse is missing."""
_POINTS = (0, 0.0), (32, 16.06), (64, 29.08), (96, 41.71), (128, 49.33), (160, 58.33), (200, 63.96)
"""Strength to peak voltage into 500 ohm: public scope captures (D9Lab-Shocker), firmware 0407."""


def _between(strength: int) -> float:
    for (low, low_v), (high, high_v) in pairwise(_POINTS):
        if strength <= high:
            return low_v + (high_v - low_v) * (strength - low) / (high - low)
    raise ValueError(f"strength 0-200, not {strength}")


VOLTS = tuple(_between(strength) for strength in range(201))
"""Peak voltage of each strength into 500 ohm, between the measured points on a straight line."""


@dataclass(frozen=True, slots=True)
class Block:
    """100 ms of one channel, ready for the output stage; `intensity` is the highest of its four."""

    runs: tuple[Run, ...]
    intensity: int


def block_of(codes: Sequence[int], intensities: Sequence[int], lowest: int) -> Block | None:
    """Return the block of four codes and intensities, or None if it is dropped; `lowest` is the first valid code."""
    if not all(lowest <= code <= 240 for code in codes) or not all(value <= 100 for value in intensities):
        return None
    runs: list[Run] = []
    for code, intensity in zip(codes, intensities, strict=True):
        period = period_ms(code) if code >= 10 else code
        width_us = 2.0 + 1.5 * intensity if intensity else 0.0
        if runs and (runs[-1].period_ms, runs[-1].width_us) == (period, width_us):
            runs[-1] = Run(runs[-1].length_ms + SLOT_MS, period, width_us)
        else:
            runs.append(Run(SLOT_MS, period, width_us))
    return Block(tuple(runs), max(intensities))


class ChannelOutput:
    """One channel. It tells `log` of each change of strength, and of each marked change of what flows."""

    def __init__(self, name: str, strength: int, limit: int, skin: Skin, log: Log) -> None:
        self.name = name
        self.strength = min(strength, limit)
        self.limit = limit
        self.balance = (160, 0)  # kept, without effect
        self._skin = skin
        self._log = log
        self._stage = Stage(name)
        self._stage.strength(0, self._skin.current_ma(VOLTS[self.strength]))
        self._block: Block | None = None
        self._dry_tick = -1
        self._rests_s: float | None = None
        self._shown = (0, 0, 0.0)  # strength, intensity, mA on record
        self._looked: tuple[Block | None, int, Skin] = (None, -1, skin)

    @property
    def due_s(self) -> float:
        """When running dry should be on record, if it will happen."""
        return self._dry_tick / 1000.0 + STARVED_S if self._dry_tick >= 0 and self._shown[1] else float("inf")

    def ordered(self, mode: int, value: int) -> int:
        """Return the strength after an order: 0 unchanged, 1 increase, 2 decrease, 3 set."""
        match mode:
            case 1:
                wanted = self.strength + value
            case 2:
                wanted = self.strength - value
            case 3:
                wanted = value
            case _:
                return self.strength
        return max(0, min(self.limit, wanted))

    def set(self, now_s: float, strength: int, by: str) -> bool:
        """Set the strength; say whether that changed it."""
        if strength == self.strength:
            return False
        self.strength = strength
        self._log(now_s, "level", {"channel": self.name, "level": strength, "by": by})
        self._stage.strength(tick_at(now_s), self._skin.current_ma(VOLTS[strength]))
        if by != "host":  # after a frame's order its texture is still to come
            self._show(now_s, by)
        return True

    def play(self, now_s: float, block: Block | None, *, again: bool, why: str) -> None:
        """Play a block from now on, in place of what is left of the last; None: fall silent."""
        tick = tick_at(now_s)
        self._block = block
        self._stage.play(tick, block.runs if block else (), again=again)
        self._dry_tick = tick + 4 * SLOT_MS if block and not again else -1
        self._show(now_s, why)

    def run_dry(self, now_s: float) -> None:
        """Notice that the last block has come to its end."""
        if 0 <= self._dry_tick < now_s * 1000.0 - LATE_MS:
            at_s = self._dry_tick / 1000.0
            self._dry_tick = -1
            self._block = None
            self._show(at_s, "starved")

    def wear(self, now_s: float, skin: Skin, why: str) -> None:
        self._skin = skin
        self._stage.strength(tick_at(now_s), skin.current_ma(VOLTS[self.strength]))
        self._show(now_s, why)

    def stage_at(self, now_s: float) -> Stage:
        """Return the output stage, lived on until now."""
        self._stage.live(tick_at(now_s))
        return self._stage

    def _show(self, now_s: float, why: str) -> None:
        """Put a marked change of output on record."""
        block = self._block if self.strength else None
        look = block, self.strength, self._skin
        if look == self._looked and self._rests_s is None:
            return
        self._looked = look
        if block is not None and block.intensity == 0:
            self._rests_s = now_s if self._rests_s is None else self._rests_s
            if now_s - self._rests_s < REST_S:
                return
        else:
            self._rests_s = None
        intensity = block.intensity if block is not None else 0
        strength, before, ma = self._shown
        now_ma = self._skin.current_ma(VOLTS[self.strength]) if intensity else 0.0
        same = now_ma == ma and (strength == self.strength or not intensity)
        if same and (intensity > 0) == (before > 0) and abs(intensity - before) * 10 <= before:
            return
        self._shown = self.strength, intensity, now_ma
        fields = {"channel": self.name, "strength": self.strength, "intensity": intensity}
        self._log(now_s, "output", {**fields, "current_ma": round(now_ma, 3), "why": why})
