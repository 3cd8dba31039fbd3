"""The software coyote2 against its fact sheet: words, crossed waves, 100 ms, wheels, and each thing it leaves open."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.coyote2.packets import BATTERY, CONFIG, STRENGTHS, VERSION, WAVE_A, WAVE_B
from protocols.vocabulary import Endpoint
from simulator.coyote2.unit import Coyote2
from simulator.registry import make, read_line
from simulator.trace import Trace
from simulator.twin import Pulse, WriteRefused


class Bench:
    """A box with its central attached; numbers go in by `set` and `wave`, what it says comes out as hex."""

    def __init__(self, options: str = "", seed: int = 1, *, listens: bool = True) -> None:
        self.trace = Trace()
        twin = make(read_line(f"coyote2:{options}"), self.trace.of, seed)[0]
        assert isinstance(twin, Coyote2)
        self.twin = twin
        self.now_s = 0.0
        twin.connect(0.0)
        twin.subscribe(0.0, STRENGTHS, listens)

    def send(self, endpoint: Endpoint, text: str, response: bool = False) -> None:
        self.twin.write(self.now_s, endpoint, bytes.fromhex(text), response)

    def set(self, a: int, b: int = 0) -> None:
        self.twin.write(self.now_s, STRENGTHS, (a << 11 | b).to_bytes(3, "little"), False)

    def wave(self, x: int, y: int, z: int = 20, endpoint: Endpoint = WAVE_A) -> None:
        self.twin.write(self.now_s, endpoint, (z << 15 | y << 5 | x).to_bytes(3, "little"), False)

    def heard(self, seconds: float = 0.1) -> list[str]:
        self.now_s = round(self.now_s + seconds, 6)
        return [said.data.hex() for said in self.twin.advance(self.now_s)]

    def play(self, seconds: float, x: int, y: int, z: int = 20) -> None:
        for _ in range(round(seconds * 10)):
            self.wave(x, y, z)
            self.heard()

    @property
    def levels(self) -> tuple[int, int]:
        return self.twin.level("A"), self.twin.level("B")

    def pulses(self, since_s: float = 0.0) -> list[Pulse]:
        return self.twin.pulses(since_s, self.now_s)

    def ticks(self, since_s: float = 0.0) -> list[int]:
        return [round(pulse.at_s * 1000) for pulse in self.pulses(since_s)]

    def told(self, event: str) -> list[Mapping[str, object]]:
        return [record for record in self.trace.records if record["event"] == event]


def test_documented_words() -> None:
    bench = Bench()
    bench.send(STRENGTHS, "8C3002")
    assert bench.levels == (70, 140)
    assert bench.twin.read(0.0, STRENGTHS).hex() == "8c3002"
    assert bench.twin.read(0.0, CONFIG).hex() == "07d007"
    assert bench.twin.read(0.0, BATTERY).hex() == "52"
    assert len(bench.twin.read(0.0, VERSION)) == 2
    bench.send(WAVE_A, "218506")
    assert bench.twin.read(0.0, WAVE_A).hex() == "218506"
    assert bench.twin.read(0.0, WAVE_B).hex() == "000000"
    bench.heard()
    assert bench.ticks() == [0, 42, 84], "X1 Y41: each 42 ms"
    assert {pulse.width_us for pulse in bench.pulses()} == {65.0}, "Z13"


def test_the_waves_are_crossed() -> None:
    bench = Bench("strength=100/200")
    bench.wave(1, 9, endpoint=WAVE_B)
    bench.heard()
    assert {pulse.channel for pulse in bench.pulses()} == {"B"}
    bench.wave(1, 9, endpoint=WAVE_A)
    bench.heard()
    assert {pulse.channel for pulse in bench.pulses(0.1)} == {"A"}
    assert {round(pulse.current_ma, 6) for pulse in bench.pulses()} == {6.4, 12.8}


@pytest.mark.parametrize(("x", "y", "z"), [(1, 9, 20), (5, 95, 4), (1, 0, 31), (1, 41, 13), (15, 985, 10), (31, 5, 1)])
def test_a_steady_minute_has_its_rate_and_width(x: int, y: int, z: int) -> None:
    bench = Bench("strength=64/0")
    bench.play(60.0, x, y, z)
    pulses = bench.pulses()
    assert len(pulses) == pytest.approx(60_000 * x / (x + y), rel=0.01, abs=x)
    assert {pulse.width_us for pulse in pulses} == {5.0 * z}
    ticks = bench.ticks()
    assert all(x == 1 or tick % (x + y) < x for tick in ticks), "X pulses in X consecutive ms, then the pause"


def test_a_word_is_good_for_100_ms_and_the_strength_stays() -> None:
    bench = Bench("strength=40/0")
    bench.wave(1, 9)
    bench.heard(2.0)
    assert bench.ticks() == list(range(0, 100, 10))
    assert bench.levels == (40, 0)
    last = bench.told("output")[-1]
    assert (last["t"], last["why"], last["current_ma"]) == (0.1, "starved", 0.0)
    bench.wave(1, 9)
    bench.heard(0.05)
    bench.wave(0, 0, 0)
    bench.heard(0.5)
    assert bench.ticks(2.0) == [2000, 2010, 2020, 2030, 2040], "a word of silence ends it"


def test_a_lost_link_lets_the_last_word_run_out() -> None:
    bench = Bench("strength=40/0")
    bench.wave(1, 9)
    bench.heard(0.05)
    bench.twin.disconnect(bench.now_s)
    bench.heard(2.0)
    assert bench.ticks()[-1] == 90


def test_wheels_go_by_seven_within_zero_and_the_maximum_and_each_step_is_told() -> None:
    bench = Bench("strength=40/3")
    bench.twin.hand(0.0, "A+")
    assert bench.heard() == ["037801"]
    bench.twin.hand(bench.now_s, "A-2")
    assert bench.heard() == ["034001", "030801"]
    bench.twin.hand(bench.now_s, "B-")
    assert bench.levels == (33, 0)
    bench.twin.hand(bench.now_s, "B-")
    assert len(bench.heard()) == 1, "nothing changed at 0"
    bench.twin.hand(bench.now_s, "A+300")
    assert bench.levels == (2000, 0)
    with pytest.raises(ValueError, match=r"A\*"):
        bench.twin.hand(bench.now_s, "A*")


@given(st.lists(st.tuples(st.integers(0, 2047), st.integers(0, 2047)), max_size=20))
def test_strength_never_passes_the_maximum_that_is_told(orders: list[tuple[int, int]]) -> None:
    bench = Bench("maximum=500")
    for a, b in orders:
        bench.set(a, b)
        assert bench.levels == (min(500, a), min(500, b))


def test_words_of_another_length_or_with_upper_bits_are_ignored() -> None:
    bench = Bench("strength=40/40")
    for text in ("", "00", "0000", "00000000", "000040", "000080"):
        bench.send(STRENGTHS, text)
    for text in ("21010A00", "2101", "21011A"):
        bench.send(WAVE_A, text)
    bench.heard()
    assert bench.levels == (40, 40)
    assert bench.pulses() == []
    assert len(bench.told("ignored")) == 9


def test_it_refuses_what_the_box_refuses() -> None:
    bench = Bench()
    with pytest.raises(WriteRefused) as kind:
        bench.send(STRENGTHS, "8C3002", response=True)
    with pytest.raises(WriteRefused) as place:
        bench.send(CONFIG, "07D007")
    bench = Bench("config=no")
    with pytest.raises(WriteRefused) as read:
        bench.twin.read(0.0, CONFIG)
    assert [error.value.code for error in (kind, place, read)] == [0x03, 0x03, 0x02]
    bench = Bench("write_also")
    bench.send(STRENGTHS, "8C3002", response=True)
    assert bench.levels == (70, 140)


def test_nobody_is_told_who_does_not_listen() -> None:
    bench = Bench(listens=False)
    bench.set(40)
    assert bench.heard() == []
    bench.twin.subscribe(bench.now_s, STRENGTHS, True)
    assert bench.heard(1.0) == [], "what was said before is lost, not queued"


def test_what_is_told_of_a_hosts_own_words() -> None:
    def echoes(options: str) -> list[str]:
        bench = Bench(options)
        bench.set(40)
        bench.set(40)
        return bench.heard()

    assert echoes("") == ["004001"]
    assert echoes("echo=no") == []
    assert echoes("echo_same") == ["004001", "004001"]
    assert echoes("tell_late_s=0.5") == []
    bench = Bench("tell_late_s=0.5")
    bench.set(40)
    bench.heard(0.3)
    bench.set(80)
    assert bench.heard(0.25) == ["004001"], "as it was then"


def test_options_that_change_what_flows() -> None:
    def ticks(options: str, x: int, y: int, *at_ms: int) -> list[int]:
        bench = Bench(f"strength=40/0,{options}" if options else "strength=40/0")
        for at in at_ms:
            bench.heard(at / 1000 - bench.now_s)
            bench.wave(x, y)
        bench.heard(0.4)
        return bench.ticks()

    assert ticks("", 1, 32, 0, 100) == [0, 33, 66, 99, 132, 165, 198], "the pause runs on"
    assert ticks("restart", 1, 32, 0, 100) == [0, 33, 66, 99, 100, 133, 166, 199], "one ms apart"
    assert ticks("slow_clock", 1, 9, 0) == [0, 73]
    assert ticks("", 2, 38, 0, 100) == [0, 1, 40, 41, 80, 81, 120, 121, 160, 161]
    assert ticks("restart", 2, 38, 0, 100) == [0, 1, 40, 41, 80, 81, 100, 101, 140, 141, 180, 181]
    assert ticks("", 1, 9, 0, 50) == list(range(0, 150, 10)), "a word that comes sooner takes its place"
    assert ticks("backs_up", 1, 9, 0, 50) == list(range(0, 200, 10)), "or waits"


def test_a_box_that_backs_up_lags_for_seconds_when_it_is_flooded() -> None:
    bench = Bench("backs_up,strength=40/0")
    for _ in range(50):
        bench.wave(1, 9)
        bench.heard(0.02)
    bench.wave(0, 0, 0)
    bench.heard(9.0)
    assert bench.ticks()[-1] == 4990, "one second of words played five"
    bench.set(0)
    assert bench.levels == (0, 0)


def test_a_stop_that_is_ignored_leaves_the_strength() -> None:
    bench = Bench("stop_ignored=2,strength=33/0")
    seen = []
    for _ in range(3):
        bench.set(0)
        bench.heard()
        seen.append(bench.levels)
    assert seen == [(33, 0), (33, 0), (0, 0)]
    bench.set(33)
    bench.set(0)
    assert bench.levels == (0, 0)


def test_what_a_reconnect_does_is_an_option_and_so_is_the_clamp() -> None:
    for word, levels in (("keep", (9, 9)), ("zero", (0, 0))):
        bench = Bench(f"reconnect={word},strength=9/9")
        bench.twin.disconnect(1.0)
        assert bench.levels == levels
    bench = Bench("clamps=no")
    bench.set(2047)
    assert bench.levels == (2047, 0)
    assert Bench("name=D-LAB X").twin.advert.name == "D-LAB X"
    assert Bench().twin.advert.services == ()


def test_pads_and_battery_and_switch() -> None:
    bench = Bench("pads_off=0.5,low_battery=0.7,strength=100/0,load_ohm=1000")
    bench.play(1.0, 1, 9)
    assert bench.ticks()[-1] < 500
    assert {round(pulse.current_ma, 6) for pulse in bench.pulses()} == {3.2}
    assert bench.twin.read(1.0, BATTERY) == b"\x05"
    bench.twin.hand(1.0, "pads-on")
    bench.play(0.5, 1, 9)
    assert len(bench.pulses(1.0)) == 50
    switched = []
    for act in ("power-off", "power-on"):
        bench.twin.hand(bench.now_s, act)
        switched.append(bench.twin.on)
        bench.play(0.2, 1, 9)
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
    assert bench.levels == (35, 7)
    bench.twin.advance(41.0)
    assert [record["t"] for record in bench.told("hand")] == [30.0, 31.0, 40.0]


def test_output_is_recorded_when_it_changes_not_for_each_word() -> None:
    bench = Bench("strength=100/0")
    bench.play(3.0, 1, 9)
    bench.heard(0.4)  # between bursts
    bench.play(1.0, 1, 19)
    bench.set(50)
    bench.heard(3.0)
    outputs = [(record["t"], record["current_ma"], record["why"]) for record in bench.told("output")]
    assert outputs == [(0.0, 6.4, "frame"), (4.4, 3.2, "host"), (4.4, 0.0, "starved")]


def test_one_seed_one_log() -> None:
    def text(seed: int) -> str:
        bench = Bench("hand=A+@1;A-@2", seed)
        bench.set(40)
        for _ in range(50):
            bench.heard(0.001)
        bench.play(3.0, 1, 9)
        return bench.trace.text()

    assert text(4) == text(4)
    assert text(4) != text(5)
    assert text(4).startswith('{"t": 0.0, "unit": "coyote2", "event": "connect"')
