"""`estim schedule`: when a session is meant to take place, and what is done about single slots."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.amounts import count
from estim.cli.arguments import clock_of, day_of, wrong
from estim.cli.completers import programs
from estim.cli.output import tell
from estim.cli.questions import LEG_NAMES
from estim.core.days.diary import Break, Mark, Marked
from estim.core.days.entry_text import break_words
from estim.core.days.schedule import LOCAL, Schedule, check_rules, clock_times, rules_at, zone_of
from estim.core.days.slots import Slot, Status
from estim.core.errors import EstimError, Exit
from estim.core.translation import day_name, mark, tr, tr_many, tr_text
from estim.journal.home_journal import HomeJournal, opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags
    from estim.config.settings import ReminderSettings

schedule = typer.Typer(
    help="When a session is meant to take place. A slot never starts output: it reminds, prepares, and waits for a key."
)

DAYS = {"mo", "tu", "we", "th", "fr", "sa", "su"}
STATE_WIDTH = 28
"""Characters that what became of a slot takes at least."""
STATE_MAX = 36
"""What became of a slot, but for reasons that are sentences, fits into so many in every language."""

STATUSES = {
    Status.UPCOMING: mark("upcoming", "slot"),
    Status.DUE: mark("due", "slot"),
    Status.SNOOZED: mark("snoozed", "slot"),
    Status.DONE: mark("done", "slot"),
    Status.PART: mark("part", "slot"),
    Status.SKIPPED: mark("skipped", "slot"),
    Status.MISSED: mark("missed", "slot"),
    Status.OFF: mark("off", "slot"),
}
"""What people read for what became of a slot."""

MARKED = {Marked.SNOOZED: mark("snoozed", "slot"), Marked.SKIPPED: mark("skipped", "slot")}
"""What people read for what they did about a slot."""

AHEAD_DAYS = 14
"""How far ahead a slot is looked for."""


@schedule.callback(invoke_without_command=True)
def _usual(context: typer.Context) -> None:
    """Show it if nothing else is asked for."""
    if context.invoked_subcommand is None:
        show(context)


@schedule.command()
def show(
    context: typer.Context,
    days: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=count("--days", 1, 366, mark("days")),
            help="how many days, from yesterday on; usually 3",
        ),
    ] = 3,
) -> None:
    """Show the slots of these days and what became of them."""
    flags: Flags = context.obj
    with opened(flags.host) as journal:
        midnight = journal.now.replace(hour=0, minute=0, second=0, microsecond=0)
        slots = journal.slots(journal.recent(), midnight - timedelta(days=1), midnight + timedelta(days=days))
        rules = journal.settings.schedule
        quiet = journal.settings.reminders
        turns = {slot.at: journal.program_at(slot.at) for slot in slots}
        left_out = _left_out(journal)
    lines = [*rules.rules, _where_and_what(rules), ""]
    states = [_state(slot) for slot in slots]
    width = max((len(one) for one in states if len(one) <= STATE_MAX), default=0)
    width = max(width, STATE_WIDTH)
    lines += [
        f"{day_name(slot.at, '%a %Y-%m-%d %H:%M')}  {state:<{width}} {turns[slot.at]}"
        for slot, state in zip(slots, states, strict=True)
    ]
    if not slots:
        lines.append(tr("no slots in these days"))
    lines += _in_quiet_hours(rules, quiet)
    lines += left_out
    rows = [
        {"slot": slot.key, "at": slot.at, "opens": slot.opens, "closes": slot.closes, "status": slot.status,
         "why": slot.why, "program": turns[slot.at], "quiet": quiet.quiet.holds(slot.at),
         "legs": slot.legs}
        for slot in slots
    ]  # fmt: skip
    tell(flags, "slot", "\n".join(lines), rows)


def _where_and_what(rules: Schedule) -> str:
    programs_ = ", ".join(rules.programs)
    if rules.zone == LOCAL:
        return tr("zone: wherever you are; programs: {programs}", programs=programs_)
    return tr("zone: {zone}; programs: {programs}", zone=rules.zone, programs=programs_)


@schedule.command("set")
def set_times(
    context: typer.Context,
    times: Annotated[list[str] | None, typer.Argument(metavar="TIME…", help="such as 8:00 20:00")] = None,
    days: Annotated[str | None, typer.Option(metavar="DAYS", help="only on these: mo,we,fr")] = None,
    rule: Annotated[
        list[str] | None, typer.Option(metavar="RRULE", help="an RFC 5545 RRULE instead of times; may be repeated")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="local (wherever you are), or such as Europe/Berlin")
    ] = None,
    program: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROGRAM",
            help="which program; several take turns by the day; may be repeated",
            autocompletion=programs,
        ),
    ] = None,
) -> None:
    """Set times, zone or programs; what isn't named stays. The past is judged by the rules of its time."""
    from estim.config.settings import change_fields

    flags: Flags = context.obj
    if times and rule:
        raise wrong(tr("say either times or rules, not both"))
    if not (times or rule or zone or program):
        raise wrong(tr("say what to set: estim schedule set 8:00 20:00, --rule, --zone or --program"))
    rules = list(rule or rules_at([clock_of(text) for text in times or ()], _days(days)))
    _check(flags, rules, zone, program or [])
    with opened(flags.host, write=True) as journal:
        journal.enter()  # the rules that held until now are kept before they change
        wanted = {"schedule.rules": rules, "schedule.zone": zone, "schedule.programs": program}
        change_fields(journal.home.settings_file, {field: value for field, value in wanted.items() if value})
    with opened(flags.host, write=True) as journal:
        journal.enter()
    show(context)


