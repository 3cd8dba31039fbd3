"""Plays whole em70 sessions on the twin, once for each thing that its fact sheet leaves open."""

import pytest

from estim.catalogue.programs import shipped
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap
from estim.core.session.order import Order
from estim.core.vocabulary import Reason, State
from protocols.em70.family import FAMILY
from protocols.vocabulary import Channel, Level, Zero
from simulator.chance import Chance
from simulator.em70.options import Em70Options
from simulator.em70.unit import Em70
from tests.world import World, rises

A = Channel.A

OPEN = {
    "state of nine bytes": Em70Options(nine=True),
    "03 is echoed": Em70Options(echo03=True),
    "a change of program is not told": Em70Options(notify04=False, program=16),
    "it runs at level 5 when it is met": Em70Options(strength=5, program=19),
    "the first stops are ignored": Em70Options(strength=5, stop_ignored=2),
    "only single steps down are obeyed": Em70Options(stop_ignored=10**6),
    "its clock is slow": Em70Options(drift=0.1),
    "the name has no NUL bytes": Em70Options(nul=False),
}


def world(options: Em70Options) -> World:
    program = next(program for program in shipped() if program.id == "tens-ankle")
    order = Order(fit(program, FAMILY, 1), {A: Level(4)}, pads_on=True)
    twin = Em70("F9:8B:6F:12:EC:AE", options, Chance(1))
    made = World(FAMILY, twin, twin.level, order, Limits((family_cap(FAMILY.caps),)))
    made.link()
    return made


@pytest.mark.parametrize("options", OPEN.values(), ids=OPEN.keys())
def test_a_session_completes_whichever_way_it_is(options: Em70Options) -> None:
    made = world(options)
    made.run(90)
    assert (made.ended.reason, made.ended.stop_confirmed) == (Reason.COMPLETED, True)
    assert made.ended.level_max[A] == 4
    assert made.level_of("A") == 0
    met_s = 1.0  # before, the level that it was found at counts as a rise
    assert all(after == before + 1 for at_s, before, after in rises(made.seen, "A") if at_s > met_s)


@pytest.mark.parametrize("drops", [True, False])
@pytest.mark.control("C-21")
def test_pads_off_ends_at_zero_whether_or_not_the_unit_stops_by_itself(*, drops: bool) -> None:
    made = world(Em70Options(pads_off=30, overload_drops=drops))
    made.run(60)
    assert (made.ended.reason, made.ended.stop_confirmed) == (Reason.CONTACT_LOST, True)
    assert made.level_of("A") == 0


@pytest.mark.control("C-26")
def test_what_a_hand_lowers_stays_down() -> None:
    made = world(Em70Options())
    made.run(20)
    made.hand("A-2")
    made.run(20)
    assert made.level_of("A") == 2
    made.hand("A+")
    made.run(10)
    assert made.level_of("A") == 3


@pytest.mark.control("C-47")
def test_a_lost_unit_counts_as_on_until_its_own_timer_has_surely_ended_however_slow_its_clock() -> None:
    made = world(Em70Options(drift=0.03))
    made.run(30)
    made.cut()
    assert made.reported is not None
    assert made.reported.zero is not Zero.CONFIRMED
    until_s = made.reported.until_s
    made.twin.advance(made.now_s + 1800 - 30)
    assert made.level_of("A") == 4
    made.twin.advance(until_s)
    assert made.level_of("A") == 0
    assert until_s < made.now_s + 1900


@pytest.mark.control("C-46")
@pytest.mark.parametrize("rest_s", [0.5, 1.0, 1.3, 10.0])
def test_a_stop_in_a_pause_ends_by_a_proof_of_its_own_within_the_time_for_stops(rest_s: float) -> None:
    made = world(Em70Options())
    made.run(30)
    made.act(lambda now: made.session.pause(now))
    made.run(rest_s)
    assert made.reported is not None
    assert made.reported.zero is Zero.CONFIRMED
    begin_s = made.now_s
    made.act(lambda now: made.session.stop(now, Reason.STOPPED))
    made.run(0.2)
    assert made.session.state is State.STOPPING, "the proof of the pause is none of the stop"
    made.run(10)
    assert (made.ended.reason, made.ended.stop_confirmed) == (Reason.STOPPED, True)
    assert made.now_s - begin_s < FAMILY.caps.stop_s


@pytest.mark.control("C-46")
def test_a_unit_that_obeys_nothing_plays_on_and_is_never_called_off() -> None:
    made = world(Em70Options(stop_ignored=10**6, down_ignored=10**6, off_ignored=10**6))
    made.run(30)
    made.act(lambda now: made.session.stop(now, Reason.STOPPED))
    made.run(10)
    assert (made.level_of("A"), made.ended.stop_confirmed) == (4, False)
