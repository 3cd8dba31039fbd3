"""What a unit is to play, as pure data: parts in time, each with its rate, width, burst and envelope.

A Score is a Program already fitted to one family (a Course makes it), so no driver has to decide what is felt.
Widths are of ONE phase of the pulse in µs, rates are pulses per second, times are seconds from the session's start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import floor, inf


@dataclass(frozen=True, slots=True)
class Steady:
    """One value all the time."""

    value: float


@dataclass(frozen=True, slots=True)
class Sweep:
    """A triangle: `first` at the start of a cycle, `second` at its middle, `first` again at its end."""

    first: float
    second: float
    cycle_s: float


@dataclass(frozen=True, slots=True)
class Alternate:
    """Values in turn, each held for its seconds: ((value, seconds), …)."""

    steps: tuple[tuple[float, float], ...]


Curve = Steady | Sweep | Alternate


@dataclass(frozen=True, slots=True)
class Burst:
    """Trains of pulses: `on_s` with, `off_s` without."""

    on_s: float
    off_s: float


@dataclass(frozen=True, slots=True)
class Envelope:
    """A contraction cycle: rise, hold, fall, rest, in seconds."""

    up_s: float
    on_s: float
    down_s: float
    off_s: float


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch with constant rules. `level_pct` is relative to the level that the user set."""

    title: str
    start_s: float
    length_s: float
    rate_hz: Curve
    width_us: Curve
    burst: Burst | None = None
    envelope: Envelope | None = None
    level_pct: int = 100
    fade_us: float | None = None
    """Width to cross-fade from at the start of the part, over FADE_S; None: no fade."""


FADE_S = 2.0
"""A change of width between parts or steps takes this long (safety: a wider pulse is a stronger one)."""


@dataclass(frozen=True, slots=True)
class Score:
    """All parts in order, without gaps; `number` is the unit's own program where it plays by number."""

    parts: tuple[Part, ...]
    number: int | None = None

    @property
    def length_s(self) -> float:
        last = self.parts[-1]
        return last.start_s + last.length_s


def as_asked(value: float) -> float:
    """Return the value itself: a unit that plays whatever it is asked for."""
    return value


def fits_all(_score: "Score") -> str:
    """Say nothing: a unit that plays every score within its ranges."""
    return ""


@dataclass(frozen=True, slots=True)
class Playable:
    """What a family can play: lowest and highest rate and width, and how fine they are.

    `slot_s` are its time slots (0: none), to which bursts and changes fit; `slice_s` the steps of what moves, where
    only that goes in steps. `rate` and `width` say what is really played for a value that is asked for: never faster
    and never wider, since both would be stronger. `refuses` returns the sentence why a score can't be played though
    each of its values can ("" if it can).

    A family that plays by number has `timers` (program number to the unit's own timer in seconds, inf: it has none)
    and `number`, the one that stands in for a pain program which names none. `made_elsewhere`: another unit makes the
    pulses, so rate and width are set there by hand, once, and never change within a session. `notes` are
    differences that hold for every program.
    """

    rate_hz: tuple[float, float]
    width_us: tuple[float, float]
    slot_s: float = 0.0
    rate: Callable[[float], float] = as_asked
    width: Callable[[float], float] = as_asked
    refuses: Callable[[Score], str] = fits_all
    timers: Mapping[int, float] = field(default_factory=dict)
    number: int | None = None
    slice_s: float = 0.0
    made_elsewhere: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Texture:
    """What flows at one moment: `on` false between bursts, `gate` 0..1 from the envelope, already in `width_us`."""

    rate_hz: float
    width_us: float
    on: bool
    gate: float


def unvaried(score: Score, from_s: float, until_s: float) -> bool:
    """Say whether the texture is the same all through a stretch: one part, nothing that moves in it."""
    index, part = part_at(score, from_s)
    return (
        part_at(score, until_s)[0] == index
        and isinstance(part.rate_hz, Steady)
        and isinstance(part.width_us, Steady)
        and part.burst is None
        and part.envelope is None
        and (part.fade_us is None or from_s - part.start_s >= FADE_S)
    )


def part_at(score: Score, at_s: float) -> tuple[int, Part]:
    """Return index and part at a position; before the start the first, after the end the last."""
    for index, part in enumerate(score.parts):
        if at_s < part.start_s + part.length_s:
            return index, part
    return len(score.parts) - 1, score.parts[-1]


