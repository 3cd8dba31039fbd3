"""DG-LAB Coyote 3.0: identity, packet forms, capabilities and driver of the box that is fed a frame every 100 ms.

1. A frame (B0) carries a change of strength and four slots of 25 ms of waveform for each channel.
2. Strength 0-200 sets the height of a pulse, intensity 0-100 its width: 2 µs + 1.5 µs x intensity (measured).
3. A channel block with one byte out of range is dropped whole. That is no mistake but the way to say "channel off".
4. B1 tells the strengths: with the number of the frame that it answers, or 0 when somebody turned a wheel.
5. Nobody tells the limits (BF) or the strength on its own: limits are written on each new link, strength is asked.

Sources: DG-LAB's open document for V3 (state of June 2026) for frames, ranges and B1; public captures of one box
(firmware 0407, 500 ohm) for the pulse width; field reports for what the document leaves open, marked "uncertain".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import construct
from construct_typed import DataclassMixin, csfield

from protocols.layout import Direction, Layout
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

NAME = "coyote3"
_SERVICE = "0000180c-0000-1000-8000-00805f9b34fb"
_INFO = "0000180a-0000-1000-8000-00805f9b34fb"
IN = Endpoint("150A", _SERVICE, "0000150a-0000-1000-8000-00805f9b34fb", Can.COMMAND)
OUT = Endpoint("150B", _SERVICE, "0000150b-0000-1000-8000-00805f9b34fb", Can.NOTIFY)
BATTERY = Endpoint("1500", _INFO, "00001500-0000-1000-8000-00805f9b34fb", Can.READ)


_BYTE = construct.Byte
_SLOTS: "construct.Construct[tuple[int, int, int, int], Any]" = construct.ExprAdapter(
    construct.Array(4, _BYTE), lambda value, _: (value[0], value[1], value[2], value[3]), lambda value, _: list(value)
)
_REST: "construct.Construct[tuple[int, ...], Any]" = construct.ExprAdapter(
    construct.GreedyRange(_BYTE), lambda value, _: tuple(value), lambda value, _: list(value)
)


@dataclass(frozen=True)
class B0(DataclassMixin):
    """One frame of 100 ms. Modes: 0 unchanged, 1 increase, 2 decrease, 3 set; a strength above 200 counts as 0."""

    sequence: int = csfield(_BYTE)
    mode_a: int = csfield(_BYTE)
    mode_b: int = csfield(_BYTE)
    strength_a: int = csfield(_BYTE)
    strength_b: int = csfield(_BYTE)
    period_a: tuple[int, int, int, int] = csfield(_SLOTS)
    intensity_a: tuple[int, int, int, int] = csfield(_SLOTS)
    period_b: tuple[int, int, int, int] = csfield(_SLOTS)
    intensity_b: tuple[int, int, int, int] = csfield(_SLOTS)


@dataclass(frozen=True)
class BF(DataclassMixin):
    """Limits and balances. There is no reply, and a limit above 200 is ignored by the unit."""

    limit_a: int = csfield(_BYTE)
    limit_b: int = csfield(_BYTE)
    freq_balance_a: int = csfield(_BYTE)
    freq_balance_b: int = csfield(_BYTE)
    intensity_balance_a: int = csfield(_BYTE)
    intensity_balance_b: int = csfield(_BYTE)


@dataclass(frozen=True)
class BE(DataclassMixin):
    """The reply that BF had before April 2025, with the same bytes."""

    limit_a: int = csfield(_BYTE)
    limit_b: int = csfield(_BYTE)
    freq_balance_a: int = csfield(_BYTE)
    freq_balance_b: int = csfield(_BYTE)
    intensity_balance_a: int = csfield(_BYTE)
    intensity_balance_b: int = csfield(_BYTE)


@dataclass(frozen=True)
class B1(DataclassMixin):
    """The strengths as they are. `sequence` is that of the frame it answers, 0 for a wheel."""

    sequence: int = csfield(_BYTE)
    strength_a: int = csfield(_BYTE)
    strength_b: int = csfield(_BYTE)


@dataclass(frozen=True)
class Note51(DataclassMixin):
    """Perhaps the acknowledgement of a command (uncertain: seen by one client)."""

    sequence: int = csfield(_BYTE)
    rest: tuple[int, ...] = csfield(_REST)


@dataclass(frozen=True)
class Note53(DataclassMixin):
    """Perhaps the power now given out (uncertain: seen by one client)."""

    kind: int = csfield(_BYTE)
    power_a: int = csfield(_BYTE)
    power_b: int = csfield(_BYTE)
    rest: tuple[int, ...] = csfield(_REST)


@dataclass(frozen=True)
class Charge(DataclassMixin):
    """Battery in %."""

    percent: int = csfield(_BYTE)


def _pack_order(body: bytes) -> bytes:
    """Put sequence and modes, which are bytes of their own in the payload, into the one byte of the wire."""
    if body[1] > 15 or body[2] > 3 or body[3] > 3:
        raise BadPacket(f"B0: sequence 0-15 and modes 0-3, not {body[1]}, {body[2]}, {body[3]}")
    return bytes((body[0], body[1] << 4 | body[2] << 2 | body[3])) + body[4:]


def _unpack_order(data: bytes) -> bytes:
    if data[:1] != b"\xb0":
        return data
    if len(data) != 20:
        raise BadPacket(f"B0: is 20 bytes, got {len(data)}")
    return bytes((data[0], data[1] >> 4, data[1] >> 2 & 3, data[1] & 3)) + data[2:]


def _check_told(packet: B1) -> None:
    if packet.sequence > 15 or packet.strength_a > 200 or packet.strength_b > 200:
        raise BadPacket(
            f"B1: sequence 0-15 and strengths 0-200, not {packet.sequence}, {packet.strength_a}, {packet.strength_b}"
        )


def _check_charge(packet: Charge) -> None:
    if packet.percent > 100:
        raise BadPacket(f"battery: 0-100 %, not {packet.percent}")


FRAME = Layout("B0", B0, b"\xb0", frame=_pack_order, unframe=_unpack_order)
LIMITS = Layout("BF", BF, b"\xbf")
TOLD = Layout("B1", B1, b"\xb1", check=_check_told)
OLD_REPLY = Layout("BE", BE, b"\xbe")
NOTE_51 = Layout("51", Note51, b"\x51")
NOTE_53 = Layout("53", Note53, b"\x53")
CHARGE = Layout("battery", Charge, check=_check_charge)
LAYOUTS: Mapping[Direction, Mapping[str, tuple[Layout[Any], ...]]] = {
    Direction.TO_DEVICE: {IN.name: (FRAME, LIMITS)},
    Direction.FROM_DEVICE: {OUT.name: (TOLD, OLD_REPLY, NOTE_51, NOTE_53), BATTERY.name: (CHARGE,)},
}

OFF_CODES: tuple[int, int, int, int] = (0, 0, 0, 0)
OFF_INTENSITIES: tuple[int, int, int, int] = (0, 0, 0, 101)
"""Codes and intensities of the official pattern for "this channel off"."""


def period_code(period_ms: int) -> int:
    """Return the code 10-240 of a period of 10-1000 ms, rounded down; 10 outside, as the maker's sample does."""
    if 10 <= period_ms <= 100:
        return period_ms
    if 100 < period_ms <= 600:
        return (period_ms - 100) // 5 + 100
    if 600 < period_ms <= 1000:
        return (period_ms - 600) // 10 + 200
    return 10


