"""Fixtures of the air tests."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest

from tests.air.room import Ear, Room, Served


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with AsyncExitStack() as undo:
        yield Room(undo)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    with ExitStack() as undo:

        def start(*words: str) -> Served:
            log = tmp_path / "air.jsonl"
            process = subprocess.Popen(
                [sys.executable, "-m", "simulator.cli", "serve", *words, "--log", str(log)]
                + ([] if "--hci" in words else ["--hci", "tcp-server:127.0.0.1:0"]),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
            undo.callback(process.communicate)
            undo.callback(process.kill)
            return Served(process, log)

        yield start
