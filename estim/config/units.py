"""Remembers the units that belong here: a small JSON file in the state folder, written as a whole each time.

1. A unit is its address (safety.md C-24), in whatever form it is written; the name is for people, and no two are alike,
   whatever their case. A name that reads as an address is refused.
2. Every change reads the file again under a lock, so that a host and a command line can't undo each other's; who
   finds it locked is told to try again, since a host that waits here would keep a stop waiting.
3. A file that can't be understood is refused with a sentence and left as it is.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from estim.config.files import no_right, read_small, write_whole
from estim.config.paths import Home
from estim.core.addresses import NO_ADDRESS, address_of, meant_as_address, same_address
from estim.core.errors import EstimError, Exit
from estim.core.system import cause
from estim.core.translation import tr
from estim.core.values import replace
from estim.terminal import plain
from protocols.vocabulary import Channel

UNITS_MAX = 100
"""More units than anybody owns: a file that is longer is no file of ours."""

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f](.*[^\s\x00-\x1f\x7f])?$")]
Address = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^\S+$")]
CapLevel = Annotated[int, Meta(ge=0, le=10_000)]


class Unit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One known unit.

    `cap` is the highest level per channel on the unit's own scale, None if nobody has set one. `pinned`: a person
    named this address, so it is accepted even where the advert only may be one of the family. `profile` is the version
    of its protocol, where no unit tells it and a person chose one. `said` is what it called itself on the air when it
    was met, "" if it was named by hand.
    """

    name: Name
    address: Address
    family: Annotated[str, Meta(min_length=1, max_length=32)]
    cap: dict[Channel, CapLevel] | None = None
    added_utc: datetime
    pinned: bool = False
    profile: Annotated[str, Meta(max_length=16)] = ""
    said: Annotated[str, Meta(max_length=64)] = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    units: Annotated[tuple[Unit, ...], Meta(max_length=UNITS_MAX)] = ()
    schema: Literal[1] = 1


class _Head(Struct, frozen=True):
    schema: int = 1


