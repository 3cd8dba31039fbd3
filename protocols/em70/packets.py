"""Beurer EM 70 Wireless (radio name LT1102S): identity, packet forms, capabilities and driver of the unit with numbers.

1. One frame a write or notification: 5A, length - 1, code, payload, and the 16-bit sum of all that, high byte first.
2. Level 0-15 goes up and down by one; 03 00 is the stop. The unit keeps its own time and plays a program by number.
3. Replies carry no number, and an echo says what was asked for, not what is: only the state (07) tells the level.

Source: the public capture and code of a master's thesis (GitHub Trojan13/ma-ems): its 58 s sniffer record for frames,
state, stop and timing; its app classes for the codes 04-06, 08, 0B-0F; its host for the scale of 15 and the state with
nine bytes. What those leave open is marked "uncertain".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import construct
from construct_typed import DataclassMixin, csfield

from protocols.layout import Direction, Layout
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

NAME = "em70"
TOP = 15
"""Highest level (the thesis' own screen shows 15 as 100 %; uncertain)."""

CONTROL = Endpoint(
    "control",
    "646687fb-033f-9393-6ca2-0e9401adeb32",
    "64668730-033f-9393-6ca2-0e9401adeb32",
    Can.READ | Can.WRITE | Can.NOTIFY,
)
BATTERY = Endpoint(
    "2A19", "0000180f-0000-1000-8000-00805f9b34fb", "00002a19-0000-1000-8000-00805f9b34fb", Can.READ | Can.NOTIFY
)


_BYTE = construct.Byte


@dataclass(frozen=True)
class Plain(DataclassMixin):
    """A packet that only says its code; its one byte is 00 (from the unit, any byte is taken)."""

    zero: int = csfield(_BYTE)


@dataclass(frozen=True)
class Strength(DataclassMixin):
    """A level, 0-15: the goal of 03, the new level in an echo or after a key."""

    level: int = csfield(_BYTE)


@dataclass(frozen=True)
class Program(DataclassMixin):
    """The number of one of the unit's own programs."""

    program: int = csfield(_BYTE)


@dataclass(frozen=True)
class Lock(DataclassMixin):
    """Key lock: 0 locked, 1 not."""

    unlocked: int = csfield(_BYTE)


@dataclass(frozen=True)
class Hold(DataclassMixin):
    """Pause: 0 pause, 1 go on (its effect is uncertain; this house pauses by a stop)."""

    resumed: int = csfield(_BYTE)


@dataclass(frozen=True)
class Version(DataclassMixin):
    """Hardware and software version."""

    hardware: int = csfield(_BYTE)
    software: int = csfield(_BYTE)


@dataclass(frozen=True)
class State(DataclassMixin):
    """The state in eight bytes, as captured. `load` 1: a load was measured (it stays 1 after a stop; uncertain)."""

    load: int = csfield(_BYTE)
    program: int = csfield(_BYTE)
    mode: int = csfield(_BYTE)
    level: int = csfield(_BYTE)
    minutes: int = csfield(_BYTE)
    battery: int = csfield(_BYTE)
    seconds: int = csfield(_BYTE)
    lock: int = csfield(_BYTE)


@dataclass(frozen=True)
class LongState(DataclassMixin):
    """The state in nine bytes, in the order of the app. `spent` is 60 - seconds (uncertain, as is `cure`)."""

    load: int = csfield(_BYTE)
    program: int = csfield(_BYTE)
    mode: int = csfield(_BYTE)
    level: int = csfield(_BYTE)
    minutes: int = csfield(_BYTE)
    battery: int = csfield(_BYTE)
    cure: int = csfield(_BYTE)
    spent: int = csfield(_BYTE)
    lock: int = csfield(_BYTE)


def frame(body: bytes) -> bytes:
    """Return code and payload as they are on the wire: start and length before, checksum behind."""
    head = bytes((0x5A, len(body) + 3)) + body
    return head + sum(head).to_bytes(2, "big")


@lru_cache(maxsize=64)
def unframe(data: bytes) -> bytes:
    """Return code and payload of one frame; raise BadPacket if start, length or checksum is wrong."""
    if data[:1] != b"\x5a":
        raise BadPacket(f"frame: starts with {data[:1].hex() or 'nothing'}, not 5a")
    if len(data) < 6:
        raise BadPacket(f"frame: is at least 6 bytes, got {len(data)}")
    if data[1] != len(data) - 1:
        raise BadPacket(f"frame: says {data[1] + 1} bytes, is {len(data)}")
    told = int.from_bytes(data[-2:], "big")
    made = sum(data[:-2])
    if told != made:
        raise BadPacket(f"frame: checksum {told:04x}, should be {made:04x}")
    return data[2:-2]


def _unframe_state(size: int) -> Callable[[bytes], bytes]:
    """Return an unframe that tells the two lengths of the state apart; another length is none."""

    def unframe_sized(data: bytes) -> bytes:
        body = unframe(data)
        if body[0] == 0x07 and len(body) - 1 != size:
            raise BadPacket(f"state: has 8 or 9 bytes of payload, got {len(body) - 1}")
        return body

    return unframe_sized


def _check_plain(packet: Plain) -> None:
    _within("the byte", packet.zero, 0)


def _check_level(packet: Strength) -> None:
    _within("level", packet.level, TOP)


def _check_lock(packet: Lock) -> None:
    _within("lock", packet.unlocked, 1)


def _check_hold(packet: Hold) -> None:
    _within("pause", packet.resumed, 1)


def _check_state(packet: State) -> None:
    _within("level", packet.level, TOP)
    _within("battery", packet.battery, 100)
    _within("seconds", packet.seconds, 59)


def _check_long(packet: LongState) -> None:
    _within("level", packet.level, TOP)
    _within("battery", packet.battery, 100)
    _within("60 - seconds", packet.spent, 60)


def _within(what: str, value: int, top: int) -> None:
    if value > top:
        raise BadPacket(f"{what}: {f'0-{top}' if top else '00'}, not {value}")


def _request(name: str, code: int) -> Layout[Plain]:
    return Layout(name, Plain, bytes((code,)), frame=frame, unframe=unframe, check=_check_plain)


def _notice(name: str, code: int) -> Layout[Plain]:
    return Layout(name, Plain, bytes((code,)), frame=frame, unframe=unframe)


def _strength(name: str, code: int) -> Layout[Strength]:
    return Layout(name, Strength, bytes((code,)), frame=frame, unframe=unframe, check=_check_level)


STEP_UP = _request("step_up", 0x01)
STEP_DOWN = _request("step_down", 0x02)
SET_LEVEL = _strength("set_level", 0x03)
SELECT = Layout("select", Program, b"\x04", frame=frame, unframe=unframe)
LOCK = Layout("lock", Lock, b"\x05", frame=frame, unframe=unframe, check=_check_lock)
PAUSE = Layout("pause", Hold, b"\x06", frame=frame, unframe=unframe, check=_check_hold)
ASK_STATE = _request("ask_state", 0x07)
ASK_VERSION = _request("ask_version", 0x08)
POWER_OFF = _request("power_off", 0x0D)

ECHO_UP = _strength("echo_up", 0x01)
ECHO_DOWN = _strength("echo_down", 0x02)
ECHO_SET = _strength("echo_set", 0x03)
PROGRAM = Layout("program", Program, b"\x04", frame=frame, unframe=unframe)
LOCKED = Layout("locked", Lock, b"\x05", frame=frame, unframe=unframe, check=_check_lock)
STATE = Layout("state", State, b"\x07", frame=frame, unframe=_unframe_state(8), check=_check_state)
LONG_STATE = Layout("long_state", LongState, b"\x07", frame=frame, unframe=_unframe_state(9), check=_check_long)
VERSION = Layout("version", Version, b"\x08", frame=frame, unframe=unframe)
KEY = _strength("key", 0x0B)
ENDED = _notice("ended", 0x0C)
OVERLOAD = _notice("overload", 0x0E)
LOW_BATTERY = _notice("low_battery", 0x0F)


@dataclass(frozen=True)
class Charge(DataclassMixin):
    """Battery in %."""

    percent: int = csfield(_BYTE)


def _check_charge(packet: Charge) -> None:
    _within("battery", packet.percent, 100)


CHARGE = Layout("battery", Charge, check=_check_charge)

LAYOUTS: Mapping[Direction, Mapping[str, tuple[Layout[Any], ...]]] = {
    Direction.TO_DEVICE: {
        CONTROL.name: (
            STEP_UP,
            STEP_DOWN,
            SET_LEVEL,
            SELECT,
            LOCK,
            PAUSE,
            ASK_STATE,
            ASK_VERSION,
            POWER_OFF,
        )
    },
    Direction.FROM_DEVICE: {
        CONTROL.name: (
            ECHO_UP,
            ECHO_DOWN,
            ECHO_SET,
            PROGRAM,
            LOCKED,
            STATE,
            LONG_STATE,
            VERSION,
            KEY,
            ENDED,
            OVERLOAD,
            LOW_BATTERY,
        ),
        BATTERY.name: (CHARGE,),
    },
}

CAPS = Capabilities(
    family=NAME,
    channels=(Channel.A,),
    scale=Level(TOP),
    step=1,
    first=Level(1),
    raise_gap_s=1.0,
    ask_s=0.3,
    # A step up is relative, so a hand can't turn it into a jump. But a level that the unit's keys have just brought to
    # 0 is not to begin again by itself, and the state can be asked for at every step without slowing the slope.
    fresh_s=FRESH_MAX_S,
    stale_s=3.0,
    fault_s=10.0,
    stop_s=4.0,
    control=Control.NUMBER,
    off_by=OffBy.TOLD,
    pause=Pause.RESTART,
    zero_by=ZeroBy.REPORT,
)
