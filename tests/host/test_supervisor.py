"""The supervisor on software units and time that jumps: what is answered is so, and no session plays for nobody."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest

from estim.cli.record import exit_code
from estim.client.lock import left_on
from estim.clock import RealClock, VirtualLoop, began_s, new_loop
from estim.config.paths import find_home
from estim.config.settings import Settings
from estim.config.stamp import note_stop
from estim.config.units import Units
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Arm, Done, Refusal, Resume, Start, Watch
from estim.core.messages.events import Alarmed, Ended, LinkLost, Resumed, Started
from estim.core.messages.lowering import Pause, Stop
from estim.core.values import replace
from estim.core.vocabulary import Reason, State
from estim.host.recovery import recovery
from estim.host.server import Connection
from estim.host.services import Services
from estim.host.supervisor import Supervisor
from estim.journal.database import BEAT_S
from estim.journal.journal import Journal
from estim.journal.marker import How, Marker, markers
from estim.journal.rows import NEVER, Opening, Outcome, Row
from estim.journal.sessions_table import SessionsTable
from estim.journal.writer import JournalWriter
from protocols.driver import Driver
from protocols.family import Family
from protocols.registry import family
from protocols.vocabulary import Channel, Op
from simulator.memory import MemoryAir
from simulator.registry import make, read_line
from simulator.trace import silent
from simulator.twin import Twin
from simulator.weather import RadioFaults

PLAY = Start(program="tens-ankle", minutes=5, level={Channel.A: 3}, pads_on=True)


LIFE_MAX_S = 36_000.0
"""Longest life of a house, in its own time."""


class Seat(Connection):
    """A front end without a socket."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.gone = False

    def tell(self, line: object) -> None:
        self.told.append(line)


class Breaking:
    """A driver with a bug: it raises at one of its polls."""

    def __init__(self, real: Driver) -> None:
        self.real = real
        self.polls = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def poll(self, now_s: float) -> list[Op]:
        self.polls += 1
        if self.polls == 60:
            raise RuntimeError("a bug in a driver")
        return self.real.poll(now_s)


class RealAir(MemoryAir):
    """Software units that a host must take for real ones: it doesn't leave while one may be on."""

    simulated = False


class House:
    """A supervisor with its services, on a loop whose time jumps. `real`: with a journal that is kept."""

    def __init__(
        self, folder: Path, options: str, *, real: bool = False, solo: bool = False, speed: str = "max"
    ) -> None:
        self.real = real
        self.solo = solo
        self.disk: type[JournalWriter] = JournalWriter
        self.setup = read_line(options)
        self.twins: list[Twin] = make(self.setup, lambda _unit: silent)
        self.made: Family = family(self.setup.family)
        self.home = find_home(str(folder))
        self.home.prepare()
        self.loop, self.clock = new_loop(speed)
        self.leaving = asyncio.Event()
        made = RealAir if real else MemoryAir
        self.air = made(self.twins, faults=self.setup.radio)

    def run(self, life: Callable[["House", Supervisor], Awaitable[None]]) -> None:
        """Let somebody use the supervisor, then end it."""

        async def whole() -> None:
            path = self.home.journal if self.real else self.home.simulated
            self.journal = await self.disk.open(path, simulated=not self.real)
            try:
                supervisor = Supervisor(self.parts(), solo=self.solo, leaving=self.leaving)
                async with asyncio.timeout(LIFE_MAX_S):  # a bug that is swallowed must end a test, not hang it
                    await life(self, supervisor)
                    await supervisor.sessions.close()
            finally:
                await self.journal.close()

        try:
            self.loop.run_until_complete(whole())
        finally:
            self.loop.close()

    def stand_still(self, seconds: float) -> None:
        """Let the computer sleep."""
        assert isinstance(self.loop, VirtualLoop)
        self.loop.stand_still(seconds)

    def parts(self) -> Services:
        return Services(
            clock=self.clock,
            air=self.air,
            journal=self.journal,
            home=self.home,
            settings=Settings(),
            units=Units.load(self.home),
            families=lambda: (self.made,),
            pid=os.getpid(),
        )

    def marked(self) -> list[str]:
        """Return the units that the markers say may be on."""
        read = [Marker(path).read() for path in markers(self.home)]
        return [one.unit for marks in read if marks is not None for one in marks.units]

    def level(self) -> int:
        level: int = self.twins[0].level("A")
        return level

    async def leave_open(
        self, family: str | None = None, address: str | None = None, profile: str = "", on_until_utc: datetime = NEVER
    ) -> None:
        """Leave a session behind as a host does that was killed."""
        row = Opening(
            program="tens-ankle",
            unit=family or self.made.name,
            address=address or self.twins[0].address,
            family=family or self.made.name,
            sites=(),
            simulated=not self.real,
            started=self.clock.now(),
            length_s=1200,
            on_until_utc=on_until_utc,
            profile=profile,
        )
        await self.journal.begin(row)


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="estim-") as name:
        yield Path(name)


