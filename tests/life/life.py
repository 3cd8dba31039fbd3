"""Somebody who lives with estim: a daemon on a clock that jumps, one unit, one diary, and zones that change."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from estim.clock import LoopClock, VirtualLoop
from estim.config.paths import find_home
from estim.config.settings import Settings, read_settings
from estim.config.units import Units
from estim.core.days.diary import Check, Diary, Entry, Mark, Marked, Topic
from estim.core.days.outcomes import judge
from estim.core.days.screening import QUESTIONS
from estim.core.days.slots import Slot
from estim.core.messages.commands import Arm, Ask, Done, Refusal, Reply, SetLevel, Start
from estim.core.messages.events import Reminded
from estim.core.moment import Now
from estim.core.vocabulary import State
from estim.host.notify.notice import Notification
from estim.host.reminders import Reminders
from estim.host.server import Connection
from estim.host.services import Services
from estim.host.supervisor import Supervisor
from estim.journal.terms import terms_of
from estim.journal.writer import JournalWriter
from protocols.registry import family
from protocols.vocabulary import Channel
from simulator.memory import MemoryAir
from simulator.registry import make, read_line
from simulator.trace import Trace, silent

LOOK_S = 600.0
"""The schedule is looked at every ten minutes: fourteen days are two thousand looks."""


PROGRAMS = sorted(path.stem for path in (Path(__file__).parents[2] / "estim" / "programs").glob("*.toml"))
WORDS = "pain|tendon|achilles|ankle|health|hurt|injur|skin"
UNSAID = re.compile("|".join([WORDS, *map(re.escape, PROGRAMS)]), re.IGNORECASE)
"""What no notice may hold: it stands on lock screens (estim/host/notify/notice.py)."""


class LidClock(LoopClock):
    """A clock that leaps: with the lid closed all of it (`slept_s`), set by somebody only its UTC (`set_s`)."""

    slept_s = 0.0
    set_s = 0.0

    def now(self) -> Now:
        now = super().now()
        return Now(now.mono_s + self.slept_s, now.utc + timedelta(seconds=self.slept_s + self.set_s))


class Owned(MemoryAir):
    """A radio in memory whose unit counts as a real one: what it plays belongs into the diary."""

    simulated = False


class Seat(Connection):
    """A terminal at which a person sits."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.gone = False

    def tell(self, line: object) -> None:
        self.told.append(line)


class Wall:
    """Where notices hang."""

    def __init__(self) -> None:
        self.notices: list[Notification] = []
        self.hanging: set[str] = set()

    async def tell(self, notice: Notification) -> tuple[str, ...]:
        self.notices.append(notice)
        self.hanging.add(notice.key)
        return ("wall",)

    async def withdraw(self, key: str) -> None:
        self.hanging.discard(key)

    @property
    def texts(self) -> list[str]:
        return [notice.text for notice in self.notices]

    @property
    def leaks(self) -> list[str]:
        """All lines that say more than others may read."""
        lines = [line for one in self.notices for line in (one.line, *(label for _, label in one.actions))]
        return [line for line in lines if UNSAID.search(line)]


