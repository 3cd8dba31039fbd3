"""Puts days together to weeks or months, so that a long period still fits a line or a plot."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import groupby

from msgspec import Struct

from estim.core.days.statistics import Day
from estim.core.translation import day_name, mark, tr, tr_text, weekdays

DAYS_MAX = 92
WEEKS_MAX = 110
"""Up to so many days a plot has one mark a day, up to so many weeks one a week, above that one a month."""


class Bin(Struct, frozen=True, kw_only=True):
    """Some days in a row. Scores are means of the days that have one; `site_minutes` is that of the highest day."""

    first: date
    last: date
    days: int
    worst: float | None
    morning: float | None
    rest: float | None
    run: float | None
    km: float
    run_min: float
    stiffness_min: float | None
    minutes: float
    site_minutes: float
    sessions: int
    done: int
    counted: int


def by_day(days: Iterable[Day]) -> list[Bin]:
    return _binned(days, lambda on: on.toordinal())


def by_week(days: Iterable[Day], weeks: int = 1) -> list[Bin]:
    """Return one bin for each so many weeks, which begin on Mondays."""
    return _binned(days, lambda on: (on.toordinal() - 1) // (7 * weeks))


def by_month(days: Iterable[Day]) -> list[Bin]:
    return _binned(days, lambda on: 12 * on.year + on.month)


def fitting(days: Sequence[Day]) -> tuple[list[Bin], str]:
    """Return the bins that suit the length of a period, and what one of them is called."""
    if len(days) <= DAYS_MAX:
        return by_day(days), "day"
    if len(days) <= 7 * WEEKS_MAX:
        return by_week(days), "week"
    return by_month(days), "month"


def short(on: date) -> str:
    """Return a date as 2 Mar."""
    return tr("{day} {date:%b}", day=on.day, date=on)


def month_of(on: date) -> str:
    """Return a date's month, as Mar 2026."""
    return day_name(on, "%b %Y")


EACH = {"day": mark("Day"), "week": mark("Week"), "month": mark("Month")}
BY = {"day": mark("by day"), "week": mark("by week"), "month": mark("by month")}


def each_named(each: str) -> str:
    """Return what the first column of a table is called."""
    return tr_text(EACH[each])


def by_each(each: str) -> str:
    """Return in which steps something is told: "by day"."""
    return tr_text(BY[each])


def named(one: Bin, each: str) -> str:
    """Return what to call a bin in a table."""
    if each == "month":
        return f"{one.first:%Y-%m}"
    if each == "week":
        return tr("{first} to {last}", first=one.first, last=one.last)
    return f"{weekdays()[one.first.weekday()]} {one.first}"


def _binned(days: Iterable[Day], key: Callable[[date], int]) -> list[Bin]:
    return [_bin(list(some)) for _, some in groupby(days, lambda day: key(day.on))]


def _bin(days: Sequence[Day]) -> Bin:
    return Bin(
        first=days[0].on,
        last=days[-1].on,
        days=len(days),
        worst=_mean([day.worst for day in days if day.worst is not None]),
        morning=_mean([day.morning for day in days if day.morning is not None]),
        rest=_mean([day.rest for day in days if day.rest is not None]),
        run=_mean([day.run for day in days if day.run is not None]),
        km=sum(day.km for day in days),
        run_min=sum(day.run_min for day in days),
        stiffness_min=_mean([day.stiffness_min for day in days if day.stiffness_min is not None]),
        minutes=sum(day.minutes for day in days),
        site_minutes=max(day.site_minutes for day in days),
        sessions=sum(day.sessions for day in days),
        done=sum(day.done for day in days),
        counted=sum(day.counted for day in days),
    )


def _mean(scores: Sequence[float]) -> float | None:
    return sum(scores) / len(scores) if scores else None
