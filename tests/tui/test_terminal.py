"""A terminal that stands still or has gone must hold up neither keys nor stops; tried on pipes that nobody empties."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

import pytest
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

from estim.catalogue.programs import shipped
from estim.config.options import HostOptions
from estim.core.errors import EstimError, Exit
from estim.tui.main import run_screen
from estim.tui.offers import offers_of
from estim.tui.terminal import Terminal
from tests.tui.scripted import ScriptedClient, screen_of, settle

PIECE = "x" * 65536
"""As much as a pipe holds."""


class Pipe:
    """A terminal's output as a pipe: full until somebody reads, gone when the reading end is closed."""

    def __init__(self, terminal: Terminal) -> None:
        self.reads, writes = os.pipe()
        self.file = os.fdopen(writes, "w")
        self.terminal = terminal
        self.thread = WriterThread(self.file)
        terminal._writer_thread = self.thread
        self.thread.start()

    @property
    def torn(self) -> bool:
        """Whether something was dropped and not made good yet."""
        return self.terminal._torn

    def close(self) -> None:
        """Close what is left of it."""
        with suppress(BrokenPipeError):
            self.file.close()

    def drain(self, size: int) -> None:
        """Read so many bytes."""
        while size > 0:
            size -= len(os.read(self.reads, size))

    def read_out(self) -> None:
        """Read until the other end is closed: a thread that still writes would hold its file, and hang its closing."""
        while os.read(self.reads, len(PIECE)):
            pass


@pytest.fixture
def handlers() -> Iterator[list[int]]:
    """Keep the process's signal handlers as they were, and note hang-ups."""
    numbers = (signal.SIGTSTP, signal.SIGCONT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    hung_up: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        hung_up.append(number)

    signal.signal(signal.SIGHUP, note)
    yield hung_up
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.control("C-38")
async def test_a_terminal_that_stands_still_is_not_waited_for(handlers: list[int]) -> None:
    async with screen_of(ScriptedClient()).run_test() as pilot:
        await settle(pilot)
        pipe = Pipe(Terminal(pilot.app))
        pieces = 3 * MAX_QUEUED_WRITES
        for _ in range(pieces):
            pipe.terminal.write(PIECE)  # would wait here for ever, were it the library's own
        assert pipe.thread._queue.full()
        assert [pipe.torn] == [True], "what was dropped is remembered"
        pipe.drain(MAX_QUEUED_WRITES * len(PIECE))
        pipe.terminal.write("y")
        assert [pipe.torn] == [False], "the whole screen is drawn anew"
        reader = threading.Thread(target=pipe.read_out)
        reader.start()
        pipe.terminal.close()
        pipe.close()
        reader.join()
        os.close(pipe.reads)
        assert not handlers


@pytest.mark.control("C-41")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_terminal_that_has_gone_is_a_hang_up_and_not_waited_for(handlers: list[int]) -> None:
    async with screen_of(ScriptedClient()).run_test() as pilot:
        await settle(pilot)
        pipe = Pipe(Terminal(pilot.app))
        os.close(pipe.reads)
        pipe.terminal.write(PIECE)
        pipe.thread.join(10)
        assert not pipe.thread.is_alive()
        for _ in range(3 * MAX_QUEUED_WRITES):
            pipe.terminal.write(PIECE)
        pipe.terminal.close()
        pipe.close()
        assert handlers == [signal.SIGHUP]


def test_without_a_terminal_the_screen_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(EstimError, match="needs a terminal") as refused:
            run_screen(HostOptions(simulate="em70"))
    assert refused.value.code is Exit.USAGE


def test_every_shipped_program_is_offered_and_the_tendon_first() -> None:
    offers = offers_of(shipped())
    assert offers[0].id == "tens-ankle"
    assert {offer.id for offer in offers} == {program.id for program in shipped()}
    assert all(0 < offer.minutes <= 30 and "Pads:" in offer.about for offer in offers)
