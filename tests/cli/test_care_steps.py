"""The eight steps at the command line: a step in full, heel raises, cross-training, shoes, and the lighter plan."""

from datetime import datetime, timedelta

import pytest

from estim.core.days.diary import Check, Pain, Run, Topic, When
from estim.core.errors import Exit
from estim.journal.journal import Journal
from tests.cli.line import Person


@pytest.mark.parametrize("word", ["1", "2", "3", "4", "5", "6", "7", "8", "loading", "cross"])
def test_a_step_in_full_fits_into_80_columns_and_says_how_how_long_and_what_to_write_down(
    person: Person, word: str
) -> None:
    said = person.types("care", "show", word).out
    assert max(map(len, said.splitlines())) <= 80
    for part in ("  How\n", "  How long\n", "  Write down\n", "  Known\n"):
        assert part in said
    row = person.types("care", "show", word, json_=True).rows[0]
    assert row["how"]
    assert (row["number"] == 0) is (word == "loading")


def test_a_step_is_shown_with_its_parts_and_a_word_that_means_none_is_told(person: Person) -> None:
    assert [row["step"] for row in person.types("care", "show", "1", json_=True).rows] == ["rest", "loading"]
    said = person.types("care", "show", "s")
    assert (said.code, "'s' isn't a step: say a number from 1 to 8, or one of rest" in said.err) == (Exit.USAGE, True)


@pytest.mark.control("C-71")
def test_heel_raises_are_refused_until_they_were_agreed_and_then_kept(person: Person) -> None:
    assert person.types("care", "load", "3x15").code == Exit.REFUSED
    assert person.types("care", "loading", "on").code == Exit.REFUSED
    person.types("care", "begin")
    said = person.types("care", "load", "3x15", "pain", "2")
    assert (said.code, "estim care loading on" in said.err) == (Exit.REFUSED, True)
    assert "heel raises are off" in person.types("care").out
    assert person.types("care", "loading", "on", "--agreed-with", "my physio").code == Exit.DONE
    row = person.types("care", "load", "3x15", "pain", "2", json_=True).rows[0]
    assert (row["sets"], row["repetitions"], row["pain"]) == (3, 15, 2)
    assert "[x] · loading" in person.types("care").out
    log = person.types("log").out
    assert "heel raises are on: my physio" in log
    assert "heel raises 3x15, pain 2" in log
    assert "undone" in person.types("undo").out
    assert "[ ] · loading" in person.types("care").out
    assert person.types("care", "loading", "off").code == Exit.DONE
    assert person.types("care", "load", "3x15").code == Exit.REFUSED


@pytest.mark.control("C-45")
def test_pain_in_heel_raises_asks_for_the_signs_and_a_pop_ends_the_plan(person: Person) -> None:
    person.types("care", "begin")
    person.types("care", "loading", "on")
    assert "any of these?" not in person.types("care", "load", "3x15", "pain", "1").out
    assert "any of these?" in person.types("care", "load", "3x15", "pain", "4").out
    assert "any of these?" in person.types("care", "load", "3x15", "--note", "something popped").out
    person.types("care", "flag", "pop")
    said = person.types("care", "load", "3x15")
    assert (said.code, "get it looked at now" in said.err) == (Exit.REFUSED, True)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("3", "say sets and repetitions"),
        ("3x15 2", "say sets and repetitions"),
        ("0x15", "sets"),
        ("3x201", "repetitions"),
        ("3x15 pain 11", "pain"),
    ],
)
def test_what_is_no_load_is_told_with_what_to_write(person: Person, line: str, told: str) -> None:
    said = person.types("care", "load", *line.split())
    assert (said.code, told in said.err) == (Exit.USAGE, True)


def test_cross_training_is_ticked_off_with_its_kind_and_minutes(person: Person) -> None:
    person.types("care", "begin")
    said = person.types("care", "tick", "cross", "bike", "40min", "3")
    assert said.out == "ticked: cross-training (bike 40 min), shoes; still open: 1 rest, 4 stretching, 5 cold\n"
    assert "[x] 2 cross-training" in person.types("care").out
    assert "did cross-training, bike 40 min" in person.types("log").out
    said = person.types("care", "tick", "cross", "skate")
    assert (said.code, "bike, hike, swim, gym" in said.err) == (Exit.USAGE, True)
    said = person.types("care", "tick", "rest", "40min")
    assert (said.code, "“40min” can't be ticked off" in said.err) == (Exit.USAGE, True)
    assert person.types("care", "tick", "tens").code == Exit.USAGE


def test_the_pair_of_shoes_is_on_the_run(person: Person) -> None:
    assert "run 5 km, shoes blue" in person.types("run-log", "add", "5km", "--shoes", " blue ").out
    assert person.types("run-log", "add", "2km", "--shoes", "blue", json_=True).rows[0]["shoes"] == "blue"
    assert "run 5 km, pain not said, shoes blue" in person.types("log").out
    said = person.types("run-log", "add", "5km", "--shoes", "b" * 41)
    assert (said.code, "up to 40 characters" in said.err) == (Exit.USAGE, True)


@pytest.mark.control("C-72")
def test_the_lighter_plan_waits_for_its_time_and_is_told(person: Person) -> None:
    days = [f"{datetime.now().astimezone() - timedelta(days=number):%Y-%m-%d}" for number in range(400)]
    assert person.types("care", "recovered").code == Exit.REFUSED
    person.types("care", "begin", "--at", days[399])
    for day in (days[391], days[390]):
        person.types("pain", "add", "1", "--at", day)
    person.types("pain", "add", "0", "--when", "morning", "--at", days[389])
    person.types("run-log", "add", "2.5km", "--pain", "0", "--at", days[389])
    said = person.types("care", "recovered")
    assert (said.code, "not yet: the plan becomes" in said.err) == (Exit.REFUSED, True)
    person.types("pain", "add", "1", "--when", "morning", "--at", days[388])
    said = person.types("care", "recovered")
    assert (said.code, "recovered: the lighter plan (day 1" in said.out) == (Exit.DONE, True)
    assert "[ ]" not in said.out
    assert person.types("care", json_=True).rows[0]["stage"] == "light"
    person.types("run-log", "add", "3km", "--pain", "6")
    assert person.types("care", json_=True).rows[0]["stage"] == "rest"


@pytest.mark.control("C-72")
def test_what_ended_a_lighter_plan_long_ago_still_has_ended_it(person: Person) -> None:
    today = datetime.now().astimezone()
    days = [f"{today - timedelta(days=number):%Y-%m-%d}" for number in range(400)]
    person.types("care", "begin", "--at", days[399])
    journal = Journal.open(person.home / "log.sqlite")
    run = Run(at=today - timedelta(days=389), km=2.5, pain=0)
    journal.enter([run, *(Pain(at=today - timedelta(days=day), score=0, when=When.WORST) for day in (391, 390))], today)
    journal.enter([Check(at=today - timedelta(days=300), topic=Topic.CARE, answer="recovered")], today)
    assert person.types("care", json_=True).rows[0]["stage"] == "light"
    worse = Run(at=today - timedelta(days=200), km=2, pain=7)
    calm = [Pain(at=today - timedelta(days=day), score=0, when=When.WORST) for day in (101, 100)]
    again = [Run(at=today - timedelta(days=day), km=2, pain=0) for day in (99, 90)]
    mornings = [Pain(at=today - timedelta(days=day), score=0, when=When.MORNING) for day in (110, 98, 89)]
    journal.enter([worse, *calm, *again, *mornings], today)
    journal.close()
    assert person.types("care", json_=True).rows[0]["stage"] == "build"
