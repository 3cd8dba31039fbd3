"""The marker: a small file beside the journal that says which units may be on, for when the journal can't be read.

1. A unit is in it before its link is opened, and out of it only when its zero was proved, it was never touched, or a
   person has seen that it is off. One whose time is over stays in it, with that time, until it is proved or played.
2. It is written as a whole and is on disk when `put` returns. It holds the little that a stop needs, and nothing else.
3. What can't be understood is told as such: who reads it must not say that nothing is running.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from estim.core.errors import EstimError, Exit
from estim.files import write_whole

UNITS_MAX = 100
"""More units than anybody owns: a file that holds more is none of ours."""


class MayBeOn(Struct, frozen=True, kw_only=True):
    """One unit that may be putting out, at the latest until `until_utc` (rows.NEVER: it doesn't end by itself)."""

    address: Annotated[str, Meta(min_length=1, max_length=64)]
    unit: str
    family: str
    profile: str = ""
    since_utc: datetime
    until_utc: datetime


class _File(Struct, frozen=True):
    units: Annotated[tuple[MayBeOn, ...], Meta(max_length=UNITS_MAX)] = ()
    schema: Literal[1] = 1


class Marker:
    """One such file; its methods belong to the journal's thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[MayBeOn, ...]:
        """Return what may be on; raises EstimError (78) if the file is there and can't be read or understood."""
        try:
            data = self.path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise EstimError(f"can't read {self.path}: {error.strerror or error}", code=Exit.CONFIG) from error
        try:
            return msgspec.json.decode(data, type=_File).units
        except (msgspec.MsgspecError, ValueError) as error:
            text = f"{self.path} is damaged ({error}): it says which units may be on; look at yours, then remove it"
            raise EstimError(text, code=Exit.CONFIG) from error

    def put(self, one: MayBeOn) -> None:
        """Say that a unit may be on; on disk when it returns. Raises EstimError (73, 78)."""
        self._write((*(other for other in self.read() if not _same(other, one.address)), one))

    def drop(self, address: str) -> None:
        """Say that it is off; raises EstimError (73, 78)."""
        units = self.read()
        left = tuple(one for one in units if not _same(one, address))
        if len(left) != len(units):
            self._write(left)

    def _write(self, units: tuple[MayBeOn, ...]) -> None:
        if not units:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                raise EstimError(f"can't remove {self.path}: {error.strerror}", code=Exit.CANT_CREATE) from error
            return
        write_whole(self.path, msgspec.json.encode(_File(units)) + b"\n")


def _same(one: MayBeOn, address: str) -> bool:
    return one.address.casefold() == address.casefold()
