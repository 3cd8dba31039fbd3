"""Reckons what a program asks of the skin: how long current flows, and from a known peak r.m.s., density and charge.

1. Pulses are taken as symmetric, both phases alike, as consumer units have them: duty = 2 x rate x width, r.m.s. =
   peak x sqrt(duty), charge of one phase = peak x width.
2. At most means that the fastest rate meets the widest pulse, that of the phase before too while the width changes.
   So it is never less than what flows. On average counts bursts, sweeps, rises and rests.
3. A peak is the person's own measurement at their own level, and counts whole in every phase: how current follows the
   level is not known of any unit.
"""

from math import sqrt

from msgspec import Struct

from estim.core.programs.program import Phase, Program, cycle_s, most
from estim.core.toml_table import Number
from estim.core.translation import mark, tr
from protocols.score import Part, Score, Steady, texture

DENSITY_TOLD_MA_CM2 = 2.0
"""r.m.s. current by area above which a place needs special attention (IEC 60601-2-10, safety.md section 7)."""

RMS_TOLD_MA = 10.0
"""Units that can give more must state their output and carry a warning (IEC 60601-2-10, safety.md section 7)."""

RMS_MAX_MA = 50.0
"""Highest r.m.s. current up to 400 Hz into 500 ohm (IEC 60601-2-10 as widely quoted, not checked: safety.md 7)."""

ENERGY_MAX_MJ = 300.0
"""Highest energy of a pulse into 500 ohm (IEC 60601-2-10, safety.md section 7)."""

LOAD_OHM = 500.0

PAD_SMALL_CM2 = 16.0
WIDE_US = 200.0
"""Pads below 4 x 4 cm are not for wide pulses (programs.md section 5); from which width on is our reading."""

TWITCH_MAX_S = 1200.0
"""Longest twitching at the whole level (programs.md section 6)."""

TWITCH_MAX_HZ = 10.0
"""Faster twitches begin to add up to a hold (programs.md section 4: 1 to 10 Hz relax, 20 to 50 Hz hold)."""

CURRENT_MA = Number(0.1, 500.0, "mA", mark("peak of one phase, as measured at your level"))

UNKNOWN = mark(
    "no unit of a supported family reports its current; --current-ma N reckons with a peak that you measured yourself"
)

POINTS = 5000
GOLDEN = (sqrt(5) - 1) / 2
"""Its multiples spread evenly over a phase whatever the pattern, so the mean is right to a few parts in 1000."""


class Currents(Struct, frozen=True):
    """What a known peak makes of a phase, at most but for `rms_mean_ma`; `charge_uc` is of one phase of a pulse."""

    rms_ma: float
    rms_mean_ma: float
    density_ma_cm2: float
    charge_uc: float
    energy_mj: float


class Figures(Struct, frozen=True):
    """One phase: the share of time with current, at most and on average; `currents` is None without a peak."""

    title: str
    length_s: float
    duty_max: float
    duty_mean: float
    currents: Currents | None


class Reckoning(Struct, frozen=True):
    """A whole program. `notices` are for the person to weigh; `refused` says which limit is passed ("": none)."""

    phases: tuple[Figures, ...]
    pad_cm2: float
    current_ma: float | None
    notices: tuple[str, ...]
    refused: str


def reckon(program: Program, current_ma: float | None = None, pad_cm2: float | None = None) -> Reckoning:
    """Reckon every phase; `pad_cm2` is the area of one pad (None: the program's own)."""
    area_cm2 = program.pad_cm2 if pad_cm2 is None else pad_cm2
    befores = (None, *program.phases)
    phases = tuple(
        _figures(phase, before, current_ma, area_cm2) for before, phase in zip(befores, program.phases, strict=False)
    )
    notices = [*_of_program(program, area_cm2), *_of_currents(phases, area_cm2)]
    return Reckoning(phases, area_cm2, current_ma, tuple(notices), _refused(phases))


def mean_duty(phase: Phase) -> float:
    """Return the share of time with current in a phase, on average."""
    rate = phase.rate_hz
    width = phase.width_us
    if isinstance(rate, Steady) and isinstance(width, Steady) and phase.burst is None and phase.envelope is None:
        return _duty(rate.value, width.value)
    part = Part(phase.title, 0.0, phase.length_s, rate, width, phase.burst, phase.envelope)
    score = Score((part,))
    total = 0.0
    for point in range(POINTS):
        now = texture(score, phase.length_s * ((point + 0.5) * GOLDEN % 1.0))
        total += _duty(now.rate_hz, now.width_us) if now.on else 0.0
    return total / POINTS


