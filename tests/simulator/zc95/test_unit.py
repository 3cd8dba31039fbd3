"""The software zc95 against its fact sheet: parameters, errors, dials, link loss, isolation, streams, each option."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.vocabulary import Channel, Endpoint
from protocols.zc95.packets import (
    BATTERY,
    CHANNELS,
    CONTROL_SERVICE,
    DIALS,
    ENABLES,
    ISOLATION,
    MAY_JOIN,
    POWERS,
    PULSES,
    RATES,
    WIDTHS,
)
from simulator.chance import Chance
from simulator.options import BadOption, read_options
from simulator.trace import Trace
from simulator.twin import Pulse, WriteRefused
from simulator.weather import RadioFaults
from simulator.zc95.unit import KIND

A, B, C, D = CHANNELS
RECIPE = ((WIDTHS, "7878"), (RATES, "64"), (POWERS, "F401"), (ENABLES, "01"))


class Bench:
    """A box with its central attached; hex goes in, and what it says comes out as (name, hex)."""

    def __init__(self, options: str = "", seed: int = 1) -> None:
        self.trace = Trace()
        unit = read_options(options, RadioFaults(), KIND.unit)[1]
        self.twin = KIND.make(f"{KIND.address}:01", unit, Chance(seed), self.trace.of("zc95"))
        self.now_s = 0.0
        self.connect()

    def connect(self) -> None:
        self.twin.connect(self.now_s)
        for dial in DIALS.values():
            self.twin.subscribe(self.now_s, dial, True)

    def send(self, endpoint: Endpoint, text: str, *, response: bool = True) -> int:
        """Write, and return the error (0: none)."""
        try:
            self.twin.write(self.now_s, endpoint, bytes.fromhex(text), response)
        except WriteRefused as refused:
            return refused.code
        return 0

    def recipe(self, *channels: Channel) -> "Bench":
        """Play the sheet's example: 100 Hz, 120 µs, 50 %."""
        for channel in channels or (A,):
            assert not any(self.send(table[channel], text) for table, text in RECIPE)
        return self

    def heard(self, seconds: float) -> list[tuple[str, str]]:
        self.now_s = round(self.now_s + seconds, 6)
        return [(said.endpoint.name, said.data.hex()) for said in self.twin.advance(self.now_s)]

    def read(self, endpoint: Endpoint) -> str:
        return self.twin.read(self.now_s, endpoint).hex()

    def told(self, event: str) -> list[Mapping[str, object]]:
        return [record for record in self.trace.records if record["event"] == event]

    def pulses(self, since_s: float, until_s: float, channel: Channel = A) -> list[Pulse]:
        return [pulse for pulse in self.twin.pulses(since_s, until_s) if pulse.channel == channel]


def test_the_recipe_of_the_sheet_gives_a_hundred_pulses_a_second() -> None:
    bench = Bench().recipe()
    bench.heard(60.0)
    pulses = bench.pulses(0.0, 60.0)
    assert len(pulses) == pytest.approx(6000, abs=4)
    assert {(pulse.width_us, pulse.current_ma) for pulse in pulses} == {(120, 50.0)}
    assert bench.twin.level("A") == 500
    assert [bench.twin.level(channel) for channel in (B, C, D)] == [0, 0, 0]


@pytest.mark.parametrize("rate_hz", [1, 2, 60, 75, 150, 255])
def test_any_rate_is_exact(rate_hz: int) -> None:
    bench = Bench().recipe()
    bench.send(RATES[A], f"{rate_hz:02x}")
    bench.heard(50.0)
    assert len(bench.pulses(10.0, 50.0)) == pytest.approx(40 * rate_hz, abs=1, rel=1e-3)


