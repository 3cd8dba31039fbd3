"""The virtual air: each software unit as a GATT server of its own, on one bumble link that other processes can join.

1. bumble enforces neither properties nor lengths, so each read and write goes to the twin, which refuses by itself.
2. Order is kept: what arrives is worked off in the order of its arrival, commands and requests alike.
3. A unit advertises unless it is connected, away or off, and does so again by itself (bumble doesn't).
4. Nothing is notified that the central hasn't asked for; what doesn't fit into the MTU is cut, as a real stack does.
5. Time is the loop's: a twin is called when it says so, and at each input.
"""

import asyncio
import math
from collections.abc import Sequence
from itertools import groupby

from bumble import att, gatt, gatt_server, hci
from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink, Transport

from protocols.vocabulary import Advert, Can, Endpoint
from simulator.air.dongle import Ether, Port, plug
from simulator.twin import Log, Said, Twin, WriteRefused
from simulator.weather import Weather

ADVERT_MS = 100.0
"""Advertising interval: short, as devices use it that want to be found."""
MTU_MAX = 247
"""What the usual Bluetooth chips agree to."""
_TICK_S = 0.0005
_APART_S = 1e-6
_BASE = "-0000-1000-8000-00805f9b34fb"
_PROPERTY = {
    Can.READ: gatt.Characteristic.Properties.READ,
    Can.WRITE: gatt.Characteristic.Properties.WRITE,
    Can.COMMAND: gatt.Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    Can.NOTIFY: gatt.Characteristic.Properties.NOTIFY,
}


def advert_bytes(advert: Advert) -> bytes:
    """Return the advertising data: flags, name (none if it is empty; NULs as they are), services, maker's data."""
    parts: list[tuple[int, bytes]] = [(AdvertisingData.FLAGS, b"\x06")]
    if advert.name:
        parts.append((AdvertisingData.COMPLETE_LOCAL_NAME, advert.name.encode()))
    short = [UUID(uuid) for uuid in advert.services if uuid.startswith("0000") and uuid.endswith(_BASE)]
    short16 = b"".join(uuid.to_bytes(force_128=True)[12:14] for uuid in short)
    long = b"".join(UUID(u).to_bytes(force_128=True) for u in advert.services if UUID(u) not in short)
    if short16:
        parts.append((AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, short16))
    if long:
        parts.append((AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, long))
    for company, data in advert.manufacturer:
        parts.append((AdvertisingData.MANUFACTURER_SPECIFIC_DATA, company.to_bytes(2, "little") + data))
    return b"".join(bytes([1 + len(data), kind]) + data for kind, data in parts)


class _Server(gatt_server.Server):
    """bumble's GATT server, with the two kinds of write kept apart and in order."""

    unit: "Unit"

    def on_att_write_command(self, bearer: att.Bearer, request: att.ATT_Write_Command) -> None:
        endpoint = self.unit.endpoint_at(request.attribute_handle)
        if endpoint is not None:
            self.unit.take(endpoint, request.attribute_value, None)

    def on_att_write_request(self, bearer: att.Bearer, request: att.ATT_Write_Request) -> None:
        endpoint = self.unit.endpoint_at(request.attribute_handle)
        if endpoint is None:
            super().on_att_write_request(bearer, request)  # a subscription
        else:
            self.unit.take(endpoint, request.attribute_value, (bearer, request))

    def answer(self, bearer: att.Bearer, request: att.ATT_Write_Request, code: int) -> None:
        """Acknowledge a write, or refuse it with an ATT error code."""
        if code == 0:
            self.send_response(bearer, att.ATT_Write_Response())
        else:
            self.send_response(
                bearer,
                att.ATT_Error_Response(
                    request_opcode_in_error=request.op_code,
                    attribute_handle_in_error=request.attribute_handle,
                    error_code=code,
                ),
            )


