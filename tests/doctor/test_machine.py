"""Adapters, as a played BlueZ on a real message bus has them; programs that say nothing of use."""

from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from estim.doctor import machine
from estim.doctor.findings import Adapter
from tests.host.message_bus import Bus, bus

__all__ = ["bus"]

OBJECTS = {
    "/org/bluez/hci1": {"org.bluez.Adapter1": {"Powered": Variant("b", False)}},
    "/org/bluez/hci0": {"org.bluez.Adapter1": {"Powered": Variant("b", True)}, "org.bluez.Media1": {}},
    "/org/bluez/hci0/dev_AA": {"org.bluez.Device1": {"Name": Variant("s", "EM70")}},
    "/org/bluez": {},
    "/org/bluez/hci2": {"org.bluez.Adapter1": {}},
}


def play_bluez(there: MessageBus) -> None:
    def answer(message: Message) -> Message | bool:
        if message.member != "GetManagedObjects":
            return False
        return Message.new_method_return(message, "a{oa{sa{sv}}}", [OBJECTS])

    there.add_message_handler(answer)


async def test_adapters_are_those_that_bluez_has(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
    assert await machine.adapters() is None, "the bus is there, and nobody is BlueZ"
    there = await MessageBus(bus_address=bus.address).connect()
    play_bluez(there)
    await there.request_name("org.bluez")
    assert await machine.adapters() == [Adapter("hci0", True), Adapter("hci1", False), Adapter("hci2", False)]
    there.disconnect()


async def test_without_a_message_bus_there_is_no_bluez(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    assert await machine.adapters() is None


@pytest.mark.parametrize(
    ("says", "version", "synchronised"),
    [("bluetoothctl: 5.66", "5.66", None), ("yes", "yes", True), ("no\nmore", "no", False), ("", "", None)],
)
def test_programs_are_asked_and_one_that_is_missing_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, version: str, synchronised: bool | None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (machine.bluez_version(), machine.synchronised()) == ("", None)
    for name in ("bluetoothctl", "timedatectl"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
        program.chmod(0o700)
    assert (machine.bluez_version(), machine.synchronised()) == (version, synchronised)


def test_the_room_is_measured_where_a_folder_would_be(tmp_path: Path) -> None:
    assert machine.free_mb(tmp_path / "not" / "there") == pytest.approx(machine.free_mb(tmp_path), rel=0.1)
