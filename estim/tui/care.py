"""The care plan: all steps with those of today, the gates with what they still need, the planned run, and red flags."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from msgspec import Struct
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from estim.config.options import HostOptions
from estim.core.care.plan import Plan, Stage, Step
from estim.core.care.planned import ahead, cancelled, unsaid
from estim.core.care.stage_text import stage_named, stage_told
from estim.core.care.standing import Standing, may_run_at, standing
from estim.core.days.diary import Check, Topic
from estim.core.days.screening import NO, NO_SIGN, YES, red_flag
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text
from estim.journal.home_journal import HomeJournal, opened
from estim.tui.key_names import bound
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.pick import Pick
from estim.tui.place import Place
from estim.tui.red_flags import ask_signs
from estim.tui.room import hung
from estim.tui.today import PART, PROSE, step_row
from estim.tui.typed import Typed
from estim.tui.widgets import Line

MET = mark("ok", "gate")
UNMET = mark("NO", "gate")
"""What stands before a gate."""

BESIDE = 5
"""From so many rows on they stand beside the others, where there is room."""

RUN_HOURS = (8, 12, 18)
"""At what times of the next days a run can be planned here; any other time: estim run-log plan."""
RUN_DAYS = 3


class Told(Struct, frozen=True, kw_only=True):
    """What is shown of the plan."""

    plan: Plan
    now: Standing
    flag: str = ""
    run: str = ""


def told_of(journal: HomeJournal) -> Told:
    """Return where the person stands, by what the journal holds now."""
    diary = journal.recent()
    next_run = ahead(diary, journal.now)
    missed = unsaid(diary, journal.now)
    if next_run:
        run = tr("a run is planned for {at:%a %d %b %H:%M} ({key} cancels it)", at=next_run, key=key_of("care.cancel"))
    elif missed:
        run = tr(
            "did the run of {at:%a %d %b %H:%M} take place? estim run-log add says how it was; {key}: it didn't",
            at=missed,
            key=key_of("care.cancel"),
        )
    else:
        run = tr("no run is planned ({key} plans one)", key=key_of("care.run"))
    return Told(plan=journal.plan, now=standing(journal.plan, diary, journal.now), flag=red_flag(diary), run=run)


def stage_of(told: Told) -> str:
    """Return where the person stands in a line: the plan, its stage, and since when."""
    plan = tr_text(told.plan.title)
    stage = stage_told(told.now.stage, tr("not begun: {key} begins it", key=key_of("care.begin")))
    if not told.now.day:
        return f"{plan}: {stage}"
    day = told.now.day
    return tr("{plan}: {stage}, day {day} since {since:%d %b}", plan=plan, stage=stage, day=day, since=told.now.since)


def steps_of(told: Told) -> list[str]:
    """Return every step of the plan: today's with their boxes and texts, the others with when they come."""
    today = {item.step: item for item in told.now.today}
    lines: list[str] = []
    for step in told.plan.steps:
        number = told.plan.number_of(step)
        item = today.get(step.id)
        if item is None:
            lines.append(_when(f"{number or PART}     {tr_text(step.title)}", step, told.now.stage))
            continue
        lines += [step_row(number, item), f"        {tr_text(item.text)}"]
        if item.warn:
            lines.append(f"        ! {tr_text(item.warn)}")
    return lines


def _when(row: str, step: Step, stage: Stage) -> str:
    """Return a step that isn't today's with when it is."""
    if stage is Stage.NOT_BEGUN and Stage.REST in step.stages:
        return tr("{step} (from the first day on)", step=row)
    order = tuple(Stage)
    coming = [one for one in step.stages if order.index(one) > order.index(stage)]
    if coming:
        return tr("{step} (later: {stages})", step=row, stages=", ".join(map(stage_named, coming)))
    return tr("{step} (not now, but in: {stages})", step=row, stages=", ".join(map(stage_named, step.stages)))


def begin(options: HostOptions, looked_at: str) -> str:
    """Begin the plan, or begin it anew; after a red flag only with who has had a look. Raises EstimError (77)."""
    with opened(options, write=True) as journal:
        flag = red_flag(journal.recent())
        if flag and not looked_at:
            raise EstimError(
                tr("{flag}; after that: {key}, and who has had a look", flag=flag, key=key_of("care.begin")),
                code=Exit.REFUSED,
            )
        journal.enter(Check(at=journal.now, topic=Topic.CARE, answer="begin", note=looked_at))
    return tr("the plan has begun")


def flagged(options: HostOptions, sign: str) -> str:
    """Keep a sign, or that there was none."""
    with opened(options, write=True) as journal:
        about = sign or NO_SIGN
        journal.enter(Check(at=journal.now, topic=Topic.RED_FLAG, about=about, answer=YES if sign else NO))
        return red_flag(journal.recent()) or tr("noted: none of the signs")


def times_for_a_run(options: HostOptions) -> list[tuple[datetime, str]]:
    """Return the times that are offered for a run, with why one isn't possible yet ("": it is)."""
    with opened(options) as journal:
        diary = journal.recent()
        midnight = journal.now.replace(hour=0, minute=0, second=0, microsecond=0)
        moments = [midnight + timedelta(days=day, hours=hour) for day in range(RUN_DAYS) for hour in RUN_HOURS]
        gates = [(at, may_run_at(journal.plan, diary, at)) for at in moments if at > journal.now]
    return [(at, "" if gate.ok else gate.text) for at, gate in gates]


