"""The runner on the radio in memory, on time that jumps: links that go, drivers that break, units that are away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from estim.catalogue.contained import PluginError
from estim.catalogue.programs import shipped
from estim.clock import new_loop
from estim.core.errors import EstimError, Exit
from estim.core.messages.events import Ended, Happened, Levelled
from estim.core.moment import Now
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap, percent_cap
from estim.core.session.order import Order, Unit
from estim.core.session.session import Session
from estim.core.values import replace
from estim.core.vocabulary import Reason, State
from estim.host.radio.link import Air, Heard, Lost, Seen
from estim.host.runner import Runner
from estim.host.session_log import SessionLog
from estim.journal.writer import JournalWriter
from protocols.driver import Driver
from protocols.em70.packets import CONTROL
from protocols.family import Family
from protocols.registry import family
from protocols.vocabulary import Channel, Endpoint, Event, Level, Op, Reported
from simulator.memory import MemoryAir
from simulator.registry import make, read_line
from simulator.trace import silent
from simulator.twin import Twin

LIFE_MAX_S = 36_000.0
"""Longest life of a session, in its own time."""


class Notes:
    """What a session's log passed on to who watches. Its journal is closed: nothing here is about what is on disk."""

    def __init__(self) -> None:
        self.told: list[Happened] = []
        self.at_s: list[float] = []
        self.looks: Callable[[float], None] = lambda _now_s: None

    def log(self, unit: Unit, now: Now) -> SessionLog:
        journal = JournalWriter.closed(Path("none.db"), EstimError("no journal", code=Exit.CANT_CREATE))
        return SessionLog(journal, unit, 0, self.happened, self._passed, since_utc=now.utc)

    def _passed(self, _address: str) -> None:
        self.looks(asyncio.get_running_loop().time())

    def happened(self, told: Sequence[Happened], _address: str) -> None:
        self.told += told
        self.at_s += [asyncio.get_running_loop().time()] * len(told)

    @property
    def ended(self) -> bool:
        return any(isinstance(event, Ended) for event in self.told)


class Rig:
    """A runner with a software unit, on a loop whose time jumps."""

    def __init__(self, options: str, *, minutes: float = 1.0, stops_only: bool = False, level: int = 4) -> None:
        setup = read_line(options)
        self.made: Family = family(setup.family)
        self.twin: Twin = make(setup, lambda _unit: silent)[0]
        self.notes = Notes()
        self.air: Air = MemoryAir([self.twin], faults=setup.radio)
        self.levels: list[tuple[float, int]] = []
        self._minutes = minutes
        self._stops_only = stops_only
        self._level = level
        self.loop, self.clock = new_loop("max")

    def play(self, act: Callable[[Runner], Awaitable[None]] | None = None) -> Runner:
        """Live the session's whole life, with something done besides."""

        async def life() -> Runner:
            runner = self.runner()
            task = asyncio.get_running_loop().create_task(runner.run())
            async with asyncio.timeout(LIFE_MAX_S):  # a bug that is swallowed must end a test, not hang it
                if act is not None:
                    await act(runner)
                await task
            return runner

        try:
            return self.loop.run_until_complete(life())
        finally:
            self.loop.close()

    def runner(self) -> Runner:
        made = self.made
        now = self.clock.now()
        program = next(program for program in shipped() if program.id == "tens-ankle")
        goal = {channel: Level(self._level if channel is Channel.A else 0) for channel in made.caps.channels}
        order = None if self._stops_only else Order(fit(program, made, self._minutes), goal, pads_on=True)
        limits = Limits((family_cap(made.caps), percent_cap(made.caps, 35, "a new unit")))
        unit = Unit("box", self.twin.address, made.name, made.title, True, made.by_hand)
        session = Session(unit, made.caps, limits, order, now, until_s=now.mono_s + 300)
        self.notes.looks = lambda now_s: self.levels.append((now_s, self.twin.level("A")))
        return Runner(self.air, made, session, self.clock, self.notes.log(unit, now))

    @property
    def ended(self) -> Ended:
        last = self.notes.told[-1]
        assert isinstance(last, Ended)
        return last


@pytest.mark.parametrize("name", ["coyote3", "em70"])
def test_a_session_lives_and_ends(name: str) -> None:
    rig = Rig(name)
    rig.play()
    assert rig.ended.reason is Reason.COMPLETED
    assert rig.ended.stop_confirmed
    assert [event.level for event in rig.notes.told if isinstance(event, Levelled)][-1] == 0


def test_a_stop_before_the_unit_is_reached_ends_at_once() -> None:
    rig = Rig("em70")

    async def stop_soon(runner: Runner) -> None:
        await asyncio.sleep(0.1)
        runner.ask(lambda now, _: runner.session.stop(now, Reason.STOPPED))

    rig.play(stop_soon)
    assert rig.ended.reason is Reason.STOPPED
    assert rig.ended.started_at is None


def test_a_unit_that_is_not_there_is_told_after_two_attempts() -> None:
    rig = Rig("em70:hand=power-off@0")
    rig.twin.hand(0.0, "power-off")
    rig.play()
    assert rig.ended.reason is Reason.NO_DEVICE
    assert 40 <= rig.clock.now().mono_s <= 60


