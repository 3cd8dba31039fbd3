"""What `estim report` shows, without the parser in front of it, so that it is there at once."""

import os
import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from estim.cli.arguments import day_of, wrong
from estim.cli.output import draw, outlet, tell
from estim.core.days.diary import Diary
from estim.core.days.statistics import Tally, tally
from estim.core.translation import tr
from estim.journal.home_journal import HomeJournal, opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags

WEEKS = 4
"""What is told of, if nothing else is asked for."""

STREAK_BACK = timedelta(days=120)
"""How far before its period a report looks for the beginning of a streak."""


def show_report(
    flags: "Flags",
    html: Path | None = None,
    weeks: int | None = None,
    since: str | None = None,
    *,
    everything: bool = False,
    name: str | None = None,
) -> None:
    """Show how it went, or write it as a page; `name` is for this page alone."""
    if name is not None and html is None:
        raise wrong(tr("--name stands on the page: say --html FILE as well"))
    if sum((weeks is not None, everything, since is not None)) > 1:
        raise wrong(tr("say one of --weeks, --all and --since"))
    with opened(flags.host) as journal:
        diary, counted = _counted(journal, weeks, everything, since)
        now = journal.now
        if html is not None:
            from estim.cli.clinic_view import clinic_of

            clinic = clinic_of(journal, diary, counted.first, counted.last, (name or "").strip())
    if html is not None:
        from estim.config.files import write_whole
        from estim.report.page import as_html

        write_whole(html, as_html(counted, title=tr("Sessions and pain"), made_at=now, clinic=clinic))
        tell(flags, "report", tr("written: {file}", file=html), [{"file": str(html)}])
        return
    from estim.report.text import as_text

    terminal = outlet().isatty()
    colour = terminal and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size((80, 24)).columns if terminal else 80
    text = "" if flags.as_json else as_text(counted, width=width, colour=colour)
    if colour and not flags.as_json:
        draw(text)
        return
    tell(flags, "report", text, [_row(counted)])


def _counted(journal: HomeJournal, weeks: int | None, everything: bool, since: str | None) -> tuple[Diary, "Tally"]:
    today = journal.now.date()
    first = today - timedelta(days=7 * (weeks or WEEKS) - 1) if since is None else day_of(since, journal.now)
    if first > today:
        raise wrong(tr("--since {day}: that is in the future", day=since))
    begins = None if everything else datetime.combine(first, time(), journal.now.tzinfo) - STREAK_BACK
    diary = journal.read(begins)
    if everything:
        first = _beginning(diary, today)
    start = datetime.combine(first, time(), journal.now.tzinfo) if begins is None else begins
    slots = journal.slots(diary, start, journal.now.replace(hour=0, minute=0) + timedelta(days=1))
    return diary, tally(diary, slots, journal.now, first, today)


def _beginning(diary: "Diary", today: date) -> date:
    entries = (*diary.sessions[:1], *diary.pains[:1], *diary.runs[:1], *diary.regimes[:1])
    return min((entry.at.date() for entry in entries), default=today)


def _row(counted: "Tally") -> dict[str, object]:
    return {
        "first": counted.first,
        "last": counted.last,
        "done": counted.done,
        "counted": counted.counted,
        "adherence": counted.adherence,
        "streak_days": counted.streak_days,
        "best_streak_days": counted.best_streak_days,
        "sessions": counted.sessions,
        "by_hand": counted.by_hand,
        "hours": round(counted.hours, 3),
        "change": counted.change,
        "off": counted.off,
        "legs": counted.legs,
        "days": [
            {"day": day.on, "done": day.done, "part": day.part, "missed": day.missed, "off": day.off,
             "sessions": day.sessions, "minutes": round(day.minutes, 2), "worst": day.worst, "morning": day.morning,
             "km": day.km, "run_min": day.run_min, "stiffness_min": day.stiffness_min}
            for day in counted.days
        ],
    }  # fmt: skip
