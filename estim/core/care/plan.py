"""Reads the care plan: its steps and figures as data that a person may edit, every mistake told at once.

Rules:
1. A step appears in the stages that it names, and every stage has a step, so that there is always something to do.
2. The step that leads a stage is the one that belongs to the fewest stages, the first of the file among equals: what
   belongs everywhere leads nowhere.
3. A step may be a part of another one: it has its own place on the list of the day and no number of its own.
4. What a step becomes in the lighter plan, after recovery, is its `light` text; a step without one isn't in it.
5. A plan may be stricter than the shipped one. The hours without current before a run can't be made fewer than four
   (safety.md C-30), and a run can't be called safe above the pain at which it is stopped.
"""

from collections.abc import Mapping
from enum import StrEnum
from re import fullmatch
from typing import Any

from msgspec import Struct

from estim.core.errors import EstimError, Exit
from estim.core.programs.fields import ID, SCHEMA
from estim.core.toml_file import NotToml, in_file, parsed
from estim.core.toml_table import Number, Table, Text, Words
from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace


class Stage(StrEnum):
    """Where a person is on the way back; a step belongs to some of the four from rest to build."""

    NOT_BEGUN = "not-begun"
    REST = "rest"
    TRIAL = "trial"
    """A trial run is possible."""
    MORNING = "morning"
    """A run waits for the judgement of the next morning."""
    BUILD = "build"
    LIGHT = "light"
    """Recovered by the person's own word: the plan goes on as a lighter one."""
    ENDED = "ended"


class Tick(StrEnum):
    """How a step is ticked off: by hand each day, by hand once, by sessions, by a run, by heel raises, or never."""

    DAILY = "daily"
    ONCE = "once"
    SESSIONS = "sessions"
    RUN = "run"
    LOAD = "load"
    """Heel raises: off until the person says that they were agreed (loading.py)."""
    NONE = "none"


STAGES = Words(("rest", "trial", "morning", "build"), mark("the stages in which the step is shown"))
TICK = Words(tuple(Tick), mark("how it is ticked off"))
TITLE = Text(60, mark("what people read in lists"))
TEXT = Text(600, mark("what to do, in plain words"))
WARN = Text(300, mark("what to take care of"), default="")
HOW = Text(300, mark("one way of doing it, or one thing to mind while doing it"))
HOW_LONG = Text(300, mark("how long, and how often"), default="")
NOTE = Text(300, mark("what to write down, and by which command"), default="")
EVIDENCE = Text(600, mark("how well it is supported, and by what"), default="")
LIGHT = Text(300, mark("what becomes of it in the lighter plan; without it the step isn't in that"), default="")
PART_OF = Text(ID.longest, mark("the step that it is a part of"), pattern=ID.pattern, form=ID.form)
KIND = Text(
    20,
    mark("a kind of training that may be said when it is ticked off"),
    pattern=r"[a-z]+",
    form=mark("small letters, such as bike"),
)
SOURCE = Text(400, mark("where it was published"))
HONESTY = Text(1200, mark("what the plan can't do; shown once"))
TIMES = Number(1, 4, mark("times a day"), mark("for steps that are ticked off by sessions"), default=1, whole=True)
REST_DAYS = Number(1, 60, mark("days"), mark("days of rest before a trial run"), default=7, whole=True)
CALM_PAIN = Number(0, 5, mark("(0 to 10 is the scale)"), mark("worst pain of a calm day"), default=2, whole=True)
CALM_DAYS = Number(1, 14, mark("days"), mark("calm days in a row before a trial run"), default=2, whole=True)
RUN_PAIN_SAFE = Number(0, 5, mark("(0 to 10 is the scale)"), mark("pain in a run that is safe"), default=3, whole=True)
RUN_PAIN_STOP = Number(
    0, 5, mark("(0 to 10 is the scale)"), mark("more pain in a run than this: rest"), default=5, whole=True
)
"""The pain-monitoring model: 0 to 3 safe, 4 and 5 acceptable, above 5 stop (programs.md section 7)."""
QUIET_H = Number(4, 24, mark("hours"), mark("no session this long before a run"), default=4)
EXTRA_H = Number(1, 12, mark("hours"), mark("an extra session within this time after a run"), default=3)
WORSE_BY = Number(
    1, 3, mark("points"), mark("how far above what it is held against a morning counts as worse"), default=2, whole=True
)
DAYS_OFF = Number(1, 7, mark("days"), mark("days without a run after each"), default=1, whole=True)
FIRST_KM = Number(0.5, 10, mark("km"), mark("longest first run; no cap is below it"), default=3)
GROWTH_PCT = Number(
    0, 50, "%", mark("how much longer than the longest run of the last 30 days a run may be"), default=10
)
LIGHT_AFTER = Number(
    28,
    365,
    mark("days"),
    mark("building up for so long before the plan may become a lighter one"),
    default=84,
    whole=True,
)

