"""Lets the coyote3 driver live with a small box over a bad radio, under the real Guard, and watches the box."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.coyote3.family import FAMILY
from protocols.coyote3.packets import B1, CAPS, FRAME, OUT, TOLD
from protocols.coyote3.strength import Strengths
from protocols.vocabulary import Channel, Level, Mode, Out, Wanted, Write, Zero
from tests.effort import lived
from tests.protocols.coyote3.loop import CEILING, SCORE, Rig, Weather

A = Channel.A
B = Channel.B


def playing(a: int = 8, b: int = 0, weather: Weather | None = None, seconds: float = 8.0) -> Rig:
    rig = Rig(weather)
    rig.step()
    rig.run(3.0)
    rig.play(a, b)
    rig.run(seconds)
    return rig


WEATHERS = st.builds(
    Weather,
    seed=st.integers(0, 10_000),
    lost=st.sampled_from([0.0, 0.3, 0.7]),
    doubled=st.sampled_from([0.0, 0.3]),
    late=st.sampled_from([0.0, 0.3]),
    hangs=st.sampled_from([0.0, 0.05]),
    deaf_to_zero=st.sampled_from([0, 0, 3]),
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
@given(WEATHERS, ACTS)
def test_whatever_the_radio_does_nothing_rises_but_by_granted_steps(
    weather: Weather, acts: list[tuple[float, tuple[int, int] | Mode]]
) -> None:
    rig = Rig(weather)
    rig.step()
    rig.run(3.0)
    for seconds, act in acts:
        if isinstance(act, Mode):
            rig.ask(act)
            assert rig.writes[-1][0] <= rig.now_s
        else:
            rig.play(*act)
        rig.run(seconds)
    rig.ask(Mode.OFF)
    rig.run(2.0)
    rig.check()
    assert rig.box.level == [0, 0]
    assert not rig.events, "nobody has turned a wheel"


@pytest.mark.control("C-26")
@settings(max_examples=lived(25))
@given(st.integers(0, 10_000), st.lists(st.tuples(st.floats(0.01, 2), st.sampled_from([-1, 1])), max_size=8))
def test_what_a_hand_lowered_stays_down_even_in_the_middle_of_a_raise(
    seed: int, turns: list[tuple[float, int]]
) -> None:
    rig = playing(40, 4, Weather(seed), seconds=1.5)
    for seconds, by in turns:
        rig.run(seconds)
        known = rig.reported().level[A].known
        told = len(rig.events)
        rig.wheel(0, by)
        left = rig.box.level[0]
        rig.run(1.0)
        hands = rig.events[told:]
        if known:
            # A step up that looks like a step down from a raise in flight is taken for the lower one.
            assert [hand.channel for hand in hands] == [A]
            assert by > 0 or not hands[0].rose
        assert by > 0 or rig.box.level[0] <= left
    rig.run(6.0)
    assert rig.box.level == [rig.request.level[A], 4]
    rig.check()


@pytest.mark.control("C-08")
def test_with_half_of_the_answers_lost_it_gets_there_and_stops_in_time() -> None:
    reached = stopped = 0
    for seed in range(12):
        rig = playing(20, 10, Weather(seed, lost=0.5), seconds=25.0)
        reached += rig.box.level == [20, 10]
        rig.ask(Mode.OFF)
        assert rig.writes[-1][1].urgent
        rig.run(CAPS.stop_s)
        stopped += rig.reported().zero is Zero.CONFIRMED
        rig.check()
    assert (reached, stopped) == (12, 12)


@pytest.mark.control("C-07", "C-08", "C-09")
def test_a_stop_is_the_very_next_write_goes_on_and_is_not_called_proved_without_an_answer() -> None:
    rig = playing()
    rig.weather.mute = True
    rig.run(0.03)
    sent = len(rig.writes)
    rig.ask(Mode.OFF)
    assert (rig.writes[sent][0], rig.writes[sent][1].urgent) == (rig.now_s, True)
    rig.run(3.0)
    zeros = [FRAME.parse(op.data) for _, op in rig.writes[sent:]]
    assert len(zeros) >= 28
    assert all((zero.mode_a, zero.mode_b, zero.strength_a, zero.strength_b) == (3, 3, 0, 0) for zero in zeros)
    assert all(zero.sequence and zero.intensity_a[3] == zero.intensity_b[3] == 101 for zero in zeros)
    assert rig.reported().zero is Zero.SENT
    assert rig.box.level == [0, 0]


@pytest.mark.control("C-01", "C-07")
def test_a_unit_that_never_answers_gets_zeros_only_and_is_never_ready() -> None:
    rig = Rig(Weather(mute=True))
    rig.play(10, 10)
    rig.run(12.0)
    assert not rig.box.valid_s
    assert not rig.reported().ready
    assert rig.reported().trouble
    assert 110 <= len(rig.box.frames) <= 121
    gaps = [after - before for before, after in pairwise(rig.reads)]
    assert min(gaps) >= 2.0 - 1e-6, "the battery is read at most every 2 s, even in doubt"
    assert rig.reported().heard_s > 9.0
    assert rig.reported().told_s == float("-inf")


@pytest.mark.control("C-27")
def test_a_silent_unit_is_asked_after_two_seconds_then_every_third_of_one() -> None:
    rig = playing()
    rig.run(3.0)
    rig.weather.mute = True
    since_s = rig.reported().told_s
    sent = len(rig.writes)
    rig.run(4.0)
    asked = [now_s - since_s for now_s, op in rig.writes[sent:] if FRAME.parse(op.data).sequence]
    assert 2.0 <= asked[0] <= 2.11
    assert all(0.29 <= after - before <= 0.41 for before, after in pairwise(asked))
    assert {FRAME.parse(op.data).strength_a for _, op in rig.writes[sent:]} == {0}
    assert rig.reported().level[A].known, "silence alone makes no level unknown"
    assert any(now_s > since_s + 2.5 for now_s in rig.reads)


def test_frames_lie_on_an_absolute_grid_and_a_stall_is_never_caught_up() -> None:
    rig = playing()
    frames = [now_s for now_s, _ in rig.writes if now_s > 3.2]
    assert all(abs(now_s * 10 - round(now_s * 10)) < 1e-6 for now_s in frames)
    before = len(rig.writes)
    rig.now_s += 0.34
    rig.step()
    assert len(rig.writes) == before + 1
    assert rig.reported().counts["frames_late"] == 3
    rig.run(0.5)
    assert len(rig.writes) == before + 6


@pytest.mark.control("C-50")
def test_a_hung_write_holds_the_next_frames_and_is_a_gap_when_it_lasts() -> None:
    rig = playing()
    rig.run(0.05)
    rig.weather.hangs = 1.0
    rig.run(0.1)
    rig.weather.hangs = 0.0
    hung_s = rig.writes[-1][0]
    rig.run(1.0)
    after = [(now_s - hung_s, op.urgent) for now_s, op in rig.writes if now_s > hung_s]
    assert after[0][1]
    assert after[0][0] == pytest.approx(0.4, abs=0.01), "half a second after the last frame that was taken: zero"
    assert rig.reported().counts["frames_held"] in (3, 4)
    assert rig.stop == 1


@pytest.mark.control("C-50")
def test_after_a_gap_it_plays_only_with_a_new_stop_number_and_says_until_then_when_it_was_fed_last() -> None:
    rig = playing()
    fed_s = rig.reported().fed_s
    assert fed_s is not None
    rig.now_s += 3.0
    wanted = Wanted(Mode.PLAY, {A: Level(8), B: Level(0)}, CEILING, SCORE, 3.0, 500.0, stop=rig.stop)
    for _ in range(40):
        rig.driver.want(rig.now_s, wanted)
        for op in rig.driver.poll(rig.now_s):
            if isinstance(op, Write):
                rig.driver.done(rig.now_s, op.tag, b"", None)
                sent = FRAME.parse(op.data)
                assert (sent.mode_a, sent.strength_a, sent.intensity_a[3]) == (3, 0, 101)
                rig.driver.receive(rig.now_s + 0.02, OUT, TOLD.build(B1(sent.sequence, 0, 0)))
        rig.now_s += 0.1
        assert rig.reported().fed_s == pytest.approx(fed_s, abs=0.11)
    assert rig.reported().zero is Zero.CONFIRMED
    rig.driver.want(rig.now_s, replace(wanted, mode=Mode.OFF, stop=rig.stop + 1))
    assert (rig.reported().zero, rig.reported().fed_s) == (Zero.NO, None)


@pytest.mark.control("C-46")
def test_a_new_stop_number_takes_the_proof_back_in_the_same_breath_and_asks_again_at_once() -> None:
    rig = playing()
    rig.ask(Mode.OFF)
    rig.run(0.5)
    assert (rig.reported().zero, rig.reported().stop) == (Zero.CONFIRMED, rig.stop)
    for mode in (Mode.OFF, Mode.READY):
        sent = len(rig.writes)
        rig.ask(mode)
        rig.stop += mode is Mode.READY
        rig.step()
        now = rig.reported()
        assert now.stop == rig.stop
        assert now.zero in (Zero.NO, Zero.SENT)
        rig.run(0.2)
        assert rig.writes[sent][1].data[2:4] == b"\0\0"
        assert rig.reported().zero is Zero.CONFIRMED


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
    rig = playing()
    rig.weather.hangs = 1.0
    rig.run(0.15)
    sent = len(rig.writes)
    rig.play(0, 0)
    (at_s, op) = rig.writes[sent]
    assert (at_s, op.urgent, FRAME.parse(op.data).mode_a) == (rig.now_s, True, 3)


@pytest.mark.control("C-46")
def test_what_comes_late_is_as_old_as_its_question() -> None:
    strengths = Strengths(0.0, CAPS)
    first = strengths.stop(0.0)
    strengths.answer(9.0, first.sequence, (0, 0), playing=False)
    assert strengths.told_s == 0.0


def test_while_it_plays_the_box_is_heard_at_least_twice_in_a_second() -> None:
    rig = playing(seconds=60.0)
    heard = [rig.reported().heard_s]
    for _ in range(100):
        rig.run(0.1)
        heard.append(rig.reported().heard_s)
        assert rig.now_s - heard[-1] <= 1.0
    assert len(set(heard)) >= 10


def test_the_battery_is_read_every_minute_and_again_after_a_failure() -> None:
    rig = playing()
    rig.ask(Mode.OFF)
    rig.reads.clear()
    rig.run(190.0)
    gaps = [round(after - before, 2) for before, after in pairwise(rig.reads)]
    assert gaps == [60.02, 60.02]
    assert rig.reported().battery == 80
    rig.read_fails = True
    rig.run(70.0)
    assert rig.reported().counts["reads_failed"] >= 2
    assert 5.0 <= rig.reads[-1] - rig.reads[-2] <= 5.1


@pytest.mark.control("C-10", "C-11")
def test_the_last_word_on_a_lost_link_is_honest() -> None:
    rig = playing()
    last = rig.driver.lost(rig.now_s)
    assert (last.out, last.zero) == (Out.MAYBE, Zero.NO)
    assert rig.now_s < last.until_s <= rig.now_s + 0.2
    assert "by hand" in last.trouble
    rig.now_s += 0.3
    assert rig.driver.lost(rig.now_s).out is Out.OFF
    rig = playing()
    rig.ask(Mode.OFF)
    rig.run(0.5)
    last = rig.driver.lost(rig.now_s)
    assert (last.out, last.zero, last.trouble) == (Out.OFF, Zero.CONFIRMED, "")


def test_it_can_be_closed_once_no_block_is_pending_and_only_looks_when_told_to() -> None:
    rig = playing()
    assert not rig.reported().closable, "a block may go out at any moment"
    rig.ask(Mode.OFF)
    rig.run(0.11)
    assert rig.reported().closable
    rig = Rig()
    rig.ask(Mode.WATCH)
    rig.run(5.0)
    assert not rig.writes
    assert rig.reported().closable
