"""The places in another language: nothing that people read there is left in English, and German keeps its order."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Static

from estim import language
from estim.catalogue.programs import shipped
from estim.config.options import HostOptions
from estim.config.settings import Settings, known_settings
from estim.config.units import Unit
from estim.core.care.plan import Plan, Stage, Step, Tick
from estim.core.care.stage_text import stage_named
from estim.core.care.standing import Gate, Item, Standing
from estim.core.days import entry_text
from estim.core.days.diary import Check, Note, Pain, Played, Run, Topic, When
from estim.core.days.screening import QUESTIONS
from estim.core.errors import EstimError
from estim.core.messages.commands import Sighting
from estim.core.programs.matrix import Cell, Plays
from estim.core.programs.phase_text import phase_text
from estim.core.programs.program import Program
from estim.core.translation import LANGUAGE, English
from estim.core.values import replace
from estim.journal.home_journal import opened
from estim.journal.reader import Details
from estim.journal.today import Today
from estim.tui import (
    care,
    curves,
    identify,
    log,
    programs,
    red_flags,
    settings,
    simulator,
    today,
    unit_changes,
    unit_rows,
    units,
)
from estim.tui.app import SessionApp
from estim.tui.day import Day
from estim.tui.model import Model
from estim.tui.nearness import word_of
from estim.tui.pick import Pick
from estim.tui.place import Place
from estim.tui.questions import Questions
from estim.tui.rows import with_time
from estim.tui.typed import Typed
from estim.tui.typed_setting import find_setting, shown
from protocols.vocabulary import Channel
from tests.catalogue_texts import read, translations
from tests.pseudo import plain_words, pseudo
from tests.tui.scripted import IDLE, RUNNING, Pulse, ScriptedClient, Successors, screen_of, settle, text_of
from tests.tui.test_today import NOW, Home, assert_seen, played

AT = datetime(2026, 3, 14, 8, 0, tzinfo=UTC)
NAMES = ("tens-ankle", "coyote3", "ankle-left", "calf", IDLE.address, "Hz", "min", "km", "µs", "ms", "dBm")
"""What is the same in every language: names of programs, units and sites, and units of measure."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def german() -> Iterator[None]:
    """Speak German, as somebody's computer asks for it."""
    language.choose({"LANG": "de_DE.UTF-8"})
    yield
    LANGUAGE.speak("en", English())


@pytest.fixture
def others() -> Iterator[None]:
    """Speak the language in which whatever is left in English is seen."""
    with pseudo():
        yield


def left_in_english(*told: str, names: tuple[str, ...] = ()) -> list[str]:
    """Return the plain words of these texts."""
    return plain_words("\n".join(told), *NAMES, *names)


def test_a_word_that_nobody_translates_would_be_seen() -> None:
    with pseudo():
        assert left_in_english(today.keep_tick.__name__.replace("_", " ")) == ["keep", "tick"]


@pytest.mark.usefixtures("others")
def test_the_day_is_told_in_one_language(home: Home) -> None:
    yesterday = NOW - timedelta(days=1)
    home.write(
        [
            played(1),
            *(Pain(at=yesterday, score=2, when=when) for when in When),
            Run(at=yesterday, km=3, pain=1),
            Run(at=yesterday, km=None, minutes=20),
            Check(at=NOW - timedelta(days=3), topic=Topic.CARE, answer="begin"),
        ]
    )
    with opened(home.options) as journal:
        sheet = today.sheet_of(journal)
    assert sheet.last is not None
    told = [sheet.due, sheet.stage, sheet.morning, sheet.yesterday, *sheet.week, sheet.pads, sheet.last.text]
    assert left_in_english(*told, replace(sheet.last, level={}, site="").text) == []
    assert left_in_english(today.keep_tick(home.options, "12"), *map(stage_named, Stage)) == []
    assert left_in_english(today.keep_pain(home.options, 1, None) or "") == []
    item = Item(step="rest", title="Rest", done=True, auto=True, text="")
    assert left_in_english(today.step_row(1, item), *red_flags.signs_keys()[1].values()) == []


