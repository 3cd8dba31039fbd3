"""Notes when a stop was typed, so that a start which was typed before it isn't carried out after it.

A stop may come while `estim run` is still starting its host: there is nothing to stop yet, and a second later there is.
Moments are those of the processes' own starts, in seconds since the computer's, as the kernel counts them.
"""

import os
from contextlib import suppress
from pathlib import Path

from estim.clock import RealClock, began_s
from estim.config.paths import Home

NAME = "stopped"
LENGTH_MAX = 64


def note_stop(home: Home) -> None:
    """Write down that a stop was typed when this process began; a place that can't be written is no trouble here."""
    with suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(_place(home), flags, 0o600)
        try:
            os.write(handle, f"{began_s():.3f}\n".encode())
        finally:
            os.close(handle)


def stopped_since(home: Home, typed_s: float | None) -> bool:
    """Say whether a stop was typed after this moment (None: it isn't known, so no)."""
    if typed_s is None:
        return False
    with suppress(OSError, ValueError):
        handle = os.open(_place(home), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            at_s = float(os.read(handle, LENGTH_MAX))
        finally:
            os.close(handle)
        # the kernel counts hundredths, so the same one counts as later; one from before the computer's start is none
        return typed_s <= at_s <= RealClock().now().mono_s
    return False


def _place(home: Home) -> Path:
    return home.runtime / NAME
