"""The command line: reads what a person typed, hands it to the part that does it, and returns an exit code."""

import errno
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from estim.cli.quick import quick
from estim.config.files import no_right
from estim.core.errors import EstimError, Exit
from estim.core.numbers import shown
from estim.terminal import UNREAD, finish, guarded

_ANYWHERE = frozenset({"--json", "--no-input"})
"""Flags that may stand behind the verb too."""


def fronted(argv: Sequence[str]) -> list[str]:
    """Return the line with the flags that may stand anywhere moved to its front."""
    line = list(argv)
    end = line.index("--") if "--" in line else len(line)
    flags = [word for word in line[:end] if word in _ANYWHERE]
    rest = [word for word in line[:end] if word not in _ANYWHERE]
    return [*dict.fromkeys(flags), *rest, *line[end:]]


def _listen() -> None:
    """Let our own warnings reach the person as sentences, and those of libraries and of Python nobody."""
    import logging
    import warnings

    class Aside(logging.Handler):
        """Where records go that nobody asked for."""

        def emit(self, record: logging.LogRecord) -> None:
            if record.name.split(".")[0] in ("estim", "protocols"):
                sys.stderr.write(f"estim: {record.getMessage()}\n")

    logging.lastResort = Aside(logging.WARNING)
    if not sys.warnoptions:
        warnings.showwarning = lambda *_warning, **_more: None


def main(argv: Sequence[str] | None = None) -> None:
    """Run `estim`; never returns."""
    line = list(sys.argv[1:] if argv is None else argv)
    streams = (sys.stdout, sys.stderr)
    sys.stdout = guarded(sys.stdout)
    sys.stderr = guarded(sys.stderr)
    try:
        code = _code(line)
        failed = finish()
        if failed is not None and code == Exit.DONE and "stop" not in line:  # a stop's code tells of the unit only
            code = _unwritten(failed)
    finally:
        sys.stdout = streams[0]
        sys.stderr = streams[1]
    sys.exit(code)


def _code(line: list[str]) -> int:
    """Carry a line out; whatever a person can act on becomes a sentence with its code."""
    try:
        if "stop" not in line:  # which is obeyed whatever else the line holds
            _check_text(line)
            _listen()
        code = quick(line)
        if code is None:
            from estim.cli.app import run_typer

            code = run_typer(fronted(line))
        return code
    except EstimError as error:
        sys.stderr.write(f"estim: {error.text}\n")
        return error.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError as error:
        return _unwritten(error)
    except PermissionError as error:
        refused = no_right(Path(error.filename or "a file"), error)
        sys.stderr.write(f"estim: {refused.text}\n")
        return refused.code
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO, errno.EBADF):
            raise
        return _unwritten(error)


def _unwritten(error: OSError) -> int:
    """Return the code for output that went nowhere: quietly if its reader has gone."""
    if isinstance(error, BrokenPipeError):
        return UNREAD
    with suppress(OSError):
        sys.stderr.write(f"estim: the output can't be written: {error.strerror or error}\n")
        sys.stderr.flush()
    return Exit.CANT_CREATE


def _check_text(line: Sequence[str]) -> None:
    """Raise EstimError (2) for a word that isn't text: the terminal's bytes are no UTF-8."""
    for word in line:
        if any("\ud800" <= sign <= "\udfff" for sign in word):
            raise EstimError(
                f"{shown(word)} isn't text in UTF-8: type it anew, in a terminal that is set to UTF-8", code=Exit.USAGE
            )


if __name__ == "__main__":
    main()
