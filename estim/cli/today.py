"""`estim today`: what the day asks for, and at a terminal one dialogue that answers it with single keys.

1. Each answer is kept as soon as it is given; who leaves (Esc, q, Ctrl-C) keeps what was said before.
2. Without a terminal, with --json or --no-input, it only shows.
3. A session is started as `estim run` starts it, with its questions, its refusals and its own key for "the pads are
   on": no key of this dialogue says that (safety.md C-68).
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from estim.cli.output import note, tell
from estim.cli.today_view import Day, day_of, named, read_day
from estim.client.stop_keys import LEAVE_LETTERS
from estim.core.days.diary import Check, Pain, Topic, When
from estim.core.days.entry_text import levels, when_named
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text
from estim.journal.home_journal import opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags
    from estim.core.care.agenda import Missing
    from estim.core.messages.commands import Start

LEAVES = frozenset({"\x1b", "\x04", ""}) | LEAVE_LETTERS
"""Esc, Ctrl-D, a terminal that has gone, and q."""

PASSES = frozenset({"\r", "\n", " "})
"""Leaves one question out."""

SCORES = {**{str(score): score for score in range(10)}, "x": 10, "X": 10}
"""Ten has a key of its own: after a 1 nobody could know whether a 0 is still to come."""

HOW = mark("0 to 9, x: 10, Enter: leave it out, q: end")

YES_KEYS = frozenset("yYjJ")
"""Yes, in English and in German."""

NOON = 12
"""First steps that are told later than this were those of the usual time."""


class _Left(Exception):
    """The person has had enough; what was said is kept."""


def show_today(flags: "Flags") -> int:
    """Show the day, ask what is open where somebody can answer, and return the exit code."""
    from estim.cli.questions import may_ask

    day = read_day(flags.host)
    head = tr("{now:%A %d %B, %H:%M}", now=day.agenda.now)
    tell(flags, "today", "\n".join([head, *(line.told for line in day.lines)]), [line.row for line in day.lines])
    if not may_ask(flags):
        return Exit.DONE
    from estim.cli.keys import OneByOne

    with OneByOne() as keys:
        starts = Dialogue(flags, keys.next, keys.given_back).run()
    return _play(flags, starts) if starts else Exit.DONE


class Dialogue:
    """Asks what is open today. `pressed` waits for a key and returns it; within `given_back` a line can be typed."""

    def __init__(
        self, flags: "Flags", pressed: Callable[[], str], given_back: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._flags = flags
        self._pressed = pressed
        self._given_back = given_back

    def run(self) -> "list[Start]":
        """Ask; return what the person wants to start, nothing: no session."""
        try:
            day = self._read()
            if day.agenda.signs:
                self._signs(day.agenda.now)
            for one in day.agenda.missing:
                self._score(one)
            self._steps(day)
            self._skin(day)
            return self._wants_to_start()
        except _Left:
            return []

    def _read(self) -> Day:
        with opened(self._flags.host) as journal:
            return day_of(journal)

    def _key(self, question: str, allowed: Collection[str], how: str) -> str:
        """Ask until one of these keys, or one that passes, is pressed; raises _Left for one that leaves."""
        note(f"{question}  [{how}]")
        while True:
            key = self._pressed()
            if key in LEAVES:
                raise _Left
            if key in allowed or key in PASSES:
                return key
            note(f"  {how}")

    def _score(self, one: "Missing") -> None:
        from estim.core.days.screening import signs_due

        with opened(self._flags.host) as journal:
            question = named(one, journal.now)
        key = self._key(f"{question[:1].upper()}{question[1:]}?", SCORES, tr_text(HOW))
        if key in PASSES:
            return
        with opened(self._flags.host, write=True) as journal:
            entry = Pain(at=_moment(one, journal.now), score=SCORES[key], when=one.when)
            asks = signs_due(journal.recent(), entry)
            journal.enter(entry)
        note(
            tr(
                "  kept: pain {score}, {when}, {at:%a %H:%M}",
                score=entry.score,
                when=when_named(entry.when),
                at=entry.at,
            )
        )
        if asks:
            self._signs(entry.at)

    def _signs(self, at: datetime) -> None:
        """Ask for the signs as `estim pain` does; the score that asks for them is kept already."""
        from typer import Abort

        from estim.cli.questions import ask_signs, signs_answered, told_after

        try:
            with self._given_back():
                signs = ask_signs()
        except Abort as error:
            raise _Left from error  # unanswered, they are asked for again by the plan
        with opened(self._flags.host, write=True) as journal:
            journal.enter(*signs_answered(signs, at))
            flag = told_after(journal)
        if flag:
            note(flag)
            raise _Left

    def _steps(self, day: Day) -> None:
        left = {str(number): item.step for number, item in day.agenda.steps if number < 10}
        while left:
            names = ", ".join(f"{number} {step}" for number, step in left.items())
            key = self._key(
                tr("Done already: {names}?", names=names), left, tr("its number ticks one, Enter: go on, q: end")
            )
            if key in PASSES:
                return
            step = left.pop(key)
            with opened(self._flags.host, write=True) as journal:
                journal.enter(Check(at=journal.now, topic=Topic.TICK, about=step))
            note(tr("  ticked: {step}", step=step))

    def _skin(self, day: Day) -> None:
        from estim.cli.questions import MEANT
        from estim.core.days import skin

        session = day.agenda.skin
        if session is None:
            return
        question = tr("Is the skin under the pads ok after the session of {at:%a %H:%M}?", at=session.at)
        key = self._key(question, YES_KEYS | {"n", "N"}, tr("y: ok, n: not, Enter: leave it out, q: end"))
        if key in PASSES:
            return
        answer = skin.OK if key in YES_KEYS else skin.BAD
        with opened(self._flags.host, write=True) as journal:
            journal.enter(skin.seen(journal.recent(), session, answer, journal.now))
        note(f"  {tr_text(MEANT[skin.BAD])}" if answer == skin.BAD else tr("  kept: the skin is ok"))

    def _wants_to_start(self) -> "list[Start]":
        if not self._read().agenda.offers_start:
            return []
        starts = start_of(self._flags)
        level = levels({channel.value: goal for channel, goal in starts[0].level.items()})
        how = tr("up to {level}, as it was comfortable", level=level) if level else tr("at level 0, and + is yours")
        question = tr("Start {program} now, {how}?", program=starts[0].program, how=how)
        key = self._key(question, YES_KEYS, tr("y: yes, Enter: not now"))
        return starts if key in YES_KEYS else []


def _moment(one: "Missing", now: datetime) -> datetime:
    """Return when a score is of: now for what can be told now, else the usual time of its day."""
    from estim.cli.arguments import USUAL, any_moment

    today = one.day == now.date()
    if today and (one.when is not When.MORNING or now.hour < NOON):
        return now
    return any_moment(one.day.isoformat(), now, USUAL[one.when])


def start_of(flags: "Flags") -> "list[Start]":
    """Return the start that `estim run --level last` makes; where there is no last level, at zero.

    The pads are not said to be on: that is asked for where they are about to carry current.
    """
    from estim.cli.starts import with_goals
    from estim.core.messages.commands import Start

    start = Start(program="")
    try:
        return with_goals(flags.host, start, [(None, None)], "last")
    except EstimError as error:
        if error.code is not Exit.NO_INPUT:
            raise
        return with_goals(flags.host, start, [(None, None)], "0")


def _play(flags: "Flags", starts: "list[Start]") -> int:
    from typer import Abort

    from estim.cli.together import run_session

    try:
        return run_session(flags, starts, at_slot=False, plain=False)
    except Abort:  # Ctrl-C at one of the questions before it
        note("")
        return Exit.INTERRUPTED
