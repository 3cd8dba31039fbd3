"""Shares the rows of a small screen out: what must be seen first, the rest as far as there is room; pure functions."""

import textwrap

from msgspec import Struct


class Room(Struct):
    """Rows that are still free; who asks first gets them."""

    left: int

    def take(self, rows: int, *, whole: bool = False) -> int:
        """Take up to so many rows and return how many; `whole`: all of them or none."""
        given = max(0, min(rows, self.left))
        if whole and given < rows:
            given = 0
        self.left -= given
        return given


def rows_of(text: str, width: int) -> int:
    """Return how many rows a text needs at a width, 0 if it is empty."""
    if not text:
        return 0
    return sum(max(1, len(textwrap.wrap(line, max(1, width), break_on_hyphens=False))) for line in text.split("\n"))


def cut(text: str, width: int, rows: int) -> str:
    """Return as much of a text as so many rows hold; where something is left out a sign says so."""
    if rows < 1 or rows_of(text, width) <= rows:
        return text
    lines = [
        row for line in text.split("\n") for row in textwrap.wrap(line, max(1, width), break_on_hyphens=False) or [""]
    ]
    last = lines[rows - 1]
    if len(last) > width - 2:
        last = (
            last[: max(0, width - 2)].rpartition(" ")[0] or last[: max(0, width - 2)]
        )  # whole words where there are some
    return "\n".join([*lines[: rows - 1], f"{last.rstrip()} …"])


def hung(text: str, width: int, columns: int | None = None) -> str:
    """Return a text in rows of at most `width`: what a line goes on with begins where it begins, or at `columns`."""
    rows: list[str] = []
    for line in text.split("\n"):
        start = len(line) - len(line.lstrip()) if columns is None else columns
        behind = " " * min(start, width // 2)
        rows += textwrap.wrap(
            line, max(1, width), subsequent_indent=behind, break_on_hyphens=False, replace_whitespace=False
        ) or [""]
    return "\n".join(rows)