def _duty(rate_hz: float, width_us: float) -> float:
    return 2 * rate_hz * width_us / 1e6


def _figures(phase: Phase, before: Phase | None, current_ma: float | None, pad_cm2: float) -> Figures:
    width_us = most(phase.width_us) if before is None else max(most(phase.width_us), most(before.width_us))
    top = _duty(most(phase.rate_hz), width_us)
    mean = mean_duty(phase)
    currents = None
    if current_ma is not None:
        rms_ma = current_ma * sqrt(top)
        currents = Currents(
            rms_ma=rms_ma,
            rms_mean_ma=current_ma * sqrt(mean),
            density_ma_cm2=rms_ma / pad_cm2,
            charge_uc=current_ma * width_us / 1e3,
            energy_mj=current_ma**2 * LOAD_OHM * 2 * width_us / 1e9,
        )
    return Figures(phase.title, phase.length_s, top, mean, currents)


def _of_program(program: Program, pad_cm2: float) -> list[str]:
    """Return what a person should know of a program that is right, whatever the current."""
    notices = []
    widest_us = max(most(phase.width_us) for phase in program.phases)
    if pad_cm2 < PAD_SMALL_CM2 and widest_us > WIDE_US:
        notices.append(
            tr(
                "pads of {area:g} cm² are small for pulses of {width:g} µs: take {least:g} cm² or more",
                area=pad_cm2,
                width=widest_us,
                least=PAD_SMALL_CM2,
            )
        )
    for number, phase in enumerate(program.phases, 1):
        one = phase.envelope
        if one is not None and 1e-6 < phase.length_s % cycle_s(one) < cycle_s(one) - max(one.off_s, 1e-6) - 1e-6:
            whole_s = phase.length_s - phase.length_s % cycle_s(one)
            notices.append(
                tr(
                    "phase {number} ends within a contraction: {seconds:g} s would be whole cycles",
                    number=number,
                    seconds=whole_s,
                )
            )
    if program.kind == "twitch":
        fast = [most(phase.rate_hz) for phase in program.phases if most(phase.rate_hz) > TWITCH_MAX_HZ]
        full_s = sum(phase.length_s for phase in program.phases if phase.level_pct == 100)
        if fast:
            notices.append(
                tr('{rate:g} Hz begins to hold a muscle: such a program is of the kind "tetanic"', rate=max(fast))
            )
        if full_s > TWITCH_MAX_S:
            notices.append(
                tr(
                    "twitches for {minutes:g} min at the full level: {most:g} are the usual most",
                    minutes=round(full_s / 60, 1),
                    most=TWITCH_MAX_S / 60,
                )
            )
    return notices


def _of_currents(phases: tuple[Figures, ...], pad_cm2: float) -> list[str]:
    notices = []
    for number, phase in enumerate(phases, 1):
        made = phase.currents
        if made is None:
            continue
        if made.density_ma_cm2 > DENSITY_TOLD_MA_CM2:
            notices.append(
                tr(
                    "phase {number}: {density:.2g} mA/cm² on pads of {area:g} cm²: above {most:g} the skin needs "
                    "special attention, and makers say not to; take larger pads",
                    number=number,
                    density=made.density_ma_cm2,
                    area=pad_cm2,
                    most=DENSITY_TOLD_MA_CM2,
                )
            )
        if made.rms_ma > RMS_TOLD_MA:
            notices.append(
                tr(
                    "phase {number}: {current:.3g} mA r.m.s.: above {most:g} a unit has to carry a warning",
                    number=number,
                    current=made.rms_ma,
                    most=RMS_TOLD_MA,
                )
            )
    return notices


def _refused(phases: tuple[Figures, ...]) -> str:
    for number, phase in enumerate(phases, 1):
        made = phase.currents
        if made is not None and made.rms_ma > RMS_MAX_MA:
            return tr(
                "phase {number}: {current:.3g} mA r.m.s.: at most {most:g} (IEC 60601-2-10); take less",
                number=number,
                current=made.rms_ma,
                most=RMS_MAX_MA,
            )
        if made is not None and made.energy_mj > ENERGY_MAX_MJ:
            return tr(
                "phase {number}: {energy:.3g} mJ a pulse: at most {most:g} (IEC 60601-2-10)",
                number=number,
                energy=made.energy_mj,
                most=ENERGY_MAX_MJ,
            )
    return ""
