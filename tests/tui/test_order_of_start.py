"""In which order the screen starts: the host before the libraries, a picture before the host, and a stop before all."""

import asyncio
import os
import pty
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from textual.widgets import OptionList
from textual.widgets._footer import FooterKey

from estim.client.connection import NotYet
from estim.client.follower import Client
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Status, Watch
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.journal.demo import make_demo
from estim.tui.app import SessionApp
from estim.tui.choose import Choose
from estim.tui.session import Session
from estim.tui.widgets import StopBar
from estim.tui.wording import Offer
from tests.tui.scripted import ALARM, IDLE, OFFERS, RUNNING, Pulse, ScriptedClient, Successors, settle, text_of
from tests.tui.test_today import assert_seen

TOLD = """
import os, sys
line, watched = sys.argv[1].split(), sys.argv[2].split()
def tell(event, about):
    if event == "subprocess.Popen" and "estim.host.main" in about[1]:
        os.write(2, b"host")
        os._exit(0)
    if event == "import" and about[0].partition(".")[0] in watched:
        os.write(2, about[0].encode())
        os._exit(1)
sys.addaudithook(tell)
from estim.cli.main import main
main(line)
"""


def first_of(home: Path, front: str, watched: str) -> str:
    """Return what a line at a terminal comes to first: its host, or one of these libraries; it ends there."""
    terminal, its_end = pty.openpty()
    line = [sys.executable, "-c", TOLD, f"--home {home} {front}", watched]
    try:
        done = subprocess.run(line, stdin=its_end, stdout=its_end, stderr=subprocess.PIPE, timeout=60, check=False)
    finally:
        os.close(terminal)
        os.close(its_end)
    return done.stderr.decode()


@pytest.mark.parametrize("front", ["", "--simulate coyote3"])
def test_a_host_is_started_before_what_the_screen_alone_needs_is_read(tmp_path: Path, front: str) -> None:
    assert first_of(tmp_path, front, "textual rich typer construct tomlkit") == "host"


def flows(app: SessionApp) -> bool:
    """Return whether output may be on, as far as the screen knows now."""
    return app.model.flows


async def test_before_there_is_a_host_the_screen_is_drawn_and_a_stop_is_its_first_word(tmp_path: Path) -> None:
    make_demo(find_home(str(tmp_path)))
    options = HostOptions(home=str(tmp_path), simulate="coyote3")
    coming: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
    app = SessionApp(NotYet(options.place), OFFERS, Successors(), Pulse(), options=options, opening="today",
                     joining=coming)  # fmt: skip
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert text_of(pilot, "#strip") == "connecting to the controller … · s or F12 stops"
        assert flows(app), "nobody knows yet what is on"
        await pilot.press("f12")
        async with asyncio.timeout(30):  # a thread looks for a process that holds the home
            while "first thing that the controller hears" not in text_of(pilot, "#note"):
                await settle(pilot)
        host = ScriptedClient(replace(IDLE, state=State.IDLE))
        coming.set_result(host)
        await settle(pilot)
        assert host.asked[:3] == [Stop(reason="panic"), Watch(), Status()]
        assert "connecting" not in text_of(pilot, "#strip")
        assert not flows(app)
        host.show(RUNNING)
        await settle(pilot)
        await pilot.press("f12")
        await settle(pilot)
        assert host.stops == [Stop(reason="panic")] * 2


async def test_nothing_is_started_while_the_controller_is_not_there_and_one_that_never_comes_ends_the_screen(
    tmp_path: Path,
) -> None:
    coming: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
    app = SessionApp(NotYet(find_home(str(tmp_path))), OFFERS, Successors(), Pulse(), joining=coming)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.screen.query_one("#start").disabled
        assert "connecting to the controller" in text_of(pilot, "#unit")
        coming.set_exception(EstimError("another host has the home", code=Exit.TRY_LATER))
        await settle(pilot)
    assert app.return_code == Exit.TRY_LATER
    assert app.no_host is not None
    assert app.no_host.text == "another host has the home"


