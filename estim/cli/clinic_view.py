"""What the page of `estim report --html` says to a clinic, from the diary, the care plan and the programs."""

from datetime import date, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from estim.core.errors import EstimError
from estim.core.translation import mark, tr, tr_text

if TYPE_CHECKING:
    from estim.core.care.plan import Plan
    from estim.core.days.diary import Diary
    from estim.journal.home_journal import HomeJournal
    from estim.report.clinic import Clinic

VERDICTS_MAX = 60
"""Of so many runs, the newest, the verdict is told: each asks where the plan stood two days later."""

JUDGED_WITHIN = timedelta(hours=48)


def clinic_of(journal: "HomeJournal", diary: "Diary", first: date, last: date, name: str) -> "Clinic":
    """Return it; `name` is shown on this page and kept nowhere."""
    from estim.core.care.stage_text import stage_told
    from estim.core.care.standing import standing
    from estim.core.days.particulars import particulars
    from estim.report.clinic import Clinic

    found = particulars(diary, first, last)
    now = standing(journal.plan, journal.recent(), journal.now)
    stage = stage_told(now.stage, begin="")
    if now.day:
        stage = tr("{stage}, since {since}", stage=stage, since=now.since)
    return Clinic(
        name=name,
        stage=stage,
        particulars=found,
        played_as={
            (program, family): _played_as(journal.home.programs, program, family) for program, family, _ in found.played
        },
        verdicts=verdicts(journal.plan, diary, journal.now),
    )


def _played_as(folder: Path, program: str, family: str) -> str:
    """Return rate and width of what a unit of a family plays, as the program's file is now."""
    from estim.catalogue.families import find_family
    from estim.catalogue.programs import find_program
    from estim.core.programs.course import fit
    from estim.core.programs.program import words

    try:
        score = fit(find_program(folder, program), find_family(family), unlocked=True).score
    except EstimError:
        return tr("not known: the program or its unit isn't there any more")
    if score.number is not None:
        return tr("the unit's own program {number}: see its manual", number=score.number)
    return "; ".join(
        dict.fromkeys(f"{words(part.rate_hz, 'Hz')}, {words(part.width_us, 'µs')}" for part in score.parts)
    )


def verdicts(plan: "Plan", diary: "Diary", now: datetime) -> dict[datetime, str]:
    """Return the plan's word on each run: where it stood when the run was judged, and what it said of that."""
    from estim.core.care.plan import Stage
    from estim.core.care.standing import standing
    from estim.core.values import replace

    meant = {
        Stage.REST: mark("rest again"),
        Stage.TRIAL: mark("a trial run is possible again"),
        Stage.MORNING: mark("not judged yet"),
        Stage.BUILD: mark("fine: building up"),
        Stage.LIGHT: mark("fine: the lighter plan"),
        Stage.ENDED: mark("the plan has ended"),
    }
    runs = diary.runs[-VERDICTS_MAX:]
    found = {}
    for run, following in zip_longest(runs, runs[1:]):
        at = min(now, run.at + JUDGED_WITHIN)
        if following is not None:
            at = min(at, following.at - timedelta(seconds=1))
        then = replace(
            diary,
            sessions=tuple(one for one in diary.sessions if one.at <= at),
            pains=tuple(one for one in diary.pains if one.at <= at),
            runs=tuple(one for one in diary.runs if one.at <= at),
            checks=tuple(one for one in diary.checks if one.at <= at),
        )
        stood = standing(plan, then, at)
        if stood.stage in meant:
            days = {run.at.date(), run.at.date() + timedelta(days=1)}
            why = [one.text for one in stood.said if one.days & days]
            found[run.at] = "; ".join([tr_text(meant[stood.stage]), *why])
    return found
