"""Settings that are wrong keep nobody from stopping; they keep sessions from starting."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from estim.core.errors import Exit
from tests.cli.line import Person

WRONG = {
    "rule": '[schedule]\nrules = ["RRULE:FREQ=HOURLY;BYHOUR=8"]\n',
    "cap": "new_unit_cap_pct = 900\n",
    "text": "[schedule\n",
}


def process(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "estim.cli.main", "--home", str(home), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.control("C-07")
@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_stop_works_with_wrong_settings(person: Person, text: str) -> None:
    (person.home / "config.toml").write_text(text, encoding="utf-8")
    done = process(person.home, "stop")
    assert (done.returncode, done.stdout) == (Exit.DONE, "nothing is running\n")


def test_a_bad_address_for_reminders_keeps_neither_a_stop_nor_a_session(person: Person) -> None:
    (person.home / "config.toml").write_text('[reminders]\nelsewhere = ["nonsense://secret@x"]\n', encoding="utf-8")
    assert process(person.home, "stop").returncode == Exit.DONE
    done = process(person.home, "daemon")
    assert done.returncode == Exit.CONFIG
    assert "secret" not in done.stderr


def test_no_session_begins_with_wrong_settings_and_a_host_that_stays_is_refused(person: Person) -> None:
    (person.home / "config.toml").write_text(WRONG["rule"], encoding="utf-8")
    done = process(person.home, "--json", "run", "tens-ankle", "--pads-on")
    ended = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, ended["event"], ended["reason"]) == (Exit.CONFIG, "ended", "refused")
    assert "DAILY, WEEKLY or MONTHLY" in ended["message"]
    assert process(person.home, "daemon").returncode == Exit.CONFIG


@pytest.mark.parametrize("words", [("run", "tens-ankle", "--level", "last", "--pads-on"), ("run", "--pads-on")])
def test_what_is_refused_before_a_host_is_asked_ends_with_the_last_line_too(
    person: Person, words: tuple[str, ...]
) -> None:
    (person.home / "config.toml").write_text(WRONG["cap"], encoding="utf-8")
    done = person.types(*words, json_=True)
    ended = done.rows[-1]
    assert (done.code, ended["event"], ended["reason"]) == (Exit.CONFIG, "ended", "refused")