def test_while_a_session_is_shown_the_collector_walks_only_what_is_new() -> None:
    code = "import gc\ngc.disable()\nfrom estim.tui.show import settle\nsettle()\n"
    code += "gc.collect()\nprint(gc.isenabled(), gc.get_freeze_count() > 20 * len(gc.get_objects()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.split() == ["True", "True"]


def has_programs(choose: Choose) -> bool:
    return choose.query_one("#programs", OptionList).option_count == len(OFFERS)


async def stops_whenever_seen(app: SessionApp, choose: Choose) -> bool:
    """Return whether there is a STOP in the first moment in which a screen is seen."""
    for _ in range(1000):
        if app.screen == choose:
            break
        await asyncio.sleep(0)
    return app.screen == choose and bool(choose.query(StopBar))


async def test_the_list_below_is_made_when_the_host_is_there_or_somebody_goes_to_it(tmp_path: Path) -> None:
    make_demo(find_home(str(tmp_path)))
    options = HostOptions(home=str(tmp_path), simulate="coyote3")
    coming: asyncio.Future[Client] = asyncio.get_running_loop().create_future()

    def read() -> tuple[tuple[Offer, ...], list[str]]:
        return OFFERS, ["own.toml is wrong"]

    for early in (True, False):
        app = SessionApp(NotYet(options.place), (), Successors(), Pulse(), options=options, opening="today",
                         joining=coming, read_offers=read)  # fmt: skip
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            (choose,) = (one for one in app.screen_stack if isinstance(one, Choose))
            assert (not choose.query("#programs"), choose.program) == (early, "" if early else "tens-ankle")
            choose.light("ems-recovery")
            if early:
                seen = asyncio.create_task(stops_whenever_seen(app, choose))
                await pilot.press("2")
                assert await seen, "not even for a moment it is a screen without STOP"
            else:
                await pilot.press("2")
            assert app.screen == choose
            assert choose.query_one(StopBar).region.height == 3, "before any program has been read"
            await assert_seen(pilot, partial(has_programs, choose))
            assert [choose.query_one("#programs", OptionList).get_option_at_index(i).id for i in range(3)] == [
                offer.id for offer in OFFERS
            ]
            assert choose.program == "ems-recovery"
            await settle(pilot)
            if early:
                assert text_of(pilot, "#note") == "own.toml is wrong"
                coming.set_result(ScriptedClient(IDLE))


async def test_the_footer_is_made_anew_only_where_it_is_another_one() -> None:
    client = ScriptedClient(RUNNING)
    async with SessionApp(client, OFFERS, Successors(), Pulse()).run_test() as pilot:
        await settle(pilot)
        before = list(pilot.app.screen.query(FooterKey))
        assert [key.description for key in before][:2] == ["Level", "Pause"]
        pilot.app.refresh_bindings()
        await settle(pilot)
        assert list(pilot.app.screen.query(FooterKey)) == before
        client.show(replace(RUNNING, alarms=(ALARM,)))
        await settle(pilot)
        after = list(pilot.app.screen.query(FooterKey))
        assert len(after) == len(before) + 1
        assert {key.action for key in after} - {key.action for key in before} == {"quiet"}


@pytest.mark.parametrize("plays", [False, True])
@pytest.mark.parametrize("turns", range(0, 40, 4))
async def test_whoever_leaves_or_plays_while_the_list_is_made_does_so(tmp_path: Path, turns: int, plays: bool) -> None:
    options = HostOptions(home=str(tmp_path), simulate="coyote3")
    coming: asyncio.Future[Client] = asyncio.get_running_loop().create_future()

    def read() -> tuple[tuple[Offer, ...], list[str]]:
        return OFFERS, []

    app = SessionApp(NotYet(options.place), (), Successors(), Pulse(), options=options, opening="today",
                     joining=coming, read_offers=read)  # fmt: skip
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        client = ScriptedClient(IDLE)
        coming.set_result(client)
        for _ in range(turns):
            await asyncio.sleep(0)
        if plays:
            client.show(RUNNING)
            await settle(pilot)
            await settle(pilot)
            assert isinstance(app.screen, Session)
    assert not app.is_running
