"""Today, with a real journal behind it: as last time in two keys, pain and ticks by keys, the week at a glance."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.widgets import Button

from estim.config.options import HostOptions
from estim.core.care.plan import Stage
from estim.core.care.standing import Standing
from estim.core.days.diary import Check, Diary, Entry, Pain, Played, Run, Topic, When
from estim.core.days.screening import QUESTIONS, SIGNS
from estim.core.messages.commands import Start
from estim.core.translation import tr_text
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.journal.journal import Journal
from estim.tui import today
from estim.tui.agree import Agree
from estim.tui.app import SessionApp
from estim.tui.pick import Pick
from estim.tui.session import Session
from protocols.vocabulary import Channel
from tests.tui.scripted import OFFERS, RUNNING, Pulse, ScriptedClient, settle, text_of

NOW = datetime.now().astimezone()


def played(days_ago: float, level: int = 12, program: str = "tens-ankle") -> Played:
    at = NOW - timedelta(days=days_ago)
    over = at + timedelta(minutes=20)
    return Played(
        id=round(days_ago * 10) + 1, at=at, program=program, unit="coyote3", family="coyote3", sites=("ankle-left",),
        simulated=False, length_s=1200, output_s=1200, delivered_until=over, ended=over, reason="completed",
        duration_s=1200, level_max={"A": level}, goal={"A": level}, stop_confirmed=True,
    )  # fmt: skip


class Home:
    """A home with a journal in it, in which every question is answered."""

    def __init__(self, folder: Path) -> None:
        self.options = HostOptions(home=str(folder))
        self.path = folder / "log.sqlite"
        asked = [Check(at=NOW - timedelta(days=9), topic=Topic.HEALTH, about=one.id, answer="no") for one in QUESTIONS]
        self.write(asked)

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """Open it for a moment."""
        journal = Journal.open(self.path)
        try:
            yield journal
        finally:
            journal.close()

    def write(self, entries: Sequence[Entry]) -> None:
        """Write down."""
        with self.journal() as journal:
            sessions = [one for one in entries if isinstance(one, Played)]
            journal.adopt(sessions, [one for one in entries if not isinstance(one, Played)], {}, NOW)

    @property
    def diary(self) -> Diary:
        """What is in it."""
        with self.journal() as journal:
            return journal.diary(False, None)

    def app(self, client: ScriptedClient, opening: str = "today") -> SessionApp:
        """The screen on it."""

        async def again() -> ScriptedClient:
            return client

        return SessionApp(client, OFFERS, again, Pulse(), options=self.options, opening=opening)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


async def assert_seen(pilot: Pilot[int], there: Callable[[], bool]) -> None:
    """Wait until what a thread read is on the screen."""

    def drawn() -> bool:
        try:
            return there()
        except NoMatches:
            return False

    async with asyncio.timeout(20):
        while not drawn():
            await pilot.pause(0.02)


def label(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one("#again", Button).label)


async def test_as_last_time_takes_two_keys_and_the_second_is_the_pads_on_act(home: Home) -> None:
    home.write([played(1)])
    client = ScriptedClient()
    async with home.app(client).run_test() as pilot:
        await assert_seen(
            pilot, lambda: label(pilot).startswith("As last time: tens-ankle, coyote3, ankle-left, 20 min")
        )
        assert label(pilot).endswith("up to A 12")
        await pilot.press("enter", "enter", "enter")
        assert "Are the pads on?" in text_of(pilot, "#question")
        assert not any(isinstance(command, Start) for command in client.asked), "a key that bounces begins nothing"
        await pilot.press("escape", "enter", "y")
        await settle(pilot)
        starts = [command for command in client.asked if isinstance(command, Start)]
        assert starts == [
            Start(program="tens-ankle", unit="coyote3", minutes=20, level={Channel.A: 12}, site="ankle-left",
                  pads_on=True, wait_after_loss=True)
        ]  # fmt: skip
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Session))  # what begins comes to the top


async def test_while_its_session_runs_the_button_leads_to_it_and_offers_no_start(home: Home) -> None:
    home.write([played(1)])
    client = ScriptedClient(RUNNING)
    async with home.app(client).run_test() as pilot:
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Session))  # what runs comes to the top
        await pilot.press("1")
        await assert_seen(pilot, lambda: label(pilot) == "Under way: tens-ankle on coyote3. Enter leads to it")
        await pilot.press("enter")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Session))
        await pilot.press("1")
        client.show(replace(RUNNING, unit="other", address="C0:FF:EE:00:00:04"))
        client.show(replace(RUNNING, state=State.ENDED))
        await assert_seen(pilot, lambda: label(pilot).startswith("As last time: tens-ankle, coyote3"))


async def test_a_session_counts_by_most_of_its_minutes_also_the_one_that_runs(home: Home) -> None:
    short = [replace(played(1 + number / 100), id=90 + number, output_s=20.0) for number in range(3)]
    now = datetime.now().astimezone()
    over = now + timedelta(minutes=20)
    begun = replace(played(0), id=95, at=now, delivered_until=over, ended=None, reason="", duration_s=None)
    home.write([*short, played(2), begun])
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, lambda: bool(text_of(pilot, "#week")))
        assert text_of(pilot, "#week").split("\n")[1].split()[-3:] == ["1", "-", "-"]
        assert text_of(pilot, "#yesterday") == "yesterday: 3 cut short, 1 min"


def test_the_stage_is_told_in_the_words_of_the_plan() -> None:
    assert today._stage(Standing(stage=Stage.BUILD, since=NOW.date(), day=3)) == "building up, day 3"


def test_yesterday_tells_what_counts_and_what_was_cut_short() -> None:
    cut = replace(played(1), id=3, output_s=300.0)
    diary = Diary(sessions=(cut, replace(played(1), output_s=1100.0)))
    assert today._yesterday(diary, played(1).at) == "yesterday: 1 session, 23 min (1 more cut short)"


async def test_without_a_last_time_enter_leads_to_the_programs(home: Home) -> None:
    client = ScriptedClient()
    async with home.app(client).run_test() as pilot:
        # what is due depends on the time at which this runs
        await assert_seen(pilot, lambda: "due" in text_of(pilot, "#due").lower())
        await pilot.press("enter")
        await assert_seen(pilot, lambda: bool(pilot.app.screen.query("#programs")))
        assert not any(isinstance(command, Start) for command in client.asked)


@pytest.mark.control("C-45")
async def test_morning_pain_is_two_keys_and_from_three_on_the_signs_are_asked_for(home: Home) -> None:
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, lambda: "not written down yet" in text_of(pilot, "#morning"))
        await pilot.press("m", "2")
        await assert_seen(pilot, lambda: "this morning: 2" in text_of(pilot, "#morning"))
        await pilot.press("m", "x")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Pick) and "tendon" in text_of(pilot, "#question"))
        assert text_of(pilot, "#question").startswith("A further question, after the score 10: ")
        assert [pain.score for pain in home.diary.pains] == [2], "a score is kept with what it asks for, or not at all"
        await pilot.press("2")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Agree))
        await pilot.press("y")
        await assert_seen(pilot, lambda: "this morning: 10" in text_of(pilot, "#morning"))
        await assert_seen(pilot, lambda: "looked at now" in text_of(pilot, "#note"))
    assert [(pain.score, pain.when) for pain in home.diary.pains] == [(2, When.MORNING), (10, When.MORNING)]
    flags = [check.about for check in home.diary.checks if check.topic is Topic.RED_FLAG]
    assert flags == ["gap"]


@pytest.mark.control("C-45")
@pytest.mark.parametrize("number", ["1", "5"])
async def test_a_key_that_was_meant_for_a_place_writes_no_red_flag(home: Home, number: str) -> None:
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, lambda: "not written down yet" in text_of(pilot, "#morning"))
        await pilot.press("m", "3")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Pick) and "tendon" in text_of(pilot, "#question"))
        await pilot.press(number)
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Agree))
        told = text_of(pilot, "#question")
        assert told.startswith("y: yes, write it down   n: no, go back")
        assert tr_text(list(SIGNS.values())[int(number) - 1]) in told
        assert "no running and no sessions until somebody has had a look" in told
        await pilot.press(number, "enter")
        assert isinstance(pilot.app.screen, Agree), "no key that led here agrees"
        await pilot.press("n")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Pick))
        assert home.diary.pains == ()
        await pilot.press("0")
        await assert_seen(pilot, lambda: "this morning: 3" in text_of(pilot, "#morning"))
    flags = [(check.about, check.answer) for check in home.diary.checks if check.topic is Topic.RED_FLAG]
    assert flags == [("none", "no")]


async def test_a_step_is_ticked_by_its_number(home: Home) -> None:
    home.write([Check(at=NOW - timedelta(days=3), topic=Topic.CARE, answer="begin")])
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, lambda: "1 [ ]" in text_of(pilot, "#steps"))
        await pilot.press("t", "1")
        await assert_seen(pilot, lambda: "1 [x]" in text_of(pilot, "#steps"))
    assert [check.about for check in home.diary.checks if check.topic is Topic.TICK] == ["rest"]


async def test_the_week_and_yesterday_are_at_a_glance_and_fit_into_forty_columns(home: Home) -> None:
    pain = Pain(at=NOW - timedelta(days=1), score=4, when=When.MORNING)
    home.write([played(1), played(1.01), played(2), pain])
    async with home.app(ScriptedClient()).run_test(size=(40, 12)) as pilot:
        await assert_seen(pilot, lambda: "2 sessions, 40 min · pain 4" in text_of(pilot, "#yesterday"))
        week = text_of(pilot, "#week").split("\n")
        assert [len(row) for row in week] == [37, 37, 37]
        assert week[1].split() == ["sessions", "-", "-", "-", "-", "1", "2", "-"]
        assert week[2].split()[-2:] == ["4", "-"]
        assert text_of(pilot, "#pads").startswith("pads: used 3 times")


async def test_a_run_without_a_distance_is_told_by_its_minutes(home: Home) -> None:
    home.write([Run(at=NOW - timedelta(days=1), km=None, minutes=20, pain=1)])
    async with home.app(ScriptedClient()).run_test() as pilot:
        await assert_seen(pilot, lambda: text_of(pilot, "#yesterday") == "yesterday: run 20 min")
