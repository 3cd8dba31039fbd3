"""The day on the screen, with a real diary behind it: questions first, the last level, and how it was afterwards."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.widgets import Input

from estim.config.options import HostOptions
from estim.core.days.diary import Check, Diary, Played, Topic
from estim.core.days.screening import QUESTIONS
from estim.core.messages.commands import SetLevel
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.journal.journal import Journal
from estim.journal.today import Today
from estim.tui.app import SessionApp
from estim.tui.choose import Choose
from estim.tui.questions import Questions
from estim.tui.summary import Summary
from protocols.vocabulary import Channel
from tests.tui.scripted import ENDED, IDLE, OFFERS, RUNNING, ScriptedClient, answer, screen_of, settle, text_of


class Home:
    """A home with a journal in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # taken for each test: a whole suite may be longer than a session counts as the last one
        self.now = datetime.now().astimezone()
        self.journal = Journal.open(folder / "log.sqlite")

    def answer_all(self) -> None:
        self.journal.enter(
            [Check(at=self.now, topic=Topic.HEALTH, about=one.id, answer="no") for one in QUESTIONS], self.now
        )

    def play(self, minutes_ago: float, level: int = 12) -> None:
        at = self.now - timedelta(minutes=minutes_ago)
        over = at + timedelta(minutes=20)
        played = Played(
            id=1, at=at, program="tens-ankle", unit="coyote3", family="coyote3", sites=("ankle-left",), simulated=False,
            length_s=1200, output_s=1200, delivered_until=over, ended=over, reason="completed", duration_s=1200,
            level_max={"A": level}, goal={"A": level}, stop_confirmed=True,
        )  # fmt: skip
        self.journal.adopt([played], [], {}, self.now)

    @property
    def diary(self) -> Diary:
        return self.journal.diary(False, None)

    def app(self, client: ScriptedClient, simulate: str | None = None) -> SessionApp:
        async def again() -> ScriptedClient:
            return client

        return SessionApp(client, OFFERS, again, today=Today(HostOptions(home=str(self.folder), simulate=simulate)))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


async def assert_seen(pilot: Pilot[int], there: Callable[[], bool]) -> None:
    """Wait until a thread's word is on the screen; a screen that is still being made shows nothing yet."""

    def drawn() -> bool:
        try:
            return there()
        except NoMatches:
            return False

    async with asyncio.timeout(20):
        while not drawn():
            await pilot.pause(0.02)


@pytest.mark.control("C-25", "C-38")
async def test_open_questions_are_asked_one_by_one_and_f12_stops_there_too(home: Home) -> None:
    client = ScriptedClient()
    async with home.app(client).run_test() as pilot:
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Questions))
        await pilot.press("f12", "s")
        await settle(pilot)
        assert client.stops == [Stop(reason="panic"), Stop()]
        for number, question in enumerate(QUESTIONS):
            await assert_seen(pilot, partial(_asks, pilot, question.question))
            await answer(pilot, "y" if number == 0 else "n")
        await assert_seen(pilot, lambda: "NO SESSION may take place" in text_of(pilot, "#question"))
        kept = len(home.diary.checks)
        assert kept == 0, "a yes is kept by a key of its own"
        await pilot.press("enter")
        await assert_seen(pilot, lambda: len(home.diary.checks) == len(QUESTIONS))
        assert isinstance(pilot.app.screen, Choose)
    assert [check.answer for check in home.diary.checks] == ["yes"] + ["no"] * (len(QUESTIONS) - 1)


def _asks(pilot: Pilot[int], question: str) -> bool:
    return question in text_of(pilot, "#question")


@pytest.mark.control("C-25")
async def test_a_yes_that_forbids_sessions_is_told_at_once_and_can_be_taken_back(home: Home) -> None:
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, partial(_asks, pilot, QUESTIONS[0].question))
        await answer(pilot, "y")
        await assert_seen(pilot, partial(_asks, pilot, QUESTIONS[1].question))
        assert f"“{QUESTIONS[0].question}” yes: NO SESSION may take place" in text_of(pilot, "#question")
        await pilot.press("backspace")
        await assert_seen(pilot, partial(_asks, pilot, QUESTIONS[0].question))
        for _ in QUESTIONS:
            await answer(pilot, "n")
        await assert_seen(pilot, lambda: len(home.diary.checks) == len(QUESTIONS))
        await assert_seen(pilot, lambda: "no pain written down yet" in text_of(pilot, "#today"))
        assert "no session" not in text_of(pilot, "#today")
    assert {check.answer for check in home.diary.checks} == {"no"}


@pytest.mark.control("C-25")
async def test_a_yes_that_was_kept_is_told_before_every_start_and_is_answered_again_with_a_key(home: Home) -> None:
    home.answer_all()
    home.journal.enter([Check(at=home.now, topic=Topic.HEALTH, about="implant", answer="yes")], home.now)
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, lambda: "no session: " in text_of(pilot, "#today"))
        await pilot.press("h")
        await assert_seen(pilot, partial(_asks, pilot, QUESTIONS[0].question))
        await answer(pilot, "n")
        await assert_seen(pilot, lambda: "no session: " not in text_of(pilot, "#today"))
        await pilot.press("h")
        await assert_seen(pilot, lambda: "no answer of yours forbids" in text_of(pilot, "#note"))


