"""Whose word the end of a link is: the radio's own, or only an error that looks like one."""

import asyncio

import pytest

from estim.core.vocabulary import Reason
from estim.host.radio.link import Heard, Lost, Seen
from protocols.family import Family
from protocols.vocabulary import AirError, Endpoint
from simulator.memory import MemoryAir, MemoryLink
from tests.host.radio.bluez import Bluez
from tests.host.radio.test_search import ONE, play, reach
from tests.host.test_runner import Rig


class Half:
    """A link whose system service stands still from some moment on: operations fail as lost, the unit hears nothing.

    The unit keeps its connection. `away_s`: when another link can be opened again.
    """

    def __init__(self, air: "HalfAir", link: MemoryLink) -> None:
        self._air = air
        self._link = link

    @property
    def severed(self) -> bool:
        return False

    async def open(self, heard: Heard, lost: Lost, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._air.held is not None:
            await asyncio.sleep(max(0.0, self._air.back_s - loop.time()))
            await self._air.held.close()  # the service is back, and takes the connection over
        await self._link.open(heard, lost, timeout_s)
        self._air.held = self._link

    def post(self, endpoint: Endpoint, data: bytes) -> bool:
        self._works()
        return self._link.post(endpoint, data)

    async def write(self, endpoint: Endpoint, data: bytes, response: bool) -> None:
        self._works()
        await self._link.write(endpoint, data, response)

    async def read(self, endpoint: Endpoint) -> bytes:
        self._works()
        return await self._link.read(endpoint)

    async def close(self) -> None:
        """Nobody carries it."""

    def _works(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._air.stands_s <= now_s < self._air.back_s:
            raise AirError("the Bluetooth service doesn't answer", lost=True)


class HalfAir:
    """The air of such links."""

    simulated = True

    def __init__(self, room: MemoryAir, stands_s: float, back_s: float) -> None:
        self.room = room
        self.held: MemoryLink | None = None
        self.stands_s = stands_s
        self.back_s = back_s

    async def scan(self, seconds: float) -> list[Seen]:
        return await self.room.scan(seconds)

    def link(self, address: str, family: Family, *, to_stop: bool = False) -> Half:
        return Half(self, self.room.link(address, family, to_stop=to_stop))

    async def release(self) -> None: ...


@pytest.mark.control("C-46")
@pytest.mark.parametrize("name", ["zc95", "em70", "yokonex", "bluetens", "coyote3", "coyote2", "openemsstim"])
def test_a_service_that_stands_still_proves_nothing_and_the_unit_is_stopped_when_it_is_back(name: str) -> None:
    rig = Rig(name, minutes=5)
    rig.air = HalfAir(MemoryAir([rig.twin]), 20.0, 40.0)
    levels: list[tuple[float, int]] = []

    async def look() -> None:
        loop = asyncio.get_running_loop()
        while not rig.notes.ended or loop.time() < rig.notes.at_s[-1] + 10.0:
            levels.append((loop.time(), rig.twin.level("A")))
            await asyncio.sleep(0.5)

    rig.play(lambda _runner: look())
    assert rig.ended.reason is Reason.LINK_LOST
    assert rig.ended.stop_confirmed
    proved_s = rig.notes.at_s[-1]
    assert max(level for at_s, level in levels if at_s < 20.0) > 0
    assert all(level == 0 for at_s, level in levels if at_s > proved_s)


@pytest.mark.control("C-46")
def test_a_first_try_that_broke_up_says_nothing_of_the_connection_that_came_after_it() -> None:
    async def life() -> None:
        bluez = Bluez()
        unit = bluez.add(ONE)
        unit.breaks_up = 1
        _, link = await reach(bluez.air(), ONE)
        assert unit.client is not None
        assert not link.severed
        unit.client.drop()
        assert link.severed

    play(life)
