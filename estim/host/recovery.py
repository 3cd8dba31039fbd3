"""Makes the session that stops a unit which a dead host left behind, as far as its journal tells."""

from math import inf

from msgspec import Struct

from estim.config.units import Unit as Known
from estim.core.errors import EstimError
from estim.core.moment import Now
from estim.core.session.order import Unit
from estim.core.session.session import Session
from estim.core.translation import tr_text
from estim.core.values import replace
from estim.host.prepare import family_of, limits_of, unit_of
from estim.host.services import Services
from estim.journal.rows import NEVER, OpenSession
from protocols.family import Family


class Recovery(Struct, frozen=True):
    """`number` is the journal's row (0: none), `row_ended` whether its session has ended already."""

    session: Session
    family: Family
    number: int
    row_ended: bool


def recovery(services: Services, left: OpenSession, called: str = "") -> Recovery:
    """Return the session that only stops; raises EstimError for a family that estim doesn't know.

    `called` is the name by which front ends have followed the unit until now ("": none has): it keeps it.
    """
    now = services.clock.now()
    known = services.units.get(left.address) or _as_left(left)
    if called:
        known = replace(known, name=called)
    try:
        family = family_of(services, known)
    except EstimError:
        known = _as_left(left)  # what is remembered may be wrong as well as what was written down
        family = family_of(services, known)
    limits = limits_of(services, known, family, None)
    unit = _unit(services, known, family, left.profile)
    session = Session(unit, family.caps, limits, None, now, until_s=_until_s(now, left))
    return Recovery(session, family, left.id, left.ended)


def _unit(services: Services, known: Known, family: Family, played: str) -> Unit:
    """Return the unit with the profile that was played; no wrong word in a file keeps a stop away."""
    try:
        return unit_of(services, replace(known, profile=played or known.profile), family)
    except EstimError:
        return Unit(
            known.name, known.address, family.name, family.title, services.air.simulated, tr_text(family.by_hand), ""
        )


def _as_left(left: OpenSession) -> Known:
    """Return the unit as the session's row tells of it: a stop needs nobody to remember it."""
    name = left.unit or left.family
    return Known(name=name, address=left.address, family=left.family, added_utc=left.started_utc, profile=left.profile)


def _until_s(now: Now, left: OpenSession) -> float:
    """Return when the unit's output has ended by itself at the latest, inf if it doesn't or nobody knows."""
    if left.on_until_utc is None or left.on_until_utc >= NEVER:
        return inf
    return now.mono_s + max(0.0, (left.on_until_utc - now.utc).total_seconds())
