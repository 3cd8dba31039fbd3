"""What `--help` says: nowhere the name of a Python type; each place to fill in has a name that tells what goes in."""

import re
from collections.abc import Iterator

import pytest
from typer.main import get_command

from estim.cli.app import app
from estim.cli.lazy import add_verbs
from tests.cli.line import Person

RAW = re.compile(r"<\w[^>]*>|\b(?:TEXT|INTEGER|FLOAT)\b|<=x|\[\[")
"""What the library writes where nobody says what goes in."""


def every_verb() -> Iterator[str]:
    """Give every verb and every group of them; "" is the program itself."""
    add_verbs(app, ["--help"])

    def below(command: object, name: str) -> Iterator[str]:
        yield name
        for word, one in getattr(command, "commands", {}).items():
            yield from below(one, f"{name} {word}".strip())

    yield from below(get_command(app), "")


@pytest.mark.parametrize("verb", list(every_verb()))
def test_no_help_names_a_type(person: Person, verb: str) -> None:
    said = person.types(*verb.split(), "--help")
    assert said.out.startswith(f"Usage: estim {verb}".rstrip())
    assert RAW.findall(said.out) == []
