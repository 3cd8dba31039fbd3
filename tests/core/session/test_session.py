"""Whole sessions in the pure world: real drivers against twins, over an air that loses, doubles and delays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.catalogue.programs import shipped
from estim.core.errors import EstimError, IllegalMove
from estim.core.messages.events import Alarmed, Connected, Ended, Levelled, Paused, Started
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap, percent_cap
from estim.core.session.order import Order
from estim.core.vocabulary import Reason, State
from protocols.family import Family
from protocols.registry import family, names
from protocols.vocabulary import Channel, Level, Mode
from simulator.registry import make, read_line
from simulator.trace import silent
from tests.world import Weather, World, rises

A = Channel.A
GOAL = {"coyote3": 10, "em70": 4, "bluetens": 4, "yokonex": 12, "zc95": 50, "openemsstim": 6, "coyote2": 100}


def order(made: Family, level: int, minutes: float = 1.0, *, waits: bool = False, pads_on: bool = True) -> Order:
    program = next(program for program in shipped() if program.id == "tens-ankle")
    goal = {channel: Level(level if channel is A else 0) for channel in made.caps.channels}
    return Order(fit(program, made, minutes), goal, pads_on=pads_on, wait_after_loss=waits)


def world(
    name: str,
    options: str = "",
    *,
    minutes: float = 1.0,
    level: int | None = None,
    weather: Weather | None = None,
    waits: bool = False,
    pads_on: bool = True,
    stops_only: bool = False,
) -> World:
    made = family(name)
    setup = read_line(f"{name}:{options}")
    twin = make(setup, lambda _unit: silent, 0)[0]
    limits = Limits((family_cap(made.caps), percent_cap(made.caps, 35, "a new unit")))
    wanted = None if stops_only else order(made, level or GOAL[name], minutes, waits=waits, pads_on=pads_on)
    return World(made, twin, twin.level, wanted, limits, weather)


@pytest.mark.parametrize("name", names())
def test_a_session_reaches_its_level_and_ends_by_itself_at_zero(name: str) -> None:
    one = world(name)
    one.link()
    one.run(90)
    assert one.ended.reason is Reason.COMPLETED
    assert one.ended.stop_confirmed
    assert one.ended.duration_s == pytest.approx(60, abs=1)
    assert one.ended.level_max[A] == GOAL[name]
    assert one.ended.level_end[A] == 0
    assert max(level for _, _, level in one.seen.levels) == GOAL[name]
    assert one.level_of("A") == 0


@pytest.mark.parametrize(("name", "left"), [("coyote3", "strength=35/40"), ("em70", "level=4")])
def test_what_was_left_in_the_unit_is_zeroed_first(name: str, left: str) -> None:
    one = world(name, left if name == "coyote3" else "")
    one.link()
    one.run(20)
    started_s = next(at for at, _, level in one.seen.levels if level == 0)
    assert any(isinstance(event, Started) for event in one.seen.happened)
    assert all(level == 0 or at > started_s for at, _, level in one.seen.levels[2:])


@pytest.mark.control("C-33")
@pytest.mark.parametrize("name", ["coyote3", "em70"])
def test_a_low_battery_is_refused_before_anything_flows(name: str) -> None:
    one = world(name, "battery=19")
    one.link()
    one.run(30)
    assert one.ended.reason is Reason.REFUSED
    assert "19 %" in one.ended.message
    assert {level for _, _, level in one.seen.levels} == {0}


@pytest.mark.control("C-13")
def test_without_the_pads_on_act_nothing_ever_flows() -> None:
    one = world("coyote3", pads_on=False)
    one.link()
    one.run(400)
    assert one.ended.reason is Reason.REFUSED
    assert {level for _, _, level in one.seen.levels} == {0}
    assert one.session.started is None


def test_a_unit_that_never_says_its_level_is_refused_before_anything_flows() -> None:
    one = world("coyote3", weather=Weather(lost=1.0))
    one.link()
    one.run(60)
    assert one.ended.reason is Reason.NO_DEVICE
    assert not one.ended.stop_confirmed
    assert {level for _, _, level in one.seen.levels} == {0}


@pytest.mark.control("C-44")
@pytest.mark.parametrize("name", ["coyote3", "em70"])
def test_a_pause_is_zero_and_resuming_ramps_from_zero(name: str) -> None:
    one = world(name, minutes=2)
    one.link()
    one.run(15)
    one.act(lambda now: one.session.pause(now))
    one.run(5)
    assert one.level_of("A") == 0
    assert one.session.state is State.PAUSED
    one.act(lambda now: one.session.resume(now, one.reported))
    one.run(12)
    assert one.level_of("A") == GOAL[name]
    one.run(200)
    assert one.ended.reason is Reason.COMPLETED


@pytest.mark.control("C-26")
def test_a_wheel_is_followed_down_and_up_to_the_cap() -> None:
    one = world("coyote3", minutes=2, level=12)
    one.link()
    one.run(12)
    one.hand("A-")
    one.hand("A-")
    one.run(6)
    assert one.level_of("A") == 10
    one.hand("A+")
    one.run(6)
    assert one.level_of("A") == 11
    assert one.session.state is State.RUNNING
    assert [event.by for event in one.seen.happened if isinstance(event, Levelled)][-1] == "hand"


@pytest.mark.control("C-21")
def test_lost_contact_ends_it_or_waits_for_a_key() -> None:
    one = world("em70", "pads_off=15", minutes=2)
    one.link()
    one.run(30)
    assert one.ended.reason is Reason.CONTACT_LOST
    waiting = world("em70", "pads_off=15", minutes=2, waits=True)
    waiting.link()
    waiting.run(30)
    assert waiting.session.state is State.PAUSED
    assert any(isinstance(event, Alarmed) for event in waiting.seen.happened)


@pytest.mark.control("C-10")
@pytest.mark.parametrize("waits", [False, True])
def test_a_lost_link_is_opened_again_to_stop_and_never_plays_on(waits: bool) -> None:
    one = world("em70", minutes=2, waits=waits)
    one.link()
    one.run(12)
    one.cut()
    assert one.level_of("A") > 0, "this unit goes on by itself"
    one.run(5)
    at_s = one.now_s
    one.link()
    one.run(8)
    assert one.level_of("A") == 0
    assert not [rise for rise in rises(one.seen, "A") if rise[0] > at_s]
    assert one.session.state is (State.PAUSED if waits else State.ENDED)
    assert any(isinstance(event, Paused) for event in one.seen.happened) is waits


def test_an_illegal_command_changes_nothing() -> None:
    one = world("coyote3")
    with pytest.raises(IllegalMove):
        one.act(lambda now: one.session.pause(now))
    with pytest.raises(IllegalMove):
        one.act(lambda now: one.session.resume(now, one.reported))
    assert one.session.state is State.CONNECTING


def test_a_level_above_the_cap_is_refused_and_named() -> None:
    one = world("coyote3")
    one.link()
    one.run(5)
    with pytest.raises(EstimError, match=r"above its cap of 70 .*new unit"):
        one.session.level(A, by=None, to=71)
    assert one.session.ramp.goal(A) == 10


@pytest.mark.control("C-12")
def test_a_session_that_only_stops_zeroes_a_unit_that_was_left_on() -> None:
    one = world("coyote3", "strength=20/30", stops_only=True)
    one.link()
    one.run(10)
    assert one.ended.stop_confirmed
    assert one.level_of("A") == one.level_of("B") == 0
    assert not any(isinstance(event, Connected) for event in one.seen.happened)


acts = st.lists(
    st.tuples(
        st.sampled_from(["+", "-", "++", "pause", "resume", "A+", "A-", "soft", "stop", "wait", "wait", "cut"]),
        st.floats(0.05, 6.0),
    ),
    max_size=12,
)


def do(one: World, act: str) -> None:
    session = one.session
    try:
        match act:
            case "+" | "-":
                one.act(lambda now: session.level(A, by={"+": 1, "-": -1}[act], to=None))
            case "++":
                one.act(lambda now: session.level(A, by=None, to=session.ramp.goal(A) + 20))
            case "pause":
                one.act(session.pause)
            case "resume":
                one.act(lambda now: session.resume(now, one.reported))
            case "A+" | "A-" if one.family.name != "openemsstim":  # it has no keys
                one.hand(act)
            case "soft" | "stop":
                one.act(lambda now: session.stop(now, Reason.STOPPED, soft=act == "soft"))
            case "cut" if one.linked:
                one.cut()
            case _:
                if not one.linked:
                    one.link()
    except EstimError:
        pass


def raised_by_hand(one: World, since_s: float, until_s: float) -> bool:
    return any(since_s <= at_s <= until_s and "hand" in who for at_s, who, _ in one.seen.levels)


def test_a_step_that_crosses_a_key_at_the_unit_and_passes_the_cap_ends_the_session() -> None:
    crossed = []
    for wait_s in (0.02 * step for step in range(30, 50)):
        one = world("em70", minutes=3)
        one.link()
        one.run(8)
        for act, seconds in (("+", 2.0), ("A-", 0.625), ("+", wait_s), ("A+", 0.1)):
            do(one, act)
            one.run(seconds)
        if one.seen.levels[-1][1:] == ("A", 6):  # by a step: the cap is 5, but relative steps add up
            one.run(4)
            crossed.append((one.level_of("A"), one.ended.reason, one.ended.stop_confirmed))
    assert set(crossed) == {(0, Reason.FAULT, True)}


def test_a_dial_of_the_unit_that_holds_a_level_is_told_once() -> None:
    one = world("zc95", "dials=20", minutes=0.5)
    one.link()
    one.run(60)
    (alarm,) = [word for word in one.seen.happened if isinstance(word, Alarmed)]
    assert alarm.text == "the unit itself holds A at 20 at most, 50 was asked for"
    assert one.ended.level_max[A] == 20


@pytest.mark.control("C-01")
@pytest.mark.control("C-02")
@pytest.mark.control("C-04")
@pytest.mark.parametrize("name", names())
@settings(max_examples=25)
@given(acts=acts, lost=st.sampled_from([0.0, 0.2, 0.5]), doubled=st.sampled_from([0.0, 0.3]), seed=st.integers(0, 99))
def test_whatever_is_done_no_level_rises_too_fast_or_too_high(
    name: str, acts: list[tuple[str, float]], lost: float, doubled: float, seed: int
) -> None:
    one = world(name, minutes=3, weather=Weather(lost=lost, doubled=doubled, seed=seed))
    caps = one.family.caps
    cap = one.session.limits.of(A)[0]
    one.link()
    one.run(8)
    stopped_s = None
    for act, wait_s in acts:
        if one.session.state is State.ENDED:
            break
        do(one, act)
        if act == "stop" and stopped_s is None:
            stopped_s = one.now_s
        one.run(wait_s)
        if one.session.state in (State.STOPPING, State.FAULT, State.PAUSED, State.ENDED):
            assert one.session.request(one.now()).mode is not Mode.PLAY or one.session.ramp.softening
    last_s = float("-inf")
    for at_s, low, high in rises(one.seen, "A"):
        assert high - low <= caps.step
        assert high <= cap or raised_by_hand(one, at_s - 0.1, at_s), "a key and a step may cross on the air"
        assert at_s - last_s >= caps.raise_gap_s - 1e-6
        last_s = at_s
        assert stopped_s is None or at_s <= stopped_s + 0.1
    if one.session.state is State.ENDED and one.session.stop_confirmed and one.linked:
        assert one.level_of("A") == 0
        assert isinstance(one.seen.happened[-1], Ended)
