"""How an em70 reads what its fact sheet leaves open, and what goes wrong inside it."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from simulator.options import acts, number, one_of, option, whole, word, yes
from simulator.outbox import Act


@dataclass(frozen=True, slots=True)
class Em70Options:
    """How an em70 reads what its fact sheet leaves open, and what goes wrong inside it."""

    strength: int = option(0, "N", "level that it runs at already (0-15)", whole(0, 15))
    program: int = option(9, "N", "program that is selected at the start", whole(1, 255))
    timer: float = option(0.0, "S", "length of each program; 0: 1800 s, and 1380 s for program 19", number(0, 3600))
    drift: float = option(0.0, "P", "share by which its clock runs slow, -0.2 to 0.2", number(-0.2, 0.2))
    battery: int = option(62, "N", "battery in %", whole(0, 100))
    low_battery: float = option(inf, "T", "the battery falls to 5 % after T s, and it says so", number(0))
    name: str = option("LT1102S", "NAME", "name in the adverts", word)
    nul: bool = option(True, "yes|no", "two NUL bytes follow the name, as captured", yes)
    hand: tuple[Act, ...] = option((), "ACT@T;…", "acts of a person, as A+@30;A-5@40;power-off@60", acts())
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads (no effect on its assumed current)", number(1))
    stop_ignored: int = option(0, "N", "the next N stops (03 00) at a level above 0 have no effect", whole(0, 10**6))
    down_ignored: int = option(0, "N", "the next N steps down (02) have no effect", whole(0, 10**6))
    off_ignored: int = option(0, "N", "the next N times that it is switched off (0D) have no effect", whole(0, 10**6))
    echo03: bool = option(False, "yes|no", "a set level (03) is echoed", yes)
    nine: bool = option(False, "yes|no", "the state has nine bytes, in the order of the app", yes)
    notify04: bool = option(True, "yes|no", "a change of program is told", yes)
    overload_drops: bool = option(True, "yes|no", "pads off: the level falls to 0; no: it stays", yes)
    link_loss: Literal["run", "stop"] = option(
        "run", "run|stop", "what a lost link does to the output", one_of("run", "stop")
    )
