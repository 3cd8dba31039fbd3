"""Programs that plug-ins bring: *.toml files beside the module that an entry point of `estim.programs` names."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from msgspec import Struct

from estim.catalogue.families import PLUGINS_MAX, Plugin, origin
from estim.core.errors import ProgramError
from estim.core.programs.file import read_program
from estim.core.programs.program import Program
from estim.core.toml_file import NotToml, text_of
from estim.core.translation import tr

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "estim.programs"
FILES_MAX = 200
SIZE_MAX = 64 * 1024


class Brought(Struct, frozen=True):
    """All programs that plug-ins bring, and what is to be said of the plug-ins."""

    programs: dict[str, Program]
    plugins: tuple[Plugin, ...]


def brought(taken: frozenset[str]) -> Brought:
    """Return them; a file that is wrong, or whose id is taken by a shipped program, is left out and told."""
    from importlib.metadata import entry_points  # as in families.py

    found: dict[str, Program] = {}
    told: list[Plugin] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)[:PLUGINS_MAX]:
        troubles = []
        for name, text in _texts(point):
            try:
                program = _read(name, text, taken | found.keys(), origin(point))
            except ProgramError as error:
                troubles.append(error.text)
            else:
                found[program.id] = program
        told.append(Plugin(GROUP, point.name, origin(point), "\n".join(troubles)))
    return Brought(found, tuple(told))


def _read(name: str, text: str | None, taken: frozenset[str], package: str) -> Program:
    where = tr("plug-in {package}: {why}", package=package, why=name)
    if text is None:
        text = tr(
            "{file}: can't be read as a program (at most {most} KiB of UTF-8 text)", file=where, most=SIZE_MAX // 1024
        )
        raise ProgramError(text)
    program = read_program(text, where)
    if program.id in taken:
        raise ProgramError(tr("{file}: there is a program {program!r} already", file=where, program=program.id))
    return program


@cache
def _texts(point: "EntryPoint") -> tuple[tuple[str, str | None], ...]:
    try:
        entries = [entry for entry in files(point.load()).iterdir() if entry.name.endswith(".toml")]
        return tuple(
            (entry.name, _text(entry.read_bytes())) for entry in sorted(entries, key=lambda e: e.name)[:FILES_MAX]
        )
    except (Exception, SystemExit) as bug:  # noqa: BLE001 - somebody else's code
        return ((tr("{module} can't be loaded: {bug}", module=point.value, bug=repr(bug)), None),)


def _text(data: bytes) -> str | None:
    try:
        return text_of(data) if len(data) <= SIZE_MAX else None
    except NotToml:
        return None