STEPS_MAX = 20
PROGRAMS_MAX = 8
HOW_MAX = 12
KINDS_MAX = 12
SOURCES_MAX = 20


class Step(Struct, frozen=True):
    """One step. `programs` are those that it allows, none: it names none; a run's are those of the session after it.

    `served_by` are programs of the schedule that do as well (rotation.py). `part_of` is the id of the step that it is a
    part of, `kinds` what may be said when it is ticked off, `sources` the ids of what its evidence rests on.
    """

    id: str
    title: str
    text: str
    stages: tuple[Stage, ...]
    tick: Tick
    programs: tuple[str, ...] = ()
    times: int = 1
    warn: str = ""
    served_by: tuple[str, ...] = ()
    how: tuple[str, ...] = ()
    how_long: str = ""
    note: str = ""
    evidence: str = ""
    sources: tuple[str, ...] = ()
    light: str = ""
    part_of: str = ""
    kinds: tuple[str, ...] = ()


class Source(Struct, frozen=True):
    """Something published, by the id that steps name it by."""

    id: str
    text: str


class Plan(Struct, frozen=True, kw_only=True):
    """A whole plan, checked. `refused` are its programs that the home's unit doesn't play (rotation.py)."""

    title: str
    honesty: str
    steps: tuple[Step, ...]
    rest_days: int = 7
    calm_pain: int = 2
    calm_days: int = 2
    run_pain_safe: int = 3
    run_pain_stop: int = 5
    quiet_before_run_h: float = 4
    extra_within_h: float = 3
    worse_by: int = 2
    days_off: int = 1
    first_km: float = 3
    growth_pct: float = 10
    refused: frozenset[str] = frozenset()
    light_after_days: int = 84
    sources: tuple[Source, ...] = ()

    def of_stage(self, stage: Stage) -> tuple[Step, ...]:
        """Return the steps that are shown in a stage, in the file's order; in the lighter one with their text there."""
        if stage is Stage.LIGHT:
            return tuple(replace(step, text=step.light) for step in self.steps if step.light)
        return tuple(step for step in self.steps if stage in step.stages)

    @property
    def numbered(self) -> tuple[Step, ...]:
        """The steps that have a number, from 1 on: those that are no part of another one."""
        return tuple(step for step in self.steps if not step.part_of)

    def number_of(self, step: Step) -> int:
        """Return its number, 0 for a part of another one."""
        return next((number for number, one in enumerate(self.numbered, 1) if one.id == step.id), 0)

    def parts_of(self, step: Step) -> tuple[Step, ...]:
        """Return the steps that are parts of one."""
        return tuple(part for part in self.steps if part.part_of == step.id)

    def find(self, word: str) -> Step | None:
        """Return the step of a number, a name or the beginning of one name only, None if there is none."""
        if word.isascii() and word.isdecimal():
            place = int(word[:4]) - 1
            return self.numbered[place] if 0 <= place < len(self.numbered) else None
        begun = [step for step in self.steps if word and step.id.startswith(word)]
        exact = [step for step in begun if step.id == word]
        return (exact or begun)[0] if len(exact or begun) == 1 else None

    def leading(self, stage: Stage) -> str:
        """Return the id of the step that leads in a stage, "" where there are no steps (rule 2)."""
        return min(self.of_stage(stage), key=lambda step: len(step.stages)).id if self.of_stage(stage) else ""


def read_plan(data: bytes | str, name: str) -> Plan:
    """Return the plan that a file holds; raise EstimError (78) with every mistake, each on a line of its own."""
    try:
        held = parsed(data)
    except NotToml as error:
        raise EstimError(in_file(name, [str(error)]), code=Exit.CONFIG) from error
    problems: list[str] = []
    plan = _plan(Table(held, "", problems), held)
    if problems:
        raise EstimError(in_file(name, problems), code=Exit.CONFIG)
    return plan


def _plan(table: Table, data: Mapping[str, Any]) -> Plan:
    table.whole("schema", SCHEMA)
    plan = Plan(
        title=table.text("title", TITLE),
        honesty=table.text("honesty", HONESTY),
        rest_days=table.whole("rest_days", REST_DAYS),
        calm_pain=table.whole("calm_pain", CALM_PAIN),
        calm_days=table.whole("calm_days", CALM_DAYS),
        run_pain_safe=table.whole("run_pain_safe", RUN_PAIN_SAFE),
        run_pain_stop=table.whole("run_pain_stop", RUN_PAIN_STOP),
        quiet_before_run_h=table.number("quiet_before_run_h", QUIET_H),
        extra_within_h=table.number("extra_within_h", EXTRA_H),
        worse_by=table.whole("worse_by", WORSE_BY),
        days_off=table.whole("days_off", DAYS_OFF),
        first_km=table.number("first_km", FIRST_KM),
        growth_pct=table.number("growth_pct", GROWTH_PCT),
        light_after_days=table.whole("light_after_days", LIGHT_AFTER),
        steps=tuple(_step(step, data["steps"][index]) for index, step in enumerate(table.tables("steps", STEPS_MAX))),
        sources=_sources(table),
    )
    table.close()
    if not table.problems:  # what follows from a mistake would be told as a second one
        _check_whole(table, plan)
    return plan


