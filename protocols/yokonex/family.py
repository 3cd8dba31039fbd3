"""How a YOKONEX is recognised among adverts, and connected: the family as the registry hands it out."""

from math import inf

from protocols.driver import Driver
from protocols.family import Family
from protocols.score import Playable
from protocols.vocabulary import Advert, Match
from protocols.yokonex.driver import Yokonex
from protocols.yokonex.packets import (
    CAPS,
    IN,
    LAYOUTS,
    LAYOUTS_V2,
    NAME,
    OUT,
    PROGRAMS,
    V1,
    V2,
    rate_played,
    width_played,
)


def match(advert: Advert) -> Match:
    """Say whether an advert is a unit's: by its service, or by name where it doesn't tell one."""
    named = advert.name.upper().startswith(("YSKJ-EMS", "YCY-EMS", "YCY-DJ", "YYC-DJ"))
    served = IN.service in advert.services
    if named or (served and any(word in advert.name.upper() for word in ("YCY", "YSKJ", "YYC"))):
        return Match.YES
    return Match.MAYBE if served else Match.NO


def profile_named(name: str) -> str | None:
    """Return the protocol that a unit's own name tells, None if it tells none: `YYC-DJ-V2-…` is one of V2.0."""
    return V2 if "-V2-" in name.upper() else None


def _connect(now_s: float, profile: str) -> Driver:
    return Yokonex(now_s, profile or V1)


FAMILY = Family(
    name=NAME,
    title="YOKONEX EMS",
    caps=CAPS,
    endpoints=(IN, OUT),
    subscribe=(OUT,),
    layouts=LAYOUTS,
    match=match,
    connect=_connect,
    by_hand="switch the unit off: it goes on by itself, without an end",
    evidence="V1.6 B: the vendor's document, re-published; V2.0 C: drivers only; nothing is known of a lost link",
    playable=Playable(
        rate_hz=(1.0, 100.0),
        width_us=(1.0, 100.0),
        slot_s=0.1,
        rate=rate_played,
        width=width_played,
        timers=dict.fromkeys(range(1, PROGRAMS + 1), inf),
    ),
    profiles=(V1, V2),
    profile_named=profile_named,
    other_layouts={V2: LAYOUTS_V2},
)
