"""Decides which unit is meant: by name, by address, the only known one, or the only one on the air."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from estim.core.errors import EstimError, Exit
from estim.core.panel import Sighting
from estim.host.link import Air, Seen
from estim.host.units import Unit, Units
from protocols.driver import Family
from protocols.vocabulary import Match

SCAN_S = 4.0
"""How long a scan for the only unit listens, seconds; units advertise about ten times a second."""


def sighting(seen: Seen, families: Iterable[Family], units: Units) -> Sighting | None:
    """Return what a family makes of an advert, None if it is no stimulator that estim knows."""
    known = units.get(seen.advert.address)
    for family in families:
        match = family.match(seen.advert)
        pinned = known is not None and known.family == family.name
        if match is Match.NO and not pinned:
            continue
        return Sighting(
            address=seen.advert.address,
            name=seen.advert.name,
            family=family.name,
            sure=match is Match.YES or pinned,
            known_as=known.name if known else None,
            rssi_dbm=seen.rssi_dbm,
        )
    return None


async def look(air: Air, seconds: float, families: Sequence[Family], units: Units) -> tuple[Sighting, ...]:
    """Scan, and return the supported units, the sure and strong ones first."""
    found = [sighting(seen, families, units) for seen in await air.scan(seconds)]
    stations = [one for one in found if one is not None]
    return tuple(sorted(stations, key=lambda one: (not one.sure, -(one.rssi_dbm or -127), one.address)))


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
    names = ", ".join(one.known_as or f"{one.address} ({one.family})" for one in near)
    raise EstimError(f"more than one unit is in range ({names}): name one with --unit", code=Exit.USAGE)


async def _named(name: str, air: Air, families: Sequence[Family], units: Units, now_utc: datetime) -> Unit:
    known = units.get(name)
    if known is not None:
        return known
    found = await look(air, SCAN_S, families, units)
    for one in found:
        if name.casefold() in (one.address.casefold(), one.name.casefold(), one.family.casefold()):
            return _remembered(one, units, now_utc)
    return units.find(name)  # raises, naming the nearest


def _remembered(one: Sighting, units: Units, now_utc: datetime) -> Unit:
    return units.get(one.address) or units.add(one.address, one.family, now_utc, said=one.name)


def _nothing(found: Sequence[Sighting]) -> str:
    if found:
        seen = ", ".join(f"{one.address} ({one.family}?)" for one in found)
        return f"no unit is certain: {seen} may be one; name it with --unit ADDRESS if it is yours"
    return (
        "no supported unit is in range: switch it on, close other apps that hold it, and try again "
        "(`estim devices scan` shows what is on the air)"
    )
