"""Figures of a thousand hosts on one real broker: how much is said, how soon it is seen and carried out, what a kill
of the broker costs, and that nothing that matters gets lost.

The hosts are light (`tests/light_hosts.py`), all in one loop of a process of their own; the viewer is the one of
`estim fleet`, in this process. All share the cores of one machine with the broker.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from estim.cli.fleet import Viewer, stop_hosts, viewing
from estim.config.broker import Broker
from estim.core.remote.fleet import Fleet
from tests.broker import Mosquitto, house
from tests.figures import Say, spread
from tests.light_hosts import MOMENTS, moment_ms

HOSTS = 1000
SPAN_S = 15.0
"""How long messages are counted, s."""

SETTLE_S = 2.0
"""What a host hears in its first second at the broker it drops, s."""

DOWN_S = 3.0
"""How long the broker is away, s."""

ROUNDS = 3
"""How often all are stopped."""

LIMIT_S = 90.0
"""How long is waited for anything, s."""

FILES = 4096
"""Open connections of a process, and some more."""


class NotedFleet(Fleet):
    """A picture that notes how old the words are that it hears, and when a host first says that its unit is off."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0
        self.ages_s: list[float] = []
        self.off_s: dict[str, float] = {}
        self._newest: dict[str, int] = {}

    def hear(self, topic: str, payload: bytes, now_s: float) -> str | None:
        host = super().hear(topic, payload, now_s)
        self.heard += 1
        if host is not None and topic.count("/") == 3 and topic.endswith("/state"):
            for unit in self.hosts[host].units.values():
                if unit.quiet:
                    self.off_s.setdefault(host, now_s)
                elif unit.left_s and self._newest.get(host) != unit.left_s:  # every five seconds it is said again
                    self._newest[host] = unit.left_s
                    self.ages_s.append((moment_ms() - unit.left_s) % MOMENTS / 1000)
        return host

    def playing(self) -> int:
        return sum(bool(unit.stimulating) for unit in self.units_of(None))

    def known(self, since_s: float) -> int:
        """Return how many hosts are there and have said something of their unit since then."""
        hosts = self.hosts.values()
        return sum(host.online and any(unit.heard_s > since_s for unit in host.units.values()) for host in hosts)


class Crowd:
    """The process of the hosts."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def tell(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())

    async def told(self) -> dict[str, Any]:
        """Return what became of the last stop: who still plays, and when each was stopped."""
        assert self._process.stdout is not None
        self.tell("tell")
        found: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return found


@asynccontextmanager
async def crowd(port: int) -> AsyncIterator[Crowd]:
    """Give the hosts' process, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.light_hosts", str(port), str(HOSTS),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip
    try:
        yield Crowd(process)
    finally:
        process.kill()
        await process.wait()


