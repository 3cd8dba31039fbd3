"""The seam between session and family: a reconciler is told what is wanted, hears what is, writes the difference.

Rules:
1. One instance serves one connection. A new link gets a new driver, which meets a unit in an unknown state.
2. No input or output, clock, task or chance in here: `now_s` (monotonic seconds) is an argument.
3. `poll` returns all that has to go out now. At most one command (write without response) and one request (read, or
   write with response) await their `done` at a time; urgent writes don't count, since a stop waits for nothing.
4. After poll(now), `due_s` > now. Whatever a driver waits for has a time-out of its own in `due_s`.
5. Bytes that are no packet of the family are counted and ignored, never acted on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from protocols.layout import Form
from protocols.score import Playable
from protocols.vocabulary import (
    Advert,
    AirError,
    Capabilities,
    Endpoint,
    Event,
    Match,
    Op,
    Reported,
    Wanted,
)


class Driver(Protocol):
    """What the host's runner needs of a family."""

    @property
    def caps(self) -> Capabilities:
        """The family's capabilities, as tightened since connecting."""

    @property
    def due_s(self) -> float:
        """When `poll` has something to do next, at the latest."""

    def want(self, now_s: float, wanted: Wanted) -> None:
        """Take the present wish; saying the same again changes nothing."""

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        """Take one notification; never raises, whatever the bytes are."""

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        """Take the outcome of an op: the value that was read, or the error."""

    def poll(self, now_s: float) -> list[Op]:
        """Return what has to go out now."""

    def reported(self, now_s: float) -> Reported:
        """Return what is known of the unit."""

    def lost(self, now_s: float) -> Reported:
        """Return the last word on a link that is gone: OFF, or MAYBE until `until_s`."""


class Direction(StrEnum):
    """Which way a packet travels."""

    TO_DEVICE = "to-device"
    FROM_DEVICE = "from-device"


Forms = Mapping[Direction, Mapping[str, tuple[Form, ...]]]
"""Packet forms by direction and endpoint name, the usual endpoint first."""


def _no_profile(_name: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Family:
    """All that the rest of the house needs to know of a device family.

    `endpoints` is the GATT table to be checked after connecting, `subscribe` the ones to listen to. `layouts` are the
    packet forms of the usual profile. `connect` makes a driver for a fresh link, of a profile ("": the usual one).
    `by_hand` tells a person how to end output at the unit itself, `evidence` how sure the facts are. `profiles` are
    the versions of the protocol that no unit tells and a person must choose, the usual one first, `other_layouts` the
    forms of all but the first; `profile_named` is the one that a unit's own name on the air tells, if it does.
    `text_end` ends a line on the usual endpoint of a family whose packets are text to a
    person (None: they are bytes).
    """

    name: str
    title: str
    caps: Capabilities
    endpoints: tuple[Endpoint, ...]
    subscribe: tuple[Endpoint, ...]
    layouts: Forms
    match: Callable[[Advert], Match]
    connect: Callable[[float, str], Driver]
    by_hand: str
    evidence: str
    playable: Playable
    profiles: tuple[str, ...] = ()
    profile_named: Callable[[str], str | None] = _no_profile
    other_layouts: Mapping[str, Forms] = field(default_factory=dict)
    text_end: bytes | None = None
