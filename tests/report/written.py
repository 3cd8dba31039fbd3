"""A diary of some weeks to make reports of: the same one for the same number of days."""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from estim.core.days.diary import Check, Diary, Note, Pain, Played, Run, Topic, When
from estim.core.days.particulars import Levels, Particulars, Ran
from estim.core.days.slots import Slot, Status
from estim.core.days.statistics import Tally, tally
from estim.report.clinic import Clinic

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 3, 2)
"""A Monday; clocks go forward on the last day of four weeks from here."""

EVIL = "<script>alert('pain')</script> & \"more\""


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN)


def played(moment: datetime, minutes: float = 20, program: str = "tens-ankle", site: str = "ankle-left") -> Played:
    over = moment + timedelta(minutes=minutes)
    return Played(
        at=moment,
        program=program,
        unit="mine",
        family="em70",
        sites=(site,),
        simulated=False,
        length_s=1200,
        output_s=60 * minutes,
        delivered_until=over,
        ended=over,
    )


def slot(moment: datetime, status: Status) -> Slot:
    return Slot(f"{moment:%Y-%m-%dT%H:%M}", moment, moment, moment + timedelta(hours=2), status)


@cache
def written(days: int = 28, program: str = "tens-ankle", note: str = "after stairs") -> Tally:
    """Return a period of two slots a day: one is missed each ninth day, the pain falls from 7 to 3."""
    sessions = []
    pains = []
    runs = []
    slots = []
    for number in range(days):
        day = FIRST + timedelta(days=number)
        for hour in (8, 18):
            missed = hour == 18 and number % 9 == 4
            slots.append(slot(at(day, hour), Status.MISSED if missed else Status.DONE))
            if not missed:
                sessions.append(played(at(day, hour), program=program))
        if number % 5 == 3:
            sessions.append(played(at(day, 13), 90, site="calf-left"))
        fallen = 7 - round(4 * number / max(1, days - 1))
        pains.append(Pain(at=at(day, 7), score=fallen - 2, when=When.MORNING))
        pains.append(Pain(at=at(day, 12), score=max(0, fallen - 4), when=When.REST))
        pains.append(Pain(at=at(day, 20), score=fallen + number % 2, when=When.WORST, note=note if number == 1 else ""))
        if number % 3 == 2:
            runs.append(Run(at=at(day, 17), km=5.5, minutes=33, pain=fallen - 1))
    diary = Diary(
        sessions=tuple(sessions),
        pains=tuple(pains),
        runs=tuple(runs),
        checks=(Check(at=at(FIRST, 9), topic=Topic.SKIN, answer="bad"),),
        notes=(Note(at=at(FIRST, 10), text="new shoes"),),
    )
    last = FIRST + timedelta(days=days - 1)
    return tally(diary, slots, at(last, 23), FIRST, last)


def nothing(days: int = 28) -> Tally:
    last = FIRST + timedelta(days=days - 1)
    return tally(Diary(), [], at(last, 23), FIRST, last)


def clinic(name: str = "Anna Beispiel", program: str = "tens-ankle") -> Clinic:
    """Return what a clinic is told of four weeks: a level that rises, another of few sessions, and two runs."""
    points = tuple((at(FIRST + timedelta(days=number), 8), 5 + number // 4) for number in range(28))
    one = Ran(at=at(FIRST + timedelta(days=8), 17), km=5.5, minutes=33, pain=2, morning_after=1)
    other = Ran(at=at(FIRST + timedelta(days=12), 17), km=6, minutes=None, pain=4, morning_after=5, shoes="blue")
    found = Particulars(
        sides=("left",),
        levels=(
            Levels(program=program, unit="mine", channel="A", points=points),
            Levels(program="ems-recovery", unit="mine", channel="B", points=points[:6]),
        ),
        feels=(("same", 12), ("weaker", 9)),
        ticks=(("rest", 7),),
        runs=(one, other),
        loads=(
            Check(at=at(FIRST + timedelta(days=3), 19), topic=Topic.LOAD, about="3x15", answer="2"),
            Check(at=at(FIRST + timedelta(days=4), 19), topic=Topic.LOAD, about="as yesterday"),
        ),
        played=((program, "em70", 53), ("ems-recovery", "coyote3", 5)),
    )
    return Clinic(
        name=name,
        stage="building up, since 2026-03-20",
        particulars=found,
        played_as={(program, "em70"): "100 Hz, 200 µs"},
        verdicts={one.at: "fine: building up", other.at: "rest again; first steps 5 on 2026-03-15"},
    )
