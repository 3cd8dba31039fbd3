"""Each limit of the Guard alone, then all of them against anything that a session or a unit may come up with."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.session.guard import SESSION_MAX_S, Cap, Limits, Request, family_cap, percent_cap, permit
from estim.core.values import replace
from protocols.vocabulary import (
    Capabilities,
    Channel,
    Control,
    Level,
    Mode,
    OffBy,
    Out,
    Pause,
    Reported,
    Span,
    Zero,
    ZeroBy,
)

A = Channel.A
B = Channel.B
CAPS = Capabilities(
    family="box",
    channels=(A, B),
    scale=Level(200),
    step=4,
    first=Level(1),
    raise_gap_s=0.5,
    ask_s=0.3,
    fresh_s=3.0,
    stale_s=3.0,
    fault_s=10.0,
    stop_s=3.0,
    control=Control.STREAM,
    off_by=OffBy.FEED,
    pause=Pause.HOLD,
    zero_by=ZeroBy.REPORT,
)
LIMITS = Limits((family_cap(CAPS), percent_cap(CAPS, 35, "35 % for a new unit")))
NOW_S = 100.0


def known(at: int, **change: object) -> Reported:
    reported = Reported(
        ready=True,
        closable=True,
        level={A: Span(at, at), B: Span(0, 0)},
        settled_s={A: NOW_S - 1, B: NOW_S - 1},
        ceiling={},
        out=Out.ON,
        zero=Zero.NO,
        until_s=inf,
        heard_s=NOW_S,
        told_s=NOW_S,
    )
    return replace(reported, **change)  # type: ignore[arg-type] # dataclasses.replace takes any field


def request(asked: int, **change: object) -> Request:
    made = Request(Mode.PLAY, {A: Level(asked)}, gate=1.0, started_s=NOW_S - 10, end_s=NOW_S + 10)
    return replace(made, **change)  # type: ignore[arg-type] # dataclasses.replace takes any field


def granted(request: Request, reported: Reported, limits: Limits = LIMITS) -> tuple[int, str]:
    answer = permit(NOW_S, request, reported, CAPS, limits)
    return answer.level[A], answer.why[A]


def test_a_request_within_all_limits_is_granted_without_a_reason() -> None:
    assert granted(request(12), known(10)) == (12, "")


def test_a_raise_is_one_step_at_most() -> None:
    assert granted(request(50), known(10)) == (14, "at most 4 a step")


def test_the_cap_holds_and_names_itself() -> None:
    assert granted(request(200), known(68)) == (70, "35 % for a new unit")


def test_the_smallest_cap_wins_wherever_it_stands() -> None:
    program = Cap("the program's cap", {A: Level(11)})
    for caps in ((*LIMITS.caps, program), (program, *LIMITS.caps)):
        assert granted(request(200), known(10), Limits(caps)) == (11, "the program's cap")


def test_a_channel_without_any_cap_gets_nothing() -> None:
    assert Limits((Cap("only A", {A: Level(5)}),)).of(B) == (0, "the unit has no such channel")


def test_the_units_own_dial_is_a_cap() -> None:
    assert granted(request(30), known(10, ceiling={A: Level(12)})) == (12, "the unit's own limit is 12")


def test_no_raise_before_the_gap_has_passed() -> None:
    early = known(10, settled_s={A: NOW_S - 0.4, B: 0.0})
    assert granted(request(20), early) == (10, "one step each 0.5 s")
    assert granted(request(20), known(10, settled_s={A: NOW_S - 0.5, B: 0.0}))[0] == 14


@pytest.mark.control("C-01")
def test_no_raise_while_the_level_is_unknown() -> None:
    doubt = known(10, level={A: Span(10, 14), B: Span(0, 0)})
    waiting = "waiting for the unit to say its level"
    assert granted(request(20), doubt) == (10, waiting)
    assert granted(request(20, held={A: Level(14)}), doubt) == (14, waiting)  # a raise that is under way stands
    assert granted(request(20, held={A: Level(30)}), doubt) == (14, waiting)


@pytest.mark.control("C-52")
def test_a_raise_needs_a_fresh_word_and_the_unit_is_asked_for_it() -> None:
    absolute = replace(CAPS, fresh_s=0.5)
    for age_s, level, asks in ((0.4, 14, False), (0.6, 10, True), (2.9, 10, True)):
        answer = permit(NOW_S, request(20), known(10, told_s=NOW_S - age_s), absolute, LIMITS)
        assert (answer.level[A], answer.asks) == (level, asks)


@pytest.mark.control("C-52")
def test_nothing_is_asked_for_that_would_not_be_granted() -> None:
    absolute = replace(CAPS, fresh_s=0.5)
    old = known(10, told_s=NOW_S - 2)
    assert not permit(NOW_S, request(10), old, absolute, LIMITS).asks
    assert not permit(NOW_S, request(20, gate=0.5), old, absolute, LIMITS).asks
    early = known(10, told_s=NOW_S - 2, settled_s={A: NOW_S - 0.1, B: 0.0})
    assert not permit(NOW_S, request(20), early, absolute, LIMITS).asks


def test_a_level_below_the_first_one_is_none() -> None:
    coarse = replace(CAPS, first=Level(3))
    assert permit(NOW_S, request(2), known(0), coarse, LIMITS).level[A] == 0
    assert permit(NOW_S, request(5), known(0), replace(CAPS, first=Level(4), step=1), LIMITS).level[A] == 4


@pytest.mark.control("C-05")
def test_no_first_level_lifts_a_cap_and_none_is_larger_than_a_step_may_be() -> None:
    assert percent_cap(replace(CAPS, first=Level(4)), 1.0, "").level[A] == 2
    with pytest.raises(ValueError, match="first level is at most 2 %"):
        replace(CAPS, first=Level(200))


def test_no_raise_on_an_old_word() -> None:
    assert granted(request(20), known(10, told_s=NOW_S - 3.1)) == (10, "the unit has not said its level lately")


def test_no_raise_while_the_gate_is_not_open() -> None:
    assert granted(request(20, gate=0.99), known(10))[0] == 10


def test_lowering_is_granted_whatever_is_wrong() -> None:
    wrong = known(10, level={A: Span(8, 14), B: Span(0, 0)}, told_s=-inf, settled_s={A: NOW_S, B: NOW_S})
    assert granted(request(3, gate=0.0), wrong) == (3, "")


@pytest.mark.parametrize("mode", [Mode.WATCH, Mode.OFF, Mode.READY])
def test_zero_unless_it_plays(mode: Mode) -> None:
    assert granted(request(10, mode=mode, halted="paused"), known(10)) == (0, "paused")


@pytest.mark.control("C-15")
def test_zero_when_the_time_is_up() -> None:
    assert granted(request(10, end_s=NOW_S), known(10)) == (0, "the time is up")
    assert granted(request(10, started_s=NOW_S - SESSION_MAX_S), known(10)) == (0, "the time is up")


def test_zero_when_the_unit_has_been_silent_too_long() -> None:
    assert granted(request(10), known(10, heard_s=NOW_S - 10.1)) == (0, "the unit has said nothing for 10 s")


def test_a_percentage_is_rounded_down_but_leaves_the_first_level() -> None:
    assert percent_cap(CAPS, 35.4, "").level[A] == 70
    assert percent_cap(CAPS, 0.1, "").level[A] == 0


spans = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda two: Span(min(two), max(two)))
times = st.floats(NOW_S - 40, NOW_S, allow_nan=False)


@pytest.mark.control("C-02")
@pytest.mark.control("C-05")
@given(
    asked=st.integers(0, 300),
    span=spans,
    settled_s=times,
    told_s=times,
    heard_s=times,
    gate=st.floats(0, 1),
    user=st.integers(0, 200),
    end_s=st.floats(NOW_S - 5, NOW_S + 5),
    mode=st.sampled_from(Mode),
)
def test_whatever_comes_no_cap_is_passed_and_no_raise_is_more_than_a_step(
    asked: int,
    span: Span,
    settled_s: float,
    told_s: float,
    heard_s: float,
    gate: float,
    user: int,
    end_s: float,
    mode: Mode,
) -> None:
    limits = Limits((family_cap(CAPS), Cap("user", {A: Level(user)})))
    spans_now = {A: span, B: Span(0, 0)}
    reported = known(0, level=spans_now, settled_s={A: settled_s, B: 0.0}, told_s=told_s, heard_s=heard_s)
    level, why = granted(request(asked, mode=mode, gate=gate, end_s=end_s), reported, limits)
    assert 0 <= level <= min(asked, user, CAPS.scale)
    assert why or level == asked
    if level > span.hi:
        assert span.known
        assert level <= span.lo + CAPS.step
        assert NOW_S - settled_s >= CAPS.raise_gap_s - 1e-6
        assert gate == 1.0
        assert mode is Mode.PLAY
    if mode is not Mode.PLAY or end_s <= NOW_S:
        assert level == 0


@pytest.mark.control("C-01")
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_each_of_however_many_caps_counts(count: int) -> None:
    for lowest in range(count):
        caps = tuple(Cap(f"cap {at}", {A: Level(7 if at == lowest else 60)}) for at in range(count))
        assert Limits(caps).of(A) == (7, f"cap {lowest}")
        assert granted(request(50), known(7), Limits(caps))[0] == 7
