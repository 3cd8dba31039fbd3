"""How a YOKONEX EMS reads what its protocol does not know: refuses it, or makes something of it without a look."""

from contextlib import suppress
from typing import Any

from protocols.layout import Direction, pick
from protocols.vocabulary import BadPacket
from protocols.yokonex.packets import IN, LAYOUTS, LAYOUTS_V2, START, TOP, V1, Custom, Fixed, add_sum
from simulator.yokonex.options import YokonexOptions

SUM_WRONG, HEAD_WRONG, COMMAND_WRONG, DATA_WRONG, NOT_MADE = range(1, 6)
COMMANDS = (0x11, 0x12, 0x13, 0x14, 0x71)
ORDERS = 0x11
BODY = 7, 7, 9
"""Bytes behind the command, in orders of V1.6, in V2.0's own programs, in its custom ones."""


def read(data: bytes, options: YokonexOptions) -> Any:
    """Return the packet that a unit takes these bytes for, or the number of its error."""
    if len(data) < 3 or data[0] != START:
        return HEAD_WRONG
    if sum(data[:-1]) & 0xFF != data[-1]:
        return SUM_WRONG
    if data[1] not in COMMANDS:
        return COMMAND_WRONG
    forms = (LAYOUTS if options.version == V1 else LAYOUTS_V2)[Direction.TO_DEVICE][IN.name]
    body = data[2:-1]
    if data[1] == ORDERS and not options.length_check:
        body = _of_length(body, options.version)
    with suppress(BadPacket):
        return pick(forms, add_sum(data[:2] + body))[1]
    if data[1] != ORDERS or options.range_check or options.version == V1:
        return DATA_WRONG
    return _clamped(body)


def _of_length(body: bytes, version: str) -> bytes:
    """Return as many bytes as a unit looks at that doesn't count them; what isn't there is 0."""
    if version != V1 and body[:1] == b"\x03":
        return body if len(body) % 2 == 0 else body[:-1]
    size = BODY[0] if version == V1 else BODY[2 if body[:1] == b"\x02" else 1]
    return (body + bytes(size))[:size]


def _clamped(body: bytes) -> Fixed | Custom | int:
    """Return what a V2.0 unit makes of values that are out of range: V1.6's orders are among them."""
    sub = body[:1]
    rest = body[1:]
    if sub == b"\x01" and len(body) == BODY[1]:
        a = int.from_bytes(body[1:3], "big")
        b = int.from_bytes(body[4:6], "big")
        return Fixed(min(TOP, a), rest[2], min(TOP, b), rest[5])
    if sub == b"\x02" and len(body) == BODY[2]:
        a = int.from_bytes(body[1:3], "big")
        b = int.from_bytes(body[5:7], "big")
        rates = [max(1, min(100, rest[at])) for at in (2, 6)]
        widths = [min(100, rest[at]) for at in (3, 7)]
        return Custom(min(TOP, a), rates[0], widths[0], min(TOP, b), rates[1], widths[1])
    return DATA_WRONG
