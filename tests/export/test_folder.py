"""Files of an export are whole or not there, and tables come back from disk as they went."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from estim.core.days.diary import Diary, Note
from estim.core.errors import EstimError, Exit
from estim.export.folder import read_tables, write_files
from estim.export.tables import from_csv, to_csv

AT = datetime(2026, 6, 10, 8, 0, tzinfo=timezone(timedelta(hours=2)))
DIARY = Diary(notes=(Note(at=AT, id=1, text="one\r\ntwo\nthree\rfour, é"),))


def test_tables_come_back_from_disk_with_every_new_line_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    paths = write_files(folder, to_csv(DIARY))
    assert [path.name for path in paths] == list(to_csv(DIARY))
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert from_csv(read_tables(folder)).diary == DIARY


def test_a_second_export_replaces_the_first_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    write_files(tmp_path, {"plan.ics": b"one", "lines.jsonl": "é"})
    write_files(tmp_path, {"plan.ics": b"two"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "plan.ics": b"two",
        "lines.jsonl": "é".encode(),
    }


def test_a_place_that_can_not_be_made_or_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "pain.csv").mkdir()
    for folder in (tmp_path / "file" / "below", tmp_path / "file", tmp_path / "taken"):
        with pytest.raises(EstimError) as caught:
            write_files(folder, {"pain.csv": "x"})
        assert caught.value.code is Exit.CANT_CREATE
        assert str(folder) in caught.value.text


def test_a_folder_without_tables_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(EstimError) as caught:
            read_tables(folder)
        assert caught.value.code is Exit.NO_INPUT


def test_a_table_that_is_not_utf_8_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_bytes("at,text\né".encode("latin-1"))
    with pytest.raises(EstimError, match=r"notes\.csv isn't UTF-8 \(byte 9\)") as caught:
        read_tables(tmp_path)
    assert caught.value.code is Exit.BAD_DATA
