"""How an openEMSstim board is recognised among adverts, and connected: the family as the registry hands it out."""

from re import fullmatch

from protocols.family import Family
from protocols.openemsstim.driver import OpenEmsStim
from protocols.openemsstim.packets import CAPS, COMMAND, LAYOUTS, SERVICE, SLOT_S
from protocols.score import Playable
from protocols.vocabulary import Advert, Match


def match(advert: Advert) -> Match:
    """Say whether an advert is a board's: by its service, or the name it is sold by; owners may call it anything."""
    name = advert.name.casefold()
    if SERVICE in advert.services or name.startswith("openemsstim"):
        return Match.YES
    return Match.MAYBE if name == "test1" or fullmatch(r"ems[a-z]?\d.*", name) else Match.NO


NOTES = (
    "level 1 is about 21 % of the other unit's strength already, level 100 about 84 %: begin with that unit low",
    "bursts and contractions need a board as quick as its published sketch; on both channels a contraction rises and "
    "falls in steps of 500 ms",
)


FAMILY = Family(
    name=CAPS.family,
    title="openEMSstim",
    caps=CAPS,
    endpoints=(COMMAND,),
    subscribe=(),
    layouts=LAYOUTS,
    match=match,
    connect=lambda now_s, _profile: OpenEmsStim(now_s),
    by_hand="switch off the unit that makes the pulses; the board itself ends within 5 s",
    evidence="A: firmware source; level 0 % still leaks, so off is always the stop command",
    playable=Playable((0.5, 150.0), (20.0, 450.0), SLOT_S, made_elsewhere=True, notes=NOTES),
    text_end=b"",
)
