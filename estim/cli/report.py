"""`estim report`, `export` and `import`: what became of it, for you, for a physio, and for other programs."""

from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.amounts import count
from estim.cli.arguments import day_of, wrong
from estim.cli.completers import one_of
from estim.cli.output import note, tell
from estim.cli.report_view import show_report
from estim.core.days.legs import ANYWHERE, leg_of, parts_of
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_many
from estim.journal.home_journal import HomeJournal, opened
from estim.terminal import write_bytes

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from estim.cli.flags import Flags
    from estim.export.known_events import Form
    from estim.export.tables import Read

FORMATS = ("csv", "jsonl", "fhir", "ics")


def report(
    context: typer.Context,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="write one page that needs nothing else")] = None,
    weeks: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=count("--weeks", 1, 1040, mark("weeks")), help="how many weeks up to today; usually 4"
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="from the beginning")] = False,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="from this day on")] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="whose page it is, for a clinic; with --html, and kept nowhere")
    ] = None,
) -> None:
    """Show how it went: slots kept, streak, pain, sessions a day, dose.

    With --html FILE one page for you and for whoever treats you: the figures, every plot with its table, what was
    played (rate, width, levels and their trend), how it felt, skin, the plan's ticks, stage and its verdict on each
    run. It prints on A4 with all tables in it. A change of the pain is named only over two weeks with a score, and
    only if it is two points or more.
    """
    show_report(context.obj, html, weeks, since, everything=everything, name=name)


def export(
    context: typer.Context,
    form: Annotated[str, typer.Argument(metavar="|".join(FORMATS), autocompletion=one_of(*FORMATS))],
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="file, or folder for csv; usually stdout")] = None,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="from this day on; usually everything")] = None,
    fhir_version: Annotated[
        str | None, typer.Option(metavar="R4|R5", help="fhir: which one the clinic reads; usually R4")
    ] = None,
    todo: Annotated[bool, typer.Option("--todo", help="ics: things to do (VTODO) for a task app, not events")] = False,
    bom: Annotated[
        bool, typer.Option("--bom", help="csv: a byte order mark, for spreadsheets that misread é and µ without one")
    ] = False,
) -> None:
    """Write everything for other programs: tables, lines of JSON, FHIR, or the schedule as a calendar.

    csv: one file for each kind of entry. Moments are in UTC (2026-06-10T06:00:00.000000Z), so that every column of
    times is read as times; at + at_offset_s is your own clock.

    fhir: a bundle of pain, runs and sessions in R4, or R5 (--fhir-version). Nobody is named in it.

    ics: import it again whenever the schedule, a holiday or a pause has changed. The events stay the same ones: a time
    that was changed moves, one that is gone is cancelled, holidays and pauses are left out.
    """
    flags: Flags = context.obj
    if form not in FORMATS:
        raise wrong(tr("{typed!r} isn't a format: choose one of {formats}", typed=form, formats=", ".join(FORMATS)))
    if bom and form != "csv":
        raise wrong(tr("--bom is for csv, not for {form}", form=form))
    if todo and form != "ics":
        raise wrong(tr("--todo is for ics, not for {form}", form=form))
    if fhir_version is not None and (form != "fhir" or fhir_version.upper() not in ("R4", "R5")):
        raise wrong(
            tr(
                "--fhir-version is R4 or R5, and for fhir: {form} --fhir-version {version}",
                form=form,
                version=fhir_version,
            )
        )
    from estim.export.jsonl import to_jsonl

    with opened(flags.host) as journal:
        if form == "csv":
            _export_csv(flags, journal, out, since, bom=bom)
            return
        if form == "ics":
            data = _calendar(journal, _form(todo))
        elif form == "jsonl":
            data = to_jsonl(journal.read(_since(journal, since))).encode()
        else:
            data = _bundle(journal, since, fhir_version or "R4")
    if out is None:
        write_bytes(data)
        return
    from estim.config.files import write_whole

    write_whole(out, data)
    tell(flags, "export", tr("written: {file}", file=out), [{"file": str(out)}])


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
    text = [
        tr_many(
            "{count} entry read, {known} were there already",
            "{count} entries read, {known} were there already",
            taken,
            known=known,
        ),
        *(tr("guessed: {what}", what=one) for one in found.guesses),
    ]
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
    note(tr("Some moments have no offset. In which zone were they written?"))
    typed = typer.prompt(tr("Zone"), default=local_zone(), err=True)
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
    tell(flags, "export", tr("written: {count} tables in {folder}", count=len(written), folder=folder), rows)


def _bundle(journal: HomeJournal, since: str | None, version: str) -> bytes:
    from estim.catalogue.programs import all_programs
    from estim.export.fhir import Version, to_fhir

    programs, _ = all_programs(journal.home.programs)
    return to_fhir(
        journal.read(_since(journal, since)),
        site=_place(journal.settings.site),
        made_at=journal.now,
        kinds={program.id: program.kind for program in programs},
        version=Version(version.upper()),
    ).encode()


def _place(site: str | None) -> str:
    """Return a site of programs in words that a clinic reads."""
    usual = (site or ANYWHERE,)
    leg = leg_of(usual)
    part = "" if usual[0] in (ANYWHERE, leg) else parts_of(usual)[0]
    name = "Achilles tendon" if part in ("", "ankle") else part.replace("-", " ")  # untranslated: FHIR, for programs
    return ", ".join(filter(None, [name, leg]))


def _form(todo: bool) -> "Form":
    from estim.export.known_events import Form

    return Form.TASK if todo else Form.EVENT


def _calendar(journal: HomeJournal, form: "Form") -> bytes:
    """Return the calendar; what it says is remembered first, since a calendar that was told more can't be told less."""
    from estim.core.days.schedule import LOCAL, beginnings
    from estim.export.ics import planned_events, to_ics
    from estim.export.known_events import moment_of_telling, nothing_known, read_known, revised, write_known

    schedule = journal.settings.schedule
    diary = journal.read(journal.now)
    file = journal.home.calendar_file
    before = nothing_known() if journal.simulated else read_known(file)
    if not schedule.rules and not before.of(form):
        raise EstimError(tr("the schedule has no rules: estim schedule set 8:00 20:00"), code=Exit.NO_INPUT)
    began = beginnings(diary.regimes)[-1]
    planned = planned_events(
        schedule.rules,
        None if schedule.zone == LOCAL else schedule.zone,
        min(began.values(), default=journal.now.date()),
        minutes=journal.settings.minutes,
        summary="estim",  # nothing about health in a calendar that others may see
        began=began,
        present=str(journal.now.tzinfo),
        breaks=diary.breaks,
        today=journal.now.date(),
    )
    known = revised(before, form, planned, moment_of_telling(journal.now))
    data = to_ics(known.of(form))
    if not journal.simulated and known != before:
        journal.home.prepare()
        write_known(file, known)
    return data
