"""Settings that are wrong keep nobody from stopping; they keep sessions from starting."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from estim.client.exchange import exchange
from estim.core.errors import Exit
from tests.cli.line import Person
from tests.cli.playing import hosted

WRONG = {
    "rule": '[schedule]\nrules = ["RRULE:FREQ=HOURLY;BYHOUR=8"]\n',
    "cap": "new_unit_cap_pct = 900\n",
    "text": "[schedule\n",
}


START = b'{"do": "start", "program": "tens-ankle", "level": {"A": 2}, "pads_on": true, "keep": true}\n'

starts_a_host = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
"""A host that was started to stop what was left on lives on for a moment; who typed the stop doesn't wait for that."""


def estim(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run what holds on to a host, in a process of its own."""
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
@starts_a_host
def test_a_stop_works_with_wrong_settings(person: Person, text: str) -> None:
    (person.home / "config.toml").write_text(text, encoding="utf-8")
    said = person.types("stop")
    assert (said.code, said.out) == (Exit.DONE, "nothing is running\n")


@starts_a_host
def test_a_bad_address_for_reminders_keeps_neither_a_stop_nor_a_session(person: Person) -> None:
    (person.home / "config.toml").write_text('[reminders]\nelsewhere = ["nonsense://secret@x"]\n', encoding="utf-8")
    assert person.types("stop").code == Exit.DONE
    done = estim(person.home, "daemon")
    assert done.returncode == Exit.CONFIG
    assert "secret" not in done.stderr


def test_no_session_begins_with_wrong_settings_and_a_host_that_stays_is_refused(person: Person) -> None:
    (person.home / "config.toml").write_text(WRONG["rule"], encoding="utf-8")
    done = estim(person.home, "--json", "run", "tens-ankle", "--pads-on")
    ended = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, ended["event"], ended["reason"]) == (Exit.CONFIG, "ended", "refused")
    assert "DAILY, WEEKLY or MONTHLY" in ended["message"]
    assert estim(person.home, "daemon").returncode == Exit.CONFIG


@pytest.mark.parametrize("words", [("run", "tens-ankle", "--level", "last", "--pads-on"), ("run", "--pads-on")])
def test_what_is_refused_before_a_host_is_asked_ends_with_the_last_line_too(
    person: Person, words: tuple[str, ...]
) -> None:
    (person.home / "config.toml").write_text(WRONG["cap"], encoding="utf-8")
    said = person.types(*words, json_=True)
    ended = said.rows[-1]
    assert (said.code, ended["event"], ended["reason"]) == (Exit.CONFIG, "ended", "refused")


@pytest.mark.control("C-53")
@pytest.mark.parametrize("spoiled", ["units.json", "config.toml", "log.sqlite", "log.on.json"])
def test_what_is_spoiled_while_a_session_plays_keeps_no_stop_that_is_typed_away(person: Person, spoiled: str) -> None:
    with hosted(person, "em70", speed="1"):
        began = exchange(person.home / "control.sock", START, 30.0).answer()
        assert json.loads(began)["answer"] == "done"
        (person.home / spoiled).write_bytes(b"\xff\x00 {[ no such thing")
        said = person.types("stop", "--unit", "em70")
        assert (said.code, said.err) == (Exit.DONE, "")
        assert said.out.startswith("em70: ")
        assert person.types("stop").out == "nothing is running\n"