async def until(true: Callable[[], bool]) -> float | None:
    """Return after how many seconds this was true; None if it never was."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < LIMIT_S:
        if true():
            return time.monotonic() - began_s
        await asyncio.sleep(0.05)
    return None


def after(took_s: float | None) -> str:
    return "never" if took_s is None else f"{took_s:.1f} s"


async def _spoken(say: Say, fleet: NotedFleet) -> None:
    fleet.heard = 0
    fleet.ages_s.clear()
    began_s = time.monotonic()
    await asyncio.sleep(SPAN_S)
    say("messages a second at the viewer", f"{fleet.heard / (time.monotonic() - began_s):.0f}")
    say("a state, said to seen, p50 / p99 / max", f"{spread(fleet.ages_s, 3)} s, of {len(fleet.ages_s)}")


async def _stops(say: Say, viewer: Viewer, fleet: NotedFleet, there: Crowd) -> None:
    carried_s: list[float] = []
    words_s: list[float] = []
    whole_s: list[float] = []
    unproved = 0
    on = 0
    told: dict[str, Any] = {"stops": 0}
    for number in range(ROUNDS):
        there.tell("play")
        await until(lambda: fleet.playing() == HOSTS)
        await asyncio.sleep(SETTLE_S)
        fleet.off_s.clear()
        asked_s = asyncio.get_running_loop().time()
        done = await viewer.stop(None)
        whole_s.append(asyncio.get_running_loop().time() - asked_s)
        before = told["stops"]
        told = await there.told()
        carried_s += [at_s - asked_s for at_s in told["stopped_s"]]
        words_s += [at_s - asked_s for at_s in fleet.off_s.values()]
        unproved += len(done.open_units)
        on += told["on"]
        more = f"{(told['stops'] - before) / HOSTS:.1f} orders a host, {told['online']} hosts online"
        say(f"stop {number + 1} of all, until the last one is confirmed", f"{whole_s[-1]:.2f} s, {more}")
    say("a stop of all, order to act, p50 / p99 / max", f"{spread(carried_s, 3)} s (wanted p99 < 1)")
    say("a stop of all, order to seen, p50 / p99 / max", f"{spread(words_s, 3)} s")
    say("stops that weren't carried out", f"{on} of {ROUNDS * HOSTS} (wanted 0)")
    say("stops that weren't confirmed", f"{unproved} of {ROUNDS * HOSTS} (wanted 0)")


async def _typed(say: Say, broker: Mosquitto, fleet: NotedFleet, there: Crowd) -> None:
    """Stop all as `estim fleet stop` does it: it comes, and knows nobody yet."""
    there.tell("play")
    await until(lambda: fleet.playing() == HOSTS)
    await asyncio.sleep(SETTLE_S)
    began_s = time.monotonic()
    done = await stop_hosts(Broker("127.0.0.1", broker.port), None)
    took = f"{time.monotonic() - began_s:.2f} s, {done.asked} known"
    say(
        "`estim fleet stop`, from its connection to its word",
        f"{took}, {len(done.open_units)} not confirmed (wanted 0)",
    )


async def _killed(say: Say, broker: Mosquitto, fleet: NotedFleet, there: Crowd) -> None:
    there.tell("play")
    await until(lambda: fleet.playing() == HOSTS)
    await asyncio.to_thread(broker.stop)
    there.tell("end")  # the end of each session happens while nobody can be told
    await asyncio.sleep(DOWN_S)
    await asyncio.to_thread(broker.start)
    since_s = asyncio.get_running_loop().time()
    async with house(broker, "estim/+/+/event") as heard:
        took_s = await until(lambda: fleet.known(since_s) == HOSTS)
        say(f"all known again after a kill and {DOWN_S:g} s without", f"{after(took_s)} (wanted <= 60)")
        say("units known by then", f"{fleet.known(since_s)} of {HOSTS} (wanted all)")
        await until(lambda: not fleet.playing() and len(heard.said) == HOSTS)
        ends = sum(b'"completed"' in payload for payload in heard.said.values())
        say("ends while it was away, told as events", f"{ends} of {HOSTS} (wanted all)")
        say("ends while it was away, seen as states", f"{HOSTS - fleet.playing()} of {HOSTS} (wanted all)")


async def _fleet(say: Say, folder: Path) -> None:
    broker = Mosquitto(folder)
    broker.start()
    began_s = time.monotonic()
    try:
        async with crowd(broker.port) as there, viewing(Broker("127.0.0.1", broker.port)) as viewer:
            fleet = NotedFleet()
            viewer.fleet = fleet
            await until(lambda: fleet.known(0.0) == HOSTS)
            took_s = time.monotonic() - began_s
            say(f"{HOSTS} hosts, from their start to known", f"{took_s:.1f} s ({fleet.known(0.0)} known)")
            await asyncio.sleep(SETTLE_S)
            await _spoken(say, fleet)
            await _stops(say, viewer, fleet, there)
            await _typed(say, broker, fleet, there)
            await _killed(say, broker, fleet, there)
    finally:
        broker.stop()


def fleet(say: Say) -> None:
    """A thousand light hosts on one broker."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))  # the broker and the hosts inherit it
    with tempfile.TemporaryDirectory(prefix="estim-") as made:
        asyncio.run(_fleet(say, Path(made)))
