"""Programs of a person's own: which id one may have, where its file lies, and a first text of it."""

from pathlib import Path
from re import fullmatch

from estim.config.files import write_new
from estim.config.paths import Home
from estim.core.errors import EstimError, Exit
from estim.core.programs.blank import mine, written
from estim.core.programs.fields import ID
from estim.core.programs.program import Program
from estim.core.translation import tr, tr_text


def usual_id(base: Program) -> str:
    """Return the id that a copy of a program gets if nobody asks for another one."""
    return f"my-{base.id}"[: ID.longest].rstrip("-")


def checked_id(name: str) -> str:
    """Return an id as it was asked for; raises EstimError (64) with the form that it must have."""
    if fullmatch(ID.pattern, name) is None or len(name) > ID.longest:
        text = tr(
            "ID {id!r}: it takes {form}, at most {longest} characters",
            id=name,
            form=tr_text(ID.form),
            longest=ID.longest,
        )
        raise EstimError(text, code=Exit.USAGE)
    return name


def own_file(home: Home, name: str) -> Path:
    """Return where the program of this id lies in the person's folder; it need not exist."""
    return home.programs / f"{name}.toml"


def make_folder(home: Home) -> None:
    """Make the person's folder of programs. Raises EstimError (73)."""
    home.prepare()
    try:
        home.programs.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        text = tr("can't make the folder {folder}: {why}; say --out FILE", folder=home.programs, why=why)
        raise EstimError(text, code=Exit.CANT_CREATE) from error


def copied(home: Home, base: Program, name: str) -> Path:
    """Write a program into the person's folder under another id, never over a file. Raises EstimError (64, 73)."""
    path = own_file(home, checked_id(name))
    make_folder(home)
    write_new(path, written(mine(base, name)))
    return path
