"""A host at home on a real broker: Home Assistant finds its units, stops them, and nothing that it says raises one."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from estim.clock import Clock, new_loop
from estim.config.mqtt_settings import MqttSettings
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.config.settings import Settings
from estim.config.units import Units
from estim.core.messages.commands import Done, Start
from estim.core.remote.topics import HostTopics, unit_id
from estim.core.vocabulary import State
from estim.host.main import told_to_house
from estim.host.services import Services
from estim.host.supervisor import Supervisor
from estim.journal.rows import NEVER, Opening
from estim.journal.writer import JournalWriter
from estim.mqtt import RECALL_S
from protocols.registry import family, names
from protocols.vocabulary import Channel
from simulator.memory import MemoryAir
from simulator.registry import make, read_line
from simulator.trace import silent
from tests.broker import House, Mosquitto, house, mosquitto
from tests.core.remote.home_assistant import described, happened, read
from tests.host.test_supervisor import RealAir, Seat, folder

__all__ = ["folder", "mosquitto"]

SPEED = "4"
"""So much faster than the wall's clock: a broker is real, so time can't jump, and nothing is judged by it."""

LEVEL = 2
GOES_ON = (State.RUNNING, State.RAMPING)
"""A session that plays; on a machine that is busy it may have been unfed for a moment, and is on its way back."""
TOPICS = HostTopics("h7")


class Host:
    """Two units of one family, their host, and a house that hears everything; `beside` another one: in its loop,
    `air` as which its units are taken, `trouble` what can't be read.
    """

    def __init__(
        self,
        folder: Path,
        broker: Mosquitto,
        options: str,
        *,
        ident: str = "h7",
        beside: "Host | None" = None,
        air: type[MemoryAir] = MemoryAir,
        trouble: str = "",
    ) -> None:
        self.broker = broker
        setup = read_line(options)
        self.twins = [*make(setup, lambda _unit: silent), *make(setup, lambda _unit: silent, number=2)]
        self._family = family(setup.family)
        self._home = find_home(str(folder))
        self._home.prepare()
        self._ident = ident
        self._air = air
        self._trouble = trouble
        self._time: tuple[asyncio.AbstractEventLoop, Clock] = new_loop(SPEED) if beside is None else beside._time
        self._loop, self._clock = self._time
        self._options = HostOptions(solo=False, mqtt=f"mqtt://127.0.0.1:{broker.port}")
        self.units = [unit_id(twin.address) for twin in self.twins]
        self.seat = Seat()
        self.supervisor: Supervisor
        self.services: Services

    def run(self, life: Callable[["Host", House], Awaitable[None]]) -> None:
        """Let a house and this host live together."""

        async def whole() -> None:
            async with self.alive(), house(self.broker) as there:
                await life(self, there)

        try:
            self._loop.run_until_complete(whole())
        finally:
            self._loop.close()

    def remembered(self) -> Units:
        """Return the units that are remembered, as somebody reads them now."""
        return Units.load(self._home)

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Have a host meanwhile; its sessions end with it."""
        journal = await JournalWriter.open(self._home.simulated, simulated=True)
        self.services = Services(
            clock=self._clock,
            air=self._air(self.twins),
            journal=journal,
            home=self._home,
            settings=Settings(mqtt=MqttSettings(host=self._ident)),
            units=self.remembered(),
            families=lambda: (self._family,),
            pid=os.getpid(),
            trouble=self._trouble,
        )
        self.supervisor = Supervisor(self.services, solo=False, leaving=asyncio.Event())
        try:
            yield
        finally:
            await self.supervisor.sessions.close()
            await journal.close()

    @asynccontextmanager
    async def told(self, there: House) -> AsyncIterator[None]:
        """Be told to the house meanwhile, and take its orders."""
        async with told_to_house(self.services, self.supervisor, self._options, None):
            await there.until(HostTopics(self._ident).bridge, b"online")
            await asyncio.sleep(1.5)  # what comes earlier is never acted on; time runs faster here
            yield

    async def play(self, number: int) -> None:
        """Begin a session on a unit, and return when it is at its level."""
        start = Start(
            program="tens-ankle",
            unit=self.twins[number].address,
            minutes=10,
            level={Channel.A: LEVEL},
            pads_on=True,
            keep=True,
            unasked=True,
            override=("gap", "dose"),
        )
        reply = await self.supervisor.ask(self.seat, start)
        assert isinstance(reply, Done), reply

    def states(self) -> list[State]:
        return [shown.state for shown in self.supervisor.overview().units]


