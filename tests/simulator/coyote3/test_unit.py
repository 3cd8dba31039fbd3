"""The software coyote3 against its fact sheet: strength arithmetic, dropped blocks, limits, wheels, running dry."""

from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.coyote3.packets import BATTERY, IN, OUT
from simulator.coyote3.channel import VOLTS
from simulator.coyote3.unit import Coyote3
from simulator.registry import make, read_line
from simulator.trace import Trace
from simulator.twin import Pulse, WriteRefused

OFF = "0000000000000065"
QUIET = "0a0a0a0a00000000"
PLAYS = "0a0a0a0a64646464"


class Bench:
    """A box with its central attached; bytes go in by `frame` and `send`, what it says comes out as hex."""

    def __init__(self, options: str = "", seed: int = 1, *, listens: bool = True) -> None:
        self.trace = Trace()
        twin = make(read_line(f"coyote3:{options}"), self.trace.of, seed)[0]
        assert isinstance(twin, Coyote3)
        self.twin = twin
        self.now_s = 0.0
        twin.connect(0.0)
        twin.subscribe(0.0, OUT, listens)

    def send(self, text: str, response: bool = False) -> None:
        self.twin.write(self.now_s, IN, bytes.fromhex(text), response)

    def frame(self, order: str, block_a: str = OFF, block_b: str = OFF) -> None:
        self.send(f"b0{order}{block_a}{block_b}")

    def heard(self, seconds: float = 0.1) -> list[str]:
        self.now_s = round(self.now_s + seconds, 6)
        return [said.data.hex() for said in self.twin.advance(self.now_s)]

    def play(self, seconds: float, block_a: str = PLAYS, block_b: str = OFF) -> None:
        for _ in range(round(seconds * 10)):
            self.frame("000000", block_a, block_b)
            self.heard()

    @property
    def levels(self) -> tuple[int, int]:
        return self.twin.level("A"), self.twin.level("B")

    def pulses(self, since_s: float = 0.0) -> list[Pulse]:
        return self.twin.pulses(since_s, self.now_s)

    def told(self, event: str) -> list[Mapping[str, object]]:
        return [record for record in self.trace.records if record["event"] == event]


@pytest.mark.parametrize(
    ("modes", "value_a", "value_b", "before", "after"),
    [
        (0b0000, 5, 8, (10, 10), (10, 10)),  # the document's four cases with both channels
        (0b0100, 5, 8, (10, 10), (15, 10)),
        (0b0010, 5, 8, (10, 10), (10, 2)),
        (0b0011, 5, 8, (10, 10), (10, 8)),
        (0b0100, 195, 0, (10, 0), (200, 0)),  # its four cases at the edges
        (0b1000, 20, 0, (10, 0), (0, 0)),
        (0b0100, 201, 0, (10, 0), (10, 0)),
        (0b1100, 201, 0, (10, 0), (0, 0)),
        (0b1111, 255, 255, (200, 199), (0, 0)),
    ],
)
def test_documented_strength_arithmetic(
    modes: int, value_a: int, value_b: int, before: tuple[int, int], after: tuple[int, int]
) -> None:
    bench = Bench(f"strength={before[0]}/{before[1]}")
    bench.frame(f"{0x10 | modes:02x}{value_a:02x}{value_b:02x}")
    assert bench.levels == after
    assert bench.heard() == ([f"b101{after[0]:02x}{after[1]:02x}"] if modes else [])


def test_documented_conversation() -> None:
    bench = Bench("strength=10/0")
    bench.send("b00405000a0a0a0a000a141e0000000000000065")
    assert (bench.levels, bench.heard()) == ((15, 0), [])
    bench.send("b0140a00283c5064645a5a5a0000000000000065")
    assert (bench.levels, bench.heard()) == ((25, 0), ["b1011900"])
    bench.send("b01f141e0a0a0a0a000000000a0a0a0a00000000")
    assert bench.heard() == ["b101141e"]
    bench.send("b0ff00000a0a0a0a000000000a0a0a0a00000000")
    assert (bench.levels, bench.heard()) == ((0, 0), ["b10f0000"])


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)), max_size=30))
def test_strength_never_leaves_zero_to_limit(orders: list[tuple[int, int, int]]) -> None:
    bench = Bench("limit=150/30,strength=10/10")
    for order, value_a, value_b in orders:
        bench.frame(f"{order:02x}{value_a:02x}{value_b:02x}")
        assert 0 <= bench.twin.level("A") <= 150
        assert 0 <= bench.twin.level("B") <= 30


@pytest.mark.parametrize(
    "spoilt", ["090a0a0a64646464", "0a0af10a64646464", "0a0a0a0a64656464", "0a0a141e00050a65", OFF]
)
def test_one_byte_out_of_range_drops_the_channel_and_nothing_else(spoilt: str) -> None:
    bench = Bench("strength=50/50")
    bench.frame("1f2020", spoilt, PLAYS)
    assert bench.heard() == ["b1012020"], "the strength part still counts"
    assert {pulse.channel for pulse in bench.pulses()} == {"B"}


