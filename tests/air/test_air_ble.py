"""What the host makes of bleak's and BlueZ's errors, and of units that BlueZ already holds; BlueZ itself is played."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
    BleakGATTProtocolError,
)

from estim.host.radio import bleak_link, bluez
from protocols.em70 import packets as em70
from protocols.registry import family
from protocols.vocabulary import AirError
from tests.air.room import Ear

EM70 = "F9:8B:6F:12:EC:01"
NO_ADAPTER = BleakBluetoothNotAvailableError("none", BleakBluetoothNotAvailableReason.NO_BLUETOOTH)


@pytest.mark.parametrize(
    ("error", "lost", "code", "says"),
    [
        (BleakError("Service Discovery has not been performed yet"), True, None, "failed"),
        (BleakError("device 'dev_F9_8B' not found"), True, None, "not found"),
        (BleakError("Not connected"), True, None, "failed"),
        (BleakGATTProtocolError(0x13), False, 0x13, "ATT error 0x13"),
        (BleakGATTProtocolError(14), False, 14, "ATT error 0x0e"),
        (BleakDBusError("org.bluez.Error.Failed", ["Not connected"]), True, None, "Not connected"),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["Write not permitted"]), False, 0x03, "not permitted"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["no org.bluez"]), True, None, "--radio hci:"),
        (BleakDBusError("org.freedesktop.DBus.Error.UnknownObject", ["no such path"]), True, None, "no such path"),
        (NO_ADAPTER, True, None, "systemctl start bluetooth"),
        (FileNotFoundError(2, "no bus"), True, None, "systemctl start bluetooth"),
        (BrokenPipeError(32, "Broken pipe"), True, None, "Broken pipe"),
        (EOFError(), True, None, "EOFError"),
        (TimeoutError(), False, None, "no answer in time"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_error_says_whether_the_link_is_gone(error: Exception, lost: bool, code: int | None, says: str) -> None:
    told = bleak_link.BleAir().told(error, "writing")
    assert (told.lost, told.code) == (lost, code)
    assert says in str(told)
    assert str(told).startswith("writing")


class Stack(BaseBleakClient):
    """A Bluetooth stack with one em70 on it that fails as told."""

    fails: ClassVar[list[Exception]] = []
    hangs: ClassVar[bool] = False
    written: ClassVar[list[bytes]] = []

    def __init__(self, device: BLEDevice | str, *, disconnected_callback: Callable[[], None] | None, **_: Any) -> None:
        super().__init__(device, disconnected_callback=disconnected_callback, timeout=1.0)
        self._linked = False

    @property
    def mtu_size(self) -> int:
        return 23

    @property
    def is_connected(self) -> bool:
        return self._linked

    async def connect(self, pair: bool, **_: Any) -> None:
        self._linked = True
        self.services = BleakGATTServiceCollection()
        for handle, endpoint in ((1, em70.CONTROL), (11, em70.BATTERY)):
            service = BleakGATTService(None, handle, endpoint.service)
            self.services.add_service(service)
            self.services.add_characteristic(
                BleakGATTCharacteristic(None, handle + 1, endpoint.uuid, ["write", "notify"], lambda: 20, service)
            )

    async def disconnect(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        self._linked = False
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.written.append(bytes(data))

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any) -> None:
        pass

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        pass

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        await asyncio.Event().wait()
        return bytearray()

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        raise BleakError("not offered here")

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        raise BleakError("not offered here")

    async def pair(self, *_args: Any, **_: Any) -> None:
        raise BleakError("not offered here")

    async def unpair(self) -> None:
        raise BleakError("not offered here")


class Ether(BaseBleakScanner):
    """Hears the em70 at once."""

    def __init__(self, detection_callback: Any, service_uuids: list[str] | None, _mode: str, **_: Any) -> None:
        super().__init__(detection_callback, service_uuids)

    async def start(self) -> None:
        heard = AdvertisementData("LT1102S\0\0", {}, {}, [], None, 127, ())
        device = self.create_or_update_device(EM70, EM70, "LT1102S", None, heard)
        asyncio.get_running_loop().call_soon(self.call_detection_callbacks, device, heard)

    async def stop(self) -> None:
        pass


@pytest.fixture
async def link(ear: Ear) -> bleak_link.BleLink:
    Stack.fails = []
    Stack.hangs = False
    Stack.written = []
    link = bleak_link.BleAir(client=Stack, scanner=Ether).link(EM70, family("em70"))
    await link.open(ear.hear, ear.lose, 2.0)
    return link


async def test_a_busy_stack_is_asked_again_within_the_time_out(link: bleak_link.BleLink) -> None:
    Stack.fails = [BleakDBusError("org.bluez.Error.InProgress", ["In Progress"])] * 3
    await link.write(em70.CONTROL, b"\x03\x00", True)
    assert Stack.written == [b"\x03\x00"]


async def test_a_stack_that_died_is_a_lost_link_though_it_says_connected(link: bleak_link.BleLink, ear: Ear) -> None:
    Stack.fails = [BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["gone"])]
    with pytest.raises(AirError) as gone:
        await link.write(em70.CONTROL, b"\x03\x00", True)
    assert gone.value.lost
    assert len(ear.lost) == 1
    with pytest.raises(AirError):
        await link.write(em70.CONTROL, b"\x03\x00", True)
    assert Stack.written == []
    await link.close()
    assert len(ear.lost) == 1


async def test_every_wait_has_an_end(link: bleak_link.BleLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bleak_link, "READ_S", 0.05)
    monkeypatch.setattr(bleak_link, "CLOSE_S", 0.05)
    with pytest.raises(AirError, match="reading 2A19: no answer in time"):
        await link.read(em70.BATTERY)
    Stack.hangs = True
    with pytest.raises(AirError, match="hanging up: no answer in time"):
        await link.close()
    await link.close()


def test_only_connected_devices_count_as_attached() -> None:
    device = {"Address": EM70, "Name": "LT1102S\0\0", "Connected": True, "UUIDs": ["646687FB-033F"]}
    objects = {
        "/org/bluez": {},
        "/org/bluez/hci1/dev_F9": {"org.bluez.Device1": device},
        "/org/bluez/hci1/dev_AA": {"org.bluez.Device1": {**device, "Connected": False}},
    }
    found = bluez.connected_of(objects)
    assert found == [bluez.Attached(EM70, "LT1102S\0\0", ("646687fb-033f",), "/org/bluez/hci1/dev_F9")]


BLUEZ = """
import asyncio
from dbus_fast.aio import MessageBus
from dbus_fast.constants import BusType
from dbus_fast.message import Message
from dbus_fast.signature import Variant

