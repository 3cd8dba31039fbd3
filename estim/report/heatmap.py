"""Draws how many sessions each day had: a square a day, a column a week, and a strip for each year."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from html import escape
from itertools import groupby

from estim.core.days.statistics import Day
from estim.core.translation import day_name, tr, weekdays
from estim.report.svg import WIDTH, px, svg
from estim.report.words import counted

Week = tuple[date, list[Day]]
"""Its Monday, and those of its days that lie in the period."""

STRIP_WEEKS = 53
"""Most weeks of one strip; a longer period has a strip for each calendar year."""

SIZES = (0.22, 0.42, 0.58, 0.74, 0.9)
"""Side of a square against its cell, for 0, 1, 2, 3, and 4 or more sessions: readable without any colour."""

EDGE = 44
"""Room at the left, for the weekdays."""

CELL_MAX = 30.0
TITLES_MAX = 200
"""With more days than these no square says its date: the table does."""


def sessions_map(days: Sequence[Day], width: float = WIDTH) -> str:
    """Draw the days as squares that grow with the number of sessions."""
    weeks = _weeks(days)
    strips = [weeks]
    if len(weeks) > STRIP_WEEKS:
        strips = [list(some) for _, some in groupby(weeks, lambda week: week[0].year)]
    cell = min(CELL_MAX, (width - EDGE) / min(len(weeks), STRIP_WEEKS))
    tall = 7 * cell + 30
    parts = []
    for number, strip in enumerate(strips):
        before = _week_of_year(strip[0][0]) if len(strips) > 1 else 0
        parts.append(_strip(strip, cell, EDGE + before * cell, number * tall, len(days) <= TITLES_MAX))
    parts.append(_legend(len(strips) * tall + 14))
    return svg("sessions", tr("Sessions a day"), _told(days), len(strips) * tall + 26, parts, width)


def _week_of_year(monday: date) -> int:
    return (monday.timetuple().tm_yday - 1) // 7


def _weeks(days: Sequence[Day]) -> list[Week]:
    found: defaultdict[int, list[Day]] = defaultdict(list)
    for day in days:
        found[day.on.toordinal() - day.on.weekday()].append(day)
    return [(date.fromordinal(monday), some) for monday, some in found.items()]


def _told(days: Sequence[Day]) -> str:
    of_days = Counter(min(day.sessions, 4) for day in days)
    told = []
    for number in range(5):
        if not of_days[number]:
            continue
        days_ = counted(of_days[number], "day")
        if number == 4:
            told.append(tr("{days} with {number} or more", days=days_, number=number))
        else:
            told.append(tr("{days} with {number}", days=days_, number=number))
    return tr("Sessions: {days}.", days=", ".join(told))


def _strip(weeks: Sequence[Week], cell: float, left: float, top: float, titled: bool) -> str:
    parts = [
        f'<text class="scale" x="{EDGE - 8}" y="{px(top + 20 + (row + 0.5) * cell + 4)}">{weekdays()[row]}</text>'
        for row in (range(7) if cell >= 14 else (0, 2, 4, 6))
    ]
    squares: defaultdict[str, list[str]] = defaultdict(list)
    label_end = 0.0
    for column, (monday, days) in enumerate(weeks):
        x = left + column * cell
        new = column == 0 or monday.month != weeks[column - 1][0].month
        label = day_name(monday, "%b %Y" if column == 0 or monday.month == 1 else "%b")
        if new and x >= label_end and x + 7.5 * len(label) <= WIDTH:
            parts.append(f'<text x="{px(x)}" y="{px(top + 13)}">{label}</text>')
            label_end = x + 7.5 * len(label)
        for day in days:
            kind, path = _square(day, x, top + 20 + day.on.weekday() * cell, cell)
            if titled:
                said = f"{weekdays()[day.on.weekday()]} {day.on}: {counted(day.sessions, 'session')}"
                parts.append(f'<path class="{kind}" d="{path}"><title>{escape(said)}</title></path>')
            else:
                squares[kind].append(path)
    parts += [f'<path class="{kind}" d="{"".join(paths)}"/>' for kind, paths in sorted(squares.items())]
    return "".join(parts)


def _square(day: Day, x: float, y: float, cell: float) -> tuple[str, str]:
    if day.off and not day.sessions:
        side = 0.5 * cell
        return "off", f"M{px(x + (cell - side) / 2)} {px(y + cell / 2)}h{px(side)}"
    number = min(day.sessions, 4)
    kind = f"many m{number}"  # untranslated: classes of the style
    return kind, _path(SIZES[number] * cell, x + cell / 2, y + cell / 2)


def _path(side: float, x: float, y: float) -> str:
    return f"M{px(x - side / 2)} {px(y - side / 2)}h{px(side)}v{px(side)}h-{px(side)}z"


def _legend(y: float) -> str:
    parts = []
    x = float(EDGE)
    for number, size in enumerate(SIZES):
        label = "4+" if number == 4 else str(number)
        parts.append(f'<path class="many m{number}" d="{_path(size * 16, x + 8, y - 4)}"/>')
        parts.append(f'<text x="{px(x + 20)}" y="{px(y)}">{label}</text>')
        x += 34 + 7 * len(label)
    return "".join(
        [
            *parts,
            f'<path class="off" d="M{px(x)} {px(y - 4)}h10"/><text x="{px(x + 16)}" y="{px(y)}">{tr("off")}</text>',
        ]
    )
