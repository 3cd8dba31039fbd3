"""How a software Bluetens reads what its fact sheet leaves open, and what goes wrong inside it."""

from dataclasses import dataclass
from math import inf

from simulator.options import acts, number, one_of, option, whole, word, yes
from simulator.outbox import Act


@dataclass(frozen=True, slots=True)
class BluetensOptions:
    strength: int = option(0, "N", "level that it runs at already (1-60; 0: it is stopped)", whole(0, 60))
    hardware: str = option("second", "second|first", "which hardware it is", one_of("second", "first"))
    battery: int = option(78, "N", "battery in % (3100 to 4150 mV, first hardware 3500 to 4150)", whole(0, 100))
    low_battery: float = option(inf, "T", "its battery runs low after T s: it says so, stops and goes off", number(0))
    name: str = option("Bluetens2", "NAME", "name in the adverts", word)
    hand: tuple[Act, ...] = option(
        (), "ACT@T;…", "acts of a person, as A+@30;charger-on@60", acts("charger-on", "charger-off", channels="A")
    )
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads", number(1))
    ends: float = option(inf, "S", "each program ends S s after its start, and no line says so", number(0))
    charging: bool = option(False, "yes|no", "it hangs on its charger: a start is ok, and none", yes)
    start_ignored: int = option(0, "N", "the next N starts are ok, and none", whole(0, 10**6))
    stop_ignored: int = option(0, "N", "the next N stops have no effect, though they are ok", whole(0, 10**6))
    slow_stop_s: float = option(0.0, "S", "a stop takes so long; above 3 s it resets itself instead", number(0, 10))
    full: str = option(
        "no", "no|status|notify", "its memory is full, and how it says so", one_of("no", "status", "notify")
    )
    capacity: int = option(60 * 1024, "BYTES", "size of its memory", whole(100, 10**6))
    damaged: int = option(0, "N", "the next N uploads are stored with a wrong byte", whole(0, 10**6))
    half_line: bool = option(True, "yes|no", "half a line of a host that died stays in the shell", yes)
    half_file: bool = option(True, "yes|no", "an upload of a host that died stays open until its time is over", yes)
    old_level: bool = option(True, "yes|no", "the answer to a new level is still the old one", yes)
    down_ignored: int = option(0, "N", "the next N lower levels have no effect, though answered", whole(0, 10**6))
    pieces: str = option(
        "20",
        "20|any|joined",
        "what it notifies: a line in pieces of 20 bytes, of any length up to that, or lines without a gap between",
        one_of("20", "any", "joined"),
    )
    stat: str = option("plain", "plain|app", "the state has more fields, in another order", one_of("plain", "app"))
    md5_case: str = option("upper", "lower|upper", "letter case of md5", one_of("lower", "upper"))
    first_md5: str = option(
        "zeros", "zeros|none|default", "lmd5 before the first start", one_of("zeros", "none", "default")
    )
    echo: bool = option(False, "yes|no", "the shell echoes what it is sent (no client was seen to handle that)", yes)
    pad: str = option("left", "left|right", "side on which `ls` pads", one_of("left", "right"))
    errno: int = option(22, "N", "status of a bad argument", whole(4, 99))
    bound: bool = option(False, "yes|no", "a pulse of just 375 µs passes at 1000 Hz", yes)
    preload: int = option(7, "N", "repetitions that are loaded already when the cut-off comes (0-7)", whole(0, 7))
