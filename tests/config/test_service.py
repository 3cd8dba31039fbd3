"""The unit for systemd: read by systemd's own reader, with paths that hold its signs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from estim.config.service import NAME, unit_file, unit_text

COMMAND = [sys.executable, "-m", "estim.cli.main", "--home", '/tmp/a "b"\\ %c $d', "daemon"]


def verified(folder: Path, text: str) -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze here")
    path = folder / NAME
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [program, "verify", "--user", str(path)],
        env={"XDG_RUNTIME_DIR": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_systemd_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    assert verified(tmp_path, unit_text(COMMAND, [tmp_path / "a b", tmp_path])) == ""


def test_systemd_would_say_if_there_was(tmp_path: Path) -> None:
    wrong = unit_text(COMMAND, [tmp_path]).replace("RestartSec", "RestartSoon")
    assert "RestartSoon" in verified(tmp_path, wrong)


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"HOME": "/where/i/live"}, "/where/i/live/.config/systemd/user/estim.service"),
        ({"HOME": "/where/i/live", "XDG_CONFIG_HOME": "/etc/me"}, "/etc/me/systemd/user/estim.service"),
        ({"HOME": "/where/i/live", "XDG_CONFIG_HOME": "here"}, "/where/i/live/.config/systemd/user/estim.service"),
    ],
)
def test_where_it_lies(environ: dict[str, str], place: str) -> None:
    assert unit_file(environ) == Path(place)
