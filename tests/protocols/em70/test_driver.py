"""Plays the em70 driver and the real Guard against the software unit over a bad air: levels, ladder, proof, loss."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from estim.core.values import replace
from protocols.em70.family import FAMILY
from protocols.em70.packets import CAPS, CONTROL, frame, unframe
from protocols.vocabulary import Channel, Ended, Endpoint, Level, Mode, Out, Refused, Span, Wanted, Write, Zero
from simulator.chance import Chance
from simulator.em70.options import Em70Options
from simulator.em70.unit import Em70
from simulator.twin import Said
from tests.effort import lived
from tests.protocols.kins import EM70
from tests.protocols.world import Air, World

A = Channel.A
UP, DOWN, ZERO, SELECT, ASK, OFF = (
    frame(bytes.fromhex(body)) for body in ("0100", "0200", "0300", "0409", "0700", "0d00")
)
SCORE = EM70.score
FOR_EVER = 10**6
OBEYS_NOTHING = Em70Options(stop_ignored=FOR_EVER, down_ignored=FOR_EVER)
SWITCHES = 0x0D
SELECTS = 0x04
KEY = 0x0B


class Box(Em70):
    """A twin that takes no notice of some commands at any level, and whose own word of a key is always lost."""

    def __init__(self, *deaf: int, options: Em70Options | None = None, seed: int = 0) -> None:
        super().__init__("F9:8B:6F:12:EC:AE", options or Em70Options(), Chance(seed))
        self.deaf = deaf

    def advance(self, now_s: float) -> list[Said]:
        return [said for said in super().advance(now_s) if unframe(said.data)[0] != KEY]

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        if unframe(data)[0] not in self.deaf:
            super().write(now_s, endpoint, data, response)


def climb(world: World) -> None:
    """Stop until the last resort has gone out."""
    world.stop(0.0)
    world.run(4, lambda _: OFF in wrote(world))


def press(world: World, act: str) -> None:
    """Press a key; the word of it comes at once, unless nothing comes at all: then its driver can't know."""
    unseen = world.touched or world.air.away
    world.hand(act)
    world.touched = unseen
    if not world.air.away:
        world.hear(CONTROL, frame(bytes((KEY, world.top()))))


def heard(world: World) -> list[bytes]:
    """Return what the unit was told, in order."""
    return [bytes.fromhex(str(record["hex"])) for record in world.trace.records if record["event"] == "write"]


def wrote(world: World) -> list[bytes]:
    """Return what was written, in order."""
    return [op.data for op in world.wrote()]


@pytest.mark.control("C-01")
@pytest.mark.control("C-02")
@pytest.mark.control("C-04")
@settings(max_examples=lived(60))
@given(
    st.lists(st.tuples(st.floats(0.1, 8), st.integers(0, 6)), min_size=1, max_size=6),
    st.sampled_from([(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.7, 2.0), (0.5, 0.5, 2.0), (0.9, 0.3, 1.0)]),
    st.integers(0, 2**32),
)
def test_no_raise_passes_the_wish_and_a_proof_is_true(
    goals: list[tuple[float, int]], air: tuple[float, ...], seed: int
) -> None:
    lost, doubled, late_s = air
    bad = Air(lost=lost, doubled=doubled, late_s=late_s, jumbled=True, seed=seed)
    world = World(EM70, Em70Options(strength=seed % 3), bad)
    world.run(30, lambda now: now.ready)
    world.mode = Mode.PLAY
    for seconds, level in goals:
        world.wish = {A: level}
        world.run(seconds)
    world.stop(20)
    rises = world.rises()
    assert len(rises) == heard(world).count(UP), "each step up is one"
    assert all(to == before + 1 and to <= world.granted(A, at_s, 0.05) for at_s, before, to in rises)
    assert all(later - sooner >= CAPS.raise_gap_s for (sooner, _, _), (later, _, _) in pairwise(rises))
    assert all(data == ZERO for data in heard(world) if data[2] == 0x03), "03 never raises"
    assert not any(isinstance(event, Ended | Refused) for event in world.events)


