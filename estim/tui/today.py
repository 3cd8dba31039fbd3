"""Today: what is due, one button that does it as last time, the steps' ticks, pain, and the week at a glance.

The button asks whether the pads are on; y is the pads-on act, and begins.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from msgspec import Struct
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Button

from estim.config.options import HostOptions
from estim.core.care.plan import Tick
from estim.core.care.stage_text import stage_told
from estim.core.care.standing import Item, Standing, standing
from estim.core.days import advice
from estim.core.days.diary import Check, Diary, Entry, Pain, Played, Run, Topic, When
from estim.core.days.dose import ANY
from estim.core.days.entry_text import told, when_named
from estim.core.days.outcomes import coming, due
from estim.core.days.screening import NO, NO_SIGN, YES, red_flag, signs_due
from estim.core.days.slots import whole
from estim.core.messages.commands import Start
from estim.core.messages.shown import Snapshot
from estim.core.translation import day_name, mark, tr, tr_many, tr_text
from estim.journal.home_journal import HomeJournal, opened
from estim.journal.reader import Details
from estim.tui.curves import curve_of, trend_of
from estim.tui.key_names import bound
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.pick import Pick, scores
from estim.tui.place import Place
from estim.tui.places import SESSION
from estim.tui.red_flags import ask_signs
from estim.tui.room import hung
from estim.tui.widgets import Line
from protocols.vocabulary import Channel

PART = "·"
"""Stands where a part of another step has no number."""

BESIDE = 4
"""From so many lines on they stand beside the others, where there is room."""

PROSE = 90
"""Columns of a line of prose, at most."""

ROOMY_ROWS = 36
"""From so many rows on a step says what it asks, where there are two columns."""

TREND_DAYS = 14
CURVE_ROWS = 14
CURVE_ROWS_MIN = 7
AROUND_CURVES = 23
"""Days of pain, and the rows of a curve: at most, at least, and how many of the screen are for all else."""

DAYS = 7
"""Days of the week at a glance."""

WEEK = mark("week")
SESSIONS = mark("sessions", "week")
MORNING = mark("morning", "week")
"""What stands before the rows of the week at a glance."""

PADS_ON = mark("yes, they are on: start")
CHOOSE = mark("Choose a program and start")
UNDER_WAY = mark("Under way: {program} on {unit}. Enter leads to it")

FURTHER = mark(
    "A further question, after the score {score}: any of these, lately? A tendon can be torn though it hurts little. "
    "A number answers here; it leads to no place."
)


class LastTime(Struct, frozen=True):
    """What was played last: `level` as far as it was comfortable."""

    program: str
    unit: str
    site: str
    minutes: float
    level: dict[Channel, int]

    @property
    def text(self) -> str:
        """Return it as the button says it."""
        where = f"{self.unit}, {self.site}" if self.site else self.unit
        if not self.level:
            return tr(
                "As last time: {program}, {where}, {minutes:g} min, up to 0: {up} goes up",
                up=key_of("level_up"),
                program=self.program,
                where=where,
                minutes=round(self.minutes, 1),
            )
        return tr(
            "As last time: {program}, {where}, {minutes:g} min, up to {levels}",
            program=self.program,
            where=where,
            minutes=round(self.minutes, 1),
            levels=", ".join(f"{channel} {level}" for channel, level in self.level.items()),
        )


class Sheet(Struct, frozen=True, kw_only=True):
    """Everything that is shown of a day. `steps` hold each step's number in the plan beside where it stands.

    `hurt` are pain and runs of the last weeks, up to `now`; `levels` those of the last session, which is `played`.
    """

    due: str = ""
    last: LastTime | None = None
    stage: str = ""
    steps: tuple[tuple[int, Item], ...] = ()
    morning: str = ""
    yesterday: str = ""
    week: tuple[str, ...] = ()
    pads: str = ""
    hurt: tuple[Entry, ...] = ()
    now: datetime | None = None
    played: Played | None = None
    levels: Details | None = None


def sheet_of(journal: HomeJournal) -> Sheet:
    """Return what a day is shown as, by what the journal holds now."""
    diary = journal.recent()
    now = journal.now
    stands = standing(journal.plan, diary, now)
    numbers = {step.id: journal.plan.number_of(step) for step in journal.plan.steps}
    days = [now - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    uses = advice.pads_used(diary)
    played = next((one for one in reversed(diary.sessions) if one.begun and not one.by_hand), None)
    return Sheet(
        due=_due(journal, diary),
        last=last_time(journal, diary),
        stage=stands.ended or _stage(stands),
        steps=tuple((numbers[item.step], item) for item in stands.today),
        morning=_morning(diary, now),
        yesterday=_yesterday(diary, days[-2]),
        week=_week(diary, days),
        pads=advice.pads_old(uses) or tr("pads: used {uses} times of about {usual}", uses=uses, usual=advice.PADS_USES),
        hurt=(*diary.pains, *diary.runs),
        now=now,
        played=played,
        levels=None if played is None else journal.details(played.id),
    )


def last_time(journal: HomeJournal, diary: Diary) -> LastTime | None:
    """Return what was played last from here and really began; None: nothing was yet, or its unit refuses it now.

    A minute of a stop drill was no treatment.
    """
    drills = {check.session for check in diary.checks if check.topic is Topic.DRILL}
    begun = (one for one in reversed(diary.sessions) if one.begun and not one.by_hand and one.id not in drills)
    played = next(begun, None)
    if played is None or journal.refuses(played.program, played.unit):
        return None
    sites = [site for site in played.sites if site != ANY]
    offer = advice.last_level(diary, played.program, played.sites, played.unit)
    level = {Channel(channel): at for channel, at in sorted(offer.level.items())} if offer else {}
    site = sites[0] if len(sites) == 1 else ""
    return LastTime(played.program, played.unit, site, round(played.length_s / 60, 2), level)


def _stage(stands: Standing) -> str:
    if not stands.day:
        return ""
    return tr("{stage}, day {day}", stage=stage_told(stands.stage, ""), day=stands.day)


def _due(journal: HomeJournal, diary: Diary) -> str:
    slots = journal.today(diary)
    now = due(slots)
    if now is not None:
        return tr("DUE now: {at:%H:%M}, until {closes:%H:%M}", at=now.at, closes=now.closes)
    later = coming(slots)
    if later is None:
        return tr("nothing is due")
    return tr("nothing is due; next session {at:%a %H:%M}", at=later.at)


def _morning(diary: Diary, now: datetime) -> str:
    score = _worst(diary.pains, now, When.MORNING)
    if score == "":
        return tr("first steps this morning: not written down yet ({key})", key=key_of("today.morning"))
    return tr("first steps this morning: {score}", score=score)


def _worst(pains: Iterable[Pain], day: datetime, when: When) -> str:
    found = [one.score for one in pains if one.when is when and one.at.date() == day.date()]
    return str(found[-1]) if found else ""


def _begun(diary: Diary, day: datetime) -> list[Played]:
    return [one for one in diary.sessions if one.begun and one.at.date() == day.date()]


def _count(diary: Diary, day: datetime, now: datetime) -> int:
    """Return how many sessions of a day count: by most of a slot's minutes, as for a slot and a step of the plan."""
    return sum(whole(one, now) for one in _begun(diary, day))


