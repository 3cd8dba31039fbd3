"""`estim report`, `export` and `import`: what became of it, for you, for a physio, and for other programs."""

import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estim.core.errors import EstimError, Exit
from estim.daybook import Daybook, opened
from estim.verbs.reading import day_of, wrong
from estim.verbs.telling import tell

if TYPE_CHECKING:
    from estim.core.days.diary import Diary
    from estim.core.days.tally import Tally
    from estim.flags import Flags

WEEKS = 4
"""What is told of, if nothing else is asked for."""

STREAK_BACK = timedelta(days=120)
"""How far before its period a report looks for the beginning of a streak."""

FORMATS = ("csv", "jsonl", "fhir", "ics")


def report(
    context: typer.Context,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="write one page that needs nothing else")] = None,
    weeks: Annotated[int | None, typer.Option(min=1, max=1040, help="how many weeks up to today; usually 4")] = None,
    everything: Annotated[bool, typer.Option("--all", help="from the beginning")] = False,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="from this day on")] = None,
) -> None:
    """Show how it went: slots kept, streak, pain, sessions a day, dose."""
    flags: Flags = context.obj
    if sum((weeks is not None, everything, since is not None)) > 1:
        raise wrong("say one of --weeks, --all and --since")
    with opened(flags.host) as book:
        counted = _counted(book, weeks, everything, since)
        now = book.now
    if html is not None:
        from estim.files import write_whole
        from estim.report.page import as_html

        write_whole(html, as_html(counted, title="Sessions and pain", made_at=now))
        tell(flags, "report", f"written: {html}", [{"file": str(html)}])
        return
    import os
    import shutil

    from estim.report.text import as_text

    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
    text = "" if flags.as_json else as_text(counted, width=width, colour=colour)
    tell(flags, "report", text, [_row(counted)])


def export(
    context: typer.Context,
    form: Annotated[str, typer.Argument(metavar="|".join(FORMATS))],
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="file, or folder for csv; usually stdout")] = None,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="from this day on; usually everything")] = None,
) -> None:
    """Write everything for other programs: tables, lines of JSON, FHIR, or the schedule as a calendar."""
    flags: Flags = context.obj
    if form not in FORMATS:
        raise wrong(f"{form!r} is no format: say one of {', '.join(FORMATS)}")
    with opened(flags.host) as book:
        if form == "csv":
            _export_csv(flags, book, out, since)
            return
        data = _calendar(book) if form == "ics" else _lines(book, form, since)
    if out is None:
        sys.stdout.buffer.write(data)
        return
    from estim.files import write_whole

    write_whole(out, data)
    tell(flags, "export", f"written: {out}", [{"file": str(out)}])


def import_(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="the csv files of an export")],
) -> None:
    """Read the tables of a csv export; what is there already is left out."""
    from estim.exports.tables import from_csv
    from estim.exports.writing import read_tables

    flags: Flags = context.obj
    diary = from_csv(read_tables(folder))
    with opened(flags.host, write=True) as book:
        taken, known = book.adopt(diary)
    text = f"{taken} entries read, {known} were there already"
    tell(flags, "import", text, [{"read": taken, "known": known}])


def _counted(book: Daybook, weeks: int | None, everything: bool, since: str | None) -> "Tally":
    from estim.core.days.tally import tally

    today = book.now.date()
    first = today - timedelta(days=7 * (weeks or WEEKS) - 1) if since is None else day_of(since, book.now)
    if first > today:
        raise wrong(f"--since {since}: that is in the future")
    begins = None if everything else datetime.combine(first, time(), book.now.tzinfo) - STREAK_BACK
    diary = book.read(begins)
    if everything:
        first = _beginning(diary, today)
    start = datetime.combine(first, time(), book.now.tzinfo) if begins is None else begins
    slots = book.slots(diary, start, book.now.replace(hour=0, minute=0) + timedelta(days=1))
    return tally(diary, slots, book.now, first, today)


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
        "hours": round(counted.hours, 3),
        "change": counted.change,
        "days": [
            {"day": day.on, "done": day.done, "part": day.part, "missed": day.missed, "sessions": day.sessions,
             "minutes": round(day.minutes, 2), "worst": day.worst, "morning": day.morning, "km": day.km}
            for day in counted.days
        ],
    }  # fmt: skip


def _since(book: Daybook, since: str | None) -> datetime | None:
    return None if since is None else datetime.combine(day_of(since, book.now), time(), book.now.tzinfo)


def _export_csv(flags: "Flags", book: Daybook, out: Path | None, since: str | None) -> None:
    from estim.exports.tables import to_csv
    from estim.exports.writing import write_files

    folder = out or Path(f"estim-{book.now:%Y-%m-%d}")
    written = write_files(folder, to_csv(book.read(_since(book, since))))
    rows: list[dict[str, object]] = [{"file": str(path)} for path in written]
    tell(flags, "export", f"written: {len(written)} tables in {folder}", rows)


def _lines(book: Daybook, form: str, since: str | None) -> bytes:
    diary = book.read(_since(book, since))
    if form == "jsonl":
        from estim.exports.lines import to_jsonl

        return to_jsonl(diary).encode()
    from estim.exports.fhir import to_fhir

    return to_fhir(diary, site=_place(book.settings.site), made_at=book.now).encode()


def _place(site: str | None) -> str:
    """Return a site of programs in words that a clinic reads."""
    part, _, side = (site or "").partition("-")
    return ", ".join(filter(None, ["Achilles tendon" if part in ("", "ankle") else part, side]))


def _calendar(book: Daybook) -> bytes:
    from estim.core.days.schedule import LOCAL
    from estim.exports.calendar import to_ics

    schedule = book.settings.schedule
    regimes = book.read(book.now).regimes
    same = [one for one in regimes if one.rules == schedule.rules]
    if not schedule.rules:
        raise EstimError("the schedule has no rules: estim schedule set 8:00 20:00", code=Exit.NO_INPUT)
    return to_ics(
        schedule.rules,
        None if schedule.zone == LOCAL else schedule.zone,
        same[0].at.date() if same else book.now.date(),
        minutes=book.settings.minutes,
        summary="estim",  # nothing about health in a calendar that others may see
        uid_root="estim-session",
        sequence=max(0, len(regimes) - 1),
    )
