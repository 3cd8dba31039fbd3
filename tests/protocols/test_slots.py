"""What a unit plays in its time slots is never wider, faster or stronger than the score within the slot.

Each slot has the values of its beginning. Where the score falls they stand until the slot is over, and so are above
what the score is just then, by what it moves in a slot; where it rises they are below it by as much. Nobody feels more
than the score says: nothing passes what the score itself had within that slot, so its peaks are never passed, and the
means are those of the score (`tests/rehearsal/test_scope.py`). The lowest value of each slot would be lower than the
score is at every moment, but play a sweep weaker than it is written, by 2 % of its range where its cycle has 50 slots.

The pulses are those of the twins, so what is late on the way, or is told in a wrong order, counts as well.
"""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import Phase as Stage
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from estim.core.errors import CourseError
from estim.core.programs.course import fit
from estim.core.programs.program import Phase, Program, Rule
from estim.rehearsal.electrodes import Seen, rehearse
from protocols.registry import family
from protocols.score import Alternate, Burst, Curve, Envelope, Steady, Sweep
from tests.protocols.highest import BETWEEN_US, highest

LENGTH_S = 20.0

NOT_MADE_SMALLER = (Stage.explicit, Stage.generate)
"""An example is a session that takes about a second: to make a wrong one smaller would take a quarter of an hour."""

GRID_S = 1e-6
"""Periods of a ZC95 are whole µs."""


@dataclass(frozen=True, slots=True)
class Slots:
    """How long what a family was told stands at most (a slot, and the way to the unit), and what its rates are off.

    A pulse may come `late_s` later than it was told, and then the next one, which is in time, follows that much sooner.
    Where a period is longer than a slot its two pulses were told by two commands: `way_s` is what their ways differ.
    """

    stands_s: float
    rate_off: float = 0.0
    late_s: float = 0.0
    way_s: float = 0.0
    slot_s: float = 0.0


SLOTS = {
    "coyote3": Slots(0.025 + 0.004, 0.001),  # a thousandth faster is no difference to it
    "coyote2": Slots(0.1 + 0.005, late_s=0.12, way_s=0.002, slot_s=0.1),  # its twin's pauses run on into the next word
    "yokonex": Slots(0.1 + 0.005),
    "zc95": Slots(0.05 + 0.04),  # a command waits behind a request, and width and rate are two commands
}
BOARD = Slots(0.25 + 0.075)
"""openEMSstim on one channel: its line takes 0.05 s to the board."""

cycles_s = st.floats(2.0, 9.0)


def rates(slowest_hz: float) -> st.SearchStrategy[Curve]:
    values = st.floats(slowest_hz, 100)
    turns = st.tuples(values, values).map(lambda two: Alternate(((two[0], 2.3), (two[1], 1.4))))
    return st.one_of(st.builds(Steady, values), st.builds(Sweep, values, values, cycles_s), turns)


widths = st.one_of(
    st.builds(Steady, st.floats(20, 250)),
    st.builds(Sweep, st.floats(20, 250), st.floats(20, 250), cycles_s),
    st.tuples(st.floats(20, 250), st.floats(20, 250)).map(lambda two: Alternate(((two[0], 2.6), (two[1], 3.3)))),
)
envelopes = st.sampled_from([None, None, Envelope(1.03, 2.01, 1.26, 1.7)])
drawn = st.one_of(
    st.tuples(rates(2), widths, st.none(), envelopes),
    # every burst begins with a pulse, so its rate is one of more than a pulse a burst
    st.tuples(rates(20), widths, st.just(Burst(0.2, 0.3)), envelopes),
)

Rules = tuple[Curve, Curve, Burst | None, Envelope | None]
"""What a phase plays: rate, width, burst and envelope."""


def program(*phases: Rules) -> Program:
    """Return a program of phases that take LENGTH_S together."""
    each_s = LENGTH_S / len(phases)
    made = tuple(Phase("phase", each_s, *phase) for phase in phases)
    return Program("slots", "Slots", "pain", (), "", "", made, Rule("sensory", "as it comes"))


def rehearsed(on: str, asked: Program) -> Seen:
    """Return what the twin played; programs that a family can't play don't count."""
    try:
        fit(asked, family(on), unlocked=True)
    except CourseError:
        assume(False)
    return rehearse(asked, family(on))


@pytest.mark.parametrize("name", SLOTS)
@settings(max_examples=8, phases=NOT_MADE_SMALLER)
@example([(Sweep(90, 20, 2.3), Sweep(250, 40, 3.7), None, None)])
@example([(Sweep(20, 90, 2.3), Sweep(40, 250, 3.7), None, None)])
@example([(Steady(80), Steady(250), None, Envelope(1.03, 2.01, 1.26, 1.7)), (Steady(90), Steady(30), None, None)])
@example([(Sweep(35, 85, 7.8), Alternate(((100, 2.6), (124, 3.3))), None, Envelope(1.03, 2.01, 1.26, 1.7))])
@example([(Sweep(95, 29, 3.4), Steady(90), Burst(0.2, 0.3), Envelope(1.03, 2.01, 1.26, 1.7))])
@given(st.lists(drawn, min_size=1, max_size=2))
def test_no_pulse_is_wider_or_sooner_than_the_score_was_within_its_slot(name: str, phases: list[Rules]) -> None:
    seen = rehearsed(name, program(*phases))
    slots = SLOTS[name]
    score = seen.course.score
    assert seen.pulses
    for pulse in seen.pulses:
        most = highest(score, pulse.at_s - slots.stands_s, pulse.at_s)
        assert pulse.width_us <= most.width_us + BETWEEN_US, pulse
    for before, after in pairwise(seen.pulses):
        most = highest(score, before.at_s - slots.stands_s - slots.late_s, after.at_s)
        spare_s = GRID_S + (slots.way_s if most.rate_hz * slots.slot_s < 1 else 0.0)
        assert (after.at_s - before.at_s + spare_s) * most.rate_hz * (1 + slots.rate_off) >= 1, (before, after)


@pytest.mark.parametrize(
    "envelope", [Envelope(1.03, 2.01, 1.26, 1.7), Envelope(2, 2, 2, 1), Envelope(1.6, 1, 2.7, 1.5)], ids=str
)
def test_a_board_is_never_told_more_than_the_contraction_had_within_its_slot(envelope: Envelope) -> None:
    asked = program((Steady(50), Steady(200), None, envelope))
    top = 30
    seen = rehearse(asked, family("openemsstim"), minutes=1.5, level=top)
    assert max(level for _, level in seen.level) >= top - 1
    for (began_s, level), (ended_s, _) in pairwise(seen.level):
        for at_s in (began_s, ended_s):
            gate = highest(seen.course.score, at_s - BOARD.stands_s, at_s).gate
            assert level <= max(1, top * gate) + 1e-6, at_s
