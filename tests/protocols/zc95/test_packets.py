"""Checks what the packet forms of zc95 refuse, how a unit is known, and that what is heard changes no level."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.layout import Direction, Form, pick
from protocols.vocabulary import (
    Advert,
    BadPacket,
    Channel,
    Match,
)
from protocols.zc95.channel import ChannelState, What
from protocols.zc95.family import FAMILY, match
from protocols.zc95.packets import CONTROL_SERVICE, MAY_JOIN, PULSES, STREAM, USED, whole
from protocols.zc95.requests import Words
from tests.packets import golden
from tests.protocols.conversation import Talk

GOLDEN = golden("zc95")
A = Channel.A
B = Channel.B
ENDPOINTS = {endpoint.name: endpoint for endpoint in (*USED, PULSES, MAY_JOIN)}


def forms(entry: dict[str, Any]) -> tuple[Form, ...]:
    return FAMILY.layouts[Direction(entry["direction"])][entry["endpoint"]]


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_cut_or_lengthened_packets_are_never_taken_for_the_whole(entry: dict[str, Any]) -> None:
    data = bytes.fromhex(entry["hex"])
    for bad in [*(data[:length] for length in range(len(data))), data + b"\x00", data + data]:
        with pytest.raises(BadPacket):
            pick(forms(entry), bad)


@pytest.mark.control("C-34")
@given(st.sampled_from(Direction), st.data(), st.binary(max_size=40))
def test_random_bytes_are_bad_or_build_back(direction: Direction, data: st.DataObject, packet_bytes: bytes) -> None:
    table = FAMILY.layouts[direction]
    try:
        layout, packet = pick(table[data.draw(st.sampled_from(sorted(table)))], packet_bytes)
    except BadPacket:
        return
    assert layout.build(packet) == packet_bytes


def test_a_full_packet_of_pulses_has_fourteen_messages() -> None:
    message = bytes.fromhex("02787803A086010000000000F4010000")
    assert len(STREAM.parse(b"\x0e\x00\x00\x00" + 14 * message).messages) == 14
    with pytest.raises(BadPacket, match="14"):
        STREAM.parse(b"\x0f\x00\x00\x00" + 15 * message)


@pytest.mark.control("C-24")
def test_service_or_name_make_a_zc95() -> None:
    assert match(Advert("x", "", (CONTROL_SERVICE,))) is Match.YES
    assert match(Advert("x", "ZC95")) is Match.YES
    no = (Advert("x", "zc95"), Advert("x", "ZC95-X"), Advert("x", "", ("0000180f-0000-1000-8000-00805f9b34fb",)))
    assert [match(advert) for advert in no] == [Match.NO] * 3
    assert CONTROL_SERVICE == "ac7744c0-0bad-11ef-a9cd-0800200c9b00"


def test_rates_and_widths_are_whole_and_never_rounded_up() -> None:
    assert [whole(value) for value in (0.9, 1.0, 79.9, 149.99999999, 300.0)] == [0.0, 1.0, 79.0, 150.0, 255.0]


@pytest.mark.control("C-08")
def test_a_zero_of_an_earlier_stop_proves_no_later_one() -> None:
    words = Words()
    state = ChannelState(A)
    proofs = []
    for now_s in (0.0, 0.1):
        state.silence(now_s)
        words.ask(now_s, state, What.POWER, 0, hurries=True)
        proofs.append(words.end(words.tag))
    steps = []
    for proof in proofs:
        assert proof is not None
        state.answered(0.2, proof)
        steps.append(state.zero)
    assert steps == [What.POWER, What.ENABLE]


@pytest.mark.control("C-34")
@given(st.sampled_from(sorted(ENDPOINTS)), st.binary(max_size=6))
def test_whatever_is_heard_changes_no_level(name: str, data: bytes) -> None:
    talk = Talk("zc95", {"begin": True})
    before = talk.driver.reported(1.0)
    events = talk.driver.receive(1.0, ENDPOINTS[name], data)
    after = talk.driver.reported(1.0)
    assert (after.level, after.zero, after.settled_s, after.told_s) == (
        before.level,
        before.zero,
        before.settled_s,
        before.told_s,
    )
    assert events == []
