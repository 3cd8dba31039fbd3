"""Plays BlueZ on a real message bus: an adapter, software units behind it, and what becomes of both in mid-session.

1. It is asked by bleak's own backend, as the system's Bluetooth is; what goes over the bus are BlueZ's objects, calls
   and signals, as far as bleak uses them.
2. Whoever is linked stays linked when its program is gone from the bus; BlueZ forgets units when it begins anew.
3. A service that is killed says nothing; the kernel lets its links go LINK_S later (bluetooth.md section 1).
4. An adapter that is pulled takes its objects along without another word, and its links LINK_S later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from protocols.family import Family
from protocols.vocabulary import AirError, Can, Endpoint
from simulator.memory import MemoryAir, MemoryLink
from simulator.twin import Twin

ADAPTER = "/org/bluez/hci0"
OBJECTS = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
LINK_S = 2.0
CONNECT_S = 20.0

Plain = dict[str, Variant]
_FLAGS = {Can.READ: "read", Can.WRITE: "write", Can.COMMAND: "write-without-response", Can.NOTIFY: "notify"}


class Unit:
    """One unit as BlueZ knows it: its objects, and the link to it."""

    def __init__(self, twin: Twin, made: Family) -> None:
        self.advert = twin.advert
        self.made = made
        self.path = f"{ADAPTER}/dev_{twin.address.replace(':', '_')}"
        self.known = False
        self.link: MemoryLink | None = None
        self.listened: set[str] = set()
        self.values: dict[str, Endpoint] = {}
        self._services: dict[str, str] = {}
        for number, endpoint in enumerate(made.endpoints):
            service = self._services.setdefault(endpoint.service, f"{self.path}/service{16 * number + 1:04x}")
            self.values[f"{service}/char{16 * number + 2:04x}"] = endpoint

    def device(self) -> Plain:
        linked = self.link is not None
        name = self.advert.name.rstrip("\0")  # the bus carries no NUL
        return {
            "Address": Variant("s", self.advert.address),
            "Name": Variant("s", name),
            "Alias": Variant("s", name),
            "Adapter": Variant("o", ADAPTER),
            "Connected": Variant("b", linked),
            "Paired": Variant("b", False),
            "ServicesResolved": Variant("b", linked),
            "UUIDs": Variant("as", list(self.advert.services)),
            "RSSI": Variant("n", -60),
            "ManufacturerData": Variant("a{qv}", {key: Variant("ay", data) for key, data in self.advert.manufacturer}),
        }

    def gatt(self) -> dict[str, dict[str, Plain]]:
        """Return what was discovered on it, by path and interface."""
        found: dict[str, dict[str, Plain]] = {}
        for uuid, path in self._services.items():
            known = {"UUID": Variant("s", uuid), "Device": Variant("o", self.path), "Primary": Variant("b", True)}
            found[path] = {"org.bluez.GattService1": known}
        for path, endpoint in self.values.items():
            flags = [name for can, name in _FLAGS.items() if endpoint.can & can]
            service = Variant("o", path.rpartition("/")[0])
            known = {"UUID": Variant("s", endpoint.uuid), "Service": service, "Flags": Variant("as", flags)}
            found[path] = {"org.bluez.GattCharacteristic1": known}
        return found


class BluezService:
    """The service; `start` and `kill` it, `pull` and `plug` its adapter, or switch it with `power`."""

    def __init__(self, address: str, twins: Sequence[Twin], made: Family) -> None:
        self._address = address
        self._room = MemoryAir(twins)
        self._units = {twin.address: Unit(twin, made) for twin in twins}
        self._bus: MessageBus | None = None
        self._there = True
        self._powered = True
        self._searching: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # What becomes of it

    async def start(self) -> None:
        """Come up, with nothing in mind of what was before but the links that the kernel still has."""
        bus = await MessageBus(bus_address=self._address).connect()
        bus.add_message_handler(self._asked)
        self._bus = bus
        self._searching.clear()
        for unit in self._units.values():
            unit.known = unit.link is not None
        await bus.request_name("org.bluez")
        self._begin(self._advertise(bus))
        if self._there:
            self._added(ADAPTER, {"org.bluez.Adapter1": self._adapter()})

    def kill(self, *, keeps_links: bool = False) -> None:
        """Be gone from the bus without a word."""
        bus = self._bus
        self._bus = None
        if bus is not None:
            bus.disconnect()
        if not keeps_links:
            self._begin(self._let_go())

    def pull(self) -> None:
        """Take the adapter out."""
        self._there = False
        self._searching.clear()
        for unit in self._units.values():
            if unit.known:
                for path, interfaces in unit.gatt().items() if unit.link is not None else ():
                    self._signal("/", OBJECTS, "InterfacesRemoved", "oas", [path, list(interfaces)])
                self._signal("/", OBJECTS, "InterfacesRemoved", "oas", [unit.path, ["org.bluez.Device1"]])
            unit.known = False
        self._signal("/", OBJECTS, "InterfacesRemoved", "oas", [ADAPTER, ["org.bluez.Adapter1"]])
        self._begin(self._let_go())

    def plug(self) -> None:
        """Put it back."""
        self._there = True
        self._added(ADAPTER, {"org.bluez.Adapter1": self._adapter()})

    async def power(self, on: bool) -> None:
        """Switch the adapter: before it is off it lets its links go, and says so."""
        self._powered = on
        self._searching.clear()
        for unit in self._units.values() if not on else ():
            if unit.link is not None:
                await unit.link.close()
                self._lost(unit)
        self._changed(ADAPTER, "org.bluez.Adapter1", {"Powered": Variant("b", on)})

    async def end(self) -> None:
        """End for good."""
        self.kill(keeps_links=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._room.release()

    async def _let_go(self) -> None:
        await asyncio.sleep(LINK_S)
        for unit in self._units.values():
            if unit.link is not None:
                await unit.link.close()
                unit.link = None
                unit.listened.clear()

    # What it says

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        if self._bus is not None:
            _send(self._bus, Message.new_signal(path, interface, member, signature, body))

    def _added(self, path: str, interfaces: dict[str, Plain]) -> None:
        self._signal("/", OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, interfaces])

    def _changed(self, path: str, interface: str, what: Plain) -> None:
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, what, []])

    def _adapter(self) -> Plain:
        return {"Powered": Variant("b", self._powered), "Roles": Variant("as", ["central"])}

    async def _advertise(self, bus: MessageBus) -> None:
        """Tell of the units that are on the air, for as long as somebody searches."""
        while self._bus is bus:
            for seen in await self._room.scan(0.1):
                unit = self._units[seen.advert.address]
                if not self._searching or unit.link is not None:
                    continue
                if unit.known:
                    self._changed(unit.path, "org.bluez.Device1", {"RSSI": Variant("n", -60)})
                else:
                    unit.known = True
                    self._added(unit.path, {"org.bluez.Device1": unit.device()})

    def _lost(self, unit: Unit) -> None:
        unit.link = None
        unit.listened.clear()
        linked = {"Connected": Variant("b", False), "ServicesResolved": Variant("b", False)}
        self._changed(unit.path, "org.bluez.Device1", linked)

    def _heard(self, unit: Unit, endpoint: Endpoint, data: bytes) -> None:
        for path, one in unit.values.items():
            if one.uuid == endpoint.uuid and path in unit.listened:
                self._changed(path, "org.bluez.GattCharacteristic1", {"Value": Variant("ay", data)})

    # What it is asked

    def _asked(self, asked: Message) -> Message | bool | None:
        if asked.message_type is not MessageType.METHOD_CALL or self._bus is None:
            return None
        if asked.member == "GetManagedObjects":
            return Message.new_method_return(asked, "a{oa{sa{sv}}}", [self._objects()])
        if asked.path == ADAPTER and self._there:
            return self._asked_to_search(asked)
        for unit in self._units.values():
            if self._there and unit.known and asked.path == unit.path:
                self._begin(self._answer(self._bus, asked, lambda: self._asked_of_unit(unit, asked)))  # noqa: B023
                return True
            if self._there and unit.link is not None and asked.path in unit.values:
                self._begin(self._answer(self._bus, asked, lambda: self._asked_of_value(unit, asked)))  # noqa: B023
                return True
        return Message.new_error(asked, "org.freedesktop.DBus.Error.UnknownObject", f"{asked.path} is not there")

    def _objects(self) -> dict[str, dict[str, Plain]]:
        if not self._there:
            return {}
        found = {ADAPTER: {"org.bluez.Adapter1": self._adapter()}}
        for unit in self._units.values():
            if unit.known:
                found[unit.path] = {"org.bluez.Device1": unit.device()}
                found |= unit.gatt() if unit.link is not None else {}
        return found

    def _asked_to_search(self, asked: Message) -> Message:
        sender = asked.sender or ""
        if not self._powered:
            return Message.new_error(asked, "org.bluez.Error.NotReady", "Resource Not Ready")
        if asked.member == "StartDiscovery":
            self._searching.add(sender)
        elif asked.member == "StopDiscovery":
            self._searching.discard(sender)
        return Message.new_method_return(asked)

    async def _answer(self, bus: MessageBus, asked: Message, act: Callable[[], Awaitable[Message]]) -> None:
        try:
            answer = await act()
        except AirError as error:
            answer = Message.new_error(asked, "org.bluez.Error.Failed", _refusal(error))
        if self._bus is bus:
            _send(bus, answer)

    async def _asked_of_unit(self, unit: Unit, asked: Message) -> Message:
        if asked.member == "Connect" and not self._powered:
            raise AirError("the adapter is off")
        if asked.member == "Connect" and unit.link is None:
            link = self._room.link(unit.advert.address, unit.made)
            await link.open(
                lambda endpoint, data: self._heard(unit, endpoint, data), lambda _why: self._lost(unit), CONNECT_S
            )
            unit.link = link
            self._changed(unit.path, "org.bluez.Device1", {"Connected": Variant("b", True)})
            for path, interfaces in unit.gatt().items():
                self._added(path, interfaces)
            self._changed(unit.path, "org.bluez.Device1", {"ServicesResolved": Variant("b", True)})
        elif asked.member == "Disconnect" and unit.link is not None:
            link = unit.link
            await link.close()
            self._lost(unit)
        return Message.new_method_return(asked)

    async def _asked_of_value(self, unit: Unit, asked: Message) -> Message:
        link = unit.link
        path = asked.path or ""
        if link is None:
            raise AirError("Not connected", lost=True)
        match asked.member:
            case "WriteValue":
                data, options = asked.body
                await link.write(unit.values[path], bytes(data), options["type"].value == "request")
            case "ReadValue":
                return Message.new_method_return(asked, "ay", [await link.read(unit.values[path])])
            case "StartNotify":
                unit.listened.add(path)
            case "StopNotify":
                unit.listened.discard(path)
        return Message.new_method_return(asked)

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _send(bus: MessageBus, message: Message) -> None:
    """Send what may be lost with the bus."""
    bus.send(message).add_done_callback(lambda sent: sent.cancelled() or sent.exception())


def _refusal(error: AirError) -> str:
    return "Not connected" if error.lost else f"Operation failed with ATT error: 0x{error.code or 0x0E:02x}"


async def _quietly(work: Awaitable[None]) -> None:
    with suppress(EOFError, OSError):  # the bus goes away under it, as a test wants
        await work
