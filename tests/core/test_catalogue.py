"""The catalogue: what ships is safe and says its source; own programs come first; what isn't found is told."""

import os
from pathlib import Path

import pytest

from estim.catalogue import OWN_MAX, SIZE_MAX, all_programs, find_program, read_file, shipped
from estim.core.course import fit
from estim.core.errors import CourseError, EstimError, Exit, ProgramError
from estim.core.program import Program, most
from estim.core.program_file import SITES
from protocols.registry import family
from protocols.score import Alternate, Burst, Steady, Sweep

NOWHERE = Path("/nonexistent")

CATALOGUE = {
    "tens-ankle",
    "tens-conv",
    "tens-lowleg",
    "tens-al",
    "tens-burst",
    "tens-fm",
    "tens-han",
    "tens-endo",
    "ems-warmup",
    "ems-recovery-simple",
    "ems-recovery",
}

OWN = """
schema = 1
id = "{name}"
title = "Own"
kind = "pain"
site = []
source = "own"
pads = "somewhere"
[[phases]]
title = "steady"
rate_hz = 80
width_us = 100
length_s = 600
[rule]
target = "sensory"
text = "Comfortable."
"""


def own(folder: Path, file: str, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / file
    path.write_text(OWN.format(name=name), encoding="utf-8")
    return path


def not_found(folder: Path, name: str) -> EstimError:
    with pytest.raises(EstimError) as caught:
        find_program(folder, name)
    assert caught.value.code == Exit.NO_INPUT
    return caught.value


def phase_of(name: str) -> tuple[object, object]:
    (phase,) = find_program(NOWHERE, name).phases
    return phase.rate_hz, phase.width_us


def test_the_catalogue_of_this_release_ships() -> None:
    ids = [program.id for program in shipped()]
    assert set(ids) >= CATALOGUE
    assert ids == sorted(ids)


@pytest.mark.control("C-36")
@pytest.mark.parametrize("program", shipped(), ids=lambda program: program.id)
def test_what_ships_is_for_legs_within_the_house_rules_and_says_its_source(program: Program) -> None:
    assert program.site
    assert set(program.site) <= set(SITES)
    assert len(program.source) > 20
    assert len(program.pads) > 40
    assert "unbroken skin" in program.pads
    assert not program.gated
    assert program.kind == "pain" or program.caps.minutes <= 20, "twitching tires the muscle (programs.md section 6)"
    assert program.rule.target == "sensory" or program.caps.minutes <= 20
    assert program.length_s == (300 if program.id == "ems-warmup" else 1200), "twenty minutes by default"
    assert max(most(phase.width_us) for phase in program.phases) <= 330
    assert find_program(NOWHERE, program.id) == program


@pytest.mark.parametrize("program", shipped(), ids=lambda program: program.id)
def test_what_ships_is_played_or_refused_in_a_sentence(program: Program) -> None:
    course = fit(program, family("coyote3"))
    assert course.score.length_s == program.length_s
    if program.kind == "pain" and program.rule.target == "sensory":
        assert fit(program, family("em70")).score.number == 9
    else:
        with pytest.raises(CourseError, match=r"add \[device\.em70\]"):
            fit(program, family("em70"))


def test_the_numbers_of_the_table() -> None:
    assert phase_of("tens-ankle") == (Steady(100), Steady(200))
    assert phase_of("tens-conv") == (Steady(100), Steady(200))
    assert phase_of("tens-fm") == (Sweep(50, 150, 2), Steady(50))
    assert phase_of("tens-han") == (Alternate(((2, 3), (100, 3))), Steady(200))
    assert phase_of("tens-endo") == (Steady(5), Steady(250))
    assert phase_of("ems-recovery-simple") == (Steady(5), Steady(250))
    assert find_program(NOWHERE, "tens-lowleg").phases[0].burst == Burst(0.25, 0.25)
    assert find_program(NOWHERE, "tens-burst").phases[0].burst == Burst(0.1, 0.4)
    ladder = find_program(NOWHERE, "ems-recovery")
    assert [phase.rate_hz for phase in ladder.phases] == [Steady(rate) for rate in (9, 8, 7, 6, 5, 4, 3, 2, 1)]


def test_an_unknown_program_suggests_the_nearest(tmp_path: Path) -> None:
    error = not_found(tmp_path, "tens-ankel")
    assert error.nearest[0] == "tens-ankle"
    assert error.text.startswith("there is no program 'tens-ankel': did you mean tens-ankle")
    assert not_found(tmp_path, "zzz").text == "there is no program 'zzz': see `estim programs list`"
    own(tmp_path, "morning.toml", "morning")
    assert not_found(tmp_path, "mornin").nearest == ("morning",)


def test_an_own_program_comes_first(tmp_path: Path) -> None:
    own(tmp_path, "tens-ankle.toml", "tens-ankle")
    own(tmp_path, "morning.toml", "morning")
    assert find_program(tmp_path, "tens-ankle").title == "Own"
    assert find_program(tmp_path, "morning").site == ()
    found, problems = all_programs(tmp_path)
    assert problems == []
    titles = {program.id: program.title for program in found}
    assert titles["tens-ankle"] == titles["morning"] == "Own"
    assert len(found) == len(shipped()) + 1


def test_a_wrong_own_file_is_told_and_hides_nothing_else(tmp_path: Path) -> None:
    own(tmp_path, "tens-ankle.toml", "tens-ankle").write_text("schema = 1", encoding="utf-8")
    own(tmp_path, "evening.toml", "morning")
    (tmp_path / "folder.toml").mkdir()
    found, problems = all_programs(tmp_path)
    assert {program.id for program in found} == {program.id for program in shipped()} - {"tens-ankle"}
    assert len(problems) == 3
    assert "id = 'morning', but the file is called evening.toml: name both alike" in problems[0]
    assert problems[1].endswith("folder.toml: Is a directory")
    assert "tens-ankle.toml: title is missing" in problems[2]
    with pytest.raises(ProgramError, match="title is missing"):
        find_program(tmp_path, "tens-ankle")


def test_a_file_is_found_by_its_path_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = own(tmp_path, "evening.toml", "morning")
    assert find_program(NOWHERE, str(path)).id == "morning"
    monkeypatch.chdir(tmp_path)
    assert find_program(NOWHERE, "evening.toml").id == "morning"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_program(NOWHERE, "~/evening.toml").id == "morning"


def test_what_can_not_be_read_is_told(tmp_path: Path) -> None:
    assert "No such file" in not_found(NOWHERE, str(tmp_path / "no.toml")).text
    assert "Is a directory" in not_found(NOWHERE, f"{tmp_path}/").text
    assert "null" in not_found(NOWHERE, "a\0.toml").text


def test_a_pipe_or_an_endless_device_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    assert "is no program file" in not_found(tmp_path, "pipe").text
    assert "is no program file" in not_found(tmp_path, "/dev/zero").text


def test_a_huge_or_binary_file_is_no_program(tmp_path: Path) -> None:
    path = own(tmp_path, "big.toml", "big")
    path.write_text("#" * (SIZE_MAX + 1), encoding="utf-8")
    with pytest.raises(ProgramError, match="longer than 64 KiB"):
        read_file(path)
    path.write_bytes(b"id = '\xff'")
    with pytest.raises(ProgramError, match=r"not UTF-8 text \(byte 6\)"):
        read_file(path)


def test_a_folder_full_of_files_is_read_up_to_a_limit(tmp_path: Path) -> None:
    for number in range(OWN_MAX + 5):
        own(tmp_path, f"p{number:04}.toml", f"p{number:04}")
    found, problems = all_programs(tmp_path)
    assert problems == []
    assert len(found) == len(shipped()) + OWN_MAX