@pytest.mark.control("C-09")
def test_half_of_the_replies_lost_still_reaches_the_level_and_a_proved_stop() -> None:
    took_s = []
    for seed in range(60):
        world = World(EM70, air=Air(lost=0.5, seed=seed)).ready().play(5)
        assert world.top() == 5
        took_s.append(world.stop(20))
        assert world.linked, "lost replies alone switch nothing off"
        assert world.proved(world.reported)
    assert sum(seconds <= CAPS.stop_s for seconds in took_s) >= 57, sorted(took_s)
    assert sorted(took_s)[30] < 1.0


def test_a_clean_stop_is_proved_in_a_tenth_of_a_second() -> None:
    world = World(EM70).ready().play(5)
    world.run(5)
    assert world.stop() < 0.15
    assert wrote(world)[-3:] == [ZERO, ASK, ASK]


@pytest.mark.control("C-08")
@pytest.mark.parametrize("ignored", [1, 2, 3, 5])
def test_a_stop_that_is_ignored_is_climbed_past(ignored: int) -> None:
    world = World(EM70, Em70Options(stop_ignored=ignored)).ready().play(4)
    world.run(3)
    sent = len(wrote(world))
    assert world.stop() < 1.5
    climbed = wrote(world)[sent:]
    assert climbed.count(ZERO) == min(3, ignored + 1)
    assert climbed.count(DOWN) == (0 if ignored < 3 else 4)
    assert OFF not in climbed
    assert world.top() == 0


@pytest.mark.control("C-08")
def test_a_unit_that_obeys_nothing_is_switched_off_and_the_dropped_link_is_proof() -> None:
    world = World(EM70, OBEYS_NOTHING).ready().play(4)
    world.run(3)
    begin_s = world.now_s
    sent = len(world.writes)
    world.stop()
    climbed = [(at_s - begin_s, op.data) for at_s, op in world.writes[sent:]]
    assert [data for _, data in climbed if data != ASK][:7] == [ZERO] * 3 + [DOWN] * 4
    assert [2.0 <= at_s <= 2.4 for at_s, data in climbed if data == OFF] == [True]
    assert not world.twin.on
    last = world.last
    assert last is not None
    assert (last.out, last.zero, last.level[A], last.stop) == (Out.OFF, Zero.CONFIRMED, Span(0, 0), 1)


@pytest.mark.control("C-09")
def test_without_any_answer_zeros_go_on_and_nothing_is_called_proved() -> None:
    world = World(EM70, unit=Box(SWITCHES)).ready().play(4)
    world.air.lost = 1.0
    world.run(1)
    begin_s = world.now_s
    sent = len(world.writes)
    world.stop(12)
    climbed = [(at_s - begin_s, op) for at_s, op in world.writes[sent:]]
    zeros = [at_s for at_s, op in climbed if op.data == ZERO]
    assert zeros[0] == 0
    assert max(later - sooner for sooner, later in pairwise([*zeros, 12.0])) < 1.0
    assert next(at_s for at_s, op in climbed if op.data == OFF) >= 3.0
    assert all(op.urgent for _, op in climbed)
    now = world.reported
    assert (now.zero, now.level[A], now.closable) == (Zero.SENT, Span(0, 4), False)


@pytest.mark.control("C-07")
def test_a_stop_passes_a_request_that_hangs() -> None:
    world = World(EM70).ready().play(2)
    driver = world.driver
    now_s = world.now_s + 2.0
    play = Wanted(Mode.PLAY, {A: Level(2)}, {A: CAPS.scale}, SCORE, 0.0, 1800.0)
    driver.want(now_s, play)
    hung = driver.poll(now_s)
    assert [op.data for op in hung if isinstance(op, Write)] == [ASK]
    driver.want(now_s + 0.01, Wanted(Mode.OFF, score=SCORE))
    stop = [op for op in driver.poll(now_s + 0.01) if isinstance(op, Write)]
    assert [(op.data, op.urgent) for op in stop] == [(ZERO, True), (ASK, True)]


