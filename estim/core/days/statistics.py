"""Counts a diary: what was done of the schedule, how much was put out, and what became of the pain.

1. A day is the person's own: that of the moment's offset, and that of a slot's key.
2. A slot counts once it is over: done, cut short or missed. One that was skipped or off is neither, and in a home in
   which no session was ever played nothing counts yet.
3. A slot counts once, whether it was played on one leg or on both; what was done on each leg is told beside it.
4. Of several scores of one kind on one day the highest counts, and a session on a site that nobody named may have been
   on any (as in estim/core/days/dose.py).
5. Everything is put under its day once, so ten years take no longer than a blink.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import dropwhile

from msgspec import Struct

from estim.core.days.diary import Check, Diary, Pain, Played, Run, Topic, When
from estim.core.days.dose import ANY
from estim.core.days.entry_text import when_named
from estim.core.days.legs import LEGS, UNSAID, place_of
from estim.core.days.slots import Slot, Status
from estim.core.days.streak import OVER, Streak, by_day, streak_of
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr

ENDS = 7
"""Days with a score at either end whose worst pain is compared: a week each, so that days with a run, and weekends, are
in both; with three days a single bad one moved the mean by two points."""

USAGE_DAYS = 60
USAGE_LOW_MAX = 30
USAGE_HIGH_MIN = 57
"""Days with a session among the last sixty: low up to 30, high from 57 (programs.md section 9, Quell)."""

CLEAR_POINTS = 2
"""A change of the pain by so many points means something to most people, less is what scores do by themselves
(programs.md section 6)."""

PLAYED = (Status.DONE, Status.PART)
"""What only a session makes of a slot."""

DAY = timedelta(days=1)


class Day(Struct, frozen=True, kw_only=True):
    """One day: its slots, sessions and scores. `site_minutes` is the most that one site can have had of `minutes`.

    `run_min` is the time of runs without a distance, `stiffness_min` that of the morning, the longest of several.
    """

    on: date
    done: int = 0
    part: int = 0
    missed: int = 0
    skipped: int = 0
    off: int = 0
    open: int = 0
    sessions: int = 0
    minutes: float = 0.0
    site_minutes: float = 0.0
    worst: int | None = None
    morning: int | None = None
    rest: int | None = None
    run: int | None = None
    km: float = 0.0
    run_min: float = 0.0
    stiffness_min: float | None = None

    @property
    def counted(self) -> int:
        """Return how many slots say something about adherence."""
        return self.done + self.part + self.missed

    @property
    def empty(self) -> bool:
        return self == Day(on=self.on)


class Change(Struct, frozen=True, kw_only=True):
    """Mean of the worst pain of the first days that have one, and of the last. Sums, so that sevenths stay exact."""

    before_sum: int
    after_sum: int
    days: int = ENDS

    @property
    def before(self) -> float:
        return self.before_sum / self.days

    @property
    def after(self) -> float:
        return self.after_sum / self.days

    @property
    def fell(self) -> float:
        """Return by how many points it fell; below 0 it rose."""
        return (self.before_sum - self.after_sum) / self.days

    @property
    def clear(self) -> bool:
        """Say whether it moved by enough to be named."""
        return abs(self.before_sum - self.after_sum) >= CLEAR_POINTS * self.days


class Dose(Struct, frozen=True, kw_only=True):
    """What one place had: minutes by day (days without any left out), and in how many sessions.

    `site` is a site, ANY, or in words one of which nobody said the leg (legs.py).
    """

    site: str
    sessions: int
    by_day: Mapping[date, float]

    @property
    def minutes(self) -> float:
        return sum(self.by_day.values())

    @property
    def highest(self) -> tuple[date, float]:
        """Return the day that had most, the first of several, and its minutes."""
        return max(self.by_day.items(), key=lambda one: (one[1], -one[0].toordinal()))


class Off(Struct, frozen=True, kw_only=True):
    """A slot in which no session was possible, and why."""

    slot: str
    why: str


class Leg(Struct, frozen=True, kw_only=True):
    """What was done of the slots on one leg, UNSAID: on one that nobody named."""

    leg: str
    done: int
    part: int


class Remark(Struct, frozen=True, kw_only=True):
    """Words that the person wrote; `about` says to what, as people read it."""

    at: datetime
    about: str
    text: str


class Tally(Struct, frozen=True, kw_only=True):
    """A period counted: every day of it in order, and what they add up to.

    `begun`: a session was played here, whenever that was. `legs` are empty where nobody ever said which one.
    """

    first: date
    last: date
    today: date
    days: tuple[Day, ...]
    streak: Streak
    change: Change | None
    doses: tuple[Dose, ...]
    programs: tuple[tuple[str, int], ...]
    remarks: tuple[Remark, ...]
    skin_ok: int
    skin_bad: tuple[date, ...]
    red_flags: tuple[tuple[date, str], ...]
    simulated: bool
    begun: bool
    off: tuple[Off, ...]
    legs: tuple[Leg, ...]
    by_hand: int = 0

    @property
    def done(self) -> int:
        return sum(day.done for day in self.days)

    @property
    def counted(self) -> int:
        """Return the slots that are over and count: done, cut short or missed."""
        return sum(day.counted for day in self.days)

    @property
    def adherence(self) -> float | None:
        """Return the share of slots done, None if none counts yet."""
        return self.done / self.counted if self.counted else None

    @property
    def streak_days(self) -> int:
        return self.streak.days

    @property
    def best_streak_days(self) -> int:
        return self.streak.best_days

    @property
    def sessions(self) -> int:
        """Return the sessions that began."""
        return sum(day.sessions for day in self.days)

    @property
    def hours(self) -> float:
        """Return the hours with a level above 0."""
        return sum(day.minutes for day in self.days) / 60

    @property
    def highest(self) -> Day | None:
        """Return the day with most minutes, the first of several, None if no session began."""
        return max(self.days, key=lambda day: day.minutes) if self.sessions else None

    @property
    def usage_days(self) -> int | None:
        """Return the days with a session among the last sixty that are over; None if the diary has fewer by then."""
        over = list(dropwhile(lambda day: day.empty, (day for day in self.days if day.on < self.today)))
        return sum(day.sessions > 0 for day in over[-USAGE_DAYS:]) if len(over) >= USAGE_DAYS else None

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to tell."""
        return all(day.empty for day in self.days) and not (self.remarks or self.red_flags or self.skin_bad)


