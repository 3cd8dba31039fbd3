"""DG-LAB Coyote 2.0: identity, words, capabilities; its driver is in coyote2_driver.

1. Every value is one word of 24 bits, least significant byte first. Strengths of both channels are one word (1504).
2. The waves are crossed: channel A's goes to 1506, channel B's to 1505. A wave is good for 100 ms, strength stays.
3. A wave is X pulses in X milliseconds, then Y ms of pause, each 5 µs x Z wide. We send X = 1 only, so that a rate in
   Hz is a number of pulses; the maker's apps use X = 15 x sqrt(period in s), which is stronger at low rates.
4. 1507 tells the highest strength. Nothing above it is ever sent, and without it nothing is played.

Sources: the maker's open V2 document, its examples and web demo (GitHub dungeonlab-open/dglab-bluetooth-protocol, order
of A and B as corrected 2024-10-28); 1501, 1507 and the kinds of writes from a copy of a real box's table. No voltage
of this box is known.
"""

from dataclasses import dataclass
from math import ceil

import construct
from construct_typed import DataclassMixin, csfield

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

NAME = "coyote2"
MAX_STRENGTH = 2047
"""What a word can say."""

MAX_TOLD = 2000
"""What 1507 of a real box says; strengths above it should not be sent."""

APP_STEP = 7
"""Raw steps to one step of the maker's app and of a wheel."""

FRAME_S = 0.1
"""A wave is good for so long, and is written at most so often: a box that is flooded lags for seconds."""

WIDTH_STEP_US = 5
Z_MAX = 20
"""The maker's apps stop here (100 µs), though a word could say 31; above it stinging is likelier, says the document."""


def _endpoint(short: str, service: str, can: Can) -> Endpoint:
    base = "955a{}-0fe2-f5aa-a094-84b8d4f3e8ad"
    return Endpoint(short, base.format(service.lower()), base.format(short.lower()), can)


BATTERY = _endpoint("1500", "180A", Can.READ | Can.NOTIFY)
VERSION = _endpoint("1501", "180A", Can.READ)
STRENGTHS = _endpoint("1504", "180B", Can.READ | Can.COMMAND | Can.NOTIFY)
WAVE_B = _endpoint("1505", "180B", Can.READ | Can.COMMAND)
WAVE_A = _endpoint("1506", "180B", Can.READ | Can.COMMAND)
CONFIG = _endpoint("1507", "180B", Can.READ)


@dataclass(frozen=True)
class Strengths(DataclassMixin):
    """PWM_AB2: strength of A and of B, 0-2047 each, on the box's own scale."""

    reserved: int = csfield(construct.BitsInteger(2))
    a: int = csfield(construct.BitsInteger(11))
    b: int = csfield(construct.BitsInteger(11))


@dataclass(frozen=True)
class Wave(DataclassMixin):
    """X pulses a millisecond apart, then Y ms of pause, each pulse 5 µs x Z wide."""

    reserved: int = csfield(construct.BitsInteger(4))
    z: int = csfield(construct.BitsInteger(5))
    y: int = csfield(construct.BitsInteger(10))
    x: int = csfield(construct.BitsInteger(5))


@dataclass(frozen=True)
class Config(DataclassMixin):
    """Highest strength that the box allows, and its step. What the upper bits are is not known."""

    unknown: int = csfield(construct.BitsInteger(5))
    maximum: int = csfield(construct.BitsInteger(11))
    step: int = csfield(construct.BitsInteger(8))


@dataclass(frozen=True)
class Charge(DataclassMixin):
    """Battery in %."""

    percent: int = csfield(construct.Int8ub)


@dataclass(frozen=True)
class Version(DataclassMixin):
    """Firmware, shown as two bytes in hex with a dot between."""

    major: int = csfield(construct.Int8ub)
    minor: int = csfield(construct.Int8ub)


def _reserved(packet: Strengths | Wave) -> None:
    if packet.reserved:
        raise BadPacket(f"the upper bits of a word are 0, not {packet.reserved}")


def _check_charge(packet: Charge) -> None:
    if packet.percent > 100:
        raise BadPacket(f"battery: 0-100 %, not {packet.percent}")


def word(data: bytes) -> bytes:
    """Turn a word round, from or to least significant byte first; raise BadPacket for another length."""
    if len(data) != 3:
        raise BadPacket(f"a word has 3 bytes, not {len(data)}")
    return data[::-1]


STRENGTH_WORD = Layout("strengths", Strengths, frame=word, unframe=word, check=_reserved, bits=True)
WAVE_WORD = Layout("wave", Wave, frame=word, unframe=word, check=_reserved, bits=True)
CONFIG_WORD = Layout("config", Config, frame=word, unframe=word, bits=True)
CHARGE = Layout("battery", Charge, check=_check_charge)
FIRMWARE = Layout("version", Version)
LAYOUTS: Forms = {
    Direction.TO_DEVICE: {
        STRENGTHS.name: (STRENGTH_WORD,),
        WAVE_A.name: (WAVE_WORD,),
        WAVE_B.name: (WAVE_WORD,),
    },
    Direction.FROM_DEVICE: {
        STRENGTHS.name: (STRENGTH_WORD,),
        WAVE_A.name: (WAVE_WORD,),
        WAVE_B.name: (WAVE_WORD,),
        CONFIG.name: (CONFIG_WORD,),
        BATTERY.name: (CHARGE,),
        VERSION.name: (FIRMWARE,),
    },
}
SILENCE = bytes(3)
"""A wave without pulses; strengths of 0 are the same bytes."""


def period_ms(rate_hz: float) -> int:
    """Return the shortest period in whole ms that is no faster than a rate; at least 10 (100 Hz), at most 1000."""
    return max(10, ceil(1000 / max(1.0, rate_hz) - 1e-6))  # what 1000 / rate is off by rounding is no difference


def rate_played(rate_hz: float) -> float:
    """Return the rate that comes out for one that is asked for, Hz: the same or lower, since periods are whole ms."""
    return 1000 / period_ms(rate_hz)


def z_for(width_us: float) -> int:
    """Return the Z of the widest pulse that is no wider; 0: no pulse."""
    return max(0, min(Z_MAX, int((width_us + 1e-6) // WIDTH_STEP_US)))


def width_played(width_us: float) -> float:
    """Return the width that comes out for one that is asked for, µs: the same or narrower."""
    return float(WIDTH_STEP_US * z_for(width_us))


CAPS = Capabilities(
    family=NAME,
    channels=(Channel.A, Channel.B),
    scale=Level(MAX_TOLD),
    step=MAX_TOLD * 2 // 100,
    first=Level(1),
    raise_gap_s=0.5,
    ask_s=0.3,
    fresh_s=FRESH_MAX_S,
    stale_s=3.0,
    fault_s=10.0,
    stop_s=3.0,
    control=Control.STREAM,
    off_by=OffBy.FEED,
    pause=Pause.HOLD,
    zero_by=ZeroBy.REPORT,
)
