"""A course: a program fitted to one family, with every difference in a sentence, or a refusal.

Nobody shall be surprised by what a unit can't do, so whatever is not played exactly as written is told before it
starts. What is out of a unit's range becomes weaker, never stronger: no wider pulse, no faster rate, no shorter rest;
what would have to become stronger is refused.
"""

from collections.abc import Callable, Sequence
from math import ceil, floor, inf

from msgspec import Struct

from estim.core.errors import CourseError
from estim.core.numbers import m_ss
from estim.core.programs.program import Phase, Program, least, most, words
from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace
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


class Quantity(Struct, frozen=True):
    """Rate or width: its sign, and what is said where a unit doesn't have the values that are meant."""

    sign: str
    too_low: str
    capped: str
    capped_always: str
    capped_partly: str
    mean: str
    stepped: str


RATE = Quantity(
    sign="Hz",
    too_low=mark("{family} can't play a rate of {wanted:g} Hz: its lowest is {lowest:g}"),
    capped=mark("rate {played:g} Hz instead of {wanted:g} (the highest this unit has)"),
    capped_always=mark("rate {played:g} Hz all the time instead of {wanted} (the highest is {played:g})"),
    capped_partly=mark("rate {played} instead of {wanted} (the highest is {highest:g})"),
    mean=mark("rate of {played:.3g} Hz on average instead of {wanted:.3g} (the unit's own steps)"),
    stepped=mark("rate {played} instead of {wanted} (the unit's own steps)"),
)

WIDTH = Quantity(
    sign="µs",
    too_low=mark("{family} can't play a width of {wanted:g} µs: its lowest is {lowest:g}"),
    capped=mark("width {played:g} µs instead of {wanted:g} (the widest this unit has)"),
    capped_always=mark("width {played:g} µs all the time instead of {wanted} (the widest is {played:g})"),
    capped_partly=mark("width {played} instead of {wanted} (the widest is {highest:g})"),
    mean=mark("width of {played:.3g} µs on average instead of {wanted:.3g} (the unit's own steps)"),
    stepped=mark("width {played} instead of {wanted} (the unit's own steps)"),
)


class Course(Struct, frozen=True):
    """What a unit will play, and in what it differs from the program."""

    program: Program
    score: Score
    differs: tuple[str, ...]


def fit(program: Program, family: Family, minutes: float | None = None, *, unlocked: bool = False) -> Course:
    """Fit a program, made `minutes` long (None: as it is); raise CourseError with a sentence if it can't be played.

    `unlocked` lets programs through that hold a muscle contracted: for looking at, until the care plan unlocks them.
    """
    if minutes is not None and not minutes > 0:
        raise CourseError(tr("a session of {minutes:g} minutes is too short: ask for more than 0", minutes=minutes))
    wanted = program if minutes is None else program.lasting(minutes)
    if wanted.length_s > program.caps.minutes * 60 + 1e-6:
        raise CourseError(
            tr(
                "{program} lasts up to {most:g} minutes, not {minutes:g}: ask for less",
                program=program.id,
                most=program.caps.minutes,
                minutes=wanted.length_s / 60,
            )
        )
    shortest = min(wanted.phases, key=lambda phase: phase.length_s)
    if len(wanted.phases) > 1 and shortest.length_s < FADE_S - 1e-9:
        first_s = min(phase.length_s for phase in program.phases)
        least_minutes = ceil(program.length_s * FADE_S / first_s / 6) / 10
        raise CourseError(
            tr(
                "{program} has {phases} phases, and a change between two takes {seconds:g} s: ask for {minutes:g} "
                "minutes or more",
                program=program.id,
                phases=len(wanted.phases),
                seconds=FADE_S,
                minutes=least_minutes,
            )
        )
    if program.gated and not unlocked:
        raise CourseError(
            tr(
                "{program} holds a muscle contracted; such programs are not unlocked in this version",
                program=program.id,
            )
        )
    course = _played(wanted, family)
    why_not = family.playable.refuses(course.score)
    if why_not:
        raise CourseError(
            tr("{family} can't play {program}: {why}", family=family.title, program=program.id, why=tr_text(why_not))
        )
    return replace(course, differs=(*course.differs, *(tr_text(note) for note in family.playable.notes)))


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
        entry = f"[device.{family.name}]"
        if program.kind != "pain" or program.rule.target != "sensory" or playable.number is None:
            raise CourseError(
                tr(
                    "{family} plays only its own programs, and {program} names none for it: add {entry} with program = "
                    "N to a copy of the file, N as your manual's table has it",
                    family=family.title,
                    program=program.id,
                    entry=entry,
                )
            )
        number = playable.number
        differs.append(
            tr(
                "{program} names no program for this unit: its program {number} stands in; what your manual's table "
                "calls it is yours to check",
                program=program.id,
                number=number,
            )
        )
    timer_s = playable.timers.get(number)
    if timer_s is not None and timer_s < program.length_s - 1e-6:
        raise CourseError(
            tr(
                "the unit's program {number} ends by itself after {timer}, sooner than {length}: ask for fewer minutes",
                number=number,
                timer=_clock(timer_s),
                length=_clock(program.length_s),
            )
        )
    differs.append(tr("the unit plays its own program {number}; its rate and width are not published", number=number))
    differs.append(_timed(_clock(program.length_s), timer_s))
    if len(program.phases) > 1:
        differs.append(tr("phases are kept as levels only: the unit knows one program at a time"))
    if family.caps.pause is Pause.RESTART:
        differs.append(tr("a pause is a stop: the unit's program and timer begin again"))
    # A gate of ours would hold back raises while the unit plays on, since it knows nothing of it.
    bare = [replace(phase, burst=None, envelope=None) for phase in program.phases]
    return Course(program, Score(_parts(bare, fades=False), number), tuple(differs))


