"""A course: a program fitted to one family, with every difference in a sentence, or a refusal.

Nobody shall be surprised by what a unit can't do, so whatever is not played exactly as written is told before it
starts. Values are fitted downwards or to the nearest limit that is weaker: never a wider pulse, never a shorter rest.
"""

from dataclasses import dataclass, replace
from math import floor

from estim.core.errors import CourseError
from estim.core.program import Phase, Program, least, most, start
from protocols.driver import Family
from protocols.score import Alternate, Burst, Curve, Part, Playable, Score, Steady, Sweep, value_at
from protocols.vocabulary import Control, Pause


@dataclass(frozen=True, slots=True)
class Course:
    """What a unit will play, and in what it differs from the program."""

    program: Program
    score: Score
    differs: tuple[str, ...]


def fit(program: Program, family: Family, minutes: float | None = None) -> Course:
    """Fit a program, made `minutes` long (None: as it is); raise CourseError with a sentence if it can't be played."""
    wanted = program if minutes is None else program.lasting(minutes)
    if wanted.length_s > program.caps.minutes * 60 + 1e-6:
        raise CourseError(
            f"{program.id} lasts up to {program.caps.minutes:g} minutes, not {wanted.length_s / 60:g}: ask for less"
        )
    match family.caps.control:
        case Control.NUMBER:
            return _by_number(wanted, family)
        case _:
            return _streamed(wanted, family)


def _by_number(program: Program, family: Family) -> Course:
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
        differs.append(f"{program.id} names no program for this unit: its program {number} is used")
    timer_s = playable.timers.get(number)
    if timer_s is not None and timer_s < program.length_s:
        raise CourseError(
            f"the unit's program {number} ends by itself after {_clock(timer_s)}, sooner than "
            f"{_clock(program.length_s)}: ask for fewer minutes"
        )
    differs.append(f"the unit plays its own program {number}; its rate and width are not published")
    own = "unknown" if timer_s is None else _clock(timer_s)
    differs.append(f"{_clock(program.length_s)} kept by the host, the unit's own timer is {own}")
    if len(program.phases) > 1:
        differs.append("phases are kept as levels only: the unit knows one program at a time")
    if family.caps.pause is Pause.RESTART:
        differs.append("a pause is a stop: the unit's program and timer begin again")
    return Course(program, Score(_parts(program.phases), number), tuple(differs))


def _streamed(program: Program, family: Family) -> Course:
    if program.kind == "tetanic":
        raise CourseError(f"{program.id} holds a muscle contracted; such programs are not unlocked in this version")
    differs: list[str] = []
    phases = [_fitted(phase, family, differs) for phase in program.phases]
    unique = tuple(dict.fromkeys(differs))
    return Course(program, Score(_parts(phases)), unique)


def _fitted(phase: Phase, family: Family, differs: list[str]) -> Phase:
    playable = family.playable
    rate = _clamp(phase.rate_hz, playable.rate_hz, "rate", "Hz", family, differs)
    width = _clamp(phase.width_us, playable.width_us, "width", "µs", family, differs)
    return replace(phase, rate_hz=rate, width_us=width, burst=_on_grid(phase.burst, playable, differs))


def _clamp(
    curve: Curve, limits: tuple[float, float], what: str, unit: str, family: Family, differs: list[str]
) -> Curve:
    lo, hi = limits
    if least(curve) < lo:
        raise CourseError(f"{family.title} can't play a {what} of {least(curve):g} {unit}: its lowest is {lo:g}")
    if most(curve) <= hi:
        return curve
    most_word = "highest" if what == "rate" else "widest"
    differs.append(f"{what} {hi:g} {unit} instead of {most(curve):g} (the {most_word} this unit has)")
    match curve:
        case Steady():
            return Steady(hi)
        case Sweep(first, second, cycle_s):
            return Sweep(min(first, hi), min(second, hi), cycle_s)
        case Alternate(steps):
            return Alternate(tuple((min(value, hi), length_s) for value, length_s in steps))


def _on_grid(burst: Burst | None, playable: Playable, differs: list[str]) -> Burst | None:
    """Fit a burst to the unit's time slots: never longer on, never shorter off."""
    if burst is None or not playable.slot_s:
        return burst
    slot_s = playable.slot_s
    on_s = max(slot_s, floor(burst.on_s / slot_s + 1e-6) * slot_s)
    off_s = -floor(-burst.off_s / slot_s + 1e-6) * slot_s
    fitted = Burst(round(on_s, 6), round(off_s, 6))
    if fitted != burst:
        differs.append(
            f"burst {fitted.on_s * 1000:g} ms on, {fitted.off_s * 1000:g} ms off instead of "
            f"{burst.on_s * 1000:g} and {burst.off_s * 1000:g} (the unit's time slots are {slot_s * 1000:g} ms)"
        )
    return fitted


def _parts(phases: "list[Phase] | tuple[Phase, ...]") -> tuple[Part, ...]:
    """Put phases in a row; a change of width between two cross-fades, since a wider pulse is a stronger one."""
    parts: list[Part] = []
    at_s = 0.0
    before: Part | None = None
    for phase in phases:
        fade_us = value_at(before.width_us, before.length_s) if before is not None else None
        if fade_us is not None and abs(fade_us - start(phase.width_us)) < 1e-9:
            fade_us = None
        part = Part(
            title=phase.title,
            start_s=round(at_s, 6),
            length_s=phase.length_s,
            rate_hz=phase.rate_hz,
            width_us=phase.width_us,
            burst=phase.burst,
            envelope=phase.envelope,
            level_pct=phase.level_pct,
            fade_us=fade_us,
        )
        parts.append(part)
        at_s += phase.length_s
        before = part
    return tuple(parts)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
