"""A stop that waits for no loop: sent by threads, to the host's door, else as a signal; and never too many at once."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import msgspec
import pytest

from estim.client.direct_stop import STOPS_MAX, DirectStop
from estim.config.paths import Home, find_home
from estim.core.errors import Exit
from estim.core.messages.commands import Ask, Done, Refusal, Reply
from estim.core.messages.lowering import Stop
from tests.cli.line import GUARD_S, short_home

PANIC = Stop(reason="panic")
REFUSED = Refusal(code=Exit.TRY_LATER, text="there are too many front ends")
_command: msgspec.json.Decoder[Ask] = msgspec.json.Decoder(Ask)


class Door:
    """A host's door that takes what comes, and answers nothing until it is closed."""

    def __init__(self, home: Home) -> None:
        self.open = socket.socket(socket.AF_UNIX)
        self.open.settimeout(GUARD_S)
        self.open.bind(str(home.socket))
        self.open.listen(STOPS_MAX + 5)
        self.came: list[socket.socket] = []

    def takes(self) -> Ask:
        """Wait for the next connection, and return its line."""
        wire, _ = self.open.accept()
        self.came.append(wire)
        wire.settimeout(GUARD_S)
        got = b""
        while not got.endswith(b"\n"):
            more = wire.recv(1 << 16)
            assert more, "somebody came and said nothing"
            got += more
        return _command.decode(got)

    def answer(self, reply: Reply = Done("zero")) -> None:  # noqa: B008 - it can't be changed
        """Answer all that came."""
        for wire in self.came:
            with suppress(OSError):
                wire.sendall(msgspec.json.encode(reply) + b"\n")
            wire.close()
        self.came = []

    def close(self) -> None:
        """Answer, and close it."""
        self.answer()
        self.open.close()


@pytest.fixture
def home() -> Iterator[Home]:
    with short_home() as folder:
        place = find_home(str(folder))
        place.prepare()
        yield place


def ended(before: set[threading.Thread]) -> None:
    for thread in set(threading.enumerate()) - before:
        thread.join(GUARD_S)
        assert not thread.is_alive()


@pytest.mark.control("C-38", "C-07")
def test_it_is_with_the_host_at_once_and_what_is_under_way_holds_up_no_other(home: Home) -> None:
    before = set(threading.enumerate())
    direct = DirectStop(home)
    with closing(Door(home)) as door:
        direct.send(PANIC)
        assert door.takes() == PANIC
        direct.send(Stop())
        assert door.takes() == Stop(), "the first has no answer yet"
    ended(before)


def test_a_key_that_repeats_makes_no_more_than_so_many_and_later_ones_go_again(home: Home) -> None:
    before = set(threading.enumerate())
    direct = DirectStop(home)
    with closing(Door(home)) as door:
        for _ in range(STOPS_MAX * 3):
            direct.send(PANIC)
        assert [door.takes() for _ in range(STOPS_MAX)] == [PANIC] * STOPS_MAX
        assert len(set(threading.enumerate()) - before) == STOPS_MAX
        door.answer()
        ended(before)
        direct.send(PANIC)
        assert door.takes() == PANIC
        assert len(direct._waiting) <= STOPS_MAX, "of a loop that hangs nobody takes them away"
    ended(before)


HOLDER = """
import fcntl, os, signal, sys
signal.alarm(20)  # whatever becomes of who waits for it
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
signal.sigwait({signal.SIGUSR1})
"""


@pytest.mark.control("C-07")
@pytest.mark.parametrize("door", ["none", "hangs up", "takes no more"])
def test_a_host_whose_door_brings_no_answer_gets_a_signal(home: Home, door: str) -> None:
    before = set(threading.enumerate())
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(home.lock)], stdout=subprocess.PIPE) as holds:
        assert holds.stdout is not None
        assert holds.stdout.readline() == b"held\n"
        if door == "none":
            DirectStop(home).send(PANIC)
        else:
            with closing(Door(home)) as opened:
                DirectStop(home).send(PANIC)
                assert opened.takes() == PANIC
                if door == "takes no more":
                    opened.answer(REFUSED)
                else:
                    opened.came.pop().close()
                ended(before)
        assert holds.wait() == 0, "it is that signal, and not the alarm that ends it"
    ended(before)


def test_where_nobody_is_there_is_nothing_to_stop_and_nothing_is_said(home: Home) -> None:
    before = set(threading.enumerate())
    DirectStop(home).send(PANIC)
    ended(before)
    assert not home.socket.exists()


@pytest.mark.control("C-07")
def test_what_the_loop_has_sent_is_not_sent_again(home: Home) -> None:
    before = set(threading.enumerate())
    direct = DirectStop(home, loop_s=GUARD_S)
    with closing(Door(home)) as door:
        direct.send(PANIC)
        direct.send(Stop())
        direct.taken()
        ended(before)
        door.open.setblocking(False)
        with pytest.raises(BlockingIOError):
            door.takes()
        DirectStop(home).send(PANIC)
        door.open.settimeout(GUARD_S)
        assert door.takes() == PANIC, "what was taken says nothing of a later one"
    ended(before)
