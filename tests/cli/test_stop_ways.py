"""A stop finds its way to the host: with its socket gone, with its door crowded, and with nobody left who asked."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from estim.core.errors import Exit
from estim.host.server import CONNECTIONS_MAX
from tests.cli.line import short_home, typed

RUN = ("--simulate", "em70", "--speed", "4", "--json", "run", "tens-ankle", "--level", "2", "--pads-on")
"""A session on a clock that runs, but faster: how a stop gets to the host has nothing to do with the unit's time."""


GUARD_S = 60.0
"""A session that is to end and doesn't is ended after this, so that its test ends: in real seconds."""


def command(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "estim.cli.main", "--home", str(home), *words]


class Playing:
    """`estim run` on a software unit, from the moment at which a level is told."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(command(home, *RUN), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.told: list[dict[str, object]] = []
        self.until("level")

    def until(self, event: str) -> dict[str, object]:
        """Read on until something has happened; the end of all lines is a failure, and GUARD_S ends them."""
        assert self.process.stdout is not None
        guard = threading.Timer(GUARD_S, self.process.kill)
        guard.start()
        try:
            for line in self.process.stdout:
                self.told.append(json.loads(line))
                if self.told[-1]["event"] == event:
                    return self.told[-1]
        finally:
            guard.cancel()
        pytest.fail(f"no {event!r}: {self.told}")

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a path short enough for a socket."""
    with short_home() as folder:
        yield folder


@pytest.fixture
def playing(home: Path) -> Iterator[Playing]:
    one = Playing(home)
    yield one
    one.end()


@pytest.mark.control("C-48")
def test_with_its_socket_gone_a_host_is_stopped_by_a_signal(home: Path, playing: Playing) -> None:
    """In a process of its own, which has an end: a stop that finds no way tries for minutes."""
    (home / "control.sock").unlink()
    done = subprocess.run(command(home, "stop"), capture_output=True, text=True, timeout=40, check=False)
    assert (done.returncode, done.stdout) == (
        Exit.DONE,
        "stopped, zero confirmed (by a signal: the host takes no connection)\n",
    )
    ended = playing.until("ended")
    assert (ended["reason"], ended["stop_confirmed"]) == ("stopped", True)
    assert playing.process.wait(30) == Exit.DONE


@pytest.mark.control("C-48", "C-53")
def test_with_its_marker_gone_too_no_stop_by_a_signal_is_called_one(home: Path, playing: Playing) -> None:
    """The marker of the other kind of units is still there, and says nothing of this one."""
    assert (home / "log.on.json").exists()
    (home / "simulated.on.json").unlink()
    (home / "control.sock").unlink()
    done = subprocess.run(command(home, "stop"), capture_output=True, text=True, timeout=40, check=False)
    assert (done.returncode, done.stdout) == (Exit.NOT_CONFIRMED, "")
    assert "what says that a unit may be on is missing" in done.stderr
    assert playing.until("ended")["stop_confirmed"] is True, "it was signalled all the same"
    assert playing.process.wait(30) == Exit.DONE


@pytest.mark.control("C-48")
@pytest.mark.parametrize("way", ["another terminal", "its own"])
def test_with_the_door_crowded_a_stop_comes_through(
    home: Path, playing: Playing, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    with ExitStack() as open_ones:
        for _ in range(CONNECTIONS_MAX + 8):
            idle = open_ones.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            idle.connect(str(home / "control.sock"))
        if way == "its own":
            playing.process.send_signal(signal.SIGINT)
        else:
            assert typed(home, "stop") == Exit.DONE
            assert capsys.readouterr().out == "em70: stopped, zero confirmed\n"
        ended = playing.until("ended")
    assert ended["stop_confirmed"] is True
    assert playing.process.wait(30) == (Exit.INTERRUPTED if way == "its own" else Exit.DONE)


@pytest.mark.control("C-48")
@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # the host that was started
def test_a_process_that_only_looks_like_the_holder_is_never_signalled(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lock's file names a process that doesn't hold it, and that SIGUSR1 would end."""
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (home / "host.lock").write_text(str(stranger.pid))
    code = typed(home, "stop")
    stranger.communicate(b"go\n")
    assert stranger.returncode == 0
    assert (code, capsys.readouterr().out) == (Exit.DONE, "nothing is running\n")


@pytest.mark.control("C-49")
def test_a_stop_that_comes_while_a_run_is_still_starting_its_host_is_kept(home: Path) -> None:
    """The stop is typed after the run, and finds nothing yet: the run must not begin all the same."""
    run = subprocess.Popen(command(home, *RUN), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    stop = subprocess.run(command(home, "stop"), capture_output=True, text=True, timeout=60, check=False)
    told, _ = run.communicate(timeout=60)
    ended = json.loads(told.splitlines()[-1])
    assert stop.returncode == Exit.DONE, stop.stderr
    assert ended["event"] == "ended"
    assert ended["duration_s"] == 0
    assert ended["reason"] in ("refused", "stopped")


@pytest.mark.control("C-48")
def test_a_unit_keeps_its_name_while_it_plays_so_that_it_is_stopped_by_the_one_that_is_known(
    home: Path, playing: Playing, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(home, "--json", "status") == Exit.DONE
    address = json.loads(capsys.readouterr().out.splitlines()[-1])["units"][0]["address"]
    assert typed(home, "devices", "add", address, "--family", "em70", "--name", "calf") == Exit.DONE
    assert typed(home, "devices", "set", "calf", "name", "knee") == Exit.TRY_LATER
    assert "calf has a session: end it first" in capsys.readouterr().err
    assert typed(home, "stop", "--unit", "knee") == Exit.DONE, "what nobody knows may be a new name: all are stopped"
    told = "no unit here is called knee, so all were stopped: em70: stopped, zero confirmed\n"
    assert capsys.readouterr().out == told
    assert playing.until("ended")["stop_confirmed"] is True
    assert playing.process.wait(30) == Exit.DONE
    assert typed(home, "devices", "set", "calf", "name", "knee") == Exit.DONE
