"""Sleep and logind's locks, over a message bus of our own with a played logind on it."""

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from estim.core.messages.commands import Done
from estim.host.main import awake
from estim.host.power import MANAGER, NAME, PATH, Power
from estim.host.supervisor import Supervisor
from estim.journal.writer import JournalWriter
from tests.host.message_bus import Bus, bus, dropped, names, settled
from tests.host.test_supervisor import PLAY, House, Seat, folder

__all__ = ["bus", "folder"]

pytestmark = pytest.mark.control("C-51")

GUARD_S = 20.0
"""A test whose word never comes ends after this."""

TAKEN = {"block taken", "delay taken"}
BACK = {"block back", "delay back"}


@dataclass
class Logind:
    """logind as it stands on a system bus: a lock is a pipe, and given back when its other end is closed everywhere.

    `said` has each lock that was taken or given back, in its order.
    """

    bus: MessageBus
    undo: AsyncExitStack
    delay_us: int = 5_000_000
    refuses: set[str] = field(default_factory=set)
    empty: bool = False
    mute: bool = False
    held: list[Message] = field(default_factory=list)
    calls: list[list[Any]] = field(default_factory=list)
    asked: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    said: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def answer(self, asked: Message) -> Message | bool | None:
        if asked.message_type is not MessageType.METHOD_CALL or asked.path != PATH:
            return None
        if asked.member == "Get":
            assert asked.body == [MANAGER, "InhibitDelayMaxUSec"]
            return Message.new_method_return(asked, "v", [Variant("t", self.delay_us)])
        self.calls.append(list(asked.body))
        self.asked.put_nowait(asked.body[3])
        if self.mute:
            self.held.append(asked)
            return True
        return self.inhibit(asked)

    def inhibit(self, asked: Message) -> Message | bool:
        mode = asked.body[3]
        if mode in self.refuses:
            return Message.new_error(asked, "org.freedesktop.DBus.Error.AccessDenied", "Permission denied")
        if self.empty:
            return Message.new_method_return(asked)
        ours, theirs = os.pipe()
        loop = asyncio.get_running_loop()
        ends = ExitStack()  # a number that was closed may be another file's soon: once, and never again
        ends.callback(os.close, ours)
        ends.callback(loop.remove_reader, ours)

        def back() -> None:
            ends.close()
            self.said.put_nowait(f"{mode} back")

        loop.add_reader(ours, back)
        self.undo.callback(ends.close)
        reply = Message.new_method_return(asked, "h", [0], unix_fds=[theirs])
        sent = asyncio.ensure_future(self.bus.send(reply))

        def passed(_sent: object) -> None:
            os.close(theirs)
            self.said.put_nowait(f"{mode} taken")

        sent.add_done_callback(passed)
        return True  # it is sent already: the file has to be open until then

    async def two(self) -> set[str]:
        """Return the next two words."""
        return {await word(self.said), await word(self.said)}

    async def holding(self) -> set[str]:
        """Return once both locks are held; one asked for while the name changed hands may come and go first."""
        held: Counter[str] = Counter()
        while not all(held[mode] == 1 for mode in ("block", "delay")):
            mode, what = (await word(self.said)).split()
            held[mode] += 1 if what == "taken" else -1
        return {f"{mode} taken" for mode in held}

    async def sleep(self, near: bool, by: MessageBus | None = None, to: str | None = None) -> None:
        signal = Message.new_signal(PATH, MANAGER, "PrepareForSleep", "b", [near])
        if to is not None:
            signal.destination = to
        await (by or self.bus).send(signal)


async def word(queue: asyncio.Queue[str]) -> str:
    async with asyncio.timeout(GUARD_S):
        return await queue.get()


