"""Checks the words of coyote2, the train of its waves, and that noise moves no belief of its driver."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.coyote2.family import FAMILY, match
from protocols.coyote2.packets import (
    CAPS,
    CONFIG_WORD,
    SILENCE,
    STRENGTH_WORD,
    WAVE_WORD,
    period_ms,
    rate_played,
    width_played,
    z_for,
)
from protocols.coyote2.wave import Feed
from protocols.layout import Direction, Form, pick
from protocols.score import Alternate, Burst, Envelope, Part, Score, Steady, Sweep, texture
from protocols.vocabulary import (
    Advert,
    BadPacket,
    Channel,
    Hand,
    Match,
)
from tests.packets import golden
from tests.protocols.conversation import Talk

GOLDEN = golden("coyote2")
A = Channel.A
B = Channel.B
WORDS: dict[str, Form] = {form.name: form for form in (STRENGTH_WORD, WAVE_WORD, CONFIG_WORD)}


def forms(entry: dict[str, Any]) -> tuple[Form, ...]:
    return FAMILY.layouts[Direction(entry["direction"])][entry["endpoint"]]


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_cut_or_lengthened_packets_are_never_taken_for_the_whole(entry: dict[str, Any]) -> None:
    data = bytes.fromhex(entry["hex"])
    for other in (*(data[:length] for length in range(len(data))), data + b"\x00"):
        with pytest.raises(BadPacket):
            pick(forms(entry), other)


@pytest.mark.control("C-34")
@given(st.sampled_from(Direction), st.binary(max_size=6))
def test_random_bytes_are_bad_or_build_back(direction: Direction, data: bytes) -> None:
    for table in FAMILY.layouts[direction].values():
        try:
            form, packet = pick(table, data)
        except BadPacket:
            continue
        assert form.build(packet) == data


@pytest.mark.parametrize("name", WORDS)
@given(st.binary(min_size=3, max_size=3))
def test_the_low_bits_of_a_word_are_all_good(name: str, data: bytes) -> None:
    data = data[:2] + bytes((data[2] & 0x0F,))
    assert WORDS[name].build(WORDS[name].parse(data)) == data


def test_a_word_is_the_arithmetic_of_the_document() -> None:
    for a, b in ((0, 0), (70, 140), (1, 2), (2047, 2047), (2000, 7)):
        told = STRENGTH_WORD.parse((a << 11 | b).to_bytes(3, "little"))
        assert (told.a, told.b) == (a, b)
    for x, y, z in ((1, 9, 20), (31, 1023, 31), (5, 95, 4)):
        wave = WAVE_WORD.parse((z << 15 | y << 5 | x).to_bytes(3, "little"))
        assert (wave.x, wave.y, wave.z) == (x, y, z)


@given(st.floats(1, 100))
def test_a_rate_is_never_faster_and_a_period_whole(rate_hz: float) -> None:
    assert rate_played(rate_hz) <= rate_hz + 1e-6
    assert 10 <= period_ms(rate_hz) <= 1000
    assert rate_played(rate_played(rate_hz)) == rate_played(rate_hz)
    assert 1000 / rate_hz > period_ms(rate_hz) - 1 - 1e-6


@given(st.floats(0, 1000))
def test_a_pulse_is_never_wider_and_at_most_what_the_makers_apps_use(width_us: float) -> None:
    assert width_played(width_us) <= max(0.0, width_us) + 1e-6
    assert 0 <= z_for(width_us) <= 20
    assert width_played(width_played(width_us)) == width_played(width_us)


@pytest.mark.control("C-24")
def test_neighbours_are_not_taken_for_a_coyote() -> None:
    names = {"D-LAB ESTIM01": Match.YES, "D-LAB": Match.YES}
    names |= dict.fromkeys(("", "47L121000", "OTHER ESTIM01", "LT1102S", "D-LIGHT", "ESTIM01"), Match.NO)
    assert {name: match(Advert("x", name)) for name in names} == names


# The train of waves


def train(part: Part, until_s: float, *, end_s: float = 1e9, jumps: tuple[float, ...] = ()) -> list[tuple[float, int]]:
    """Return (time, period in the word; 0: silence) of what a feed writes from 0 s on; at `jumps` it is called late."""
    feed = Feed()
    score = Score((part,))
    out = list[tuple[float, int]]()
    now_s = 0.0
    feed.begin(0.0, 0.0)
    while now_s < until_s:
        word = feed.take(now_s, score, end_s)
        if word is not None:
            wave = WAVE_WORD.parse(word)
            assert (wave.x == 1) == (word != SILENCE)
            out.append((round(now_s, 6), 0 if word == SILENCE else wave.x + wave.y))
        assert feed.due_s > now_s
        now_s = feed.due_s + (0.3 if any(now_s < jump <= feed.due_s for jump in jumps) else 0.0)
    return out


def steady(rate_hz: float, **more: Any) -> Part:
    return Part("all", 0, 60, Steady(rate_hz), Steady(100), **more)


@given(st.floats(1, 100))
def test_a_word_follows_after_whole_periods_and_never_within_100_ms(rate_hz: float) -> None:
    period = period_ms(rate_hz)
    words = train(steady(rate_hz), 3.0)
    gap_ms = {round((after - before) * 1000) for (before, _), (after, _) in pairwise(words)}
    assert gap_ms == {period * -(-100 // period)}
    assert {told for _, told in words} == {period if period <= 100 else min(period, 120)}
    # a box that begins each word with a pulse: as many within the 100 ms as there are periods
    assert all(-(-100 // told) == (1 if period > 100 else -(-100 // period)) for _, told in words)


def test_bursts_rests_and_ends_are_cut_to_the_moment() -> None:
    assert train(steady(100, burst=Burst(0.1, 0.4)), 1.0) == [(0.0, 10), (0.5, 10)]
    assert train(steady(80, burst=Burst(0.2, 0.3)), 0.6)[:4] == [(0.0, 13), (0.104, 13), (0.2, 0), (0.5, 13)]
    assert train(steady(100), 1.0, end_s=0.25) == [(0.0, 10), (0.1, 10)]
    contraction = steady(50, envelope=Envelope(1, 2, 1, 3))
    words = train(contraction, 7.0)
    assert words[0][0] >= 0.05, "below 5 µs there is no pulse"
    assert words[-1][0] <= 4.0, "the rest is silent"


@pytest.mark.parametrize(
    "rate",
    [
        Sweep(2, 12, 3.0),
        Sweep(50, 100, 2.0),
        Sweep(100, 2, 12.0),
        Alternate(((2, 3), (100, 3))),
        Alternate(((40, 2), (6, 3))),
    ],
)
def test_what_moves_has_as_many_pulses_as_it_should(rate: Sweep | Alternate) -> None:
    part = Part("all", 0, 60, rate, Steady(100))
    score = Score((part,))
    words = train(part, 30.0)
    pulses = sum(1 if told > 100 else -(-100 // told) for _, told in words)
    meant = sum(rate_played(texture(score, at / 200).rate_hz) / 200 for at in range(30 * 200))
    assert pulses == pytest.approx(meant, rel=0.02, abs=2)
    assert min(after - before for (before, _), (after, _) in pairwise(words)) >= 0.0999


def test_what_was_missed_is_never_caught_up() -> None:
    words = train(steady(100), 2.0, jumps=(1.0,))
    gaps = [round(after - before, 6) for (before, _), (after, _) in pairwise(words)]
    assert sorted(set(gaps)) == [0.1, 0.4]
    assert gaps.count(0.4) == 1
    feed = Feed()
    feed.begin(0.0, 0.0)
    feed.take(5.0, Score((steady(100),)), 60.0)
    assert feed.late == 1


# Noise


@pytest.mark.control("C-34")
@settings(max_examples=200)
@given(st.lists(st.binary(max_size=5), min_size=1, max_size=20), st.integers(0, 2**16))
def test_noise_moves_no_belief_but_by_a_reading(noise: list[bytes], seed: int) -> None:
    """Notifications may widen what a channel may be at; none proves anything, and none is taken for a raise of ours."""
    talk = Talk("coyote2", {"begin": True})
    luck = Random(seed)
    talk.take({"at": 10.0, "want": "play", "level": [40, 0]})
    talk.take({"at": 10.03, "reply": ["1504=000000"]})
    talk.take({"at": 10.1, "reply": ["1504=004001"]})
    now_s = 10.1
    for data in noise:
        now_s += luck.uniform(0.001, 0.02)
        endpoint = luck.choice(FAMILY.endpoints)
        before = talk.driver.reported(now_s)
        events = talk.driver.receive(now_s, endpoint, data)
        after = talk.driver.reported(now_s)
        assert after.told_s == before.told_s
        for channel in (A, B):
            assert after.level[channel].lo <= before.level[channel].lo
            assert after.level[channel].hi >= before.level[channel].hi
            assert after.level[channel].hi <= 2047
        assert not any(isinstance(event, Hand) and event.rose for event in events)
        assert after.zero is before.zero
    assert talk.driver.caps == CAPS
