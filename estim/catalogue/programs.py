"""Finds programs: the user's own folder (which comes first), the shipped ones, those of plug-ins, and files by path."""

import os
import stat
from functools import cache
from importlib.resources import files
from pathlib import Path

from estim.catalogue.plugged import brought
from estim.core.errors import EstimError, Exit, ProgramError
from estim.core.programs.file import read_program
from estim.core.programs.program import Program
from estim.core.system import cause
from estim.core.translation import tr

OWN_MAX = 200
"""Files read of the user's folder; more are no programs of a person."""

SIZE_MAX = 64 * 1024
"""Bytes read of one file; sixty phases with notes fit in a third of it."""


@cache
def shipped() -> tuple[Program, ...]:
    """Return the programs that come with estim, by name."""
    return tuple(read_program(text, f"{name}.toml") for name, text in sorted(_shipped_texts().items()))


def find_program(folder: Path, name: str) -> Program:
    """Return a program by its id, or by the path of a file (anything with a slash or ending in .toml).

    `folder` holds the user's own ones and need not exist. Raises EstimError 66 for an unknown one, naming the
    nearest, and ProgramError 65 for a wrong file.
    """
    if "/" in name or name.endswith(".toml"):
        return read_file(Path(name).expanduser())
    own = _own_files(folder)
    for path in own:
        if path.stem == name:
            return read_own(path)
    texts = _shipped_texts()
    if name in texts:
        return read_program(texts[name], f"{name}.toml")
    more = brought(frozenset(texts)).programs
    if name in more:
        return more[name]
    from difflib import get_close_matches

    near = tuple(get_close_matches(name, sorted({*texts, *more, *(path.stem for path in own)}), n=3, cutoff=0.5))
    hint = tr("did you mean {words}?", words=tr(" or ").join(near)) if near else tr("see `estim programs list`")
    text = tr("there is no program {program!r}: {hint}", program=name, hint=hint)
    raise EstimError(text, code=Exit.NO_INPUT, nearest=near)


def all_programs(folder: Path) -> tuple[list[Program], list[str]]:
    """Return every program, an own one instead of a shipped one of its id, and what is wrong with own files."""
    more = brought(frozenset(_shipped_texts()))
    found = {**more.programs, **{program.id: program for program in shipped()}}
    problems = [plugin.trouble for plugin in more.plugins if plugin.trouble]
    for path in _own_files(folder):
        try:
            program = read_own(path)
        except EstimError as error:
            problems.append(error.text)
            found.pop(path.stem, None)  # `find_program` reads this file too, so the shipped one can't be had
        else:
            found[program.id] = program
    return [found[name] for name in sorted(found)], problems


def read_file(path: Path) -> Program:
    """Return the program in a file; raises EstimError 66 if it can't be read, ProgramError 65 if it is wrong.

    Never waits: whatever is no regular file (a pipe, a device) is refused before it is read.
    """
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                text = tr("{file} isn't a program file but a pipe or device", file=path)
                raise EstimError(text, code=Exit.NO_INPUT)
            data = file.read(SIZE_MAX + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        text = tr("can't read {file}: {why}", file=path, why=cause(error))
        raise EstimError(text, code=Exit.NO_INPUT) from error
    if len(data) > SIZE_MAX:
        text = tr("{file}: longer than {most} KiB: that isn't a program", file=path, most=SIZE_MAX // 1024)
        raise ProgramError(text)
    return read_program(data, str(path))


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file; one end of a pipe would else wait for the other one."""
    return os.open(path, flags | os.O_NONBLOCK)


def own_ids(folder: Path) -> frozenset[str]:
    """Return the ids of the files in the user's folder, right or wrong."""
    return frozenset(path.stem for path in _own_files(folder))


def wrong_files(folder: Path) -> dict[Path, str]:
    """Return the user's files that are no programs as they are, each with its mistakes as `read_own` tells them."""
    wrong: dict[Path, str] = {}
    for path in _own_files(folder):
        try:
            read_own(path)
        except EstimError as error:
            wrong[path] = error.text
    return wrong


def read_own(path: Path) -> Program:
    """Read a file of the user's folder, where it is found by its name, so its id must be the same."""
    program = read_file(path)
    if program.id != path.stem:
        text = tr(
            "{file}: id = {program!r}, but the file is called {name}: name both alike",
            file=path,
            program=program.id,
            name=path.name,
        )
        raise ProgramError(text)
    return program


def _own_files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.toml"))[:OWN_MAX]
    except OSError:
        return []  # a folder that can't be listed holds no programs for this user


@cache
def _shipped_texts() -> dict[str, str]:
    entries = files("estim").joinpath("programs").iterdir()
    found = (entry for entry in entries if entry.name.endswith(".toml"))
    return {entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8") for entry in found}
