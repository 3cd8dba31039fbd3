"""Takes the signals that would end or freeze the screen, so that each of them stops the output first.

The library's own Ctrl-Z handler freezes the process at once; it is kept, and called when the output is off.
"""

import asyncio
import signal
from collections.abc import Callable

from estim.core.errors import Exit

ENDING = {
    signal.SIGHUP: Exit.HUNG_UP,
    signal.SIGINT: Exit.INTERRUPTED,
    signal.SIGTERM: Exit.TERMINATED,
}
"""The signals that end a front end, with their exit codes."""


def take(leave: Callable[[Exit], None], freeze: Callable[[Callable[[], None]], None]) -> None:
    """Call `leave` for a signal that ends; `freeze` for Ctrl-Z, with what really freezes. Needs a running loop."""
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGTSTP)

    def really() -> None:
        if callable(before):
            before(signal.SIGTSTP, None)
        else:
            signal.raise_signal(signal.SIGSTOP)

    loop.add_signal_handler(signal.SIGTSTP, freeze, really)
    for number, code in ENDING.items():
        loop.add_signal_handler(number, leave, code)


def give_back() -> None:
    """Stop listening to them."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTSTP, *ENDING):
        loop.remove_signal_handler(number)
