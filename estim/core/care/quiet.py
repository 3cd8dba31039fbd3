"""The hours before runs in which no session was allowed, as they were: for planned runs, and for those that were run.

Rules:
1. They begin so long before the run that a whole session would reach into them, as where one is refused (standing.py).
2. A plan holds them until it is cancelled, its run is run, or its moment has come. A plan that was cancelled without a
   moment (from before that was kept) holds none: nobody knows whether a session was possible.
3. A run that nobody planned has them too: whoever leaves a session out before a run does what the plan asks for.
"""

from datetime import datetime, timedelta

from estim.core.care.planned import outcomes
from estim.core.days.diary import Diary
from estim.core.days.screening import Span
from estim.core.translation import mark, tr_text

WHY = mark("the hours before a run")


def quiet_spans(hours: float, minutes: float, diary: Diary) -> tuple[Span, ...]:
    """Return when no session of `minutes` was allowed, for `hours` before each run, by their beginning."""
    before = timedelta(hours=hours, minutes=minutes)
    found = [_span(one.at, one.over, before) for one in outcomes(diary)]
    found += [_span(run.at, run.at, before) for run in diary.runs]
    return tuple(sorted((span for span in found if span is not None), key=lambda span: span.since.timestamp()))


def _span(at: datetime, over: datetime | None, before: timedelta) -> Span | None:
    since = (at.timestamp() - before.total_seconds()) if over is not None else at.timestamp()
    if over is None or over.timestamp() <= since:
        return None
    return Span(datetime.fromtimestamp(since, at.tzinfo), over, tr_text(WHY))
