"""A file that is spoiled in the middle of a session, or a disk that fills up then, keeps no stop from the unit."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from estim.core.errors import Exit
from estim.core.messages.commands import Done, Refusal, Reply, Watch
from estim.core.messages.events import Ended, Resumed
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import Reason, State
from estim.host.stops import STOP_WAIT_S
from estim.host.supervisor import Supervisor
from simulator.weather import RadioFaults
from tests.host.test_supervisor import REAL, FillingDisk, House, Seat, folder

__all__ = ["folder"]

GARBAGE = b"\xff\x00 {[ no such thing " * 400


def fills_up(house: House) -> None:
    assert isinstance(house.journal, FillingDisk)
    house.journal.table.full = True


def is_overwritten(path: Callable[[House], Path]) -> Callable[[House], None]:
    """Write over a file in its place, so that who has it open reads it too."""

    def act(house: House) -> None:
        with path(house).open("r+b") as file:
            file.write(GARBAGE)

    return act


def is_a_folder(path: Callable[[House], Path]) -> Callable[[House], None]:
    def act(house: House) -> None:
        path(house).unlink()
        path(house).mkdir()

    return act


def is_gone(path: Callable[[House], Path]) -> Callable[[House], None]:
    return lambda house: path(house).unlink()


def units(house: House) -> Path:
    return house.home.units_file


def journal(house: House) -> Path:
    return house.home.journal


def log_of_it(house: House) -> Path:
    return house.home.journal.with_name("log.sqlite-wal")


def marker(house: House) -> Path:
    return house.home.journal.with_suffix(".on.json")


SPOILED: dict[str, Callable[[House], None]] = {
    "disk full": fills_up,
    **{
        f"{what.__name__} {how.__name__}": how(what)
        for what in (units, journal, log_of_it, marker)
        for how in (is_overwritten, is_a_folder, is_gone)
    },
}


async def by_name(house: House, supervisor: Supervisor) -> Reply:
    return await supervisor.ask(Seat(), Stop(unit=house.made.name))


async def all_of_it(_house: House, supervisor: Supervisor) -> Reply:
    return await supervisor.ask(Seat(), Stop())


async def by_a_signal(_house: House, supervisor: Supervisor) -> Reply:
    return await supervisor.stops.stop_now()


def played(folder: Path, spoiled: str, life: Callable[[House, Supervisor, Seat], Awaitable[None]]) -> None:
    """Let a session play for 20 s, spoil something, and go on from 10 s later."""

    async def whole(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        await supervisor.ask(seat, Watch())
        await supervisor.ask(seat, replace(REAL, minutes=5))
        await asyncio.sleep(20)
        SPOILED[spoiled](house)
        await asyncio.sleep(10)
        assert house.level() == 3, "the session goes on"
        await life(house, supervisor, seat)
        if isinstance(house.journal, FillingDisk):
            house.journal.table.full = False
            await asyncio.sleep(60)
            assert await house.journal.open_sessions() == []

    house = House(folder, "em70", real=True)
    if spoiled == "disk full":
        house.disk = FillingDisk
    house.run(whole)


@pytest.mark.control("C-53")
@pytest.mark.parametrize("stops", [by_name, all_of_it, by_a_signal])
@pytest.mark.parametrize("spoiled", list(SPOILED))
def test_whatever_is_spoiled_in_mid_session_the_unit_is_stopped_and_proved(
    folder: Path, spoiled: str, stops: Callable[[House, Supervisor], Awaitable[Reply]]
) -> None:
    async def life(house: House, supervisor: Supervisor, seat: Seat) -> None:
        asked_s = house.clock.now().mono_s
        reply = await stops(house, supervisor)
        assert house.clock.now().mono_s - asked_s <= house.made.caps.stop_s + STOP_WAIT_S
        assert isinstance(reply, Done), reply
        assert reply.proved
        assert house.level() == 0
        [ended] = [line for line in seat.told if isinstance(line, Ended)]
        assert (ended.reason, ended.stop_confirmed) == (Reason.STOPPED, True)
        assert [shown.state for shown in supervisor.overview().units] == [State.ENDED]

    played(folder, spoiled, life)


@pytest.mark.control("C-53")
@pytest.mark.parametrize("spoiled", list(SPOILED))
def test_whatever_is_spoiled_in_mid_session_a_unit_that_proves_nothing_is_not_called_off_and_stopped_later(
    folder: Path, spoiled: str
) -> None:
    async def life(house: House, supervisor: Supervisor, seat: Seat) -> None:
        house.air.change(house.twins[0].address, RadioFaults(stall=(0.0, 1e6)))
        for _ in range(2):
            reply = await supervisor.ask(Seat(), Stop())
            assert isinstance(reply, Refusal), reply
            assert reply.code == Exit.NOT_CONFIRMED
        assert house.level() == 3
        house.air.change(house.twins[0].address, RadioFaults())
        await asyncio.sleep(90)
        assert house.level() == 0
        assert not any(isinstance(line, Resumed) for line in seat.told)
        assert isinstance(await supervisor.ask(Seat(), Stop()), Done)

    played(folder, spoiled, life)
