"""The software em70 against its fact sheet: captured frames, levels, its own timer, keys, and each open question."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.em70.packets import BATTERY, CHARGE, CONTROL, LONG_STATE, STATE, frame
from simulator.em70.unit import Em70
from simulator.registry import make, read_line
from simulator.trace import Trace
from simulator.twin import WriteRefused

UP = "5a0501000060"
DOWN = "5a0502000061"
STOP = "5a0503000062"
ASK = "5a0507000066"


class Bench:
    """A unit with its central attached; bytes go in by `send`, what it says comes out as hex."""

    def __init__(self, options: str = "", seed: int = 1) -> None:
        self.trace = Trace()
        twin = make(read_line(f"em70:{options}"), self.trace.of, seed)[0]
        assert isinstance(twin, Em70)
        self.twin = twin
        self.now_s = 0.0
        twin.connect(0.0)
        twin.subscribe(0.0, CONTROL, True)

    def send(self, *texts: str) -> list[str]:
        """Write frames and return what is said within the next 50 ms."""
        for text in texts:
            self.twin.write(self.now_s, CONTROL, bytes.fromhex(text), True)
        return self.heard(0.05)

    def heard(self, seconds: float) -> list[str]:
        self.now_s = round(self.now_s + seconds, 6)
        return [said.data.hex() for said in self.twin.advance(self.now_s)]

    def state(self) -> tuple[int, int, int, int]:
        """Return load flag, program, level and seconds left, as it tells them."""
        told = STATE.parse(bytes.fromhex(self.send(ASK)[-1]))
        return told.load, told.program, told.level, told.minutes * 60 + told.seconds

    def told(self, event: str) -> list[Mapping[str, object]]:
        return [record for record in self.trace.records if record["event"] == event]


def test_captured_idle_state_and_steps() -> None:
    bench = Bench()
    assert bench.send(ASK) == ["5a0c07000901001e3e000000d3"]
    assert bench.send(UP) == ["5a0501010061"]
    assert bench.send(UP, UP) == ["5a0501020062", "5a0501030063"]
    assert bench.send(DOWN) == ["5a0502020063"]
    assert bench.send(STOP) == []
    assert bench.state() == (1, 9, 0, 1800), "the load flag stays, the timer is full again"


@given(st.lists(st.sampled_from([UP, DOWN, STOP, frame(b"\x03\x0c").hex(), frame(b"\x04\x10").hex()]), max_size=60))
def test_level_stays_on_its_scale_and_the_state_tells_it(texts: list[str]) -> None:
    bench = Bench()
    for text in texts:
        bench.send(text)
        assert 0 <= bench.twin.level() <= 15
        assert bench.state()[2] == bench.twin.level()


def test_it_counts_down_about_once_a_second_and_ends_by_itself() -> None:
    bench = Bench("timer=60")
    bench.send(UP)
    lefts = []
    for _ in range(50):
        lefts.append(bench.state()[3])
        bench.heard(0.92)
    steps = [before - after for before, after in pairwise(lefts[2:])]
    assert lefts[0] == 60
    assert set(steps) == {0, 1, 2}, "one poll may see two seconds gone, the next none"
    assert sum(steps) == pytest.approx(0.97 * len(steps), abs=1)
    assert bench.heard(20.0) == ["5a050c00006b"]
    assert bench.state() == (1, 9, 0, 60)
    levels = [(record["level"], record["by"]) for record in bench.told("level")]
    assert levels == [(1, "host"), (0, "timer")]


def test_a_twenty_minute_timer_with_a_slow_clock_ends_late() -> None:
    ends = []
    for drift in ("0", "0.05", "-0.05"):
        bench = Bench(f"timer=1200,drift={drift}")
        bench.send(UP)
        bench.heard(1500.0)
        ends.append(bench.told("level")[-1]["t"])
    assert ends == [pytest.approx(1200 * scale, abs=2.5) for scale in (1.0, 1.05, 0.95)]


def test_a_program_is_selected_at_level_zero_with_its_own_length() -> None:
    bench = Bench()
    bench.send(UP, UP)
    assert bench.send(frame(b"\x04\x13").hex())[-1] == frame(b"\x04\x13").hex()
    assert bench.state() == (1, 19, 0, 1380)
    bench.send(frame(b"\x04\xff").hex())
    assert bench.state()[1] == 19


def test_keys_tell_their_level_and_a_lock_holds_them() -> None:
    bench = Bench()
    bench.twin.hand(bench.now_s, "A+2")
    assert bench.heard(0.1) == [frame(b"\x0b\x01").hex(), frame(b"\x0b\x02").hex()]
    bench.send("5a0505000064")
    bench.twin.hand(bench.now_s, "A+")
    assert bench.heard(0.1) == []
    assert bench.twin.level() == 2
    with pytest.raises(ValueError, match=r"B\+"):
        bench.twin.hand(bench.now_s, "B+")


def test_a_pause_freezes_time_and_output() -> None:
    bench = Bench()
    bench.send(UP)
    bench.heard(10.0)
    left_s = bench.state()[3]
    bench.send("5a0506000065")
    began_s = bench.now_s
    bench.heard(30.0)
    assert abs(bench.state()[3] - left_s) <= 1
    assert bench.twin.pulses(began_s, bench.now_s) == []
    bench.send(frame(b"\x06\x01").hex())
    bench.heard(30.0)
    assert bench.state()[3] == pytest.approx(left_s - 30, abs=2)


@pytest.mark.parametrize("text", ["5b0501000061", "5a0601000061", "5a0501000061", "5a05", "", "5a050300ff0161"])
def test_bad_frames_are_taken_and_ignored(text: str) -> None:
    bench = Bench("strength=3")
    assert bench.send(text) == []
    assert bench.twin.level() == 3
    assert len(bench.told("ignored")) == 1


def test_it_refuses_what_the_unit_refuses() -> None:
    bench = Bench()
    codes = []
    for endpoint, data, response in ((CONTROL, UP, False), (BATTERY, UP, True), (CONTROL, "5a" * 21, True)):
        with pytest.raises(WriteRefused) as refused:
            bench.twin.write(0.0, endpoint, bytes.fromhex(data), response)
        codes.append(refused.value.code)
    assert codes == [0x03, 0x03, 0x0D]
    assert bench.twin.level() == 0


def test_answers_take_about_thirty_milliseconds() -> None:
    bench = Bench()
    for _ in range(20):
        bench.twin.write(bench.now_s, CONTROL, bytes.fromhex(ASK), True)
        assert 0.025 <= bench.twin.due_s - bench.now_s <= 0.035
        assert len(bench.heard(0.1)) == 1


def test_battery_sags_under_load_recovers_and_warns_once() -> None:
    bench = Bench("battery=24,low_battery=100")
    bench.send(UP)
    assert 19 <= CHARGE.parse(bench.twin.read(0.0, BATTERY)).percent <= 21
    before = CHARGE.parse(bench.twin.read(0.0, BATTERY)).percent
    bench.send(STOP)
    assert CHARGE.parse(bench.twin.read(0.0, BATTERY)).percent == before + 2
    said = bench.heard(120.0) + bench.send(UP, STOP)
    warned = [text for text in (*said, *(str(record["hex"]) for record in bench.told("notify"))) if "5a050f" in text]
    assert set(warned) == {"5a050f00006e"}
    assert len([record for record in bench.told("notify") if record["hex"] == "5a050f00006e"]) == 1
    assert CHARGE.parse(bench.twin.read(bench.now_s, BATTERY)).percent <= 7


def test_pads_off_under_load_and_at_a_start() -> None:
    overload = "5a050e00006d"
    for options, level in (("", 0), ("overload_drops=no", 3)):
        bench = Bench(f"strength=3,pads_off=5,{options}" if options else "strength=3,pads_off=5")
        assert bench.heard(6.0) == [overload]
        assert bench.twin.level() == level
        assert bench.state()[0] == 0
        assert bench.twin.pulses(5.0, 6.0) == []
    bench = Bench()
    bench.twin.hand(0.0, "pads-off")
    assert bench.send(UP) == [overload, "5a0501000060"]


def test_stops_and_steps_that_are_ignored_then_power_off() -> None:
    bench = Bench("strength=2,stop_ignored=2,down_ignored=1")
    seen = []
    for text in (STOP, STOP, DOWN, DOWN, STOP):
        bench.send(text)
        seen.append(bench.twin.level())
    assert seen == [2, 2, 2, 1, 0]
    bench = Bench("strength=2,stop_ignored=9")
    bench.send("5a050d00006c")
    assert bench.twin.on
    assert bench.twin.level() == 2
    bench.heard(0.2)
    assert (bench.twin.on, bench.twin.level()) == (False, 0)
    bench.send(UP)
    assert bench.twin.level() == 0
    stubborn = Bench("strength=2,off_ignored=1")
    for on in (True, False):
        stubborn.send("5a050d00006c")
        stubborn.heard(0.3)
        assert stubborn.twin.on is on


def test_what_uncertain_options_change() -> None:
    assert Bench("echo03").send(STOP) == [STOP]
    assert Bench("notify04=no").send("5a050409006c") == []
    bench = Bench("nine,timer=90")
    bench.send(UP)
    bench.heard(30.0)
    told = LONG_STATE.parse(bytes.fromhex(bench.send(ASK)[0]))
    assert told.level == 1
    assert told.minutes * 60 + 60 - told.spent == pytest.approx(61, abs=2)
    for word, level in (("run", 4), ("stop", 0)):
        bench = Bench(f"strength=4,link_loss={word}")
        bench.twin.disconnect(1.0)
        assert bench.twin.level() == level
    assert Bench().twin.advert.name == "LT1102S\0\0"
    assert Bench("nul=no").twin.advert.name == "LT1102S"
    assert Bench("name=").twin.advert.name == ""
    assert Bench("program=16").state()[1] == 16


def test_it_runs_on_without_a_central_to_the_end_of_its_timer() -> None:
    bench = Bench("strength=5")
    bench.heard(10.0)
    bench.twin.disconnect(bench.now_s)
    bench.heard(1700.0)
    assert bench.twin.level() == 5
    bench.heard(120.0)
    assert bench.twin.level() == 0


def test_advert_as_captured() -> None:
    advert = Bench().twin.advert
    backwards = bytes.fromhex(advert.address.replace(":", ""))[::-1]
    assert advert.manufacturer == ((int.from_bytes(backwards[:2], "little"), backwards[2:]),)
    assert advert.services == ()


def test_assumed_pulses_of_a_constant_minute_are_marked_as_assumed() -> None:
    bench = Bench("strength=5")
    bench.heard(60.0)
    pulses = bench.twin.pulses(0.0, 60.0)
    assert len(pulses) == pytest.approx(6000, rel=0.01)
    assert {(pulse.width_us, pulse.current_ma) for pulse in pulses} == {(200.0, 5.0)}
    assert all(record["assumed"] for record in bench.told("output"))


def test_one_seed_one_log() -> None:
    def text(seed: int) -> str:
        bench = Bench("hand=A+@1;A-@2", seed)
        for _ in range(40):
            bench.send(UP, ASK)
            bench.heard(0.5)
        return bench.trace.text()

    assert text(4) == text(4)
    assert text(4) != text(5)
