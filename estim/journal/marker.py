"""The marker: a small file beside the journal that says which units may be on, for when the journal can't be read.

1. A unit is in it before its link is opened, and out of it only when its zero was proved, it was never touched, or a
   person has seen that it is off. One whose time is over stays in it, with that time, until it is proved or played.
2. It is written as a whole and is on disk when `put` returns. It holds the little that a stop needs, and nothing else.
3. What can't be understood is told as such: who reads it must not say that nothing is running.
"""

from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from estim.config.files import read_small, write_whole
from estim.config.paths import Home
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.core.values import replace

SETTLED_MAX = 20
"""So many of those that left are kept: who stops by a signal reads there how it ended."""

UNITS_MAX = 100
"""More units than anybody owns: a file that holds more is none of ours."""


Moment = Annotated[datetime, Meta(tz=True)]


class MayBeOn(Struct, frozen=True, kw_only=True):
    """One unit that may be putting out, at the latest until `until_utc` (rows.NEVER: it doesn't end by itself).

    `host` is the process whose session is on it (0: that has ended). While that one lives the time says nothing: it was
    reckoned before the session waited for the pads or paused, and the clock may have been set since.
    """

    address: Annotated[str, Meta(min_length=1, max_length=64)]
    unit: str
    family: str
    profile: str = ""
    since_utc: Moment
    until_utc: Moment
    host: Annotated[int, Meta(ge=0)] = 0


class How(StrEnum):
    """Why a unit can't be on any more, as the marker's file has it."""

    PROVED = "zero was proved"  # untranslated: a value in the file
    UNTOUCHED = "nothing was put out"  # untranslated: a value in the file
    SEEN_OFF = "a person has seen that it is off"  # untranslated: a value in the file
    SEARCHED = "its time is over, and it was searched for since"  # untranslated: a value in the file


class Settled(Struct, frozen=True, kw_only=True):
    """How a unit left the marker."""

    address: str
    how: How


class Marks(Struct, frozen=True):
    """What the file holds: units that may be on, and how those before them left, the latest last."""

    units: Annotated[tuple[MayBeOn, ...], Meta(max_length=UNITS_MAX)] = ()
    settled: Annotated[tuple[Settled, ...], Meta(max_length=UNITS_MAX)] = ()
    schema: Literal[1] = 1


def markers(home: Home) -> tuple[Path, Path]:
    """Return the markers of a home: of its real units, and of its software units."""
    return home.journal.with_suffix(".on.json"), home.simulated.with_suffix(".on.json")


def begin_markers(home: Home) -> None:
    """Make both, as a host does that has just taken the home: from then on a missing one was lost, and is told as that.

    Whoever had a session in them is gone: its process number may be in use again.
    """
    for path in markers(home):
        with suppress(EstimError):  # no session begins without it; and a stop waits for no file
            Marker(path).begin()
            Marker(path).disown()


class Marker:
    """One such file; its methods belong to the journal's thread. A file that was lost is made again of what was put."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._put: tuple[MayBeOn, ...] = ()

    def read(self) -> Marks | None:
        """Return what is so, None if there is no file; raises EstimError (78) for one that can't be understood."""
        try:
            data = read_small(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            text = tr("can't read {path}: {why}", path=self.path, why=error.strerror or error)
            raise EstimError(text, code=Exit.CONFIG) from error
        try:
            return msgspec.json.decode(data, type=Marks)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            text = tr(
                "{path} is damaged ({why}): it says which units may be on; look at yours, then remove it",
                path=self.path,
                why=error,
            )
            raise EstimError(text, code=Exit.CONFIG) from error

    def begin(self) -> None:
        """Make the file if it is missing: from then on a missing one is one that was lost. Raises EstimError."""
        if self.read() is None:
            self._write(Marks(self._put))

    def disown(self) -> None:
        """Say that no session is on any unit any more; only for who holds the home. Raises EstimError (73, 78)."""
        marks = self.read() or Marks()
        if any(one.host for one in marks.units):
            self._write(replace(marks, units=tuple(replace(one, host=0) for one in marks.units)))

    def put(self, one: MayBeOn) -> None:
        """Say that a unit may be on; on disk when it returns. Raises EstimError (73, 78)."""
        marks = self.read() or Marks(self._put)
        kept = replace(one, since_utc=_to_ms(one.since_utc))
        self._put = (*_others(self._put, one.address), kept)
        self._write(replace(marks, units=(*_others(marks.units, one.address), kept)))

    def drop(self, address: str, since_utc: datetime, how: How) -> None:
        """Say why a unit is off that was in since then; one that a later session put in stays. Raises EstimError."""
        marks = self.read() or Marks(self._put)
        self._put = _without(self._put, address, since_utc)
        left = _without(marks.units, address, since_utc)
        if len(left) != len(marks.units):
            settled = (*marks.settled, Settled(address=address, how=how))[-SETTLED_MAX:]
            self._write(Marks(left, settled))

    def _write(self, marks: Marks) -> None:
        write_whole(self.path, msgspec.json.encode(marks) + b"\n")


def _to_ms(at: datetime) -> datetime:
    """Return a moment as the journal keeps it, so that a session's row and its mark have the same."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _others(units: tuple[MayBeOn, ...], address: str) -> tuple[MayBeOn, ...]:
    return tuple(one for one in units if not _same(one, address))


def _without(units: tuple[MayBeOn, ...], address: str, since_utc: datetime) -> tuple[MayBeOn, ...]:
    return tuple(one for one in units if not _same(one, address) or one.since_utc > _to_ms(since_utc))


def _same(one: MayBeOn, address: str) -> bool:
    return one.address.casefold() == address.casefold()