@schedule.command()
def skip(
    context: typer.Context,
    slot: Annotated[str | None, typer.Argument(help="such as 20:00 or 2026-11-30T08:00; without it the next")] = None,
) -> None:
    """Skip one slot: it doesn't count as missed then."""
    _mark(context, slot, Marked.SKIPPED, {Status.UPCOMING, Status.DUE, Status.SNOOZED})


@schedule.command()
def snooze(context: typer.Context) -> None:
    """Put off the slot that is due by a quarter of an hour."""
    _mark(context, None, Marked.SNOOZED, {Status.DUE, Status.SNOOZED})


@schedule.command()
def pause(
    context: typer.Context,
    until: Annotated[
        str | None, typer.Argument(metavar="DAY", help="the last day; without it until you resume")
    ] = None,
) -> None:
    """No slots from today on: a break that isn't held against you."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        _break(flags, journal, journal.now.date(), None if until is None else day_of(until, journal.now), holiday=False)


@schedule.command()
def holiday(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="FIRST", help="the first day, 2026-12-24")],
    last: Annotated[str | None, typer.Argument(metavar="LAST", help="the last day; without it just one")] = None,
) -> None:
    """No slots on these days."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        begin = day_of(first, journal.now)
        _break(flags, journal, begin, begin if last is None else day_of(last, journal.now), holiday=True)


