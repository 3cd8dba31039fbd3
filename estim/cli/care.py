"""`estim care`: where you are on the way back to running, today's list, and the questions before a session."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.arguments import AT, moment_of, note_of, score_of, wrong
from estim.cli.care_view import row_of, show_care
from estim.cli.completers import one_of, steps
from estim.cli.output import tell
from estim.cli.questions import (
    RED_FLAGS,
    SAID_AFTER,
    answered,
    ask_signs,
    may_ask,
    signs_after,
    signs_answered,
    told_after,
)
from estim.cli.step_view import show_step
from estim.core.care.agenda import BY_HAND, numbered, to_tick
from estim.core.care.loading import (
    OFF,
    ON,
    REPETITIONS_MAX,
    SETS_MAX,
    Load,
    entry_of,
    judged,
    why_off,
    why_shut,
)
from estim.core.care.plan import Plan, Stage, Step, Tick
from estim.core.care.progression import RECOVERED
from estim.core.care.standing import recovery, standing
from estim.core.care.training import Training, training_of
from estim.core.days import skin as looks
from estim.core.days.diary import Check, Diary, Pain, Topic, When
from estim.core.days.screening import NO, NO_SIGN, QUESTIONS, YES, blocked, cautions, red_flag, unanswered
from estim.core.errors import EstimError, Exit
from estim.core.numbers import read_whole, shown
from estim.core.translation import mark, tr, tr_text
from estim.journal.home_journal import HomeJournal, opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags

care = typer.Typer(help="The way back to running: eight steps, today's list, and what has to be so before the next.")

ANSWERS = {Topic.SKIN: ("ok", "bad"), Topic.FEEL: ("weaker", "same", "stronger")}

HEALTH_ANSWERS = {YES: mark("yes"), NO: mark("no"), "cleared": mark("cleared")}
"""What people read for the answers to the questions before a session."""

NO_HAND = {
    Tick.SESSIONS: mark("{word}: {step} is ticked off by the sessions that you play; by hand: {steps}"),
    Tick.RUN: mark("{word}: {step} is ticked off by a run in the log; by hand: {steps}"),
    Tick.LOAD: mark("{word}: {step} is ticked off by estim care load; by hand: {steps}"),
    Tick.NONE: mark("{word}: {step} is never ticked off; by hand: {steps}"),
}
"""What is said of a step that no hand ticks."""


SHORT = typer.Option("--short", help="a line or two: the stage, what is open today, what is asked")


@care.callback(invoke_without_command=True)
def _usual(context: typer.Context, short: Annotated[bool, SHORT] = False) -> None:
    """Show it if nothing else is asked for."""
    if context.invoked_subcommand is None:
        show(context, short=short)
    elif short:
        raise wrong(tr("--short goes with estim care alone, or care show"))


@care.command()
def show(
    context: typer.Context,
    step: Annotated[
        str | None, typer.Argument(help="one step in full: its number, or its name", autocompletion=steps)
    ] = None,
    short: Annotated[bool, SHORT] = False,
) -> None:
    """Show where you are, why, and today's list. With a step: how it is done, how long, what to write down."""
    if step is None:
        show_care(context.obj, short=short)
    else:
        show_step(context.obj, step)


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
            raise EstimError(tr('{flag}; after that: estim care begin --looked-at "who"', flag=flag), code=Exit.REFUSED)
        moment = moment_of(at, journal.now)
        signs = signs_answered(ask_signs(), journal.now) if may_ask(flags) else []
        journal.enter(Check(at=moment, topic=Topic.CARE, answer="begin", note=note_of(looked_at)), *signs)
    show(context)


@care.command()
def end(context: typer.Context) -> None:
    """End the plan; sessions and pain go on being counted."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        journal.enter(Check(at=journal.now, topic=Topic.CARE, answer="end"))
    tell(flags, "care", tr("the plan has ended; to begin anew: estim care begin"), [{"stage": Stage.ENDED}])


@care.command()
def recovered(context: typer.Context) -> None:
    """Note that nothing has hurt for weeks: the plan goes on as a lighter one, and back by itself if it gets worse."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        gate = recovery(journal.plan, journal.read(), journal.now)
        if not gate.ok:
            raise EstimError(tr("not yet: {why}", why=gate.text), code=Exit.REFUSED)
        journal.enter(Check(at=journal.now, topic=Topic.CARE, answer=RECOVERED))
    show_care(flags)


