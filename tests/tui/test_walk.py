"""A walk by real keys in a real terminal (tmux): from the first start to a finished session, and into the log.

The host is a process of its own, its unit software; its time passes sixty times as fast, so twenty minutes are short.
Where tmux is missing the walk says so, and walks nowhere.
"""

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from estim.clock import RealClock

TMUX = shutil.which("tmux")
ROOT = Path(__file__).parent.parent.parent
WAIT_S = 60.0
"""Longest wait for something to be seen: a slow machine that runs several tests at once."""


class Terminal:
    """One tmux of our own, with one window."""

    def __init__(self, folder: Path, width: int, height: int) -> None:
        assert TMUX is not None, "the walk is left out without it"
        self._socket = str(folder / "tmux")
        estim = f"{sys.executable} -m estim.cli.main --simulate coyote3 --speed 60"
        line = f"{estim} demo {folder / 'home'}; echo LEFT WITH $?; read x"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), line)
        news = folder / "news"
        os.mkfifo(news)
        self._news = os.open(news, os.O_RDWR | os.O_NONBLOCK)  # whatever is drawn comes here too: something to wait for
        self._tmux("pipe-pane", "-O", f"cat > {news}")

    def _tmux(self, *words: str) -> str:
        assert TMUX is not None
        env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        env.pop("TMUX", None)
        line = [TMUX, "-S", self._socket, *words]
        return subprocess.run(line, env=env, capture_output=True, text=True, check=True).stdout

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        for key in keys:
            self._tmux("send-keys", key)

    def see(self) -> str:
        """Return what is on the screen."""
        return self._tmux("capture-pane", "-p")

    def wait_for(self, *words: str) -> str:
        """Look until all of this is on the screen."""
        clock = RealClock()
        until_s = clock.now().mono_s + WAIT_S
        while clock.now().mono_s < until_s:
            seen = self.see()
            if all(word in seen for word in words):
                return seen
            if select.select([self._news], [], [], 1.0)[0]:
                os.read(self._news, 65536)
        raise AssertionError(f"{words} did not come:\n{self.see()}")

    def close(self) -> None:
        """End it, and what runs in it."""
        self._tmux("kill-server")
        os.close(self._news)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    if TMUX is None:
        if "CI" in os.environ:
            pytest.fail("there is no tmux here, and CI has to have one")
        pytest.skip("there is no tmux here: the walk by real keys is left out")
    with TemporaryDirectory(prefix="estim-walk-") as folder:
        made = Terminal(Path(folder), 80, 24)
        yield made
        made.close()


@pytest.mark.control("C-38")
def test_from_the_first_start_to_a_finished_session_and_into_the_log(terminal: Terminal) -> None:
    terminal.wait_for("SIMULATED", "As last time: tens-ankle", "? Help")
    terminal.press("4")
    terminal.wait_for("Programs: every kind", "SIMULATED")
    terminal.press("1")
    terminal.wait_for("As last time: tens-ankle", "yesterday: 2 sessions")
    terminal.press("Enter")
    terminal.wait_for("Are the pads on?", "STOP")
    terminal.press("y")
    terminal.wait_for("left of 20:00", "level", "STOP")
    terminal.press("3")
    terminal.wait_for("Log: everything", "left · s or F12 stops", "SIMULATED")
    terminal.wait_for("Session over", "completed", "yes, the unit says zero")
    terminal.press("3")
    seen = terminal.wait_for("Log: everything", "#27 tens-ankle on coyote3, left leg", "A=14, completed")
    assert "SIMULATED" in seen
    assert "s or F12 stops" not in seen
    terminal.press("q")
    terminal.wait_for("LEFT WITH 0")
