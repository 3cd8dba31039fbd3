"""Counts the days in a row on which the schedule was kept, with grace.

1. A day is kept if every slot of it that is over and counts was done. Skipped slots and those of a pause don't count.
2. A day without a slot that counts neither adds nor breaks.
3. A day with exactly one slot not done is forgiven, unless another one in the six days around it was: it neither adds
   nor breaks. The slot stays missed; grace is for the count only.
4. Today counts once all of its slots are done, and breaks nothing: it isn't lost before it is over.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct

from estim.core.days.slots import Slot, Status

GRACE_DAYS = 7
"""Two forgiven days lie at least so far apart."""

OVER = (Status.DONE, Status.PART, Status.MISSED, Status.SKIPPED, Status.OFF)
"""Nothing more becomes of a slot that is one of these."""


class Streak(Struct, frozen=True, kw_only=True):
    """Days in a row that were kept, up to the last one; `forgiven` are the days among them that grace let pass."""

    days: int = 0
    best_days: int = 0
    forgiven: tuple[date, ...] = ()


def by_day(slots: Iterable[Slot]) -> dict[date, Counter[Status]]:
    """Count what became of the slots of each day."""
    found: defaultdict[date, Counter[Status]] = defaultdict(Counter)
    for slot in slots:
        found[date.fromisoformat(slot.key[:10])][slot.status] += 1
    return dict(found)


def streak_of(statuses: Mapping[date, Counter[Status]], today: date, last: date) -> Streak:
    """Return the streak that reaches up to `last`, and the best that there was."""
    kept: list[date] = []
    forgiven: list[date] = []
    best_days = 0
    for on in sorted(day for day in statuses if day <= last):
        of_day = statuses[on]
        not_done = of_day[Status.PART] + of_day[Status.MISSED]
        if on >= today and (not_done or any(status not in OVER for status in of_day)):
            continue
        if not_done > 1:
            kept = []
            forgiven = []
        elif not_done == 1:
            if forgiven and (on - forgiven[-1]).days < GRACE_DAYS:  # all up to the last grace is lost
                kept = [day for day in kept if day > forgiven[-1]]
                forgiven = []
            forgiven.append(on)
        elif of_day[Status.DONE]:
            kept.append(on)
        best_days = max(best_days, len(kept))
    within = tuple(day for day in forgiven if kept and day > kept[0])
    return Streak(days=len(kept), best_days=best_days, forgiven=within)