class Units:
    """The known units, as they were when last read or changed. Methods block for a disk write (milliseconds)."""

    def __init__(self, path: Path, units: tuple[Unit, ...] = ()) -> None:
        self._path = path
        self._units = units

    @classmethod
    def load(cls, home: Home) -> "Units":
        """Read them; a missing file is an empty one. Raises EstimError (78) if it can't be read or understood."""
        return cls(home.units_file, _read(home.units_file))

    def renew(self) -> None:
        """Read them again: another process may have changed them. Raises EstimError (78), and keeps what was known."""
        self._units = _read(self._path)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)

    def find(self, text: str) -> Unit:
        """Return the unit of this name or address, whatever the case; raises EstimError (69) naming the nearest."""
        found = self.get(text)
        if found is None:
            raise _unknown(text, self._units)
        return found

    def get(self, text: str) -> Unit | None:
        """Return the unit of this name or address, whatever the case, or None."""
        return _get(self._units, text)

    def at(self, address: str) -> Unit | None:
        """Return the unit with this address, or None: for adverts, which say nothing of names."""
        return next((unit for unit in self._units if same_address(unit.address, address)), None)

    def free_name(self, family: str) -> str:
        """Return the family's name, with -2, -3 … if it is taken."""
        return _free_name(self._units, family)

    def add(
        self,
        address: str,
        family: str,
        added_utc: datetime,
        *,
        name: str | None = None,
        pinned: bool = False,
        said: str = "",
    ) -> Unit:
        """Remember a unit; without a name it is called after its family.

        The same address and family again returns the unit as it is, now also with the new name or pin, if given.
        Raises EstimError (2) for a name that is taken or impossible.
        """
        address = address_of(address) or address
        name = None if name is None else _no_address(name)

        def change(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
            known = next((unit for unit in units if same_address(unit.address, address)), None)
            if known is None:
                fresh = Unit(
                    name=_visible(name) if name else _free_name(units, family),
                    address=address,
                    family=family,
                    added_utc=added_utc,
                    pinned=pinned,
                    said=said[:64],
                )
                return _checked((*units, fresh), fresh)
            # another family behind the same address is another unit: the cap was for another scale
            cap = known.cap if known.family == family else None
            again = replace(
                known,
                name=_visible(name) if name else known.name,
                family=family,
                cap=cap,
                pinned=pinned or known.pinned,
                profile=known.profile if known.family == family else "",
            )
            return _checked(tuple(again if unit is known else unit for unit in units), again)

        self._change(change)
        return self.find(address)

    def rename(self, text: str, name: str) -> Unit:
        """Give a unit another name; raises EstimError (69 unknown unit, 2 name taken or impossible)."""
        return self._replace(text, lambda unit: replace(unit, name=_visible(_no_address(name))))

    def set_cap(self, text: str, cap: dict[Channel, int] | None) -> Unit:
        """Set a unit's cap per channel (None: back to the new unit's); raises EstimError (69, 2)."""
        return self._replace(text, lambda unit: replace(unit, cap=cap))

    def set_profile(self, text: str, profile: str) -> Unit:
        """Choose the version of a unit's protocol ("": the usual one); raises EstimError (69)."""
        return self._replace(text, lambda unit: replace(unit, profile=profile))

    def forget(self, text: str) -> Unit:
        """Forget a unit and return what it was; raises EstimError (69) if there is none."""
        gone: list[Unit] = []

        def change(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
            unit = _get(units, text)
            if unit is None:
                raise _unknown(text, units)
            gone.append(unit)
            return tuple(other for other in units if other is not unit)

        self._change(change)
        return gone[0]

    def _replace(self, text: str, act: Callable[[Unit], Unit]) -> Unit:
        done: list[Unit] = []

        def change(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
            unit = _get(units, text)
            if unit is None:
                raise _unknown(text, units)
            done.append(act(unit))
            return _checked(tuple(done[0] if other is unit else other for other in units), done[0])

        self._change(change)
        return done[0]

    def _change(self, change: Callable[[tuple[Unit, ...]], tuple[Unit, ...]]) -> None:
        """Read, change and write under a lock of its own file: the units file itself is replaced each time."""
        try:
            handle = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            text = tr("can't write {file}: {why}", file=self._path, why=cause(error))
            raise EstimError(text, code=Exit.CANT_CREATE) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            units = change(_read(self._path))
            text = msgspec.json.format(msgspec.json.encode(_File(units)), indent=2).decode()
            write_whole(self._path, text + "\n")
            self._units = units
        except BlockingIOError as error:
            text = tr("another estim is writing {file}: try again", file=self._path)
            raise EstimError(text, code=Exit.TRY_LATER) from error
        finally:
            os.close(handle)


def _read(path: Path) -> tuple[Unit, ...]:
    try:
        data = read_small(path)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise no_right(path, error, Exit.CONFIG) from error
    try:
        schema = msgspec.json.decode(data, type=_Head).schema
        if schema > 1:
            newer = tr(
                "{file} was written by a newer estim (schema {schema}, this one knows {known}): update estim",
                file=path,
                schema=schema,
                known=1,
            )
            raise EstimError(newer, code=Exit.CONFIG)
        units = msgspec.json.decode(data, type=_File).units
    except (msgspec.MsgspecError, RecursionError) as error:
        text = tr(
            "{file} isn't a list of units: {why}; correct it, or move it away and add the units again",
            file=path,
            why=error,
        )
        raise EstimError(text, code=Exit.CONFIG) from error
    for unit in units:
        if unit.added_utc.tzinfo is None:
            text = tr("{file}: {unit}: added_utc needs an offset, such as +00:00", file=path, unit=unit.name)
            raise EstimError(text, code=Exit.CONFIG)
    return units


def _get(units: Iterable[Unit], text: str) -> Unit | None:
    wanted = text.strip()
    by_name = next((unit for unit in units if unit.name.casefold() == wanted.casefold()), None)
    return by_name or next((unit for unit in units if same_address(unit.address, wanted)), None)


def _free_name(units: Iterable[Unit], family: str) -> str:
    taken = {unit.name.casefold() for unit in units}
    number = 1
    while (name := family if number == 1 else f"{family}-{number}").casefold() in taken:
        number += 1
    return name


def _no_address(name: str) -> str:
    """Refuse a name that another unit may have for an address."""
    if address_of(name) is not None:
        text = tr("the name {name!r} reads as an address: choose one that can't be mistaken for a unit's", name=name)
        raise EstimError(text, code=Exit.USAGE)
    return name


def _visible(name: str) -> str:
    """Return a new name that steers no terminal; raises EstimError (2). An old one is only shown otherwise."""
    if plain(name) != name:
        text = tr("can't remember {name!r}: a name may hold printable signs only", name=name)
        raise EstimError(text, code=Exit.USAGE)
    return name


def _checked(units: tuple[Unit, ...], changed: Unit) -> tuple[Unit, ...]:
    """Refuse a unit that breaks a rule: its own fields, or a name that could mean another unit."""
    try:
        msgspec.convert(msgspec.to_builtins(changed), Unit)
    except msgspec.ValidationError as error:
        text = tr(
            "can't remember {name!r}: {why}; a name has 1 to 64 characters and no blank at its ends, a cap is a level "
            "from 0 to 10000",
            name=changed.name,
            why=error,
        )
        raise EstimError(text, code=Exit.USAGE) from error
    if len(units) > UNITS_MAX:
        raise EstimError(tr("no more than {most} units: forget one first", most=UNITS_MAX), code=Exit.USAGE)
    for other in units:
        taken = other.name.casefold() == changed.name.casefold() or same_address(other.address, changed.name)
        if other is not changed and taken:
            text = tr(
                "the name {name!r} belongs to {unit} ({address}): choose another",
                name=changed.name,
                unit=other.name,
                address=other.address,
            )
            raise EstimError(text, code=Exit.USAGE)
    return units


def _unknown(text: str, units: Iterable[Unit]) -> EstimError:
    by_key = {key.casefold(): unit.name for unit in units for key in (unit.name, unit.address)}
    near = get_close_matches(text.strip().casefold(), by_key, n=3, cutoff=0.5)
    nearest = tuple(dict.fromkeys(by_key[key] for key in near))
    if meant_as_address(text) and address_of(text) is None:
        hint = tr(NO_ADDRESS, typed=text)
    elif nearest:
        hint = tr("did you mean {words}?", words=tr(" or ").join(nearest))
    elif by_key:
        hint = tr("known: {names}", names=", ".join(dict.fromkeys(by_key.values())))
    else:
        hint = tr("no unit is known yet: estim devices scan")
    told = tr("no unit is called {name!r}; {hint}", name=text, hint=hint)
    return EstimError(told, code=Exit.NO_DEVICE, nearest=nearest)
