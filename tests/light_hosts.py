"""Hosts without a unit, a diary or a radio: what they say is played, and they do hear a stop; many fit in a process."""

import asyncio
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


def name_of(number: int) -> str:
    return f"light-{number}"


async def no_day() -> Day | None:
    return None


class LightHost:
    """One host; its session plays until a stop for it arrives, or until it is told to end."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.name = name
        self.stops = 0
        self.state = State.RUNNING
        self.remote = Remote(
            broker, name, name, known=(), health=False, obey=self._obey, day=no_day, doubts=tuple,
            now=lambda: datetime.now(UTC),
        )  # fmt: skip
        self.play()

    def play(self) -> None:
        self.state = State.RUNNING
        self._show()

    def end(self, reason: Reason = Reason.COMPLETED) -> None:
        if self.state is not State.ENDED:
            self.state = State.ENDED
            self._show(reason)
            self.remote.tell(ended(reason))

    def show_live(self) -> None:
        if self.state is State.RUNNING:
            self._show()

    async def _obey(self, order: Lowering) -> None:
        if isinstance(order, Stop):
            self.stops += 1
            self.end(Reason.STOPPED)

    def _show(self, reason: Reason | None = None) -> None:
        over = self.state is State.ENDED
        level = 0 if over else 5
        lane = ChannelView(
            channel=Channel.A, lo=level, hi=level, goal=level, request=level, cap=9, cap_why="", scale=100
        )
        shown = Snapshot(
            unit="left", address="C1:02:03:04:05:06", family="coyote3", title="Coyote", simulated=True,
            state=self.state, program="tens-ankle", program_title="Ankle", lanes=(lane,), left_s=0 if over else 600,
            out="off" if over else "on", reason=reason, stop_confirmed=True if over else None,
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
        for host in hosts:
            host.show_live()
        await asyncio.sleep(1)
