"""How a Bluetens reads what its fact sheet leaves open, and what goes wrong inside it."""

from dataclasses import dataclass
from math import inf

from simulator.options import acts, number, one_of, option, whole, word, yes
from simulator.outbox import Act


@dataclass(frozen=True, slots=True)
class BluetensOptions:
    """The options; see the module."""

    strength: int = option(0, "N", "level that it runs at already (1-60; 0: it is stopped)", whole(0, 60))
    hardware: str = option(
        "second", "second|first", "which hardware: pulses, battery scale, idle time", one_of("second", "first")
    )
    battery: int = option(3920, "MV", "battery in mV (true ones)", whole(2500, 4200))
    low_battery: float = option(inf, "T", "its battery runs low after T s: it says so, stops and goes off", number(0))
    name: str = option("Bluetens2", "NAME", "name in the adverts", word)
    hand: tuple[Act, ...] = option(
        (), "ACT@T;…", "acts of a person, as A+@30;charger-on@60", acts("charger-on", "charger-off", channels="A")
    )
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads", number(1))
    charging: bool = option(False, "yes|no", "it hangs on its charger: a start is ok, and none", yes)
    stop_ignored: int = option(0, "N", "the next N stops have no effect, though they are ok", whole(0, 10**6))
    slow_stop_s: float = option(0.0, "S", "a stop is answered S seconds late (the unit takes up to 3)", number(0, 3))
    full: bool = option(False, "yes|no", "its memory is full", yes)
    damaged: int = option(0, "N", "the next N uploads are stored with a wrong byte", whole(0, 10**6))
    half_line: bool = option(True, "yes|no", "half a line of a host that died stays in the shell", yes)
    old_level: bool = option(False, "yes|no", "the answer to a new level is still the old one", yes)
    md5_case: str = option("lower", "lower|upper", "letter case of md5", one_of("lower", "upper"))
    echo: bool = option(False, "yes|no", "the shell echoes what it is sent", yes)
    pad: str = option("right", "right|left", "side on which `ls` pads", one_of("right", "left"))
