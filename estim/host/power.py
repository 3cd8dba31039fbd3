"""Keeps the computer from sleeping in a session, and stops every session before a sleep that comes: logind's one door.

1. While a session runs the host holds two of logind's locks on sleep: "block", so that the computer doesn't fall
   asleep by itself, and "delay", so that a sleep which a person forces waits for the stop.
2. Before a sleep everything is stopped; the locks are given back when that stop has returned, or shortly before
   logind's own patience is over.
3. No sleep is blocked for ever: locks go when no session runs, when the host ends (they are open files), when the stop
   doesn't come back, and "block" also when longer than the longest session has passed since the last one began.
4. Without logind nothing else changes, and it is told once: the core notices on wake that time is missing.
5. Only logind itself can say that the computer goes to sleep.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from estim.core.session.guard import SESSION_MAX_S
from estim.core.translation import mark, tr_text

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus
    from dbus_fast.message import Message

TIMEOUT_S = 2.0
NAME = "org.freedesktop.login1"
PATH = "/org/freedesktop/login1"
MANAGER = "org.freedesktop.login1.Manager"
PROPERTIES = "org.freedesktop.DBus.Properties"
_BUS = "org.freedesktop.DBus"
_RULES = (
    f"type='signal',sender='{NAME}',path='{PATH}',interface='{MANAGER}',member='PrepareForSleep'",
    f"type='signal',sender='{_BUS}',interface='{_BUS}',member='NameOwnerChanged',arg0='{NAME}'",
)
_MODES = ("block", "delay")
_WHY = {
    "block": mark("electrodes are in use"),
    "delay": mark("the stimulator is stopped before the computer sleeps"),
}
DELAY_S = 5.0
"""How long logind waits for a delay lock, unless it says something else: InhibitDelayMaxSec in logind.conf(5)."""

DELAY_MAX_S = 30.0
"""Longest wait for a stop before a sleep, s, however patient logind is."""

MARGIN_S = 0.5
"""How long before the end of logind's patience its lock is given back, s."""

BLOCK_MAX_S = SESSION_MAX_S + 3600.0
"""Longest time that sleep is blocked after the last session began, s; a lost unit may be looked for without an end."""

AGAIN_S = 1.0
"""First wait before the bus, or a lock that is missing, is asked for again, s."""

AGAIN_MAX_S = 60.0
"""Longest such wait, s."""


