"""Figures of a program: the worked examples of the fact sheet, means by exact sums, and when something is said."""

import pytest

from estim.catalogue.programs import shipped
from estim.core.programs.dosimetry import Reckoning, mean_duty, reckon
from estim.core.programs.fields import DUTY_MAX
from estim.core.programs.program import Phase, Program
from estim.core.values import replace
from protocols.score import Alternate, Burst, Curve, Envelope, Steady, Sweep


def program(*phases: Phase, kind: str = "pain") -> Program:
    return replace(shipped()[0], kind=kind, phases=phases, pad_cm2=25.0)


def phase(rate: Curve | float, width: Curve | float, length_s: float = 1200.0) -> Phase:
    rate, width = (Steady(float(one)) if isinstance(one, int | float) else one for one in (rate, width))
    return Phase("one", length_s, rate, width)


@pytest.mark.control("C-18")
def test_the_worked_example_of_100_hz_200_us_40_ma() -> None:
    (found,) = reckon(program(phase(100, 200)), 40).phases
    assert [found.duty_max, found.duty_mean] == pytest.approx([0.04, 0.04])
    assert found.currents is not None
    assert found.currents.rms_ma == pytest.approx(8.0)
    assert found.currents.density_ma_cm2 == pytest.approx(0.32)
    assert found.currents.charge_uc == pytest.approx(8.0)
    assert found.currents.energy_mj == pytest.approx(0.32)


@pytest.mark.control("C-18")
@pytest.mark.parametrize(
    ("rate", "width", "peak", "pad", "rms", "density"),
    [(5, 250, 60, 25, 3.0, 0.12), (75, 350, 80, 25, 18.3, 0.73), (75, 350, 80, 5, 18.3, 3.7)],
)
def test_the_other_worked_examples(
    rate: float, width: float, peak: float, pad: float, rms: float, density: float
) -> None:
    made = reckon(program(phase(rate, width)), peak, pad)
    currents = made.phases[0].currents
    assert currents is not None
    assert currents.rms_ma == pytest.approx(rms, abs=0.05)
    assert currents.density_ma_cm2 == pytest.approx(density, abs=0.05)
    assert any("mA/cm²" in notice for notice in made.notices) == (density > 2)
    assert any("r.m.s." in notice for notice in made.notices) == (rms > 10)
    assert not made.refused


@pytest.mark.parametrize(
    ("made", "mean"),
    [
        (phase(100, 200), 0.04),
        (replace(phase(100, 180), burst=Burst(0.1, 0.4)), 0.036 / 5),
        (replace(phase(50, 200), envelope=Envelope(2, 4, 2, 8)), 0.02 * (1 + 4 + 1) / 16),
        (phase(Alternate(((2, 3), (100, 3))), 200), 0.0004 * 51),
        (phase(Sweep(50, 150, 2), 50), 0.01),
        (phase(100, Sweep(200, 330, 1)), 0.053),
        # Over both of a sweep the product is no longer linear: 2e-6 times the mean of (120 - 118 x)(100 + 100 x)
        (phase(Sweep(120, 2, 12), Sweep(100, 200, 12)), 2e-6 * (12000 + 200 / 2 - 11800 / 3)),
    ],
)
def test_on_average_is_the_exact_mean(made: Phase, mean: float) -> None:
    assert mean_duty(made) == pytest.approx(mean, rel=0.003)


def test_at_most_counts_the_wider_pulse_of_the_phase_before() -> None:
    made = reckon(program(phase(10, 400), phase(100, 200)), 10)
    assert [one.duty_max for one in made.phases] == pytest.approx([0.008, 0.08])
    assert made.phases[1].currents is not None
    assert made.phases[1].currents.charge_uc == pytest.approx(4.0)


@pytest.mark.parametrize("one", shipped(), ids=lambda one: one.id)
def test_at_most_is_never_less_than_on_average(one: Program) -> None:
    made: Reckoning = reckon(one, 30, 16)
    for found in made.phases:
        assert 0 < found.duty_mean <= found.duty_max * (1 + 1e-9) <= DUTY_MAX
        assert found.currents is not None
        assert found.currents.rms_mean_ma <= found.currents.rms_ma * (1 + 1e-9) < 10
        assert found.currents.density_ma_cm2 == pytest.approx(found.currents.rms_ma / 16)


@pytest.mark.parametrize("one", shipped(), ids=lambda one: one.id)
def test_nothing_is_to_be_said_of_what_ships(one: Program) -> None:
    made = reckon(one)
    assert made.notices == ()
    assert made.refused == ""
    assert all(found.currents is None for found in made.phases)


def test_a_current_above_the_standard_is_refused() -> None:
    assert reckon(program(phase(100, 200)), 249).refused == ""
    assert reckon(program(phase(100, 200)), 251).refused == (
        "phase 1: 50.2 mA r.m.s.: at most 50 (IEC 60601-2-10); take less"
    )


def test_what_a_person_should_weigh_is_said() -> None:
    cut = replace(phase(35, 250, 100.0), envelope=Envelope(2, 6, 1, 11))
    assert reckon(program(cut)).notices == ()
    assert reckon(program(replace(cut, length_s=105.0))).notices == (
        "phase 1 ends within a contraction: 100 s would be whole cycles",
    )
    assert reckon(program(replace(cut, length_s=110.0))).notices == (), "it ends in the rest"
    assert reckon(program(phase(5, 250)), pad_cm2=9).notices == (
        "pads of 9 cm² are small for pulses of 250 µs: take 16 cm² or more",
    )
    assert reckon(program(phase(35, 250), kind="twitch")).notices == (
        '35 Hz begins to hold a muscle: such a program is of the kind "tetanic"',
    )
    assert reckon(program(phase(5, 250, 1500), kind="twitch")).notices == (
        "twitches for 25 min at the full level: 20 are the usual most",
    )
