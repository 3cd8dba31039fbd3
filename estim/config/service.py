"""The systemd user units of the host and of reminders without one: their texts, and where they lie.

1. Anybody may read a unit, so no broker's address stands in it: that is in config.toml, which is the owner's.
2. Hardening lets Bluetooth through (BlueZ is reached by D-Bus, AF_UNIX), and a broker (AF_INET, AF_INET6).
3. What says where the home is goes along: systemd starts with an environment of its own.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from estim.config.paths import Home

HOST = "estim.service"
REMIND = "estim-remind.service"
TIMER = "estim-remind.timer"

WATCHDOG_S = 10
"""A host whose loop stands still this long is restarted; the new one stops what was left on."""

STOP_S = 45
"""systemd's patience with the stop ladder, s: 25 for a unit that is to be found first, 10 for hanging up, with room."""

REMIND_S = 60
"""Longest that one look at the schedule may take, s: each way of telling has 20."""

_PLAIN = re.compile(r"[A-Za-z0-9_@/.,:=+-]+")

_OF_THE_HOME = ("ESTIM_CONFIG", "ESTIM_DATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


def unit_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where a user's own units lie (systemd.unit(5))."""
    base = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if base.startswith("/") else Path(environ.get("HOME", "~")).expanduser() / ".config"
    return folder / "systemd" / "user"


def host_unit(command: Sequence[str], home: Home, environ: Mapping[str, str] = os.environ) -> str:
    """Return the unit of a host that stays."""
    return f"""# written by `estim service install`; `estim service uninstall` takes it away
[Unit]
Description=estim: sessions on a Bluetooth stimulator
Documentation=man:systemd.service(5)
After=dbus.service
# one that was killed comes back, however often: the new one stops what was left on
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={_line(command)}
Restart=on-failure
RestartSec=2
# wrong settings don't become right by themselves
RestartPreventExitStatus=2 78
WatchdogSec={WATCHDOG_S}
TimeoutStopSec={STOP_S}
KillMode=mixed
{_contained(home, environ)}
[Install]
WantedBy=default.target
"""  # untranslated: systemd reads it


def remind_unit(command: Sequence[str], home: Home, environ: Mapping[str, str] = os.environ) -> str:
    """Return the unit that looks at the schedule once."""
    return f"""# written by `estim service install --remind-only`; `estim service uninstall` takes it away
[Unit]
Description=estim: reminds of a session that is due
After=dbus.service

[Service]
Type=oneshot
ExecStart={_line(command)}
TimeoutStartSec={REMIND_S}
{_contained(home, environ)}"""  # untranslated: systemd reads it


def remind_timer() -> str:
    """Return the timer of that: each five minutes, since a slot has any time, and once after a sleep."""
    return """# written by `estim service install --remind-only`; `estim service uninstall` takes it away
[Unit]
Description=estim: looks at the schedule

[Timer]
OnCalendar=*:0/5
AccuracySec=10s
Persistent=true

[Install]
WantedBy=timers.target
"""  # untranslated: systemd reads it


def _contained(home: Home, environ: Mapping[str, str]) -> str:
    """Return what such a process may do and where it may write."""
    lines = ["SyslogIdentifier=estim"]
    lines += [f"Environment={_quoted(f'{name}={environ[name]}')}" for name in _OF_THE_HOME if environ.get(name)]
    writes = [home.config, home.data, home.state]
    login = environ.get("XDG_RUNTIME_DIR", "")
    if login and home.runtime == Path(login) / "estim":
        # it is gone after each logout: systemd makes it again, and leaves it to other front ends
        lines += ["RuntimeDirectory=estim", "RuntimeDirectoryMode=0700", "RuntimeDirectoryPreserve=yes"]
    else:
        writes.append(home.runtime)
    places = " ".join(_quoted(str(path.absolute())) for path in dict.fromkeys(writes))
    lines += ["NoNewPrivileges=yes", "ProtectSystem=strict", f"ReadWritePaths={places}"]
    if not any(path.absolute().is_relative_to(top) for path in writes for top in ("/tmp", "/var/tmp")):
        lines.append("PrivateTmp=yes")
    lines += [
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_BLUETOOTH",  # untranslated: systemd reads it
        "MemoryDenyWriteExecute=yes",
        "LockPersonality=yes",
    ]
    return "\n".join(lines) + "\n"


def _line(words: Sequence[str]) -> str:
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """Return a word as systemd reads it back: `%` and `$` are its own signs (systemd.syntax(7))."""
    if _PLAIN.fullmatch(word):
        return word
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{quoted}"'
