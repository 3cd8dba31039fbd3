"""The one door to the system's time zone: a name by which a rule can be followed, wherever the person is now.

A computer may have a zone without a name: a plain file /etc/localtime, a POSIX rule in TZ, a TZ that nobody knows. Then
the schedule's zone is taken if it has one of its own, else the offset that holds now ("UTC+02:00"); that is told once.
"""

import logging
import warnings
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache

from estim.clock import RealClock
from estim.core.days.schedule import LOCAL, fixed_zone, zone_of
from estim.core.errors import EstimError


def nowhere() -> str:
    """Return the zone of a schedule that has none of its own."""
    return LOCAL


def local_zone(own: Callable[[], str] = nowhere) -> str:
    """Return the name of this computer's zone, asked anew each time.

    Where it has none that of the schedule (`own`, asked only then), else the offset of now.
    """
    name = _name()
    if name is not None:
        return name
    schedule = own()
    if schedule != LOCAL:
        return schedule
    offset = RealClock().now().utc.astimezone().utcoffset() or timedelta()
    fixed = fixed_zone(offset)
    _warn(fixed)
    return fixed


def zone_name(wanted: str, present: Callable[[], str] = local_zone) -> str:
    """Return the zone of a schedule: its own, or the present one for "local"."""
    return present() if wanted == LOCAL else wanted


def _name() -> str | None:
    from zoneinfo import ZoneInfoNotFoundError

    from tzlocal import reload_localzone

    try:
        with warnings.catch_warnings(action="ignore"):  # what it finds odd is told below, in words
            return zone_of(str(reload_localzone())).key
    except (ZoneInfoNotFoundError, ValueError, OSError, EstimError):
        return None


@lru_cache(maxsize=8)
def _warn(zone: str) -> None:
    """Tell it once a process and offset."""
    logging.getLogger(__name__).warning(
        "this computer's time zone has no name, so %s is taken, without summer time; to name it: "
        "estim schedule set --zone Europe/Berlin",
        zone,
    )
