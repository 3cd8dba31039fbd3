"""Hypothesis' one profile (the same examples in each `make test`, new ones in `make test-long`), and rare collections.

No clock judges.
"""

import gc

from hypothesis import HealthCheck, settings

from tests.effort import LONG

settings.register_profile(
    "estim", derandomize=not LONG, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("estim")


def pytest_collection_finish() -> None:
    """Let what was imported and collected stand aside: looking through it again and again finds nothing to free."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
