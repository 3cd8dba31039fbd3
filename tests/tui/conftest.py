"""Takes away what would make two pictures of one screen differ: a terminal's colours, and how fast the machine is."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual import _time, _wait
from textual.app import App

from estim.clock import VirtualLoop
from estim.tui.keymap import KEYBOARD, USUAL


@pytest.fixture(autouse=True)
def no_taste_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's theme or NO_COLOR must not change a picture."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_ANIMATIONS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show moments in UTC: pictures are the same whatever zone the tests live in."""
    with monkeypatch.context() as place:
        place.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def usual_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins and ends with the usual keys: which ones hold is one value for the whole process."""
    monkeypatch.setattr(KEYBOARD, "keymap", USUAL)


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Time jumps while nothing is to be done: the library's pilot sleeps 20 ms and more after each key, to see rest.

    A file that says REAL_TIME waits for processes of its own while a thread does, and no time would pass then.
    """
    assert isinstance(item, pytest.Function)
    return {"real": asyncio.new_event_loop} if getattr(item.module, "REAL_TIME", False) else {"jumping": VirtualLoop}


@pytest.fixture(autouse=True)
def the_librarys_clock_is_the_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames, animations and waits are counted on the time that jumps; a clock of their own would fall behind it."""
    for module, name in ((_time, "get_time"), (_wait, "monotonic")):
        monkeypatch.setattr(module, name, lambda: asyncio.get_running_loop().time())


@pytest.fixture(autouse=True)
def pictures_are_taken_on_time_that_jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that is run for its picture has a loop of its own."""
    run = App.run

    def jumping(app: App[object], **how: Any) -> object:
        loop = VirtualLoop()
        try:
            return run(app, loop=loop, **how)
        finally:
            loop.close()

    monkeypatch.setattr(App, "run", jumping)