@pytest.mark.control("C-15")
def test_a_play_ends_at_its_end_without_being_told() -> None:
    world = World(EM70).ready().play(3)
    now_s = world.now_s
    world.driver.want(now_s, Wanted(Mode.PLAY, {A: Level(3)}, {A: CAPS.scale}, SCORE, 0.0, now_s + 0.5))
    world.driver.poll(now_s)
    assert world.driver.due_s <= now_s + 0.5
    ops = [op for op in world.driver.poll(now_s + 0.5) if isinstance(op, Write)]
    assert ops[0].data == ZERO
    assert ops[0].urgent


def test_zero_is_watched_after_it_was_proved() -> None:
    world = World(EM70, unit=Box()).ready()
    world.hand("A+2")
    world.run(1.5, lambda now: now.zero is Zero.SENT)
    assert not world.reported.ready
    world.run(4, lambda now: now.ready)
    assert world.top() == 0
    assert world.reported.ready


def test_another_program_is_selected_before_ready_or_refused() -> None:
    world = World(EM70, Em70Options(program=16)).ready()
    assert [record["program"] for record in world.trace.records if record["event"] == "program"] == [9]
    stubborn = World(EM70, unit=Box(SELECTS, options=Em70Options(program=16)))
    stubborn.run(6)
    assert [event for event in stubborn.events if isinstance(event, Refused)] == [
        Refused("the unit stays at its program 16 and doesn't take program 9")
    ]
    assert not stubborn.reported.ready
    assert wrote(stubborn).count(SELECT) == 3


@pytest.mark.control("C-10")
@pytest.mark.control("C-11")
def test_a_lost_link_counts_as_on_until_the_units_own_timer_has_ended() -> None:
    world = World(EM70, Em70Options(timer=600)).ready()
    assert (world.driver.lost(world.now_s).out, world.driver.lost(world.now_s).zero) == (Out.OFF, Zero.CONFIRMED)
    world.play(3)
    last = world.driver.lost(world.now_s + 10)
    assert (last.out, last.zero, last.level[A]) == (Out.MAYBE, Zero.NO, Span(3, 3))
    counts_s = world.now_s - world.rises()[0][0] - 1.5  # its clock begins a second or two after the first step
    assert last.until_s == pytest.approx(world.now_s + 620 + 5 - counts_s, abs=1)
    unknown = FAMILY.connect(0.0, "").lost(5.0)
    assert unknown.out is Out.MAYBE
    assert unknown.until_s == pytest.approx(5.0 + 1860.0 + 5.0)


@pytest.mark.control("C-46")
def test_a_power_off_that_reached_nobody_proves_nothing_when_the_link_is_lost() -> None:
    world = World(EM70).ready().play(4)
    world.run(3)
    world.air.away = True
    world.stop(3.6)
    assert OFF in wrote(world)
    last = world.driver.lost(world.now_s)
    assert (last.out, last.zero, last.stop) == (Out.MAYBE, Zero.SENT, 1)
    assert last.until_s > world.now_s + 1700
    assert world.top() == 4


@pytest.mark.control("C-46")
def test_a_link_that_ends_while_the_power_off_is_still_on_its_way_proves_nothing() -> None:
    world = World(EM70, OBEYS_NOTHING).ready().play(4)
    world.run(3)
    climb(world)
    assert wrote(world)[-2] == OFF
    last = world.driver.lost(world.now_s + 0.01)
    assert (last.out, last.zero, world.top()) == (Out.MAYBE, Zero.SENT, 4)


