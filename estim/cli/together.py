"""One or two units at one terminal: its signals and keys, one stop for all, and one end.

1. A signal, a key that stops, and Ctrl-Z are for every unit at once.
2. Each of two units has a key of its own, its number: it starts the unit when it waits, and says whose level + and -
   move from then on.
3. They are one session: what ends one of them before its time stops the other.
4. The exit code is that of the first end that wasn't good; a stop that isn't confirmed beats all.
"""

import asyncio
import os
import signal
from collections.abc import Sequence

from estim.cli.flags import Flags
from estim.cli.keys import Keys, has_terminal
from estim.cli.output import note, outlet
from estim.cli.questions import ask_after, ask_leg, ask_open_questions
from estim.cli.run import STOPS, Run
from estim.cli.text import Screen
from estim.client.consent import Consent
from estim.config.options import HostOptions
from estim.core.errors import Exit
from estim.core.messages.commands import Start
from estim.core.translation import tr
from estim.core.values import replace

_SIGNALS = {
    signal.SIGINT: Exit.INTERRUPTED,
    signal.SIGTERM: Exit.TERMINATED,
    signal.SIGHUP: Exit.HUNG_UP,
}


class Together:
    """All units of one command. No `screen`: JSON lines; `may_ask`: a person sits at the terminal, and may be asked."""

    def __init__(
        self, options: HostOptions, starts: Sequence[Start], screen: Screen | None, *, may_ask: bool, at_slot: bool
    ) -> None:
        several = len(starts) > 1
        self._may_ask = may_ask
        self._keys: Keys | None = None
        self._chosen = 0
        self._codes: list[int] = []
        consent = Consent()
        self._freezing: asyncio.Task[None] | None = None
        self._runs = [
            Run(
                options,
                start,
                screen=screen,
                may_ask=may_ask,
                at_slot=at_slot,
                prompt=_prompt(start, number) if several else "",
                consent=consent,
                taken=self._open_keys,
            )
            for number, start in enumerate(starts, 1)
        ]

    async def run(self) -> int:
        """Play; return the exit code."""
        loop = asyncio.get_running_loop()
        for number, code in _SIGNALS.items():
            loop.add_signal_handler(number, self._interrupt, code)
        loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        try:
            await asyncio.gather(*(self._play(run) for run in self._runs))
        finally:
            self._close_keys()
        if Exit.NOT_CONFIRMED in self._codes:
            return Exit.NOT_CONFIRMED
        return next((code for code in self._codes if code != Exit.DONE), Exit.DONE)

    async def _play(self, run: Run) -> None:
        self._codes.append(await run.run())
        if not run.completed:
            for other in self._runs:
                if other is not run and not other.stops:
                    other.interrupt(Exit.INTERRUPTED)

    # Signals and keys

    def _interrupt(self, code: Exit) -> None:
        for run in self._runs:
            run.interrupt(code)

    def _suspend(self) -> None:
        """Ctrl-Z: the output goes to zero first, then this process stops as it was asked to."""
        self._freezing = asyncio.get_running_loop().create_task(self._stop_then_suspend())

    async def _stop_then_suspend(self) -> None:
        await asyncio.gather(*(run.stop_first() for run in self._runs))
        self._close_keys()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _open_keys(self) -> None:
        if self._may_ask and self._keys is None:
            self._keys = Keys(self.key)

    def _close_keys(self) -> None:
        if self._keys is not None:
            self._keys.close()

    def key(self, key: str) -> None:
        """Take a key that a person pressed, as estim.cli.keys names it."""
        if key in STOPS or len(self._runs) == 1:
            for run in self._runs:
                run.key(key)
        elif key.isdecimal() and 1 <= int(key) <= len(self._runs):
            self._chosen = int(key) - 1
            if self._runs[self._chosen].ready:
                self._runs[self._chosen].key("\n")
        elif key in ("\n", "\r"):
            if any(run.ready for run in self._runs):
                note(tr("each unit has its own key: press its number"))
        elif key == " ":
            self._pause_or_resume()
        else:
            self._runs[self._chosen].key(key)

    def _pause_or_resume(self) -> None:
        """Pause those that play; only where all are paused does the key lead up again."""
        going = [run for run in self._runs if not run.paused]
        for run in going or self._runs:
            run.key(" ")


def _prompt(start: Start, number: int) -> str:
    return tr(
        "{unit}: are its pads on, and are you sitting or lying? Press {number} to start it, q to leave. After"
        " that {number} chooses it for + and -.",
        unit=start.unit,
        number=number,
    )


def run_session(made: Flags, starts: Sequence[Start], *, at_slot: bool, plain: bool) -> int:
    """Play, with the questions before and after it where somebody can answer; return the exit code.

    With --json nothing is asked on the way: at a terminal open questions refuse, and the last line says so. `plain`:
    what is told is never drawn over.
    """
    may_ask = not made.no_input and has_terminal()
    if may_ask and not made.as_json:
        ask_open_questions(made.host)
        starts = ask_leg(made.host, list(starts))
    starts = [replace(start, unasked=not may_ask) for start in starts]
    screen = None if made.as_json else Screen(outlet(), several=len(starts) > 1, plain=plain)
    code = asyncio.run(Together(made.host, starts, screen, may_ask=may_ask, at_slot=at_slot).run())
    if may_ask and not made.as_json and code in (Exit.DONE, Exit.INTERRUPTED):
        ask_after(made.host)
    return code
