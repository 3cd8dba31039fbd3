"""How an EM70 is recognised among adverts, and connected: the family as the registry hands it out."""

from protocols.driver import Driver
from protocols.em70.driver import Em70
from protocols.em70.packets import BATTERY, CAPS, CONTROL, LAYOUTS, NAME
from protocols.family import Family
from protocols.score import Playable
from protocols.vocabulary import Advert, Match


def match(advert: Advert) -> Match:
    """Say how sure an advert is one: by name alone, since other products of that maker share the service."""
    return Match.YES if advert.name.rstrip("\0").startswith("LT1102S") else Match.NO


def _connect(now_s: float, _profile: str) -> Driver:
    return Em70(now_s)


FAMILY = Family(
    name=NAME,
    title="Beurer EM 70 Wireless",
    caps=CAPS,
    endpoints=(CONTROL, BATTERY),
    subscribe=(CONTROL,),
    layouts=LAYOUTS,
    match=match,
    connect=_connect,
    by_hand="press its minus key until the level is 0, then switch it off",
    evidence="B: one capture of a whole session; alarms, lock and pause from the app; link loss not captured",
    # Only these three programs were captured (section 7 of the sheet); the program's meaning is the user's to label.
    playable=Playable(rate_hz=(0.5, 150.0), width_us=(20.0, 450.0), timers={9: 1800, 16: 1800, 19: 1380}, number=9),
)