@pytest.mark.control("C-46")
def test_a_unit_that_goes_out_of_range_after_it_took_the_power_off_has_not_hung_up() -> None:
    world = World(EM70, replace(OBEYS_NOTHING, off_ignored=FOR_EVER)).ready().play(4)
    world.run(3)
    climb(world)
    world.run(0.1)
    world.air.away = True
    world.run(0.42)  # the shortest supervision time-out of a host
    last = world.driver.lost(world.now_s)
    assert (last.out, last.zero, world.top()) == (Out.MAYBE, Zero.SENT, 4)


@pytest.mark.control("C-46")
def test_a_unit_that_ends_the_link_long_after_a_power_off_may_have_done_so_for_another_reason() -> None:
    world = World(EM70, replace(OBEYS_NOTHING, off_ignored=FOR_EVER)).ready().play(4)
    world.run(3)
    world.air.lost = 1.0  # so no state says that it goes on
    world.stop(7)
    assert world.driver.lost(world.now_s).zero is Zero.SENT


@pytest.mark.control("C-08")
def test_a_power_off_that_nobody_acknowledged_is_written_again() -> None:
    world = World(EM70, OBEYS_NOTHING).ready().play(4)
    world.run(3)
    world.air.away = True
    world.air.lost = 1.0
    world.stop(4.0)
    world.air.away = False
    world.run(4.0)
    assert not world.twin.on
    assert world.last is not None
    assert world.last.zero is Zero.CONFIRMED


@pytest.mark.control("C-46")
def test_a_power_off_of_an_earlier_stop_proves_no_later_one() -> None:
    world = World(EM70, replace(OBEYS_NOTHING, off_ignored=FOR_EVER)).ready().play(4)
    world.run(3)
    climb(world)
    world.run(0.1)
    assert world.driver.lost(world.now_s).zero is Zero.CONFIRMED
    world.number = 2
    world.run(0.05)
    last = world.driver.lost(world.now_s)
    assert (last.zero, last.stop) == (Zero.SENT, 2)


@pytest.mark.control("C-46")
def test_a_stop_after_a_pause_is_proved_by_states_that_were_asked_for_after_it() -> None:
    world = World(EM70).ready().play(4)
    world.stop()
    world.run(3.5)
    driver = world.driver
    assert (world.reported.zero, world.reported.stop) == (Zero.CONFIRMED, 1)
    state = world.twin.read(world.now_s, CONTROL)
    assert unframe(state)[0] == unframe(ASK)[0], "what it said last is an answer"
    driver.want(world.now_s, Wanted(Mode.OFF, score=SCORE, stop=2))
    now = world.reported
    assert (now.zero, now.stop, driver.lost(world.now_s).zero) == (Zero.NO, 2, Zero.NO)
    again = [op.data for op in driver.poll(world.now_s) if isinstance(op, Write)]
    assert again == [ZERO, ASK]
    for late_s in (0.1, 0.2, 0.3):  # answers to what was asked before it, told again and again
        driver.receive(world.now_s + late_s, CONTROL, state)
        driver.poll(world.now_s + late_s)
        assert driver.reported(world.now_s + late_s).zero is Zero.SENT
        assert driver.lost(world.now_s + late_s).zero is Zero.SENT
    world.number = 2
    assert world.run(CAPS.stop_s, world.proved) < 3.0
    assert driver.lost(world.now_s).zero is Zero.CONFIRMED


@pytest.mark.control("C-46")
def test_half_of_the_replies_lost_still_proves_a_stop_after_a_pause() -> None:
    took_s = []
    on = 0
    for seed in range(40):
        world = World(EM70, air=Air(lost=0.5, seed=seed)).ready().play(2)
        world.stop(20)
        world.run(2.0 + seed * 0.05)
        took_s.append(world.stop(20))
        on += world.twin.on
    assert sum(seconds <= CAPS.stop_s for seconds in took_s) >= 36, sorted(took_s)
    assert on >= 39, "ten lost in a row are 1 in 1000, and there are several tens in a row here"