class Power:
    """Holds the locks while `busy`; `stop` stops everything and returns when that is verified, or can't be soon."""

    def __init__(
        self, stop: Callable[[], Awaitable[None]], *, address: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._stop = stop
        self._address = address
        self.timeout_s = timeout_s
        self._busy = False
        self._asleep = False  # from the word that sleep is near until the word that it is over
        self._blocks = False  # sleep may be blocked still
        self._changed = asyncio.Event()
        self._locks: dict[str, int] = {}  # the open file of each lock, by its mode
        self._asked: dict[int, str] = {}  # the mode that a call asks for, by the number of the call
        self._owner = ""
        self._delay_s = DELAY_S
        self._stops: set[asyncio.Future[None]] = set()
        self._limit: asyncio.TimerHandle | None = None
        self._unblock: asyncio.TimerHandle | None = None
        self._told = False

    def busy(self, busy: bool) -> None:
        """Say whether a session is under way. With none the locks are given back in this very call."""
        self._busy = busy
        if self._unblock is not None:
            self._unblock.cancel()
            self._unblock = None
        self._blocks = busy
        if busy:
            self._unblock = asyncio.get_running_loop().call_later(BLOCK_MAX_S, self._stop_blocking)
        if busy and self._asleep:
            self._stop_first()  # one that began between the word and the sleep
        elif not busy and not self._stops:
            self._give_back()
        self._changed.set()

    async def run(self) -> None:
        """Hold the locks whenever they are due; until it is cancelled."""
        from_s = AGAIN_S
        try:
            while True:
                self._changed.clear()
                try:
                    await self._with_bus()
                    from_s = AGAIN_S  # there was a bus, and it has gone
                except ImportError:
                    self._tell("the package dbus-fast is missing")  # untranslated: for the log
                except Exception as error:  # noqa: BLE001 - whatever a foreign bus does, no session suffers from it
                    why = str(error) or type(error).__name__
                    self._tell(f"the system's message bus can't be reached: {why}")  # untranslated: for the log
                finally:
                    self._forget()
                await self._wait(from_s)
                from_s = min(2 * from_s, AGAIN_MAX_S)
        finally:
            for stop in list(self._stops):
                stop.cancel()
            for timer in (self._limit, self._unblock):
                if timer is not None:
                    timer.cancel()

    async def _with_bus(self) -> None:
        """Connect, and hold what is due, until the bus has gone. Raises whatever keeps it from being connected."""
        from dbus_fast.aio import MessageBus
        from dbus_fast.constants import BusType, MessageType

        bus = MessageBus(self._address, bus_type=BusType.SYSTEM, negotiate_unix_fd=True)
        bus.add_message_handler(self._hear)
        leaving: asyncio.Future[None] | None = None
        try:
            async with asyncio.timeout(self.timeout_s):
                await bus.connect()
                for rule in _RULES:
                    await _call(bus, _BUS, "/org/freedesktop/DBus", _BUS, "AddMatch", "s", [rule])
                reply = await _call(bus, _BUS, "/org/freedesktop/DBus", _BUS, "GetNameOwner", "s", [NAME])
                if reply.message_type is MessageType.METHOD_RETURN:
                    self._owner = reply.body[0]
            left = bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # dbus-fast left it without types
            leaving = asyncio.ensure_future(left)
            leaving.add_done_callback(lambda _left: self._changed.set())
            await self._hold(bus)
        finally:
            bus.disconnect()
            if leaving is not None:
                with contextlib.suppress(Exception):
                    await leaving
                self._changed.clear()  # set by the bus that went: one that drops everybody is asked again after a pause

    async def _hold(self, bus: "MessageBus") -> None:
        """Take what is due at every change, until the bus has gone; what is refused is asked for again, ever later."""
        again_s = AGAIN_S
        while bus.connected:
            self._changed.clear()
            if await self._take(bus):
                again_s = AGAIN_S
                await self._changed.wait()
            else:
                await self._wait(again_s)
                again_s = min(2 * again_s, AGAIN_MAX_S)

    async def _wait(self, seconds: float) -> None:
        """Wait for a change, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def _due(self, mode: str) -> bool:
        return self._busy and not self._asleep and (self._blocks or mode != "block")

    async def _take(self, bus: "MessageBus") -> bool:
        """Ask for each lock that is due and missing; say whether none is missing now."""
        from dbus_fast.constants import MessageType

        missing = [mode for mode in _MODES if self._due(mode) and mode not in self._locks]
        if missing:
            await self._ask_delay(bus)
        refused = ""
        for mode in missing:
            if not self._due(mode):
                continue
            serial = bus.next_serial()
            self._asked[serial] = mode
            body = ["sleep", "estim", tr_text(_WHY[mode]), mode]
            try:
                async with asyncio.timeout(self.timeout_s):
                    reply = await _call(bus, NAME, PATH, MANAGER, "Inhibit", "ssss", body, serial)
            except TimeoutError:
                refused = f"logind didn't answer within {self.timeout_s:g} s"  # untranslated: for the log
                continue
            finally:
                known = self._asked.pop(serial, None)  # a lock that comes later than this is given back at once
            if known is None:
                return False  # logind is another one by now, and is asked anew
            if reply.message_type is not MessageType.METHOD_RETURN:
                refused = f"logind refused a lock ({reply.error_name})"  # untranslated: for the log
            elif self._due(mode) and mode not in self._locks:
                refused = "the message bus passed no lock on"  # untranslated: for the log
        if missing and not refused:
            self._told = False
        elif refused:
            self._tell(refused)
        return not any(self._due(mode) and mode not in self._locks for mode in _MODES)

    async def _ask_delay(self, bus: "MessageBus") -> None:
        """Ask how long logind waits for a delay lock; if it doesn't say, what it waits by default holds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.timeout_s):
                reply = await _call(bus, NAME, PATH, PROPERTIES, "Get", "ss", [MANAGER, "InhibitDelayMaxUSec"])
                value = reply.body[0].value if reply.signature == "v" else None
                self._delay_s = value / 1e6 if isinstance(value, int) else DELAY_S

    def _hear(self, message: "Message") -> None:
        """Take what the bus brings, in its order. A file that comes with a message is a lock, or is closed at once."""
        from dbus_fast.constants import MessageType

        mode = self._asked.get(message.reply_serial or 0)
        files = list(message.unix_fds)
        if mode is not None and message.sender != _BUS:
            self._owner = message.sender or ""
            if files and message.message_type is MessageType.METHOD_RETURN and self._due(mode):
                self._close(mode)
                self._locks[mode] = files.pop(0)
        for file in files:
            os.close(file)
        if message.message_type is MessageType.SIGNAL:
            self._hear_signal(message)

    def _hear_signal(self, message: "Message") -> None:
        if message.sender == _BUS and message.member == "NameOwnerChanged" and message.body[0] == NAME:
            self._forget()  # another logind knows nothing of these locks
            self._owner = message.body[2]
            self._changed.set()
        if message.interface != MANAGER or message.member != "PrepareForSleep" or message.sender != self._owner:
            return
        self._asleep = bool(message.body[0])
        if not self._asleep:
            self._cancel_limit()
        elif self._busy:
            self._cancel_limit()
            patience_s = min(self._delay_s, DELAY_MAX_S)
            limit_s = max(patience_s - MARGIN_S, patience_s / 2)
            self._limit = asyncio.get_running_loop().call_later(limit_s, self._late, limit_s)
            logging.getLogger(__name__).warning("the computer is going to sleep: everything is stopped first")
            self._stop_first()
        self._changed.set()

    def _stop_first(self) -> None:
        stop = asyncio.ensure_future(self._stop())
        self._stops.add(stop)
        stop.add_done_callback(self._stopped)

    def _stopped(self, stop: asyncio.Future[None]) -> None:
        """A stop has returned: when it was the last the computer may sleep."""
        self._stops.discard(stop)
        if not stop.cancelled() and (bug := stop.exception()) is not None:
            logging.getLogger(__name__).error("the stop before a sleep broke off", exc_info=bug)
        if not self._stops:
            self._cancel_limit()
            if self._asleep or not self._busy:
                self._give_back()

    def _late(self, limit_s: float) -> None:
        """The stop has not returned in time: it goes on, but the computer isn't kept any longer."""
        logging.getLogger(__name__).error(
            "the stop was not verified within %g s before the computer sleeps: look at the unit", limit_s
        )
        self._give_back()

    def _cancel_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _stop_blocking(self) -> None:
        self._blocks = False
        self._close("block")

    def _forget(self) -> None:
        """Nothing is known of logind any more."""
        self._owner = ""
        self._asleep = False
        self._delay_s = DELAY_S
        self._cancel_limit()
        self._asked.clear()
        self._give_back()

    def _give_back(self) -> None:
        for mode in list(self._locks):
            self._close(mode)

    def _close(self, mode: str) -> None:
        file = self._locks.pop(mode, None)
        if file is not None:
            os.close(file)

    def _tell(self, why: str) -> None:
        """Tell once that the computer may sleep in a session; before there is one it troubles nobody."""
        if self._busy and not self._told:
            self._told = True
            logging.getLogger(__name__).warning(
                "the computer isn't kept from sleeping in a session (%s): switch automatic sleep off, or stay with it",
                why,
            )


async def _call(
    bus: "MessageBus",
    name: str,
    path: str,
    interface: str,
    member: str,
    signature: str,
    body: list[Any],
    serial: int = 0,
) -> "Message":
    """Call a method and return its answer, a refusal included."""
    from dbus_fast.message import Message

    return await bus.call(
        Message(
            destination=name,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=body,
            serial=serial or bus.next_serial(),
        )
    )