def test_it_begins_silent_at_its_defaults_and_power_or_enable_alone_give_nothing() -> None:
    bench = Bench()
    bench.send(POWERS[A], "F401")
    bench.send(ENABLES[B], "01")
    bench.heard(1.0)
    assert bench.twin.pulses(0.0, 1.0) == []
    assert [bench.twin.level(channel) for channel in CHANNELS] == [0] * 4
    bench.send(ENABLES[A], "01")
    bench.heard(1.0)
    pulses = bench.pulses(1.1, 1.9)
    assert {pulse.width_us for pulse in pulses} == {150}
    assert len(pulses) == pytest.approx(120, abs=1)
    levels = [(record["channel"], record["level"], record["by"]) for record in bench.told("level")]
    assert levels == [("A", 500, "host")]


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (POWERS[A], "E903"),
        (POWERS[A], "F4"),
        (POWERS[B], "000000"),
        (WIDTHS[C], "78"),
        (WIDTHS[C], "787878"),
        (RATES[D], "6400"),
        (RATES[D], ""),
        (ENABLES[A], "02"),
        (ENABLES[A], "0001"),
        (ISOLATION, "02"),
        (ISOLATION, "0000"),
    ],
)
def test_a_wrong_size_or_value_is_error_13_and_changes_nothing(endpoint: Endpoint, text: str) -> None:
    bench = Bench().recipe()
    assert bench.send(endpoint, text) == 0x13
    bench.heard(1.0)
    assert {(pulse.width_us, pulse.current_ma) for pulse in bench.twin.pulses(0.1, 1.0)} == {(120, 50.0)}
    assert bench.told("refused")[-1]["code"] == 0x13


def test_zero_hertz_is_ignored_without_a_word_and_the_top_is_taken() -> None:
    bench = Bench().recipe()
    assert bench.send(RATES[A], "00") == 0
    assert bench.send(POWERS[A], "E803") == 0
    bench.heard(1.0)
    assert len(bench.pulses(0.1, 1.0)) == pytest.approx(90, abs=1)
    assert bench.twin.level("A") == 1000
    assert bench.told("ignored")[0]["why"] == "0 Hz"


def test_kinds_of_write_and_read_that_it_does_not_have() -> None:
    bench = Bench()
    assert bench.send(DIALS[A], "E803") == 0x03
    assert bench.send(PULSES, "0100000001" + "00" * 15) == 0x03
    assert bench.send(ISOLATION, "01", response=False) == 0x03
    assert bench.send(POWERS[A], "E903", response=False) == 0x13, "nobody sees it on the air"
    with pytest.raises(WriteRefused):
        bench.read(POWERS[A])


def test_isolation_follows_its_settings() -> None:
    bench = Bench()
    assert (bench.read(MAY_JOIN), bench.read(ISOLATION)) == ("01", "01")
    assert bench.send(ISOLATION, "00") == 0
    assert bench.read(ISOLATION) == "00"
    fixed = Bench("joins=no")
    assert (fixed.read(MAY_JOIN), fixed.send(ISOLATION, "01"), fixed.send(ISOLATION, "07")) == ("00", 0x03, 0x03)


def test_isolated_channels_never_pulse_at_once_and_others_may() -> None:
    for options, apart in (("", True), ("isolated=no", False)):
        bench = Bench(options).recipe(A, B, C, D)
        bench.heard(10.0)
        pulses = bench.twin.pulses(1.0, 9.0)
        assert len(pulses) == pytest.approx(3200, abs=4)
        gaps_us = [round((later.at_s - sooner.at_s) * 1e6) for sooner, later in pairwise(pulses)]
        assert (min(gaps_us) >= 2 * 120 + 150) is apart
        halves = bench.twin.pulses(1.0, 4.0005) + bench.twin.pulses(4.0005, 9.0)
        assert halves == pulses, "two stretches of time make the whole"


def test_dials_limit_or_scale_and_are_told_every_quarter_of_a_second() -> None:
    bench = Bench("dials=600").recipe()
    assert bench.read(DIALS[A]) == "5802"
    bench.twin.hand(bench.now_s, "A-300")
    assert bench.heard(0.1) == [("9B01", "2c01")]
    bench.twin.hand(bench.now_s, "A-50")
    bench.twin.hand(bench.now_s, "A-50")
    bench.twin.hand(bench.now_s, "D+1")
    assert bench.heard(0.1) == [("9B04", "5902")]
    assert bench.heard(0.1) == [("9B01", "c800")], "only where it stands by then"
    bench.twin.hand(bench.now_s, "A+0")
    assert bench.heard(1.0) == [], "only when it has moved"
    assert bench.twin.level("A") == 500
    assert {pulse.current_ma for pulse in bench.pulses(0.6, 1.2)} == {20.0}
    scaled = Bench("dials=600,mode=scale").recipe()
    scaled.heard(1.0)
    assert {pulse.current_ma for pulse in scaled.pulses(0.1, 1.0)} == {30.0}


