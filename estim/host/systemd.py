"""Tells systemd how the host is: ready, what it does, alive, ending; one datagram each, as sd_notify(3) says.

The watchdog is fed only while every session's own loop turns: a host whose loop runs, but whose session hangs, is
restarted, and a new host stops what was left on.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

SHARE = 0.5
"""How much of systemd's patience passes between two signs of life (sd_watchdog_enabled(3) advises half)."""

STATUS_S = 5.0
"""How often is looked whether the status has changed, where nobody wants signs of life, s."""

STATUS_MAX = 200
"""Longest status, characters."""


class Systemd:
    """The way to systemd; silent where there is none."""

    def __init__(self, environ: Mapping[str, str] = os.environ, pid: int | None = None) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        if self._address.startswith(("/", "@")):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        self.every_s = _every_s(environ, os.getpid() if pid is None else pid)

    def ready(self) -> None:
        """The host serves."""
        self._say("READY=1")

    def status(self, text: str) -> None:
        """Say what it does, for `systemctl status`."""
        self._say(f"STATUS={text.replace(chr(10), ' ')[:STATUS_MAX]}")

    def stopping(self) -> None:
        """The stop ladder runs."""
        self._say("STOPPING=1")

    async def feed(self, lives: Callable[[], bool], doing: Callable[[], str]) -> None:
        """Give signs of life for as long as `lives` says so, and say what is done when that changes.

        Ends at once where nobody listens.
        """
        said = ""
        while self._socket is not None:
            if self.every_s is not None and lives():
                self._say("WATCHDOG=1")
            if (now := doing()) != said:
                said = now
                self.status(now)
            await asyncio.sleep(self.every_s or STATUS_S)

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, text: str) -> None:
        """Send one datagram; a systemd that can't take it now is no trouble of a session's."""
        if self._socket is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError):
            self._socket.sendto(text.encode(), address)


def _every_s(environ: Mapping[str, str], pid: int) -> float | None:
    """Return how often systemd wants a sign of life, s; None if it doesn't, or wants it of another process."""
    patience = environ.get("WATCHDOG_USEC", "")
    if not (patience.isascii() and patience.isdecimal() and int(patience)):
        return None
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    return int(patience) / 1e6 * SHARE