@care.command()
def tick(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(metavar="STEP", help="numbers or names on the list: 1 3 cross bike 40min", autocompletion=steps),
    ],
    at: Annotated[str | None, AT] = None,
) -> None:
    """Tick steps off for today: estim care tick 1 3, or by their names."""
    flags: Flags = context.obj
    with opened(flags.host, write=True) as journal:
        ticked = _ticks(journal.plan, words)
        moment = moment_of(at, journal.now)
        journal.enter(*(Check(at=moment, topic=Topic.TICK, about=one, answer=of.text) for one, of in ticked.items()))
        now = standing(journal.plan, journal.recent(), journal.now)
        left = [f"{number} {item.step}" for number, item in numbered(journal.plan, now.today) if to_tick(item)]
    done = ", ".join(f"{one} ({of.text})" if of.text else one for one, of in ticked.items())
    if moment.date() == journal.now.date():
        parts = [tr("ticked: {steps}", steps=done)]
    else:
        parts = [tr("ticked for {day}: {steps}", day=moment.date(), steps=done)]
    if left:
        parts.append(tr("still open: {steps}", steps=", ".join(left)))
    elif now.today:
        parts.append(tr("nothing is left to tick"))
    tell(flags, "care", "; ".join(parts), [row_of(now)])


def _ticks(plan: Plan, words: list[str]) -> dict[str, Training]:
    """Return the steps that are named, each with what is said of it; every word has to be understood."""
    ticked: dict[str, Training] = {}
    left = words
    step: Step | None = None
    while left:
        found = _step(plan, left[0])
        if found is None:
            raise _strange(plan, step, left[0])
        step = found
        ticked[step.id], left = training_of(step, left[1:])
    return ticked


def _step(plan: Plan, word: str) -> Step | None:
    """Return the step of a number or a name; raises EstimError (2) for one that no hand ticks."""
    said = word.strip().casefold()
    step = plan.find(said) or next((one for one in plan.steps if one.title.casefold() == said), None)
    if step is not None and step.tick not in BY_HAND:
        text = NO_HAND.get(step.tick, NO_HAND[Tick.NONE])
        raise wrong(tr(text, word=shown(word), step=step.id, steps=_by_hand(plan)))
    return step


def _strange(plan: Plan, before: Step | None, word: str) -> EstimError:
    """Return the sentence for a word that is neither a step nor something of the one before it."""
    if before is None or not before.kinds:
        return wrong(
            tr("{word} can't be ticked off: say numbers or names of {steps}", word=shown(word), steps=_by_hand(plan))
        )
    return wrong(
        tr(
            "{word} can't be ticked off: say numbers or names of {steps}; of {step} also {kinds} and 40min",
            word=shown(word),
            steps=_by_hand(plan),
            step=before.id,
            kinds=", ".join(before.kinds),
        )
    )


def _by_hand(plan: Plan) -> str:
    return ", ".join(f"{plan.number_of(one)} {one.id}" for one in plan.steps if one.tick in BY_HAND)


@care.command()
def loading(
    context: typer.Context,
    word: Annotated[
        str,
        typer.Argument(
            metavar="on|off", help="on: they were agreed with a professional", autocompletion=one_of(ON, OFF)
        ),
    ],
    agreed_with: Annotated[str, typer.Option(metavar="WHO", help="with whom; kept and shown")] = "",
) -> None:
    """Note that heel raises were agreed with a professional, or leave them out again. They are off until then."""
    flags: Flags = context.obj
    if word not in (ON, OFF):
        raise wrong(tr("{typed!r}: say on or off", typed=word))
    with opened(flags.host, write=True) as journal:
        if word == ON and (shut := why_shut(journal.recent())):
            raise EstimError(shut, code=Exit.REFUSED)
        journal.enter(Check(at=journal.now, topic=Topic.LOADING, answer=word, note=note_of(agreed_with)))
    on = tr("heel raises are on: after each time estim care load 3x15 pain 2")
    text = on if word == ON else tr("heel raises are off")
    tell(flags, "loading", text, [{"loading": word}])


