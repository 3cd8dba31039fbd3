"""`estim run`: one session in plain text or JSON lines, from pads-on to the line that says how it ended.

1. The last line is always `ended`, also after a refusal and after a host that died.
2. A signal asks for a stop and stays until that line is written; a second one changes nothing. Ctrl-Z stops first.
3. If the host dies, a new one is started within a second, which stops the unit by itself; its word is the last line.
4. A host that says nothing for three seconds is asked; if it doesn't answer, that is an alarm (safety.md H-29).
5. Nobody who reads the output any more is a hang-up.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress

import msgspec

from estim.client import HostOptions, Wire, ask_once, join, socket_of
from estim.core.errors import EstimError, Exit
from estim.core.happenings import Alarmed, Ended, Happened
from estim.core.panel import (
    Arm,
    Pause,
    Priority,
    Raise,
    Reason,
    Refusal,
    Resume,
    Snapshot,
    Start,
    State,
    Status,
    Stop,
)
from estim.keys import Keys, has_terminal
from estim.record import LEVEL_MAX, Record, exit_code
from protocols.vocabulary import Channel

RECOVERY_S = 20.0
"""Longest wait for the word of a new host after the first one died: 2 s to start, then as long as a stop."""

STOP_S = 30.0
"""Longest wait for `ended` after a signal: the longest ladder, and 10 s for a unit that is lost just now, with room."""

LOOK_S = 1.0
"""How often it is looked at whether the host still says something."""

SILENT_S = 3.0
"""A host that says nothing for this long is asked; snapshots come four times a second (safety.md section 2)."""

ALIVE_S = 2.0
"""A host that doesn't say its status in this time stands still."""

_SIGNALS = {
    signal.SIGINT: Exit.INTERRUPTED,
    signal.SIGTERM: Exit.TERMINATED,
    signal.SIGHUP: Exit.HUNG_UP,
}


class Run:
    """One run of the command. `may_ask`: a person sits at the terminal, and may be asked."""

    def __init__(self, options: HostOptions, start: Start, *, as_json: bool, may_ask: bool) -> None:
        self._options = options
        self._start = start
        self._may_ask = may_ask
        self._record = Record(options.simulate, start, as_json=as_json)
        self._signal: Exit | None = None
        self._stop_by_s: float | None = None
        self._wire: Wire | None = None
        self._keys: Keys | None = None
        self._prompted = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Play; return the exit code."""
        loop = asyncio.get_running_loop()
        for number, code in _SIGNALS.items():
            loop.add_signal_handler(number, self._interrupt, code)
        loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        try:
            self._check()
            self._wire = await join(self._options)
            return await self._play(self._wire)
        except EstimError as error:
            return self._refused(error.code, error.text)
        finally:
            self._close_keys()
            if self._wire is not None:
                await self._wire.close()

    def _check(self) -> None:
        """Refuse what needs no host to be refused."""
        if not self._start.pads_on and not self._may_ask:
            text = "nobody said that the pads are on: add --pads-on when they are, or run it at a terminal"
            raise EstimError(text, code=Exit.REFUSED)
        for channel, level in self._start.level.items():
            if level > LEVEL_MAX:
                text = f"level {level} on {channel.value} is above every cap: no unit goes beyond {LEVEL_MAX}"
                raise EstimError(text, code=Exit.REFUSED)

    async def _play(self, wire: Wire) -> int:
        if self._interrupted():
            return self._refused(Exit.INTERRUPTED, "interrupted before it began")
        try:
            reply = await wire.ask(self._start)
        except (OSError, TimeoutError):
            return await self._host_died("the host died")
        if isinstance(reply, Refusal):
            return self._refused(reply.code, reply.text)
        if self._interrupted():
            self._ask_stop()  # again: the first one may have come before there was anything to stop
        if self._may_ask:
            self._keys = Keys(self._key)
        begun = False
        while (line := await self._next(wire)) is not None:
            begun = begun or line is reply
            if isinstance(line, Snapshot) and begun:
                self._show(line)
            elif isinstance(line, Happened) and begun and self._record.ours(line):
                event = self._truly(line)
                self._tell(event)
                if isinstance(event, Ended):
                    return self._code(event)
        return await self._host_died("the host died" if self._silent_s < STOP_S else "the host does not end")

    # What the host says

    _silent_s = 0.0

    async def _next(self, wire: Wire) -> object:
        """Return the next line; None if the host has gone, or has had its time to stop."""
        while True:
            try:
                line = await wire.line(LOOK_S)
            except TimeoutError:
                self._silent_s += LOOK_S
                if self._silent_s == SILENT_S and self._record.live:
                    self._background(self._ask_alive())
            else:
                self._silent_s = 0.0
                return line
            if self._stop_by_s is not None and asyncio.get_running_loop().time() > self._stop_by_s:
                self._silent_s = STOP_S
                return None
