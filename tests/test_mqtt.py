"""The connection to a broker, over a real mosquitto: it makes nobody wait, grows nowhere, and acts on nothing old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from estim.config.broker import Broker
from estim.core.remote.orders import ORDER_MAX, SETTLE_S
from estim.mqtt import EVENTS_MAX, PACKET_MAX, TOPICS_MAX, BrokerConnection, Outbox, Outgoing
from tests.broker import GUARD_S, Mosquitto, house, mosquitto

__all__ = ["mosquitto"]

BRIDGE = "estim/h7/bridge"
ORDERS = "estim/h7/cmd"

FLOOD = 500
"""More than any queue between a broker and a host has held, less than mosquitto keeps for one client (1000)."""


class Ear:
    """What a connection hands on."""

    def __init__(self) -> None:
        self.orders: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.notices: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.connected: asyncio.Queue[bool] = asyncio.Queue()
        self.passed_s = 0.0
        self.broken = False
        self.failed = asyncio.Event()

    def obey(self, topic: str, payload: bytes) -> None:
        if self.broken:
            self.failed.set()
            raise KeyError("a bug")
        self.orders.put_nowait((topic, payload))

    def time_s(self) -> float:
        return asyncio.get_running_loop().time() + self.passed_s

    async def order(self) -> tuple[str, bytes]:
        async with asyncio.timeout(GUARD_S):
            return await self.orders.get()

    async def settled(self) -> None:
        """Return when the broker is connected and an order would be carried out."""
        async with asyncio.timeout(GUARD_S):
            await self.connected.get()
        self.passed_s += SETTLE_S


@asynccontextmanager
async def joined(broker: Mosquitto, ear: Ear, own: str | None = None) -> AsyncIterator[BrokerConnection]:
    made = BrokerConnection(
        Broker("127.0.0.1", broker.port),
        client_id="estim-h7",
        bridge=BRIDGE,
        orders=(ORDERS,),
        notices=("homeassistant/status",),
        obey=ear.obey,
        noticed=lambda topic, payload: ear.notices.put_nowait((topic, payload)),
        connected=lambda: ear.connected.put_nowait(True),
        own=own,
        chance=Random(1),
        time_s=ear.time_s,
    )
    running = asyncio.get_running_loop().create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.wait({running}, timeout=GUARD_S)


async def test_it_says_that_it_is_there_and_that_it_goes(mosquitto: Mosquitto) -> None:
    async with house(mosquitto) as there:
        async with joined(mosquitto, Ear()):
            await there.until(BRIDGE, b"online")
        await there.until(BRIDGE, b"offline")
        assert [one[1] for one in there.all if one[0] == BRIDGE] == [b"online", b"offline"]


@pytest.mark.control("C-14")
async def test_what_is_retained_early_or_too_long_is_counted_and_not_handed_on(mosquitto: Mosquitto) -> None:
    ear = Ear()
    async with house(mosquitto) as there:
        await there.say(ORDERS, "kept", retain=True)
        async with joined(mosquitto, ear) as connection:
            await there.until(BRIDGE, b"online")
            await there.say(ORDERS, "early")
            await ear.settled()
            await there.say(ORDERS, "fresh and retained", retain=True)
            await there.say(ORDERS, "x" * 1025)
            await there.say(ORDERS, "x" * 1024)
            assert await ear.order() == (ORDERS, b"x" * 1024)
            assert ear.orders.empty()
            assert dict(connection.dropped) == {"early": 1, "retained": 1, "long": 1}


@pytest.mark.control("C-14")
async def test_what_an_earlier_life_left_is_heard_for_a_moment_after_each_connect_and_is_never_an_order(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estim.mqtt.RECALL_S", 0.2)
    async with house(mosquitto, "none") as there:
        await there.say("estim/h7/c1/link", "stop", retain=True)
        for _ in range(2):
            ear = Ear()
            async with joined(mosquitto, ear, "estim/h7/+/link") as connection, asyncio.timeout(GUARD_S):
                await ear.settled()
                assert await ear.notices.get() == ("estim/h7/c1/link", b"stop")
                deaf = False
                while not deaf:
                    await there.say("estim/h7/c2/link", "stop")
                    await there.say(ORDERS, "stop")
                    assert await ear.order() == (ORDERS, b"stop")
                    deaf = ear.notices.empty()
                    while not ear.notices.empty():
                        assert ear.notices.get_nowait() == ("estim/h7/c2/link", b"stop")
                assert ear.orders.empty()
                assert not connection.dropped


async def test_while_the_broker_is_away_nothing_waits_or_grows_and_the_newest_is_told(mosquitto: Mosquitto) -> None:
    ear = Ear()
    mosquitto.stop()
    async with joined(mosquitto, ear) as connection:
        for number in range(3 * TOPICS_MAX):
            connection.publish(f"a/{number % 7}", str(number).encode())
            connection.publish("happened", str(number).encode(), event=True)
        assert connection.waiting == 7 + EVENTS_MAX
        connection.publish("kept", b"1", retain=True)
        mosquitto.start()
        async with house(mosquitto) as there:
            last = 3 * TOPICS_MAX - 1
            assert await there.until("happened", str(last).encode())
            happened = [int(payload) for topic, payload, _ in there.all if topic == "happened"]
            assert happened == list(range(last + 1 - len(happened), last + 1))
            assert await there.until("kept") == b"1"


async def test_a_broker_that_comes_back_without_a_memory_is_told_everything_retained_again(
    mosquitto: Mosquitto,
) -> None:
    ear = Ear()
    async with joined(mosquitto, ear) as connection:
        await ear.settled()
        connection.publish("kept", b"1", retain=True)
        connection.publish("taken back", b"1", retain=True)
        connection.withdraw("taken back")
        mosquitto.stop()
        mosquitto.start()
        await ear.settled()
        async with house(mosquitto) as there:
            await there.until(BRIDGE, b"online")
            await there.until("kept", b"1")
            assert "taken back" not in there.said
            await there.say(ORDERS, "stop")
            assert await ear.order() == (ORDERS, b"stop")


async def test_one_that_is_killed_is_told_by_its_will(mosquitto: Mosquitto) -> None:
    ear = Ear()
    async with house(mosquitto) as there, joined(mosquitto, ear), joined(mosquitto, Ear()):
        # two of one name: the broker breaks the older one off, as it does when a connection dies
        await there.until(BRIDGE, b"offline")
        assert there.said[BRIDGE] == b"offline"


def test_the_outbox_is_bounded_and_keeps_the_newest() -> None:
    async def life() -> None:
        outbox = Outbox()
        took = [outbox.put(Outgoing(f"t{number}", b"", retain=False)) for number in range(TOPICS_MAX + 1)]
        assert took == [True] * TOPICS_MAX + [False]
        first = await outbox.next()
        fresh = Outgoing(first.topic, b"newer", retain=False)
        outbox.put(fresh)
        outbox.sent(first)  # what was under way was the older one
        assert await outbox.next() is fresh

    asyncio.run(life())


async def test_a_stop_behind_a_flood_arrives_and_the_flood_is_handed_on_too(mosquitto: Mosquitto) -> None:
    ear = Ear()
    async with joined(mosquitto, ear) as connection, house(mosquitto, "none") as there:
        await ear.settled()
        for number in range(FLOOD):
            await there.client.publish(ORDERS, f"start {number}", qos=0)
        await there.say(ORDERS, "stop")
        heard = [await ear.order() for _ in range(FLOOD + 1)]
        assert heard[-1] == (ORDERS, b"stop")
        assert not connection.dropped


async def test_what_no_order_can_be_as_large_as_is_never_read_and_the_next_stop_is(mosquitto: Mosquitto) -> None:
    ear = Ear()
    async with joined(mosquitto, ear) as connection, house(mosquitto, "none") as there:
        await ear.settled()
        for size in (ORDER_MAX + 1, PACKET_MAX - 100, PACKET_MAX + 1, 5_000_000):
            await there.say(ORDERS, "x" * size)
        await there.say(ORDERS, "stop")
        assert await ear.order() == (ORDERS, b"stop")
        assert dict(connection.dropped) == {"long": 2}, "the broker kept the two larger ones to itself"


async def test_a_bug_in_what_is_done_with_an_order_loses_that_order_alone(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear()
    async with joined(mosquitto, ear) as connection, house(mosquitto, "none") as there:
        await ear.settled()
        ear.broken = True
        await there.say(ORDERS, "stop")
        await ear.failed.wait()
        ear.broken = False
        await there.say(ORDERS, "stop")
        assert await ear.order() == (ORDERS, b"stop")
        assert connection.online
    assert "by a fault of estim" in caplog.text
