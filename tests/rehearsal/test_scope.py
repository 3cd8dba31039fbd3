"""What the electrodes would see: figures of a rehearsal against the program, and the drawing of them."""

from itertools import pairwise
from pathlib import Path

import pytest

from estim.catalogue.programs import find_program, shipped
from estim.core.errors import CourseError, EstimError, Exit
from estim.core.programs.course import fit
from estim.core.programs.matrix import Plays, cell
from estim.core.programs.program import Program, least
from estim.core.values import replace
from estim.rehearsal.electrodes import Seen, cycle_s, meant, measured, rehearse
from estim.rehearsal.scope import close, picture, text, whole
from protocols.family import Family
from protocols.registry import family, names
from protocols.score import Playable, texture
from protocols.vocabulary import Control
from simulator.twin import Pulse
from tests.cli.line import Person

NOWHERE = Path("/nonexistent")


@pytest.fixture
def person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Person:
    return Person(tmp_path, capsys)


def played(program: Program, on: Family, minutes: float) -> Seen | None:
    """Return what a software unit played of a program, None if the family can't play it, or nobody knows what flows."""
    try:
        seen = rehearse(program, on, minutes=minutes)
    except CourseError:
        return None
    return seen if seen.pulses else None


PATTERNS = (
    *("tens-ankle", "tens-al", "tens-burst", "tens-lowleg", "tens-fm", "tens-wm", "tens-sweep", "tens-han"),
    *("tens-foot", "ems-recovery", "ems-endurance", "ems-strength"),
)
"""One program for each pattern: steady, burst, sweep of rate and of width, alternation, ladder, contraction."""


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("program", [find_program(NOWHERE, name) for name in PATTERNS], ids=lambda program: program.id)
def test_pulses_rate_width_and_on_time_are_those_of_the_course(program: Program, name: str) -> None:
    made = family(name)
    seen = played(program, made, 1.0)
    if seen is None:
        assert cell(program, made).plays is Plays.NO or made.playable.number is not None
        return
    since_s, until_s = seen.full_s()
    score = seen.course.score
    playable = made.playable
    assert until_s - since_s > 15, "it stands at its level for long enough"
    # a script begins with its first pulse, and keeps its own time from there
    shift_s = seen.pulses[0].at_s if made.caps.control is Control.SCRIPT else 0.0
    came = measured(seen.pulses, since_s, until_s, lambda at: 1 / playable.rate(texture(score, at - shift_s).rate_hz))
    asked = meant(score, since_s - shift_s, until_s - shift_s, made)
    assert came.pulses == pytest.approx(asked.pulses, rel=0.01, abs=3)
    if not playable.made_elsewhere:  # there a contraction is made of intensity
        assert came.width_us == pytest.approx(asked.width_us, rel=0.01)
    if any(part.burst or part.envelope for part in score.parts):
        assert came.on_s == pytest.approx(asked.on_s, rel=0.01, abs=0.3)
        assert came.rate_hz == pytest.approx(asked.rate_hz, rel=0.015)
    else:
        inside = [pulse.at_s for pulse in seen.pulses if since_s <= pulse.at_s < until_s]
        slowest_s = 1 / min(least(part.rate_hz) for part in score.parts)
        assert max(after - before for before, after in pairwise(inside)) <= 1.2 * slowest_s + 0.01
    assert not [pulse for pulse in seen.pulses if pulse.at_s > seen.level[-1][0] + 0.11], "none after the last zero"


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("program", shipped(), ids=lambda program: program.id)
def test_where_the_course_differs_from_the_program_it_says_so(program: Program, name: str) -> None:
    made = family(name)
    found = cell(program, made)
    if found.plays is Plays.NO or made.playable.number is not None:
        assert found.sentences
        return
    free = Playable(rate_hz=(0.1, 1e4), width_us=(1, 1e4))
    ideal = replace(made, playable=free)
    asked = meant(fit(program, ideal, unlocked=True).score, 0.0, 30.0, ideal)
    played = meant(fit(program, made, unlocked=True).score, 0.0, 30.0, made)
    same = played.pulses == pytest.approx(asked.pulses, rel=0.01) and played.width_us == pytest.approx(
        asked.width_us, rel=0.01
    )
    assert same or found.plays is Plays.DIFFERS


