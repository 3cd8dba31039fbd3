"""Who watches: a lost link is shown at once and every second, nothing that was so is kept back, the end comes last."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from estim.clock import RealClock, new_loop
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Done, Start, Watch
from estim.core.messages.events import Alarmed, Ended, LinkLost, Reminded
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.session.guard import Limits, family_cap
from estim.core.session.order import Unit
from estim.core.session.session import Session
from estim.core.vocabulary import Priority, State
from estim.host.active import ActiveUnit, ActiveUnits
from estim.host.runner import Runner
from estim.host.session_log import SessionLog
from estim.host.subscribers import Subscribers
from estim.host.supervisor import Supervisor
from estim.journal.writer import JournalWriter
from protocols.registry import family
from protocols.vocabulary import Channel
from simulator.memory import MemoryAir
from tests.host.test_supervisor import House, Seat


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="estim-") as name:
        yield Path(name)


class Viewer(Seat):
    """A front end that notes when it was told what, by the loop's time."""

    def __init__(self) -> None:
        super().__init__()
        self.at_s: list[tuple[float, object]] = []

    def tell(self, line: object) -> None:
        super().tell(line)
        self.at_s.append((asyncio.get_running_loop().time(), line))

    @property
    def shown(self) -> list[tuple[float, Snapshot]]:
        """The snapshots."""
        return [(at_s, line) for at_s, line in self.at_s if isinstance(line, Snapshot)]


def play(level: int) -> Start:
    return Start(program="tens-ankle", minutes=5, level={Channel.A: level}, pads_on=True)


def house(folder: Path, options: str, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house in which the wall's clock shows the loop's time, so that what is told when doesn't depend on us."""
    one = House(folder, options)
    monkeypatch.setattr("estim.host.subscribers.wall_s", one.loop.time)
    return one


@pytest.mark.control("C-56")
@pytest.mark.parametrize(
    ("options", "level", "ends"), [("coyote3", 8, "soon"), ("em70", 3, "late"), ("yokonex", 3, "never")]
)
def test_a_lost_link_is_shown_within_a_second_and_counts_down_while_it_lasts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: str, level: int, ends: str
) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        viewer = Viewer()
        await supervisor.ask(viewer, Watch(0.25))
        assert isinstance(await supervisor.ask(viewer, play(level)), Done)
        await asyncio.sleep(40)
        lost_s = next(at_s for at_s, line in viewer.at_s if isinstance(line, LinkLost))
        after = [(at_s, one) for at_s, one in viewer.shown if at_s >= lost_s]
        assert after[0][0] - lost_s < 1
        assert all(one.lost_at is not None for _, one in after)
        assert all(later - at_s < 1.3 for (at_s, _), (later, _) in pairwise(after))
        assert after[-1][0] > house.loop.time() - 1.3, "it goes on as long as the unit is looked for"
        first = after[0][1]
        last = after[-1][1]
        assert first.lanes[0].hi >= level
        match ends:
            case "soon":
                assert first.on_left_s
                assert last.on_left_s == 0
            case "late":
                assert first.on_left_s
                assert last.on_left_s
                assert first.on_left_s - last.on_left_s == pytest.approx(after[-1][0] - after[0][0], abs=0.1)
            case _:
                assert (first.on_left_s, last.on_left_s, last.on_until) == (None, None, None)

    house(folder, f"{options}:cut=15+60", monkeypatch).run(life)


@pytest.mark.control("C-56")
def test_a_unit_that_was_left_on_counts_down_while_it_is_looked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        house.twins[0].hand(0.0, "power-off")
        await house.leave_open(on_until_utc=house.clock.now().utc + timedelta(minutes=10))
        await supervisor.sessions.recover()
        left: list[float | None] = []
        for _ in range(2):
            await asyncio.sleep(60)
            [shown] = supervisor.overview().units
            left.append(shown.on_left_s)
        assert left == [pytest.approx(540, abs=1), pytest.approx(480, abs=1)]

    one = House(folder, "em70", real=True)
    monkeypatch.setattr("estim.host.subscribers.wall_s", one.loop.time)
    one.run(life)


def still(units: ActiveUnits) -> Runner:
    """Put a unit there whose runner is never run: nothing happens to it."""
    made = family("coyote3")
    clock = RealClock()
    now = clock.now()
    unit = Unit("one", "-", "coyote3", "-", simulated=True, by_hand="-")
    session = Session(unit, made.caps, Limits((family_cap(made.caps),)), None, now)
    journal = JournalWriter.closed(Path("none.db"), EstimError("no journal", code=Exit.CANT_CREATE))
    session_log = SessionLog(journal, unit, 0, lambda _told, _address: None, lambda _address: None, since_utc=now.utc)
    runner = Runner(MemoryAir([]), made, session, clock, session_log)
    task: asyncio.Task[None] = asyncio.get_running_loop().create_task(asyncio.sleep(0))
    units.put(ActiveUnit(runner, session_log, task, None, False))
    return runner


