"""For all tests: one profile of Hypothesis (new examples in `make test-long` only), one language, rare collections.

No clock judges.
"""

import gc
import os

from hypothesis import HealthCheck, settings

from tests.effort import LONG

os.environ["LC_ALL"] = "C.UTF-8"
"""What tests read is English, whatever the language of who runs them."""

settings.register_profile(
    "estim", derandomize=not LONG, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("estim")


def pytest_collection_finish() -> None:
    """Let what was imported and collected stand aside: looking through it again and again finds nothing to free."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
