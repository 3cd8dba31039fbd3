"""Two units at once: beside each other where they fit, one of them lit, and one STOP for both."""

import pytest
from textual.pilot import Pilot

from estim.core.messages.commands import Arm, Resume, SetLevel
from estim.core.messages.lowering import Pause, Stop
from estim.core.messages.shown import Snapshot
from estim.core.values import replace
from estim.core.vocabulary import Reason, State
from estim.tui import wording
from estim.tui.pane import Pane
from estim.tui.session import Session
from estim.tui.summary import Summary
from estim.tui.widgets import LaneView
from protocols.vocabulary import Channel
from tests.tui.scripted import ALARM, ENDED, LANES, RUNNING, ScriptedClient, app_in, let_go, screen_of, settle
from tests.tui.test_in_sight import LOST, PHASES, PULSE, in_sight

LEFT = replace(RUNNING, unit="left", phases=PHASES, pulse=PULSE)
RIGHT = replace(RUNNING, unit="right", lanes=(replace(LANES[0], lo=7, hi=7),), phases=PHASES, pulse=PULSE)


def panes(pilot: Pilot[int]) -> list[Pane]:
    return list(pilot.app.screen.query(Pane))


def said(pane: Pane, selector: str) -> str:
    """Return what a part of a pane says; it must be drawn within the screen."""
    part = pane.query(selector).first()
    assert part.display, selector
    assert pane.app.screen.region.contains_region(part.region), selector
    return str(part.render())


@pytest.mark.control("C-73")
@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_two_units_stand_beside_each_other_with_levels_time_and_one_stop(size: tuple[int, int]) -> None:
    client = ScriptedClient(LEFT, RIGHT)
    async with screen_of(client).run_test(size=size) as pilot:
        await settle(pilot)
        one, other = panes(pilot)
        assert one.region.right <= other.region.x
        assert "left" in said(one, "#unit")
        assert "right" in said(other, "#unit")
        assert "A" in said(one, ".lane-level")
        assert "12" in said(one, ".lane-level")
        assert "7" in said(other, ".lane-level")
        for pane in (one, other):
            assert "running" in said(pane, "#state")
        assert len(pilot.app.screen.query("#stop")) == 1
        in_sight(pilot, "#stop")
        assert not pilot.app.screen.query_one("#others").display, "both are in sight"
        await pilot.press("s")
        await settle(pilot)
        assert client.stops == [Stop()], "one stop for all"
        assert isinstance(pilot.app.screen, Summary)


@pytest.mark.control("C-73")
async def test_the_level_keys_are_meant_for_the_lit_unit_only_and_its_number_lights_it() -> None:
    client = ScriptedClient(LEFT, RIGHT)
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for key, unit in (("2", "right"), ("1", "left"), ("u", "right"), ("3", "right"), ("u", "left")):
            await pilot.press(key)
            lit = [view for view in pilot.app.screen.query(LaneView) if view.has_class("-chosen")]
            assert len(lit) == 1, "one channel on the whole screen"
            await pilot.press("plus")
            assert client.asked[-1] == SetLevel(channel=Channel.A, by=1, unit=unit), key


async def test_a_unit_that_waits_for_its_pads_is_started_alone() -> None:
    client = ScriptedClient(LEFT, replace(RIGHT, state=State.READY, out="off", pulse=None))
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        assert not any(isinstance(command, Arm) for command in client.asked), "the lit one plays already"
        await let_go()
        await pilot.press("2", "enter")
        assert client.asked[-1] == Arm("right")


async def test_escape_takes_both_down_softly() -> None:
    client = ScriptedClient(LEFT, RIGHT, zeroes=False)
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("escape")
        assert client.stops == [Stop(soft=True)]


@pytest.mark.control("C-73")
async def test_a_lost_link_and_an_alarm_are_told_with_the_unit_that_has_them_lit_or_not() -> None:
    lost = replace(LOST, unit="right", simulated=False, lanes=RIGHT.lanes, alarms=(ALARM,))
    client = ScriptedClient(LEFT, lost)
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        one, other = panes(pilot)
        assert not one.query_one("#lost").display
        assert "LINK LOST since" in said(other, "#lost")
        assert "A 7 may be on" in said(other, "#lost")
        assert "ALARM" in said(other, "#alarm-0")
        assert "running" in said(one, "#state")


async def test_one_that_has_ended_leaves_the_room_to_the_other() -> None:
    client = ScriptedClient(LEFT, RIGHT)
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        client.show(replace(LEFT, state=State.ENDED, out="off"))
        client.tell(replace(ENDED, unit="left", reason=Reason.COMPLETED))
        await settle(pilot)
        assert isinstance(pilot.app.screen, Session)
        (pane,) = panes(pilot)
        assert "right" in said(pane, "#unit")
        assert pane.region.width == 100
        await pilot.press("plus")
        assert client.asked[-1] == SetLevel(channel=Channel.A, by=1, unit="right")


async def test_four_units_are_four_panes_where_they_fit_and_the_rest_is_told() -> None:
    units: list[Snapshot] = [replace(RIGHT, unit=name) for name in ("one", "two", "three", "four")]
    client = ScriptedClient(*units)
    async with screen_of(client).run_test(size=(160, 30)) as pilot:
        await settle(pilot)
        assert len(panes(pilot)) == 4
        await pilot.press("4")
        await pilot.resize_terminal(100, 30)
        await settle(pilot)
        assert {pane.unit for pane in panes(pilot)} == {"four", "one"}, "the lit one is among them"
        assert in_sight(pilot, "#others") == "also on: two: A 7; three: A 7 (u)"


async def test_one_key_pauses_both_and_leads_up_again_only_where_both_are_paused() -> None:
    client = ScriptedClient(LEFT, replace(RIGHT, state=State.PAUSED))
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("space")
        assert [one for one in client.asked if isinstance(one, Pause | Resume)] == [Pause("left")]
        await let_go()
        await pilot.press("space")
        assert client.asked[-2:] == [Resume("left"), Resume("right")]


@pytest.mark.control("C-09")
@pytest.mark.parametrize("first", ["left", "right"])
async def test_an_end_that_is_not_proved_is_never_hidden_by_one_that_is(first: str) -> None:
    client = ScriptedClient(LEFT, RIGHT, zeroes=False)
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for unit in (first, "right" if first == "left" else "left"):
            proved = unit == "right"
            client.show(replace(client.units[unit], state=State.ENDED, out="off" if proved else "maybe"))
            client.tell(replace(ENDED, unit=unit, stop_confirmed=proved))
            await settle(pilot)
        assert isinstance(pilot.app.screen, Summary)
        assert "NO: look at the unit" in in_sight(pilot, "#sum-stop")
        assert in_sight(pilot, "#program").endswith("left")
        assert in_sight(pilot, "#sum-on").endswith("A 12")
        assert in_sight(pilot, "#sum-others").startswith("right: tens-ankle: completed after 20:00 min")
        assert wording.exit_code(app_in(pilot).model.last_ended) == 80
