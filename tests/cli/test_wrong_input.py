"""What is wrong gets a sentence and the exit code of its kind, and nothing is written."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from estim.core.errors import Exit
from tests.cli.line import Person, typed


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A journal with one entry, written once: a copy of it is as good."""
    home = tmp_path_factory.mktemp("written")
    assert typed(home, "pain", "add", "1") == Exit.DONE
    return (home / "log.sqlite").read_bytes()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("pain add 11", "0 to 10 (0: none"),
        ("pain add -1", "0 to 10 (0: none"),
        ("pain add 3.5", "0 to 10 (0: none"),
        ("pain add x", "0 to 10 (0: none"),
        ("pain add 3 --at 2999-01-01", "in the future"),
        ("pain add 3 --at 2026-13-40", "isn't a day"),
        ("pain add 3 --at 25:00", "isn't a moment"),
        ("pain add 3 --when noon", "morning, rest, worst or run"),
        ("pain add 3 --red-flag cough", "pop, gap, toes, swelling"),
        ("run-log add 0", "say such as 3.2km"),
        ("run-log add 9999km", "it takes 0 to 500 km"),
        ("run-log add 3km --pain 12", "0 to 10 (0: none"),
        ("run-log add 10,000m", "“10,000” can mean 10000 or 10.0: write 10000 or 10.0 m"),
        ("run-log add 1.234", "can mean 1234 or 1.2340"),
        ("run-log add 1,234.5m", "can be read in two ways"),
        ("run-log add 1_0", "can be read in two ways"),
        ("run-log add 3miles", "say such as 3.2km"),
        ("run-log add 3km --minutes 1,000", "can mean"),
        ("run-log add 3km --minutes 1e3", "isn't a number"),
        ("run-log add 3km --minutes nan", "isn't a number"),
        ("pain add 1.000", "can mean"),
        ("log --rows 1_0", "can be read in two ways"),
        ("log --session 1,000", "can mean"),
        ("report --weeks 1.000", "can mean"),
        ("schedule show --days 2,5", "it takes a whole number, 1 to 366 days"),
        ("run tens-ankle --minutes 20,000", "--minutes “20,000” can mean 20000 or 20.0"),
        ("run tens-ankle --minutes inf", "isn't a number"),
        ("run tens-ankle --ramp 1.500", "can mean"),
        ("--simulate coyote3 --speed 1,500 run tens-ankle", "can mean"),
        ("--simulate coyote3 --seed 1.5 run tens-ankle", "whole number"),
        ("scope tens-ankle --level 1.000", "can mean"),
        ("programs check x.toml --pad-cm2 25,000", "can mean"),
        ("run-log plan 2020-01-01", "lies ahead"),
        ("schedule set 8:00 9:00", "two hours apart"),
        ("schedule set 25:00", "isn't a time of day"),
        ("schedule set --rule nonsense", "isn't a rule"),
        ("schedule set --rule RRULE:FREQ=DAILY;BYHOUR=8;INTERVAL=0", "INTERVAL"),
        ("schedule set --zone Mars/Olympus", "no time zone"),
        ("schedule set", "say what to set"),
        ("schedule skip 2026-99", "isn't a slot"),
        ("schedule holiday 2020-01-01", "is over"),
        ("care tick flying", "can't be ticked off"),
        ("care flag cough", "pop, gap, toes, swelling"),
        ("care questions --answer implant=maybe", "implant=no"),
        ("care clear child --reason x", "forbids nothing"),
        ("care after", "--skin ok"),
        ("report --weeks 2 --all", "one of --weeks"),
        ("export pdf", "csv, jsonl, fhir, ics"),
        ("run tens-ankle --override everything", "gap, dose and run"),
        ("--simulate coyote3 pain add 3", "leave --simulate out"),
    ],
)
def test_a_wrong_line_is_one_sentence_and_writes_nothing(person: Person, journal: bytes, line: str, word: str) -> None:
    (person.home / "log.sqlite").write_bytes(journal)
    before = person.counts()
    said = person.types(*line.split())
    assert said.code == Exit.USAGE
    assert word in said.err
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert person.counts() == before
    assert before["pain"] == 1


