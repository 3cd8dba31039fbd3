"""Draws in rows of signs: a level's bar, a session's phases, its levels so far, the pulses of a moment; pure functions.

Each sign is one column wide, and has a plain one beside it in signs.py.
"""

from collections.abc import Mapping, Sequence
from math import ceil, floor

from estim.core.messages.shown import ChannelView, PhaseView, PulseView

STEPS = "▁▂▃▄▅▆▇█"
"""A row's eighths, from the lowest up."""

SHORTEST_S = 1.0
"""What a picture of pulses shows at least, s."""


def bar(lane: ChannelView, width: int, last: int | None = None) -> str:
    """Return a bar of `width` cells from 0 to the cap: full up to lo, shaded up to hi, the goal as a diamond.

    `last` is the level that was comfortable last time: a stroke, also where the bar is full.
    """
    top = max(lane.cap, lane.hi, lane.goal, 1)
    known = ceil(lane.lo * width / top)
    maybe = ceil(lane.hi * width / top)
    if lane.hi > lane.lo and maybe == known and width > 1:  # a doubt shows, however coarse the bar is
        known = min(known, width - 1)
        maybe = known + 1
    cells = ["█" if cell < known else "▒" if cell < maybe else "·" for cell in range(width)]
    if last is not None and 0 < last <= top:
        cells[ceil(last * width / top) - 1] = "│"
    goal = ceil(lane.goal * width / top) - 1
    if goal >= maybe:
        cells[goal] = "◇"
    return "".join(cells)


def timeline(phases: Sequence[PhaseView], elapsed_s: float, width: int) -> str:
    """Return a session's way in `width` cells: heavy behind, light ahead, a cross where a phase begins, and here."""
    length_s = sum(phase.length_s for phase in phases)
    if width < 1 or length_s <= 0:
        return ""
    here = min(width - 1, floor(elapsed_s * width / length_s))
    cells = ["━" if cell < here else "─" for cell in range(width)]
    for start in _starts(phases, width)[1:]:
        cells[start] = "┼"
    cells[here] = "◆"
    return "".join(cells)


def names(phases: Sequence[PhaseView], width: int) -> str:
    """Return the phases' titles below their places; one that is too narrow for its title is cut with a sign, or left
    out."""
    if width < 1 or len(phases) < 2:
        return ""
    starts = _starts(phases, width)
    row = ""
    for phase, start, end in zip(phases, starts, [*starts[1:], width], strict=True):
        room = end - start - 1
        title = phase.title if len(phase.title) <= room else phase.title[: room - 1] + "…" if room >= 4 else ""
        row = row[:start].ljust(start) + title
    return row.rstrip()


def _starts(phases: Sequence[PhaseView], width: int) -> list[int]:
    """Return in which cell each phase begins."""
    length_s = sum(phase.length_s for phase in phases)
    starts: list[int] = []
    at_s = 0.0
    for phase in phases:
        starts.append(min(width - 1, floor(at_s * width / length_s)))
        at_s += phase.length_s
    return starts


def trace(levels: Mapping[int, int], length_s: float, top: int, width: int, height: int) -> list[str]:
    """Return the levels so far in `height` rows, the highest first, at the places of the timeline.

    `levels` holds the highest level of each second that was seen; a second that wasn't is a gap, 0 is the lowest sign.
    """
    if width < 1 or height < 1 or length_s <= 0:
        return []
    highest: dict[int, int] = {}
    for second, level in levels.items():
        first = min(width - 1, floor(second * width / length_s))
        until = min(width, max(first + 1, floor((second + 1) * width / length_s)))
        for cell in range(first, until):
            highest[cell] = max(highest.get(cell, 0), level)
    eighths = {cell: _eighths(level, top, height) for cell, level in highest.items()}
    return [
        "".join(_sign(eighths.get(cell, 0), height - 1 - row) for cell in range(width)).rstrip()
        for row in range(height)
    ]


def _eighths(level: int, top: int, height: int) -> int:
    """Return how high a level stands, in eighths of a row; at least one, so that what was seen shows."""
    return max(1, min(8 * height, ceil(level * 8 * height / max(1, top))))


def _sign(eighths: int, row: int) -> str:
    """Return the sign of a column in a row, the lowest being 0."""
    inside = eighths - 8 * row
    return " " if inside <= 0 else STEPS[min(8, inside) - 1]


def window_s(pulse: PulseView) -> float:
    """Return how many seconds a picture of pulses shows: a contraction, two bursts, or a second."""
    if pulse.contraction_s:
        return max(SHORTEST_S, sum(pulse.contraction_s))
    return max(SHORTEST_S, 2 * sum(pulse.burst_s))


def pulses(pulse: PulseView, width: int) -> str:
    """Return the pulses in `width` cells: a stroke is one pulse, a block several, its height the contraction.

    In a contraction a diamond says where it is.
    """
    if width < 1 or pulse.rate_hz <= 0:
        return ""
    cell_s = window_s(pulse) / width
    cells = []
    for cell in range(width):
        at_s = cell * cell_s
        count = _pulses_until(pulse, at_s + cell_s) - _pulses_until(pulse, at_s)
        gate = _gate(pulse, at_s + cell_s / 2)
        if count < 1 or gate <= 0:
            cells.append(" ")
        elif count == 1 and gate >= 1:
            cells.append("│")
        else:
            cells.append(STEPS[max(1, ceil(8 * gate)) - 1])
    if pulse.contraction_s:
        cells[min(width - 1, floor(pulse.into_s % sum(pulse.contraction_s) / cell_s))] = "◆"
    return "".join(cells).rstrip()


def _pulses_until(pulse: PulseView, at_s: float) -> int:
    """Return how many pulses begin before a moment of the picture."""
    if not pulse.burst_s:
        return ceil(at_s * pulse.rate_hz - 1e-9)
    on_s, off_s = pulse.burst_s
    whole = floor(at_s / (on_s + off_s) + 1e-9)
    inside_s = min(on_s, at_s - whole * (on_s + off_s))
    return whole * ceil(on_s * pulse.rate_hz - 1e-9) + ceil(max(0.0, inside_s) * pulse.rate_hz - 1e-9)


def _gate(pulse: PulseView, at_s: float) -> float:
    """Return how far a contraction has risen at a moment of the picture, 0 to 1."""
    if not pulse.contraction_s:
        return 1.0
    up_s, on_s, down_s, _ = pulse.contraction_s
    if at_s < up_s:
        return at_s / up_s
    if at_s < up_s + on_s:
        return 1.0
    return max(0.0, 1.0 - (at_s - up_s - on_s) / down_s) if down_s > 0 else 0.0
