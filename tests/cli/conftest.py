"""A home with nothing in it, and somebody who types there."""

from pathlib import Path

import pytest

from tests.cli.line import Person


@pytest.fixture
def person(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    home = tmp_path / "home"
    home.mkdir()
    return Person(home, capsys)
