"""The radio over bleak: BlueZ by default, or whatever backends it is given. Carries bytes and decides nothing.

1. Opening is a stack of undos: when a step fails, or the time is up, nothing half-open remains.
2. Every operation has a time-out. What goes wrong comes out as an AirError that says whether the link is gone.
3. BlueZ keeps the link of a process that was killed, and a connected unit doesn't advertise: such a unit is found in
   the system's own list, and taken over by its path.
4. A disconnect is no stop: whatever must be zero is written, and verified, before `close`.
5. `response` is always said. If a unit offers only the other kind of write, that one is used.
6. All who look share one search (see search). A busy BlueZ is asked again for as long as the caller's patience.

Sources: bluetooth.md, measured on BlueZ 5.66 and 5.82 with bleak 3.1.
"""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, assert_never

from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace
from estim.host.radio.bluez import Adapter, Attached, attached_units, system_adapters
from estim.host.radio.link import Heard, Lost, RadioBusy, Seen
from estim.host.radio.search import (
    BUSY_MAX_S,
    BUSY_MIN_S,
    CUT_SHORT,
    TURN_S,
    Hears,
    MadeWay,
    Rank,
    Scanner,
    Search,
    in_progress,
)
from protocols.family import Family
from protocols.vocabulary import Advert, AirError, Can, Endpoint

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

WRITE_S = 2.0
READ_S = 2.0
CLOSE_S = 4.0
"""A clean disconnect takes 1.8 to 2.8 s on BlueZ (bluetooth.md)."""
DEAFEN_S = 1.0
OTHER_S = 2.0
"""How long a unit that can't be connected by one adapter is looked for by the others."""
SCAN_MARGIN_S = 5.0
BUSY_S = 0.02
"""Between two tries while BlueZ is still busy with a request on the same characteristic."""
BUSY = mark(
    "the Bluetooth radio is busy with another program: close whatever else searches for "
    "devices (such as the system's Bluetooth settings), and try again"
)
STANDS_STILL = mark(
    "the system's Bluetooth service doesn't answer: wait a moment, or start it anew (systemctl restart bluetooth)"
)
CONNECTING = mark("the radio is connecting to a unit at the moment: scan again in half a minute")
NO_RIGHT = mark(
    "this user may not use the system's Bluetooth: ask an administrator to add you to the "
    "group bluetooth (sudo usermod -aG bluetooth NAME) and log in again, or to allow "
    "org.bluez for you by a rule of polkit or D-Bus"
)
NO_ADAPTER = mark(
    "no Bluetooth adapter is ready: switch it on and start the system's Bluetooth service "
    "(systemctl start bluetooth), or name a dongle of its own with --radio hci:usb:0"
)
_NO_SERVICE = ("ServiceUnknown", "NameHasNoOwner")
_GONE_D_BUS = (*_NO_SERVICE, "NoReply", "UnknownObject", "Disconnected", "NotConnected")
_GONE_TEXT = (  # untranslated: as bleak says it
    "not connected",  # untranslated: as bleak says it
    "service discovery has not been performed yet",  # untranslated: as bleak says it
    "disconnected",  # untranslated: as bleak says it
    "not found",  # untranslated: as bleak says it
)
_D_BUS_CODE = {"NotPermitted": 0x03, "NotSupported": 0x06, "NotAuthorized": 0x08, "InvalidValueLength": 0x0D}
_UNPAIRED_CODES = (0x05, 0x08, 0x0C, 0x0F)
"""ATT: insufficient authentication, authorization, encryption key size, encryption."""
_UNPAIRED_D_BUS = (
    "NotAuthorized",
    "AuthenticationFailed",
    "AuthenticationCanceled",
    "AuthenticationRejected",
    "AuthenticationTimeout",
)
_UNPAIRED_TEXT = (  # untranslated: as bleak says it
    "insufficient authentication",  # untranslated: as bleak says it
    "insufficient authorization",  # untranslated: as bleak says it
    "insufficient encryption",  # untranslated: as bleak says it
    "not paired",  # untranslated: as bleak says it
)

