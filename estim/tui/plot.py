"""Draws curves with axes out of plain characters: each has its own letter, so none needs a colour; pure functions."""

from collections.abc import Mapping, Sequence
from math import floor

from estim.core.translation import figure

Point = tuple[float, float]

LABEL = 5
"""Columns for the figures at the left axis."""
ROWS_MIN = 3


def plot(
    curves: Mapping[str, Sequence[Point]],
    *,
    width: int,
    height: int,
    x: tuple[float, float],
    y_top: float,
    names: tuple[str, str],
    held: bool = False,
    marks: Mapping[str, Sequence[float]] | None = None,
) -> list[str]:
    """Return the lines of a plot from 0 to `y_top`, `x` from left to right with a name at either end.

    `curves` by their letter; `held`: a value holds until the next one, else only the points are drawn. `marks` stand
    below the axis, by their sign.
    """
    below = 2 + (1 if marks else 0)
    rows = max(ROWS_MIN, height - below)
    columns = max(8, width - LABEL - 1)
    grid = [[" "] * columns for _ in range(rows)]
    for letter, points in curves.items():
        for column, value in _columns(points, x, columns, held=held):
            row = rows - 1 - round(min(max(value, 0), y_top) / (y_top or 1) * (rows - 1))
            # where two curves meet, a plus says that one of them can't be seen
            grid[row][column] = letter if grid[row][column] in (" ", letter) else "+"
    lines = [f"{_label(row, rows, y_top):>{LABEL}}│{''.join(cells).rstrip()}" for row, cells in enumerate(grid)]
    lines.append(f"{'':>{LABEL}}└{'─' * columns}")
    if marks:
        lines.append(f"{'':>{LABEL + 1}}{_marked(marks, x, columns)}".rstrip())
    left = names[0]
    lines.append(f"{'':>{LABEL + 1}}{left}{names[1]:>{max(1, columns - len(left))}}")
    return lines


def _label(row: int, rows: int, y_top: float) -> str:
    if row == rows - 1:
        return "0"
    return figure(y_top) if row == 0 else figure(y_top / 2) if row == (rows - 1) / 2 else ""


def _place(value: float, x: tuple[float, float], columns: int) -> int:
    span = x[1] - x[0] or 1
    return min(columns - 1, max(0, floor((value - x[0]) / span * columns)))


def _columns(points: Sequence[Point], x: tuple[float, float], columns: int, *, held: bool) -> list[tuple[int, float]]:
    """Return a value for each column that has one; of several in one column the highest, so that no peak is lost."""
    found: dict[int, float] = {}
    for at, value in points:
        column = _place(at, x, columns)
        found[column] = max(value, found.get(column, value))
    if not held:
        return sorted(found.items())
    drawn: list[tuple[int, float]] = []
    last = 0.0
    ends = {_place(at, x, columns): value for at, value in points}
    for column in range(columns):
        value = max(last, found[column]) if column in found else last
        drawn.append((column, value))
        last = ends.get(column, last)
    return drawn


def _marked(marks: Mapping[str, Sequence[float]], x: tuple[float, float], columns: int) -> str:
    cells = [" "] * columns
    for sign, moments in marks.items():
        for at in moments:
            place = _place(at, x, columns)
            # two at one moment stand beside each other, so that both are seen
            cells[next((cell for cell in range(place, columns) if cells[cell] in (" ", sign)), place)] = sign
    return "".join(cells)
