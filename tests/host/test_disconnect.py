"""A disconnect is a stop that is proved, and then a link that is given back: another program can connect at once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from estim.core.errors import Exit
from estim.core.messages.commands import Done, Refusal, Start
from estim.core.messages.lowering import Disconnect
from estim.host.supervisor import Supervisor
from protocols.vocabulary import Channel
from tests.host.test_supervisor import House, Seat


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="estim-") as name:
        yield Path(name)


@pytest.mark.control("C-07")
@pytest.mark.parametrize("name", ["coyote3", "em70", "bluetens"])
@pytest.mark.parametrize("named", [True, False])
def test_after_it_the_unit_is_at_zero_and_free(folder: Path, name: str, named: bool) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await supervisor.ask(Seat(), Start(program="tens-ankle", minutes=5, level={Channel.A: 3}, pads_on=True))
        await asyncio.sleep(30)
        assert house.level() == 3
        reply = await supervisor.ask(Seat(), Disconnect(name if named else None))
        assert isinstance(reply, Done)
        assert (reply.proved, house.level()) == (True, 0)
        assert reply.text.endswith("no link is held")
        [active] = supervisor.units
        assert active.task.done()

    House(folder, name).run(life)


@pytest.mark.control("C-09")
def test_what_is_not_proved_is_not_given_back_as_if_it_were(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await house.leave_open()
        await supervisor.sessions.recover()
        reply = await supervisor.ask(Seat(), Disconnect())
        assert isinstance(reply, Refusal)
        assert reply.code == Exit.NOT_CONFIRMED

    House(folder, "coyote3:mute").run(life)


def test_where_nothing_is_connected_it_says_so(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        reply = await supervisor.ask(Seat(), Disconnect())
        assert isinstance(reply, Done)
        assert reply.text == "nothing is running; no link is held"
        assert await supervisor.ask(Seat(), Disconnect("nobody")) == reply, "there is nobody to be stopped"

    House(folder, "coyote3").run(life)
