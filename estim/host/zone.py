"""The one door to the system's time zone: a name by which a rule can be followed, wherever the person is now."""

from collections.abc import Callable

from estim.core.days.schedule import LOCAL
from estim.core.errors import EstimError, Exit


def local_zone() -> str:
    """Return the IANA name of this computer's zone, asked anew each time; raises EstimError (78) if it has none."""
    from zoneinfo import ZoneInfoNotFoundError

    from tzlocal import reload_localzone

    try:
        return str(reload_localzone())
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise EstimError(
            "this computer's time zone can't be told: set it, or TZ=Europe/Berlin, or give the schedule a "
            "zone of its own: estim schedule set --zone Europe/Berlin",
            code=Exit.CONFIG,
        ) from error


def zone_name(wanted: str, present: Callable[[], str] = local_zone) -> str:
    """Return the zone of a schedule: its own, or the present one for "local"."""
    return present() if wanted == LOCAL else wanted