@pytest.mark.control("C-09")
def test_a_recovery_that_is_not_proved_is_never_called_confirmed(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await house.leave_open()
        await supervisor.sessions.recover()
        reply = await supervisor.ask(Seat(), Stop())
        assert isinstance(reply, Refusal)
        assert reply.code == Exit.NOT_CONFIRMED
        again = await supervisor.ask(Seat(), Stop())
        assert isinstance(again, Refusal)
        assert again.code == Exit.NOT_CONFIRMED

    House(folder, "coyote3:mute").run(life)


@pytest.mark.control("C-12")
def test_a_recovery_that_found_nobody_is_tried_again_by_the_next_host(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        house.twins[0].hand(0.0, "power-off")
        await house.leave_open()
        await supervisor.sessions.recover()
        assert isinstance(await supervisor.ask(Seat(), Stop(reason="interrupted")), Refusal)
        await supervisor.sessions.close()
        assert len(await house.journal.open_sessions()) == 1

    House(folder, "em70").run(life)


def test_a_stop_before_anything_was_put_out_does_not_claim_a_proof(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, PLAY), Done)
        reply = await supervisor.ask(seat, Stop())
        assert isinstance(reply, Done)
        assert "confirmed" not in reply.text

    House(folder, "em70").run(life)


@pytest.mark.control("C-12")
def test_after_a_bug_of_ours_the_unit_is_stopped_by_a_fresh_way(folder: Path) -> None:
    house = House(folder, "em70")
    real = house.made
    made = []

    def connect(now_s: float, profile: str) -> Driver:
        driver = real.connect(now_s, profile)
        made.append(driver)
        return driver if len(made) > 1 else Breaking(driver)  # type: ignore[return-value] # it forwards all else

    house.made = replace(real, connect=connect)

    async def life(house: House, supervisor: Supervisor) -> None:
        assert isinstance(await supervisor.ask(Seat(), PLAY), Done)
        await asyncio.sleep(60)
        assert len(made) == 2
        assert house.level() == 0
        assert await house.journal.open_sessions() == []

    house.run(life)


@pytest.mark.control("C-41")
def test_a_front_end_that_vanished_while_its_start_was_prepared_gets_no_session(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        starting = asyncio.get_running_loop().create_task(supervisor.ask(seat, PLAY))
        await asyncio.sleep(1)
        supervisor.left(seat)
        reply = await starting
        assert isinstance(reply, Refusal)
        await asyncio.sleep(30)
        assert house.level() == 0
        assert not any(active.state is not State.ENDED for active in supervisor.overview().units)

    House(folder, "em70").run(life)


@pytest.mark.control("C-41")
def test_a_front_end_that_vanishes_takes_its_session_with_it(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        await supervisor.ask(seat, PLAY)
        await asyncio.sleep(20)
        assert house.level() == 3
        supervisor.left(seat)
        await asyncio.sleep(5)
        assert house.level() == 0

    House(folder, "em70").run(life)


REAL = replace(PLAY, unasked=True, override=("gap", "dose"))
CLEAR = RadioFaults()


def words(reply: object) -> str:
    return reply.text if isinstance(reply, Done | Refusal) else ""


@pytest.mark.control("C-47")
def test_after_an_unproved_stop_a_host_looks_on_and_says_so_until_the_unit_is_off(folder: Path) -> None:
    """Eight seconds of silence on the air: told as not confirmed, then found again and stopped, by the same host."""

    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, REAL), Done)
        await asyncio.sleep(15)
        assert house.level() == 3
        house.air.change(house.twins[0].address, RadioFaults(stall=(0.0, 1e6)))
        first = await supervisor.ask(seat, Stop())
        assert isinstance(first, Refusal)
        assert first.code == Exit.NOT_CONFIRMED
        assert "may be on until" in first.text
        assert house.level() == 3
        again = await supervisor.ask(seat, Stop())
        assert isinstance(again, Refusal)
        assert again.code == Exit.NOT_CONFIRMED
        await asyncio.sleep(10)
        [left] = await house.journal.open_sessions()
        assert left.ended
        assert left.id > 0
        assert house.marked() == ["em70"]
        [shown] = supervisor.overview().units
        assert (shown.state, shown.out, shown.on_until is not None) == (State.STOPPING, "maybe", True)
        house.air.change(house.twins[0].address, CLEAR)
        await asyncio.sleep(60)
        assert house.level() == 0
        assert await house.journal.open_sessions() == []
        assert house.marked() == []
        assert words(await supervisor.ask(seat, Stop())) == "em70: stopped, zero confirmed"

    House(folder, "em70", real=True).run(life)


@pytest.mark.control("C-47")
def test_a_solo_host_stays_while_a_unit_may_be_on_though_nobody_is_there_any_more(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, REAL), Done)
        await asyncio.sleep(10)
        assert house.level() == 3
        supervisor.left(seat)
        await asyncio.sleep(60)
        assert house.level() == 3  # out of range since 8 s after connecting
        assert not house.leaving.is_set()
        await asyncio.sleep(120)
        assert house.level() == 0
        assert house.leaving.is_set()
        assert await house.journal.open_sessions() == []

    House(folder, "em70:cut=8+150", real=True, solo=True).run(life)


