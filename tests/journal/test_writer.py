"""The journal keeps what it promised: rows on disk before output, order, limits, and kinds that never mix."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from estim.clock import new_loop
from estim.core.days.dose import GAP, may_start
from estim.core.days.entry_text import told
from estim.core.errors import EstimError, Exit
from estim.core.moment import Now
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason
from estim.journal import database
from estim.journal.database import BEAT_S
from estim.journal.marker import How, Marker
from estim.journal.rows import NEVER, Opening, Outcome
from estim.journal.sessions_table import RING_MAX, RING_S
from estim.journal.writer import FLUSH_S, ROWS_MAX, JournalWriter
from protocols.vocabulary import Can, Channel, Endpoint

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SOCKET = Endpoint("150A", "s", "u", Can.COMMAND)
FOREVER = START - timedelta(days=30)


def after(seconds: float) -> Now:
    return Now(5000.0 + seconds, START + timedelta(seconds=seconds))


OPENING = Opening(
    program="tens-ankle",
    unit="coyote3",
    address="F0:F1:F2:F3:F4:F5",
    family="coyote3",
    sites=("ankle-left", "ankle-right"),
    simulated=False,
    started=after(0),
    length_s=1200,
    on_until_utc=START + timedelta(seconds=1200),
    overrides=(("gap", "the last session ended at 07:00"),),
    warnings=("session 5 of the day",),
)
OUTCOME = Outcome(
    reason=Reason.COMPLETED,
    ended_utc=START + timedelta(seconds=1200),
    duration_s=1200.0,
    output_s=1190.0,
    level_max={Channel.A: 10},
    level_end={Channel.A: 0, Channel.B: None},
    stop_confirmed=True,
    message="done",
)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[JournalWriter]:
    opened = await JournalWriter.open(tmp_path / "log.sqlite")
    yield opened
    await opened.close()
    assert opened.trouble == ""


def rows(folder: Path, question: str) -> list[tuple[object, ...]]:
    """Ask as another process would."""
    with closing(sqlite3.connect(folder / "log.sqlite")) as db:
        return db.execute(question).fetchall()


@pytest.mark.control("C-12")
async def test_a_session_is_on_disk_when_begin_returns(journal: JournalWriter, tmp_path: Path) -> None:
    session = await journal.begin(OPENING)
    assert rows(tmp_path, "SELECT id, program, unit, address, simulated, started_utc, ended_utc FROM session") == [
        (session, "tens-ankle", "coyote3", "F0:F1:F2:F3:F4:F5", 0, "2026-03-01T08:00:00.000+00:00", None)
    ]
    assert rows(tmp_path, "SELECT site FROM session_site ORDER BY site") == [("ankle-left",), ("ankle-right",)]
    assert rows(tmp_path, "SELECT gate FROM override") == [("gap",)]
    assert rows(tmp_path, "SELECT text FROM warning") == [("session 5 of the day",)]
    assert (tmp_path / "log.sqlite").stat().st_mode & 0o077 == 0


async def test_an_end_takes_along_all_that_was_told_before(journal: JournalWriter, tmp_path: Path) -> None:
    session = await journal.begin(OPENING)
    for step in range(20):
        journal.level(session, step * 0.5, Channel.A, step, "ramp")
    journal.alarm(session, after(11), Priority.MEDIUM, "pads", "check them")
    journal.carried("coyote3", after(12), "out", SOCKET, b"\xb0\x00")
    await journal.close_session(session, OUTCOME)
    levels = rows(tmp_path, "SELECT level FROM level_change ORDER BY rowid")
    assert levels == [(step,) for step in range(20)]
    assert rows(tmp_path, "SELECT priority, remedy FROM alarm") == [("medium", "check them")]
    assert rows(tmp_path, "SELECT way, endpoint, data FROM carried") == [("out", "150A", b"\xb0\x00")]
    ended = rows(tmp_path, "SELECT reason, duration_s, level_max, level_end, stop_confirmed, message FROM session")
    assert ended == [("completed", 1200.0, '{"A": 10}', '{"A": 0, "B": null}', 1, "done")]
    await journal.unmark(OPENING.address, START, How.PROVED)
    assert await journal.open_sessions() == []


@pytest.mark.control("C-47")
async def test_a_session_without_a_proof_ends_and_stays_open_until_it_is_settled(
    journal: JournalWriter, tmp_path: Path
) -> None:
    session = await journal.begin(OPENING)
    unproved = replace(OUTCOME, stop_confirmed=False, settled=False, on_until_utc=NEVER)
    await journal.close_session(session, unproved)
    [left] = await journal.open_sessions()
    assert (left.id, left.ended, left.on_until_utc) == (session, True, NEVER)
    await journal.settle(session, after(2000))
    await journal.unmark(OPENING.address, START, How.PROVED)
    assert await journal.open_sessions() == []
    told = rows(tmp_path, "SELECT reason, stop_confirmed, ended_utc, settled_utc, on_until_utc FROM session")
    settled = "2026-03-01T08:33:20.000+00:00"
    assert told == [("completed", 0, "2026-03-01T08:20:00.000+00:00", settled, settled)]


@pytest.mark.control("C-47", "C-48")
async def test_the_marker_says_whose_session_is_on_a_unit(journal: JournalWriter, tmp_path: Path) -> None:
    await journal.begin(OPENING)
    marks = Marker(tmp_path / "log.on.json").read()
    assert marks is not None
    assert [one.host for one in marks.units] == [os.getpid()]


@pytest.mark.control("C-48")
async def test_who_opens_the_journal_beside_a_host_leaves_whose_session_is_on_a_unit(
    journal: JournalWriter, tmp_path: Path
) -> None:
    """As the timer does that only reminds: it holds no home."""
    await journal.begin(OPENING)
    beside = await JournalWriter.open(tmp_path / "log.sqlite")
    await beside.close()
    marks = Marker(tmp_path / "log.on.json").read()
    assert marks is not None
    assert [one.host for one in marks.units] == [os.getpid()]


@pytest.mark.control("C-47")
async def test_a_late_word_on_an_older_session_takes_no_later_one_out_of_the_marker(
    journal: JournalWriter, tmp_path: Path
) -> None:
    await journal.begin(OPENING)
    await journal.begin(replace(OPENING, started=after(3600)))
    await journal.unmark(OPENING.address, START, How.PROVED)
    marks = Marker(tmp_path / "log.on.json").read()
    assert marks is not None
    assert [one.since_utc for one in marks.units] == [after(3600).utc]
    assert marks.settled == ()
    await journal.unmark(OPENING.address, after(3600).utc, How.UNTOUCHED)
    gone = Marker(tmp_path / "log.on.json").read()
    assert gone is not None
    assert (gone.units, [one.how for one in gone.settled]) == ((), [How.UNTOUCHED])


@pytest.mark.control("C-47")
async def test_a_unit_that_was_taken_up_from_its_row_leaves_the_marker_whatever_the_moment_of_its_start(
    journal: JournalWriter, tmp_path: Path
) -> None:
    """A row's moments are kept to the millisecond, the clock's are finer."""
    started = Now(5000.0, START + timedelta(microseconds=123_456))
    await journal.begin(replace(OPENING, started=started))
    [left] = await journal.open_sessions()
    await journal.unmark(left.address, left.started_utc, How.PROVED)
    marks = Marker(tmp_path / "log.on.json").read()
    assert marks is not None
    assert marks.units == ()


@pytest.mark.control("C-47")
async def test_the_marker_holds_every_unit_that_may_be_on(journal: JournalWriter, tmp_path: Path) -> None:
    await journal.begin(OPENING)
    await journal.begin(replace(OPENING, unit="other", address="F0:F1:F2:F3:F4:00"))
    marks = Marker(tmp_path / "log.on.json").read()
    assert marks is not None
    assert [one.unit for one in marks.units] == ["coyote3", "other"]


@pytest.mark.control("C-53")
async def test_the_marker_tells_of_a_unit_whose_row_was_lost_beside_one_that_is_there(tmp_path: Path) -> None:
    first = await JournalWriter.open(tmp_path / "log.sqlite")
    await first.begin(OPENING)
    await first.begin(replace(OPENING, unit="other", address="F0:F1:F2:F3:F4:00"))
    await first.close()
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as db, db:
        db.execute("UPDATE session SET settled_utc = started_utc WHERE unit = 'other'")
    second = await JournalWriter.open(tmp_path / "log.sqlite")
    assert [left.unit for left in await second.open_sessions()] == ["coyote3", "other"]
    await second.close()


@pytest.mark.control("C-53")
async def test_a_moment_without_an_offset_is_no_moment(tmp_path: Path) -> None:
    first = await JournalWriter.open(tmp_path / "log.sqlite")
    await first.begin(OPENING)
    await first.close()
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as db, db:
        db.execute("UPDATE session SET on_until_utc = '2026-03-01T08:20:00.000'")
    second = await JournalWriter.open(tmp_path / "log.sqlite")
    [left] = await second.open_sessions()
    assert left.on_until_utc == NEVER
    await second.close()


@pytest.mark.control("C-53")
async def test_the_marker_tells_of_a_unit_when_the_journal_was_emptied(tmp_path: Path) -> None:
    first = await JournalWriter.open(tmp_path / "log.sqlite")
    await first.begin(OPENING)
    await first.close()
    for name in ("log.sqlite", "log.sqlite-wal", "log.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "log.sqlite").touch()
    second = await JournalWriter.open(tmp_path / "log.sqlite")
    [left] = await second.open_sessions()
    assert (left.id, left.address, left.family) == (0, OPENING.address, "coyote3")
    assert second.blind == ""
    await second.close()


@pytest.mark.control("C-53")
async def test_a_journal_that_cant_be_opened_leaves_the_marker_and_says_that_it_is_blind(tmp_path: Path) -> None:
    first = await JournalWriter.open(tmp_path / "log.sqlite")
    await first.begin(OPENING)
    await first.close()
    why = EstimError("it is damaged", code=Exit.CONFIG)
    blind = JournalWriter.closed(tmp_path / "log.sqlite", why)
    [left] = await blind.open_sessions()
    assert left.address == OPENING.address
    assert blind.blind == "it is damaged"
    with pytest.raises(EstimError, match="it is damaged"):
        await blind.begin(OPENING)
    await blind.close()


@pytest.mark.control("C-53")
async def test_a_damaged_marker_is_told_and_never_taken_for_nothing(journal: JournalWriter, tmp_path: Path) -> None:
    (tmp_path / "log.on.json").write_bytes(b"\x00\xff half a f")
    assert await journal.open_sessions() == []
    assert "log.on.json is damaged" in journal.blind


@pytest.mark.control("C-53")
@pytest.mark.parametrize(
    "column", ["started_utc", "beat_utc", "on_until_utc", "length_s", "output_s", "level_max", "family"]
)
async def test_one_garbled_row_takes_no_other_along(tmp_path: Path, column: str) -> None:
    first = await JournalWriter.open(tmp_path / "log.sqlite")
    other = replace(OPENING, unit="other", address="F0:F1:F2:F3:F4:00")
    bad = await first.begin(OPENING)
    await first.begin(other)
    await first.close()
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as db, db:
        db.execute(f"UPDATE session SET {column} = 'x\x01?' WHERE id = ?", (bad,))
    second = await JournalWriter.open(tmp_path / "log.sqlite")
    assert [left.address for left in await second.open_sessions()] == [OPENING.address, other.address]
    await second.close_session(bad, OUTCOME)
    await second.close()


async def test_after_a_crash_the_highest_level_is_that_of_the_last_beat(tmp_path: Path) -> None:
    journal = await JournalWriter.open(tmp_path / "log.sqlite")
    session = await journal.begin(OPENING)
    journal.beat(session, after(30), 25.0, level_max={Channel.A: 5}, goal={Channel.A: 6})
    found = replace(OUTCOME, reason=Reason.FAULT, level_max={Channel.A: 0, Channel.B: 1}, goal={})
    await journal.close_session(session, found)
    assert rows(tmp_path, "SELECT level_max, goal FROM session") == [('{"A": 5, "B": 1}', '{"A": 6}')]
    await journal.close()


async def test_an_end_can_not_be_told_twice(journal: JournalWriter) -> None:
    session = await journal.begin(OPENING)
    await journal.close_session(session, OUTCOME)
    with pytest.raises(EstimError, match="not open") as told:
        await journal.close_session(session, OUTCOME)
    assert told.value.code is Exit.INTERNAL


@pytest.mark.control("C-12")
async def test_what_never_ended_is_found_with_its_last_beat(tmp_path: Path) -> None:
    first = await JournalWriter.open(tmp_path / "log.sqlite")
    session = await first.begin(OPENING)
    first.beat(session, after(5), 4.0)
    first.beat(session, after(10), 9.0, START + timedelta(seconds=1800))
    await first.close()
    second = await JournalWriter.open(tmp_path / "log.sqlite")
    [found] = await second.open_sessions()
    await second.close()
    assert (found.id, found.unit, found.address) == (session, "coyote3", "F0:F1:F2:F3:F4:F5")
    assert (found.beat_utc, found.output_s) == (after(10).utc, 9.0)
    assert found.on_until_utc == START + timedelta(seconds=1800)


async def test_a_session_without_an_end_is_told_as_far_as_its_host_was_heard_of(journal: JournalWriter) -> None:
    session = await journal.begin(OPENING)
    journal.beat(session, after(10), 7.0, level_max={Channel.A: 5})
    await journal.flush()
    [running] = (await journal.diary()).sessions
    assert running.output_s > 1100, "as the longest that it can have been"
    line = told(running)
    assert "0:07 min by 08:00:10, level A=5, no end noted yet" in line
    await journal.close_session(session, OUTCOME)
    [ended] = (await journal.diary()).sessions
    assert "no end" not in told(ended)


@pytest.mark.control("C-17")
async def test_a_completed_session_asks_for_its_rest(journal: JournalWriter) -> None:
    session = await journal.begin(OPENING)
    await journal.close_session(session, OUTCOME)
    past = await journal.sessions_of_site("ankle-left", FOREVER)
    assert [(record.site, record.output_s) for record in past] == [("ankle-left", 1190.0)]
    verdict = may_start(after(1300).utc, ("ankle-left",), 20, past)
    assert (verdict.ok, verdict.again_at) == (False, OUTCOME.ended_utc + GAP)
    assert await journal.sessions_of_site("calf-left", FOREVER) == []
    assert len(await journal.sessions_of_site("any", FOREVER)) == 1
    assert await journal.sessions_of_site("ankle-left", OUTCOME.ended_utc + timedelta(seconds=1)) == []


async def test_a_session_without_a_site_counts_for_all(journal: JournalWriter) -> None:
    session = await journal.begin(replace(OPENING, sites=()))
    await journal.close_session(session, OUTCOME)
    assert len(await journal.sessions_of_site("calf-left", FOREVER)) == 1


@pytest.mark.control("C-16")
async def test_a_crashed_session_counts_to_the_latest_it_can_have_lasted(journal: JournalWriter) -> None:
    session = await journal.begin(OPENING)
    journal.beat(session, after(300), 290.0)
    [by_length] = await journal.sessions_of_site("ankle-left", FOREVER)
    assert (by_length.over_utc, by_length.output_s) == (after(1200).utc, 290.0 + 900.0)
    journal.beat(session, after(305), 295.0, after(306).utc)
    [by_beat] = await journal.sessions_of_site("ankle-left", FOREVER)
    assert by_beat.over_utc == after(305 + BEAT_S).utc
    journal.beat(session, after(310), 300.0, after(1800).utc)
    [by_unit] = await journal.sessions_of_site("ankle-left", FOREVER)
    assert (by_unit.over_utc, by_unit.output_s) == (after(1800).utc, 300.0 + 1490.0)


@pytest.mark.control("C-16")
@pytest.mark.parametrize("over_after_s", [3.0, 1200.0, None], ids=["over in between", "by itself later", "never"])
@pytest.mark.parametrize("found_s", [304.0, 308.0, 314.0, 316.0, 900.0])
async def test_a_row_that_is_settled_together_with_another_counts_as_long_as_that_one(
    journal: JournalWriter, found_s: float, over_after_s: float | None
) -> None:
    on_until_utc = NEVER if over_after_s is None else after(300 + over_after_s).utc
    for site in ("first", "second"):
        session = await journal.begin(replace(OPENING, sites=(site,)))
        journal.beat(session, after(300), 290.0, on_until_utc)
    died = replace(OUTCOME, reason=Reason.FAULT, ended_utc=after(found_s).utc, output_s=0.0, blind=True)
    await journal.close_session(session - 1, died)
    await journal.settle(session, after(found_s))
    [first] = await journal.sessions_of_site("first", FOREVER)
    [second] = await journal.sessions_of_site("second", FOREVER)
    assert (second.over_utc, second.output_s) == (first.over_utc, first.output_s)
    longest_s = found_s if over_after_s is None else min(found_s, 300 + max(over_after_s, BEAT_S))
    assert second.output_s == 290.0 + longest_s - 300


async def test_an_unconfirmed_stop_counts_until_the_unit_must_have_ended(journal: JournalWriter) -> None:
    session = await journal.begin(OPENING)
    lost = replace(OUTCOME, stop_confirmed=False, reason=Reason.LINK_LOST, on_until_utc=after(1800).utc)
    await journal.close_session(session, lost)
    [record] = await journal.sessions_of_site("ankle-left", FOREVER)
    assert (record.over_utc, record.output_s) == (after(1800).utc, 1190.0 + 600.0)


async def test_a_session_that_ended_before_its_output_counts_as_nothing(journal: JournalWriter) -> None:
    session = await journal.begin(replace(OPENING, on_until_utc=after(1200).utc))
    absent = replace(OUTCOME, reason=Reason.NO_DEVICE, ended_utc=after(300).utc, output_s=0.0, stop_confirmed=False)
    await journal.close_session(session, absent)
    [record] = await journal.sessions_of_site("ankle-left", FOREVER)
    assert (record.output_s, record.over_utc) == (0.0, after(300).utc)


@pytest.mark.control("C-16")
@pytest.mark.parametrize(("on_until_s", "over_s"), [(1800.0, 1800.0), (None, 36_000.0), (90_000.0, 36_000.0)])
async def test_a_session_that_was_found_hours_later_counts_as_long_as_it_can_have_played(
    journal: JournalWriter, on_until_s: float | None, over_s: float
) -> None:
    session = await journal.begin(OPENING)
    journal.beat(session, after(600), 590.0, NEVER if on_until_s is None else after(on_until_s).utc)
    found = replace(OUTCOME, reason=Reason.FAULT, ended_utc=after(36_000).utc, output_s=1.0)
    await journal.close_session(session, found)
    [record] = await journal.sessions_of_site("ankle-left", FOREVER)
    assert (record.over_utc, record.output_s) == (after(over_s).utc, 590.0 + over_s - 600.0)


async def test_a_beat_shortly_before_the_end_leaves_nothing_unknown(journal: JournalWriter) -> None:
    session = await journal.begin(replace(OPENING, on_until_utc=after(1800).utc))
    journal.beat(session, after(1196), 1186.0)
    await journal.close_session(session, OUTCOME)
    [record] = await journal.sessions_of_site("ankle-left", FOREVER)
    assert (record.over_utc, record.output_s) == (OUTCOME.ended_utc, 1190.0)


@pytest.mark.control("C-40")
async def test_simulated_sessions_have_a_journal_of_their_own_and_it_begins_empty(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    first = await JournalWriter.open(path, simulated=True)
    await first.begin(replace(OPENING, simulated=True))
    assert len(await first.sessions_of_site("ankle-left", FOREVER)) == 1
    with pytest.raises(EstimError, match="share"):
        await first.begin(OPENING)
    await first.close()
    as_real = await JournalWriter.open(path)
    assert await as_real.sessions_of_site("ankle-left", FOREVER) == []
    await as_real.close()
    second = await JournalWriter.open(path, simulated=True)
    assert await second.open_sessions() == []
    await second.close()


async def test_the_black_box_holds_the_last_ten_minutes_of_each_unit(journal: JournalWriter) -> None:
    for second in range(1500):
        journal.carried("coyote3", after(second), "out", SOCKET, second.to_bytes(2, "big"))
    journal.carried("em70", after(2), "in", SOCKET, b"other")
    box = await journal.black_box("coyote3")
    assert box[-1].data == (1499).to_bytes(2, "big")
    assert box[0].at_utc == after(1499 - RING_S).utc
    assert [row.data for row in await journal.black_box("em70")] == [b"other"]
    assert journal.dropped == 0


async def test_a_flood_of_bytes_stays_within_the_ring(journal: JournalWriter) -> None:
    for number in range(RING_MAX + 50):
        journal.carried("coyote3", after(number / 1000), "in", SOCKET, b"flood")
    await journal.flush()
    for number in range(100):
        journal.carried("coyote3", after(30 + number / 1000), "in", SOCKET, b"more")
    assert len(await journal.black_box("coyote3")) == RING_MAX


async def test_bytes_go_to_the_disk_every_ten_seconds(journal: JournalWriter, tmp_path: Path) -> None:
    journal.carried("coyote3", after(0), "out", SOCKET, b"a")
    journal.carried("coyote3", after(FLUSH_S - 0.1), "out", SOCKET, b"b")
    await journal.open_sessions()
    assert rows(tmp_path, "SELECT count(*) FROM carried") == [(0,)]
    journal.carried("coyote3", after(FLUSH_S), "out", SOCKET, b"c")
    await journal.open_sessions()
    assert rows(tmp_path, "SELECT count(*) FROM carried") == [(3,)]


async def test_an_alarm_of_high_priority_saves_the_black_box(journal: JournalWriter, tmp_path: Path) -> None:
    journal.carried("coyote3", after(0), "in", SOCKET, b"a")
    journal.alarm(None, after(1), Priority.LOW, "pads are old", "new pads")
    await journal.open_sessions()
    assert rows(tmp_path, "SELECT count(*) FROM carried") == [(0,)]
    journal.alarm(None, after(1), Priority.HIGH, "level rose", "take the pads off")
    await journal.open_sessions()
    assert rows(tmp_path, "SELECT count(*) FROM carried") == [(1,)]


async def test_a_full_queue_drops_the_oldest_bytes_first_and_counts(journal: JournalWriter) -> None:
    session = await journal.begin(OPENING)
    journal.level(session, 0, Channel.A, 0, "ramp")  # goes at once; all else waits for the loop
    journal.carried("coyote3", after(0), "in", SOCKET, b"a")
    journal.carried("coyote3", after(0), "in", SOCKET, b"b")
    journal.alarm(session, after(1), Priority.HIGH, "first", "")
    for step in range(1, ROWS_MAX):
        journal.level(session, step, Channel.A, step, "ramp")
    assert journal.dropped == 2
    journal.level(session, ROWS_MAX, Channel.A, ROWS_MAX, "ramp")
    assert journal.dropped == 3
    await journal.flush()
    assert await journal.black_box("coyote3") == []


async def test_rows_that_can_not_be_written_are_told_and_stop_nothing(tmp_path: Path) -> None:
    journal = await JournalWriter.open(tmp_path / "log.sqlite")
    journal.level(999, 0, Channel.A, 3, "ramp")
    await journal.flush()
    assert journal.dropped == 1
    assert "can't write the journal" in journal.trouble
    assert await journal.begin(OPENING) > 0
    await journal.close()


async def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = await JournalWriter.open(tmp_path / "log.sqlite")
    await journal.close()
    with pytest.raises(EstimError, match="closed"):
        await journal.begin(OPENING)


async def test_a_newer_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    await (await JournalWriter.open(path)).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO migration VALUES (?)", (len(database.MIGRATIONS) + 1,))
    before = path.read_bytes()
    with pytest.raises(EstimError, match="newer estim") as told:
        await JournalWriter.open(path)
    assert told.value.code is Exit.CONFIG
    assert path.read_bytes() == before


async def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    path.write_text("pain diary\n" * 500)
    with pytest.raises(EstimError, match="isn't a journal of estim") as told:
        await JournalWriter.open(path)
    assert told.value.code is Exit.CONFIG


async def test_a_folder_that_can_not_be_refuses_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EstimError, match="can't write the journal") as told:
        await JournalWriter.open(tmp_path / "file" / "log.sqlite")
    assert told.value.code is Exit.CANT_CREATE


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.sqlite"
    await (await JournalWriter.open(path)).close()
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, ("CREATE TABLE extra (x)", "nonsense")))
        with pytest.raises(EstimError, match="nonsense"):
            await JournalWriter.open(path)
    again = await JournalWriter.open(path)
    assert rows(tmp_path, "SELECT count(*) FROM sqlite_master WHERE name = 'extra'") == [(0,)]
    await again.close()


def test_a_jumping_clock_stands_still_while_the_disk_works(tmp_path: Path) -> None:
    async def work() -> float:
        journal = await JournalWriter.open(tmp_path / "log.sqlite")
        session = await journal.begin(OPENING)
        journal.beat(session, after(5), 5.0)
        await journal.close_session(session, OUTCOME)
        await journal.close()
        return loop.time()

    loop, _clock = new_loop("max")
    try:
        assert loop.run_until_complete(work()) == 0.0
    finally:
        loop.close()
