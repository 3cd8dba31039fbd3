"""The software units that exist: their names, what can be set on them, and how to make them from a line of text.

The line is `FAMILY[:opt=val,…]`, as `estim --simulate` and `estim-sim serve` take it; several have
";" between them. A plug-in that brings a family
may bring its twin too: an entry point of `estim.twins`, called as the family is, resolves to a simulator.twin.Kind.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

import simulator
from simulator.chance import Chance
from simulator.options import BadOption, Option, options_of, read_options
from simulator.twin import Kind, Log, Twin
from simulator.weather import RadioFaults

LogOf = Callable[[str], Log]
"""Makes the log of a unit from the unit's name, as simulator.trace.Trace.of does."""


UNITS_MAX = 8
"""Software units of one host."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What one line of text asks for; `unit` is the family's own record of options."""

    family: str
    radio: RadioFaults
    unit: Any

    def seed(self, otherwise: int) -> int:
        """Return the seed that the options name, or else another."""
        return otherwise if self.radio.seed is None else self.radio.seed


def names() -> tuple[str, ...]:
    """Return the families, sorted."""
    return tuple(sorted({*_own(), *_plugged()}))


def kind(family: str) -> Kind[Any]:
    """Return what can be simulated of a family; raise BadOption for an unknown name, or a plug-in that is broken."""
    if family in _own():
        made = import_module(f"simulator.{family}.unit").KIND
    elif family in _plugged():
        made = _load(_plugged()[family])
    else:
        near = get_close_matches(family, names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names())}"
        raise BadOption(f"no software device {family!r}; {hint}")
    assert isinstance(made, Kind), f"the KIND of {family}"
    return made


@cache
def _own() -> tuple[str, ...]:
    """Return the folders beside this file that hold a unit."""
    return tuple(
        found.name
        for found in iter_modules(simulator.__path__)
        if found.ispkg and find_spec(f"simulator.{found.name}.unit") is not None
    )


@cache
def _plugged() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="estim.twins")}


def _load(point: EntryPoint) -> Kind[Any]:
    try:
        made = point.load()
    except Exception as bug:
        raise BadOption(f"the twin {point.name} ({point.value}) can't be loaded: {bug!r}") from bug
    if not isinstance(made, Kind) or made.family != point.name:
        raise BadOption(f"the twin {point.name} ({point.value}) is no simulator.twin.Kind of that name")
    return made


def options(family: str) -> tuple[Option, ...]:
    """Return all options that a family takes: its own, then the radio's; raise BadOption for an unknown family."""
    return (*options_of(type(kind(family).unit)), *options_of(RadioFaults))


def read_line(line: str) -> Setup:
    """Read `FAMILY[:opt=val,…]`; raise BadOption with a sentence."""
    family, _, text = line.partition(":")
    made = kind(family.strip())
    return Setup(made.family, *read_options(text, RadioFaults(), made.unit))


def read_lines(text: str) -> list[Setup]:
    """Read several of them, with ";" between; raise BadOption with a sentence."""
    lines = text.split(";")
    if len(lines) > UNITS_MAX:
        raise BadOption(f"{len(lines)} software units are more than the {UNITS_MAX} that one host simulates")
    return [read_line(line) for line in lines]


def make_all(setups: Sequence[Setup], log_of: LogOf, seed: int = 0) -> list[list[Twin]]:
    """Make the units of one air, a list for each setup; those of one family have numbers."""
    count: Counter[str] = Counter()
    made: list[list[Twin]] = []
    for setup in setups:
        count[setup.family] += 1
        made.append(make(setup, log_of, seed, count[setup.family]))
    return made


def make(setup: Setup, log_of: LogOf, seed: int = 0, number: int = 1) -> list[Twin]:
    """Make the unit, and its decoy if one is asked for; `number` tells several units of a family apart."""
    made = kind(setup.family)
    name = made.family if number == 1 else f"{made.family}-{number}"
    chance = Chance(setup.seed(seed))
    twins = [made.make(f"{made.address}:{number:02X}", setup.unit, chance, log_of(name))]
    if setup.radio.decoy:
        # it is alive too, so that a host that takes it for the unit really does something to it
        decoy = replace(made.unit, name=made.decoy)
        twins.append(made.make(f"{made.address}:{100 + number:02X}", decoy, chance, log_of(f"{name}-decoy")))
    return twins
