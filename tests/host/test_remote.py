"""What a host says when the house comes, whatever else it is doing; and that its bounds hold when it is flooded."""

import asyncio
from datetime import UTC, datetime

import pytest

from estim.config.broker import Broker
from estim.core.messages.lowering import Lowering
from estim.core.remote.discovery import UnitFacts
from estim.core.remote.state import Day
from estim.host.remote import Remote
from estim.tasks import end
from protocols.vocabulary import Channel
from tests.broker import GUARD_S, Mosquitto, house, mosquitto

__all__ = ["mosquitto"]

CALF = UnitFacts("c1", "calf", "C1", "coyote3", "Coyote", (Channel.A, Channel.B))


async def no_day() -> Day | None:
    return None


async def test_a_house_that_comes_while_a_stop_is_under_way_is_told_everything_all_the_same(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estim.host.remote.BIRTH_MAX_S", 0.01)
    monkeypatch.setattr("estim.host.remote.AGAIN_S", 0.01)
    stopping = asyncio.Event()
    passed_s = 0.0

    async def stops_for_long(_order: Lowering) -> None:
        stopping.set()
        await asyncio.Event().wait()

    remote = Remote(
        Broker("127.0.0.1", mosquitto.port), "h7", "h7", known=[CALF], health=False, obey=stops_for_long, day=no_day,
        doubts=tuple,
        now=lambda: datetime.now(UTC), time_s=lambda: asyncio.get_running_loop().time() + passed_s,
    )  # fmt: skip
    async with house(mosquitto) as there:
        running = asyncio.get_running_loop().create_task(remote.run())
        try:
            await there.until(remote.topics.discovery("c1"))
            await there.until(remote.topics.unit("c1", "state"))
            passed_s = 1.0
            await there.say(remote.topics.unit("c1", "cmd"), "stop")
            async with asyncio.timeout(GUARD_S):
                await stopping.wait()
            for topic in (remote.topics.discovery("c1"), remote.topics.unit("c1", "state")):
                del there.said[topic]
            await there.say("homeassistant/status", "online")
            assert await there.until(remote.topics.discovery("c1"))
            assert await there.until(remote.topics.unit("c1", "state"))
        finally:
            await end(running)
