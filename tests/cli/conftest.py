"""A home with nothing in it, somebody who types there, and a played systemd."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.line import Person, short_home

SYSTEMCTL = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/asked"
case " $* " in *" $(cat "$here/refused") "*) echo "Failed to do that" >&2; exit 1;; esac
case "$*" in *is-active*) echo active;; esac
"""


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a played systemctl: `asked` is what it was told, and it refuses the word in `refused`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "refused").write_text("nothing\n", encoding="utf-8")
    (folder / "systemctl").write_text(SYSTEMCTL, encoding="utf-8")
    (folder / "systemctl").chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ.get('PATH', '')}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return folder


@pytest.fixture
def person(systemd: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Person]:
    with short_home() as home:
        yield Person(home, capsys)