async def of_kind(there: House, topic: str, kind: str) -> None:
    """Return when an event of this kind was told."""
    await there.when(topic, lambda said: said["event_type"] == kind)


@pytest.mark.control("C-14")
@pytest.mark.parametrize("name", names())
def test_a_house_finds_two_units_of_each_family_reads_them_and_stops_first_one_then_all(
    folder: Path, mosquitto: Mosquitto, name: str
) -> None:
    async def life(host: Host, there: House) -> None:
        async with host.told(there):
            for number in (0, 1):
                await host.play(number)
            states = [TOPICS.unit(unit, "state") for unit in host.units]
            events = [TOPICS.unit(unit, "event") for unit in host.units]
            for topic in states:
                await there.when(topic, lambda said: said["state"] == "running" and said["stimulating"] == "ON")
            taken: set[str] = set()
            found = [described(there.said[TOPICS.discovery(unit)], taken) for unit in host.units]
            whole = described(there.said[TOPICS.discovery()], taken)
            await there.until(TOPICS.state)
            for entity in (*found[0].values(), *found[1].values(), *whole.values()):
                if "stat_t" in entity and entity["p"] not in ("button", "event"):
                    read(entity, there.said[entity["stat_t"]])
            stop = found[0]["stop"]
            await there.say(stop["cmd_t"], stop["pl_prs"])
            await of_kind(there, events[0], "stopped")
            happened(found[0]["event"], there.said[events[0]])
            assert json.loads(there.said[events[0]])["stop_confirmed"] == "ON"
            assert host.states() == [State.ENDED, State.RUNNING], "the other one plays on"
            await there.say(whole["stop_all"]["cmd_t"], whole["stop_all"]["pl_prs"])
            await of_kind(there, events[1], "stopped")
            for topic in states:
                await there.when(topic, lambda said: said["stimulating"] == "OFF")
            assert [twin.level("A") for twin in host.twins] == [0, 0]
        live = {topic for topic, payload, retained in there.all if retained and payload}
        assert not live & {*states, *events}, "a live figure that is kept would be taken for a fresh one"

    Host(folder, mosquitto, name).run(life)


RAISING = (
    "start",
    "resume",
    "arm",
    "level_up",
    "level_up 3",
    "level_down -3",
    "level 9",
    "ON",
    '{"do":"start","program":"tens-ankle","minutes":5,"level":{"A":9},"pads_on":true}',
    '{"do":"level","channel":"A","by":5}',
    '{"do":"resume"}',
    '{"do":"arm"}',
    "stop\x00start",
    "stop; start",
    "x" * 2000,
)
"""What nobody may get done over a network."""


async def tries_everything(there: House, host: Host) -> int:
    """Say all that raises on every topic that orders go to; return how many messages that were."""
    topics = [TOPICS.orders, "estim/all/cmd", *(TOPICS.unit(unit, "cmd") for unit in (*host.units, "nobody"))]
    for topic in topics:
        for payload in RAISING:
            await there.say(topic, payload)
    return len(topics) * len(RAISING)


@pytest.mark.control("C-14")
def test_what_is_raising_kept_or_old_has_no_effect_and_is_counted_over_restarts_of_broker_and_host(
    folder: Path, mosquitto: Mosquitto
) -> None:
    async def life(host: Host, there: House) -> None:
        state = TOPICS.unit(host.units[0], "state")
        orders = TOPICS.unit(host.units[0], "cmd")
        async with host.told(there):
            await host.play(0)
            await there.when(state, lambda said: said["level"] == LEVEL)
            tried = await tries_everything(there, host)
            await there.when(TOPICS.state, lambda said: bool(said["orders_dropped"] == tried))
            for payload in ("stop", "pause", "start", "level_down"):
                await there.say(orders, payload, retain=True)
            await there.when(TOPICS.state, lambda said: bool(said["orders_dropped"] == tried + 4))
        async with host.told(there):  # a host that comes finds what is kept there
            await there.when(TOPICS.state, lambda said: bool(said["orders_dropped"] == 0))
            assert host.states()[0] in GOES_ON
            host.broker.stop()
            host.broker.start()
            async with house(host.broker) as again:
                await again.until(TOPICS.bridge, b"online")
                await asyncio.sleep(1.5)
                before = (await again.when(TOPICS.state, lambda _said: True))["orders_dropped"]
                tried = await tries_everything(again, host)
                await again.when(TOPICS.state, lambda said: bool(said["orders_dropped"] == before + tried))
                assert (await again.when(state, lambda said: said["level"] == LEVEL))["level"] == LEVEL
                assert host.states()[0] in GOES_ON
                await again.say("estim/all/cmd", "stop")
                await of_kind(again, TOPICS.unit(host.units[0], "event"), "stopped")
                await tries_everything(again, host)
                await again.when(TOPICS.state, lambda said: bool(said["orders_dropped"] == before + 2 * tried))
                assert host.states() == [State.ENDED], "nothing begins"

    Host(folder, mosquitto, "coyote3").run(life)


