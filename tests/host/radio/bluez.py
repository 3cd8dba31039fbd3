"""Plays BlueZ under bleak's backend classes, on any loop's time: one discovery an adapter, and busy while it connects.

1. A program has one discovery on an adapter: a second one is refused with InProgress; so is one while it connects.
2. Connecting while a discovery runs is refused with InProgress, and so is a second connection at the same time.
3. In one discovery each unit is told once, however long it lasts: its strength hardly changes.
4. A unit that is away takes no connection up, and nobody says so. A connected unit doesn't advertise.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError

from estim.host.radio.bleak_link import BleAir
from estim.host.radio.bluez import Adapter
from protocols.em70 import packets as em70

ADVERT_S = 0.1
CONNECT_S = 0.8


def in_progress() -> BleakDBusError:
    return BleakDBusError("org.bluez.Error.InProgress", ["Operation already in progress"])


class Played:
    """One em70 in the room; `here` is when it is on the air, `takes` whether it takes a connection up."""

    def __init__(self, address: str, adapter: str, name: str) -> None:
        self.address = address
        self.adapter = adapter
        self.name = name
        self.here: Callable[[float], bool] = lambda _now_s: True
        self.takes = True
        self.refusal: Exception | None = None
        self.refuses_connection: Exception | None = None
        self.breaks_up = 0  # so many of the next connections end right after they came up
        self.deaf = False  # it never answers a subscription: it waits for being paired
        self.client: Client | None = None
        self.listened = 0


class Bluez:
    """BlueZ as a whole. `refuses` is how many of the next operations are refused with InProgress."""

    def __init__(self, *adapters: str) -> None:
        self.adapters = [Adapter(name, powered=True) for name in adapters or ("hci0",)]
        self.units: list[Played] = []
        self.searches: dict[str, Scanner] = {}
        self.connecting: Client | None = None
        self.refuses = 0
        self.refuses_to_connect = 0
        self.breaks: list[Exception] = []
        self.refused = 0
        self.stands_still_until_s = 0.0
        self.began: list[float] = []
        self.searching = asyncio.Event()
        self.client: type[BaseBleakClient] = type("BluezClient", (Client,), {"bluez": self})
        self.scanner: type[BaseBleakScanner] = type("BluezScanner", (Scanner,), {"bluez": self})

    def add(self, address: str, adapter: str = "hci0", name: str = "LT1102S") -> Played:
        self.units.append(Played(address, adapter, name))
        return self.units[-1]

    def air(self, adapter: str = "") -> BleAir:
        async def adapters() -> list[Adapter]:
            return self.adapters

        return BleAir(client=self.client, scanner=self.scanner, adapter=adapter, adapters=adapters)

    async def asked(self) -> None:
        """Take a request: it waits while the service stands still, and may be refused."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.01, self.stands_still_until_s - loop.time()))
        if self.breaks:
            self.forget()
            raise self.breaks.pop()
        if self.refuses > 0:
            self.refuses -= 1
            self.refuse()

    def forget(self) -> None:
        """End the searches of a program whose connection to the message bus is gone."""
        for search in list(self.searches.values()):
            search.end()

    def refuse(self) -> None:
        self.refused += 1
        raise in_progress()


class Scanner(BaseBleakScanner):
    """A discovery on one adapter."""

    bluez: Bluez

    def __init__(
        self, detection_callback: Any, service_uuids: list[str] | None, _mode: str, *, bluez: Any = None, **_: Any
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._adapter = (bluez or {}).get("adapter", "hci0")
        self._telling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.bluez.asked()
        if self._adapter in self.bluez.searches or self.bluez.connecting is not None:
            self.bluez.refuse()
        self.bluez.searches[self._adapter] = self
        self.bluez.began.append(asyncio.get_running_loop().time())
        self.bluez.searching.set()
        self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def stop(self) -> None:
        await self.bluez.asked()
        self.end()

    def end(self) -> None:
        assert self._telling is not None, "only a search that began is ended"
        self._telling.cancel()
        del self.bluez.searches[self._adapter]

    async def _tell(self) -> None:
        told: set[str] = set()
        while True:
            await asyncio.sleep(ADVERT_S)
            now_s = asyncio.get_running_loop().time()
            for unit in self.bluez.units:
                if unit.adapter != self._adapter or unit.client is not None or not unit.here(now_s):
                    continue
                if unit.address not in told:
                    told.add(unit.address)
                    data = AdvertisementData(unit.name or None, {}, {}, [], None, -60, ())
                    device = self.create_or_update_device(unit.address, unit.address, unit.name, unit, data)
                    self.call_detection_callbacks(device, data)


class Client(BaseBleakClient):
    """A connection to one unit."""

    bluez: Bluez

    def __init__(self, device: BLEDevice | str, *, disconnected_callback: Callable[[], None] | None, **_: Any) -> None:
        super().__init__(device, disconnected_callback=disconnected_callback, timeout=20.0)
        assert isinstance(device, BLEDevice), "units are found before they are connected"
        self.unit: Played = device.details

    @property
    def mtu_size(self) -> int:
        return 23

    @property
    def is_connected(self) -> bool:
        return self.unit.client is self

    async def connect(self, pair: bool, **_: Any) -> None:
        await self.bluez.asked()
        if self.bluez.refuses_to_connect > 0:
            self.bluez.refuses_to_connect -= 1
            self.bluez.refuse()
        if self.bluez.connecting is not None or self.unit.adapter in self.bluez.searches:
            self.bluez.refuse()
        with self._connecting():
            await asyncio.sleep(CONNECT_S)
            if self.unit.refuses_connection is not None:
                raise self.unit.refuses_connection
            if not self.unit.takes or not self.unit.here(asyncio.get_running_loop().time()):
                await asyncio.Event().wait()
            self.unit.client = self
        if self.unit.breaks_up > 0:
            self.unit.breaks_up -= 1
            self.drop()
            raise BleakError("failed to discover services, device disconnected")
        self.services = BleakGATTServiceCollection()
        for handle, endpoint in ((1, em70.CONTROL), (11, em70.BATTERY)):
            service = BleakGATTService(None, handle, endpoint.service)
            self.services.add_service(service)
            self.services.add_characteristic(
                BleakGATTCharacteristic(None, handle + 1, endpoint.uuid, ["write", "notify"], lambda: 20, service)
            )

    @contextmanager
    def _connecting(self) -> Iterator[None]:
        self.bluez.connecting = self
        try:
            yield
        finally:
            self.bluez.connecting = None

    async def disconnect(self) -> None:
        await asyncio.sleep(0.1)
        if self.unit.client is self:
            self.drop()

    def drop(self) -> None:
        """Lose the link."""
        self.unit.client = None
        self.unit.listened = 0
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        if self.bluez.breaks:
            raise self.bluez.breaks.pop()
        if self.unit.refusal is not None:
            raise self.unit.refusal

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any) -> None:
        await self.bluez.asked()
        if self.unit.listened:
            self.bluez.refuse()  # a subscription of before is still there
        if self.unit.deaf:
            await asyncio.Event().wait()
        if self.unit.refusal is not None:
            raise self.unit.refusal
        self.unit.listened += 1

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self.unit.listened = 0

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        raise BleakGATTProtocolError(0x0F)

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