@schedule.command()
def resume(
    context: typer.Context,
    on: Annotated[
        str | None, typer.Argument(metavar="DAY", help="a day of one that lies ahead; without it today's")
    ] = None,
) -> None:
    """End a pause or holiday: slots count again from today on. One that lies ahead is taken back by one of its days."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        today = journal.now.date()
        day = today if on is None else day_of(on, journal.now)
        if day < today:
            raise wrong(tr("{day} is over: days without slots stay so", day=day))
        breaks = [one for one in journal.read(journal.now).breaks if (one.last or day) >= today]
        found = [one for one in breaks if one.first <= day <= (one.last or day)]
        if not found:
            raise EstimError(_none_on(day, [one for one in breaks if one.first > today]), code=Exit.NO_INPUT)
        journal.end_breaks(found)
    if any(one.first <= today for one in found):
        text = tr("the pause is over: slots count from today on")
        resumed = today
    else:
        endless = tr("without an end")
        text = "\n".join(tr("the {pause} is taken back", pause=break_words(one, endless)) for one in found)
        resumed = min(one.first for one in found)
    tell(flags, "schedule", text, [{"resumed": resumed}])


def _none_on(day: date, ahead: list[Break]) -> str:
    """Say that no pause holds a day, and which lie ahead."""
    days = [
        f"{one.first}" if one.last == one.first else tr("{first} to {last}", first=one.first, last=one.last)
        for one in sorted(ahead, key=lambda one: one.first)
    ]
    if not days:
        return tr("there is no pause to end on {day}", day=day)
    return tr(
        "there is no pause to end on {day}; ahead is {days}: name one of its days",
        day=day,
        days=tr(", and ").join(days),
    )


def _break(flags: "Flags", journal: HomeJournal, first: date, last: date | None, *, holiday: bool) -> None:
    if last is not None and last < first:
        raise wrong(tr("the last day {last} lies before the first, {first}", last=last, first=first))
    if last is not None and last < journal.now.date():
        raise wrong(tr("{day} is over: days that were missed stay missed", day=last))
    first = max(first, journal.now.date())
    gap = Break(at=journal.now, first=first, last=last, holiday=holiday)
    journal.enter(gap)
    text = break_words(gap, tr("until you end it: estim schedule resume"))
    tell(flags, "break", text, [{"first": first, "last": last, "holiday": holiday}])


def _mark(context: typer.Context, wanted: str | None, what: Marked, open_: set[Status]) -> None:
    flags: Flags = context.obj
    _meant(None, wanted)
    with opened(flags.host, write=True) as journal:
        slots = journal.slots(
            journal.recent(), journal.now - timedelta(days=1), journal.now + timedelta(days=AHEAD_DAYS)
        )
        found = [slot for slot in slots if slot.status in open_ and _meant(slot, wanted)]
        if not found:
            raise EstimError(_none_open(wanted), code=Exit.NO_INPUT)
        slot = found[0]
        journal.enter(Mark(at=journal.now, slot=slot.key, what=what))
    text = f"{day_name(slot.at, '%a %Y-%m-%d %H:%M')}: {tr_text(MARKED[what], 'slot')}"
    tell(flags, "slot", text, [{"slot": slot.key, "status": what}])


def _none_open(wanted: str | None) -> str:
    if wanted is None:
        return tr("no slot is open for that: estim schedule show")
    return tr("no slot {slot} is open for that: estim schedule show", slot=wanted)


def _meant(slot: Slot | None, wanted: str | None) -> bool:
    """Say whether this slot is meant; without a slot only whether what was typed can be one."""
    if wanted is None:
        return True
    if ":" in wanted and "-" not in wanted:
        clock = clock_of(wanted)
        return slot is not None and slot.at.time() == clock
    try:
        at = datetime.fromisoformat(wanted).replace(tzinfo=None)
    except ValueError as error:
        raise wrong(tr("{typed!r} isn't a slot: try 20:00 or 2026-11-30T08:00", typed=wanted)) from error
    return slot is not None and at == slot.at.replace(tzinfo=None)


def _days(text: str | None) -> str:
    if text is None:
        return ""
    names = [name.strip().lower() for name in text.split(",")]
    if not set(names) <= DAYS or len(set(names)) != len(names):
        raise wrong(tr("--days {typed!r}: say such as mo,we,fr", typed=text))
    return ",".join(name.upper() for name in names)


def _check(flags: "Flags", rules: list[str], zone: str | None, programs: list[str]) -> None:
    """Refuse what was typed before anything is changed."""
    from estim.catalogue.programs import find_program

    try:
        check_rules(rules)
        if zone not in (None, LOCAL):
            zone_of(str(zone))
    except EstimError as error:
        raise wrong(error.text) from error
    for name in programs:
        find_program(flags.host.place.programs, name)


def _in_quiet_hours(rules: Schedule, reminders: "ReminderSettings") -> list[str]:
    """Return a sentence about times that were chosen although no reminders are wanted then."""
    found = reminders.quiet.among(clock_times(rules.rules))
    if not found:
        return []
    return [
        tr_many(
            "note: {times} lies in the quiet hours, {first} to {last}: you are reminded at the slot all the same, but "
            "not once more; to move them: [reminders] quiet_from and quiet_to in config.toml",
            "note: {times} lie in the quiet hours, {first} to {last}: you are reminded at the slot all the same, but "
            "not once more; to move them: [reminders] quiet_from and quiet_to in config.toml",
            len(found),
            times=", ".join(f"{clock:%H:%M}" for clock in found),
            first=reminders.quiet_from,
            last=reminders.quiet_to,
        )
    ]


def _left_out(journal: HomeJournal) -> list[str]:
    """Return a sentence for each program of the schedule that the unit refuses: the next takes its turn."""
    from estim.catalogue.playable import refusal

    families = journal.families
    programs = journal.settings.schedule.programs
    whys = [[refusal(journal.home.programs, program, family) for family in families] for program in programs]
    return [tr("note: left out of the turns: {why}", why=why[0]) for why in whys if why and all(why)]


def _state(slot: Slot) -> str:
    if slot.snoozed_until is not None:
        return tr("snoozed until {until:%H:%M}", until=slot.snoozed_until)
    if slot.status is Status.DUE and not slot.why:
        return tr("DUE until {until:%H:%M}", until=slot.closes)
    legs = tr(" and ").join(tr_text(LEG_NAMES[leg], "leg") for leg in slot.legs if leg)
    return ": ".join(filter(None, [tr_text(STATUSES[slot.status], "slot"), legs, slot.why]))
