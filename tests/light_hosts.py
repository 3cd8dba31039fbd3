"""Hosts without a unit, a diary or a radio: what they say is played, and they do hear a stop; many fit in a process.

`python -m tests.light_hosts PORT COUNT` is such a process, for the bench of a fleet. It takes `play` and `end` by line,
for all of them, and `tell`, which it answers with what became of the last stop.
"""

import asyncio
import gc
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from estim.config.broker import Broker
from estim.core.messages.events import Ended
from estim.core.messages.lowering import Lowering, Stop
from estim.core.messages.shown import ChannelView, Snapshot
from estim.core.remote.state import Day
from estim.core.vocabulary import Reason, State
from estim.host.remote import Remote
from estim.tasks import end
from protocols.vocabulary import Channel

SHARES = 20
"""Hosts are begun at any moment, so in each second they speak in so many turns."""

MOMENTS = 10**8
"""Moments are told in ms, and begin again after a day."""


ADDRESS = "C1:02:03:04:05:06"
"""Of the one unit that each has."""


def name_of(number: int) -> str:
    return f"light-{number}"


def moment_ms() -> int:
    """Return a moment that all processes of a machine tell in the same way."""
    return time.monotonic_ns() // 1_000_000 % MOMENTS


async def no_day() -> Day | None:
    return None


class LightHost:
    """One host; its session plays until a stop for it arrives, or until it is told to end."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.name = name
        self.stops = 0
        self.stopped_s: float | None = None
        self.left_s = 600
        self.state = State.RUNNING
        self.remote = Remote(
            broker, name, name, known=(), health=False, obey=self._obey, day=no_day, doubts=tuple,
            now=lambda: datetime.now(UTC),
        )  # fmt: skip
        self.play()

    def play(self) -> None:
        self.state = State.RUNNING
        self.stopped_s = None
        self._show()

    def end(self, reason: Reason = Reason.COMPLETED) -> None:
        if self.state is not State.ENDED:
            self.state = State.ENDED
            self._show(reason)
            self.remote.tell(ended(reason), ADDRESS)

    def show_live(self) -> None:
        if self.state is State.RUNNING:
            self._show()

    async def _obey(self, order: Lowering) -> None:
        if isinstance(order, Stop):
            self.stops += 1
            self.stopped_s = self.stopped_s or time.monotonic()
            self.end(Reason.STOPPED)

    def _show(self, reason: Reason | None = None) -> None:
        over = self.state is State.ENDED
        level = 0 if over else 5
        lane = ChannelView(
            channel=Channel.A, lo=level, hi=level, goal=level, request=level, cap=9, cap_why="", scale=100
        )
        shown = Snapshot(
            unit="left", address=ADDRESS, family="coyote3", title="Coyote", simulated=True,
            state=self.state, program="tens-ankle", program_title="Ankle", lanes=(lane,),
            left_s=0 if over else self.left_s, out="off" if over else "on", reason=reason,
            stop_confirmed=True if over else None,
        )  # fmt: skip
        self.remote.tell(shown)


def ended(reason: Reason) -> Ended:
    return Ended(
        unit="left", reason=reason, program="tens-ankle", family="coyote3", simulated=True, started_at=None,
        duration_s=60.0, level_max={}, level_end={}, stop_confirmed=True, message="",
    )  # fmt: skip


@asynccontextmanager
async def at_broker(hosts: Sequence[LightHost]) -> AsyncIterator[None]:
    """Let hosts be connected meanwhile."""
    loop = asyncio.get_running_loop()
    running = [loop.create_task(host.remote.run()) for host in hosts]
    showing = loop.create_task(_shown(hosts))
    try:
        yield
    finally:
        await end(showing, *running)


async def _shown(hosts: Sequence[LightHost]) -> None:
    """Show each session that goes on every second, as a real one is."""
    while True:
        for share in range(SHARES):
            for host in hosts[share::SHARES]:
                host.show_live()
            await asyncio.sleep(1 / SHARES)


class MomentHost(LightHost):
    """One whose time that is left is the moment of its word, ms: whoever hears it knows how old it is."""

    def show_live(self) -> None:
        self.left_s = moment_ms()
        super().show_live()


class Crowd:
    """All hosts of a process of their own."""

    def __init__(self, port: int, count: int) -> None:
        self._hosts = [MomentHost(Broker("127.0.0.1", port), name_of(number)) for number in range(count)]

    async def live(self) -> None:
        """Do what is said on stdin until it ends."""
        loop = asyncio.get_running_loop()
        words: asyncio.Queue[str] = asyncio.Queue()
        loop.add_reader(sys.stdin.fileno(), lambda: words.put_nowait(sys.stdin.readline().strip()))
        gc.freeze()  # as a host does it: a walk through a thousand of them would be told as the time of a stop
        gc.set_threshold(20_000, 20, 50)
        async with at_broker(self._hosts):
            while word := await words.get():
                self._do(word)

    def _do(self, word: str) -> None:
        for host in self._hosts:
            match word:
                case "play":
                    host.play()
                case "end":
                    host.end()
        if word == "tell":
            told = {
                "on": sum(host.state is not State.ENDED for host in self._hosts),
                "online": sum(host.remote.connection.online for host in self._hosts),
                "stops": sum(host.stops for host in self._hosts),
                "stopped_s": [host.stopped_s for host in self._hosts if host.stopped_s is not None],
            }
            sys.stdout.write(f"{json.dumps(told)}\n")
            sys.stdout.flush()


async def _main(port: int, count: int) -> None:
    logging.getLogger("estim.mqtt").setLevel(logging.ERROR)  # each of them would say that the broker was killed
    await Crowd(port, count).live()


if __name__ == "__main__":
    asyncio.run(_main(*map(int, sys.argv[1:])))