@pytest.mark.control("C-47")
def test_the_next_host_takes_up_what_the_last_one_could_not_prove(folder: Path) -> None:
    async def first(house: House, supervisor: Supervisor) -> None:
        assert isinstance(await supervisor.ask(Seat(), REAL), Done)
        await asyncio.sleep(15)
        house.air.change(house.twins[0].address, RadioFaults(stall=(0.0, 1e6)))
        assert isinstance(await supervisor.ask(Seat(), Stop()), Refusal)

    house = House(folder, "em70", real=True)
    house.run(first)
    assert house.level() == 3
    later = House(folder, "em70:strength=3", real=True)

    async def second(house: House, supervisor: Supervisor) -> None:
        assert await supervisor.sessions.recover() == ["em70"]
        reply = await supervisor.ask(Seat(), Stop())
        assert isinstance(reply, Done)
        assert reply.proved
        assert house.level() == 0
        await asyncio.sleep(5)
        assert await house.journal.open_sessions() == []

    later.run(second)


@pytest.mark.control("C-47")
def test_a_start_on_a_unit_that_is_searched_for_says_so(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        house.twins[0].hand(0.0, "power-off")
        await house.leave_open()
        await supervisor.sessions.recover()
        await asyncio.sleep(1)
        reply = await supervisor.ask(Seat(), REAL)
        assert isinstance(reply, Refusal)
        assert reply.code == Exit.TRY_LATER
        assert "may still be on from an earlier session and is being searched for" in reply.text

    house = House(folder, "em70", real=True)
    Units.load(house.home).add(house.twins[0].address, "em70", house.clock.now().utc)
    house.run(life)


@pytest.mark.control("C-47")
def test_a_persons_word_ends_the_search_and_confirms_nothing(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        house.twins[0].hand(0.0, "power-off")
        await house.leave_open()
        await supervisor.sessions.recover()
        await asyncio.sleep(300)
        assert isinstance(await supervisor.ask(Seat(), Stop()), Refusal)
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, Watch()), Done)
        assert "seen off by you" in words(await supervisor.ask(seat, Stop(seen_off=True)))
        assert await house.journal.open_sessions() == []
        [ended] = [line for line in seat.told if isinstance(line, Ended)]
        assert ended.stop_confirmed is False
        marks = Marker(markers(house.home)[0]).read()
        assert marks is not None
        assert [one.how for one in marks.settled] == [How.SEEN_OFF]
        again = await supervisor.ask(Seat(), Stop(seen_off=True))
        assert isinstance(again, Refusal)

    House(folder, "em70", real=True).run(life)


@pytest.mark.control("C-53")
def test_a_unit_of_a_family_that_nobody_knows_keeps_no_other_on_and_is_never_called_off(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await house.leave_open(family="nobody", address="00:00:00:00:00:01")
        await house.leave_open()
        assert await supervisor.sessions.recover() == ["em70"]
        await asyncio.sleep(30)
        assert house.level() == 0
        for _ in range(2):
            reply = await supervisor.ask(Seat(), Stop())
            assert isinstance(reply, Refusal)
            assert reply.code == Exit.NOT_CONFIRMED
            assert "nobody may be on" in reply.text

    House(folder, "em70:strength=5", real=True).run(life)


@pytest.mark.control("C-47")
def test_two_rows_of_one_unit_are_settled_together(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await house.leave_open()
        await house.leave_open()
        assert await supervisor.sessions.recover() == ["em70"]
        await asyncio.sleep(30)
        assert house.level() == 0
        assert await house.journal.open_sessions() == []

    House(folder, "em70:strength=5", real=True).run(life)


@pytest.mark.control("C-53")
@pytest.mark.parametrize(
    ("options", "remembered", "played", "spoken"),
    [
        ("em70:strength=5", "gone-with-its-plug-in", "", ""),
        ("em70:strength=5", "em70", "V9", ""),
        ("yokonex:version=V2.0,strength=40/40", "yokonex", "V2.0", "V2.0"),
    ],
    ids=["another family", "no such version", "the version that was played"],
)
def test_what_was_left_on_is_stopped_as_it_was_played_whatever_is_remembered(
    folder: Path, options: str, remembered: str, played: str, spoken: str
) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await house.leave_open(profile=played)
        [left] = await house.journal.open_sessions()
        assert recovery(house.parts(), left).session.unit.profile == spoken
        assert len(await supervisor.sessions.recover()) == 1
        reply = await supervisor.ask(Seat(), Stop())
        assert isinstance(reply, Done), reply
        assert reply.proved
        assert house.level() == 0

    house = House(folder, options, real=True)
    Units.load(house.home).add(house.twins[0].address, remembered, house.clock.now().utc)
    house.run(life)


def test_a_unit_that_was_on_and_takes_no_stop_is_told_as_on(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, Watch()), Done)
        await supervisor.ask(seat, REAL)
        await asyncio.sleep(60)
        ended = next(line for line in seat.told if isinstance(line, Ended))
        assert ended.started_at is None
        assert (ended.may_be_on, exit_code(ended, None)) == (True, Exit.NOT_CONFIRMED)
        assert house.level() > 0

    House(folder, "yokonex:strength=80/0,stop_ignored=9999", real=True).run(life)


@pytest.mark.control("C-47")
@pytest.mark.parametrize("reason", ["stopped", "panic"])
def test_a_stop_of_a_lost_unit_is_no_end_of_the_search_for_it(
    folder: Path, reason: Literal["stopped", "panic"]
) -> None:
    """Only who leaves is not kept waiting; the panic key is no leaving."""

    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, Watch()), Done)
        assert isinstance(await supervisor.ask(seat, PLAY), Done)
        await asyncio.sleep(10)
        reply = await supervisor.ask(seat, Stop(reason=reason))
        assert isinstance(reply, Refusal)
        await asyncio.sleep(20)
        assert house.level() == 3, "it is out of reach"
        assert not [line for line in seat.told if isinstance(line, Ended)]
        await asyncio.sleep(60)
        assert house.level() == 0
        [ended] = [line for line in seat.told if isinstance(line, Ended)]
        assert ended.stop_confirmed is True

    House(folder, "em70:cut=8+50", solo=True).run(life)


