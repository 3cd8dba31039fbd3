"""What an import says of a spreadsheet comes in the reader's language; what is exported is the same in every one."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from estim import language
from estim.core.days.diary import Diary, Pain, When
from estim.core.errors import EstimError
from estim.core.translation import LANGUAGE, English
from estim.export.columns import TABLES
from estim.export.tables import from_csv, to_csv
from tests.pseudo import plain_words, pseudo

NAMES = (
    *(table.file for table in TABLES),
    *(f"{column.name}_offset_s" for table in TABLES for column in table.columns),
    *(column.name for table in TABLES for column in table.columns),
    *When,
    *("painn.csv", "scor", "Europe/Berlin", "bad", "soon"),
)
"""Names of files and columns, and what is in cells."""

WRONG = {
    "painn.csv": "at\n",
    "pain.csv": "at,scor\n",
    "runs.csv": "at,distance_km,duration_min,pain\n2026-06-10T06:00:00Z,,,\nsoon,1,2,\n2026-06-10T06:00:00,1,,\n",
    "notes.csv": "at\n",
    "pads.csv": "at,note\n2026-06-10T06:00:00Z\n",
    "checks.csv": "",
}


def refused(files: dict[str, str]) -> str:
    with pytest.raises(EstimError) as told:
        from_csv(files)
    return told.value.text


def test_what_is_wrong_in_a_spreadsheet_is_told_in_the_readers_language() -> None:
    with pseudo():
        told = refused(WRONG)
    assert len(told.splitlines()) > 6
    assert plain_words(told, *NAMES) == []


def test_what_was_guessed_is_too() -> None:
    files = {"pain.csv": "at;score;when\n10.06.2026 08:00;3;morning\n"}
    with pseudo():
        guesses = from_csv(files, ZoneInfo("Europe/Berlin")).guesses
    assert len(guesses) > 2
    assert plain_words(" ".join(guesses), *NAMES) == []


def test_tables_are_the_same_in_every_language() -> None:
    diary = Diary(pains=(Pain(at=datetime(2026, 6, 10, 6, tzinfo=UTC), score=3, when=When.MORNING, note="ok"),))
    english = to_csv(diary)
    language.choose({"LANG": "de_DE.UTF-8"})
    try:
        assert to_csv(diary) == english
        assert from_csv(english).diary.pains[0].when is When.MORNING
    finally:
        LANGUAGE.speak("en", English())
