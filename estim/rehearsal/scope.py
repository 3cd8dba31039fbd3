"""Draws what the electrodes would see: the whole session in columns, and a few turns of its pattern pulse by pulse.

1. Everything drawn was played by a software unit of the family; nothing is drawn from the program itself.
2. Where nobody knows what a unit puts out (it plays programs of its own), only the level is drawn, and that is said.
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from estim.core.translation import figure, tr
from estim.rehearsal.electrodes import Seen, cycle_s
from simulator.twin import Pulse

BLOCKS = " ▁▂▃▄▅▆▇█"
ROWS = 4
"""Height of a strip, lines of eight steps each."""

TURNS = 2
"""How many turns of the pattern the close view shows."""

CLOSE_MAX_S = 24.0
MARGIN = 10
"""Columns at the left, for figures."""


class Strip(Struct, frozen=True):
    """One quantity over time, a value for each column; `top` is the value that fills it."""

    title: str
    values: tuple[float, ...]
    top: float


class View(Struct, frozen=True):
    """A stretch of time, in strips of the same width."""

    title: str
    since_s: float
    until_s: float
    strips: tuple[Strip, ...]


def whole(seen: Seen, columns: int) -> View:
    """Return the whole session: level, pulses a second, width."""
    length_s = seen.course.score.length_s
    each_s = length_s / columns
    counts = [0] * columns
    widths = [0.0] * columns
    for pulse in seen.pulses:
        column = min(columns - 1, max(0, int(pulse.at_s / each_s)))
        counts[column] += 1
        widths[column] = max(widths[column], pulse.width_us)
    levels = _levels(seen.level, columns, each_s)
    strips = [Strip(tr("level"), levels, max(*levels, 1.0))]
    if seen.pulses:
        rates = tuple(count / each_s for count in counts)
        strips.append(Strip(tr("pulses/s"), rates, max(rates)))
        strips.append(Strip(tr("width µs"), tuple(widths), max(widths)))
    return View(tr("the whole session, {length}", length=_clock(length_s)), 0.0, length_s, tuple(strips))


def close(seen: Seen, columns: int, at_s: float | None = None, for_s: float | None = None) -> View | None:
    """Return a stretch pulse by pulse, from where the level is full or `at_s` on; None if no pulses are known."""
    if not seen.pulses:
        return None
    full_s, end_s = seen.full_s()
    since_s = full_s if at_s is None else at_s
    turns_s = min(CLOSE_MAX_S, TURNS * cycle_s(seen.course.score, since_s))
    until_s = min(since_s + (turns_s if for_s is None else for_s), max(end_s, since_s + 0.001))
    each_s = (until_s - since_s) / columns
    widths = [0.0] * columns
    for pulse in _between(seen.pulses, since_s, until_s):
        column = min(columns - 1, int((pulse.at_s - since_s) / each_s))
        widths[column] = max(widths[column], pulse.width_us)
    rates = _rates(_between(seen.pulses, since_s, until_s), columns, since_s, each_s)
    title = tr(
        "{seconds:.3g} s from {since} on, a column is {column:.3g} ms",
        seconds=until_s - since_s,
        since=_clock(since_s),
        column=each_s * 1000,
    )
    rate = Strip(tr("rate Hz"), rates, max([*rates, 1.0]))
    width = Strip(tr("width µs"), tuple(widths), max([*widths, 1.0]))
    return View(title, since_s, until_s, (rate, width))


def _rates(pulses: Sequence[Pulse], columns: int, since_s: float, each_s: float) -> tuple[float, ...]:
    """Return for each column the rate of the two pulses around it; 0 before the first and after the last."""
    rates = [0.0] * columns
    for before, after in pairwise(pulses):
        first = int((before.at_s - since_s) / each_s)
        last = int((after.at_s - since_s) / each_s)
        for column in range(first, min(columns, last + 1)):
            rates[column] = max(rates[column], 1 / (after.at_s - before.at_s))
    return tuple(rates)


def text(seen: Seen, columns: int, at_s: float | None = None, for_s: float | None = None) -> str:
    """Return all of it as text for a terminal of so many columns."""
    wide = max(20, columns - MARGIN - 1)
    views = [whole(seen, wide), close(seen, wide, at_s, for_s)]
    lines = [line for view in views if view is not None for line in ["", *_drawn(view)]]
    if not seen.pulses:
        lines += ["", tr("what flows is not known: the unit plays a program of its own")]
    return "\n".join(lines[1:])


def _drawn(view: View) -> list[str]:
    lines = [view.title]
    for strip in view.strips:
        label = [""] * ROWS
        label[0] = figure(strip.top, ".4g")
        label[-1] = strip.title
        rows = _bars(strip)
        lines += [f"{text:>{MARGIN - 1}} │{row}".rstrip() for text, row in zip(label, rows, strict=True)]
    ends = f"{_clock(view.since_s)}{_clock(view.until_s):>{len(view.strips[0].values) - len(_clock(view.since_s))}}"
    lines.append(" " * (MARGIN + 1) + ends)
    return lines


def _bars(strip: Strip) -> list[str]:
    """Return the rows of a strip, the upper one first; whatever is above 0 shows at least the lowest step."""
    steps = ROWS * (len(BLOCKS) - 1)
    heights = [
        0 if value <= 0 else max(1, min(steps, round(value / strip.top * steps) if strip.top else 0))
        for value in strip.values
    ]
    rows = []
    for row in reversed(range(ROWS)):
        below = row * (len(BLOCKS) - 1)
        rows.append("".join(BLOCKS[max(0, min(len(BLOCKS) - 1, height - below))] for height in heights))
    return rows


def _levels(changes: Sequence[tuple[float, int]], columns: int, each_s: float) -> tuple[float, ...]:
    """Return the highest level within each column."""
    found = []
    level = 0
    at = 0
    ordered = [change for change in changes if change[0] >= 0.0]
    for column in range(columns):
        highest = level
        while at < len(ordered) and ordered[at][0] < (column + 1) * each_s:
            level = ordered[at][1]
            highest = max(highest, level)
            at += 1
        found.append(float(highest))
    return tuple(found)


def _between(pulses: Sequence[Pulse], since_s: float, until_s: float) -> list[Pulse]:
    return [pulse for pulse in pulses if since_s <= pulse.at_s < until_s]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{int(minutes)}:{figure(rest, '04.1f')}" if rest % 1 else f"{int(minutes)}:{int(rest):02d}"


def picture(seen: Seen, title: str, at_s: float | None = None, for_s: float | None = None) -> bytes:
    """Return a PNG: pulses with their current and polarity close up, then level, rate and width of the session.

    Raises ImportError without the extra `plot`.
    """
    from io import BytesIO

    from matplotlib.figure import Figure  # its own door: no state of pyplot, no window

    near = close(seen, 400, at_s, for_s)
    far = whole(seen, 400)
    figure = Figure(figsize=(10, 2.2 * (len(far.strips) + (near is not None)) + 0.8), layout="constrained")
    figure.suptitle(title)
    panels = list(figure.subplots(len(far.strips) + (near is not None), squeeze=False)[:, 0])
    if near is not None:
        panel = panels.pop(0)
        for pulse in _between(seen.pulses, near.since_s, near.until_s):
            width_s = pulse.width_us / 1e6
            for number, sign in enumerate((pulse.first, -pulse.first)):
                panel.fill_between(
                    [pulse.at_s + number * width_s, pulse.at_s + (number + 1) * width_s],
                    sign * pulse.current_ma,
                    color="tab:red" if sign > 0 else "tab:blue",
                    linewidth=0.6,
                    edgecolor="tab:red" if sign > 0 else "tab:blue",
                )
        panel.set(xlim=(near.since_s, near.until_s), ylabel=tr("mA (software)"), xlabel="s")
        panel.axhline(0, color="0.6", linewidth=0.6)
        panel.set_title(near.title, fontsize=9, loc="left")
    times = [(number + 0.5) * far.until_s / 400 / 60 for number in range(400)]
    for panel, strip in zip(panels, far.strips, strict=True):
        panel.plot(times, strip.values, color="0.2", linewidth=1.0)
        panel.set(ylabel=strip.title, ylim=(0, strip.top * 1.05), xlim=(0, far.until_s / 60))
    panels[-1].set(xlabel=tr("minutes"))
    out = BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return out.getvalue()
