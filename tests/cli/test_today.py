"""`estim today`: what is due, one line each; at a terminal one dialogue of single keys that ends in `estim run`."""

import io
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from estim.cli.flags import Flags
from estim.cli.keys import OneByOne
from estim.cli.today import Dialogue, start_of
from estim.config.options import HostOptions
from estim.core.days.diary import Played
from estim.core.errors import Exit
from estim.journal.journal import Journal
from protocols.vocabulary import Channel
from tests.cli.line import Person
from tests.cli.playing import hosted


@pytest.fixture(autouse=True)
def seven(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be seven in the morning where the person is, whatever the hour is here."""
    east = 7 - datetime.now(UTC).hour
    east += 24 if east < -11 else 0
    monkeypatch.setenv("TZ", f"Etc/GMT{-east:+d}")
    person.types("schedule", "set", "9:00", "21:00")


def here() -> datetime:
    return datetime.now(ZoneInfo(os.environ["TZ"]))


def day_before(days: int) -> str:
    return f"{here() - timedelta(days=days):%Y-%m-%d}"


def plays(person: Person, hours_ago: float) -> None:
    at = here() - timedelta(hours=hours_ago)
    over = at + timedelta(minutes=20)
    session = Played(
        id=1, at=at, program="tens-ankle", unit="left one", family="coyote3", sites=("ankle-left",), simulated=False,
        length_s=1200, output_s=1190, delivered_until=over, ended=over, goal={"A": 7}, duration_s=1200,
    )  # fmt: skip
    journal = Journal.open(person.home / "log.sqlite")
    journal.adopt([session], [], {}, at)
    journal.close()


def answers(person: Person, keys: Sequence[str]) -> tuple[bool, int]:
    """Answer with single keys; return whether a start is wanted, and how many keys that took."""
    pressed: list[str] = []

    def next_key() -> str:
        pressed.append(keys[len(pressed)])
        return pressed[-1]

    starts = Dialogue(Flags(HostOptions(home=str(person.home)), False, False), next_key, nullcontext).run()
    return bool(starts), len(pressed)


def usual(person: Person) -> None:
    """Somebody on the plan since some days, who has written down all but yesterday evening."""
    person.types("care", "begin", "--at", day_before(3))
    person.types("care", "flag", "none")
    person.types("pain", "add", "2", "--when", "morning", "--at", day_before(1))
    for step in ("rest", "cross-training", "shoes", "cold"):
        person.types("care", "tick", step)
    plays(person, 30)


def told(person: Person) -> list[str]:
    return [line.split("  ", 1)[1] for line in person.types("log").out.splitlines()]


def test_without_a_terminal_it_shows_one_line_for_each_thing_and_writes_nothing(person: Person) -> None:
    usual(person)
    person.types("schedule", "set", f"{here() + timedelta(minutes=5):%H:%M}")
    before = person.counts()
    said = person.types("today")
    assert said.code == Exit.DONE
    rows = person.types("today", json_=True).rows
    assert {row["schema"] for row in rows} == {"estim.today"}
    assert [row["about"] for row in rows if row["open"]] == ["session", "score", "score", "steps"]
    assert rows[0]["text"].endswith(": tens-ankle on left one")
    assert rows[0]["do"] == "estim run --level last"
    assert "-> yesterday's worst pain isn't written down: estim pain 3 worst --at yesterday" in said.out
    assert "-> this morning's pain isn't written down: estim pain 3 morning" in said.out
    assert "-> not ticked yet: 4 stretching: estim care tick 4" in said.out
    assert person.counts() == before


def test_estim_alone_without_a_terminal_shows_the_same(person: Person) -> None:
    assert person.types().out.splitlines()[1:] == person.types("today").out.splitlines()[1:]
    assert person.types(json_=True).rows == person.types("today", json_=True).rows
    assert person.types("--simulate", "em70").code == Exit.USAGE
    assert person.types("--simulate", "em70", "today").code == Exit.USAGE


@pytest.mark.control("C-68")
def test_the_usual_morning_takes_six_keys_with_the_one_that_starts(
    person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    usual(person)
    wants, keys = answers(person, "214y")
    assert wants
    assert "Start tens-ankle now, up to A=7, as it was comfortable?" in capsys.readouterr().err
    assert keys + 1 <= 6, "and Enter, once the pads are on, is the last of them"
    assert told(person)[-2:] == ["pain 1, morning", "did stretching"]
    assert "pain 2, worst" in told(person)
    (start,) = start_of(Flags(HostOptions(home=str(person.home)), False, False))
    assert not start.pads_on, "nobody has said so"
    assert start.level == {Channel.A: 7}, "as it was comfortable"


@pytest.mark.parametrize("leaves", ["q", "Q", "й", "\x1b", "\x04", ""])
def test_who_leaves_keeps_what_was_said_and_starts_nothing(person: Person, leaves: str) -> None:
    usual(person)
    before = len(told(person))
    assert answers(person, ["2", leaves]) == (False, 2)
    assert len(told(person)) == before + 1


def test_a_question_is_left_out_with_enter_and_a_strange_key_is_asked_again(
    person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    usual(person)
    before = person.counts()
    assert answers(person, "\n?\n\n\n") == (False, 5)
    assert "  0 to 9, x: 10, Enter: leave it out, q: end" in capsys.readouterr().err
    assert person.counts() == before


@pytest.mark.control("C-45")
def test_from_three_on_the_signs_are_asked_for_and_one_ends_it(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    usual(person)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert answers(person, "3q") == (False, 2)
    assert [line for line in told(person) if "no sign" in line][1:] == ["no sign of a torn tendon or a clot"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    assert answers(person, "x") == (False, 1), "and nothing more is asked"
    assert "RED FLAG: a sudden snap or pop, or as if something had hit the back of your leg" in told(person)
    assert "pain 10, morning" in told(person)
    assert "get it looked at now" in person.types("today").out


def test_skin_that_is_not_ok_holds_its_site(person: Person) -> None:
    usual(person)
    plays(person, 2)
    assert answers(person, "\n\n\nn") == (False, 4), "there was a session today, and none is due"
    assert "-> skin" not in person.types("today").out
    assert "no pads there until somebody has looked" in person.types("today").out


def test_keys_are_read_one_by_one_and_an_arrow_is_no_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    sees, terminal = pty.openpty()
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        before = termios.tcgetattr(stdin)
        with OneByOne() as keys:
            os.write(sees, b"\x1b[A21")
            assert [keys.next(), keys.next()] == ["2", "1"]
            os.write(sees, "й\x1b".encode())
            assert [keys.next(), keys.next()] == ["й", "\x1b"]
            with keys.given_back():
                assert termios.tcgetattr(stdin) == before, "a line is typed as everywhere"
            os.write(sees, b"\n")
            assert keys.next() == "\n"
        assert termios.tcgetattr(stdin) == before
        os.close(sees)


class Typist:
    """Somebody at a terminal: a process of its own, whose controlling terminal it is."""

    ON_IT = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from estim.cli.main import main; main()"

    def __init__(self, *words: str) -> None:
        self._sees, terminal = pty.openpty()
        line = [sys.executable, "-c", self.ON_IT, *words]
        self._process = subprocess.Popen(line, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True)
        os.close(terminal)
        self.seen = ""

    def reads(self, until: str) -> None:
        """Read until something is shown."""
        while until not in self.seen:
            try:
                got = os.read(self._sees, 4096)
            except OSError:  # how a terminal says that nobody writes to it any more
                got = b""
            assert got, f"{until!r} never came: {self.seen}"
            self.seen += got.decode(errors="replace")

    def types(self, keys: str) -> None:
        os.write(self._sees, keys.encode())

    def ends(self) -> int:
        """Return its exit code."""
        with suppress(OSError):  # how a terminal says that nobody writes to it any more
            while got := os.read(self._sees, 4096):
                self.seen += got.decode(errors="replace")
        os.close(self._sees)
        return self._process.wait(60)


@pytest.mark.control("C-68")
def test_at_a_terminal_it_ends_in_the_session_that_waits_for_the_pads(person: Person) -> None:
    usual(person)
    person.types("care", "questions", "--none")
    with hosted(person, "coyote3", speed="1"):  # five minutes for the pads are real ones, as is who types
        typist = Typist("--home", str(person.home), "today")
        typist.reads("Yesterday's worst pain?")
        typist.types("214y")  # ahead of the questions, as somebody does who knows them
        typist.reads("Are the pads on, and are you sitting or lying?")
        assert "started" not in typist.seen
        typist.types("q")
        assert typist.ends() == Exit.DONE
        assert "started" not in typist.seen
    assert told(person)[-2:] == ["pain 1, morning", "did stretching"]
