"""How a YOKONEX EMS reads what its fact sheet leaves open, and what goes wrong inside it."""

from dataclasses import dataclass
from math import inf

from protocols.yokonex.packets import TOP, V1, V2
from simulator.options import acts, number, one_of, option, pair, whole, word, yes
from simulator.outbox import Act


@dataclass(frozen=True, slots=True)
class YokonexOptions:
    """How a YOKONEX EMS reads what its fact sheet leaves open, and what goes wrong inside it."""

    version: str = option(V1, "V1.6|V2.0", "the protocol that it speaks", one_of(V1, V2))
    range_check: bool = option(False, "yes|no", "frames with values out of range are refused, not clamped", yes)
    length_check: bool = option(True, "yes|no", "frames that are too short or long are refused, not read anyway", yes)
    errors: bool = option(True, "yes|no", "what is wrong is answered by an error; no: dropped", yes)
    strength: tuple[int, int] = option((0, 0), "A/B", "intensity that they run at already (0-276)", pair(TOP))
    battery: int = option(90, "N", "battery in %", whole(0, 100))
    drain_s: float = option(300.0, "S", "output takes 1 % of the battery in S s, and it says so", number(1))
    low_battery: float = option(inf, "T", "the battery falls to 5 % after T s", number(0))
    name: str = option("YCY-DJQ-01", "NAME", "name in the adverts", word)
    adv_service: bool = option(True, "yes|no", "adverts name its service", yes)
    hand: tuple[Act, ...] = option((), "ACT@T;…", "acts of a person, as A+@30;A-5@40;power-off@60", acts())
    pads: str = option("both", "both|A|B|none", "where pads are at the start", one_of("both", "A", "B", "none"))
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    bare: str = option("on", "on|off", "a channel without pads: stays on, or goes off by itself", one_of("on", "off"))
    load_ohm: float = option(500.0, "OHM", "load between the pads (no effect on its assumed current)", number(1))
    stop_ignored: int = option(0, "N", "the next N frames that switch off have no effect", whole(0, 10**6))
    both: bool = option(True, "yes|no", "frames for both channels (03) are obeyed; no: they are for A only", yes)
    zero_width: str = option("none", "none|default", "a width of 0 is no pulse, or 20 µs", one_of("none", "default"))
    off_keeps: bool = option(False, "yes|no", "an off channel still tells its last intensity and mode", yes)
    repeats: bool = option(True, "yes|no", "channel frames are told twice", yes)
    every_s: float = option(1.0, "S", "channel frames are told each S s without a change too; 0: never", number(0))
    motor: bool = option(True, "yes|no", "the question for the motor is answered; no: error 05", yes)
    link_loss: str = option("run", "run|stop", "what a lost link does to the output", one_of("run", "stop"))
