"""How a Coyote 2 is recognised among adverts, and connected: the family as the registry hands it out."""

from protocols.coyote2.driver import Coyote2
from protocols.coyote2.packets import (
    BATTERY,
    CAPS,
    CONFIG,
    FRAME_S,
    LAYOUTS,
    NAME,
    STRENGTHS,
    WAVE_A,
    WAVE_B,
    rate_played,
    width_played,
)
from protocols.driver import Driver
from protocols.family import Family
from protocols.score import Playable
from protocols.vocabulary import Advert, Match


def match(advert: Advert) -> Match:
    """Say whether an advert is a box of this generation; it names no service."""
    return Match.YES if advert.name.startswith("D-LAB") else Match.NO


def _connect(now_s: float, _profile: str) -> Driver:
    return Coyote2(now_s)


FAMILY = Family(
    name=NAME,
    title="DG-LAB Coyote 2.0",
    caps=CAPS,
    endpoints=(BATTERY, STRENGTHS, WAVE_B, WAVE_A, CONFIG),
    subscribe=(STRENGTHS,),
    layouts=LAYOUTS,
    match=match,
    connect=_connect,
    by_hand="turn both wheels down to 0, then switch the box off",
    evidence="A: the maker's open document; no voltage known; strength after a lost link not documented",
    playable=Playable(
        rate_hz=(1.0, 100.0), width_us=(5.0, 100.0), slot_s=FRAME_S, rate=rate_played, width=width_played
    ),
)
