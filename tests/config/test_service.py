"""The units for systemd: read by systemd's own reader, with paths that hold its signs; patient enough for a stop."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from estim.config.paths import Home
from estim.config.service import HOST, REMIND, STOP_S, TIMER, host_unit, remind_timer, remind_unit, unit_folder
from estim.host.stops import LOST_WAIT_S, REACH_WAIT_S, STOP_WAIT_S
from protocols.registry import family, names

COMMAND = [sys.executable, "-m", "estim.cli.main", "--home", '/tmp/a "b"\\ %c $d', "daemon"]
HANG_UP_S = 10.0
SOFT_S = 2.0


def home_in(folder: Path, runtime: Path | None = None) -> Home:
    return Home(config=folder / "a b", data=folder, state=folder, runtime=runtime or folder)


def verified(folder: Path, texts: dict[str, str]) -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze here")
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [program, "verify", "--user", *(str(folder / name) for name in texts)],
        env={"XDG_RUNTIME_DIR": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def texts_of(folder: Path) -> dict[str, str]:
    """Return all units, for a home with a runtime folder of the login."""
    environ = {"XDG_RUNTIME_DIR": str(folder), "ESTIM_CONFIG": '/elsewhere/a "b" %c'}
    home = home_in(folder, folder / "estim")
    return {
        HOST: host_unit(COMMAND, home, environ),
        REMIND: remind_unit(COMMAND, home, environ),
        TIMER: remind_timer(),
    }


def test_systemd_has_nothing_to_say_against_them(tmp_path: Path) -> None:
    assert verified(tmp_path, texts_of(tmp_path)) == ""


def test_systemd_would_say_if_there_was(tmp_path: Path) -> None:
    wrong = texts_of(tmp_path)[HOST].replace("RestartSec", "RestartSoon")
    assert "RestartSoon" in verified(tmp_path, {HOST: wrong})


def test_systemd_waits_for_the_longest_stop() -> None:
    ladder_s = max(family(name).caps.stop_s for name in names()) + STOP_WAIT_S + SOFT_S
    assert max(ladder_s, LOST_WAIT_S, REACH_WAIT_S) + HANG_UP_S < STOP_S


def test_bluetooth_and_a_broker_are_let_through_and_nothing_else_can_be_written() -> None:
    text = host_unit(COMMAND, home_in(Path("/srv/estim")), {})
    assert "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_BLUETOOTH\n" in text
    assert 'ReadWritePaths="/srv/estim/a b" /srv/estim\n' in text
    assert "ProtectSystem=strict\n" in text
    assert "PrivateTmp=yes\n" in text


def test_a_home_in_tmp_is_the_one_that_everybody_sees() -> None:
    assert "PrivateTmp" not in host_unit(COMMAND, home_in(Path("/tmp/estim")), {})


def test_the_folder_of_the_socket_is_made_again_after_a_logout() -> None:
    environ = {"XDG_RUNTIME_DIR": "/run/user/7"}
    text = host_unit(COMMAND, home_in(Path("/srv/estim"), Path("/run/user/7/estim")), environ)
    assert "RuntimeDirectory=estim\n" in text
    assert "/run/user/7" not in text, "a path that is missing at the start would keep the host from starting"


def test_the_home_stays_where_it_is() -> None:
    environ = {"ESTIM_DATA": "/srv/a b", "XDG_STATE_HOME": "/srv/state", "ESTIM_MQTT": "mqtt://me:secret@h"}
    text = remind_unit(COMMAND, home_in(Path("/srv/estim")), environ)
    assert 'Environment="ESTIM_DATA=/srv/a b"\nEnvironment=XDG_STATE_HOME=/srv/state\n' in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"HOME": "/srv/me"}, "/srv/me/.config/systemd/user"),
        ({"HOME": "/srv/me", "XDG_CONFIG_HOME": "/etc/me"}, "/etc/me/systemd/user"),
        ({"HOME": "/srv/me", "XDG_CONFIG_HOME": "here"}, "/srv/me/.config/systemd/user"),
    ],
)
def test_where_they_lie(environ: dict[str, str], place: str) -> None:
    assert unit_folder(environ) == Path(place)
