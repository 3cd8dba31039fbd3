"""`estim run`: one session in plain text or JSON lines, from pads-on to the line that says how it ended.

1. The last line is always `ended`, also after a refusal and after a host that died.
2. A signal asks for a stop and stays until that line is written; a second one changes nothing. Ctrl-Z stops first.
3. If the host dies, a new one is started within a second, which stops the unit by itself; its word is the last line.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress

import msgspec

from estim.client import HostOptions, Wire, join
from estim.core.errors import EstimError, Exit
from estim.core.happenings import Ended, Happened
from estim.core.panel import Arm, Overview, Pause, Raise, Reason, Refusal, Resume, Snapshot, Start, State, Status, Stop
from estim.plain import Screen
from protocols.vocabulary import Channel

RECOVERY_S = 30.0
"""Longest wait for the word of a new host after the first one died."""

_SIGNALS = {
    signal.SIGINT: Exit.INTERRUPTED,
    signal.SIGTERM: Exit.TERMINATED,
    signal.SIGHUP: Exit.HUNG_UP,
}


class Run:
    """One run of the command."""

    def __init__(self, options: HostOptions, start: Start, *, as_json: bool, may_ask: bool) -> None:
        self._options = options
        self._start = start
        self._json = as_json
        self._may_ask = may_ask
        self._screen = Screen()
        self._signal: Exit | None = None
        self._wire: Wire | None = None
        self._last: Snapshot | None = None
        self._unit: str | None = None
        self._state = State.IDLE
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Play; return the exit code."""
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._interrupt, number)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTSTP, self._suspend)
        try:
            if not self._start.pads_on and not self._may_ask:
                raise EstimError(
                    "nobody said that the pads are on: add --pads-on when they are, or run it at a terminal",
                    code=Exit.REFUSED,
                )
            self._wire = await join(self._options)
            return await self._play(self._wire)
        except EstimError as error:
            return self._refused(error.code, error.text)
        finally:
            if self._wire is not None:
                await self._wire.close()

    async def _play(self, wire: Wire) -> int:
        try:
            reply = await wire.ask(self._start)
        except (OSError, TimeoutError):
            return await self._host_died()
        if isinstance(reply, Refusal):
            return self._refused(Exit(reply.code), reply.text)
        self._unit = self._start.unit
        if self._signal is not None:
            self._ask_stop()
        asking = _Keys(self._key) if self._may_ask and not self._json else None
        try:
            async for line in wire.lines():
                if isinstance(line, Snapshot):
                    self._show(line)
                elif isinstance(line, Happened):
                    self._tell(line)
                if isinstance(line, Ended):
                    return self._code(line)
        finally:
            if asking is not None:
                asking.close()
        return await self._host_died()

    def _show(self, shown: Snapshot) -> None:
        self._unit = shown.unit
        before, self._state = self._state, shown.state
        self._last = shown
        if shown.state is State.READY and before is not State.READY and not self._start.pads_on and not self._json:
            sys.stdout.write("Are the pads on, and are you sitting or lying? Press Enter to start, q to leave.\n")
        if not self._json:
            self._screen.show(shown)

    def _tell(self, event: Happened) -> None:
        if self._json:
            sys.stdout.write(msgspec.json.encode(event).decode() + "\n")
            sys.stdout.flush()
        else:
            self._screen.tell(event)

    def _code(self, ended: Ended) -> int:
        """Return the exit code: an unproved stop after output beats everything, then who ended it."""
        if ended.started_at is not None and not ended.stop_confirmed:
            return Exit.NOT_CONFIRMED
        if ended.reason is Reason.INTERRUPTED:
            return self._signal or Exit.INTERRUPTED
        return {
            Reason.COMPLETED: Exit.DONE,
            Reason.STOPPED: Exit.DONE,
            Reason.PANIC: Exit.DONE,
            Reason.LINK_LOST: Exit.LINK_LOST if ended.started_at is not None else Exit.NO_DEVICE,
            Reason.REFUSED: Exit.REFUSED,
            Reason.NO_DEVICE: Exit.NO_DEVICE,
        }.get(ended.reason, Exit.GENERAL)

    def _refused(self, code: Exit | int, text: str) -> int:
        """Tell a session that never began; zero is sure then, since nothing has flowed."""
        reasons = {Exit.NO_DEVICE: Reason.NO_DEVICE, Exit.INTERRUPTED: Reason.INTERRUPTED}
        if self._json:
            self._tell(self._made_up(reasons.get(Exit(code), Reason.REFUSED), text, confirmed=True))
        else:
            sys.stderr.write(f"estim: {text}\n")
        return self._signal if code == Exit.INTERRUPTED and self._signal else code

    def _made_up(self, reason: Reason, text: str, *, confirmed: bool) -> Ended:
        last = self._last
        level_end: dict[Channel, int | None] = (
            {lane.channel: 0 if confirmed else None for lane in last.lanes} if last else {}
        )
        return Ended(
            reason=reason,
            program=self._start.program,
            unit=last.unit if last else self._start.unit or "",
            family=last.family if last else (self._options.simulate or "").partition(":")[0],
            simulated=self._options.simulate is not None,
            started_at=None,
            duration_s=last.elapsed_s if last else 0.0,
            level_max={lane.channel: lane.hi for lane in last.lanes} if last else {},
            level_end=level_end,
            stop_confirmed=confirmed,
            message=text,
        )

    async def _host_died(self) -> int:
        """Start a host again, which stops what was left running, and tell what it found."""
        if self._options.simulate is not None:
            text, confirmed = "the host died, and the software unit with it", True
        else:
            text, confirmed = await self._recovered()
        self._tell(self._made_up(Reason.FAULT, text, confirmed=confirmed))
        return Exit.GENERAL if confirmed else Exit.NOT_CONFIRMED

    async def _recovered(self) -> tuple[str, bool]:
        by_hand = self._last.by_hand if self._last else "switch the unit off by hand"
        try:
            async with asyncio.timeout(RECOVERY_S):
                wire = await join(self._options)
                try:
                    reply = await wire.ask(Stop(reason="interrupted"))
                    status = await wire.ask(Status())
                finally:
                    await wire.close()
        except (EstimError, OSError, TimeoutError) as error:
            return f"the host died, and the stop is NOT confirmed ({error}): {by_hand}", False
        sure = not isinstance(reply, Refusal) and isinstance(status, Overview)
        return (
            ("the host died; a new one has stopped the unit, zero confirmed", True)
            if sure
            else (f"the host died, and the stop is NOT confirmed: {by_hand}", False)
        )

    # Signals and keys

    def _interrupt(self, number: signal.Signals) -> None:
        if self._signal is None:
            self._signal = _SIGNALS[number]
            self._ask_stop()

    def _suspend(self) -> None:
        """Ctrl-Z: the output goes to zero first, then this process stops as it was asked to."""
        self._background(self._stop_then_suspend())

    async def _stop_then_suspend(self) -> None:
        await self._send_stop()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _ask_stop(self) -> None:
        if self._wire is not None:
            self._background(self._send_stop())

    async def _send_stop(self) -> None:
        if self._wire is not None:
            with suppress(OSError, TimeoutError):
                await self._wire.ask(Stop(unit=self._unit, reason="interrupted"))

    def _key(self, key: str) -> None:
        wire = self._wire
        if wire is None or self._last is None:
            return
        channel = next((lane.channel for lane in self._last.lanes if lane.goal), Channel.A)
        match key:
            case "\n" | "\r" if self._state is State.READY:
                self._background(self._send(Arm(self._unit)))
            case "+" | "=":
                self._background(self._send(Raise(channel=channel, by=1, unit=self._unit)))
            case "-" | "_":
                self._background(self._send(Raise(channel=channel, by=-1, unit=self._unit)))
            case " ":
                paused = self._state is State.PAUSED
                self._background(self._send(Resume(self._unit) if paused else Pause(self._unit)))
            case "q" | "s":
                self._background(self._send(Stop(unit=self._unit)))
            case _:
                pass

    async def _send(self, command: Arm | Raise | Pause | Resume | Stop) -> None:
        assert self._wire is not None, "keys come after the wire"
        with suppress(OSError, TimeoutError):
            reply = await self._wire.ask(command)
            if isinstance(reply, Refusal):
                sys.stderr.write(f"\n{reply.text}\n")

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Keys:
    """Single keys of a terminal, without Enter; the terminal is put back as it was."""

    def __init__(self, pressed: Callable[[str], None]) -> None:
        import termios
        import tty

        self._handle = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._handle)
        self._pressed = pressed
        tty.setcbreak(self._handle)
        asyncio.get_running_loop().add_reader(self._handle, self._read)

    def _read(self) -> None:
        for key in os.read(self._handle, 32).decode(errors="ignore"):
            self._pressed(key)

    def close(self) -> None:
        """Give the terminal back."""
        import termios

        asyncio.get_running_loop().remove_reader(self._handle)
        termios.tcsetattr(self._handle, termios.TCSADRAIN, self._before)


def run_session(options: HostOptions, start: Start, *, as_json: bool, no_input: bool) -> int:
    """Play one session; return the exit code."""
    may_ask = not no_input and sys.stdin is not None and sys.stdin.isatty()
    return asyncio.run(Run(options, start, as_json=as_json, may_ask=may_ask).run())