class Life:
    """`zone` is where the person is; `said` what they were reminded of, as (local time, slot), `offered` with which
    program.

    `line` names the unit; with `reminds` False nobody looks at the schedule; `trace` keeps what the unit itself saw.
    """

    def __init__(
        self,
        folder: Path,
        born: datetime,
        zone: str,
        settings: str = "",
        *,
        line: str = "em70:battery=100",
        reminds: bool = True,
        look_s: float = LOOK_S,
        trace: Trace | None = None,
    ) -> None:
        self.zone = zone
        self.reminds = reminds
        self.look_s = look_s
        self.home = find_home(str(folder))
        self.home.prepare()
        self.home.settings_file.write_text(settings, encoding="utf-8")
        self.loop = VirtualLoop(None)
        self.clock = LidClock(self.loop, born.astimezone(UTC))
        setup = read_line(line)
        self.twin = make(setup, trace.of if trace else lambda _unit: silent)[0]
        self.air = Owned([self.twin])
        self.family = family(setup.family)
        self.wall = Wall()
        self.said: list[tuple[str, str]] = []
        self.offered: dict[str, str] = {}
        self.refusals: list[str] = []
        self.seat = Seat()

    @property
    def now(self) -> datetime:
        """The person's own time."""
        return self.clock.now().utc.astimezone(ZoneInfo(self.zone))

    @property
    def settings(self) -> Settings:
        return read_settings(self.home.settings_file)

    def live(self, story: Callable[["Life"], Awaitable[None]]) -> None:
        """Live it."""

        async def whole() -> None:
            await self.wake()
            try:
                await story(self)
            finally:
                await self.sleep()

        try:
            self.loop.run_until_complete(whole())
        finally:
            self.loop.close()
        assert self.wall.leaks == []

    # The computer

    async def wake(self) -> None:
        """A daemon starts: what a dead one left is stopped first."""
        self.journal = await JournalWriter.open(self.home.journal)
        self.services = services = Services(
            clock=self.clock,
            air=self.air,
            journal=self.journal,
            home=self.home,
            settings=self.settings,
            units=Units.load(self.home),
            families=lambda: (self.family,),
            pid=os.getpid(),
            zone=lambda: self.zone,
        )
        self.supervisor = Supervisor(services, solo=False, leaving=asyncio.Event())
        await self.supervisor.sessions.recover()
        self.reminders = Reminders(services, self.wall, self.supervisor.sessions.prepare, self._told, self.look_s)
        looking = self.reminders.run() if self.reminds else asyncio.sleep(0)
        self.reminding: asyncio.Task[None] = asyncio.get_running_loop().create_task(looking)

    async def sleep(self) -> None:
        """The daemon ends as it should."""
        self.reminding.cancel()
        await self.supervisor.sessions.close()
        await self.journal.close()

    async def die(self) -> None:
        """The daemon is killed in mid-session: no stop, no last word in the journal, the unit left as it is."""
        self.reminding.cancel()
        for active in self.supervisor.units:
            active.task.cancel()
        await asyncio.sleep(0)
        await self.journal.flush()
        self.journal._executor.shutdown(wait=True)

    def _told(self, event: Reminded) -> None:
        self.offered[event.slot] = event.program
        if event.text.endswith(tuple("0123456789")):  # the first word of it; the second says how the unit is
            self.said.append((f"{self.now:%d %H:%M}", event.slot[8:].replace("T", " ")))

    # The person

    async def well(self) -> None:
        """Answer all questions once, with no."""
        await self.write(*(Check(at=self.now, topic=Topic.HEALTH, about=one.id, answer="no") for one in QUESTIONS))

    async def until(self, day: int, clock: str, month: int = 0) -> None:
        """Let time pass until a local time."""
        hour, minute = map(int, clock.split(":"))
        now = self.now
        then = datetime(now.year, month or now.month, day, hour, minute, tzinfo=ZoneInfo(self.zone))
        await asyncio.sleep(then.timestamp() - now.timestamp())

    async def ask(self, command: Ask) -> Reply:
        return await self.supervisor.ask(self.seat, command)

    async def play(
        self, minutes: float = 20, level: int = 5, program: str = "tens-ankle", site: str | None = None
    ) -> Reply:
        """Put the pads on and play; return when it is over."""
        start = Start(program=program, minutes=minutes, level={Channel.A: level}, pads_on=True, site=site)
        reply = await self.ask(start)
        if isinstance(reply, Refusal):
            self.refusals.append(reply.text)
            return reply
        await self.over()
        return reply

    async def ask_for_more(self) -> str:
        """Try to play, and return why it is refused."""
        reply = await self.play()
        assert isinstance(reply, Refusal)
        return reply.text

    async def press_enter(self, level: int = 5) -> None:
        """Take the unit that the schedule has prepared, and go up by hand."""
        assert isinstance(await self.ask(Arm()), Done)
        assert isinstance(await self.ask(SetLevel(channel=Channel.A, to=level)), Done)
        await self.over()

    async def over(self) -> None:
        """Wait until what is played has ended."""
        for active in self.supervisor.units:
            await active.runner.ended.wait()
            await asyncio.wait({active.task})
        assert self.twin.level("A") == 0

    @property
    def states(self) -> list[State]:
        return [active.runner.session.state for active in self.supervisor.units]

    async def write(self, *entries: Entry) -> None:
        await self.journal.enter(entries, self.clock.now())

    async def mark(self, key: str, what: Marked) -> None:
        await self.write(Mark(at=self.now, slot=key, what=what))

    async def diary(self) -> Diary:
        return await self.journal.diary()

    def slots(self, diary: Diary, since: datetime, until: datetime) -> tuple[Slot, ...]:
        terms = terms_of(self.home, self.settings, diary)
        return judge(self.settings.schedule, diary, self.now, since, until, terms)
