"""Which leg: what sites say, what a usual place means for each program, and that one that nobody said may be either."""

import pytest

from estim.core.days.dose import ANY
from estim.core.days.entry_text import told
from estim.core.days.legs import leg_of, leg_text, place_of, sites_on, usual_sites
from tests.core.days.journals import at, played

ANKLES = ("ankle-left", "ankle-right")
CALVES = ("calf-left", "calf-right")
WIDE = ("lower-leg-left", "lower-leg-right", *ANKLES)


@pytest.mark.parametrize(
    ("sites", "leg", "text", "place"),
    [
        (("ankle-left",), "left", "left leg", "ankle-left"),
        (("lower-leg-right", "ankle-right"), "right", "right leg", "lower-leg or ankle right"),
        (ANKLES, "", "leg not said", "ankle, leg not said"),
        (WIDE, "", "leg not said", "lower-leg or ankle, leg not said"),
        ((ANY,), "", "", ANY),
        (("back",), "", "", "back"),
    ],
)
def test_sites_of_one_side_say_the_leg_and_those_of_both_do_not(
    sites: tuple[str, ...], leg: str, text: str, place: str
) -> None:
    assert (leg_of(sites), leg_text(sites), place_of(sites)) == (leg, text, place)


@pytest.mark.parametrize(
    ("sites", "usual", "found"),
    [
        (ANKLES, "ankle-left", ("ankle-left",)),
        (CALVES, "ankle-left", ("calf-left",)),
        (CALVES, "right", ("calf-right",)),
        (WIDE, "left", ("lower-leg-left", "ankle-left")),
        (WIDE, "ankle-left", ("ankle-left",)),
        (ANKLES, None, ANKLES),
        (ANKLES, ANY, ANKLES),
        (ANKLES, "back", ()),
        ((), "left", ()),
    ],
)
def test_the_usual_place_is_a_site_or_its_leg(
    sites: tuple[str, ...], usual: str | None, found: tuple[str, ...]
) -> None:
    assert usual_sites(sites, usual) == found


def test_a_site_that_is_typed_is_that_site_and_no_other_on_its_leg() -> None:
    assert sites_on(CALVES, "calf-left") == ("calf-left",)
    assert sites_on(CALVES, "ankle-left") == ()
    assert sites_on(CALVES, "left") == ("calf-left",)


def test_a_line_of_the_log_says_the_leg() -> None:
    assert told(played(at(1))).startswith("tens-ankle on one, left leg, 20:00 min, level 0")
