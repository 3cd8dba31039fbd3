"""What `estim run` asks the journal before it asks the host: today's program, the last level, and open questions."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import typer

from estim.cli.arguments import wrong
from estim.cli.output import complain, note
from estim.config.settings import change_settings
from estim.core.days.diary import Check, Pain, Topic
from estim.core.days.legs import ANYWHERE, LEGS, leg_of, legs_of, sites_on, usual_sites
from estim.core.days.screening import NO, NO_SIGN, SIGNS, YES, signs_due, signs_text
from estim.core.days.slots import Slot, Status
from estim.core.errors import EstimError, Exit
from estim.core.numbers import shown
from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace
from estim.journal.home_journal import HomeJournal, opened
from protocols.vocabulary import Channel

if TYPE_CHECKING:
    from estim.cli.flags import Flags
    from estim.config.options import HostOptions
    from estim.core.days.dose import Gate
    from estim.core.messages.commands import Start

GATES: dict[str, "Gate"] = {"gap": "gap", "dose": "dose", "run": "run"}


RECENTLY_MIN = 45
"""A session that began longer ago is not the one that was just played: the longest has 30 minutes."""

MEANT = {
    "bad": mark(
        "No pads there until somebody has looked at it: redness for over an hour, or blisters, should be seen by a "
        "doctor or a pharmacist. When the skin is as before: estim care skin ok"
    ),
    "weaker": mark("Next time one step more will be offered: estim run … --level last tells it, and + is yours."),
}

SAID_AFTER = {
    "ok": mark("ok", "after a session"),
    "bad": mark("bad", "after a session"),
    "weaker": mark("weaker", "after a session"),
    "same": mark("same", "after a session"),
    "stronger": mark("stronger", "after a session"),
}
"""What people read for the answers about a session."""

LEG_NAMES = {"left": mark("left", "leg"), "right": mark("right", "leg")}
"""What people read for a leg."""

YES_WORDS = frozenset({"y", "yes", "j", "ja"})
NO_WORDS = frozenset({"n", "no", "nein"})
"""What may be typed, in whatever language it was asked."""

WHICH_LEG = mark("Which leg is it, left or right? It is asked once; Enter: not said")

LEG_KEPT = mark(
    'Kept as the usual one: site = "{leg}" in config.toml. On the other one, just once: --site left or --site right'
)

LEG_UNSAID = mark("Then sessions count in the dose of both legs. To say it later: --site left, or site in config.toml")

RED_FLAGS = tuple(SIGNS)

SIGN_NUMBERS = {str(number): sign for number, sign in enumerate(RED_FLAGS, 1)}


def gates_of(words: list[str]) -> tuple["Gate", ...]:
    """Read what is overridden; each word is typed in full."""
    for word in words:
        if word not in GATES:
            raise wrong(tr("--override {word!r}: only gap, dose and run can be overridden, typed in full", word=word))
    return tuple(dict.fromkeys(GATES[word] for word in words))


def todays_program(options: "HostOptions", units: Sequence[str] = ()) -> str:
    """Return whose turn it is today by the schedule, of those that the units play (none named: the usual one)."""
    with opened(options) as journal:
        return journal.program_at(journal.now, units)


def last_level(options: "HostOptions", program: str, unit: str | None, site: str | None = None) -> dict[Channel, int]:
    """Return the last comfortable level of a program there; raises EstimError (66) if there is none yet."""
    from estim.catalogue.programs import find_program
    from estim.core.days import advice

    with opened(options) as journal:
        made = find_program(journal.home.programs, program)
        diary = journal.recent()
        usual = journal.settings.site
        sites = usual_sites(made.site, usual) if site is None else sites_on(made.site, site)
    offer = advice.last_level(diary, made.id, sites, unit)
    if offer is not None:
        return {Channel(channel): level for channel, level in offer.level.items()}
    text = tr(
        "there is no level of {program} to go back to yet: --level N, and it is remembered after five minutes",
        program=made.id,
    )
    raise EstimError(text, code=Exit.NO_INPUT)


def next_slot(options: "HostOptions") -> Slot:
    """Return the slot that may be armed ahead now; raises EstimError (75) if none is near enough."""
    from estim.core.days.outcomes import AHEAD_MAX, elapsed, may_arm

    with opened(options) as journal:
        slots = journal.slots(journal.recent(), journal.now, journal.now + timedelta(days=14))
    ahead = [slot for slot in slots if slot.status in (Status.UPCOMING, Status.DUE, Status.SNOOZED)]
    if not ahead:
        raise EstimError(tr("there is no slot ahead: estim schedule show"), code=Exit.TRY_LATER)
    slot = ahead[0]
    if not may_arm(slot, journal.now):
        first = max(elapsed(slot.at, -AHEAD_MAX), slot.opens)
        text = tr(
            "the next slot is {at:%a %H:%M}: it can be armed from {first:%a %H:%M} on, or start now without it",
            at=slot.at,
            first=first,
        )
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
        note(tr("Before the first session, and every 90 days: y or n to each, Ctrl-C to leave."))
        answers = []
        for question in still_open:
            yes = answered(question.question)
            answers.append(Check(at=journal.now, topic=Topic.HEALTH, about=question.id, answer="yes" if yes else "no"))
        journal.enter(*answers)


def answered(question: str) -> bool:
    """Ask until yes or no is typed: an empty line may be an Enter that was held. `question` is a marked text."""
    return _typed_yes(tr("{question} [y/n]", question=tr_text(question)), NO_WORDS, tr("type y or n, then Enter"))


def confirmed(question: str) -> bool:
    """Ask whether to do something; Enter alone is no. `question` is a marked text."""
    asked = tr("{question} [y/N]", question=tr_text(question))
    return _typed_yes(asked, NO_WORDS | {""}, tr("type y or n, then Enter"))


def _typed_yes(asked: str, no: Collection[str], how: str) -> bool:
    """Return what was typed, in English or German letters."""
    while True:
        typed = str(typer.prompt(asked, default="", show_default=False, err=True)).strip().lower()
        if typed in YES_WORDS or typed in no:
            return typed in YES_WORDS
        note(how)


def ask_leg(options: "HostOptions", starts: list["Start"]) -> list["Start"]:
    """Ask once which leg it is, where a program is for either and nothing is known, and keep it as the usual one.

    Without an answer sessions count in the dose of both. What can't be kept is told, and holds for this session.
    """
    try:
        if options.simulate is not None or not _leg_unknown(options, starts):
            return starts
    except EstimError:
        return starts  # the host says what is wrong, as of every start
    word = _typed_leg()
    try:
        with opened(options, write=True) as journal:
            change_settings(journal.home.settings_file, "site", word)
        note(tr(LEG_KEPT, leg=word) if word in LEGS else tr_text(LEG_UNSAID))
    except EstimError as error:
        complain(error.text)
    if word not in LEGS:
        return starts
    return [replace(start, site=word) if start.site is None else start for start in starts]


def _leg_unknown(options: "HostOptions", starts: list["Start"]) -> bool:
    from estim.catalogue.programs import find_program

    if all(start.site is not None for start in starts):
        return False
    with opened(options) as journal:
        if journal.settings.site is not None or any(leg_of(one.sites) for one in journal.recent().sessions):
            return False
        return legs_of(find_program(journal.home.programs, starts[0].program).site) == LEGS


def _typed_leg() -> str:
    while True:
        typed = str(typer.prompt(tr_text(WHICH_LEG), default="", show_default=False, err=True)).strip().lower()
        if not typed:
            return ANYWHERE
        meant = [leg for leg in LEGS if _is_begun(leg, tr_text(LEG_NAMES[leg], "leg"), typed)]
        if meant:
            return meant[0]
        note(tr("{typed}: say left or right, or nothing but Enter", typed=shown(typed)))


def _is_begun(word: str, shown_: str, typed: str) -> bool:
    """Say whether what was typed begins a word, as it is kept or as people read it."""
    return word.startswith(typed) or shown_.lower().startswith(typed)


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
            answer = _how_it_was(
                question, ("ok", "bad") if topic is Topic.SKIN else (advice.WEAKER, advice.SAME, advice.STRONGER)
            )
            if answer:
                if topic is Topic.SKIN:
                    journal.enter(skin.seen(journal.recent(), played[-1], answer, journal.now))
                else:
                    journal.enter(Check(at=journal.now, topic=topic, answer=answer, session=played[-1].id))
                if answer in MEANT:
                    note(tr_text(MEANT[answer]))


def _how_it_was(question: str, words: Sequence[str]) -> str:
    """Ask for one of these words, and return it; "" for none, or for what begins two of them: then nothing is kept."""
    names = {word: tr_text(SAID_AFTER[word], "after a session") for word in words}
    asked = f"{tr_text(question)} [{'/'.join(names.values())}]"
    typed = str(typer.prompt(asked, default="", show_default=False, err=True))
    meant = [word for word in words if typed and _is_begun(word, names[word], typed.strip().lower())]
    return meant[0] if len(meant) == 1 else ""


def may_ask(flags: "Flags") -> bool:
    """Say whether a person sits there who can be asked."""
    from estim.cli.keys import has_terminal

    return not flags.no_input and not flags.as_json and has_terminal()


def ask_signs() -> list[str]:
    """Ask for the signs of a torn tendon and of a clot, on stderr; Enter is none."""
    note(tr("Any of these, lately? A tendon can be torn though it hurts little."))
    for number, words in enumerate(SIGNS.values(), 1):
        note(f"  {number} {tr_text(words)}")
    while True:
        typed = str(typer.prompt(tr("Numbers, or Enter for none"), default="", show_default=False, err=True))
        numbers = typed.replace(",", " ").split()
        if all(number in SIGN_NUMBERS for number in numbers):
            return [SIGN_NUMBERS[number] for number in dict.fromkeys(numbers)]
        note(tr("{typed}: say such as 1, or 1 3, or nothing but Enter", typed=shown(typed)))


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
        raise wrong(tr("--red-flag {typed!r}: say one of {signs}", typed=text, signs=", ".join(RED_FLAGS)))
    return text