@pytest.mark.control("C-47")
@pytest.mark.parametrize("leaves", [False, True])
def test_a_box_that_repeats_its_last_frame_is_searched_for_until_it_proves_zero(
    folder: Path, monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    monkeypatch.setattr("simulator.memory.AWAY_S", 300.0)

    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        viewer = Seat()
        assert isinstance(await supervisor.ask(viewer, Watch()), Done)
        assert isinstance(await supervisor.ask(seat, REAL), Done)
        await asyncio.sleep(20)
        house.air.hand(None, "cut")
        await asyncio.sleep(1)
        if leaves:
            assert isinstance(await supervisor.ask(seat, Stop(reason="interrupted")), Refusal)
            [ended] = [line for line in viewer.told if isinstance(line, Ended)]
            assert ended.may_be_on
            supervisor.left(seat)
        await asyncio.sleep(200)
        now_s = house.loop.time()
        assert house.twins[0].pulses(now_s - 10, now_s), "it goes on by itself"
        assert supervisor.units.running
        assert isinstance(await supervisor.ask(Seat(), replace(REAL, unit="coyote3")), Refusal)
        assert house.marked() == ["coyote3"]
        refused = await supervisor.ask(viewer, Stop())
        assert isinstance(refused, Refusal)
        assert "is being searched for to be stopped" in refused.text
        await asyncio.sleep(150)
        assert house.level() == 0
        assert house.marked() == []
        assert isinstance(await supervisor.ask(viewer, Stop()), Done)

    House(folder, "coyote3:repeat_last", real=True).run(life)


@pytest.mark.control("C-47")
def test_a_linked_box_that_obeys_no_stop_is_stopped_on_after_its_session_has_ended(folder: Path) -> None:
    """It is fed no more; but that it is silent then is a belief, and its level still stands."""

    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, Watch()), Done)
        assert isinstance(await supervisor.ask(seat, REAL), Done)
        await asyncio.sleep(20)
        assert isinstance(await supervisor.ask(seat, Stop()), Refusal)
        [ended] = [line for line in seat.told if isinstance(line, Ended)]
        assert (ended.stop_confirmed, ended.may_be_on) == (False, True)
        assert house.level() == 3, "it obeys none of them"
        await asyncio.sleep(120)
        assert house.level() == 0
        assert house.marked() == []
        assert isinstance(await supervisor.ask(seat, Stop()), Done)

    House(folder, "coyote3:stop_ignored=40,repeat_last", real=True).run(life)


@pytest.mark.control("C-47")
def test_a_lost_box_that_may_repeat_ends_its_session_and_stays_marked_until_a_persons_word(folder: Path) -> None:
    """Who waits for the end of the session is not kept for ever, and the next host searches for it too."""

    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, Watch()), Done)
        assert isinstance(await supervisor.ask(seat, REAL), Done)
        await asyncio.sleep(20)
        house.twins[0].hand(house.loop.time(), "power-off")
        await asyncio.sleep(100)
        [ended] = [line for line in seat.told if isinstance(line, Ended)]
        assert (ended.stop_confirmed, ended.may_be_on) == (False, True)
        assert [one.on_until_utc for one in await house.journal.open_sessions()] == [NEVER]
        assert [one.unit for one in left_on(house.home)] == ["coyote3"]
        reply = words(await supervisor.ask(Seat(), Stop()))
        assert "should have fallen silent, but that isn't proved" in reply
        assert "seen off by you" in words(await supervisor.ask(Seat(), Stop(seen_off=True)))
        assert house.marked() == []
        assert await house.journal.open_sessions() == []

    House(folder, "coyote3", real=True).run(life)