class Unit:
    """One twin on the air."""

    def __init__(self, twin: Twin, ether: Ether, log: Log, weather: Weather | None = None) -> None:
        self._twin = twin
        self._ether = ether
        self._log = log
        self._weather = weather
        self._loop = asyncio.get_running_loop()
        self._address = hci.Address(twin.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        self._controller = Controller(twin.address, link=ether)
        host = Host(self._controller, AsyncPipeSink(self._controller))
        name = twin.advert.name or twin.family
        config = DeviceConfiguration(name=name, address=self._address, gap_service_enabled=False)
        config.gatt_service_enabled = False
        self._device = Device(config=config, host=host)
        self._server = _Server(self._device)
        self._server.unit = self
        self._server.max_mtu = MTU_MAX
        self._device.gatt_server = self._server
        self._device.add_default_services()
        self._values: dict[Endpoint, gatt.Characteristic[bytes]] = {}
        self._by_handle: dict[int, Endpoint] = {}
        self._connection: Connection | None = None
        self._since_s = -math.inf
        self._arrives_s = -math.inf
        self._alarm: asyncio.TimerHandle | None = None
        self._weather_alarms: list[asyncio.TimerHandle] = []
        self._advertising: asyncio.Future[None] | None = None
        self._away_until_s = -math.inf
        self._shouting = asyncio.Lock()
        self._was_on = twin.on
        self._closed = False

    async def open(self) -> None:
        """Build the services and advertise."""
        for service, endpoints in groupby(sorted(self._twin.endpoints, key=lambda e: e.service), lambda e: e.service):
            values = [self._characteristic(endpoint) for endpoint in endpoints]
            self._server.add_service(gatt.Service(service, values))
        for endpoint in self._twin.endpoints:
            self._by_handle[self._values[endpoint].handle] = endpoint
        # by the loop, not in bumble's own call: it swallows exceptions, and a fault of a twin must be seen
        self._device.on(self._device.EVENT_CONNECTION, lambda link: self._loop.call_soon(self._connected, link))
        await self._device.power_on()
        await self._advertise()
        self._arm()

    async def close(self) -> None:
        """Leave the air at once, as if switched off."""
        self._closed = True
        for alarm in [*self._weather_alarms, *([self._alarm] if self._alarm else [])]:
            alarm.cancel()
        if self._connection is not None:
            self._ether.cut(self._controller, self._connection.peer_address)
        async with self._shouting:
            await self._device.stop_advertising()
        self._ether.controllers.discard(self._controller)

    def endpoint_at(self, handle: int) -> Endpoint | None:
        """Return the endpoint whose value has this handle."""
        return self._by_handle.get(handle)

    def take(self, endpoint: Endpoint, data: bytes, asked: tuple[att.Bearer, att.ATT_Write_Request] | None) -> None:
        """Give a write to the twin; `asked` is the request to answer, None for a command."""
        self._loop.call_soon(self._take, endpoint, data, asked)

    def _take(self, endpoint: Endpoint, data: bytes, asked: tuple[att.Bearer, att.ATT_Write_Request] | None) -> None:
        if self._connection is None:
            return
        self._live()
        code = 0
        try:
            self._twin.write(self._loop.time(), endpoint, data, asked is not None)
        except WriteRefused as refused:
            code = refused.code
        if asked is not None:
            self._server.answer(asked[0], asked[1], code)
        self._live()

    def _characteristic(self, endpoint: Endpoint) -> gatt.Characteristic[bytes]:
        properties = gatt.Characteristic.Properties(0)
        for can, flag in _PROPERTY.items():
            if can in endpoint.can:
                properties |= flag

        def read(_: Connection) -> bytes:
            try:
                return self._twin.read(self._loop.time(), endpoint)
            except WriteRefused as refused:
                raise att.ATT_Error(refused.code) from refused

        def write(_: Connection, data: bytes) -> None:  # the end of a long write; others come by _Server
            try:
                self._twin.write(self._loop.time(), endpoint, data, True)
            except WriteRefused as refused:
                raise att.ATT_Error(refused.code) from refused

        value = gatt.Characteristic[bytes](
            endpoint.uuid,
            properties,
            gatt.Characteristic.READABLE | gatt.Characteristic.WRITEABLE,
            gatt.CharacteristicValue(read=read, write=write),
        )
        value.on(
            value.EVENT_SUBSCRIPTION,
            lambda _bearer, notify, _indicate: self._loop.call_soon(self._subscribed, endpoint, notify),
        )
        self._values[endpoint] = value
        return value

    async def _advertise(self) -> None:
        """Advertise if that is what it should do now; bumble can't bear two of these at a time."""
        async with self._shouting:
            if self._closed or self._connection is not None:
                return
            if self._twin.on and self._loop.time() >= self._away_until_s:
                await self._device.start_advertising(
                    advertising_data=advert_bytes(self._twin.advert),
                    advertising_interval_min=ADVERT_MS,
                    advertising_interval_max=ADVERT_MS,
                )
            else:
                await self._device.stop_advertising()

    def _connected(self, connection: Connection) -> None:
        now_s = self._loop.time()
        if self._device.lookup_connection(connection.handle) is not connection:
            self._back()  # it is gone again already
            return
        connection.on(connection.EVENT_DISCONNECTION, lambda _reason: self._loop.call_soon(self._disconnected))
        self._connection = connection
        self._since_s = now_s
        self._arrives_s = -math.inf
        self._live()
        self._twin.connect(now_s)
        self._arm()
        weather = self._weather
        if weather is not None and weather.cut is not None:
            self._weather_alarms.append(self._loop.call_at(now_s + weather.cut[0], self._cut, weather.cut[1]))
        if weather is not None and weather.stall is not None:
            self._weather_alarms.append(self._loop.call_at(now_s + weather.stall[0], self._stall, weather.stall[1]))

    def _disconnected(self) -> None:
        self._connection = None
        for alarm in self._weather_alarms:
            alarm.cancel()
        self._weather_alarms.clear()
        self._live()
        self._twin.disconnect(self._loop.time())
        self._arm()
        self._loop.call_at(max(self._away_until_s, self._loop.time()), self._back)

    def _back(self) -> None:
        self._advertising = asyncio.ensure_future(self._advertise())

    def _cut(self, away_s: float) -> None:
        if self._connection is not None:
            self._away_until_s = self._loop.time() + away_s
            self._log(self._loop.time(), "cut", {"away_s": away_s})
            self._ether.cut(self._controller, self._connection.peer_address)

    def _stall(self, length_s: float) -> None:
        self._log(self._loop.time(), "stall", {"length_s": length_s})
        self._ether.hush(self._address, self._loop.time() + length_s)

    def _subscribed(self, endpoint: Endpoint, on: bool) -> None:
        self._live()
        self._twin.subscribe(self._loop.time(), endpoint, on)
        self._arm()

    def _live(self) -> None:
        for said in self._twin.advance(self._loop.time()):
            self._say(said)
        if self._twin.on != self._was_on:
            self._was_on = self._twin.on
            self._switched()
        self._arm()

    def _switched(self) -> None:
        if self._connection is not None:
            self._loop.call_soon(self._ether.cut, self._controller, self._connection.peer_address)
        else:
            self._loop.call_soon(self._back)

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        due_s = self._twin.due_s
        if not self._closed and due_s < math.inf:
            self._alarm = self._loop.call_at(max(due_s, self._loop.time() + _TICK_S), self._live)

    def _say(self, said: Said) -> None:
        connection = self._connection
        if connection is None:
            return
        now_s = self._loop.time()
        heard = [(0.0, said.data)]
        if self._weather is not None:
            heard = self._weather.carry(now_s - self._since_s, said.data)
            if heard != [(0.0, said.data)]:
                fate = [{"late_s": round(late_s, 3), "hex": data.hex()} for late_s, data in heard]
                self._log(now_s, "mishap", {"hex": said.data.hex(), "heard": fate})
        for late_s, data in heard:
            at_s = max(now_s + late_s, self._ether.silent_until(self._address), self._arrives_s)
            if at_s <= now_s:
                self._notify(connection, said.endpoint, data)
            else:
                self._arrives_s = at_s + _APART_S  # a loop may swap what is due at the very same moment
                self._loop.call_at(self._arrives_s, self._notify, connection, said.endpoint, data)

    def _notify(self, connection: Connection, endpoint: Endpoint, data: bytes) -> None:
        if connection is not self._connection:
            return  # that link is gone
        value = self._values[endpoint]
        if self._server.read_cccd(connection, value)[0] & 1:
            sent = att.ATT_Handle_Value_Notification(
                attribute_handle=value.handle, attribute_value=data[: connection.att_mtu - 3]
            )
            self._server.send_gatt_pdu(connection, bytes(sent))


class VirtualAir:
    """Several units on one link, and the port by which other processes join it."""

    def __init__(self) -> None:
        self.ether = Ether()
        self._port = Port(self.ether)
        self._units: list[Unit] = []

    async def open(self, twins: Sequence[tuple[Twin, Log, Weather | None]], port: int) -> int:
        """Put the twins on the air and listen on 127.0.0.1; return the port (0 takes a free one)."""
        for twin, log, weather in twins:
            unit = Unit(twin, self.ether, log, weather)
            await unit.open()
            self._units.append(unit)
        return await self._port.open(port)

    async def plug(self) -> Transport:
        """Return an HCI transport within this process, for a host on the same loop."""
        return plug(self.ether)

    async def close(self) -> None:
        """Switch everything off."""
        await self._port.close()
        for unit in self._units:
            await unit.close()
        self._units.clear()