def test_a_measure_of_known_pulses() -> None:
    train = [Pulse(at / 100, "A", 100.0, 5.0, -1) for at in (*range(10), *range(50, 60))]
    found = measured(train, 0.0, 1.0, lambda _at_s: 0.01)
    assert (found.pulses, round(found.on_s, 3), found.width_us) == (20, 0.2, 100.0)
    assert found.rate_hz == pytest.approx(100)
    assert measured([], 0.0, 1.0, lambda _at_s: 0.01).rate_hz == 0.0


COYOTE = family("coyote3")


@pytest.fixture(scope="module")
def burst() -> Seen:
    return rehearse(find_program(NOWHERE, "tens-burst"), COYOTE, minutes=1, level=20)


def test_the_drawing_shows_level_rate_and_width_and_two_turns_close_up(burst: Seen) -> None:
    drawn = text(burst, 80)
    assert all(len(line) <= 80 for line in drawn.splitlines())
    assert "the whole session, 1:00" in drawn
    assert drawn.splitlines()[1].split("│")[0].strip() == "20"
    assert cycle_s(burst.course.score, 10.0) == pytest.approx(0.5)
    near = close(burst, 100, at_s=10.0)
    assert near is not None
    trains = "".join("#" if width else "." for width in near.strips[1].values).split(".")
    assert [len(train) for train in trains if train] == [10, 10], "ten pulses of 10 ms in each of two bursts"
    far = whole(burst, 60)
    assert far.strips[1].values[30] == pytest.approx(20, abs=0.5), "ten pulses, twice a second"


def test_where_nobody_knows_what_flows_only_the_level_is_drawn() -> None:
    seen = rehearse(find_program(NOWHERE, "tens-ankle"), family("em70"), minutes=1)
    assert seen.pulses == ()
    assert "what flows is not known" in text(seen, 80)
    assert "pulses/s" not in text(seen, 80)


def test_a_picture_is_one(burst: Seen) -> None:
    assert picture(burst, "bursts").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("tens-ankle", "--family", "em71"), Exit.USAGE, "did you mean em70?"),
        (("tens-ankle", "--level", "201"), Exit.USAGE, "goes from 1 to 200"),
        (("tens-ankel",), Exit.NO_INPUT, "did you mean tens-ankle"),
        (("tens-al", "--family", "em70"), Exit.REFUSED, "plays only its own programs"),
        (("tens-ankle", "--minutes", "0.2", "--png", "/dev/null/x.png"), Exit.CANT_CREATE, "can't write"),
    ],
)
def test_nonsense_gets_a_sentence(person: Person, words: tuple[str, ...], code: Exit, sentence: str) -> None:
    said = person.types("scope", *words)
    assert said.code == code
    assert sentence in said.err


def test_the_matrix_has_a_cell_for_each_pair_and_words_for_each_difference(person: Person) -> None:
    cells = person.types("programs", "matrix", json_=True).rows
    assert {(one["program"], one["family"]) for one in cells} == {
        (program.id, name) for program in shipped() for name in names()
    }
    for one in cells:
        always = len(family(one["family"]).playable.notes)
        assert one["plays"] == "no" or (one["plays"] == "yes") == (len(one["sentences"]) == always)
        assert one["plays"] == "yes" or one["sentences"]
    assert {one["program"] for one in cells if one["locked"]} == {program.id for program in shipped() if program.gated}


def test_a_rehearsal_refuses_what_a_session_refuses() -> None:
    with pytest.raises(EstimError, match="ask for less"):
        rehearse(find_program(NOWHERE, "tens-ankle"), COYOTE, minutes=31)