for _name in ("bleak", "bleak_retry_connector"):
    logging.getLogger(_name).addHandler(logging.NullHandler())  # their talk is not for the user's terminal


class BleAir:
    """The radio as a whole. Without backends it is the system's own Bluetooth.

    `client` and `scanner` are bleak backend classes; `give_back` is called by `release`. `adapters` tells which
    adapters there are (None: whichever bleak takes), `adapter` is the only one that may be used, such as "hci1".
    """

    simulated = False

    def __init__(
        self,
        *,
        client: "type[BaseBleakClient] | None" = None,
        scanner: "type[BaseBleakScanner] | None" = None,
        give_back: Callable[[], Awaitable[None]] | None = None,
        adapter: str = "",
        adapters: Callable[[], Awaitable[list[Adapter]]] | None = None,
    ) -> None:
        self._client = client
        self._scanner = scanner
        self._give_back = give_back
        self.several = False
        self._adapter = adapter
        self._adapters = system_adapters if adapters is None and client is None else adapters
        self.search: Search[BLEDevice, AdvertisementData] = Search(self._scanners, _errors)

    async def scan(self, seconds: float) -> list[Seen]:
        """Return what advertises, strongest first, then what the system holds a link to; each address once."""
        seen: dict[str, Seen] = {}

        def hears(device: "BLEDevice", data: "AdvertisementData") -> None:
            one = _seen(device, data)
            before = seen.get(device.address.upper())
            if before is not None and not one.advert.name and before.advert.name:
                one = replace(one, advert=replace(one.advert, name=before.advert.name))
            seen[device.address.upper()] = one

        try:
            heard_s = await self.search.listen(seconds, seconds + SCAN_MARGIN_S, hears)
        except _errors() as error:
            raise self.told(error, tr("scanning")) from error
        if heard_s == 0.0:
            raise self._not_heard()
        for unit in await self.attached():
            seen[unit.address.upper()] = Seen(Advert(unit.address, _bare(unit.name), unit.services), None, True)
        return sorted(seen.values(), key=lambda one: (one.attached, -(one.rssi_dbm or -128)))

    def link(self, address: str, family: Family, *, to_stop: bool = False) -> "BleLink":
        """Return a link, not yet open; see Air for `to_stop`."""
        return BleLink(self, address, family, Rank.STOP if to_stop else Rank.PLAY)

    async def release(self) -> None:
        """Give the radio back."""
        await self.search.close()
        if self._give_back is not None:
            await self._give_back()

    async def attached(self) -> list[Attached]:
        """Return the units that the system already holds a link to (BlueZ only)."""
        return await attached_units() if self._client is None else []

    def told(self, error: BaseException, doing: str, address: str = "") -> AirError:
        """Return an error of bleak's in our words."""
        from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError

        if address and wants_pairing(error):
            return AirError(
                tr(
                    "{what} was refused: it wants an encrypted link: {pairing}",
                    what=doing,
                    pairing=self.pairing(address),
                ),
                code=told_of(error, doing).code,
            )
        match error:
            case AirError():
                return error
            case BleakBluetoothNotAvailableError() if self._client is None:
                denied = error.reason is BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM
                return _failed(doing, tr_text(NO_RIGHT if denied else NO_ADAPTER))
            case BleakBluetoothNotAvailableError():
                return AirError(str(error.args[0]), lost=True)
            case BleakDBusError() if error.dbus_error.endswith(".AccessDenied"):
                return _failed(doing, tr_text(NO_RIGHT))
            case BleakDBusError() if error.dbus_error.rpartition(".")[2] in _NO_SERVICE:
                return _failed(doing, tr_text(NO_ADAPTER))
            case PermissionError() if self._client is None:
                return _failed(doing, tr_text(NO_RIGHT))
            case FileNotFoundError() | ConnectionRefusedError() if self._client is None:
                return _failed(doing, tr_text(NO_ADAPTER))
            case _:
                return told_of(error, doing)

    def trouble(self) -> str:
        """Return why nobody could search until now, "" if it could be searched."""
        if self.search.trouble is None:
            return ""
        return tr_text(BUSY if in_progress(self.search.trouble) else STANDS_STILL)

    async def witness(self, device: "BLEDevice") -> Callable[[], bool]:
        """Return what says, when bleak calls a unit disconnected, whether that is the radio's word.

        bleak says so too when the message bus goes, though BlueZ may hold the link and the unit play on: it forgets
        all units first then.
        """
        if self._client is not None or sys.platform != "linux":
            return lambda: True
        from bleak.backends.bluezdbus.manager import get_global_bluez_manager
        from bleak.exc import BleakError

        manager = await get_global_bluez_manager()

        def spoke() -> bool:
            with contextlib.suppress(BleakError):
                manager.get_device_address(_way(device))
                return True
            return False

        return spoke

    def client_choice(self) -> dict[str, Any]:
        """Return the keyword by which bleak takes our client backend."""
        return {} if self._client is None else {"backend": self._client}

    def _not_heard(self) -> AirError:
        trouble = self.trouble()
        return RadioBusy(_failing(tr("scanning"), trouble) if trouble else tr_text(CONNECTING))

    def pairing(self, address: str) -> str:
        """Say what to do about a unit that wants an encrypted link."""
        if self._client is not None:
            return tr("a bare HCI transport doesn't offer that: use the system's Bluetooth (--radio bluetooth)")
        return tr(
            "pair it once with `bluetoothctl pair {address}` (if it was paired before, first "
            "`bluetoothctl remove {address}`), then try again",
            address=address,
        )

    async def _scanners(self, hears: "Hears[BLEDevice, AdvertisementData]") -> list[Scanner]:
        """Return a scanner for each adapter that may be used; AirError if there is none by the name that was given."""
        from bleak import BleakScanner

        choice: dict[str, Any] = {} if self._scanner is None else {"backend": self._scanner}
        there = [] if self._adapters is None else await self._adapters()
        if self._adapter and there and self._adapter not in {one.name for one in there}:
            names = ", ".join(_with_power(one) for one in there)
            raise AirError(
                tr("there is no Bluetooth adapter {adapter!r}: there are {names}", adapter=self._adapter, names=names)
            )
        names_used = [self._adapter] if self._adapter else [one.name for one in there if one.powered]
        self.several = len(names_used) > 1
        if not names_used:
            return [BleakScanner(hears, **choice)]
        return [BleakScanner(hears, bluez={"adapter": name}, **choice) for name in names_used]


