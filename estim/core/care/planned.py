"""Planned runs, as they stand: a plan is cancelled by a word, fulfilled by a run near it, and asked about afterwards.

Rules:
1. Of what was said about one moment the last word holds: planned, or cancelled. To move a run is both at once.
2. A run fulfils the nearest plan within FULFILS of it, and only one; none that was made after the run was written down
   (numbers tell): that one is still to come, and its quiet hours hold.
3. A plan that nothing was said of is asked about on the two days after it, and then no more.
4. The word that cancels a plan keeps when it was said: until then the hours before the run were without a session.
"""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from estim.core.days.diary import Check, Diary, Topic

CANCELLED = "cancelled"

FULFILS = timedelta(hours=12)
"""A run so near a plan is the planned one: people run earlier than they meant, or when the rain is over."""

ASKED_DAYS = 2


class Meant(Struct, frozen=True):
    """One plan: when its run was meant, and until when it held; `over` None: it was cancelled, nobody knows when."""

    at: datetime
    over: datetime | None
    standing: bool


def cancelled(at: datetime, said: datetime) -> Check:
    """Return the word that takes a plan back; `said` is now."""
    return Check(at=at, topic=Topic.RUN_PLANNED, about=said.isoformat(timespec="minutes"), answer=CANCELLED)


def planned(diary: Diary) -> tuple[datetime, ...]:
    """Return when runs are planned that were neither cancelled nor run, by time."""
    return tuple(one.at for one in outcomes(diary) if one.standing)


def outcomes(diary: Diary) -> tuple[Meant, ...]:
    """Return all plans and what became of them, by time."""
    last: dict[datetime, Check] = {}
    for check in diary.checks:
        moment = check.at.astimezone(UTC)
        if check.topic is Topic.RUN_PLANNED and (moment not in last or check.id >= last[moment].id):
            last[moment] = check
    standing = {moment: check.at for moment, check in last.items() if check.answer != CANCELLED}
    over = {moment: _said(check) if check.answer == CANCELLED else check.at for moment, check in last.items()}
    for run in diary.runs if standing else ():
        ran = run.at.astimezone(UTC)
        known = [moment for moment in standing if run.id == 0 or last[moment].id <= run.id]
        nearest = min(known, key=lambda moment: abs(moment - ran), default=None)
        if nearest is not None and abs(nearest - ran) <= FULFILS:
            del standing[nearest]
            over[nearest] = min(run.at, last[nearest].at, key=lambda at: at.timestamp())
    return tuple(Meant(last[moment].at, over[moment], moment in standing) for moment in sorted(last))


def _said(check: Check) -> datetime | None:
    """Return when a plan was cancelled, never after its own moment; None: nobody kept it, or it can't be read."""
    try:
        said = datetime.fromisoformat(check.about)
    except ValueError:
        return None
    return None if said.tzinfo is None else min(said, check.at, key=lambda at: at.timestamp())


def ahead(diary: Diary, now: datetime) -> datetime | None:
    """Return the next planned run, None: there is none."""
    return next((at for at in planned(diary) if at.astimezone(UTC) >= now.astimezone(UTC)), None)


def unsaid(diary: Diary, now: datetime) -> datetime | None:
    """Return the last planned run of the days before today of which nobody said whether it took place."""
    days = [at for at in planned(diary) if 0 < (now.date() - at.date()).days <= ASKED_DAYS]
    return days[-1] if days else None
