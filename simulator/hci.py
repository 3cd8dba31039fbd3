"""One HCI transport with bumble's host on it: scanning and connecting, each with a time-out and an undo.

1. Connecting begins with hearing the unit: nobody waits on a controller for a unit that isn't there.
2. What was begun is cancelled, so that later connects work; a link that comes up after all is hung up.
3. A transport that was lost (dongle pulled out, simulator gone) is opened anew by the next operation.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakError
from bumble import core, hci
from bumble.device import Advertisement, Connection, ConnectionParametersPreferences, Device
from bumble.host import Host
from bumble.transport import open_transport
from bumble.transport.common import Transport, TransportInitError, TransportSpecError

OPEN_S = 20.0
"""For a transport to open and its controller to start: a USB dongle may have to load its firmware first."""
COMMAND_S = 3.0
CREATE_S = 4.0
"""For a unit that was just heard to take the connection up."""
HANG_UP_S = 2.5
_TRANSPORT_ERRORS = (OSError, ValueError, ImportError, TransportInitError, TransportSpecError, core.BaseBumbleError)
_WISHES = {
    hci.HCI_LE_1M_PHY: ConnectionParametersPreferences(
        connection_interval_min=15, connection_interval_max=30, supervision_timeout=2000
    )
}
"""Frames every 100 ms want a short interval; a hand in between must not cost the link, a dead host must (2 s)."""

logging.getLogger("bumble").addHandler(logging.NullHandler())


class _Host(Host):
    """bumble's host without its talk: it formats each packet for a log that nobody reads, a third of a frame's cost."""

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        if self.hci_sink is not None:
            self.hci_sink.on_packet(bytes(packet))

    def on_hci_packet(self, packet: hci.HCI_Packet) -> None:
        if isinstance(packet, hci.HCI_AclDataPacket):
            self.on_hci_acl_data_packet(packet)
        elif isinstance(packet, hci.HCI_Event):
            self.on_hci_event_packet(packet)


class Hci:
    """The host side of one HCI transport, for instance `tcp-client:127.0.0.1:6402` or `usb:0`."""

    def __init__(self, transport: str) -> None:
        self._spec = transport
        self._transport: Transport | None = None
        self._device: Device | None = None
        self._opening = asyncio.Lock()
        self._scanning = asyncio.Lock()
        self._creating = asyncio.Lock()
        self._expecting = False
        self._hearers: set[Callable[[Advertisement], None]] = set()
        self._strays: set[asyncio.Task[None]] = set()

    async def device(self) -> Device:
        """Return the running host; open the transport first if it isn't. Raises BleakBluetoothNotAvailableError."""
        async with self._opening:
            if self._device is not None and self._transport is not None:
                if not self._transport.source.terminated.done():
                    return self._device
                await self._shut()
            try:
                async with asyncio.timeout(OPEN_S):
                    self._transport = await open_transport(self._spec)
                    self._device = await self._power_on(self._transport)
            except TimeoutError:
                await self._shut()
                raise _unavailable(self._spec, f"no answer from a controller within {OPEN_S:.0f} s") from None
            except _TRANSPORT_ERRORS as error:
                await self._shut()
                raise _unavailable(self._spec, str(error) or type(error).__name__) from error
            except BaseException:
                await self._shut()
                raise
            return self._device

    async def close(self) -> None:
        """Hang up on everybody and close the transport."""
        if self._device is not None and self._transport is not None and not self._transport.source.terminated.done():
            for connection in tuple(self._device.connections.values()):
                with contextlib.suppress(BleakError):
                    await self.hang_up(connection)
        await self._shut()

    async def _power_on(self, transport: Transport) -> Device:
        own = hci.Address.generate_static_address()
        device = Device("estim", own, host=_Host(transport.source, transport.sink))
        device.on(device.EVENT_ADVERTISEMENT, self._heard)
        device.on(device.EVENT_CONNECTION, self._connected)
        await device.power_on()
        return device

    async def _shut(self) -> None:
        transport, self._transport, self._device = self._transport, None, None
        for stray in self._strays:
            stray.cancel()
        if transport is not None:
            with contextlib.suppress(OSError):
                await transport.close()

    async def listen(self, hear: Callable[[Advertisement], None]) -> None:
        """Call `hear` for each advert from now on."""
        device = await self.device()
        async with self._scanning:
            if not device.is_scanning:
                await self._command(device.start_scanning())
            self._hearers.add(hear)

    async def unlisten(self, hear: Callable[[Advertisement], None]) -> None:
        """Stop calling `hear`; never raises."""
        async with self._scanning:
            self._hearers.discard(hear)
            device = self._device
            if device is not None and device.is_scanning and not self._hearers:
                with contextlib.suppress(BleakError):
                    await self._command(device.stop_scanning())

    def _heard(self, advertisement: Advertisement) -> None:
        for hear in tuple(self._hearers):
            hear(advertisement)

    async def connect(self, address: str) -> Connection:
        """Return a link to the unit with this address; waits for its advert for as long as the caller lets it."""
        device = await self.device()
        peer = await self._find(address)
        async with self._creating:
            self._expecting = True
            made = asyncio.ensure_future(
                device.connect_le(peer, _WISHES, own_address_type=hci.OwnAddressType.RANDOM, timeout=None)
            )
            try:
                await asyncio.wait({made}, timeout=CREATE_S)
            finally:
                if not made.done():
                    await self._uncreate(device, made)
                self._expecting = False
                # bumble forgets this at the end of each try, and then can't say whose address a late link has
                device.connect_own_address_type = hci.OwnAddressType.RANDOM
            return await self._made(made, peer)

    async def _find(self, address: str) -> hci.Address:
        found: asyncio.Future[hci.Address] = asyncio.get_running_loop().create_future()

        def hear(advertisement: Advertisement) -> None:
            heard = advertisement.address
            if not found.done() and heard.to_string(False).upper() == address.upper():
                found.set_result(heard)

        await self.listen(hear)
        try:
            return await found
        finally:
            await self.unlisten(hear)

    async def _made(self, made: "asyncio.Future[Connection]", peer: hci.Address) -> Connection:
        if made.cancelled():
            raise BleakError(f"{peer.to_string(False)}: no link within {CREATE_S:.0f} s, or the transport was lost")
        error = made.exception()
        if error is not None:
            raise BleakError(f"{peer.to_string(False)}: no link: {error}") from error
        connection = made.result()
        if connection.peer_address != peer:
            await self.hang_up(connection)  # one that was begun earlier and came up only now
            raise BleakError(f"{peer.to_string(False)}: no link, another unit took it up")
        return connection

    async def _uncreate(self, device: Device, made: "asyncio.Future[Connection]") -> None:
        """Take back a connection that is being created; if it came up meanwhile, hang up."""
        with contextlib.suppress(BleakError):
            await self._command(device.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command()))
            await asyncio.wait({made}, timeout=1.0)
        if not made.done():  # a controller that never says what became of it
            made.cancel()
            await asyncio.wait({made})
        elif not made.cancelled() and made.exception() is None:
            with contextlib.suppress(BleakError):
                await self.hang_up(made.result())

    def _connected(self, connection: Connection) -> None:
        if not self._expecting:
            stray = asyncio.get_running_loop().create_task(self._hang_up_stray(connection))
            self._strays.add(stray)
            stray.add_done_callback(self._strays.discard)

    async def _hang_up_stray(self, connection: Connection) -> None:
        with contextlib.suppress(BleakError):
            await self.hang_up(connection)

    async def hang_up(self, connection: Connection) -> None:
        """Disconnect within HANG_UP_S; BleakError if nobody confirmed it."""
        await _within(HANG_UP_S, connection.disconnect(), "hanging up")

    async def _command(self, command: Coroutine[Any, Any, object]) -> None:
        await _within(COMMAND_S, command, f"a command to the controller at {self._spec}")


async def _within(limit_s: float, work: Coroutine[Any, Any, object], what: str) -> None:
    """Wait for `work` up to a limit. bumble cancels what it gives up; that must not look like our own cancellation."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        await asyncio.wait({task}, timeout=limit_s)
    finally:
        if not task.done():
            task.cancel()
    if task.cancelled() or not task.done():
        raise BleakError(f"{what} was not confirmed within {limit_s:.1f} s")
    error = task.exception()
    if error is not None:
        raise BleakError(f"{what} failed: {error}") from error


def _unavailable(spec: str, why: str) -> BleakBluetoothNotAvailableError:
    return BleakBluetoothNotAvailableError(
        f"The HCI transport {spec} can't be used: {why}. Is the dongle plugged in, or the simulator running?",
        BleakBluetoothNotAvailableReason.NO_BLUETOOTH,
    )
