"""Plays the yokonex driver with its twin over a bad air: proof, slope, texture, stops, contact, hands, lost links."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.layout import Direction, pick
from protocols.score import Burst, Envelope, Part, Score, Steady, Sweep
from protocols.vocabulary import (
    FRESH_MAX_S,
    AirError,
    Channel,
    Contact,
    Ended,
    Hand,
    Level,
    Mode,
    Out,
    Refused,
    Span,
    Wanted,
    Write,
    Zero,
)
from protocols.yokonex.family import FAMILY
from protocols.yokonex.level import LATE_S
from protocols.yokonex.packets import CAPS, IN, LAYOUTS, OUT, STOP_V1, V1, V2
from tests.effort import lived
from tests.protocols.kins import asked_of_yokonex, yokonex
from tests.protocols.world import Air, World

A = Channel.A
B = Channel.B
STEADY = yokonex().score

BAD_AIR = {
    "fair": Air(),
    "a third lost": Air(lost=0.33, seed=3),
    "all doubled": Air(doubled=1.0),
    "a second late": Air(behind_s=1.0),
    "two seconds late": Air(behind_s=2.0),
    "all of it": Air(lost=0.2, doubled=0.3, behind_s=0.8, seed=5),
}


def raised(loop: World, channel: Channel) -> list[tuple[float, int]]:
    """Return (time, by how much) for each rise that the host made while it played."""
    return [(at_s, after - before) for at_s, before, after in loop.rises(channel.value)]


def orders(loop: World) -> list[tuple[float, str]]:
    """Return all that was written and is no question."""
    return [(at_s, op.data.hex()) for at_s, op in loop.writes if op.data[1] != 0x71]


def by_hand(loop: World, act: str, follow: Callable[[], object]) -> None:
    """Let a hand act, and follow it as soon as the driver tells of it, as a session does; then live for 1 s."""
    told = len(loop.events)
    loop.hand(act)
    loop.run(1, lambda _: len(loop.events) > told)
    follow()
    loop.run(1)


@pytest.mark.parametrize("profile", [V1, V2])
@pytest.mark.parametrize("air", BAD_AIR.values(), ids=BAD_AIR.keys())
def test_it_is_ready_climbs_in_steps_and_stops_proved(air: Air, profile: str) -> None:
    loop = World(yokonex(profile), f"version={profile}", air, profile=profile).ready()
    proof = raised(loop, A) + raised(loop, B)
    assert {by for _, by in proof} == {1}
    loop.play(23, 11)
    # a report that comes later than that is no word to raise on: a hand may have turned the unit down since
    climbs = air.behind_s < FRESH_MAX_S
    assert (loop.twin.level("A"), loop.twin.level("B")) == ((23, 11) if climbs else (0, 0))
    for channel in (A, B):
        played = [rise for rise in raised(loop, channel) if rise not in proof]
        assert all(by <= CAPS.step for _, by in played)
        assert all(after - before >= CAPS.raise_gap_s for (before, _), (after, _) in pairwise(played))
    assert loop.stop() < CAPS.stop_s
    assert (loop.twin.level("A"), loop.twin.level("B")) == (0, 0)
    assert loop.reported.zero is Zero.CONFIRMED
    assert not loop.events


def test_on_a_fair_air_it_is_ready_and_stopped_within_a_third_of_a_second() -> None:
    loop = World(yokonex())
    loop.ready()
    assert loop.now_s < 0.35
    loop.play(5)
    assert loop.stop() < 0.25


@pytest.mark.parametrize("options", ["", "errors=no", "range_check", "length_check=no", "length_check=no,errors=no"])
@pytest.mark.parametrize(("speaks", "chosen"), [(V2, V1), (V1, V2)])
def test_the_wrong_version_is_refused_before_anything_is_felt(speaks: str, chosen: str, options: str) -> None:
    """Whatever the other protocol makes of our frames, it is intensity 1 at the most, and the proof fails."""
    loop = World(yokonex(chosen), f"version={speaks},{options}".rstrip(","), profile=chosen)
    loop.run(8)
    refused = [event for event in loop.events if isinstance(event, Refused)]
    assert len(refused) == 1
    assert f"does not answer as protocol {chosen}" in refused[0].why
    assert f"profile {speaks}" in refused[0].why
    assert not loop.reported.ready
    assert loop.reported.trouble == refused[0].why
    assert loop.reported.zero is Zero.CONFIRMED
    loop.play(20, 20, seconds=10)
    assert (loop.twin.level("A"), loop.twin.level("B")) == (0, 0)
    assert max([0, *(int(str(r["level"])) for r in loop.trace.records if r["event"] == "level")]) <= 1


def test_why_the_proof_is_for_both_channels() -> None:
    """V1.6's "B on at 1" is 256 of 276 to a unit of V2.0 that doesn't count bytes; "both on at 1" is 1."""
    for frame, level in (("3511020100011101005c", 256), ("3511030100011101005d", 1)):
        loop = World(yokonex(), "version=V2.0,length_check=no")
        loop.twin.write(0.0, IN, bytes.fromhex(frame), False)
        assert loop.twin.level("A") == level


@pytest.mark.parametrize("options", ["pads=A,bare=off", "both=no"])
def test_a_unit_that_does_not_switch_b_on_is_refused_with_a_hint(options: str) -> None:
    loop = World(yokonex(), options)
    loop.run(8)
    assert [type(event) for event in loop.events] == [Refused]
    assert not loop.reported.ready
    assert ("pads on channel B" in loop.reported.trouble) == ("pads" in options)


@pytest.mark.parametrize("profile", [V1, V2])
def test_a_unit_left_running_is_zeroed_and_proved_before_anything_plays(profile: str) -> None:
    loop = World(yokonex(profile), f"version={profile},strength=120/276,stop_ignored=3", profile=profile)
    loop.mode = Mode.PLAY
    loop.wish = {A: 3, B: 3}
    loop.run(10, lambda now: now.level[B].lo == 3)
    levels = [(r["channel"], r["level"]) for r in loop.trace.records if r["event"] == "level" and r["by"] == "host"]
    assert levels[:2] in ([("A", 0), ("B", 0)], [("B", 0), ("A", 0)])
    assert loop.twin.level("B") == 3


def test_a_unit_that_never_answers_is_never_switched_on() -> None:
    loop = World(yokonex(), air=Air(lost=1.0))
    loop.run(15)
    loop.play(20, seconds=15)
    forms = LAYOUTS[Direction.TO_DEVICE][IN.name]
    assert orders(loop)
    assert all(pick(forms, bytes.fromhex(data))[1].on == 0 for _, data in orders(loop))
    assert loop.reported.level[A] == Span(0, 276)
    assert loop.driver.lost(loop.now_s).out is Out.MAYBE


def test_watching_writes_questions_only() -> None:
    loop = World(yokonex(), "strength=40/0")
    loop.mode = Mode.WATCH
    loop.run(30)
    assert orders(loop) == []
    assert loop.reported.level[A] == Span(40, 40)
    assert loop.reported.out is Out.ON
    assert loop.driver.lost(loop.now_s).until_s == float("inf")


@pytest.mark.control("C-11")
def test_a_lost_link_counts_as_on_for_ever_unless_zero_is_proved() -> None:
    loop = World(yokonex()).ready()
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero, last.until_s) == (Out.OFF, Zero.CONFIRMED, loop.now_s)
    loop.play(7)
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero, last.until_s, last.level[A]) == (Out.MAYBE, Zero.NO, float("inf"), Span(7, 7))
    loop.mode = Mode.OFF
    loop.run(0.001)
    assert (loop.driver.lost(loop.now_s).out, loop.driver.lost(loop.now_s).zero) == (Out.MAYBE, Zero.SENT)


@settings(max_examples=lived(25))
@given(
    st.floats(0.0, 14.0),
    st.sampled_from([V1, V2]),
    st.integers(0, 3),
    st.builds(
        Air,
        lost=st.sampled_from([0.0, 0.3]),
        doubled=st.sampled_from([0.0, 0.5]),
        behind_s=st.sampled_from([0.0, 0.6, 2.0]),
    ),
)
def test_a_stop_from_any_moment_is_proved_and_never_falsely(at_s: float, profile: str, ignored: int, air: Air) -> None:
    loop = World(yokonex(profile), f"version={profile}", air, profile=profile)
    loop.run(12, lambda now: now.ready)
    loop.mode = Mode.PLAY
    loop.wish = {A: 30, B: 12}
    loop.run(at_s)
    loop.twin._ignored = -ignored  # so many stops have no effect
    loop.stop(20.0)
    assert loop.reported.zero is Zero.CONFIRMED
    assert (loop.twin.level("A"), loop.twin.level("B")) == (0, 0)


@settings(max_examples=lived(15))
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.floats(0.05, 4.0)), min_size=1, max_size=8),
    st.sampled_from([V1, V2]),
    st.sampled_from([0.0, 0.2, 0.5]),
    st.sampled_from([0.0, 0.4, 1.5]),
    st.integers(0, 99),
)
def test_the_level_never_passes_what_is_granted(
    wishes: list[tuple[int, int, float]], profile: str, lost: float, late_s: float, seed: int
) -> None:
    loop = World(
        yokonex(profile), f"version={profile}", Air(lost=lost, doubled=0.3, behind_s=late_s, seed=seed), profile=profile
    )
    loop.run(12, lambda now: now.ready)
    loop.mode = Mode.PLAY
    for a, b, seconds in wishes:
        loop.wish = {A: a, B: b}
        loop.run(seconds)
    assert not [event for event in loop.events if isinstance(event, Hand | Ended | Contact)]
    for channel in (A, B):
        span = loop.reported.level[channel]
        assert span.lo <= loop.twin.level(channel.value) <= span.hi
        assert all(by <= CAPS.step for _, by in raised(loop, channel))


@pytest.mark.parametrize("profile", [V1, V2])
@pytest.mark.parametrize(
    "part",
    [
        Part("burst", 0, 60, Steady(100), Steady(80), Burst(0.1, 0.4)),
        Part("sweep", 0, 60, Sweep(2, 90, 8.0), Steady(80)),
        Part("contraction", 0, 60, Steady(50), Steady(90), None, Envelope(2.0, 6.0, 2.0, 10.0)),
        Part("fade", 0, 60, Steady(50), Steady(90), fade_us=20.0),
    ],
    ids=lambda part: part.title,
)
def test_texture_goes_out_at_most_each_100_ms_and_only_where_it_changes(part: Part, profile: str) -> None:
    loop = World(yokonex(profile), f"version={profile}", profile=profile, score=Score((part,))).ready().play(5)
    loop.run(0.5)
    loop.ops.clear()
    loop.run(20)
    ordered = orders(loop)
    assert all(after - before > 0.0998 for (before, _), (after, _) in pairwise(ordered))
    changed = [data for (_, before), (_, data) in pairwise(ordered) if data != before]
    refreshed = 20 / 5 + 1
    assert len(ordered) - len(changed) <= refreshed
    assert {asked_of_yokonex(bytes.fromhex(data), profile)[A] for _, data in ordered} == {5}


def test_a_program_of_its_own_is_told_once_and_only_its_level_follows() -> None:
    loop = World(yokonex(), score=Score(STEADY.parts, number=7)).ready().play(9)
    loop.ops.clear()
    loop.run(60)
    assert orders(loop) == []
    loop.play(4)
    assert [data for _, data in orders(loop)] == ["351101010004070000" + "53"]


def test_pads_that_come_off_are_told_once_and_found_again() -> None:
    loop = World(yokonex()).ready().play(9)
    loop.hand("pads-off")
    loop.run(5)
    assert loop.events == [Contact(A, False)]
    loop.hand("pads-on")
    loop.run(5)
    assert loop.events == [Contact(A, False), Contact(A, True)]


def test_pads_that_never_were_on_a_channel_matter_only_if_it_is_used() -> None:
    assert World(yokonex(), "pads=A").ready().play(9, 0).events == []
    assert World(yokonex(), "pads=A").ready().play(9, 3).events == [Contact(B, False)]
    assert World(yokonex(), "pads=none").ready().play(9).events == [Contact(A, False)]


def test_hands_are_told_and_a_rise_is_told_as_it_is() -> None:
    loop = World(yokonex()).ready().play(9, 4)
    loop.run(3)
    by_hand(loop, "A-3", lambda: loop.wish.update({A: 6}))
    assert (loop.events, loop.twin.level("A")) == ([Hand(A, Level(6), rose=False)], 6)
    by_hand(loop, "B-4", lambda: loop.wish.update({B: 0}))
    assert loop.events[1:] == [Hand(B, Level(0), rose=False)]
    loop.hand("A+40")
    assert loop.run(1, lambda now: now.level[A].hi == 46) < 1
    loop.run(1)
    assert loop.twin.level("A") == 6, "it is brought back to what is wanted"
    assert len(loop.events) == 2
    by_hand(loop, "A-99", lambda: loop.wish.update({A: 0}))
    assert isinstance(loop.events[-1], Ended)


def test_an_order_that_a_stop_has_overtaken_is_stopped_again() -> None:
    driver = World(yokonex()).ready().driver
    now_s = 5.0
    levels = {A: CAPS.first, B: CAPS.first}
    driver.want(now_s, Wanted(Mode.PLAY, levels, {}, STEADY, 0.0, 1800.0))
    order = driver.poll(now_s)
    assert [op.tag for op in order]
    driver.want(now_s, Wanted(Mode.OFF))
    stop = driver.poll(now_s)
    driver.done(now_s, stop[0].tag, b"", None)
    for channel in (1, 2):
        body = bytes((0x35, 0x71, channel, 2, 0, 0, 0, 0))
        driver.receive(now_s + LATE_S + 0.1, OUT, body + bytes((sum(body) & 0xFF,)))
    driver.done(now_s + LATE_S + 0.2, order[0].tag, b"", None)
    again = driver.poll(now_s + LATE_S + 0.2)
    assert [isinstance(op, Write) and op.data for op in (again[0], stop[0])] == [STOP_V1] * 2
    assert driver.reported(now_s + LATE_S + 0.2).zero is Zero.SENT


def test_writes_that_fail_are_counted_and_leave_the_level_open() -> None:
    driver = World(yokonex()).ready().driver
    driver.want(5.0, Wanted(Mode.PLAY, {A: CAPS.first, B: CAPS.first}, {}, STEADY, 0.0, 1800.0))
    for op in driver.poll(5.0):
        driver.done(5.0, op.tag, b"", AirError("no answer within 2 s"))
    assert driver.reported(5.0).level[A] == Span(0, 1)
    assert driver.reported(5.0).counts["errors"] == 1


@settings(max_examples=lived(100))
@given(st.lists(st.tuples(st.binary(max_size=14), st.floats(0.0, 1.0), st.booleans()), max_size=30))
def test_noise_raises_nothing_and_proves_nothing(noise: list[tuple[bytes, float, bool]]) -> None:
    driver = FAMILY.connect(0.0, "")
    driver.want(0.0, Wanted(Mode.OFF))
    now_s = 0.0
    told = set()
    for data, gap_s, framed in noise:
        now_s += gap_s
        packet = b"\x35\x71" + data if framed else data
        packet = packet + bytes((sum(packet) & 0xFF,)) if framed else packet
        if len(packet) == 9 and framed and data[2:3] == b"\x00":
            told.add(data[0])
        driver.receive(now_s, OUT, packet)
        driver.poll(now_s)
        assert driver.due_s > now_s
        if driver.reported(now_s).zero is Zero.CONFIRMED:
            assert told >= {1, 2}
