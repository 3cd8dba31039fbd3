"""Puts exported files on disk, each as a whole, and fetches tables from there."""

from collections.abc import Mapping
from pathlib import Path

from estim.config.files import no_right, write_whole
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> list[Path]:
    """Write files into a folder, which is made if it isn't there, readable by its owner only; return their paths.

    Raises EstimError (73) if the folder can't be made or a file can't be written: those before it are new then.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EstimError(
            tr(
                "can't make the folder {folder}: {why}; choose another place",
                folder=folder,
                why=error.strerror or error,
            ),
            code=Exit.CANT_CREATE,
        ) from error
    paths = []
    for name, text in files.items():
        write_whole(folder / name, text)
        paths.append(folder / name)
    return paths


def read_tables(folder: Path) -> dict[str, str]:
    """Return the text of each csv file of a folder by its name.

    Raises EstimError 66 if there is none or one can't be read, and 65 for one that isn't UTF-8.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
        files = {path.name: path.read_bytes() for path in paths}
    except OSError as error:
        raise no_right(Path(error.filename or folder), error, Exit.NO_INPUT) from error
    if not files:
        text = tr("there is no csv file in {folder}: name the folder of an export", folder=folder)
        raise EstimError(text, code=Exit.NO_INPUT)
    return {name: _decoded(name, data) for name, data in files.items()}


def _decoded(name: str, data: bytes) -> str:
    """Decode without touching the ends of lines: a new line inside a note stays what it was."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise EstimError(
            tr("{file} isn't UTF-8 (byte {byte}): save it as CSV in UTF-8", file=name, byte=error.start + 1),
            code=Exit.BAD_DATA,
        ) from error
