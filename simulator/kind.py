"""A family that can be simulated, as its own file declares it: `KIND` at the end of simulator/<family>.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from simulator.chance import Chance
from simulator.twin import Log, Twin

U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Kind(Generic[U]):
    """`unit` holds the default options, `address` the first five bytes of its addresses as text.

    `decoy` is the advertised name of a sister product with the same service; `make` takes address, options, chance
    and log.
    """

    family: str
    title: str
    decoy: str
    address: str
    unit: U
    make: Callable[[str, U, Chance, Log], Twin]
