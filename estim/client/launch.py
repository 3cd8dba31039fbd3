"""Starts a host process for a front end, and waits for its first word."""

import os
import select
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from estim.config.options import BROKER_VARIABLE, HostOptions
from estim.config.paths import Home
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Reply
from estim.core.translation import tr
from estim.core.values import replace

READY_TIMEOUT_S = 30.0
"""Longest wait for a host to say that it is ready."""


STOP_READY_S = 45.0
"""Longest wait for a host that is wanted for a stop: where it has no socket it says what came of the stop itself."""


END_S = 5.0
"""Longest wait for a host that couldn't start to be gone."""


class Starting:
    """A host that was started and hasn't said its first word yet. `reads` is the pipe that it will be said on."""

    def __init__(self, process: "subprocess.Popen[bytes]", reads: int, log: Path, timeout_s: float) -> None:
        self.process = process
        self.reads = reads
        self._log = log
        self._timeout_s = timeout_s

    def ready(self) -> Reply | None:
        """Wait for the word, once; return its reply if it can't be asked. Raises EstimError with its own words."""
        try:
            return _await_ready(self.reads, self._log, self._timeout_s)
        except EstimError:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(END_S)  # it ends by itself: a screen must not collect dead ones
            raise
        finally:
            os.close(self.reads)


def start_host(options: HostOptions) -> "subprocess.Popen[bytes]":
    """Start a host of our own and return its process; raises EstimError with its own words if it can't run.

    It blocks until the host is ready, a second or two.
    """
    starting = begin_host(options)
    starting.ready()
    return starting.process


def begin_host(options: HostOptions) -> Starting:
    """Start a host of our own, and wait for nothing; raises EstimError if there is no folder or process to be had."""
    options.place.prepare()
    return _begun(options, options.place)


def start_to_stop(options: HostOptions) -> Reply | None:
    """Start a host that stops what was left on; return its word if it can't be asked on a socket, else None.

    Neither a folder nor a log that can't be written keeps it away. Raises EstimError with its own words.
    """
    home = options.place
    with suppress(EstimError):
        home.prepare()
    return _begun(replace(options, to_stop=True), home).ready()


def _begun(options: HostOptions, home: Home) -> Starting:
    reads, writes = os.pipe()
    try:
        process = _spawn(replace(options, ready_fd=writes), home.log)
    except EstimError:
        os.close(reads)
        raise
    finally:
        os.close(writes)
    return Starting(process, reads, home.log, STOP_READY_S if options.to_stop else READY_TIMEOUT_S)


def _spawn(options: HostOptions, log: Path) -> "subprocess.Popen[bytes]":
    assert options.ready_fd is not None, "the host has to say that it is ready"
    try:
        with ExitStack() as files:
            told: int | BinaryIO = subprocess.DEVNULL
            with suppress(OSError):  # what it says to nobody may get lost
                told = files.enter_context(open(log, "ab", opener=_no_pipe))
            return subprocess.Popen(
                [sys.executable, "-m", "estim.host.main", *_line_of(options)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=told,
                pass_fds=(options.ready_fd,),
                env=_environment(options),
                start_new_session=True,
            )
    except OSError as error:
        raise EstimError(tr("can't start a host: {error}", error=error), code=Exit.CANT_CREATE) from error


def _no_pipe(path: str, flags: int) -> int:
    """Open without waiting for a reader, should a pipe stand where the log is to be."""
    return os.open(path, flags | os.O_NONBLOCK, 0o600)


def _line_of(options: HostOptions) -> list[str]:
    """Return the options as arguments; a folder's name may be no text that JSON can hold, so it goes by itself."""
    rest = replace(options, home=None, mqtt=None)
    return [msgspec.json.encode(rest).decode(), *([] if options.home is None else [options.home])]


def _environment(options: HostOptions) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if name != BROKER_VARIABLE}
    return others if options.mqtt is None else {**others, BROKER_VARIABLE: options.mqtt}


class _Word(Struct):
    """What a host says when it is ready. `reply`: it can't be asked, and this is what came of the stop."""

    ready: bool = False
    reply: Reply | None = None
    code: int = Exit.INTERNAL
    text: str = ""


def _await_ready(handle: int, log: Path, timeout_s: float) -> Reply | None:
    got = b""
    while not got.endswith(b"\n"):
        if not select.select([handle], [], [], timeout_s)[0]:
            raise EstimError(
                tr("the host is not ready after {seconds:.0f} s: see {file}", seconds=timeout_s, file=log),
                code=Exit.INTERNAL,
            )
        more = os.read(handle, 4096)
        if not more:
            raise EstimError(tr("the host ended before it was ready: see {file}", file=log), code=Exit.INTERNAL)
        got += more
    word = msgspec.json.decode(got, type=_Word)
    if not word.ready:
        raise EstimError(word.text, code=Exit(word.code))
    return word.reply
