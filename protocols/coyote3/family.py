"""How a Coyote 3 is recognised among adverts, and connected: the family as the registry hands it out."""

from protocols.coyote3.driver import Coyote3
from protocols.coyote3.packets import BATTERY, CAPS, IN, LAYOUTS, NAME, OUT, rate_played, width_played
from protocols.driver import Driver
from protocols.family import Family
from protocols.score import Playable
from protocols.vocabulary import Advert, Match


def match(advert: Advert) -> Match:
    """Say how sure an advert is one: sister devices share the prefix 47L, and firmware of 2026 hides the name."""
    if advert.name.startswith("47L121"):
        return Match.YES
    return Match.NO if advert.name else Match.MAYBE


def _connect(now_s: float, _profile: str) -> Driver:
    return Coyote3(now_s)


FAMILY = Family(
    name=NAME,
    title="DG-LAB Coyote 3.0",
    caps=CAPS,
    endpoints=(IN, OUT, BATTERY),
    subscribe=(OUT,),
    layouts=LAYOUTS,
    match=match,
    connect=_connect,
    by_hand="turn both wheels down to 0, then switch the box off",
    evidence="A: the maker's open document; pulse width and voltage measured on one box; link loss not documented",
    playable=Playable(rate_hz=(1.0, 100.0), width_us=(2.0, 152.0), slot_s=0.025, rate=rate_played, width=width_played),
)
