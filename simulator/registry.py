"""The software units that exist: their names, what can be set on them, and how to make them from a line of text.

The line is `FAMILY[:opt=val,…]`, as `estim --simulate` and `estim-sim serve` take it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from simulator.chance import Chance
from simulator.faults import (
    BadOption,
    Coyote3Options,
    Em70Options,
    Option,
    RadioFaults,
    options_of,
    read_options,
)
from simulator.twin import Log, Twin

LogOf = Callable[[str], Log]
"""Makes the log of a unit from the unit's name, as simulator.trace.Trace.of does."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A family that can be simulated; `decoy` is the name of a sister product with the same service."""

    family: str
    title: str
    decoy: str
    unit: Coyote3Options | Em70Options


KINDS = {
    kind.family: kind
    for kind in (
        Kind("coyote3", "DG-LAB Coyote 3.0", "47L127000", Coyote3Options()),
        Kind("em70", "Beurer EM 70 Wireless", "LT5009NEW", Em70Options()),
    )
}


@dataclass(frozen=True, slots=True)
class Setup:
    """What one line of text asks for."""

    family: str
    radio: RadioFaults
    unit: Coyote3Options | Em70Options

    def seed(self, otherwise: int) -> int:
        """Return the seed that the options name, or else another."""
        return otherwise if self.radio.seed is None else self.radio.seed


def names() -> tuple[str, ...]:
    """Return the families, sorted."""
    return tuple(sorted(KINDS))


def options(family: str) -> tuple[Option, ...]:
    """Return all options that a family takes: its own, then the radio's; raise BadOption for an unknown family."""
    return (*options_of(type(_kind(family).unit)), *options_of(RadioFaults))


def read_line(line: str) -> Setup:
    """Read `FAMILY[:opt=val,…]`; raise BadOption with a sentence."""
    family, _, text = line.partition(":")
    kind = _kind(family.strip())
    match kind.unit:
        case Coyote3Options() as coyote3:
            return Setup(kind.family, *read_options(text, RadioFaults(), coyote3))
        case Em70Options() as em70:
            return Setup(kind.family, *read_options(text, RadioFaults(), em70))


def make(setup: Setup, log_of: LogOf, seed: int = 0, number: int = 1) -> list[Twin]:
    """Make the unit, and its decoy if one is asked for; `number` tells several units of a family apart."""
    kind = _kind(setup.family)
    name = kind.family if number == 1 else f"{kind.family}-{number}"
    chance = Chance(setup.seed(seed))
    twins = [_twin(setup.unit, number, chance, log_of(name))]
    if setup.radio.decoy:
        # it is alive too, so that a host that takes it for the unit really does something to it
        twins.append(_twin(replace(kind.unit, name=kind.decoy), 100 + number, chance, log_of(f"{name}-decoy")))
    return twins


def _twin(unit: Coyote3Options | Em70Options, number: int, chance: Chance, log: Log) -> Twin:
    from simulator.coyote3 import Coyote3  # here, since construct takes 0.2 s to import
    from simulator.em70 import Em70

    match unit:
        case Coyote3Options():
            return Coyote3(f"C0:70:7E:03:00:{number:02X}", unit, chance, log)
        case Em70Options():
            return Em70(f"F9:8B:6F:12:EC:{number:02X}", unit, chance, log)


def _kind(family: str) -> Kind:
    if family in KINDS:
        return KINDS[family]
    near = get_close_matches(family, KINDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names())}"
    raise BadOption(f"no software device {family!r}; {hint}")
