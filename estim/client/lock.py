"""Who holds a home, and the signal by which everything that its host drives is stopped when no connection can be had.

1. A host holds the lock for as long as it lives, and its process number stands in the file.
2. It takes SIGUSR1 as a stop of everything. It says nothing back: what proves the stop is that its units leave the
   marker beside the journal, which they do only with a proved zero.
"""

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path
from threading import Event

from estim.clock import RealClock
from estim.config.paths import Home
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.core.values import replace
from estim.journal.marker import How, Marker, Marks, MayBeOn, markers
from estim.journal.rows import NEVER

LOOK_S = 0.1
"""How often the marker is looked at."""


def holder(lock: Path) -> int | None:
    """Return the process that holds the lock; None if nobody does, or nobody can know."""
    try:
        handle = os.open(lock, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process_of(handle)
    except OSError:
        return None
    finally:
        os.close(handle)
    return None


def _process_of(handle: int) -> int | None:
    """Return the process that holds the lock of an open file: as the kernel lists it, else as it wrote down itself."""
    about = os.fstat(handle)
    place = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
    with suppress(OSError):
        for line in Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines():
            words = line.split()
            if len(words) > 5 and words[1] == "FLOCK" and words[5] == place and words[4].isdecimal():
                return int(words[4])
    with suppress(OSError):  # it may be no file at all
        number = os.pread(handle, 32, 0).decode(errors="replace").strip()
        return int(number) if number.isdecimal() and int(number) > 1 else None
    return None


def stop_by_signal(home: Home, timeout_s: float) -> str | None:
    """Stop everything that the home's host drives, and return what was done; None if no host holds the home.

    None too if the host has gone before it proved anything: another one is to go on.

    Raises EstimError (80) if no zero is proved within `timeout_s`, or the host can't be signalled.
    """
    host = holder(home.lock)
    if host is None:
        return None
    on = _on(home, host)  # before the signal too: a quick stop has taken its unit out a moment after it
    try:
        os.kill(host, signal.SIGUSR1)
    except ProcessLookupError:
        return None
    except OSError as error:
        raise _unproved(
            tr("its host (process {process}) can't be signalled: {error}", process=host, error=error.strerror)
        ) from error
    on |= _on(home, host)
    if not on:
        if not _all_read(home):
            raise _unproved(
                tr(
                    "its host (process {process}) was signalled, and what says that a unit may be on is missing",
                    process=host,
                )
            )
        return tr("nothing is running")
    for _ in range(int(timeout_s / LOOK_S)):
        gone = holder(home.lock) != host  # looked at first: what it proved it has noted before it goes
        if _all_read(home) and on.isdisjoint(_marked(home)):
            return _how(home, on)
        if gone:
            return None
        Event().wait(LOOK_S)
    raise _unproved(
        tr(
            "its host (process {process}) was signalled, and has proved nothing within {seconds:.0f} s",
            process=host,
            seconds=timeout_s,
        )
    )


def left_on(home: Home) -> tuple[MayBeOn, ...]:
    """Return the real units of this home that may be on, as far as is known on disk; raises EstimError (78) if nobody
    can know, since that file is damaged."""
    marks = Marker(markers(home)[0]).read()
    if marks is None:
        return ()
    host = holder(home.lock)
    now_utc = RealClock().now().utc
    units = tuple(replace(one, until_utc=NEVER) if _has_session(one, host) else one for one in marks.units)
    return tuple(one for one in units if one.until_utc > now_utc)


def _has_session(one: MayBeOn, host: int | None) -> bool:
    """Say whether the process that holds the home has a session on it: whatever its time, that one may go on."""
    return host is not None and one.host == host


def _how(home: Home, addresses: set[str]) -> str:
    """Return how these units left the marker; raises EstimError (80) unless each was proved off, or never on."""
    ends: dict[str, How] = {}
    for marks in _read(home):
        ends |= {one.address: one.how for one in marks.settled}
    hows = {ends.get(address) for address in addresses}
    if hows <= {How.PROVED}:
        return tr("stopped, zero confirmed (by a signal: the host takes no connection)")
    if hows <= {How.PROVED, How.UNTOUCHED}:
        return tr("stopped before anything was put out (by a signal: the host takes no connection)")
    raise _unproved(tr("its unit left the list of those that may be on without a proof"))


def _on(home: Home, host: int) -> set[str]:
    """Return what may be on now, by address; those whose time is over were told when it was, and are left out.

    A marker that can't be read counts as a unit of its own.
    """
    now_utc = RealClock().now().utc
    on = {one.address for one in _marks(home) if one.until_utc > now_utc or _has_session(one, host)}
    return on | _damaged(home)


def _marked(home: Home) -> set[str]:
    return {one.address for one in _marks(home)} | _damaged(home)


def _marks(home: Home) -> list[MayBeOn]:
    return [one for read in _read(home) for one in read.units]


def _damaged(home: Home) -> set[str]:
    damaged: set[str] = set()
    for path in markers(home):
        try:
            Marker(path).read()
        except EstimError:
            damaged.add(str(path))
    return damaged


def _read(home: Home) -> list[Marks]:
    """Return what can be read of the markers."""
    found: list[Marks] = []
    for path in markers(home):
        with suppress(EstimError):
            marks = Marker(path).read()
            if marks is not None:
                found.append(marks)
    return found


def _all_read(home: Home) -> bool:
    """Say whether both markers are there: a host makes them when it starts, so one that isn't was lost."""
    return all(os.path.exists(path) for path in markers(home))  # noqa: PTH110 - no folder without a right raises here


def _unproved(why: str) -> EstimError:
    text = tr("the stop is NOT confirmed: {why}; switch the unit off by hand", why=why)
    return EstimError(text, code=Exit.NOT_CONFIRMED)
