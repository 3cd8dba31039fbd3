"""The output stage: pulses by the measured rules, whatever the pieces in which its time goes by."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.output import ENDLESS_MS, KEPT_MS, Run, Skin, Stage, tick_at

RUNS = st.lists(
    st.builds(Run, st.integers(1, 200), st.integers(5, 300), st.sampled_from([0.0, 32.0, 152.0])),
    min_size=1,
    max_size=8,
).map(tuple)


def ticked(runs: tuple[Run, ...], again: bool, until: int) -> list[tuple[int, float]]:
    """Return (tick, width) of all pulses by asking on every tick: the rule as it is written, and nothing clever."""
    slots = [run for run in runs for _ in range(run.length_ms)]
    out = []
    last = -ENDLESS_MS
    for tick in range(until):
        if not again and tick >= len(slots):
            break
        run = slots[tick % len(slots)]
        if run.width_us and tick - last >= run.period_ms:
            last = tick
            out.append((tick, run.width_us))
    return out


@given(RUNS, st.booleans(), st.lists(st.integers(0, 1200), max_size=8))
def test_pieces_of_time_make_the_pulses_of_the_plain_rule(runs: tuple[Run, ...], again: bool, stops: list[int]) -> None:
    stage = Stage("A")
    stage.strength(0, 10.0)
    stage.play(0, runs, again=again)
    for tick in [*sorted(stops), 1200]:
        stage.live(tick)
    made = [(round(pulse.at_s * 1000), pulse.width_us) for pulse in stage.pulses(0.0, 1.2)]
    assert made == ticked(runs, again, 1200)


@given(RUNS, st.integers(0, 900), st.integers(0, 300))
def test_a_window_is_a_part_of_the_whole(runs: tuple[Run, ...], since: int, length: int) -> None:
    stage = Stage("A")
    stage.strength(0, 10.0)
    stage.play(0, runs, again=True)
    stage.live(1200)
    whole = list(stage.pulses(0.0, 1.2))
    window = list(stage.pulses(since / 1000, (since + length) / 1000))
    assert window == [pulse for pulse in whole if since <= round(pulse.at_s * 1000) < since + length]


def test_a_pulse_comes_at_once_after_silence_and_then_by_its_period() -> None:
    stage = Stage("B")
    stage.strength(0, 5.0)
    stage.play(0, (Run(50, 20, 32.0), Run(33, 20, 0.0), Run(50, 20, 32.0)))
    stage.live(200)
    assert [round(pulse.at_s * 1000) for pulse in stage.pulses(0, 0.2)] == [0, 20, 40, 83, 103, 123]
    assert {(pulse.channel, pulse.first) for pulse in stage.pulses(0, 0.2)} == {("B", -1)}


def test_without_strength_nothing_comes_and_a_change_counts_from_its_tick() -> None:
    stage = Stage("A")
    stage.play(0, (Run(ENDLESS_MS, 10, 100.0),))
    stage.live(100)
    assert list(stage.pulses(0, 0.1)) == []
    stage.strength(100, 16.0)
    stage.strength(150, 32.0)
    stage.live(200)
    assert [pulse.current_ma for pulse in stage.pulses(0, 0.2)] == [16.0] * 5 + [32.0] * 5


def test_the_last_minute_is_kept_and_memory_stays_bounded() -> None:
    stage = Stage("A")
    stage.strength(0, 10.0)
    for frame in range(12_000):
        stage.play(frame * 100, (Run(25, 10, 32.0), Run(75, 10, 62.0 + frame % 7)))
    stage.live(1_200_000)
    assert len(list(stage.pulses(1140.0, 1200.0))) == KEPT_MS // 10
    assert len(stage._past) < 1300


def test_ticks_round_up_and_forgive_the_dust_of_floats() -> None:
    assert [tick_at(at_s) for at_s in (0.0, 0.1, 0.1 + 0.2, 0.0101, 7 * 0.1)] == [0, 100, 300, 11, 700]


def test_skin_is_a_resistance_or_nothing() -> None:
    assert Skin().current_ma(16.06) == 32.12
    assert Skin(1000.0).current_ma(16.0) == 16.0
    assert Skin(pads_on=False).current_ma(60.0) == 0.0