@care.command()
def load(
    context: typer.Context,
    done: Annotated[list[str], typer.Argument(metavar="SETSxREPETITIONS [pain N]", help="such as 3x15 pain 2")],
    at: Annotated[str | None, AT] = None,
    words: Annotated[str, typer.Option("--note", metavar="WORDS", help="a word about it")] = "",
) -> None:
    """Write down heel raises: sets, repetitions, and the worst pain while doing them."""
    flags: Flags = context.obj
    done_so = _load(done)
    text = note_of(words)
    with opened(flags.host, write=True) as journal:
        if off := why_off(journal.recent()):
            raise EstimError(off, code=Exit.REFUSED)
        moment = moment_of(at, journal.now)
        hurt = Pain(at=moment, score=done_so.pain or 0, when=When.WORST, note=text)
        signs, ask = signs_after(flags, journal, hurt, [])
        journal.enter(entry_of(done_so, moment, text), *signs)
        after = told_after(journal) or ask if signs else ask
        meant = judged(journal.plan, done_so)
    row = {"at": moment, "sets": done_so.sets, "repetitions": done_so.repetitions, "pain": done_so.pain, "text": meant}
    tell(flags, "load", "\n".join(filter(None, [done_so.text, meant, after])), [row])


def _load(words: list[str]) -> Load:
    """Read "3x15", with or without "pain 2" behind it."""
    line = " ".join(words).lower().replace("×", "x")
    found = re.fullmatch(r"([0-9]{1,4}) ?x ?([0-9]{1,4})(?: pain (.+))?", line)  # untranslated: what is typed
    if found is None:
        raise wrong(tr("{typed!r}: say sets and repetitions, and the worst pain: 3x15 pain 2", typed=line))
    sets = read_whole(found[1], what=tr("sets"), lo=1, hi=SETS_MAX, unit="")
    repetitions = read_whole(found[2], what=tr("repetitions"), lo=1, hi=REPETITIONS_MAX, unit="")
    return Load(sets, repetitions, None if found[3] is None else score_of(found[3]))


@care.command()
def flag(
    context: typer.Context,
    sign: Annotated[
        str, typer.Argument(help="|".join((*RED_FLAGS, NO_SIGN)), autocompletion=one_of(*RED_FLAGS, NO_SIGN))
    ],
    at: Annotated[str | None, AT] = None,
) -> None:
    """Note a sign of a torn tendon or a clot: the plan ends, and no session takes place. Or that there was none."""
    flags: Flags = context.obj
    if sign not in (*RED_FLAGS, NO_SIGN):
        known = ", ".join((*RED_FLAGS, NO_SIGN))
        raise wrong(tr("{typed!r} isn't one of the signs: choose from {signs}", typed=sign, signs=known))
    signs = [] if sign == NO_SIGN else [sign]
    with opened(flags.host, write=True) as journal:
        journal.enter(*signs_answered(signs, moment_of(at, journal.now)))
        text = red_flag(journal.recent()) or tr("noted: none of the signs")
    tell(flags, "red-flag", text, [{"sign": sign, "text": text}])


@care.command()
def questions(
    context: typer.Context,
    answer: Annotated[list[str] | None, typer.Option(metavar="ID=yes|no", help="answer one; may be repeated")] = None,
    none: Annotated[bool, typer.Option("--none", help="none of them applies: no to all that are open")] = False,
) -> None:
    """Answer the questions before a session, or see what was answered. They are asked again every 90 days."""
    flags: Flags = context.obj
    given = [_answer(text) for text in answer or ()]
    with opened(flags.host, write=bool(given) or none or may_ask(flags)) as journal:
        still_open = unanswered(journal.recent(), journal.now)
        if none:
            given += [(one.id, NO) for one in still_open if one.id not in dict(given)]
        elif not given and may_ask(flags):
            given = [(one.id, YES if answered(one.question) else NO) for one in still_open]
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
    question: Annotated[
        str, typer.Argument(help="the question's id", autocompletion=one_of(*(one.id for one in QUESTIONS)))
    ],
    reason: Annotated[str, typer.Option(metavar="WORDS", help="who agreed, and why")],
) -> None:
    """Clear an answer that forbids sessions or runs: only if a doctor agrees; the reason is kept and shown."""
    flags: Flags = context.obj
    if question not in [one.id for one in QUESTIONS if one.never or one.runs]:
        raise wrong(tr("{question!r} forbids nothing: estim care questions shows the ids", question=question))
    if not reason.strip():
        raise wrong(tr("a reason is needed: who agreed, and why"))
    with opened(flags.host, write=True) as journal:
        entry = Check(at=journal.now, topic=Topic.HEALTH, about=question, answer="cleared", note=note_of(reason))
        journal.enter(entry)
    text = tr("{question} is cleared: {reason}", question=question, reason=reason)
    tell(flags, "question", text, [{"question": question, "answer": "cleared"}])


