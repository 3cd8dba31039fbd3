"""Kind and minutes of cross-training are read from the words behind the step, and the others are left alone."""

import pytest

from estim.core.care.training import training_of
from tests.core.days.journals import PLAN

CROSS = next(step for step in PLAN.steps if step.id == "cross-training")
REST = next(step for step in PLAN.steps if step.id == "rest")


@pytest.mark.parametrize(
    ("line", "text", "left"),
    [
        ("", "", ""),
        ("bike", "bike", ""),
        ("bike 40min", "bike 40 min", ""),
        ("Swim 40 min", "swim 40 min", ""),
        ("hike 90", "hike 90 min", ""),
        ("gym 25 minutes stretching", "gym 25 min", "stretching"),
        ("40min", "40 min", ""),
        ("stretching bike", "", "stretching bike"),
        ("bike 0min", "bike", "0min"),
        ("bike 1441", "bike", "1441"),
        ("bike 40km", "bike", "40km"),
        ("40min bike", "40 min", "bike"),
    ],
)
def test_what_was_done_is_read_from_the_front(line: str, text: str, left: str) -> None:
    training, more = training_of(CROSS, line.split())
    assert (training.text, " ".join(more)) == (text, left)


def test_of_a_step_without_kinds_nothing_is_read() -> None:
    training, more = training_of(REST, ["bike", "40min"])
    assert (training.text, more) == ("", ["bike", "40min"])