def _yesterday(diary: Diary, day: datetime) -> str:
    of_day = _of_day(diary, day)
    return tr("yesterday: {told}", told=of_day) if of_day else tr("yesterday: nothing written down")


def _of_day(diary: Diary, day: datetime) -> str:
    parts = _played(_begun(diary, day))
    parts += [
        tr("pain {score} ({when})", score=score, when=when_named(when))
        for when in When
        if (score := _worst(diary.pains, day, when))
    ]
    parts += [_run(one) for one in diary.runs if one.at.date() == day.date()]
    return " · ".join(parts)


def _played(sessions: Sequence[Played]) -> list[str]:
    """Return the sessions of a day that is over: those that count, and those that were cut short."""
    minutes = round(sum(one.output_s for one in sessions) / 60)
    count = sum(whole(one) for one in sessions)
    short = len(sessions) - count
    if not sessions:
        return []
    if not count:
        return [tr("{count} cut short, {minutes} min", count=short, minutes=minutes)]
    whole_ones = tr_many("{count} session, {minutes} min", "{count} sessions, {minutes} min", count, minutes=minutes)
    return [tr("{sessions} ({count} more cut short)", sessions=whole_ones, count=short)] if short else [whole_ones]


def _run(run: Run) -> str:
    if run.km is not None:
        return tr("run {km:g} km", km=run.km)
    return tr("run {minutes:g} min", minutes=run.minutes or 0.0)


