"""The diary in the database: nothing that was told as written is ever lost, and older journals go on."""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from estim.core.days.diary import Break, Check, Entry, Mark, Marked, Note, Pads, Pain, Regime, Run, Topic, When
from estim.core.errors import EstimError, Exit
from estim.journal.database import MIGRATIONS
from estim.journal.journal import Journal

NOW = datetime(2026, 3, 29, 12, tzinfo=timezone(timedelta(hours=2)))

WRITES = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from estim.core.days.diary import Check, Pain, Run, Topic, When
from estim.journal.journal import Journal

journal = Journal.open(Path(sys.argv[1]))
at = datetime(2026, 3, 1, tzinfo=UTC)
while True:
    for entry in (Pain(at=at, score=3, when=When.REST), Run(at=at, km=1.0), Check(at=at, topic=Topic.TICK, about="x")):
        print(*journal.enter([entry, entry], at), flush=True)
"""

ALL: tuple[Entry, ...] = (
    Pain(at=NOW, score=3, when=When.MORNING, note="stiff"),
    Run(at=NOW, km=3.2, minutes=21.5, pain=None),
    Check(at=NOW, topic=Topic.SKIN, answer="ok", session=4),
    Pads(at=NOW),
    Note(at=NOW, text="new shoes"),
    Mark(at=NOW, slot="2026-03-29T08:00", what=Marked.SKIPPED),
    Break(at=NOW, first=NOW.date(), last=None, holiday=True),
    Regime(at=NOW, rules=("RRULE:FREQ=DAILY;BYHOUR=8", "RRULE:FREQ=DAILY;BYHOUR=20"), zone="Europe/Berlin"),
)


@pytest.mark.control("C-28")
def test_every_entry_comes_back_as_it_was_with_the_offset_of_then(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "log.sqlite")
    numbers = journal.enter(ALL, NOW)
    diary = journal.diary(False, None)
    back = [
        *diary.pains,
        *diary.runs,
        *diary.checks,
        *diary.pads,
        *diary.notes,
        *diary.marks,
        *diary.breaks,
        *diary.regimes,
    ]
    assert [entry.id for entry in back] == numbers
    assert [(type(one), one.at.utcoffset()) for one in back] == [(type(one), NOW.utcoffset()) for one in ALL]
    journal.close()


def test_undo_takes_back_what_a_person_wrote_and_nothing_else(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "log.sqlite")
    for second, entry in enumerate(ALL):
        journal.enter([entry], NOW + timedelta(seconds=second))
    journal.enter([Mark(at=NOW, slot="2026-03-29T08:00", what=Marked.REMINDED)], NOW + timedelta(seconds=60))
    gone = [type(entry).__name__ for (entry,) in iter(lambda: journal.undo(NOW), ())]
    assert gone == ["Break", "Mark", "Note", "Pads", "Check", "Run", "Pain"]
    left = journal.diary(False, None)
    assert (len(left.regimes), len(left.marks), left.pains) == (1, 1, ())
    journal.close()
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM pain").fetchone() == (1,), "nothing is ever deleted"


def test_undo_takes_back_one_act_with_all_that_it_wrote(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "log.sqlite")
    journal.enter([Note(at=NOW, text="before")], NOW)
    answers = [Check(at=NOW, topic=Topic.HEALTH, about=one, answer="no") for one in ("implant", "heart", "skin")]
    journal.enter(answers, NOW + timedelta(seconds=1))
    assert [entry.about for entry in journal.undo(NOW) if isinstance(entry, Check)] == ["implant", "heart", "skin"]
    assert [entry.text for entry in journal.undo(NOW) if isinstance(entry, Note)] == ["before"]
    assert journal.undo(NOW) == ()
    journal.close()


@pytest.mark.control("C-45")
@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Check(at=NOW, topic=Topic.RED_FLAG, about="pop"), "estim care begin"),
        (Check(at=NOW, topic=Topic.HEALTH, about="implant", answer="yes"), "estim care clear implant"),
        (Check(at=NOW, topic=Topic.HEALTH, about="antibiotics", answer="yes"), "estim care clear antibiotics"),
        (Check(at=NOW, topic=Topic.SKIN, answer="bad", session=4), "estim care skin ok"),
    ],
)
def test_undo_takes_nothing_away_that_forbids_something(tmp_path: Path, entry: Check, words: str) -> None:
    journal = Journal.open(tmp_path / "log.sqlite")
    journal.enter([Pain(at=NOW, score=5, when=When.REST), entry], NOW)
    for _ in range(2):
        with pytest.raises(EstimError, match=words) as refused:
            journal.undo(NOW)
        assert refused.value.code == Exit.REFUSED
    diary = journal.diary(False, None)
    assert (len(diary.checks), len(diary.pains)) == (1, 1)
    journal.close()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_journal_of_an_earlier_version_keeps_what_it_holds(tmp_path: Path, version: int) -> None:
    path = tmp_path / "log.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE migration (version INTEGER PRIMARY KEY)")
        for number, statements in enumerate(MIGRATIONS[:version], 1):
            for statement in statements:
                db.execute(statement)
            db.execute("INSERT INTO migration VALUES (?)", (number,))
        if version > 1:
            db.execute("INSERT INTO entry VALUES (1, 'run', '2026-03-02T08:00:00.000+00:00', 0, '2026-03-02', NULL)")
            db.execute("INSERT INTO run (entry, km, minutes, pain, note) VALUES (1, 3.5, 20, 2, 'flat')")
        db.execute(
            "INSERT INTO session (program, unit, address, family, simulated, started_utc, start_mono_s, length_s,"
            " beat_utc, output_s, ended_utc, reason, duration_s, level_max, stop_confirmed)"
            " VALUES ('tens-ankle', 'one', 'F0', 'em70', 0, '2026-03-01T08:00:00.000+00:00', 1, 1200,"
            " '2026-03-01T08:20:00.000+00:00', 1190,"
            " '2026-03-01T08:20:00.000+00:00', 'completed', 1200, '{\"A\": 5}', 1)"
        )
    journal = Journal.open(path)
    (session,) = journal.diary(False, None).sessions
    assert (session.program, session.output_s, dict(session.level_max), dict(session.goal)) == (
        "tens-ankle",
        1190,
        {"A": 5},
        {},
    )
    assert session.at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert session.usual_s is None, "nobody knows how long it usually lasted: it is judged by what it was ordered for"
    assert not journal.diary(False, None).played_before
    assert not journal.diary(False, session.at).played_before
    assert journal.diary(False, session.at + timedelta(days=1)).played_before
    assert not journal.diary(True, session.at + timedelta(days=1)).played_before, "those of software units are others"
    assert not session.by_hand
    journal.enter([Run(at=NOW, km=None, minutes=30)], NOW)
    runs = [(run.km, run.minutes, run.pain, run.note) for run in journal.diary(False, None).runs]
    assert runs == [*([(3.5, 20, 2, "flat")] if version > 1 else []), (None, 30, None, "")]
    journal.close()


@pytest.mark.control("C-12")
def test_a_kill_at_any_moment_loses_nothing_that_was_told_as_written(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    chance = random.Random(7)
    told: set[int] = set()
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", WRITES, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for _ in range(chance.randrange(3, 60)):
            told.update(map(int, child.stdout.readline().split()))
        child.kill()
        rest, _ = child.communicate()
        whole = rest[: rest.rfind("\n") + 1]
        told.update(map(int, whole.split()))
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            kept = {number for (number,) in db.execute("SELECT id FROM entry")}
            assert told <= kept
            details = sum(
                db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("pain", "run", "check_in")
            )
            assert details == len(kept), "each entry has its own row: all or nothing"
            assert len(kept) % 2 == 0, "two that belong together are there together"
