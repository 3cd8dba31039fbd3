"""A course: a program fitted to one family, with every difference in a sentence, or a refusal.

Nobody shall be surprised by what a unit can't do, so whatever is not played exactly as written is told before it
starts. What is out of a unit's range becomes weaker, never stronger: no wider pulse, no faster rate, no shorter rest;
what would have to become stronger is refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, inf

from estim.core.errors import CourseError
from estim.core.numbers import m_ss
from estim.core.programs.program import Phase, Program, least, most, words
from protocols.family import Family
from protocols.score import FADE_S, Alternate, Burst, Curve, Part, Score, Steady, Sweep, texture
from protocols.vocabulary import Control, Pause

SLOTS_MIN = 4
"""A sweep with fewer time slots in a cycle is none."""

SLOTS_FINE = 40
"""With so many slots in a cycle nobody feels the steps of a sweep (5 % of its range each)."""

FINE = 0.01
"""A difference below this share needs no words."""

MEAN_OF = 400
"""Points of a sweep that a mean is taken of."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a unit will play, and in what it differs from the program."""

    program: Program
    score: Score
    differs: tuple[str, ...]


def fit(program: Program, family: Family, minutes: float | None = None, *, unlocked: bool = False) -> Course:
    """Fit a program, made `minutes` long (None: as it is); raise CourseError with a sentence if it can't be played.

    `unlocked` lets programs through that hold a muscle contracted: for looking at, until the care plan unlocks them.
    """
    if minutes is not None and not minutes > 0:
        raise CourseError(f"a session of {minutes:g} minutes is none: ask for more than 0")
    wanted = program if minutes is None else program.lasting(minutes)
    if wanted.length_s > program.caps.minutes * 60 + 1e-6:
        raise CourseError(
            f"{program.id} lasts up to {program.caps.minutes:g} minutes, not {wanted.length_s / 60:g}: ask for less"
        )
    shortest = min(wanted.phases, key=lambda phase: phase.length_s)
    if len(wanted.phases) > 1 and shortest.length_s < FADE_S - 1e-9:
        first_s = min(phase.length_s for phase in program.phases)
        least_minutes = ceil(program.length_s * FADE_S / first_s / 6) / 10
        raise CourseError(
            f"{program.id} has {len(wanted.phases)} phases, and a change between two takes {FADE_S:g} s: "
            f"ask for {least_minutes:g} minutes or more"
        )
    if program.gated and not unlocked:
        raise CourseError(f"{program.id} holds a muscle contracted; such programs are not unlocked in this version")
    course = _played(wanted, family)
    why_not = family.playable.refuses(course.score)
    if why_not:
        raise CourseError(f"{family.title} can't play {program.id}: {why_not}")
    return replace(course, differs=(*course.differs, *family.playable.notes))


def _played(program: Program, family: Family) -> Course:
    if family.caps.control is Control.NUMBER or (family.name in program.numbers and family.playable.timers):
        return _by_number(program, family)
    if family.playable.made_elsewhere:
        return _elsewhere(program, family)
    return _by_phase(program, family)


def _by_number(program: Program, family: Family) -> Course:
    """The unit plays a program of its own; what is left of ours is its length, its levels and how it should feel."""
    playable = family.playable
    number = program.numbers.get(family.name)
    differs = []
    if number is None:
        if program.kind != "pain" or program.rule.target != "sensory" or playable.number is None:
            raise CourseError(
                f"{family.title} plays only its own programs, and {program.id} names none for it: add "
                f"[device.{family.name}] with program = N to a copy of the file, N as your manual's table has it"
            )
        number = playable.number
        differs.append(
            f"{program.id} names no program for this unit: its program {number} stands in; "
            "what your manual's table calls it is yours to check"
        )
    timer_s = playable.timers.get(number)
    if timer_s is not None and timer_s < program.length_s - 1e-6:
        raise CourseError(
            f"the unit's program {number} ends by itself after {_clock(timer_s)}, sooner than "
            f"{_clock(program.length_s)}: ask for fewer minutes"
        )
    differs.append(f"the unit plays its own program {number}; its rate and width are not published")
    if timer_s == inf:
        differs.append(f"{_clock(program.length_s)} kept by the host, the unit has no timer of its own")
    else:
        own = "unknown" if timer_s is None else _clock(timer_s)
        differs.append(f"{_clock(program.length_s)} kept by the host, the unit's own timer is {own}")
    if len(program.phases) > 1:
        differs.append("phases are kept as levels only: the unit knows one program at a time")
    if family.caps.pause is Pause.RESTART:
        differs.append("a pause is a stop: the unit's program and timer begin again")
    # A gate of ours would hold back raises while the unit plays on, since it knows nothing of it.
    bare = [replace(phase, burst=None, envelope=None) for phase in program.phases]
    return Course(program, Score(_parts(bare, fades=False), number), tuple(differs))