class BleLink:
    """One connection over bleak."""

    def __init__(self, air: BleAir, address: str, family: Family, rank: Rank) -> None:
        self._air = air
        self._address = address
        self._family = family
        self._rank = rank
        self._busy = False
        self._client: BleakClient | None = None
        self._values: dict[Endpoint, BleakGATTCharacteristic] = {}
        self._lost: Lost | None = None
        self._gone = ""
        self.severed = False
        self._spoke: Callable[[], bool] = lambda: True
        self._stage = Stage.SEEK

    async def open(self, heard: Heard, lost: Lost, timeout_s: float) -> None:
        """Connect, check the family's services, listen."""
        if self._client is not None:
            raise AirError(tr("{address}: this link is open already", address=self._address))
        self._gone = ""
        self._stage = Stage.SEEK
        try:
            async with asyncio.timeout(timeout_s), AsyncExitStack() as undo:
                client = await self._reach(undo)
                self._stage = Stage.LISTEN
                self._values = self._check(client)
                for endpoint in self._family.subscribe:
                    await self._listen(client, endpoint, heard, undo)
                if self._gone or not client.is_connected:
                    raise AirError(
                        tr("{address}: the link was lost while it was being set up", address=self._address), lost=True
                    )
                self._client = client
                self._lost = lost
                undo.pop_all()
        except _errors() as error:
            raise self._told_opening(error, timeout_s) from error

    def post(self, endpoint: Endpoint, data: bytes) -> bool:
        """See Link: no Bluetooth stack takes bytes without a moment of its own."""
        return False

    async def write(self, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """Write within WRITE_S."""
        client, value = self._open(endpoint)
        offered = value.properties
        if response and "write" not in offered and "write-without-response" in offered:
            response = False
        elif not response and "write-without-response" not in offered and "write" in offered:
            response = True
        try:
            async with asyncio.timeout(WRITE_S):
                while True:
                    try:
                        return await client.write_gatt_char(value, data, response=response)
                    except _errors() as error:
                        if not in_progress(error):
                            raise
                        await asyncio.sleep(BUSY_S)
        except _errors() as error:
            raise self._told(error, tr("writing to {endpoint}", endpoint=endpoint.name)) from error

    async def read(self, endpoint: Endpoint) -> bytes:
        """Read within READ_S."""
        client, value = self._open(endpoint)
        try:
            async with asyncio.timeout(READ_S):
                return bytes(await client.read_gatt_char(value))
        except _errors() as error:
            raise self._told(error, tr("reading {endpoint}", endpoint=endpoint.name)) from error

    async def close(self) -> None:
        """Hang up within CLOSE_S; an AirError says that nobody confirmed it."""
        client = self._client
        self._client = None
        self._lost = None
        if client is None:
            return
        try:
            async with asyncio.timeout(CLOSE_S):
                await client.disconnect()
        except _errors() as error:
            if not self._gone:
                raise self._air.told(error, tr("{address}: hanging up", address=self._address)) from error

    async def _reach(self, undo: AsyncExitStack) -> "BleakClient":
        """Look for the unit and connect, again and again while the radio is busy or somebody else goes first.

        With several adapters, one by which it can't be connected makes room for another that hears it too.
        """
        wait_s = BUSY_MIN_S
        tried: dict[str, Exception] = {}
        while True:
            self._stage = Stage.SEEK
            device = await self._find(tried)
            self._stage = Stage.CONNECT
            try:
                return await self._air.search.alone(self._rank, lambda: self._connect(device, undo))  # noqa: B023
            except MadeWay:
                continue
            except _errors() as error:
                if in_progress(error):
                    self._busy = True
                elif self._air.several and not wants_pairing(error):
                    tried[_way(device)] = error
                    continue
                else:
                    raise
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, BUSY_MAX_S)

    async def _connect(self, device: "BLEDevice", undo: AsyncExitStack) -> "BleakClient":
        from bleak import BleakClient
        from bleak_retry_connector import establish_connection

        async with asyncio.timeout(TURN_S if self._air.several else None):
            client = await establish_connection(
                BleakClient, device, self._address, disconnected_callback=self._dropped, **self._air.client_choice()
            )
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # it was called off, and came up all the same
            await _hang_up_quietly(client)
            raise asyncio.CancelledError
        undo.push_async_callback(_hang_up_quietly, client)
        self._spoke = await self._air.witness(device)
        # what a failed first try left behind
        self._gone = ""
        self._busy = False
        self.severed = False  # the end of that try is no word on this connection
        return client

    async def _find(self, tried: Mapping[str, Exception]) -> "BLEDevice":
        """Return the unit, by a way that was not tried; raise what went wrong with the last one if there is none."""
        from bleak.backends.device import BLEDevice

        for unit in await self._air.attached():
            if unit.address.upper() == self._address.upper() and unit.path not in tried:
                return BLEDevice(unit.address, None, {"path": unit.path, "props": {}})
        try:
            async with asyncio.timeout(OTHER_S if tried else None):
                return await self._air.search.find(self._rank, self._address, lambda one: _way(one) not in tried)
        except TimeoutError:
            if not tried:
                raise
        self._stage = Stage.CONNECT
        raise list(tried.values())[-1]

    async def _listen(self, client: "BleakClient", endpoint: Endpoint, heard: Heard, undo: AsyncExitStack) -> None:
        """Subscribe, again and again while BlueZ is busy."""
        wait_s = BUSY_MIN_S
        value = self._values[endpoint]
        undo.push_async_callback(_deafen_quietly, client, value)
        while True:
            try:
                return await client.start_notify(value, _hears(heard, endpoint))
            except _errors() as error:
                if not in_progress(error):
                    raise
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, BUSY_MAX_S)

    def _check(self, client: "BleakClient") -> "dict[Endpoint, BleakGATTCharacteristic]":
        found = {}
        for endpoint in self._family.endpoints:
            value = next((one for one in client.services.characteristics.values() if _is(one, endpoint)), None)
            if value is not None:
                found[endpoint] = value
            elif endpoint in self._family.subscribe or endpoint.can & (Can.WRITE | Can.COMMAND):
                raise AirError(
                    tr(
                        "{address} isn't a {family}: it has no characteristic {endpoint} (service {service}, {uuid})",
                        address=self._address,
                        family=self._family.title,
                        endpoint=endpoint.name,
                        service=endpoint.service,
                        uuid=endpoint.uuid,
                    )
                )
        return found

    def _open(self, endpoint: Endpoint) -> "tuple[BleakClient, BleakGATTCharacteristic]":
        if self._client is None or self._gone:
            why = self._gone or tr("the link is not open")
            raise AirError(f"{self._address}: {why}", lost=True)
        value = self._values.get(endpoint)
        if value is None:
            raise AirError(tr("{address} has no {endpoint}", address=self._address, endpoint=endpoint.name))
        return self._client, value

    def _dropped(self, client: "BleakClient") -> None:
        if self._client is None or self._client is client:
            self.severed = self._spoke()
            self._lose(tr("the link was lost") if self.severed else tr("the system's message bus went away"))

    def _lose(self, why: str) -> None:
        """Tell once that the link is gone."""
        self._gone = self._gone or why
        lost = self._lost
        self._lost = None
        if lost is not None:
            lost(self._gone)

    def _told(self, error: BaseException, doing: str) -> AirError:
        told = self._air.told(error, f"{self._address}: {doing}", self._address)
        client = self._client
        if told.lost or self._gone or (client is not None and not client.is_connected):
            told.lost = True
            self._lose(str(told))  # when BlueZ itself dies no callback comes: an error is all that tells it
        return told

    def _told_opening(self, error: BaseException, timeout_s: float) -> AirError:
        if isinstance(error, AirError):
            return error
        told = self._air.told(error, tr("{address}: connecting", address=self._address), self._address)
        told.lost = told.lost or bool(self._gone)
        if not isinstance(error, TimeoutError):
            return told
        trouble = tr_text(BUSY) if self._busy else self._air.trouble()
        match self._stage:
            case Stage.SEEK | Stage.CONNECT if trouble:
                return AirError(
                    tr(
                        "{address} was not reached within {seconds:g} s: {trouble}",
                        address=self._address,
                        seconds=timeout_s,
                        trouble=trouble,
                    )
                )
            case Stage.SEEK:
                return AirError(
                    tr(
                        "{address} was not heard within {seconds:g} s: switch it on, bring it near, and end "
                        "any other app that holds it (a connected unit can't be found)",
                        address=self._address,
                        seconds=timeout_s,
                    )
                )
            case Stage.CONNECT:
                return AirError(
                    tr(
                        "{address} was heard, but accepted no connection within {seconds:g} s",
                        address=self._address,
                        seconds=timeout_s,
                    )
                )
            case Stage.LISTEN:
                return AirError(
                    tr(
                        "{address} was connected, but didn't let itself be listened to within {seconds:g} s. "
                        "It may want an encrypted link: {pairing}",
                        address=self._address,
                        seconds=timeout_s,
                        pairing=self._air.pairing(self._address),
                    )
                )
            case _:
                assert_never(self._stage)