def test_links_and_hosts_that_go_are_told_and_those_that_come_back_too(folder: Path, mosquitto: Mosquitto) -> None:
    async def life(host: Host, there: House) -> None:
        link = TOPICS.unit(host.units[0], "link")
        async with host.told(there):
            await host.play(0)
            await there.until(link, b"online")
            host.twins[0].hand(asyncio.get_running_loop().time(), "power-off")
            await there.until(link, b"offline")
            assert there.said[TOPICS.bridge] == b"online"
            described_once = [topic for topic, _, _ in there.all if topic == TOPICS.discovery(host.units[0])]
            assert len(described_once) == 1, "what says the same isn't sent again"
        await there.until(TOPICS.bridge, b"offline")
        async with host.told(there):
            assert there.said[TOPICS.bridge] == b"online"

    Host(folder, mosquitto, "coyote3").run(life)


@pytest.mark.parametrize(
    ("air", "trouble"),
    [(RealAir, ""), (MemoryAir, ""), (RealAir, "units.json is no list of units")],
    ids=["units", "software units", "units that can't be read"],
)
def test_a_unit_that_was_forgotten_while_its_host_was_away_is_described_no_more_and_a_renamed_one_anew(
    folder: Path, mosquitto: Mosquitto, air: type[MemoryAir], trouble: str
) -> None:
    async def whole(host: Host, there: House) -> None:
        for name, twin in zip(("left", "right"), host.twins, strict=True):
            host.remembered().add(twin.address, "coyote3", host.services.clock.now().utc, name=name)
        found = [TOPICS.discovery(unit) for unit in host.units]
        links = [TOPICS.unit(unit, "link") for unit in host.units]
        for topic in (*found, *links):
            await there.say(topic, '{"dev": {"name": "as it was"}}', retain=True)
        host.remembered().forget("left")
        host.remembered().rename("right", "knee")
        async with host.alive(), host.told(there):
            if air is MemoryAir or trouble:
                await there.until(TOPICS.state)
                await asyncio.sleep(RECALL_S)
                said = [there.said[topic] for topic in (*found, *links)]
                assert b"" not in said, "who knows little takes nothing back"
                return
            await there.until(links[0], b"")
            await there.until(found[0], b"")
            await there.when(found[1], lambda said: said["dev"]["name"] == "knee")
            await there.until(links[1], b"offline")

    Host(folder, mosquitto, "coyote3", air=air, trouble=trouble).run(whole)


def test_a_unit_that_was_left_on_and_is_switched_off_is_told_as_not_linked(folder: Path, mosquitto: Mosquitto) -> None:
    async def life(host: Host, there: House) -> None:
        host.twins[0].hand(asyncio.get_running_loop().time(), "power-off")
        row = Opening(
            program="tens-ankle", unit="left", address=host.twins[0].address, family="em70", sites=(), simulated=True,
            started=host.services.clock.now(), length_s=1200, on_until_utc=NEVER,
        )  # fmt: skip
        await host.services.journal.begin(row)
        await host.supervisor.sessions.recover()
        async with host.told(there):
            said = await there.when(TOPICS.unit(host.units[0], "state"), lambda said: said["state"] == "stopping")
            assert (said["unit"], said["may_be_on"]) == ("left", "ON")
            assert there.said[TOPICS.unit(host.units[0], "link")] == b"offline"

    Host(folder, mosquitto, "em70").run(life)