def texture(score: Score, at_s: float) -> Texture:
    """Return rate, width, burst gate and envelope gate at a position in seconds."""
    _, part = part_at(score, at_s)
    inside_s = max(0.0, at_s - part.start_s)
    gate = _gate(part.envelope, inside_s)
    width_us = _width(part.width_us, inside_s)
    if part.fade_us is not None and inside_s < FADE_S:
        width_us = part.fade_us + (width_us - part.fade_us) * inside_s / FADE_S
    burst = part.burst
    on = burst is None or inside_s % (burst.on_s + burst.off_s) < burst.on_s - 1e-9
    return Texture(value_at(part.rate_hz, inside_s), width_us * gate, on and gate > 0.0, gate)


def slotted(score: Score, at_s: float, slot_s: float) -> float:
    """Return the start of the time slot at a position where something moves; elsewhere the position itself."""
    part = part_at(score, at_s)[1]
    inside_s = at_s - part.start_s
    return part.start_s + floor(inside_s / slot_s + 1e-6) * slot_s if _moves(part, inside_s) else at_s


def _moves(part: Part, inside_s: float) -> bool:
    """Say whether rate or width change little by little: a sweep, a contraction, a cross-fade."""
    fades = part.fade_us is not None and inside_s < FADE_S
    turns = isinstance(part.rate_hz, Sweep) or not isinstance(part.width_us, Steady)
    return part.envelope is not None or turns or fades


def lasts_s(score: Score, at_s: float, slot_s: float) -> float:
    """Return how long output goes on if nothing more is said: to the end of a burst, two slots of a contraction.

    Never beyond the end of a contraction: its rest comes by itself.
    """
    part = part_at(score, at_s)[1]
    left_s = inf
    if part.burst is not None:
        left_s = part.burst.on_s - (at_s - part.start_s) % (part.burst.on_s + part.burst.off_s)
    if part.envelope is None:
        return left_s
    flows_s = part.envelope.up_s + part.envelope.on_s + part.envelope.down_s
    falls_s = flows_s - (at_s - part.start_s) % (flows_s + part.envelope.off_s)
    return min(left_s, 2 * slot_s, falls_s) if falls_s > 0 else min(left_s, 2 * slot_s)


def unchanged_s(score: Score, at_s: float, slot_s: float) -> float:
    """Return how long nothing changes by itself: to the next border of a burst or part, or slot of what moves."""
    part = part_at(score, at_s)[1]
    inside_s = at_s - part.start_s
    stays_s = part.length_s - inside_s if inside_s < part.length_s else inf
    if _moves(part, inside_s) or not isinstance(part.rate_hz, Steady):
        stays_s = min(stays_s, slot_s - inside_s % slot_s)
    if part.burst is not None:
        at_burst_s = inside_s % (part.burst.on_s + part.burst.off_s)
        border_s = part.burst.on_s if at_burst_s < part.burst.on_s - 1e-9 else part.burst.on_s + part.burst.off_s
        stays_s = min(stays_s, border_s - at_burst_s)
    return max(stays_s, 1e-6)


def value_at(curve: Curve, inside_s: float) -> float:
    """Return a curve's value at a time within its part."""
    if isinstance(curve, Steady):  # by far the most, and asked for at every pulse
        return curve.value
    match curve:
        case Sweep(first, second, cycle_s):
            turn = inside_s / cycle_s - floor(inside_s / cycle_s)
            return first + (second - first) * (1.0 - abs(2.0 * turn - 1.0))
        case Alternate(steps):
            left_s = inside_s % sum(length_s for _, length_s in steps)
            for value, length_s in steps:
                if left_s < length_s:
                    return value
                left_s -= length_s
            return steps[-1][0]


def _width(curve: Curve, inside_s: float) -> float:
    """Return the width; between the steps of an alternation it cross-fades, as it does between parts."""
    if not isinstance(curve, Alternate):
        return value_at(curve, inside_s)
    cycle_s = sum(length_s for _, length_s in curve.steps)
    before_us = curve.steps[-1 if inside_s >= cycle_s else 0][0]
    left_s = inside_s % cycle_s
    for width_us, length_s in curve.steps:
        if left_s < length_s:
            return before_us + (width_us - before_us) * min(1.0, left_s / FADE_S)
        left_s -= length_s
        before_us = width_us
    return before_us


def _gate(envelope: Envelope | None, inside_s: float) -> float:
    if envelope is None:
        return 1.0
    up_s = envelope.up_s
    on_s = envelope.on_s
    down_s = envelope.down_s
    at_s = inside_s % (up_s + on_s + down_s + envelope.off_s)
    if at_s < up_s:
        return at_s / up_s
    if at_s < up_s + on_s:
        return 1.0
    if at_s < up_s + on_s + down_s:
        return 1.0 - (at_s - up_s - on_s) / down_s
    return 0.0
