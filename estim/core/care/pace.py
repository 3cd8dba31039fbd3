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
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import floor

from estim.core.care.plan import Plan
from estim.core.days.diary import Run

DAY = timedelta(days=1)

LONGEST_OF = timedelta(days=30)
"""The longest run of so many days is what the next one is held against (the source stands in the plan's file)."""

MEMORY = 2 * LONGEST_OF
"""What is older decides nothing: whether a run of the last 30 days was a leap is told by the 30 days before it."""

TOLD_FOR = timedelta(days=14)
"""So long a run that was too long or too soon is told of, if none came after it."""


@dataclass(frozen=True, slots=True)
class Paced:
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
        soon = f"the run of {day} came without {_the_days_off(plan, last)} after the one of {last.day}"
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
        no_km = f"the run of {last.day} has no distance: nobody can say if it kept to its cap, and none grows by it"
        return (*(f"{one}: the next run on {next_day(plan, last)} at the earliest" for one in told), no_km)
    if last.over:
        told.append(f"{last.km:g} km on {last.day}: at most {_km(last.cap_km)} km were meant")
    if told:
        told[-1] += f": the next run on {next_day(plan, last)} at the earliest"
    return tuple(told)


def days_off_text(plan: Plan, last: Paced) -> str:
    """Return the sentence of the days off that belong after a run."""
    days = _days_off(plan, last)
    words = "a day off belongs" if days == 1 else f"{in_words(days)} days off belong"
    return f"{words} after the run of {last.day}: from {next_day(plan, last)} on"


def cap_text(plan: Plan, runs: Sequence[Paced], day: date, km: float | None = None) -> str:
    """Return how long a run on a day may be, and for one that is meant to be longer, what that leads to."""
    cap = cap_km(plan, runs, day)
    most = _km(cap)
    if km is not None and km > cap + 1e-9:
        return (
            f"{km:g} km is more than the {most} km that are the most for the next run: run less, or stop on the way; "
            "longer, and a day off more comes after it"
        )
    if cap <= plan.first_km + 1e-9:
        return f"at most {most} km for the next run, slowly"
    return f"at most {most} km for the next run: {plan.growth_pct:g} % more than the longest of the last 30 days"


def in_words(number: int) -> str:
    """Return a small number as a word, as the gates' sentences have it."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven")
    return words[number] if number < len(words) else str(number)


def _the_days_off(plan: Plan, last: Paced) -> str:
    days = _days_off(plan, last)
    return "the day off" if days == 1 else f"the {in_words(days)} days off"


def _days_off(plan: Plan, last: Paced) -> int:
    return plan.days_off + (1 if last.over or last.soon else 0)


def _lately(runs: Sequence[Paced], day: date) -> list[Paced]:
    return [one for one in runs if one.borne and day - one.day <= LONGEST_OF]


def _grown(plan: Plan, runs: Sequence[Paced]) -> float:
    longest = max((one.km for one in runs if one.km is not None), default=0.0)
    return max(plan.first_km, longest * (1 + plan.growth_pct / 100))


def _km(km: float) -> str:
    """Round down: a cap that is told is never more than the one that holds."""
    return f"{floor(km * 10 + 1e-6) / 10:.1f}"
