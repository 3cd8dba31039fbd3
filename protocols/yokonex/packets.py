"""YOKONEX / YCY EMS of the second generation: identity, packet forms of both protocols, capabilities.

1. One frame a write or notification: 35, command, data, and the 8-bit sum of all that. The command fixes the length.
2. Protocol V1.6 orders one channel a frame, V2.0 both; frames of ten bytes look alike and mean different things, and no
   unit tells which it speaks. So a person chooses (a profile), and the driver proves it before anything is felt.
3. A unit plays its own programs 1-16, or what it is told to (custom: rate and width), with no end of its own.

Source: the re-published V1.6 document and its drivers (GitHub CiE-XinYuChen/YokoNex-OpenCLI, yomo40/
dglab_yokonex-charging-panel); V2.0 from two public drivers only, so all of it is uncertain.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import floor
from typing import Any

import construct
from construct_typed import DataclassMixin, DataclassStruct, csfield

from protocols.layout import Direction, Forms, Layout
from protocols.vocabulary import (
    FRESH_MAX_S,
    BadPacket,
    Can,
    Capabilities,
    Channel,
    Control,
    Endpoint,
    Level,
    OffBy,
    Pause,
    ZeroBy,
)

NAME = "yokonex"
TOP = 276
CUSTOM = 0x11
PROGRAMS = 16
V1 = "V1.6"
V2 = "V2.0"
START = 0x35


def _uuid(short: str) -> str:
    return f"0000{short}-0000-1000-8000-00805f9b34fb"


IN = Endpoint("FF31", _uuid("ff30"), _uuid("ff31"), Can.COMMAND)
OUT = Endpoint("FF32", _uuid("ff30"), _uuid("ff32"), Can.NOTIFY)


@dataclass(frozen=True)
class Order(DataclassMixin):
    """V1.6: channel 1 A, 2 B, 3 both; off, or on with intensity 1-276 and mode 1-16 (own program) or 17 (custom)."""

    channel: int = csfield(construct.Int8ub)
    on: int = csfield(construct.Int8ub)
    intensity: int = csfield(construct.Int16ub)
    mode: int = csfield(construct.Int8ub)
    rate_hz: int = csfield(construct.Int8ub)
    width_us: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Fixed(DataclassMixin):
    """V2.0, own programs of both channels; intensity 0 is off."""

    intensity_a: int = csfield(construct.Int16ub)
    mode_a: int = csfield(construct.Int8ub)
    intensity_b: int = csfield(construct.Int16ub)
    mode_b: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Custom(DataclassMixin):
    """V2.0, rate and width of both channels; intensity 0 is off."""

    intensity_a: int = csfield(construct.Int16ub)
    rate_a_hz: int = csfield(construct.Int8ub)
    width_a_us: int = csfield(construct.Int8ub)
    intensity_b: int = csfield(construct.Int16ub)
    rate_b_hz: int = csfield(construct.Int8ub)
    width_b_us: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Pair(DataclassMixin):
    """One entry of a list of frequencies."""

    rate_hz: int = csfield(construct.Int8ub)
    width_us: int = csfield(construct.Int8ub)


PAIRS = construct.GreedyRange(DataclassStruct(Pair))


@dataclass(frozen=True)
class Listed(DataclassMixin):
    """V2.0, up to 100 pairs of rate and width for one channel."""

    channel: int = csfield(construct.Int8ub)
    intensity: int = csfield(construct.Int16ub)
    pairs: list[Pair] = csfield(PAIRS)  # noqa: RUF009 - as all fields here are declared


@dataclass(frozen=True)
class Value(DataclassMixin):
    """One byte: a state, the kind of a question, a percentage, an error."""

    value: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Told(DataclassMixin):
    """A channel: contact 0 no electrode, 1 on the skin and putting out, 2 on the skin; on, intensity, mode."""

    channel: int = csfield(construct.Int8ub)
    contact: int = csfield(construct.Int8ub)
    on: int = csfield(construct.Int8ub)
    intensity: int = csfield(construct.Int16ub)
    mode: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Steps(DataclassMixin):
    """Steps counted."""

    steps: int = csfield(construct.Int16ub)


@dataclass(frozen=True)
class Motion(DataclassMixin):
    """Acceleration and turning, raw."""

    accel_x: int = csfield(construct.Int16sb)
    accel_y: int = csfield(construct.Int16sb)
    accel_z: int = csfield(construct.Int16sb)
    gyro_x: int = csfield(construct.Int16sb)
    gyro_y: int = csfield(construct.Int16sb)
    gyro_z: int = csfield(construct.Int16sb)


def add_sum(body: bytes) -> bytes:
    """Put the 8-bit sum behind a frame."""
    return body + bytes((sum(body) & 0xFF,))


def take_sum(data: bytes) -> bytes:
    """Check start and sum and take the sum off; raise BadPacket."""
    if len(data) < 3 or data[0] != START:
        raise BadPacket(f"a frame is 35, a command and a sum at least, not {data[:3].hex(' ') or 'nothing'}")
    if sum(data[:-1]) & 0xFF != data[-1]:
        raise BadPacket(f"the sum is {sum(data[:-1]) & 0xFF:02X}, not {data[-1]:02X}")
    return data[:-1]


def _form(
    name: str, payload: type[DataclassMixin], head: str, check: Callable[[Any], None] | None = None
) -> Layout[Any]:
    return Layout(name, payload, bytes.fromhex(head), frame=add_sum, unframe=take_sum, check=check)


def _within(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise BadPacket(f"{what}: {low} to {high}, not {value}")


def _check_order(order: Order) -> None:
    _within("channel", order.channel, 1, 3)
    _within("on", order.on, 0, 1)
    if order.on:
        _within("intensity", order.intensity, 1, TOP)
        _within("mode", order.mode, 1, CUSTOM)
        _within("rate", order.rate_hz, *((1, 100) if order.mode == CUSTOM else (0, 0)))
        _within("width", order.width_us, 0, 100 if order.mode == CUSTOM else 0)


def _check_fixed(order: Fixed) -> None:
    for intensity, mode in ((order.intensity_a, order.mode_a), (order.intensity_b, order.mode_b)):
        _within("intensity", intensity, 0, TOP)
        _within("mode", mode, 1 if intensity else 0, PROGRAMS)


def _check_custom(order: Custom) -> None:
    channels = (
        (order.intensity_a, order.rate_a_hz, order.width_a_us),
        (order.intensity_b, order.rate_b_hz, order.width_b_us),
    )
    for intensity, rate_hz, width_us in channels:
        _within("intensity", intensity, 0, TOP)
        _within("rate", rate_hz, 1 if intensity else 0, 100)
        _within("width", width_us, 0, 100)


def _check_listed(order: Listed) -> None:
    _within("channel", order.channel, 1, 2)
    _within("intensity", order.intensity, 0, TOP)
    _within("pairs", len(order.pairs), 1, 100)


def _check_told(told: Told) -> None:
    _within("channel", told.channel, 1, 2)
    _within("contact", told.contact, 0, 2)
    _within("on", told.on, 0, 1)
    _within("intensity", told.intensity, 0, TOP)


def _one_of(what: str, *known: int) -> Callable[[Value], None]:
    def check(packet: Value) -> None:
        if packet.value not in known:
            raise BadPacket(f"{what}: one of {', '.join(f'{one:02X}' for one in known)}, not {packet.value:02X}")

    return check


ORDER = _form("order", Order, "3511", _check_order)
FIXED = _form("fixed", Fixed, "351101", _check_fixed)
CUSTOM_BOTH = _form("custom", Custom, "351102", _check_custom)
LISTED = _form("list", Listed, "351103", _check_listed)
MOTOR = _form("motor", Value, "3512", _one_of("motor", 0, 1, 0x11, 0x12, 0x13))
PEDOMETER = _form("pedometer", Value, "3513", _one_of("pedometer", *range(5)))
SENSOR = _form("motion sensor", Value, "3514", _one_of("motion sensor", 0, 1))
QUERY = _form("query", Value, "3571", _one_of("query", *range(1, 7)))
TOLD = _form("channel", Told, "3571", _check_told)
MOTOR_TOLD = _form("motor", Value, "357103")
CHARGE = _form("battery", Value, "357104", lambda packet: _within("battery", packet.value, 0, 100))
STEPS = _form("steps", Steps, "357105")
MOTION = _form("motion", Motion, "357106")
ERROR = _form("error", Value, "357155", _one_of("error", *range(1, 6)))

_ALIKE = (MOTOR, PEDOMETER, SENSOR, QUERY)
_FROM = {OUT.name: (MOTOR_TOLD, CHARGE, STEPS, MOTION, ERROR, TOLD)}
LAYOUTS: Forms = {Direction.TO_DEVICE: {IN.name: (ORDER, *_ALIKE)}, Direction.FROM_DEVICE: _FROM}
LAYOUTS_V2: Forms = {
    Direction.TO_DEVICE: {IN.name: (FIXED, CUSTOM_BOTH, LISTED, *_ALIKE)},
    Direction.FROM_DEVICE: _FROM,
}
STOP_V1 = ORDER.build(Order(3, 0, 0, 0, 0, 0))
STOP_V2 = FIXED.build(Fixed(0, 0, 0, 0))
"""Each is harmless to a unit of the other protocol: a list for no channel, and channel A off."""


@dataclass(frozen=True, slots=True)
class Playing:
    """What one channel is told: intensity (0: off), the unit's own program or custom, rate and width of custom."""

    intensity: int
    mode: int
    rate_hz: int
    width_us: int


