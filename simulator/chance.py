"""The one source of chance in the simulator: a seed gives the same luck in every run, whoever else draws from it.

Rules:
1. Each drawer has a stream of its own, named; a fault that is added draws from its own and shifts nobody else's luck.
2. Nothing else in `simulator` may use the standard library's chance or the hash of a string.
"""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Stream:
    """One drawer's luck."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def happens(self, share: float) -> bool:
        """Say yes in this share (0..1) of the cases; draws even at 0 and 1, so that luck stays in step."""
        return self._random.random() < share

    def between(self, low: float, high: float) -> float:
        """Return a number from low to high, all equally likely."""
        return low + (high - low) * self._random.random()

    def number(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return self._random.randint(low, high)

    def one_of(self, things: Sequence[T]) -> T:
        return self._random.choice(things)


class Chance:
    """A seed, and the streams that come out of it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, name: str) -> Stream:
        """Return the luck of a named drawer; the same name starts again at its beginning."""
        return Stream(Random(f"{self.seed}/{name}"))  # chance for tests, nothing secret
