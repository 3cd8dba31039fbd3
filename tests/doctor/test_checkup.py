"""No look of the doctor's hangs him or breaks him off: what takes too long or fails is a finding, and he goes on."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from estim.config.options import HostOptions
from estim.core.errors import EstimError, Exit
from estim.doctor import checkup
from estim.doctor.findings import Finding, Grade, good

SHORT_S = 0.05


async def findings_of(options: HostOptions) -> dict[str, Finding]:
    return {one.what: one async for one in checkup.checkup(options, None, lambda _text: None)}


@pytest.fixture
def options(tmp_path: Path) -> HostOptions:
    return HostOptions(home=str(tmp_path), simulate="em70")


async def test_a_look_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch, options: HostOptions) -> None:
    released = threading.Event()
    monkeypatch.setattr(checkup, "LOOK_S", SHORT_S)
    monkeypatch.setattr("estim.doctor.home.of_journal", lambda _home: released.wait(20))
    found = await findings_of(options)
    released.set()
    assert (found["journal"].grade, found["journal"].code) == (Grade.BAD, Exit.GENERAL)
    assert "isn't known after" in found["journal"].text
    assert found["host"].grade is Grade.GOOD


async def test_a_look_that_breaks_off_is_a_finding(monkeypatch: pytest.MonkeyPatch, options: HostOptions) -> None:
    def breaks(_home: object) -> Finding:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("estim.doctor.home.of_host", breaks)
    found = await findings_of(options)
    assert "ZeroDivisionError('a bug')" in found["host"].text


async def contained(looks: AsyncIterator[Finding]) -> list[str]:
    return [one.text async for one in checkup._contained("broker", looks, SHORT_S)]


async def test_what_was_found_before_is_told_all_the_same() -> None:
    async def hangs() -> AsyncIterator[Finding]:
        yield good("broker", "one")
        await asyncio.Event().wait()

    async def breaks() -> AsyncIterator[Finding]:
        yield good("broker", "one")
        raise ZeroDivisionError

    async def refuses() -> AsyncIterator[Finding]:
        yield good("broker", "one")
        raise EstimError("no right to read it", code=Exit.REFUSED)

    assert await contained(hangs()) == ["one", "it isn't known after 0 s"]
    assert await contained(breaks()) == ["one", "it can't be looked at: ZeroDivisionError()"]
    assert await contained(refuses()) == ["one", "no right to read it"]


async def test_a_broker_that_takes_the_connection_and_says_nothing(tmp_path: Path) -> None:
    """A port at which nobody ever comes to the door."""
    began_s = asyncio.get_running_loop().time()
    with socket.create_server(("127.0.0.1", 0)) as door:
        address = f"mqtt://127.0.0.1:{door.getsockname()[1]}"
        found = await findings_of(HostOptions(home=str(tmp_path), simulate="em70", mqtt=address))
    assert found["broker"].grade is Grade.WARNING
    assert asyncio.get_running_loop().time() - began_s < checkup.BROKER_S
