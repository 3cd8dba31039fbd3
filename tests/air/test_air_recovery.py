"""What becomes of a session when Bluetooth goes away under it: bleak's own BlueZ backend, and a real message bus.

Held for each: it is told soon, what may be on is never called off, the unit is stopped when Bluetooth is back, and
nothing rises by itself after that.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from bleak.backends.bluezdbus import manager

from estim.core.errors import Exit
from estim.core.messages.commands import Done, Refusal, Watch
from estim.core.messages.events import LinkLost, Resumed
from estim.core.messages.lowering import Stop
from estim.core.vocabulary import State
from estim.host.radio.bleak_link import BleAir
from estim.host.supervisor import Supervisor
from tests.air.bluez_service import BluezService
from tests.effort import LONG
from tests.host.message_bus import Bus, bus
from tests.host.test_supervisor import REAL, House, Seat, folder

__all__ = ["bus", "folder"]

SPEED = "4"
"""So much faster than the wall's clock: the bus is real, so time can't jump."""

TOLD_S = 10.0
AFTER_S = 10.0


class Scene:
    """A host with the system's Bluetooth, and everything that it stands on."""

    def __init__(self, folder: Path, bus: Bus, family: str) -> None:
        self.bus = bus
        self.house = House(folder, family, real=True, speed=SPEED)
        self.house.air = BleAir()  # type: ignore[assignment] # it is an Air, and nothing else is asked of it
        self.bluez = BluezService(bus.address, self.house.twins, self.house.made)
        self.seat = Seat()
        self.supervisor: Supervisor

    def run(self, life: Callable[["Scene"], Awaitable[None]], *, plays: bool = True) -> None:
        async def whole(house: House, supervisor: Supervisor) -> None:
            self.supervisor = supervisor
            await self.bluez.start()
            try:
                if plays:
                    await self._play()
                await life(self)
            finally:
                await supervisor.sessions.close()
                await house.air.release()
                await self.bluez.end()
                await forgotten()

        try:
            self.house.run(whole)
        finally:
            gc.collect()  # what the library never asks after is told here, and not in somebody else's test

    async def _play(self) -> None:
        await self.supervisor.ask(self.seat, Watch())
        reply = await self.supervisor.ask(self.seat, REAL)
        assert isinstance(reply, Done), reply
        await self.until(lambda: self.house.level() == 3)

    async def until(self, true: Callable[[], bool], limit_s: float = 60.0) -> float:
        """Return how long it took until this was true, s."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        async with asyncio.timeout(limit_s):
            while not true():  # noqa: ASYNC110 # a unit tells nobody of its level
                await asyncio.sleep(0.05)
        return loop.time() - began_s

    def told(self, kind: type) -> int:
        return sum(isinstance(line, kind) for line in self.seat.told)


async def forgotten() -> None:
    """Let bleak's own connection to the bus end: it would last as long as its loop."""
    known = manager._global_instances.pop(asyncio.get_running_loop(), None)
    if known is not None and known._bus is not None:
        known._bus.disconnect()
        if known._bus_watcher_task is not None:
            await asyncio.wait({known._bus_watcher_task})


async def killed(scene: Scene) -> None:
    scene.bluez.kill()


async def restarted(scene: Scene) -> None:
    await scene.bluez.start()


async def pulled(scene: Scene) -> None:
    scene.bluez.pull()


async def plugged(scene: Scene) -> None:
    scene.bluez.plug()


async def cut_off(scene: Scene) -> None:
    scene.bluez.kill(keeps_links=True)
    await asyncio.to_thread(scene.bus.stop)


async def joined(scene: Scene) -> None:
    await asyncio.to_thread(scene.bus.start)
    await scene.bluez.start()


async def switched_off(scene: Scene) -> None:
    await scene.bluez.power(False)


async def switched_on(scene: Scene) -> None:
    await scene.bluez.power(True)


INCIDENTS = {
    "service": (killed, restarted),
    "adapter": (pulled, plugged),
    "power": (switched_off, switched_on),
    "bus": (cut_off, joined),
}
"""What goes, and how it comes back. The unit's link outlasts the bus: BlueZ holds it, and nobody can ask for it."""

CASES = [("em70", gone) for gone in INCIDENTS] + [("coyote3", "service"), ("zc95", "bus")]
"""A unit that plays on without its link meets everything; the two others what the proof of their zero hangs on."""
if LONG:
    CASES = [(name, gone) for name in ("em70", "coyote3", "zc95", "yokonex", "bluetens") for gone in INCIDENTS]


@pytest.mark.air
@pytest.mark.control("C-46")
@pytest.mark.parametrize(("name", "gone"), CASES)
def test_what_goes_away_under_a_session_is_told_and_its_unit_stopped_when_it_is_back(
    folder: Path, bus: Bus, monkeypatch: pytest.MonkeyPatch, name: str, gone: str
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
    goes, comes_back = INCIDENTS[gone]

    async def life(scene: Scene) -> None:
        house = scene.house
        resumed = scene.told(Resumed)
        await goes(scene)
        assert await scene.until(lambda: scene.told(LinkLost) > 0) < TOLD_S
        reply = await scene.supervisor.ask(scene.seat, Stop())
        if (name, gone) == ("zc95", "power"):
            assert isinstance(reply, Done), "BlueZ itself said that it let the link go, and this box is off without one"
            assert house.level() == 0
        else:
            assert isinstance(reply, Refusal), "whatever the unit does now, nobody has seen it"
            assert reply.code == Exit.NOT_CONFIRMED
            assert house.marked() == [name]

        await comes_back(scene)
        await scene.until(lambda: house.level() == 0 and house.marked() == [])
        [shown] = scene.supervisor.overview().units
        assert (shown.state, shown.stop_confirmed) == (State.ENDED, True)
        assert isinstance(await scene.supervisor.ask(scene.seat, Stop()), Done)
        with pytest.raises(TimeoutError):
            await scene.until(lambda: house.level() > 0, AFTER_S)
        assert scene.told(Resumed) == resumed

    Scene(folder, bus, name).run(life)


@pytest.mark.air
@pytest.mark.control("C-46")
def test_a_message_bus_that_goes_away_is_no_word_of_the_unit(
    folder: Path, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written meanwhile: a write that fails would tell the loss first, in other words."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)

    async def life(scene: Scene) -> None:
        link = scene.house.air.link(scene.house.twins[0].address, scene.house.made)
        lost: list[str] = []
        await link.open(lambda *_heard: None, lost.append, 20)
        await cut_off(scene)
        await scene.until(lambda: lost != [])
        assert lost == ["the system's message bus went away"]
        assert not link.severed, "so a unit that is off without its link isn't proved to be off"
        await link.close()

    Scene(folder, bus, "em70").run(life, plays=False)
