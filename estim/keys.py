"""Single keys of a terminal, without Enter; the terminal is always given back as it was."""

import asyncio
import os
import signal
import sys
import termios
import tty
from collections.abc import Callable

READ_MAX = 32
"""Keys taken at once: more than a person presses between two looks."""


def has_terminal() -> bool:
    """Say whether a person sits at stdin: a terminal, and one whose foreground this process is.

    In the background (`estim run … &`) touching the terminal would freeze this process in mid-session.
    """
    try:
        handle = sys.stdin.fileno()
        return os.isatty(handle) and os.tcgetpgrp(handle) == os.getpgrp()
    except (AttributeError, OSError, ValueError):  # no stdin at all, or one that is closed
        return False


class Keys:
    """Calls `pressed` for each key, on the running loop, until closed."""

    def __init__(self, pressed: Callable[[str], None]) -> None:
        self._handle = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._handle)
        self._pressed = pressed
        self._loop = asyncio.get_running_loop()
        self._open = True
        tty.setcbreak(self._handle)
        self._loop.add_reader(self._handle, self._read)

    def close(self) -> None:
        """Give the terminal back; a second time does nothing."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._handle)
        # whoever was put into the background meanwhile would be frozen for touching the terminal
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        try:
            termios.tcsetattr(self._handle, termios.TCSADRAIN, self._before)
        except termios.error:
            pass  # the terminal has gone
        finally:
            signal.signal(signal.SIGTTOU, before)

    def _read(self) -> None:
        try:
            keys = os.read(self._handle, READ_MAX)
        except OSError:
            keys = b""
        if not keys:  # the terminal has gone; its hang-up comes as a signal
            self._loop.remove_reader(self._handle)
        for key in keys.decode(errors="ignore"):
            self._pressed(key)
