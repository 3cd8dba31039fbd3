"""How a coyote2 reads what its fact sheet leaves open, and what goes wrong inside it."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from protocols.coyote2.packets import MAX_STRENGTH, MAX_TOLD
from simulator.options import acts, number, one_of, option, pair, whole, word, yes
from simulator.outbox import Act


@dataclass(frozen=True, slots=True)
class Coyote2Options:
    """How a coyote2 reads what its fact sheet leaves open, and what goes wrong inside it."""

    strength: tuple[int, int] = option(
        (0, 0), "A/B", "strengths left in the box from before (0-2047)", pair(MAX_STRENGTH)
    )
    maximum: int = option(MAX_TOLD, "N", "highest strength that 1507 tells (0-2047)", whole(0, MAX_STRENGTH))
    clamps: bool = option(True, "yes|no", "strengths above the maximum are clamped to it", yes)
    config: bool = option(True, "yes|no", "1507 can be read", yes)
    battery: int = option(82, "N", "battery in %", whole(0, 100))
    low_battery: float = option(inf, "T", "the battery falls to 5 % after T s", number(0))
    name: str = option("D-LAB ESTIM01", "NAME", "name in the adverts", word)
    hand: tuple[Act, ...] = option((), "ACT@T;…", "acts of a person, as A+@30;A-5@40;power-off@60", acts())
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads", number(1))
    stop_ignored: int = option(0, "N", "the next N stops (0/0) above 0 have no effect", whole(0, 10**6))
    echo: bool = option(True, "yes|no", "a host's own change of strength is told as well", yes)
    echo_same: bool = option(False, "yes|no", "strengths that a host writes again are told too", yes)
    tell_late_s: float = option(0.0, "S", "notifications come S seconds later still", number(0))
    reconnect: Literal["keep", "zero"] = option(
        "keep", "keep|zero", "what a lost link does to the strengths", one_of("keep", "zero")
    )
    restart: bool = option(False, "yes|no", "each word of a wave begins with its pulses", yes)
    slow_clock: bool = option(False, "yes|no", "the pause clock is 8 ms a step, as in old hardware", yes)
    backs_up: bool = option(False, "yes|no", "waves that come too soon wait for the one before to end", yes)
    write_also: bool = option(False, "yes|no", "1504-1506 take writes with response too", yes)
