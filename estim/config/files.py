"""Writes a file as a whole: after a crash or a full disk there is the old text or the new one, never a half."""

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from estim.core.errors import EstimError, Exit
from estim.core.system import cause
from estim.core.translation import tr

SMALL_MAX = 1 << 20
"""Settings, lists of units and markers are far below; a larger file is none of ours."""


def read_small(path: Path) -> bytes:
    """Return a small file's bytes; never waits, whatever stands in its place (a pipe without a writer, a device).

    Raises OSError: FileNotFoundError, and one with a sentence for what is no file, or too large.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, tr("it isn't a file"))
        if about.st_size > SMALL_MAX:
            text = tr("it has {size} bytes, more than {most}", size=about.st_size, most=SMALL_MAX)
            raise OSError(errno.EFBIG, text)
        return file.read(SMALL_MAX + 1)


def write_whole(path: Path, text: str | bytes) -> None:
    """Replace `path` by `text` (UTF-8) or bytes, on disk when this returns; a new file is readable by its owner only.

    A link is followed, so that a settings file which lives elsewhere stays a link. Raises EstimError (73) if it
    can't be written; the old file is untouched then.
    """
    try:
        real = path.resolve()
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o600
        handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    except OSError as error:
        raise _cant_write(path, error) from error
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        fresh.replace(real)
        sync_folder(real.parent)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise _cant_write(path, error) from error


def write_new(path: Path, text: str) -> None:
    """Write a file that isn't there yet, readable by its owner only; raises EstimError (73) if it is, or can't be."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        why = tr("{file} exists already and is not overwritten: choose another name or place", file=path)
        raise EstimError(why, code=Exit.CANT_CREATE) from error
    except OSError as error:
        raise _cant_write(path, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        with suppress(OSError):
            path.unlink()  # a half of it would be in the way of the next try
        raise _cant_write(path, error) from error


def sync_folder(folder: Path) -> None:
    """Wait until names in a folder are on disk: a new or renamed file is only then (fsync(2)). Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def no_right(path: Path, error: OSError, usual: Exit = Exit.REFUSED) -> EstimError:
    """Return why a file can't be read: 77 where a right is missing, with whose it is, else `usual`."""
    if not isinstance(error, PermissionError):
        return EstimError(tr("can't read {file}: {why}", file=path, why=cause(error)), code=usual)
    try:
        owner: int | None = path.stat().st_uid
    except OSError:
        owner = None
    return EstimError(_not_yours(path, owner), code=Exit.REFUSED)


def _not_yours(path: Path, owner: int | None) -> str:
    """Return that a file may not be used; `owner` is the user whose it is, None where nobody may look."""
    if owner is None:
        return tr(
            "{file} may not be read or written by you, nor may its folder be looked into: change its owner or its "
            "rights (ls -l shows them), or choose another place with --home",
            file=path,
        )
    if owner != os.geteuid():
        return tr(
            "{file} may not be read or written by you, it belongs to user {user}: change its owner or its rights "
            "(ls -l shows them), or choose another place with --home",
            file=path,
            user=owner,
        )
    return tr(
        "{file} may not be read or written by you: change its owner or its rights (ls -l shows them), or choose "
        "another place with --home",
        file=path,
    )


def _cant_write(path: Path, error: OSError) -> EstimError:
    text = tr("can't write {file}: {why}; what was there before is unchanged", file=path, why=cause(error))
    return EstimError(text, code=Exit.CANT_CREATE)
