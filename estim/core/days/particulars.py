"""What a clinic asks for beside the figures: levels over time, how sessions felt, what was ticked, and every run.

1. Levels are those of one program on one unit and channel: scales differ from unit to unit, so nothing else compares.
2. A trend is told only over TREND_SESSIONS sessions and TREND_DAYS days, as the mean of the last third against that of
   the first; below a tenth of the first it is none.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct

from estim.core.days.diary import Check, Diary, Pain, Played, Side, Topic, When
from estim.core.days.legs import LEGS, leg_of
from estim.core.days.statistics import stiffness

TREND_SESSIONS = 9
"""So that each third is a mean of three sessions or more."""

TREND_DAYS = 7
TREND_SHARE = 0.1


class Levels(Struct, frozen=True, kw_only=True):
    """The highest level of each session, by its start, of one program on one unit and channel."""

    program: str
    unit: str
    channel: str
    points: tuple[tuple[datetime, int], ...]

    @property
    def trend(self) -> str:
        """Return rising, falling, steady, or "" over too little."""
        values = [value for _, value in self.points]
        days = (self.points[-1][0].date() - self.points[0][0].date()).days
        third = len(values) // 3
        if len(values) < TREND_SESSIONS or days < TREND_DAYS:
            return ""
        before = sum(values[:third])
        after = sum(values[-third:])
        if abs(after - before) < TREND_SHARE * before:
            return "steady"
        return "rising" if after > before else "falling"


class Ran(Struct, frozen=True, kw_only=True):
    """One run, its worst pain, and the first steps of the next morning."""

    at: datetime
    km: float | None
    minutes: float | None
    pain: int | None
    morning_after: int | None
    shoes: str = ""


class Particulars(Struct, frozen=True, kw_only=True):
    """All of it, of one period; `sides` as the sites name them, `played` programs with the family of their unit.

    `loads` are the entries of heel raises, the oldest first.
    """

    sides: tuple[str, ...]
    levels: tuple[Levels, ...]
    feels: tuple[tuple[str, int], ...]
    ticks: tuple[tuple[str, int], ...]
    runs: tuple[Ran, ...]
    played: tuple[tuple[str, str, int], ...]
    stiffness: tuple[tuple[date, float], ...] = ()
    by_hand: int = 0
    loads: tuple[Check, ...] = ()


def particulars(diary: Diary, first: date, last: date) -> Particulars:
    """Return what a clinic asks for of the days from `first` to `last`, both included."""
    played = [one for one in diary.sessions if one.begun and first <= one.at.date() <= last]
    checks = [one for one in diary.checks if first <= one.at.date() <= last]
    feels = Counter(one.answer for one in checks if one.topic is Topic.FEEL and one.answer)
    ticks = Counter(one.about for one in checks if one.topic is Topic.TICK)
    pairs = Counter((one.program, one.family) for one in played)
    return Particulars(
        sides=_sides(played, [one for one in diary.pains if first <= one.at.date() <= last]),
        levels=_levels(played),
        feels=tuple(sorted(feels.items())),
        ticks=tuple(sorted(ticks.items())),
        runs=tuple(
            Ran(
                at=run.at,
                km=run.km,
                minutes=run.minutes,
                pain=run.pain,
                morning_after=_morning(diary.pains, run.at),
                shoes=run.shoes,
            )
            for run in diary.runs
            if first <= run.at.date() <= last
        ),
        stiffness=tuple(sorted((on, minutes) for on, minutes in stiffness(diary.pains).items() if first <= on <= last)),
        by_hand=sum(one.by_hand for one in played),
        loads=tuple(sorted((one for one in checks if one.topic is Topic.LOAD), key=lambda one: one.at.timestamp())),
        played=tuple(sorted((program, family, number) for (program, family), number in pairs.items())),
    )


def _sides(played: Iterable[Played], pains: Iterable[Pain]) -> tuple[str, ...]:
    said = {leg_of(one.sites) for one in played}
    for pain in pains:
        if pain.side is not None:
            said |= {Side.LEFT, Side.RIGHT} if pain.side is Side.BOTH else {pain.side}
    return tuple(leg for leg in LEGS if leg in said)


def _levels(played: Iterable[Played]) -> tuple[Levels, ...]:
    points: defaultdict[tuple[str, str, str], list[tuple[datetime, int]]] = defaultdict(list)
    for one in played:
        for channel, level in one.level_max.items():
            if level:
                points[one.program, one.unit, channel].append((one.at, level))
    return tuple(
        Levels(program=program, unit=unit, channel=channel, points=tuple(found))
        for (program, unit, channel), found in sorted(points.items())
    )


def _morning(pains: Iterable[Pain], at: datetime) -> int | None:
    """Return the first steps of the day after a run, the worst of several."""
    scores = [pain.score for pain in pains if pain.when is When.MORNING and (pain.at.date() - at.date()).days == 1]
    return max(scores, default=None)
