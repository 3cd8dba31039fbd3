"""What `estim today` shows: what the day asks for, one line each, with what to type for it."""

from datetime import datetime, timedelta

from msgspec import Struct

from estim.config.options import HostOptions
from estim.core.care.agenda import Agenda, Missing, agenda
from estim.core.days.diary import Diary, When
from estim.core.days.screening import signs_text
from estim.core.days.slots import Slot, Status
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text
from estim.journal.home_journal import HomeJournal, opened


class Line(Struct, frozen=True):
    """One line: what it is about, whether something is to be done, in words, and what to type for it."""

    about: str
    open: bool
    text: str
    do: str = ""

    @property
    def told(self) -> str:
        """Return it as a person reads it."""
        return f"{'->' if self.open else '  '} {self.text}{f': {self.do}' if self.do else ''}"

    @property
    def row(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {"about": self.about, "open": self.open, "text": self.text, "do": self.do}


class Day(Struct, frozen=True):
    """What is read of the journal at one moment."""

    agenda: Agenda
    lines: tuple[Line, ...]


def read_day(options: HostOptions) -> Day:
    """Read what the day asks for; raises EstimError (2 with software units, which have no day)."""
    if options.simulate is not None:
        raise EstimError(tr("software units have no day: leave --simulate out"), code=Exit.USAGE)
    with opened(options) as journal:
        return day_of(journal)


def day_of(journal: HomeJournal) -> Day:
    """Return the day as an open journal has it."""
    diary = journal.recent()
    evening = journal.settings.reminders.evening
    found = agenda(journal.plan, diary, journal.today(diary), journal.now, evening)
    return Day(found, tuple(_lines(found, journal, diary)))


def _lines(of: Agenda, journal: HomeJournal, diary: Diary) -> list[Line]:
    lines = [_session(of, journal, diary)]
    if of.refused:
        lines.append(Line("refused", False, of.refused))
    elif of.ended:
        lines.append(Line("plan", False, of.ended))
    if of.signs:
        lines.append(Line("signs", True, signs_text()))
    if of.morning is not None:
        lines.append(Line("score", False, tr("this morning's pain: {score}", score=of.morning.score)))
    lines += [_score(of, one) for one in of.missing]
    if of.steps:
        numbers = " ".join(str(number) for number, _ in of.steps)
        text = tr("not ticked yet: {steps}", steps=", ".join(f"{number} {item.step}" for number, item in of.steps))
        lines.append(Line("steps", True, text, f"estim care tick {numbers}"))
    if of.skin is not None:
        text = tr("the skin under the pads after the session of {at:%a %H:%M}", at=of.skin.at)
        lines.append(Line("skin", True, text, "estim care after --skin ok"))
    lines += [Line("skin", False, text) for text in of.held]
    if of.pads:
        lines.append(Line("pads", True, of.pads))
    if of.run is not None:
        quiet = of.run - timedelta(hours=of.quiet_h)
        text = tr("a run is planned {at:%a %H:%M}: no session from {quiet:%H:%M} until then", at=of.run, quiet=quiet)
        lines.append(Line("run", False, text))
    if of.unsaid is not None:
        text = tr("did the run of {at:%a %H:%M} take place?", at=of.unsaid)
        said = f"estim run-log add 3km --at {of.unsaid:%Y-%m-%dT%H:%M}"
        lines.append(Line("run", True, text, tr("{command}, or cancel", command=said)))
    return lines


def _session(of: Agenda, journal: HomeJournal, diary: Diary) -> Line:
    slot = of.due or of.next
    if slot is None:
        return Line("session", False, tr("no session is due, and none comes up by tomorrow"))
    program = journal.program_at(slot.at)
    unit = next((one.unit for one in reversed(diary.sessions) if one.begun and not one.by_hand), "")
    what = tr("{program} on {unit}", program=program, unit=unit) if unit else program
    if slot is of.due:
        return Line("session", True, f"{_when(slot)}: {what}", "estim run --level last")
    return Line("session", False, tr("next session {at:%a %H:%M}: {what}", at=slot.at, what=what))


def _when(slot: Slot) -> str:
    if slot.status is Status.SNOOZED and slot.snoozed_until is not None:
        return tr("a session is due, put off until {until:%H:%M}", until=slot.snoozed_until)
    return tr("a session is due, {at:%H:%M}, until {closes:%H:%M}", at=slot.at, closes=slot.closes)


def _score(of: Agenda, one: Missing) -> Line:
    ago = "" if one.day == of.now.date() else " --at yesterday"
    text = tr("{score} isn't written down", score=named(one, of.now))
    return Line("score", True, text, f"estim pain 3 {one.when.value}{ago}")


NAMES = {
    (When.MORNING, True): mark("this morning's pain"),
    (When.MORNING, False): mark("yesterday morning's pain"),
    (When.WORST, True): mark("today's worst pain"),
    (When.WORST, False): mark("yesterday's worst pain"),
}
"""What a score that isn't written down is called; True: it is today's."""


def named(one: Missing, now: datetime) -> str:
    """Return a score's name: "this morning's pain", "yesterday's worst pain"."""
    return tr_text(NAMES[one.when, one.day == now.date()])
