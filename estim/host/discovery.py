"""Decides which unit is meant: by name, by address, the only known one, or the only one on the air. Never by a guess.

1. What is remembered of an address decides which family it is, whatever its advert says; families are asked only about
   units that nobody knows.
2. A name that several units answer to is refused with the list of them; a unit's own name and its address never are.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from estim.config.units import Unit, Units
from estim.core.addresses import address_of, same_address
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Sighting
from estim.core.translation import tr
from estim.host.radio.link import Air, RadioBusy, Seen
from protocols.family import Family
from protocols.vocabulary import Advert, Match

SCAN_S = 4.0
"""How long a scan for the only unit listens, seconds; units advertise about ten times a second."""


def sighting(seen: Seen, families: Iterable[Family], units: Units) -> Sighting | None:
    """Return whose advert it is, None if it is no stimulator that estim knows."""
    advert = seen.advert
    known = units.at(advert.address)
    if known is not None:
        family = known.family
        sure = True
    else:
        claim = _claim(advert, families)
        if claim is None:
            return None
        family, sure = claim
    return Sighting(
        address=advert.address,
        name=advert.name,
        family=family,
        sure=sure,
        known_as=known.name if known else None,
        rssi_dbm=seen.rssi_dbm,
    )


def _claim(advert: Advert, families: Iterable[Family]) -> tuple[str, bool] | None:
    """Return the family that an unknown unit is of, and whether that is certain: who knows its service goes first."""
    claims = []
    for family in families:
        match = family.match(advert)
        served = any(endpoint.service in advert.services for endpoint in family.endpoints)
        if match is not Match.NO:
            claims.append((match is Match.YES, served, family.name))
    if not claims:
        return None
    sure, _, name = max(claims, key=lambda claim: claim[:2])
    return name, sure


async def look(air: Air, seconds: float, families: Sequence[Family], units: Units) -> tuple[Sighting, ...]:
    """Scan, and return the supported units, the sure and strong ones first; raises EstimError (75) if there is no time.

    A scan shares the radio with sessions, and keeps none of them from anything.
    """
    try:
        found = [sighting(seen, families, units) for seen in await air.scan(seconds)]
    except RadioBusy as busy:
        raise EstimError(str(busy), code=Exit.TRY_LATER) from busy
    active_units = [one for one in found if one is not None]
    return tuple(sorted(active_units, key=lambda one: (not one.sure, -(one.rssi_dbm or -127), one.address)))


async def choose(name: str | None, air: Air, families: Sequence[Family], units: Units, now_utc: datetime) -> Unit:
    """Return the unit that is meant, remembered from now on; raise EstimError NO_DEVICE or USAGE with what to do."""
    if name is not None:
        return await _named(name, air, families, units, now_utc)
    known = tuple(units)
    if len(known) == 1:
        return known[0]
    found = await look(air, SCAN_S, families, units)
    if known:
        near = [one for one in found if one.known_as is not None]
    else:
        near = [one for one in found if one.sure]
    if len(near) == 1:
        return _remembered(near[0], units, now_utc)
    if not near:
        raise EstimError(_nothing(found), code=Exit.NO_DEVICE)
    raise EstimError(
        tr("more than one unit is in range: {units}: name one with --unit", units=_list(near)), code=Exit.USAGE
    )


async def _named(name: str, air: Air, families: Sequence[Family], units: Units, now_utc: datetime) -> Unit:
    known = units.get(name)
    if known is not None:
        return known
    found = await look(air, SCAN_S, families, units)
    meant = [one for one in found if _answers(one, name)]
    meant += [_unseen(unit) for unit in units if _same(unit.family, name) and not _among(unit, meant)]
    if len(meant) == 1:
        return _remembered(meant[0], units, now_utc)
    if meant:
        text = tr(
            "{unit!r} can mean more than one unit: {units}: name one by its address, with --unit ADDRESS",
            unit=name,
            units=_list(meant),
        )
        raise EstimError(text, code=Exit.USAGE)
    unsure = [one for one in found if _same(one.family, name)]
    if unsure:
        raise EstimError(_nothing(unsure), code=Exit.NO_DEVICE)
    address = address_of(name)
    if address is not None:
        text = tr(
            "{address} is not on the air, and not remembered: switch it on and bring it near, or "
            "say what it is with `estim devices add {address} --family {families}`",
            address=address,
            families="|".join(family.name for family in families),
        )
        raise EstimError(text, code=Exit.NO_DEVICE)
    return units.find(name)  # raises, naming the nearest


def _answers(one: Sighting, name: str) -> bool:
    """Say whether a unit on the air is meant: a family's name means those that certainly are of it."""
    return same_address(one.address, name) or _same(one.name, name) or (one.sure and _same(one.family, name))


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _among(unit: Unit, found: Iterable[Sighting]) -> bool:
    return any(same_address(unit.address, one.address) for one in found)


def _unseen(unit: Unit) -> Sighting:
    return Sighting(address=unit.address, name="", family=unit.family, sure=True, known_as=unit.name)


def _list(found: Iterable[Sighting]) -> str:
    nameless = tr("(no name)")
    return ", ".join(f"{one.known_as or one.name or nameless} ({one.address}, {one.family})" for one in found)


def _remembered(one: Sighting, units: Units, now_utc: datetime) -> Unit:
    return units.at(one.address) or units.add(one.address, one.family, now_utc, said=one.name)


def _nothing(found: Sequence[Sighting]) -> str:
    if found:
        seen = ", ".join(f"{one.address} ({one.family}?)" for one in found)
        return tr("no unit is certain: {units} may be one; name it with --unit ADDRESS if it is yours", units=seen)
    return tr(
        "no supported unit is in range: switch it on, close other apps that hold it, and try "
        "again (`estim devices scan` shows what is on the air)"
    )
