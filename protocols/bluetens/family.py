"""How a Bluetens is recognised among adverts, and connected: the family as the registry hands it out."""

from protocols.bluetens.compile import refuses
from protocols.bluetens.driver import Bluetens
from protocols.bluetens.packets import CAPS, CR_LF, LAYOUTS, MAKERS, NAME, SERVICE, SHELL, rate_played, width_played
from protocols.bluetens.script import NARROWER_US, P_MAX_US, P_MIN_US
from protocols.driver import Driver
from protocols.family import Family
from protocols.score import Playable
from protocols.vocabulary import Advert, Match


def match(advert: Advert) -> Match:
    """Say whether an advert is a unit's. FFE0 alone is any HM-10 clone's: a name or the maker's id has to come too."""
    name = advert.name.casefold()
    served = SERVICE in advert.services
    if "bluetens" in name or ".blt" in name or name in ("pinktens", "medtens", "duosport2"):
        return Match.YES
    if served and ("duo" in name or "sport" in name or any(number in MAKERS for number, _ in advert.manufacturer)):
        return Match.YES
    return Match.MAYBE if served else Match.NO


def _connect(now_s: float, _profile: str) -> Driver:
    return Bluetens(now_s)


FAMILY = Family(
    name=NAME,
    title="Bluetens",
    caps=CAPS,
    endpoints=(SHELL,),
    subscribe=(SHELL,),
    layouts=LAYOUTS,
    match=match,
    connect=_connect,
    by_hand="press its power button, or pull the electrodes' plug",
    evidence="A: the vendor's firmware and a working client; letter case of md5 and echo not known",
    playable=Playable(
        rate_hz=(0.1, 1200.0),
        width_us=(float(P_MIN_US), float(P_MAX_US - NARROWER_US)),
        rate=rate_played,
        width=width_played,
        refuses=refuses,
        slice_s=0.1,
        notes=("a pause is a stop: the unit's script begins again", "on the first hardware pulses are 5 µs narrower"),
    ),
    text_end=CR_LF,
)
