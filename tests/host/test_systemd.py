"""What systemd is told, on a real datagram socket."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from estim.clock import new_loop
from estim.host.systemd import Systemd


@pytest.fixture(params=["path", "abstract"])
def notified(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        name = f"@{tmp_path.name}-notify" if request.param == "abstract" else str(tmp_path / "notify")
        there.bind("\0" + name[1:] if name.startswith("@") else name)
        there.setblocking(False)
        yield there, name


def said(there: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(there.recv(4096).decode())
        except BlockingIOError:
            return found


def test_it_is_told_that_the_host_is_ready_what_it_does_and_that_it_ends(notified: tuple[socket.socket, str]) -> None:
    there, name = notified
    systemd = Systemd({"NOTIFY_SOCKET": name})
    systemd.ready()
    systemd.status("em70 plays\nSTOPPING=1")
    systemd.stopping()
    systemd.close()
    systemd.ready()
    assert said(there) == ["READY=1", "STATUS=em70 plays STOPPING=1", "STOPPING=1"]


def test_signs_of_life_come_at_half_of_its_patience_and_only_while_the_sessions_turn(
    notified: tuple[socket.socket, str],
) -> None:
    there, name = notified
    loop, _clock = new_loop("max")
    systemd = Systemd({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "7"}, pid=7)

    async def life() -> None:
        feeding = asyncio.get_running_loop().create_task(
            systemd.feed(lambda: loop.time() - began_s < 30, lambda: "em70 plays")
        )
        await asyncio.sleep(90)
        feeding.cancel()
        await asyncio.wait({feeding})

    began_s = loop.time()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(life())
    systemd.close()
    assert said(there) == ["WATCHDOG=1", "STATUS=em70 plays", *["WATCHDOG=1"] * 5]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "-5"},
        {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "8"},
        {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "x"},
    ],
)
def test_where_nobody_waits_for_signs_of_life_none_are_given(environ: dict[str, str]) -> None:
    systemd = Systemd(environ, pid=7)
    assert systemd.every_s is None
    asyncio.run(systemd.feed(lambda: pytest.fail("nobody asked"), lambda: pytest.fail("nobody asked")))


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all", "@nobody-listens-here"])
def test_without_a_systemd_nothing_is_said_and_nothing_fails(address: str) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "10000000"}, pid=7)
    systemd.ready()
    systemd.status("em70 plays")
    systemd.close()
    assert systemd.every_s == 5.0, "whoever asks for signs of life hears of it all the same"