def tally(diary: Diary, slots: Sequence[Slot], now: datetime, first: date, last: date) -> Tally:
    """Count the days from `first` to `last`, both included; `now` is in the person's zone.

    A streak may have begun before `first`: it is told from all the slots that are given. Raises EstimError if the
    period ends before it begins.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a zone")
    if last < first:
        raise EstimError(
            tr(
                "a report from {first:%Y-%m-%d} to {last:%Y-%m-%d} has no days: its last day must not be before its "
                "first",
                first=first,
                last=last,
            ),
            code=Exit.USAGE,
        )
    today = now.date()
    played = [one for one in diary.sessions if one.begun and first <= one.at.date() <= last]
    begun = (
        diary.played_before or any(one.begun for one in diary.sessions) or any(one.status in PLAYED for one in slots)
    )
    statuses = by_day(slot for slot in slots if begun or slot.status is not Status.MISSED)
    within = [slot for slot in slots if first <= date.fromisoformat(slot.key[:10]) <= last]
    days = _days(diary, played, statuses, first, last)
    skin = [one for one in diary.checks if one.topic is Topic.SKIN and first <= one.at.date() <= last]
    return Tally(
        first=first,
        last=last,
        today=today,
        days=days,
        streak=streak_of(statuses, today, last),
        change=_change(days),
        doses=_doses(played),
        programs=tuple(sorted(Counter(one.program for one in played).items(), key=lambda one: (-one[1], one[0]))),
        remarks=_remarks(diary, first, last),
        skin_ok=sum(one.answer == "ok" for one in skin),
        skin_bad=tuple(dict.fromkeys(one.at.date() for one in skin if one.answer == "bad")),
        red_flags=_red_flags(diary.checks, first, last),
        simulated=any(one.simulated for one in played),
        begun=begun,
        off=tuple(Off(slot=slot.key, why=slot.why) for slot in within if slot.status is Status.OFF),
        legs=_legs(within),
        by_hand=sum(one.by_hand for one in played),
    )


def _legs(slots: Iterable[Slot]) -> tuple[Leg, ...]:
    found = Counter(one for slot in slots for one in slot.legs.items())
    legs = [leg for leg in (*LEGS, UNSAID) if found[leg, Status.DONE] or found[leg, Status.PART]]
    if legs in ([], [UNSAID]):
        return ()
    return tuple(Leg(leg=leg, done=found[leg, Status.DONE], part=found[leg, Status.PART]) for leg in legs)


def _doses(played: Iterable[Played]) -> tuple[Dose, ...]:
    minutes: defaultdict[str, defaultdict[date, float]] = defaultdict(lambda: defaultdict(float))
    sessions: Counter[str] = Counter()
    for one in played:
        place = place_of(one.sites or (ANY,))
        minutes[place][one.at.date()] += one.output_s / 60
        sessions[place] += 1
    found = [Dose(site=place, sessions=sessions[place], by_day=dict(by_day)) for place, by_day in minutes.items()]
    return tuple(sorted(found, key=lambda dose: (dose.site == ANY, -dose.minutes, dose.site)))


def _site_minutes(played: Iterable[Played]) -> dict[date, float]:
    """Return the most that one site can have had of each day: one that nobody named may have been any."""
    of_site: defaultdict[str, defaultdict[date, float]] = defaultdict(lambda: defaultdict(float))
    for one in played:
        for site in dict.fromkeys(one.sites or (ANY,)):
            of_site[site][one.at.date()] += one.output_s / 60
    unnamed: Mapping[date, float] = of_site.pop(ANY, {})
    most = dict(unnamed)
    for minutes_by_day in of_site.values():
        for on, minutes in minutes_by_day.items():
            most[on] = max(most.get(on, 0.0), minutes + unnamed.get(on, 0.0))
    return most


def _days(
    diary: Diary,
    played: Sequence[Played],
    statuses: Mapping[date, Counter[Status]],
    first: date,
    last: date,
) -> tuple[Day, ...]:
    sessions = Counter(one.at.date() for one in played)
    output_s: defaultdict[date, float] = defaultdict(float)
    for one in played:
        output_s[one.at.date()] += one.output_s
    site_minutes = _site_minutes(played)
    scores = _scores(diary.pains, diary.runs)
    km: defaultdict[date, float] = defaultdict(float)
    run_min: defaultdict[date, float] = defaultdict(float)
    for run in diary.runs:
        km[run.at.date()] += run.km or 0.0
        run_min[run.at.date()] += (run.minutes or 0.0) if run.km is None else 0.0
    stiff = stiffness(diary.pains)
    no_slot: Counter[Status] = Counter()
    no_score: dict[When, int] = {}
    found = []
    for number in range((last - first).days + 1):
        on = first + number * DAY
        of_day = statuses.get(on, no_slot)
        told = scores.get(on, no_score)
        found.append(
            Day(
                on=on,
                **{status.value: count for status, count in of_day.items() if status in OVER},
                open=sum([count for status, count in of_day.items() if status not in OVER]),
                sessions=sessions.get(on, 0),
                minutes=output_s.get(on, 0.0) / 60,
                site_minutes=site_minutes.get(on, 0.0),
                worst=told.get(When.WORST),
                morning=told.get(When.MORNING),
                rest=told.get(When.REST),
                run=told.get(When.RUN),
                km=km.get(on, 0.0),
                run_min=run_min.get(on, 0.0),
                stiffness_min=stiff.get(on),
            )
        )
    return tuple(found)


def _scores(pains: Iterable[Pain], runs: Iterable[Run]) -> dict[date, dict[When, int]]:
    told = [(one.at, one.when, one.score) for one in pains]
    told += [(one.at, When.RUN, one.pain) for one in runs if one.pain is not None]
    found: dict[date, dict[When, int]] = {}
    for at, when, score in told:
        of_day = found.setdefault(at.date(), {})
        of_day[when] = max(score, of_day.get(when, score))
    return found


def stiffness(pains: Iterable[Pain]) -> dict[date, float]:
    """Return the morning stiffness by day, minutes, the longest of several."""
    found: dict[date, float] = {}
    for one in pains:
        if one.stiffness_min is not None:
            found[one.at.date()] = max(one.stiffness_min, found.get(one.at.date(), 0.0))
    return found


def _change(days: Iterable[Day]) -> Change | None:
    worst = [day.worst for day in days if day.worst is not None]
    if len(worst) < 2 * ENDS:
        return None
    return Change(before_sum=sum(worst[:ENDS]), after_sum=sum(worst[-ENDS:]))


def _remarks(diary: Diary, first: date, last: date) -> tuple[Remark, ...]:
    found = [
        Remark(at=one.at, about=tr("pain, {when}", when=when_named(one.when)), text=one.note)
        for one in diary.pains
        if one.note
    ]
    found += [Remark(at=one.at, about=tr("run"), text=one.note) for one in diary.runs if one.note]
    found += [Remark(at=one.at, about=tr("note"), text=one.text) for one in diary.notes]
    return tuple(sorted((one for one in found if first <= one.at.date() <= last), key=lambda one: one.at))


def _red_flags(checks: Iterable[Check], first: date, last: date) -> tuple[tuple[date, str], ...]:
    found = [one for one in checks if one.topic is Topic.RED_FLAG and one.answer != "no"]
    return tuple(dict.fromkeys((one.at.date(), one.about) for one in found if first <= one.at.date() <= last))
