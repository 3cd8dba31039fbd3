"""Plain signs for terminals that can't show ours: each as wide as what it stands for, so that nothing moves.

A terminal that says dumb, one whose encoding isn't Unicode, and a person who wants no colours get them everywhere: the
driver writes them (terminal.py), so that no part of the screen has to know.
"""

import codecs
from collections.abc import Mapping

_PLAIN = {
    "█": "#", "▒": "?", "·": ".", "◇": "o", "▶": ">", "→": ">", "│": "|", "┃": "|", "─": "-", "━": "=", "┼": "+",
    "◆": "@", "▁": "_", "▂": "_", "▃": ".", "▄": "-", "▅": "-", "▆": "=", "▇": "=", "▔": "-", "▌": "|", "▐": "|",
    "–": "-", "−": "-", "…": "~", "“": '"', "”": '"', "‘": "'", "’": "'", "µ": "u", "×": "x", "²": "2", "°": " ",
    "╭": "+", "╮": "+", "╰": "+", "╯": "+", "├": "+", "┤": "+", "┬": "+", "┴": "+", "┌": "+", "┐": "+", "└": "+",
    "┘": "+", "╶": "-", "╴": "-", "╷": "|", "╵": "|", "▎": "|", "▊": "|", "▍": "|",
}  # fmt: skip
PLAIN: Mapping[int, str] = {ord(sign): plain for sign, plain in _PLAIN.items()}
"""What stands for each of our signs, for str.translate."""


def wants_plain(environment: Mapping[str, str], encoding: str | None) -> bool:
    """Say whether a terminal gets plain signs."""
    if environment.get("NO_COLOR") or environment.get("TERM", "").lower() in ("", "dumb", "unknown"):
        return True
    try:
        return not codecs.lookup(encoding or "ascii").name.startswith("utf")
    except LookupError:
        return True


def in_plain(text: str, encoding: str | None) -> str:
    """Return a text in plain signs; what the encoding doesn't have and nothing stands for is a question mark."""
    plain = text.translate(PLAIN)
    if plain.isascii():
        return plain
    try:
        return plain.encode(encoding or "ascii", "replace").decode(encoding or "ascii")
    except LookupError:
        return plain.encode("ascii", "replace").decode("ascii")
