"""What a lost unit's time proves, and what must not be: silence, unknown levels, a rise by nobody."""

from math import inf

import pytest

from estim.core.session.doubt import Doubt, surely_off
from estim.core.values import replace
from protocols.registry import family, names
from protocols.vocabulary import Channel, Hand, Level, OffBy, Out, Reported, Span, Zero

A = Channel.A


def last(until_s: float, *, zero: Zero = Zero.NO) -> Reported:
    return Reported(
        ready=True,
        closable=True,
        level={A: Span(0, 5)},
        settled_s={A: inf},
        ceiling={},
        out=Out.MAYBE,
        zero=zero,
        until_s=until_s,
        heard_s=0.0,
        told_s=0.0,
    )


@pytest.mark.control("C-46")
@pytest.mark.parametrize("name", names())
def test_time_proves_only_units_that_are_off_without_their_link_or_lease(name: str) -> None:
    caps = family(name).caps
    off_by_itself = caps.off_by in (OffBy.LINK, OffBy.LEASE)
    assert surely_off(100.0, caps, last(99.0)) is off_by_itself
    assert surely_off(98.0, caps, last(99.0)) is False
    assert surely_off(100.0, caps, last(99.0, zero=Zero.CONFIRMED)) is off_by_itself  # an old zero adds nothing
    assert surely_off(100.0, caps, None) is False


def test_a_level_unknown_for_long_is_told_from_the_channel_that_was_unknown_first() -> None:
    caps = family("coyote3").caps
    doubt = Doubt(caps)
    both = {A: Span(0, 5), Channel.B: Span(2, 2)}
    unknown = replace(last(inf), level=both, heard_s=100.0)
    assert doubt.look(0.0, unknown) == ""
    assert doubt.silent(caps.fault_s - 0.1, replace(unknown, heard_s=caps.fault_s)) == ""
    assert "not said its level" in doubt.silent(caps.fault_s + 0.1, replace(unknown, heard_s=caps.fault_s))
    doubt.fresh()
    assert doubt.silent(caps.fault_s + 0.2, replace(unknown, heard_s=caps.fault_s)) == ""


def test_on_a_new_link_whatever_the_unit_is_at_is_accounted_for() -> None:
    doubt = Doubt(family("coyote3").caps)
    off = replace(last(inf), level={A: Span(0, 0), Channel.B: Span(0, 0)})
    high = replace(last(inf), level={A: Span(40, 40), Channel.B: Span(0, 0)})
    assert doubt.look(0.0, off) == ""
    one = replace(off, level={A: Span(1, 1), Channel.B: Span(0, 0)})
    assert "rose to 1" in doubt.look(0.5, one), "a rise of less than a step is one too"
    assert "rose to 40" in doubt.look(1.0, high)
    doubt.fresh()
    assert doubt.look(2.0, high) == ""


def test_a_hand_accounts_for_what_it_raised_and_not_for_what_it_lowered() -> None:
    doubt = Doubt(family("coyote3").caps)
    off = replace(last(inf), level={A: Span(0, 0), Channel.B: Span(0, 0)})
    doubt.look(0.0, off)
    doubt.hand(Hand(A, Level(7), rose=False))
    assert "rose to 7" in doubt.look(1.0, replace(off, level={A: Span(7, 7), Channel.B: Span(0, 0)}))
    doubt.look(2.0, off)
    doubt.hand(Hand(A, Level(7), rose=True))
    assert doubt.look(3.0, replace(off, level={A: Span(7, 7), Channel.B: Span(0, 0)})) == ""
