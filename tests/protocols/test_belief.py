"""Checks the arithmetic of what a channel may be at: the truth is always inside the span, whatever gets lost."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.belief import ASK, LONGEST, Answer, Belief, Change, How
from protocols.vocabulary import Span

TOP = 200
CHANGES = st.one_of(
    st.builds(Change, st.just(How.ADD), st.integers(-9, 9)),
    st.builds(Change, st.just(How.SET), st.integers(0, 12)),
    st.builds(Change, st.just(How.CLIP), st.integers(0, 12)),
)


def known(level: int) -> Belief:
    belief = Belief(TOP)
    belief.write(0.0, ASK, 1)
    assert belief.answer(1.0, 1, level) is Answer.FITS
    return belief


def test_nothing_is_known_before_the_first_answer() -> None:
    belief = Belief(TOP)
    assert (belief.span, belief.met, belief.settled_s) == (Span(0, TOP), False, inf)
    belief = known(7)
    assert (belief.span, belief.met, belief.settled_s) == (Span(7, 7), True, 1.0)


def test_a_write_widens_and_its_answer_narrows() -> None:
    belief = known(10)
    belief.write(2.0, Change(How.ADD, 4), 2)
    assert (belief.span, belief.expected, belief.settled_s) == (Span(10, 14), Span(14, 14), inf)
    belief.write(2.1, Change(How.ADD, -6), 3)
    assert (belief.span, belief.expected) == (Span(4, 14), Span(8, 8))
    assert belief.answer(2.2, 2, 14) is Answer.FITS
    assert belief.span == Span(8, 14)
    assert belief.answer(2.3, 3, 8) is Answer.FITS
    assert (belief.span, belief.settled_s) == (Span(8, 8), 2.3)


def test_a_later_answer_settles_what_came_before_it() -> None:
    belief = known(10)
    belief.write(2.0, Change(How.ADD, 4), 2)
    belief.write(2.3, ASK, 3)
    assert belief.answer(2.4, 3, 10) is Answer.FITS
    assert belief.span == Span(10, 10)
    assert not belief.awaits(2)
    with pytest.raises(KeyError):
        belief.answer(2.5, 2, 14)


def test_asking_leaves_the_slope_clock_alone() -> None:
    belief = known(10)
    belief.write(5.0, ASK, 2)
    belief.answer(5.1, 2, 10)
    assert belief.settled_s == 1.0


def test_an_odd_answer_is_believed_the_second_time() -> None:
    belief = known(10)
    belief.write(2.0, ASK, 2)
    assert belief.answer(2.1, 2, 7) is Answer.ODD
    assert belief.span == Span(7, 10)
    belief.write(2.2, ASK, 3)
    assert belief.answer(2.3, 3, 7) is Answer.FELL
    belief.write(2.4, ASK, 4)
    assert belief.answer(2.5, 4, 9) is Answer.ODD
    belief.write(2.6, ASK, 5)
    assert belief.answer(2.7, 5, 9) is Answer.FITS, "who let it rise is for the session to ask"
    assert belief.span == Span(9, 9)


def test_what_our_own_write_lowered_meanwhile_did_not_fall() -> None:
    belief = known(10)
    belief.write(2.0, ASK, 2)
    assert belief.answer(2.1, 2, 12) is Answer.ODD
    belief.write(2.2, Change(How.ADD, -5), 3)
    assert belief.answer(2.3, 3, 7) is Answer.FITS


@pytest.mark.parametrize(
    ("level", "how"),
    [
        (9, Answer.ROSE),
        (11, Answer.FELL),
        (10, Answer.FELL),
        (8, Answer.FITS),
        (12, Answer.FITS),
        (7, Answer.FELL),
        (13, Answer.ROSE),
    ],
)
def test_a_report_in_the_middle_of_a_raise_is_a_hand(level: int, how: Answer) -> None:
    belief = known(8)
    belief.write(2.0, Change(How.ADD, 4), 2)
    assert belief.overhear(2.1, level) is how
    assert belief.span == Span(level, level + 4), "the raise may or may not be in it yet"


@pytest.mark.parametrize(
    ("change", "level", "how"),
    [
        (Change(How.CLIP, 3), 3, Answer.FITS),
        (Change(How.SET, 0), 0, Answer.FITS),
        (Change(How.SET, 0), 8, Answer.FITS),
        (Change(How.SET, 0), 4, Answer.FELL),
        (Change(How.SET, 0), 9, Answer.ROSE),
    ],
)
def test_a_drop_that_limits_or_a_zero_explain_is_no_hand_and_one_in_between_is(
    change: Change, level: int, how: Answer
) -> None:
    belief = known(8)
    belief.write(2.0, change, 2)
    assert belief.overhear(2.1, level) is how


def test_a_number_in_use_again_gives_up_its_first_answer() -> None:
    belief = known(8)
    belief.write(2.0, Change(How.ADD, 4), 2)
    belief.write(3.0, ASK, 2)
    assert belief.span == Span(8, 12)
    assert belief.answer(3.1, 2, 8) is Answer.FITS


def test_it_keeps_no_endless_list() -> None:
    belief = known(8)
    for key in range(10, 10 + 3 * LONGEST):
        belief.write(2.0, Change(How.ADD, 1), key)
    assert sum(belief.awaits(key) for key in range(10, 10 + 3 * LONGEST)) == LONGEST
    assert belief.span == Span(8, 8 + 3 * LONGEST)


@given(
    st.integers(0, 12),
    st.lists(st.tuples(CHANGES, st.booleans(), st.booleans(), st.integers(-1, 1)), max_size=20),
)
def test_the_truth_is_always_inside_the_span(first: int, acts: list[tuple[Change, bool, bool, int]]) -> None:
    """Writes may get lost, answers too; a hand's report never (it comes in order, before later answers)."""
    belief = known(first)
    truth = first
    now_s = 1.0
    for key, (change, arrives, is_heard, hand) in enumerate(acts, 10):
        now_s += 0.1
        belief.write(now_s, change, key)
        if arrives:
            truth = change.after(Span(truth, truth), TOP).lo
            if is_heard:
                belief.answer(now_s, key, truth)
                assert belief.span == Span(truth, truth)
        if hand and truth + hand >= 0:
            truth += hand
            belief.overhear(now_s, truth)
        assert belief.span.lo <= truth <= belief.span.hi


@pytest.mark.parametrize(
    ("changes", "level", "how"),
    [
        ((Change(How.ADD, -2), Change(How.SET, 0)), 6, Answer.FITS),
        ((Change(How.ADD, 4), Change(How.SET, 0)), 12, Answer.FITS),
        ((Change(How.ADD, 4), Change(How.SET, 0)), 8, Answer.FITS),
        ((Change(How.ADD, 4), Change(How.SET, 0)), 5, Answer.FELL),
        ((Change(How.ADD, 2), Change(How.ADD, 2)), 10, Answer.FITS),
        ((Change(How.ADD, 2), Change(How.ADD, 2)), 9, Answer.ROSE),
    ],
)
def test_whatever_of_the_writes_under_way_was_done_is_no_hand(
    changes: tuple[Change, ...], level: int, how: Answer
) -> None:
    belief = known(8)
    for key, change in enumerate(changes, 2):
        belief.write(2.0, change, key)
    assert belief.overhear(2.1, level) is how
