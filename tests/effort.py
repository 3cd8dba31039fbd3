"""How much the tests try: what `make test` has time for, or all of it (`make test-long`, ESTIM_TESTS=long)."""

import os

LONG = os.environ.get("ESTIM_TESTS") == "long"

PACKETS = 100_000 if LONG else 20_000
"""Packets of fuzz for each family."""

QUESTION_MINUTES = 20.0 if LONG else 2.0
"""How long a session is played for each open question of a unit, where the question needs no longer one."""

DRAWN = 200 if LONG else 40
"""Examples of what takes long to draw, a whole diary or program, where another test reads all its fields too."""
