"""Silence on both Coyotes, seen at the electrodes: after a gap nothing is felt until it has ramped from zero."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.catalogue.programs import shipped
from estim.core.messages.events import Paused
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap, percent_cap
from estim.core.session.order import Order
from estim.core.vocabulary import Reason, State
from protocols.registry import family
from protocols.vocabulary import UNFED_MAX_S, Channel, Level, Zero
from simulator.registry import make, read_line
from simulator.trace import silent
from tests.effort import lived
from tests.protocols.silent_world import SilentWorld, Wake
from tests.world import rises

A = Channel.A
GOAL = {"coyote3": 20, "coyote2": 140}
FRAME_S = 0.1
"""What the radio had accepted before the gap: one frame, of 100 ms."""


def playing(
    name: str, *, program: str = "tens-ankle", options: str = "", spacing_s: float = 0.0, both: bool = False
) -> SilentWorld:
    """A session that has reached its level."""
    made = family(name)
    twin = make(read_line(f"{name}:{options}"), lambda _unit: silent, 0)[0]
    limits = Limits((family_cap(made.caps), percent_cap(made.caps, 35, "a new unit")))
    course = fit(next(one for one in shipped() if one.id == program), made, 1.0)
    goal = {channel: Level(GOAL[name] if both or channel is A else 0) for channel in made.caps.channels}
    one = SilentWorld(made, twin, Order(course, goal, pads_on=True), limits, spacing_s=spacing_s)
    one.link()
    one.run(14.0)
    assert one.level_of("A") == GOAL[name]
    return one


def judge(one: SilentWorld, over_s: float) -> None:
    """After a gap that was over then: nothing but one accepted frame before zero, and no rise but by a step."""
    if one.session.state is State.ENDED:
        one.drain()
    levels = dict.fromkeys(one.family.caps.channels, 0)
    zero_s = float("inf")
    for at_s, who, level in one.seen.levels:
        levels[Channel(who[0])] = level
        if at_s >= over_s - 1e-9 and not any(levels.values()):
            zero_s = min(zero_s, at_s)
    felt = [pulse for pulse in one.twin.pulses(over_s, one.now_s) if pulse.current_ma and pulse.at_s < zero_s]
    assert all(pulse.at_s <= over_s + FRAME_S + 1e-6 for pulse in felt), "felt after the gap without a ramp"
    last_s = dict.fromkeys(one.family.caps.channels, -1.0)
    for channel in one.family.caps.channels:
        for at_s, before, after in rises(one.seen, channel.value):
            assert after - before <= one.family.caps.step
            assert at_s - last_s[channel] >= one.family.caps.raise_gap_s - 0.06
            last_s[channel] = at_s


@pytest.mark.control("C-50")
@settings(max_examples=lived(25))
@given(
    name=st.sampled_from(["coyote3", "coyote2"]),
    program=st.sampled_from(["tens-ankle", "tens-burst", "tens-al"]),
    wait_s=st.floats(0.0, 1.2),
    seconds=st.floats(0.6, 9.0),
    way=st.sampled_from(["waits", "lost", *Wake]),
    spacing_s=st.sampled_from([0.0, 0.03]),
    both=st.booleans(),
)
def test_after_any_gap_nothing_is_felt_until_it_has_ramped_from_zero(
    name: str, program: str, wait_s: float, seconds: float, way: str | Wake, spacing_s: float, both: bool
) -> None:
    one = playing(name, program=program, spacing_s=spacing_s, both=both)
    one.run(wait_s)
    if program != "tens-ankle":
        seconds += 0.5  # such a program is silent itself for up to half a second, in which nothing has to be fed
    begins_s = one.now_s
    if isinstance(way, Wake):
        one.stand(seconds, way)
    else:
        one.stall(seconds, loses=way == "lost")
        one.run(seconds)
    one.run(15.0)
    judge(one, begins_s + seconds)
    one.run(100.0)
    assert one.session.state in (State.ENDED, State.PAUSED)
    proved = one.session.state is State.PAUSED or one.ended.stop_confirmed
    assert proved or seconds > 3.0, "what was short is stopped by proof"
    assert not proved or one.level_of("A") == one.level_of("B") == 0


@pytest.mark.control("C-50")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
@pytest.mark.parametrize("wake", list(Wake))
@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_a_host_that_stood_still_for_a_moment_ramps_again_by_itself(name: str, wake: Wake, seconds: float) -> None:
    one = playing(name)
    one.stand(seconds, wake)
    over_s = one.now_s
    one.run(0.3)
    assert one.level_of("A") == 0, "zero at once"
    assert [type(told) for told in one.seen.happened].count(Paused) == 1
    one.run(14.0)
    assert one.level_of("A") == GOAL[name]
    judge(one, over_s)


@pytest.mark.control("C-50")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
def test_a_host_that_stood_still_for_longer_waits_for_a_key(name: str) -> None:
    one = playing(name)
    one.stand(7.0, Wake.POLL)
    one.run(20.0)
    assert one.session.state is State.PAUSED
    assert one.level_of("A") == 0
    one.act(lambda now: one.session.resume(now, one.reported))
    one.run(14.0)
    assert one.level_of("A") == GOAL[name]


@pytest.mark.control("C-50")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
def test_a_gap_of_less_than_half_a_second_is_none(name: str) -> None:
    one = playing(name)
    for act in range(10):
        if act % 2:
            one.stall(0.3)
        else:
            one.stand(0.3, Wake.POLL)
        one.run(2.0)
    assert one.session.state is State.RUNNING
    assert one.level_of("A") == GOAL[name]
    assert not [told for told in one.seen.happened if isinstance(told, Paused)]


@pytest.mark.control("C-50")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
@pytest.mark.parametrize("loses", [False, True])
def test_while_the_air_takes_nothing_one_frame_waits_and_after_it_nothing_but_zeros(name: str, loses: bool) -> None:
    one = playing(name)
    taken: list[tuple[float, bytes]] = []
    write = one.twin.write

    def note(now_s: float, endpoint, data: bytes, response: bool) -> None:  # type: ignore[no-untyped-def]
        taken.append((now_s, data))
        write(now_s, endpoint, data, response)

    one.twin.write = note  # type: ignore[method-assign]
    one.stall(2.5, loses=loses)
    since_s = one.now_s
    one.run(2.5 + 0.05)
    waited = [data for at_s, data in taken if at_s >= since_s + 2.5 - 1e-9]
    zeros = [data for data in waited if _is_zero(name, data)]
    assert len(waited) - len(zeros) <= (0 if loses else 1)
    assert zeros or loses
    first = next((at for at, data in enumerate(waited) if _is_zero(name, data)), 0)
    assert all(_is_zero(name, data) for data in waited[first:]), "nothing with a level after a zero"


def _is_zero(name: str, data: bytes) -> bool:
    if name == "coyote2":
        return not any(data)
    return data[1] & 15 == 15 and data[2:4] == b"\0\0"


@pytest.mark.control("C-50")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
@pytest.mark.parametrize("program", ["tens-ankle", "tens-burst", "tens-al"])
def test_a_unit_that_is_fed_says_so_and_one_at_zero_has_nothing_to_be_fed(name: str, program: str) -> None:
    one = playing(name, program=program)
    for _ in range(40):
        one.run(0.1)
        one.act(lambda _now: None)  # its word of this moment
        assert one.reported is not None
        assert one.reported.fed_s is not None
        assert one.now_s - one.reported.fed_s <= UNFED_MAX_S - 0.1
    one.act(one.session.pause)
    one.run(0.5)
    assert one.reported is not None
    assert one.reported.fed_s is None


@pytest.mark.control("C-50")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
def test_a_stop_while_a_gap_is_being_ramped_over_is_a_stop(name: str) -> None:
    one = playing(name)
    one.stand(2.0, Wake.POLL)
    one.act(lambda now: one.session.stop(now, Reason.STOPPED))
    one.run(5.0)
    assert one.ended.reason is Reason.STOPPED
    assert one.ended.stop_confirmed
    assert one.level_of("A") == 0


@pytest.mark.control("C-46")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
def test_a_stop_in_a_pause_ends_on_a_zero_of_its_own(name: str) -> None:
    one = playing(name)
    one.act(one.session.pause)
    one.run(3.0)
    assert one.session.state is State.PAUSED
    assert one.reported is not None
    assert one.reported.zero is Zero.CONFIRMED
    one.stall(60.0)
    one.act(lambda now: one.session.stop(now, Reason.STOPPED))
    assert not one.session.proved(one.reported), "what proved the pause proves no stop"
    one.run(30.0)
    assert one.ended.stop_confirmed is False


@pytest.mark.control("C-46")
@pytest.mark.parametrize("name", ["coyote3", "coyote2"])
def test_a_lost_coyote_never_counts_as_off_by_time(name: str) -> None:
    one = playing(name)
    one.cut()
    one.run(300.0)
    assert one.session.state is State.STOPPING
    one.seen.happened += one.session.give_up(one.now(), one.reported)
    assert one.ended.stop_confirmed is False
    assert one.level_of("A") == GOAL[name], "its strength has stayed: the next wave would be felt"


def test_half_a_second_is_what_the_driver_and_the_session_go_by() -> None:
    assert UNFED_MAX_S == 0.5
