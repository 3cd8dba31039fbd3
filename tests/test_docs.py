"""README, SAFETY and the hazards file say what the code does."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from estim.core.care.plan import Step
from tests.eight_steps import Point, missing, plan, points
from tests.generate import BLOCKS, control_tests, renewed

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", BLOCKS)
def test_the_generated_parts_are_up_to_date(name: str) -> None:
    assert renewed(name) == (ROOT / name).read_text(encoding="utf-8"), f"{name} is behind: make docs"


def test_every_point_of_the_article_is_in_the_plan() -> None:
    assert missing(points(), plan()) == []
    assert {point.step for point in points()} == set(range(1, 9)), "and the article has eight steps"
    assert len(points()) == 45, "a point that is struck out is struck out here too"


@pytest.mark.parametrize("point", points(), ids=lambda point: f"{point.step}-{point.says}")
def test_a_point_that_the_plan_no_longer_does_is_told(point: Point) -> None:
    whole = plan()
    gone = replace(whole, steps=tuple(without(point.by, step) for step in whole.steps))
    assert f"step {point.step}: {point.says}" in missing(points(), gone)


def without(words: str, step: Step) -> Step:
    """Return a step that nowhere says these words."""
    return replace(
        step,
        text=step.text.replace(words, ""),
        how=tuple(one.replace(words, "") for one in step.how),
        how_long=step.how_long.replace(words, ""),
        note=step.note.replace(words, ""),
        light=step.light.replace(words, ""),
        warn=step.warn.replace(words, ""),
    )


def test_every_step_of_the_plan_says_how_how_long_what_to_write_down_and_what_is_known() -> None:
    for step in plan().steps:
        assert all((step.how, step.how_long, step.note, step.evidence)), step.id
        assert step.sources or "is known to us" in step.evidence, step.id


def test_every_control_has_a_test_and_every_mark_a_control() -> None:
    data = tomllib.loads((ROOT / "docs/hazards.toml").read_text(encoding="utf-8"))
    controls = set(data["controls"])
    assert {control for hazard in data["hazards"].values() for control in hazard["controls"]} == controls
    proved = set(control_tests())
    assert controls - proved == set(), "controls without a test"
    assert proved - controls == set(), "marks that name no control"