def frames(profile: str, a: Playing, b: Playing) -> list[bytes]:
    """Return what sets both channels: a frame each in V1.6, one for both in V2.0."""
    if profile == V1:
        return [
            ORDER.build(Order(number, int(one.intensity > 0), one.intensity, one.mode, one.rate_hz, one.width_us))
            for number, one in ((1, a), (2, b))
        ]
    if CUSTOM not in (a.mode, b.mode):
        return [FIXED.build(Fixed(a.intensity, a.mode, b.intensity, b.mode))]
    return [CUSTOM_BOTH.build(Custom(a.intensity, a.rate_hz, a.width_us, b.intensity, b.rate_hz, b.width_us))]


CAPS = Capabilities(
    family=NAME,
    channels=(Channel.A, Channel.B),
    scale=Level(TOP),
    step=TOP * 2 // 100,
    first=Level(1),
    raise_gap_s=0.5,
    ask_s=0.3,
    fresh_s=FRESH_MAX_S,
    stale_s=3.0,
    fault_s=10.0,
    stop_s=4.0,
    control=Control.LIVE,
    off_by=OffBy.TOLD,
    pause=Pause.HOLD,
    zero_by=ZeroBy.REPORT,
)


def rate_played(rate_hz: float) -> float:
    """Return the rate that is really played: whole Hz, never rounded up."""
    return float(max(1, min(100, floor(rate_hz + 1e-6))))


def width_played(width_us: float) -> float:
    """Return the width that is really played: whole µs, never rounded up."""
    return float(max(0, min(100, floor(width_us + 1e-6))))
