"""A storm of hostile frames on the control socket during a session: it plays on, and a stop in it is obeyed."""

import asyncio
from pathlib import Path

import pytest

from estim.client.exchange import exchange
from estim.core.messages.commands import Done
from estim.core.vocabulary import State
from estim.host.server import serve
from estim.host.supervisor import Supervisor
from tests.host.test_supervisor import PLAY, House, Seat, folder
from tests.hostile import storm

__all__ = ["folder"]

FRAMES = 5000
"""Of the 100,000 that the bench sends, whose luck has the same seeds."""


@pytest.mark.control("C-48")
def test_a_session_plays_on_in_a_storm_and_a_stop_in_it_is_obeyed(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        server = await serve(folder / "s", supervisor)
        try:
            assert isinstance(await supervisor.ask(Seat(), PLAY), Done)
            await storm(folder / "s", FRAMES - 1000, clients=40)
            [shown] = supervisor.overview().units
            assert shown.state in (State.RAMPING, State.RUNNING), "nothing of that was a command for it"
            going = asyncio.get_running_loop().create_task(storm(folder / "s", 1000, clients=40))
            await asyncio.sleep(0.1)
            line = b'{"do":"stop","reason":"panic"}\n'
            asked = await asyncio.to_thread(exchange, folder / "s", line, 30.0)
            assert b'"answer":"done"' in await asyncio.to_thread(asked.answer)
            [shown] = supervisor.overview().units
            assert (shown.state, shown.out) == (State.ENDED, "off")
            await going
        finally:
            await server.close()

    house = House(folder, "coyote3", speed="4")
    house.run(life)
