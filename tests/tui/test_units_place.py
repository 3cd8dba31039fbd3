"""The units on the screen: highest levels, telling apart, the stop drill and the doctor, with every way to stop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from estim.config.options import HostOptions
from estim.config.units import Unit, Units
from estim.core.addresses import same_address
from estim.core.days.diary import Topic
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Ask, Done, Found, Refusal, Reply, Scan, Sighting, Start
from estim.core.messages.events import Alarmed
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from estim.doctor.findings import Finding, bad, good
from estim.journal.home_journal import opened
from estim.tui import doctor
from estim.tui.agree import Agree
from estim.tui.app import SessionApp
from estim.tui.choose import Choose
from estim.tui.doctor import Doctor
from estim.tui.drill import Drill, Drills
from estim.tui.drill_guide import DrillGuide
from estim.tui.identify import Heard, Identify, lines_of
from estim.tui.model import Model
from estim.tui.nearness import bar_of, signal_of
from estim.tui.session import Session
from estim.tui.summary import Summary
from estim.tui.today import last_time
from estim.tui.typed import Typed, ask
from estim.tui.unit_rows import Shelf, rows_of
from estim.tui.units import UnitsPlace
from protocols.vocabulary import Channel
from tests.tui.scripted import (
    ENDED,
    IDLE,
    RUNNING,
    Pulse,
    ScriptedClient,
    Successors,
    app_in,
    asked_of,
    settle,
    text_of,
)
from tests.tui.test_in_sight import in_sight
from tests.tui.test_log import rows
from tests.tui.test_today import NOW, Home, assert_seen, played

LEFT = Sighting(address=IDLE.address, name="47L121000", family="coyote3", sure=True, known_as="left", rssi_dbm=-58)
RIGHT = Sighting(address="C0:00:00:00:00:02", name="47L121000", family="coyote3", sure=True, rssi_dbm=-84)
AT = datetime(2026, 3, 14, 8, 0, tzinfo=UTC)


class Air(ScriptedClient):
    """A host that hears what a test lets it hear."""

    def __init__(self, *units: Snapshot, zeroes: bool = True) -> None:
        super().__init__(*units, zeroes=zeroes)
        self.heard: Reply = Found((LEFT, RIGHT))

    @property
    def scans(self) -> int:
        return sum(isinstance(one, Scan) for one in self.asked)

    async def ask(self, command: Ask) -> Reply:
        """Answer a scan, and begin at level 0."""
        if isinstance(command, Scan):
            self.asked.append(command)
            return self.heard
        if isinstance(command, Start) and self.refuse is None:
            self.asked.append(command)
            self.show(replace(RUNNING, unit="left", state=State.RAMPING, lanes=RUNNING.lanes[1:]))
            return Done()
        return await super().ask(command)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.options.place.prepare()
    Units.load(made.options.place).add(IDLE.address, "coyote3", NOW, name="left")
    return made


def app_of(home: Home, client: ScriptedClient, pulse: Pulse | None = None) -> SessionApp:
    return SessionApp(client, (), Successors(), pulse or Pulse(), options=home.options, opening="units")


async def typed(pilot: Pilot[int], key: str, *keys: str) -> None:
    await pilot.press(key)
    await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Typed))
    await pilot.press(*keys, "enter")


def is_asked(pilot: Pilot[int], why: str) -> bool:
    return why in asked_of(pilot)


def cap_of(home: Home) -> object:
    return next(iter(Units.load(home.options.place))).cap


async def assert_stops(pilot: Pilot[int], client: ScriptedClient) -> None:
    """Every way to stop works where one is, and none but those."""
    client.asked.clear()
    await pilot.press("f12", "ctrl+s", "s")
    await pilot.click("#stop")
    assert client.stops == [Stop(reason="panic"), Stop(), Stop(), Stop()], type(pilot.app.screen)
    client.asked.clear()


@pytest.mark.control("C-64")
async def test_a_highest_level_is_raised_by_another_key_after_a_warning_and_lowered_at_once(home: Home) -> None:
    client = Air(replace(RUNNING, unit="left"), zeroes=False)
    async with app_of(home, client).run_test() as pilot:
        await pilot.press("6")
        await assert_seen(pilot, lambda: rows(pilot)[0].startswith("left  "))
        await typed(pilot, "p", *"60")
        await assert_seen(pilot, lambda: "A 60, B 60 from the next session on; the one" in text_of(pilot, "#note"))
        await typed(pilot, "p", *"90")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Agree))
        asked = text_of(pilot, "#question")
        assert "A from 60 to 90, B from 60 to 90, of 200" in asked
        assert "a step of the unit, not a current" in asked
        assert "pads off or at level 0" in asked
        await pilot.press("enter", "enter")
        assert cap_of(home) == {Channel.A: 60, Channel.B: 60}, "a key that bounces raises nothing"
        await pilot.resize_terminal(40, 12)
        await settle(pilot)
        client.show(replace(RUNNING, unit="left", left_s=61.0))
        await assert_seen(pilot, lambda: "1:01 left" in in_sight(pilot, "#strip"))
        in_sight(pilot, "#stop")
        await assert_stops(pilot, client)
        await pilot.press("n")
        await assert_seen(pilot, lambda: text_of(pilot, "#note") == "left keeps its highest levels")
        await typed(pilot, "p", *"90")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Agree))
        Units.load(home.options.place).set_cap("left", {Channel.A: 20, Channel.B: 60})
        await pilot.press("y")
        await assert_seen(pilot, lambda: "A from 20 to 90" in text_of(pilot, "#question"))
        assert cap_of(home) == {Channel.A: 20, Channel.B: 60}, "who agreed to 60 to 90 hasn't agreed to 20 to 90"
        await pilot.press("y")
        await assert_seen(pilot, lambda: "A 90, B 90" in text_of(pilot, "#note"))
        await pilot.press("n")
        await assert_seen(pilot, lambda: text_of(pilot, "#note") == "left has a session: end it first")
    assert cap_of(home) == {Channel.A: 90, Channel.B: 90}


async def test_what_is_refused_is_asked_again_with_what_was_typed_and_why(home: Home) -> None:
    async with app_of(home, Air(IDLE)).run_test(size=(80, 24)) as pilot:
        await assert_seen(pilot, lambda: rows(pilot)[0].startswith("left  "))
        for key, wrong, right, why in (("p", "A=9999", "A=9", "9999"), ("n", "em70", "arm", "means a family")):
            await typed(pilot, key, *wrong)
            await assert_seen(pilot, partial(is_asked, pilot, why))
            field = pilot.app.screen.query_one("#typed", Input)
            assert field.value == wrong
            assert field.has_focus
            await pilot.press(*["backspace"] * len(wrong), *right, "enter")
            await assert_seen(pilot, lambda: isinstance(pilot.app.screen, UnitsPlace))
        await assert_seen(pilot, lambda: text_of(pilot, "#note") == "arm is its name now")
        assert cap_of(home) == {Channel.A: 9}
        await typed(pilot, "p", *"2,5")
        await assert_seen(pilot, lambda: "2,5" in asked_of(pilot))
        await pilot.press("escape")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, UnitsPlace))
    assert cap_of(home) == {Channel.A: 9}, "who leaves it changes nothing"


@pytest.mark.parametrize("gone_on", [False, True])
def test_what_is_refused_opens_nothing_over_what_is_looked_at_by_then(gone_on: bool) -> None:
    said: list[str] = []
    opened: list[Callable[[str], None]] = []
    place: Any = SimpleNamespace(desk=SimpleNamespace(say=said.append))

    def fetch(_work: object, _then: object, refused: Callable[[EstimError], None]) -> None:
        place.app.screen = None if gone_on else place
        refused(EstimError("not so", code=Exit.USAGE))

    place.app = SimpleNamespace(screen=place, push_screen=lambda _dialog, take: opened.append(take))
    place.fetch = fetch
    ask(place, "What?", lambda _text: None, lambda _: None)
    opened[0]("7")
    assert (len(opened), said) == ((1, ["not so"]) if gone_on else (2, []))


def test_a_signal_is_told_by_a_word_and_a_bar_that_grows() -> None:
    assert [signal_of(dbm) for dbm in (-35, -60, -61, -80, -81)] == [
        "near (-35 dBm)", "near (-60 dBm)", "not far (-61 dBm)", "not far (-80 dBm)", "far (-81 dBm)",
    ]  # fmt: skip
    full = [bar_of(dbm, 13).count("█") for dbm in (-120, -100, -80, -60, -35, 10)]
    assert full == [1, 1, 4, 8, 13, 13]
    assert bar_of(None, 4) == "····"


def test_a_unit_keeps_its_line_and_a_figure_its_age() -> None:
    shelf = Shelf((Unit(name="left", address=LEFT.address, family="coyote3", added_utc=AT),))
    heard = {RIGHT.address: Heard(RIGHT, AT), LEFT.address: Heard(LEFT, AT)}
    told = {
        seconds: [line for _, line in lines_of(shelf, heard, (), AT + timedelta(seconds=seconds), 80)]
        for seconds in (0, 3, 10)
    }
    assert [line.split()[0] for line in told[0]] == ["left", "47L121000"], "whoever is nearer"
    assert told[0][0].endswith("near, now, -58 dBm")
    assert told[3][1].endswith("far, 3 s ago, -84 dBm")
    assert "█" not in told[10][0]
    assert told[10][0].endswith("10 s ago")
    [linked, _other] = lines_of(shelf, heard, (replace(RUNNING, unit="left"),), AT, 80)
    assert linked[1].endswith("in use, so not on the air")
    assert all(len(line) <= 38 for _, line in lines_of(shelf, heard, (), AT, 40))
    [row] = [
        one for one in rows_of(shelf, (), None, (replace(RUNNING, unit="left", state=State.ENDED),)) if one.cap is None
    ]
    assert not row.linked, "a session that has ended has given its link back"


@pytest.mark.control("C-77", "C-38")
async def test_units_are_told_apart_by_scans_that_end_with_the_dialog_and_choose_nothing(home: Home) -> None:
    client = Air(IDLE)
    pulse = Pulse()
    async with app_of(home, client, pulse).run_test(size=(40, 12)) as pilot:
        await assert_seen(pilot, lambda: rows(pilot)[0].startswith("left  "))
        await pilot.press("i")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Identify) and client.scans == 1)
        found = pilot.app.screen.query_one("#found", OptionList)
        await assert_seen(pilot, lambda: found.option_count == 2)
        assert "near, now" in str(found.get_option_at_index(0).prompt)
        in_sight(pilot, "#stop")
        in_sight(pilot, "#question")
        client.heard = Found((replace(RIGHT, rssi_dbm=-40),))
        await pilot.press("down")
        await pulse.advance(1)
        await assert_seen(pilot, lambda: "near" in str(found.get_option_at_index(1).prompt))
        assert (client.scans, found.highlighted) == (2, 1)
        client.heard = Refusal(code=Exit.TRY_LATER, text="the radio is connecting")
        await pulse.advance(1)
        await assert_seen(pilot, lambda: text_of(pilot, "#trouble") == "the radio is connecting")
        await assert_stops(pilot, client)
        await pilot.press("n")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Typed))
        assert RIGHT.address in text_of(pilot, "#question")
        await pilot.press("escape")
        await pulse.advance(9)
        assert client.scans == 0, "no scan outlives its dialog"
        await pilot.press("i")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Identify))
        client.tell(Alarmed(unit="em70", priority=Priority.HIGH, text="link lost", do="take the pads off"))
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, UnitsPlace))
        assert not any(isinstance(one, Start) for one in client.asked)
        assert app_in(pilot).model.start_unit is None, "what was held close is no choice for a start"


async def run_drill(pilot: Pilot[int], client: ScriptedClient, *, level: int = 1) -> None:
    """Go through the guide, and let the unit come to its level."""
    await pilot.press("r")
    await assert_seen(pilot, lambda: isinstance(pilot.app.screen, DrillGuide))
    await pilot.press("enter")
    assert isinstance(pilot.app.screen, DrillGuide), "the pads come off first"
    await pilot.press("y", "enter")
    await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Session))
    lanes = tuple(replace(lane, lo=level, hi=level, goal=level) for lane in RUNNING.lanes[:1])
    client.show(replace(RUNNING, unit="left", state=State.RAMPING, lanes=lanes))
    await settle(pilot)


@pytest.mark.control("C-77", "C-38")
async def test_a_drill_starts_at_the_lowest_level_after_two_keys_and_keeps_what_the_unit_said(home: Home) -> None:
    client = Air()
    now = datetime.now().astimezone()
    drilled = [replace(played(0), at=now, unit="left", id=7), played(1)]
    home.write(drilled)
    async with app_of(home, client).run_test() as pilot:
        await assert_seen(pilot, lambda: rows(pilot)[0].startswith("left  "))
        await pilot.press("r")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, DrillGuide))
        await assert_stops(pilot, client)
        await pilot.press("y", "escape")
        assert not any(isinstance(one, Start) for one in client.asked)
        await run_drill(pilot, client)
        [start] = [one for one in client.asked if isinstance(one, Start)]
        assert (start.unit, start.level, start.minutes, start.pads_on) == ("left", {Channel.A: 1}, 1.0, True)
        assert text_of(pilot, "#note") == "Stop drill: the unit is at level 1. Press F12 now."
        await pilot.press("f12")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Summary))
        await assert_seen(pilot, lambda: text_of(pilot, "#note").endswith("The stop works."))
        await assert_seen(pilot, lambda: any(one.topic is Topic.DRILL for one in home.diary.checks))
        await pilot.press("6")
        await assert_seen(pilot, lambda: ": works" in rows(pilot)[0])
        assert "last stop drill" in text_of(pilot, "#detail")
    [kept] = [one for one in home.diary.checks if one.topic is Topic.DRILL]
    assert same_address(kept.about, IDLE.address)
    assert (kept.answer, kept.note.startswith("left, level 1, ")) == ("zero", True)
    with opened(home.options) as journal:
        diary = journal.recent()
        last = last_time(journal, diary)
    assert kept.session == diary.sessions[-1].id
    assert last is not None
    assert last.unit == "coyote3", "a drill is no treatment: it is the session before it"


@pytest.mark.control("C-77")
@pytest.mark.parametrize(
    ("ended", "level", "took_s", "words"),
    [
        ({"reason": Reason.PANIC, "stop_confirmed": True}, 1, 3.0, "The stop works"),
        ({"reason": Reason.PANIC, "stop_confirmed": True}, 1, 3.1, "only after 3.1 s"),
        ({"reason": Reason.PANIC, "stop_confirmed": False}, 1, 1.0, "did NOT say 0"),
        ({"reason": Reason.PANIC, "stop_confirmed": True}, 0, 1.0, "proves nothing"),
        ({"reason": Reason.COMPLETED, "stop_confirmed": True}, 1, None, "isn't done"),
    ],
)
async def test_a_drill_is_told_as_it_went(ended: dict[str, Any], level: int, took_s: float | None, words: str) -> None:
    said: list[str] = []
    now_s = [100.0]

    async def begin(_start: Start) -> Reply:
        return Done()

    drills = Drills(None, begin, said.append, lambda work: work.close(), lambda: now_s[0])
    await drills.begin(Drill("left", IDLE.address, "left", "coyote3"))
    assert said == ["Stop drill: wait until the level is 1, then press F12."]
    lanes = tuple(replace(lane, lo=level, hi=level) for lane in RUNNING.lanes)
    drills.heard(replace(RUNNING, unit="left", lanes=lanes))
    if took_s is not None:
        drills.pressed()
        now_s[0] += took_s
        drills.pressed()  # a key that is held
    drills.heard(replace(ENDED, unit="left", **ended))
    assert words in said[-1]
    said.append("left: stopped, zero confirmed")
    drills.heard(Done())
    drills.heard(Done())
    came = took_s is not None and level > 0
    assert (words in said[-1]) is came, "what came of it is read last"
    assert sum(words in one for one in said) == 1 + came, "and not again and again"
    said.clear()
    drills.pressed()
    drills.heard(replace(ENDED, unit="left", reason=Reason.PANIC))
    assert not said, "it is over"
    await drills.begin(Drill("left", IDLE.address, "left", "a-plugin-that-has-gone"))
    assert "a-plugin-that-has-gone" in said[0]


async def test_a_drill_that_is_refused_is_none_and_while_something_runs_there_is_none(home: Home) -> None:
    client = Air()
    client.refuse = Refusal(code=Exit.REFUSED, text="two hours of rest")
    async with app_of(home, client).run_test() as pilot:
        await assert_seen(pilot, lambda: rows(pilot)[0].startswith("left  "))
        await pilot.press("r", "y", "enter")
        await assert_seen(pilot, lambda: "two hours of rest" in text_of(pilot, "#note"))
        await pilot.press("f12")
        client.tell(replace(ENDED, unit="left", reason=Reason.PANIC))
        await settle(pilot)
        assert "drill" not in text_of(pilot, "#note")
        client.show(RUNNING)
        await settle(pilot)
        await pilot.press("6", "r")
        await assert_seen(pilot, lambda: "a session is under way" in text_of(pilot, "#note"))
    assert not any(one.topic is Topic.DRILL for one in home.diary.checks)


LOOKED = replace(IDLE, unit="left", state=State.READY, program="tens-ankle", lanes=RUNNING.lanes[1:])


@pytest.mark.control("C-77", "C-38")
async def test_the_doctor_looks_beside_the_session_he_makes_and_ends_with_his_dialog(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Air(IDLE, zeroes=False)
    ended: list[str] = []
    again = asyncio.Event()

    async def checkup(
        _options: HostOptions, unit: str | None, looking: Callable[[str], None]
    ) -> AsyncIterator[Finding]:
        try:
            yield good("clock", "it is right")
            looking(f"looking for {unit}")
            client.show(LOOKED)
            await pilot.pause()
            client.show(replace(LOOKED, state=State.ENDED))
            client.tell(replace(ENDED, unit="left", reason=Reason.STOPPED, level_max={}, started_at=None))
            await pilot.pause()
            yield bad("stop", "left did not prove the stop", "switch it off by hand", Exit.NOT_CONFIRMED)
            await again.wait()
        finally:
            ended.append("closed")

    monkeypatch.setattr(doctor, "checkup", checkup)
    async with app_of(home, client).run_test(size=(40, 12)) as pilot:
        await assert_seen(pilot, lambda: rows(pilot)[0].startswith("left  "))
        await pilot.press("d")
        await assert_seen(
            pilot, lambda: "→ switch it off" in str(pilot.app.screen.query_one("#findings", Static).render())
        )
        assert isinstance(pilot.app.screen, Doctor), "what he makes is not shown as a session, nor its end"
        assert "ok  clock: it is right" in str(pilot.app.screen.query_one("#findings", Static).render())
        in_sight(pilot, "#question")
        in_sight(pilot, "#stop")
        await assert_stops(pilot, client)
        again.set()
        await assert_seen(pilot, lambda: "no session could start here" in text_of(pilot, "#question"))
        await pilot.press("escape")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, UnitsPlace))
        assert ended == ["closed"]
        again.clear()
        await pilot.press("d")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Doctor) and len(client.units) == 2)
        client.show(replace(RUNNING, unit="left"))
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Session))
        await assert_seen(pilot, lambda: len(ended) == 2)


@pytest.mark.control("C-09")
def test_an_end_without_a_proof_is_shown_whoever_looked() -> None:
    """The model alone: what the doctor links may have been on before he came."""
    model = Model(lambda: None, lambda: None)
    for unproved in (False, True):
        model.look_at(LOOKED.address)
        model.heard(LOOKED)
        assert model.view.looked_at
        model.heard(replace(ENDED, unit="left", level_max={}, stop_confirmed=not unproved, may_be_on=unproved))
        assert (model.view.ended is not None) is unproved
    model.look_at(LOOKED.address)
    model.heard(replace(LOOKED, state=State.RAMPING))
    assert not model.view.looked_at, "somebody plays on it"
    model.look_at(LOOKED.address)
    model.heard(replace(LOOKED, state=State.ENDED))
    model.look_at("")
    model.heard(LOOKED)
    assert not model.view.looked_at, "a session that waits for a person is shown, once nobody looks any more"


async def test_choosing_by_u_is_still_what_chooses(home: Home) -> None:
    client = Air()
    async with app_of(home, client).run_test() as pilot:
        await assert_seen(pilot, lambda: rows(pilot)[0].startswith("left  "))
        await pilot.press("a")
        await assert_seen(pilot, lambda: "near (-58 dBm)" in rows(pilot)[0])
        assert app_in(pilot).model.start_unit is None
        await pilot.press("2")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("u")
        await assert_seen(pilot, lambda: app_in(pilot).model.start_unit == "left")


@pytest.mark.control("C-77")
async def test_a_drill_whose_host_has_gone_makes_no_drill_of_a_later_session(home: Home) -> None:
    client = Air()
    second = ScriptedClient(replace(IDLE, unit="left"))
    pulse = Pulse()
    app = SessionApp(client, (), Successors(second), pulse, options=home.options, opening="units")
    async with app.run_test() as pilot:
        await assert_seen(pilot, lambda: rows(pilot)[0].startswith("left  "))
        await run_drill(pilot, client)
        client.die()
        await settle(pilot)
        await pulse.advance(10)
        second.show(replace(RUNNING, unit="left"))
        await settle(pilot)
        await pilot.press("f12")
        await settle(pilot)
        assert not app.model.view.note.startswith("Stop drill")
    assert not [one for one in home.diary.checks if one.topic is Topic.DRILL]