class Stage(Enum):
    """How far opening a link has come."""

    SEEK = "seek"
    CONNECT = "connect"
    LISTEN = "listen"


def told_of(error: BaseException, doing: str) -> AirError:
    """Return bleak's error in our words: what failed, whether the link is gone, and the ATT error if there was one."""
    from bleak.exc import BleakDBusError, BleakGATTProtocolError

    words = str(error) or type(error).__name__
    text = _failing(doing, words)
    if isinstance(error, BleakGATTProtocolError):
        return AirError(
            tr("{what} was refused: ATT error 0x{code:02x}", what=doing, code=int(error.code)), code=int(error.code)
        )
    if isinstance(error, BleakDBusError):
        name = error.dbus_error.rpartition(".")[2]
        lost = name in _GONE_D_BUS or "not connected" in words.lower()  # untranslated: as BlueZ says it
        return AirError(text, lost=lost, code=_D_BUS_CODE.get(name))
    if isinstance(error, TimeoutError):
        return AirError(tr("{what}: no answer in time", what=doing))
    if isinstance(error, OSError | EOFError):
        return AirError(text, lost=True)  # the system's message bus went away
    if isinstance(error, CUT_SHORT):
        return _failed(doing, tr("the system's message bus went away"))
    return AirError(text, lost=any(gone in words.lower() for gone in _GONE_TEXT))


