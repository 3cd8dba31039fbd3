"""How a zc95 is set, how it reads what its fact sheet leaves open, and what goes wrong inside it."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from protocols.zc95.packets import TOP
from simulator.options import acts, number, one_of, option, pair, whole, word, yes
from simulator.outbox import Act


@dataclass(frozen=True, slots=True)
class Zc95Options:
    """How a zc95 is set, how it reads what its fact sheet leaves open, and what goes wrong inside it."""

    strength: tuple[int, int] = option((0, 0), "A/B", "power that A and B run at when it is met (0-1000)", pair(TOP))
    dials: int = option(TOP, "N", "where all four dials stand (0-1000)", whole(0, TOP))
    mode: Literal["limit", "scale"] = option(
        "limit", "limit|scale", "a dial cuts the power off, or multiplies it", one_of("limit", "scale")
    )
    range: Literal["low", "medium", "high"] = option(
        "high", "low|medium|high", "power level in its settings, for all channels", one_of("low", "medium", "high")
    )
    battery: int = option(80, "N", "battery in %", whole(0, 100))
    low_battery: float = option(inf, "T", "the battery falls to 5 % after T s", number(0))
    name: str = option("ZC95", "NAME", "name in the adverts", word)
    hand: tuple[Act, ...] = option((), "ACT@T;…", "dials and more, as A-500@40;power-off@60", acts(channels="ABCD"))
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads (no effect on its assumed current)", number(1))
    stop_ignored: int = option(0, "N", "the next N zeros have no effect, though replied to", whole(0, 10**6))
    notice: float = option(
        0.0, "S", "it notices the end of its link S s later, as if it had heard nothing of it", number(0, 32)
    )
    refuse: int = option(0, "N", "the next N writes with response are refused", whole(0, 10**6))
    refuse_from: float = option(inf, "T", "from T s on every write is refused, and changes nothing", number(0))
    latency_ms: int = option(20, "N", "a parameter is felt N ms after it was written", whole(0, 500))
    keeps: bool = option(True, "yes|no", "width and rate survive a reconnect", yes)
    dial_zero: Literal["silent", "refuse"] = option(
        "silent", "silent|refuse", "a power above 0 while the dial is at 0", one_of("silent", "refuse")
    )
    joins: bool = option(True, "yes|no", "switching the isolation of the channels off is allowed", yes)
    isolated: bool = option(True, "yes|no", "isolation is on when it is met", yes)
    pulse_code: int = option(
        0x13, "CODE", "the error of a pulse packet of a wrong size (nobody sees it)", whole(1, 255)
    )
