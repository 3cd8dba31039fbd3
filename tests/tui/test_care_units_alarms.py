"""The places for the care plan, the units and the history of alarms, with a real home behind them."""

from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from estim.config.care_plan import read_own_plan
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.config.settings import change_settings, read_settings
from estim.config.units import Unit, Units
from estim.core.care.plan import Stage
from estim.core.care.standing import Standing
from estim.core.days.diary import Check, Pain, Topic, When
from estim.core.messages.commands import Ask, Found, Reply, Scan, Sighting
from estim.core.values import replace
from estim.core.vocabulary import Priority, State
from estim.journal.database import stamp
from estim.journal.demo import make_demo
from estim.tui.agree import Agree
from estim.tui.app import SessionApp
from estim.tui.care import Told, steps_of
from estim.tui.pick import Pick
from estim.tui.typed import Typed
from estim.tui.unit_rows import Shelf, rows_of, text_of_row
from protocols.vocabulary import Channel
from tests.tui.scripted import IDLE, OFFERS, RUNNING, Pulse, ScriptedClient, Successors, asked_of, text_of
from tests.tui.test_log import rows
from tests.tui.test_today import NOW, Home, assert_seen

ADDRESS = "C0:70:7E:03:00:01"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


class Air(ScriptedClient):
    """A host that hears one unit."""

    async def ask(self, command: Ask) -> Reply:
        """Answer a scan."""
        if isinstance(command, Scan):
            one = Sighting(address=ADDRESS, name="47L121000", family="coyote3", sure=True, rssi_dbm=-58)
            return Found((one,))
        return await super().ask(command)


async def test_the_plan_shows_its_steps_gates_and_what_is_still_needed(home: Home) -> None:
    async with home.app(ScriptedClient(), "care").run_test(size=(80, 50)) as pilot:
        await assert_seen(pilot, lambda: "not begun: b begins it" in text_of(pilot, "#care-stage"))
        coming = text_of(pilot, "#care-steps").split("\n")
        assert coming[0] == "1     Rest (from the first day on)"
        assert "(later: rest" not in "".join(coming)
        await pilot.press("b")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Typed))
        await pilot.press("enter")
        await assert_seen(pilot, lambda: "resting, day 1" in text_of(pilot, "#care-stage"))
        steps = text_of(pilot, "#care-steps").split("\n")
        assert [line[0] for line in steps if line[:1].isdigit()] == list("12345678")
        assert any("(later: " in line for line in steps)
        assert text_of(pilot, "#care-gates").startswith("  NO ")
        await pilot.press("n")
        await assert_seen(pilot, lambda: text_of(pilot, "#note").startswith("not yet: "))


async def test_a_run_is_planned_only_where_the_gates_are_open_and_cancelled_by_a_key(home: Home) -> None:
    calm = [Pain(at=NOW - timedelta(days=ago), score=0, when=When.WORST) for ago in range(9)]
    home.write([Check(at=NOW - timedelta(days=20), topic=Topic.CARE, answer="begin"), *calm])
    async with home.app(ScriptedClient(), "care").run_test(size=(80, 50)) as pilot:
        await assert_seen(pilot, lambda: "a trial run is possible" in text_of(pilot, "#care-stage"))
        await pilot.press("n")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Pick))
        await pilot.press("1")
        await assert_seen(pilot, lambda: "a run is planned for" in text_of(pilot, "#care-run"))
        await pilot.press("c")
        await assert_seen(pilot, lambda: "no run is planned" in text_of(pilot, "#care-run"))


@pytest.mark.control("C-45")
async def test_a_red_flag_ends_the_plan_at_once_and_only_a_look_begins_it_anew(home: Home) -> None:
    home.write([Check(at=NOW - timedelta(days=2), topic=Topic.CARE, answer="begin")])
    async with home.app(ScriptedClient(), "care").run_test() as pilot:
        await assert_seen(pilot, lambda: "resting" in text_of(pilot, "#care-stage"))
        await pilot.press("r", "1")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Agree))
        assert not [check for check in home.diary.checks if check.topic is Topic.RED_FLAG]
        await pilot.press("y")
        await assert_seen(pilot, lambda: "RED FLAG" in text_of(pilot, "#care-flag"))
        assert "the plan has ended" in text_of(pilot, "#care-stage")
        await pilot.press("b")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Typed))
        await pilot.press("enter")
        await assert_seen(pilot, lambda: "who has had a look" in text_of(pilot, "#note"))
        assert not [check for check in home.diary.checks if check.answer == "begin"][1:]


async def _type(pilot: Pilot[int], key: str, *typed: str) -> None:
    await pilot.press(key)
    await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Typed))
    await pilot.press(*typed, "enter")


async def test_a_unit_is_scanned_named_capped_and_forgotten(home: Home) -> None:
    async with home.app(Air(), "units").run_test() as pilot:
        await assert_seen(pilot, lambda: rows(pilot) == ["no unit is remembered: switch it on, then a scans"])
        await pilot.press("a")
        await assert_seen(pilot, lambda: "-58 dBm" in rows(pilot)[0])
        assert "not remembered" in rows(pilot)[0]
        await _type(pilot, "n", *"calf")
        await assert_seen(pilot, lambda: rows(pilot)[0].startswith("calf  "))
        await _type(pilot, "p", "A", "equals_sign", "4", "0")
        await assert_seen(pilot, lambda: "highest levels: A 40" in text_of(pilot, "#detail"))
        assert next(iter(Units.load(home.options.place))).cap == {Channel.A: 40}
        await _type(pilot, "p", *"999")
        await assert_seen(pilot, lambda: "0 to 200" in asked_of(pilot))
        await pilot.press("escape", "e", "1")
        await assert_seen(pilot, lambda: read_settings(home.options.place.settings_file).site is not None)
        await pilot.press("x", "y")
        await assert_seen(pilot, lambda: "not remembered" in rows(pilot)[0])
    assert not list(Units.load(home.options.place))


