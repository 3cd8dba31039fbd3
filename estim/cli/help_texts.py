"""Puts the help of the command line into the reader's language: in the tree of verbs, between making and using it.

1. Docstrings, `help=` and epilogs stay plain English where they stand, for they are read at import, before or after
   a language is chosen; tests/catalogue_texts.py finds them in the tree of all verbs.
2. Headings, defaults and the help of --help are typer's. It asks gettext for the former, whose usual domain is ours
   then (estim/language.py); LIBRARY lists them. Its "Usage:", and what it says of a line that is wrong, it asks nobody
   for: these stay English.
"""

from collections.abc import Iterator

from typer import Context
from typer.core import TyperArgument, TyperCommand, TyperGroup

from estim.core.translation import mark, tr_text

LIBRARY = (
    mark("Arguments"),
    mark("Options"),
    mark("Commands"),
    mark("default: {default}"),
    mark("env var: {var}"),
    mark("required"),
    mark("Aborted!"),
    mark("Show this message and exit."),
    mark("Install completion for the current shell."),
    mark("Show completion for the current shell, to copy it or customize the installation."),
)
"""What typer says in our help."""


def without_types(command: object) -> None:
    """Take typer's names of Python types out of the help of every argument in a tree of verbs: "topic <str>"."""
    assert isinstance(command, TyperCommand | TyperGroup), "typer makes nothing else"
    for one in command.params:
        if isinstance(one, TyperArgument):
            setattr(one, "display_type_rich", _no_type)  # noqa: B010 # a method, which is asked for at each help
    for below in getattr(command, "commands", {}).values():
        without_types(below)


def _no_type(ctx: Context) -> None:
    """Say nothing of a type."""


def help_texts(command: object) -> Iterator[str]:
    """Return every text of help in a tree of verbs."""
    for holder, field in _places(command):
        yield str(getattr(holder, field))


def translate_help(command: object) -> None:
    """Put every text of help in a tree of verbs into the reader's language."""
    for holder, field in _places(command):
        setattr(holder, field, tr_text(str(getattr(holder, field))))


def _places(command: object) -> Iterator[tuple[object, str]]:
    """Return what holds a text of help, and in which field."""
    assert isinstance(command, TyperCommand | TyperGroup), "typer makes nothing else"
    asks = command.get_help_option(Context(command))
    holders = ((command, ("help", "short_help", "epilog")), *((one, ("help",)) for one in (*command.params, asks)))
    for holder, fields in holders:
        yield from ((holder, field) for field in fields if getattr(holder, field, None))
    for below in getattr(command, "commands", {}).values():
        yield from _places(below)
