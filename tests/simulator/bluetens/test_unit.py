"""The software bluetens against its fact sheet: shell, files, scripts in time, traps, buttons, each open question."""

from collections.abc import Mapping
from hashlib import md5
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.bluetens.packets import SHELL
from protocols.bluetens.script import read_script
from simulator.bluetens.script import BadScript, Player, play
from simulator.bluetens.shell import DEFAULT_FILE, UPLOAD_S
from simulator.bluetens.unit import KIND, Bluetens
from simulator.chance import Chance
from simulator.options import read_options
from simulator.trace import Trace
from simulator.twin import WriteRefused
from simulator.weather import RadioFaults

P20 = "V1D16{R4b0|R50Pc8F50}"


class Bench:
    """A unit with its central attached; lines go in by `ask`, what it says comes out as lines."""

    def __init__(self, options: str = "", address: str = "B1:7E:45:33:07:01", *, linked: bool = True) -> None:
        self.trace = Trace()
        unit = read_options(options, RadioFaults(), KIND.unit)[1]
        twin = KIND.make(address, unit, Chance(1), self.trace.of("bluetens"))
        assert isinstance(twin, Bluetens)
        self.twin = twin
        self.now_s = 0.0
        self._rest = b""
        if linked:
            self.link()

    def link(self) -> None:
        self.twin.connect(self.now_s)
        self.twin.subscribe(self.now_s, SHELL, True)

    def write(self, data: bytes) -> None:
        """Write bytes in pieces of 20."""
        for at in range(0, len(data), 20):
            self.twin.write(self.now_s, SHELL, data[at : at + 20], True)

    def ask(self, *lines: str) -> list[str]:
        """Send lines and return what is said within 50 ms."""
        for line in lines:
            self.write(f">{line}\r\n".encode())
        return self.heard(0.05)

    def heard(self, seconds: float) -> list[str]:
        self.now_s = round(self.now_s + seconds, 6)
        said = self.twin.advance(self.now_s)
        assert all(len(one.data) <= 20 for one in said)
        *lines, self._rest = (self._rest + b"".join(one.data for one in said)).split(b"\r\n")
        return [line.decode(errors="replace") for line in lines]

    def put(self, name: str, text: str) -> None:
        assert self.ask(f"cat {name} -l={len(text)}") == []
        self.write(text.encode())
        assert self.heard(0.05) == ["", "3: end of cat"]

    def state(self) -> tuple[int, int]:
        """Return tick and level, as it tells them."""
        tick, _, level = self.ask("stat")[-1].split(",")
        return int(tick.removeprefix("tick=")), int(level.removeprefix("str="))

    def told(self, event: str) -> list[Mapping[str, object]]:
        return [record for record in self.trace.records if record["event"] == event]


def test_the_vectors_of_the_sheet() -> None:
    bench = Bench("md5_case=lower")
    assert bench.ask("ver") == ["v.3.3.7"]
    assert bench.ask("bat") == ["3919 mv"]
    assert bench.ask("stat") == [f"tick=0,lmd5={'0' * 32},str=0"]
    bench.put("p20.lok", P20)
    assert bench.ask("md5 p20.lok") == [md5(P20.encode(), usedforsecurity=False).hexdigest()]
    assert bench.ask("dump p20.lok") == [P20, "2: end of dump"]
    assert bench.ask("ssta p20.lok -cut=1200") == ["NOTIFY strength 1", "0: ok"]
    assert bench.state() == (0, 1)
    assert bench.ask("str 12") == ["str=1"]
    assert bench.state()[1] == 12
    assert bench.ask("str 0x0a", "str 99", "str 0", "str") == ["str=12", "str=10", "str=60", "str=60"]
    assert bench.ask("osto") == ["0: ok"]
    assert bench.state() == (0, 0)


