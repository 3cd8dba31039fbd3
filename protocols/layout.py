"""One packet form: a frozen payload declared with construct, inside a head, a tail and the rule that nothing follows.

A packet that doesn't build back to the very same bytes is bad, so a parser can't be more generous than the writer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar, get_origin, get_type_hints

import construct
from construct_typed import DataclassMixin, DataclassStruct

from protocols.vocabulary import BadPacket

T = TypeVar("T", bound=DataclassMixin)

KEPT = 256
"""Packets that a form keeps, each way: what a unit says and is told is the same again, many times a second."""


def bare(body: bytes) -> bytes:
    """Frame nothing: what is written is the body itself."""
    return body


class Form(Protocol):
    """One form of packet. `Layout` serves for bytes; a family that speaks in text has a class of its own.

    Packets are frozen dataclasses of plain fields, so that they can be shown as JSON.
    """

    @property
    def name(self) -> str:
        """What the sheet calls it."""

    @property
    def head(self) -> bytes:
        """The constant start."""

    def framed(self, data: bytes) -> None:
        """Raise BadPacket if length or checksum of the frame are wrong."""

    def starts(self, data: bytes) -> bool:
        """Say whether these bytes claim to be of this form."""

    def parse(self, data: bytes) -> Any:
        """Return the packet, or raise BadPacket with a sentence."""

    def build(self, packet: Any) -> bytes:
        """Return the bytes of a packet; raise BadPacket if a field doesn't fit its place."""


class Layout(Generic[T]):
    """Parse and build packets of one form.

    `head` is the constant start. `frame` puts head and payload (together: the body) into the form that is on the
    wire, for instance with a checksum behind it; `unframe` checks and removes that, raising BadPacket. `check`
    raises BadPacket for values that the fact sheet calls invalid. With `bits` the payload's fields are bits.
    """

    def __init__(
        self,
        name: str,
        payload: type[T],
        head: bytes = b"",
        *,
        frame: Callable[[bytes], bytes] = bare,
        unframe: Callable[[bytes], bytes] = bare,
        check: Callable[[T], None] | None = None,
        bits: bool = False,
    ) -> None:
        self.name = name
        self.head = head
        self._frame = frame
        self._unframe = unframe
        self._check = check
        struct = DataclassStruct(payload)
        self._struct = construct.Bitwise(struct) if bits else struct
        self._parse: Callable[[bytes], T] = self._parse_anew
        self._build: Callable[[T], bytes] = self._build_anew
        if _never_changes(payload):  # what was refused isn't kept, it raises anew
            self._parse = lru_cache(KEPT)(self._parse_anew)
            self._build = lru_cache(KEPT)(self._build_anew)

    def framed(self, data: bytes) -> None:
        """Raise BadPacket if length or checksum of the frame are wrong."""
        self._unframe(data)

    def starts(self, data: bytes) -> bool:
        """Say whether these bytes claim to be of this form (their frame is fine and the head fits)."""
        try:
            return self._unframe(data).startswith(self.head)
        except BadPacket:
            return False

    def parse(self, data: bytes) -> T:
        """Return the payload, or raise BadPacket with a sentence."""
        return self._parse(bytes(data))

    def build(self, packet: T) -> bytes:
        """Return the bytes of a packet; raise BadPacket if a field doesn't fit its place."""
        return self._build(packet)

    def _parse_anew(self, data: bytes) -> T:
        body = self._unframe(data)
        if not body.startswith(self.head):
            raise BadPacket(
                f"{self.name}: starts with {body[: len(self.head)].hex(' ') or 'nothing'}, not {self.head.hex(' ')}"
            )
        try:
            packet: T = self._struct.parse(body[len(self.head) :])
            built = self._struct.build(packet)
        except construct.ConstructError as error:
            raise BadPacket(f"{self.name}: {len(data)} bytes don't fit: {_reason(error)}") from error
        if self.head + built != body:
            raise BadPacket(f"{self.name}: is {len(self.head) + len(built)} bytes of body, got {len(body)}")
        if self._check is not None:
            self._check(packet)
        return packet

    def _build_anew(self, packet: T) -> bytes:
        try:
            return self._frame(self.head + self._struct.build(packet))
        except construct.ConstructError as error:
            raise BadPacket(f"{self.name}: can't be built: {_reason(error)}") from error


def pick(forms: Iterable[Form], data: bytes) -> tuple[Form, Any]:
    """Parse with the first form whose frame and head fit; raise BadPacket if none does."""
    tried = tuple(forms)
    if not tried:
        raise BadPacket("no packet is known that goes this way")
    for layout in tried:
        if layout.starts(data):
            return layout, layout.parse(data)
    if len(tried) == 1:
        return tried[0], tried[0].parse(data)
    for layout in tried:
        layout.framed(data)  # the frame's own sentence is the better one
    raise BadPacket(
        f"unknown head {data[:1].hex() or '(empty)'}: known are {', '.join(x.head.hex() + ' ' + x.name for x in tried)}"
    )


def _never_changes(payload: type[DataclassMixin]) -> bool:
    """Say whether all packets of a class are frozen numbers, so that one may stand for the other."""
    frozen: bool = payload.__dataclass_params__.frozen  # type: ignore[attr-defined] # typeshed leaves it out
    hints = get_type_hints(payload)
    return frozen and all(hints[one.name] is int or get_origin(hints[one.name]) is tuple for one in fields(payload))


def _reason(error: construct.ConstructError) -> str:
    return str(error).splitlines()[-1].strip() or type(error).__name__


class Direction(StrEnum):
    """Which way a packet travels."""

    TO_DEVICE = "to-device"
    FROM_DEVICE = "from-device"


Forms = Mapping[Direction, Mapping[str, tuple[Form, ...]]]
"""Packet forms by direction and endpoint name, the usual endpoint first."""