@dataclass
class Scene:
    """A Power that runs, what it asked to be stopped, and everything that is closed at the end."""

    bus: Bus
    undo: AsyncExitStack
    stops: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    may_stop: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_stop.set()

    async def _stop(self) -> None:
        self.stops += 1
        self.stopping.set()
        await self.may_stop.wait()

    async def stop_asked(self) -> None:
        """Return when a stop has been asked for, and expect the next one."""
        async with asyncio.timeout(GUARD_S):
            await self.stopping.wait()
        self.stopping.clear()

    def run(self, *, address: str | None = None, timeout_s: float = 10.0) -> Power:
        power = Power(self._stop, address=address or self.bus.address, timeout_s=timeout_s)
        self.running = asyncio.get_running_loop().create_task(power.run())
        self.undo.push_async_callback(self.end)
        return power

    async def end(self) -> None:
        self.running.cancel()
        await asyncio.wait({self.running}, timeout=GUARD_S)
        assert self.running.cancelled()

    async def connect(self) -> MessageBus:
        made = await MessageBus(self.bus.address, negotiate_unix_fd=True).connect()

        async def leave() -> None:
            made.disconnect()
            with contextlib.suppress(EOFError, OSError):
                await dropped(made)

        self.undo.push_async_callback(leave)
        return made

    async def serve(self) -> Logind:
        logind = Logind(await self.connect(), self.undo)
        logind.bus.add_message_handler(logind.answer)
        await logind.bus.request_name(NAME)
        return logind

    async def playing(self) -> tuple[Logind, Power]:
        """Return both once both locks are held."""
        logind = await self.serve()
        power = self.run()
        power.busy(True)
        assert await logind.two() == TAKEN
        return logind, power


@pytest.fixture
async def scene(bus: Bus) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as undo:
        yield Scene(bus, undo)


