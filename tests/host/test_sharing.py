"""The supervisor shares the radio: a scan goes beside a session, and what is opened to stop a unit says so."""

import asyncio
from pathlib import Path

import pytest

from estim.core.messages.commands import Done, Found, Scan
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.host.supervisor import Supervisor
from simulator.memory import Expected, MemoryAir, MemoryLink
from simulator.registry import make
from simulator.trace import silent
from tests.host.test_supervisor import PLAY, House, Seat, folder

__all__ = ["folder"]


@pytest.mark.control("C-57")
def test_a_scan_beside_a_session_is_answered_and_the_session_plays_on(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        play = replace(PLAY, unit=house.twins[0].address)
        assert isinstance(await supervisor.ask(seat, play), Done)
        await asyncio.sleep(20)
        assert house.level() == 3
        reply = await supervisor.ask(Seat(), Scan(4.0))
        assert isinstance(reply, Found)
        assert [one.address for one in reply.units] == [house.twins[1].address]  # a connected unit doesn't advertise
        assert house.level() == 3
        scanning = asyncio.get_running_loop().create_task(supervisor.ask(Seat(), Scan(30.0)))
        await asyncio.sleep(1)
        stopped = await supervisor.ask(seat, Stop())
        assert isinstance(stopped, Done)
        assert not scanning.done()
        await scanning

    house = House(folder, "em70")
    house.twins += make(house.setup, lambda _unit: silent, number=2)
    house.air = MemoryAir(house.twins, faults=house.setup.radio)
    house.run(life)


class NotedAir(MemoryAir):
    """A radio that notes what each link was opened for."""

    def __init__(self, house: House) -> None:
        super().__init__(house.twins, faults=house.setup.radio)
        self.noted: list[bool] = []

    def link(self, address: str, family: Expected, *, to_stop: bool = False) -> MemoryLink:
        self.noted.append(to_stop)
        return super().link(address, family)


@pytest.mark.control("C-57")
def test_a_link_that_is_opened_again_is_opened_to_stop_and_the_first_one_is_not(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        assert isinstance(await supervisor.ask(Seat(), PLAY), Done)
        await asyncio.sleep(60)
        assert air.noted[0] is False
        assert len(air.noted) > 1
        assert all(air.noted[1:])

    house = House(folder, "em70:cut=15+5")
    air = house.air = NotedAir(house)
    house.run(life)


@pytest.mark.control("C-57")
def test_what_a_dead_host_left_behind_is_looked_for_to_stop_it(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await house.leave_open()
        await supervisor.sessions.recover()
        await asyncio.sleep(10)
        assert air.noted
        assert all(air.noted)

    house = House(folder, "em70")
    air = house.air = NotedAir(house)
    house.run(life)
