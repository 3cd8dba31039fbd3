"""`estim today` in another language, in every state of a day: nothing is left in English, and German is as written."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from estim.cli.flags import Flags
from estim.cli.today import Dialogue
from estim.cli.today_view import Line, named, read_day
from estim.config.options import HostOptions
from estim.core.care.agenda import Missing
from estim.core.days.diary import Check, Topic, When
from estim.core.days.screening import NO_SIGN, SIGNS
from estim.core.errors import EstimError
from estim.journal.home_journal import opened
from tests.cli.line import Person
from tests.cli.test_today import day_before, here, plays, usual
from tests.pseudo import plain_words, pseudo

NAMES = (
    *("tens-ankle", "left one", "rest", "cross-training", "shoes", "cold", "stretching", "ankle-left"),
    *(f"({sign})" for sign in (*SIGNS, "implant")),
    *(NO_SIGN, "implant"),
)
"""What has the same name in every language."""


@pytest.fixture(autouse=True)
def seven(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be seven in the morning where the person is, and nobody's language be asked for."""
    east = 7 - datetime.now(UTC).hour
    east += 24 if east < -11 else 0
    monkeypatch.setenv("TZ", f"Etc/GMT{-east:+d}")
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    person.types("schedule", "set", "9:00", "21:00")


def on_the_plan(person: Person) -> None:
    """Somebody who has just begun it: no score, no step."""
    person.types("care", "begin", "--at", day_before(3))


def nothing_ahead(person: Person) -> None:
    person.types("schedule", "pause")


def due(person: Person) -> None:
    usual(person)
    person.types("schedule", "set", f"{here() + timedelta(minutes=5):%H:%M}")


def snoozed(person: Person) -> None:
    due(person)
    assert person.types("schedule", "snooze").code == 0


def morning_known(person: Person) -> None:
    usual(person)
    person.types("pain", "2", "morning")


def flagged(person: Person) -> None:
    usual(person)
    person.types("care", "flag", "pop")


def much_pain(person: Person) -> None:
    usual(person)
    person.types("pain", "6", "morning")


def ended(person: Person) -> None:
    usual(person)
    person.types("care", "end")


def forbidden(person: Person) -> None:
    usual(person)
    person.types("care", "questions", "--answer", "implant=yes")


def skin_asked(person: Person) -> None:
    usual(person)
    plays(person, 2)


def skin_held(person: Person) -> None:
    skin_asked(person)
    person.types("care", "after", "--skin", "bad")


def planned(person: Person, hours: float) -> None:
    usual(person)
    with opened(HostOptions(home=str(person.home)), write=True) as journal:
        journal.enter(Check(at=journal.now + timedelta(hours=hours), topic=Topic.RUN_PLANNED))


def run_planned(person: Person) -> None:
    planned(person, 8)


def run_unsaid(person: Person) -> None:
    planned(person, -20)


STATES: dict[Callable[[Person], None], set[str]] = {
    on_the_plan: {"session", "score", "steps"},
    nothing_ahead: {"session"},
    usual: {"session", "score", "steps"},
    due: {"session", "score", "steps"},
    snoozed: {"session", "score", "steps"},
    morning_known: {"session", "score", "steps"},
    flagged: {"session", "refused"},
    much_pain: {"session", "signs"},
    ended: {"session", "plan"},
    forbidden: {"session", "refused"},
    skin_asked: {"session", "skin"},
    skin_held: {"session", "skin"},
    run_planned: {"session", "run"},
    run_unsaid: {"session", "run"},
}
"""Each state of a day, with what it has at least a line about."""


def in_english(lines: tuple[Line, ...]) -> list[str]:
    """Return the plain words of the lines that are ours."""
    return plain_words("\n".join(line.told for line in lines), *NAMES)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_no_state_of_a_day_is_told_in_english(person: Person, state: Callable[[Person], None]) -> None:
    state(person)
    with pseudo():
        lines = read_day(HostOptions(home=str(person.home))).lines
    assert STATES[state] <= {line.about for line in lines}
    assert in_english(lines) == []


def test_every_score_and_what_software_units_have_is_told_in_that_language() -> None:
    now = here()
    days = (now.date(), now.date() - timedelta(days=1))
    with pseudo():
        names = [named(Missing(day, when), now) for day in days for when in (When.MORNING, When.WORST)]
        with pytest.raises(EstimError) as refused:
            read_day(HostOptions(simulate="em70"))
    assert plain_words("\n".join([*names, refused.value.text]), "--simulate") == []
    assert len(set(names)) == 4


@pytest.mark.parametrize("keys", ["214y", "214j", "214J"])
def test_the_dialogue_asks_in_that_language_and_takes_the_key_of_german_too(
    person: Person, keys: str, capsys: pytest.CaptureFixture[str]
) -> None:
    usual(person)
    left = iter(keys)
    with pseudo():
        starts = Dialogue(
            Flags(HostOptions(home=str(person.home)), False, False), lambda: next(left), nullcontext
        ).run()
    assert starts
    assert plain_words(capsys.readouterr().err, *NAMES) == []


@pytest.mark.parametrize(("key", "kept"), [("j", "ok"), ("y", "ok"), ("n", "bad")])
def test_the_skin_is_answered_with_the_key_of_either_language(person: Person, key: str, kept: str) -> None:
    skin_asked(person)
    left = iter(f"\n\n\n{key}q")
    Dialogue(Flags(HostOptions(home=str(person.home)), False, False), lambda: next(left), nullcontext).run()
    with opened(HostOptions(home=str(person.home))) as journal:
        answers = [check.answer for check in journal.recent().checks if check.topic is Topic.SKIN]
    assert answers == [kept]


SHORT_DAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip


def german(now: datetime) -> str:
    """Return what is told at this minute."""
    head = f"{DAYS[now.weekday()]}, {now.day:02d}. {MONTHS[now.month - 1]}, {now:%H:%M}"
    return (
        f"{head}\n"
        f"   nächste Sitzung {SHORT_DAYS[now.weekday()]} 09:00: tens-ankle auf left one\n"
        "   Schmerz heute Morgen: 2\n"
        "-> der stärkste Schmerz von gestern ist nicht notiert: estim pain 3 worst --at yesterday\n"
        "-> noch nicht abgehakt: 4 stretching: estim care tick 4\n"
    )


def test_who_has_a_german_computer_reads_german(person: Person) -> None:
    morning_known(person)
    line = [sys.executable, "-m", "estim.cli.main", "--home", str(person.home), "today"]
    before = here()
    done = subprocess.run(
        line, capture_output=True, stdin=subprocess.DEVNULL, env={**os.environ, "LANG": "de_DE.UTF-8"}, timeout=60
    )
    assert done.stderr.decode() == ""
    assert done.stdout.decode() in (german(before), german(here())), "a minute may have passed meanwhile"
    assert done.returncode == 0