@pytest.mark.parametrize(
    ("file", "text", "word"),
    [
        ("config.toml", '[schedule]\nrules = ["RRULE:FREQ=HOURLY;BYHOUR=8"]\n', "DAILY, WEEKLY or MONTHLY"),
        ("config.toml", '[schedule]\nzone = "Mars/Olympus"\n', "no time zone 'Mars/Olympus'"),
        ("config.toml", "[schedule]\nearly = 3\n", "did you mean early_min?"),
        ("config.toml", '[reminders]\nquiet_from = "25:00"\n', "reminders.quiet_from"),
        ("config.toml", "[schedule\n", "not TOML"),
        ("care.toml", "schema = 1\ntitle = 3\n", "title = 3"),
        ("care.toml", "oops", "not TOML"),
        ("log.sqlite", "no database " * 100, "damaged, or isn't a journal of estim"),
    ],
)
def test_a_wrong_file_is_named_and_left_as_it_is(person: Person, file: str, text: str, word: str) -> None:
    (person.home / file).write_text(text, encoding="utf-8")
    said = person.types("care")
    assert said.code == Exit.CONFIG
    assert word in said.err
    assert file in said.err
    assert (person.home / file).read_text(encoding="utf-8") == text


def test_a_database_of_a_newer_version_is_refused(person: Person) -> None:
    person.types("pain", "add", "1")
    with closing(sqlite3.connect(person.home / "log.sqlite")) as db, db:
        db.execute("INSERT INTO migration VALUES (99)")
    before = person.counts()
    for line in ("log", "care", "report", "pain add 2", "undo", "export csv"):
        said = person.types(*line.split())
        assert (said.code, "newer estim" in said.err) == (Exit.CONFIG, True), line
    assert person.counts() == before


def test_a_disk_that_takes_nothing_is_told_and_what_was_there_stays(person: Person) -> None:
    person.types("pain", "add", "1")
    before = person.counts()
    limit = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (0, r.RLIM_INFINITY)); "
    line = ["--home", str(person.home), "pain", "add", "2"]
    code = f"{limit}from estim.cli.main import main; main({line!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == Exit.CANT_CREATE
    assert "can't write the journal" in done.stderr
    assert done.stderr.count("\n") == 1
    assert person.counts() == before


def test_a_place_that_cannot_be_made_is_told(person: Person, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    person.home = tmp_path / "file" / "home"
    assert person.types("pain", "add", "1").code == Exit.CANT_CREATE
    person.home = tmp_path / "home"
    assert person.types("export", "csv", "--out", str(tmp_path / "file" / "csv")).code == Exit.CANT_CREATE


def test_what_is_not_there_is_66_and_what_is_no_table_65(person: Person, tmp_path: Path) -> None:
    assert person.types("undo").code == Exit.NO_INPUT
    assert person.types("log", "--session", "7").code == Exit.NO_INPUT
    assert person.types("import", str(tmp_path)).code == Exit.NO_INPUT
    (tmp_path / "pain.csv").write_text("at,score\r\n2026-01-01,12\r\n", encoding="utf-8")
    before = person.counts()
    assert person.types("import", str(tmp_path)).code == Exit.BAD_DATA
    assert person.counts() == before


@pytest.mark.parametrize(("words", "code"), [(("paths",), Exit.CANT_CREATE), (("stop",), Exit.NOT_CONFIRMED)])
def test_a_home_of_somebody_who_does_not_exist_is_a_sentence_and_no_stop_is_called_done(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: Exit
) -> None:
    assert typed(Path("~nobody-of-that-name"), *words) == code
    assert "name the whole folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", " "])
def test_a_program_without_a_name_is_not_todays(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """A script's empty variable must not start anything."""
    assert typed(tmp_path, "--simulate", "coyote3", "run", name, "--pads-on") == Exit.USAGE
    assert "the program has no name" in capsys.readouterr().err
