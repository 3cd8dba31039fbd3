"""Today: what is due, one button that does it as last time, the steps' ticks, pain, and the week at a glance.

The button asks whether the pads are on; y is the pads-on act, and begins.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Button

from estim.config.options import HostOptions
from estim.core.care.plan import Tick
from estim.core.care.standing import Item, standing
from estim.core.days import advice
from estim.core.days.diary import Check, Diary, Pain, Played, Topic, When
from estim.core.days.dose import ANY
from estim.core.days.outcomes import coming, due
from estim.core.days.screening import NO, NO_SIGN, SIGNS, YES, red_flag, signs_due
from estim.core.messages.commands import Start
from estim.journal.home_journal import HomeJournal, opened
from estim.tui.pick import Pick, scores
from estim.tui.place import Place
from estim.tui.places import SESSION
from estim.tui.widgets import Line
from protocols.vocabulary import Channel

PART = "·"
"""Stands where a part of another step has no number."""

DAYS = 7
"""Days of the week at a glance."""

PADS_ON = "yes, they are on: start"
CHOOSE = "Choose a program and start"


@dataclass(frozen=True, slots=True)
class LastTime:
    """What was played last: `level` as far as it was comfortable."""

    program: str
    unit: str
    site: str
    minutes: float
    level: dict[Channel, int]

    @property
    def text(self) -> str:
        """Return it as the button says it."""
        up = ", ".join(f"{channel} {level}" for channel, level in self.level.items()) or "0: + goes up"
        place = f", {self.site}" if self.site else ""
        return f"As last time: {self.program}, {self.unit}{place}, {self.minutes:g} min, up to {up}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything that is shown of a day. `steps` hold each step's number in the plan beside where it stands."""

    due: str = ""
    last: LastTime | None = None
    stage: str = ""
    steps: tuple[tuple[int, Item], ...] = ()
    morning: str = ""
    yesterday: str = ""
    week: tuple[str, ...] = ()
    pads: str = ""