async def test_the_last_comfortable_level_stands_on_the_bar(home: Home) -> None:
    home.answer_all()
    home.play(300, level=30)
    client = ScriptedClient(RUNNING)
    async with home.app(client).run_test() as pilot:
        await settle(pilot)
        await assert_seen(pilot, lambda: "last time 30" in text_of(pilot, ".lane-goal"))
        assert "│" in text_of(pilot, ".lane-level")
        assert not any(isinstance(command, SetLevel) for command in client.asked)


async def test_what_was_answered_before_leaving_is_kept(home: Home) -> None:
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Questions))
        await answer(pilot, "nn")
        await pilot.press("escape")
        await assert_seen(pilot, lambda: len(home.diary.checks) == 2)


async def test_the_day_is_told_and_l_fills_in_the_last_level(home: Home) -> None:
    home.answer_all()
    home.play(300)
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, lambda: "no pain written down yet" in text_of(pilot, "#today"))
        await pilot.press("l")
        await assert_seen(pilot, lambda: pilot.app.screen.query_one("#goal", Input).value == "A=12")
        await assert_seen(pilot, lambda: "A=12, as on" in text_of(pilot, "#note"))


async def test_a_level_of_another_site_is_not_offered(home: Home) -> None:
    home.answer_all()
    home.play(300)
    (home.folder / "config.toml").write_text('site = "ankle-right"\n', encoding="utf-8")
    async with home.app(ScriptedClient()).run_test() as pilot:
        await settle(pilot)
        await pilot.press("l")
        await assert_seen(pilot, lambda: "no level of this program" in text_of(pilot, "#note"))
        assert pilot.app.screen.query_one("#goal", Input).value == "0"


async def test_in_a_session_l_goes_up_to_the_last_level_and_never_by_itself(home: Home) -> None:
    home.answer_all()
    home.play(300)
    client = ScriptedClient(RUNNING)
    async with home.app(client).run_test() as pilot:
        await settle(pilot)
        await assert_seen(pilot, lambda: pilot.app.screen.query("#clock").first() is not None)
        assert not any(isinstance(command, SetLevel) for command in client.asked)
        await pilot.press("l")
        await assert_seen(pilot, lambda: SetLevel(channel=Channel.A, to=12, unit="coyote3") in client.asked)


@pytest.mark.control("C-20")
async def test_after_a_session_skin_and_feeling_are_asked_for_and_kept(home: Home) -> None:
    home.answer_all()
    home.play(25)
    client = ScriptedClient(replace(RUNNING, state=State.ENDED, out="off"))
    async with home.app(client).run_test() as pilot:
        await settle(pilot)
        client.tell(ENDED)
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Summary))
        await assert_seen(pilot, lambda: "Skin under the pads" in text_of(pilot, "#sum-asks"))
        await pilot.press("o", "w")
        await assert_seen(pilot, lambda: len(home.diary.checks) == len(QUESTIONS) + 2)
    kept = {(check.topic, check.answer, check.session) for check in home.diary.checks if check.session}
    assert kept == {(Topic.SKIN, "ok", 1), (Topic.FEEL, "weaker", 1)}


async def test_with_a_software_unit_there_is_no_day(home: Home) -> None:
    async with home.app(ScriptedClient(), simulate="coyote3").run_test() as pilot:
        await settle(pilot)
        await pilot.press("l")
        await assert_seen(pilot, lambda: "no level of this program" in text_of(pilot, "#note"))
        assert isinstance(pilot.app.screen, Choose)
        assert text_of(pilot, "#today") == ""
    assert home.diary.checks == ()


async def test_a_journal_that_cannot_be_read_is_told(home: Home) -> None:
    home.journal.close()
    (home.folder / "log.sqlite").write_bytes(b"no database at all, but longer than a header " * 10)
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, lambda: "damaged, or isn't a journal of estim" in text_of(pilot, "#today"))


async def test_two_units_are_filled_in_each_with_its_own_last_level_and_none_is_zero(home: Home) -> None:
    home.play(minutes_ago=300)
    async with home.app(ScriptedClient()).run_test() as pilot:
        app = pilot.app
        assert isinstance(app, SessionApp)
        filled: list[str] = []
        await app._day.fill_two("tens-ankle", [("coyote3", "ankle-left"), ("other", "ankle-right")], filled.append)
        assert filled == ["A=12 / 0"]
        assert "other: no level of this program is known yet" in app.model.view.note


async def test_on_a_small_screen_the_first_question_shows_its_keys_too() -> None:
    async with screen_of(ScriptedClient(IDLE)).run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        pilot.app.push_screen(Questions(QUESTIONS))
        await settle(pilot)
        asked = pilot.app.screen.query_one("#keys")
        assert 0 < asked.max_scroll_y == asked.scroll_offset.y