@pytest.mark.control("C-47")
@pytest.mark.parametrize("reason", ["stopped", "interrupted"])
def test_what_a_proof_switched_on_was_put_out_though_no_session_began(
    folder: Path, monkeypatch: pytest.MonkeyPatch, reason: Literal["stopped", "interrupted"]
) -> None:
    """This unit takes the width of 0 in the proof of its protocol for its default, and is lost before it answers."""

    monkeypatch.setattr("simulator.memory.AWAY_S", 60.0)

    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, Watch()), Done)
        assert isinstance(await supervisor.ask(seat, replace(REAL, pads_on=False)), Done)
        for _ in range(1000):
            await asyncio.sleep(0.01)
            if house.level():
                break
        assert house.level(), "the pulse of the proof"
        house.air.hand(house.twins[0].address, "cut")
        await asyncio.sleep(1)
        first = await supervisor.ask(seat, Stop(reason=reason))
        assert isinstance(first, Refusal)
        assert "may be on" in first.text
        assert house.marked() == ["yokonex"]
        await asyncio.sleep(120)
        assert house.level() == 0, "it was searched for"
        assert isinstance(await supervisor.ask(seat, Stop()), Done)
        assert house.marked() == []
        assert not any("nothing out" in line.message for line in seat.told if isinstance(line, Ended))

    House(folder, "yokonex:zero_width=default", real=True).run(life)


@pytest.mark.control("C-47")
def test_software_units_are_searched_for_too_while_somebody_is_there_to_see(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, PLAY), Done)
        await asyncio.sleep(10)
        assert isinstance(await supervisor.ask(seat, Stop(reason="interrupted")), Refusal)
        await asyncio.sleep(60)
        assert house.level() == 0
        assert isinstance(await supervisor.ask(seat, Stop()), Done)
        assert not house.leaving.is_set()
        supervisor.left(seat)
        await asyncio.sleep(1)
        assert house.leaving.is_set()

    House(folder, "em70:cut=8+30", solo=True).run(life)


