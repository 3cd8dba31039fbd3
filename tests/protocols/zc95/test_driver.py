"""Plays the zc95 driver against its twin over a bad air: levels, slope, replies that never come, proof, hanging up."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.core.session.doubt import surely_off
from protocols.score import Burst, Envelope, Part, Score, Steady, Sweep
from protocols.vocabulary import (
    AirError,
    Close,
    Hand,
    Level,
    Mode,
    Out,
    Read,
    Span,
    Wanted,
    Write,
    Zero,
)
from protocols.zc95.family import FAMILY
from protocols.zc95.packets import CAPS, DIALS, ENABLES, POWERS, RATES, WIDTHS
from simulator.zc95.options import Zc95Options
from tests.effort import lived
from tests.protocols.kins import ZC95
from tests.protocols.world import Air, World

A, B, C, D = CAPS.channels


AIRS = st.builds(
    Air,
    hung=st.sampled_from([0.0, 0.2, 0.5]),
    dropped=st.sampled_from([0.0, 0.2]),
    stalled=st.sampled_from([0.0, 0.1]),
    overtaken=st.booleans(),
    seed=st.integers(0, 2**32),
)
LEVELS = st.tuples(st.sampled_from([0, 1, 20, 50]), st.sampled_from([0, 0, 30]))


@pytest.mark.control("C-01", "C-02", "C-04", "C-05")
@settings(max_examples=lived(40))
@given(AIRS, st.lists(st.tuples(st.floats(0.05, 5), LEVELS), min_size=1, max_size=6), st.sampled_from([0, 500]))
def test_no_raise_passes_what_is_wanted_and_a_proof_is_true(
    air: Air, wishes: list[tuple[float, tuple[int, int]]], left: int
) -> None:
    loop = World(ZC95, Zc95Options(strength=(left, left)), air)
    loop.run(30, lambda now: now.ready)
    loop.mode = Mode.PLAY
    loop.begun_s = loop.now_s
    for seconds, (a, b) in wishes if loop.reported.ready else ():
        loop.wish = {A: a, B: b, C: 0, D: 0}
        loop.run(seconds)
    loop.stop(20)
    assert not loop.top()
    assert loop.reported.zero is Zero.CONFIRMED or surely_off(loop.now_s + 6.0, CAPS, loop.last)
    host = [record for record in loop.trace.records if record["event"] == "level" and record["by"] == "host"]
    for channel in (A, B):
        rises = []
        level = left
        for record in (record for record in host if record["channel"] == channel.value):
            at_s = float(str(record["t"]))
            now = int(str(record["level"]))
            if now > level:
                rises.append(at_s)
                assert now <= level + CAPS.step
                assert now <= loop.granted(channel, at_s, 0.1 if not (air.overtaken or air.stalled) else 8.0)
            level = now
        assert all(later - sooner >= CAPS.raise_gap_s - 1e-3 for sooner, later in pairwise(rises))


@pytest.mark.control("C-07", "C-08")
def test_a_clean_stop_is_silent_at_once_and_proved_in_half_a_second() -> None:
    loop = World(ZC95).ready().play(60, 40)
    begin_s = loop.now_s
    assert loop.stop() < 0.5
    zeros = [record for record in loop.trace.records if record["event"] == "level" and record["level"] == 0][-2:]
    assert all(float(str(record["t"])) - begin_s < 0.01 for record in zeros)
    wrote = loop.wrote(begin_s)
    assert [(op.endpoint, op.response, op.urgent) for op in wrote[:8]] == [
        *((POWERS[channel], False, True) for channel in CAPS.channels),
        *((ENABLES[channel], False, True) for channel in CAPS.channels),
    ]
    assert {(op.endpoint, op.data.strip(b"\0")) for op in wrote if op.response} == {
        (endpoint, b"") for endpoint in (*POWERS.values(), *ENABLES.values())
    }
    assert loop.reported.closable


@pytest.mark.control("C-07", "C-08", "C-09")
def test_a_stop_comes_through_at_every_moment() -> None:
    seen = set()
    for step in range(40):
        loop = World(ZC95)
        loop.run(step * 0.06)
        if loop.reported.ready:
            loop.play(60, 40, seconds=max(0.0, step * 0.16 - 1.0))
        seen.add(loop.reported.zero)
        began_s = loop.now_s
        assert loop.stop() < 0.6
        assert loop.reported.zero is Zero.CONFIRMED
        loop.run(1.0)
        assert not loop.top()
        ends = [op for op in loop.wrote() if op.endpoint in (POWERS[A], ENABLES[A])][-1]
        assert ends.data.strip(b"\0") == b"" or began_s == 0.0
    assert seen == {Zero.NO, Zero.SENT, Zero.CONFIRMED}


@pytest.mark.control("C-08", "C-10")
def test_without_replies_a_stop_hangs_up_and_it_is_over_once_the_box_has_surely_noticed() -> None:
    loop = World(ZC95).ready().play(60)
    loop.air.mute = True
    loop.run(0.3)
    begin_s = loop.now_s
    took_s = loop.stop()
    assert 1.2 <= took_s < 1.5
    zeros = [at_s - begin_s for at_s, op in loop.ops if isinstance(op, Write) and at_s >= begin_s and not op.response]
    assert zeros[0] == 0.0
    assert max(later - sooner for sooner, later in pairwise(zeros)) < 0.35
    last = loop.last
    assert last is not None
    assert (last.out, last.zero, last.until_s) == (Out.MAYBE, Zero.SENT, loop.now_s + 6.0)
    assert not surely_off(loop.now_s + 5.9, CAPS, last)
    assert surely_off(loop.now_s + 6.0, CAPS, last)


@pytest.mark.control("C-01", "C-07")
def test_a_box_that_never_answers_gets_nothing_but_zeros() -> None:
    loop = World(ZC95)
    loop.air.mute = True
    loop.run(20)
    assert not loop.reported.ready
    assert loop.reported.zero is Zero.SENT
    assert {op.data.strip(b"\0") for op in loop.wrote()} == {b""}
    assert loop.reported.told_s == loop.reported.heard_s == float("-inf")


@pytest.mark.control("C-01", "C-27")
def test_while_a_reply_is_missing_only_zeros_and_readings_follow() -> None:
    loop = World(ZC95).ready().play(40)
    loop.run(1.2)
    loop.air.mute = True
    loop.wish[A] = 60
    began_s = loop.now_s
    loop.run(6.0)
    later = [op for at_s, op in loop.ops if at_s > began_s]
    asked = [op for op in later if isinstance(op, Read) or (isinstance(op, Write) and op.response)]
    assert all(isinstance(op, Read) for op in asked[1:])
    assert loop.now_s - loop.reported.heard_s > 6.0
    loop.air.mute = False
    loop.run(6.0)
    assert loop.reported.level[A] == Span(60, 60)


@pytest.mark.control("C-10", "C-11")
def test_the_last_word_on_a_lost_link_is_honest() -> None:
    loop = World(ZC95).ready()
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero, last.until_s) == (Out.OFF, Zero.CONFIRMED, loop.now_s)
    loop.play(40)
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero, last.level[A], last.until_s) == (Out.MAYBE, Zero.NO, Span(40, 40), loop.now_s + 6.0)
    fresh = FAMILY.connect(0.0, "").lost(1.0)
    assert (fresh.out, fresh.zero, fresh.level[A]) == (Out.MAYBE, Zero.NO, Span(0, 1000))


@pytest.mark.control("C-15")
def test_a_play_ends_at_its_end_without_being_told() -> None:
    loop = World(ZC95).ready().play(40)
    now_s = loop.now_s
    loop.driver.want(now_s, Wanted(Mode.PLAY, {A: Level(40)}, {}, ZC95.score, loop.begun_s, now_s + 0.5))
    loop.driver.poll(now_s)
    assert loop.driver.due_s <= now_s + 0.5
    first = loop.driver.poll(now_s + 0.5)[0]
    assert isinstance(first, Write)
    assert (first.endpoint, first.data, first.urgent) == (POWERS[A], b"\0\0", True)


@pytest.mark.control("C-26")
def test_a_dial_holds_the_level_down_and_brings_nothing_back() -> None:
    loop = World(ZC95).ready().play(60)
    loop.twin.hand(loop.now_s, "A-950")
    loop.run(1.0)
    assert [event for event in loop.events if isinstance(event, Hand)] == [Hand(A, Level(50), rose=False)]
    assert (loop.reported.ceiling[A], loop.twin.level("A")) == (50, 50)
    loop.wish[A] = 50  # as a session does after a hand
    loop.twin.hand(loop.now_s, "A+900")
    loop.run(3.0)
    assert (loop.reported.ceiling[A], loop.twin.level("A")) == (950, 50)


def test_before_the_first_power_width_rate_and_enable_are_proved() -> None:
    loop = World(ZC95).ready().play(20, 0, 20)
    order = [op.endpoint for op in loop.wrote() if op.response and op.data.strip(b"\0")]
    for channel in (A, C):
        first = order.index(POWERS[channel])
        assert {WIDTHS[channel], RATES[channel], ENABLES[channel]} <= set(order[:first])
    assert ENABLES[B] not in order
    assert [op for _, op in loop.ops[:40] if isinstance(op, Read) and op.endpoint in DIALS.values()][3:]


MOVING = {
    "a sweep": Part("p", 0, 1200, Sweep(2, 150, 6), Steady(200)),
    "bursts": Part("p", 0, 1200, Steady(100), Steady(180), burst=Burst(0.1, 0.4)),
    "contractions": Part("p", 0, 1200, Steady(50), Steady(250), envelope=Envelope(1, 4, 1, 6)),
    "width that moves": Part("p", 0, 1200, Steady(100), Sweep(100, 200, 4)),
}


@pytest.mark.parametrize("part", MOVING.values(), ids=MOVING.keys())
def test_what_moves_goes_out_as_commands_on_slots_for_all_four_channels(part: Part) -> None:
    loop = World(ZC95, score=Score((part,))).ready().play(20, 20, 20, 20)
    loop.run(1.0)
    began_s = loop.now_s
    loop.run(12.0)
    moved = [(at_s, op) for at_s, op in loop.ops if isinstance(op, Write) and at_s > began_s and not op.response]
    assert moved
    assert not any(op.urgent for _, op in moved)
    assert all(later - sooner >= 0.01 - 1e-9 for (sooner, _), (later, _) in pairwise(moved))
    asked = [op for at_s, op in loop.ops if at_s > began_s and isinstance(op, Write) and op.response]
    assert sum(op.endpoint in POWERS.values() for op in asked) >= 40, "each level is asked for each second"


def test_on_a_slow_link_every_channel_gets_its_share_of_what_moves() -> None:
    loop = World(ZC95, air=Air(slow_s=0.035), score=Score((MOVING["width that moves"],))).ready().play(20, 20, 20, 20)
    loop.run(1.0)
    began_s = loop.now_s
    loop.run(8.0)
    moved = [op.endpoint for op in loop.wrote(began_s) if not op.response]
    assert min(moved.count(WIDTHS[channel]) for channel in CAPS.channels) >= 40


@pytest.mark.control("C-46")
@pytest.mark.parametrize("notice_s", [0.0, 3.0, 5.9])
def test_hanging_up_on_a_box_out_of_range_is_no_proof_before_it_has_noticed(notice_s: float) -> None:
    loop = World(ZC95, Zc95Options(notice=notice_s)).ready().play(60)
    loop.air.away = True
    loop.stop(4)
    assert not loop.linked
    last = loop.last
    assert last is not None
    assert last.zero is Zero.SENT
    for tenth in range(70):
        at_s = loop.now_s + tenth / 10
        loop.twin.advance(at_s)
        assert (loop.twin.level("A") == 60) == (tenth / 10 < notice_s)
        assert surely_off(at_s, CAPS, last) == (tenth >= 60)


@pytest.mark.control("C-46")
def test_a_stop_after_a_pause_is_proved_by_replies_to_zeros_of_its_own() -> None:
    loop = World(ZC95).ready().play(60)
    loop.stop()
    loop.run(2.0)
    loop.air.mute = True
    sent = len(loop.writes)
    loop.number = 2
    assert (loop.reported.zero, loop.reported.stop) == (Zero.CONFIRMED, 1)
    loop.driver.want(loop.now_s, Wanted(Mode.OFF, score=ZC95.score, stop=2))
    assert (loop.reported.zero, loop.reported.stop) == (Zero.SENT, 2)
    assert loop.driver.lost(loop.now_s).zero is Zero.SENT
    loop.run(1.0)
    assert loop.reported.zero is Zero.SENT, "nothing has been replied to since"
    wrote = loop.wrote()[sent:]
    assert {op.endpoint for op in wrote[:8]} == {*POWERS.values(), *ENABLES.values()}
    last = loop.driver.lost(loop.now_s)
    assert (last.zero, last.until_s, last.stop) == (Zero.SENT, loop.now_s + 6.0, 2)
    clean = World(ZC95).ready().play(60)
    clean.stop()
    clean.run(2.0)
    assert clean.stop() < 0.5
    assert (clean.reported.zero, clean.reported.stop) == (Zero.CONFIRMED, 2)


@pytest.mark.control("C-46")
def test_a_reply_to_a_zero_of_the_pause_proves_nothing_of_the_stop() -> None:
    driver = FAMILY.connect(0.0, "")
    wrote = dict[int, Write]()

    def poll(now_s: float) -> list[Write]:
        ops = [op for op in driver.poll(now_s) if isinstance(op, Write) and op.response]
        wrote.update((op.tag, op) for op in ops)
        return ops

    driver.want(0.0, Wanted(Mode.OFF, score=ZC95.score, stop=1))
    asked = poll(0.0)
    while driver.reported(0.1).zero is not Zero.CONFIRMED:
        held = asked
        if len(wrote) == 8:  # the last zero of all: its reply stays out
            break
        for op in asked:
            driver.done(0.1, op.tag, b"", None)
        asked = poll(0.1)
    driver.want(0.2, Wanted(Mode.OFF, score=ZC95.score, stop=2))
    driver.poll(0.2)
    for op in held:
        driver.done(0.25, op.tag, b"", None)
    assert driver.reported(0.25).zero is Zero.SENT


@pytest.mark.control("C-46")
def test_a_hang_up_that_failed_is_tried_again() -> None:
    driver = FAMILY.connect(0.0, "")
    driver.want(0.0, Wanted(Mode.OFF, score=ZC95.score, stop=1))
    driver.poll(0.0)
    closing = [op for op in driver.poll(1.3) if isinstance(op, Close)]
    assert len(closing) == 1
    driver.done(2.0, closing[0].tag, b"", AirError("the link could not be closed"))
    assert [op for op in driver.poll(2.4) if isinstance(op, Close)]


@pytest.mark.control("C-10", "C-46")
@settings(max_examples=lived(60))
@given(
    AIRS,
    st.lists(
        st.tuples(st.floats(0.02, 3.0), st.sampled_from(["play", "zero", "stop", "away", "back", "mute", "heard"])),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([0.0, 2.0, 6.0]),
    st.sampled_from([0.42, 4.0, 6.0]),
)
def test_whatever_gets_lost_a_zero_that_is_told_is_true_at_the_box(
    air: Air, acts: list[tuple[float, str]], notice_s: float, supervision_s: float
) -> None:
    loop = World(ZC95, Zc95Options(notice=notice_s), air)
    loop.run(20, lambda now: now.ready)
    away_s: float | None = None
    for seconds, act in acts:
        match act:
            case "play" | "zero":
                loop.mode = Mode.PLAY
                loop.wish[A] = 40 if act == "play" else 0
            case "stop":
                loop.stop(0.0)
            case "away":
                loop.air.away = True
                away_s = loop.now_s if away_s is None else away_s
            case "back":
                loop.air.away = False
                away_s = None
            case "mute" | "heard":
                loop.air.mute = act == "mute"
        loop.run(seconds if away_s is None else min(seconds, max(0.0, away_s + supervision_s - loop.now_s)))
        if not loop.linked or (away_s is not None and loop.now_s >= away_s + supervision_s - 1e-6):
            break
    loop.cut()
    last = loop.last
    assert last is not None
    assert last.stop == loop.number
    for later_s in (0.0, 1.0, 3.0, 5.0, 5.99, 6.0, 7.0):
        loop.twin.advance(loop.now_s + later_s)
        if last.zero is Zero.CONFIRMED or surely_off(loop.now_s + later_s, CAPS, last):
            assert not loop.top()