def _elsewhere(program: Program, family: Family) -> Course:
    """Another unit makes the pulses; what is left of ours is when, and how much of them."""
    curves = {(phase.rate_hz, phase.width_us) for phase in program.phases}
    rate, width = next(iter(curves))
    if len(curves) > 1 or not isinstance(rate, Steady) or not isinstance(width, Steady):
        raise CourseError(
            f"{family.title} has its pulses made by another unit, whose rate and width are set by hand, and "
            f"{program.id} changes them within a session"
        )
    differs = [
        f"another unit makes the pulses: set that one to {rate.value:g} Hz and {width.value:g} µs before you start"
    ]
    phases = [
        replace(_in_slots(phase, family, differs), burst=_on_grid(phase.burst, family, differs))
        for phase in program.phases
    ]
    return Course(program, Score(_parts(phases, fades=False)), tuple(dict.fromkeys(differs)))


def _by_phase(program: Program, family: Family) -> Course:
    differs: list[str] = []
    phases = [_fitted(phase, family, differs) for phase in program.phases]
    return Course(program, Score(_parts(phases, fades=True)), tuple(dict.fromkeys(differs)))


def _fitted(phase: Phase, family: Family, differs: list[str]) -> Phase:
    playable = family.playable
    rate = _clamp(phase.rate_hz, playable.rate_hz, "rate", "Hz", family, differs)
    width = _clamp(phase.width_us, playable.width_us, "width", "µs", family, differs)
    phase = replace(
        phase,
        rate_hz=_fine(rate, playable.rate, "rate", "Hz", differs),
        width_us=_fine(width, playable.width, "width", "µs", differs),
        burst=_on_grid(phase.burst, family, differs),
    )
    return _in_slots(phase, family, differs)


def _in_slots(phase: Phase, family: Family, differs: list[str]) -> Phase:
    """Tell what changes in the unit's time slots only; refuse what they are too coarse for."""
    slot_s = family.playable.slot_s or family.playable.slice_s
    if not slot_s:
        return phase
    if phase.envelope is not None:
        differs.append(f"rise and fall go in steps of {slot_s * 1000:g} ms (the unit's time slots)")
    for curve in (phase.rate_hz, phase.width_us):
        if isinstance(curve, Sweep) and curve.cycle_s < SLOTS_MIN * slot_s - 1e-9:
            raise CourseError(
                f"{family.title} can't sweep within {curve.cycle_s:g} s: its time slots are {slot_s * 1000:g} ms"
            )
        if isinstance(curve, Sweep) and curve.cycle_s < SLOTS_FINE * slot_s - 1e-9:
            differs.append(f"sweeps go in steps of {slot_s * 1000:g} ms (the unit's time slots)")
    return phase


def _fine(curve: Curve, played: Callable[[float], float], what: str, unit: str, differs: list[str]) -> Curve:
    """Return a curve of values that the unit has; tell where that makes a difference of more than FINE."""
    match curve:
        case Steady(value):
            fine: Steady | Alternate = Steady(played(value))
            off = abs(played(value) - value) > FINE * value
        case Alternate(steps):
            fine = Alternate(tuple((played(value), length_s) for value, length_s in steps))
            off = any(abs(played(value) - value) > FINE * value for value, _ in steps)
        case Sweep(first, second, cycle_s):
            sweep = Sweep(played(first), played(second), cycle_s)
            mean = _mean(sweep, played)
            wanted = (first + second) / 2
            if abs(mean - wanted) > FINE * wanted:
                differs.append(f"{what} of {mean:.3g} {unit} on average instead of {wanted:.3g} (the unit's own steps)")
            return sweep
    if off:
        differs.append(f"{what} {words(_rounded(fine), unit)} instead of {words(curve, unit)} (the unit's own steps)")
    return fine


