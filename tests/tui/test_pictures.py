"""One picture for each promise: the list, a session, old figures, a lost controller, the end."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from estim.core.vocabulary import State
from estim.tui.app import SessionApp
from estim.tui.screens import Choose
from tests.tui.scripted import ALARM, ENDED, LANES, RUNNING, Pulse, ScriptedWire, screen_of, settle

Compare = Callable[..., bool]
Act = Callable[[ScriptedWire, Pilot[int]], Awaitable[None]]

STALE = replace(
    RUNNING,
    stale=True,
    told_age_s=4.2,
    lanes=(replace(LANES[0], hi=14, held_by="the unit has not said its level lately"), LANES[1]),
    alarms=(ALARM,),
)


@pytest.fixture
def pictured(snap_compare: Compare) -> Callable[[ScriptedWire, Act], bool]:
    """Return what compares the screen on a host, after an act, with the picture that is kept."""

    def compare(wire: ScriptedWire, act: Act, size: tuple[int, int] = (80, 24)) -> bool:
        async def before(pilot: Pilot[int]) -> None:
            await settle(pilot)
            await act(wire, pilot)
            await settle(pilot)

        return snap_compare(screen_of(wire, pulse=Pulse()), terminal_size=size, run_before=before)

    return compare


async def nothing(wire: ScriptedWire, pilot: Pilot[int]) -> None:
    """Look at it as it is."""
    assert isinstance(pilot.app, SessionApp)
    assert not wire.dead


async def end(wire: ScriptedWire, _pilot: Pilot[int]) -> None:
    """End the session."""
    wire.show(replace(RUNNING, state=State.ENDED, out="off"))
    wire.tell(ENDED)


async def lose(wire: ScriptedWire, pilot: Pilot[int]) -> None:
    """Lose the controller."""
    wire.show(RUNNING)
    await settle(pilot)
    wire.die()


async def goal(wire: ScriptedWire, pilot: Pilot[int]) -> None:
    """Stand in the goal field: a cursor is in sight, and doesn't blink."""
    assert isinstance(pilot.app.screen, Choose)
    pilot.app.screen.query_one("#goal").focus()


def test_the_list_before_a_start(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedWire(), nothing)


def test_a_field_of_the_list(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedWire(), goal)


def test_a_simulated_session(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedWire(replace(RUNNING, simulated=True)), nothing)


def test_a_narrow_session(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedWire(RUNNING), nothing, size=(50, 24))


def test_old_figures(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedWire(STALE), nothing)


def test_a_lost_controller(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedWire(RUNNING), lose)


def test_the_end(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedWire(RUNNING), end)
