"""What a screen shows and asks of the day: what is due, the last comfortable level, open questions, how it was.

All of it blocks for some milliseconds of reading or writing; a screen calls it in a thread. With software units there
is no day: nothing is shown or asked.
"""

from datetime import timedelta

from msgspec import Struct

from estim.catalogue.programs import find_program
from estim.config.options import HostOptions
from estim.core.care.plan import Stage
from estim.core.care.stage_text import stage_asked
from estim.core.care.standing import standing
from estim.core.days import advice, skin
from estim.core.days.diary import Check, Diary, Topic
from estim.core.days.entry_text import answer_named, when_named
from estim.core.days.legs import usual_sites
from estim.core.days.outcomes import coming, due
from estim.core.days.screening import Question, blocked, blocking, unanswered
from estim.core.errors import EstimError
from estim.core.translation import tr, tr_text
from estim.journal.home_journal import HomeJournal, opened

RECENTLY = timedelta(minutes=45)
"""A session that began longer ago is not the one that was just played."""


class LastLevel(Struct, frozen=True):
    """A level that was comfortable, as a goal is typed ("A=12"), and a sentence about it."""

    goal: str
    text: str


class Today:
    """The day of one home; `real` is False with software units, where nothing is shown, asked or kept, but in a
    demo home, where all of it is made up."""

    def __init__(self, options: HostOptions) -> None:
        self._options = options
        self.real = options.simulate is None or options.place.demo

    def headline(self, key: str = "h") -> str:
        """Return what is due or comes next, the last pain, and where the plan stands; a trouble as its sentence.

        `key` is the one by which questions are answered again.
        """
        if not self.real:
            return ""
        try:
            with opened(self._options) as journal:
                diary = journal.recent()
                parts = [_slot(journal, diary), _pain(journal, diary), _plan(journal, diary)]
                uses = advice.pads_old(advice.pads_used(diary))
                no = blocked(diary, journal.now)
        except EstimError as error:
            return error.text
        again = tr("{refusal} (a slip? {key} asks again)", refusal=no, key=key) if no else ""
        return "\n".join(filter(None, [again, " · ".join(filter(None, parts)), uses]))

    def last_level(
        self, program: str, unit: str | None = None, site: str | None = None, *, up: str = "+"
    ) -> LastLevel | None:
        """Return the last comfortable level of a program (on a unit, else on the one used last), None without one.

        `site` None: where it is usually played. What that unit would refuse isn't offered. `up`: the key that goes up.
        """
        if not self.real:
            return None
        try:
            with opened(self._options) as journal:
                sites = (site,) if site else _usual_sites(journal, program)
                offer = advice.last_level(journal.recent(), program, sites, unit)
                if offer is None or journal.refuses(program, offer.unit):
                    return None
        except EstimError:
            return None
        goal = ",".join(f"{channel}={level}" for channel, level in sorted(offer.level.items()))
        text = tr("{goal}, as on {at:%a %d %b}", goal=goal, at=offer.at)
        if offer.why:
            text = tr("{level}; {why}: {up} is one step more", level=text, why=offer.why, up=up)
        return LastLevel(goal, text)

    def questions(self) -> tuple[Question, ...]:
        """Return the open questions before a session. Raises EstimError."""
        if not self.real:
            return ()
        with opened(self._options) as journal:
            return unanswered(journal.recent(), journal.now)

    def blocking(self) -> tuple[Question, ...]:
        """Return the questions whose yes forbids every session, to be answered again. Raises EstimError."""
        if not self.real:
            return ()
        with opened(self._options) as journal:
            return blocking(journal.recent())

    def answer(self, answers: dict[str, bool]) -> None:
        """Keep answers. Raises EstimError."""
        with opened(self._options, write=True) as journal:
            said = {about: "yes" if yes else "no" for about, yes in answers.items()}
            journal.enter(
                *(Check(at=journal.now, topic=Topic.HEALTH, about=about, answer=word) for about, word in said.items())
            )

    def after(self, topic: Topic, word: str) -> str:
        """Keep how it was after the session that has just ended, and return what to say about it. Raises EstimError."""
        if not self.real:
            return tr("simulated: nothing to note")
        with opened(self._options, write=True) as journal:
            played = [one for one in journal.read(journal.now - RECENTLY).sessions if one.begun]
            if not played:
                return tr("there is no session to say that about")
            if topic is Topic.SKIN:
                journal.enter(skin.seen(journal.recent(), played[-1], word, journal.now))
            else:
                journal.enter(Check(at=journal.now, topic=topic, answer=word, session=played[-1].id))
        if word == skin.BAD:
            once_well = tr_text(skin.ONCE_WELL)
            return tr("noted: skin bad; no pads there until somebody has looked: {once_well}", once_well=once_well)
        answer = answer_named(topic, word)
        if topic is Topic.FEEL:
            return tr("noted: feel {answer}", answer=answer)
        return tr("noted: skin {answer}", answer=answer)


def _usual_sites(journal: HomeJournal, program: str) -> tuple[str, ...]:
    """Return where a program is usually played; of one that isn't kept here (a file elsewhere) it may be anywhere."""
    try:
        return usual_sites(find_program(journal.home.programs, program).site, journal.settings.site)
    except EstimError:
        return ()


def _slot(journal: HomeJournal, diary: Diary) -> str:
    slots = journal.today(diary)
    now = due(slots)
    later = coming(slots)
    if now is not None:
        return tr("DUE now: {at:%H:%M}, until {closes:%H:%M}", at=now.at, closes=now.closes)
    return "" if later is None else tr("next session {at:%a %H:%M}", at=later.at)


def _pain(journal: HomeJournal, diary: Diary) -> str:
    if not diary.pains:
        return tr("no pain written down yet")
    last = diary.pains[-1]
    return tr("last pain {score} ({when}, {at:%a %H:%M})", score=last.score, when=when_named(last.when), at=last.at)


def _plan(journal: HomeJournal, diary: Diary) -> str:
    now = standing(journal.plan, diary, journal.now)
    if now.stage is Stage.ENDED:
        return now.ended
    asked = stage_asked(now.stage)
    return tr("{stage}, day {day}", stage=asked, day=now.day) if asked else ""