def _failed(doing: str, why: str) -> AirError:
    """Return what failed, the link with it."""
    return AirError(_failing(doing, why), lost=True)


def _with_power(adapter: Adapter) -> str:
    return (
        tr("{adapter} (on)", adapter=adapter.name) if adapter.powered else tr("{adapter} (off)", adapter=adapter.name)
    )


def _failing(doing: str, why: str) -> str:
    return tr("{what} failed: {why}", what=doing, why=why)


def _seen(device: "BLEDevice", data: "AdvertisementData") -> Seen:
    makers = tuple(sorted(data.manufacturer_data.items()))
    services = tuple(uuid.lower() for uuid in data.service_uuids)
    known = -127 < data.rssi < 20
    return Seen(
        Advert(device.address, _bare(data.local_name or ""), services, makers), data.rssi if known else None, False
    )


def _way(device: "BLEDevice") -> str:
    """Return by which adapter a unit was heard: BlueZ has an object of it for each."""
    return str(device.details["path"]) if isinstance(device.details, dict) else repr(device.details)


def _bare(name: str) -> str:
    """Strip the NULs that some names are padded with."""
    return name.rstrip("\0").strip()


def _is(value: "BleakGATTCharacteristic", endpoint: Endpoint) -> bool:
    return value.uuid.lower() == endpoint.uuid and value.service_uuid.lower() == endpoint.service