@pytest.mark.usefixtures("others")
def test_the_plan_is_told_in_one_language(home: Home) -> None:
    assert left_in_english(told_run(home)) == []
    assert left_in_english(care.flagged(home.options, ""), care.begin(home.options, "")) == []
    with pytest.raises(EstimError) as refused:
        care.cancel_run(home.options)
    assert left_in_english(refused.value.text) == []


@pytest.mark.usefixtures("others")
def test_a_planned_run_is_told_in_one_language(home: Home) -> None:
    calm = [Pain(at=NOW - timedelta(days=ago), score=0, when=When.WORST) for ago in range(9)]
    home.write([*calm, Check(at=NOW - timedelta(days=20), topic=Topic.CARE, answer="begin")])
    at, why = next(one for one in care.times_for_a_run(home.options) if not one[1])
    assert left_in_english(care.plan_run(home.options, at), why, told_run(home), care.cancel_run(home.options)) == []
    home.write([Check(at=NOW - timedelta(hours=9), topic=Topic.RUN_PLANNED)])
    assert left_in_english(told_run(home)) == []


def told_run(home: Home) -> str:
    """Return what is said of the planned run."""
    with opened(home.options) as journal:
        return care.told_of(journal).run


STEPS = (
    Step(id="one", title="Rest", text="lie down", stages=(Stage.REST,), tick=Tick.DAILY, warn="not long"),
    Step(id="two", title="Run", text="go", stages=(Stage.TRIAL, Stage.BUILD), tick=Tick.RUN),
)
PLAN = Plan(title="Eight steps", honesty="", steps=STEPS)


def stands(stage: Stage) -> care.Told:
    """Return somebody's plan at a stage."""
    item = Item(step="one", title="Rest", done=False, auto=False, text="lie down", warn="not long")
    gates = (Gate(True, "7"), Gate(False, "2"))
    return care.Told(plan=PLAN, now=Standing(stage=stage, since=AT.date(), day=4, today=(item,), gates=gates))


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("stage", Stage)
def test_every_stage_of_the_plan_has_its_words(stage: Stage) -> None:
    told = stands(stage)
    assert left_in_english(care.stage_of(told), *care.steps_of(told)) == []
    assert left_in_english(care.stage_of(replace(told, now=replace(told.now, day=0)))) == []


async def test_the_lighter_plan_is_shown_like_every_other_stage(home: Home) -> None:
    async with home.app(ScriptedClient(), "care").run_test(size=(80, 50)) as pilot:
        await assert_seen(pilot, lambda: bool(text_of(pilot, "#care-stage")))
        place = pilot.app.screen
        assert isinstance(place, care.CarePlace)
        place._show(stands(Stage.LIGHT))
        assert text_of(pilot, "#care-stage") == "Eight steps: recovered: the lighter plan, day 4 since 14 Mar"


def entry(number: int) -> Played:
    """Return a session of the log that has not ended."""
    return replace(played(1), id=number, ended=None)


@pytest.mark.usefixtures("others")
def test_levels_and_pain_over_time_are_told_in_one_language() -> None:
    authors = [(float(number), "A", 9, author) for number, author in enumerate(curves.SIGNS)]
    alarm = [((AT + timedelta(seconds=2)).isoformat(), "high", "pads off", "look at the pads")]
    details = Details({"duration_s": 10.0, "started_utc": AT.isoformat()}, authors, alarm)
    curve = [line for line in curves.curve_of(details, 70, 10) if "│" not in line]
    assert left_in_english(*curve) == []
    assert left_in_english(*curves.curve_of(replace(details, levels=[]), 70, 10)) == []
    pains = [Pain(at=AT - timedelta(days=2), score=3, when=when) for when in When]
    assert left_in_english(*curves.trend_of(pains, AT, 30, 70, 10), *curves.trend_of([], AT, 30, 70, 10)) == []
    notes = [Note(at=AT, text="1")]
    told = [log.taken_back(notes * count) for count in (0, 1, 5)]
    assert left_in_english(*told, log._row(entry(1), ("coyote3", "tens-ankle"))) == []


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("program", shipped(), ids=lambda one: one.id)
def test_a_program_is_told_in_one_language(program: object) -> None:
    assert isinstance(program, Program)
    told = [*programs.told(program, "", 70), programs._row(program), *map(programs.kind_shown, programs.KINDS)]
    of_others = program.rule.reraise.words if program.rule.reraise else ""
    curves = [text for phase in program.phases for text in curves_of(phase_text(phase))]
    assert left_in_english(*told, names=(program.id, *program.site, of_others, *curves)) == []
    for plays, said in ((Plays.NO, ("1",)), (Plays.DIFFERS, ("1",)), (Plays.AS_WRITTEN, ())):
        assert left_in_english(programs._on_unit("coyote3", Cell(program.id, "coyote3", plays, said))) == []