def _rounded(curve: Steady | Alternate) -> Curve:
    """Return a curve for people: a tenth is fine enough."""
    if isinstance(curve, Steady):
        return Steady(round(curve.value, 1))
    return Alternate(tuple((round(value, 1), length_s) for value, length_s in curve.steps))


def _mean(sweep: Sweep, played: Callable[[float], float]) -> float:
    """Return the mean of what a unit plays of a sweep, over one leg of it."""
    points = [sweep.first + (sweep.second - sweep.first) * (index + 0.5) / MEAN_OF for index in range(MEAN_OF)]
    return sum(played(value) for value in points) / MEAN_OF


def _clamp(
    curve: Curve, limits: tuple[float, float], what: str, unit: str, family: Family, differs: list[str]
) -> Curve:
    lo, hi = limits
    if least(curve) < lo:
        raise CourseError(f"{family.title} can't play a {what} of {least(curve):g} {unit}: its lowest is {lo:g}")
    if most(curve) <= hi:
        return curve
    extreme = "highest" if what == "rate" else "widest"
    fitted = _cut(curve, hi)
    if isinstance(curve, Steady):
        differs.append(f"{what} {hi:g} {unit} instead of {curve.value:g} (the {extreme} this unit has)")
    elif isinstance(fitted, Steady):
        differs.append(f"{what} {hi:g} {unit} all the time instead of {words(curve, unit)} (the {extreme} is {hi:g})")
    else:
        differs.append(f"{what} {words(fitted, unit)} instead of {words(curve, unit)} (the {extreme} is {hi:g})")
    return fitted


def _cut(curve: Curve, hi: float) -> Curve:
    """Return a curve that ends at `hi`; where nothing moves any more, it is steady."""
    if least(curve) >= hi:
        return Steady(hi)
    match curve:
        case Steady(value):
            return Steady(min(value, hi))
        case Sweep(first, second, cycle_s):
            return Sweep(min(first, hi), min(second, hi), cycle_s)
        case Alternate(steps):
            return Alternate(tuple((min(value, hi), length_s) for value, length_s in steps))


def _on_grid(burst: Burst | None, family: Family, differs: list[str]) -> Burst | None:
    """Fit a burst to the unit's time slots: never longer on, never shorter off."""
    slot_s = family.playable.slot_s
    if burst is None or not slot_s:
        return burst
    on_slots = floor(burst.on_s / slot_s + 1e-6)
    off_slots = ceil(burst.off_s / slot_s - 1e-6)
    if on_slots < 1:
        raise CourseError(
            f"{family.title} can't play bursts of {burst.on_s * 1000:g} ms: its time slots are {slot_s * 1000:g} ms"
        )
    fitted = Burst(round(on_slots * slot_s, 6), round(off_slots * slot_s, 6))
    if abs(fitted.on_s - burst.on_s) < 1e-6 and abs(fitted.off_s - burst.off_s) < 1e-6:
        return burst
    differs.append(
        f"burst {fitted.on_s * 1000:g} ms on, {fitted.off_s * 1000:g} ms off instead of "
        f"{burst.on_s * 1000:g} and {burst.off_s * 1000:g} (the unit's time slots are {slot_s * 1000:g} ms)"
    )
    return fitted


def _parts(phases: Sequence[Phase], *, fades: bool) -> tuple[Part, ...]:
    """Put phases in a row, without gaps. With `fades` a part begins with the width that flowed before.

    That is the width after the envelope's gate: after a rest it rises from 0.
    """
    parts: list[Part] = []
    for phase in phases:
        part = Part(
            title=phase.title,
            start_s=parts[-1].start_s + parts[-1].length_s if parts else 0.0,
            length_s=phase.length_s,
            rate_hz=phase.rate_hz,
            width_us=phase.width_us,
            burst=phase.burst,
            envelope=phase.envelope,
            level_pct=phase.level_pct,
        )
        if fades and parts:
            flowed_us = texture(Score((parts[-1],)), part.start_s).width_us
            begins_us = texture(Score((replace(part, envelope=None),)), part.start_s).width_us
            if abs(flowed_us - begins_us) > 1e-9:
                part = replace(part, fade_us=flowed_us)
        parts.append(part)
    return tuple(parts)


def _clock(seconds: float) -> str:
    return m_ss(int(seconds + 1e-6))
