"""The command line: reads what a person typed, hands it to the part that does it, and returns an exit code."""

import logging
import sys
import warnings
from collections.abc import Sequence

from estim.core.errors import EstimError, Exit
from estim.quick import quick

_ANYWHERE = frozenset({"--json", "--no-input"})
"""Flags that may stand behind the verb too."""


def fronted(argv: Sequence[str]) -> list[str]:
    """Return the line with the flags that may stand anywhere moved to its front."""
    line = list(argv)
    end = line.index("--") if "--" in line else len(line)
    flags = [word for word in line[:end] if word in _ANYWHERE]
    rest = [word for word in line[:end] if word not in _ANYWHERE]
    return [*dict.fromkeys(flags), *rest, *line[end:]]


class Aside(logging.Handler):
    """Where log records go that nobody asked for: our own warnings to the person, those of libraries to nobody."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a warning of ours as a sentence."""
        if record.name.split(".")[0] in ("estim", "protocols"):
            sys.stderr.write(f"estim: {record.getMessage()}\n")


def _unheard(*_warning: object, **_more: object) -> None:
    """Take a warning of Python, which is for who writes programs."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run `estim`; never returns."""
    line = list(sys.argv[1:] if argv is None else argv)
    logging.lastResort = Aside(logging.WARNING)
    if not sys.warnoptions:
        warnings.showwarning = _unheard
    try:
        code = quick(line)
        if code is None:
            from estim.commands import run_typer

            code = run_typer(fronted(line))
    except EstimError as error:
        sys.stderr.write(f"estim: {error.text}\n")
        code = error.code
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