def test_limits_bind_whoever_changes_the_strength_and_a_bad_one_is_ignored() -> None:
    bench = Bench("strength=100/100")
    bench.send("bf961ea0a00000")
    assert (bench.levels, bench.heard()) == ((100, 30), ["b100641e"])
    bench.frame("1fc8c8")
    assert bench.levels == (150, 30)
    bench.send("bfc9faa0a00000")
    assert (bench.twin.limit("A"), bench.twin.limit("B")) == (150, 30)
    bench.twin.hand(bench.now_s, "A+")
    assert bench.levels == (150, 30)


def test_wheels_tell_each_step_with_number_zero_unless_nothing_changed() -> None:
    bench = Bench("strength=10/0")
    bench.twin.hand(bench.now_s, "A+")
    assert bench.heard() == ["b1000b00"]
    bench.twin.hand(bench.now_s, "B-")
    assert bench.heard() == []
    bench.twin.hand(bench.now_s, "A-3")
    assert bench.heard() == ["b1000a00", "b1000900", "b1000800"]
    with pytest.raises(ValueError, match="A\\*"):
        bench.twin.hand(bench.now_s, "A*")


def test_it_runs_dry_after_a_tenth_of_a_second_and_keeps_its_strength() -> None:
    bench = Bench("strength=40/0")
    bench.frame("000000", PLAYS)
    bench.heard(1.0)
    assert [round(pulse.at_s * 1000) for pulse in bench.pulses()] == list(range(0, 100, 10))
    assert bench.twin.level("A") == 40
    last = bench.told("output")[-1]
    assert (last["t"], last["why"], last["current_ma"]) == (0.1, "starved", 0.0)


def test_a_lost_link_lets_the_last_frame_run_out() -> None:
    bench = Bench("strength=40/0")
    bench.frame("000000", PLAYS)
    bench.heard(0.05)
    bench.twin.disconnect(bench.now_s)
    bench.heard(2.0)
    assert bench.pulses()[-1].at_s == pytest.approx(0.09)


@pytest.mark.parametrize(
    ("code", "period_ms"), [(0x0A, 10), (0x14, 20), (0x64, 100), (0x78, 200), (0xC8, 600), (0xF0, 1000)]
)
@pytest.mark.parametrize("intensity", [16, 40, 100])
def test_a_constant_minute_has_its_rate_width_and_current(code: int, period_ms: int, intensity: int) -> None:
    bench = Bench("strength=64/0")
    bench.play(60.0, f"{code:02x}" * 4 + f"{intensity:02x}" * 4)
    pulses = bench.pulses()
    assert len(pulses) == pytest.approx(60_000 / period_ms, rel=0.01)
    assert {pulse.width_us for pulse in pulses} == {2 + 1.5 * intensity}
    assert {round(pulse.current_ma, 6) for pulse in pulses} == {58.16}
    assert {pulse.first for pulse in pulses} == {-1}


def test_measured_points_and_straight_lines_between() -> None:
    points = {0: 0.0, 32: 16.06, 64: 29.08, 96: 41.71, 128: 49.33, 160: 58.33, 200: 63.96}
    assert {strength: VOLTS[strength] for strength in points} == points
    assert VOLTS[48] == pytest.approx((16.06 + 29.08) / 2)
    assert list(VOLTS) == sorted(VOLTS)


def test_it_refuses_what_the_box_refuses() -> None:
    bench = Bench()
    with pytest.raises(WriteRefused) as kind:
        bench.send("b0" + "00" * 19, response=True)
    with pytest.raises(WriteRefused) as length:
        bench.send("b0" + "00" * 20)
    with pytest.raises(WriteRefused) as read:
        bench.twin.read(0.0, OUT)
    assert [error.value.code for error in (kind, length, read)] == [0x03, 0x0D, 0x02]
    bench.send("b0" + "00" * 18)
    bench.send("bf0000")
    bench.send("77")
    assert [record["event"] for record in bench.trace.records][-2:] == ["write", "ignored"]
    assert len(bench.told("ignored")) == 3
    assert bench.levels == (0, 0)
    assert bench.twin.limit("A") == 200


def test_nobody_is_told_who_does_not_listen() -> None:
    bench = Bench(listens=False)
    bench.frame("1f1414")
    assert bench.heard() == []
    bench.twin.subscribe(bench.now_s, OUT, True)
    assert bench.heard(1.0) == [], "what was said before is lost, not queued"


def test_answers_take_ten_to_forty_milliseconds_and_keep_their_order() -> None:
    bench = Bench()
    delays = set()
    for sequence in range(1, 15):
        bench.frame(f"{sequence << 4 | 0xF:02x}0505")
        delays.add(round(bench.twin.due_s - bench.now_s, 4))
        assert bench.heard() == [f"b1{sequence:02x}0505"]
    assert len(delays) > 5
    assert min(delays) >= 0.010
    assert max(delays) <= 0.040


