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
from collections.abc import Coroutine
from contextlib import suppress
from typing import Literal

import msgspec

from estim.cli.at_slot import Ahead
from estim.cli.keys import Keys, has_terminal
from estim.cli.output import complain, note
from estim.cli.questions import ask_after, ask_open_questions, next_slot
from estim.cli.record import Record, exit_code
from estim.cli.text import left_on
from estim.client.connection import Client, ask_once, join, socket_of
from estim.client.stop_keys import LEAVE_LETTERS, PANIC_KEY, STOP_LETTERS
from estim.clock import RealClock, began_s
from estim.config.options import HostOptions
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import (
    Arm,
    Done,
    Pause,
    Refusal,
    Reply,
    Resume,
    SetLevel,
    Snapshot,
    Start,
    Status,
    Stop,
)
from estim.core.messages.events import Alarmed, Ended, Happened
from estim.core.messages.lines import Line
from estim.core.vocabulary import Priority, Reason, State
from protocols.vocabulary import Channel

RECOVERY_S = 40.0
"""Longest wait for the word of a new host after the first one died: it has to start, and to find the unit."""

STOP_S = 30.0
"""Longest wait for `ended` after a signal: the longest ladder, and 10 s for a unit that is lost just now, with room."""

LOOK_S = 1.0
"""How often it is looked at whether the host still says something."""

SILENT_S = 3.0
"""A host that says nothing for this long is asked; snapshots come four times a second (safety.md section 2)."""

ALIVE_S = 2.0
"""A host that doesn't say its status in this time stands still."""

LEVEL_MAX = 10_000
"""Highest level that the socket takes (estim.core.messages.commands.LevelIn)."""

STOPS = STOP_LETTERS | LEAVE_LETTERS | {PANIC_KEY}
"""The keys that stop."""

_SIGNALS = {
    signal.SIGINT: Exit.INTERRUPTED,
    signal.SIGTERM: Exit.TERMINATED,
    signal.SIGHUP: Exit.HUNG_UP,
}


