"""Makes the session that stops a unit which a dead host left behind, as far as its journal tells."""

from dataclasses import dataclass
from datetime import timedelta

from estim.core.guard import SESSION_MAX_S
from estim.core.session import Session
from estim.host.parts import Parts
from estim.host.preparing import family_of, limits_of, unit_of
from estim.host.rows import OpenSession
from protocols.driver import Family


@dataclass(frozen=True, slots=True)
class Recovery:
    """`until_s` is when the unit's output has ended by itself at the latest, on the host's monotonic clock."""

    session: Session
    family: Family
    number: int
    until_s: float


def recovery(parts: Parts, left: OpenSession) -> Recovery:
    """Return the session that only stops; raises EstimError for a family that estim doesn't know."""
    now = parts.clock.now()
    known = parts.units.get(left.address) or parts.units.add(left.address, left.family, now.utc)
    family = family_of(parts, known)
    limits = limits_of(parts, known, family, None)
    session = Session(unit_of(parts, known, family), family.caps, limits, None, now)
    on_until = left.on_until_utc or left.beat_utc + timedelta(seconds=SESSION_MAX_S)
    until_s = now.mono_s + max(0.0, (on_until - now.utc).total_seconds())
    return Recovery(session, family, left.id, until_s)
