"""`estim run` as a person types it: whole sessions on software units, with time that jumps."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from estim.cli.record import Record, exit_code
from estim.core.errors import Exit
from estim.core.messages.commands import Start
from estim.core.vocabulary import Reason


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="estim-"))
    yield folder
    shutil.rmtree(folder)


def estim(home: Path, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "estim.cli.main", "--home", str(home), *words],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def simulated(home: Path, unit: str, *words: str, log: Path | None = None) -> subprocess.CompletedProcess[str]:
    front = ["--simulate", unit, "--speed", "max", *(["--log", str(log)] if log else [])]
    return estim(home, *front, "run", *words, "--json", "--no-input")


LEVELS = {"coyote3": 10, "em70": 5, "bluetens": 12, "yokonex": 30, "zc95": 200, "openemsstim": 20, "coyote2": 300}


@pytest.mark.parametrize(("unit", "level"), LEVELS.items())
def test_twenty_minutes_end_by_themselves_at_zero(home: Path, unit: str, level: int) -> None:
    done = simulated(home, unit, "tens-ankle", "--minutes", "20", "--level", str(level), "--pads-on")
    last = lines(done)[-1]
    assert done.returncode == 0, done.stderr
    assert last["event"] == "ended"
    assert last["reason"] == "completed"
    assert last["duration_s"] == pytest.approx(1200, abs=1)
    assert last["level_max"]["A"] == level
    assert last["level_end"]["A"] == 0
    assert last["stop_confirmed"] is True
    assert last["simulated"] is True
    events = [line["event"] for line in lines(done)]
    assert events[:4] == ["connected", "armed", "started", "phase"]
    levels = [line for line in lines(done) if line["event"] == "level"]
    assert [line["by"] for line in levels] == ["ramp" if line["at_s"] < 1000 else "end" for line in levels]


def test_two_runs_with_one_seed_are_the_same_to_the_byte(home: Path) -> None:
    first = home / "first.jsonl"
    second = home / "second.jsonl"
    words = ("tens-ankle", "--minutes", "2", "--level", "12", "--pads-on")
    unit = "coyote3:lost=0.2,late_s=0.2,hand=A-@60"
    one = simulated(home, unit, *words, log=first)
    two = simulated(home, unit, *words, log=second)
    assert one.stdout == two.stdout
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size > 10_000


@pytest.mark.control("C-13")
def test_without_the_pads_on_act_it_is_refused(home: Path) -> None:
    done = simulated(home, "coyote3", "tens-ankle", "--level", "5")
    last = lines(done)[-1]
    assert done.returncode == 77
    assert (last["event"], last["reason"]) == ("ended", "refused")
    assert "--pads-on" in last["message"]
    assert (last["stop_confirmed"], last["may_be_on"]) == (None, False), "it touched no unit, so it can't know"


@pytest.mark.control("C-46")
def test_what_is_told_in_a_dead_hosts_stead_is_null_only_where_no_unit_was_touched() -> None:
    record = Record("em70", Start(program="tens-ankle"), as_json=True)
    told = {way: record.made_up(Reason.FAULT, "the host died", confirmed=way) for way in (True, False, None)}
    assert {way: (one.stop_confirmed, one.may_be_on) for way, one in told.items()} == {
        True: (True, False),
        False: (False, True),
        None: (None, False),
    }
    assert exit_code(told[False], None) == Exit.NOT_CONFIRMED


@pytest.mark.control("C-05")
def test_a_level_above_the_cap_is_refused_and_the_cap_named(home: Path) -> None:
    done = simulated(home, "coyote3", "tens-ankle", "--level", "71", "--pads-on")
    assert done.returncode == 77
    assert "cap of 70" in lines(done)[-1]["message"]


def test_an_unknown_program_suggests_the_nearest(home: Path) -> None:
    done = simulated(home, "coyote3", "tens-anckle", "--pads-on")
    assert done.returncode == 66
    assert "tens-ankle" in lines(done)[-1]["message"]


def test_a_wrong_program_file_names_field_and_range(home: Path) -> None:
    file = home / "mine.toml"
    file.write_text('schema = 1\nid = "mine"\n[[phases]]\nrate_hz = 900\n')
    done = estim(home, "programs", "check", str(file))
    assert done.returncode == 65
    assert "phases[0].rate_hz = 900: it takes a number from 0.5 to 150" in done.stderr


@pytest.mark.control("C-09")
def test_a_stop_that_is_not_proved_is_told_and_exits_80(home: Path) -> None:
    done = simulated(home, "coyote3:lost_after=20", "tens-ankle", "--minutes", "1", "--level", "6", "--pads-on")
    last = lines(done)[-1]
    assert done.returncode == 80
    assert last["stop_confirmed"] is False
    assert last["level_end"]["A"] is None
    assert "NOT confirmed" in last["message"]


@pytest.mark.control("C-10")
@pytest.mark.control("C-11")
def test_a_link_that_is_lost_is_found_again_to_stop(home: Path) -> None:
    done = simulated(home, "em70:cut=30+6", "tens-ankle", "--minutes", "3", "--level", "3", "--pads-on")
    told = lines(done)
    lost = next(line for line in told if line["event"] == "link_lost")
    assert done.returncode == 74
    assert lost["on_until"] is not None
    assert "link_back" in [line["event"] for line in told]
    assert told[-1]["reason"] == "link_lost"
    assert told[-1]["stop_confirmed"] is True


@pytest.mark.control("C-40")
def test_simulated_sessions_say_so_and_never_count(home: Path) -> None:
    words = ("tens-ankle", "--minutes", "5", "--level", "3", "--pads-on")
    assert simulated(home, "em70", *words).returncode == 0
    assert simulated(home, "em70", *words).returncode == 0
    plain = estim(home, "--simulate", "em70", "--speed", "max", "run", *words)
    assert "SIMULATED" in plain.stdout


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
def test_a_wrong_line_is_one_sentence(home: Path, words: list[str], code: int, text: str) -> None:
    done = estim(home, *words)
    assert done.returncode == code
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["run", "tens-ankle", "--pads-on", "--json"], ["devices", "scan"]])
def test_a_radio_that_is_not_there_is_one_sentence(home: Path, words: list[str]) -> None:
    done = estim(home, "--radio", "hci:tcp-client:127.0.0.1:1", *words)
    assert done.returncode == 69
    assert "127.0.0.1:1" in done.stdout + done.stderr
    assert "a bug" not in done.stdout + done.stderr