def test_lines_are_read_from_a_stream_however_they_are_cut() -> None:
    bench = Bench()
    for letter in b"noise>stat\r":
        bench.twin.write(bench.now_s, SHELL, bytes((letter,)), True)
    assert bench.heard(0.05) == []
    bench.write(b"\n>ver\r\n>v")
    assert [line[:6] for line in bench.heard(0.05)] == ["tick=0", "v.3.3."]
    bench.write(b"er\r\n")
    assert bench.heard(0.05) == ["v.3.3.7"]
    bench.write(b"ver\r\n\r\n")
    assert bench.heard(0.05) == [], "without > it is no command"
    with pytest.raises(WriteRefused):
        bench.twin.write(bench.now_s, SHELL, b"x" * 21, True)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("nonsense", ["127: command not understood"]),
        ("ota -s=1 -c=2", ["127: command not understood"]),
        ("ssta nothing.lok", ["100: failure"]),
        ("md5 nothing", ["2: failure"]),
        ("rm nothing", ["2: failure"]),
        ("cat file", ["22: failure"]),
        ("ls", ["  pain.lok    21", "1: end of ls"]),
        ("mode", ["mode 0"]),
        ("mode 2", ["mode 2"]),
        ("sdef", ["sdef=pain.lok"]),
        ("sdef nothing", ["sdef=pain.lok"]),
        ("ndef", [f"idx={index};filename=pain.lok" for index in range(4)]),
        ("ndef 4=pain.lok", ["22: failure"]),
        ("ndef 3=pain.lok", ["0: ok"]),
        ("clrfs -s=100", ["0: ok"]),
        ("btnm x", ["127: command not understood"]),
        ("format . ultrafs", ["0: ok"]),
        ("shdn", ["0: ok", "NOTIFY shutdown"]),
    ],
)
def test_every_other_command_has_its_answer(line: str, answer: list[str]) -> None:
    assert Bench().ask(line) == answer


def test_a_level_with_nothing_running_starts_the_default_file() -> None:
    bench = Bench()
    assert bench.ask("str 30") == ["NOTIFY strength 1", "str=0"]
    assert bench.twin.level() == 1
    assert bench.told("program")[0]["file"] == DEFAULT_FILE
    assert bench.ask("osto") == ["0: ok"]
    assert bench.ask("str 0") == ["str=0"]
    assert bench.twin.level() == 0


def test_a_program_ends_without_a_word_at_its_end_or_between_two_blocks_after_the_cut_off() -> None:
    bench = Bench("preload=0")
    bench.put("a", "V1{R20|P203F10C8}")
    bench.ask("ssta a")
    assert bench.heard(15.9) == []
    assert bench.twin.level() == 1
    assert bench.heard(0.2) == []
    assert bench.state() == (0, 0)
    begin_s = bench.now_s
    bench.ask("ssta a -cut=5")
    bench.heard(20)
    assert float(str(bench.told("level")[-1]["t"])) - begin_s == pytest.approx(5.6), "blocks of 0.8 s"
    late = Bench("preload=7")
    late.put("a", "V1{R20|P203F10C8}")
    begin_s = late.now_s
    late.ask("ssta a -cut=5")
    late.heard(20)
    assert float(str(late.told("level")[-1]["t"])) - begin_s == pytest.approx(5.6 + 7 * 0.8)


@pytest.mark.parametrize(("hardware", "width_us"), [("second", 197.0), ("first", 192.0)])
def test_the_factory_program_is_twenty_minutes_of_80_hz(hardware: str, width_us: float) -> None:
    bench = Bench(f"hardware={hardware}")
    bench.put("p20.lok", P20)
    bench.ask("ssta p20.lok", "str 20")
    begin_s = bench.now_s
    seen = []
    while bench.twin.level() and bench.now_s < 1300:
        since_s = bench.now_s
        bench.heard(30)
        seen += bench.twin.pulses(since_s, bench.now_s)
    assert len(seen) == pytest.approx(1200 * 80, abs=6)
    assert {pulse.width_us for pulse in seen} == {width_us}
    assert {pulse.current_ma for pulse in seen} == {47.6}
    assert seen[-1].at_s - begin_s == pytest.approx(1200, abs=0.1)


@pytest.mark.parametrize(
    ("level", "volts_pp"), [(1, 7.45), (5, 15.8), (10, 25.8), (15, 35.2), (20, 47.6), (30, 61), (50, 90), (60, 103)]
)
def test_the_current_is_that_of_the_measured_voltages(level: int, volts_pp: float) -> None:
    bench = Bench()
    bench.ask("str 1", f"str {level}")
    assert bench.told("output")[-1]["current_ma"] == pytest.approx(volts_pp / 2 / 500 * 1000)
    half = Bench("load_ohm=1000")
    half.ask("str 1", f"str {level}")
    assert half.told("output")[-1]["current_ma"] == pytest.approx(volts_pp / 2, abs=0.01)


scripts = st.builds(
    lambda blocks, repeats, pause: (
        f"V1{{R{repeats}I{pause}{''.join(f'|P{p}F{f}C{c}I{i}R{r}' for p, f, c, i, r in blocks)}}}"
    ),
    st.lists(
        st.tuples(st.integers(20, 300), st.integers(1, 200), st.integers(1, 9), st.integers(0, 500), st.integers(1, 3)),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 3),
    st.integers(0, 900),
)


@given(scripts)
def test_both_readers_of_scripts_agree_on_every_duration(text: str) -> None:
    player = Player(text, 0.0, inf, 3)
    while player.pulse_s < inf:
        player.take()
    assert player.ends_s == pytest.approx(read_script(text).duration_ms / 1000, abs=1e-6)


