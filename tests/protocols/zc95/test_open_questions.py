"""Plays whole zc95 sessions on the twin, once for each thing that its fact sheet leaves open or that goes wrong."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.catalogue.programs import shipped
from estim.core.programs.course import fit
from estim.core.session.doubt import surely_off
from estim.core.session.guard import Limits, family_cap
from estim.core.session.order import Order
from estim.core.vocabulary import Reason, State
from protocols.vocabulary import Channel, Level, Out, Zero
from protocols.zc95.family import FAMILY
from simulator.chance import Chance
from simulator.checks import violations
from simulator.trace import Trace
from simulator.twin import Pulse
from simulator.zc95.options import Zc95Options
from simulator.zc95.unit import KIND
from tests.effort import QUESTION_MINUTES, lived
from tests.world import Weather, World, rises

A, B, C, D = FAMILY.caps.channels
GOAL = {A: Level(60), B: Level(25), C: Level(0), D: Level(0)}

OPEN = {
    "as it comes": Zc95Options(),
    "it runs at 500 and 300 when it is met": Zc95Options(strength=(500, 300)),
    "dials at 40": Zc95Options(dials=40),
    "dials at 0": Zc95Options(dials=0),
    "dials at 0, and power is then refused": Zc95Options(dials=0, dial_zero="refuse"),
    "scale mode": Zc95Options(mode="scale", dials=500),
    "defaults again after a reconnect": Zc95Options(keeps=False),
    "isolation may not be changed": Zc95Options(joins=False),
    "isolation is off": Zc95Options(isolated=False),
    "the first writes are refused": Zc95Options(refuse=7),
    "a stop is ignored three times": Zc95Options(strength=(500, 300), stop_ignored=3),
    "slow parameters": Zc95Options(latency_ms=300),
    "the battery falls": Zc95Options(low_battery=30),
    "pads off, which it can't tell": Zc95Options(pads_off=30),
    "another name, load and error code": Zc95Options(name="ZC95b", load_ohm=1000, pulse_code=0x0D, range="low"),
}


def world(
    options: Zc95Options, minutes: float = 20, program: str = "tens-ankle", weather: Weather | None = None
) -> World:
    found = next(one for one in shipped() if one.id == program)
    order = Order(fit(found, FAMILY, minutes), GOAL, pads_on=True)
    twin = KIND.make("28:CD:C1:09:05:01", options, Chance(1), TRACE.of("zc95"))
    TRACE.records.clear()
    made = World(FAMILY, twin, twin.level, order, Limits((family_cap(FAMILY.caps),)), weather)
    made.link()
    return made


TRACE = Trace()


def check(made: World) -> None:
    """No rise by more than a step or before its gap, and zero at the end."""
    for channel in FAMILY.caps.channels:
        assert made.level_of(channel.value) == 0
        assert all(after - before <= FAMILY.caps.step for at_s, before, after in rises(made.seen, channel) if at_s > 1)
    cap = dict.fromkeys("ABCD", 60)
    found = violations(TRACE.records, step=FAMILY.caps.step, gap_s=FAMILY.caps.raise_gap_s, cap=cap, armed_s=None)
    assert not [one for one in found if "unarmed" not in one]


@pytest.mark.control("C-01", "C-02", "C-05")
@pytest.mark.parametrize("way", OPEN)
def test_a_session_completes_at_a_proved_zero_whichever_way_it_is(way: str) -> None:
    options = OPEN[way]
    made = world(options, QUESTION_MINUTES)
    made.run(QUESTION_MINUTES * 60 + 60)
    assert (made.ended.reason, made.ended.stop_confirmed) == (Reason.COMPLETED, True)
    assert made.ended.level_max == {channel: min(level, options.dials) for channel, level in GOAL.items()}
    assert made.ended.duration_s == pytest.approx(QUESTION_MINUTES * 60, abs=1)
    check(made)


@pytest.mark.control("C-08", "C-09", "C-10")
@pytest.mark.parametrize("from_s", [0.0, 0.2, 3.0, 30.0])
def test_a_box_that_takes_nothing_any_more_is_hung_up_on(from_s: float) -> None:
    made = world(Zc95Options(refuse_from=from_s))
    made.run(60)
    assert made.session.state in (State.STOPPING, State.FAULT)
    assert made.session.reason in (Reason.NO_DEVICE, Reason.FAULT)
    assert "refuses" in made.session.why
    assert not made.linked
    assert made.reported is not None
    assert made.reported.zero is Zero.SENT, "hanging up alone proves nothing"
    assert surely_off(made.now_s, FAMILY.caps, made.reported)
    made.session.give_up(made.now(), made.reported)
    assert made.session.stop_confirmed
    assert all(made.level_of(channel) == 0 for channel in "ABCD")
    assert from_s or {level for _, _, level in made.seen.levels} == {0}


@pytest.mark.control("C-26")
def test_a_dial_turned_down_stays_down_and_is_no_hurdle_to_the_end() -> None:
    made = world(Zc95Options(), minutes=2)
    made.run(20)
    made.hand("A-970")
    made.run(5)
    assert made.level_of("A") == 30
    made.hand("A+970")
    made.run(20)
    assert (made.level_of("A"), made.level_of("B")) == (30, 25)
    made.act(lambda now: made.session.level(A, by=5, to=None))
    made.run(5)
    assert made.level_of("A") == 35
    made.run(120)
    assert (made.ended.reason, made.ended.stop_confirmed) == (Reason.COMPLETED, True)
    check(made)


@pytest.mark.control("C-44")
def test_a_pause_is_zero_and_resuming_ramps_from_zero() -> None:
    made = world(Zc95Options(), minutes=2)
    made.run(30)
    made.act(lambda now: made.session.pause(now))
    made.run(0.6)
    assert all(made.level_of(channel) == 0 for channel in "ABCD")
    assert made.reported is not None
    assert made.reported.zero is Zero.CONFIRMED
    made.run(30)
    made.act(lambda now: made.session.resume(now, made.reported))
    made.run(15)
    assert (made.level_of("A"), made.level_of("B")) == (60, 25)
    made.run(140)
    assert made.ended.reason is Reason.COMPLETED
    check(made)


@pytest.mark.control("C-10", "C-11")
def test_a_cut_link_ends_the_session_at_a_zero_that_the_next_link_proves() -> None:
    made = world(Zc95Options())
    made.run(40)
    made.cut()
    assert made.reported is not None
    assert (made.reported.out, made.reported.until_s) == (Out.MAYBE, made.now_s + 6.0)
    assert all(made.level_of(channel) == 0 for channel in "ABCD")
    made.run(3)
    made.link()
    made.run(5)
    assert (made.ended.reason, made.ended.stop_confirmed) == (Reason.LINK_LOST, True)
    check_zeros = [r for r in TRACE.records if r["event"] == "write" and float(str(r["t"])) > 43]
    assert {r["hex"] for r in check_zeros} == {"0000", "00"}
    assert {str(r["endpoint"])[:3] for r in check_zeros} == {"9B3", "9B4"}


def test_width_and_rate_are_told_anew_on_every_link() -> None:
    for keeps in (True, False):
        made = world(Zc95Options(keeps=keeps), minutes=1)
        made.run(3)
        wrote = [(r["endpoint"], r["hex"]) for r in TRACE.records if r["event"] == "write" and r["response"]]
        assert ("9B11", "c8c8") in wrote
        assert ("9B21", "64") in wrote


@pytest.mark.control("C-01", "C-02", "C-05")
@settings(max_examples=lived(12))
@given(
    st.builds(
        Weather,
        lost=st.sampled_from([0.0, 0.5, 1.0]),
        doubled=st.sampled_from([0.0, 0.5]),
        late_s=st.sampled_from([0.0, 2.0]),
        seed=st.integers(0, 1000),
    ),
    st.lists(st.tuples(st.floats(0, 60), st.sampled_from(["A-950", "A+400", "B-990", "B+500"])), max_size=4),
)
def test_lost_doubled_and_late_words_of_the_dials_raise_nothing(
    weather: Weather, hands: list[tuple[float, str]]
) -> None:
    made = world(Zc95Options(), minutes=1, weather=weather)
    for at_s, act in sorted(hands):
        made.run(max(0.0, at_s - made.now_s))
        if made.session.state is not State.ENDED:
            made.hand(act)
    made.run(90)
    assert (made.ended.reason, made.ended.stop_confirmed) == (Reason.COMPLETED, True)
    assert all(made.ended.level_max[channel] <= level for channel, level in GOAL.items())
    check(made)


def of(pulses: list[Pulse], channel: Channel) -> list[Pulse]:
    return [pulse for pulse in pulses if pulse.channel == channel]


def test_two_channels_play_the_program_within_one_per_cent() -> None:
    made = world(Zc95Options(), minutes=2)
    made.run(60)
    pulses = made.twin.pulses(20, 60)
    for channel, power in ((A, 60), (B, 25)):
        own = of(pulses, channel)
        assert len(own) == pytest.approx(4000, rel=0.01)
        assert {(pulse.width_us, pulse.current_ma) for pulse in own} == {(200, power / 10)}
    assert not of(pulses, C) + of(pulses, D)
    ends_us = [round((pulse.at_s * 1e6) + 2 * pulse.width_us) for pulse in pulses]
    begins_us = [round(pulse.at_s * 1e6) for pulse in pulses[1:]]
    assert all(begin_us - end_us >= 150 for end_us, begin_us in zip(ends_us, begins_us, strict=False))


def test_bursts_are_silent_between_trains() -> None:
    made = world(Zc95Options(), minutes=2, program="tens-burst")
    made.run(60)
    own = of(made.twin.pulses(20, 60), A)
    assert len(own) == pytest.approx(40 * 2 * 10, rel=0.01)
    gaps_s = [later.at_s - sooner.at_s for sooner, later in pairwise(own)]
    assert sum(gap_s > 0.3 for gap_s in gaps_s) == pytest.approx(80, abs=1)
    assert {round(gap_s, 3) for gap_s in gaps_s if gap_s < 0.3} == {0.01}
