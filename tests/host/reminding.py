"""What the tests of the reminders share: a morning in Berlin, a unit with a full battery, and the words of notices."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest

from estim.core.errors import EstimError, Exit
from tests.life.life import Life

BERLIN = ZoneInfo("Europe/Berlin")
BORN = datetime(2026, 3, 23, 7, 0, tzinfo=BERLIN)
MORNING = "2026-03-23T08:00"
EVENING = "2026-03-23T20:00"
FIRST = "08:00: time for your session, until 10:00"
NAG = "08:00: still open, until 10:00"
PLAIN = 'site = "ankle-left"\n'
UNPREPARED = "[reminders]\nprepare = false\n"
BAD_ADDRESS = '[reminders]\nelsewhere = ["nonsense://secret@nowhere"]\n'
SILENT = "[reminders]\ndesktop = false\nterminal = false\n"
DISK_FULL = EstimError("the journal can't be written: the disk is full", code=Exit.CANT_CREATE)


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="estim-") as name:
        yield Path(name)


def life_in(folder: Path, settings: str = PLAIN + UNPREPARED, line: str = "em70:battery=100") -> Life:
    return Life(folder, BORN, "Europe/Berlin", settings, line=line)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "estim.host.reminders"]