def plan_run(options: HostOptions, at: datetime) -> str:
    """Plan a run; raises EstimError (77) if it isn't time for one."""
    with opened(options, write=True) as journal:
        gate = may_run_at(journal.plan, journal.recent(), at)
        if not gate.ok:
            raise EstimError(tr("not yet: {gate}", gate=gate.text), code=Exit.REFUSED)
        journal.enter(Check(at=at, topic=Topic.RUN_PLANNED))
        quiet_h = journal.plan.quiet_before_run_h
    return tr("a run is planned for {at:%a %d %b %H:%M}; no session in the {hours:g} h before it", at=at, hours=quiet_h)


def cancel_run(options: HostOptions) -> str:
    """Take the next planned run back, or say that the last one didn't take place; raises EstimError (66)."""
    with opened(options, write=True) as journal:
        diary = journal.recent()
        meant = ahead(diary, journal.now) or unsaid(diary, journal.now)
        if meant is None:
            raise EstimError(tr("no run is planned"), code=Exit.NO_INPUT)
        journal.enter(cancelled(meant, journal.now))
    return tr("the run of {at:%a %d %b %H:%M} is cancelled", at=meant)


class CarePlace(Place):
    """The plan; see the module."""

    HEADING = mark("Care plan")
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("care.begin", "begin", show=False),
        bound("care.run", "run"),
        bound("care.cancel", "cancel", show=False),
        bound("care.flag", "flag"),
    ]
    ROWS = ("flag", "stage", "gates", "run", "asks", "steps")
    _times: tuple[datetime, ...] = ()
    _told: Told | None = None
    _width = 0

    def body(self) -> Iterable[Widget]:
        """What is wrong first, then where one stands, then the steps, or beside it where there is room."""
        with VerticalScroll(id="full"):
            with Vertical(classes="column"):
                yield Line(id="care-flag", classes="high")
                for row in self.ROWS[1:BESIDE]:
                    yield Line(id=f"care-{row}")
            with Vertical(classes="column"):
                for row in self.ROWS[BESIDE:]:
                    yield Line(id=f"care-{row}")

    def load(self) -> None:
        """Read where the person stands."""
        self.query_one("#full").focus()
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: _read(options), self._show)

    async def draw(self, view: View) -> None:
        """Another width has other rows."""
        await super().draw(view)
        if self._told is not None and self._width != self.app.size.width:
            self._show(self._told)

    def _show(self, told: Told) -> None:
        self._told = told
        self._width = self.app.size.width
        columns = min(PROSE, self._width // 2 - 6) if self.broad else self._width - 7
        now = told.now
        met = tr_text(MET, "gate")
        unmet = tr_text(UNMET, "gate")
        wide = max(len(met), len(unmet))
        gates = [f"  {met if gate.ok else unmet:<{max(3, wide)}} {gate.text}" for gate in now.gates]
        asks = [*(f"→ {ask}" for ask in now.asks), *(f"! {warning}" for warning in now.warnings)]
        programs = [tr("programs now: {programs}", programs=", ".join(now.programs))] if now.programs else []
        texts = (
            tr("RED FLAG: {flag}", flag=told.flag) if told.flag else "",
            "\n".join(filter(None, [stage_of(told), now.ended])),
            hung("\n".join(gates), columns, max(3, wide) + 3),
            told.run,
            "\n".join([*(hung(ask, columns, 2) for ask in asks), *programs]),
            hung("\n".join(steps_of(told)), columns),
        )
        for row, text in zip(self.ROWS, texts, strict=True):
            self.query_one(f"#care-{row}", Line).say(text)

    def _do(self, work: Callable[[], str]) -> None:
        """Write something down, say what came of it, and read again."""
        self.fetch(work, self._done)

    def _done(self, said: str) -> None:
        self.desk.say(said)
        self.load()

    def action_begin(self) -> None:
        """Begin it; after a red flag it is asked who has had a look."""
        question = tr("Begin the plan. After a red flag: who has had a look? (else leave it empty)")
        self.app.push_screen(Typed(question), self._begin)

    def _begin(self, looked_at: str | None) -> None:
        if looked_at is not None and self.desk.options is not None:
            self._do(partial(begin, self.desk.options, looked_at))

    def action_flag(self) -> None:
        """Ask which sign."""
        question = tr("Any of these? With one of them the plan ends, and no session begins.")
        ask_signs(self, question, self._flag)

    def _flag(self, sign: str | None) -> None:
        if sign is not None and self.desk.options is not None:
            self._do(partial(flagged, self.desk.options, sign))

    def action_run(self) -> None:
        """Look which times are possible, and ask."""
        if self.desk.options is not None:
            self.fetch(partial(times_for_a_run, self.desk.options), self._offer)

    def _offer(self, times: Sequence[tuple[datetime, str]]) -> None:
        may = [at for at, why in times if not why]
        if not may:
            self.desk.say(tr("not yet: {gate}", gate=times[0][1]))
            return
        self._times = tuple(may)
        keys = {str(number): str(number - 1) for number in range(1, len(may) + 1)}
        rows = {str(number): tr("{at:%a %d %b %H:%M}", at=at) for number, at in enumerate(may, 1)}
        question = tr("When? Another time: estim run-log plan MOMENT")
        why = next((tr("Not at the other times: {why}", why=why) for _, why in times if why), "")
        self.app.push_screen(Pick("\n".join(filter(None, (question, why))), keys, rows), self._plan)

    def _plan(self, place: str | None) -> None:
        if place is not None and self.desk.options is not None:
            self._do(partial(plan_run, self.desk.options, self._times[int(place)]))

    def action_cancel(self) -> None:
        """Cancel it: nothing is lost by that, a run can be planned again."""
        if self.desk.options is not None:
            self._do(partial(cancel_run, self.desk.options))


def _read(options: HostOptions) -> Told:
    with opened(options) as journal:
        return told_of(journal)
