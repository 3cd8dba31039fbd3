"""Sends a stop by a thread of its own: a front end whose loop is busy, or hangs, must not keep a stop from the host.

1. It waits a moment for the loop to send the same one, whose answer is told: a second one would be answered by "nothing
   is running", and that is no word about a stop that has just been proved.
2. It goes to the host's door on a connection of its own; if that brings no answer, to its process as a signal.
"""

import threading
from collections import deque

from estim.client.connection import STOP_TIMEOUT_S, ask_once
from estim.client.lock import stop_by_signal
from estim.config.paths import Home
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Refusal
from estim.core.messages.lowering import Stop

STOPS_MAX = 8
"""Stops under way at once: of a key that repeats the first ones have come through, or none does."""

LOOP_S = 0.1
"""How long the loop has for it, s: the longest repaint that was seen takes half of that (`tests.bench keys`)."""


class DirectStop:
    """The way of stops past the loop, to the host of a home."""

    def __init__(self, home: Home, loop_s: float = LOOP_S) -> None:
        self._home = home
        self._loop_s = loop_s
        self._free = threading.BoundedSemaphore(STOPS_MAX)
        self._waiting: deque[threading.Event] = deque(maxlen=STOPS_MAX)

    def send(self, stop: Stop) -> None:
        """Send a stop on its way, unless `taken` is called soon; returns at once, in whatever thread."""
        if not self._free.acquire(blocking=False):
            return
        taken = threading.Event()
        self._waiting.append(taken)
        try:
            # A daemon: leaving the screen waits for no answer.
            threading.Thread(target=self._sent, args=(stop, taken), name="direct_stop", daemon=True).start()
        except RuntimeError:  # no thread is to be had: the loop's own stop is left
            self._free.release()

    def taken(self) -> None:
        """Say that the loop has sent its own for all that were read so far; called by the loop."""
        while self._waiting:
            self._waiting.popleft().set()

    def _sent(self, stop: Stop, taken: threading.Event) -> None:
        try:
            if taken.wait(self._loop_s):
                return
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