def curves_of(text: str) -> list[str]:
    """Return the words for rates and widths that core/programs/program.py has of its own."""
    return re.findall(r"to [\d.]+ (?:Hz|µs) and back each|(?:Hz|µs) for", text)


@pytest.mark.parametrize("name", ["de"])
@pytest.mark.parametrize("program", shipped(), ids=lambda one: one.id)
def test_a_translation_keeps_what_pads_must_not_in_its_sentences(name: str, program: Program) -> None:
    pads = program.pads
    for told in translations(read(name).get(pads)):
        count = len(re.split(programs.SENTENCE_ENDS, told))
        assert not told or count == len(re.split(programs.SENTENCE_ENDS, pads)), f"{told} has other sentences"


def test_where_pads_must_not_go_comes_first_in_every_language() -> None:
    class Swapped(English):
        def gettext(self, message: str, /) -> str:
            return {"Calf: two pads. Not behind the knee.": "Wade: zwei. Nicht in die Kniekehle."}.get(message, message)

    LANGUAGE.speak("xx", Swapped())
    try:
        assert programs.pads_first("Calf: two pads. Not behind the knee.") == "Nicht in die Kniekehle. Wade: zwei."
        assert programs.pads_first("Shin: one. Not on bone.") == "Not on bone. Shin: one."
    finally:
        LANGUAGE.speak("en", English())


UNIT = Unit(name="calf", address=IDLE.address, family="coyote3", added_utc=AT)


@pytest.mark.usefixtures("others")
def test_units_are_told_in_one_language(home: Home) -> None:
    seen = Sighting(address=IDLE.address, name="", family="coyote3", sure=True, rssi_dbm=-58)
    drill = Check(at=AT, topic=Topic.DRILL, about=IDLE.address, answer="late", note="1")
    rows = [
        *unit_rows.rows_of(unit_rows.Shelf((UNIT,)), (), None),
        *unit_rows.rows_of(unit_rows.Shelf((UNIT,), drills=(drill,)), (seen,), AT, (RUNNING,)),
        *unit_rows.rows_of(unit_rows.Shelf(), (seen,), AT),
    ]
    capped = [replace(row, cap={Channel.A: 40}) for row in rows]
    assert left_in_english(*map(unit_rows.text_of_row, rows), *map(unit_rows.told_in_full, [*rows, *capped])) == []
    assert left_in_english(*(units._drilled(one) for one in (drill, None)), entry_text.told(drill)) == []
    heard = {IDLE.address: identify.Heard(seen, AT)}
    shown = [((), 0), ((), 3), ((), 30), ((RUNNING,), 0)]
    lines = [
        line
        for one, seconds in shown
        for _, line in identify.lines_of(
            unit_rows.Shelf((UNIT,)), heard if seconds else {}, one, AT + timedelta(seconds=seconds), 80
        )
    ]
    assert left_in_english(*lines, *map(word_of, (-40, -70, -90))) == []


@pytest.mark.usefixtures("others")
def test_what_is_changed_of_a_unit_is_told_in_one_language(home: Home) -> None:
    [mine] = unit_rows.rows_of(unit_rows.Shelf((UNIT,)), (), None)
    unit_changes.named(home.options, replace(mine, remembered=False), "calf")
    more = unit_changes.capped(home.options, mine, "99")
    assert isinstance(more, unit_changes.Raise)
    unit_changes.forgotten(home.options, mine)
    told = [
        unit_changes.named(home.options, replace(mine, remembered=False), "calf"),
        unit_changes.named(home.options, mine, "calf"),
        unit_changes.capped(home.options, mine, "A=40"),
        more.warning,
        unit_changes.capped(home.options, replace(mine, busy=True), "A=40"),
        unit_changes.forgotten(home.options, mine),
        unit_changes.site_kept(home.options, "ankle-left"),
        unit_changes.site_kept(home.options, ""),
    ]
    assert left_in_english(*map(str, told)) == []
    simulated = replace(home.options, simulate="coyote3")
    for options, text in ((simulated, "1"), (home.options, "A=999")):
        with pytest.raises(EstimError) as refused:
            unit_changes.capped(options, mine, text)
        assert left_in_english(refused.value.text) == []


