"""Sessions on software units, typed in this process: the host runs here too, on a jumping clock in a thread of its own.

What only a process shows (that one is started, ends with its front end, hears signals) has tests of its own; here a
line finds a host in its home, as a second terminal does.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from estim.clock import Clock, new_loop
from estim.config.options import HostOptions
from estim.config.paths import Home, find_home
from estim.host.main import joined, told_to_house
from estim.host.server import serve
from estim.host.supervisor import Supervisor
from tests.cli.line import Person, Said

READY_S = 60
"""Longest wait for the host to be there; nothing takes it but a mistake."""


class _Host:
    """A host in a thread."""

    def __init__(self, options: HostOptions) -> None:
        self._options = options
        self._loop, self._clock = new_loop(options.speed)
        self._leaving = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def begin(self) -> None:
        self._thread.start()
        assert self._ready.wait(READY_S)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._leaving.set)
        self._thread.join()

    def _run(self) -> None:
        home = find_home(self._options.home)
        home.prepare()
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._live(home, self._clock))

    async def _live(self, home: Home, clock: Clock) -> None:
        async with joined(self._options, home, clock) as services:
            supervisor = Supervisor(services, solo=False, leaving=self._leaving)
            home.socket.unlink(missing_ok=True)  # of the host before it in this home
            server = await serve(home.socket, supervisor)
            async with told_to_house(services, supervisor, self._options, None):
                self._ready.set()
                await self._leaving.wait()
                server.deafen()
                await supervisor.sessions.close()
            await server.close()


@contextmanager
def hosted(person: Person, unit: str, *, speed: str = "max", mqtt: str | None = None) -> Iterator[None]:
    """Let a host with this software unit run in the person's home meanwhile; with a broker time has to be real."""
    host = _Host(HostOptions(home=str(person.home), simulate=unit, speed=speed, mqtt=mqtt))
    host.begin()
    try:
        yield
    finally:
        host.end()


def plays(person: Person, unit: str, *words: str, json_: bool = True) -> Said:
    """Type a `run` on this software unit, with a host of its own."""
    with hosted(person, unit):
        return person.types("--simulate", unit, "--speed", "max", "run", *words, json_=json_)
