"""Asks BlueZ for its adapters, and for units that it already holds a link to: these don't advertise (bluetooth.md)."""

import asyncio
import contextlib
import sys
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

ASK_S = 3.0


class Attached(Struct, frozen=True):
    """A connected unit: `path` is its D-Bus object, for instance /org/bluez/hci0/dev_C1_02_03_04_05_06."""

    address: str
    name: str
    services: tuple[str, ...]
    path: str


async def attached_units() -> list[Attached]:
    """Return what BlueZ is connected to, within ASK_S; empty where there is no BlueZ, or it doesn't answer."""
    return connected_of(await _known_objects())


def connected_of(objects: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[Attached]:
    """Pick the connected devices out of BlueZ's objects (path -> interface -> property -> value)."""
    found = []
    for path, interfaces in objects.items():
        device = interfaces.get("org.bluez.Device1", {})
        if device.get("Connected") and device.get("Address"):
            services = tuple(str(uuid).lower() for uuid in device.get("UUIDs", ()))
            found.append(Attached(str(device["Address"]), str(device.get("Name", "")), services, path))
    return found


class Adapter(Struct, frozen=True):
    """A Bluetooth adapter of the system: `name` is BlueZ's, such as hci0."""

    name: str
    powered: bool


async def system_adapters() -> list[Adapter]:
    """Return BlueZ's adapters by name, within ASK_S; empty where there is no BlueZ, or it doesn't answer."""
    return adapters_of(await _known_objects())


def adapters_of(objects: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[Adapter]:
    """Pick the adapters that can be a central out of BlueZ's objects (path -> interface -> property -> value)."""
    found = []
    for path, interfaces in sorted(objects.items()):
        adapter = interfaces.get("org.bluez.Adapter1")
        if adapter is not None and "central" in adapter.get("Roles", ("central",)):
            found.append(Adapter(path.rpartition("/")[2], bool(adapter.get("Powered"))))
    return found


async def _known_objects() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    if sys.platform != "linux":
        return {}
    from dbus_fast.errors import DBusError

    with contextlib.suppress(OSError, EOFError, TimeoutError, DBusError, ValueError):
        async with asyncio.timeout(ASK_S):
            return await _objects()
    return {}


async def _objects() -> dict[str, dict[str, dict[str, Any]]]:
    from dbus_fast.aio import MessageBus
    from dbus_fast.constants import BusType, MessageType
    from dbus_fast.message import Message
    from dbus_fast.unpack import unpack_variants

    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        await bus.connect()
        reply = await bus.call(
            Message(
                destination="org.bluez",
                path="/",
                interface="org.freedesktop.DBus.ObjectManager",
                member="GetManagedObjects",
            )
        )
    finally:
        bus.disconnect()
    if reply.message_type is not MessageType.METHOD_RETURN:
        return {}
    objects: dict[str, dict[str, dict[str, Any]]] = unpack_variants(reply.body[0])
    return objects
