"""What the simulator's screen does to a software unit while a session runs, and that a real one can't be touched."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.core.errors import Exit
from estim.core.messages.commands import Arm, Done, Refusal, Touch
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.host.main import _hand_of, main
from estim.host.services import Services
from estim.host.supervisor import Supervisor
from estim.journal.demo import make_demo
from simulator.memory import MemoryAir
from tests.host.test_supervisor import PLAY, House, RealAir, Seat


class Touched(House):
    """A house whose software units can be touched, as estim.host.main joins it."""

    def parts(self) -> Services:
        return replace(super().parts(), hand=self.air.hand)


def live(folder: Path, family: str, then: Callable[[House, Supervisor], Awaitable[None]]) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        assert isinstance(await supervisor.ask(Seat(), PLAY), Done)
        await asyncio.sleep(60)
        assert house.level() > 0
        await then(house, supervisor)

    Touched(folder, family).run(life)


async def touch(supervisor: Supervisor, act: str) -> None:
    assert isinstance(await supervisor.ask(Seat(), Touch(act=act)), Done)  # type: ignore[arg-type]


def test_a_hand_at_the_wheel_moves_the_unit_and_estim_follows(tmp_path: Path) -> None:
    async def then(house: House, supervisor: Supervisor) -> None:
        before = house.level()
        await touch(supervisor, "A-")
        assert house.level() == before - 1
        await asyncio.sleep(10)
        assert house.level() <= before - 1, "a hand wins downwards"

    live(tmp_path, "coyote3", then)


@pytest.mark.control("C-09")
def test_a_unit_that_ignores_the_stop_is_never_called_off_and_one_that_listens_again_is_proved(tmp_path: Path) -> None:
    async def then(house: House, supervisor: Supervisor) -> None:
        await touch(supervisor, "deaf")
        reply = await supervisor.ask(Seat(), Stop())
        assert isinstance(reply, Refusal)
        assert reply.code == Exit.NOT_CONFIRMED
        assert house.level() > 0
        await touch(supervisor, "hears")
        await asyncio.sleep(60)  # a link that is deaf is opened anew each 30 s
        assert house.level() == 0
        assert isinstance(await supervisor.ask(Seat(), Stop()), Done)
        assert not house.marked(), "a proof takes the unit out of what may be on"

    live(tmp_path, "em70", then)


@pytest.mark.control("C-09")
def test_a_unit_that_is_fed_frames_and_ignores_them_keeps_its_level_and_is_never_called_off(tmp_path: Path) -> None:
    async def then(house: House, supervisor: Supervisor) -> None:
        await touch(supervisor, "deaf")
        reply = await supervisor.ask(Seat(), Stop())
        assert isinstance(reply, Refusal)
        assert reply.code == Exit.NOT_CONFIRMED
        assert house.level() > 0

    live(tmp_path, "coyote3", then)


def test_a_link_that_is_cut_is_lost_and_the_unit_is_found_again(tmp_path: Path) -> None:
    async def then(_house: House, supervisor: Supervisor) -> None:
        await touch(supervisor, "cut")
        await asyncio.sleep(0.5)
        (unit,) = supervisor.overview().units
        assert unit.lost_at is not None
        await asyncio.sleep(60)
        states = {unit.state for unit in supervisor.overview().units}
        assert not states & {State.RUNNING, State.RAMPING}, "nothing goes on by itself at the level where it was"

    live(tmp_path, "em70", then)


def test_a_real_unit_is_never_touched_and_what_no_hand_can_do_is_refused(tmp_path: Path) -> None:
    async def real(house: House, supervisor: Supervisor) -> None:
        reply = await supervisor.ask(Seat(), Touch(act="cut"))
        assert isinstance(reply, Refusal)
        assert "only a software unit" in reply.text

    House(tmp_path, "em70", real=True).run(real)

    async def no_such(house: House, supervisor: Supervisor) -> None:
        for command in (Touch(act="B+"), Touch(act="cut", address="nobody")):
            reply = await supervisor.ask(Seat(), command)
            assert isinstance(reply, Refusal), command
            assert reply.code == Exit.USAGE

    Touched(tmp_path / "other", "em70").run(no_such)


def test_no_host_with_a_radio_runs_in_a_demo_home(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make_demo(find_home(str(tmp_path)))
    options = HostOptions(radio="hci:no-such-transport")
    assert main(msgspec.json.encode(options).decode(), str(tmp_path)) == Exit.REFUSED
    assert "made up" in capfd.readouterr().err


def test_only_a_room_of_software_units_has_a_hand() -> None:
    assert _hand_of(RealAir([])) is None
    assert _hand_of(MemoryAir([])) is not None


@pytest.mark.parametrize("act", get_args(Touch.__annotations__["act"]))
def test_what_was_done_to_a_software_unit_is_told_in_words(act: str, tmp_path: Path) -> None:
    async def life(_house: House, supervisor: Supervisor) -> None:
        reply = await supervisor.ask(Seat(), Touch(act=act))  # type: ignore[arg-type]
        assert isinstance(reply, Done)
        assert reply.text.startswith("simulated: ")
        assert len(reply.text.split()) > 3, "a sentence, and no word of the protocol"

    Touched(tmp_path / act, "coyote3").run(life)


def test_who_says_that_the_pads_are_on_is_told_that_it_was_heard(tmp_path: Path) -> None:
    async def life(_house: House, supervisor: Supervisor) -> None:
        await supervisor.ask(Seat(), replace(PLAY, pads_on=False))
        assert await supervisor.ask(Seat(), Arm()) == Done("noted: the pads are on")
        await supervisor.ask(Seat(), Stop())

    Touched(tmp_path, "coyote3").run(life)
