"""Tells in a terminal: a bell, a desktop notice by way of the terminal (OSC 9), and one plain line.

A file or pipe gets the plain line only.
"""

from typing import TextIO

from estim.core.translation import tr
from estim.host.notify.notice import Notification, TellError
from estim.host.notify.thread import aside
from estim.terminal import plain, steer

TIMEOUT_S = 2.0
"""A terminal that was stopped with Ctrl-S takes nothing until it is let go on."""


class Terminal:
    """Writes notices to `out`; what was written can't be withdrawn."""

    name = "terminal"

    def __init__(self, out: TextIO, *, timeout_s: float = TIMEOUT_S) -> None:
        self._out = out
        self.timeout_s = timeout_s

    async def tell(self, notice: Notification) -> None:
        """Write the notice; raises TellError where the terminal is gone or takes nothing."""
        try:
            await aside(lambda: self._write(notice), self.timeout_s)
        except TimeoutError:
            raise TellError(
                tr("the terminal takes no text: press Ctrl-Q there if it was stopped with Ctrl-S")
            ) from None
        except (OSError, ValueError) as error:  # ValueError: it was closed
            raise TellError(tr("the terminal is gone: open estim in another one")) from error

    async def withdraw(self, key: str) -> None:
        """Do nothing: a line stays where it is."""

    async def close(self) -> None:
        """Do nothing: the terminal belongs to somebody else."""

    def _write(self, notice: Notification) -> None:
        encoding = self._out.encoding or "utf-8"
        line = notice.line.encode(encoding, "replace").decode(encoding)  # an old terminal gets a ? rather than nothing
        if self._out.isatty():
            steer(self._out, f"\a\x1b]9;{plain(line)}\a")
        self._out.write(f"{line}\n")
        self._out.flush()
