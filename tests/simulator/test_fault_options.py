"""Options as text, chance by seed, and the weather that both radios share."""

from contextlib import suppress
from dataclasses import fields
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.chance import Chance
from simulator.coyote3.options import Coyote3Options
from simulator.em70.options import Em70Options
from simulator.options import BadOption
from simulator.outbox import Act
from simulator.registry import make, names, options, read_line
from simulator.trace import silent
from simulator.twin import Log
from simulator.weather import RadioFaults, Weather


def weather(faults: RadioFaults, seed: int = 1) -> Weather:
    return Weather(faults, Chance(seed).stream("test"))


def test_a_line_sets_radio_and_unit() -> None:
    setup = read_line(
        "coyote3:lost=0.5,strength=35/40,hand=A+@30;A-2@40,cut=10,stall=5+2,mute,name=,seed=7,ack-late-s=.6"
    )
    assert setup.family == "coyote3"
    assert setup.radio == RadioFaults(lost=0.5, cut=(10.0, 6.0), stall=(5.0, 2.0), mute=True, seed=7)
    assert setup.unit == Coyote3Options(
        strength=(35, 40), hand=(Act(30.0, "A+"), Act(40.0, "A-2")), name="", ack_late_s=0.6
    )
    assert read_line("em70:cut=3+1.5,strength=4").unit == Em70Options(strength=4)
    assert read_line("em70").radio == RadioFaults()
    assert (setup.seed(1), read_line("em70").seed(1)) == (7, 1)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("coyotte3", "no software device 'coyotte3'; did you mean coyote3"),
        ("zzzz", "there are bluetens, coyote2, coyote3"),
        ("coyote3:losst=0.5", "no option 'losst'; did you mean lost"),
        ("em70:qqqq", "known are .*battery"),
        ("coyote3:lost=2", "lost=P: '2' doesn't fit, it takes 0 to 1"),
        ("coyote3:lost=nan", "it takes 0 to 1"),
        ("coyote3:lost=much", "it takes a number"),
        ("coyote3:lost=", "it takes a number"),
        ("coyote3:strength=300", "it takes 0 to 200"),
        ("coyote3:ack=maybe", "one of always, changed, never"),
        ("coyote3:mute=perhaps", "one of yes, no"),
        ("coyote3:stall=5", "T\\+D, both in seconds"),
        ("coyote3:hand=C+@3", "each @seconds"),
        ("coyote3:hand=A+", "it takes a number"),
        ("em70:name=" + "x" * 21, "at most 20 bytes"),
    ],
)
def test_what_does_not_fit_gets_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(BadOption, match=sentence):
        read_line(line)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    family = "refused"
    with suppress(BadOption):
        family = read_line(f"coyote3:{text}").family
    assert family in ("coyote3", "refused")


def test_every_option_is_listed_with_its_form_meaning_and_default() -> None:
    for family in names():
        listed = options(family)
        unit = read_line(family).unit
        assert [option.name for option in listed] == [f.name for f in (*fields(unit), *fields(RadioFaults))]
        assert all(option.form and option.meaning and option.default for option in listed if option.name != "name")


def test_units_of_one_family_differ_in_address_and_a_decoy_in_name() -> None:
    logs: list[str] = []

    def log_of(unit: str) -> Log:
        logs.append(unit)
        return silent

    twins = [twin for number in (1, 2) for twin in make(read_line("coyote3:decoy"), log_of, 0, number)]
    assert len({twin.address for twin in twins}) == 4
    assert logs == ["coyote3", "coyote3-decoy", "coyote3-2", "coyote3-2-decoy"]
    assert [twin.advert.name for twin in twins] == ["47L121000", "47L127000"] * 2
    assert make(read_line("em70:decoy"), lambda unit: silent)[1].advert.name.startswith("LT5009NEW")


def test_streams_are_the_same_for_one_seed_and_strangers_to_each_other() -> None:
    def draw(seed: int, name: str) -> list[float]:
        stream = Chance(seed).stream(name)
        return [stream.between(0, 1) for _ in range(5)]

    assert draw(1, "a") == draw(1, "a")
    assert len({tuple(draw(seed, name)) for seed in (1, 2) for name in ("a", "b")}) == 4


def test_fair_weather_changes_nothing() -> None:
    fair = weather(RadioFaults())
    assert [fair.carry(at_s, b"abc") for at_s in (0.0, 1.0, 1e6)] == [[(0.0, b"abc")]] * 3


def test_each_radio_option_hurts_in_its_way() -> None:
    def arrives(faults: RadioFaults, count: int = 1000) -> list[list[tuple[float, bytes]]]:
        bad = weather(faults)
        return [bad.carry(float(number), b"\xb1\x01\x05\x05") for number in range(count)]

    assert sum(not got for got in arrives(RadioFaults(lost=0.3))) == pytest.approx(300, abs=50)
    assert [bool(got) for got in arrives(RadioFaults(lost_after=3.0), 5)] == [True, True, True, False, False]
    assert arrives(RadioFaults(mute=True), 3) == [[], [], []]
    assert sum(len(got) == 2 for got in arrives(RadioFaults(dup=0.2))) == pytest.approx(200, abs=40)
    damaged = [got[0][1] for got in arrives(RadioFaults(corrupt=1.0))]
    assert all(data != b"\xb1\x01\x05\x05" for data in damaged)
    assert {len(data) for data in damaged} == {0, 1, 2, 3, 4}
    late = [got[0][0] for got in arrives(RadioFaults(late_s=0.8))]
    assert min(late) >= 0.4
    assert max(late) <= 0.8
    assert len(set(late)) > 900


@given(st.lists(st.floats(0, 0.2), max_size=50), st.integers(0, 99))
def test_what_is_late_never_overtakes(gaps: list[float], seed: int) -> None:
    bad = weather(RadioFaults(late_s=2.0, dup=0.3, lost=0.3), seed)
    at_s = 0.0
    last_s = 0.0
    for gap_s in gaps:
        at_s += gap_s
        for late_s, _ in bad.carry(at_s, b"x"):
            assert at_s + late_s >= last_s - 1e-9
            last_s = at_s + late_s


def test_times_of_a_cut_and_a_stall_are_told() -> None:
    bad = weather(RadioFaults(cut=(10.0, 6.0), stall=(2.0, 1.0)))
    assert (bad.cut, bad.stall) == ((10.0, 6.0), (2.0, 1.0))
    assert RadioFaults().lost_after == inf
