"""A hundred hosts of one broker, two of them real, as the fleet's viewer sees, stops and finds them again."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from estim.cli.fleet import Viewer, viewing
from estim.config.broker import Broker
from estim.core.vocabulary import State
from tests.broker import GUARD_S, House, Mosquitto, mosquitto
from tests.host.test_house import Host
from tests.host.test_supervisor import folder
from tests.light_hosts import LightHost, at_broker, name_of

__all__ = ["folder", "mosquitto"]

LIGHT = 98
SETTLED_S = 1.5
"""What a host hears in its first second at the broker it drops, s."""


async def seen(viewer: Viewer, true: Callable[[Viewer], bool]) -> None:
    """Return as soon as this is true of what the viewer has heard."""
    async with asyncio.timeout(GUARD_S):
        while not true(viewer):  # noqa: ASYNC110 # the viewer tells nobody of each word
            await asyncio.sleep(0.1)


def all_said(since_s: float) -> Callable[[Viewer], bool]:
    """Say whether every host is there and every unit has said something since then."""

    def true(viewer: Viewer) -> bool:
        hosts = viewer.fleet.hosts.values()
        units = viewer.fleet.units_of(None)
        online = len(hosts) == LIGHT + 2 and all(host.online for host in hosts)
        return online and len(units) >= LIGHT + 2 and all(unit.heard_s > since_s for unit in units)

    return true


def playing(viewer: Viewer) -> int:
    return sum(bool(unit.stimulating) for unit in viewer.fleet.units_of(None))


def test_a_hundred_hosts_are_known_stopped_one_alone_and_all_and_known_again_after_their_broker_was_killed(
    folder: Path, mosquitto: Mosquitto
) -> None:
    (folder / "h8").mkdir()
    real = Host(folder, mosquitto, "coyote3")
    other = Host(folder / "h8", mosquitto, "coyote3", beside=real, ident="h8")
    at = Broker("127.0.0.1", mosquitto.port)

    async def life(_host: Host, there: House) -> None:
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as undo:
            await undo.enter_async_context(other.alive())
            light = [LightHost(at, name_of(number)) for number in range(LIGHT)]
            viewer = await undo.enter_async_context(viewing(at))
            await undo.enter_async_context(at_broker(light))
            for host in (real, other):
                await undo.enter_async_context(host.told(there))
                await host.play(0)
            await seen(viewer, all_said(0.0))
            await seen(viewer, lambda _viewer: [*real.states(), *other.states()] == [State.RUNNING, State.RUNNING])
            await seen(viewer, lambda there: playing(there) == LIGHT + 2)

            await asyncio.sleep(SETTLED_S)
            done = await viewer.stop(light[7].name)
            assert (done.asked, done.open_units) == (1, ())
            assert [host.name for host in light if host.state is State.ENDED] == [light[7].name]
            done = await viewer.stop("h8")
            assert done.open_units == ()
            await seen(viewer, lambda _viewer: real.states() == [State.RUNNING])  # a frame that is late is a pause
            assert other.states() == [State.ENDED]

            killed_s = loop.time()
            mosquitto.stop()
            mosquitto.start()
            await seen(viewer, all_said(killed_s))
            await seen(viewer, lambda there: playing(there) == LIGHT)  # nothing ended by that: it would not come back

            await asyncio.sleep(SETTLED_S)
            done = await viewer.stop(None)
            assert (done.asked >= LIGHT + 2, done.open_units, done.offline) == (True, (), frozenset())
            assert {host.state for host in light} == {State.ENDED}
            assert [*real.states(), *other.states()] == [State.ENDED, State.ENDED]
            assert [twin.level("A") for twin in (*real.twins, *other.twins)] == [0, 0, 0, 0]

    real.run(life)
