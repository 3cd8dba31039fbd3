"""`estim report`, `export` and `import`: what became of it, for you, for a physio, and for other programs."""

from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.amounts import count
from estim.cli.arguments import day_of, wrong
from estim.cli.output import tell
from estim.cli.report_view import show_report
from estim.core.errors import EstimError, Exit
from estim.journal.home_journal import HomeJournal, opened
from estim.terminal import write_bytes

if TYPE_CHECKING:
    from estim.cli.flags import Flags

FORMATS = ("csv", "jsonl", "fhir", "ics")


def report(
    context: typer.Context,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="write one page that needs nothing else")] = None,
    weeks: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=count("--weeks", 1, 1040, "weeks"), help="how many weeks up to today; usually 4"
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="from the beginning")] = False,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="from this day on")] = None,
) -> None:
    """Show how it went: slots kept, streak, pain, sessions a day, dose."""
    show_report(context.obj, html, weeks, since, everything=everything)


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
    with opened(flags.host) as journal:
        if form == "csv":
            _export_csv(flags, journal, out, since)
            return
        data = _calendar(journal) if form == "ics" else _lines(journal, form, since)
    if out is None:
        write_bytes(data)
        return
    from estim.config.files import write_whole

    write_whole(out, data)
    tell(flags, "export", f"written: {out}", [{"file": str(out)}])


def import_(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", readable=False, help="the csv files of an export")],
) -> None:
    """Read the tables of a csv export; what is there already is left out."""
    from estim.export.folder import read_tables
    from estim.export.tables import from_csv

    flags: Flags = context.obj
    diary = from_csv(read_tables(folder))
    with opened(flags.host, write=True) as journal:
        taken, known = journal.adopt(diary)
    text = f"{taken} entries read, {known} were there already"
    tell(flags, "import", text, [{"read": taken, "known": known}])


def _since(journal: HomeJournal, since: str | None) -> datetime | None:
    return None if since is None else datetime.combine(day_of(since, journal.now), time(), journal.now.tzinfo)


def _export_csv(flags: "Flags", journal: HomeJournal, out: Path | None, since: str | None) -> None:
    from estim.export.folder import write_files
    from estim.export.tables import to_csv

    folder = out or Path(f"estim-{journal.now:%Y-%m-%d}")
    written = write_files(folder, to_csv(journal.read(_since(journal, since))))
    rows: list[dict[str, object]] = [{"file": str(path)} for path in written]
    tell(flags, "export", f"written: {len(written)} tables in {folder}", rows)


def _lines(journal: HomeJournal, form: str, since: str | None) -> bytes:
    diary = journal.read(_since(journal, since))
    if form == "jsonl":
        from estim.export.jsonl import to_jsonl

        return to_jsonl(diary).encode()
    from estim.export.fhir import to_fhir

    return to_fhir(diary, site=_place(journal.settings.site), made_at=journal.now).encode()


def _place(site: str | None) -> str:
    """Return a site of programs in words that a clinic reads."""
    part, _, side = (site or "").partition("-")
    return ", ".join(filter(None, ["Achilles tendon" if part in ("", "ankle") else part, side]))


def _calendar(journal: HomeJournal) -> bytes:
    from estim.core.days.schedule import LOCAL, beginnings
    from estim.export.ics import to_ics

    schedule = journal.settings.schedule
    regimes = journal.read(journal.now).regimes
    if not schedule.rules:
        raise EstimError("the schedule has no rules: estim schedule set 8:00 20:00", code=Exit.NO_INPUT)
    began = beginnings(regimes)[-1]
    return to_ics(
        schedule.rules,
        None if schedule.zone == LOCAL else schedule.zone,
        min(began.values()),
        minutes=journal.settings.minutes,
        summary="estim",  # nothing about health in a calendar that others may see
        uid_root="estim-session",
        sequence=max(0, len(regimes) - 1),
        began=began,
        present=str(journal.now.tzinfo),
    )
