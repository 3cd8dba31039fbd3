"""Writes the pieces of the page: sentences, tables, and plots with their table beneath."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from estim.core.translation import tr


def said(sentence: str) -> str:
    """Escape a sentence; no line breaks within a date, nor between a number and its percent sign."""
    tied = escape(sentence).replace(" %", "\N{NO-BREAK SPACE}%")
    return re.sub(r"\d{4}-\d\d-\d\d", r"<time>\g<0></time>", tied)


def figure(name: str, heading: str, drawing: str, caption: str, numbers: str) -> str:
    """Return a plot and its table, which a box shows on a screen; `name` is the box's own on the page."""
    return (
        f'<section>\n<h2>{escape(heading)}</h2>\n<figure>\n<div class="plot">{drawing}</div>\n'
        f'<input type="checkbox" class="fold" id="{name}-table">'
        f'<label for="{name}-table">{escape(tr("{what}, as a table", what=caption))}</label>\n'
        f"{numbers}</figure>\n</section>\n"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]], words: int = 0) -> str:
    """Return a table; the last `words` columns hold words, which may break, and stand at the left."""
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(_cells(others, words))}</tr>\n' for first, *others in rows
    )
    head = f"<thead>{header_row(header, words)}</thead>"
    return f'<div class="wide"><table>\n{head}\n<tbody>\n{body}</tbody>\n</table></div>\n'


def _cells(texts: Sequence[str], words: int) -> Iterable[str]:
    for number, text in enumerate(texts):
        yield f'<td class="words">{escape(text)}</td>' if number >= len(texts) - words else f"<td>{escape(text)}</td>"


def header_row(header: Sequence[str], words: int = 0) -> str:
    """Return the row of a table's head."""
    cells = [
        f'<th scope="col" class="words">{escape(text)}</th>'
        if number >= len(header) - words
        else f'<th scope="col">{escape(text)}</th>'
        for number, text in enumerate(header)
    ]
    return f"<tr>{''.join(cells)}</tr>"
