"""Finds programs: the shipped ones, the user's own folder (which comes first), and files by their path."""

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path

from estim.core.errors import EstimError, Exit, ProgramError
from estim.core.program import Program, read_program

OWN_MAX = 200
"""Files read of the user's folder; more are no programs of a person."""


@cache
def shipped() -> tuple[Program, ...]:
    """Return the programs that come with estim, by name."""
    found = sorted(files("estim").joinpath("programs").iterdir(), key=lambda entry: entry.name)
    return tuple(
        read_program(entry.read_text(encoding="utf-8"), entry.name) for entry in found if entry.name.endswith(".toml")
    )


def find_program(folder: Path, name: str) -> Program:
    """Return a program by its id, or by the path of a file (anything with a slash or ending in .toml).

    Raises EstimError 66 for an unknown one, naming the nearest, and ProgramError 65 for a wrong file.
    """
    if "/" in name or name.endswith(".toml"):
        return read_file(Path(name).expanduser())
    own = folder / f"{name}.toml"
    if own.is_file():
        return read_file(own)
    known = {program.id: program for program in shipped()}
    if name in known:
        return known[name]
    names = [*known, *(path.stem for path in _own_files(folder))]
    near = tuple(get_close_matches(name, names, n=3, cutoff=0.5))
    hint = f"did you mean {' or '.join(near)}?" if near else "see `estim programs list`"
    raise EstimError(f"there is no program {name!r}: {hint}", code=Exit.NO_INPUT, nearest=near)


def all_programs(folder: Path) -> tuple[list[Program], list[str]]:
    """Return every program, an own one instead of a shipped one of its id, and what is wrong with own files."""
    found = {program.id: program for program in shipped()}
    problems: list[str] = []
    for path in _own_files(folder):
        try:
            program = read_file(path)
        except ProgramError as error:
            problems.append(error.text)
        else:
            found[program.id] = program
    return [found[name] for name in sorted(found)], problems


def read_file(path: Path) -> Program:
    """Return the program in a file; raises EstimError 66 if it can't be read, ProgramError 65 if it is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProgramError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise EstimError(f"can't read {path}: {error.strerror or error}", code=Exit.NO_INPUT) from error
    return read_program(text, str(path))


def _own_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))[:OWN_MAX] if folder.is_dir() else []
