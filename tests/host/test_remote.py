"""What a host says when the house comes, whatever else it is doing; and that its bounds hold when it is flooded."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from estim.clock import new_loop
from estim.config.broker import Broker
from estim.config.units import UNITS_MAX as REMEMBERED_MAX
from estim.core.messages.events import LinkLost
from estim.core.messages.lowering import Lowering
from estim.core.messages.shown import Snapshot
from estim.core.remote.discovery import UnitFacts
from estim.core.remote.fleet import Fleet
from estim.core.remote.state import Day
from estim.core.remote.topics import UNITS_MAX
from estim.core.values import replace
from estim.core.values import replace as replaced
from estim.core.vocabulary import State
from estim.host.remote import FRESH_S, Remote
from estim.tasks import end
from protocols.vocabulary import Channel
from tests.broker import GUARD_S, House, Mosquitto, house, mosquitto
from tests.tui.scripted import RUNNING

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


KNEE = replaced(CALF, unit="c2", name="knee", address="C2")


@asynccontextmanager
async def life(mosquitto: Mosquitto, *known: UnitFacts, whole: bool = True) -> AsyncIterator[Remote]:
    """A life of the host h7 at a broker."""
    remote = Remote(
        Broker("127.0.0.1", mosquitto.port), "h7", "h7", known=known, health=False, obey=no_order, day=no_day,
        doubts=tuple, now=lambda: datetime.now(UTC), whole=whole,
    )  # fmt: skip
    running = asyncio.get_running_loop().create_task(remote.run())
    try:
        yield remote
    finally:
        await end(running)


async def kept(mosquitto: Mosquitto) -> set[str]:
    """Return the topics of which the broker keeps something."""
    async with house(mosquitto) as there:
        await there.say("asked", "last")
        await there.until("asked", b"last")
        return {topic for topic, payload, retained in there.all if retained and payload}


async def all_said(remote: Remote, there: House) -> None:
    """Return when the broker has all that this host wanted to say until now: events wait behind everything else."""
    there.said.pop(remote.topics.event, None)
    remote.connection.publish(remote.topics.event, b"last", event=True)
    await there.until(remote.topics.event, b"last")


def of_unit(remote: Remote, unit: str) -> set[str]:
    return {remote.topics.discovery(unit), remote.topics.unit(unit, "link")}


@pytest.mark.control("C-14")
async def test_what_an_earlier_life_described_and_this_one_has_no_more_is_taken_back_and_nothing_else(
    mosquitto: Mosquitto,
) -> None:
    async with house(mosquitto) as there:
        async with life(mosquitto, CALF, KNEE) as remote:
            await there.until(remote.topics.unit("c2", "state"))
            both = of_unit(remote, "c1") | of_unit(remote, "c2")
        await there.say("estim/h8/c2/link", "offline", retain=True)
        await there.say("homeassistant/device/h8/c2/config", "{}", retain=True)
        assert await kept(mosquitto) >= both
        async with life(mosquitto, CALF, whole=False) as remote:
            await there.until(remote.topics.state)
            await all_said(remote, there)
            assert await kept(mosquitto) >= both, "who doesn't know all its units takes nothing back"
        async with life(mosquitto, CALF) as remote:
            await there.until(remote.topics.unit("c2", "link"), b"")
            assert there.said[remote.topics.discovery("c2")] == b"", "its link is what it is found by, so it goes last"
            await all_said(remote, there)
            left = await kept(mosquitto)
        assert not left & of_unit(remote, "c2")
        assert left >= of_unit(remote, "c1") | {"estim/h8/c2/link", "homeassistant/device/h8/c2/config"}


async def test_a_flood_of_units_that_somebody_else_left_there_is_bounded_and_no_order(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estim.host.remote.LEFT_MAX", 5)
    async with house(mosquitto) as there:
        links = [f"estim/h7/u{number}/link" for number in range(9)]
        for topic in (*links, "estim/h7/estim/link", "estim/h7/Ü/link"):
            await there.say(topic, "stop", retain=True)
        async with life(mosquitto, CALF) as remote:
            async with asyncio.timeout(GUARD_S):
                while b"" not in [there.said[topic] for topic in links]:  # noqa: ASYNC110 # whichever comes first
                    await asyncio.sleep(0.01)
            await all_said(remote, there)
        assert [there.said[topic] for topic in links].count(b"") == 5
        assert "estim/h7/Ü/link" in await kept(mosquitto), "that is no unit of ours"


def lone(**more: Any) -> Remote:
    """A host whose broker is nowhere."""
    arguments: dict[str, Any] = {"known": [CALF], "health": True, "obey": no_order, "day": no_day, "doubts": tuple}
    return Remote(Broker("127.0.0.1", 1), "h7", "h7", now=lambda: datetime.now(UTC), **{**arguments, **more})


async def no_order(_order: Lowering) -> None:
    raise AssertionError("nobody ordered anything")


@pytest.mark.control("C-14")
async def test_a_fault_in_what_is_told_leaves_the_way_for_a_stop_open(caplog: pytest.LogCaptureFixture) -> None:
    async def no_such_day() -> Day | None:
        raise RuntimeError("a diary of tomorrow")

    running = asyncio.get_running_loop().create_task(lone(day=no_such_day).run())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not running.done()
    assert "by a fault of estim" in caplog.text
    await end(running)


def test_what_is_shown_no_more_is_told_no_more_so_that_its_figures_expire() -> None:
    async def life() -> None:
        remote = lone()
        topic = remote.topics.unit("c0ffee000003", "state")
        waiting = remote.connection._outbox._newest
        for state, told_again in ((State.RUNNING, False), (State.ENDED, True)):
            remote.tell(replace(RUNNING, state=state))
            await asyncio.sleep(FRESH_S - 1)
            waiting.clear()
            await remote._tell_all()
            assert topic in waiting
            await asyncio.sleep(2)
            waiting.clear()
            await remote._tell_all()
            assert (topic in waiting) is told_again

    loop, _clock = new_loop("max")
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(life())


def test_that_a_unit_was_heard_a_moment_ago_and_then_a_second_ago_is_no_news() -> None:
    async def life() -> None:
        remote = lone()
        waiting = remote.connection._outbox._newest
        topic = remote.topics.unit("c0ffee000003", "state")
        told = 0
        for second in range(60):
            remote.tell(replace(RUNNING, state=State.READY, heard_age_s=0.9 if second % 2 else 1.1))
            told += waiting.pop(topic, None) is not None
            await asyncio.sleep(1.1)
        assert told == 1
        remote.tell(replace(RUNNING, state=State.READY, battery=7))
        assert b'"battery":7' in waiting[topic].payload

    loop, _clock = new_loop("max")
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(life())


def facts_at(number: int) -> UnitFacts:
    return replaced(CALF, unit=f"c{number}", name=f"u{number}", address=f"C{number}")


def jumping(life: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run a life on time that jumps."""
    loop, _clock = new_loop("max")
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(life())


