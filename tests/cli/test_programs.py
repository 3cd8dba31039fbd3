"""`estim programs new`, `check` and `schema` as they are typed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from estim.core.errors import Exit
from estim.core.programs.file import problems_of
from estim.core.programs.schema import schema
from tests.cli.line import Person

SAYS = {"new": "program-file", "check": "program-check", "schema": "program-schema"}


def told(person: Person, *words: str) -> dict[str, Any]:
    done = person.types("programs", *words, json_=True)
    assert done.code == Exit.DONE, done.err
    (row,) = done.rows
    assert (row.pop("schema"), row.pop("version")) == (f"estim.{SAYS[words[0]]}", 1)
    return row


def test_a_new_program_is_found_right_and_never_overwritten(person: Person) -> None:
    made = told(person, "new")
    file = person.home / "programs/my-program.toml"
    assert made == {"file": str(file), "id": "my-program", "like": None}
    assert told(person, "check", str(file))["ok"] is True
    assert "my-program" in person.types("programs", "list").out
    file.write_text("mine", encoding="utf-8")
    again = person.types("programs", "new", "my-program")
    assert again.code == Exit.CANT_CREATE
    assert "exists already and is not overwritten" in again.err
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_copy_has_the_numbers_of_the_first_and_a_name_of_its_own(person: Person) -> None:
    assert told(person, "new", "--like", "tens-ankle")["id"] == "my-tens-ankle"
    text = (person.home / "programs/my-tens-ankle.toml").read_text(encoding="utf-8")
    assert problems_of(text) == []
    assert 'title = "Ankle and Achilles tendon (mine)"' in text
    assert told(person, "new", "evening", "--like", "my-tens-ankle")["id"] == "evening"
    assert "did you mean tens-ankle" in person.types("programs", "new", "--like", "tens-ankel").err


def test_a_file_elsewhere_is_called_as_asked_for(person: Person, tmp_path: Path) -> None:
    out = tmp_path / "slow.toml"
    assert told(person, "new", "--out", str(out)) == {"file": str(out), "id": "slow", "like": None}
    assert 'id = "slow"' in out.read_text(encoding="utf-8")
    assert not list(person.home.iterdir()), "nothing else is touched"


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
def test_what_can_not_be_written_is_told(person: Person, words: tuple[str, ...], code: Exit, sentence: str) -> None:
    done = person.types("programs", "new", *(word.format(home=person.home) for word in words))
    assert done.code == code
    assert sentence in done.err


def test_a_name_that_ships_is_told_to_come_first(person: Person) -> None:
    done = person.types("programs", "new", "tens-ankle", "--like", "tens-ankle")
    assert done.code == Exit.DONE
    assert "no longer the program that comes with estim" in done.err


@pytest.fixture
def file(person: Person) -> Path:
    path = person.home / "mine.toml"
    assert person.types("programs", "new", "--out", str(path)).code == Exit.DONE
    return path


@pytest.mark.control("C-18")
def test_a_check_without_a_current_says_what_is_unknown_and_why(person: Person, file: Path) -> None:
    shown = person.types("programs", "check", str(file)).out
    assert "mine is fine, 20 minutes in 1 phase\n" in shown
    assert "pads of 25 cm², current unknown: no unit of a supported family reports its current" in shown
    assert "1 steady   20:00          4.00%       4.00%  unknown  unknown  unknown" in shown
    assert max(len(line) for line in shown.splitlines()[2:]) <= 100
    (figures,) = told(person, "check", str(file))["figures"]
    assert (figures["duty_max"], figures["rms_ma"], figures["density_ma_cm2"]) == (0.04, None, None)


def test_a_check_reckons_with_a_measured_peak(person: Person, file: Path) -> None:
    made = told(person, "check", str(file), "--current-ma", "40")
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
    shown = person.types("programs", "check", str(file), "--current-ma", "100", "--pad-cm2", "9").out
    assert "note: phase 1: 2.2 mA/cm² on pads of 9 cm²: above 2" in shown
    assert "note: phase 1: 20 mA r.m.s.: above 10" in shown


def test_the_files_own_pads_hold_unless_others_are_named(person: Person, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("pad_cm2 = 25", "pad_cm2 = 50"), encoding="utf-8")
    assert told(person, "check", str(file))["pad_cm2"] == 50
    assert told(person, "check", str(file), "--pad-cm2", "20")["pad_cm2"] == 20


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--current-ma", "260"), Exit.REFUSED, "52 mA r.m.s.: at most 50 (IEC 60601-2-10)"),
        (("--current-ma", "0"), Exit.USAGE, "--current-ma “0”: it takes 0.1 to 500 mA"),
        (("--pad-cm2", "nan"), Exit.USAGE, "--pad-cm2 “nan” isn't a number: it takes 4 to 400 cm²"),
    ],
)
def test_a_check_refuses_what_is_too_much_or_no_figure(
    person: Person, file: Path, words: tuple[str, ...], code: Exit, sentence: str
) -> None:
    done = person.types("programs", "check", str(file), *words)
    assert done.code == code
    assert sentence in done.err


def test_the_schema_is_printed(person: Person) -> None:
    assert json.loads(person.types("programs", "schema").out) == schema()
    assert told(person, "schema") == schema()


def test_a_locked_program_is_listed_as_such_in_a_process_of_its_own(tmp_path: Path) -> None:
    listed = [sys.executable, "-m", "estim.cli.main", "--home", str(tmp_path), "programs", "list"]
    lines = subprocess.run(listed, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    locked = {line.split()[0] for line in lines if line.endswith("(locked)")}
    assert locked == {"ems-resist", "ems-strength", "ems-staged", "ems-atrophy"}
