"""Checks what the packet forms of em70 refuse, and how a unit is known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.em70.family import FAMILY, match
from protocols.em70.packets import CONTROL, frame, unframe
from protocols.layout import Direction, Form, pick
from protocols.vocabulary import (
    Advert,
    BadPacket,
    Match,
)
from tests.packets import golden

GOLDEN = golden("em70")


def layouts(entry: dict[str, Any]) -> tuple[Form, ...]:
    return FAMILY.layouts[Direction(entry["direction"])][entry.get("endpoint", CONTROL.name)]


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_cut_lengthened_or_damaged_packets_are_never_taken_for_the_whole(entry: dict[str, Any]) -> None:
    data = bytes.fromhex(entry["hex"])
    forms = layouts(entry)
    damaged = [data[:at] + bytes((data[at] ^ 0x01,)) + data[at + 1 :] for at in range(len(data))] if data[1:] else []
    for bad in [*(data[:length] for length in range(len(data))), data + b"\x00", *damaged]:
        with pytest.raises(BadPacket):
            pick(forms, bad)


@pytest.mark.control("C-34")
@given(st.sampled_from(Direction), st.integers(0, 16), st.binary(max_size=12), st.booleans())
def test_random_bytes_are_bad_or_build_back(direction: Direction, code: int, data: bytes, framed: bool) -> None:
    packet_bytes = frame(bytes((code,)) + data) if framed else bytes((0x5A, code)) + data
    try:
        layout, packet = pick(FAMILY.layouts[direction][CONTROL.name], packet_bytes)
    except BadPacket:
        return
    assert layout.build(packet) == packet_bytes


@given(st.binary(min_size=2, max_size=200))
def test_a_frame_holds_what_was_put_into_it(body: bytes) -> None:
    data = frame(body)
    assert unframe(data) == body
    assert (data[0], data[1], int.from_bytes(data[-2:], "big")) == (0x5A, len(data) - 1, sum(data[:-2]))


@pytest.mark.control("C-24")
def test_only_the_name_makes_an_em70() -> None:
    service = (CONTROL.service,)
    yes = ("LT1102S", "LT1102S\0\0", "LT1102S-2")
    no = ("", "LT5009NEW", "MA5011Pro", "47L121000", "xLT1102S", "lt1102s")
    assert {name: match(Advert("x", name, service)) for name in yes} == dict.fromkeys(yes, Match.YES)
    assert {name: match(Advert("x", name, service)) for name in no} == dict.fromkeys(no, Match.NO)


@pytest.mark.control("C-34")
@given(st.binary(max_size=24))
def test_odd_packets_are_counted_and_change_nothing(data: bytes) -> None:
    try:
        pick(FAMILY.layouts[Direction.FROM_DEVICE][CONTROL.name], data)
    except BadPacket:
        driver = FAMILY.connect(0.0, "")
        before = driver.reported(0.0)
        assert driver.receive(0.0, CONTROL, data) == []
        after = driver.reported(0.0)
        assert dict(after.counts) == {"bad": 1}
        assert (after.level, after.zero, after.heard_s) == (before.level, before.zero, before.heard_s)
