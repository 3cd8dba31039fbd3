"""How a coyote3 reads what its fact sheet leaves open, and what goes wrong inside it."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from simulator.options import SHARE, acts, number, one_of, option, pair, whole, word, yes
from simulator.outbox import Act


@dataclass(frozen=True, slots=True)
class Coyote3Options:
    """How a coyote3 reads what its fact sheet leaves open, and what goes wrong inside it."""

    strength: tuple[int, int] = option((0, 0), "A/B", "strengths left in the box from before (0-200)", pair(200))
    limit: tuple[int, int] = option((200, 200), "A/B", "limits left in the box from before (0-200)", pair(200))
    battery: int = option(82, "N", "battery in %", whole(0, 100))
    low_battery: float = option(inf, "T", "the battery falls to 5 % after T s", number(0))
    name: str = option("47L121000", "NAME", "name in the adverts; empty: hidden, as firmware of 2026 does", word)
    adv_service: bool = option(False, "yes|no", "adverts name service 180C", yes)
    hand: tuple[Act, ...] = option((), "ACT@T;…", "acts of a person, as A+@30;A-5@40;power-off@60", acts())
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads", number(1))
    stop_ignored: int = option(0, "N", "the next N stops above 0 have no effect, though answered", whole(0, 10**6))
    ack: Literal["always", "changed", "never"] = option(
        "always",
        "always|changed|never",
        "which numbered changes are answered",
        one_of("always", "changed", "never"),
    )
    ack_late_s: float = option(0.0, "S", "answers come S seconds later still", number(0))
    ack_drop_n: int = option(0, "N", "every Nth answer is never sent", whole(0, 10**6))
    ack_twice: bool = option(False, "yes|no", "answers are sent twice", yes)
    ack_idle: bool = option(False, "yes|no", "numbered frames that order no change are answered too", yes)
    b1_on_seq0: bool = option(False, "yes|no", "changes without a number are told too, with number 0", yes)
    reconnect: Literal["keep", "zero"] = option(
        "keep", "keep|zero", "what a lost link does to the strengths", one_of("keep", "zero")
    )
    repeat_last: bool = option(False, "yes|no", "without a new frame the last one is repeated", yes)
    accept_5_to_9: bool = option(False, "yes|no", "period codes 5-9 are valid", yes)
    be_reply: bool = option(False, "yes|no", "limits are answered by the BE of old firmware", yes)
    write_also: bool = option(False, "yes|no", "150A takes writes with response too", yes)
    noise: float = option(0.0, "P", "share of answers that are followed by an unknown or odd packet", SHARE)