@pytest.mark.control("C-49")
def test_a_stop_while_the_link_is_lost_never_becomes_a_pause(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        waits = replace(REAL, wait_after_loss=True)
        assert isinstance(await supervisor.ask(seat, waits), Done)
        await asyncio.sleep(10)
        stopping = asyncio.get_running_loop().create_task(supervisor.ask(seat, Stop()))
        await asyncio.sleep(60)
        await stopping
        assert isinstance(await supervisor.ask(seat, Resume()), Refusal)
        await asyncio.sleep(10)
        assert house.level() == 0
        assert await house.journal.open_sessions() == []

    House(folder, "em70:cut=8+20", real=True).run(life)


@pytest.mark.control("C-41")
def test_a_paused_session_goes_with_its_front_end_too(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        other = Seat()
        await supervisor.ask(other, Watch())
        await supervisor.ask(seat, PLAY)
        await asyncio.sleep(20)
        assert isinstance(await supervisor.ask(seat, Pause()), Done)
        await asyncio.sleep(5)
        supervisor.left(seat)
        await asyncio.sleep(5)
        [ended] = [line for line in other.told if isinstance(line, Ended)]
        assert ended.reason is Reason.INTERRUPTED
        assert isinstance(await supervisor.ask(other, Resume()), Refusal)

    House(folder, "em70").run(life)


@pytest.mark.control("C-07")
def test_a_stop_is_taken_in_the_breath_in_which_it_arrives(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        assert isinstance(await supervisor.ask(Seat(), PLAY), Done)
        await asyncio.sleep(20)
        stopping = asyncio.get_running_loop().create_task(supervisor.ask(Seat(), Stop()))
        await asyncio.sleep(0)  # its first breath is over, and it has been given no other
        assert [shown.state for shown in supervisor.overview().units] == [State.STOPPING]
        assert not stopping.done()
        assert isinstance(await stopping, Done)

    House(folder, "em70").run(life)


class SlowDisk(JournalWriter):
    """A journal whose disk takes its time over a session's row."""

    waits: asyncio.Event

    async def begin(self, opening: Opening) -> int:
        number = await super().begin(opening)
        await self.waits.wait()
        return number


@pytest.mark.control("C-07")
def test_a_stop_that_overtakes_a_start_at_the_disk_is_kept(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        slow = house.journal
        assert isinstance(slow, SlowDisk)
        slow.waits = asyncio.Event()
        seat = Seat()
        starting = asyncio.get_running_loop().create_task(supervisor.ask(seat, PLAY))
        await asyncio.sleep(10)
        assert words(await supervisor.ask(Seat(), Stop())) == "nothing is running"
        slow.waits.set()
        reply = await starting
        assert isinstance(reply, Refusal)
        await asyncio.sleep(30)
        assert house.level() == 0
        assert not any(isinstance(line, Started) for line in seat.told)

    house = House(folder, "em70")
    house.disk = SlowDisk
    house.run(life)


@pytest.mark.control("C-17")
def test_an_override_holds_for_the_start_that_it_was_typed_for_and_for_no_other(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        short = replace(PLAY, minutes=3)
        assert isinstance(await supervisor.ask(Seat(), short), Done)
        await asyncio.sleep(240)
        refused = await supervisor.ask(Seat(), short)
        assert isinstance(refused, Refusal)
        assert refused.code == Exit.REFUSED
        again = await supervisor.ask(Seat(), replace(short, override=("gap",)))
        assert isinstance(again, Done), again
        await asyncio.sleep(240)
        assert isinstance(await supervisor.ask(Seat(), short), Refusal)

    House(folder, "em70").run(life)


@pytest.mark.control("C-48")
def test_a_signal_stops_everything_and_the_host_goes_on(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        await supervisor.ask(seat, Watch())
        await supervisor.ask(seat, PLAY)
        await asyncio.sleep(20)
        assert house.level() == 3
        supervisor.stops.order_all(Reason.STOPPED)
        await asyncio.sleep(5)
        assert house.level() == 0
        [ended] = [line for line in seat.told if isinstance(line, Ended)]
        assert (ended.reason, ended.stop_confirmed) == (Reason.STOPPED, True)
        assert not house.leaving.is_set()
        assert house.marked() == []

    House(folder, "em70").run(life)


class Fills(SessionsTable):
    """A journal on a disk that is full for a while."""

    full = False

    def write(self, rows: Sequence[Row]) -> None:
        self._check()
        super().write(rows)

    def close_session(self, session: int, outcome: Outcome) -> None:
        self._check()
        super().close_session(session, outcome)

    def _check(self) -> None:
        if self.full:
            raise EstimError("can't write the journal: the disk is full", code=Exit.CANT_CREATE)


class FillingDisk(JournalWriter):
    """The journal on it."""

    table: Fills

    def _open(self) -> SessionsTable:
        self.table = Fills(Journal.open(self._path))
        return self.table


def test_the_highest_level_is_kept_with_each_beat(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await supervisor.ask(Seat(), replace(REAL, minutes=2))
        await asyncio.sleep(3 * BEAT_S)
        [played] = (await house.journal.diary()).sessions
        assert dict(played.level_max) == {"A": 3}

    House(folder, "em70", real=True).run(life)


def test_a_disk_that_fills_up_in_mid_session_is_told_and_the_end_is_kept_when_there_is_room(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        disk = house.journal
        assert isinstance(disk, FillingDisk)
        seat = Seat()
        await supervisor.ask(seat, Watch())
        await supervisor.ask(seat, replace(REAL, minutes=1))
        await asyncio.sleep(20)
        disk.table.full = True
        await asyncio.sleep(20)
        [alarm] = [line for line in seat.told if isinstance(line, Alarmed)]
        assert "the disk is full" in alarm.text
        assert house.level() == 3  # the session goes on
        await asyncio.sleep(60)
        [ended] = [line for line in seat.told if isinstance(line, Ended)]
        assert ended.reason is Reason.COMPLETED
        assert [left.ended for left in await disk.open_sessions()] == [False]
        disk.table.full = False
        await asyncio.sleep(60)
        assert await disk.open_sessions() == []

    house = House(folder, "em70", real=True)
    house.disk = FillingDisk
    house.run(life)


@pytest.mark.control("C-47")
def test_a_start_in_the_breath_of_an_unproved_end_takes_nobodys_place(folder: Path) -> None:
    """The session has ended without a proof and is being hung up: the one that stops its unit comes next, and stays."""

    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        await supervisor.ask(seat, REAL)
        await asyncio.sleep(20)
        house.air.change(house.twins[0].address, RadioFaults(stall=(0.0, 1e6)))
        stopping = asyncio.get_running_loop().create_task(supervisor.ask(seat, Stop()))
        for _ in range(20_000):
            if supervisor.overview().units[0].state is State.ENDED:
                break
            await asyncio.sleep(0.001)
        reply = await supervisor.ask(Seat(), REAL)
        assert isinstance(reply, Refusal)
        assert "is being searched for" in reply.text
        await stopping
        house.air.change(house.twins[0].address, CLEAR)
        await asyncio.sleep(60)
        assert house.level() == 0
        assert await house.journal.open_sessions() == []

    House(folder, "em70", real=True).run(life)


def test_many_lost_units_hold_up_an_ending_host_no_longer_than_one(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        for number in range(5):
            await house.leave_open(address=f"00:00:00:00:00:0{number}")
        await supervisor.sessions.recover()
        began_s = house.clock.now().mono_s
        await supervisor.sessions.close()
        assert house.clock.now().mono_s - began_s < 40

    House(folder, "em70", real=True).run(life)


@pytest.mark.control("C-44", "C-50")
def test_a_link_that_was_lost_in_a_gap_of_feeding_comes_back_to_a_pause_that_waits_for_a_key(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        await supervisor.ask(seat, Watch())
        await supervisor.ask(seat, replace(REAL, wait_after_loss=True, level={Channel.A: 10}))
        await asyncio.sleep(60)
        assert [line for line in seat.told if isinstance(line, LinkLost)]
        assert not [line for line in seat.told if isinstance(line, Resumed)]
        assert house.level() == 0
        [shown] = supervisor.overview().units
        assert shown.state is State.PAUSED

    House(folder, "coyote3:stall=20+3,cut=20.9+0.5", real=True).run(life)


@pytest.mark.control("C-50", "C-54")
@pytest.mark.parametrize("made", ["coyote3", "coyote2"])
@pytest.mark.parametrize("gap_s", [0.7, 1.2, 3.0])
@pytest.mark.parametrize("steps", [0, 5, 40])
def test_what_was_turned_down_in_a_gap_of_feeding_comes_up_by_a_key_only(
    folder: Path, made: str, gap_s: float, steps: int
) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        goal = 10 if made == "coyote3" else 100
        await supervisor.ask(seat, replace(REAL, level={Channel.A: goal}, ramp_s=3.0))
        await asyncio.sleep(20 + gap_s / 2)
        before = house.level()
        if steps:
            house.air.hand(house.twins[0].address, f"A-{steps}")
        await asyncio.sleep(25)
        [shown] = supervisor.overview().units
        assert before > 0
        if steps:
            assert (shown.state, house.level()) == (State.PAUSED, 0)
            assert isinstance(await supervisor.ask(seat, Resume()), Done)
            await asyncio.sleep(25)
        assert house.level() == before, "without a hand it goes on as it was, and so it does by a key"

    House(folder, f"{made}:stall=20+{gap_s}", real=True).run(life)


def test_a_link_that_takes_its_time_is_no_sleep(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.memory.AWAY_S", 16.0)

    async def life(house: House, supervisor: Supervisor) -> None:
        house.air.hand(None, "cut")
        assert isinstance(await supervisor.ask(Seat(), replace(REAL, unit=house.twins[0].address)), Done)
        await asyncio.sleep(15)
        assert supervisor.overview().units[0].state is State.CONNECTING
        await asyncio.sleep(30)
        assert house.level() == 3

    house = House(folder, "em70", real=True)
    Units.load(house.home).add(house.twins[0].address, "em70", house.clock.now().utc, pinned=True)
    house.run(life)


@pytest.mark.control("C-13", "C-51")
@pytest.mark.parametrize("made", ["em70", "coyote3"])
def test_a_computer_that_slept_while_it_connected_begins_nothing_by_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    monkeypatch.setattr("simulator.memory.AWAY_S", 8.0)

    async def life(house: House, supervisor: Supervisor) -> None:
        seat = Seat()
        house.air.hand(None, "cut")
        assert isinstance(await supervisor.ask(seat, replace(REAL, unit=house.twins[0].address)), Done)
        await asyncio.sleep(0.5)
        assert supervisor.overview().units[0].state is State.CONNECTING
        house.loop.call_soon(house.stand_still, 200.0)
        await asyncio.sleep(0.1)
        await asyncio.sleep(60)
        [shown] = supervisor.overview().units
        assert (shown.state, house.level()) == (State.READY, 0)
        assert any("slept" in alarm.text for alarm in shown.alarms)
        assert isinstance(await supervisor.ask(seat, Arm()), Done)
        await asyncio.sleep(20)
        assert house.level() == 3

    house = House(folder, made, real=True)
    Units.load(house.home).add(house.twins[0].address, made, house.clock.now().utc, pinned=True)
    house.run(life)


@pytest.mark.control("C-47")
def test_a_stop_of_one_unit_never_says_that_nothing_is_running_while_another_one_plays(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        first, second = (twin.address for twin in house.twins)
        seat = Seat()
        assert isinstance(await supervisor.ask(seat, replace(REAL, unit=first)), Done)
        assert isinstance(await supervisor.ask(seat, replace(REAL, unit=second, override=("gap", "dose"))), Done)
        await asyncio.sleep(20)
        assert isinstance(await supervisor.ask(seat, Stop(unit=second)), Done)
        reply = await supervisor.ask(seat, Stop(unit=second))
        assert words(reply).startswith("nothing is running there; running: ")
        assert house.level() == 3

    house = House(folder, "em70", real=True)
    house.twins += make(house.setup, lambda _unit: silent, number=2)
    house.air = RealAir(house.twins, faults=house.setup.radio)
    house.run(life)


@pytest.mark.control("C-47", "C-48")
def test_a_stop_by_a_name_is_for_what_runs_under_it_now_and_one_that_nobody_knows_is_for_all(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        first, second = (twin.address for twin in house.twins)
        seat = Seat()
        Units.load(house.home).add(first, "em70", house.clock.now().utc, name="calf")
        assert isinstance(await supervisor.ask(seat, replace(REAL, unit="calf")), Done)
        await asyncio.sleep(20)
        assert isinstance(await supervisor.ask(seat, Stop(unit="calf")), Done)
        known = Units.load(house.home)
        known.rename("calf", "old")
        known.add(second, "em70", house.clock.now().utc, name="calf")
        assert isinstance(await supervisor.ask(seat, replace(REAL, unit="calf", override=("gap", "dose"))), Done)
        await asyncio.sleep(20)
        assert house.twins[1].level("A") > 0
        reply = await supervisor.ask(seat, Stop(unit="calf"))
        assert (words(reply), house.twins[1].level("A")) == ("calf: stopped, zero confirmed", 0)

        assert isinstance(await supervisor.ask(seat, replace(REAL, unit="calf", override=("gap", "dose"))), Done)
        await asyncio.sleep(20)
        assert house.twins[1].level("A") > 0
        reply = await supervisor.ask(seat, Stop(unit="knee"))
        told = "no unit here is called knee, so all were stopped: calf: stopped, zero confirmed"
        assert (words(reply), house.twins[1].level("A")) == (told, 0)

    house = House(folder, "em70", real=True)
    house.twins += make(house.setup, lambda _unit: silent, number=2)
    house.air = RealAir(house.twins, faults=house.setup.radio)
    house.run(life)


@pytest.mark.control("C-47")
def test_two_units_that_were_left_on_under_one_name_are_both_stopped(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        for twin in house.twins:
            await house.leave_open(address=twin.address)
        await supervisor.sessions.recover()
        await asyncio.sleep(30)
        assert [twin.level("A") for twin in house.twins] == [0, 0]
        assert await house.journal.open_sessions() == []

    house = House(folder, "em70:strength=5", real=True)
    house.twins += make(house.setup, lambda _unit: silent, number=2)
    house.air = RealAir(house.twins, faults=house.setup.radio)
    house.run(life)


@pytest.mark.control("C-47")
@pytest.mark.parametrize("named", ["em70", "nobody", None])
def test_a_persons_word_is_of_the_unit_that_is_named_and_of_no_other(folder: Path, named: str | None) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        house.twins[0].hand(house.loop.time(), "power-off")
        await house.leave_open(family="nobody", address="00:00:00:00:00:01")
        await house.leave_open()
        await supervisor.sessions.recover()
        await asyncio.sleep(5)
        reply = await supervisor.ask(Seat(), Stop(unit=named, seen_off=True))
        seen = {"em70", "nobody"} if named is None else {named}
        assert all(name in words(reply) for name in seen)
        await asyncio.sleep(5)
        left = {one.unit for one in await house.journal.open_sessions()}
        assert left == {"em70", "nobody"} - seen
        last = await supervisor.ask(Seat(), Stop())
        assert isinstance(last, Refusal) == bool(left)
        assert all(f"{name} may be on" in words(last) for name in left)

    House(folder, "em70", real=True).run(life)


@pytest.mark.control("C-47")
def test_two_units_out_of_reach_under_one_name_are_two(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        addresses = ["00:00:00:00:00:01", "00:00:00:00:00:02"]
        for address in addresses:
            await house.leave_open(family="nobody", address=address)
        await supervisor.sessions.recover()
        told = words(await supervisor.ask(Seat(), Stop()))
        assert all(f"nobody ({address}) may be on" in told for address in addresses)
        unclear = await supervisor.ask(Seat(), Stop(unit="nobody", seen_off=True))
        assert isinstance(unclear, Refusal)
        assert "can mean more than one unit" in unclear.text
        assert all(address in unclear.text for address in addresses)
        for address in addresses:
            assert isinstance(await supervisor.ask(Seat(), Stop()), Refusal)
            assert isinstance(await supervisor.ask(Seat(), Stop(unit=address, seen_off=True)), Done)
        assert await house.journal.open_sessions() == []
        assert words(await supervisor.ask(Seat(), Stop())) == "nothing is running"

    House(folder, "em70", real=True).run(life)


@pytest.mark.control("C-47")
def test_a_unit_that_says_that_it_is_on_is_not_settled_by_a_word(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await house.leave_open()
        await supervisor.sessions.recover()
        await asyncio.sleep(10)
        reply = await supervisor.ask(Seat(), Stop(seen_off=True))
        assert isinstance(reply, Refusal)
        assert "doesn't say that it is off" in reply.text
        assert await house.journal.open_sessions()

    House(folder, "yokonex:strength=80/0,stop_ignored=9999", real=True).run(life)


@pytest.mark.control("C-49")
@pytest.mark.parametrize("knows", ["the host", "the home"])
def test_a_start_that_was_typed_before_a_stop_is_not_carried_out_after_it(folder: Path, knows: str) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        typed_s = began_s()
        if knows == "the host":
            await supervisor.ask(Seat(), Stop())
        else:
            note_stop(house.home)
        reply = await supervisor.ask(Seat(), replace(PLAY, typed_s=typed_s))
        assert isinstance(reply, Refusal)
        assert reply.text == "stopped before it began"
        later = await supervisor.ask(Seat(), replace(PLAY, typed_s=RealClock().now().mono_s))
        assert isinstance(later, Done)

    House(folder, "em70").run(life)


@pytest.mark.control("C-46")
@pytest.mark.parametrize(
    ("options", "confirmed", "on"),
    [("em70:off_ignored=99,down_ignored=99,stop_ignored=99", False, True), ("em70", True, False)],
)
def test_what_is_known_after_an_end_tells_whether_the_unit_may_be_on(
    folder: Path, options: str, confirmed: bool, on: bool
) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await supervisor.ask(Seat(), PLAY)
        await asyncio.sleep(10)
        await supervisor.ask(Seat(), Stop())
        (shown,) = supervisor.overview().units
        assert (shown.state, shown.stop_confirmed) == (State.ENDED, confirmed)
        assert (shown.on_until is not None) is on
        assert ((shown.on_left_s or 0.0) > 0) is on

    House(folder, options, solo=True).run(life)


def test_what_was_never_reached_has_no_stop_to_be_confirmed(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await supervisor.ask(Seat(), PLAY)
        await supervisor.ask(Seat(), Stop())
        (shown,) = supervisor.overview().units
        assert (shown.state, shown.stop_confirmed) == (State.ENDED, None)

    House(folder, "em70").run(life)
