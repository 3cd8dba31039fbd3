"""What the rest of the house needs to know of a device family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from protocols.driver import Driver
from protocols.layout import Forms
from protocols.score import Playable
from protocols.vocabulary import Advert, Capabilities, Endpoint, Match


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
