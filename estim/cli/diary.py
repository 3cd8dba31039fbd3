"""`estim pain`, `run-log`, `note`, `pads`, `log`, `undo`: what a person writes down, and reads again."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from estim.cli.amounts import amount, count
from estim.cli.arguments import AT, USUAL, any_moment, km_of, moment_of, note_of, pair_of, run_of, score_of, wrong
from estim.cli.completers import one_of, programs
from estim.cli.log_view import LOG_ROWS, row_of, show_log, show_session
from estim.cli.output import tell
from estim.cli.pain_words import Said, read_words
from estim.cli.questions import RED_FLAGS, _sign, signs_after, told_after
from estim.core.days.diary import Check, Note, Pads, Pain, Run, Topic, When
from estim.core.days.entry_text import pain_words
from estim.core.days.screening import YES
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_many
from estim.core.values import replace
from estim.journal.home_journal import opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags

UNDONE_SHOWN = 20
"""So many entries of one act are shown; an import may have brought thousands."""


class Scores(TyperGroup):
    """The group `pain`, in which a score needs no `add` before it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take a line that begins with no command of the group as one of `add`."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["add", *args])


pain = typer.Typer(
    cls=Scores,
    help="Pain, 0 (none) to 10, what you judge the days by: estim pain 3 morning stiff 10min left.",
    no_args_is_help=True,
)
run_log = typer.Typer(help="Runs: those that you ran, and one that you plan.", no_args_is_help=True)
note = typer.Typer(help="Anything else worth keeping.", no_args_is_help=True)
pads = typer.Typer(help="Pads: new ones, and how often the present ones were used.", no_args_is_help=True)

NUMBER_MAX = 2**63 - 1
"""Highest number of a session: what the journal's can be."""


@pain.command("add", context_settings={"ignore_unknown_options": True})
def add_pain(
    context: typer.Context,
    score: Annotated[str, typer.Argument(help="0 to 10")],
    said: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORD", help="in any order: morning|rest|worst|run, stiff 10min, left|right|both"),
    ] = None,
    when: Annotated[
        str | None,
        typer.Option(
            metavar="morning|rest|worst|run",
            help="morning (first steps), rest, worst (of the day) or run; usually worst",
            autocompletion=one_of(*When),
        ),
    ] = None,
    at: Annotated[str | None, AT] = None,
    red_flag: Annotated[
        list[str] | None,
        typer.Option(metavar="|".join(RED_FLAGS), help="a sign of a torn tendon or a clot; ends the plan"),
    ] = None,
    words: Annotated[str, typer.Option("--note", metavar="WORDS", help="a word about it")] = "",
) -> None:
    """Write down a pain score; `add` may be left out: estim pain 3 morning stiff 10min left.

    "stiff" is how long the tendon was stiff in the morning, and means the morning's score where nothing else is said.
    On a terminal it asks for the signs that must be looked at.
    """
    flags: Flags = context.obj
    value = score_of(score)
    told = read_words(said or ())
    kind = _kind(when, told)
    signs = [_sign(sign) for sign in red_flag or ()]
    text = note_of(words)
    with opened(flags.host, write=True) as journal:
        moment = moment_of(at, journal.now, USUAL[kind])
        entry = Pain(at=moment, score=value, when=kind, note=text, stiffness_min=told.stiffness_min, side=told.side)
        found, ask = signs_after(flags, journal, entry, signs)
        journal.enter(entry, *found)
        after = told_after(journal) or ask if found else ask
        signs = [check.about for check in found if check.answer == YES]
    row = {"at": entry.at, "score": value, "when": kind, "stiffness_min": entry.stiffness_min, "side": entry.side,
           "red_flags": signs}  # fmt: skip
    tell(flags, "pain", "\n".join(filter(None, [f"{pain_words(entry)}, {entry.at:%Y-%m-%d %H:%M}", after])), [row])


def _kind(when: str | None, told: Said) -> When:
    """Return which pain is meant; raises EstimError (2) where option and words disagree, or minutes fit no morning."""
    if when is not None and when not in list(When):
        raise wrong(tr("--when {typed!r}: say morning, rest, worst or run", typed=when))
    if when is not None and told.when is not None and told.when != when:
        raise wrong(tr("--when {first} and {second}: say one of them", first=when, second=told.when.value))
    stiff = told.stiffness_min is not None
    kind = When(when) if when is not None else told.when or (When.MORNING if stiff else When.WORST)
    if stiff and kind is not When.MORNING:
        raise wrong(tr("stiff goes with the morning, not with {when}: write the two down apart", when=kind.value))
    return kind


