"""What a journal and its day say to a person is said in their language; what they keep is the same in every one."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.core.care.plan import Stage
from estim.core.care.stage_text import ASKS
from estim.core.days import advice, skin
from estim.core.days.diary import Check, Entry, Pain, Played, Topic, When
from estim.core.days.screening import NO, QUESTIONS, YES
from estim.core.errors import EstimError
from estim.core.translation import tr_text
from estim.core.values import replace
from estim.journal.database import NO_START, NOTHING_WRITTEN, followed, remove_database, stamp, telling
from estim.journal.demo import LOOSE_PAD, make_demo
from estim.journal.home_journal import opened
from estim.journal.journal import Journal
from estim.journal.marker import How, Marker, MayBeOn
from estim.journal.rows import NEVER
from estim.journal.sessions_table import HOST_DIED, STAYS_OPEN, SessionsTable
from estim.journal.today import Today
from estim.language import choose
from tests.core.days.journals import played
from tests.pseudo import plain_words, pseudo


@pytest.fixture(autouse=True)
def another_language() -> Iterator[None]:
    """Speak the made-up one."""
    with pseudo():
        yield


def checked(text: str, *names: str) -> str:
    """Hold that a text is there and that all of it is in that language, and return it."""
    assert text
    assert plain_words(text, *names) == [], text
    return text


def checked_refusal(work: Callable[[], object], *names: str) -> str:
    """Return the sentence of a refusal in the same way."""
    with pytest.raises(EstimError) as error:
        work()
    return checked(error.value.text, *names)


def home_of(folder: Path, *entries: Entry) -> Today:
    """Return the day of a home that holds these."""
    home = find_home(str(folder))
    home.prepare()
    journal = Journal.open(home.journal)
    sessions = [one for one in entries if isinstance(one, Played)]
    journal.adopt(sessions, [one for one in entries if not isinstance(one, Played)], {}, datetime.now(UTC))
    journal.close()
    return Today(HostOptions(home=str(folder)))


def just_now(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def test_the_headline_of_a_day_is(tmp_path: Path) -> None:
    checked(home_of(tmp_path / "new").headline())
    begun = Check(at=just_now(90), topic=Topic.CARE, answer="begin")
    pain = Pain(at=just_now(80), score=3, when=When.MORNING)
    used = [replace(played(just_now(100 * number), 20), id=number) for number in range(1, advice.PADS_USES + 1)]
    checked(home_of(tmp_path / "used", begun, pain, *used).headline())
    hard = Check(at=just_now(70), topic=Topic.HEALTH, about="implant", answer=YES)
    checked(home_of(tmp_path / "hard", hard).headline(), "implant")
    assert set(Stage) - {*ASKS} == {Stage.ENDED, Stage.NOT_BEGUN}, "told by words of their own, or by none"
    assert all(checked(tr_text(stage)) for stage in ASKS.values())


def test_the_last_level_is(tmp_path: Path) -> None:
    session = replace(played(just_now(600)), id=1, goal={"A": 7}, duration_s=1200.0)
    felt = Check(at=just_now(500), topic=Topic.FEEL, answer=advice.WEAKER, session=1)
    for number, entries in enumerate(((session,), (session, felt))):
        level = home_of(tmp_path / str(number), *entries).last_level("tens-ankle")
        assert level is not None
        assert level.goal == "A=7", "it is typed, so it stays"
        checked(level.text, "A=7")


def test_what_is_noted_after_a_session_is_said_in_words_and_kept_as_it_was(tmp_path: Path) -> None:
    today = home_of(tmp_path)
    checked(today.after(Topic.SKIN, skin.OK))
    today = home_of(tmp_path, replace(played(just_now(20), 10), duration_s=600.0))
    words = [(Topic.SKIN, skin.OK), (Topic.SKIN, skin.BAD)]
    words += [(Topic.FEEL, word) for word in (advice.WEAKER, advice.SAME, advice.STRONGER)]
    said = {checked(today.after(topic, word)) for topic, word in words}
    assert len(said) == len(words)
    with opened(HostOptions(home=str(tmp_path))) as journal:
        assert [(one.topic, one.answer) for one in journal.recent().checks] == words
    checked(Today(HostOptions(home=str(tmp_path), simulate="coyote3")).after(Topic.SKIN, skin.OK))


NAMES = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_IOERR_WRITE", "SQLITE_CORRUPT")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("then", [NO_START, NOTHING_WRITTEN, STAYS_OPEN, ""])
def test_what_goes_wrong_with_a_disk_is(name: str, then: str) -> None:
    error = sqlite3.OperationalError("17")
    error.sqlite_errorname = name

    def fails(raised: Exception, reading: bool) -> Callable[[], None]:
        def work() -> None:
            with telling(Path("/J"), then, reading=reading):
                raise raised

        return work

    for reading in (True, False):
        text = checked_refusal(fails(error, reading))
        assert "/J" in text
    checked_refusal(fails(OSError(28, "17"), False))
    checked_refusal(fails(ValueError("17"), True))


def test_a_journal_that_is_newer_damaged_or_can_not_be_removed_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "1.2"
    Journal.open(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("INSERT INTO migration VALUES (99)")
    checked_refusal(lambda: Journal.open(path), str(path), "--home")
    path.write_bytes(b"1" * 4096)
    checked_refusal(lambda: Journal.open(path), str(path), "file is not a database")
    (tmp_path / "7").mkdir()
    checked_refusal(lambda: remove_database(tmp_path / "7"), str(tmp_path), "Is a directory")


def test_what_an_undo_refuses_and_what_is_not_written_is_told_so(tmp_path: Path) -> None:
    home_of(tmp_path)
    flag = Check(at=just_now(1), topic=Topic.RED_FLAG, about="gap", answer=YES)
    with opened(HostOptions(home=str(tmp_path)), write=True) as journal:
        journal.enter(flag)
        checked_refusal(journal.undo)

    def writes() -> None:
        with opened(HostOptions(home=str(tmp_path), simulate="coyote3"), write=True):
            pass

    checked_refusal(writes)
    assert followed("17", NOTHING_WRITTEN).startswith("17; ")
    checked(followed("17", NOTHING_WRITTEN))


def test_a_damaged_marker_is_told_in_the_language_and_a_whole_one_is_kept_in_none(tmp_path: Path) -> None:
    marker = Marker(tmp_path / "log.on.json")
    since = just_now(3)
    marker.put(MayBeOn(address="F0:00:00:00:00:01", unit="one", family="em70", since_utc=since, until_utc=NEVER))
    marker.drop("F0:00:00:00:00:01", since, How.PROVED)
    assert json.loads(marker.path.read_bytes())["settled"][0]["how"] == "zero was proved"
    marker.path.write_bytes(b"17")
    text = "Expected `object`, got `int`"
    checked_refusal(marker.read, str(marker.path), text)
    marker.path.unlink()
    marker.path.mkdir()
    checked_refusal(marker.read, str(marker.path), "Is a directory")


def test_a_session_that_its_host_left_open_is_kept_in_english_and_told_in_the_language(tmp_path: Path) -> None:
    table = SessionsTable(Journal.open(tmp_path / "log.sqlite"))
    started = just_now(60)
    columns = "program, unit, address, family, simulated, started_utc, start_mono_s, length_s, beat_utc"  # a host's row
    row = ("tens-ankle", "one", "", "em70", 0, stamp(started), 0, 1200, stamp(started + timedelta(minutes=2)))
    table.db.execute(f"INSERT INTO session ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    table.settle(1, just_now(0))
    (message,) = table.db.execute("SELECT message FROM session").fetchone()
    assert message == HOST_DIED == "its host died"
    checked(tr_text(message))
    table.close()


def test_a_demo_is_written_in_the_language_and_its_alarm_is_told_in_it(tmp_path: Path) -> None:
    options = HostOptions(home=str(tmp_path / "D"), simulate="coyote3")
    make_demo(options.place)
    checked(options.place.demo_file.read_text(encoding="utf-8"))
    with opened(options) as journal:
        diary = journal.recent()
        (rang,) = journal.alarms()
    notes = [one.text for one in diary.notes] + [one.note for one in diary.runs]
    assert len([checked(one) for one in notes]) == 3
    assert {one.about for one in diary.checks if one.topic is Topic.HEALTH} == {one.id for one in QUESTIONS}
    assert {one.answer for one in diary.checks if one.topic is Topic.HEALTH} == {NO}
    assert (rang.text, rang.do) == LOOSE_PAD
    assert all(checked(tr_text(one)) for one in LOOSE_PAD)
    home_of(tmp_path / "R")
    checked_refusal(lambda: make_demo(find_home(str(tmp_path / "R"))), str(tmp_path / "R"))


def test_a_trouble_with_a_disk_in_german() -> None:
    choose({"LANG": "de_DE.UTF-8"})
    error = sqlite3.OperationalError("disk full")
    error.sqlite_errorname = "SQLITE_FULL"
    said = "das Protokoll /J lässt sich nicht schreiben: der Datenträger ist voll; ohne Protokoll beginnt keine Sitzung"
    with pytest.raises(EstimError) as told, telling(Path("/J"), NO_START):
        raise error
    assert told.value.text == said
