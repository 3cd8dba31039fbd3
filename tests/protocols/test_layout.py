"""What a packet form keeps: the same bytes are the same packet, which nobody can change; refusals are not kept."""

from dataclasses import FrozenInstanceError, dataclass

import construct
import pytest
from construct_typed import DataclassMixin, csfield

from protocols.em70.packets import SET_LEVEL, Strength
from protocols.layout import Layout
from protocols.vocabulary import BadPacket
from protocols.yokonex.packets import LISTED, ORDER, STOP_V1, Listed, Pair

HEARD = SET_LEVEL.build(Strength(7))


@dataclass
class Loose(DataclassMixin):
    """A packet of a plug-in that isn't frozen."""

    value: int = csfield(construct.Byte)


def test_the_same_bytes_are_the_same_packet_and_the_other_way_round() -> None:
    assert SET_LEVEL.parse(HEARD) is SET_LEVEL.parse(bytes(bytearray(HEARD)))
    assert SET_LEVEL.parse(bytearray(HEARD)) == Strength(7)  # type: ignore[arg-type] # as a radio's library says it
    assert SET_LEVEL.build(Strength(7)) is SET_LEVEL.build(Strength(7))
    assert SET_LEVEL.build(Strength(8)) != HEARD


def test_what_is_refused_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(BadPacket):
            SET_LEVEL.parse(HEARD[:-1])
        with pytest.raises(BadPacket):
            SET_LEVEL.build(Strength(256))


def test_what_could_be_changed_is_made_anew() -> None:
    loose = Layout("loose", Loose)
    loose.parse(b"\x01").value = 2
    assert loose.parse(b"\x01").value == 1
    packet = Loose(1)
    assert loose.build(packet) == b"\x01"
    packet.value = 2
    assert loose.build(packet) == b"\x02"
    listed = LISTED.build(Listed(1, 5, [Pair(80, 50), Pair(81, 51)]))
    LISTED.parse(listed).pairs.clear()
    assert len(LISTED.parse(listed).pairs) == 2


def test_what_is_kept_is_frozen() -> None:
    packet = ORDER.parse(STOP_V1)
    assert ORDER.parse(STOP_V1) is packet
    with pytest.raises(FrozenInstanceError):
        packet.on = 1
