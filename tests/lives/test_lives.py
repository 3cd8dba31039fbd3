"""Lives of hosts and units: every "confirmed" is true at the electrodes, and no unit that may be on is forgotten.

A part of them is lived in each run of the tests; `make lives` lives 2,000.
"""

from pathlib import Path

import pytest

from protocols.registry import names
from tests.lives.lives import Life

LIVES = 20
"""For each family, in each run of the tests."""


@pytest.mark.control("C-46", "C-47", "C-49")
@pytest.mark.parametrize("name", names())
def test_what_is_confirmed_is_true_and_what_may_be_on_is_known(name: str, tmp_path: Path) -> None:
    claims = 0
    for number in range(LIVES):
        seed = names().index(name) + number * len(names())
        verdict = Life(seed, tmp_path / str(number)).live()
        assert verdict.family == name
        assert not verdict.wrong, verdict.told()
        claims += verdict.claims
    assert claims >= LIVES / 2, "lives in which nothing is claimed prove nothing"