@pytest.mark.control("C-12")
def test_a_unit_that_was_left_on_is_looked_for_until_it_is_found_and_stopped() -> None:
    rig = Rig("coyote3:strength=20/0", stops_only=True)
    rig.twin.hand(0.0, "power-off")

    async def back_later(_runner: Runner) -> None:
        await asyncio.sleep(120)
        rig.twin.hand(rig.loop.time(), "power-on")

    rig.play(back_later)
    assert rig.ended.stop_confirmed


@pytest.mark.control("C-47")
def test_a_unit_that_was_left_on_and_takes_no_stop_is_stopped_until_it_does() -> None:
    rig = Rig("em70:strength=5,stop_ignored=40,down_ignored=40,off_ignored=40", stops_only=True)
    rig.play()
    assert [event for event in rig.notes.told if isinstance(event, Ended)] == [rig.ended]
    assert rig.ended.stop_confirmed
    assert rig.clock.now().mono_s > 10  # long after the limit of a stop (4 s)


class Breaking:
    """A driver with a bug: it raises once it plays, where it is polled or where it is asked what is so."""

    def __init__(self, real: Driver, where: str) -> None:
        self.real = real
        self.where = where
        self.count = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def poll(self, now_s: float) -> list[Op]:
        self._breaks("poll")
        return self.real.poll(now_s)

    def reported(self, now_s: float) -> Reported:
        self._breaks("reported")
        return self.real.reported(now_s)

    def _breaks(self, where: str) -> None:
        self.count += where == self.where
        if where == self.where and self.count == 60:
            raise RuntimeError("a bug in a driver")


@pytest.mark.parametrize("where", ["poll", "reported"])
def test_a_bug_in_a_driver_ends_the_runner_and_never_hangs(where: str) -> None:
    rig = Rig("coyote3")
    real = rig.made

    def connect(now_s: float, profile: str) -> Driver:
        return Breaking(real.connect(now_s, profile), where)  # type: ignore[return-value] # it forwards all else

    rig.made = replace(real, connect=connect)
    with pytest.raises(RuntimeError, match="a bug in a driver"):
        rig.play()


@pytest.mark.parametrize(
    ("bug", "sentence"),
    [(RuntimeError("a bug"), "a bug in estim"), (PluginError("plug-in acme: floods the air"), "plug-in acme: floods")],
)
def test_a_runner_that_broke_off_says_that_nothing_is_known(bug: Exception, sentence: str) -> None:
    rig = Rig("em70")

    async def break_off(runner: Runner) -> None:
        await asyncio.sleep(10)
        runner.broke_off(bug)

    runner = rig.play(break_off)
    assert runner.session.state is State.ENDED
    assert rig.ended.stop_confirmed is False
    assert rig.ended.level_end == {Channel.A: None}
    assert rig.ended.reason is Reason.FAULT
    assert sentence in rig.ended.message


class Hears:
    """A driver that counts what it hears; the real one does the rest."""

    def __init__(self, real: Driver) -> None:
        self.real = real
        self.heard = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        self.heard += 1
        return self.real.receive(now_s, endpoint, data)


class Says:
    """A link that is lost in the very moment in which the unit says something; the second one says nothing."""

    severed = True

    def __init__(self, air: "SaysAir") -> None:
        self._air = air

    async def open(self, heard: Heard, lost: Lost, timeout_s: float) -> None:
        self._air.opened += 1
        self._air.heard = self._air.heard or heard
        if self._air.opened == 1:
            loop = asyncio.get_running_loop()
            loop.call_later(1.0, self._end, heard, lost)

    def _end(self, heard: Heard, lost: Lost) -> None:
        lost("gone")
        for _ in range(3):
            heard(CONTROL, b"\x07\x05")

    def post(self, endpoint: Endpoint, data: bytes) -> bool:
        return False

    async def write(self, endpoint: Endpoint, data: bytes, response: bool) -> None: ...

    async def read(self, endpoint: Endpoint) -> bytes:
        return b""

    async def close(self) -> None:
        """Hanging up takes its time, and the unit goes on to talk."""
        if self._air.heard is not None:
            self._air.heard(CONTROL, b"\x07\x05")


class SaysAir:
    """The air of such links."""

    simulated = True

    def __init__(self) -> None:
        self.opened = 0
        self.heard: Heard | None = None

    async def scan(self, seconds: float) -> list[Seen]:
        return []

    def link(self, address: str, family: Family, *, to_stop: bool = False) -> Says:
        return Says(self)

    async def release(self) -> None: ...


def test_what_an_old_link_said_reaches_no_new_driver() -> None:
    rig = Rig("em70", stops_only=True)
    made: list[Hears] = []

    def connect(now_s: float, profile: str) -> Driver:
        made.append(Hears(real.connect(now_s, profile)))
        return made[-1]  # type: ignore[return-value] # it forwards all else

    real = rig.made
    rig.made = replace(real, connect=connect)
    rig.air = SaysAir()
    rig.play()
    assert len(made) >= 2
    assert [driver.heard for driver in made[1:]] == [0] * (len(made) - 1)


@pytest.mark.control("C-16")
def test_a_level_that_nobody_knows_counts_as_output() -> None:
    """All notifications get lost while the first step is under way: the unit may be at 1, and is."""
    rig = Rig("em70:lost_after=6.3")
    runner = rig.play()
    assert rig.ended.reason is Reason.FAULT
    on_s = [at_s for at_s, level in rig.levels if level > 0]
    assert on_s, "the unit was to be on"
    assert runner.output_s >= on_s[-1] - on_s[0]