@pytest.mark.control("C-46")
def test_a_link_lost_before_anything_was_raised_is_told_by_the_proof_of_the_stop_that_asked_last() -> None:
    world = World(EM70).ready()
    world.mode = Mode.PLAY
    world.run(0.5)
    last = world.driver.lost(world.now_s)
    assert (last.zero, last.stop) == (Zero.CONFIRMED, 0)
    world.air.away = True
    world.stop(0.5)
    last = world.driver.lost(world.now_s)
    assert (last.zero, last.stop, last.out) == (Zero.SENT, 1, Out.OFF)


@pytest.mark.control("C-46")
def test_a_key_after_the_proof_takes_it_back() -> None:
    world = World(EM70).ready()
    world.driver.receive(world.now_s, CONTROL, frame(b"\x0b\x02"))
    assert world.driver.lost(world.now_s).zero is not Zero.CONFIRMED


@pytest.mark.control("C-46")
def test_a_key_twice_within_seconds_takes_a_proof_back_each_time() -> None:
    world = World(EM70).ready()
    for seconds in (1.0, 2.0, 2.0):
        world.hand("A+")
        world.run(0.06)  # its word has come
        assert world.reported.zero is not Zero.CONFIRMED
        assert world.driver.lost(world.now_s).zero is not Zero.CONFIRMED
        world.touched = False  # so each proof from now on has to be true
        world.run(seconds)
        assert world.top() == 0


@pytest.mark.control("C-04")
def test_no_step_up_goes_out_while_a_write_is_under_way() -> None:
    driver = FAMILY.connect(0.0, "")
    under_way = list[Write]()
    driver.want(0.0, Wanted(Mode.READY, score=SCORE))
    for now_s in (0.0, 0.03, 0.06):
        ops = [op for op in driver.poll(now_s) if isinstance(op, Write)]
        under_way += ops
        for op in ops if now_s == 0.0 else ():
            driver.done(now_s, op.tag, b"", None)
        driver.receive(now_s + 0.02, CONTROL, frame(bytes((7, 1, 9, 1, 0, 30, 60, 0, 0))))
    assert driver.reported(0.08).ready
    assert len(under_way) == 3, "two asked at once, and once more after the first zero; the last is still under way"
    driver.want(0.1, Wanted(Mode.PLAY, {A: Level(1)}, {A: CAPS.scale}, SCORE, 0.0, 1800.0))
    assert [op.data for op in driver.poll(0.1) if isinstance(op, Write)] == []
    driver.done(0.2, under_way[-1].tag, b"", None)
    assert [op.data for op in driver.poll(0.2) if isinstance(op, Write)] == [UP]


@pytest.mark.control("C-52")
def test_a_step_up_that_had_to_wait_for_the_air_needs_a_fresh_word_again() -> None:
    world = World(EM70).ready().play(2)
    world.run(1.2)
    driver = world.driver
    now_s = world.reported.told_s
    play = Wanted(Mode.PLAY, {A: Level(2)}, {A: CAPS.scale}, SCORE, 0.0, 1800.0)
    driver.want(now_s, play)
    driver.poll(now_s)
    higher = Wanted(Mode.PLAY, {A: Level(3)}, {A: CAPS.scale}, SCORE, 0.0, 1800.0)
    driver.want(now_s + 0.6, higher)
    assert UP not in [op.data for op in driver.poll(now_s + 0.6) if isinstance(op, Write)]


@pytest.mark.control("C-52")
def test_a_raise_asks_for_the_level_anew_and_so_a_ramp_keeps_its_pace() -> None:
    world = World(EM70).ready().play(3)
    world.run(2.5)
    world.wish = {A: 6}
    world.run(6)
    assert world.top() == 6
    gaps_s = [later - sooner for (sooner, _, _), (later, _, _) in pairwise(world.rises()[-3:])]
    assert all(CAPS.raise_gap_s <= gap_s < CAPS.raise_gap_s + 0.3 for gap_s in gaps_s)


