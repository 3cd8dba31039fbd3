"""The systemd user unit of the host: its text, and where it lies."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

NAME = "estim.service"

WATCHDOG_S = 10
"""A host whose loop stands still this long is restarted; the new one stops what was left on."""

STOP_S = 45
"""systemd's patience with the stop ladder, s: 10 for a lost unit, 10 for hanging up, the longest ladder, with room."""

_PLAIN = re.compile(r"[A-Za-z0-9_@/.,:=+-]+")


def unit_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where a user's own units lie (systemd.unit(5))."""
    base = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if base.startswith("/") else Path(environ.get("HOME", "~")).expanduser() / ".config"
    return folder / "systemd" / "user" / NAME


def unit_text(command: Sequence[str], writes: Sequence[Path]) -> str:
    """Return the unit that runs a command which writes to these folders.

    Hardening lets Bluetooth through: BlueZ is reached by D-Bus (AF_UNIX), a broker by AF_INET and AF_INET6.
    """
    places = " ".join(_quoted(str(path)) for path in writes)
    return f"""# written by `estim service install`; `estim service uninstall` takes it away
[Unit]
Description=estim: sessions on a Bluetooth stimulator
Documentation=man:systemd.service(5)
After=dbus.service

[Service]
Type=notify
NotifyAccess=main
ExecStart={" ".join(_quoted(word) for word in command)}
Restart=on-failure
RestartSec=2
WatchdogSec={WATCHDOG_S}
TimeoutStopSec={STOP_S}
KillMode=mixed
SyslogIdentifier=estim
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={places}
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_BLUETOOTH
MemoryDenyWriteExecute=yes
LockPersonality=yes
RestrictRealtime=no

[Install]
WantedBy=default.target
"""


def _quoted(word: str) -> str:
    """Return a word as systemd reads it back: `%` and `$` are its own signs (systemd.syntax(7))."""
    if _PLAIN.fullmatch(word):
        return word
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{quoted}"'
