"""One HCI transport with bumble's host on it: scanning and connecting, each with a time-out and an undo.

1. Connecting begins with hearing the unit, or having just heard it: no controller waits for a unit that isn't there.
2. What was begun is cancelled, so that later connects work; a link that comes up after all is hung up.
3. A transport that was lost (dongle pulled out, simulator gone) is opened anew by the next operation.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from bumble import core, hci
from bumble.device import Advertisement, Connection, ConnectionParametersPreferences, Device
from bumble.host import Host
from bumble.transport import open_transport
from bumble.transport.common import Transport

OPEN_S = 20.0
"""For a transport to open and its controller to start: a USB dongle may have to load its firmware first."""
COMMAND_S = 3.0
CREATE_S = 4.0
"""For a unit that was just heard to take the connection up."""
FRESH_S = 2.0
"""An advert of that age is as good as a new one; a second wait would cost another advertising interval, 1 s on some."""
FRESH_MAX = 1000
HANG_UP_S = 2.5
_WISHES = {
    hci.HCI_LE_1M_PHY: ConnectionParametersPreferences(
        connection_interval_min=15, connection_interval_max=30, supervision_timeout=2000
    )
}
"""Frames every 100 ms want a short interval; a hand in between must not cost the link, a dead host must (2 s)."""

T = TypeVar("T")
Opener = Callable[[], Coroutine[Any, Any, Transport]]
"""Opens a transport that no text can name: a dongle within this process."""

logging.getLogger("bumble").addHandler(logging.NullHandler())


class HciError(Exception):
    """The controller or the other end let an operation down."""


class HciUnavailable(HciError):
    """The transport can't be used: a whole sentence for people."""


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

    def __init__(self, transport: str | Opener) -> None:
        self._spec = transport
        self._transport: Transport | None = None
        self._device: Device | None = None
        self._opening = asyncio.Lock()
        self._scanning = asyncio.Lock()
        self._creating = asyncio.Lock()
        self._expecting = False
        self._hearers: set[Callable[[Advertisement], None]] = set()
        self._fresh: dict[str, tuple[float, hci.Address]] = {}
        self._errands: set[asyncio.Task[Any]] = set()

    async def device(self) -> Device:
        """Return the running host; open the transport first if it isn't. Raises HciUnavailable."""
        async with self._opening:
            if self._device is not None and self._transport is not None:
                if not self._transport.source.terminated.done():
                    return self._device
                await self._shut()
            try:
                async with asyncio.timeout(OPEN_S), AsyncExitStack() as undo:
                    undo.push_async_callback(self._shut)
                    self._transport = await self._open_transport()
                    self._device = await self._power_on(self._transport)
                    undo.pop_all()
            except TimeoutError:
                raise self._unavailable(f"no answer from a controller within {OPEN_S:.0f} s") from None
            except (OSError, core.BaseBumbleError) as error:
                raise self._unavailable(str(error) or type(error).__name__) from error
            return self._device

    async def _open_transport(self) -> Transport:
        try:
            return await (open_transport(self._spec) if isinstance(self._spec, str) else self._spec())
        except Exception as error:  # USB and socket libraries each raise their own, some a bare Exception
            raise self._unavailable(str(error) or type(error).__name__) from error

    def _unavailable(self, why: str) -> "HciUnavailable":
        return HciUnavailable(
            f"The HCI transport {self._spec} can't be used: {why}. Is the dongle plugged in, or the simulator running?"
        )

    async def close(self) -> None:
        """Hang up on everybody and close the transport."""
        if self._device is not None and self._transport is not None and not self._transport.source.terminated.done():
            for connection in tuple(self._device.connections.values()):
                with contextlib.suppress(HciError):
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
        transport = self._transport
        self._transport = None
        self._device = None
        for errand in tuple(self._errands):
            errand.cancel()
        if transport is not None:
            with contextlib.suppress(OSError):
                await transport.close()

    async def listen(self, hear: Callable[[Advertisement], None]) -> None:
        """Call `hear` for each advert from now on."""
        await self.device()
        async with AsyncExitStack() as undo:
            undo.callback(self._deafen, hear)
            self._hearers.add(hear)
            await self._within(COMMAND_S, self._scan_if_wished(), "scanning")
            undo.pop_all()

    def _deafen(self, hear: Callable[[Advertisement], None]) -> None:
        self._hearers.discard(hear)
        self._errand(COMMAND_S, self._scan_if_wished())

    async def unlisten(self, hear: Callable[[Advertisement], None]) -> None:
        """Stop calling `hear`; never fails."""
        self._hearers.discard(hear)
        with contextlib.suppress(HciError):
            await self._within(COMMAND_S, self._scan_if_wished(), "ending the scan")

    async def _scan_if_wished(self) -> None:
        async with self._scanning:
            device = self._device
            if device is None or device.is_scanning == bool(self._hearers):
                return
            if device.is_scanning:
                await device.stop_scanning()
            else:
                self._fresh.clear()
                await device.start_scanning()

    def _heard(self, advertisement: Advertisement) -> None:
        address = advertisement.address.to_string(False)
        if address in self._fresh or len(self._fresh) < FRESH_MAX:
            self._fresh[address] = (asyncio.get_running_loop().time(), advertisement.address)
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
                    with contextlib.suppress(HciError):
                        await self._within(COMMAND_S, self._uncreate(device, made), "not connecting")
                self._expecting = False
                # bumble forgets this at the end of each try, and then can't say whose address a late link has
                device.connect_own_address_type = hci.OwnAddressType.RANDOM
            return await self._made(made, peer)

    async def _find(self, address: str) -> hci.Address:
        heard_s, peer = self._fresh.pop(address.upper(), (-math.inf, hci.Address.ANY))
        if asyncio.get_running_loop().time() - heard_s <= FRESH_S:
            return peer
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
            raise HciError(f"{peer.to_string(False)}: no link within {CREATE_S:.0f} s, or the transport was lost")
        error = made.exception()
        if error is not None:
            raise HciError(f"{peer.to_string(False)}: no link: {error}") from error
        connection = made.result()
        if connection.peer_address != peer:
            await self.hang_up(connection)  # one that was begun earlier and came up only now
            raise HciError(f"{peer.to_string(False)}: no link, another unit took it up")
        return connection

    async def _uncreate(self, device: Device, made: "asyncio.Future[Connection]") -> None:
        """Take back a connection that is being created; if it came up meanwhile, hang up."""
        with contextlib.suppress(core.BaseBumbleError):
            await device.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command())
        await asyncio.wait({made}, timeout=1.0)
        if not made.done():  # a controller that never says what became of it
            made.cancel()
            await asyncio.wait({made})
        elif not made.cancelled() and made.exception() is None:
            await made.result().disconnect()

    def _connected(self, connection: Connection) -> None:
        if not self._expecting:
            self._errand(HANG_UP_S, connection.disconnect())

    async def hang_up(self, connection: Connection) -> None:
        """Disconnect within HANG_UP_S; HciError if nobody confirmed it."""
        await self._within(HANG_UP_S, connection.disconnect(), "hanging up")

    def _errand(self, limit_s: float, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Do something on the controller, whoever loses interest: a command on its way can't be called back.

        Were it, bumble would take its answer for that of the next command.
        """
        loop = asyncio.get_running_loop()
        task = loop.create_task(work)
        alarm = loop.call_later(limit_s, task.cancel)
        self._errands.add(task)

        def ended(task: "asyncio.Task[T]") -> None:
            alarm.cancel()
            self._errands.discard(task)
            if not task.cancelled():
                task.exception()  # whoever still waits has it too

        task.add_done_callback(ended)
        return task

    async def _within(self, limit_s: float, work: Coroutine[Any, Any, object], what: str) -> None:
        task = self._errand(limit_s, work)
        await asyncio.wait({task})
        if task.cancelled():  # by its limit, or by bumble, which cancels what it gives up
            raise HciError(f"{what}: not confirmed by {self._spec} within {limit_s:.1f} s")
        error = task.exception()
        if error is not None:
            raise HciError(f"{what}: refused by {self._spec}: {error}") from error
