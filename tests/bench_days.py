"""Figures of a host that lives for three days on time that jumps: what it holds after each half a day, and what grows.

It has all that a host has but a process of its own: supervisor, runner, a journal on the disk, reminders, the control
socket with a front end for each session, and a broker (`tests/played_broker.py`: a real one lives by the wall's clock).
The unit is a twin, and counts as a real one, so that its sessions are in the diary. Broker and twin are in the process
that is measured.
"""

import asyncio
import gc
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from estim import clock
from estim.config.options import HostOptions
from estim.host.main import told_to_house
from estim.host.reminders import LOOK_S
from estim.host.server import serve
from tests.figures import Holding, Say, a_session, files_open, rss_mb
from tests.life.life import Life
from tests.played_broker import PlayedBroker, friendly, played

HOURS = 72
EVERY_HOURS = 12
SESSIONS = (3, 11)
"""How many hours after each day's beginning a session is played."""

AFTER_S = 120.0
"""How long after the slot, s: it has been told and the unit connected by then."""

BORN = datetime(2026, 3, 2, 6, 0, tzinfo=ZoneInfo("Europe/Berlin"))
SETTINGS = """
[schedule]
rules = ["RRULE:FREQ=DAILY;BYHOUR=9,17"]
"""

START = b'{"do": "start", "program": "tens-ankle", "level": {"A": 5}, "minutes": 20, "pads_on": true}\n'
WATCH = b'{"do": "watch", "every_s": 1}\n'


class Days:
    """One host and whoever lives with it."""

    def __init__(self, say: Say, life: Life) -> None:
        self._say = say
        self._life = life
        self._sessions = 0
        self.held: list[Holding] = []

    async def story(self, life: Life) -> None:
        await life.well()
        gc.collect()  # as a host does it at its start
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        async with played(friendly) as broker, self._joined(life, broker):
            for hour in range(HOURS + 1):
                await asyncio.sleep(max(0.0, hour * 3600 - life.loop.time()))
                if hour % EVERY_HOURS == 0 and hour:
                    self._look(hour)
                elif hour % 24 in SESSIONS:
                    await asyncio.sleep(AFTER_S)
                    await self._session(life)
                broker.packets.clear()  # it remembers all that it was told

    @asynccontextmanager
    async def _joined(self, life: Life, broker: PlayedBroker) -> AsyncIterator[None]:
        server = await serve(life.home.socket, life.supervisor)
        options = HostOptions(solo=False, mqtt=f"mqtt://127.0.0.1:{broker.port}")
        try:
            async with told_to_house(life.services, life.supervisor, options, life.reminders.snooze):
                yield
        finally:
            await server.close()

    async def _session(self, life: Life) -> None:
        """Come, begin a session, look at it until it is over, and go."""
        reader, writer = await asyncio.open_unix_connection(life.home.socket)
        writer.write(WATCH + START)
        begun = False
        async for line in reader:
            told = json.loads(line)
            assert told.get("answer") != "refused", told
            begun = begun or bool(told.get("answer") and told["unit"])
            if begun and told.get("event") == "ended":  # what the schedule had prepared has ended before
                assert told["reason"] == "completed", told
                break
        writer.close()
        await writer.wait_closed()
        self._sessions += 1

    def _look(self, hour: int) -> None:
        gc.collect()
        journal = self._life.home.journal
        self.held.append(
            Holding(
                hours=hour,
                sessions=self._sessions,
                rss_mb=rss_mb("self"),
                files=files_open("self"),
                tasks=len(asyncio.all_tasks()),
                database=sum(path.stat().st_size for path in journal.parent.glob(f"{journal.name}*")),
            )
        )
        self._say(f"after {hour} h", self.held[-1].row)


def days(say: Say) -> None:
    """Three days of a host."""
    clock.LOOK_S = 0.0  # its sockets are looked at before each jump, so that nobody waits for hours for an answer
    with tempfile.TemporaryDirectory(prefix="estim-") as made:
        life = Life(Path(made), BORN, "Europe/Berlin", SETTINGS, line="coyote3:battery=100", look_s=LOOK_S)
        lived = Days(say, life)
        life.live(lived.story)
    early = lived.held[0]
    late = lived.held[-1]
    span = f"from {early.hours:g} h to {late.hours:g} h"
    say(f"{span}: memory", f"{late.rss_mb - early.rss_mb:+.1f} MB (wanted: flat)")
    say(f"{span}: files", f"{late.files - early.files:+d} (wanted 0)")
    say(f"{span}: tasks", f"{late.tasks - early.tasks:+d} (wanted 0)")
    say(f"{span}: database, for each session", f"{a_session(early, late):,.0f} bytes")
