"""`estim care`: where you are on the way back to running, today's list, and the questions before a session."""

from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.arguments import AT, moment_of, note_of, wrong
from estim.cli.care_view import row_of, show_care
from estim.cli.output import tell
from estim.cli.questions import RED_FLAGS, ask_signs, may_ask, signs_answered
from estim.core.care.agenda import BY_HAND, numbered, to_tick
from estim.core.care.plan import Plan, Stage, Tick
from estim.core.care.standing import standing
from estim.core.days import skin as looks
from estim.core.days.diary import Check, Diary, Topic
from estim.core.days.screening import NO, NO_SIGN, QUESTIONS, YES, blocked, cautions, red_flag, unanswered
from estim.core.errors import EstimError, Exit
from estim.core.numbers import shown
from estim.journal.home_journal import HomeJournal, opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags

care = typer.Typer(help="The way back to running: eight steps, today's list, and what has to be so before the next.")

ANSWERS = {Topic.SKIN: ("ok", "bad"), Topic.FEEL: ("weaker", "same", "stronger")}


SHORT = typer.Option("--short", help="a line or two: the stage, what is open today, what is asked")


@care.callback(invoke_without_command=True)
def _usual(context: typer.Context, short: Annotated[bool, SHORT] = False) -> None:
    """Show it if nothing else is asked for."""
    if context.invoked_subcommand is None:
        show(context, short)
    elif short:
        raise wrong("--short goes with estim care alone, or care show")


@care.command()
def show(context: typer.Context, short: Annotated[bool, SHORT] = False) -> None:
    """Show where you are, why, and what is on today's list."""
    show_care(context.obj, short=short)


@care.command()
def begin(
    context: typer.Context,
    at: Annotated[str | None, AT] = None,
    looked_at: Annotated[str, typer.Option(metavar="WHO", help="after a red flag: who has had a look")] = "",
) -> None:
    """Begin the plan, or begin it anew."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        flag = red_flag(journal.recent())
        if flag and not looked_at.strip():
            raise EstimError(f'{flag}; after that: estim care begin --looked-at "who"', code=Exit.REFUSED)
        moment = moment_of(at, journal.now)
        signs = signs_answered(ask_signs(), journal.now) if may_ask(flags) else []
        journal.enter(Check(at=moment, topic=Topic.CARE, answer="begin", note=note_of(looked_at)), *signs)
    show(context)


@care.command()
def end(context: typer.Context) -> None:
    """End the plan; sessions and pain are kept on being counted."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        journal.enter(Check(at=journal.now, topic=Topic.CARE, answer="end"))
    tell(flags, "care", "the plan has ended; to begin anew: estim care begin", [{"stage": Stage.ENDED}])


