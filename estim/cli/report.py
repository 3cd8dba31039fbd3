"""`estim report`, `export` and `import`: what became of it, for you, for a physio, and for other programs."""

from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.amounts import count
from estim.cli.arguments import day_of, wrong
from estim.cli.output import note, tell
from estim.cli.report_view import show_report
from estim.core.errors import EstimError, Exit
from estim.journal.home_journal import HomeJournal, opened
from estim.terminal import write_bytes

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from estim.cli.flags import Flags
    from estim.export.tables import Read

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
    bom: Annotated[
        bool, typer.Option("--bom", help="csv: a byte order mark, for spreadsheets that misread é and µ without one")
    ] = False,
) -> None:
    """Write everything for other programs: tables, lines of JSON, FHIR, or the schedule as a calendar.

    csv: one file for each kind of entry. Moments are in UTC (2026-06-10T06:00:00.000000Z), so that every column of
    times is read as times; at + at_offset_s is your own clock.
    """
    flags: Flags = context.obj
    if form not in FORMATS:
        raise wrong(f"{form!r} is no format: say one of {', '.join(FORMATS)}")
    if bom and form != "csv":
        raise wrong(f"--bom is for csv, not for {form}")
    with opened(flags.host) as journal:
        if form == "csv":
            _export_csv(flags, journal, out, since, bom=bom)
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
    zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="where moments without an offset were written, such as Europe/Berlin"),
    ] = None,
) -> None:
    """Read the tables of a csv export; what is there already is left out.

    A spreadsheet's csv is read too: semicolons, decimal commas, a byte order mark, days such as 10.06.2026, columns
    that may be empty left out. What had to be guessed is told. Either every row comes in, or none does and each
    mistake is told with its file, line and column.
    """
    from estim.export.folder import read_tables

    flags: Flags = context.obj
    found = _read_in(flags, read_tables(folder), _zone_of(zone))
    with opened(flags.host, write=True) as journal:
        taken, known = journal.adopt(found.diary)
    text = [f"{taken} entries read, {known} were there already", *(f"guessed: {one}" for one in found.guesses)]
    tell(flags, "import", "\n".join(text), [{"read": taken, "known": known, "guessed": found.guesses}])


def _zone_of(name: str | None) -> "ZoneInfo | None":
    from estim.core.days.schedule import zone_of

    if name is None:
        return None
    try:
        return zone_of(name)
    except EstimError as error:
        raise wrong(f"--zone {name}: {error.text}") from error


def _read_in(flags: "Flags", tables: Mapping[str, str], zone: "ZoneInfo | None") -> "Read":
    """Read tables; whoever sits there is asked for the zone of moments that have none."""
    from estim.cli.questions import may_ask
    from estim.config.timezone import local_zone
    from estim.export.tables import NoZone, from_csv

    try:
        return from_csv(tables, zone)
    except NoZone:
        if not may_ask(flags):
            raise
    note("Some moments have no offset. In which zone were they written?")
    typed = typer.prompt("Zone", default=local_zone(), err=True)
    return from_csv(tables, _zone_of(str(typed).strip()))


def _since(journal: HomeJournal, since: str | None) -> datetime | None:
    return None if since is None else datetime.combine(day_of(since, journal.now), time(), journal.now.tzinfo)


def _export_csv(flags: "Flags", journal: HomeJournal, out: Path | None, since: str | None, *, bom: bool) -> None:
    from estim.export.folder import write_files
    from estim.export.tables import to_csv

    folder = out or Path(f"estim-{journal.now:%Y-%m-%d}")
    tables = to_csv(journal.read(_since(journal, since)))
    written = write_files(folder, {name: f"\ufeff{text}" if bom else text for name, text in tables.items()})
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
