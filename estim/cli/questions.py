"""What `estim run` asks the journal before it asks the host: today's program, the last level, and open questions."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import typer

from estim.cli.arguments import wrong
from estim.cli.output import complain, note
from estim.core.days.diary import Check, Pain, Topic
from estim.core.days.screening import NO, NO_SIGN, SIGNS, YES, signs_due, signs_text
from estim.core.days.slots import Slot, Status
from estim.core.errors import EstimError, Exit
from estim.core.numbers import shown
from estim.journal.home_journal import HomeJournal, opened
from protocols.vocabulary import Channel

if TYPE_CHECKING:
    from estim.cli.flags import Flags
    from estim.config.options import HostOptions
    from estim.core.days.dose import Gate

GATES: dict[str, "Gate"] = {"gap": "gap", "dose": "dose", "run": "run"}


RECENTLY_MIN = 45
"""A session that began longer ago is not the one that was just played: the longest has 30 minutes."""

MEANT = {
    "bad": "No pads there until somebody has looked: red for over an hour, or blisters, belong shown to a doctor or a "
    "pharmacist. When the skin is as before: estim care skin ok",
    "weaker": "Next time one step more will be offered: estim run … --level last tells it, and + is yours.",
}

RED_FLAGS = tuple(SIGNS)

SIGN_NUMBERS = {str(number): sign for number, sign in enumerate(RED_FLAGS, 1)}


def gates_of(words: list[str]) -> tuple["Gate", ...]:
    """Read what is overridden; each word is typed in full."""
    for word in words:
        if word not in GATES:
            raise wrong(f"--override {word!r}: only gap, dose and run can be overridden, typed in full")
    return tuple(dict.fromkeys(GATES[word] for word in words))


def todays_program(options: "HostOptions") -> str:
    """Return whose turn it is today by the schedule."""
    from estim.core.days.outcomes import program_of

    with opened(options) as journal:
        return program_of(journal.settings.schedule, journal.now)


def last_level(options: "HostOptions", program: str, unit: str | None, site: str | None = None) -> dict[Channel, int]:
    """Return the last comfortable level of a program there; raises EstimError (66) if there is none yet."""
    from estim.catalogue.programs import find_program
    from estim.core.days import advice

    with opened(options) as journal:
        made = find_program(journal.home.programs, program)
        diary = journal.recent()
        where = site or journal.settings.site
        sites = (where,) if where else tuple(made.site)
    offer = advice.last_level(diary, made.id, sites, unit)
    if offer is not None:
        return {Channel(channel): level for channel, level in offer.level.items()}
    text = f"there is no level of {made.id} to go back to yet: --level N, and it is remembered after five minutes"
    raise EstimError(text, code=Exit.NO_INPUT)


def next_slot(options: "HostOptions") -> Slot:
    """Return the slot that may be armed ahead now; raises EstimError (75) if none is near enough."""
    from estim.core.days.outcomes import AHEAD_MAX, elapsed, may_arm

    with opened(options) as journal:
        slots = journal.slots(journal.recent(), journal.now, journal.now + timedelta(days=14))
    ahead = [slot for slot in slots if slot.status in (Status.UPCOMING, Status.DUE, Status.SNOOZED)]
    if not ahead:
        raise EstimError("there is no slot ahead: estim schedule show", code=Exit.TRY_LATER)
    slot = ahead[0]
    if not may_arm(slot, journal.now):
        first = max(elapsed(slot.at, -AHEAD_MAX), slot.opens)
        text = f"the next slot is {slot.at:%a %H:%M}: it can be armed from {first:%a %H:%M} on, or start now without it"
        raise EstimError(text, code=Exit.TRY_LATER)
    return slot


def ask_open_questions(options: "HostOptions") -> None:
    """Ask what has no answer yet, on a terminal, and keep the answers; the host decides what they mean."""
    from estim.core.days.screening import unanswered

    if options.simulate is not None:
        return
    with opened(options, write=True) as journal:
        still_open = unanswered(journal.recent(), journal.now)
        if not still_open:
            return
        note("Before the first session, and every 90 days: y or n to each, Ctrl-C to leave.")
        answers = []
        for question in still_open:
            yes = typer.confirm(question.question, err=True)
            answers.append(Check(at=journal.now, topic=Topic.HEALTH, about=question.id, answer="yes" if yes else "no"))
        journal.enter(*answers)


def ask_after(options: "HostOptions") -> None:
    """Ask how it was after the last session, and keep the answers; Enter leaves a question out, Ctrl-C all of them.

    Whatever goes wrong here is told and changes nothing: how the session ended has been said.
    """
    if options.simulate is not None:
        return
    try:
        _ask_how_it_was(options)
    except EstimError as error:
        complain(error.text)
    except typer.Abort:
        note("")


def _ask_how_it_was(options: "HostOptions") -> None:
    from estim.core.days import advice, skin

    with opened(options, write=True) as journal:
        diary = journal.read(journal.now - timedelta(minutes=RECENTLY_MIN))
        played = [one for one in diary.sessions if one.begun and one.ended is not None]
        if not played or any(check.session == played[-1].id for check in diary.checks):
            return
        for topic, question in advice.after(played[-1]):
            words = ("ok", "bad") if topic is Topic.SKIN else (advice.WEAKER, advice.SAME, advice.STRONGER)
            typed = typer.prompt(f"{question} [{'/'.join(words)}]", default="", show_default=False, err=True)
            meant = [word for word in words if typed and word.startswith(str(typed).strip().lower())]
            answer = meant[0] if len(meant) == 1 else ""  # "s" may be the same or stronger: then nothing is kept
            if answer:
                if topic is Topic.SKIN:
                    journal.enter(skin.seen(journal.recent(), played[-1], answer, journal.now))
                else:
                    journal.enter(Check(at=journal.now, topic=topic, answer=answer, session=played[-1].id))
                if answer in MEANT:
                    note(MEANT[answer])


def may_ask(flags: "Flags") -> bool:
    """Say whether a person sits there who can be asked."""
    from estim.cli.keys import has_terminal

    return not flags.no_input and not flags.as_json and has_terminal()


def ask_signs() -> list[str]:
    """Ask for the signs of a torn tendon and of a clot, on stderr; Enter is none."""
    note("Any of these, lately? A tendon can be torn though it hurts little.")
    for number, words in enumerate(SIGNS.values(), 1):
        note(f"  {number} {words}")
    while True:
        typed = str(typer.prompt("Numbers, or Enter for none", default="", show_default=False, err=True))
        numbers = typed.replace(",", " ").split()
        if all(number in SIGN_NUMBERS for number in numbers):
            return [SIGN_NUMBERS[number] for number in dict.fromkeys(numbers)]
        note(f"{shown(typed)}: say such as 1, or 1 3, or nothing but Enter")


def signs_answered(signs: list[str], at: datetime) -> list[Check]:
    """Return what is kept of an answer: each sign, or that there was none."""
    if not signs:
        return [Check(at=at, topic=Topic.RED_FLAG, about=NO_SIGN, answer=NO)]
    return [Check(at=at, topic=Topic.RED_FLAG, about=sign, answer=YES) for sign in signs]


def signs_after(flags: "Flags", journal: HomeJournal, pain: Pain, signs: list[str]) -> tuple[list[Check], str]:
    """Return what to keep of the signs beside a score, and what to tell where they are due and nobody can be asked."""
    if signs:
        return signs_answered(signs, pain.at), ""
    if not signs_due(journal.recent(), pain):
        return [], ""
    if may_ask(flags):
        return signs_answered(ask_signs(), pain.at), ""
    return [], signs_text()


def told_after(journal: HomeJournal) -> str:
    """Return what a red flag means."""
    from estim.core.days.screening import red_flag

    return red_flag(journal.recent())


def _sign(text: str) -> str:
    if text not in RED_FLAGS:
        raise wrong(f"--red-flag {text!r}: say one of {', '.join(RED_FLAGS)}")
    return text
