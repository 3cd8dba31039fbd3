"""`estim run` as a person types it: whole sessions on software units, with time that jumps."""

import subprocess
import sys
from pathlib import Path

import pytest

from estim.cli.record import Record, exit_code
from estim.core.errors import Exit
from estim.core.messages.commands import Start
from estim.core.vocabulary import Reason
from tests.cli.line import Person
from tests.cli.playing import plays
from tests.effort import LONG


def process(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Type a line in a process of its own, which starts a host if it needs one."""
    return subprocess.run(
        [sys.executable, "-m", "estim.cli.main", "--home", str(home), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


LEVELS = {"coyote3": 10, "em70": 5, "bluetens": 12, "yokonex": 30, "zc95": 200, "openemsstim": 20, "coyote2": 300}


@pytest.mark.parametrize(("unit", "level"), LEVELS.items())
def test_a_session_ends_by_itself_at_zero(person: Person, unit: str, level: int) -> None:
    minutes = 20 if LONG or unit == "em70" else 3
    done = plays(person, unit, "tens-ankle", "--minutes", str(minutes), "--level", str(level), "--pads-on")
    last = done.rows[-1]
    assert done.code == 0, done.err
    assert last["event"] == "ended"
    assert last["reason"] == "completed"
    assert last["duration_s"] == pytest.approx(minutes * 60, abs=1)
    assert last["level_max"]["A"] == level
    assert last["level_end"]["A"] == 0
    assert last["stop_confirmed"] is True
    assert last["simulated"] is True
    events = [line["event"] for line in done.rows]
    assert events[:4] == ["connected", "armed", "started", "phase"]
    levels = [line for line in done.rows if line["event"] == "level"]
    assert [line["by"] for line in levels] == [
        "ramp" if line["at_s"] < minutes * 60 * 5 / 6 else "end" for line in levels
    ]


def test_two_runs_with_one_seed_are_the_same_to_the_byte(person: Person) -> None:
    """In processes of their own, each with the host that it starts: what chance there is differs between them."""
    words = ("tens-ankle", "--minutes", "2", "--level", "12", "--pads-on", "--json", "--no-input")
    logs = [person.home / name for name in ("first.jsonl", "second.jsonl")]
    told = []
    for log in logs:
        front = ("--simulate", "coyote3:lost=0.2,late_s=0.2,hand=A-@60", "--speed", "max", "--log", str(log))
        done = process(person.home, *front, "run", *words)
        told.append((done.returncode, done.stdout))
    assert told[0] == told[1]
    assert told[0][0] == 0
    assert logs[0].read_bytes() == logs[1].read_bytes()
    assert logs[0].stat().st_size > 10_000


@pytest.mark.control("C-13")
def test_without_the_pads_on_act_it_is_refused(person: Person) -> None:
    done = plays(person, "coyote3", "tens-ankle", "--level", "5")
    last = done.rows[-1]
    assert done.code == 77
    assert (last["event"], last["reason"]) == ("ended", "refused")
    assert "--pads-on" in last["message"]
    assert (last["stop_confirmed"], last["may_be_on"]) == (None, False), "it touched no unit, so it can't know"


@pytest.mark.control("C-46")
def test_what_is_told_in_a_dead_hosts_stead_is_null_only_where_no_unit_was_touched() -> None:
    record = Record("em70", Start(program="tens-ankle"), None)
    told = {way: record.made_up(Reason.FAULT, "the host died", confirmed=way) for way in (True, False, None)}
    assert {way: (one.stop_confirmed, one.may_be_on) for way, one in told.items()} == {
        True: (True, False),
        False: (False, True),
        None: (None, False),
    }
    assert exit_code(told[False], None) == Exit.NOT_CONFIRMED


@pytest.mark.control("C-05")
def test_a_level_above_the_cap_is_refused_and_the_cap_named(person: Person) -> None:
    done = plays(person, "coyote3", "tens-ankle", "--level", "71", "--pads-on")
    assert done.code == 77
    assert "cap of 70" in done.rows[-1]["message"]


def test_an_unknown_program_suggests_the_nearest(person: Person) -> None:
    done = plays(person, "coyote3", "tens-anckle", "--pads-on")
    assert done.code == 66
    assert "tens-ankle" in done.rows[-1]["message"]


def test_a_wrong_program_file_names_field_and_range(person: Person) -> None:
    file = person.home / "mine.toml"
    file.write_text('schema = 1\nid = "mine"\n[[phases]]\nrate_hz = 900\n')
    done = person.types("programs", "check", str(file))
    assert done.code == 65
    assert "phases[0].rate_hz = 900: it takes a number from 0.5 to 150" in done.err


@pytest.mark.control("C-09")
def test_a_stop_that_is_not_proved_is_told_and_exits_80(person: Person) -> None:
    done = plays(person, "coyote3:lost_after=20", "tens-ankle", "--minutes", "1", "--level", "6", "--pads-on")
    last = done.rows[-1]
    assert done.code == 80
    assert last["stop_confirmed"] is False
    assert last["level_end"]["A"] is None
    assert "NOT confirmed" in last["message"]


@pytest.mark.control("C-10")
@pytest.mark.control("C-11")
def test_a_link_that_is_lost_is_found_again_to_stop(person: Person) -> None:
    done = plays(person, "em70:cut=30+6", "tens-ankle", "--minutes", "3", "--level", "3", "--pads-on")
    told = done.rows
    lost = next(line for line in told if line["event"] == "link_lost")
    assert done.code == 74
    assert lost["on_until"] is not None
    assert "link_back" in [line["event"] for line in told]
    assert told[-1]["reason"] == "link_lost"
    assert told[-1]["stop_confirmed"] is True


@pytest.mark.control("C-40")
def test_simulated_sessions_say_so_and_never_count(person: Person) -> None:
    words = ("tens-ankle", "--minutes", "5", "--level", "3", "--pads-on")
    assert plays(person, "em70", *words).code == 0
    assert plays(person, "em70", *words).code == 0
    plain = plays(person, "em70", *words, json_=False)
    assert "SIMULATED" in plain.out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--speed", "max", "run", "tens-ankle"], 2, "--simulate only"),
        (["--simulate", "coyotte3", "run", "tens-ankle", "--pads-on"], 2, "did you mean coyote3"),
        (["--radio", "carrier-pigeon", "run", "tens-ankle"], 2, "hci:TRANSPORT"),
        (["--radio", "bluetooth:", "run", "tens-ankle"], 2, "bluetooth:hci1"),
        (["--radio", "hci:", "run", "tens-ankle"], 2, "hci:TRANSPORT"),
        (["run", "tens-ankle", "--level", "ten"], 2, "A=12,B=8"),
        (["run", "tens-ankle", "--level", ""], 2, "A=12,B=8"),
        (["run", "tens-ankle", "--level", " , "], 2, "A=12,B=8"),
        (["run", "tens-ankle", "--override", "all"], 2, "gap"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_a_wrong_line_is_one_sentence(person: Person, words: list[str], code: int, text: str) -> None:
    done = person.types(*words)
    assert done.code == code
    assert text in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("words", [["run", "tens-ankle", "--pads-on", "--json"], ["devices", "scan"]])
def test_a_radio_that_is_not_there_is_one_sentence(person: Person, words: list[str]) -> None:
    done = process(person.home, "--radio", "hci:tcp-client:127.0.0.1:1", *words)
    assert done.returncode == 69
    assert "127.0.0.1:1" in done.stdout + done.stderr
    assert "a bug" not in done.stdout + done.stderr
