"""Tells on the desktop: org.freedesktop.Notifications on the session bus, the one door to it.

1. The number that the service gave a notice is kept per key, and a later notice of that key replaces it.
2. Numbers count for one run of the service. When it ends or the bus drops they are forgotten: the same number may then
   be another program's notice.
3. An answer that comes after the time-out still counts: its buttons are on the screen.
4. Only the service itself can say that a button was pressed, and only one that was offered.
"""

import asyncio
import contextlib
import html
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estim.core.translation import tr
from estim.host.notify.notice import Notification, TellError, one_line

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus
    from dbus_fast.message import Message

TIMEOUT_S = 2.0
NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
_BUS = "org.freedesktop.DBus"
_RULES = (
    f"type='signal',sender='{NAME}',path='{PATH}',interface='{NAME}'",
    f"type='signal',sender='{_BUS}',interface='{_BUS}',member='NameOwnerChanged',arg0='{NAME}'",
)
_NO_SERVICE = ("ServiceUnknown", "NameHasNoOwner")
_BY_THE_SERVICE = -1
"""How long a notice stays is the service's own matter."""


class Desktop:
    """Shows notices on the desktop; `acted` is called with the key and the action of a button that was pressed."""

    name = "desktop"

    def __init__(
        self, acted: Callable[[str, str], None], *, timeout_s: float = TIMEOUT_S, address: str | None = None
    ) -> None:
        self._acted = acted
        self.timeout_s = timeout_s
        self._address = address
        self._turn = asyncio.Lock()  # two notices of one key must not overtake each other
        self._bus: MessageBus | None = None
        self._can: frozenset[str] | None = None
        self._server = ""
        self._asked: dict[int, Notification] = {}  # by the number of the call
        self._shown: dict[int, Notification] = {}  # by the number of the service

    async def tell(self, notice: Notification) -> None:
        """Show the notice; raises TellError without a bus or service, or if it doesn't answer in time."""
        try:
            async with asyncio.timeout(self.timeout_s), self._turn:
                await self._show(notice)
        except TimeoutError:
            raise TellError(
                tr(
                    "the desktop's notification service didn't answer within {seconds:g} s: restart it, or "
                    "sign in to the desktop again",
                    seconds=self.timeout_s,
                )
            ) from None
        except ImportError as error:
            raise TellError(tr("notices on the desktop need Linux and the package dbus-fast")) from error
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise TellError(
                tr("the desktop's session bus can't be reached: start estim from inside the desktop session")
            ) from error

    async def withdraw(self, key: str) -> None:
        """Take the notice of this key off the screen; its buttons count no more, even if it comes to be shown late."""
        with contextlib.suppress(TellError, TimeoutError, OSError, EOFError):
            async with asyncio.timeout(self.timeout_s), self._turn:
                for serial in [serial for serial, notice in self._asked.items() if notice.key == key]:
                    del self._asked[serial]
                for number in self._numbers(key):
                    del self._shown[number]
                    if self._bus is not None and self._bus.connected:
                        await _ask(self._bus, NAME, PATH, "CloseNotification", "u", [number])

    async def close(self) -> None:
        """Leave the bus; what is on the screen stays there."""
        async with self._turn:
            bus = self._bus
            self._bus = None
            self._forget()
            if bus is not None:
                bus.disconnect()
                with contextlib.suppress(OSError, EOFError):
                    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # dbus-fast left it without types

    async def _show(self, notice: Notification) -> None:
        from dbus_fast.signature import Variant

        bus = await self._connected()
        if self._can is None:
            reply = await _ask(bus, NAME, PATH, "GetCapabilities")
            self._can = frozenset(reply.body[0])
        can = self._can
        title, text = (one_line(notice.title), one_line(notice.text)) if "body" in can else (notice.line, "")
        if "body-markup" in can:
            text = html.escape(text, quote=False)
        buttons = [one_line(word) for pair in notice.actions for word in pair] if "actions" in can else []
        hints = {"urgency": Variant("y", 2 if notice.urgent else 1), "transient": Variant("b", False)}
        before = max(self._numbers(notice.key), default=0)
        serial = bus.next_serial()
        self._asked[serial] = notice
        body = ["estim", before, "", title, text, buttons, hints, _BY_THE_SERVICE]
        await _ask(bus, NAME, PATH, "Notify", "susssasa{sv}i", body, serial)

    def _numbers(self, key: str) -> list[int]:
        return [number for number, notice in self._shown.items() if notice.key == key]

    async def _connected(self) -> "MessageBus":
        """Return the bus, after a drop a new one."""
        if self._bus is not None and self._bus.connected:
            return self._bus
        from dbus_fast.aio import MessageBus

        self._forget()
        self._asked.clear()  # a new bus counts its calls anew
        bus = MessageBus(self._address or _session_bus())
        bus.add_message_handler(self._hear)
        try:
            await bus.connect()
            for rule in _RULES:
                await _ask(bus, _BUS, "/org/freedesktop/DBus", "AddMatch", "s", [rule])
            self._bus = bus
        finally:
            if self._bus is not bus:
                bus.disconnect()
        return bus

    def _forget(self) -> None:
        self._can = None
        self._shown.clear()

    def _hear(self, message: "Message") -> None:
        """Take what the bus brings, in its order: the number of a notice is known before its buttons can be pressed."""
        from dbus_fast.constants import MessageType

        if message.message_type is MessageType.SIGNAL:
            self._hear_signal(message)
        elif message.message_type is not MessageType.METHOD_CALL:
            notice = self._asked.pop(message.reply_serial or 0, None)
            if notice is not None and message.message_type is MessageType.METHOD_RETURN:
                for number in self._numbers(notice.key):
                    del self._shown[number]
                self._shown[message.body[0]] = notice
                self._server = message.sender or ""

    def _hear_signal(self, message: "Message") -> None:
        if message.sender == _BUS and message.member == "NameOwnerChanged" and message.body[0] == NAME:
            self._forget()
        if message.interface != NAME or message.sender != self._server:
            return
        if message.member == "NotificationClosed":
            self._shown.pop(message.body[0], None)
        if message.member == "ActionInvoked":
            number, action = message.body
            notice = self._shown.get(number)
            if notice is not None and action in dict(notice.actions):
                self._acted(notice.key, action)


async def _ask(
    bus: "MessageBus",
    name: str,
    path: str,
    member: str,
    signature: str = "",
    body: list[Any] | None = None,
    serial: int = 0,
) -> "Message":
    """Call a method of the interface that is named as the service is; raises TellError if it refuses."""
    from dbus_fast.constants import MessageType
    from dbus_fast.message import Message

    call = Message(
        destination=name,
        path=path,
        interface=name,
        member=member,
        signature=signature,
        body=body or [],
        serial=serial or bus.next_serial(),
    )
    reply = await bus.call(call)
    if reply.message_type is MessageType.METHOD_RETURN:
        return reply
    error = (reply.error_name or "unknown").rpartition(".")[2]
    if error in _NO_SERVICE:
        raise TellError(
            tr(
                "nothing shows notices on this desktop: start a notification service (GNOME and KDE "
                "bring one, else mako or dunst)"
            )
        )
    raise TellError(tr("the desktop's notification service refused the notice ({error})", error=error))


def _session_bus() -> str | None:
    """Return the bus of a session whose programs were not told of it, as under ssh or cron; None: dbus-fast looks."""
    usual = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "bus")
    return f"unix:path={usual}" if "DBUS_SESSION_BUS_ADDRESS" not in os.environ and usual.exists() else None
