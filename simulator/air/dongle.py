"""An HCI controller over TCP on the loopback: each process that connects gets a Bluetooth dongle of its own.

bumble's stock controller is kinder, and in places worse, than a real one. This one mends what a stimulator's safety
hangs on:
1. A host that dies or resets leaves its links behind: the unit notices SUPERVISION_S later, as over real air.
2. A cancelled connection is reported as failed, and the next one is not refused.
3. A connection that nobody took up (two centrals, one unit) is reported as failed, not as established.
4. While a unit's radio is silent nothing is acknowledged, so writes block; they arrive in order when it is back.
"""

import asyncio
import itertools
import math

from bumble import hci
from bumble.controller import Connection, Controller
from bumble.core import InvalidPacketError
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink, BaseSource, PacketParser, Transport

LOOPBACK = "127.0.0.1"
SUPERVISION_S = 2.0
"""How long a unit believes in a link whose other end is gone (bluetooth.md: 2.0 s seen after a killed process)."""
SETTLE_S = 0.1
CLIENTS_MAX = 8
BACKLOG_MAX = 1 << 20
"""Bytes that may wait for a host which doesn't read: about an hour of reports; then the host counts as dead."""
_HELD_MAX = 64


class Ether(LocalLink):
    """The link that all controllers share, and which of the units are silent at the moment."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # bumble leaves its own unannotated
        self._silent_until: dict[hci.Address, float] = {}

    def hush(self, unit: hci.Address, until_s: float) -> None:
        """Silence one unit's radio until that moment of the loop's time."""
        self._silent_until[unit] = until_s

    def silent_until(self, unit: hci.Address) -> float:
        """Return when the unit's radio is (or was) back; -inf if it never was silent."""
        return self._silent_until.get(unit, -math.inf)

    def cut(self, controller: Controller, peer: hci.Address) -> None:
        """Lose the link between a controller and its peer; both are told that the supervision time-out ran out."""
        mine = controller.le_connections.get(peer)
        if mine is None:
            return
        other = self.find_le_controller(peer)
        theirs = None if other is None else other.le_connections.get(mine.self_address)
        controller.on_le_disconnected(mine, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        if other is not None and theirs is not None:
            other.on_le_disconnected(theirs, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


class Dongle(Controller):
    """A controller for a host in another process."""

    def __init__(self, name: str, ether: Ether, public_address: str) -> None:
        super().__init__(name, link=ether, public_address=public_address)
        self._ether = ether
        self._held: list[hci.HCI_AclDataPacket] = []

    def abandon(self) -> None:
        """Forget all that the host wanted; what its peers believe ends with their supervision time-out."""
        self.le_scan_enable = False
        self.pending_le_connection = None
        self._held.clear()
        for connection in self.le_connections.values():
            asyncio.get_running_loop().call_later(SUPERVISION_S, self._forgotten, connection)
        self.le_connections.clear()

    def leave(self) -> None:
        """The host is gone for good."""
        self.abandon()
        self.host = None
        asyncio.get_running_loop().call_later(SUPERVISION_S + SETTLE_S, self._ether.controllers.discard, self)

    def _forgotten(self, left: Connection) -> None:
        peer = self._ether.find_le_controller(left.peer_address)
        theirs = None if peer is None else peer.le_connections.get(left.self_address)
        if peer is not None and theirs is not None and left.peer_address not in self.le_connections:
            peer.on_le_disconnected(theirs, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

    def on_hci_reset_command(self, _command: hci.HCI_Reset_Command) -> hci.HCI_StatusReturnParameters:
        self.abandon()
        return super().on_hci_reset_command(_command)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        pending = self.pending_le_connection
        self.pending_le_connection = None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        failed = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        asyncio.get_running_loop().call_soon(self.send_hci_packet, failed)  # after the command's own answer
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def create_le_connection(self, peer_address: hci.Address) -> None:
        before = set(self.le_connections)
        super().create_le_connection(peer_address)
        for address in set(self.le_connections) - before:
            asyncio.get_running_loop().call_later(SETTLE_S, self._settle, self.le_connections[address])

    def _settle(self, made: Connection) -> None:
        if self.le_connections.get(made.peer_address) is not made:
            return
        peer = self._ether.find_le_controller(made.peer_address)
        if peer is None or made.self_address not in peer.le_connections:
            self.on_le_disconnected(made, hci.HCI_ErrorCode.CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR)

    def on_hci_acl_data_packet(self, packet: hci.HCI_AclDataPacket) -> None:
        connection = self.find_le_connection_by_handle(packet.connection_handle)
        if connection is None:
            return  # the host has not yet read that the link is gone
        loop = asyncio.get_running_loop()
        until_s = self._ether.silent_until(connection.peer_address)
        if loop.time() >= until_s and not self._held:
            connection.on_hci_acl_data_packet(packet)
        elif len(self._held) < _HELD_MAX:  # more than the host may send before an acknowledgement
            if not self._held:
                loop.call_at(until_s, self._resume)
            self._held.append(packet)

    def _resume(self) -> None:
        held = self._held
        self._held = []
        for packet in held:
            self.on_hci_acl_data_packet(packet)


class _Host(asyncio.Protocol):
    """One process at the other end of the TCP connection."""

    def __init__(self, ether: Ether, hosts: set["_Host"], number: int) -> None:
        self._ether = ether
        self._hosts = hosts
        self._number = number
        self._parser = PacketParser()
        self._dongle: Dongle | None = None
        self.wire: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.wire = transport
        if len(self._hosts) >= CLIENTS_MAX:
            transport.abort()
            return
        self._hosts.add(self)
        self._dongle = Dongle(f"dongle {self._number}", self._ether, f"F0:F1:F2:F3:F4:{self._number % 256:02X}")
        self._dongle.host = self
        self._parser.set_packet_sink(self._dongle)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except InvalidPacketError:
            assert self.wire is not None
            self.wire.abort()  # that is no HCI host

    def on_packet(self, packet: bytes) -> None:
        if self.wire is None or self.wire.is_closing():
            return
        if self.wire.get_write_buffer_size() > BACKLOG_MAX:
            self.wire.abort()
        else:
            self.wire.write(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        self._hosts.discard(self)
        if self._dongle is not None:
            self._dongle.leave()


class _Inside(BaseSource):
    """The other end of a dongle in this process: what it reports goes to the host on this loop, without a wire."""

    def __init__(self, dongle: Dongle) -> None:
        super().__init__()
        self._dongle = dongle
        dongle.host = self

    def on_packet(self, packet: bytes) -> None:
        if self.sink is not None:
            asyncio.get_running_loop().call_soon(self.sink.on_packet, packet)

    def close(self) -> None:
        super().close()
        self._dongle.leave()


def plug(ether: Ether) -> Transport:
    """Return an HCI transport within this process; with it a whole air can live on a loop whose time jumps."""
    dongle = Dongle("dongle inside", ether, "F0:F1:F2:F3:F4:FF")
    inside = _Inside(dongle)
    return Transport(inside, AsyncPipeSink(dongle))


class Port:
    """The TCP port; at most CLIENTS_MAX processes at a time, others are hung up on."""

    def __init__(self, ether: Ether) -> None:
        self._ether = ether
        self._hosts: set[_Host] = set()
        self._numbers = itertools.count(1)
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> int:
        """Listen on the loopback; port 0 takes a free one. Return the port; OSError if it is taken."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Host(self._ether, self._hosts, next(self._numbers)), LOOPBACK, port
        )
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def close(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._server is None:
            return
        self._server.close()
        for host in tuple(self._hosts):
            if host.wire is not None:
                host.wire.abort()
        await self._server.wait_closed()


def port_of(spec: str) -> int:
    """Return the port that `tcp-server:127.0.0.1:PORT` names; raise ValueError with a sentence for anything else."""
    scheme, _, place = spec.partition(":")
    host, _, port = place.rpartition(":")
    if scheme != "tcp-server" or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"--hci {spec}: give tcp-server:{LOOPBACK}:PORT with a port from 0 (any free one) to 65535")
    if host != LOOPBACK:
        raise ValueError(
            f"--hci {spec}: only {LOOPBACK} may listen, because whoever reaches the port holds the radio;"
            f" give tcp-server:{LOOPBACK}:{port}"
        )
    return int(port)
