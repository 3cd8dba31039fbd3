"""Draws a tally with characters: figures, a plot of the pain, a map of the sessions, tables and sentences.

1. Nothing is told by colour alone: glyphs differ, so a log file and a person who sees no red lose nothing.
2. No line is longer than the width; a table too wide for it drops columns at its right.
"""

import textwrap
from collections.abc import Sequence
from datetime import date

from estim.core.days.diary import SCORE_MAX
from estim.core.days.dose import DAY_MINUTES
from estim.core.days.statistics import Day, Tally
from estim.core.translation import tr, tr_many, weekdays
from estim.report.bins import Bin, by_day, by_week, month_of, short
from estim.report.words import hand_logged, headline, meaning, nothing_yet, period, printable, ran, score, site_name

WIDTH_MIN = 44
ROOMY = 54
"""From this width on the map has a column for the slots."""

WEEKS_MAX = 26
"""The map shows so many weeks, and the plot so many as days."""

BOLD = "1"
DIM = "2"
RED = "33"
GREEN = "32"
CYAN = "36"
EIGHTHS = "▁▂▃▄▅▆▇█"
SESSIONS = "·░▒▓█"
"""None, one, two, three, four or more sessions on a day."""

LABEL = 10
"""Characters that the date of a plot needs, with a gap."""


