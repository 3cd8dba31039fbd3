"""Walks by real keys in a real terminal, of a first start and of a demo; and what docs/screens shows of them.

The host is a process of its own, its unit software; its time passes much faster, so twenty minutes are short.
Where tmux is missing the walks say so, and walk nowhere; the pictures are looked at all the same.
"""

import os

import pytest

from estim.config.options import HostOptions
from estim.journal.first_start import UNIT, next_step
from tests.tui.walk import (
    DEMO,
    FIRST_START,
    PAGE,
    PICTURED,
    PICTURES,
    TMUX,
    WITHOUT_HARDWARE,
    Step,
    Walk,
    going,
    missing,
    opened,
    page,
    walked,
    words_of,
)


@pytest.fixture
def tmux() -> None:
    if TMUX is None:
        if "CI" in os.environ:
            pytest.fail("there is no tmux here, and CI has to have one")
        pytest.skip("there is no tmux here: the walk by real keys is left out")


@pytest.mark.control("C-38", "C-61")
@pytest.mark.usefixtures("tmux")
@pytest.mark.parametrize("walk", [FIRST_START, DEMO], ids=["first start", "demo"])
def test_from_the_first_screen_to_a_finished_session_and_into_the_log(walk: Walk) -> None:
    assert set(walked(walk)) == {step.picture for step in walk.steps if step.picture}


@pytest.mark.control("C-40", "C-61")
@pytest.mark.usefixtures("tmux")
def test_without_hardware_a_first_start_leads_to_a_demo_in_a_home_of_its_own() -> None:
    with opened(WITHOUT_HARDWARE) as terminal:
        assert len(list(going(terminal, WITHOUT_HARDWARE))) == len(WITHOUT_HARDWARE.steps)
        real = HostOptions(home=str(terminal.home))
        assert not real.place.demo
        assert next_step(real) == UNIT, "nothing was played there, and a unit is still to be chosen"
        (made_up,) = terminal.home.parent.glob("estim-demo-*")
        assert HostOptions(home=str(made_up)).place.demo


def test_a_demo_starts_a_session_with_three_keys_at_most() -> None:
    began = next(number for number, step in enumerate(DEMO.steps) if "left of 20:00" in step.words)
    assert sum(len(step.keys) for step in DEMO.steps[: began + 1]) <= 3


@pytest.mark.parametrize("step", PICTURED, ids=[step.picture for step in PICTURED])
def test_a_picture_shows_what_the_walk_waits_for(step: Step) -> None:
    picture = (PICTURES / f"{step.picture}.svg").read_text(encoding="utf-8")
    assert missing(step, words_of(picture)) == [], "python -m tests.tui.walk"
    assert "url(http" not in picture
    assert step.sentence.endswith(".")


def test_no_picture_is_left_over_and_the_page_shows_each_once() -> None:
    names = [step.picture for step in PICTURED]
    assert sorted(path.stem for path in PICTURES.iterdir()) == sorted(names)
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.tui.walk"
