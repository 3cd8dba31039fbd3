"""A host that is killed on a radio that keeps the link: the next one stops the unit in time, and the dose is counted.

That a front end says at once that its host is gone, and what may be on, is in `tests/cli/test_run_follows.py`.
"""

from pathlib import Path

import pytest

from protocols.registry import names
from tests.effort import LONG
from tests.lives.kills import PHASES, Killed

ALL = names() if LONG else ("coyote3", "em70", "zc95")

ROUNDS = 5 if LONG else 1
"""Of 42 moments each, and so 210, in `make test-long`; 18 in each run of the tests."""


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("name", ALL)
def test_the_host_after_a_kill_stops_the_unit_in_time_and_counts_its_dose(
    name: str, phase: str, tmp_path: Path
) -> None:
    for number in range(ROUNDS):
        place = list(PHASES).index(phase) + number * len(PHASES)
        killed = Killed(names().index(name) + place * len(names()), tmp_path / str(number), phase)
        verdict = killed.live()
        assert verdict.family == name
        assert not verdict.wrong, verdict.told()
        assert killed.on_s > 0 or phase in ("connecting", "ready and ramp")
