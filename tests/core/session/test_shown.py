"""What a Snapshot says of a course while it is played: its phases, its pulses now, and how far a key may lead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.catalogue.programs import shipped
from estim.core.errors import EstimError
from estim.core.messages.shown import Snapshot
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap, percent_cap
from estim.core.session.order import Order
from estim.core.session.snapshot import snapshot
from estim.core.vocabulary import Reason, State
from protocols.registry import family, names
from protocols.score import texture
from protocols.vocabulary import Channel, Control, Level
from simulator.registry import make, read_line
from simulator.trace import silent
from tests.core.session.test_session import world
from tests.world import World

A = Channel.A


def shown(one: World) -> Snapshot:
    return snapshot(one.now(), one.session, one.reported, None)


def playing(name: str, program: str, minutes: float = 3.0) -> World:
    """Return a session of a program on a family, some seconds after its start."""
    made = family(name)
    course = fit(next(one for one in shipped() if one.id == program), made, minutes)
    twin = make(read_line(name), lambda _unit: silent, 0)[0]
    limits = Limits((family_cap(made.caps), percent_cap(made.caps, 35, "a new unit")))
    order = Order(course, {channel: Level(4 if channel is A else 0) for channel in made.caps.channels}, pads_on=True)
    one = World(made, twin, twin.level, order, limits, None)
    one.link()
    one.run(15)
    return one


@pytest.mark.parametrize("program", ["tens-ankle", "tens-burst", "tens-han", "ems-recovery"])
def test_the_phases_are_those_of_the_course_and_the_pulses_those_of_this_moment(program: str) -> None:
    one = playing("coyote3", program, minutes=5)
    assert one.session.order is not None
    score = one.session.order.course.score
    for _ in range(20):
        one.run(3.3)
        seen = shown(one)
        assert [phase.title for phase in seen.phases] == [part.title for part in score.parts]
        assert sum(phase.length_s for phase in seen.phases) == pytest.approx(seen.length_s, abs=0.1)
        now = texture(score, one.session.ramp.played_s(one.now().mono_s))
        assert seen.pulse is not None
        assert seen.pulse.rate_hz == pytest.approx(now.rate_hz, abs=0.06)
        assert seen.pulse.width_us == pytest.approx(now.width_us, abs=0.06)
        assert seen.pulse.gate == pytest.approx(now.gate, abs=0.006)
        before = sum(phase.length_s for phase in seen.phases[: seen.phase_number - 1])
        assert seen.pulse.into_s == pytest.approx(seen.elapsed_s - before, abs=0.05)


def test_a_burst_is_shown_with_its_times() -> None:
    seen = shown(playing("coyote3", "tens-burst"))
    assert seen.pulse is not None
    assert len(seen.pulse.burst_s) == 2
    assert seen.pulse.contraction_s == ()


def test_no_pulse_is_shown_while_nothing_is_played_nor_where_the_unit_plays_a_program_of_its_own() -> None:
    one = playing("coyote3", "tens-ankle")
    one.act(lambda now: one.session.pause(now))
    assert shown(one).pulse is None
    for name in names():
        if family(name).caps.control is Control.NUMBER:
            assert shown(playing(name, "tens-ankle")).pulse is None


def test_at_rest_a_key_may_raise_by_one_raise_of_the_guard_or_up_to_the_cap() -> None:
    for level, room in ((10, 4), (68, 2), (70, 0)):
        one = world("coyote3", minutes=5, level=level)
        one.link()
        one.run(30)
        assert one.level_of("A") == level
        assert next(lane for lane in shown(one).lanes if lane.channel is A).room == room


@settings(max_examples=20, deadline=None)
@given(presses=st.lists(st.tuples(st.floats(0.01, 2), st.integers(0, 20)), min_size=1, max_size=12))
def test_a_key_may_raise_by_the_room_that_is_shown_and_by_no_step_more(presses: list[tuple[float, int]]) -> None:
    one = world("coyote3", minutes=5, level=10)
    one.link()
    one.run(20)
    for wait_s, by in presses:
        one.run(wait_s)
        room = next(lane for lane in shown(one).lanes if lane.channel is A).room
        goal = one.session.ramp.goal(A)
        with pytest.raises(EstimError):
            one.session.level(A, by=room + 1, to=None)
        if by <= room:
            one.session.level(A, by=by, to=None)
            assert one.session.ramp.goal(A) == goal + by


def test_a_soft_stop_is_told_as_one_from_its_order_until_it_has_come_down() -> None:
    one = playing("coyote3", "tens-ankle")
    assert not shown(one).softening
    one.session.stop(one.now(), Reason.STOPPED, soft=True)
    assert shown(one).softening
    one.run(1.5)
    assert shown(one).softening
    one.run(1.0)
    assert not shown(one).softening
    assert shown(one).state in (State.STOPPING, State.ENDED)
