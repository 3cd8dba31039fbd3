"""A screen whose loop hangs, or whose disk does: a stop is with the host all the same."""

import asyncio
import os
import pty
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from estim.client.direct_stop import DirectStop
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.core.messages.lowering import Stop
from estim.tui.app import PANIC, SessionApp
from estim.tui.wording import Offer
from tests.cli.line import GUARD_S, short_home
from tests.client.test_direct_stop import Door
from tests.tui.scripted import OFFERS, RUNNING, Pulse, ScriptedClient, Successors, settle

REAL_TIME = True
"""Something waits here while a thread does."""

HANGS = """
import os, signal, sys, threading
from collections.abc import AsyncIterator
from estim.config.options import HostOptions
from estim.core.messages.lines import Line
from estim.tui.app import SessionApp
from estim.tui.keymap import keymap_of
from tests.tui.scripted import RUNNING, ScriptedClient

class Hanging(ScriptedClient):
    async def lines(self) -> AsyncIterator[Line]:
        yield RUNNING
        os.write(1, b"hanging")
        threading.Event().wait()

async def again():
    raise OSError("no host")

signal.alarm(60)  # whatever becomes of who started it
options = HostOptions(home=sys.argv[1], solo=False)
SessionApp(Hanging(RUNNING), (), again, options=options, keys=keymap_of({"stop": "f9"})).run()
"""


async def test_a_loop_that_lives_sends_it_alone_and_its_answer_is_told(tmp_path: Path) -> None:
    options = HostOptions(home=str(tmp_path), solo=False)
    client = ScriptedClient(RUNNING)
    app = SessionApp(client, OFFERS, Successors(), Pulse(), options=options)
    late: list[threading.Event] = []
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app._direct is not None
        app._direct = DirectStop(options.place, loop_s=GUARD_S)
        for key in ("f12", "s"):
            app.key_read(key)
            late += app._direct._waiting
            client.show(RUNNING)
            await pilot.press(key)
            await settle(pilot)
        assert client.stops == [PANIC, Stop()]
        assert [event.is_set() for event in late] == [True], "s is the loop's alone: it may be typed"


@pytest.mark.control("C-38", "C-07")
@pytest.mark.parametrize(
    ("keys", "stops"),
    [
        (("3", "escape"), [Stop(unit="coyote3", soft=True)]),
        (("3", "2", "s"), [Stop()]),
        (("3", "2", "escape"), [Stop(unit="coyote3", soft=True)]),
    ],
    ids=["away", "back and stop", "back and soft stop"],
)
async def test_no_stop_waits_for_programs_that_cannot_be_read(
    tmp_path: Path, keys: tuple[str, ...], stops: list[Stop]
) -> None:
    goes_on = threading.Event()

    def read() -> tuple[tuple[Offer, ...], list[str]]:
        assert goes_on.wait(GUARD_S)
        return OFFERS, []

    options = HostOptions(home=str(tmp_path), solo=False)
    client = ScriptedClient(RUNNING)
    app = SessionApp(client, (), Successors(), Pulse(), options=options, opening="today", read_offers=read)
    async with app.run_test() as pilot:
        try:
            await settle(pilot)
            async with asyncio.timeout(GUARD_S / 2):
                await pilot.press(*keys)
            assert client.stops == stops
        finally:
            goes_on.set()


@pytest.mark.control("C-38", "C-07")
@pytest.mark.parametrize(("key", "stop"), [(b"\x1b[24~", Stop(reason="panic")), (b"\x1b[20~", Stop())])
def test_a_key_that_stops_is_with_the_host_though_the_loop_hangs(key: bytes, stop: Stop) -> None:
    sees, terminal = pty.openpty()
    with short_home() as folder:
        home = find_home(str(folder))
        home.prepare()
        with closing(Door(home)) as door:
            hangs = subprocess.Popen(
                [sys.executable, "-c", HANGS, str(folder)], stdin=terminal, stdout=terminal, stderr=terminal,
                env={**os.environ, "TERM": "xterm-256color"}, start_new_session=True,
            )  # fmt: skip
            try:
                shown = b""
                while b"hanging" not in shown:
                    shown += os.read(sees, 1 << 16)
                os.write(sees, key)
                assert door.takes() == stop
            finally:
                hangs.kill()
                hangs.wait()
    os.close(terminal)
    os.close(sees)
