"""Plays whole yokonex sessions on the twin: each thing that its fact sheet leaves open, each fault, each bad air."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.catalogue.programs import shipped
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap
from estim.core.session.order import Order
from estim.core.values import replace
from estim.core.vocabulary import Reason, State
from protocols.score import Score
from protocols.vocabulary import FRESH_MAX_S, Channel, Level, Out
from protocols.yokonex.family import FAMILY
from protocols.yokonex.packets import CAPS, V1, V2
from simulator import checks
from simulator.registry import make, read_line
from simulator.trace import Trace
from simulator.yokonex.unit import Yokonex
from tests.effort import LONG, QUESTION_MINUTES, lived
from tests.world import Weather, World, rises

A = Channel.A
B = Channel.B
PROOF_LEVEL = 1


def world(
    options: str = "",
    *,
    minutes: float = 5.0,
    levels: tuple[int, int] = (40, 12),
    air: Weather | None = None,
    profile: str = "",
    waits: bool = False,
    number: int | None = None,
    trace: Trace | None = None,
) -> World:
    program = next(program for program in shipped() if program.id == "tens-ankle")
    course = fit(program, FAMILY, minutes)
    if number is not None:
        course = replace(course, score=Score(course.score.parts, number))
    goal = {A: Level(levels[0]), B: Level(levels[1])}
    order = Order(course, goal, pads_on=True, wait_after_loss=waits)
    twin = make(read_line(f"yokonex:{options}"), (trace or Trace()).of)[0]
    made = World(FAMILY, twin, twin.level, order, Limits((family_cap(CAPS),)), air, profile)
    made.link()
    return made


def check_slope(made: World) -> None:
    """No rise by more than a step, and none sooner than the gap after the one before."""
    began_s = made.session.started.mono_s if made.session.started else float("inf")
    for channel in ("A", "B"):
        found = rises(made.seen, channel)
        assert all(after - before <= PROOF_LEVEL for at_s, before, after in found if 0.01 < at_s < began_s)
        played = [(at_s, after - before) for at_s, before, after in found if at_s >= began_s]
        assert all(by <= CAPS.step for _, by in played)
        assert all(after - before > CAPS.raise_gap_s - 0.01 for (before, _), (after, _) in pairwise(played))


def check_end(made: World, reason: Reason) -> None:
    assert (made.ended.reason, made.ended.stop_confirmed) == (reason, True), made.ended
    assert (made.level_of("A"), made.level_of("B")) == (0, 0)
    check_slope(made)


OPEN = {
    "nothing special": "",
    "left running": "strength=200/276",
    "stops are ignored": "strength=50/50,stop_ignored=5",
    "a width of 0 is a default": "zero_width=default",
    "an off channel keeps its figures": "off_keeps",
    "told once": "repeats=no",
    "never told without a change": "every_s=0",
    "told four times a second": "every_s=0.25",
    "no fence, no errors": "motor=no,errors=no",
    "a hungry battery": "drain_s=10",
    "a channel without pads goes off": "bare=off",
}
AT_ITS_BEGIN = {
    "errors are dropped": "errors=no",
    "ranges are checked": "range_check",
    "lengths are not": "length_check=no",
    "no fence": "motor=no",
    "a lost link stops it": "link_loss=stop",
    "a name of its own": "name=YSKJ-EMS,adv_service=no",
}
"""What can only matter before and after a session, so that a minute tells as much as twenty."""

SHORT_MINUTES = 1.0
WHOLE = [(options, (V1, V2)[index % 2], QUESTION_MINUTES) for index, options in enumerate(OPEN.values()) if LONG]
SHORT = [
    (options, profile, SHORT_MINUTES) for options in (*OPEN.values(), *AT_ITS_BEGIN.values()) for profile in (V1, V2)
]


@pytest.mark.parametrize(("options", "profile", "minutes"), [*WHOLE, *SHORT])
def test_it_completes_whichever_way_the_unit_is(options: str, profile: str, minutes: float) -> None:
    made = world(f"version={profile},{options}".rstrip(","), profile=profile, minutes=minutes)
    made.run(minutes * 60 + 60)
    check_end(made, Reason.COMPLETED)
    assert (made.ended.level_max[A], made.ended.level_max[B]) == (40, 12)
    assert made.ended.duration_s == pytest.approx(minutes * 60, abs=1)


def test_the_witness_sees_nothing_but_the_proof_and_no_current_in_it() -> None:
    trace = Trace()
    made = world(minutes=1, trace=trace)
    made.run(90)
    assert made.session.started is not None
    armed_s = made.session.started.mono_s
    found = checks.violations(
        trace.records, step=CAPS.step, gap_s=CAPS.raise_gap_s, cap={"A": 40, "B": 12}, armed_s=armed_s
    )
    assert [line.split(": ")[1] for line in found] == [f"yokonex {ch} was raised to 1 unarmed" for ch in "AB"]


def test_if_a_width_of_0_were_a_default_the_proof_is_a_pulse_at_the_lowest_intensity() -> None:
    made = world("zero_width=default", minutes=1)
    made.run(1)
    assert made.session.started is not None
    pulses = made.twin.pulses(0.0, made.session.started.mono_s)
    assert len(pulses) == 2, "one on each channel"
    assert {(pulse.current_ma, pulse.width_us) for pulse in pulses} == {(0.36, 20.0)}


AIR = {
    "a third lost": Weather(lost=0.33, seed=2),
    "all doubled": Weather(doubled=1.0),
    "two seconds late": Weather(late_s=2.0),
    "all of it": Weather(lost=0.2, doubled=0.3, late_s=1.0, seed=4),
}


@pytest.mark.parametrize("profile", [V1, V2])
@pytest.mark.parametrize("air", AIR.values(), ids=AIR.keys())
def test_it_completes_on_a_bad_air(air: Weather, profile: str) -> None:
    made = world(f"version={profile}", profile=profile, air=air, minutes=2)
    made.run(180)
    check_end(made, Reason.COMPLETED)
    # a report that comes later than that is no word to raise on: a hand may have turned the unit down since
    climbs = air.late_s < FRESH_MAX_S
    assert (made.ended.level_max[A], made.ended.level_max[B]) == ((40, 12) if climbs else (0, 0))


@pytest.mark.parametrize(("speaks", "chosen"), [(V1, V2), (V2, V1)])
def test_the_wrong_version_ends_with_its_sentence_before_anything_plays(speaks: str, chosen: str) -> None:
    made = world(f"version={speaks}", profile=chosen)
    made.run(60)
    assert made.session.started is None
    assert f"choose {speaks}: estim devices set NAME profile {speaks}" in made.ended.message
    assert made.ended.stop_confirmed
    assert max(level for _, _, level in made.seen.levels) <= PROOF_LEVEL


def test_a_unit_that_never_answers_ends_without_any_output() -> None:
    made = world(air=Weather(lost=1.0))
    made.run(60)
    assert (made.ended.reason, made.ended.stop_confirmed) == (Reason.NO_DEVICE, False)
    assert made.ended.message.endswith("; this session put nothing out")
    assert {level for _, _, level in made.seen.levels} == {0}


@pytest.mark.parametrize("number", [1, 16])
@pytest.mark.parametrize("profile", [V1, V2])
def test_a_program_of_its_own_is_played_by_level_alone(number: int, profile: str) -> None:
    made = world(f"version={profile}", profile=profile, number=number, minutes=1)
    made.run(30)
    assert isinstance(made.twin, Yokonex)
    assert [state.mode for state in made.twin._states] == [number, number]
    made.run(100)
    check_end(made, Reason.COMPLETED)


@pytest.mark.control("C-21")
@pytest.mark.parametrize("bare", ["on", "off"])
def test_pads_off_ends_at_zero_or_waits_for_a_key(bare: str) -> None:
    made = world(f"pads_off=30,bare={bare}", minutes=2)
    made.run(60)
    check_end(made, Reason.CONTACT_LOST)
    made = world(f"pads_off=30,bare={bare}", waits=True, minutes=2)
    made.run(60)
    assert made.session.state is State.PAUSED
    made.hand("pads-on")
    made.run(5)
    assert (made.level_of("A"), made.level_of("B")) == (0, 0), "only a person's key starts it again"
    made.act(lambda now: made.session.resume(now, made.reported))
    made.run(200)
    check_end(made, Reason.COMPLETED)


@pytest.mark.control("C-26")
def test_what_a_hand_lowers_stays_down_and_a_rise_is_a_fault() -> None:
    made = world()
    made.run(60)
    made.hand("A-15")
    made.run(60)
    assert made.level_of("A") == 25
    made.hand("B+9")
    made.run(5)
    assert "B rose to 21 without estim and without a hand" in made.ended.message
    check_end(made, Reason.FAULT)


def test_a_unit_that_is_switched_off_at_its_key_ends_it() -> None:
    made = world(levels=(20, 0))
    made.run(60)
    made.hand("A-99")
    made.run(10)
    check_end(made, Reason.DEVICE_ENDED)


@pytest.mark.control("C-11")
@pytest.mark.parametrize("link_loss", ["run", "stop"])
def test_a_cut_link_is_told_as_on_and_the_unit_is_stopped_when_it_is_back(link_loss: str) -> None:
    made = world(f"link_loss={link_loss}")
    made.run(60)
    made.cut()
    assert made.reported is not None
    assert (made.reported.out, made.reported.until_s) == (Out.MAYBE, float("inf"))
    made.now_s += 20
    assert made.level_of("A") == (40 if link_loss == "run" else 0)
    made.link()
    made.run(10)
    check_end(made, Reason.LINK_LOST)


@pytest.mark.parametrize("profile", [V1, V2])
def test_a_session_resumed_on_a_new_link_proves_the_version_again_first(profile: str) -> None:
    made = world(f"version={profile}", profile=profile, waits=True, levels=(20, 0), minutes=2)
    made.run(30)
    made.cut()
    made.now_s += 5
    made.link()
    made.run(5)
    assert made.session.state is State.PAUSED
    assert made.level_of("A") == 0
    made.act(lambda now: made.session.resume(now, made.reported))
    made.run(30)
    assert (made.session.state, made.level_of("A")) == (State.RUNNING, 20)
    made.run(200)
    check_end(made, Reason.COMPLETED)


@settings(max_examples=lived(20))
@given(
    st.floats(0.0, 40.0),
    st.sampled_from(["stop", "pause", "cut", "panic"]),
    st.builds(
        Weather,
        st.sampled_from([0.0, 0.3]),
        st.sampled_from([0.0, 0.4]),
        st.sampled_from([0.0, 0.7]),
        st.integers(0, 9),
    ),
    st.sampled_from([V1, V2]),
)
def test_from_any_moment_it_comes_to_a_proved_zero(at_s: float, what: str, air: Weather, profile: str) -> None:
    made = world(f"version={profile}", profile=profile, air=air, minutes=2)
    made.run(at_s)
    if made.session.state in (State.RAMPING, State.RUNNING) and what == "pause":
        made.act(lambda now: made.session.pause(now))
        made.run(4)
        assert (made.session.state, made.level_of("A")) == (State.PAUSED, 0)
        made.act(lambda now: made.session.resume(now, made.reported))
        made.run(130)
        check_end(made, Reason.COMPLETED)
    elif what == "cut":
        made.cut()
        made.now_s += 3
        made.link()
        made.run(30)
        check_end(made, Reason.LINK_LOST)
    else:
        reason = Reason.PANIC if what == "panic" else Reason.STOPPED
        made.act(lambda now: made.session.stop(now, reason))
        made.run(10)
        check_end(made, reason)