def test_a_dial_at_zero_is_silent_or_refuses() -> None:
    silent = Bench("dials=0").recipe()
    silent.heard(1.0)
    assert (silent.twin.pulses(0.0, 1.0), silent.twin.level("A")) == ([], 500)
    refuses = Bench("dials=0,dial_zero=refuse")
    assert (refuses.send(POWERS[A], "0100"), refuses.send(POWERS[A], "0000")) == (0x13, 0)


def test_it_goes_on_without_end_while_nobody_speaks_and_is_off_at_once_without_a_link() -> None:
    bench = Bench().recipe()
    bench.heard(3600.0)
    assert bench.twin.level("A") == 500
    assert len(bench.pulses(3590.0, 3600.0)) == pytest.approx(1000, abs=1)
    bench.twin.disconnect(bench.now_s)
    bench.heard(1.0)
    assert bench.twin.level("A") == 0
    assert bench.twin.pulses(3600.0, 3601.0) == []
    assert bench.told("disconnect")[0]["level"] == {"A": 500, "B": 0, "C": 0, "D": 0}
    assert bench.told("level")[-1]["by"] == "link"
    assert bench.twin.on


@pytest.mark.parametrize(("keeps", "width_us"), [("yes", 120), ("no", 150)])
def test_a_reconnect_is_silent_and_keeps_width_and_rate_or_does_not(keeps: str, width_us: int) -> None:
    bench = Bench(f"keeps={keeps}").recipe()
    bench.twin.disconnect(bench.now_s)
    bench.heard(1.0)
    bench.connect()
    assert bench.twin.level("A") == 0
    bench.send(POWERS[A], "6400")
    bench.send(ENABLES[A], "01")
    bench.heard(1.0)
    assert {pulse.width_us for pulse in bench.pulses(1.1, 2.0)} == {width_us}


def test_one_that_is_met_running_runs_until_it_is_told() -> None:
    bench = Bench("strength=35/40")
    assert [bench.twin.level(channel) for channel in CHANNELS] == [35, 40, 0, 0]
    assert bench.told("connect")[0]["level"] == {"A": 35, "B": 40, "C": 0, "D": 0}
    assert {record["by"] for record in bench.told("level")} == {"before"}
    bench.send(POWERS[A], "0000", response=False)
    bench.send(ENABLES[B], "00", response=False)
    bench.heard(1.0)
    assert bench.twin.pulses(0.1, 1.0) == []


@pytest.mark.parametrize("latency_ms", [0, 20, 300])
def test_a_parameter_is_felt_after_its_latency(latency_ms: int) -> None:
    bench = Bench(f"latency_ms={latency_ms}").recipe()
    bench.heard(2.0)
    bench.send(WIDTHS[A], "C8C8")
    bench.heard(2.0)
    first = next(pulse.at_s for pulse in bench.pulses(0.0, 4.0) if pulse.width_us == 200)
    assert first == pytest.approx(2 + latency_ms / 1000, abs=0.011)


def test_faults_hurt() -> None:
    bench = Bench("stop_ignored=2").recipe()
    levels = []
    for table in (POWERS, ENABLES, POWERS, ENABLES):
        assert bench.send(table[A], "0000" if table is POWERS else "00") == 0
        levels.append(bench.twin.level("A"))
    assert levels == [500, 500, 0, 0]
    bench = Bench("refuse=2")
    assert [bench.send(POWERS[A], "0000") for _ in range(3)] == [0x0E, 0x0E, 0]
    bench = Bench("refuse_from=5").recipe()
    bench.heard(5.0)
    assert (bench.send(POWERS[A], "0000"), bench.send(POWERS[A], "0000", response=False)) == (0x0E, 0x0E)
    assert bench.twin.level("A") == 500
    bench = Bench("pads_off=5,low_battery=5,hand=power-off@7").recipe()
    bench.heard(6.0)
    assert (bench.read(BATTERY), bench.pulses(5.1, 6.0), bench.twin.level("A")) == ("05", [], 500)
    bench.heard(2.0)
    assert (bench.twin.on, bench.twin.level("A")) == (False, 0)
    medium = Bench("range=medium").recipe()
    medium.heard(1.0)
    assert medium.pulses(0.1, 1.0)[0].current_ma == pytest.approx(33.333)


def message(command: int, mask: int, time_us: int, amplitude: int = 500) -> str:
    return (
        f"{command:02x}7878{mask:02x}"
        + time_us.to_bytes(8, "little").hex()
        + amplitude.to_bytes(2, "little").hex()
        + "0000"
    )