def test_an_invalid_block_ends_a_program_early() -> None:
    assert len(list(play("V1{|P313F1000}{|P312F1200}"))) == 2
    assert len(list(play("V1{|P100}", bound=False))) == 1
    with pytest.raises(BadScript):
        play("hello")
    bench = Bench()
    bench.put("bad", "hello")
    assert bench.ask("ssta bad") == ["100: failure"]
    bench.put("early", "V1{|P203F10C5}{|P19F10C500}")
    bench.ask("ssta early")
    bench.heard(1.0)
    assert bench.state() == (0, 0)
    for option, alive in (("bound", 1), ("bound=no", 0)):
        edge = Bench(option)
        edge.put("edge", "V1{|P375F1000C60000}")
        edge.ask("ssta edge")
        assert edge.twin.level() == alive


def test_an_upload_takes_all_bytes_until_its_length_two_ctrl_d_or_a_long_silence() -> None:
    bench = Bench()
    bench.ask("cat a -l=30")
    bench.write(b"V1{|R1}\r\n>osto\r\n")
    assert bench.heard(0.1) == [], "the stop is in the file"
    bench.write(b"\x04")
    bench.write(b"\x04")
    bench.write(b"\r\n>osto\r\n")
    assert bench.heard(0.05) == ["", "3: end of cat", "0: ok"]
    assert bench.twin.files.by_name["a"] == b"V1{|R1}\r\n>osto\r\n"
    bench.ask("cat b -l=30")
    bench.write(b"V1{")
    assert bench.heard(UPLOAD_S + 0.1) == ["", "3: end of cat"]
    bench.put("c", P20)
    bench.write(b">cat d -l=3\r\nabc>ver\r\n")
    assert bench.heard(0.05) == ["", "3: end of cat", "v.3.3.7"], "what comes too much is a line again"


@pytest.mark.parametrize(
    ("hardware", "address", "idle_s"), [("second", "B1", 30), ("first", "B1", 20), ("second", "08", 60)]
)
def test_it_switches_itself_off_if_nobody_speaks_to_it_but_not_while_it_plays(
    hardware: str, address: str, idle_s: float
) -> None:
    bench = Bench(f"hardware={hardware}", "08:7C:EE:33:07:01" if address == "08" else "B1:7E:45:33:07:01")
    alive = []
    for rest_s in (idle_s - 1, idle_s - 1, idle_s - 1, idle_s + 1):
        bench.ask("stat")
        bench.heard(rest_s)
        alive.append(bench.twin.on)
    assert alive == [True, True, True, False]
    bench.twin.hand(bench.now_s, "power-on")
    bench.ask("str 1")
    bench.heard(300)
    assert bench.twin.on


def test_a_lost_link_changes_nothing_and_half_a_line_stays() -> None:
    bench = Bench()
    bench.ask("str 1", "str 9")
    bench.write(b">str 1")
    bench.twin.disconnect(bench.now_s)
    bench.heard(60)
    assert (bench.twin.level(), bench.twin.advert.name) == (9, "Bluetens2")
    bench.link()
    bench.write(b"\r\n")
    assert bench.heard(0.05) == ["str=9"]
    clean = Bench("half_line=no")
    clean.write(b">str 1")
    clean.twin.disconnect(0.0)
    clean.link()
    clean.write(b"\r\n")
    assert clean.twin.level() == 0


@pytest.mark.parametrize(
    ("act", "line", "on"),
    [
        ("power-off", "NOTIFY shutdown", False),
        ("low-battery", "NOTIFY low battery", False),
        ("charger-on", "NOTIFY charging", False),
        ("A+2", "NOTIFY strength 7", True),
        ("A-2", "NOTIFY strength 3", True),
    ],
)
def test_what_a_person_does_is_told(act: str, line: str, on: bool) -> None:
    bench = Bench()
    bench.ask("str 1", "str 5")
    bench.twin.hand(bench.now_s, act)
    assert bench.heard(0.05)[-1] == line
    bench.heard(2)
    assert bench.twin.on is on
    assert (bench.twin.level() > 0) is on


def test_a_button_starts_the_default_file_and_one_is_its_lowest_level() -> None:
    bench = Bench()
    bench.twin.hand(0.0, "A+")
    assert bench.heard(0.05) == ["NOTIFY strength 1"]
    bench.twin.hand(bench.now_s, "A-")
    assert bench.twin.level() == 1


