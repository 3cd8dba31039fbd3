"""For all tests: one profile of Hypothesis (new examples in `make test-long` only), one language, rare collections.

No clock judges. It is mid-morning where the tests live, so no day ends while they run, whatever the hour is here.
Who runs several tests at once has three workers for two cores, and begins with what takes longest.
"""

import gc
import os
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

from tests.effort import LONG

os.environ["LC_ALL"] = "C.UTF-8"
"""What tests read is English, whatever the language of who runs them."""

HOUR = 10
"""The local hour at which tests begin: far from both ends of a day, and from the usual times of sessions."""

os.environ["TZ"] = f"Etc/GMT{-((HOUR - datetime.now(UTC).hour + 11) % 24 - 11):+d}"
time.tzset()

settings.register_profile(
    "estim", derandomize=not LONG, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("estim")

LONGEST = ("tests/life/", "tests/tui/test_walk.py", "tests/lives/", "tests/test_many_hosts.py")
"""What takes ten seconds and more in one piece: begun last, it would run on alone beside workers that have ended."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three for two cores: a fifth of the tests waits for other processes, or for a radio's own time."""
    return len(os.sched_getaffinity(0)) * 3 // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest; all others keep their order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """Let what was imported and collected stand aside: looking through it again and again finds nothing to free."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