def let(monkeypatch: pytest.MonkeyPatch, life: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run a life on time that jumps, which the wall's clock shows too."""
    loop, _ = new_loop("max")
    monkeypatch.setattr("estim.host.subscribers.wall_s", loop.time)
    try:
        loop.run_until_complete(life())
    finally:
        loop.close()


def test_a_snapshot_that_comes_too_soon_is_sent_later_and_never_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    async def life() -> None:
        units = ActiveUnits()
        subscribers = Subscribers(units)
        viewer = Viewer()
        subscribers.add(viewer, 0.25)
        runner = still(units)
        runner.session.linked = True
        for why in ("first", "second", "third"):
            runner.session.why = why
            subscribers.passed(runner.session.unit.address)
        assert [one.message for _, one in viewer.shown] == ["first"], "the others came too soon"
        await asyncio.sleep(0.26)
        assert [one.message for _, one in viewer.shown] == ["first", "third"], "late, and as it is then"
        await asyncio.sleep(60)
        assert len(viewer.shown) == 2, "with a link there is nothing to be said without a pass"

    let(monkeypatch, life)


def test_another_state_is_shown_at_once_however_seldom_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    async def life() -> None:
        units = ActiveUnits()
        subscribers = Subscribers(units)
        viewer = Viewer()
        subscribers.add(viewer, 60)
        runner = still(units)
        runner.session.linked = True
        for state in (State.IDLE, State.PAUSED, State.PAUSED, State.FAULT):
            runner.session.state = state
            subscribers.passed(runner.session.unit.address)
        assert [one.state for _, one in viewer.shown] == [State.IDLE, State.PAUSED, State.FAULT]
        runner.session.linked = False
        subscribers.passed(runner.session.unit.address)
        assert len(viewer.shown) == 4, "nor does a link that has gone"

    let(monkeypatch, life)


def test_who_has_left_is_owed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def life() -> None:
        units = ActiveUnits()
        subscribers = Subscribers(units)
        viewer = Viewer()
        subscribers.add(viewer, 0.25)
        subscribers.passed(still(units).session.unit.address)
        subscribers.drop(viewer)
        await asyncio.sleep(10)
        assert len(viewer.shown) == 1

    let(monkeypatch, life)


@pytest.mark.parametrize("options", ["em70:stop_ignored=99,down_ignored=99", "em70", "coyote3", "zc95", "yokonex"])
def test_a_proved_stop_ends_with_a_snapshot_of_the_end_and_without_an_alarm(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        viewer = Viewer()
        await supervisor.ask(viewer, Watch(0.25))
        assert isinstance(await supervisor.ask(viewer, play(2)), Done)
        await asyncio.sleep(30)
        reply = await supervisor.ask(viewer, Stop(reason="panic"))
        assert isinstance(reply, Done), reply
        await asyncio.sleep(5)
        ended = next(index for index, line in enumerate(viewer.told) if isinstance(line, Ended))
        assert isinstance(viewer.told[ended], Ended)
        last = viewer.told[-1]
        assert isinstance(last, Snapshot)
        assert (last.state, last.out, last.stop_confirmed) == (State.ENDED, "off", True)
        assert not last.alarms
        assert not last.stale
        rung = [line for line in viewer.told if isinstance(line, Alarmed) and line.priority is Priority.HIGH]
        assert not rung
        assert not any(isinstance(line, LinkLost) for line in viewer.told), "the unit's own end is no loss"
        await asyncio.sleep(30)
        [shown] = supervisor.overview().units
        assert not shown.stale, "of a unit that is off nothing new is to be expected"

    house(folder, options, monkeypatch).run(life)


def test_who_wants_to_know_of_which_unit_is_told_its_address_of_every_happening(folder: Path) -> None:
    heard: list[tuple[str, str]] = []

    async def life(house: House, supervisor: Supervisor) -> None:
        viewer = Viewer()
        supervisor.front_ends.subscribers.add(viewer, 60, lambda line, address: heard.append((line.unit, address)))
        await supervisor.ask(Seat(), play(2))
        await asyncio.sleep(10)
        supervisor.front_ends.tell(Reminded(slot="today", program="tens-ankle", text="due"))
        assert len(heard) > 2
        assert set(heard) == {(viewer.shown[-1][1].unit, house.twins[0].address), ("", "")}
        assert len(viewer.shown) == len(viewer.told), "they come once"

    House(folder, "coyote3").run(life)
