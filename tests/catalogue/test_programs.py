"""The catalogue: what ships is safe and says its source; own programs come first; what isn't found is told."""

import os
from pathlib import Path

import pytest

from estim.catalogue.programs import OWN_MAX, SIZE_MAX, all_programs, find_program, read_file, shipped
from estim.core.errors import CourseError, EstimError, Exit, ProgramError
from estim.core.programs.course import fit
from estim.core.programs.fields import SITE
from estim.core.programs.program import Program, cycle_s, least, most
from protocols.registry import family
from protocols.score import Alternate, Burst, Curve, Envelope, Steady, Sweep

NOWHERE = Path("/nonexistent")

TWITCH_MIN = 20
"""Longest twitching at the whole level, minutes (programs.md section 6)."""

Row = tuple[str, str, float, list[tuple[Curve, Curve, Burst | Envelope | None, int, float]]]

HZ_5 = Steady(5)
HZ_3 = Steady(3)
US_200 = Steady(200)
US_250 = Steady(250)
US_280 = Steady(280)
US_300 = Steady(300)


def one(rate: Curve | float, width: Curve | float, pattern: Burst | Envelope | None = None) -> Row:
    rate, width = (Steady(value) if isinstance(value, int | float) else value for value in (rate, width))
    return "pain", "sensory", 20, [(rate, width, pattern, 100, 1200)]


def twitches(rate: float, kind: str = "pain") -> Row:
    return kind, "motor", 20, [(Steady(rate), US_250, None, 100, 1200)]


CATALOGUE: dict[str, Row] = {
    "tens-conv": one(100, 200),
    "tens-ankle": one(100, 200),
    "tens-lowleg": one(100, 150, Burst(0.25, 0.25)),
    "tens-al": twitches(3),
    "tens-burst": ("pain", "motor", 20, [(Steady(100), Steady(180), Burst(0.1, 0.4), 100, 1200)]),
    "tens-fm": one(Sweep(50, 150, 2), 50),
    "tens-wm": one(100, Sweep(200, 330, 1)),
    "tens-sweep": one(Sweep(120, 2, 12), Sweep(100, 200, 12)),
    "tens-han": one(Alternate(((2, 3), (100, 3))), 200),
    "tens-endo": twitches(5),
    "tens-foot": one(Alternate(((40, 5), (6, 10), (50, 5))), 250),
    "ems-warmup": ("twitch", "motor", 5, [(HZ_5, US_250, None, 50, 300)]),
    "ems-recovery": (
        "twitch",
        "motor",
        20,
        [(Steady(hz), US_250, None, 100, 136 if hz == 1 else 133) for hz in range(9, 0, -1)],
    ),
    "ems-recovery-simple": twitches(5, "twitch"),
    "ems-marc-like": twitches(2, "twitch"),
    "ems-capillar": twitches(8, "twitch"),
    "ems-heavylegs": (
        "twitch",
        "motor",
        20,
        [(Steady(hz), US_250, None, 100, 174 if hz == 1 else 171) for hz in range(7, 0, -1)],
    ),
    "ems-endurance": (
        "twitch",
        "motor",
        30,
        [
            (HZ_5, US_250, None, 50, 300),
            (Steady(10), US_300, Envelope(1.5, 8, 0.75, 2), 100, 894.25),
            (HZ_3, US_250, None, 40, 600),
        ],
    ),
    "ems-resist": (
        "tetanic",
        "motor",
        28,
        [
            (HZ_5, US_280, None, 50, 300),
            (Steady(55), US_280, Envelope(1.5, 10, 0.75, 8), 50, 769.5),
            (HZ_3, US_280, None, 40, 600),
        ],
    ),
    "ems-strength": (
        "tetanic",
        "motor",
        27,
        [
            (HZ_5, US_250, None, 50, 300),
            (Steady(75), US_300, Envelope(2, 4, 1, 23), 100, 720),
            (HZ_3, US_250, None, 40, 600),
        ],
    ),
    "ems-staged": (
        "tetanic",
        "motor",
        22,
        [
            (Steady(30), US_200, Envelope(10, 5, 10, 5), 100, 120),
            (Steady(45), US_200, Envelope(5, 5, 5, 5), 100, 540),
            (Steady(60), US_200, Envelope(6, 8, 6, 5), 100, 525),
            (Steady(30), US_200, Envelope(10, 5, 10, 5), 100, 120),
        ],
    ),
    "ems-atrophy": ("tetanic", "motor", 15, [(Steady(35), US_300, Envelope(2, 6, 1, 11), 100, 900)]),
}
"""Catalogues A and B of programs.md: kind, target, minutes, then each phase. tens-brief and micro don't ship."""

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