def _week(diary: Diary, days: Sequence[datetime]) -> tuple[str, ...]:
    rows = (
        (tr_text(WEEK), [day_name(day, "%a") for day in days]),
        (tr_text(SESSIONS, "week"), [str(_count(diary, day, days[-1]) or "-") for day in days]),
        (tr_text(MORNING, "week"), [_worst(diary.pains, day, When.MORNING) or "-" for day in days]),
    )
    wide = max(9, *(len(name) for name, _ in rows))
    return tuple(f"{name:<{wide}}{''.join(f'{cell:>4}' for cell in cells)}" for name, cells in rows)


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
    return flag or tr("noted: pain {score} this morning", score=score)


def keep_tick(options: HostOptions, step: str) -> str:
    """Tick a step off for today."""
    with opened(options, write=True) as journal:
        journal.enter(Check(at=journal.now, topic=Topic.TICK, about=step))
    return tr("ticked off: {step}", step=step)


def step_row(number: int, item: Item) -> str:
    """Return one step: its number, its box, its title. What isn't ticked has no box."""
    box = " · " if item.tick is Tick.NONE else "[x]" if item.done else "[ ]"
    row = f"{number or PART} {box} {tr_text(item.title)}"
    return tr("{step} (by itself)", step=row) if item.auto and item.tick is not Tick.NONE else row


