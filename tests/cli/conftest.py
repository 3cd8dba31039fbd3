"""A home with nothing in it, and somebody who types there."""

from collections.abc import Iterator

import pytest

from tests.cli.line import Person, short_home


@pytest.fixture
def person(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    with short_home() as home:
        yield Person(home, capsys)
