"""The first start: three steps that come back where they were left, block nothing, and are shown to nobody twice."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList

from estim.cli.demo import open_demo
from estim.cli.flags import Flags
from estim.config.options import HostOptions
from estim.config.units import Units
from estim.core.days.diary import Check, Note, Topic
from estim.core.days.screening import QUESTIONS
from estim.core.errors import EstimError
from estim.core.messages.commands import Ask, Found, Reply, Scan, Sighting, Start
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.journal.demo import make_demo
from estim.journal.first_start import OVER, keep_step, next_step
from estim.journal.journal import Journal
from estim.tui.app import SessionApp
from estim.tui.first_start import FirstStart
from estim.tui.questions import Questions
from estim.tui.session import Session
from estim.tui.show import opening_of
from estim.tui.today import TodayPlace
from tests.tui.scripted import IDLE, OFFERS, RUNNING, Pulse, ScriptedClient, Successors, answer, app_in, settle, text_of
from tests.tui.test_today import assert_seen, played

NOW = datetime.now().astimezone()
FAR = Sighting(address="C0:FF:EE:00:00:04", name="47L121000", family="coyote3", sure=True, rssi_dbm=-81)
NEAR = Sighting(address="C0:FF:EE:00:00:03", name="47L121001", family="coyote3", sure=True, rssi_dbm=-48)

LEFT_ON = replace(RUNNING, state=State.ENDED, out="maybe", stop_confirmed=False)


class Air(ScriptedClient):
    """A host that hears two units."""

    async def ask(self, command: Ask) -> Reply:
        """Answer a scan; all else as ever."""
        reply = await super().ask(command)
        return Found((FAR, NEAR)) if isinstance(command, Scan) else reply


def app_of(client: ScriptedClient, folder: Path, simulate: str | None = None) -> SessionApp:
    """Return the screen of a home at its first start."""
    options = HostOptions(home=str(folder), simulate=simulate)
    return SessionApp(client, OFFERS, Successors(), Pulse(), options=options, opening="first")


def checks(folder: Path) -> list[Check]:
    """Return the answers that the home holds."""
    journal = Journal.open(folder / "log.sqlite")
    try:
        return list(journal.diary(False, None).checks)
    finally:
        journal.close()


def says(pilot: Pilot[int], words: str, selector: str = "#step-text") -> Callable[[], bool]:
    """Return whether the words are in that part of the screen."""
    return lambda: words in text_of(pilot, selector)


@pytest.mark.control("C-61", "C-25", "C-38")
async def test_a_step_that_was_left_comes_back_with_what_was_answered_kept(tmp_path: Path) -> None:
    client = Air(zeroes=False)
    async with app_of(client, tmp_path).run_test() as pilot:
        await assert_seen(pilot, says(pilot, "Step 1 of 3"))
        await pilot.press("3", "x", "backspace")
        await assert_seen(pilot, says(pilot, "First these three steps", "#note"))
        assert isinstance(pilot.app.screen, FirstStart)
        await pilot.press("f12", "s")
        await pilot.click("#stop")
        assert client.stops == [Stop(reason="panic"), Stop(), Stop()]
        await pilot.press("enter")
        await assert_seen(pilot, says(pilot, "question 1 of 14", "#question"))
        assert "Step 2 of 3" in text_of(pilot, "#question")
        await pilot.press("backspace")
        await assert_seen(pilot, says(pilot, "Step 1 of 3"))
        await pilot.press("enter")
        await assert_seen(pilot, says(pilot, "question 1 of 14", "#question"))
        await answer(pilot, "y")
        await pilot.press("backspace")
        await answer(pilot, "nn")
        await pilot.press("escape")
        await assert_seen(pilot, says(pilot, "go on at the next start. No session begins before", "#note"))
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, TodayPlace))
    assert [check.answer for check in checks(tmp_path)] == ["no", "no"]
    async with app_of(client, tmp_path).run_test() as pilot:
        await assert_seen(pilot, says(pilot, "question 1 of 12", "#question"))
        await answer(pilot, "n")
        await pilot.press("q")
        await assert_seen(pilot, lambda: pilot.app.return_code == 0)
    assert len(checks(tmp_path)) == 3, "q keeps what was answered, and leaves"
    assert next_step(HostOptions(home=str(tmp_path))) == 2
    assert not any(isinstance(command, Start) for command in client.asked)


@pytest.mark.control("C-61", "C-24")
async def test_a_unit_is_chosen_by_its_signal_and_named_and_today_says_what_is_next(tmp_path: Path) -> None:
    client = Air()
    async with app_of(client, tmp_path).run_test() as pilot:
        await assert_seen(pilot, says(pilot, "Step 1 of 3"))
        await pilot.press("enter")
        await assert_seen(pilot, says(pilot, "question 1 of 14", "#question"))
        await answer(pilot, "n" * len(QUESTIONS))
        await assert_seen(pilot, says(pilot, "Step 3 of 3"))
        entries = pilot.app.screen.query_one("#entries", OptionList)
        await assert_seen(pilot, lambda: entries.option_count == 2)
        rows = [str(entries.get_option_at_index(number).prompt) for number in range(2)]
        assert ["-48 dBm" in rows[0], "-81 dBm" in rows[1]] == [True, True], "the strongest is first"
        await pilot.press("backspace")
        await assert_seen(pilot, says(pilot, "question 1 of 14", "#question"))
        await pilot.press("escape")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, TodayPlace))
    async with app_of(client, tmp_path).run_test() as pilot:
        await assert_seen(pilot, says(pilot, "Step 3 of 3"))  # all are answered: what is left is the unit
        await assert_seen(pilot, lambda: pilot.app.screen.query_one("#entries", OptionList).option_count == 2)
        await pilot.press("n", *"calf", "enter")
        await assert_seen(pilot, says(pilot, "calf is remembered. Next: Enter leads to the programs", "#note"))
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, TodayPlace))
        assert app_in(pilot).model.start_unit == NEAR.address
    options = HostOptions(home=str(tmp_path))
    assert [(unit.name, unit.address, unit.pinned) for unit in Units.load(options.place)] == [
        ("calf", NEAR.address, True)
    ]
    assert next_step(options) == OVER
    assert opening_of(options) == "today", "nobody sees them twice"


@pytest.mark.control("C-40")
async def test_a_software_unit_skips_the_third_step_says_so_and_keeps_no_answer(tmp_path: Path) -> None:
    app = app_of(ScriptedClient(replace(IDLE, simulated=True)), tmp_path, "coyote3")
    async with app.run_test(size=(40, 12)) as pilot:
        await assert_seen(pilot, says(pilot, "Step 1 of 3"))
        assert "SIMULATED" in text_of(pilot, "#banner")
        step = pilot.app.screen.query_one("#step")
        await assert_seen(pilot, lambda: step.max_scroll_y > 0)
        for _ in range(9):
            if step.scroll_offset.y == step.max_scroll_y:
                break
            await pilot.press("enter")
            await settle(pilot)
            assert isinstance(pilot.app.screen, FirstStart), "Enter reads on before it goes on"
        await pilot.press("enter")
        await assert_seen(pilot, says(pilot, "SIMULATED: no answer is kept", "#question"))
        asked = pilot.app.screen.query_one("#keys")
        await assert_seen(pilot, lambda: 0 < asked.max_scroll_y == asked.scroll_offset.y)  # of the first one as well
        await answer(pilot, "y")
        await assert_seen(pilot, says(pilot, "question 2 of 14", "#question"))
        await assert_seen(pilot, lambda: 0 < asked.max_scroll_y == asked.scroll_offset.y)  # its keys are in sight
        await pilot.press("backspace")
        await answer(pilot, "n" * len(QUESTIONS))
        await assert_seen(pilot, says(pilot, "Step 3 of 3, your unit, is left out", "#note"))
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, TodayPlace))
    assert not (tmp_path / "log.sqlite").exists()
    simulated = HostOptions(home=str(tmp_path), simulate="coyote3")
    assert (next_step(simulated), next_step(HostOptions(home=str(tmp_path)))) == (OVER, 1)


@pytest.mark.control("C-61")
async def test_what_may_be_on_goes_first_and_whoever_was_here_before_sees_no_step(tmp_path: Path) -> None:
    def home(name: str, *entries: Check | Note, sessions: bool = False, record: str = "") -> HostOptions:
        folder = tmp_path / name
        folder.mkdir()
        journal = Journal.open(folder / "log.sqlite")
        journal.adopt([played(200)] if sessions else [], list(entries), {}, NOW)
        journal.close()
        if record:
            (folder / "first-start.json").write_text(record, encoding="utf-8")
        return HostOptions(home=str(folder))

    answer = Check(at=NOW, topic=Topic.HEALTH, about="epilepsy", answer="no")
    note = Note(at=NOW - timedelta(days=400), text="new shoes")
    make_demo(replace(home("x"), home=str(tmp_path / "demo")).place)
    opened = {
        "new": opening_of(home("new")),
        "answered": opening_of(home("answered", answer)),
        "noted": opening_of(home("noted", note)),
        "played": opening_of(home("played", sessions=True, record='{"real":2}')),
        "half": opening_of(home("half", answer, record='{"real":2}')),
        "damaged": opening_of(home("damaged", answer, record='{"real":')),
        "foreign": opening_of(home("foreign", answer, record='{"real":9}')),
        "over": opening_of(home("over", record='{"real":4}')),
        "demo": opening_of(HostOptions(home=str(tmp_path / "demo"), simulate="coyote3")),
    }
    shown = {name for name, place in opened.items() if place == "first"}
    assert shown == {"new", "half", "damaged", "foreign"}
    for on, face in ((RUNNING, Session), (LEFT_ON, TodayPlace)):
        options = home(f"on-{on.state.value}")
        app = SessionApp(ScriptedClient(), OFFERS, Successors(), Pulse(), options=options, opening="first",
                         joining=joined_late(ScriptedClient(on)))  # fmt: skip
        async with app.run_test() as pilot:
            await assert_seen(pilot, partial(shows, pilot, face))
            await settle(pilot)  # its parts are there as well


def shows(pilot: Pilot[int], face: type[Screen[None]]) -> bool:
    """Say whether this screen is on top."""
    return type(pilot.app.screen) is face


async def joined_late(client: ScriptedClient) -> ScriptedClient:
    """Return the host, some turns of the loop after the screen is there."""
    for _ in range(20):
        await asyncio.sleep(0)
    return client


@pytest.mark.control("C-61")
async def test_a_session_that_begins_elsewhere_comes_to_the_top_of_each_step(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        keep_step(HostOptions(home=str(tmp_path)), step)
        client = Air()
        async with app_of(client, tmp_path).run_test() as pilot:
            part = "#question" if step == 2 else "#step-text"
            await assert_seen(pilot, says(pilot, f"Step {step} of 3", part))
            assert isinstance(pilot.app.screen, Questions if step == 2 else FirstStart)
            client.show(RUNNING)
            await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Session))
            await settle(pilot)


@pytest.mark.control("C-61")
async def test_where_nothing_can_be_kept_the_steps_are_told_go_on_and_are_shown_again(tmp_path: Path) -> None:
    (tmp_path / "first-start.json").mkdir()
    async with app_of(Air(), tmp_path).run_test() as pilot:
        await assert_seen(pilot, says(pilot, "Step 1 of 3"))
        await assert_seen(pilot, says(pilot, "can't write", "#note"))
        await pilot.press("enter")
        await assert_seen(pilot, says(pilot, "question 1 of 14", "#question"))
        await answer(pilot, "n" * len(QUESTIONS))
        await assert_seen(pilot, says(pilot, "Step 3 of 3"))
    assert len(checks(tmp_path)) == len(QUESTIONS)
    assert next_step(HostOptions(home=str(tmp_path))) == 1


@pytest.mark.control("C-40", "C-61")
@pytest.mark.parametrize("shown", [None, LEFT_ON], ids=["off", "left on"])
async def test_without_hardware_leaves_this_home_as_q_does(tmp_path: Path, shown: Snapshot | None) -> None:
    keep_step(HostOptions(home=str(tmp_path)), 3)
    client = Air()
    async with app_of(client, tmp_path).run_test() as pilot:
        await assert_seen(pilot, says(pilot, "Step 3 of 3"))
        if shown is not None:
            client.show(shown)
            await assert_seen(pilot, says(pilot, "may be ON", "#strip"))
        await pilot.press("w")
        await settle(pilot)
        assert client.stops == ([] if shown is None else [Stop()])
        await assert_seen(pilot, lambda: pilot.app.return_code == 0)
        assert app_in(pilot).wants_demo


def test_a_demo_is_never_made_of_the_home_that_asked_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    real = HostOptions(home=str(tmp_path / "real"))
    flags = Flags(real, as_json=True, no_input=False)
    assert open_demo(flags) == 0
    assert not real.place.demo
    assert not real.place.journal.exists()
    assert [folder.name[:11] for folder in tmp_path.iterdir()] == ["estim-demo-"]
    real.place.prepare()
    real.place.settings_file.write_text("minutes = 20\n", encoding="utf-8")
    with pytest.raises(EstimError, match="is a home already"):
        open_demo(flags, home=str(tmp_path / "real"))


OWN_THEME = """primary = "#ffffff"
"""


@pytest.mark.parametrize("theme", ["nord", "mine", None])
def test_a_demo_opens_in_the_colours_that_were_asked_for(
    theme: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[HostOptions, str | None]] = []
    monkeypatch.setattr("estim.tui.main.has_screen", lambda: True)
    monkeypatch.setattr("estim.tui.main.run_screen", lambda options, theme: opened.append((options, theme)))
    real = HostOptions(home=str(tmp_path / "real"))
    real.place.themes.mkdir(parents=True)
    (real.place.themes / "mine.toml").write_text(OWN_THEME, encoding="utf-8")
    flags = Flags(real, as_json=False, no_input=False, theme=theme)
    assert open_demo(flags, str(tmp_path / "demo")) == 0
    ((options, asked),) = opened
    assert asked == theme
    assert (options.place.themes / "mine.toml").exists() is (theme == "mine")


def test_a_theme_that_there_is_not_is_refused_before_a_demo_is_made(tmp_path: Path) -> None:
    flags = Flags(HostOptions(home=str(tmp_path / "real")), as_json=True, no_input=False, theme="nrod")
    with pytest.raises(EstimError, match="there is no theme “nrod”; did you mean nord"):
        open_demo(flags, str(tmp_path / "demo"))
    assert not (tmp_path / "demo").exists()
