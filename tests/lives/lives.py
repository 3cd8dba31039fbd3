"""One random life of a software unit and the hosts around it, on time that jumps, judged from the electrodes.

A life has the real supervisor, runner and journal. By its seed it draws a family with its faults, an air that loses,
delays, stalls and cuts, and a script of what happens: front ends that start, stop, pause, change levels and vanish,
hands at the unit, hosts that are killed (with the link kept, as BlueZ keeps it, or lost) and that stand still.

Judged are two things. Every "confirmed" is true: nothing is felt from BOUND_S after it until somebody starts, resumes
or turns the unit up. And nothing that may be on is forgotten: while something is felt that no session plays, a host
stops it, or the journal or its marker says so.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from estim.clock import VirtualLoop, new_loop
from estim.config.paths import Home, find_home
from estim.config.settings import Settings
from estim.config.units import Units
from estim.core.messages.commands import Ask, Done, Reply, Resume, SetLevel, Start, Watch
from estim.core.messages.events import Ended, Happened, Levelled, LinkLost, Paused, Resumed, Started
from estim.core.messages.lowering import Pause, Stop
from estim.core.values import replace
from estim.host.radio.link import Heard, Lost, Seen
from estim.host.server import Connection
from estim.host.services import Services
from estim.host.supervisor import Supervisor
from estim.journal.writer import JournalWriter
from protocols.family import Family
from protocols.registry import family as family_named
from protocols.registry import names
from protocols.vocabulary import AirError, Channel, Endpoint
from simulator.memory import MemoryAir, MemoryLink
from simulator.registry import make, read_line
from simulator.trace import silent
from simulator.twin import Twin
from simulator.weather import RadioFaults

_WATCH = Watch()

BOUND_S = 0.25
"""How long pulses may go on after a proof: a frame of 100 ms that was under way, and the look of the air (0.1 s)."""

SILENT_MAX_S = 5.9
"""A link on which nothing comes through for longer is lost: 6 s is the longest supervision time-out in use (zc95 and
openEMSstim rest on that as well, see their drivers). Longer silences come as cuts."""

GOAL = {"coyote3": 10, "em70": 4, "bluetens": 4, "yokonex": 12, "zc95": 50, "openemsstim": 6, "coyote2": 100}

FAULTS = {
    "em70": ("stop_ignored=1", "stop_ignored=99,down_ignored=99", "down_ignored=2", "link_loss=stop", "strength=5"),
    "coyote3": ("stop_ignored=2", "reconnect=zero", "strength=20/0", "ack_drop_n=3", "ack_twice", "repeat_last"),
    "coyote2": ("stop_ignored=2", "reconnect=zero", "strength=90/0", "tell_late_s=0.3"),
    "bluetens": ("stop_ignored=1", "slow_stop_s=2", "strength=4", "half_line=no"),
    "yokonex": ("stop_ignored=2", "strength=30/0", "stop_ignored=99"),
    "zc95": ("lost=0.1",),
    "openemsstim": ("slow=0.1", "slow=0.3", "stop_ignored=1", "link_loss=no", "strength=4/0"),
}
"""Faults of the units that a life may have, one at a time, beside those of the air."""


class Seat(Connection):
    """A front end without a socket; it tells the life what it hears."""

    def __init__(self, life: "Life") -> None:
        self.gone = False
        self._life = life

    def tell(self, line: object) -> None:
        if isinstance(line, Happened):
            self._life.happened(line)


class HostAir:
    """The radio as one host sees it: when the host is killed its links do nothing any more, and stay as they are."""

    simulated = False

    def __init__(self, room: MemoryAir) -> None:
        self.room = room
        self.dead = False
        self.held: list[HostLink] = []

    async def scan(self, seconds: float) -> list[Seen]:
        return await self.room.scan(seconds)

    def link(self, address: str, family: Family, *, to_stop: bool = False) -> "HostLink":
        return HostLink(self, self.room.link(address, family, to_stop=to_stop))

    async def release(self) -> None:
        """The room outlives its hosts."""


class HostLink:
    """A link of one host."""

    def __init__(self, air: HostAir, link: MemoryLink) -> None:
        self._air = air
        self._link = link

    async def open(self, heard: Heard, lost: Lost, timeout_s: float) -> None:
        self._alive()
        await self._link.open(
            lambda endpoint, data: None if self._air.dead else heard(endpoint, data),
            lambda why: None if self._air.dead else lost(why),
            timeout_s,
        )
        self._air.held.append(self)

    @property
    def severed(self) -> bool:
        return self._link.severed

    def post(self, endpoint: Endpoint, data: bytes) -> bool:
        self._alive()
        return self._link.post(endpoint, data)

    async def write(self, endpoint: Endpoint, data: bytes, response: bool) -> None:
        self._alive()
        await self._link.write(endpoint, data, response)

    async def read(self, endpoint: Endpoint) -> bytes:
        self._alive()
        return await self._link.read(endpoint)

    async def close(self) -> None:
        if not self._air.dead:
            await self._link.close()

    async def cut(self) -> None:
        """What the system does for a process that is gone, sooner or later."""
        await self._link.close()

    def orphan(self) -> None:
        """What BlueZ does for a process that is gone: the unit stays connected, and the next host has the same link."""
        self._link.orphan()

    def _alive(self) -> None:
        if self._air.dead:
            raise AirError("this host is dead", lost=True)


@dataclass(slots=True)
class Verdict:
    """What one life came to."""

    seed: int
    family: str
    options: str
    claims: int = 0
    unproved: int = 0
    kills: int = 0
    wrong: list[str] = field(default_factory=list)
    script: list[str] = field(default_factory=list)

    def told(self) -> str:
        """Return all that is needed to live it again."""
        return "\n".join([f"seed {self.seed}: {self.family}:{self.options}", *self.script, *self.wrong])


class Life:
    """See the module; `live` may be called once."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = Random(seed)
        name = names()[seed % len(names())]
        own = self.chance.choice(("", "", *FAULTS[name]))
        self.setup = read_line(f"{name}:{own}")
        self.verdict = Verdict(seed, name, own)
        self.made = family_named(name)
        self.twin: Twin = make(self.setup, lambda _unit: silent, seed)[0]
        self.home: Home = find_home(str(folder))
        self.home.prepare()
        loop, self.clock = new_loop("max")
        assert isinstance(loop, VirtualLoop)
        self.loop = loop
        self.room: MemoryAir | None = None
        self.air: HostAir | None = None
        self.supervisor: Supervisor | None = None
        self.journal: JournalWriter | None = None
        self.seats: list[Seat] = []
        self._left_links: list[HostLink] = []
        self._mine: set[asyncio.Task[object]] = set()
        self._claims: list[float] = []
        self._released_s: list[float] = []
        self._felt: list[float] = []
        self._seen_s = 0.0
        self._playing = False
        self._by_hand = False
        self._link_lost = False
        self._key_s = -1.0

    def live(self) -> Verdict:
        """Live it to its end."""
        try:
            self.loop.run_until_complete(self._whole())
        finally:
            self.loop.close()
        return self.verdict

    def happened(self, event: Happened) -> None:
        """Take what a host told a front end."""
        now_s = self.loop.time()
        match event:
            case Started() | Resumed():
                if isinstance(event, Resumed) and self._link_lost and now_s - self._key_s > 0.5:
                    self.verdict.wrong.append(f"{now_s:.2f}: resumed by itself after a lost link")
                self._playing = True
                self._link_lost = False
                self._by_hand = False
                self._released_s.append(now_s)
            case Ended():
                self._playing = False
                self.verdict.unproved += event.stop_confirmed is not True
                if event.stop_confirmed is True and (event.started_at is not None or not event.program):
                    self._claim(f"ended ({event.reason.value})")
            case LinkLost():
                self._link_lost = True
            case Paused() | Levelled():
                pass
            case _:
                pass

    # The hosts

    async def _begin_host(self) -> None:
        assert self.room is not None, "there is a room before any host"
        self._mine = set(asyncio.all_tasks())
        self.air = HostAir(self.room)
        self.journal = await JournalWriter.open(self.home.journal)
        services = Services(
            clock=self.clock,
            air=self.air,
            journal=self.journal,
            home=self.home,
            settings=Settings(),
            units=Units.load(self.home),
            families=lambda: (self.made,),
            pid=os.getpid(),
        )
        if not len(services.units):
            services.units.add(self.twin.address, self.made.name, self.clock.now().utc, pinned=True)
        self.supervisor = Supervisor(services, solo=False, leaving=asyncio.Event())
        self.seats = [Seat(self), Seat(self)]
        await self.supervisor.sessions.recover()
        for seat in self.seats:
            await self.supervisor.ask(seat, _WATCH)

    async def _kill(self, *, keep_link: bool) -> None:
        """SIGKILL: not another byte; the link stays with the system, or goes."""
        assert self.air is not None, "there is a host"
        assert self.journal is not None, "there is a host"
        self._note(f"kill, the link {'stays' if keep_link else 'goes'}")
        self.verdict.kills += 1
        self.air.dead = True
        others = asyncio.all_tasks() - self._mine - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)
        await self.journal.close()
        self.supervisor = None
        self._playing = False
        links = self.air.held
        self.air.held = []
        if not keep_link:
            for link in links:
                await link.cut()
        self._left_links = links if keep_link else []

    async def _whole(self) -> None:
        self.room = MemoryAir([self.twin], self.verdict.seed, self._weather())
        await self._begin_host()
        self._do(self._ask(0, self._start()))
        for _ in range(self.chance.randint(4, 12)):
            await self._pass_time(self.chance.choice((0.3, 1.0, 3.0, 8.0, 15.0)))
            await self._something()
        await self._calm()
        await self.room.release()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)

    async def _something(self) -> None:
        act = self.chance.random()
        if self.supervisor is None:
            await self._next_host()
        elif act < 0.22:
            self._do(self._ask(self.chance.randrange(2), self._stop()))
        elif act < 0.34:
            self._do(self._ask(1, self.chance.choice((Pause(), Resume(), Resume()))))
        elif act < 0.46:
            self._do(self._ask(0, SetLevel(channel=Channel.A, by=self.chance.choice((-1, 1, 1, 2)))))
        elif act < 0.56:
            self._do(self._ask(0, self._start()))
        elif act < 0.62:
            self._note("front end 0 vanishes")
            self.supervisor.left(self.seats[0])
        elif act < 0.72:
            await self._kill(keep_link=self.chance.random() < 0.6)
        elif act < 0.80:
            seconds = self.chance.choice((0.7, 3.0, 8.0, 40.0))
            self._note(f"the host stands still for {seconds} s")
            self.loop.stand_still(seconds)
        elif act < 0.90:
            self._weather_changes(self._weather())
        elif self._playing:
            self._hand(self.chance.choice(("A-", "A-", "A+", "power-off", "power-on", "pads-off")))

    async def _next_host(self) -> None:
        """A new host takes over what the last one left; the system has let go of its link by then."""
        for link in self._left_links:
            await link.cut()
        self._left_links = []
        self._note("a new host")
        await self._begin_host()

    # What happens

    def _start(self) -> Start:
        level = max(1, GOAL[self.made.name] * self.chance.choice((1, 1, 2)) // 2)
        return Start(
            program="tens-ankle",
            minutes=self.chance.choice((0.5, 1.0, 2.0)),
            level={Channel.A: level},
            pads_on=True,
            override=("gap", "dose", "run"),
            unasked=True,
            wait_after_loss=self.chance.random() < 0.5,
            keep=self.chance.random() < 0.3,
        )

    def _stop(self) -> Stop:
        return Stop(soft=self.chance.random() < 0.4, reason=self.chance.choice(("stopped", "panic", "interrupted")))

    def _weather(self) -> RadioFaults:
        chance = self.chance
        return replace(
            self.setup.radio,
            lost=chance.choice((0.0, 0.1, 0.3)),
            late_s=chance.choice((0.0, 0.05, 0.3)),
            dup=chance.choice((0.0, 0.1)),
            corrupt=chance.choice((0.0, 0.02)),
            cut=chance.choice((None, (chance.uniform(1, 30), chance.uniform(0.5, 40)))),
            stall=chance.choice((None, (chance.uniform(1, 20), chance.uniform(0.3, SILENT_MAX_S)))),
            taken=chance.choice((0, 0, 1, 4)),
            lost_after=chance.choice((float("inf"), float("inf"), chance.uniform(2, 30))),
        )

    def _weather_changes(self, faults: RadioFaults) -> None:
        assert self.room is not None, "there is a room"
        self._note(f"weather: {faults}")
        self.room.change(self.twin.address, faults)

    def _hand(self, act: str) -> None:
        if act[0] == "A" and self.made.name == "openemsstim":
            return  # nothing at the board can change a level
        self._note(f"hand: {act}")
        now_s = self.loop.time()
        if "+" in act or act == "power-on":
            self._by_hand = True
            self._released_s.append(now_s)
        self.twin.hand(now_s, act)

    async def _ask(self, seat: int, command: Ask) -> None:
        supervisor = self.supervisor
        if supervisor is None:
            return
        self._note(f"front end {seat}: {command}")
        if isinstance(command, Resume):
            self._key_s = self.loop.time()
        reply = await supervisor.ask(self.seats[seat], command)
        self._note(f"  answer to {type(command).__name__}: {reply}")
        if isinstance(command, Stop):
            self._judge_stop(reply)

    def _do(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._keep_bug)

    def _keep_bug(self, task: "asyncio.Task[None]") -> None:
        """A bug in the supervisor or the life itself must not get lost: what a callback raises is only logged."""
        if not task.cancelled() and task.exception() is not None:
            self.verdict.wrong.append(f"{self.loop.time():.2f}: a bug: {task.exception()!r}")

    async def _pass_time(self, seconds: float) -> None:
        until_s = self.loop.time() + seconds
        while self.loop.time() < until_s:
            await asyncio.sleep(min(5.0, max(0.001, until_s - self.loop.time())))
            self._feel()

    # The judge

    def _note(self, text: str) -> None:
        self.verdict.script.append(f"{self.loop.time():8.2f} {text}")

    def _feel(self) -> None:
        """Fetch what the electrodes saw since the last time, as far as the twin keeps it."""
        now_s = self.loop.time()
        self.twin.advance(now_s)
        pulses = self.twin.pulses(max(self._seen_s, now_s - 59.0), now_s)
        self._felt += [pulse.at_s for pulse in pulses if pulse.current_ma > 0]
        self._seen_s = now_s

    def _felt_between(self, since_s: float, until_s: float) -> int:
        return sum(since_s < at_s < until_s for at_s in self._felt)

    def _claim(self, by: str) -> None:
        self.verdict.claims += 1
        self._claims.append(self.loop.time())
        self._note(f"  CONFIRMED: {by}")

    def _judge_stop(self, reply: Reply) -> None:
        if not isinstance(reply, Done):
            return
        if reply.proved:
            self._claim("answer to a stop")
        elif reply.text == "nothing is running":
            self._feel()
            now_s = self.loop.time()
            since_s = max(now_s - 0.5, max(self._claims, default=0.0) + BOUND_S)
            if self._felt_between(since_s, now_s) and not self._by_hand:
                self.verdict.wrong.append(f"{now_s:.2f}: 'nothing is running' while the unit puts out")

    async def _calm(self) -> None:
        """No more mishaps: within two minutes nothing is on, or somebody knows that it may be."""
        self._feel()
        self._weather_changes(RadioFaults())
        if self.supervisor is None:
            await self._known_or_off("with no host")
            await self._next_host()
        await self._ask(1, Stop())
        await self._pass_time(150.0)
        await self._known_or_off("at the end")
        for claim_s in self._claims:
            until_s = min((at_s for at_s in self._released_s if at_s > claim_s), default=self._seen_s)
            felt = self._felt_between(claim_s + BOUND_S, until_s)
            if felt:
                self.verdict.wrong.append(f"CONFIRMED at {claim_s:.2f}, and {felt} pulses until {until_s:.2f}")
        if self.supervisor is not None:
            await self.supervisor.sessions.close()
        assert self.journal is not None, "there was a host"
        await self.journal.close()

    async def _known_or_off(self, when: str) -> None:
        self._feel()
        now_s = self.loop.time()
        since_s = max(now_s - 1.0, max(self._claims, default=0.0) + BOUND_S)  # what was proved just now is judged apart
        if not self._felt_between(since_s, now_s) or self._playing or self._by_hand:
            return
        if self.supervisor is not None and self.supervisor.sessions.busy:
            return
        journal = await JournalWriter.open(self.home.journal) if self.supervisor is None else self.journal
        assert journal is not None, "there was a host"
        known = await journal.open_sessions()
        if self.supervisor is None:
            await journal.close()
        if not known:
            self.verdict.wrong.append(f"{now_s:.2f}: the unit puts out {when}, and nobody knows")
