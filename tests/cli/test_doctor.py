"""`estim doctor`, typed: on software units, with the exit code that a start would end with."""

import json
import subprocess
import sys

from estim.core.errors import Exit
from tests.broker import Mosquitto, mosquitto
from tests.cli.line import Person
from tests.cli.playing import hosted

__all__ = ["mosquitto"]


def found(rows: list[dict[str, object]]) -> dict[object, object]:
    return {row["what"]: row["grade"] for row in rows}


def test_a_unit_is_connected_and_stopped_at_zero(person: Person) -> None:
    """In a process of its own, with a host of its own: on a time that jumps nobody waits for a stop."""
    words = [sys.executable, "-m", "estim.cli.main", "--home", str(person.home), "--json", "--simulate", "coyote3"]
    done = subprocess.run([*words, "doctor", "--unit", "coyote3"], capture_output=True, timeout=120, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    assert found(rows)["unit"] == "good"
    [stop] = [row for row in rows if row["what"] == "stop"]
    assert "zero confirmed; nothing was put out" in stop["text"]
    assert {row["schema"] for row in rows} == {"estim.finding"}


def test_a_unit_that_is_not_there_means_that_no_session_could_start(person: Person) -> None:
    with hosted(person, "em70"):
        said = person.types("--simulate", "em70", "doctor", "--unit", "nobody")
    assert said.code == Exit.NO_DEVICE
    assert "nobody is not on the air" in said.out
    assert said.out.endswith("no session could start here (exit code 69)\n")


def test_a_unit_that_answers_nothing_is_told_as_what_a_start_would_end_with(person: Person) -> None:
    with hosted(person, "coyote3:mute"):
        said = person.types("--simulate", "coyote3:mute", "doctor", "--unit", "coyote3", json_=True)
    assert said.code != Exit.DONE
    assert found(said.rows)["start"] == "bad"


def test_wrong_settings_are_found_and_the_rest_is_looked_at_all_the_same(person: Person) -> None:
    (person.home / "config.toml").write_text("minutes = 99\n", encoding="utf-8")
    said = person.types("--simulate", "em70", "doctor", json_=True)
    assert said.code == Exit.CONFIG
    told = found(said.rows)
    assert (told["settings"], told["journal"], told["host"], told["broker"]) == ("bad", "good", "good", "warning")


def test_a_broker_is_tried_and_one_that_is_away_is_no_hindrance(person: Person, mosquitto: Mosquitto) -> None:
    there = person.types("--simulate", "em70", "--mqtt", f"mqtt://127.0.0.1:{mosquitto.port}", "doctor", json_=True)
    assert (there.code, found(there.rows)["broker"]) == (Exit.DONE, "good")
    mosquitto.stop()
    away = person.types("--simulate", "em70", "--mqtt", f"mqtt://127.0.0.1:{mosquitto.port}", "doctor", json_=True)
    assert (away.code, found(away.rows)["broker"]) == (Exit.DONE, "warning")
    [row] = [row for row in away.rows if row["what"] == "broker"]
    assert "can't be reached" in str(row["text"])
