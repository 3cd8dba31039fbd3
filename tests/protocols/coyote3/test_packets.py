"""Checks what the packet forms of coyote3 refuse, how a unit is known, and what is never played."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.coyote3.family import FAMILY, match
from protocols.coyote3.packets import FRAME, IN, OUT, intensity_for, period_code, period_ms
from protocols.layout import Direction, Form, pick
from protocols.vocabulary import (
    Advert,
    BadPacket,
    Match,
)
from tests.packets import golden

GOLDEN = golden("coyote3")


def layouts(entry: dict[str, Any]) -> tuple[Form, ...]:
    direction = Direction(entry["direction"])
    usual = IN if direction is Direction.TO_DEVICE else OUT
    return FAMILY.layouts[direction][entry.get("endpoint", usual.name)]


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_cut_or_lengthened_packets_are_never_taken_for_the_whole(entry: dict[str, Any]) -> None:
    data = bytes.fromhex(entry["hex"])
    forms = layouts(entry)
    open_ended = data[:1] in (b"\x51", b"\x53")
    for length in range(len(data)):
        if not (open_ended and length >= {0x51: 2, 0x53: 4}[data[0]]):
            with pytest.raises(BadPacket):
                pick(forms, data[:length])
    if not open_ended:
        with pytest.raises(BadPacket):
            pick(forms, data + b"\x00")


@pytest.mark.control("C-34")
@given(st.sampled_from(Direction), st.binary(max_size=24), st.sampled_from([b"", b"\xb0", b"\xbf", b"\xb1", b"\x53"]))
def test_random_bytes_are_bad_or_build_back(direction: Direction, data: bytes, head: bytes) -> None:
    forms = next(iter(FAMILY.layouts[direction].values()))
    try:
        layout, packet = pick(forms, head + data)
    except BadPacket:
        return
    assert layout.build(packet) == head + data


@given(st.binary(min_size=19, max_size=19))
def test_every_frame_of_the_right_length_is_a_good_packet(body: bytes) -> None:
    data = b"\xb0" + body
    assert FRAME.build(FRAME.parse(data)) == data


def test_period_codes_as_in_the_document() -> None:
    known = {1000: 240, 500: 180, 200: 120, 166: 113, 142: 108, 111: 102, 100: 100, 300: 140, 600: 200, 700: 210}
    edges = {800: 220, 10: 10, 101: 100, 105: 101, 609: 200, 650: 205, 9: 10, 1001: 10, 0: 10}
    assert {period: period_code(period) for period in known | edges} == known | edges
    assert all(period_code(period_ms(code)) == code for code in range(10, 241))
    for code in (9, 241):
        with pytest.raises(ValueError, match="10-240"):
            period_ms(code)


def test_intensities_are_the_measured_widths_rounded_down() -> None:
    measured = {26: 16, 32: 20, 44: 28, 51.5: 33, 62: 40, 80: 52, 92: 60, 101: 66, 111.5: 73, 122: 80, 132.5: 87}
    assert {width: intensity_for(width) for width in measured} == measured
    assert [intensity_for(width) for width in (0, 2, 3.4, 3.5, 151.9, 152, 400)] == [0, 0, 0, 1, 99, 100, 100]


@given(st.floats(0, 1000))
def test_a_pulse_is_never_wider_than_asked_for(width_us: float) -> None:
    intensity = intensity_for(width_us)
    assert 0 <= intensity <= 100
    assert intensity == 0 or 2 + 1.5 * intensity <= width_us


@pytest.mark.control("C-24")
def test_neighbours_are_not_taken_for_a_coyote() -> None:
    service = ("0000180c-0000-1000-8000-00805f9b34fb",)
    names = {"47L121000": Match.YES, "47L121": Match.YES, "": Match.MAYBE}
    names |= dict.fromkeys(("47L120100", "47L120300", "47L124000", "47L127000", "LT1102S", "D-LAB ESTIM01"), Match.NO)
    assert {name: match(Advert("x", name, service)) for name in names} == names
    assert match(Advert("x")) is Match.MAYBE


@pytest.mark.control("C-34")
@given(st.binary(max_size=24))
def test_odd_packets_are_counted_and_change_nothing(data: bytes) -> None:
    driver = FAMILY.connect(0.0, "")
    before = driver.reported(0.0)
    if data[:1] == b"\xb1" and len(data) == 4 and data[1] <= 15 and max(data[2:]) <= 200:
        return
    assert driver.receive(0.0, OUT, data) == []
    after = driver.reported(0.0)
    assert sum(after.counts.values()) == 1
    assert (after.level, after.zero, after.told_s) == (before.level, before.zero, before.told_s)
