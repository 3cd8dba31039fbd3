"""The software openEMSstim against its fact sheet: pot, relay, times, the board's bugs, and that each fault hurts."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.catalogue.programs import shipped
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap
from estim.core.session.order import Order
from estim.core.values import replace
from estim.rehearsal.electrodes import meant, measured
from protocols.openemsstim.family import FAMILY
from protocols.openemsstim.packets import CAPS, COMMAND, SERVICE
from protocols.vocabulary import Channel, Level
from simulator.checks import violations
from simulator.openemsstim.serial import Serial, command_in
from simulator.openemsstim.unit import OpenEmsStim
from simulator.registry import make, read_line
from simulator.trace import Trace
from simulator.twin import Pulse, WriteRefused
from tests.world import World

A = Channel.A
B = Channel.B


class Bench:
    """A board with its central attached; text goes in by `send`, and time goes by in `live`."""

    def __init__(self, options: str = "") -> None:
        self.trace = Trace()
        twin = make(read_line(f"openemsstim:{options}"), self.trace.of)[0]
        assert isinstance(twin, OpenEmsStim)
        self.twin = twin
        self.now_s = 0.0
        twin.connect(0.0)

    def send(self, text: str) -> list[int]:
        """Write a command, and return both levels right after it."""
        self.twin.write(self.now_s, COMMAND, text.encode(), True)
        return self.levels()

    def live(self, seconds: float) -> list[int]:
        self.now_s = round(self.now_s + seconds, 6)
        assert self.twin.advance(self.now_s) == [], "it never says anything"
        return self.levels()

    def levels(self) -> list[int]:
        return [self.twin.level("A"), self.twin.level("B")]

    def told(self, event: str) -> list[Mapping[str, object]]:
        return [record for record in self.trace.records if record["event"] == event]

    def current(self, channel: str = "A") -> object:
        return [record["current_ma"] for record in self.told("output") if record["channel"] == channel][-1]


@pytest.mark.parametrize(("intensity", "wiper"), [(0, 201), (1, 200), (2, 198), (25, 162), (50, 122), (100, 42)])
def test_the_pot_goes_where_the_sheet_works_it_out(intensity: int, wiper: int) -> None:
    bench = Bench("current_ma=100")
    bench.send(f"C0I{intensity}T1000G")
    assert bench.current() == pytest.approx((255 - wiper) / 255 * 100, abs=0.001)
    assert bench.levels() == [max(1, intensity), 0], "I0 with the relay on is no zero: it leaks as level 1 does"


def test_above_a_hundred_only_the_pots_own_ends_hold_and_the_boards_numbers_have_16_bits() -> None:
    bench = Bench("current_ma=100")
    currents = []
    for intensity in (126, 127, 205, 206, 300):
        bench.send(f"C0I{intensity}T1000G")
        currents.append(bench.current())
    assert currents == [100.0, 100.0, 100.0, 0.0, 0.0]


def test_a_time_ends_by_itself_and_five_seconds_is_the_longest() -> None:
    for text, on_s in (("T1000", 1.0), ("T5000", 5.0), ("T7000", 5.0), ("T20000", 5.0), ("", 0.001)):
        bench = Bench()
        assert bench.send(f"C1I30{text}G") == [0, 30]
        assert bench.live(on_s - 0.0005) == [0, 30]
        assert bench.live(0.001) == [0, 0]
    bench.send("C1T300G")  # the intensity is as before, but the pot stays where its end has put it
    assert (bench.levels(), bench.current("B")) == ([0, 0], 0.0)


def test_the_time_begins_again_with_each_command_and_a_shorter_one_shortens_it() -> None:
    bench = Bench()
    bench.send("C0I10T2000G")
    bench.live(1.5)
    bench.send("C0I10T2000G")
    assert bench.live(1.9) == [10, 0]
    bench.send("C0I12T100G")
    assert bench.live(0.09) == [12, 0]
    assert bench.live(0.02) == [0, 0]
    bench.send("C0I5G")  # the time is kept
    assert bench.live(0.2) == [0, 0]


@pytest.mark.parametrize("text", ["C0I20T1000G", "I20C0T1000G", "T1000I20C0G", "GT1000I20C0", "xC0yI20zT1000GG"])
def test_letters_are_found_wherever_they_stand(text: str) -> None:
    assert Bench().send(text) == [20, 0]


@pytest.mark.parametrize("text", ["G", "I20T1000G", "C2I20T1000G", "CI20T1000G", "C9G"])
def test_without_a_channel_all_are_shut_one_after_the_other(text: str) -> None:
    bench = Bench("strength=30/40")
    bench.live(0.1)
    assert bench.send(text) == [0, 40]
    assert bench.live(0.049) == [0, 40]
    assert bench.live(0.002) == [0, 0]
    assert [(record["channel"], record["by"]) for record in bench.told("level")[-2:]] == [("A", "host"), ("B", "host")]


@pytest.mark.parametrize("text", ["", "C0I20T1000", "hello", "1", "q", "OMA[0,50]", "c0i20t1000g"])
def test_unknown_text_and_what_does_not_survive_the_radio_are_ignored(text: str) -> None:
    bench = Bench("strength=30/0")
    assert bench.send(text) == [30, 0]
    assert len(bench.told("ignored")) == 1


def test_digits_above_nine_are_read_ten_too_low() -> None:
    assert Bench().send("M0I20T1000G") == [20, 0], "4D is read as 43: a C"
    assert Bench("strength=30/0").send("OMA[0,50]G")[0] == 0, "5B and 2C are read as 51 and 22: no channel, all is shut"


@pytest.mark.parametrize("at_ms", [10, 49])
def test_while_a_relay_opens_the_board_stands_still(at_ms: int) -> None:
    bench = Bench()
    bench.send("C0I20T1000G")
    bench.send("C1I30T1000G")
    assert bench.live(1.0) == [0, 30], "both times are over, but one comes after the other"
    bench.live(at_ms / 1000)
    assert bench.send("C0I40T1000G") == [0, 30]
    assert bench.live(0.0501 - at_ms / 1000) == [40, 0] or bench.live(0.05) == [40, 0]


def test_a_stop_lasts_too_short_for_a_pulse() -> None:
    bench = Bench()
    for _ in range(20):
        bench.send("C0I0T0G")
        bench.live(0.5)
    assert bench.twin.pulses(0.0, bench.now_s) == []
    assert {record["current_ma"] for record in bench.told("output")} == {0.0}


def test_a_lost_link_shuts_all_unless_the_option_says_otherwise() -> None:
    for options, levels in (("", [0, 0]), ("link_loss=no", [50, 60])):
        bench = Bench(f"strength=50/60,{options}" if options else "strength=50/60")
        bench.live(1.0)
        bench.twin.disconnect(bench.now_s)
        assert bench.live(0.06) == levels
        assert bench.told("disconnect")[0]["level"] == {"A": 50, "B": 60}
        assert bench.live(4.0) == [0, 0], "the time ends it in any case"


def test_it_refuses_what_the_radio_module_refuses() -> None:
    bench = Bench("refuse=1,long=whole")
    codes = []
    for text, response in (("C0I9T9G", False), ("C0I9T9G", True), ("C0I9T1000G" + " " * 23, True)):
        with pytest.raises(WriteRefused) as refused:
            bench.twin.write(0.0, COMMAND, text.encode(), response)
        codes.append(refused.value.code)
    with pytest.raises(WriteRefused):
        bench.twin.read(0.0, COMMAND)
    assert codes == [0x03, 0x0E, 0x0D]
    assert bench.levels() == [0, 0]
    assert bench.send("C0I9T1000G" + " " * 22) == [9, 0]


def test_long_values_are_refused_cut_or_taken() -> None:
    text = "C0I20T00000000001000G"
    with pytest.raises(WriteRefused, match="21 bytes"):
        Bench().send(text)
    cut = Bench("long=cut")
    assert cut.send(text) == [0, 0], "the G is gone"
    assert cut.told("ignored")
    assert Bench("long=whole").send(text) == [20, 0]


def test_each_fault_hurts() -> None:
    ignored = Bench("stop_ignored=2,strength=9/0")
    assert [ignored.send("C0I0T0G") for _ in range(3)] == [[9, 0], [9, 0], [0, 0]]
    slow = Bench("slow=0.1")
    assert slow.send("C0I20T1000G") == [0, 0]
    assert slow.send("C0I30T1000G") == [0, 0]
    assert [slow.live(0.1), slow.live(0.1)] == [[20, 0], [30, 0]]
    off = Bench("strength=30/0,hand=power-off@1;power-on@2")
    seen = [(off.live(seconds), off.send("C0I20T1000G"), off.twin.on) for seconds in (1.5, 1.0)]
    assert seen == [([0, 0], [0, 0], False), ([0, 0], [20, 0], True)]
    pads = Bench("strength=30/0,pads_off=1")
    pads.live(2.0)
    assert (pads.levels(), pads.current(), pads.twin.pulses(1.01, 2.0)) == ([30, 0], 0.0, [])
    with pytest.raises(ValueError, match=r"A\+"):
        pads.twin.hand(2.0, "A+")


def test_a_slow_board_is_behind_and_learns_of_a_lost_link_late() -> None:
    bench = Bench("slow=0.5")
    assert bench.send("C0I20T5000G") == [0, 0]
    bench.send("C1I30T5000G")
    bench.twin.disconnect(bench.now_s)
    assert [bench.live(0.49), bench.live(0.02), bench.live(0.5), bench.live(0.4)] == [
        [0, 0],
        [20, 0],
        [20, 30],
        [20, 30],
    ]
    assert bench.live(0.2) == [0, 0]
    assert [record["by"] for record in bench.told("level")[-2:]] == ["link", "link"]


def test_a_flooded_board_loses_letters_and_puts_together_what_nobody_meant() -> None:
    bench = Bench("slow=0.5,buffer=50")
    for _ in range(4):
        bench.send("C0I4T2000G")  # 31 characters each: the second waits, the third loses its end, the fourth all
    assert bench.live(0.5) == [4, 0]
    assert len([record for record in bench.told("ignored") if "lost" in str(record["why"])]) == 2


def test_letters_that_are_lost_in_the_middle_make_another_level() -> None:
    serial = Serial(50, "letters")
    serial.value(b"C0I4T2000G")
    assert serial.value(b"C0I4T2000G") == 12
    assert command_in(serial.take()) == "C0I4T2000G"
    assert serial.take() == "WV,001C,43304934543"
    assert command_in("WV,001C,43304934" + "34543230303047.") == "C0I44T2000G", (
        "the head of one and the end of the next"
    )
    assert command_in("Connection End") is None


@pytest.mark.parametrize("drops", ["newest", "oldest"])
def test_another_board_may_lose_whole_lines(drops: str) -> None:
    bench = Bench(f"slow=0.5,buffer=70,drops={drops}")
    for level in (4, 5, 6, 7):
        bench.send(f"C0I{level}T2000G")  # the first is being done, two wait
    levels = [bench.live(0.5)[0] for _ in range(3)]
    assert levels == ([4, 5, 6] if drops == "newest" else [4, 6, 7])


def test_names_and_adverts() -> None:
    assert Bench().twin.advert.services == (SERVICE,)
    assert Bench("adv_service=no,name=TEST1").twin.advert.services == ()
    assert Bench("name=").twin.advert.name == ""


@settings(max_examples=50)
@given(st.lists(st.tuples(st.text("CITG0129", max_size=16), st.floats(0, 3)), max_size=20))
def test_whatever_is_written_it_ends_by_itself(steps: list[tuple[str, float]]) -> None:
    bench = Bench()
    for text, seconds in steps:
        bench.send(text)
        bench.live(seconds)
    assert bench.live(5.2) == [0, 0]
    assert bench.twin.pulses(bench.now_s - 0.05, bench.now_s) == []


@pytest.mark.parametrize("rate_hz", [2, 35, 80, 100, 150])
def test_assumed_pulses_have_the_rate_width_and_share_of_the_unit_before_the_board(rate_hz: int) -> None:
    bench = Bench(f"rate_hz={rate_hz},width_us=250,current_ma=50")
    for _ in range(10):
        bench.send("C0I50T2000G")
        bench.live(1.0)
    pulses = bench.twin.pulses(0.0, 10.0)
    assert len(pulses) == pytest.approx(10 * rate_hz, abs=1)
    assert {(pulse.width_us, pulse.current_ma) for pulse in pulses} == {(250.0, round(133 / 255 * 50, 3))}


def played(program: str) -> tuple[World, Trace, list[Pulse]]:
    """Play two minutes of a program on both channels, to their end."""
    course = fit(next(one for one in shipped() if one.id == program), FAMILY, 2, unlocked=True)
    trace = Trace()
    part = course.score.parts[0]
    rate_hz = getattr(part.rate_hz, "value", 0.0)
    width_us = getattr(part.width_us, "value", 0.0)
    twin = make(read_line(f"openemsstim:rate_hz={rate_hz},width_us={width_us}"), trace.of)[0]
    order = Order(course, {A: Level(12), B: Level(8)}, pads_on=True)
    made = World(FAMILY, twin, twin.level, order, Limits((family_cap(CAPS),)))
    made.link()
    pulses: list[Pulse] = []
    while made.session.stop_confirmed is None:
        since_s = made.now_s
        made.run(10.0)
        pulses += twin.pulses(since_s, made.now_s)
    return made, trace, pulses


@pytest.mark.parametrize("program", ["tens-ankle", "tens-lowleg", "ems-atrophy"])
def test_both_channels_play_the_pulses_and_the_on_time_of_the_program(program: str) -> None:
    made, trace, pulses = played(program)
    assert made.session.started is not None
    assert made.session.order is not None
    start_s = made.session.started.mono_s
    score = made.session.order.course.score
    # it stands at its level
    since_s = 20.0
    until_s = 110.0
    period_s = 1 / getattr(score.parts[0].rate_hz, "value", 1.0)
    asked = meant(score, since_s, until_s, FAMILY)
    for channel, share in (("A", 0.01), ("B", 0.05)):  # B ends up to 50 ms late, while the board opens the relay of A
        mine = [replace(pulse, at_s=pulse.at_s - start_s) for pulse in pulses if pulse.channel == channel]
        came = measured(mine, since_s, until_s, lambda _at_s: period_s)
        assert came.pulses == pytest.approx(asked.pulses, rel=share)
        assert came.on_s == pytest.approx(asked.on_s, rel=share)
    step = 2 if program == "tens-ankle" else 100  # a burst begins at its level
    assert violations(trace.records, step=step, gap_s=0.5, cap={"A": 12, "B": 8}, armed_s=start_s) == []
