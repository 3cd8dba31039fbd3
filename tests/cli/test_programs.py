"""`estim programs new`, `check` and `schema` as they are typed, in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from estim.core.errors import Exit
from estim.core.programs.file import problems_of
from estim.core.programs.schema import schema


def estim(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "estim.cli.main", "--home", str(home), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


SAYS = {"new": "program-file", "check": "program-check", "schema": "program-schema"}


def told(home: Path, *words: str) -> dict[str, Any]:
    done = estim(home, "--json", "programs", *words)
    assert done.returncode == Exit.DONE, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    assert (found.pop("schema"), found.pop("version")) == (f"estim.{SAYS[words[0]]}", 1)
    return found


def test_a_new_program_is_found_right_and_never_overwritten(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = told(home, "new")
    file = home / "programs/my-program.toml"
    assert made == {"file": str(file), "id": "my-program", "like": None}
    assert told(home, "check", str(file))["ok"] is True
    assert "my-program" in estim(home, "programs", "list").stdout
    file.write_text("mine", encoding="utf-8")
    again = estim(home, "programs", "new", "my-program")
    assert again.returncode == Exit.CANT_CREATE
    assert "exists already and is not overwritten" in again.stderr
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_copy_has_the_numbers_of_the_first_and_a_name_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert told(home, "new", "--like", "tens-ankle")["id"] == "my-tens-ankle"
    text = (home / "programs/my-tens-ankle.toml").read_text(encoding="utf-8")
    assert problems_of(text) == []
    assert 'title = "Ankle and Achilles tendon (mine)"' in text
    assert told(home, "new", "evening", "--like", "my-tens-ankle")["id"] == "evening"
    assert "did you mean tens-ankle" in estim(home, "programs", "new", "--like", "tens-ankel").stderr


def test_a_file_elsewhere_is_called_as_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "slow.toml"
    assert told(tmp_path / "home", "new", "--out", str(out)) == {"file": str(out), "id": "slow", "like": None}
    assert 'id = "slow"' in out.read_text(encoding="utf-8")
    assert not (tmp_path / "home").exists(), "nothing else is touched"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("Evening Walk",), Exit.USAGE, "small letters, digits and hyphens, such as tens-ankle, at most 40"),
        (("x" * 41,), Exit.USAGE, "at most 40 characters"),
        (("--out", "/dev/null/x.toml"), Exit.CANT_CREATE, "can't write /dev/null/x.toml: Not a directory"),
        (("--out", "no-such-folder/x.toml"), Exit.CANT_CREATE, "No such file or directory"),
        (("one", "--out", "{home}/programs/two.toml"), Exit.USAGE, "a file is called as its program: one.toml"),
    ],
)
def test_what_can_not_be_written_is_told(tmp_path: Path, words: tuple[str, ...], code: Exit, sentence: str) -> None:
    done = estim(tmp_path, "programs", "new", *(word.format(home=tmp_path) for word in words))
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_that_ships_is_told_to_come_first(tmp_path: Path) -> None:
    done = estim(tmp_path, "programs", "new", "tens-ankle", "--like", "tens-ankle")
    assert done.returncode == Exit.DONE
    assert "no longer the program that comes with estim" in done.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    assert estim(tmp_path, "programs", "new", "--out", str(path)).returncode == Exit.DONE
    return path


@pytest.mark.control("C-18")
def test_a_check_without_a_current_says_what_is_unknown_and_why(file: Path) -> None:
    shown = estim(file.parent, "programs", "check", str(file)).stdout
    assert "mine is fine, 20 minutes in 1 phase\n" in shown
    assert "pads of 25 cm², current unknown: no unit of a supported family tells its current" in shown
    assert "1 steady   20:00          4.00%       4.00%  unknown  unknown  unknown" in shown
    assert max(len(line) for line in shown.splitlines()[2:]) <= 100
    (figures,) = told(file.parent, "check", str(file))["figures"]
    assert (figures["duty_max"], figures["rms_ma"], figures["density_ma_cm2"]) == (0.04, None, None)


def test_a_check_reckons_with_a_measured_peak(file: Path) -> None:
    made = told(file.parent, "check", str(file), "--current-ma", "40")
    assert made["figures"] == [
        {
            "phase": 1,
            "title": "steady",
            "duty_max": 0.04,
            "duty_mean": 0.04,
            "rms_ma": 8.0,
            "rms_mean_ma": 8.0,
            "density_ma_cm2": 0.32,
            "charge_uc": 8.0,
            "energy_mj": 0.32,
        }
    ]
    assert (made["notices"], made["refused"], made["unknown"]) == ([], None, None)
    shown = estim(file.parent, "programs", "check", str(file), "--current-ma", "100", "--pad-cm2", "9").stdout
    assert "note: phase 1: 2.2 mA/cm² on pads of 9 cm²: above 2" in shown
    assert "note: phase 1: 20 mA r.m.s.: above 10" in shown


def test_the_files_own_pads_hold_unless_others_are_named(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("pad_cm2 = 25", "pad_cm2 = 50"), encoding="utf-8")
    assert told(file.parent, "check", str(file))["pad_cm2"] == 50
    assert told(file.parent, "check", str(file), "--pad-cm2", "20")["pad_cm2"] == 20


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--current-ma", "260"), Exit.REFUSED, "52 mA r.m.s.: at most 50 (IEC 60601-2-10)"),
        (("--current-ma", "0"), Exit.USAGE, "--current-ma “0”: it takes 0.1 to 500 mA"),
        (("--pad-cm2", "nan"), Exit.USAGE, "--pad-cm2 “nan” is no number: it takes 4 to 400 cm²"),
    ],
)
def test_a_check_refuses_what_is_too_much_or_no_figure(
    file: Path, words: tuple[str, ...], code: Exit, sentence: str
) -> None:
    done = estim(file.parent, "programs", "check", str(file), *words)
    assert done.returncode == code
    assert sentence in done.stderr


def test_the_schema_is_printed(tmp_path: Path) -> None:
    assert json.loads(estim(tmp_path, "programs", "schema").stdout) == schema()
    assert told(tmp_path, "schema") == schema()


def test_a_locked_program_is_listed_as_such(tmp_path: Path) -> None:
    lines = estim(tmp_path, "programs", "list").stdout.splitlines()
    locked = {line.split()[0] for line in lines if line.endswith("(locked)")}
    assert locked == {"ems-resist", "ems-strength", "ems-staged", "ems-atrophy"}
