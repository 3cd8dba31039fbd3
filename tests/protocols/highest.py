"""The highest that a score has within a stretch, exactly: it is looked at where it turns, not on a grid of times.

A grid misses the peak of a sweep that lies between two of its points, and then takes what is right for too wide.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, floor

from protocols.score import FADE_S, Alternate, Part, Score, Sweep, texture

BESIDE_S = 1e-6
"""A score jumps at some borders, so it is looked at on both sides of each."""

INNER = 8
"""Points of a stretch beside its turns: where a fade or a contraction crosses a sweep, a peak may lie between."""

BETWEEN_US = 0.02
"""What a peak between two of those points can be wider than both."""


@dataclass(frozen=True, slots=True)
class Highest:
    """The fastest rate, the widest width and the widest open gate of a stretch."""

    rate_hz: float
    width_us: float
    gate: float


def highest(score: Score, since_s: float, until_s: float) -> Highest:
    """Return the highest of a score from one position to another, both included."""
    each_s = (until_s - since_s) / INNER
    looks_s = [since_s + step * each_s for step in range(INNER + 1)]
    for turn_s in _turns_s(score, since_s, until_s):
        looks_s += [max(since_s, turn_s - BESIDE_S), turn_s, min(until_s, turn_s + BESIDE_S)]
    seen = [texture(score, max(0.0, at_s)) for at_s in looks_s]
    return Highest(max(one.rate_hz for one in seen), max(one.width_us for one in seen), max(one.gate for one in seen))


def _turns_s(score: Score, since_s: float, until_s: float) -> Iterator[float]:
    """Return the positions of a stretch at which the score begins to move in another way."""
    for part in score.parts:
        last = part is score.parts[-1]
        begin_s = max(since_s, part.start_s)
        end_s = until_s if last else min(until_s, part.start_s + part.length_s)
        if begin_s > end_s:
            continue
        if begin_s == part.start_s:
            yield begin_s
        if begin_s <= part.start_s + FADE_S <= end_s:
            yield part.start_s + FADE_S
        for cycle_s, corners_s in _cycles(part):
            first = floor((begin_s - part.start_s) / cycle_s)
            for turn in range(first, ceil((end_s - part.start_s) / cycle_s) + 1):
                moments_s = (part.start_s + turn * cycle_s + corner_s for corner_s in corners_s)
                yield from (at_s for at_s in moments_s if begin_s <= at_s <= end_s)


def _cycles(part: Part) -> Iterator[tuple[float, list[float]]]:
    """Return each cycle of a part with the positions in it where something turns."""
    for curve in (part.rate_hz, part.width_us):
        if isinstance(curve, Sweep):
            yield curve.cycle_s, [0.0, curve.cycle_s / 2]
        elif isinstance(curve, Alternate):
            borders_s = [0.0, *accumulate(length_s for _, length_s in curve.steps)]
            yield borders_s[-1], borders_s + [at_s + FADE_S for at_s in borders_s[:-1]]
    if part.envelope is not None:
        one = part.envelope
        *corners_s, cycle_s = accumulate([one.up_s, one.on_s, one.down_s, one.off_s])
        yield cycle_s, [0.0, *corners_s]
