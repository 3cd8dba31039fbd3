"""Reads a TOML file as a whole, the one way for settings, programs and plans: bytes to text to what they hold.

What it holds is checked field by field where it belongs (toml_table.py, estim/config/settings.py); here is what makes a
file none at all. A key that stands there twice is one of those mistakes: TOML itself refuses it, and names the line.
"""

import tomllib
from collections.abc import Iterable
from typing import Any

from estim.core.translation import tr


class NotToml(ValueError):
    """What a file holds is no text, or no TOML; a sentence says which, and where in it."""


def text_of(data: bytes) -> str:
    """Return the text of a file, with or without a byte-order mark; raises NotToml."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotToml(tr("not UTF-8 text (byte {byte})", byte=error.start)) from error


def parsed(data: bytes | str) -> dict[str, Any]:
    """Return what a file holds; raises NotToml."""
    text = data if isinstance(data, str) else text_of(data)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Besides its own error, tomllib passes on those of numbers with thousands of digits and of endless brackets.
        raise NotToml(tr("not TOML: {why}", why=error)) from error


def in_file(name: str, problems: Iterable[str]) -> str:
    """Return problems of a file as one text: each on a line of its own, and each says in which file it is."""
    return "\n".join(f"{name}: {problem}" for problem in problems)
