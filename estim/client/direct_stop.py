"""Sends a stop by a thread of its own: a front end whose loop is busy, or hangs, must not keep a stop from the host.

1. It goes to the host's door on a connection of its own; if that brings no answer, to its process as a signal.
2. What comes of it is not told here: a front end sends each stop by its loop too, and that one's answer is told.
"""

import threading

from estim.client.connection import STOP_TIMEOUT_S, ask_once
from estim.client.lock import stop_by_signal
from estim.config.paths import Home
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Refusal
from estim.core.messages.lowering import Stop

STOPS_MAX = 8
"""Stops under way at once: of a key that repeats the first ones have come through, or none does."""


class DirectStop:
    """The way of stops past the loop, to the host of a home."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._free = threading.BoundedSemaphore(STOPS_MAX)

    def send(self, stop: Stop) -> None:
        """Send a stop on its way; returns at once, in whatever thread."""
        if not self._free.acquire(blocking=False):
            return
        try:
            # A daemon: leaving the screen waits for no answer.
            threading.Thread(target=self._sent, args=(stop,), name="direct_stop", daemon=True).start()
        except RuntimeError:  # no thread is to be had: the loop's own stop is left
            self._free.release()

    def _sent(self, stop: Stop) -> None:
        try:
            if not self._heard(stop):  # a host without a door, or with a crowded one, may be there all the same
                stop_by_signal(self._home, STOP_TIMEOUT_S)
        except EstimError:
            pass  # there is no other way
        finally:
            self._free.release()

    def _heard(self, stop: Stop) -> bool:
        """Send it to the door, and say whether somebody there has taken it."""
        try:
            reply = ask_once(self._home.socket, stop, STOP_TIMEOUT_S)
        except EstimError:
            return False
        return not (isinstance(reply, Refusal) and reply.code == Exit.TRY_LATER)
