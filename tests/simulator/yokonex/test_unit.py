"""The software YOKONEX EMS against its fact sheet: vectors, both protocols mixed up, contact, errors, options."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.yokonex.packets import IN, OUT, TOLD, add_sum
from simulator import checks
from simulator.chance import Chance
from simulator.options import read_options
from simulator.trace import Trace
from simulator.twin import WriteRefused
from simulator.weather import RadioFaults
from simulator.yokonex.unit import KIND, Yokonex

ON_A_50 = "3511010100320300007D"
CUSTOM_A_100 = "351101010064110A14DB"
BOTH_OFF = "35110300000000000049"
BOTH_OFF_V2 = "35110100000000000047"
ASK_A = "357101A7"
ASK_B = "357102A8"
ASK_BATTERY = "357104AA"


def framed(text: str) -> str:
    """Return a frame with its sum."""
    return add_sum(bytes.fromhex(text)).hex()


class Bench:
    """A unit with its central attached; bytes go in by `send`, what it says comes out as hex."""

    def __init__(self, options: str = "", *, listens: bool = True) -> None:
        options = "repeats=no,every_s=0" + (f",{options}" if options else "")
        self.trace = Trace()
        twin = KIND.make(
            f"{KIND.address}:01", read_options(options, RadioFaults(), KIND.unit)[1], Chance(1), self.trace.of("unit")
        )
        assert isinstance(twin, Yokonex)
        self.twin = twin
        self.now_s = 0.0
        twin.connect(0.0)
        twin.subscribe(0.0, OUT, listens)

    def send(self, *texts: str) -> list[str]:
        """Write frames and return what is said within the next 50 ms."""
        for text in texts:
            self.twin.write(self.now_s, IN, bytes.fromhex(text), False)
        return self.heard(0.05)

    def heard(self, seconds: float) -> list[str]:
        self.now_s = round(self.now_s + seconds, 6)
        return [said.data.hex().upper() for said in self.twin.advance(self.now_s)]

    def told(self, event: str) -> list[Mapping[str, object]]:
        return [record for record in self.trace.records if record["event"] == event]

    def levels(self) -> tuple[int, int]:
        return self.twin.level("A"), self.twin.level("B")


def test_the_vectors_of_the_sheet() -> None:
    bench = Bench()
    assert bench.send(ASK_A) == ["3571010200000000A9"]
    assert bench.send(ASK_BATTERY) == ["3571045A04"]
    assert bench.send(ON_A_50) == [framed("3571 01 01 01 0032 03").upper()]
    assert bench.levels() == (50, 0)
    assert bench.send(CUSTOM_A_100) == [framed("3571 01 01 01 0064 11").upper()]
    assert bench.send(BOTH_OFF) == ["3571010200000000A9"]
    assert bench.levels() == (0, 0)
    assert Bench("pads=none").send(ASK_A) == ["3571010000000000A7"]


def test_custom_plays_the_very_rate_and_width() -> None:
    bench = Bench()
    bench.send(CUSTOM_A_100)
    bench.heard(59.95)
    pulses = bench.twin.pulses(0.0, 60.0)
    assert len(pulses) == 600
    assert {(pulse.channel, pulse.width_us, pulse.current_ma) for pulse in pulses} == {("A", 20.0, 36.0)}
    bench.send(framed("3511 02 01 0001 11 50 32"))
    start_s = bench.now_s
    bench.heard(10.0)
    assert len([pulse for pulse in bench.twin.pulses(start_s, start_s + 10) if pulse.channel == "B"]) == 800


def test_a_v2_unit_takes_a_v1_frame_for_256_unless_it_checks_what_it_can() -> None:
    on_at_1 = framed("3511 01 01 0001 01 00 00")
    assert Bench().send(on_at_1) == [framed("3571 01 01 01 0001 01").upper()]
    jumped = Bench("version=V2.0")
    jumped.send(on_at_1)
    assert jumped.levels() == (256, 256)
    checked = Bench("version=V2.0,range_check")
    assert checked.send(on_at_1) == [framed("3571 55 04").upper()]
    assert checked.levels() == (0, 0)
    b_at_1 = framed("3511 02 01 0001 11 01 00")
    assert Bench("version=V2.0").send(b_at_1) == [framed("3571 55 04").upper()]
    assert Bench("version=V2.0,errors=no").send(b_at_1) == []
    lenient = Bench("version=V2.0,length_check=no")
    lenient.send(b_at_1)
    assert lenient.twin.level("A") == 256


@pytest.mark.parametrize("options", ["", "range_check", "length_check=no", "length_check=no,range_check"])
def test_the_stops_of_each_protocol_do_no_harm_to_the_other(options: str) -> None:
    for version, stop in (("V1.6", BOTH_OFF_V2), ("V2.0", BOTH_OFF)):
        bench = Bench(f"version={version},strength=50/60" + (f",{options}" if options else ""))
        bench.send(stop)
        assert all(now in (0, before) for now, before in zip(bench.levels(), (50, 60), strict=True))
    assert Bench("strength=50/60").send(BOTH_OFF_V2) == ["3571010200000000A9"], "it reads it as channel A off"


def test_v2_orders_both_channels_in_one_frame() -> None:
    bench = Bench("version=V2.0")
    bench.send("3511020032143200000000C0")
    assert bench.levels() == (50, 0)
    bench.heard(10.0)
    assert len(bench.twin.pulses(0.05, 10.05)) == 200
    bench.send(framed("3511 01 0032 03 0014 07"))
    assert bench.levels() == (50, 20)
    bench.send(framed("3511 03 02 0046 28 14 14 0A"))
    assert bench.levels() == (50, 70)
    bench.send(BOTH_OFF_V2)
    assert bench.levels() == (0, 0)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("3511010100320300007E", "01"),
        ("3611010100320300007E", "02"),
        ("", "02"),
        ("3515014B", "03"),
        ("3511010101150300005F" + "", "01"),
        (framed("3511 01 01 0115 03 00 00"), "04"),
        (framed("3511 01 01 0032 11 65 14"), "04"),
        (framed("3571 07"), "04"),
    ],
)
def test_what_is_wrong_is_answered_by_an_error_or_dropped(text: str, error: str) -> None:
    bench = Bench("strength=5/0")
    assert bench.send(text) == [framed(f"3571 55 {error}").upper()]
    assert bench.levels() == (5, 0)
    assert len(bench.told("ignored")) == 1
    assert Bench("errors=no").send(text) == []


def test_it_answers_all_questions_and_refuses_writes_with_response() -> None:
    bench = Bench()
    assert bench.send("357103A9", "357105AB", "357106AC") == [
        framed("3571 03 00").upper(),
        framed("3571 05 0000").upper(),
        framed("3571 06" + " 0000" * 6).upper(),
    ]
    assert bench.send(framed("3512 01")) == [framed("3571 03 01").upper()]
    assert Bench("motor=no").send("357103A9") == [framed("3571 55 05").upper()]
    codes = []
    for endpoint, response in ((IN, True), (OUT, False)):
        with pytest.raises(WriteRefused) as refused:
            bench.twin.write(bench.now_s, endpoint, bytes.fromhex(ON_A_50), response)
        codes.append(refused.value.code)
    with pytest.raises(WriteRefused) as refused:
        bench.twin.read(bench.now_s, OUT)
    assert ([*codes, refused.value.code], bench.levels()) == ([3, 3, 2], (0, 0))


def test_pads_off_is_told_and_nothing_flows_until_they_are_back() -> None:
    bench = Bench("strength=50/0,pads_off=5")
    assert framed("3571 01 00 01 0032 03").upper() in bench.heard(5.5)
    assert (bench.levels(), bench.twin.pulses(5.0, 5.5)) == ((50, 0), [])
    bench.twin.hand(bench.now_s, "pads-on")
    assert framed("3571 01 01 01 0032 03").upper() in bench.heard(1.0)
    assert len(bench.twin.pulses(5.5, 6.5)) == 50, "it stayed on: a jump from nothing to where it was"
    off = Bench("strength=50/0,pads_off=5,bare=off")
    off.heard(5.5)
    assert off.levels() == (0, 0)
    off.send(ON_A_50)
    assert off.levels() == (0, 0)


def test_hands_move_a_channel_and_it_tells() -> None:
    bench = Bench("hand=A+3@1;A-@2;B+400@3;power-off@4")
    assert bench.heard(1.5) == [framed("3571 01 01 01 0003 01").upper()]
    bench.heard(1.0)
    assert bench.levels() == (2, 0)
    bench.heard(1.0)
    assert bench.levels() == (2, 276)
    bench.heard(1.0)
    assert (bench.levels(), bench.twin.on) == ((0, 0), False)
    bench.send(ON_A_50)
    assert bench.levels() == (0, 0)
    with pytest.raises(ValueError, match="C"):
        bench.twin.hand(bench.now_s, "C+")


def test_battery_drains_while_it_plays_and_tells() -> None:
    bench = Bench("battery=60,drain_s=10,low_battery=100")
    assert bench.heard(30.0) == []
    bench.send(ON_A_50)
    assert bench.heard(25.0) == [framed(f"3571 04 {percent:02X}").upper() for percent in (59, 58)]
    bench.send(BOTH_OFF)
    assert bench.send(ASK_BATTERY) == [framed("3571 04 3A").upper()]
    assert framed("3571 04 05").upper() in bench.heard(60.0)


def test_what_uncertain_options_change() -> None:
    assert len(Bench("repeats=yes").send(ASK_A)) == 2
    assert len(Bench("every_s=0.5").heard(5.2)) == 2 * 10
    kept = Bench("off_keeps")
    kept.send(ON_A_50)
    assert kept.send(BOTH_OFF) == [framed("3571 01 02 00 0032 03").upper()]
    only_a = Bench("both=no,strength=4/4")
    only_a.send(BOTH_OFF)
    assert only_a.levels() == (0, 4)
    for word, levels in (("run", (4, 5)), ("stop", (0, 0))):
        bench = Bench(f"strength=4/5,link_loss={word}")
        bench.twin.disconnect(1.0)
        assert bench.levels() == levels
    assert Bench("name=YSKJ-EMS,adv_service=no").twin.advert.name == "YSKJ-EMS"
    assert Bench("adv_service=no").twin.advert.services == ()
    no_width = framed("3511 01 01 0001 11 01 00")
    for word, pulses in (("none", 0), ("default", 10)):
        bench = Bench(f"zero_width={word}")
        bench.send(no_width)
        bench.heard(9.9)
        assert len(bench.twin.pulses(0.0, 9.95)) == pulses


def test_each_fault_hurts() -> None:
    shrugs = Bench("strength=50/50,stop_ignored=2")
    seen = []
    for _ in range(3):
        shrugs.send(BOTH_OFF)
        seen.append(shrugs.levels())
    assert seen == [(50, 50), (50, 50), (0, 0)]
    deaf = Bench("strength=50/0", listens=False)
    assert deaf.send(ASK_A, ASK_B) == []
    runs = Bench("strength=50/0")
    runs.twin.disconnect(1.0)
    assert len(runs.twin.pulses(3600.0, 3610.0)) == 500, "a lost link without an end"


def test_the_witness_reads_what_it_logs() -> None:
    bench = Bench("strength=50/0")
    bench.send(framed("3511 01 01 0040 11 32 32"), BOTH_OFF)
    found = checks.violations(bench.trace.records, step=5, gap_s=0.5, cap={"A": 60, "B": 60}, armed_s=None)
    assert len([line for line in found if "was raised to 64, above its cap" in line]) == 1
    assert len([line for line in found if "rose by 14" in line]) == 1
    assert len([line for line in found if "which was left in the unit" in line]) == 1
    assert not [line for line in found if "was left at" in line]


@settings(max_examples=60)
@given(st.sampled_from(["V1.6", "V2.0"]), st.lists(st.binary(max_size=12), max_size=20))
def test_whatever_is_written_levels_stay_on_their_scale_and_are_told(version: str, bodies: list[bytes]) -> None:
    bench = Bench(f"version={version},length_check=no")
    for body in bodies:
        bench.send(add_sum(b"\x35\x11" + body).hex())
        for index, ask in enumerate((ASK_A, ASK_B)):
            told = TOLD.parse(bytes.fromhex(bench.send(ask)[-1]))
            assert 0 <= told.intensity <= 276
            assert bench.levels()[index] == (told.intensity if told.on else 0)


def test_one_seed_one_log() -> None:
    def text() -> str:
        bench = Bench("hand=A+@1;A-@2")
        for _ in range(40):
            bench.send(ON_A_50, ASK_A)
            bench.heard(0.5)
        return bench.trace.text()

    assert text() == text()
