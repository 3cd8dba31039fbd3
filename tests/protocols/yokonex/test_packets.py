"""Checks what the packet forms of both yokonex protocols refuse, how a unit is known, and what is never played."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.layout import Direction, Form, pick
from protocols.vocabulary import (
    Advert,
    BadPacket,
    Match,
)
from protocols.yokonex.family import FAMILY, match
from protocols.yokonex.packets import IN, OUT, STOP_V1, STOP_V2, V1, V2, add_sum, rate_played, width_played
from tests.packets import bytes_of, golden

GOLDEN = golden("yokonex")


def forms(entry: dict[str, Any]) -> tuple[Form, ...]:
    table = FAMILY.other_layouts.get(entry.get("profile", V1), FAMILY.layouts)
    return next(iter(table[Direction(entry["direction"])].values()))


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_cut_lengthened_or_damaged_packets_are_never_taken_for_the_whole(entry: dict[str, Any]) -> None:
    data = bytes_of(entry)
    damaged = [data[:at] + bytes((data[at] ^ 0x01,)) + data[at + 1 :] for at in range(len(data))]
    for bad in [*(data[:length] for length in range(len(data))), data + b"\x00", *damaged]:
        if bad and sum(bad[:-1]) & 0xFF == bad[-1]:
            continue  # a frame of its own, by the sum
        with pytest.raises(BadPacket):
            pick(forms(entry), bad)


@pytest.mark.control("C-34")
@given(st.sampled_from(Direction), st.sampled_from([V1, V2]), st.binary(max_size=24), st.booleans())
def test_random_bytes_are_bad_or_build_back(direction: Direction, profile: str, data: bytes, framed: bool) -> None:
    data = add_sum(b"\x35" + data) if framed else data
    try:
        form, packet = pick(forms({"direction": direction, "profile": profile}), data)
    except BadPacket:
        return
    assert form.build(packet) == data


def test_the_two_protocols_read_frames_of_ten_bytes_differently() -> None:
    """The danger that the profile is there for: "A on at 1" of V1.6 has A at 256 for V2.0. Both stops do no harm."""
    on_at_1 = bytes.fromhex("3511010100010100004A")
    packet = pick(forms({"direction": "to-device"}), on_at_1)[1]
    assert (packet.channel, packet.on, packet.intensity) == (1, 1, 1)
    assert int.from_bytes(on_at_1[3:5], "big") == 256
    assert pick(forms({"direction": "to-device"}), STOP_V2)[1].on == 0
    with pytest.raises(BadPacket):
        pick(forms({"direction": "to-device", "profile": V2}), STOP_V1)


@pytest.mark.control("C-24")
def test_a_name_makes_a_unit_and_the_service_alone_perhaps() -> None:
    served = (IN.service,)
    names = {"YCY-DJQ-01": Match.YES, "YSKJ-EMS": Match.YES, "ycy-ems 2": Match.YES, "YCY-DJ-V3": Match.YES}
    names |= {"YYC-DJ-01": Match.YES, "YYC-DJ-V2-01": Match.YES}  # no service in their adverts
    assert {name: match(Advert("x", name)) for name in names} == names
    others = {"": Match.MAYBE, "YCX-OTHER": Match.MAYBE, "my YSKJ": Match.YES}
    assert {name: match(Advert("x", name, served)) for name in others} == others
    assert match(Advert("x", "47L121000")) is Match.NO


def test_a_name_with_v2_in_it_tells_the_protocol_and_no_other_does() -> None:
    told = {"YYC-DJ-V2-07": V2, "yyc-dj-v2-07": V2, "YYC-DJ-07": None, "YCY-DJQ-01": None, "": None, "YCY-DJ-V3": None}
    told |= {"YYC-DJ-V21": None, "YYC-DJ-0V2": None}
    assert {name: FAMILY.profile_named(name) for name in told} == told


@given(st.floats(0, 500), st.floats(0, 500))
def test_what_is_played_is_never_faster_nor_wider(rate_hz: float, width_us: float) -> None:
    assert rate_played(rate_hz) <= max(1.0, rate_hz + 1e-5)
    assert 0 <= width_played(width_us) <= width_us + 1e-5
    assert rate_played(rate_hz) == int(rate_played(rate_hz)) <= 100
    assert width_played(width_us) == int(width_played(width_us)) <= 100


@pytest.mark.control("C-34")
@given(st.binary(max_size=24))
def test_odd_packets_are_counted_and_change_nothing(data: bytes) -> None:
    try:
        pick(FAMILY.layouts[Direction.FROM_DEVICE][OUT.name], data)
    except BadPacket:
        driver = FAMILY.connect(0.0, "")
        before = driver.reported(0.0)
        assert driver.receive(0.0, OUT, data) == []
        after = driver.reported(0.0)
        assert dict(after.counts) == {"bad": 1}
        assert (after.level, after.zero, after.heard_s) == (before.level, before.zero, before.heard_s)
