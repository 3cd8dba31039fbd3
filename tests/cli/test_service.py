"""`estim service` with a played systemctl, and `estim remind`: what is written, and what systemd is told."""

import os
from pathlib import Path

import pytest

from estim.config.paths import find_home
from estim.core.errors import Exit
from estim.host.main import hold
from tests.cli.line import Person

SILENT = "[reminders]\ndesktop = false\nterminal = false\n"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    return tmp_path / "config" / "systemd" / "user"


def asked(systemd: Path) -> list[str]:
    """Return what systemd was told so far, and begin anew."""
    path = systemd / "asked"
    told = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [line.removeprefix("--user ") for line in told]


def test_a_host_is_installed_and_taken_away(person: Person, systemd: Path, units: Path) -> None:
    done = person.types("service", "install")
    assert (done.code, done.err) == (Exit.DONE, "")
    assert "the host runs now, and after each login" in done.out
    assert asked(systemd) == ["daemon-reload", "enable estim.service", "restart estim.service"]
    text = (units / "estim.service").read_text(encoding="utf-8")
    assert f" -m estim.cli.main --home {person.home} daemon\n" in text
    assert f"ReadWritePaths={person.home}\n" in text
    (host, timer) = person.types("service", "status", json_=True).rows
    assert (host["installed"], host["systemd"], timer["installed"]) == (True, "active", False)
    asked(systemd)
    gone = person.types("service", "uninstall", json_=True)
    assert [row["running"] for row in gone.rows] == [False]
    assert asked(systemd) == ["disable --now estim.service", "daemon-reload"]
    assert list(units.iterdir()) == []
    assert person.types("service", "uninstall").code == Exit.NO_INPUT


def test_who_wants_no_host_is_reminded_by_a_timer(person: Person, systemd: Path, units: Path) -> None:
    done = person.types("service", "install", "--remind-only")
    assert (done.code, "every five minutes" in done.out) == (Exit.DONE, True)
    assert asked(systemd) == ["daemon-reload", "enable estim-remind.timer", "restart estim-remind.timer"]
    assert sorted(path.name for path in units.iterdir()) == ["estim-remind.service", "estim-remind.timer"]
    text = (units / "estim-remind.service").read_text(encoding="utf-8")
    assert f"--home {person.home} remind\n" in text
    person.types("service", "install")
    assert [path.name for path in units.iterdir()] == ["estim.service"], "a host reminds by itself"
    refused = person.types("service", "install", "--remind-only")
    assert (refused.code, "reminds already" in refused.err) == (Exit.USAGE, True)


@pytest.mark.parametrize("by", ["option", "variable"])
def test_no_password_gets_into_a_unit(
    person: Person, systemd: Path, units: Path, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "mqtt://me:secret@broker"
    monkeypatch.setenv("ESTIM_MQTT", address if by == "variable" else "")
    words = ("--mqtt", address) if by == "option" else ()
    done = person.types(*words, "service", "install")
    assert done.code == Exit.USAGE
    assert "write [mqtt] url and password_file into config.toml" in done.err
    assert "secret" not in done.err
    assert not units.exists()
    assert asked(systemd) == []


def test_software_and_wrong_settings_are_refused_before_anything_is_written(person: Person, units: Path) -> None:
    assert person.types("--simulate", "em70", "service", "install").code == Exit.USAGE
    (person.home / "config.toml").write_text("minutes = 99\n", encoding="utf-8")
    assert person.types("service", "install").code == Exit.CONFIG
    assert not units.exists()


def test_a_systemd_that_refuses_is_quoted(person: Person, systemd: Path) -> None:
    (systemd / "refused").write_text("enable\n", encoding="utf-8")
    done = person.types("service", "install", json_=True)
    assert [row["running"] for row in done.rows] == [False]
    told = person.types("service", "install")
    assert "systemctl enable estim.service refused (Failed to do that)" in told.out
    (systemd / "refused").write_text("disable\n", encoding="utf-8")
    gone = person.types("service", "uninstall")
    assert "what runs goes on, and `estim stop` stops it" in gone.out


def test_without_a_systemd_it_is_written_and_said(person: Person, monkeypatch: pytest.MonkeyPatch, units: Path) -> None:
    monkeypatch.setenv("PATH", "")
    done = person.types("service", "install")
    assert (done.code, "systemd can't be reached from here" in done.out) == (Exit.DONE, True)
    assert (units / "estim.service").exists()
    assert "can't be reached" in person.types("service", "status").out


# One look at the schedule


def test_where_nothing_is_due_that_is_said(person: Person) -> None:
    (person.home / "config.toml").write_text(SILENT, encoding="utf-8")
    assert person.types("schedule", "pause").code == Exit.DONE, "else a slot may begin just now"
    assert [row["text"] for row in person.types("remind", json_=True).rows] == ["nothing is due now"]
    assert person.types("--simulate", "em70", "remind").code == Exit.USAGE


def test_a_host_that_runs_reminds_by_itself(person: Person) -> None:
    (person.home / "config.toml").write_text(SILENT, encoding="utf-8")
    handle = hold(find_home(str(person.home)))
    try:
        said = person.types("remind")
    finally:
        os.close(handle)
    assert (said.code, said.out) == (Exit.DONE, "a host runs here, and reminds by itself\n")


def test_wrong_settings_are_told(person: Person) -> None:
    (person.home / "config.toml").write_text("[reminders]\nelsewhere = 3\n", encoding="utf-8")
    assert person.types("remind").code == Exit.CONFIG
