"""What the operating system says of a file, in the reader's language as far as it is known."""

from estim.core.translation import mark, tr_text

SYSTEM_SAYS = (
    mark("No such file or directory"),
    mark("Permission denied"),
    mark("Operation not permitted"),
    mark("Is a directory"),
    mark("Not a directory"),
    mark("File exists"),
    mark("File name too long"),
    mark("No space left on device"),
    mark("Disk quota exceeded"),
    mark("Read-only file system"),
    mark("Input/output error"),
    mark("Too many open files"),
    mark("Too many levels of symbolic links"),
    mark("Device or resource busy"),
    mark("Invalid argument"),
)
"""What the system says most often of files, always in English (Python asks it for no other language)."""


def cause(error: Exception) -> str:
    """Return why something failed, as the system says it; in the reader's language where that is known."""
    said = error.strerror if isinstance(error, OSError) else None
    return tr_text(said or str(error))