@care.command()
def after(
    context: typer.Context,
    skin: Annotated[
        str | None, typer.Option(metavar="ok|bad", help="the skin under the pads", autocompletion=one_of("ok", "bad"))
    ] = None,
    feel: Annotated[
        str | None,
        typer.Option(
            metavar="weaker|same|stronger",
            help="compared with last time",
            autocompletion=one_of("weaker", "same", "stronger"),
        ),
    ] = None,
) -> None:
    """Say how it was after the last session."""
    flags: Flags = context.obj
    said = [(topic, word) for topic, word in ((Topic.SKIN, skin), (Topic.FEEL, feel)) if word is not None]
    for topic, word in said:
        if word not in ANSWERS[topic]:
            raise wrong(
                tr(
                    "--{what} {typed!r}: say {words}",
                    what=topic.value,
                    typed=word,
                    words=tr(" or ").join(ANSWERS[topic]),
                )
            )
    if not said:
        raise wrong(tr("say how it was: --skin ok, --feel weaker"))
    with opened(flags.host, write=True) as journal:
        played = [one for one in journal.recent().sessions if one.begun]
        if not played:
            raise EstimError(tr("there was no session yet"), code=Exit.NO_INPUT)
        last = played[-1].id
        checks = [
            Check(at=journal.now, topic=topic, answer=word, session=last) for topic, word in said if topic is Topic.FEEL
        ]
        if skin is not None:
            checks.append(looks.seen(journal.recent(), played[-1], skin, journal.now))
        journal.enter(*checks)
        held = looks.told(journal.recent())
    rows: list[dict[str, object]] = [{"session": last, "topic": topic, "answer": word} for topic, word in said]
    words = ", ".join(tr_text(SAID_AFTER[word], "after a session") for _, word in said)
    noted = tr("noted for session {number}: {words}", number=last, words=words)
    tell(flags, "after", "\n".join([noted, *held]), rows)


@care.command()
def skin(
    context: typer.Context,
    answer: Annotated[str, typer.Argument(metavar="ok", help="somebody has looked, and it is as before")],
) -> None:
    """Note that somebody has looked at skin that wasn't all right: pads may go there again."""
    flags: Flags = context.obj
    if answer != looks.OK:
        raise wrong(
            tr("{typed!r}: say ok once it is as before; that it isn't: estim care after --skin bad", typed=answer)
        )
    with opened(flags.host, write=True) as journal:
        found = looks.looked(journal.recent(), journal.now)
        journal.enter(*found)
    well = tr("noted: the skin is all right again, and pads may go there")
    text = well if found else tr("no skin waits for a look")
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
    text = tr("{file} is yours now: change it, then estim care", file=home.plan_file)
    tell(flags, "paths", text, [{"path": str(home.plan_file)}])


def _answer(text: str) -> tuple[str, str]:
    about, equals, said = text.partition("=")
    if not equals or about not in [one.id for one in QUESTIONS] or said not in (YES, NO):
        ids = ", ".join(one.id for one in QUESTIONS)
        raise wrong(tr("--answer {typed!r}: say such as implant=no; the ids: {ids}", typed=text, ids=ids))
    return about, said


def _said(check: Check | None, *, again: bool) -> str:
    """Return what was answered to a question, and whether it is to be asked again."""
    if check is None:
        return tr("not answered")
    answer = tr_text(HEALTH_ANSWERS.get(check.answer, check.answer))
    if again:
        return tr("{answer}, {at:%Y-%m-%d} (ask again)", answer=answer, at=check.at)
    return tr("{answer}, {at:%Y-%m-%d}", answer=answer, at=check.at)


def _asked(diary: Diary, journal: HomeJournal) -> tuple[list[str], list[dict[str, object]]]:
    still_open = {one.id for one in unanswered(diary, journal.now)}
    last = {check.about: check for check in diary.checks if check.topic is Topic.HEALTH}
    lines = []
    rows = []
    for one in QUESTIONS:
        check = last.get(one.id)
        said = _said(check, again=one.id in still_open)
        lines.append(f"{one.id:<17} {said:<24} {tr_text(one.question)}")
        rows.append({"question": one.id, "text": one.question, "open": one.id in still_open,
                     "answer": None if check is None else check.answer})  # fmt: skip
    return [*lines, *filter(None, [blocked(diary, journal.now)]), *cautions(diary, journal.now)], rows
