"""A private message bus with a real dbus-daemon, for services that a test plays on it."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.message import Message


class Bus:
    """A private message bus; it can be stopped and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("dbus-daemon")
        if program is None:
            pytest.skip("there is no dbus-daemon here")
        self.address = f"unix:path={folder / 'bus'}"
        self._words = [program, "--session", "--nofork", "--print-address", f"--address={self.address}"]
        self._running = ExitStack()

    def start(self) -> None:
        process = self._running.enter_context(subprocess.Popen(self._words, stdout=subprocess.PIPE, text=True))
        self._running.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("unix:")

    def stop(self) -> None:
        self._running.close()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    made = Bus(tmp_path)
    made.start()
    yield made
    made.stop()


async def names(bus: MessageBus) -> set[str]:
    """Return the unique names on the bus, without the bus's own."""
    reply = await bus.call(
        Message(destination="org.freedesktop.DBus", path="/", interface="org.freedesktop.DBus", member="ListNames")
    )
    return {name for name in reply.body[0] if name.startswith(":")}


async def settled(bus: MessageBus) -> None:
    """Return when the message bus has passed on what this connection sent before."""
    await names(bus)


async def dropped(bus: MessageBus) -> None:
    """Return when this end has left the bus, or raise what ended it."""
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # dbus-fast left it without types
