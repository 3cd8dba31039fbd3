"""Pictures of pads: every shipped program has some, all that is in them is in the legend, and they say what it says."""

import re

import pytest

from estim.catalogue.programs import shipped
from estim.core.programs.blank import written
from estim.core.programs.file import problems_of, read_program
from estim.core.programs.pads import COLUMNS, PICTURES, drawn
from estim.core.programs.program import Program

HEEL = "Not on the ankle bones or the edge of the heel"
SAID = {
    "ankle-along": ("on the lower calf just above the sore part", "below it toward the heel", HEEL),
    "ankle-beside": ("two small pads either side of the tendon", HEEL),
    "calf-bellies": ("on the bellies of the muscle, inner and outer", "Not behind the knee"),
    "calf-along": ("high on the calf", "where the muscle turns into tendon", "Not behind the knee"),
    "lower-leg-along": ("along the sore stretch, one pad above it and one below", "Not on the shin bone"),
    "thigh-front": ("high on the front of the thigh, well below the groin", "inner belly of the muscle just above"),
    "foot-arch": ("under the arch", "on the inner side of the lower leg above the ankle", "Not on bones"),
}  # fmt: skip
"""What a program's own words must say, so that its picture doesn't say something else."""


@pytest.mark.parametrize("program", shipped(), ids=lambda one: one.id)
def test_every_shipped_program_has_pictures_that_say_what_its_words_say(program: Program) -> None:
    assert program.pictures
    for name in program.pictures:
        for words in SAID[name]:
            assert words in program.pads, name
    written_pads = read_program(written(program), "file").pictures
    assert written_pads == program.pictures


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_plain_and_small_and_its_legend_tells_all_of_it(name: str) -> None:
    picture = PICTURES[name]
    pads = re.findall(r"\[(\d)\]", picture.drawing)
    assert sorted(pads) == [str(number) for number in range(1, len(picture.pads) + 1)], "each pad is drawn once"
    assert len(pads) >= 2
    assert ("x" in picture.drawing) == bool(picture.never)
    lines = drawn(name)
    assert len(lines) <= 13
    assert all(len(line) <= COLUMNS and line.isascii() for line in lines)
    assert any(line.startswith("x  ") for line in lines) == bool(picture.never), "what an x means is told"
    assert [line[:3] for line in lines if line.startswith(("[", "x  "))][: len(pads)] == [
        f"[{number}]" for number in range(1, len(pads) + 1)
    ]


def test_a_picture_of_another_place_than_the_site_is_a_mistake() -> None:
    text = written(next(one for one in shipped() if one.id == "tens-ankle"))
    wrong = text.replace('"ankle-beside"]', '"thigh-front"]')
    assert problems_of(wrong) == [
        "pictures: thigh-front shows another place than those in site: add thigh-left or thigh-right there, or take "
        "the picture out"
    ]
    assert problems_of(re.sub(r"^site = .*$", "site = []", wrong, flags=re.MULTILINE)) == []
    assert "did you mean ankle-along?" in problems_of(text.replace('"ankle-along"', '"ankle-alon"'))[0]
