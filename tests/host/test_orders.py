"""What a house asks for is carried out by the same parts as a person's word, on a software unit: it only lowers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from estim.config.settings import read_settings
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Start
from estim.core.messages.lowering import EnterPain, Lower, Pause, SetReminders, Snooze, Stop
from estim.core.vocabulary import Reason, State
from estim.host.orders import Orders
from estim.host.supervisor import Supervisor
from protocols.vocabulary import Channel
from tests.host.test_supervisor import House, Seat


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="estim-") as name:
        yield Path(name)


def orders(house: House, supervisor: Supervisor, snooze: Callable[[], Awaitable[None]] | None = None) -> Orders:
    return Orders(house.parts(), supervisor.units, supervisor.stops, snooze)


async def playing(supervisor: Supervisor, level: int = 8) -> None:
    await supervisor.ask(Seat(), Start(program="tens-ankle", minutes=5, level={Channel.A: level}, pads_on=True))
    await asyncio.sleep(30)


@pytest.mark.control("C-14")
@pytest.mark.parametrize("unit", ["coyote3", None])
def test_a_stop_ends_the_session_as_stopped_and_is_proved(folder: Path, unit: str | None) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await playing(supervisor)
        assert house.level() == 8
        await orders(house, supervisor).obey(Stop(unit=unit))
        [active] = supervisor.units
        session = active.runner.session
        assert (session.state, session.reason, session.stop_confirmed) == (State.ENDED, Reason.STOPPED, True)
        assert house.level() == 0

    House(folder, "coyote3").run(life)


@pytest.mark.control("C-14")
def test_a_level_goes_down_and_a_pause_is_zero(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        obey = orders(house, supervisor).obey
        await playing(supervisor)
        await obey(Lower(steps=3))
        await asyncio.sleep(10)
        assert house.level() == 5
        await obey(Pause())
        await asyncio.sleep(5)
        assert house.level() == 0
        await obey(Pause())
        with pytest.raises(EstimError):
            await obey(Lower())
        await asyncio.sleep(60)
        assert house.level() == 0, "nothing leads back"

    House(folder, "coyote3").run(life)


@pytest.mark.control("C-09")
def test_a_stop_that_is_not_proved_is_told_as_such(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await house.leave_open()
        await supervisor.sessions.recover()
        with pytest.raises(EstimError, match="NOT confirmed") as told:
            await orders(house, supervisor).obey(Stop())
        assert told.value.code == Exit.NOT_CONFIRMED

    House(folder, "coyote3:mute").run(life)


@pytest.mark.control("C-47")
def test_a_unit_at_rest_is_stopped_already_but_not_where_something_was_left_on(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        made = orders(house, supervisor)
        made._services.units.add("C0:FF:EE:00:00:77", "coyote3", house.clock.now().utc, name="right")
        await made.obey(Stop(unit="right"))
        assert made.doubts() == ()
        await house.leave_open("a-family-that-nobody-knows", "C0:FF:EE:00:00:78")
        await supervisor.sessions.recover()
        assert len(made.doubts()) == 1
        with pytest.raises(EstimError, match="NOT confirmed"):
            await made.obey(Stop(unit="right"))

    House(folder, "coyote3").run(life)


def test_what_is_not_there_cant_be_lowered_or_put_off(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        for order in (Pause(), Lower(), Pause(unit="nobody"), Snooze(), EnterPain(3)):
            with pytest.raises(EstimError):
                await orders(house, supervisor).obey(order)

    House(folder, "coyote3").run(life)


def test_a_pain_stands_in_the_diary_and_reminders_are_switched_in_the_settings(folder: Path) -> None:
    put_off: list[bool] = []

    async def life(house: House, supervisor: Supervisor) -> None:
        async def snooze() -> None:
            put_off.append(True)

        obey = orders(house, supervisor, snooze).obey
        await obey(EnterPain(4))
        diary = await house.journal.diary()
        assert [one.score for one in diary.pains] == [4]
        for on in (False, True):
            await obey(SetReminders(on))
            assert read_settings(house.home.settings_file).reminders.on is on
        await obey(Snooze())
        assert put_off == [True]

    House(folder, "coyote3", real=True).run(life)