def adapter(powered):
    return {"org.bluez.Adapter1": {"Powered": Variant("b", powered), "Roles": Variant("as", ["central"])}}

def device(address, name, **more):
    known = {"Address": address, "Name": name, "Alias": name, "Adapter": "/org/bluez/hci1"}
    return {"org.bluez.Device1": {key: Variant("s", value) for key, value in known.items()} | more}

async def main():
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    objects = {
        "/org/bluez/hci0": adapter(True),
        "/org/bluez/hci1": adapter(True),
        "/org/bluez/hci2": adapter(False),
        "/org/bluez/hci0/dev_F9_8B_6F_12_EC_01": device("F9:8B:6F:12:EC:01", "LT1102S", Connected=Variant("b", True)),
    }
    searching = set()

    def answer(asked):
        match asked.member:
            case "GetManagedObjects":
                return Message.new_method_return(asked, "a{oa{sa{sv}}}", [objects])
            case "StartDiscovery" if asked.path in searching:
                return Message.new_error(asked, "org.bluez.Error.InProgress", "Operation already in progress")
            case "StartDiscovery":
                searching.add(asked.path)
                if asked.path == "/org/bluez/hci1":
                    heard = device("C1:02:03:04:05:06", "47L121000", RSSI=Variant("n", -50))
                    loop = asyncio.get_running_loop()
                    loop.call_later(0.05, bus.send, Message.new_signal(
                        "/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}",
                        ["/org/bluez/hci1/dev_C1_02_03_04_05_06", heard]
                    ))
                return Message.new_method_return(asked)
            case "StopDiscovery":
                searching.discard(asked.path)
                return Message.new_method_return(asked)
            case "SetDiscoveryFilter":
                return Message.new_method_return(asked)

    bus.add_message_handler(answer)
    await bus.request_name("org.bluez")
    print("ready", flush=True)
    await bus.wait_for_disconnect()