def test_what_uncertain_options_change() -> None:
    def answers(options: str, *orders: str) -> list[str]:
        bench = Bench(f"strength=10/0,{options}" if options else "strength=10/0")
        out: list[str] = []
        for order in orders:
            bench.frame(order)
            out += bench.heard(0.2)
        return out

    probe = "140000"
    rise = "240400"
    same = "3f0e00"
    idle = "400000"
    assert answers("", probe, rise, same, idle) == ["b1010a00", "b1020e00", "b1030e00"]
    assert answers("ack=changed", probe, rise, same, idle) == ["b1020e00"]
    assert answers("ack=never", probe, rise, same) == []
    assert answers("ack-idle", idle) == ["b1040a00"]
    assert answers("ack_twice", rise) == ["b1020e00"] * 2
    assert answers("ack_drop_n=2", probe, rise, same) == ["b1010a00", "b1030e00"]
    assert answers("ack_late_s=0.3", rise) == []
    assert answers("ack_late_s=0.3", rise, idle) == ["b1020e00"]
    assert answers("b1_on_seq0", "040400") == ["b1000e00"]
    assert len(answers("noise=1", rise)) == 2


def test_options_that_change_the_box_and_not_its_answers() -> None:
    bench = Bench("be_reply")
    bench.send("bfc81ea0a00000")
    assert bench.heard() == ["bec81ea0a00000"]
    bench = Bench("write_also")
    bench.send("b01f0505" + QUIET * 2, response=True)
    assert bench.levels == (5, 5)
    five = "05050505" + "64" * 4
    for options, pulses in (("accept_5_to_9,strength=9/0", 20), ("strength=9/0", 0)):
        bench = Bench(options)
        bench.frame("000000", five)
        bench.heard()
        assert len(bench.pulses()) == pulses
    bench = Bench("repeat_last,strength=9/0")
    bench.frame("000000", PLAYS)
    bench.heard(10.0)
    assert len(bench.pulses()) == 1000
    for word, level in (("keep", 9), ("zero", 0)):
        bench = Bench(f"reconnect={word},strength=9/9")
        bench.twin.disconnect(1.0)
        assert bench.levels == (level, level)
    assert Bench("name=").twin.advert.name == ""
    assert Bench("adv_service").twin.advert.services == (IN.service,)
    assert Bench().twin.advert.services == ()


def test_a_stop_that_is_ignored_is_answered_with_the_truth() -> None:
    bench = Bench("stop_ignored=2,strength=33/0")
    seen = []
    for sequence in (1, 2, 3):
        bench.frame(f"{sequence << 4 | 0xF:02x}0000")
        seen += bench.heard()
    assert seen == ["b1012100", "b1022100", "b1030000"]
    bench.frame("4f0000")
    assert bench.heard() == ["b1040000"]


def test_pads_and_battery_and_switch() -> None:
    bench = Bench("pads_off=0.5,low_battery=0.7,strength=32/0,load_ohm=1000")
    assert bench.twin.read(0.0, BATTERY) == b"\x52"
    bench.play(1.0)
    assert bench.pulses()[-1].at_s < 0.5
    assert {pulse.current_ma for pulse in bench.pulses()} == {16.06}
    assert bench.twin.read(1.0, BATTERY) == b"\x05"
    bench.twin.hand(1.0, "pads-on")
    bench.play(0.5)
    assert len(bench.pulses(1.0)) == 50
    switched = []
    for act in ("power-off", "power-on"):
        bench.twin.hand(bench.now_s, act)
        switched.append(bench.twin.on)
        bench.play(0.2)
    assert switched == [False, True]
    assert bench.pulses(1.5) == []
    assert bench.levels == (0, 0)


def test_hands_by_the_clock_count_from_the_first_connect() -> None:
    bench = Bench("hand=A+5@30;B+@31;A-@40")
    bench.twin.disconnect(10.0)
    bench.twin.connect(20.0)
    bench.twin.advance(29.9)
    assert bench.levels == (0, 0)
    assert bench.twin.due_s == 30.0
    bench.twin.advance(35.0)
    assert bench.levels == (5, 1)
    bench.twin.advance(41.0)
    assert [record["t"] for record in bench.told("hand")] == [30.0, 31.0, 40.0]


def test_output_is_recorded_when_it_changes_markedly_not_for_each_frame() -> None:
    bench = Bench("strength=32/0")
    bench.play(5.0)
    bench.play(0.5, "0a0a0a0a00000000")  # between bursts
    bench.play(5.0, "0a0a0a0a60606060")  # 96 instead of 100: no marked change
    bench.play(2.0, "0a0a0a0a00000000")
    bench.play(1.0, "0a0a0a0a32323232")
    outputs = [(record["intensity"], cast("float", record["current_ma"])) for record in bench.told("output")]
    assert outputs == [(100, 32.12), (0, 0.0), (50, 32.12)]


def test_one_seed_one_log() -> None:
    def text(seed: int) -> str:
        bench = Bench("noise=0.3,hand=A+@1;A-@2", seed)
        for sequence in range(1, 16):
            bench.frame(f"{sequence << 4 | 0xF:02x}0a05", PLAYS)
            bench.heard()
        bench.heard(3.0)
        return bench.trace.text()

    assert text(4) == text(4)
    assert text(4) != text(5)
    assert text(4).startswith('{"t": 0.0, "unit": "coyote3", "event": "connect"')