class Ink:
    """Colours text, or leaves it alone."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and text.strip() else text


def as_text(tally: Tally, width: int = 80, colour: bool = False) -> str:
    """Return the report as lines of at most `width` characters, in ANSI colours if wanted."""
    width = max(WIDTH_MIN, width)
    ink = Ink(colour)
    if tally.empty:
        return "\n".join(_wrapped(nothing_yet(tally), width)) + "\n"
    sections = [
        _head(tally, width, ink),
        _pain(tally, width, ink),
        _sessions(tally, width, ink),
        _last_week(tally, width, ink),
        _doses(tally, width, ink),
        [ink(BOLD, tr("What it means")), *(line for one in meaning(tally) for line in _wrapped(one, width, "- "))],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _wrapped(text: str, width: int, bullet: str = "") -> list[str]:
    """Wrap a paragraph, but never between a number and its percent sign."""
    tied = text.replace(" %", "\N{NO-BREAK SPACE}%")
    indent = " " * len(bullet)
    lines = textwrap.wrap(tied, width, initial_indent=bullet, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}%", " %") for line in lines]


def _head(tally: Tally, width: int, ink: Ink) -> list[str]:
    lines = [ink(BOLD, tr("Report, {period}", period=period(tally)))]
    figures = headline(tally)
    left = 2 + max(len(label) for label, _, _ in figures)
    for label, value, remark in figures:
        told = f"{value} ({remark})" if remark else value
        first, *others = _wrapped(told, width - left)
        lines += [f"{label:<{left}}{first}", *(" " * left + line for line in others)]
    return lines


def _pain(tally: Tally, width: int, ink: Ink) -> list[str]:
    if all(day.worst is None and day.morning is None for day in tally.days):
        return []
    room = width - 6
    bins, each = _columns(tally.days, room)
    wide = max(1, min(3, room // len(bins)))
    lines = [ink(BOLD, tr("Pain, 0 to 10"))]
    for row in range(SCORE_MAX, 0, -1):
        axis = f"{row:>3} ┤" if row % 2 == 0 else "    │"
        lines.append((ink(DIM, axis) + " " + "".join(_cell(one, row, wide, ink) for one in bins)).rstrip())
    floor = "".join((ink(CYAN, "●") if _at(one.morning) == 0 else "─") + "─" * (wide - 1) for one in bins)
    lines += [ink(DIM, "  0 └─") + floor, " " * 6 + _dates(bins, wide, room)]
    return [*lines, *_wrapped("   ".join([tr("█ worst   ● first steps in the morning"), *each]), width)]


def _columns(days: Sequence[Day], room: int) -> tuple[list[Bin], list[str]]:
    if len(days) <= min(room, 7 * WEEKS_MAX):
        return by_day(days), []
    weeks = 1
    while len(found := by_week(days, weeks)) > room:
        weeks += 1
    return found, [tr_many("a column is the mean of a week", "a column is the mean of {count} weeks", weeks)]


def _at(value: float | None) -> int | None:
    return None if value is None else int(value + 0.5)


def _cell(one: Bin, row: int, wide: int, ink: Ink) -> str:
    gap = " " if wide > 1 else ""
    body = wide - len(gap)
    glyph = " "
    if one.worst is not None and one.worst > row - 1:
        glyph = EIGHTHS[min(7, int((one.worst - row + 1) * 8 - 1e-9))]
    elif one.worst == 0 and row == 1:
        glyph = EIGHTHS[0]  # no pain is a score too
    bar = ink(RED, glyph * body)
    if _at(one.morning) == row:
        bar = ink(CYAN, "●") + ink(RED, glyph * (body - 1))
    return bar + gap


def _dates(bins: Sequence[Bin], wide: int, room: int) -> str:
    years = bins[0].first.year != bins[-1].last.year
    line = ""
    for number, one in enumerate(bins):
        place = number * wide
        label = month_of(one.first) if years else short(one.first)
        if place >= -(-len(line) // LABEL) * LABEL and place + len(label) <= room:
            line = line.ljust(place) + label
    return line


def _sessions(tally: Tally, width: int, ink: Ink) -> list[str]:
    if not any(day.sessions or day.counted or day.off or day.open for day in tally.days):
        return []
    weeks: dict[date, dict[int, Day]] = {}
    for day in tally.days:
        weeks.setdefault(date.fromordinal(day.on.toordinal() - day.on.weekday()), {})[day.on.weekday()] = day
    shown = dict(list(weeks.items())[-WEEKS_MAX:])
    title = tr("Sessions a day")
    if len(weeks) > WEEKS_MAX:
        title = tr("Sessions a day, the last {shown} weeks of {all}", shown=WEEKS_MAX, all=len(weeks))
    roomy = width >= ROOMY
    header = " " * 12 + " ".join(f"{name:<3}" for name in weekdays()) + (f"   {tr('slots done')}" if roomy else "")
    lines = [ink(BOLD, title), header.rstrip()]
    for monday, days in shown.items():
        cells = [_square(days.get(weekday), ink) for weekday in range(7)]
        done = sum(day.done for day in days.values())
        counted = sum(day.counted for day in days.values())
        share = tr("{done} of {count}", done=done, count=counted) if counted and roomy else ""
        lines.append(f"{monday}  {' '.join(cells)}   {share}".rstrip())
    legend = "   ".join(f"{glyph} {number}" for number, glyph in enumerate(SESSIONS))
    return [*lines, *_wrapped(tr("{numbers} or more   – off   ? still open", numbers=legend), width)]


def _square(day: Day | None, ink: Ink) -> str:
    if day is None:
        return "   "
    if day.sessions:
        return ink(GREEN, SESSIONS[min(day.sessions, 4)] * 3)
    return ink(DIM, " – " if day.off else " ? " if day.open else " · ")


def _last_week(tally: Tally, width: int, ink: Ink) -> list[str]:
    stiff = any(day.stiffness_min is not None for day in tally.days[-7:])
    rows = [
        [
            f"{weekdays()[day.on.weekday()]} {day.on}",
            tr("{done} of {count}", done=day.done, count=day.counted) if day.counted else "–",
            str(day.sessions),
            f"{day.minutes:.0f}",
            score(day.worst),
            score(day.morning),
            *([score(day.stiffness_min)] if stiff else []),
            score(day.rest),
            score(day.run),
            ran(day.km, day.run_min),
        ]
        for day in tally.days[-7:]
    ]
    header = ["", *tr("slots|sessions|min|worst|morning").split("|")]
    header += [tr("stiff min")] if stiff else []
    header += tr("rest|run|km").split("|")
    title = tr("The last 7 days") if len(rows) == 7 else tr("Day by day")
    return [ink(BOLD, title), *_table(header, rows, width)]


def _doses(tally: Tally, width: int, ink: Ink) -> list[str]:
    if not tally.doses:
        return []
    rows = []
    for dose in tally.doses:
        on, most = dose.highest
        rows.append([site_name(dose.site), f"{dose.minutes:.0f}", str(dose.sessions), f"{most:.0f}", str(on)])
    lines = _table(tr("site|min|sessions|most a day, min|on").split("|"), rows, width)
    programs = ", ".join(f"{printable(program)} {number}" for program, number in tally.programs)
    usual = tr(
        "{minutes:.0f} min a day and site are the usual most. Sessions by program: {programs}.",
        minutes=DAY_MINUTES,
        programs=programs,
    )
    usual = f"{usual} {hand_logged(tally.by_hand)}".rstrip()
    return [ink(BOLD, tr("Dose by site")), *lines, *_wrapped(usual, width)]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    sizes = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    while sum(sizes) + 2 * (len(sizes) - 1) > width:
        sizes.pop()
    return [
        "  ".join(
            f"{text:<{size}}" if column == 0 else f"{text:>{size}}"
            for column, (text, size) in enumerate(zip(row, sizes, strict=False))
        ).rstrip()
        for row in [header, *rows]
    ]
