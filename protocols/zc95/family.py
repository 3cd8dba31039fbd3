"""How a ZC95 is recognised among adverts, and connected: the family as the registry hands it out."""

from protocols.driver import Driver
from protocols.family import Family
from protocols.score import Playable
from protocols.vocabulary import Advert, Match
from protocols.zc95.driver import Zc95
from protocols.zc95.packets import CAPS, CONTROL_SERVICE, DIALS, LAYOUTS, NAME, SLOT_S, USED, whole


def match(advert: Advert) -> Match:
    """Say whether an advert is a box: it advertises only while its own menu allows remote access."""
    return Match.YES if CONTROL_SERVICE in advert.services or advert.name == "ZC95" else Match.NO


def _connect(now_s: float, _profile: str) -> Driver:
    return Zc95(now_s)


FAMILY = Family(
    name=NAME,
    title="ZC95",
    caps=CAPS,
    endpoints=USED,
    subscribe=tuple(DIALS.values()),
    layouts=LAYOUTS,
    match=match,
    connect=_connect,
    by_hand="turn all four dials to 0, then switch the box off",
    evidence="A: open firmware; parameters after a reconnect and what a dial at 0 does are not documented",
    playable=Playable(
        rate_hz=(1.0, 255.0),
        width_us=(1.0, 255.0),
        slot_s=SLOT_S,
        rate=whole,
        width=whole,
        notes=("the box's dials are a ceiling: a channel whose dial is at 0 gives nothing, turn it up first",),
    ),
)
