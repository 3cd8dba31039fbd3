"""`estim schedule`: when a session is meant to take place, and what is done about single slots."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.amounts import count
from estim.cli.arguments import clock_of, day_of, wrong
from estim.cli.completers import programs
from estim.cli.output import tell
from estim.core.days.diary import Break, Mark, Marked
from estim.core.days.entry_text import break_words
from estim.core.days.schedule import LOCAL, Schedule, check_rules, clock_times, rules_at, zone_of
from estim.core.days.slots import Slot, Status
from estim.core.errors import EstimError, Exit
from estim.journal.home_journal import HomeJournal, opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags
    from estim.config.settings import ReminderSettings

schedule = typer.Typer(
    help="When a session is meant to take place. A slot never starts output: it reminds, prepares, and waits for a key."
)

DAYS = {"mo", "tu", "we", "th", "fr", "sa", "su"}
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
            metavar="N", parser=count("--days", 1, 366, "days"), help="how many days, from yesterday on; usually 3"
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
    zone = "wherever you are" if rules.zone == LOCAL else rules.zone
    lines = [*rules.rules, f"zone: {zone}; programs: {', '.join(rules.programs)}", ""]
    lines += [f"{slot.at:%a %Y-%m-%d %H:%M}  {_state(slot):<28} {turns[slot.at]}" for slot in slots]
    if not slots:
        lines.append("no slots in these days")
    lines += _in_quiet_hours(rules, quiet)
    lines += left_out
    rows = [
        {"slot": slot.key, "at": slot.at, "opens": slot.opens, "closes": slot.closes, "status": slot.status,
         "why": slot.why, "program": turns[slot.at], "quiet": quiet.quiet.holds(slot.at),
         "legs": slot.legs}
        for slot in slots
    ]  # fmt: skip
    tell(flags, "slot", "\n".join(lines), rows)


@schedule.command("set")
def set_times(
    context: typer.Context,
    times: Annotated[list[str] | None, typer.Argument(metavar="TIME…", help="such as 8:00 20:00")] = None,
    days: Annotated[str | None, typer.Option(help="only on these: mo,we,fr")] = None,
    rule: Annotated[list[str] | None, typer.Option(help="an RFC 5545 RRULE instead of times; may be repeated")] = None,
    zone: Annotated[str | None, typer.Option(help="local (wherever you are), or such as Europe/Berlin")] = None,
    program: Annotated[
        list[str] | None,
        typer.Option(help="which program; several take turns by the day; may be repeated", autocompletion=programs),
    ] = None,
) -> None:
    """Set times, zone or programs; what isn't named stays. What has been is judged by the rules of then."""
    from estim.config.settings import change_fields

    flags: Flags = context.obj
    if times and rule:
        raise wrong("say either times or rules, not both")
    if not (times or rule or zone or program):
        raise wrong("say what to set: estim schedule set 8:00 20:00, --rule, --zone or --program")
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
    """Let one slot fall away: it isn't missed then."""
    _mark(context, slot, Marked.SKIPPED, {Status.UPCOMING, Status.DUE, Status.SNOOZED})


@schedule.command()
def snooze(context: typer.Context) -> None:
    """Put the slot that is due off for a quarter of an hour."""
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
            raise wrong(f"{day} is over: days without slots stay so")
        breaks = [one for one in journal.read(journal.now).breaks if (one.last or day) >= today]
        found = [one for one in breaks if one.first <= day <= (one.last or day)]
        if not found:
            raise EstimError(_none_on(day, [one for one in breaks if one.first > today]), code=Exit.NO_INPUT)
        journal.end_breaks(found)
    if any(one.first <= today for one in found):
        text = "the pause is over: slots count from today on"
        resumed = today
    else:
        text = "\n".join(f"the {break_words(one, 'without an end')} is taken back" for one in found)
        resumed = min(one.first for one in found)
    tell(flags, "schedule", text, [{"resumed": resumed}])


def _none_on(day: date, ahead: list[Break]) -> str:
    """Say that no pause holds a day, and which lie ahead."""
    days = [f"{one.first}" if one.last == one.first else f"{one.first} to {one.last}" for one in ahead]
    named = f"; ahead is {', and '.join(sorted(days))}: name one of its days" if days else ""
    return f"there is no pause to end on {day}{named}"


def _break(flags: "Flags", journal: HomeJournal, first: date, last: date | None, *, holiday: bool) -> None:
    if last is not None and last < first:
        raise wrong(f"the last day {last} lies before the first, {first}")
    if last is not None and last < journal.now.date():
        raise wrong(f"{last} is over: days that were missed stay missed")
    first = max(first, journal.now.date())
    gap = Break(at=journal.now, first=first, last=last, holiday=holiday)
    journal.enter(gap)
    text = break_words(gap, "until you end it: estim schedule resume")
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
            which = "no slot" if wanted is None else f"no slot {wanted}"
            raise EstimError(f"{which} is open for that: estim schedule show", code=Exit.NO_INPUT)
        slot = found[0]
        journal.enter(Mark(at=journal.now, slot=slot.key, what=what))
    tell(flags, "slot", f"{slot.at:%a %Y-%m-%d %H:%M}: {what.value}", [{"slot": slot.key, "status": what}])


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
        raise wrong(f"{wanted!r} isn't a slot: try 20:00 or 2026-11-30T08:00") from error
    return slot is not None and at == slot.at.replace(tzinfo=None)


def _days(text: str | None) -> str:
    if text is None:
        return ""
    names = [name.strip().lower() for name in text.split(",")]
    if not set(names) <= DAYS or len(set(names)) != len(names):
        raise wrong(f"--days {text!r}: say such as mo,we,fr")
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
    which = ", ".join(f"{clock:%H:%M}" for clock in found)
    lie = "lies" if len(found) == 1 else "lie"
    return [
        f"note: {which} {lie} in the quiet hours, {reminders.quiet_from} to {reminders.quiet_to}: you are reminded at "
        "the slot all the same, but not once more; to move them: [reminders] quiet_from and quiet_to in config.toml"
    ]


def _left_out(journal: HomeJournal) -> list[str]:
    """Return a sentence for each program of the schedule that the unit refuses: the next takes its turn."""
    from estim.catalogue.playable import refusal

    families = journal.families
    programs = journal.settings.schedule.programs
    whys = [[refusal(journal.home.programs, program, family) for family in families] for program in programs]
    return [f"note: left out of the turns: {why[0]}" for why in whys if why and all(why)]


def _state(slot: Slot) -> str:
    if slot.snoozed_until is not None:
        return f"snoozed until {slot.snoozed_until:%H:%M}"
    if slot.status is Status.DUE and not slot.why:
        return f"DUE until {slot.closes:%H:%M}"
    legs = " and ".join(leg for leg in slot.legs if leg)
    return ": ".join(filter(None, [slot.status.value, legs, slot.why]))
