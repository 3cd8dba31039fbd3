"""Plays the coyote3 driver and the real Guard against the software box over a bad air, and watches the box."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.core.values import replace
from protocols.coyote3.family import FAMILY
from protocols.coyote3.packets import B0, B1, CAPS, FRAME, OUT, TOLD
from protocols.coyote3.strength import Strengths
from protocols.vocabulary import Channel, Hand, Level, Mode, Out, Read, Wanted, Write, Zero
from simulator.coyote3.options import Coyote3Options
from tests.effort import lived
from tests.protocols.kins import COYOTE3
from tests.protocols.world import Air, World

A = Channel.A
B = Channel.B
SCORE = COYOTE3.score
CEILING = COYOTE3.limits.ceiling
LEFT_ON = Coyote3Options(strength=(35, 40), battery=80)
"""It was left at high strengths, so nothing may play before it was brought to zero."""

WAY = Air(way_s=0.058)
"""A frame takes 2 to 60 ms to the unit."""


def met(air: Air = WAY, options: Coyote3Options = LEFT_ON) -> World:
    """A unit that was just connected, for long enough to be ready."""
    world = World(COYOTE3, options, air)
    world.run(3.0)
    return world


def wish(world: World, a: int, b: int) -> None:
    """Play at levels from now on."""
    world.begun_s = world.begun_s if world.mode is Mode.PLAY else world.now_s
    world.mode = Mode.PLAY
    world.wish = {A: a, B: b}
    world.step()


def playing(a: int = 8, b: int = 0, air: Air = WAY, seconds: float = 8.0) -> World:
    world = met(air)
    wish(world, a, b)
    world.run(seconds)
    return world


def levels(world: World) -> list[int]:
    return [world.twin.level("A"), world.twin.level("B")]


def frames(world: World, since: int = 0) -> list[B0]:
    """Return what frames were written, from the one of that number on."""
    return [FRAME.parse(op.data) for _, op in world.writes[since:]]


def reads(world: World) -> list[float]:
    """Return when the battery was asked for."""
    return [at_s for at_s, op in world.ops if isinstance(op, Read)]


def blocks(world: World) -> int:
    """Return how many frames with a valid block the unit took; none before it was at zero and had its limits."""
    limited = zeroed = False
    taken = 0
    now = dict(zip("AB", LEFT_ON.strength, strict=True))
    for record in world.trace.records:
        match record["event"]:
            case "limit":
                limited = True
                assert (record["A"], record["B"]) == (CEILING[A], CEILING[B])
            case "level":
                now[str(record["channel"])] = int(str(record["level"]))
                zeroed = zeroed or not any(now.values())
            case "write" if FRAME.starts(data := bytes.fromhex(str(record["hex"]))):
                told = FRAME.parse(data)
                both = (told.period_a, told.intensity_a), (told.period_b, told.intensity_b)
                if any(min(codes) >= 10 and max(codes) <= 240 and max(widths) <= 100 for codes, widths in both):
                    assert zeroed, "a valid block before the box was ever at zero"
                    assert limited, "a valid block before the limits"
                    taken += 1
            case _:
                pass
    return taken


def turns(world: World, channel: Channel) -> list[tuple[float, int]]:
    """Return (time, by how much) of each rise by hand."""
    out = []
    level = 0
    for record in world.trace.records:
        if record["event"] == "level" and record["channel"] == channel.value:
            now = int(str(record["level"]))
            if record["by"] == "hand" and now > level:
                out.append((float(str(record["t"])), now - level))
            level = now
    return out


def check(world: World) -> None:
    """No rise but by a granted step, never two within the gap, and nothing plays too soon."""
    blocks(world)
    for channel in (A, B):
        rises = world.rises(channel.value)
        turned = turns(world, channel)
        for at_s, before, after in rises:
            assert after - before <= CAPS.step
            by_wheel = sum(rose for turned_s, rose in turned if at_s - 0.3 <= turned_s <= at_s)
            top = world.granted(channel, at_s, 0.2) + by_wheel
            assert after <= top, "above what was granted and what a hand has added meanwhile"
        gaps_s = [later - sooner for (sooner, _, _), (later, _, _) in pairwise(rises)]
        assert all(gap_s >= CAPS.raise_gap_s - 0.06 for gap_s in gaps_s), "two raises within the gap"


AIRS = st.builds(
    Air,
    lost=st.sampled_from([0.0, 0.3, 0.7]),
    doubled=st.sampled_from([0.0, 0.3]),
    late=st.sampled_from([0.0, 0.4]),
    late_s=st.just(1.2),
    jumbled=st.just(True),
    hung=st.sampled_from([0.0, 0.05]),
    way_s=st.just(WAY.way_s),
    seed=st.integers(0, 10_000),
)
ACTS = st.lists(
    st.tuples(
        st.floats(0.05, 6.0),
        st.one_of(st.tuples(st.integers(0, 70), st.integers(0, 50)), st.sampled_from([Mode.OFF, Mode.READY])),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.control("C-01", "C-02", "C-04", "C-05")
@settings(max_examples=lived(40))
@given(AIRS, st.sampled_from([0, 0, 3]), ACTS)
def test_whatever_the_radio_does_nothing_rises_but_by_granted_steps(
    air: Air, ignored: int, acts: list[tuple[float, tuple[int, int] | Mode]]
) -> None:
    world = met(air, replace(LEFT_ON, stop_ignored=ignored))
    for seconds, act in acts:
        if act is Mode.OFF:
            world.stop(0.0)
        elif isinstance(act, Mode):
            world.mode = act
        else:
            wish(world, *act)
        world.run(seconds)
    world.stop(0.0)
    world.run(2.0)
    check(world)
    assert levels(world) == [0, 0]
    assert not world.events, "nobody has turned a wheel"


@pytest.mark.control("C-26")
@settings(max_examples=lived(25))
@given(st.integers(0, 10_000), st.lists(st.tuples(st.floats(0.01, 2), st.sampled_from([-1, 1])), max_size=8))
def test_what_a_hand_lowered_stays_down_even_in_the_middle_of_a_raise(
    seed: int, turned: list[tuple[float, int]]
) -> None:
    world = playing(40, 4, replace(WAY, seed=seed), seconds=1.5)
    for seconds, by in turned:
        world.run(seconds)
        known = world.reported.level[A].known
        told = len(world.events)
        world.hand("A+" if by > 0 else "A-")
        left = world.twin.level("A")
        world.run(1.0)
        hands = [event for event in world.events[told:] if isinstance(event, Hand)]
        if known:
            # A step up that looks like a step down from a raise in flight is taken for the lower one.
            assert [hand.channel for hand in hands] == [A]
            assert by > 0 or not hands[0].rose
        assert by > 0 or world.twin.level("A") <= left
    world.run(6.0)
    assert levels(world) == [world.wish[A], 4]
    check(world)


@pytest.mark.control("C-08")
def test_with_half_of_the_answers_lost_it_gets_there_and_stops_in_time() -> None:
    reached = stopped = 0
    for seed in range(12):
        world = playing(20, 10, replace(WAY, lost=0.5, seed=seed), seconds=25.0)
        reached += levels(world) == [20, 10]
        world.stop(0.0)
        assert world.writes[-1][1].urgent
        world.run(CAPS.stop_s, world.proved)
        stopped += world.proved(world.reported)
        check(world)
    assert (reached, stopped) == (12, 12)


@pytest.mark.control("C-07", "C-08", "C-09")
def test_a_stop_is_the_very_next_write_goes_on_and_is_not_called_proved_without_an_answer() -> None:
    world = playing()
    world.air.lost = 1.0
    world.run(0.03)
    sent = len(world.writes)
    world.stop(0.0)
    assert (world.writes[sent][0], world.writes[sent][1].urgent) == (world.now_s, True)
    world.run(3.0)
    zeros = frames(world, sent)
    assert len(zeros) >= 28
    assert all((zero.mode_a, zero.mode_b, zero.strength_a, zero.strength_b) == (3, 3, 0, 0) for zero in zeros)
    assert all(zero.sequence and zero.intensity_a[3] == zero.intensity_b[3] == 101 for zero in zeros)
    assert world.reported.zero is Zero.SENT
    assert levels(world) == [0, 0]


@pytest.mark.control("C-01", "C-07")
def test_a_unit_that_never_answers_gets_zeros_only_and_is_never_ready() -> None:
    world = World(COYOTE3, LEFT_ON, replace(WAY, lost=1.0))
    wish(world, 10, 10)
    world.run(12.0)
    assert not blocks(world)
    assert not world.reported.ready
    assert world.reported.trouble
    assert 110 <= len([op for op in world.wrote() if FRAME.starts(op.data)]) <= 121
    gaps = [after - before for before, after in pairwise(reads(world))]
    assert min(gaps) >= 2.0 - 1e-6, "the battery is read at most every 2 s, even in doubt"
    assert world.reported.heard_s > 9.0
    assert world.reported.told_s == float("-inf")


@pytest.mark.control("C-27")
def test_a_silent_unit_is_asked_after_two_seconds_then_every_third_of_one() -> None:
    world = playing()
    world.run(3.0)
    world.air.lost = 1.0
    since_s = world.reported.told_s
    sent = len(world.writes)
    world.run(4.0)
    asked = [now_s - since_s for now_s, op in world.writes[sent:] if FRAME.parse(op.data).sequence]
    assert 2.0 <= asked[0] <= 2.11
    assert all(0.29 <= after - before <= 0.41 for before, after in pairwise(asked))
    assert {frame.strength_a for frame in frames(world, sent)} == {0}
    assert world.reported.level[A].known, "silence alone makes no level unknown"
    assert any(now_s > since_s + 2.5 for now_s in reads(world))


def test_frames_lie_on_an_absolute_grid_and_a_stall_is_never_caught_up() -> None:
    world = playing()
    grid = [now_s for now_s, _ in world.writes if now_s > 3.2]
    assert all(abs(now_s * 10 - round(now_s * 10)) < 1e-6 for now_s in grid)
    world.run(0.07)  # the last one has left
    before = len(world.writes)
    world.now_s += 0.37
    world.step()
    assert len(world.writes) == before + 1
    assert world.reported.counts["frames_late"] == 3
    world.run(0.5)
    assert len(world.writes) == before + 6


@pytest.mark.control("C-50")
def test_a_hung_write_holds_the_next_frames_and_is_a_gap_when_it_lasts() -> None:
    world = playing()
    world.run(0.05)
    world.air.hung = 1.0
    world.run(0.1)
    world.air.hung = 0.0
    hung_s = world.writes[-1][0]
    world.run(1.0)
    after = [(now_s - hung_s, op.urgent) for now_s, op in world.writes if now_s > hung_s]
    assert after[0][1]
    assert after[0][0] == pytest.approx(0.4, abs=0.01), "half a second after the last frame that was taken: zero"
    assert world.reported.counts["frames_held"] in (3, 4)
    assert world.number == 1


@pytest.mark.control("C-50")
def test_after_a_gap_it_plays_only_with_a_new_stop_number_and_says_until_then_when_it_was_fed_last() -> None:
    world = playing()
    world.run(0.07)  # the last frame has left
    fed_s = world.reported.fed_s
    assert fed_s is not None
    world.now_s += 3.0
    wanted = Wanted(Mode.PLAY, {A: Level(8), B: Level(0)}, CEILING, SCORE, 3.0, 500.0, stop=world.number)
    for _ in range(40):
        world.driver.want(world.now_s, wanted)
        for op in world.driver.poll(world.now_s):
            if isinstance(op, Write):
                world.driver.done(world.now_s, op.tag, b"", None)
                sent = FRAME.parse(op.data)
                assert (sent.mode_a, sent.strength_a, sent.intensity_a[3]) == (3, 0, 101)
                world.driver.receive(world.now_s + 0.02, OUT, TOLD.build(B1(sent.sequence, 0, 0)))
        world.now_s += 0.1
        assert world.reported.fed_s == pytest.approx(fed_s, abs=0.11)
    assert world.reported.zero is Zero.CONFIRMED
    world.driver.want(world.now_s, replace(wanted, mode=Mode.OFF, stop=world.number + 1))
    assert (world.reported.zero, world.reported.fed_s) == (Zero.NO, None)


@pytest.mark.control("C-46")
def test_a_new_stop_number_takes_the_proof_back_in_the_same_breath_and_asks_again_at_once() -> None:
    world = playing()
    world.stop(0.0)
    world.run(0.5)
    assert world.proved(world.reported)
    for mode in (Mode.OFF, Mode.READY):
        sent = len(world.writes)
        world.mode = mode
        world.number += 1
        world.step()
        now = world.reported
        assert now.stop == world.number
        assert now.zero in (Zero.NO, Zero.SENT)
        world.run(0.2)
        assert world.writes[sent][1].data[2:4] == b"\0\0"
        assert world.reported.zero is Zero.CONFIRMED


@pytest.mark.control("C-46")
def test_an_answer_to_a_zero_of_an_earlier_stop_proves_no_later_one_whatever_its_number() -> None:
    driver = FAMILY.connect(0.0, "")
    numbers: list[int] = []
    now_s = 0.0

    def live(frames: int, wanted: Wanted) -> None:
        nonlocal now_s
        for _ in range(frames):
            driver.want(now_s, wanted)
            for op in driver.poll(now_s):
                if isinstance(op, Write):
                    driver.done(now_s, op.tag, b"", None)
                    numbers.append(FRAME.parse(op.data).sequence)
            now_s = round(now_s + 0.1, 3)

    live(12, Wanted(Mode.OFF, stop=1))  # nothing of it is answered yet
    old = len(numbers)
    live(10, Wanted(Mode.OFF, stop=2))
    for number in numbers[:old]:
        driver.receive(now_s, OUT, TOLD.build(B1(number, 0, 0)))
        assert driver.reported(now_s).zero is Zero.SENT, "it was asked before this stop"
    driver.receive(now_s, OUT, TOLD.build(B1(numbers[old], 0, 0)))
    assert driver.reported(now_s).zero is Zero.CONFIRMED


@pytest.mark.control("C-01")
def test_nothing_is_raised_while_the_other_channel_is_unknown() -> None:
    strengths = Strengths(0.0, CAPS)
    first = strengths.stop(0.0)
    strengths.answer(0.03, first.sequence, (0, 0), playing=False)
    raised = strengths.approach(1.0, {A: Level(0), B: Level(4)})
    assert (raised.mode_b, raised.value_b) == (1, 4)
    waits = strengths.approach(1.1, {A: Level(4), B: Level(4)})
    assert waits.mode_a == 0, "B is at 0 or at 4: nobody knows"
    strengths.answer(1.15, raised.sequence, (0, 4), playing=True)
    assert strengths.approach(1.2, {A: Level(4), B: Level(4)}).value_a == 4


@pytest.mark.control("C-07")
def test_down_to_nothing_is_urgent_even_if_the_session_plays_on() -> None:
    world = playing()
    world.air.hung = 1.0
    world.run(0.15)
    sent = len(world.writes)
    wish(world, 0, 0)
    (at_s, op) = world.writes[sent]
    assert (at_s, op.urgent, FRAME.parse(op.data).mode_a) == (world.now_s, True, 3)


@pytest.mark.control("C-46")
def test_what_comes_late_is_as_old_as_its_question() -> None:
    strengths = Strengths(0.0, CAPS)
    first = strengths.stop(0.0)
    strengths.answer(9.0, first.sequence, (0, 0), playing=False)
    assert strengths.told_s == 0.0


def test_while_it_plays_the_box_is_heard_at_least_twice_in_a_second() -> None:
    world = playing(seconds=60.0)
    heard = [world.reported.heard_s]
    for _ in range(100):
        world.run(0.1)
        heard.append(world.reported.heard_s)
        assert world.now_s - heard[-1] <= 1.0
    assert len(set(heard)) >= 10


def test_the_battery_is_read_every_minute_and_again_after_a_failure() -> None:
    world = playing()
    world.stop(0.0)
    before = len(reads(world))
    world.run(190.0)
    gaps = [round(after - before, 2) for before, after in pairwise(reads(world)[before:])]
    assert gaps == [60.02, 60.02]
    assert world.reported.battery == 80
    world.air.fails = 1.0
    world.run(70.0)
    assert world.reported.counts["reads_failed"] >= 2
    assert 5.0 <= reads(world)[-1] - reads(world)[-2] <= 5.1


@pytest.mark.control("C-10", "C-11")
def test_the_last_word_on_a_lost_link_is_honest() -> None:
    world = playing()
    world.run(0.07)  # the last frame has left
    world.cut()
    last = world.last
    assert last is not None
    assert (last.out, last.zero) == (Out.MAYBE, Zero.NO)
    assert world.now_s < last.until_s <= world.now_s + 0.2
    assert "by hand" in last.trouble
    assert world.driver.lost(world.now_s + 0.3).out is Out.OFF
    world = playing()
    world.stop(0.5)
    last = world.driver.lost(world.now_s)
    assert (last.out, last.zero, last.trouble) == (Out.OFF, Zero.CONFIRMED, "")


def test_it_can_be_closed_once_no_block_is_pending_and_only_looks_when_told_to() -> None:
    world = playing()
    plays = world.reported
    assert not plays.closable, "a block may go out at any moment"
    world.run(0.07)  # the last one has left
    world.stop(0.0)
    world.run(0.11)
    assert world.reported.closable
    world = World(COYOTE3, LEFT_ON, WAY)
    world.mode = Mode.WATCH
    world.run(5.0)
    assert not world.writes
    assert world.reported.closable
