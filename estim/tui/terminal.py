"""A terminal that can't hold the screen up: what it doesn't take is dropped, and a dead one counts as a hang-up.

The library hands its output to a thread, through a queue of 30 pieces, and waits for room in it on the loop that also
takes keys and sends stops. A terminal that has gone, or stands still (a stalled ssh), would stop all of that.
"""

import os
import signal
import termios
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from estim.tui.signs import in_plain, wants_plain

CLOSE_S = 1.0
"""Longest wait for the last words to be written, s."""


class Terminal(LinuxDriver):
    """The library's driver, with writes that never wait, in plain signs where the terminal needs them."""

    _torn = False
    _dead = False
    _lent = False
    key_read: Callable[[str], None] | None = None
    """Called with each key in the thread that reads them, before it waits for the loop; has to return at once."""

    @cached_property
    def plain(self) -> bool:
        """Whether it gets plain signs, of which nothing big can be made."""
        return wants_plain(os.environ, self._encoding)

    @property
    def _encoding(self) -> str | None:
        return getattr(self._file, "encoding", None)

    def process_message(self, message: Message) -> None:
        """Tell of a key, then hand on what came, still in the thread that reads it."""
        if isinstance(message, events.Key) and self.key_read is not None:
            self.key_read(message.key)
        super().process_message(message)

    def write(self, data: str) -> None:
        """Write, or drop what finds no room; after a drop the whole screen is drawn anew as soon as there is some."""
        thread = self._writer_thread
        if thread is None or self._dead or self._lent:
            return
        if not thread.is_alive():
            # The thread ends by itself only when a write has failed. With nobody to read, a hang-up says all of it.
            self._dead = True
            os.kill(os.getpid(), signal.SIGHUP)
        elif thread._queue.full():
            self._torn = True
        else:
            thread.write(in_plain(data, self._encoding) if self.plain else data)
            if self._torn:
                self._torn = False
                self._app.call_later(self._app.refresh, layout=True)

    def suspend_application_mode(self) -> None:
        """Let somebody else have the terminal; what is drawn meanwhile is dropped, the app draws all of it anew."""
        super().suspend_application_mode()
        self._lent = True

    def resume_application_mode(self) -> None:
        """Take it back; keys that were typed for somebody else are no keys for us."""
        with suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)
        self._lent = False
        super().resume_application_mode()

    def close(self) -> None:
        """Let the thread write the rest, for a while."""
        thread = self._writer_thread
        if thread is not None and thread.is_alive() and not thread._queue.full():
            thread._queue.put_nowait(None)
            thread.join(CLOSE_S)