def packet(*messages: str, counter: int = 0) -> str:
    return f"{len(messages):02x}{counter:02x}0000" + "".join(messages)


def test_streamed_pulses_come_when_they_are_due_and_never_late() -> None:
    bench = Bench("isolated=no")
    late = message(2, 3, 0)
    far = message(2, 3, 2_000_000)
    before = message(2, 3, 10_000)
    bench.send(PULSES, packet(before), response=False)
    bench.send(PULSES, packet(message(1, 0, 0), message(2, 0x03, 75_000), message(2, 0xC0, 80_000)), response=False)
    bench.heard(0.01)
    bench.send(PULSES, packet(late, far), response=False)
    bench.heard(1.0)
    came = [(round(pulse.at_s, 6), pulse.channel, pulse.current_ma) for pulse in bench.twin.pulses(0.0, 1.0)]
    assert came == [(0.075, "A", 50.0), (0.08, "D", 50.0)]
    assert [record["why"] for record in bench.told("ignored")] == [
        "a pulse before any start",
        "a pulse of the past",
        "a pulse more than 1 s ahead",
    ]


def test_at_most_fifty_streamed_pulses_wait_and_a_lost_link_forgets_them() -> None:
    bench = Bench()
    bench.send(PULSES, packet(message(1, 0, 0)), response=False)
    for start in range(0, 60, 10):
        many = [message(2, 3, 100_000 + 10_000 * (start + index)) for index in range(10)]
        bench.send(PULSES, packet(*many), response=False)
    assert len(bench.told("ignored")) == 10
    bench.heard(0.3)
    bench.twin.disconnect(bench.now_s)
    bench.heard(1.0)
    assert len(bench.twin.pulses(0.0, 1.3)) == 20
    assert bench.send(PULSES, packet(message(2, 3, 0)) + "00", response=False) == 0x13
    assert Bench("pulse_code=13").send(PULSES, "01", response=False) == 13


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([table[channel] for table in (WIDTHS, RATES, POWERS, ENABLES) for channel in CHANNELS]),
            st.binary(max_size=3),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_whatever_is_written_levels_stay_on_the_scale_and_a_lost_link_is_silence(
    writes: list[tuple[Endpoint, bytes, bool]],
) -> None:
    bench = Bench("dials=700")
    for endpoint, data, response in writes:
        assert bench.send(endpoint, data.hex(), response=response) in (0, 0x13)
        bench.heard(0.05)
        assert all(0 <= bench.twin.level(channel) <= 1000 for channel in CHANNELS)
    assert all(pulse.current_ma <= 70.0 and pulse.width_us <= 255 for pulse in bench.twin.pulses(0.0, bench.now_s))
    bench.twin.disconnect(bench.now_s)
    bench.heard(0.5)
    assert bench.twin.pulses(bench.now_s - 0.5, bench.now_s) == []


def test_one_seed_one_log_and_the_advert_names_its_service() -> None:
    def text() -> str:
        bench = Bench("hand=A-50@1;B-3@1.1;pads-off@2").recipe(A, B)
        for _ in range(40):
            bench.heard(0.1)
        return bench.trace.text()

    assert text() == text()
    assert Bench("name=").twin.advert.name == ""
    assert Bench().twin.advert.services[0] == CONTROL_SERVICE
    with pytest.raises(BadOption, match="1000"):
        Bench("dials=1001")
    with pytest.raises(ValueError, match="E"):
        Bench().twin.hand(0.0, "E+")


def test_a_box_that_hears_nothing_of_the_end_of_its_link_goes_on_until_it_notices() -> None:
    bench = Bench("notice=4").recipe()
    bench.heard(1.0)
    bench.twin.disconnect(1.0)
    assert bench.twin.due_s == 5.0
    bench.heard(3.9)
    assert bench.twin.level("A") == 500
    bench.heard(0.1)
    assert bench.twin.level("A") == 0
    assert bench.pulses(4.0, 5.0)
    bench.heard(1.0)
    assert not bench.pulses(5.1, 6.0)
    again = Bench("notice=4").recipe()
    again.twin.disconnect(1.0)
    again.now_s = 2.0
    again.connect()
    assert again.twin.level("A") == 0, "a new link is noticed at once"
    assert again.recipe().twin.level("A") == 500
    again.heard(5.0)
    assert again.twin.level("A") == 500, "and the end of the old one is past"