async def heard_by_the_fleet(remote: Remote) -> Fleet:
    """Return the fleet's picture after this host has told everything that it tells, at the second 2."""
    await remote._tell_all()
    fleet = Fleet()
    fleet.hear(remote.topics.bridge, b"online", 0.0)
    for topic, message in remote.connection._outbox._newest.items():
        if topic.startswith("estim/"):
            fleet.hear(topic, message.payload, 2.0)
    return fleet


async def host_says(remote: Remote) -> dict[str, object]:
    await remote._tell_all()
    said: dict[str, object] = json.loads(remote.connection._outbox._newest[remote.topics.state].payload)
    return said


def test_as_many_units_are_told_as_a_host_remembers() -> None:
    assert UNITS_MAX >= REMEMBERED_MAX


@pytest.mark.control("C-14")
def test_a_unit_with_a_session_is_told_where_there_are_too_many_and_what_is_left_out_leaves_a_doubt() -> None:
    async def life() -> None:
        remote = lone(known=[facts_at(number) for number in range(UNITS_MAX)])
        assert (await host_says(remote))["may_be_on"] == "OFF"
        remote.tell(RUNNING)
        fleet = await heard_by_the_fleet(remote)
        assert fleet.hosts["h7"].units["c0ffee000003"].stimulating is True
        assert len(fleet.hosts["h7"].units) == UNITS_MAX
        open_units = [unit.unit or unit.name for _, unit in fleet.open_units(None, 1.0)]
        assert open_units == ["c0ffee000003", "(a unit that it hasn't told of)", "what it can't reach"]
        gone = next(f"c{number}" for number in range(UNITS_MAX) if f"c{number}" not in remote._facts)
        for topic in of_unit(remote, gone):
            assert remote.connection._outbox._newest[topic].payload == b""
        said = await host_says(remote)
        assert (said["units"], said["playing"], said["may_be_on"]) == (UNITS_MAX + 1, 1, "ON")
        assert "1 unit is not told of here" in str(said["warning"])

    jumping(life)


@pytest.mark.control("C-14")
def test_more_units_that_may_be_on_than_can_be_told_are_a_doubt_and_one_that_rests_makes_room() -> None:
    async def life() -> None:
        remote = lone(known=[])
        running = [replace(RUNNING, address=f"D{number}", unit=f"d{number}") for number in range(UNITS_MAX)]
        running[3] = replace(running[3], state=State.ENDED, out="off", stop_confirmed=False)
        for shown in running:
            remote.tell(shown)
        assert (await host_says(remote))["may_be_on"] == "OFF"
        last = replace(RUNNING, address="D999", unit="d999")
        remote.tell(last)
        said = await host_says(remote)
        assert (said["units"], said["playing"], said["may_be_on"]) == (UNITS_MAX + 1, UNITS_MAX, "ON")
        assert "d999" not in remote._facts, "none of the others rests, also not the one whose stop wasn't proved"
        remote.tell(replace(running[5], state=State.ENDED, out="off", stop_confirmed=True))
        remote.tell(last)
        assert ("d999" in remote._facts, "d5" in remote._facts) == (True, False)
        assert (await host_says(remote))["may_be_on"] == "ON", "it doesn't tell all"

    jumping(life)


@pytest.mark.parametrize(
    ("shown", "link"),
    [
        (RUNNING, b"online"),
        (replace(RUNNING, heard_age_s=None), b"offline"),
        (replace(RUNNING, lost_at="2026-11-30T03:00:00+00:00"), b"offline"),
    ],
)
def test_a_unit_that_was_never_reached_is_not_linked_whatever_its_session_does(shown: Snapshot, link: bytes) -> None:
    async def life() -> None:
        remote = lone(known=[])
        remote.tell(replace(shown, state=State.STOPPING, program="", out="maybe"))
        assert remote.connection._retained[remote.topics.unit("c0ffee000003", "link")].payload == link

    jumping(life)


def test_what_happens_to_a_unit_is_told_of_it_whoever_had_its_name_before() -> None:
    async def life() -> None:
        remote = lone(known=[])
        remote.tell(replace(RUNNING, address="A1", state=State.ENDED, out="off", stop_confirmed=True))
        lost = LinkLost(unit=RUNNING.unit, on_until=None, text="output may be on")
        for _ in range(2):
            remote.tell(lost, RUNNING.address)
            remote.tell(replace(RUNNING, state=State.STOPPING))
        topics = {message.topic for message in remote.connection._outbox._events}
        assert topics == {remote.topics.unit("c0ffee000003", "event")}

    jumping(life)
