"""Finds every text that is to be translated, and keeps the catalogues (estim/locale) in step with them (`make docs`).

1. Texts stand in calls of estim/core/translation.py, in the help of the command line, and in our own files of data: the
   care plan and the programs. Babel reads and writes catalogues; it finds no calls within an f-string, so they are
   looked for in the code's tree.
2. A catalogue is sorted and says no line numbers, so that it changes only where a sentence does. A new text has an
   empty translation, at which a test fails; one that nobody says any more is taken out.
3. What gettext reads (.mo) is compiled from it, the same bytes from the same text.
"""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from typer.main import get_command

from estim.cli.app import app
from estim.cli.help_texts import help_texts
from estim.cli.lazy import add_verbs
from protocols.registry import names

ROOT = Path(__file__).parent.parent
LANGUAGES = ("de",)

PLAN_TEXTS = frozenset({"title", "honesty", "text", "warn", "how", "how_long", "note", "evidence", "light"})
PROGRAM_TEXTS = frozenset({"title", "source", "pads", "text", "note"})


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """What a translation is found by: a sentence, or its forms for one and for many, and what tells it from others."""

    forms: tuple[str, ...]
    context: str = ""

    @property
    def key(self) -> str | tuple[str, ...]:
        """Return it as a catalogue has it."""
        return self.forms if self.forms[1:] else self.forms[0]


def of_code() -> set[Text]:
    """Return the texts that stand in the code; what is put together as it runs can't be found, nor translated."""
    return {text for path in (ROOT / "estim").rglob("*.py") for text in _said_by(ast.parse(path.read_bytes()))}


def _said_by(tree: ast.Module) -> Iterator[Text]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        match node.func.id:
            case "tr" if words:
                yield Text((words[0],))
            case "mark" if words:
                yield Text((words[0],), words[1] if words[1:] else "")
            case "tr_many" if words[1:]:
                yield Text((words[0], words[1]))


def of_data() -> set[Text]:
    """Return the texts of our own care plan and programs."""
    found: set[Text] = set()
    for path in sorted((ROOT / "estim/care").glob("*.toml")):
        found |= {Text((one,)) for one in _said_in(path, PLAN_TEXTS)}
    for path in sorted((ROOT / "estim/programs").glob("*.toml")):
        found |= {Text((one,)) for one in _said_in(path, PROGRAM_TEXTS)}
    return found


def of_help() -> set[Text]:
    """Return the texts of the help of every verb, but for one that lists names."""
    add_verbs(app, ["--help"])
    return {Text((one,)) for one in help_texts(get_command(app)) if one != ", ".join(names())}


def _said_in(path: Path, fields: frozenset[str]) -> Iterator[str]:
    def below(value: object, field: str) -> Iterator[str]:
        if isinstance(value, dict):
            for key, one in value.items():
                yield from below(one, key)
        elif isinstance(value, list):
            for one in value:
                yield from below(one, field)
        elif isinstance(value, str) and value and field in fields:
            yield value

    yield from below(tomllib.loads(path.read_text(encoding="utf-8")), "")


def place(language: str) -> Path:
    """Return where a language's catalogue is."""
    return ROOT / "estim/locale" / language / "LC_MESSAGES/estim.po"


def read(language: str) -> Catalog:
    """Return a catalogue as it stands; an empty one if there is none."""
    path = place(language)
    return read_po(BytesIO(path.read_bytes() if path.exists() else b""), locale=language)


def in_step(language: str) -> Catalog:
    """Return a catalogue with all texts and no others; what was translated keeps its translation."""
    before = read(language)
    after = Catalog(
        locale=language,
        project="estim",
        version="",
        fuzzy=False,
        charset="utf-8",
        header_comment=f"# What estim says, in {language}.",
        creation_date=FIXED,
        revision_date=FIXED,
    )
    for text in sorted(of_code() | of_help() | of_data()):
        known = before.get(text.forms[0], text.context or None)
        same = known is not None and bool(known.pluralizable) == bool(text.forms[1:])
        after.add(text.key, known.string if known is not None and same else "", context=text.context or None)
    return after


FIXED = datetime(2026, 1, 1, tzinfo=UTC)
"""A catalogue says no day on which it was made: the same texts make the same file."""


def translations(message: Message | None) -> tuple[str, ...]:
    """Return the forms that a text has in a catalogue; none: it isn't there."""
    if message is None or message.string is None:
        return ()
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as its file."""
    file = BytesIO()
    write_po(file, catalogue, width=120, no_location=True, sort_output=True)
    return file.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as gettext reads it."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def renew() -> None:
    """Write every language's catalogue and what is compiled of it."""
    for language in LANGUAGES:
        path = place(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue = in_step(language)
        path.write_bytes(written(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