@run_log.command("add")
def add_run(
    context: typer.Context,
    distance: Annotated[str, typer.Argument(help="3.2km, 800m or 2mi; or 30min where only the time is known")],
    worst: Annotated[str | None, typer.Option("--pain", metavar="N", help="the worst pain in it, 0 to 10")] = None,
    minutes: Annotated[
        float | None,
        typer.Option(metavar="N", parser=amount("--minutes", 0.1, 1440, mark("minutes")), help="how long it took"),
    ] = None,
    shoes: Annotated[str, typer.Option(metavar="PAIR", help="which pair you wore, by your own name for it")] = "",
    at: Annotated[str | None, AT] = None,
    words: Annotated[str, typer.Option("--note", metavar="WORDS", help="a word about it")] = "",
) -> None:
    """Write down a run, and hear what the plan makes of it. By its minutes alone it can't be held against a cap."""
    from estim.core.care.standing import standing

    flags: Flags = context.obj
    km, took = run_of(distance)
    if took is not None and minutes is not None:
        raise wrong(tr("{typed} and --minutes {minutes:g}: say how long it took once", typed=distance, minutes=minutes))
    minutes = minutes if took is None else took
    text = note_of(words)
    score = None if worst is None else score_of(worst)
    pair = pair_of(shoes)
    with opened(flags.host, write=True) as journal:
        entry = Run(
            at=moment_of(at, journal.now, USUAL[When.RUN]), km=km, minutes=minutes, pain=score, note=text, shoes=pair
        )
        mine = Pain(at=entry.at, score=score or 0, when=When.RUN, note=text)
        found, _ = signs_after(flags, journal, mine, [])
        journal.enter(entry, *found)
        now = standing(journal.plan, journal.recent(), journal.now)
    said = [_run_words(entry), *now.warnings, *now.asks]
    if now.ended:
        said.append(now.ended)
    row = {
        "at": entry.at,
        "km": km,
        "minutes": minutes,
        "pain": score,
        "shoes": pair,
        "warnings": now.warnings,
        "asks": now.asks,
    }
    tell(flags, "run", "\n".join(said), [row])


def _run_words(run: Run) -> str:
    if run.km is not None:
        length = tr("{km:g} km", km=run.km)
    else:
        length = tr("{minutes:g} min", minutes=run.minutes or 0.0)
    if run.shoes:
        return tr("run {length}, shoes {pair}, {at:%Y-%m-%d %H:%M}", length=length, pair=run.shoes, at=run.at)
    return tr("run {length}, {at:%Y-%m-%d %H:%M}", length=length, at=run.at)


@run_log.command("plan")
def plan_run(
    context: typer.Context,
    at: Annotated[str, typer.Argument(metavar="MOMENT", help="18:00, or 2026-11-30T18:00")],
    distance: Annotated[str | None, typer.Argument(help="how far: 3.2km, 800m or 2mi")] = None,
) -> None:
    """Plan a run: the plan says if it is time for one and how long, and no session takes place in the hours before."""
    _plan_run(context.obj, at, distance, instead_of=None)


def _plan_run(flags: "Flags", at: str, distance: str | None, *, instead_of: datetime | None) -> None:
    """Plan a run if it is time for one; a plan that it takes the place of is cancelled in the same breath."""
    from estim.core.care.planned import cancelled
    from estim.core.care.standing import may_run_at

    km = None if distance is None else km_of(distance)
    with opened(flags.host, write=True) as journal:
        moment = any_moment(at, journal.now, USUAL[When.RUN])
        if moment <= journal.now:
            raise wrong(tr("{typed}: a planned run lies ahead; for one that you ran: estim run-log add", typed=at))
        diary = journal.recent()
        gone = [] if instead_of is None else [cancelled(instead_of, journal.now)]
        # the word that cancels is judged as if it had been written: it is the last one
        last = max((check.id for check in diary.checks), default=0) + 1
        without = replace(diary, checks=(*diary.checks, *(replace(one, id=last) for one in gone)))
        gate = may_run_at(journal.plan, without, moment, km)
        if not gate.ok:
            raise EstimError(tr("not yet: {why}", why=gate.text), code=Exit.REFUSED)
        journal.enter(*gone, Check(at=moment, topic=Topic.RUN_PLANNED))
        quiet_h = journal.plan.quiet_before_run_h
    text = tr(
        "a run is planned at {at:%Y-%m-%d %H:%M}; no session in the {hours:g} h before it", at=moment, hours=quiet_h
    )
    tell(flags, "run-planned", f"{text}\n{gate.text}", [{"at": moment, "why": gate.text}])


@run_log.command("cancel")
def cancel_run(context: typer.Context) -> None:
    """Take back the next planned run, or say that yesterday's didn't take place: it blocks no session any more."""
    from estim.core.care.planned import ahead, cancelled, unsaid

    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        diary = journal.recent()
        meant = ahead(diary, journal.now) or unsaid(diary, journal.now)
        if meant is None:
            raise EstimError(tr("no run is planned"), code=Exit.NO_INPUT)
        journal.enter(cancelled(meant, journal.now))
    text = tr("the run of {at:%Y-%m-%d %H:%M} is cancelled", at=meant)
    tell(flags, "run-planned", text, [{"at": meant, "why": "cancelled"}])