@pytest.mark.usefixtures("others")
def test_settings_and_faults_are_told_in_one_language() -> None:
    one = next(one for one in known_settings(Settings(minutes=15)) if one.name == "minutes")
    told = [settings.told_of(replace(one, allowed="1"), file) for file in (None, Path("/1"))]
    assert left_in_english(*told, settings.row_of(one), shown(None), shown({}), names=("minutes",)) == []
    for name in ("minuts", "00"):
        with pytest.raises(EstimError) as refused:
            find_setting(Settings(), name)
        known = [one.name for one in known_settings(Settings())]
        assert left_in_english(refused.value.text, names=("minuts", *known)) == []
    assert left_in_english(*simulator.acts_told(), with_time("1", RUNNING)) == []


CLASSES = (today.TodayPlace, care.CarePlace, log.LogPlace, programs.ProgramsPlace, units.UnitsPlace,
           simulator.SimulatorPlace, settings.SettingsPlace, Pick, Typed, Questions)  # fmt: skip


@pytest.mark.parametrize("screen", CLASSES, ids=lambda one: one.__name__)
def test_every_key_heading_and_help_has_its_translation(screen: type[Place]) -> None:
    said = [one.description for one in vars(screen).get("BINDINGS", ()) if isinstance(one, Binding)]
    said += [getattr(screen, "HEADING", ""), *(text for _, text in getattr(screen, "FIXED", ()))]
    german = read("de")
    assert not [text for text in said if text and not any(translations(german.get(text)))]


def seen_on(part: Widget) -> str:
    """Return what people read on a part of a screen."""
    told = [str(one.render()) for one in part.query(Static)]
    told += [str(one.label) for one in part.query(Button)]
    told += [one.placeholder for one in part.query(Input)]
    for entries in part.query(OptionList):
        told += [str(entries.get_option_at_index(index).prompt) for index in range(entries.option_count)]
    return "\n".join(told)


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("name", ["today", "log", "units", "simulator", "first"])
async def test_a_place_of_a_new_home_shows_one_language(name: str, tmp_path: Path) -> None:
    options = HostOptions(home=str(tmp_path))
    app = SessionApp(ScriptedClient(), (), Successors(), Pulse(), options=options, opening=name)
    async with app.run_test() as pilot:
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Place))
        place = pilot.app.screen
        assert isinstance(place, Place)
        await assert_seen(pilot, lambda: len(seen_on(place.query_one("#place"))) > 9)
        assert left_in_english(seen_on(place.query_one("#place"))) == []


@pytest.mark.usefixtures("others")
async def test_the_dialogs_say_in_one_language_how_they_are_left() -> None:
    async with screen_of(ScriptedClient()).run_test() as pilot:
        for dialog in (Pick("1", {}), Typed("1")):
            await pilot.app.push_screen(dialog)
            await settle(pilot)
            assert left_in_english(text_of(pilot, "#question").replace("Escape", "").replace("Enter", "")) == []
            pilot.app.pop_screen()


@pytest.mark.usefixtures("others")
def test_the_questions_are_asked_in_one_language() -> None:
    asked = Questions(QUESTIONS)
    for question in QUESTIONS:
        assert left_in_english(asked._text()) == []
        asked._answers[question.id] = True
    assert left_in_english(asked._text()) == []


@pytest.mark.usefixtures("others")
async def test_what_the_day_says_beside_the_session_is_in_one_language(home: Home) -> None:
    said: list[str] = []
    model = Model(lambda: None, lambda: None)
    day = Day(Today(home.options), model, lambda _: None)
    assert await day.blocking() == ()
    said.append(model.view.note)
    await day.fill("tens-ankle", lambda _: None)
    said.append(model.view.note)
    assert all(said)
    assert left_in_english(*said) == []