def period_ms(code: int) -> int:
    """Return the period of a code; raise ValueError outside 10-240 (the document calls those invalid)."""
    if not 10 <= code <= 240:
        raise ValueError(f"a period code is 10-240, not {code}")
    if code <= 100:
        return code
    return (code - 100) * 5 + 100 if code <= 200 else (code - 200) * 10 + 600


def code_for(rate_hz: float) -> int:
    """Return the code of the shortest period that is no faster than this rate: a rate never rounds up."""
    wanted_ms = 999 / max(1.0, min(100.0, rate_hz))  # a thousandth faster is no difference
    code = period_code(max(10, int(wanted_ms)))
    return code if period_ms(code) >= wanted_ms else code + 1


def rate_played(rate_hz: float) -> float:
    """Return the rate that is really played: periods are whole milliseconds, above 100 ms of 5, above 600 of 10."""
    return 1000 / period_ms(code_for(rate_hz))


def width_played(width_us: float) -> float:
    """Return the width of each phase that is really played, measured: 2 µs + 1.5 µs × intensity; 0: no pulse."""
    intensity = intensity_for(width_us)
    return 2.0 + 1.5 * intensity if intensity else 0.0


def intensity_for(width_us: float) -> int:
    """Return the intensity 0-100 whose pulse is at most this wide (each phase), so it never rounds up."""
    return max(0, min(100, int((width_us - 2.0) // 1.5)))


CAPS = Capabilities(
    family=NAME,
    channels=(Channel.A, Channel.B),
    scale=Level(200),
    step=4,
    first=Level(1),
    raise_gap_s=0.5,
    ask_s=0.3,
    fresh_s=3.0,  # raises are relative: where a hand turned it down meanwhile, a raise ends a step above that
    stale_s=3.0,
    fault_s=10.0,
    stop_s=3.0,
    control=Control.STREAM,
    off_by=OffBy.FEED,
    pause=Pause.HOLD,
    zero_by=ZeroBy.REPORT,
    silence_sure=False,  # restim's author saw a box repeat its last frame; all others rely on the silence
)
