"""Hand-written diaries of a person on the care plan: the plan is begun on 1 November, so that day N is N November."""

from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from estim.config.care_plan import shipped
from estim.core.care.plan import read_plan
from estim.core.care.standing import Stage, Standing, standing
from estim.core.days.diary import Check, Diary, Entry, Pain, Played, Run, Topic, When

PLAN = read_plan(shipped(), "eight-steps.toml")
HERE = timezone(timedelta(hours=1))
FIRST = datetime(2026, 11, 1, 8, 0, tzinfo=HERE)
"""When the plan is begun: at 08:00 on day 1."""

Kind = TypeVar("Kind", bound=Entry)


def at(day: int, hour: float = 8.0) -> datetime:
    return FIRST + timedelta(days=day - 1, hours=hour - 8)


def diary(*entries: Entry) -> Diary:
    return Diary(
        sessions=_of(Played, entries), pains=_of(Pain, entries), runs=_of(Run, entries), checks=_of(Check, entries)
    )


def _of(kind: type[Kind], entries: tuple[Entry, ...]) -> tuple[Kind, ...]:
    return tuple(sorted((one for one in entries if isinstance(one, kind)), key=lambda one: one.at.astimezone(UTC)))


def begin(when: datetime = FIRST) -> Check:
    return Check(at=when, topic=Topic.CARE, answer="begin")


def worst(day: int, score: int) -> Pain:
    return Pain(at=at(day, 21), score=score, when=When.WORST)


def morning(day: int, score: int, hour: float = 7.0) -> Pain:
    return Pain(at=at(day, hour), score=score, when=When.MORNING)


def ran(day: int, pain: int | None = 2, hour: float = 18.0, km: float = 2.0) -> Run:
    return Run(at=at(day, hour), km=km, pain=pain)


def played(start: datetime, minutes: float = 20, program: str = "tens-ankle", *, simulated: bool = False) -> Played:
    over = start + timedelta(minutes=minutes)
    return Played(
        at=start,
        program=program,
        unit="one",
        family="coyote3",
        sites=("ankle-left",),
        simulated=simulated,
        length_s=1200,
        output_s=minutes * 60,
        delivered_until=over,
        ended=over,
    )


def check(topic: Topic, when: datetime, about: str = "", answer: str = "") -> Check:
    return Check(at=when, topic=topic, about=about, answer=answer)


CALM = (begin(), worst(7, 1), worst(8, 2), morning(9, 1))
"""A week of rest and two calm days: a trial run is possible on day 9."""
BUILT = (*CALM, ran(9), morning(10, 1))
"""The trial run went well."""


def stand(now: datetime, *entries: Entry) -> Standing:
    return standing(PLAN, diary(*entries), now)


def stage(now: datetime, *entries: Entry) -> Stage:
    return stand(now, *entries).stage


def shut(now: datetime, *entries: Entry) -> list[str]:
    """Return the sentences of the gates that aren't met."""
    return [gate.text for gate in stand(now, *entries).gates if not gate.ok]
