"""The command line: reads what a person typed, hands it to the part that does it, and returns an exit code."""

import sys
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


def main(argv: Sequence[str] | None = None) -> None:
    """Run `estim`; never returns."""
    line = list(sys.argv[1:] if argv is None else argv)
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