class Run:
    """One run of the command. `may_ask`: a person sits at the terminal, and may be asked."""

    def __init__(
        self, options: HostOptions, start: Start, *, as_json: bool, may_ask: bool, at_slot: bool = False
    ) -> None:
        self._options = options
        self._at_slot = at_slot
        self._ahead: Ahead | None = None
        self._start = start
        self._may_ask = may_ask
        self._record = Record(options.simulate, start, as_json=as_json)
        self._signal: Exit | None = None
        self._stop_by_s: float | None = None
        self._client: Client | None = None
        self._unit: str | None = None
        self._keys: Keys | None = None
        self._prompted = False
        self._warned: set[str] = set()
        self._refusals: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Play; return the exit code."""
        loop = asyncio.get_running_loop()
        for number, code in _SIGNALS.items():
            loop.add_signal_handler(number, self._interrupt, code)
        loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        try:
            self._check()
            if self._at_slot:
                self._ahead = Ahead(next_slot(self._options).at, RealClock())
                await self._ahead.until_lead(self._signalled)
            self._client = await join(self._options)
            return await self._play(self._client)
        except EstimError as error:
            return self._refused(error.code, error.text)
        finally:
            self._close_keys()
            if self._client is not None:
                await self._client.close()

    def _check(self) -> None:
        """Refuse what needs no host to be refused."""
        if not self._start.pads_on and not self._may_ask:
            text = "nobody said that the pads are on: add --pads-on when they are, or run it at a terminal"
            raise EstimError(text, code=Exit.REFUSED)
        if self._at_slot and (not self._start.pads_on or self._options.simulate is not None):
            text = "--at-slot is for pads that are on now, on a real unit: add --pads-on, or leave --at-slot out"
            raise EstimError(text, code=Exit.REFUSED)
        for channel, level in self._start.level.items():
            if level > LEVEL_MAX:
                text = f"level {level} on {channel.value} is above every cap: no unit goes beyond {LEVEL_MAX}"
                raise EstimError(text, code=Exit.REFUSED)

    async def _play(self, client: Client) -> int:
        if self._signal is not None:
            return self._refused(self._signal, "interrupted before it began")
        try:
            start = msgspec.structs.replace(self._start, typed_s=began_s())
            if self._ahead is not None:
                start = msgspec.structs.replace(start, pads_on=False)
            reply = await client.ask(start)
        except (OSError, TimeoutError):
            return await self._host_died()
        if isinstance(reply, Refusal):
            return self._refused(reply.code, reply.text)
        self._unit = reply.unit if isinstance(reply, Done) else self._start.unit
        if self._signalled():
            self._ask_stop()  # again: the first one may have come before there was anything to stop
        if self._ahead is not None:
            self._background(self._begin_at_slot(self._ahead))
        if self._may_ask:
            self._keys = Keys(self._key)
        return await self._follow(client, reply)

    async def _follow(self, client: Client, reply: Reply) -> int:
        """Tell what happens from the start's answer on; what stands before it belongs to somebody else's session."""
        begun = False
        while (line := await self._next(client)) is not None:
            begun = begun or line is reply
            if isinstance(line, Snapshot) and line.unit != self._unit:
                self._warn_of(line)
            if not begun or not isinstance(line, Snapshot | Happened) or line.unit != self._unit:
                continue
            if isinstance(line, Snapshot):
                self._show(line)
                continue
            self._tell(self._truly(line))
            if self._record.ended is not None:
                return exit_code(self._record.ended, self._signal)
        return await self._host_died()

    async def _begin_at_slot(self, ahead: Ahead) -> None:
        why = await ahead.at_slot(self._is_ready, self._is_over, lambda: self._send(Arm(self._unit)))
        if why:
            note(why)
            await self._send_stop("stopped")

    def _warn_of(self, other: Snapshot) -> None:
        """Say once that another unit may be on."""
        text = left_on(other)
        if text and other.unit not in self._warned:
            self._warned.add(other.unit)
            complain(text)

    def _is_ready(self) -> bool:
        return self._record.last is not None and self._record.last.state is State.READY

    def _is_over(self) -> bool:
        """Say whether there is nothing left to begin: it was started by a key, stopped, or has ended."""
        return self._signalled() or self._record.live or self._record.ended is not None

    async def _next(self, client: Client) -> Line | None:
        """Return the next line; None if the host has gone, or doesn't end although it had its time."""
        silent_s = 0.0
        while self._stop_by_s is None or asyncio.get_running_loop().time() < self._stop_by_s:
            try:
                return await client.line(LOOK_S)
            except TimeoutError:
                silent_s += LOOK_S
                if silent_s == SILENT_S and self._record.live:
                    self._background(self._ask_alive())
        return None

    async def _ask_alive(self) -> None:
        """Ask a silent host whether it lives, by a door of its own; it may just be looking for a lost unit."""
        try:
            await asyncio.to_thread(ask_once, socket_of(self._options), Status(), ALIVE_S)
        except EstimError:
            self._alarm(f"the host has said nothing for {SILENT_S:g} s, and output may be on")

    def _alarm(self, text: str) -> None:
        assert self._unit is not None, "only a session that was taken can go wrong"
        self._tell(Alarmed(unit=self._unit, priority=Priority.HIGH, text=text, do=self._record.by_hand))

    def _truly(self, event: Happened) -> Happened:
        """A stop that crossed the start is this person's interruption too."""
        if isinstance(event, Ended) and self._signal is not None and event.reason is Reason.STOPPED:
            return msgspec.structs.replace(event, reason=Reason.INTERRUPTED)
        return event

    def _show(self, shown: Snapshot) -> None:
        if shown.state is State.READY and not self._start.pads_on and not self._prompted:
            self._prompted = True
            note("Are the pads on, and are you sitting or lying? Press Enter to start, q to leave.")
        if not self._record.show(shown):
            self._interrupt(Exit.HUNG_UP)

    def _tell(self, event: Happened) -> None:
        if not self._record.tell(event):
            self._interrupt(Exit.HUNG_UP)

    # Ends that the host didn't tell

    def _refused(self, code: int, text: str) -> int:
        self._record.refuse(code, text)
        return code

    async def _host_died(self) -> int:
        """Start a host again, which stops what was left running, and tell what it found."""
        last = self._record.last
        if self._options.simulate is not None or (last is not None and last.simulated):
            text = "the host died, and the software unit with it"
            confirmed = True
        else:
            if self._unit is not None:
                self._alarm("the host died, and output may be on: a new one is started to stop it")
            text, confirmed = await self._recovered()
        self._tell(self._record.made_up(Reason.FAULT, text, confirmed=confirmed))
        return Exit.GENERAL if confirmed else Exit.NOT_CONFIRMED

    async def _recovered(self) -> tuple[str, bool]:
        why = ""
        try:
            async with asyncio.timeout(RECOVERY_S):
                client = await join(self._options)
                try:
                    reply = await client.ask(Stop(reason="interrupted"))
                finally:
                    await client.close()
            if isinstance(reply, Done) and reply.proved:
                return "the host died; a new one has stopped the unit, zero confirmed", True
            why = reply.text if isinstance(reply, Refusal | Done) else "it was answered with something else"
        except TimeoutError:
            why = f"no word of a new host for {RECOVERY_S:g} s"
        except (EstimError, OSError) as error:
            why = str(error)
        return f"the host died, and the stop is NOT confirmed ({why}): {self._record.by_hand}", False

    # Signals and keys

    def _signalled(self) -> bool:
        return self._signal is not None

    def _interrupt(self, code: Exit) -> None:
        if self._signal is None:
            self._signal = code
            self._ask_stop()

    def _suspend(self) -> None:
        """Ctrl-Z: the output goes to zero first, then this process stops as it was asked to."""
        self._signal = self._signal or Exit.INTERRUPTED
        self._background(self._stop_then_suspend())

    async def _stop_then_suspend(self) -> None:
        await self._send_stop()
        self._close_keys()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _ask_stop(self) -> None:
        self._background(self._send_stop())

    async def _send_stop(self, reason: Literal["stopped", "panic", "interrupted"] = "interrupted") -> None:
        """Stop, and say so if it isn't done: nothing may swallow that."""
        if self._client is None or self._record.ended is not None:
            return
        if reason == "interrupted":
            self._stop_by_s = self._stop_by_s or asyncio.get_running_loop().time() + STOP_S
        try:
            reply = await self._client.ask(Stop(unit=self._unit, reason=reason))
        except (OSError, EstimError) as error:
            self._not_stopped(str(error) or "the host doesn't answer")
            return
        if isinstance(reply, Refusal):
            self._not_stopped(reply.text)

    def _not_stopped(self, why: str) -> None:
        """Tell that a stop wasn't carried out, or proved nothing, unless the session has told its end by itself."""
        if self._record.ended is None and self._unit is not None:
            self._alarm(why)

    def _close_keys(self) -> None:
        if self._keys is not None:
            self._keys.close()

    def _key(self, key: str) -> None:
        if key in STOPS:
            self._background(self._send_stop("panic" if key == PANIC_KEY else "stopped"))
            return
        last = self._record.last
        if last is None:
            return
        channel = next((lane.channel for lane in last.lanes if lane.goal), Channel.A)
        match key:
            case "\n" | "\r" if last.state is State.READY:
                self._background(self._send(Arm(self._unit)))
            case "+" | "=":
                self._background(self._send(SetLevel(channel=channel, by=1, unit=self._unit)))
            case "-" | "_":
                self._background(self._send(SetLevel(channel=channel, by=-1, unit=self._unit)))
            case " ":
                paused = last.state is State.PAUSED
                self._background(self._send(Resume(self._unit) if paused else Pause(self._unit)))
            case _:
                pass

    async def _send(self, command: Arm | SetLevel | Pause | Resume) -> None:
        assert self._client is not None, "keys and stops come after the connection"
        with suppress(OSError, TimeoutError):
            reply = await self._client.ask(command)
            if isinstance(reply, Refusal):
                self._say_refused(reply.text)

    def _say_refused(self, text: str) -> None:
        """Tell why a key did nothing, once: a key that is held is refused thirty times a second."""
        if text not in self._refusals:
            self._refusals.add(text)
            note(f"\n{text}")

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def run_session(options: HostOptions, start: Start, *, as_json: bool, no_input: bool, at_slot: bool = False) -> int:
    """Play one session, with the questions before and after it where somebody can answer; return the exit code.

    With --json nothing is asked on the way: at a terminal open questions refuse, and the last line says so.
    """
    may_ask = not no_input and has_terminal()
    if may_ask and not as_json:
        ask_open_questions(options)
    start = msgspec.structs.replace(start, unasked=not may_ask)
    code = asyncio.run(Run(options, start, as_json=as_json, may_ask=may_ask, at_slot=at_slot).run())
    if may_ask and not as_json and code in (Exit.DONE, Exit.INTERRUPTED):
        ask_after(options)
    return code


def refuse_session(options: HostOptions, program: str, error: EstimError, *, as_json: bool) -> int:
    """Tell a session that was refused before a host was asked, as every other; return the exit code."""
    Record(options.simulate, Start(program=program), as_json=as_json).refuse(error.code, error.text)
    return error.code