async def test_a_linked_unit_tells_its_battery_and_the_drill_is_told(home: Home) -> None:
    from estim.core.values import replace

    client = ScriptedClient(replace(IDLE, battery=64, heard_age_s=0.2))
    async with home.app(client, "units").run_test() as pilot:
        await assert_seen(pilot, lambda: "linked, battery 64 %" in rows(pilot)[0])
        assert "Stop drill (r)" in text_of(pilot, "#detail")


async def test_what_rang_is_kept_and_told_newest_first(home: Home) -> None:
    async with home.app(ScriptedClient(), "alarms").run_test() as pilot:
        await assert_seen(pilot, lambda: rows(pilot) == ["no alarm has ever rung here"])
    with home.journal() as journal:
        for number, (priority, text) in enumerate(((Priority.LOW, "battery low"), (Priority.HIGH, "link lost"))):
            at = stamp(NOW + timedelta(minutes=number))
            journal.db.execute("INSERT INTO alarm VALUES (NULL, ?, ?, ?, 'look')", (at, priority.value, text))
        journal.db.commit()
    async with home.app(ScriptedClient(), "alarms").run_test() as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) == 2)
        assert "!!! ALARM: link lost → look (outside a session)" in rows(pilot)[0]
        assert "! note: battery low" in rows(pilot)[1]


async def test_where_no_alarm_has_rung_none_are_counted(home: Home) -> None:
    async with home.app(ScriptedClient(), "alarms").run_test() as pilot:
        await assert_seen(pilot, lambda: rows(pilot) == ["no alarm has ever rung here"])
        assert text_of(pilot, "#heading") == "History of alarms"


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ("any", "pads usually: no side is set (e)"),
        ("left", "pads usually: left leg"),
        ("ankle-left", "pads usually: ankle-left"),
        (None, "pads usually: no side is set (e)"),
    ],
)
async def test_where_the_pads_usually_are_is_told_in_words(site: str | None, told: str, home: Home) -> None:
    home.options.place.prepare()
    change_settings(home.options.place.settings_file, "site", site)
    async with home.app(ScriptedClient(), "units").run_test() as pilot:
        await assert_seen(pilot, lambda: told in text_of(pilot, "#detail").split("\n"))


def test_a_step_of_a_stage_that_is_over_is_not_said_to_come() -> None:
    plan = read_own_plan(Path("nowhere.toml"))
    told = Told(plan=plan, now=Standing(stage=Stage.BUILD, since=NOW.date(), day=3))
    lines = steps_of(told)
    assert lines[0] == "1     Rest (not now, but in: rest)"
    assert not any("later: build" in line for line in lines)


def test_a_unit_on_the_air_has_the_name_of_its_session_and_is_said_to_have_one() -> None:
    heard = (Sighting(address=ADDRESS, name="47L121000", family="coyote3", sure=True, rssi_dbm=-58),)
    playing = replace(RUNNING, address=ADDRESS.lower(), unit="calf", battery=64)
    for shelf in (Shelf(), Shelf(software=True)):
        [row] = rows_of(shelf, heard, NOW, (playing,))
        assert (row.name, row.busy, row.linked, row.battery) == ("calf", True, True, 64)
    [before] = rows_of(Shelf(software=True), heard, NOW)
    assert before.name == "coyote3", "so it is called once it plays"
    two = (*heard, replace(heard[0], address="C0:70:7E:03:00:02", name="47L121001"))
    assert [row.name for row in rows_of(Shelf(software=True), two, NOW)] == ["47L121000", "47L121001"]


async def test_a_software_unit_is_not_called_unremembered_and_says_what_only_real_ones_can(tmp_path: Path) -> None:
    make_demo(find_home(str(tmp_path)))
    options = HostOptions(home=str(tmp_path), simulate="coyote3")
    client = Air(replace(IDLE, simulated=True, address=ADDRESS))
    app = SessionApp(client, OFFERS, Successors(), Pulse(), options=options, opening="units")
    async with app.run_test() as pilot:
        await pilot.press("a")
        await assert_seen(pilot, lambda: text_of(pilot, "#note") == "1 unit in range")
        assert [row.split()[:2] for row in rows(pilot)] == [["coyote3", "coyote3"]]
        for key in ("n", "p", "x"):
            app.model.say("")
            await pilot.press(key)
            await assert_seen(pilot, lambda: "only real units can be named" in text_of(pilot, "#note"))
            assert not isinstance(app.screen, Typed | Pick)


def test_a_unit_that_has_just_played_or_is_lost_is_not_said_to_be_unseen() -> None:
    unit = Unit(name="left", address=IDLE.address, family="coyote3", added_utc=NOW)
    for shown, told in (
        (replace(RUNNING, state=State.ENDED), "its session has ended"),
        (replace(RUNNING, state=State.STOPPING, lost_at=NOW.isoformat()), "link lost"),
        (replace(IDLE, state=State.ENDED, heard_age_s=None), "not seen yet (a scans)"),
        (RUNNING, "linked"),
    ):
        [row] = rows_of(Shelf((unit,)), (), None, (shown,))
        assert f", {told}," in f", {text_of_row(row)[31:]}, ".replace(",  ", ", ")
