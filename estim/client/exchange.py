"""The host's door, knocked at with nothing but a socket: imports so little that a stop is on its way at once.

Python's own start, this file and the home's path are all that lies between typing `estim stop` and the bytes leaving;
whatever understands the answer is imported while the host is busy with it.
"""

import errno
import socket
from pathlib import Path

from estim.core.errors import EstimError, Exit
from estim.core.translation import tr

CONNECT_TIMEOUT_S = 2.0
"""A host that lives takes a connection at once; one that doesn't in this time stands still."""

ANSWER_MAX = 1 << 20
"""Longest answer that is taken, bytes: the status of every unit that a person can own is far below."""

_NOBODY = frozenset({errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR})
"""No socket, or one that a dead host left behind."""


class NoHost(EstimError):
    """Nobody listens on the home's socket."""

    code = Exit.NO_DEVICE


def knock(path: Path) -> socket.socket:
    """Connect; raises NoHost if nobody listens, EstimError (75) if somebody does but can't be reached."""
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    wire.settimeout(CONNECT_TIMEOUT_S)
    try:
        wire.connect(str(path))
    except OSError as error:
        wire.close()
        if error.errno in _NOBODY:
            raise NoHost(tr("no estim is running here")) from error
        why = error.strerror or tr("it takes no connection")
        raise EstimError(
            tr("the host at {file} can't be reached: {why}", file=path, why=why), code=Exit.TRY_LATER
        ) from error
    return wire


def exchange(path: Path, line: bytes, timeout_s: float) -> "Asked":
    """Send one line and return what will bring its answer; raises as `knock` does."""
    wire = knock(path)
    try:
        wire.sendall(line)
    except OSError as error:
        wire.close()
        raise NoHost(tr("the host went away")) from error
    return Asked(wire, timeout_s)


class Asked:
    """A line that is with the host. `answer` may be called once."""

    def __init__(self, wire: socket.socket, timeout_s: float) -> None:
        self._wire = wire
        self._timeout_s = timeout_s

    def answer(self) -> bytes:
        """Return the host's line; raises EstimError (75) if it is mute for `timeout_s`, or breaks off."""
        got = bytearray()
        self._wire.settimeout(self._timeout_s)
        with self._wire:
            while not got.endswith(b"\n"):
                try:
                    more = self._wire.recv(1 << 16)
                except TimeoutError as error:
                    text = tr("the host has not answered for {seconds:g} s", seconds=self._timeout_s)
                    raise EstimError(text, code=Exit.TRY_LATER) from error
                except OSError as error:
                    raise _broke_off() from error
                if not more or len(got) > ANSWER_MAX:
                    raise _broke_off()
                got += more
        return bytes(got)


def _broke_off() -> EstimError:
    return EstimError(tr("the host went away before it had answered"), code=Exit.TRY_LATER)
