"""Pictures of the first start's three steps: small, wide, and without colours."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from estim.config.options import HostOptions
from estim.journal.first_start import keep_step
from tests.tui.scripted import settle
from tests.tui.test_first_start import Air, app_of
from tests.tui.test_today import assert_seen

pytestmark = pytest.mark.usefixtures("in_utc")

LAST_WORDS = {1: "#step-text", 2: "#question", 3: "#step-text"}


async def seen(pilot: Pilot[int], step: int) -> None:
    """Wait until the step is there, with its units."""
    screen = pilot.app
    await assert_seen(pilot, lambda: f"Step {step} of 3" in str(screen.screen.query_one(LAST_WORDS[step]).render()))
    if step == 3:
        await assert_seen(pilot, lambda: screen.screen.query_one("#entries", OptionList).option_count == 2)
    await settle(pilot)


@pytest.mark.parametrize(
    ("step", "size", "colours"),
    [
        (1, (80, 24), True),
        (1, (120, 40), True),
        (1, (80, 24), False),
        (2, (80, 24), True),
        (3, (80, 24), True),
        (3, (120, 40), True),
        (3, (80, 24), False),
    ],
    ids=["what", "what-wide", "what-without-colour", "questions", "unit", "unit-wide", "unit-without-colour"],
)
def test_a_step_says_its_number_and_what_to_do(
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    step: int,
    size: tuple[int, int],
    colours: bool,
) -> None:
    async def before(pilot: Pilot[int]) -> None:
        await seen(pilot, step)

    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    keep_step(HostOptions(home=str(tmp_path)), step)
    assert snap_compare(app_of(Air(), tmp_path), terminal_size=size, run_before=before)
