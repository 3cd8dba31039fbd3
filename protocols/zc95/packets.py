"""ZC95, an open-hardware box with four channels: identity, packet forms, capabilities; its driver is in zc95_driver.

1. Rate, width, power and enable of each channel are live parameters; the box generates the pulses itself.
2. It goes on for as long as the link is up, however silent the host; when the link ends, everything is off at once.
3. The dials at its front are a ceiling of their own for each channel. Levels can't be read back: the reply to a write
   is the only answer.
4. What the sheet leaves out: how long a box takes to notice that its link is lost. That is the supervision time-out of
   the link, 6 s at most in any unit that was seen; a hang-up is told to it at once only if it can still hear it.

Source: firmware and documents of CrashOverride85/zc95 (GitHub): BleStreaming, CBtGatt, GattProfile, ble_message,
CDirectPulse and its Python client; the order of the pulse commands (01 start, 02 pulse) is the firmware's.
"""

from dataclasses import dataclass
from math import floor

import construct
from construct_typed import DataclassMixin, DataclassStruct, csfield

from protocols.layout import Direction, Form, Forms, Layout
from protocols.vocabulary import (
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

NAME = "zc95"
TOP = 1000
MESSAGES_MAX = 14

STALE_S = 3.0
"""A level that was asked for each second has been missed twice by then."""

SLOT_S = 0.05
"""What moves is told so often: a command reaches the box with the next connection event, 30 to 50 ms later at most."""


def _uuid(short: str) -> str:
    return f"ac7744c0-0bad-11ef-a9cd-0800200c{short.lower()}"


CONTROL_SERVICE = _uuid("9B00")
STREAM_SERVICE = _uuid("9A00")
CHANNELS = (Channel.A, Channel.B, Channel.C, Channel.D)


def _control(short: str, can: Can) -> Endpoint:
    return Endpoint(short, CONTROL_SERVICE, _uuid(short), can)


def _four(first: str, can: Can) -> dict[Channel, Endpoint]:
    return {channel: _control(f"{first}{number}", can) for number, channel in enumerate(CHANNELS, 1)}


DIALS = _four("9B0", Can.READ | Can.NOTIFY)
WIDTHS = _four("9B1", Can.WRITE | Can.COMMAND)
RATES = _four("9B2", Can.WRITE | Can.COMMAND)
POWERS = _four("9B3", Can.WRITE | Can.COMMAND)
ENABLES = _four("9B4", Can.WRITE | Can.COMMAND)
BATTERY = Endpoint(
    "2A19", "0000180f-0000-1000-8000-00805f9b34fb", "00002a19-0000-1000-8000-00805f9b34fb", Can.READ | Can.NOTIFY
)
PULSES = Endpoint("9A01", STREAM_SERVICE, _uuid("9A01"), Can.COMMAND)
MAY_JOIN = Endpoint("9A02", STREAM_SERVICE, _uuid("9A02"), Can.READ)
ISOLATION = Endpoint("9A03", STREAM_SERVICE, _uuid("9A03"), Can.READ | Can.WRITE)
USED = (*DIALS.values(), *WIDTHS.values(), *RATES.values(), *POWERS.values(), *ENABLES.values(), BATTERY)


@dataclass(frozen=True)
class Width(DataclassMixin):
    """Width of the positive and the negative phase, 0-255 µs each."""

    positive_us: int = csfield(construct.Int8ub)
    negative_us: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Rate(DataclassMixin):
    """Pulses a second, 1-255; 0 is ignored by the box without a word."""

    rate_hz: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Power(DataclassMixin):
    """Power of a channel, or the place of its dial: 0-1000, tenths of a per cent."""

    power: int = csfield(construct.Int16ul)


@dataclass(frozen=True)
class Switch(DataclassMixin):
    """1 on, 0 off."""

    on: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Charge(DataclassMixin):
    """Battery in %."""

    percent: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Message(DataclassMixin):
    """One command of a pulse packet: 1 start (clock zero) or 2 pulse; mask has two bits a channel, times are in µs."""

    command: int = csfield(construct.Int8ub)
    positive_us: int = csfield(construct.Int8ub)
    negative_us: int = csfield(construct.Int8ub)
    mask: int = csfield(construct.Int8ub)
    time_us: int = csfield(construct.Int64ul)
    amplitude: int = csfield(construct.Int16ul)
    reserved: int = csfield(construct.Int16ul)


MESSAGES = construct.Array(construct.this.count, DataclassStruct(Message))


@dataclass(frozen=True)
class Packet(DataclassMixin):
    """A pulse packet; `counter` goes up by one from packet to packet."""

    count: int = csfield(construct.Int8ub)
    counter: int = csfield(construct.Int8ub)
    zero: int = csfield(construct.Int16ub)
    messages: list[Message] = csfield(MESSAGES)  # noqa: RUF009 - as all fields here are declared


def _check_rate(packet: Rate) -> None:
    if packet.rate_hz == 0:
        raise BadPacket("rate: 1-255 Hz, not 0, which the box ignores")


def _check_power(packet: Power) -> None:
    if packet.power > TOP:
        raise BadPacket(f"power: 0-{TOP}, not {packet.power}")


def _check_switch(packet: Switch) -> None:
    if packet.on > 1:
        raise BadPacket(f"switch: 0 or 1, not {packet.on}")


def _check_charge(packet: Charge) -> None:
    if packet.percent > 100:
        raise BadPacket(f"battery: 0-100 %, not {packet.percent}")


def _check_packet(packet: Packet) -> None:
    if not 1 <= packet.count <= MESSAGES_MAX or packet.zero:
        raise BadPacket(f"pulses: 1 to {MESSAGES_MAX} messages after two zero bytes, not {packet.count}")
    for message in packet.messages:
        if message.command not in (1, 2) or message.amplitude > TOP or message.reserved:
            told = f"{message.command}, {message.amplitude} and {message.reserved}"
            raise BadPacket(f"pulses: command 1 or 2, amplitude 0-{TOP}, reserved 0, not {told}")


WIDTH = Layout("width", Width)
RATE = Layout("rate", Rate, check=_check_rate)
POWER = Layout("power", Power, check=_check_power)
DIAL = Layout("dial", Power, check=_check_power)
ENABLE = Layout("enable", Switch, check=_check_switch)
ISOLATED = Layout("isolation", Switch, check=_check_switch)
CHARGE = Layout("battery", Charge, check=_check_charge)
STREAM = Layout("pulses", Packet, check=_check_packet)


def _forms(endpoints: dict[Channel, Endpoint], form: Form) -> dict[str, tuple[Form, ...]]:
    return {endpoint.name: (form,) for endpoint in endpoints.values()}


LAYOUTS: Forms = {
    Direction.TO_DEVICE: {
        **_forms(POWERS, POWER),
        **_forms(WIDTHS, WIDTH),
        **_forms(RATES, RATE),
        **_forms(ENABLES, ENABLE),
        PULSES.name: (STREAM,),
        ISOLATION.name: (ISOLATED,),
    },
    Direction.FROM_DEVICE: {
        **_forms(DIALS, DIAL),
        BATTERY.name: (CHARGE,),
        MAY_JOIN.name: (ISOLATED,),
        ISOLATION.name: (ISOLATED,),
    },
}

CAPS = Capabilities(
    family=NAME,
    channels=CHANNELS,
    scale=Level(TOP),
    step=20,
    first=Level(1),
    raise_gap_s=0.5,
    ask_s=0.3,
    # A raise is an absolute power, but nothing at the box can change a power: its dials only hold the output below it
    # (and in scale mode make a step of power smaller). So an answer to a write stays true, and no raise is a jump.
    fresh_s=STALE_S,
    stale_s=STALE_S,
    fault_s=10.0,
    stop_s=4.0,
    control=Control.LIVE,
    off_by=OffBy.LINK,
    pause=Pause.HOLD,
    zero_by=ZeroBy.REPLY,
)


def whole(value: float) -> float:
    """Return the rate or width that is really played: whole numbers, none rounded up."""
    return float(min(255, floor(value + 1e-6)))
