"""The command line: reads what a person typed, hands it to the part that does it, and returns an exit code."""

import os
import sys
from collections.abc import Sequence

from estim.cli.output import complain, printed
from estim.cli.quick import quick
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.language import choose

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
                complain(record.getMessage())

    logging.lastResort = Aside(logging.WARNING)
    if not sys.warnoptions:
        warnings.showwarning = lambda *_warning, **_more: None


def main(argv: Sequence[str] | None = None) -> None:
    """Run `estim`; never returns."""
    line = list(sys.argv[1:] if argv is None else argv)
    choose()
    sys.exit(printed(lambda: _code(line), a_stop="stop" in line))


def _code(line: list[str]) -> int:
    """Carry a line out; whatever a person can act on becomes a sentence with its code."""
    try:
        if not line and (code := _completed()) is not None:
            return code
        if "stop" not in line:  # which is obeyed whatever else the line holds
            _check_text(line)
            _listen()
        code = quick(line)
        if code is None:
            from estim.cli.daily import daily

            code = daily(line)
        if code is None:
            from estim.cli.app import run_typer

            code = run_typer(fronted(line))
        return code
    except EstimError as error:
        from estim.core.moment import local

        complain(local(error.text))
        return error.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except PermissionError as error:
        return _no_right(error)


def _completed() -> int | None:
    """Answer a shell's script that asks what may follow on a line; None: nobody asks."""
    from estim.cli.completers import COMPLETING

    if COMPLETING not in os.environ:
        return None
    from estim.cli.completion import answer

    return answer()


def _no_right(error: PermissionError) -> int:
    from pathlib import Path

    from estim.config.files import no_right

    refused = no_right(Path(error.filename or tr("a file")), error)
    complain(refused.text)
    return refused.code


def _check_text(line: Sequence[str]) -> None:
    """Raise EstimError (2) for a word that isn't text: the terminal's bytes are no UTF-8."""
    for word in line:
        if any("\ud800" <= sign <= "\udfff" for sign in word):
            from estim.core.numbers import shown

            text = tr("{word} isn't text in UTF-8: type it anew, in a terminal that is set to UTF-8", word=shown(word))
            raise EstimError(text, code=Exit.USAGE)


if __name__ == "__main__":
    main()