class Told(logging.Handler):
    """Every line of the log, as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.fresh: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.fresh.put_nowait(record.getMessage())


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    made = Told()
    log = logging.getLogger("estim.host.power")
    log.addHandler(made)
    yield made
    log.removeHandler(made)


# Locks


async def test_both_locks_are_held_in_a_session_and_given_back_after_it(scene: Scene) -> None:
    logind, power = await scene.playing()
    assert [(what, who, mode) for what, who, _why, mode in logind.calls] == [
        ("sleep", "estim", "block"),
        ("sleep", "estim", "delay"),
    ]
    power.busy(True)
    power.busy(False)
    assert await logind.two() == BACK
    power.busy(False)
    power.busy(True)
    assert await logind.two() == TAKEN


async def test_without_a_session_no_lock_is_asked_for(scene: Scene) -> None:
    logind = await scene.serve()
    power = scene.run()
    power.busy(False)
    await scene.end()
    assert logind.calls == []


async def test_the_end_of_the_host_gives_the_locks_back(scene: Scene) -> None:
    logind, _power = await scene.playing()
    await scene.end()
    assert await logind.two() == BACK


async def test_a_lock_that_comes_after_the_time_out_is_given_back(scene: Scene, told: Told) -> None:
    logind, power = await scene.playing()
    power.busy(False)
    assert await logind.two() == BACK
    logind.mute = True
    power.timeout_s = 0.2
    power.busy(True)
    assert "didn't answer within 0.2 s" in await word(told.fresh)
    logind.inhibit(logind.held[0])
    assert [await word(logind.said), await word(logind.said)] == ["block taken", "block back"]


async def test_a_lock_that_comes_after_the_session_is_given_back(scene: Scene) -> None:
    logind = await scene.serve()
    logind.mute = True
    power = scene.run()
    power.busy(True)
    await word(logind.asked)
    power.busy(False)
    logind.inhibit(logind.held[0])
    assert [await word(logind.said), await word(logind.said)] == ["block taken", "block back"]


async def test_sleep_is_blocked_no_longer_than_the_longest_session(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    logind, power = await scene.playing()
    monkeypatch.setattr("estim.host.power.BLOCK_MAX_S", 0.1)
    power.busy(True)
    assert await word(logind.said) == "block back"
    power.busy(False)
    assert await word(logind.said) == "delay back"


# Before a sleep, and after it


async def test_before_a_sleep_the_stop_comes_first_and_then_the_locks_are_given_back(scene: Scene) -> None:
    logind, power = await scene.playing()
    scene.may_stop.clear()
    await logind.sleep(True)
    await scene.stop_asked()
    power.busy(False)  # the session has ended, what stopped it hasn't returned
    await settled(logind.bus)
    assert logind.said.empty()
    scene.may_stop.set()
    assert await logind.two() == BACK
    assert scene.stops == 1


async def test_after_the_sleep_the_locks_are_taken_again_if_a_session_runs(scene: Scene) -> None:
    logind, _power = await scene.playing()
    await logind.sleep(True)
    assert await logind.two() == BACK
    await logind.sleep(False)
    assert await logind.two() == TAKEN


async def test_after_the_sleep_no_lock_is_taken_without_a_session(scene: Scene) -> None:
    logind, power = await scene.playing()
    await logind.sleep(True)
    assert await logind.two() == BACK
    power.busy(False)
    await logind.sleep(False)
    await settled(logind.bus)
    await scene.end()
    assert len(logind.calls) == 2


async def test_a_session_that_begins_between_the_word_and_the_sleep_is_stopped(scene: Scene) -> None:
    logind, power = await scene.playing()
    await logind.sleep(True)
    await scene.stop_asked()
    assert await logind.two() == BACK
    power.busy(False)
    power.busy(True)
    await scene.stop_asked()
    assert scene.stops == 2


async def test_a_stop_that_hangs_keeps_the_computer_no_longer_than_logind_waits(scene: Scene, told: Told) -> None:
    logind = await scene.serve()
    logind.delay_us = 400_000
    scene.run().busy(True)
    assert await logind.two() == TAKEN
    scene.may_stop.clear()
    await logind.sleep(True)
    assert await logind.two() == BACK
    assert told.lines[-1].startswith("the stop was not verified within 0.2 s before the computer sleeps")


async def test_a_stop_that_breaks_off_gives_the_locks_back(scene: Scene, told: Told) -> None:
    async def broken() -> None:
        raise RuntimeError("a bug")

    logind = await scene.serve()
    power = Power(broken, address=scene.bus.address)
    scene.running = asyncio.get_running_loop().create_task(power.run())
    scene.undo.push_async_callback(scene.end)
    power.busy(True)
    assert await logind.two() == TAKEN
    await logind.sleep(True)
    assert await logind.two() == BACK
    assert "broke off" in told.lines[-1]


async def test_a_sleep_without_a_session_stops_nothing(scene: Scene) -> None:
    logind, power = await scene.playing()
    power.busy(False)
    assert await logind.two() == BACK
    await logind.sleep(True)
    await logind.sleep(False)
    await settled(logind.bus)
    power.busy(True)
    assert await logind.two() == TAKEN
    assert scene.stops == 0


async def test_only_logind_can_say_that_the_computer_goes_to_sleep(scene: Scene) -> None:
    logind, _power = await scene.playing()
    stranger = await scene.connect()
    (ours,) = await names(stranger) - {stranger.unique_name, logind.bus.unique_name}
    await logind.sleep(True, by=stranger)
    await logind.sleep(True, by=stranger, to=ours)
    await settled(stranger)
    await logind.sleep(True)
    assert await logind.two() == BACK
    await logind.sleep(False)
    assert await logind.two() == TAKEN, "by now all that was said has been heard"
    assert scene.stops == 1


# Without logind, or with one that goes


async def test_a_logind_that_was_restarted_is_asked_anew(scene: Scene) -> None:
    first, _power = await scene.playing()
    await first.bus.release_name(NAME)
    assert await first.two() == BACK
    second = await scene.serve()
    assert await second.holding() == TAKEN
    await second.sleep(True)
    assert await second.two() == BACK
    assert scene.stops == 1


async def test_a_lock_that_was_asked_of_a_logind_that_went_is_asked_of_the_next_without_a_word(
    scene: Scene, told: Told
) -> None:
    first = await scene.serve()
    first.mute = True
    scene.run().busy(True)
    assert await word(first.asked) == "block"
    await first.bus.release_name(NAME)
    second = await scene.serve()
    first.inhibit(first.held[0])
    assert await second.holding() == TAKEN
    assert await first.two() == {"block taken", "block back"}
    assert told.lines == []


async def test_a_bus_that_was_restarted_is_connected_again(scene: Scene) -> None:
    first, _power = await scene.playing()
    scene.bus.stop()
    assert await first.two() == BACK
    scene.bus.start()
    second = await scene.serve()
    assert await second.holding() == TAKEN


async def test_a_lock_that_is_refused_is_told_once_and_the_other_one_is_held(scene: Scene, told: Told) -> None:
    logind = await scene.serve()
    logind.refuses = {"block"}
    power = scene.run()
    power.busy(True)
    assert await word(logind.said) == "delay taken"
    assert "logind refused a lock (org.freedesktop.DBus.Error.AccessDenied)" in await word(told.fresh)
    power.busy(False)
    assert await word(logind.said) == "delay back"
    power.busy(True)
    assert await word(logind.said) == "delay taken"
    await logind.sleep(True)
    await scene.stop_asked()
    assert await word(logind.said) == "delay back"
    assert sum("isn't kept from sleeping" in line for line in told.lines) == 1


async def test_a_sleep_stops_a_session_that_got_no_lock(scene: Scene, told: Told) -> None:
    logind = await scene.serve()
    logind.refuses = {"block", "delay"}
    scene.run().busy(True)
    await word(told.fresh)
    await logind.sleep(True)
    await scene.stop_asked()
    assert scene.stops == 1


async def test_an_answer_without_a_file_is_told(scene: Scene, told: Told) -> None:
    logind = await scene.serve()
    logind.empty = True
    scene.run().busy(True)
    assert "the message bus passed no lock on" in await word(told.fresh)


async def test_without_a_service_it_is_told_and_one_that_comes_is_asked(scene: Scene, told: Told) -> None:
    scene.run().busy(True)
    assert "(logind refused a lock (org.freedesktop.DBus.Error.ServiceUnknown))" in await word(told.fresh)
    logind = await scene.serve()
    assert await logind.holding() == TAKEN


@pytest.mark.parametrize("address", ["unix:path=/nonexistent/bus", "nothing", "tcp:host=127.0.0.1,port=x"])
async def test_without_a_bus_it_is_told_once(scene: Scene, told: Told, address: str) -> None:
    power = scene.run(address=address)
    power.busy(True)
    assert "system's message bus can't be reached" in await word(told.fresh)
    power.busy(False)
    power.busy(True)
    await scene.end()
    assert len(told.lines) == 1


# What is stopped


def test_when_everything_was_stopped_before_a_sleep_the_level_is_zero(folder: Path) -> None:
    changes: list[bool] = []

    async def life(house: House, supervisor: Supervisor) -> None:
        supervisor.sessions.busy_changed = changes.append
        assert isinstance(await supervisor.ask(Seat(), PLAY), Done)
        await asyncio.sleep(120)
        assert house.level() == 3
        assert changes == [True]
        await supervisor.stops.stop_and_wait()
        assert house.level() == 0
        await asyncio.sleep(1)
        assert changes == [True, False]

    House(folder, "em70").run(life)


@pytest.mark.parametrize("real", [True, False])
async def test_a_host_of_real_units_is_joined_to_logind_and_one_of_software_units_is_not(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch, real: bool
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", scene.bus.address)
    logind = await scene.serve()
    house = House(folder, "em70", real=real)
    house.loop.close()
    house.journal = await JournalWriter.open(house.home.journal, simulated=not real)
    scene.undo.push_async_callback(house.journal.close)
    supervisor = Supervisor(house.parts(), solo=False, leaving=asyncio.Event())
    async with awake(house.parts(), supervisor):
        supervisor.sessions.busy_changed(True)
        if real:
            assert await logind.two() == TAKEN
            await logind.sleep(True)
            assert await logind.two() == BACK
    assert len(logind.calls) == (2 if real else 0)
