"""What another process changes of a unit holds for the next session; the one that runs keeps its caps and its name."""

import asyncio
from pathlib import Path

import pytest

from estim.config.units import Units
from estim.core.messages.commands import Done, Found, Refusal, Scan, Start
from estim.core.messages.lowering import Stop
from estim.core.vocabulary import State
from estim.host.orders import Orders
from estim.host.supervisor import Supervisor
from protocols.vocabulary import Channel
from simulator.weather import RadioFaults
from tests.host.test_supervisor import PLAY, REAL, House, Seat, folder, words

__all__ = ["folder"]

UP = Start(program="tens-ankle", minutes=5, level={Channel.A: 8}, pads_on=True, override=("gap",))


@pytest.mark.control("C-64")
def test_a_cap_that_is_lowered_holds_for_the_next_session_of_a_host_that_runs(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        assert isinstance(await supervisor.ask(Seat(), UP), Done)
        await asyncio.sleep(30)
        assert house.level() == 8
        elsewhere = Units.load(house.home)
        elsewhere.set_cap("coyote3", {Channel.A: 5, Channel.B: 5})
        await asyncio.sleep(10)
        assert house.level() == 8, "a session that runs keeps the caps with which it began"
        await supervisor.ask(Seat(), Stop())
        refused = await supervisor.ask(Seat(), UP)
        assert isinstance(refused, Refusal)
        assert "remembered for coyote3" in refused.text

    House(folder, "coyote3").run(life)


@pytest.mark.control("C-64")
def test_a_unit_that_is_renamed_while_it_plays_is_stopped_by_a_house_under_either_name(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        assert isinstance(await supervisor.ask(Seat(), UP), Done)
        await asyncio.sleep(30)
        Units.load(house.home).rename("coyote3", "calf")
        found = await supervisor.ask(Seat(), Scan(4.0))
        assert isinstance(found, Found)
        assert house.level() == 8
        await Orders(supervisor.sessions._services, supervisor.units, supervisor.stops, None).obey(Stop(unit="calf"))
        assert house.level() == 0
        [active] = supervisor.units
        assert (active.runner.session.state, active.name) == (State.ENDED, "coyote3")
        started = await supervisor.ask(Seat(), UP)
        assert isinstance(started, Done)
        assert started.unit == "calf", "the next session has the new name"

    House(folder, "coyote3").run(life)


@pytest.mark.control("C-47")
def test_a_unit_that_is_looked_for_after_an_unproved_end_keeps_the_name_by_which_it_is_followed(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        assert isinstance(await supervisor.ask(Seat(), REAL), Done)
        await asyncio.sleep(15)
        Units.load(house.home).rename("em70", "calf")
        await supervisor.ask(Seat(), Scan(4.0))
        house.air.change(house.twins[0].address, RadioFaults(stall=(0.0, 1e6)))
        assert "may be on until" in words(await supervisor.ask(Seat(), Stop()))
        await asyncio.sleep(10)
        [shown] = supervisor.overview().units
        assert (shown.unit, shown.out) == ("em70", "maybe")

    House(folder, "em70", real=True).run(life)


def test_a_list_that_is_spoiled_meanwhile_refuses_a_start_and_keeps_nobody_from_looking(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await supervisor.ask(Seat(), PLAY)
        await supervisor.ask(Seat(), Stop())
        house.home.units_file.write_text("{", encoding="utf-8")
        refused = await supervisor.ask(Seat(), UP)
        assert isinstance(refused, Refusal)
        assert "isn't a list of units" in refused.text
        found = await supervisor.ask(Seat(), Scan(4.0))
        assert isinstance(found, Found)
        assert [one.known_as for one in found.units] == ["em70"]

    House(folder, "em70").run(life)
