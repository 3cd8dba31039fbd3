"""How high a unit may go, as a front end tells it: a raise is what goes higher than before on any channel."""

import pytest

from estim.config.caps import held_by, raised, read_caps, warning_of
from estim.config.settings import Settings
from protocols.registry import family
from protocols.vocabulary import Channel, Level

CAPS = family("coyote3").caps
A = Channel.A
B = Channel.B


@pytest.mark.control("C-64")
@pytest.mark.parametrize(
    ("remembered", "wanted", "config", "more"),
    [
        (None, "70", {}, {}),  # a new unit's
        (None, "71", {}, {A: (70, 71), B: (70, 71)}),
        ({A: 40, B: 40}, "A=41,B=39", {}, {A: (40, 41)}),
        ({A: 40, B: 40}, "A=40", {}, {B: (40, 70)}),  # a channel that isn't named has a new unit's again
        ({A: 40, B: 40}, "none", {}, {A: (40, 70), B: (40, 70)}),
        ({A: 90, B: 90}, "none", {}, {}),
        (None, "90", {A: 50, B: 50}, {}),  # config.toml holds it all the same
        ({A: 40, B: 40}, "A=60,B=60", {A: 50}, {A: (40, 50), B: (40, 60)}),
    ],
)
def test_a_raise_is_told_apart_from_a_lowering(
    remembered: dict[Channel, int] | None,
    wanted: str,
    config: dict[Channel, int],
    more: dict[Channel, tuple[Level, Level]],
) -> None:
    settings = Settings(cap={"Calf": config} if config else {})
    before = held_by(CAPS, settings, "calf", remembered)
    assert raised(before, held_by(CAPS, settings, "calf", read_caps(wanted, CAPS))) == more


def test_the_warning_says_from_where_to_where_and_what_a_level_is() -> None:
    text = warning_of("left", {A: (Level(70), Level(90))}, 200)
    for words in ("left may go higher", "A from 70 to 90, of 200", "a step of the unit, not a current", "pads off"):
        assert words in text