def sheet_of(journal: HomeJournal) -> Sheet:
    """Return what a day is shown as, by what the journal holds now."""
    diary = journal.recent()
    now = journal.now
    stands = standing(journal.plan, diary, now)
    numbers = {step.id: journal.plan.number_of(step) for step in journal.plan.steps}
    days = [now - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    uses = advice.pads_used(diary)
    return Sheet(
        due=_due(journal, diary),
        last=last_time(journal, diary),
        stage=stands.ended or (f"{stands.stage.value}, day {stands.day}" if stands.day else ""),
        steps=tuple((numbers[item.step], item) for item in stands.today),
        morning=_morning(diary, now),
        yesterday=f"yesterday: {_of_day(diary, days[-2]) or 'nothing written down'}",
        week=_week(diary, days),
        pads=advice.pads_old(uses) or f"pads: used {uses} times of about {advice.PADS_USES}",
    )


def last_time(journal: HomeJournal, diary: Diary) -> LastTime | None:
    """Return what was played last from here and really began; None: nothing was yet, or its unit refuses it now."""
    played = next((one for one in reversed(diary.sessions) if one.begun and not one.by_hand), None)
    if played is None or journal.refuses(played.program, played.unit):
        return None
    sites = [site for site in played.sites if site != ANY]
    offer = advice.last_level(diary, played.program, played.sites, played.unit)
    level = {Channel(channel): at for channel, at in sorted(offer.level.items())} if offer else {}
    site = sites[0] if len(sites) == 1 else ""
    return LastTime(played.program, played.unit, site, round(played.length_s / 60, 2), level)


def _due(journal: HomeJournal, diary: Diary) -> str:
    slots = journal.today(diary)
    now = due(slots)
    if now is not None:
        return f"DUE now: {now.at:%H:%M}, until {now.closes:%H:%M}"
    later = coming(slots)
    return "nothing is due" if later is None else f"nothing is due; next session {later.at:%a %H:%M}"


def _morning(diary: Diary, now: datetime) -> str:
    score = _worst(diary.pains, now, When.MORNING)
    return "first steps this morning: not written down yet (m)" if score == "" else f"first steps this morning: {score}"


def _worst(pains: Iterable[Pain], day: datetime, when: When) -> str:
    found = [one.score for one in pains if one.when is when and one.at.date() == day.date()]
    return str(found[-1]) if found else ""


def _begun(diary: Diary, day: datetime) -> list[Played]:
    return [one for one in diary.sessions if one.begun and one.at.date() == day.date()]


def _of_day(diary: Diary, day: datetime) -> str:
    played = _begun(diary, day)
    minutes = round(sum(one.output_s for one in played) / 60)
    parts = [f"{len(played)} session{'s' if len(played) > 1 else ''}, {minutes} min"] if played else []
    parts += [f"pain {score} ({when.value})" for when in When if (score := _worst(diary.pains, day, when))]
    parts += [f"run {one.km:g} km" for one in diary.runs if one.at.date() == day.date()]
    return " · ".join(parts)


def _week(diary: Diary, days: Sequence[datetime]) -> tuple[str, ...]:
    rows = (
        ("week", [f"{day:%a}" for day in days]),
        ("sessions", [str(len(_begun(diary, day)) or "-") for day in days]),
        ("morning", [_worst(diary.pains, day, When.MORNING) or "-" for day in days]),
    )
    return tuple(f"{name:<9}{''.join(f'{cell:>4}' for cell in cells)}" for name, cells in rows)


def keep_pain(options: HostOptions, score: int, signs: Sequence[str] | None) -> str | None:
    """Keep this morning's score, and the signs if they were asked for; None: they have to be asked for first."""
    with opened(options, write=True) as journal:
        pain = Pain(at=journal.now, score=score, when=When.MORNING)
        if signs is None and signs_due(journal.recent(), pain):
            return None
        found = [Check(at=pain.at, topic=Topic.RED_FLAG, about=sign, answer=YES) for sign in signs or ()]
        if signs is not None and not found:
            found = [Check(at=pain.at, topic=Topic.RED_FLAG, about=NO_SIGN, answer=NO)]
        journal.enter(pain, *found)
        flag = red_flag(journal.recent()) if signs else ""
    return flag or f"noted: pain {score} this morning"


def keep_tick(options: HostOptions, step: str) -> str:
    """Tick a step off for today."""
    with opened(options, write=True) as journal:
        journal.enter(Check(at=journal.now, topic=Topic.TICK, about=step))
    return f"ticked off: {step}"


def step_row(number: int, item: Item) -> str:
    """Return one step: its number, its box, its title. What isn't ticked has no box."""
    box = " · " if item.tick is Tick.NONE else "[x]" if item.done else "[ ]"
    auto = " (by itself)" if item.auto and item.tick is not Tick.NONE else ""
    return f"{number or PART} {box} {item.title}{auto}"


class TodayPlace(Place):
    """The day; see the module."""

    HEADING = "Today"
    HELP = """\
Enter         as last time: asks whether the pads are on, and y begins
m             pain of this morning's first steps, 0 to 10
t             tick a step of the plan off, by its number"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m,M", "morning", "Morning pain", key_display="m"),
        Binding("t,T", "tick", "Tick", key_display="t"),
    ]
    LINES = ("due", "stage", "steps", "morning", "yesterday", "week", "pads")
    _sheet = Sheet()

    def body(self) -> Iterable[Widget]:
        """What is due and the button on top, the rest below."""
        with VerticalScroll(id="sheet", can_focus=False):
            yield Line(id="due")
            yield Button(CHOOSE, id="again", variant="primary", compact=True)
            for name in self.LINES[1:]:
                yield Line(id=f"{name}")

    def load(self) -> None:
        """Read the day."""
        self.query_one("#again", Button).focus()
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: _read(options), self._show)

    def _show(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.query_one("#again", Button).label = CHOOSE if sheet.last is None else sheet.last.text
        steps = "\n".join(step_row(number, item) for number, item in sheet.steps)
        texts = (sheet.due, f"care plan: {sheet.stage}" if sheet.stage else "", steps, sheet.morning,
                 sheet.yesterday, "\n".join(sheet.week), sheet.pads)  # fmt: skip
        for name, text in zip(self.LINES, texts, strict=True):
            self.query_one(f"#{name}", Line).say(text)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Ask for the pads-on act: by another key than Enter, since one that bounces must begin nothing."""
        event.stop()
        last = self._sheet.last
        if last is None:
            self.desk.go(SESSION)
        else:
            question = f"{last.text}\n\nAre the pads on?"
            self.app.push_screen(Pick(question, {"y": "y", "Y": "y"}, {"y": PADS_ON}), partial(self._pads_on, last))

    def _pads_on(self, last: LastTime, answer: str | None) -> None:
        if answer:
            self.desk.start(
                Start(program=last.program, unit=last.unit, minutes=last.minutes, level=last.level,
                      site=last.site or None, pads_on=True, wait_after_loss=True)
            )  # fmt: skip

    def action_morning(self) -> None:
        """Ask for this morning's pain."""
        self.app.push_screen(Pick("Pain in the first steps this morning: 0 (none) to 9, x is 10", scores()), self._pain)

    def _pain(self, score: str | None) -> None:
        if score is not None and self.desk.options is not None:
            self.fetch(partial(keep_pain, self.desk.options, int(score), None), partial(self._kept, score))

    def _kept(self, score: str, said: str | None) -> None:
        if said is None:
            rows = {"0": "none of them", **{str(number): text for number, text in enumerate(SIGNS.values(), 1)}}
            signs = {"0": "", **{str(number): sign for number, sign in enumerate(SIGNS, 1)}}
            question = "Any of these, lately? A tendon can be torn though it hurts little."
            self.app.push_screen(Pick(question, signs, rows), partial(self._signs, score))
            return
        self.desk.say(said)
        self.load()

    def _signs(self, score: str, sign: str | None) -> None:
        options = self.desk.options
        if sign is None or options is None:
            self.desk.say("nothing was noted: the signs have no answer yet (m)")
            return
        self.fetch(partial(keep_pain, options, int(score), [sign] if sign else []), partial(self._kept, score))

    def action_tick(self) -> None:
        """Ask which step."""
        steps = {str(number): item for number, item in self._sheet.steps if item.tick in (Tick.DAILY, Tick.ONCE)}
        if not steps:
            self.desk.say("no step is ticked off by hand today")
            return
        ids = {number: item.step for number, item in steps.items()}
        rows = {number: item.title for number, item in steps.items()}
        self.app.push_screen(Pick("Which step is done?", ids, rows), self._tick)

    def _tick(self, step: str | None) -> None:
        if step is not None and self.desk.options is not None:
            self.fetch(partial(keep_tick, self.desk.options, step), self._ticked)

    def _ticked(self, said: str) -> None:
        self.desk.say(said)
        self.load()


def _read(options: HostOptions) -> Sheet:
    with opened(options) as journal:
        return sheet_of(journal)