@pytest.mark.control("C-52")
def test_a_hand_that_went_down_to_zero_without_a_word_is_not_answered_by_a_step_up() -> None:
    for moment in range(12):
        world = World(EM70, unit=Box()).ready().play(3)
        world.run(1.5 + moment * 0.1)
        world.hand("A-3")
        world.wish = {A: 6}
        begin_s = world.now_s
        world.run(0.45)
        after = [level["A"] for at_s, level in world.levels if at_s >= begin_s]
        assert after[0] == 0
        assert max(after) <= 1


@pytest.mark.control("C-46", "C-07", "C-09")
@settings(max_examples=lived(150))
@given(
    st.lists(
        st.tuples(
            st.floats(0.02, 4.0),
            st.sampled_from(["play", "zero", "pause", "stop", "away", "back", "key+", "key-", "mute", "heard"]),
        ),
        max_size=12,
    ),
    st.tuples(st.sampled_from([0, 2, 99]), st.sampled_from([0, 3, 99]), st.booleans()),
    st.sampled_from([(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.3, 0.5, 2.0)]),
    st.sampled_from([0.42, 0.5, 4.0, 6.0]),
    st.integers(0, 1000),
)
@example([(1.0, "key+"), (2.0, "key+"), (1.0, "key+")], (0, 0, False), (0.0, 0.0, 0.0), 0.42, 0)
@example(
    [(1.0, "pause"), (1.0, "back"), (2.75, "back"), (2.25, "key+"), (2.0, "key+")],
    (0, 0, False),
    (0.3, 0.5, 2.0),
    0.42,
    93,
)
@example(
    [(1.0, "pause"), (1.0, "back"), (2.75, "back"), (2.25, "key+"), (1.0, "key+")],
    (0, 0, False),
    (0.3, 0.5, 2.0),
    0.42,
    93,
)
@example([(1.0, "pause"), (2.0, "key+")], (99, 3, False), (0.0, 0.0, 0.0), 0.42, 0)
def test_whatever_gets_lost_a_zero_that_is_told_is_true_at_the_unit_and_of_the_stop_that_asked(
    acts: list[tuple[float, str]],
    faults: tuple[int, int, bool],
    air: tuple[float, float, float],
    supervision_s: float,
    seed: int,
) -> None:
    lost, doubled, late_s = air
    options = Em70Options(stop_ignored=faults[0], down_ignored=faults[1])
    box = Box(*([] if faults[2] else [SWITCHES]), options=options, seed=seed)
    bad = Air(lost=lost, doubled=doubled, late_s=late_s, jumbled=True, seed=seed)
    world = World(EM70, air=bad, unit=box)
    world.run(10, lambda now: now.ready)
    away_s = inf
    for seconds, act in acts:
        match act:
            case "play" | "zero":
                world.mode = Mode.PLAY
                world.wish = {A: 4 if act == "play" else 0}
            case "pause" | "stop":
                world.stop(0.0)
            case "away":
                world.air.away = True
                away_s = min(away_s, world.now_s)
            case "back":
                world.air.away = False
                away_s = inf
            case "key+" | "key-":
                press(world, "A" + act[-1])
            case "mute" | "heard":
                world.air.lost = 1.0 if act == "mute" else lost
        world.run(min(seconds, away_s + supervision_s - world.now_s))
        if world.now_s >= away_s + supervision_s - 1e-6:
            world.cut()
        if not world.linked:
            break
    # A link ends because the unit hangs up, or is out of range. One that the host itself loses (an adapter that is
    # pulled) is no word of the unit's: the runner takes none from it (tests/host/radio/test_severed.py).
    last = world.last or world.reported
    assert last.stop == world.number
    if last.zero is Zero.CONFIRMED:
        assert box.level() == 0 or world.touched
