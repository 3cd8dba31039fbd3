"""README, SAFETY and the hazards file say what the code does."""

import tomllib
from pathlib import Path

import pytest

from tests.generate import BLOCKS, control_tests, renewed

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", BLOCKS)
def test_the_generated_parts_are_up_to_date(name: str) -> None:
    assert renewed(name) == (ROOT / name).read_text(encoding="utf-8"), f"{name} is behind: make docs"


def test_every_control_has_a_test_and_every_mark_a_control() -> None:
    data = tomllib.loads((ROOT / "docs/hazards.toml").read_text(encoding="utf-8"))
    controls = set(data["controls"])
    assert {control for hazard in data["hazards"].values() for control in hazard["controls"]} == controls
    proved = set(control_tests())
    assert controls - proved == set(), "controls without a test"
    assert proved - controls == set(), "marks that name no control"
