"""A home with nothing in it, and somebody who types there."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.line import Person


@pytest.fixture
def person(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    home = Path(tempfile.mkdtemp(prefix="estim-"))  # its path is short enough for a socket
    yield Person(home, capsys)
    shutil.rmtree(home)