def test_the_catalogue_of_this_release_ships() -> None:
    ids = [program.id for program in shipped()]
    assert ids == sorted(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_number_is_that_of_the_table(name: str) -> None:
    kind, target, minutes, phases = CATALOGUE[name]
    program = find_program(NOWHERE, name)
    assert (program.kind, program.rule.target) == (kind, target)
    assert round(program.length_s / 60) == minutes
    assert [
        (phase.rate_hz, phase.width_us, phase.burst or phase.envelope, phase.level_pct, phase.length_s)
        for phase in program.phases
    ] == phases


@pytest.mark.control("C-36")
@pytest.mark.parametrize("program", shipped(), ids=lambda program: program.id)
def test_what_ships_is_for_legs_within_the_house_rules_and_says_its_source(program: Program) -> None:
    assert program.site
    assert set(program.site) <= set(SITE.words)
    assert len(program.source) > 20
    assert "unbroken skin" in program.pads
    assert program.rule.text.endswith(".")
    places = {site.rsplit("-", 1)[0].replace("-", " ").capitalize() for site in program.site}
    assert all(f"{place}: " in program.pads for place in places), "where the pads go, for each place"
    full_s = sum(phase.length_s for phase in program.phases if phase.level_pct == 100)
    assert program.rule.target == "sensory" or program.gated or full_s <= TWITCH_MIN * 60
    assert program.kind != "pain" or program.rule.target == "sensory" or program.caps.minutes <= TWITCH_MIN
    assert program.kind != "pain" or program.length_s == 1200, "twenty minutes by default"
    assert max(most(phase.width_us) for phase in program.phases) <= 330
    assert find_program(NOWHERE, program.id) == program


@pytest.mark.parametrize("program", shipped(), ids=lambda program: program.id)
def test_contractions_are_gated_spare_the_calf_and_end_in_a_rest(program: Program) -> None:
    assert program.gated == (program.kind == "tetanic")
    assert program.gated == (program.kind != "pain" and any(least(phase.rate_hz) > 15 for phase in program.phases)), (
        "what holds a muscle is gated"
    )
    assert not program.gated or not {site for site in program.site if site.startswith("calf")}
    for phase in program.phases:
        if phase.envelope is not None:
            cycles = phase.length_s / cycle_s(phase.envelope)
            assert cycles == pytest.approx(round(cycles))


def test_no_program_bears_the_name_of_a_maker() -> None:
    for program in shipped():
        for maker in ("Compex", "Marc"):
            assert maker not in program.title or f"{maker}-like template" in program.title


@pytest.mark.parametrize("program", shipped(), ids=lambda program: program.id)
def test_what_ships_is_played_or_refused_in_a_sentence(program: Program) -> None:
    course = fit(program, family("coyote3"), unlocked=True)
    assert course.score.length_s == program.length_s
    if program.gated:
        with pytest.raises(CourseError, match="not unlocked"):
            fit(program, family("coyote3"))
    if program.kind == "pain" and program.rule.target == "sensory":
        assert fit(program, family("em70")).score.number == 9
    else:
        with pytest.raises(CourseError, match=r"add \[device\.em70\]"):
            fit(program, family("em70"), unlocked=True)


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
    assert "isn't a program file" in not_found(tmp_path, "pipe").text
    assert "isn't a program file" in not_found(tmp_path, "/dev/zero").text


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
