"""How much the tests try: what `make test` has time for, or all of it (`make test-long`, ESTIM_TESTS=long)."""

import os

LONG = os.environ.get("ESTIM_TESTS") == "long"

PACKETS = 100_000 if LONG else 20_000
"""Packets of fuzz for each family; their luck has a fixed seed, so fewer are the first ones of the same."""

QUESTION_MINUTES = 20.0 if LONG else 2.0
"""How long a session is played for each open question of a unit: it climbs, stands, is asked and told, and ends."""

AIR_MINUTES = 20.0 if LONG else 3.0
"""How long a session over the virtual air is: longer than the longest period of any driver, the minute of a battery."""


def lived(examples: int) -> int:
    """Return how many drawn lives of a driver and its unit are tried: each run of `make test` draws the same ones, so
    a third of them finds again what is to be found again; `make test-long` draws all of them anew.
    """
    return examples if LONG else -(-examples // 3)


DRAWN = 200 if LONG else 40
"""Examples of what takes long to draw, a whole diary or program, where another test reads all its fields too."""
