"""Whatever the verb, each line of `--json` says which schema it follows, and in which version."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.main import get_command

from estim.cli.app import app
from estim.cli.lazy import add_verbs
from estim.core.days.diary import Played
from estim.core.errors import Exit
from estim.journal.journal import Journal
from tests.cli.line import Person

ADDRESS = "C0:70:7E:03:00:01"
ADD = f"devices add {ADDRESS} --family em70"
SOFTWARE = "--simulate em70 --speed max"

LINES: dict[str, tuple[str, ...]] = {
    "run": (f"{SOFTWARE} run tens-ankle --level 1 --minutes 0.1 --pads-on",),
    "stop": (f"{SOFTWARE} stop",),
    "disconnect": (f"{SOFTWARE} disconnect", f"{SOFTWARE} disconnect nobody"),
    "pause": ("pause",),
    "resume": ("resume --unit x",),
    "level": ("level A +1", f"{SOFTWARE} level A 3"),
    "status": ("status", f"{SOFTWARE} status"),
    "daemon": ("daemon",),
    "decode": ("decode em70 to-device 5A0507000066", "decode em70 to-device 5A"),
    "paths": ("paths",),
    "help": ("help", "help keys", "--version"),
    "devices scan": (f"{SOFTWARE} devices scan --seconds 0.5",),
    "devices add": (ADD,),
    "devices list": (ADD, "devices list"),
    "devices forget": (ADD, "devices forget em70"),
    "devices set": (ADD, "devices set em70 cap 4"),
    "programs list": ("programs list",),
    "programs show": ("programs show tens-ankle",),
    "programs check": ("programs new --out {}/mine.toml", "programs check {}/mine.toml --current-ma 40"),
    "programs new": ("programs new", "programs new evening --like tens-ankle"),
    "programs schema": ("programs schema",),
    "programs matrix": ("programs matrix tens-ankle",),
    "scope": ("scope tens-ankle --family em70 --minutes 0.1 --level 2",),
    "completion": ("completion bash",),
    "doctor": (f"{SOFTWARE} doctor",),
    "plugins": ("plugins",),
    "pain add": ("pain add 3 --when morning", "pain add 7 --red-flag gap"),
    "run-log add": ("run-log add 3km --pain 2",),
    "run-log plan": ("run-log plan tomorrow",),
    "run-log cancel": ("run-log plan tomorrow", "run-log cancel"),
    "run-log move": ("run-log plan tomorrow", "run-log move tomorrow"),
    "note add": ("note add words",),
    "pads new": ("pads new",),
    "pads show": ("pads show",),
    "today": ("today", ""),
    "log": ("log", "log --rows 3", "log --session 1", "log --all"),
    "log add": ("log add tens-ankle 20min --level 12", "log add tens-ankle 20min --site elsewhere"),
    "undo": ("note add words", "undo"),
    "schedule": ("schedule",),
    "schedule show": ("schedule show",),
    "schedule set": ("schedule set 8:00 20:00",),
    "schedule skip": ("schedule skip",),
    "schedule snooze": ("schedule set {soon}", "schedule snooze"),
    "schedule pause": ("schedule pause",),
    "schedule holiday": ("schedule holiday tomorrow",),
    "schedule resume": ("schedule pause", "schedule resume"),
    "care": ("care", "care begin", "care"),
    "care show": ("care show", "care show 1"),
    "care begin": ("care begin",),
    "care recovered": (
        "care begin --at 2025-01-01",
        "pain add 1 --at 2025-01-08",
        "pain add 1 --at 2025-01-09",
        "pain add 0 --when morning --at 2025-01-10",
        "run-log add 2.5km --pain 0 --at 2025-01-10",
        "pain add 1 --when morning --at 2025-01-11",
        "care recovered",
    ),
    "care loading": ("care begin", "care loading on"),
    "care load": ("care begin", "care loading on", "care load 3x15 pain 2"),
    "care end": ("care begin", "care end"),
    "care tick": ("care begin", "care tick rest"),
    "care flag": ("care flag pop",),
    "care questions": ("care questions", "care questions --none"),
    "care clear": ("care questions --answer implant=yes", "care clear implant --reason agreed"),
    "care after": ("care after --skin ok --feel same",),
    "care skin": ("care after --skin bad", "care skin ok"),
    "care edit": ("care edit",),
    "report": ("report", "report --html {}/page.html"),
    "export": ("export csv --out {}/csv", "export jsonl", "export ics --out {}/slots.ics"),
    "remind": ("remind",),
    "service install": ("service install",),
    "service uninstall": ("service install --remind-only", "service uninstall"),
    "service status": ("service status",),
    "fleet": ("fleet",),
    "fleet stop": ("fleet stop",),
    "demo": ("demo {}/demo",),
    "settings get": ("settings get", "settings get minutes"),
    "settings set": ("settings set minutes 15", "settings set keys.log f3"),
    "settings edit": ("settings edit",),
    "import": ("export csv --out {}/csv", "import {}/csv"),
}
"""What is typed to hear each verb, in a home in which a session was played."""

SILENT = {"daemon", "plugins", "fleet", "fleet stop"}
"""Say nothing on stdout here: a host that is refused, a list of nothing (tests/catalogue has a longer one), and a fleet
without a broker (test_fleet.py has one)."""

APART = {"run", "daemon"}
"""Hold on to a host for as long as they live: processes of their own."""


def verbs() -> Iterator[str]:
    """Give every verb that the command line knows, and every group that does something by itself."""
    add_verbs(app, ["--help"])

    def below(command: object, name: str) -> Iterator[str]:
        inner: dict[str, object] = getattr(command, "commands", {})
        if name and (not inner or getattr(command, "invoke_without_command", False)):
            yield name
        for word, one in inner.items():
            yield from below(one, f"{name} {word}".strip())

    yield from below(get_command(app), "")


def test_there_is_a_line_for_every_verb() -> None:
    assert set(verbs()) == LINES.keys()


def in_a_process(home: Path, words: list[str]) -> tuple[int, str]:
    (home / "config.toml").write_text("[schedule\n" if "daemon" in words else "", encoding="utf-8")
    line = [sys.executable, "-m", "estim.cli.main", "--home", str(home), "--no-input", "--json", *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


def in_this_one(person: Person, words: list[str]) -> tuple[int, str]:
    said = person.types(*words, json_=True)
    return said.code, said.out


ENDS = {
    "daemon": Exit.CONFIG,
    "pause": Exit.NO_DEVICE,
    "resume": Exit.NO_DEVICE,
    "level": Exit.NO_DEVICE,
    "fleet": Exit.USAGE,
    "fleet stop": Exit.USAGE,
}


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # the host of a scan
@pytest.mark.parametrize("verb", LINES)
def test_every_line_says_what_it_is(person: Person, verb: str) -> None:
    at = datetime.now(UTC) - timedelta(hours=30)
    session = Played(
        id=1, at=at, program="tens-ankle", unit="one", family="em70", sites=("ankle-left",), simulated=False,
        length_s=1200, output_s=1190, delivered_until=at, ended=at, goal={"A": 7}, duration_s=1200,
    )  # fmt: skip
    journal = Journal.open(person.home / "log.sqlite")
    journal.adopt([session], [], {}, at)
    journal.close()
    soon = datetime.now().astimezone() + timedelta(minutes=5)
    for line in LINES[verb]:
        words = line.format(person.home, soon=f"{soon:%H:%M}").split()
        code, out = in_a_process(person.home, words) if verb in APART else in_this_one(person, words)
        told = [json.loads(row) for row in out.splitlines()]
        assert bool(told) is (verb not in SILENT), line
        assert all(row["schema"].startswith("estim.") and row["version"] == 1 for row in told), line
        assert code in (Exit.DONE, ENDS.get(verb), Exit.BAD_DATA if verb == "decode" else Exit.DONE), line