def _step(table: Table, data: Mapping[str, Any]) -> Step:
    tick = table.word("tick", TICK)
    before = len(table.problems)
    stages = table.words("stages", STAGES)
    if not stages and len(table.problems) == before:
        table.refuse(
            "stages", tr("a step without a stage is never shown: it takes one or more of {stages}", stages=STAGES.range)
        )
    step = Step(
        id=table.text("id", ID),
        title=table.text("title", TITLE),
        text=table.text("text", TEXT),
        stages=tuple(Stage(stage) for stage in dict.fromkeys(stages)),
        tick=Tick(tick),
        programs=_programs(table, data),
        times=table.whole("times", TIMES),
        warn=table.text("warn", WARN),
        how=table.texts("how", HOW, HOW_MAX),
        how_long=table.text("how_long", HOW_LONG),
        note=table.text("note", NOTE),
        evidence=table.text("evidence", EVIDENCE),
        sources=table.texts("sources", ID, SOURCES_MAX),
        light=table.text("light", LIGHT),
        part_of=table.text("part_of", PART_OF) if table.has("part_of") else "",
        kinds=table.texts("kinds", KIND, KINDS_MAX),
    )
    if step.times > 1 and step.tick is not Tick.SESSIONS:
        table.refuse("times", tr('only a step with tick = "sessions" is counted'))
    if step.kinds and step.tick is not Tick.DAILY:
        text = tr('only a step with tick = "daily" has kinds: they are said when it is ticked off')
        table.refuse("kinds", text)
    table.close()
    return step


def _sources(table: Table) -> tuple[Source, ...]:
    found = []
    for one in table.tables("sources", SOURCES_MAX) if table.has("sources") else ():
        found.append(Source(id=one.text("id", ID), text=one.text("text", SOURCE)))
        one.close()
    return tuple(found)


def _programs(table: Table, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a list of program ids; whether there are such programs isn't known here."""
    allowed = tr('a list of up to {count} programs, such as ["tens-ankle"]', count=PROGRAMS_MAX)
    found = data["programs"] if table.has("programs") else []
    if not isinstance(found, list) or len(found) > PROGRAMS_MAX:
        table.wrong("programs", found, allowed)
        return ()
    wrong = [item for item in found if not isinstance(item, str) or not _is_id(item)]
    for item in wrong:
        table.wrong("programs", item, tr("{allowed}, each of {form}", allowed=allowed, form=tr_text(ID.form)))
    return () if wrong else tuple(dict.fromkeys(found))


def _is_id(text: str) -> bool:
    return len(text) <= ID.longest and fullmatch(ID.pattern, text) is not None


def _check_whole(table: Table, plan: Plan) -> None:
    if plan.run_pain_safe > plan.run_pain_stop:
        text = tr(
            "{safe} is more than run_pain_stop ({stop}): lower it", safe=plan.run_pain_safe, stop=plan.run_pain_stop
        )
        table.refuse("run_pain_safe", text)
    ids = [step.id for step in plan.steps]
    for index, name in enumerate(ids):
        if name in ids[:index]:
            text = tr("{id} is the id of steps[{number}] too: choose another", id=name, number=ids.index(name))
            table.refuse(f"steps[{index}].id", text)
    _check_names(table, plan)
    for stage in STAGES.words:
        if not plan.of_stage(Stage(stage)):
            text = tr('no step has the stage "{stage}": each of {stages} needs one', stage=stage, stages=STAGES.range)
            table.refuse("steps", text)


def _check_names(table: Table, plan: Plan) -> None:
    """Refuse names of steps and sources that aren't there, a part of a part, and heel raises in two places."""
    known = [source.id for source in plan.sources]
    whole = [step.id for step in plan.numbered]
    loads = [index for index, step in enumerate(plan.steps) if step.tick is Tick.LOAD]
    for index, step in enumerate(plan.steps):
        if step.part_of and step.part_of not in whole:
            text = tr("{id} isn't a step with a number: name one that is", id=step.part_of)
            table.refuse(f"steps[{index}].part_of", text)
        for name in step.sources:
            if name not in known:
                text = tr("there is no source {id}: add it to [[sources]], or take it out", id=name)
                table.refuse(f"steps[{index}].sources", text)
        if index in loads[1:]:
            table.refuse(f"steps[{index}].tick", tr('one step only has tick = "load"'))
