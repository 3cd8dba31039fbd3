"""Plays the coyote2 driver and the real Guard against the software box over a bad air: levels, proof, link loss."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.core.values import replace
from protocols.coyote2.family import FAMILY
from protocols.coyote2.packets import BATTERY, CAPS, CONFIG, SILENCE, STRENGTHS, WAVE_A, WAVE_B, WAVE_WORD
from protocols.coyote2.strength import Strengths
from protocols.vocabulary import Channel, Hand, Level, Mode, Out, Read, Wanted, Write, Zero
from simulator.coyote2.options import Coyote2Options
from tests.effort import lived
from tests.protocols.kins import COYOTE2
from tests.protocols.world import Air, World

A = Channel.A
B = Channel.B

FAULTS = [
    Air(),
    Air(lost=0.5, doubled=0.3, late_s=2.0, jumbled=True),
    # a word that hangs is a gap in feeding, after which it ramps from zero: more often it never gets up
    Air(hung=0.02),
    Air(fails=0.5),
    Air(lost=0.3, doubled=0.3, late_s=1.0, jumbled=True, hung=0.02, fails=0.2, way_s=0.04),
]


@pytest.mark.control("C-01")
@pytest.mark.control("C-02")
@pytest.mark.control("C-04")
@settings(max_examples=lived(40))
@given(
    st.lists(st.tuples(st.floats(0.05, 3), st.integers(0, 200), st.integers(0, 120)), min_size=1, max_size=5),
    st.sampled_from(FAULTS),
    st.sampled_from(
        [
            Coyote2Options(),
            Coyote2Options(echo=False, strength=(245, 7)),
            Coyote2Options(echo_same=True, tell_late_s=0.7, stop_ignored=2),
            Coyote2Options(clamps=False, maximum=150),
        ]
    ),
    st.integers(0, 2**32),
)
def test_no_level_passes_the_wish_and_a_proof_is_true(
    wishes: list[tuple[float, int, int]], air: Air, options: Coyote2Options, seed: int
) -> None:
    loop = World(COYOTE2, options, replace(air, seed=seed))
    loop.run(30, lambda now: now.ready)
    loop.mode = Mode.PLAY
    met_s = loop.now_s
    for seconds, a, b in wishes:
        loop.wish = {A: a, B: b}
        loop.run(seconds)
    loop.stop(20)
    assert loop.proved(loop.reported)
    for channel in (A, B):
        rises = [rise for rise in loop.rises(channel.value) if rise[0] > met_s]
        for at_s, before, after in rises:
            assert after <= loop.granted(channel, at_s, 0.2)
            assert after - before <= loop.driver.caps.step
        assert all(later - sooner >= 0.5 - 0.06 for (sooner, _, _), (later, _, _) in pairwise(rises))


@pytest.mark.control("C-09")
@pytest.mark.parametrize("air", FAULTS[1:])
def test_a_bad_air_still_gives_the_level_and_a_proved_stop(air: Air) -> None:
    took_s = []
    for seed in range(lived(30)):
        loop = World(COYOTE2, air=replace(air, seed=seed)).ready().play(200, 80, seconds=90)
        assert (loop.twin.level("A"), loop.twin.level("B")) == (200, 80)
        took_s.append(loop.stop())
        assert loop.proved(loop.reported)
    assert sorted(took_s)[len(took_s) // 2] < 1.0
    assert max(took_s) < 7.0, "half of the readings may fail, several in a row"


def test_a_clean_stop_is_three_urgent_words_at_once_and_proved_in_a_tenth_of_a_second() -> None:
    loop = World(COYOTE2).ready().play(200, 80)
    loop.run(3.013)
    begin_s = loop.now_s
    assert loop.stop() < 0.12
    wrote = [op for at_s, op in loop.ops if at_s >= begin_s and isinstance(op, Write)]
    assert [(op.endpoint, op.data, op.urgent) for op in wrote] == [
        (endpoint, SILENCE, True) for endpoint in (STRENGTHS, WAVE_A, WAVE_B)
    ]
    loop.run(10)
    assert [op for _, op in loop.ops if isinstance(op, Write)][-1] is wrote[-1], "a proved stop writes no more"


@pytest.mark.control("C-08")
@pytest.mark.parametrize("ignored", [1, 3, 10])
def test_a_stop_that_is_ignored_is_sent_again(ignored: int) -> None:
    loop = World(COYOTE2, Coyote2Options(strength=(70, 140), stop_ignored=ignored))
    assert loop.run(5, loop.proved) < 0.15 * (ignored + 1)
    loop.ready()
    waves = [op for _, op in loop.ops if isinstance(op, Write) and op.endpoint != STRENGTHS]
    assert {op.data for op in waves} == {SILENCE}, "nothing plays before zero is proved"


@pytest.mark.control("C-09")
def test_without_any_answer_zeros_go_on_and_nothing_else_is_ever_written() -> None:
    loop = World(COYOTE2, Coyote2Options(strength=(70, 140)), Air(mute=True))
    loop.run(10)
    loop.mode = Mode.PLAY
    loop.wish = {A: 100, B: 100}
    loop.run(30)
    writes = [op for _, op in loop.ops if isinstance(op, Write)]
    assert {op.data for op in writes} == {SILENCE}
    assert all(op.urgent for op in writes)
    zeros = [at_s for at_s, op in loop.ops if isinstance(op, Write) and op.endpoint == STRENGTHS]
    assert max(later - sooner for sooner, later in pairwise(zeros)) < 0.35
    now = loop.reported
    assert (now.zero, now.ready) == (Zero.SENT, False)
    assert "readings unanswered" in now.trouble


@pytest.mark.control("C-07")
def test_a_stop_passes_a_command_that_hangs() -> None:
    loop = World(COYOTE2).ready().play(100)
    loop.air.hung = 1.0
    loop.run(0.15)
    begin_s = loop.now_s
    loop.mode = Mode.OFF
    loop.step()
    urgent = [op for at_s, op in loop.ops if at_s == begin_s and isinstance(op, Write) and op.urgent]
    assert [op.endpoint for op in urgent] == [STRENGTHS, WAVE_A, WAVE_B]


@pytest.mark.control("C-15")
def test_a_play_ends_at_its_end_without_being_told() -> None:
    loop = World(COYOTE2).ready().play(100)
    end_s = loop.end_s = loop.now_s + 0.75
    loop.run(0.01)
    loop.driver.poll(loop.now_s)
    assert loop.driver.due_s <= end_s
    loop.now_s = end_s
    ops = [op for op in loop.driver.poll(end_s) if isinstance(op, Write)]
    assert (ops[0].endpoint, ops[0].data, ops[0].urgent) == (STRENGTHS, SILENCE, True)


def test_waves_keep_their_grid_for_both_channels() -> None:
    loop = World(COYOTE2).ready().play(80, 80)
    loop.run(20)
    waves = [(at_s, op) for at_s, op in loop.ops if isinstance(op, Write) and op.endpoint in (WAVE_A, WAVE_B)]
    for endpoint in (WAVE_A, WAVE_B):
        times = [at_s for at_s, op in waves if op.endpoint == endpoint and at_s > loop.now_s - 19]
        assert all(later - sooner == pytest.approx(0.1, abs=0.006) for sooner, later in pairwise(times))
        assert len(times) == pytest.approx(190, abs=2)
    assert {WAVE_WORD.parse(op.data).x for _, op in waves if op.data != SILENCE} == {1}


def test_while_it_plays_the_box_is_heard_twice_a_second_and_the_battery_is_read_each_minute() -> None:
    loop = World(COYOTE2).ready().play(80)
    begin_s = loop.now_s
    loop.run(180)
    reads = [op.endpoint for at_s, op in loop.ops if isinstance(op, Read) and at_s > begin_s]
    assert 240 <= reads.count(STRENGTHS) <= 370
    assert reads.count(BATTERY) == 3
    assert reads.count(CONFIG) == 0
    assert loop.reported.battery == 82


def test_a_channel_at_zero_gets_no_wave() -> None:
    loop = World(COYOTE2).ready().play(80)
    loop.run(5)
    assert not [op for _, op in loop.ops if isinstance(op, Write) and op.endpoint == WAVE_B and op.data != SILENCE]


def test_a_report_that_no_reading_clears_up_brings_it_down_a_word_at_a_time() -> None:
    strengths = Strengths()
    strengths.asked(0.0, 1)
    strengths.read(0.05, 1, {A: 0, B: 0})
    strengths.hear(0.1, {A: 40, B: 0})
    target = {A: 0, B: 0}
    assert strengths.falls(1.2, target)
    strengths.order(1.2, 2, target)
    assert not strengths.falls(1.2, target), "else it is due again at once, for ever"
    assert strengths.falls(1.6, target)


@pytest.mark.control("C-52")
def test_a_reading_that_comes_late_is_as_old_as_its_question_and_nothing_is_raised_on_it() -> None:
    strengths = Strengths()
    strengths.asked(0.0, 1)
    strengths.read(4.0, 1, {A: 40, B: 0})
    assert strengths.told_s == 0.0
    assert not strengths.fresh(4.0)


@pytest.mark.control("C-52")
def test_a_raise_asks_for_the_level_again_and_the_slope_is_one_step_each_gap() -> None:
    loop = World(COYOTE2).ready().play(400, seconds=60)
    rises = loop.rises("A")
    assert [after for _, _, after in rises] == list(range(40, 401, 40))
    for at_s, _, _ in rises:
        read_s = [when_s for when_s, op in loop.ops if isinstance(op, Read) and op.endpoint == STRENGTHS]
        assert min(at_s - when_s for when_s in read_s if when_s < at_s) <= CAPS.fresh_s
    assert all(0.5 <= later - sooner < 0.8 for (sooner, _, _), (later, _, _) in pairwise(rises))


@pytest.mark.control("C-46")
def test_a_new_stop_number_takes_the_proof_back_and_a_reading_of_before_proves_nothing() -> None:
    loop = World(COYOTE2).ready()
    loop.run(1.0)
    asked = loop.driver.poll(3.0)
    reads = [op for op in asked if isinstance(op, Read) and op.endpoint == STRENGTHS]
    assert reads, "a reading is under way"
    loop.driver.want(3.0, Wanted(Mode.OFF, stop=1))
    now = loop.driver.reported(3.0)
    assert (now.zero, now.stop) == (Zero.NO, 1)
    words = [op for op in loop.driver.poll(3.0) if isinstance(op, Write)]
    assert [op.urgent for op in words] == [True, True, True]
    for op in words:
        loop.driver.done(3.01, op.tag, b"", None)
    loop.driver.done(3.02, reads[0].tag, SILENCE, None)
    assert loop.driver.reported(3.02).zero is Zero.SENT, "it was asked before the zero was out"
    loop.now_s = 3.03
    loop.number = 1
    loop.mode = Mode.OFF
    loop.run(1.0)
    assert loop.proved(loop.reported)


@pytest.mark.control("C-26")
def test_a_wheel_is_told_and_never_fought() -> None:
    loop = World(COYOTE2).ready().play(100, 50)
    loop.run(2)
    for act, level, rose in (("A-2", 86, False), ("A+3", 107, True)):
        loop.hand(act)
        loop.run(2)
        assert Hand(A, Level(level), rose) in loop.events
        assert (loop.twin.level("A"), loop.twin.level("B")) == (level, 50)
    loop.hand("A+100")
    loop.run(2)
    assert loop.twin.level("A") == 700, "above the ceiling it is brought back to it"


@pytest.mark.control("C-26")
def test_a_wheel_turned_down_in_the_window_of_a_raise_gets_its_way() -> None:
    for wait_ms in range(0, 700, 10):
        loop = World(COYOTE2).ready().play(40)
        loop.wish[A] = 200
        loop.run(wait_ms / 1000)
        level = loop.twin.level("A")
        loop.hand("A-2")
        low = loop.twin.level("A")
        assert low == level - 14
        loop.run(3)
        assert loop.twin.level("A") <= low, f"turned down {wait_ms} ms after a wish to go up"


def test_the_box_s_own_maximum_tightens_the_scale_and_no_2047_widens_it() -> None:
    low = World(COYOTE2, Coyote2Options(maximum=200)).ready()
    assert (low.driver.caps.scale, low.driver.caps.step) == (200, 4)
    low.play(300, seconds=60)
    assert low.twin.level("A") == 200
    assert World(COYOTE2, Coyote2Options(maximum=2047)).ready().driver.caps == CAPS


@pytest.mark.parametrize("options", [Coyote2Options(maximum=0), Coyote2Options(config=False)])
def test_a_box_that_tells_no_maximum_is_never_ready(options: Coyote2Options) -> None:
    loop = World(COYOTE2, options)
    loop.run(10)
    now = loop.reported
    assert (now.ready, now.zero) == (False, Zero.CONFIRMED)
    assert "1507" in now.trouble


@pytest.mark.control("C-10")
@pytest.mark.control("C-11")
def test_the_last_word_on_a_lost_link() -> None:
    loop = World(COYOTE2).ready()
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero, last.trouble) == (Out.OFF, Zero.CONFIRMED, "")
    loop = World(COYOTE2).ready().play(100)
    loop.run(1)
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero, last.level[A].lo) == (Out.MAYBE, Zero.NO, 100)
    assert loop.now_s < last.until_s <= loop.now_s + 0.2
    assert "wheels" in last.trouble
    assert loop.driver.lost(loop.now_s + 1).out is Out.OFF
    unknown = FAMILY.connect(0.0, "").lost(0.01)
    assert (unknown.out, unknown.zero) == (Out.MAYBE, Zero.NO)
