"""How soon the next run may be and how long: a day off after each, and little more than what was borne before.

Rules:
1. A run is followed by days off, and by one more if it was longer than its cap or came before its days off were over.
2. A cap is the longest run of the last 30 days that counts and `growth_pct` more, and never less than `first_km`.
3. A run counts once the next morning has found it safe, if it had its days off and was no leap: longer by `growth_pct`
   than any that was borne well in the 30 days before it. One run that is far too long makes nothing grow; a distance
   that is borne again does, so a diary from before there was a cap isn't set back to the floor for good.
4. A run that was written down by its minutes alone has no length to be held against a cap: it asks for its days off, is
   told of, and makes nothing grow.
5. Rest again takes all of it back: the next run is as short as the first.

Nothing here looks back further than MEMORY, so that some months of a diary tell the same as years.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import floor

from msgspec import Struct

from estim.core.care.plan import Plan
from estim.core.days.diary import Run
from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace

DAY = timedelta(days=1)

LONGEST_OF = timedelta(days=30)
"""The longest run of so many days is what the next one is held against (the source stands in the plan's file)."""

MEMORY = 2 * LONGEST_OF
"""What is older decides nothing: whether a run of the last 30 days was a leap is told by the 30 days before it."""

TOLD_FOR = timedelta(days=14)
"""So long a run that was too long or too soon is told of, if none came after it."""


class Paced(Struct, frozen=True):
    """One run with its cap. `steady`: it may count; `borne`: the morning after found it safe; `soon`: by rule 1."""

    day: date
    km: float | None
    cap_km: float
    steady: bool
    soon: str = ""
    borne: bool = False

    @property
    def over(self) -> bool:
        """Say whether it was longer than its cap."""
        return self.km is not None and self.km > self.cap_km + 1e-9


def paced(plan: Plan, before: Sequence[Paced], run: Run) -> tuple[Paced, ...]:
    """Return the runs that are still remembered with one more."""
    day = run.at.date()
    kept = tuple(one for one in before if day - one.day <= MEMORY)
    last = kept[-1] if kept else None
    soon = ""
    if last is not None and day < next_day(plan, last):
        soon = _too_soon(plan, last, day)
    rested = last is None or (day - last.day).days > plan.days_off
    slow = run.km is not None and run.km <= _grown(plan, _lately(kept, day)) + 1e-9
    return (*kept, Paced(day, run.km, cap_km(plan, kept, day), rested and slow, soon))


def borne(runs: Sequence[Paced], days: Iterable[date]) -> tuple[Paced, ...]:
    """Return them with the runs of some days noted as borne well."""
    well = set(days)
    return tuple(replace(one, borne=True) if one.day in well else one for one in runs)


def cap_km(plan: Plan, runs: Sequence[Paced], day: date) -> float:
    """Return how long a run on a day may be."""
    return _grown(plan, [one for one in _lately(runs, day) if one.steady])


def next_day(plan: Plan, last: Paced) -> date:
    """Return the first day for a run after one."""
    return last.day + DAY * (_days_off(plan, last) + 1)


def told_of(plan: Plan, runs: Sequence[Paced], today: date) -> tuple[str, ...]:
    """Return what is said of the last run: that it was too long, or too soon, and what follows."""
    if not runs or today - runs[-1].day > TOLD_FOR:
        return ()
    last = runs[-1]
    told = [last.soon] if last.soon else []
    if last.km is None:
        no_km = tr(
            "the run of {day} has no distance: nobody can say if it kept to its cap, and none grows by it",
            day=last.day,
        )
        return (*(_and_then(plan, last, one) for one in told), no_km)
    if last.over:
        told.append(
            tr(
                "{km:g} km on {day}: at most {most:.1f} km were meant",
                km=last.km,
                day=last.day,
                most=_rounded(last.cap_km),
            )
        )
    return (*told[:-1], *(_and_then(plan, last, one) for one in told[-1:]))


def _and_then(plan: Plan, last: Paced, why: str) -> str:
    """Return what is said of a run with what follows from it."""
    return tr("{why}: the next run on {day} at the earliest", why=why, day=next_day(plan, last))


def _too_soon(plan: Plan, last: Paced, day: date) -> str:
    days = _days_off(plan, last)
    if days == 1:
        return tr("the run of {day} came without the day off after the one of {last}", day=day, last=last.day)
    return tr(
        "the run of {day} came without the {days} days off after the one of {last}",
        day=day,
        days=in_words(days),
        last=last.day,
    )


def days_off_text(plan: Plan, last: Paced) -> str:
    """Return the sentence of the days off that belong after a run."""
    days = _days_off(plan, last)
    first = next_day(plan, last)
    if days == 1:
        return tr("a day off belongs after the run of {day}: from {first} on", day=last.day, first=first)
    return tr(
        "{days} days off belong after the run of {day}: from {first} on",
        days=in_words(days),
        day=last.day,
        first=first,
    )


def cap_text(plan: Plan, runs: Sequence[Paced], day: date, km: float | None = None) -> str:
    """Return how long a run on a day may be, and for one that is meant to be longer, what that leads to."""
    cap = cap_km(plan, runs, day)
    most = _rounded(cap)
    if km is not None and km > cap + 1e-9:
        return tr(
            "{km:g} km is more than the {most:.1f} km that are the most for the next run: run less, or stop on the "
            "way; a longer run needs one more day off after it",
            km=float(km),
            most=most,
        )
    if cap <= plan.first_km + 1e-9:
        return tr("at most {most:.1f} km for the next run, slowly", most=most)
    return tr(
        "at most {most:.1f} km for the next run: {percent:g} % more than the longest of the last 30 days",
        most=most,
        percent=plan.growth_pct,
    )


NUMBERS = {
    2: mark("two", "days"),
    3: mark("three", "days"),
    4: mark("four", "days"),
    5: mark("five", "days"),
    6: mark("six", "days"),
    7: mark("seven", "days"),
}
"""Small numbers of days as words; one has sentences of its own, since "one day" bends otherwise than "two days"."""


def in_words(number: int) -> str:
    """Return a small number as a word, as the gates' sentences have it."""
    return tr_text(NUMBERS[number], "days") if number in NUMBERS else str(number)


def _days_off(plan: Plan, last: Paced) -> int:
    return plan.days_off + (1 if last.over or last.soon else 0)


def _lately(runs: Sequence[Paced], day: date) -> list[Paced]:
    return [one for one in runs if one.borne and day - one.day <= LONGEST_OF]


def _grown(plan: Plan, runs: Sequence[Paced]) -> float:
    longest = max((one.km for one in runs if one.km is not None), default=0.0)
    return max(plan.first_km, longest * (1 + plan.growth_pct / 100))


def _rounded(km: float) -> float:
    """Round down: a cap that is told is never more than the one that holds."""
    return floor(km * 10 + 1e-6) / 10
