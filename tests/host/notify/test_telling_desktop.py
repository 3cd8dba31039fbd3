"""Notices on the desktop, over a message bus of our own with a played notification service on it."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.message import Message
from dbus_fast.unpack import unpack_variants

from estim.host.notify.desktop import NAME, PATH, Desktop
from estim.host.notify.notice import Notification, TellError
from tests.host.message_bus import Bus, bus, dropped, names, settled

__all__ = ["bus"]

MORNING = "2026-03-29T08:00"
BUTTONS = (("start", "Get ready"), ("snooze", "Snooze 15 min"))
DUE = Notification(MORNING, "Time for a session", "The slot of 08:00 is open until 10:00", actions=BUTTONS)
ALL = ("actions", "body", "body-markup")


@dataclass
class Service:
    """A notification service as the desktops have: it numbers notices, and keeps the number of one it replaces."""

    bus: MessageBus
    can: tuple[str, ...] = ALL
    mute: bool = False
    calls: list[tuple[str, list[Any]]] = field(default_factory=list)
    held: list[Message] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    refuses: bool = False
    last: int = 0

    def answer(self, asked: Message) -> Message | bool | None:
        if asked.message_type is not MessageType.METHOD_CALL or asked.interface != NAME:
            return None
        self.calls.append((asked.member or "", unpack_variants(asked.body)))
        self.heard.set()
        if self.mute:
            self.held.append(asked)
            return True
        if self.refuses:
            return Message.new_error(asked, "org.freedesktop.Notifications.Error.ExcessNotificationGeneration", "no")
        return self.reply(asked)

    def reply(self, asked: Message) -> Message:
        if asked.member == "GetCapabilities":
            return Message.new_method_return(asked, "as", [list(self.can)])
        if asked.member == "Notify":
            self.last = asked.body[1] or self.last + 1
            return Message.new_method_return(asked, "u", [self.last])
        return Message.new_method_return(asked)

    def notified(self) -> list[list[Any]]:
        return [body for member, body in self.calls if member == "Notify"]

    async def signal(self, member: str, signature: str, *body: Any, by: MessageBus | None = None) -> None:
        await (by or self.bus).send(Message.new_signal(PATH, NAME, member, signature, list(body)))


@dataclass
class Scene:
    """A desktop way, the buttons that it heard of, and everything that is closed at the end."""

    bus: Bus
    undo: AsyncExitStack
    acted: list[tuple[str, str]] = field(default_factory=list)
    pressed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.way = Desktop(self._act, address=self.bus.address)
        self.undo.push_async_callback(self.way.close)

    def _act(self, key: str, action: str) -> None:
        self.acted.append((key, action))
        self.pressed.set()

    async def connect(self) -> MessageBus:
        made = await MessageBus(self.bus.address).connect()

        async def leave() -> None:
            made.disconnect()
            with contextlib.suppress(EOFError):
                await dropped(made)

        self.undo.push_async_callback(leave)
        return made

    async def serve(self) -> Service:
        service = Service(await self.connect())
        service.bus.add_message_handler(service.answer)
        await service.bus.request_name(NAME)
        return service


@pytest.fixture
async def scene(bus: Bus) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as undo:
        yield Scene(bus, undo)


async def test_a_notice_shows_its_texts_and_buttons(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(DUE)
    name, replaces, icon, title, text, buttons, hints, expires_ms = service.notified()[0]
    assert (name, replaces, icon, expires_ms) == ("estim", 0, "", -1)
    assert (title, text) == (DUE.title, DUE.text)
    assert buttons == ["start", "Get ready", "snooze", "Snooze 15 min"]
    assert hints == {"urgency": 1, "transient": False}


async def test_an_urgent_notice_stays_by_its_urgency(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(Notification("stop", "Look at the unit", "The stop is not confirmed", urgent=True))
    assert service.notified()[0][6]["urgency"] == 2


async def test_a_notice_of_the_same_key_replaces_the_earlier_one(scene: Scene) -> None:
    service = await scene.serve()
    for key in (MORNING, "2026-03-29T20:00", MORNING):
        await scene.way.tell(Notification(key, "Time for a session", "now"))
    assert [body[1] for body in service.notified()] == [0, 0, 1]


async def test_two_notices_of_one_key_at_once_are_one_on_the_screen(scene: Scene) -> None:
    service = await scene.serve()
    await asyncio.gather(scene.way.tell(DUE), scene.way.tell(DUE))
    assert [body[1] for body in service.notified()] == [0, 1]


async def test_a_pressed_button_is_told_with_the_key_of_its_notice(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(DUE)
    await service.signal("ActionInvoked", "us", 1, "start")
    await scene.pressed.wait()
    assert scene.acted == [(MORNING, "start")]


@pytest.mark.control("C-13")
async def test_only_an_offered_button_of_our_own_notice_and_from_the_service_counts(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(DUE)
    stranger = await scene.connect()
    await service.signal("ActionInvoked", "us", 1, "raise")
    await service.signal("ActionInvoked", "us", 7, "start")
    forged = Message.new_signal(PATH, NAME, "ActionInvoked", "us", [1, "snooze"])
    forged.destination = next(iter(await names(stranger) - {stranger.unique_name, service.bus.unique_name}))
    await stranger.send(forged)
    await settled(stranger)
    await service.signal("ActionInvoked", "us", 1, "start")
    await scene.pressed.wait()
    assert scene.acted == [(MORNING, "start")]


async def test_a_closed_notice_is_not_replaced_but_shown_anew(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(DUE)
    await service.signal("NotificationClosed", "uu", 1, 2)
    await settled(service.bus)
    await scene.way.tell(DUE)
    assert [body[1] for body in service.notified()] == [0, 0]


async def test_a_withdrawn_notice_is_closed_and_its_buttons_are_dead(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(DUE)
    await scene.way.withdraw(MORNING)
    await scene.way.withdraw("another")
    assert [body for member, body in service.calls if member == "CloseNotification"] == [[1]]
    await service.signal("ActionInvoked", "us", 1, "start")
    await scene.way.tell(Notification("other", "Time for a session", "now"))  # its answer comes after the signal
    assert scene.acted == []


async def test_a_service_without_buttons_gets_none(scene: Scene) -> None:
    service = await scene.serve()
    service.can = ("body",)
    await scene.way.tell(DUE)
    assert service.notified()[0][5] == []


@pytest.mark.parametrize(("can", "shown"), [(ALL, "calf &lt;b&gt; &amp; more"), (("body",), "calf <b> & more")])
async def test_markup_is_escaped_where_the_service_reads_it(scene: Scene, can: tuple[str, ...], shown: str) -> None:
    service = await scene.serve()
    service.can = can
    await scene.way.tell(Notification("k", "t", "calf <b>\0 & more"))
    assert service.notified()[0][4] == shown


async def test_a_mute_service_is_waited_for_no_longer_than_said(scene: Scene) -> None:
    service = await scene.serve()
    service.mute = True
    scene.way.timeout_s = 0.2
    with pytest.raises(TellError, match=r"didn't answer within 0\.2 s: restart it"):
        await scene.way.tell(DUE)


async def test_a_late_answer_still_counts(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(Notification("first", "t", "x"))
    service.mute = True
    service.heard.clear()
    scene.way.timeout_s = 0.2
    with pytest.raises(TellError):
        await scene.way.tell(DUE)
    await service.heard.wait()
    await service.bus.send(service.reply(service.held[0]))
    await service.signal("ActionInvoked", "us", 2, "start")
    await scene.pressed.wait()
    assert scene.acted == [(MORNING, "start")]


async def test_a_notice_that_was_withdrawn_before_it_came_has_dead_buttons(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(Notification("first", "t", "x", actions=BUTTONS))
    service.mute = True
    service.heard.clear()
    scene.way.timeout_s = 0.2
    with pytest.raises(TellError):
        await scene.way.tell(DUE)
    await service.heard.wait()
    await scene.way.withdraw(MORNING)
    await service.bus.send(service.reply(service.held[0]))
    await service.signal("ActionInvoked", "us", 2, "start")
    await service.signal("ActionInvoked", "us", 1, "snooze")
    await scene.pressed.wait()
    assert scene.acted == [("first", "snooze")]


async def test_a_service_with_titles_only_gets_the_text_in_the_title(scene: Scene) -> None:
    service = await scene.serve()
    service.can = ()
    await scene.way.tell(DUE)
    assert service.notified()[0][3:5] == ["Time for a session: The slot of 08:00 is open until 10:00", ""]


async def test_without_the_library_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dbus_fast.signature", None)
    with pytest.raises(TellError, match="need Linux and the package dbus-fast"):
        await Desktop(lambda key, action: None).tell(DUE)


async def test_without_a_service_there_is_a_sentence(scene: Scene) -> None:
    with pytest.raises(TellError, match="nothing shows notices on this desktop: start a notification service"):
        await scene.way.tell(DUE)
    service = await scene.serve()
    await scene.way.tell(DUE)
    assert len(service.notified()) == 1


async def test_a_service_that_refuses_is_told(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(DUE)
    service.refuses = True
    with pytest.raises(TellError, match=r"refused the notice \(ExcessNotificationGeneration\)"):
        await scene.way.tell(DUE)


async def test_a_service_that_was_restarted_is_asked_anew(scene: Scene) -> None:
    first = await scene.serve()
    await scene.way.tell(DUE)
    await first.bus.release_name(NAME)
    second = await scene.serve()
    second.can = ("body",)
    await scene.way.tell(DUE)
    assert second.notified()[0][1] == 0  # the old number may be another program's notice now
    assert second.notified()[0][5] == []


async def test_a_bus_that_dropped_is_connected_again_at_the_next_notice(scene: Scene) -> None:
    service = await scene.serve()
    await scene.way.tell(DUE)
    scene.bus.stop()
    with pytest.raises(EOFError):
        await dropped(service.bus)
    with pytest.raises(TellError, match="session bus can't be reached: start estim from inside the desktop session"):
        await scene.way.tell(DUE)
    await scene.way.withdraw(MORNING)
    scene.bus.start()
    fresh = await scene.serve()
    await scene.way.tell(DUE)
    assert fresh.notified()[0][1] == 0


@pytest.mark.parametrize("address", ["unix:path=/nonexistent/bus", "nothing", "tcp:host=127.0.0.1,port=x"])
async def test_without_a_bus_there_is_a_sentence(address: str) -> None:
    way = Desktop(lambda key, action: None, address=address)
    with pytest.raises(TellError, match="session bus can't be reached"):
        await way.tell(DUE)
    await way.withdraw(MORNING)
    await way.close()


async def test_the_session_bus_is_found_where_nobody_named_it(
    tmp_path: Path, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    way = Desktop(lambda key, action: None)
    with pytest.raises(TellError, match="nothing shows notices"):
        await way.tell(DUE)
    await way.close()