class TodayPlace(Place):
    """The day; see the module."""

    HEADING = mark("Today")
    FIXED = (("enter", mark("as last time: asks whether the pads are on, and y begins")),)
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("today.morning", "morning"),
        bound("today.tick", "tick"),
    ]
    LINES = ("due", "stage", "steps", "morning", "yesterday", "week", "pads")
    _sheet = Sheet()
    _room = Size()
    _going: tuple[Snapshot, ...] = ()

    def body(self) -> Iterable[Widget]:
        """What is due and the button on top, the rest below; yesterday and the weeks beside it where there is room."""
        with VerticalScroll(id="sheet", can_focus=False):
            with Vertical(classes="column"):
                yield Line(id="due")
                yield Button(tr_text(CHOOSE), id="again", variant="primary", compact=True)
                for name in self.LINES[1:BESIDE]:
                    yield Line(id=f"{name}")
            with Vertical(classes="column"):
                for name in (*self.LINES[BESIDE:], "trend", "levels"):
                    yield Line(id=f"{name}")

    def load(self) -> None:
        """Read the day."""
        self.query_one("#again", Button).focus()
        self._renew()

    def _renew(self) -> None:
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: _read(options), self._show)

    def _show(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._offer()
        texts = (sheet.due, tr("care plan: {stage}", stage=sheet.stage) if sheet.stage else "", "", sheet.morning,
                 sheet.yesterday, "\n".join(sheet.week), sheet.pads)  # fmt: skip
        for name, text in zip(self.LINES, texts, strict=True):
            self.query_one(f"#{name}", Line).say(text)
        self._use_room()

    def _use_room(self) -> None:
        """Tell what each step asks, and draw the last weeks' pain and the last session, where there is room for it."""
        sheet = self._sheet
        self._room = self.app.size
        width = self._room.width
        height = self._room.height
        roomy = self.broad and height >= ROOMY_ROWS
        steps = [
            "\n".join([step_row(number, item), *([f"        {tr_text(item.text)}"] if roomy and item.text else [])])
            for number, item in sheet.steps
        ]
        self.query_one("#steps", Line).say(
            hung("\n".join(steps), min(PROSE, width // 2 - 3) if self.broad else width - 3)
        )
        trend: list[str] = []
        levels: list[str] = []
        columns = width // 2 - 6
        rows = min(CURVE_ROWS, max(CURVE_ROWS_MIN, (height - AROUND_CURVES) // 2))
        if self.broad and sheet.now is not None:
            trend = ["", *trend_of(sheet.hurt, sheet.now, TREND_DAYS, columns, rows)]
        if self.broad and sheet.played is not None and sheet.levels is not None:
            last = tr("last session: {at:%a %d %b %H:%M}, {told}", at=sheet.played.at, told=told(sheet.played))
            levels = ["", last, *curve_of(sheet.levels, columns, rows)]
        self.query_one("#trend", Line).say("\n".join(trend))
        self.query_one("#levels", Line).say("\n".join(levels))

    async def draw(self, view: View) -> None:
        """What is under way is no offer; when it is over, the day is another one."""
        await super().draw(view)
        if self._room != self.app.size:
            self._use_room()
        before = {one.unit for one in self._going}
        self._going = tuple(one for one in view.snapshots if one.live)
        if before != {one.unit for one in self._going}:
            self._offer()
            self._renew()

    @property
    def _runs(self) -> Snapshot | None:
        """The session of the unit that the button would start; without a last time, any that is under way."""
        last = self._sheet.last
        mine = (one for one in self._going if last is None or one.unit.casefold() == last.unit.casefold())
        return next(mine, None)

    def _offer(self) -> None:
        """Say what the button does now."""
        last = self._sheet.last
        runs = self._runs
        text = tr_text(CHOOSE) if last is None else last.text
        if runs is not None:
            text = tr(UNDER_WAY, program=runs.program or tr("session"), unit=runs.unit)
        button = self.query_one("#again", Button)
        if str(button.label) != text:
            button.label = text

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Ask for the pads-on act: by another key than Enter, since one that bounces must begin nothing."""
        event.stop()
        last = self._sheet.last
        if last is None or self._runs is not None:
            self.desk.go(SESSION)
        else:
            question = "\n\n".join([last.text, tr("Are the pads on?")])
            rows = {"y": tr_text(PADS_ON)}
            self.app.push_screen(Pick(question, {"y": "y", "Y": "y"}, rows), partial(self._pads_on, last))

    def _pads_on(self, last: LastTime, answer: str | None) -> None:
        if answer:
            self.desk.start(
                Start(program=last.program, unit=last.unit, minutes=last.minutes, level=last.level,
                      site=last.site or None, pads_on=True, wait_after_loss=True)
            )  # fmt: skip

    def action_morning(self) -> None:
        """Ask for this morning's pain."""
        question = tr("Pain in the first steps this morning: 0 (none) to 9, x is 10")
        self.app.push_screen(Pick(question, scores()), self._pain)

    def _pain(self, score: str | None) -> None:
        if score is not None and self.desk.options is not None:
            self.fetch(partial(keep_pain, self.desk.options, int(score), None), partial(self._kept, score))

    def _kept(self, score: str, said: str | None) -> None:
        if said is None:
            ask_signs(self, tr(FURTHER, score=score), partial(self._signs, score))
            return
        self.desk.say(said)
        self.load()

    def _signs(self, score: str, sign: str | None) -> None:
        options = self.desk.options
        if sign is None or options is None:
            self.desk.say(tr("nothing was noted: the signs have no answer yet ({key})", key=key_of("today.morning")))
            return
        self.fetch(partial(keep_pain, options, int(score), [sign] if sign else []), partial(self._kept, score))

    def action_tick(self) -> None:
        """Ask which step."""
        steps = {str(number): item for number, item in self._sheet.steps if item.tick in (Tick.DAILY, Tick.ONCE)}
        if not steps:
            self.desk.say(tr("no step is ticked off by hand today"))
            return
        ids = {number: item.step for number, item in steps.items()}
        rows = {number: tr_text(item.title) for number, item in steps.items()}
        self.app.push_screen(Pick(tr("Which step is done?"), ids, rows), self._tick)

    def _tick(self, step: str | None) -> None:
        if step is not None and self.desk.options is not None:
            self.fetch(partial(keep_tick, self.desk.options, step), self._ticked)

    def _ticked(self, said: str) -> None:
        self.desk.say(said)
        self.load()


def _read(options: HostOptions) -> Sheet:
    with opened(options) as journal:
        return sheet_of(journal)