@pytest.mark.parametrize(("address", "after_s"), [("B1:7E:45:33:07:01", 3.0), ("08:7C:EE:33:07:01", 10.0)])
def test_pads_off_stop_it_after_a_while(address: str, after_s: float) -> None:
    bench = Bench(address=address)
    bench.ask("str 1")
    bench.twin.hand(bench.now_s, "pads-off")
    assert bench.heard(after_s - 0.1) == []
    assert bench.twin.level() == 1
    assert bench.told("output")[-1]["current_ma"] == 0
    assert bench.heard(0.2) == ["NOTIFY noload"]
    assert bench.twin.level() == 0


def test_battery_on_both_scales_and_every_five_minutes() -> None:
    first = Bench("hardware=first,battery=100")
    assert first.ask("bat", "bat x", "ver") == ["5000 mv", "4150 mv", "v.3.0.12"]
    assert first.ask("btnm my box", "mode", "ndef") == ["btnm=my box", *["127: command not understood"] * 2]
    bench = Bench("battery=0")
    assert bench.ask("bat") == ["3100 mv"]
    bench.ask("str 1")
    assert bench.twin.level() == 0, "it refuses a start below 3250 mV"
    playing = Bench("battery=50")
    playing.ask("str 1")
    assert playing.heard(301) == ["NOTIFY battery 3625"]


@pytest.mark.parametrize(
    ("options", "lines", "said"),
    [
        ("charging", ("ssta pain.lok",), ["NOTIFY charging", "0: ok"]),
        ("start_ignored=1", ("ssta pain.lok",), ["0: ok"]),
        ("full=status", ("cat a -l=3",), ["28: failure"]),
        ("capacity=100", ("cat a -l=90",), ["28: failure"]),
        ("full=notify", ("cat a -l=3",), ["NOTIFY insufficient space", "3: end of cat"]),
        ("pad=right", ("ls",), ["pain.lok   21   ", "1: end of ls"]),
        ("errno=5", ("cat a",), ["5: failure"]),
        ("first_md5=none", ("stat",), ["tick=0,lmd5=,str=0"]),
        ("stat=app,first_md5=none", ("stat",), ["str=0,dmd5=,lmd5=,tick=0"]),
        ("echo", ("ver",), [">ver", "v.3.3.7"]),
    ],
)
def test_each_option_shows(options: str, lines: tuple[str, ...], said: list[str]) -> None:
    bench = Bench(options)
    assert bench.ask(*lines) == said
    assert bench.twin.level() == 0


def test_options_of_stops_ends_and_what_was_before() -> None:
    left = Bench("strength=9,stop_ignored=1")
    assert left.twin.level() == 9
    assert left.ask("osto") == ["0: ok"]
    assert left.twin.level() == 9
    left.ask("osto")
    assert left.twin.level() == 0
    slow = Bench("strength=9,slow_stop_s=2")
    assert slow.ask("osto", "ver") == []
    assert slow.twin.level() == 9
    assert slow.heard(2) == ["0: ok", "v.3.3.7"], "what comes after a stop waits for it"
    stuck = Bench("strength=9,slow_stop_s=5")
    stuck.ask("osto")
    stuck.heard(3)
    assert (stuck.twin.on, stuck.twin.level()) == (False, 0), "after 3 s it resets itself"
    short = Bench("ends=4,damaged=1")
    short.ask("str 1")
    assert short.heard(4) == []
    assert short.twin.level() == 0
    short.put("a", "V1{|R1}")
    assert short.twin.files.by_name["a"] == b"V1{|R1?"


def test_lines_may_come_without_a_gap_between_in_one_notification() -> None:
    bench = Bench("pieces=joined")
    bench.put("a", P20)
    bench.write(b">ssta a\r\n")
    assert [one.data for one in bench.twin.advance(bench.now_s + 0.05)] == [b"NOTIFY strength 1\r\n0", b": ok\r\n"]


def test_lower_levels_may_have_no_effect() -> None:
    bench = Bench("strength=9,down_ignored=1")
    assert bench.ask("str 5", "str 10") == ["str=9", "str=9"]
    assert bench.ask("str 5") == ["str=10"]
    assert bench.twin.level() == 5


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(st.binary(max_size=20), st.sampled_from([b">str 9\r\n", b">osto\r\n", b">stat\r\n"])), max_size=30
    )
)
def test_whatever_is_written_a_level_flows_only_while_something_runs(writes: list[bytes]) -> None:
    bench = Bench("pieces=any,echo")
    for data in writes:
        bench.write(data)
        bench.heard(0.3)
        assert 0 <= bench.twin.level() <= 60
    bench.write(b"\x04")
    bench.write(b"\x04")
    bench.write(b"\r\n>osto\r\n")
    bench.heard(0.1)
    assert bench.twin.level() == 0