def _timed(length: str, timer_s: float | None) -> str:
    """Return who keeps the time, and what the unit's own timer is (None: nobody knows, inf: it has none)."""
    if timer_s is None:
        return tr("{length} kept by the host, the unit's own timer is unknown", length=length)
    if timer_s == inf:
        return tr("{length} kept by the host, the unit has no timer of its own", length=length)
    return tr("{length} kept by the host, the unit's own timer is {timer}", length=length, timer=_clock(timer_s))


def _elsewhere(program: Program, family: Family) -> Course:
    """Another unit makes the pulses; what is left of ours is when, and how much of them."""
    curves = {(phase.rate_hz, phase.width_us) for phase in program.phases}
    rate, width = next(iter(curves))
    if len(curves) > 1 or not isinstance(rate, Steady) or not isinstance(width, Steady):
        raise CourseError(
            tr(
                "{family} has its pulses made by another unit, whose rate and width are set by hand, and {program} "
                "changes them within a session",
                family=family.title,
                program=program.id,
            )
        )
    differs = [
        tr(
            "another unit makes the pulses: set that one to {rate:g} Hz and {width:g} µs before you start",
            rate=rate.value,
            width=width.value,
        )
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
    rate = _clamp(phase.rate_hz, playable.rate_hz, RATE, family, differs)
    width = _clamp(phase.width_us, playable.width_us, WIDTH, family, differs)
    phase = replace(
        phase,
        rate_hz=_fine(rate, playable.rate, RATE, differs),
        width_us=_fine(width, playable.width, WIDTH, differs),
        burst=_on_grid(phase.burst, family, differs),
    )
    return _in_slots(phase, family, differs)


def _in_slots(phase: Phase, family: Family, differs: list[str]) -> Phase:
    """Tell what changes in the unit's time slots only; refuse what they are too coarse for."""
    slot_s = family.playable.slot_s or family.playable.slice_s
    if not slot_s:
        return phase
    if phase.envelope is not None:
        differs.append(tr("rise and fall go in steps of {slot:g} ms (the unit's time slots)", slot=slot_s * 1000))
    for curve in (phase.rate_hz, phase.width_us):
        if isinstance(curve, Sweep) and curve.cycle_s < SLOTS_MIN * slot_s - 1e-9:
            raise CourseError(
                tr(
                    "{family} can't sweep within {seconds:g} s: its time slots are {slot:g} ms",
                    family=family.title,
                    seconds=curve.cycle_s,
                    slot=slot_s * 1000,
                )
            )
        if isinstance(curve, Sweep) and curve.cycle_s < SLOTS_FINE * slot_s - 1e-9:
            differs.append(tr("sweeps go in steps of {slot:g} ms (the unit's time slots)", slot=slot_s * 1000))
    return phase


def _fine(curve: Curve, played: Callable[[float], float], what: Quantity, differs: list[str]) -> Curve:
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
                differs.append(tr(what.mean, played=mean, wanted=wanted))
            return sweep
    if off:
        differs.append(tr(what.stepped, played=words(_rounded(fine), what.sign), wanted=words(curve, what.sign)))
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


def _clamp(curve: Curve, limits: tuple[float, float], what: Quantity, family: Family, differs: list[str]) -> Curve:
    lo, hi = limits
    if least(curve) < lo:
        raise CourseError(tr(what.too_low, family=family.title, wanted=least(curve), lowest=lo))
    if most(curve) <= hi:
        return curve
    fitted = _cut(curve, hi)
    if isinstance(curve, Steady):
        differs.append(tr(what.capped, played=hi, wanted=curve.value))
    elif isinstance(fitted, Steady):
        differs.append(tr(what.capped_always, played=hi, wanted=words(curve, what.sign)))
    else:
        wanted = words(curve, what.sign)
        differs.append(tr(what.capped_partly, played=words(fitted, what.sign), wanted=wanted, highest=hi))
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
            tr(
                "{family} can't play bursts of {length:g} ms: its time slots are {slot:g} ms",
                family=family.title,
                length=burst.on_s * 1000,
                slot=slot_s * 1000,
            )
        )
    fitted = Burst(round(on_slots * slot_s, 6), round(off_slots * slot_s, 6))
    if abs(fitted.on_s - burst.on_s) < 1e-6 and abs(fitted.off_s - burst.off_s) < 1e-6:
        return burst
    differs.append(
        tr(
            "burst {on:g} ms on, {off:g} ms off instead of {wanted_on:g} and {wanted_off:g} (the unit's time slots are "
            "{slot:g} ms)",
            on=fitted.on_s * 1000,
            off=fitted.off_s * 1000,
            wanted_on=burst.on_s * 1000,
            wanted_off=burst.off_s * 1000,
            slot=slot_s * 1000,
        )
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