asyncio.run(main())
"""
SHUT = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
<allow user="*"/><deny send_destination="org.bluez"/></policy></busconfig>
"""


@contextmanager
def bus_with_bluez(monkeypatch: pytest.MonkeyPatch, *options: str) -> Iterator[None]:
    """A message bus of our own, with something on it that answers as BlueZ does."""
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("there is no dbus-daemon here")
    with subprocess.Popen([program, *options, "--nofork", "--print-address"], stdout=subprocess.PIPE, text=True) as bus:
        assert bus.stdout is not None
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.stdout.readline().strip())
        with subprocess.Popen([sys.executable, "-c", BLUEZ], stdout=subprocess.PIPE, text=True) as bluez:
            assert bluez.stdout is not None
            assert bluez.stdout.readline() == "ready\n"
            yield
            bluez.kill()
        bus.kill()


@pytest.fixture
def message_bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with bus_with_bluez(monkeypatch, "--session"):
        yield


@pytest.fixture
def shut_bus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The same bus, on which nobody may send anything to BlueZ."""
    rules = tmp_path / "bus.conf"
    rules.write_text(SHUT, encoding="utf-8")
    with bus_with_bluez(monkeypatch, "--config-file", str(rules)):
        yield


def alone(body: str) -> "subprocess.CompletedProcess[str]":
    """Run a few lines in a process of their own: bleak keeps its connection to the bus for as long as one lives."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    script = (
        "import asyncio\nfrom estim.host.radio.bleak_link import BleAir\nfrom protocols.vocabulary import AirError\n"
        f"async def main():\n{lines}\ntry:\n    asyncio.run(main())\nexcept AirError as error:\n    print(error)\n"
    )
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.air
@pytest.mark.control("C-57")
def test_two_who_look_at_the_same_time_share_the_systems_search_on_every_adapter_that_is_on(message_bus: None) -> None:
    done = alone("""
air = BleAir()
found = await asyncio.gather(air.scan(0.6), air.scan(0.4))
print([sorted(one.advert.address for one in seen) for seen in found])
print([one.advert.address for one in await air.scan(0.3)])
""")
    both = "['C1:02:03:04:05:06', 'F9:8B:6F:12:EC:01']"
    assert done.stdout == f"[{both}, {both}]\n{both}\n"
    assert done.stderr == ""


@pytest.mark.air
def test_the_adapter_that_is_named_is_the_only_one_that_searches(message_bus: None) -> None:
    done = alone("""
print([one.advert.address for one in await BleAir(adapter="hci0").scan(0.3)])
print([one.advert.address for one in await BleAir(adapter="hci1").scan(0.3)])
await BleAir(adapter="hci9").scan(0.3)
""")
    assert done.stdout.splitlines() == [
        "['F9:8B:6F:12:EC:01']",
        "['C1:02:03:04:05:06', 'F9:8B:6F:12:EC:01']",
        "there is no Bluetooth adapter 'hci9': there are hci0 (on), hci1 (on), hci2 (off)",
    ]
    assert done.stderr == ""


@pytest.mark.air
def test_without_the_right_to_use_bluetooth_there_is_advice(shut_bus: None) -> None:
    done = alone("await BleAir().scan(0.2)")
    assert "this user may not use the system's Bluetooth" in done.stdout
    assert "group bluetooth" in done.stdout
    assert done.stderr == ""


@pytest.mark.air
async def test_units_that_the_system_holds_are_found(message_bus: None) -> None:
    found = await bluez.attached_units()
    assert found == [bluez.Attached(EM70, "LT1102S", (), "/org/bluez/hci0/dev_F9_8B_6F_12_EC_01")]


@pytest.mark.air
def test_without_an_adapter_there_is_a_sentence_and_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    done = alone("await BleAir().scan(0.2)")
    assert done.stdout.startswith("scanning failed: no Bluetooth adapter is ready: switch it on")
    assert done.stderr == ""
