"""The desk on software units and time that jumps: what is answered is so, and no session plays for nobody."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from estim.core.errors import Exit
from estim.core.panel import Done, Refusal, Start, State, Stop
from estim.host.clock import new_loop
from estim.host.control import Front
from estim.host.desk import Desk
from estim.host.home import find_home
from estim.host.journal import Journal
from estim.host.parts import Parts
from estim.host.rows import Opening
from estim.host.units import Units
from estim.settings import Settings
from protocols.driver import Driver, Family
from protocols.registry import family
from protocols.vocabulary import Channel, Op
from simulator.radio import MemoryAir
from simulator.registry import make, read_line
from simulator.trace import silent
from simulator.twin import Twin

PLAY = Start(program="tens-ankle", minutes=5, level={Channel.A: 3}, pads_on=True)


class Seat(Front):
    """A front end without a socket."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.gone = False

    def tell(self, line: object) -> None:
        self.told.append(line)


class Breaking:
    """A driver with a bug: it raises at one of its polls."""

    def __init__(self, real: Driver) -> None:
        self.real = real
        self.polls = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def poll(self, now_s: float) -> list[Op]:
        self.polls += 1
        if self.polls == 60:
            raise RuntimeError("a bug in a driver")
        return self.real.poll(now_s)


class House:
    """A desk with its parts, on a loop whose time jumps."""

    def __init__(self, folder: Path, options: str) -> None:
        self.setup = read_line(options)
        self.twins: list[Twin] = make(self.setup, lambda _unit: silent)
        self.made: Family = family(self.setup.family)
        self.home = find_home(str(folder))
        self.home.prepare()
        self.loop, self.clock = new_loop("max")
        self.leaving = asyncio.Event()

    def run(self, life: Callable[["House", Desk], Awaitable[None]]) -> None:
        """Let somebody use the desk, then end it."""

        async def whole() -> None:
            self.journal = await Journal.open(self.home.simulated, simulated=True)
            try:
                desk = Desk(self.parts(), solo=False, leaving=self.leaving)
                await life(self, desk)
                await desk.close()
            finally:
                await self.journal.close()

        try:
            self.loop.run_until_complete(whole())
        finally:
            self.loop.close()

    def parts(self) -> Parts:
        return Parts(
            clock=self.clock,
            air=MemoryAir(self.twins, faults=self.setup.radio),
            journal=self.journal,
            home=self.home,
            settings=Settings(),
            units=Units(self.home.units_file),
            families=lambda: (self.made,),
            pid=os.getpid(),
        )

    def level(self) -> int:
        level: int = self.twins[0].level("A")
        return level

    async def leave_open(self) -> None:
        """Leave a session behind as a host does that was killed."""
        row = Opening(
            program="tens-ankle",
            unit=self.made.name,
            address=self.twins[0].address,
            family=self.made.name,
            sites=(),
            simulated=True,
            started=self.clock.now(),
            length_s=1200,
        )
        await self.journal.begin(row)


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="estim-") as name:
        yield Path(name)


@pytest.mark.control("C-09")
def test_a_recovery_that_is_not_proved_is_never_called_confirmed(folder: Path) -> None:
    async def life(house: House, desk: Desk) -> None:
        await house.leave_open()
        await desk.recover()
        reply = await desk.ask(Seat(), Stop())
        assert isinstance(reply, Refusal)
        assert reply.code == Exit.NOT_CONFIRMED
        again = await desk.ask(Seat(), Stop())
        assert isinstance(again, Refusal)
        assert again.code == Exit.NOT_CONFIRMED

    House(folder, "coyote3:mute").run(life)


@pytest.mark.control("C-12")
def test_a_recovery_that_found_nobody_is_tried_again_by_the_next_host(folder: Path) -> None:
    async def life(house: House, desk: Desk) -> None:
        house.twins[0].hand(0.0, "power-off")
        await house.leave_open()
        await desk.recover()
        assert isinstance(await desk.ask(Seat(), Stop(reason="interrupted")), Refusal)
        await desk.close()
        assert len(await house.journal.open_sessions()) == 1

    House(folder, "em70").run(life)


def test_a_stop_before_anything_was_put_out_does_not_claim_a_proof(folder: Path) -> None:
    async def life(house: House, desk: Desk) -> None:
        seat = Seat()
        assert isinstance(await desk.ask(seat, PLAY), Done)
        reply = await desk.ask(seat, Stop())
        assert isinstance(reply, Done)
        assert "confirmed" not in reply.text

    House(folder, "em70").run(life)


@pytest.mark.control("C-12")
def test_after_a_bug_of_ours_the_unit_is_stopped_by_a_fresh_way(folder: Path) -> None:
    house = House(folder, "em70")
    real, made = house.made, []

    def connect(now_s: float, profile: str) -> Driver:
        driver = real.connect(now_s, profile)
        made.append(driver)
        return driver if len(made) > 1 else Breaking(driver)  # type: ignore[return-value] # it forwards all else

    house.made = replace(real, connect=connect)

    async def life(house: House, desk: Desk) -> None:
        assert isinstance(await desk.ask(Seat(), PLAY), Done)
        await asyncio.sleep(60)
        assert len(made) == 2
        assert house.level() == 0
        assert await house.journal.open_sessions() == []

    house.run(life)


@pytest.mark.control("C-41")
def test_a_front_end_that_vanished_while_its_start_was_prepared_gets_no_session(folder: Path) -> None:
    async def life(house: House, desk: Desk) -> None:
        seat = Seat()
        starting = asyncio.get_running_loop().create_task(desk.ask(seat, PLAY))
        await asyncio.sleep(1)
        desk.left(seat)
        reply = await starting
        assert isinstance(reply, Refusal)
        await asyncio.sleep(30)
        assert house.level() == 0
        assert not any(station.state is not State.ENDED for station in desk.overview().units)

    House(folder, "em70").run(life)


@pytest.mark.control("C-41")
def test_a_front_end_that_vanishes_takes_its_session_with_it(folder: Path) -> None:
    async def life(house: House, desk: Desk) -> None:
        seat = Seat()
        await desk.ask(seat, PLAY)
        await asyncio.sleep(20)
        assert house.level() == 3
        desk.left(seat)
        await asyncio.sleep(5)
        assert house.level() == 0

    House(folder, "em70").run(life)
