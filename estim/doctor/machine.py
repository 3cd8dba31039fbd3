"""Facts about the computer: its Bluetooth, its clock, its disk."""

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import Any

from estim.doctor.findings import Adapter

CALL_S = 5.0
"""Longest wait for the message bus or a program, s."""

_BLUEZ = "org.bluez"


async def adapters() -> list[Adapter] | None:
    """Return the adapters that BlueZ has, None if it doesn't answer."""
    from dbus_fast import BusType, Message, MessageType
    from dbus_fast.aio import MessageBus

    bus = None
    try:
        async with asyncio.timeout(CALL_S):
            bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
            reply = await bus.call(
                Message(
                    destination=_BLUEZ,
                    path="/",
                    interface="org.freedesktop.DBus.ObjectManager",
                    member="GetManagedObjects",
                )
            )
    except (OSError, TimeoutError, EOFError):
        return None
    finally:
        if bus is not None:
            bus.disconnect()
    if reply.message_type is not MessageType.METHOD_RETURN:
        return None
    return _read(reply.body[0])


def _read(objects: dict[str, dict[str, dict[str, Any]]]) -> list[Adapter]:
    """Return the adapters among BlueZ's objects."""
    found = []
    for path, interfaces in sorted(objects.items()):
        properties = interfaces.get("org.bluez.Adapter1")
        if properties is not None:
            powered = properties.get("Powered")
            found.append(Adapter(Path(path).name, powered=bool(powered is not None and powered.value)))
    return found


def bluez_version() -> str:
    """Return BlueZ's version, "" if it can't be had."""
    return _said("bluetoothctl", "--version").rpartition(" ")[2]


def synchronised() -> bool | None:
    """Say whether the network sets the clock, None if nobody can say."""
    return {"yes": True, "no": False}.get(_said("timedatectl", "show", "--property", "NTPSynchronized", "--value"))


def free_mb(place: Path) -> float:
    """Return the room where a folder is, or would be."""
    there = next(one for one in (place, *place.parents) if one.exists())
    return shutil.disk_usage(there).free / 1e6


def _said(*words: str) -> str:
    """Return what a program says in its first line, "" if it says nothing of use."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CALL_S, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout.partition("\n")[0].strip()
