"""What a family refuses, by its own course: with the reason, and nothing of what nobody can know."""

from pathlib import Path

from estim.catalogue.playable import kind_of, refusal, refused


def test_a_family_refuses_what_its_course_refuses_and_says_why(tmp_path: Path) -> None:
    assert refusal(tmp_path, "tens-ankle", "em70") == ""
    assert "plays only its own programs" in refusal(tmp_path, "tens-al", "em70")
    assert refusal(tmp_path, "tens-al", "coyote3") == ""
    assert "not unlocked" in refusal(tmp_path, "ems-strength", "coyote3")
    assert "no program" in refusal(tmp_path, "tens-nowhere", "coyote3")
    assert refusal(tmp_path, "tens-al", "gone-with-its-plug-in") == ""


def test_of_several_units_one_that_plays_it_is_enough_unless_all_are_to_play(tmp_path: Path) -> None:
    programs = ("tens-ankle", "tens-al")
    assert refused(tmp_path, programs, ("em70",)) == {"tens-al"}
    assert refused(tmp_path, programs, ("em70", "coyote3")) == frozenset()
    assert refused(tmp_path, programs, ("em70", "coyote3"), by_any=True) == {"tens-al"}
    assert refused(tmp_path, programs, ()) == frozenset(), "nobody knows which unit it will be"


def test_a_program_that_is_not_there_has_no_kind(tmp_path: Path) -> None:
    assert (kind_of(tmp_path, "tens-al"), kind_of(tmp_path, "nowhere")) == ("pain", "")