@care.command()
def tick(
    context: typer.Context,
    steps: Annotated[list[str], typer.Argument(metavar="STEP", help="numbers or names on the list: 1 3 stretching")],
    at: Annotated[str | None, AT] = None,
) -> None:
    """Tick steps off for today: estim care tick 1 3, or by their names."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        meant = list(dict.fromkeys(_step(journal.plan, word) for word in steps))
        moment = moment_of(at, journal.now)
        journal.enter(*(Check(at=moment, topic=Topic.TICK, about=step) for step in meant))
        now = standing(journal.plan, journal.recent(), journal.now)
        left = [f"{number} {item.step}" for number, item in numbered(journal.plan, now.today) if to_tick(item)]
    day = "" if moment.date() == journal.now.date() else f" for {moment.date()}"
    rest = f"; still open: {', '.join(left)}" if left else "; nothing is left to tick" if now.today else ""
    text = f"ticked{day}: {', '.join(meant)}{rest}"
    tell(flags, "care", text, [row_of(now)])


def _step(plan: Plan, word: str) -> str:
    """Return the id of a step that a hand ticks, by its number of the plan or its name; raises EstimError (2)."""
    found = [
        step
        for number, step in enumerate(plan.steps, 1)
        if word.strip().casefold() in (str(number), step.id.casefold(), step.title.casefold())
    ]
    by_hand = ", ".join(f"{number} {one.id}" for number, one in enumerate(plan.steps, 1) if one.tick in BY_HAND)
    if not found:
        raise wrong(f"{shown(word)} can't be ticked off: say numbers or names of {by_hand}")
    step = found[0]
    if step.tick not in BY_HAND:
        how = {Tick.SESSIONS: "by the sessions that you play", Tick.RUN: "by a run in the log"}.get(step.tick, "never")
        raise wrong(f"{shown(word)}: {step.id} is ticked off {how}; by hand: {by_hand}")
    return step.id


@care.command()
def flag(
    context: typer.Context,
    sign: Annotated[str, typer.Argument(help="|".join((*RED_FLAGS, NO_SIGN)))],
    at: Annotated[str | None, AT] = None,
) -> None:
    """Say that there was a sign of a torn tendon or a clot: the plan ends, and no session takes place. Or none."""
    flags: Flags = context.obj
    if sign not in (*RED_FLAGS, NO_SIGN):
        raise wrong(f"{sign!r} is no sign: say one of {', '.join((*RED_FLAGS, NO_SIGN))}")
    signs = [] if sign == NO_SIGN else [sign]
    with opened(flags.host, write=True) as journal:
        journal.enter(*signs_answered(signs, moment_of(at, journal.now)))
        text = red_flag(journal.recent()) or "noted: none of the signs"
    tell(flags, "red-flag", text, [{"sign": sign, "text": text}])


@care.command()
def questions(
    context: typer.Context,
    answer: Annotated[list[str] | None, typer.Option(metavar="ID=yes|no", help="answer one; may be repeated")] = None,
    none: Annotated[bool, typer.Option("--none", help="none of them holds: no to all that are open")] = False,
) -> None:
    """Answer the questions before a session, or see what was answered. They are asked again every 90 days."""
    flags: Flags = context.obj
    given = [_answer(text) for text in answer or ()]
    with opened(flags.host, write=bool(given) or none or may_ask(flags)) as journal:
        still_open = unanswered(journal.recent(), journal.now)
        if none:
            given += [(one.id, NO) for one in still_open if one.id not in dict(given)]
        elif not given and may_ask(flags):
            given = [(one.id, YES if typer.confirm(one.question, err=True) else NO) for one in still_open]
        if given:
            journal.enter(
                *(Check(at=journal.now, topic=Topic.HEALTH, about=about, answer=said) for about, said in given)
            )
        diary = journal.recent()
        lines, rows = _asked(diary, journal)
    tell(flags, "question", "\n".join(lines), rows)


@care.command()
def clear(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="the question's id")],
    reason: Annotated[str, typer.Option(help="who agreed, and why")],
) -> None:
    """Clear an answer that forbids sessions or runs: only if a doctor agrees; the reason is kept and shown."""
    flags: Flags = context.obj
    if question not in [one.id for one in QUESTIONS if one.never or one.runs]:
        raise wrong(f"{question!r} forbids nothing: estim care questions shows the ids")
    if not reason.strip():
        raise wrong("a reason is needed: who agreed, and why")
    with opened(flags.host, write=True) as journal:
        entry = Check(at=journal.now, topic=Topic.HEALTH, about=question, answer="cleared", note=note_of(reason))
        journal.enter(entry)
    tell(flags, "question", f"{question} is cleared: {reason}", [{"question": question, "answer": "cleared"}])


@care.command()
def after(
    context: typer.Context,
    skin: Annotated[str | None, typer.Option(metavar="ok|bad", help="the skin under the pads")] = None,
    feel: Annotated[str | None, typer.Option(metavar="weaker|same|stronger", help="against last time")] = None,
) -> None:
    """Say how it was after the last session."""
    flags: Flags = context.obj
    said = [(topic, word) for topic, word in ((Topic.SKIN, skin), (Topic.FEEL, feel)) if word is not None]
    for topic, word in said:
        if word not in ANSWERS[topic]:
            raise wrong(f"--{topic.value} {word!r}: say {' or '.join(ANSWERS[topic])}")
    if not said:
        raise wrong("say how it was: --skin ok, --feel weaker")
    with opened(flags.host, write=True) as journal:
        played = [one for one in journal.recent().sessions if one.begun]
        if not played:
            raise EstimError("there was no session yet", code=Exit.NO_INPUT)
        last = played[-1].id
        checks = [
            Check(at=journal.now, topic=topic, answer=word, session=last) for topic, word in said if topic is Topic.FEEL
        ]
        if skin is not None:
            checks.append(looks.seen(journal.recent(), played[-1], skin, journal.now))
        journal.enter(*checks)
        held = looks.told(journal.recent())
    rows: list[dict[str, object]] = [{"session": last, "topic": topic, "answer": word} for topic, word in said]
    tell(flags, "after", "\n".join([f"noted for session {last}: {', '.join(word for _, word in said)}", *held]), rows)


@care.command()
def skin(
    context: typer.Context,
    answer: Annotated[str, typer.Argument(metavar="ok", help="somebody has looked, and it is as before")],
) -> None:
    """Say that somebody has looked at skin that wasn't all right: pads may go there again."""
    flags: Flags = context.obj
    if answer != looks.OK:
        raise wrong(f"{answer!r}: say ok once it is as before; that it isn't: estim care after --skin bad")
    with opened(flags.host, write=True) as journal:
        found = looks.looked(journal.recent(), journal.now)
        journal.enter(*found)
    text = "noted: the skin is all right again, and pads may go there" if found else "no skin waits for a look"
    rows: list[dict[str, object]] = [
        {"session": check.session, "topic": check.topic, "answer": check.answer} for check in found
    ]
    tell(flags, "after", text, rows)


@care.command()
def edit(context: typer.Context) -> None:
    """Make the plan your own: write it into your settings' folder, to be changed there."""
    from estim.config.care_plan import shipped
    from estim.config.files import write_new

    flags: Flags = context.obj
    home = flags.host.place
    home.prepare()
    write_new(home.plan_file, shipped())
    tell(flags, "paths", f"{home.plan_file} is yours now: change it, then estim care", [{"path": str(home.plan_file)}])


def _answer(text: str) -> tuple[str, str]:
    about, equals, said = text.partition("=")
    if not equals or about not in [one.id for one in QUESTIONS] or said not in (YES, NO):
        raise wrong(f"--answer {text!r}: say such as implant=no; the ids: {', '.join(one.id for one in QUESTIONS)}")
    return about, said


def _asked(diary: Diary, journal: HomeJournal) -> tuple[list[str], list[dict[str, object]]]:
    still_open = {one.id for one in unanswered(diary, journal.now)}
    last = {check.about: check for check in diary.checks if check.topic is Topic.HEALTH}
    lines = []
    rows = []
    for one in QUESTIONS:
        check = last.get(one.id)
        said = "not answered" if check is None else f"{check.answer}, {check.at:%Y-%m-%d}"
        again = " (ask again)" if check is not None and one.id in still_open else ""
        lines.append(f"{one.id:<17} {said + again:<24} {one.question}")
        rows.append({"question": one.id, "text": one.question, "open": one.id in still_open,
                     "answer": None if check is None else check.answer})  # fmt: skip
    return [*lines, *filter(None, [blocked(diary, journal.now)]), *cautions(diary, journal.now)], rows