def _hears(heard: Heard, endpoint: Endpoint) -> "Callable[[BleakGATTCharacteristic, bytearray], None]":
    return lambda _value, data: heard(endpoint, bytes(data))


async def _deafen_quietly(client: "BleakClient", value: "BleakGATTCharacteristic") -> None:
    with contextlib.suppress(*_errors()):
        async with asyncio.timeout(DEAFEN_S):
            if client.is_connected:
                await client.stop_notify(value)


async def _hang_up_quietly(client: "BleakClient") -> None:
    with contextlib.suppress(*_errors()):
        async with asyncio.timeout(CLOSE_S):
            await client.disconnect()


def wants_pairing(error: BaseException | None) -> bool:
    """Say whether a unit refused because the link isn't encrypted, in whatever this error came from."""
    from bleak.exc import BleakDBusError, BleakGATTProtocolError

    while error is not None:
        match error:
            case BleakGATTProtocolError() if int(error.code) in _UNPAIRED_CODES:
                return True
            case BleakDBusError() if error.dbus_error.rpartition(".")[2] in _UNPAIRED_D_BUS:
                return True
            case BleakDBusError() if any(words in str(error).lower() for words in _UNPAIRED_TEXT):
                return True
        error = error.__cause__
    return False


@cache
def _errors() -> tuple[type[Exception], ...]:
    from bleak.exc import BleakError

    return (AirError, BleakError, TimeoutError, OSError, EOFError, *CUT_SHORT)