@run_log.command("move")
def move_run(
    context: typer.Context,
    at: Annotated[str, typer.Argument(metavar="MOMENT", help="18:00, or 2026-11-30T18:00")],
    distance: Annotated[str | None, typer.Argument(help="how far: 3.2km, 800m or 2mi")] = None,
) -> None:
    """Move the next planned run, or one that didn't take place, to another time."""
    from estim.core.care.planned import ahead, unsaid

    flags: Flags = context.obj
    with opened(flags.host) as journal:
        diary = journal.recent()
        meant = ahead(diary, journal.now) or unsaid(diary, journal.now)
    if meant is None:
        raise EstimError(tr("no run is planned: estim run-log plan MOMENT"), code=Exit.NO_INPUT)
    _plan_run(flags, at, distance, instead_of=meant)


@note.command("add")
def add_note(
    context: typer.Context, text: Annotated[str, typer.Argument()], at: Annotated[str | None, AT] = None
) -> None:
    """Write down a note."""
    flags: Flags = context.obj
    kept = note_of(text)
    if not kept:
        raise wrong(tr("an empty note: say what is worth keeping"))
    with opened(flags.host, write=True) as journal:
        entry = Note(at=moment_of(at, journal.now), text=kept)
        journal.enter(entry)
    tell(flags, "note", tr("noted, {at:%Y-%m-%d %H:%M}", at=entry.at), [{"at": entry.at, "text": kept}])


@pads.command("new")
def new_pads(
    context: typer.Context,
    at: Annotated[str | None, AT] = None,
    words: Annotated[str, typer.Option("--note", metavar="WORDS", help="such as the maker")] = "",
) -> None:
    """Note that you use fresh pads from now on: their uses are counted from zero."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        entry = Pads(at=moment_of(at, journal.now), note=note_of(words))
        journal.enter(entry)
    tell(flags, "pads", tr("new pads since {at:%Y-%m-%d %H:%M}", at=entry.at), [{"since": entry.at, "uses": 0}])


@pads.command("show")
def show_pads(context: typer.Context) -> None:
    """Show how often the present pads were used."""
    from estim.core.days.advice import pads_old, pads_used

    flags: Flags = context.obj
    with opened(flags.host) as journal:
        diary = journal.read()
    uses = pads_used(diary)
    since = diary.pads[-1].at if diary.pads else None
    if since is None:
        used = tr_many("the pads were used {count} time", "the pads were used {count} times", uses)
    else:
        used = tr_many(
            "the pads were used {count} time since {since:%Y-%m-%d}",
            "the pads were used {count} times since {since:%Y-%m-%d}",
            uses,
            since=since,
        )
    text = "\n".join(filter(None, [used, pads_old(uses)]))
    tell(flags, "pads", text, [{"since": since, "uses": uses}])


log = typer.Typer(help="What was played and written down, the latest last; and sessions that you log by hand.")


@log.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    rows: Annotated[
        int, typer.Option("--rows", "-n", metavar="N", parser=count("--rows", 1, 100_000), help="how many lines")
    ] = LOG_ROWS,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="everything from this day on")] = None,
    session: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=count("--session", 1, NUMBER_MAX),
            help="one session in full: levels with who moved them, alarms",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="also what was noted automatically")] = False,
) -> None:
    """Show what was played and written down, the latest last; `add` logs a session that a unit played by itself."""
    if context.invoked_subcommand is not None:
        return
    if session is None:
        show_log(context.obj, rows, since, everything=everything)
    else:
        show_session(context.obj, session)


@log.command("add")
def add_session(
    context: typer.Context,
    program: Annotated[
        str,
        typer.Argument(
            metavar='PROGRAM|"NAME"', help="one of estim's, or what the unit calls it", autocompletion=programs
        ),
    ],
    length: Annotated[
        list[str] | None, typer.Argument(metavar="20min", help="how long; usually the program's length")
    ] = None,
    level: Annotated[str | None, typer.Option(metavar="N|A=N,B=N", help="the highest, in the unit's own steps")] = None,
    site: Annotated[str | None, typer.Option(metavar="SITE", help="where, such as ankle-left; usually yours")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="when it began: 7:30; usually: it is over now")
    ] = None,
) -> None:
    """Log a session that a unit played by itself: estim log add tens-ankle 20min --level 12 --at 7:30.

    It counts in rest and dose, and is marked as logged by hand everywhere. One that overlaps a session that is known
    on its site is refused, and so is one in the future. `estim undo` takes it back.
    """
    from estim.cli.hand_log import log_by_hand

    log_by_hand(context.obj, program, " ".join(length) if length else None, level, site, at)


def undo(context: typer.Context) -> None:
    """Take back the last thing that you did: all that one command wrote, also a session that was logged by hand.

    Sessions that were played can't be undone: they happened.
    A red flag, an answer that forbids sessions or runs, and skin that wasn't all right have commands of their own.
    """
    from estim.core.days.entry_text import told

    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        gone = journal.undo()
    if not gone:
        raise EstimError(tr("there is nothing to undo"), code=Exit.NO_INPUT)
    shown = [tr("undone: {at:%Y-%m-%d %H:%M} {entry}", at=one.at, entry=told(one)) for one in gone[:UNDONE_SHOWN]]
    more = len(gone) - UNDONE_SHOWN
    text = "\n".join([*shown, tr("and {count} more", count=more)] if more > 0 else shown)
    tell(flags, "undone", text, [row_of(one) for one in gone])
