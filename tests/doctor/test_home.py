"""What is found in a home, on real files that are whole, damaged or missing."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from estim.config.paths import Home, find_home
from estim.core.errors import Exit
from estim.doctor.findings import Finding, Grade
from estim.doctor.home import of_folders, of_host, of_journal, of_left_on, of_settings, of_units
from estim.journal.journal import Journal
from estim.journal.marker import Marker, MayBeOn, markers
from estim.journal.rows import NEVER
from tests.cli.line import short_home


@pytest.fixture
def home() -> Iterator[Home]:
    with short_home() as folder:
        yield find_home(str(folder))


def judged(finding: Finding) -> tuple[Grade, Exit]:
    return finding.grade, finding.code


GOOD = (Grade.GOOD, Exit.DONE)
WARNED = (Grade.WARNING, Exit.DONE)
WRONG = (Grade.BAD, Exit.CONFIG)


def test_a_home_that_is_not_there_yet_is_well(tmp_path: Path) -> None:
    home = find_home(str(tmp_path / "none"))
    assert [judged(look(home)) for look in (of_folders, of_settings, of_journal)] == [GOOD] * 3
    assert judged(of_units(home)) == WARNED
    assert [judged(one) for one in of_left_on(home)] == [GOOD]
    assert not (tmp_path / "none").exists(), "who looks makes nothing"


def test_settings_and_units_that_are_wrong_are_told_with_their_sentence(home: Home) -> None:
    home.settings_file.write_text("minutes = 99\n", encoding="utf-8")
    assert judged(of_settings(home)) == WRONG
    assert "minutes" in of_settings(home).text
    home.settings_file.write_text("new_unit_cap_pct = 90\n", encoding="utf-8")
    assert judged(of_settings(home)) == WARNED
    home.units_file.write_text("{", encoding="utf-8")
    assert judged(of_units(home)) == WRONG


def test_a_journal_is_read_whole_and_a_damaged_one_is_found(home: Home) -> None:
    Journal.open(home.journal).close()
    assert judged(of_journal(home)) == GOOD
    with sqlite3.connect(home.journal) as database:
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        size = database.execute("PRAGMA page_size").fetchone()[0]
    database.close()
    assert pages > 2
    with home.journal.open("r+b") as file:
        file.seek(size)
        file.write(b"\xff" * size * (pages - 1))
    assert judged(of_journal(home)) == WRONG
    home.journal.write_bytes(b"no database at all " * 100)
    assert judged(of_journal(home)) == WRONG


@pytest.mark.control("C-47")
def test_what_was_left_on_is_told_with_what_to_do(home: Home) -> None:
    marker = Marker(markers(home)[0])
    now = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
    marker.put(MayBeOn(address="A", unit="left", family="em70", since_utc=now, until_utc=NEVER))
    marker.put(MayBeOn(address="B", unit="", family="em70", since_utc=now, until_utc=now.replace(year=2027)))
    left, other = of_left_on(home)
    assert left.text == "left may be on"
    assert other.text.startswith("B may be on until ")
    assert all("estim stop" in one.do for one in (left, other))
    marker.path.write_text("{", encoding="utf-8")
    assert [judged(one) for one in of_left_on(home)] == [WRONG]


def test_a_home_that_is_held_by_somebody_mute_is_busy(home: Home) -> None:
    assert of_host(home)[1] is False
    assert judged(of_host(home)[0]) == GOOD
    with home.lock.open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found, busy = of_host(home)
    assert (judged(found), busy) == ((Grade.BAD, Exit.TRY_LATER), False)
    assert f"kill {os.getpid()}" in found.do


def test_a_folder_that_others_can_read_is_told(home: Home) -> None:
    assert judged(of_folders(home)) == GOOD
    home.data.chmod(0o755)
    assert judged(of_folders(home)) == WARNED
