"""Plays the bluetens driver with its Guard against the software unit over a bad air: levels, traps, proofs, stops."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.core.values import replace
from protocols.bluetens.packets import CAPS, LAYOUTS, SHELL
from protocols.layout import Direction
from protocols.vocabulary import (
    Channel,
    Ended,
    Level,
    Mode,
    Out,
    Span,
    Wanted,
    Write,
    Zero,
)
from simulator.bluetens.options import BluetensOptions
from simulator.bluetens.shell import DEFAULT_FILE
from tests.effort import lived
from tests.packets import literal
from tests.protocols.kins import BLUETENS
from tests.protocols.world import Air, World

A = Channel.A
SCORE = BLUETENS.score


AIRS = [
    Air(),
    Air(lost=0.3),
    Air(doubled=0.5, late_s=1.0),
    Air(late_s=2.0),
    Air(lost=0.3, doubled=0.3, late_s=1.5),
    Air(lost=0.7, doubled=0.3, late_s=0.5),
]


def wrote(loop: World) -> list[bytes]:
    """Return all that was written."""
    return [op.data for op in loop.wrote()]


@pytest.mark.control("C-01")
@pytest.mark.control("C-02")
@pytest.mark.control("C-04")
@settings(max_examples=lived(60))
@given(
    st.lists(st.tuples(st.floats(0.05, 8), st.integers(0, 6)), min_size=1, max_size=7),
    st.sampled_from(AIRS),
    st.sampled_from(
        [BluetensOptions(), BluetensOptions(strength=9), BluetensOptions(ends=5.0), BluetensOptions(slow_stop_s=1.5)]
    ),
    st.integers(0, 2**32),
)
def test_no_raise_passes_the_wish_nothing_starts_by_mistake_and_a_proof_is_true(
    wishes: list[tuple[float, int]], air: Air, options: BluetensOptions, seed: int
) -> None:
    loop = World(BLUETENS, options, replace(air, seed=seed))
    loop.run(20, lambda now: now.ready)
    loop.mode = Mode.PLAY
    for seconds, level in wishes:
        loop.wish = {A: level}
        loop.run(seconds)
    loop.stop(20)
    assert all(to == before + 1 and to <= max(1, loop.granted(A, at_s, 0.1)) for at_s, before, to in loop.rises())
    assert all(to <= loop.granted(A, at_s, 0.1) or to == 1 for at_s, _, to in loop.rises())
    assert all(later - sooner >= CAPS.raise_gap_s - 0.05 for (sooner, *_), (later, *_) in pairwise(loop.rises()))
    assert all(level == 0 for _, level in loop.proofs)
    ends = [float(str(record["t"])) for record in loop.trace.records if record.get("by") == "script"]
    for record in loop.trace.records:
        if record["event"] == "program" and record["file"] == DEFAULT_FILE:
            near = [end_s for end_s in ends if 0 <= float(str(record["t"])) - end_s <= 0.4]
            assert near or record["t"] == 0.0, "the trap of >str: only if it ends between question and command"


def test_a_default_file_that_was_started_after_a_silent_end_is_told_and_stopped() -> None:
    loop = World(BLUETENS).ready().play(2)
    loop.run(3)
    loop.twin.write(loop.now_s, SHELL, b">osto\r\n", True)
    loop.twin.write(loop.now_s, SHELL, b">str 3\r\n", True)
    assert loop.twin.level() == 1
    loop.run(1.5)
    assert any(isinstance(event, Ended) for event in loop.events), "by its time, or by its md5"
    assert loop.stop() < 1
    assert loop.twin.level() == 0


@pytest.mark.control("C-08")
@settings(max_examples=lived(60))
@given(
    st.floats(0, 12), st.integers(1, 5), st.sampled_from([Air(), Air(lost=0.2), Air(late_s=0.5)]), st.integers(0, 99)
)
def test_a_stop_at_any_moment_ends_at_zero_and_is_proved(after_s: float, level: int, air: Air, seed: int) -> None:
    loop = World(BLUETENS, air=replace(air, seed=seed))
    loop.run(min(after_s, 1.5))
    if loop.reported.ready:
        loop.mode = Mode.PLAY
        loop.wish = {A: level}
    loop.run(max(0.0, after_s - 1.5))
    before = len(loop.writes)
    begin_s = loop.now_s
    took_s = loop.stop()
    at_s, first = loop.writes[before]
    assert (at_s, first.urgent) == (begin_s, True), "it goes out at once"
    assert loop.reported.zero is Zero.CONFIRMED
    assert loop.twin.level() == 0
    assert took_s < CAPS.stop_s
    loop.run(5)
    assert loop.twin.level() == 0


def test_a_clean_stop_is_proved_in_a_tenth_of_a_second() -> None:
    loop = World(BLUETENS).ready().play(3)
    loop.run(5)
    assert loop.stop() < 0.15
    assert wrote(loop)[-2:] == [b"\r\n>osto\r\n", b">stat\r\n"]


@pytest.mark.control("C-46")
def test_no_older_zero_proves_a_stop_not_for_one_pass() -> None:
    loop = World(BLUETENS).ready()
    for mode in (Mode.READY, Mode.OFF, Mode.OFF):
        loop.mode = mode
        loop.run(5.0)
        sent = len(loop.writes)
        loop.number += 1
        loop.driver.want(loop.now_s, Wanted(mode, score=SCORE, stop=loop.number))
        now = loop.reported
        assert (now.stop, now.zero) == (loop.number, Zero.NO)
        assert loop.run(8.0, loop.proved) > 0.07, "a round for the stop, and one for the question after it"
        assert [op.data for _, op in loop.writes[sent : sent + 2]] == [b"\r\n>osto\r\n", b">stat\r\n"]


@pytest.mark.control("C-46")
@pytest.mark.parametrize("late_s", [0.2, 0.5, 1.0, 2.4])
def test_a_zero_of_before_that_comes_twice_proves_no_later_stop(late_s: float) -> None:
    loop = World(BLUETENS, BluetensOptions(stop_ignored=99)).ready()
    loop.run(5.0)
    sent = len(loop.writes)
    loop.run(5.0, lambda _: any(op.data == b">stat\r\n" for _, op in loop.writes[sent:]))
    asked_s = loop.now_s
    loop.run(0.1)
    loop.proofs.clear()
    loop.air.lost = 1.0  # somebody starts it by its button, and nothing that it says arrives
    loop.hand("A+2")
    loop.mode = Mode.OFF
    loop.number = loop.number + 1
    loop.run(asked_s + late_s - loop.now_s)
    double = f"tick=0,lmd5={'0' * 32},str=0\r\n".encode()
    loop.driver.receive(loop.now_s, SHELL, double)
    loop.run(0.5)
    assert loop.twin.level() == 2
    assert loop.proofs == []


LOWERED = {
    "it answers, and stays": BluetensOptions(down_ignored=99),
    "its answers tell the level before": BluetensOptions(down_ignored=99, old_level=True),
}


@pytest.mark.control("C-08")
@pytest.mark.parametrize("options", LOWERED.values(), ids=LOWERED.keys())
def test_a_level_that_does_not_come_down_is_stopped(options: BluetensOptions) -> None:
    loop = World(BLUETENS, options).ready().play(5)
    loop.run(2.0)
    loop.wish = {A: 3}
    loop.run(3.0, lambda _: loop.twin.level() == 0)
    assert loop.twin.level() == 0
    assert b">str 3\r\n" in wrote(loop)


@pytest.mark.control("C-08")
def test_a_level_that_cannot_be_lowered_since_nothing_is_heard_is_stopped() -> None:
    loop = World(BLUETENS).ready().play(5)
    loop.run(2.0)
    loop.air.lost = 1.0
    loop.wish = {A: 3}
    sent = len(loop.writes)
    begun_s = loop.now_s
    loop.run(2.5)
    stops = [at_s for at_s, op in loop.writes[sent:] if b">osto" in op.data]
    assert 1.9 <= stops[0] - begun_s <= 2.1
    assert loop.twin.level() == 0


def test_a_level_that_comes_down_slowly_is_not_stopped() -> None:
    loop = World(BLUETENS).ready().play(6)
    for level in (5, 4, 3, 2):
        loop.wish = {A: level}
        loop.run(1.2)
    assert loop.twin.level() == 2
    assert not [data for data in wrote(loop)[-20:] if b">osto" in data]


@pytest.mark.control("C-52")
@pytest.mark.parametrize("before_s", [0.0, 0.2, 0.5, 0.9])
def test_a_raise_never_jumps_over_a_hand_whose_word_was_lost(before_s: float) -> None:
    loop = World(BLUETENS).ready().play(6)
    loop.run(4.0 + before_s)
    loop.air.lost = 1.0
    loop.hand("A-5")
    loop.run(0.06)
    loop.air.lost = 0.0
    loop.wish = {A: 7}
    loop.run(1.5)
    assert loop.twin.level() <= 2, "one step from where the hand left it"
    assert all(to == before + 1 for _, before, to in loop.rises())


@pytest.mark.control("C-52")
def test_a_session_climbs_a_step_a_second_and_asks_no_more_than_it_has_to() -> None:
    loop = World(BLUETENS).ready().play(1)
    sent = len(loop.writes)
    begun_s = loop.now_s
    loop.play(9)
    assert loop.now_s - begun_s < 8 * 1.35
    asked = [at_s for at_s, op in loop.writes[sent:] if op.data == b">stat\r\n"]
    assert len(asked) <= 4 * 9


@pytest.mark.control("C-07")
def test_a_stop_passes_a_write_that_hangs() -> None:
    loop = World(BLUETENS).ready().play(2)
    driver = loop.driver
    now_s = loop.now_s + 2.0
    driver.want(now_s, Wanted(Mode.PLAY, {A: Level(2)}, {A: CAPS.scale}, SCORE, 0.0, 1800.0))
    hung = driver.poll(now_s)
    assert [op.data for op in hung if isinstance(op, Write)] == [b">stat\r\n"]
    driver.want(now_s + 0.01, Wanted(Mode.OFF, score=SCORE))
    stop = [op for op in driver.poll(now_s + 0.01) if isinstance(op, Write)]
    assert [(op.data, op.urgent) for op in stop] == [(b"\r\n>osto\r\n", True)]


@pytest.mark.control("C-15")
def test_a_play_ends_at_its_end_without_being_told_and_level_0_is_a_stop() -> None:
    loop = World(BLUETENS).ready().play(2)
    loop.wish = {A: 0}
    loop.run(2)
    assert (loop.twin.level(), loop.reported.level[A]) == (0, Span(0, 0))
    loop.play(1)
    assert loop.twin.level() == 1
    loop.end_s = loop.now_s + 0.5
    loop.driver.want(loop.now_s, Wanted(Mode.PLAY, {A: Level(1)}, {A: CAPS.scale}, SCORE, 0.0, loop.end_s))
    loop.driver.poll(loop.now_s)
    assert loop.driver.due_s <= loop.end_s
    ops = [op for op in loop.driver.poll(loop.end_s) if isinstance(op, Write)]
    assert (ops[0].data, ops[0].urgent) == (b"\r\n>osto\r\n", True)


def test_a_unit_that_never_answers_gets_no_level_and_is_never_called_proved() -> None:
    loop = World(BLUETENS, BluetensOptions(strength=5), Air(lost=1.0))
    loop.run(20)
    loop.mode = Mode.PLAY
    loop.wish = {A: 5}
    loop.run(10)
    assert not [data for data in wrote(loop) if data.startswith((b">ssta", b">str "))]
    assert loop.proofs == []
    now = loop.reported
    assert (now.ready, now.closable) == (True, False), "it plays, as far as the mode goes, and nothing is known"
    assert now.level[A] == Span(0, CAPS.scale)
    assert loop.twin.level() == 0, "the stop was obeyed all the same"


def test_writes_that_fail_leave_the_level_open_and_the_stop_goes_on() -> None:
    loop = World(BLUETENS).ready().play(3)
    loop.air.refused = 1.0
    loop.stop(5)
    now = loop.reported
    assert (now.zero, now.level[A], now.out) == (Zero.SENT, Span(0, 3), Out.MAYBE)
    loop.air.refused = 0.0
    assert loop.run(5, loop.proved) < 1.0
    assert loop.twin.level() == 0


def test_watching_changes_nothing_and_keeps_it_awake() -> None:
    loop = World(BLUETENS, BluetensOptions(strength=7))
    loop.mode = Mode.WATCH
    loop.run(60)
    assert loop.twin.level() == 7
    assert {data.strip() for data in wrote(loop)} == {b">stat", b">ver", b">bat"}
    idle = World(BLUETENS)
    idle.mode = Mode.WATCH
    idle.run(90)
    assert idle.twin.on, "asked, it doesn't switch itself off"


@pytest.mark.control("C-12")
def test_what_runs_is_stopped_and_proved_before_anything_is_loaded() -> None:
    loop = World(BLUETENS, BluetensOptions(strength=30, slow_stop_s=2.0)).ready()
    assert wrote(loop)[0] == b"\r\n>osto\r\n"
    first_s = next(at_s for at_s, op in loop.writes if op.data.startswith(b">md5"))
    assert first_s > 2.0
    assert loop.twin.level() == 0


def test_a_button_in_ready_is_told_and_stopped() -> None:
    loop = World(BLUETENS).ready()
    loop.hand("A+3")
    loop.run(0.3)
    assert loop.twin.level() == 0
    assert [event for event in loop.events if not isinstance(event, Ended)]
    loop.run(5, lambda now: now.ready)
    assert loop.reported.ready


@pytest.mark.control("C-34")
@settings(max_examples=lived(200))
@given(st.integers(0, 2**32), st.integers(0, 60))
def test_damaged_lines_never_make_a_level_known_that_no_whole_line_says(seed: int, cut: int) -> None:
    luck = Random(seed)
    loop = World(BLUETENS).ready().play(2, 10)
    known = [data for data in literal("bluetens", Direction.FROM_DEVICE, SHELL.name) if data.count(b"\r\n") == 1]
    for _ in range(8):
        data: Any = bytearray(luck.choice(known))
        data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
        whole = bytes(data[: cut or None])
        if any(form.starts(whole) for form in LAYOUTS[Direction.FROM_DEVICE][SHELL.name]):
            continue  # a letter turned into another may well be a line
        before = loop.reported.level
        loop.driver.receive(loop.now_s, SHELL, whole + b"\xff\r\n")
        assert loop.reported.level == before
