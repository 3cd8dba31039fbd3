"""bleak on bumble: client and scanner backends that work over any HCI transport, without an operating system's stack.

1. bleak builds its backends from bare classes, so each Radio makes two of its own.
2. An answer belongs to its request. A request that its caller gave up on is still awaited before the next is sent;
   one that was not sent yet is dropped.
3. Commands (writes without response) go out at once and in order; PACKETS_MAX wait in the controller, then they block.
4. bumble cancels what is pending when the link is lost: that becomes a BleakError. After it every call raises.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, ClassVar, TypeVar

from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakError,
    BleakGATTProtocolError,
)
from bleak.uuids import normalize_uuid_str
from bumble import att, core, gatt
from bumble.device import Advertisement, Connection
from bumble.gatt_client import CharacteristicProxy, ServiceProxy

from simulator.air.hci import Hci, HciError, HciUnavailable, Opener

PACKETS_MAX = 4
MTU = 517
"""What BlueZ asks for too; the unit grants what it can."""
SEEN_MAX = 1000
T = TypeVar("T")


class Radio:
    """An HCI transport as bleak backends: pass `client` and `scanner` as bleak's `backend=`."""

    def __init__(self, transport: str | Opener) -> None:
        hci = Hci(transport)
        self._hci = hci
        self.client: type[BaseBleakClient] = type("BumbleClient", (Client,), {"hci": hci})
        self.scanner: type[BaseBleakScanner] = type("BumbleScanner", (Scanner,), {"hci": hci})

    async def open(self) -> None:
        """Open the transport now rather than at the first use; BleakBluetoothNotAvailableError if that fails."""
        with _bleaks_words():
            await self._hci.device()

    async def close(self) -> None:
        """Hang up on everybody and close the transport."""
        await self._hci.close()


@contextlib.contextmanager
def _bleaks_words() -> Iterator[None]:
    """Turn the errors of our HCI host into bleak's."""
    try:
        yield
    except HciUnavailable as error:
        raise BleakBluetoothNotAvailableError(str(error), BleakBluetoothNotAvailableReason.NO_BLUETOOTH) from error
    except HciError as error:
        raise BleakError(str(error)) from error


def advert_of(advertisement: Advertisement) -> AdvertisementData:
    """Return what an advert says, in bleak's terms; NULs in a name are kept, as BlueZ does."""
    data = advertisement.data
    kinds = core.AdvertisingData
    name = data.get(kinds.COMPLETE_LOCAL_NAME, raw=True) or data.get(kinds.SHORTENED_LOCAL_NAME, raw=True)
    uuids: dict[str, None] = {}
    for kind, size in ((0x02, 2), (0x03, 2), (0x04, 4), (0x05, 4), (0x06, 16), (0x07, 16)):
        for block in data.get_all(kind, raw=True):
            for at in range(0, len(block) - size + 1, size):
                uuids[_uuid_text(core.UUID.from_bytes(block[at : at + size]))] = None
    makers = {
        int.from_bytes(block[:2], "little"): block[2:] for block in data.get_all(kinds.MANUFACTURER_SPECIFIC_DATA, True)
    }
    return AdvertisementData(
        local_name=None if name is None else name.decode("utf-8", "replace"),
        manufacturer_data=makers,
        service_data={},
        service_uuids=list(uuids),
        tx_power=None,
        rssi=advertisement.rssi,
        platform_data=(advertisement,),
    )


class Scanner(BaseBleakScanner):
    """bleak's scanner on one HCI transport."""

    hci: ClassVar[Hci]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **_others: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)

    async def start(self) -> None:
        self.seen_devices = {}
        with _bleaks_words():
            await self.hci.listen(self._hear)

    async def stop(self) -> None:
        await self.hci.unlisten(self._hear)

    def _hear(self, advertisement: Advertisement) -> None:
        address = advertisement.address.to_string(False)
        advert = advert_of(advertisement)
        if not self.is_allowed_uuid(advert.service_uuids):
            return
        before = self.seen_devices.get(address)
        if before is not None and advert.local_name is None:
            advert = advert._replace(local_name=before[1].local_name)
        if before is None and len(self.seen_devices) >= SEEN_MAX:
            return
        device = self.create_or_update_device(address, address, advert.local_name, advertisement.address, advert)
        self.call_detection_callbacks(device, advert)


