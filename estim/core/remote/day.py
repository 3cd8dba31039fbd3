"""What a house is told of the day, from the diary: what is due, what was done, and the last pain. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from estim.core.days.diary import Diary
from estim.core.days.outcomes import coming, due
from estim.core.days.slots import Slot
from estim.core.days.statistics import tally
from estim.core.remote.state import Day

DAYS = 7
"""Days of which the share of sessions done is told, today among them."""


def day_of(diary: Diary, slots: Sequence[Slot], now: datetime, *, reminders: bool) -> Day:
    """Return the day at `now` (in the person's zone); `slots` are those of DAYS days and the ones to come."""
    first = now.date() - timedelta(days=DAYS - 1)
    week = tally(diary, slots, now, first, now.date())
    today = week.days[-1]
    following = due(slots) or coming(slots)
    return Day(
        reminders=reminders,
        due=None if following is None else following.at,
        sessions=today.sessions,
        minutes=today.minutes,
        adherence_pct=None if week.adherence is None else 100 * week.adherence,
        pain=diary.pains[-1].score if diary.pains else None,
    )
