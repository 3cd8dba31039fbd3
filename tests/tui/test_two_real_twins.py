"""Two software units under a real host, started from the screen: what is true of them is what they say themselves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from estim.catalogue.programs import shipped
from estim.client.consent import READ_S
from estim.clock import new_loop
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.core.messages.commands import Ask, Reply
from estim.core.messages.lines import Line
from estim.host.main import joined
from estim.host.server import Connection
from estim.host.supervisor import Supervisor
from estim.tui.app import SessionApp
from estim.tui.choose import Choose
from estim.tui.offers import offers_of
from estim.tui.session import Session
from estim.tui.summary import Summary
from simulator.memory import MemoryAir
from tests.tui.scripted import text_of

LIFE_MAX_S = 3600.0
"""Longest life of all this, in its own time."""


class Here(Connection):
    """A front end in the host's own process: what goes over no socket is said at once."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue(10_000)
        self.gone = False

    def tell(self, line: Line) -> None:
        self._lines.put_nowait(line)

    async def ask(self, command: Ask) -> Reply:
        return await self._supervisor.ask(self, command)

    async def lines(self) -> AsyncIterator[Line]:
        while (line := await self._lines.get()) is not None:
            yield line

    async def lives(self) -> bool:
        return True

    async def close(self) -> None:
        """Vanish, as far as the host can tell."""
        self._supervisor.left(self)


class Room:
    """The screen, its host, and what the units say."""

    def __init__(self, pilot: Pilot[int], air: MemoryAir, supervisor: Supervisor) -> None:
        self.pilot = pilot
        self.air = air
        self.supervisor = supervisor

    @property
    def levels(self) -> list[int]:
        """What the two units put out on A."""
        return [self.level(unit) for unit in ("coyote3", "em70")]

    def level(self, family: str) -> int:
        station = next(one for one in self.air._stations.values() if one.twin.address == self.address(family))
        station.live()
        level: int = station.twin.level("A")
        return level

    def address(self, family: str) -> str:
        return next(one.address for one in self.app.model.choice.known if one.family == family)

    @property
    def app(self) -> SessionApp:
        assert isinstance(self.pilot.app, SessionApp)
        return self.pilot.app

    @property
    def states(self) -> list[str]:
        return [active.runner.session.state.value for active in self.supervisor.units]

    async def until(self, there: Callable[[], bool]) -> None:
        """Let time pass until something is so."""
        async with asyncio.timeout(120):
            while not there():
                await self.pilot.pause(0.1)

    async def order(self, goal: str) -> None:
        """Order both from the screen before a start."""
        await self.until(lambda: isinstance(self.pilot.app.screen, Choose))
        self.pilot.app.screen.query_one("#goal", Input).value = goal
        self.pilot.app.screen.query_one("#programs").focus()
        await self.pilot.press("enter", "enter", "enter", "enter")

    async def both_play(self) -> None:
        """Begin each by its number, and wait until each puts something out."""
        await self.until(lambda: self.states == ["ready", "ready"])
        await self.pilot.pause(3)
        await self.pilot.press("1", "2")
        await self.until(lambda: min(self.levels) > 0)


def live(folder: Path, life: Callable[[Room], Awaitable[None]]) -> None:
    """Let somebody sit at the screen of a host with two units, in time that jumps."""
    options = HostOptions(home=str(folder), simulate="coyote3;em70", speed="max")
    loop, clock = new_loop("max")

    async def whole() -> None:
        home = find_home(options.home)
        home.prepare()
        async with joined(options, home, clock) as services, asyncio.timeout(LIFE_MAX_S):
            supervisor = Supervisor(services, solo=False, leaving=asyncio.Event())

            async def again() -> Here:
                return Here(supervisor)

            app = SessionApp(Here(supervisor), offers_of(shipped()), again, options=options)
            assert isinstance(services.air, MemoryAir)
            async with app.run_test(size=(100, 30)) as pilot:
                await life(Room(pilot, services.air, supervisor))
            await supervisor.sessions.close()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(whole())


@pytest.mark.control("C-07")
@pytest.mark.control("C-62")
@pytest.mark.control("C-73")
def test_from_the_choice_to_the_stop_of_both_and_what_goes_wrong_on_one_is_both_ones_end(tmp_path: Path) -> None:
    async def life(room: Room) -> None:
        press = room.pilot.press
        await press("u")
        await room.until(lambda: len(room.app.model.choice.found) == 2)
        await press("b")
        await room.pilot.pause()
        await room.until(lambda: "Where are the pads" in text_of(room.pilot, "#question"))
        await press("1")
        await room.pilot.pause(READ_S)
        await press("1")
        await room.pilot.pause()

        await room.order("4 / 9999")  # the second one refuses: nothing of the first stays
        await room.until(lambda: "can't be started, so" in text_of(room.pilot, "#note"))
        await room.until(lambda: room.states == ["ended"])
        assert room.levels == [0, 0]

        await room.until(lambda: isinstance(room.pilot.app.screen, Summary))
        await press("enter")
        await room.order("4")
        await room.until(lambda: room.states == ["ready", "ready"])
        await room.until(lambda: isinstance(room.pilot.app.screen, Session))
        await press("enter", "enter", "enter")
        await room.pilot.pause(3)
        assert (room.states, room.levels) == (["ready", "ready"], [0, 0]), "no Enter begins one of two"
        await room.both_play()
        await press("f12")
        await room.until(lambda: room.states == ["ended", "ended"])
        assert room.levels == [0, 0], "one F12, and both say zero"

        await room.until(lambda: isinstance(room.pilot.app.screen, Summary))
        await press("enter")
        await room.order("4")
        await room.both_play()
        room.air.hand(room.address("em70"), "power-off")
        await room.until(lambda: room.level("coyote3") == 0)
        await room.until(lambda: room.states[0] == "ended")
        reasons = {active.name: active.runner.session.reason for active in room.supervisor.units}
        assert reasons["coyote3"] == "interrupted", "it was stopped because of the other"

    live(tmp_path, life)