class Client(BaseBleakClient):
    """bleak's client on one HCI transport."""

    hci: ClassVar[Hci]

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None = None,
        timeout: float = 30.0,
        **_others: Any,
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout)
        self._name = address_or_ble_device.name if isinstance(address_or_ble_device, BLEDevice) else None
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()
        self._unanswered: asyncio.Task[Any] | None = None
        self._gate = asyncio.Lock()
        self._flow = asyncio.Event()

    @property
    def name(self) -> str:
        return self._name or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        return att.ATT_DEFAULT_MTU if self._connection is None else self._connection.att_mtu

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **others: Any) -> None:
        """Connect and discover; TimeoutError when the time is up, as on BlueZ. There is no pairing."""
        if self._connection is not None:
            raise BleakError("already connected")
        async with asyncio.timeout(others.get("timeout", self._timeout)):
            with _bleaks_words():
                connection = await self.hci.connect(self.address)
            connection.once(connection.EVENT_DISCONNECTION, lambda _reason: self._lost(connection))
            self._connection = connection
            queue = connection.data_packet_queue
            if queue is None:
                self._lost(connection)
            else:
                queue.on("flow", self._flow.set)
            async with AsyncExitStack() as undo:
                undo.push_async_callback(self._disconnect_quietly)
                await self._discover()
                undo.pop_all()

    async def disconnect(self) -> None:
        """Hang up, within 3 s; BleakError if nobody confirmed it, and then too nothing more is sent."""
        connection = self._connection
        if connection is None:
            return
        try:
            with _bleaks_words():
                await self.hci.hang_up(connection)
        finally:
            self._lost(connection)

    async def _disconnect_quietly(self) -> None:
        with contextlib.suppress(BleakError):
            await self.disconnect()

    def _lost(self, connection: Connection) -> None:
        if self._connection is not connection:
            return
        self._connection = None
        self.services = None
        queue = connection.data_packet_queue
        if queue is not None and self._flow.set in queue.listeners("flow"):
            queue.remove_listener("flow", self._flow.set)
        self._flow.set()
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    def _linked(self) -> Connection:
        if self._connection is None:
            raise BleakError("Not connected")
        return self._connection

    async def _ask(self, request: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Send one request and return its answer."""
        async with self._turn:
            if self._unanswered is not None and not self._unanswered.done():
                await asyncio.wait({self._unanswered})
            asked = asyncio.get_running_loop().create_task(request(self._linked()))
            self._unanswered = asked
            asked.add_done_callback(_look_at)
            await asyncio.wait({asked})  # a caller that gives up doesn't cancel what is on the air
        if asked.cancelled():
            raise BleakError("Not connected: the link was lost before the answer came")
        error = asked.exception()
        if error is None:
            return asked.result()
        if isinstance(error, att.ATT_Error):
            raise BleakGATTProtocolError(error.error_code) from error
        if isinstance(error, core.BaseBumbleError):
            raise BleakError(str(error) or type(error).__name__) from error
        raise error

    async def _discover(self) -> None:
        await self._ask(lambda link: link.gatt_client.request_mtu(MTU))
        found = BleakGATTServiceCollection()
        for proxy in await self._ask(lambda link: link.gatt_client.discover_services()):
            service = BleakGATTService(proxy, proxy.handle, _uuid_text(proxy.uuid))
            found.add_service(service)
            await self._discover_service(found, service, proxy)
        self._linked()
        self.services = found

    async def _discover_service(
        self, found: BleakGATTServiceCollection, service: BleakGATTService, proxy: ServiceProxy
    ) -> None:
        for value in await self._ask(lambda link: link.gatt_client.discover_characteristics((), proxy)):
            characteristic = BleakGATTCharacteristic(
                value,
                value.handle,
                _uuid_text(value.uuid),
                list(gatt_char_props_to_strs(int(value.properties))),
                lambda: self.mtu_size - 3,
                service,
            )
            found.add_characteristic(characteristic)
            if value.end_group_handle > value.handle:
                await self._discover_descriptors(found, characteristic, value)

    async def _discover_descriptors(
        self, found: BleakGATTServiceCollection, owner: BleakGATTCharacteristic, value: CharacteristicProxy[bytes]
    ) -> None:
        for descriptor in await self._ask(lambda link: link.gatt_client.discover_descriptors(value)):
            found.add_descriptor(BleakGATTDescriptor(descriptor, descriptor.handle, _uuid_text(descriptor.type), owner))
        value.descriptors_discovered = True  # bumble would ask again before each subscription

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_others: Any
    ) -> bytearray:
        return bytearray(await self._ask(lambda link: link.gatt_client.read_value(characteristic.handle)))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_others: Any
    ) -> bytearray:
        return bytearray(await self._ask(lambda link: link.gatt_client.read_value(descriptor.handle)))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        value = bytes(data)
        if response:
            await self._ask(lambda link: link.gatt_client.write_value(characteristic.handle, value, True))
            return
        if len(value) > self.mtu_size - 3:
            raise BleakError(f"a write without response holds at most {self.mtu_size - 3} bytes, not {len(value)}")
        command = bytes(att.ATT_Write_Command(attribute_handle=characteristic.handle, attribute_value=value))
        async with self._gate:  # first come, first served: an older frame must never follow a stop
            while _waiting(self._linked()) >= PACKETS_MAX:
                self._flow.clear()
                await self._flow.wait()
            self._linked().gatt_client.send_gatt_pdu(command)

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        value = bytes(data)
        await self._ask(lambda link: link.gatt_client.write_value(descriptor.handle, value, True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_others: Any
    ) -> None:
        value: CharacteristicProxy[bytes] = characteristic.obj
        if value.get_descriptor(gatt.GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR) is None:
            raise BleakError(f"{characteristic.uuid} has no switch for notifications")
        await self._ask(lambda link: link.gatt_client.subscribe(value, lambda data: callback(bytearray(data))))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        await self._ask(lambda link: link.gatt_client.unsubscribe(characteristic.obj))

    async def pair(self, *_args: Any, **_others: Any) -> None:
        raise BleakError("pairing is not offered over a bare HCI transport")

    async def unpair(self) -> None:
        raise BleakError("pairing is not offered over a bare HCI transport")


def _uuid_text(uuid: core.UUID) -> str:
    return normalize_uuid_str(uuid.to_hex_str("-")).lower()


def _look_at(asked: "asyncio.Task[Any]") -> None:
    if not asked.cancelled():
        asked.exception()  # whoever gave up on it won't look any more


def _waiting(connection: Connection) -> int:
    """Return how many packets of this link the controller has not yet sent. bumble tells it for all links only."""
    queue = connection.data_packet_queue
    if queue is None:
        return 0
    state = queue._connection_state.get(connection.handle)
    return (0 if state is None else state.in_flight) + sum(handle == connection.handle for _, handle in queue._packets)
