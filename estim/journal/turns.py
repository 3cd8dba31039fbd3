"""Which program is offered: the one whose turn it is by the schedule, or the next in turn that the unit plays.

The unit is the one that was played last, if it is still remembered; else it may be any that is.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cache

from estim.catalogue.families import names
from estim.catalogue.playable import refused
from estim.config.paths import Home
from estim.config.units import Units
from estim.core.days.diary import Played
from estim.core.days.outcomes import program_of
from estim.core.days.schedule import Schedule
from estim.core.errors import EstimError

LAST_PLAYED = timedelta(days=30)
"""So far back it is looked which unit was played last."""


def families_of(home: Home, sessions: Sequence[Played]) -> tuple[str, ...]:
    """Return the families of the unit that is played next, as far as one can say; none: nobody knows it."""
    try:
        units = tuple(Units.load(home))
    except EstimError:  # it is told where units are shown or named
        return ()
    last = next((one.unit.casefold() for one in reversed(sessions) if one.begun and not one.simulated), None)
    return tuple(
        dict.fromkeys(
            next(([one.family] for one in units if one.name.casefold() == last), [one.family for one in units])
        )
    )


def families_named(home: Home, named: Collection[str]) -> tuple[str, ...]:
    """Return the families of units that a person named, by name, address or family; of others nobody knows it."""
    try:
        units = Units.load(home)
    except EstimError:
        return ()
    known = [(units.get(one), one.casefold()) for one in named]
    found = [one.family if one is not None else word for one, word in known if one is not None or word in names()]
    return tuple(dict.fromkeys(found))


def turn_of(
    home: Home, schedule: Schedule, families: Collection[str], *, by_any: bool = False
) -> Callable[[datetime], str]:
    """Return what says whose turn it is on a day; the programs are looked at when it is first asked."""

    @cache
    def left_out() -> frozenset[str]:
        return refused(home.programs, schedule.programs, families, by_any=by_any)

    return lambda at: program_of(schedule, at, left_out())
