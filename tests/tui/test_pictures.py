"""One picture for each promise: the list, sessions large and small, old figures, a lost controller, the end."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from estim.core.messages.shown import Snapshot
from estim.core.values import replace
from estim.core.values import replace as replaced
from estim.core.vocabulary import State
from estim.tui.app import SessionApp
from estim.tui.choose import Choose
from tests.tui.scripted import (
    ALARM,
    ENDED,
    LANES,
    OFFERS,
    RUNNING,
    Pulse,
    ScriptedClient,
    Successors,
    screen_of,
    settle,
)
from tests.tui.test_in_sight import LOST, PHASES, PULSE

pytestmark = pytest.mark.usefixtures("in_utc")

Compare = Callable[..., bool]
Act = Callable[[ScriptedClient, Pilot[int]], Awaitable[None]]

STALE = replace(
    RUNNING,
    stale=True,
    told_age_s=4.2,
    lanes=(replace(LANES[0], hi=14, held_by="the unit has not said its level lately"), LANES[1]),
    alarms=(ALARM,),
)


@pytest.fixture
def pictured(snap_compare: Compare) -> Callable[[ScriptedClient, Act], bool]:
    """Return what compares the screen on a host, after an act, with the picture that is kept."""

    def compare(client: ScriptedClient, act: Act, size: tuple[int, int] = (80, 24)) -> bool:
        async def before(pilot: Pilot[int]) -> None:
            await settle(pilot)
            await act(client, pilot)
            await settle(pilot)

        return snap_compare(screen_of(client, pulse=Pulse()), terminal_size=size, run_before=before)

    return compare


async def nothing(client: ScriptedClient, pilot: Pilot[int]) -> None:
    """Look at it as it is."""
    assert isinstance(pilot.app, SessionApp)
    assert not client.dead


async def end(client: ScriptedClient, _pilot: Pilot[int]) -> None:
    """End the session."""
    client.show(replace(RUNNING, state=State.ENDED, out="off"))
    client.tell(ENDED)


async def lose(client: ScriptedClient, pilot: Pilot[int]) -> None:
    """Lose the controller."""
    client.show(RUNNING)
    await settle(pilot)
    client.die()


async def goal(client: ScriptedClient, pilot: Pilot[int]) -> None:
    """Stand in the goal field: a cursor is in sight, and doesn't blink."""
    assert isinstance(pilot.app.screen, Choose)
    pilot.app.screen.query_one("#goal").focus()


def test_the_list_before_a_start(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedClient(), nothing)


def test_a_field_of_the_list(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedClient(), goal)


def test_a_simulated_session(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedClient(replace(RUNNING, simulated=True)), nothing)


def test_a_narrow_session(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedClient(RUNNING), nothing, size=(50, 24))


def test_old_figures(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedClient(STALE), nothing)


def test_a_lost_controller(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedClient(RUNNING), lose)


def test_the_end(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedClient(RUNNING), end)


COURSE = replace(
    RUNNING, phases=PHASES, pulse=PULSE, phase="main", phase_number=2, elapsed_s=600.0, left_s=600.0, simulated=True
)


async def play(client: ScriptedClient, pilot: Pilot[int]) -> None:
    """Play some minutes, with a level that rises."""
    for second in range(0, 600, 30):
        level = min(20, second // 20)
        client.show(replace(COURSE, elapsed_s=float(second), lanes=(replace(LANES[0], lo=level, hi=level), LANES[1])))
        await pilot.pause()
    client.show(COURSE)


async def look_at_a_locked_one(client: ScriptedClient, pilot: Pilot[int]) -> None:
    """Move to a program that can't be started."""
    assert not client.dead
    pilot.app.screen.query_one("#programs", OptionList).highlighted = 1


def test_a_session_with_its_course_and_its_levels_so_far(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedClient(COURSE), play, size=(120, 36))


def test_a_session_in_forty_columns_and_twelve_rows(pictured: Callable[..., bool]) -> None:
    assert pictured(ScriptedClient(COURSE), nothing, size=(40, 12))


def test_two_units_beside_each_other(pictured: Callable[..., bool]) -> None:
    right = replace(LOST, unit="right", lanes=LANES[:1], lost_at=None, state=State.PAUSED, stale=False, alarms=())
    assert pictured(ScriptedClient(replace(COURSE, unit="left"), right), nothing, size=(120, 36))


def test_a_locked_program(snap_compare: Compare) -> None:
    offers = (OFFERS[0], replaced(OFFERS[1], locked="it holds a muscle contracted", never="Not behind the knee."))
    client = ScriptedClient()

    async def before(pilot: Pilot[int]) -> None:
        await settle(pilot)
        await look_at_a_locked_one(client, pilot)
        await settle(pilot)

    app = SessionApp(client, offers, Successors(), Pulse())
    assert snap_compare(app, terminal_size=(80, 24), run_before=before)


PROMISES: dict[str, tuple[Snapshot | None, Act]] = {
    "the list before a start": (None, nothing),
    "a field of the list": (None, goal),
    "a simulated session": (replace(RUNNING, simulated=True), nothing),
    "old figures": (STALE, nothing),
    "a lost link": (LOST, nothing),
    "a lost controller": (RUNNING, lose),
    "the end": (RUNNING, end),
}
KINDS = [((120, 40), False), ((80, 24), True)]


@pytest.mark.parametrize(("size", "plain"), KINDS, ids=["wide", "without-colour"])
@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: one.replace(" ", "-"))
def test_a_promise_of_the_session_is_kept(
    pictured: Callable[..., bool], monkeypatch: pytest.MonkeyPatch, promise: str, size: tuple[int, int], plain: bool
) -> None:
    unit, act = PROMISES[promise]
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")
    assert pictured(ScriptedClient(*([unit] if unit else [])), act, size=size)
