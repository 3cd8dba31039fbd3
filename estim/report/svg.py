"""Draws the plots of the page as SVG: each stands in a text, has a title and a description, and needs no colour.

1. Lines differ by dashes and marks, bars by filling, and the days of the map by the size of their squares.
2. Colours come from the page's style by class, so that one drawing serves light, dark and paper.
3. Coordinates are rounded to a tenth: the same tally gives the same bytes, and ten years stay small.
"""

from collections.abc import Iterable, Sequence
from html import escape

from msgspec import Struct

from estim.core.days.diary import SCORE_MAX
from estim.core.days.dose import DAY_MINUTES
from estim.core.days.particulars import Levels
from estim.core.translation import mark, tr, tr_many, tr_text
from estim.report.bins import Bin, by_each, month_of, named, short
from estim.report.words import counted, distance, percent, score

WIDTH = 720
"""Of a plot that has the page's width."""

HALF = 340
"""Of one of a pair."""

LEFT = 46
RIGHT = 34
"""Room for the scale at either side: on a phone only the right end of a plot is seen."""
RIGHT_HALF = 12
LABEL_EVERY = 66
"""Least distance of two dates below a plot."""

MARKS_MAX = 95
"""With more bins than these the marks on a line would touch."""

LINES = (
    ("worst", mark("Worst of the day")),
    ("morning", mark("First steps in the morning")),
    ("rest", mark("At rest")),
)

MARKED = {"day": mark("One mark a day."), "week": mark("One mark a week."), "month": mark("One mark a month.")}

HIGHEST_OF = {
    "week": mark("Each bar is the highest day of a week."),
    "month": mark("Each bar is the highest day of a month."),
}

BETWEEN = {
    "week": mark("Between {least} ({worst}) and {most} of the slots of a week were done."),
    "month": mark("Between {least} ({worst}) and {most} of the slots of a month were done."),
}


class Area(Struct, frozen=True):
    """Where a plot's values lie: pixels from the top, height, the highest value, and how many bins share the width."""

    top: float
    height: float
    most: float
    bins: int
    width: float = WIDTH

    @property
    def end(self) -> float:
        """Return the right edge."""
        return self.width - (RIGHT if self.width == WIDTH else RIGHT_HALF)

    @property
    def band(self) -> float:
        """Return the width of one bin."""
        return (self.end - LEFT) / self.bins

    @property
    def floor(self) -> float:
        """Return where 0 lies."""
        return self.top + self.height

    def x(self, number: int) -> float:
        """Return the middle of a bin."""
        return LEFT + (number + 0.5) * self.band

    def y(self, value: float) -> float:
        """Return how far down a value lies."""
        return self.floor - self.height * value / self.most


def svg(name: str, title: str, told: str, height: float, parts: Iterable[str], width: float = WIDTH) -> str:
    """Return a drawing that a screen reader reads as its title and description."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {px(width)} {px(height)}" '
        f'aria-labelledby="{name}-title {name}-told"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-told">{escape(told)}</desc>{"".join(parts)}</svg>'
    )


def px(value: float) -> str:
    """Return a coordinate, rounded to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def pain_trend(bins: Sequence[Bin], each: str) -> str:
    """Draw the scores as lines, and a triangle below for each run."""
    area = Area(32, 220, SCORE_MAX, len(bins))
    parts = [_legend(bins), _grid(area, range(0, SCORE_MAX + 1, 2)), _times(area, bins, 16)]
    for kind, _ in reversed(LINES):  # the worst lies on top
        parts.append(_line(area, bins, kind))
    for number, one in enumerate(bins):
        if length := distance(one.km, one.run_min):
            said = tr("{days}: ran {length}", days=named(one, each), length=length)
            if one.run is not None:
                said = tr("{run}, pain {score}", run=said, score=score(one.run))
            parts.append(_mark("run", area.x(number), area.floor + 9, said, small=len(bins) > MARKS_MAX))
    return svg("pain", tr("Pain {by}, 0 to 10", by=by_each(each)), _told_pain(bins, each), area.floor + 40, parts)


def _told_pain(bins: Sequence[Bin], each: str) -> str:
    told = []
    for kind, label in LINES:
        values = [value for one in bins if (value := _value(one, kind)) is not None]
        if values:
            told.append(
                tr(
                    "{pain}: {first} at the beginning, {last} at the end, between {least} and {most}.",
                    pain=tr_text(label),
                    first=score(values[0]),
                    last=score(values[-1]),
                    least=score(min(values)),
                    most=score(max(values)),
                )
            )
    length = distance(sum(one.km for one in bins), sum(one.run_min for one in bins))
    ran = tr("Runs: {length}.", length=length) if length else tr("No runs.")
    return " ".join([*told, ran, tr_text(MARKED[each])])


def _value(one: Bin, kind: str) -> float | None:
    return {"worst": one.worst, "morning": one.morning, "rest": one.rest}[kind]


def _legend(bins: Sequence[Bin]) -> str:
    shown = [(kind, tr_text(label)) for kind, label in LINES if any(_value(one, kind) is not None for one in bins)]
    if any(one.km or one.run_min for one in bins):
        shown.append(("run", tr("Run")))
    parts = []
    x = WIDTH - RIGHT - sum(50 + 6.4 * len(label) for _, label in shown)
    for kind, label in shown:
        if kind != "run":
            parts.append(f'<path class="line {kind}" d="M{px(x)} 12h24"/>')
        parts.append(_mark(kind, x + 12, 12) + f'<text x="{px(x + 31)}" y="16">{label}</text>')
        x += 50 + 6.4 * len(label)
    return "".join(parts)


def _line(area: Area, bins: Sequence[Bin], kind: str) -> str:
    path = []
    marks = []
    joined = False
    for number, one in enumerate(bins):
        value = _value(one, kind)
        if value is None:
            joined = False  # a gap in what was written down is a gap in the line
            continue
        x = area.x(number)
        y = area.y(value)
        path.append(f"{'L' if joined else 'M'}{px(x)} {px(y)}")
        alone = not joined and (number + 1 == len(bins) or _value(bins[number + 1], kind) is None)
        joined = True
        if alone and len(bins) > MARKS_MAX:
            path.append("h.1")  # else nothing at all would be drawn of it
        if len(bins) <= MARKS_MAX:
            marks.append(_mark(kind, x, y, f"{short(one.first)}: {score(value)}"))
    return f'<path class="line {kind}" d="{"".join(path)}"/>{"".join(marks)}' if path else ""


def _mark(kind: str, x: float, y: float, said: str = "", small: bool = False) -> str:
    """Return a mark: a dot, a square, a diamond or a triangle."""
    title = f"<title>{escape(said)}</title>" if said else ""
    if kind in ("worst", "level"):
        return f'<circle class="mark {kind}" cx="{px(x)}" cy="{px(y)}" r="3.4">{title}</circle>'
    shape = {"morning": "h5.6v5.6h-5.6z", "rest": "l3.8 3.8l-3.8 3.8l-3.8-3.8z", "run": "l4 7h-8z"}[kind]
    if small:
        shape = "l2 5h-4z"
    at_x, at_y = (x - 2.8, y - 2.8) if kind == "morning" else (x, y - 3.8)
    return f'<path class="mark {kind}" d="M{px(at_x)} {px(at_y)}{shape}">{title}</path>'


def _grid(area: Area, values: Iterable[int], unit: str = "") -> str:
    parts = []
    for value in values:
        y = px(area.y(value))
        kind = "floor" if value == 0 else "grid"
        parts.append(f'<path class="{kind}" d="M{LEFT} {y}H{px(area.end)}"/>')
        parts.append(f'<text class="scale" x="{LEFT - 7}" y="{px(area.y(value) + 4)}">{value}{unit}</text>')
        if area.width == WIDTH:
            parts.append(f'<text x="{px(area.end + 6)}" y="{px(area.y(value) + 4)}">{value}{unit.strip()}</text>')
    return "".join(parts)


def _times(area: Area, bins: Sequence[Bin], below: float = 0) -> str:
    """Return dates below a plot, as many as there is room for."""
    every = max(1, -int(-LABEL_EVERY // area.band))
    years = bins[0].first.year != bins[-1].last.year
    parts = []
    for number in range(0, len(bins), every):
        on = bins[number].first
        label = month_of(on) if years else short(on)
        x = area.x(number)
        if x < area.end - RIGHT:
            parts.append(f'<text class="time" x="{px(x)}" y="{px(area.floor + 18 + below)}">{label}</text>')
            parts.append(f'<path class="grid" d="M{px(x)} {px(area.floor)}v4"/>')
    return "".join(parts)


def minutes_bars(bins: Sequence[Bin], each: str) -> str:
    """Draw the minutes that the site with most had, and the line of the usual most."""
    most = max(one.site_minutes for one in bins)
    area = Area(20, 150, max(150.0, most * 1.1), len(bins))
    step = 30 if area.most <= 210 else 60 * (1 + int(area.most) // 480)
    parts = [_grid(area, range(0, int(area.most) + 1, step)), _times(area, bins)]
    for number, one in enumerate(bins):
        if one.site_minutes:
            above = one.site_minutes > DAY_MINUTES
            said = tr("{days}: {minutes:.0f} min", days=named(one, each), minutes=one.site_minutes)
            kind = "bar above" if above else "bar"  # untranslated: classes of the style
            parts.append(_bar(area, number, one.site_minutes, kind, said))
    cap = area.y(DAY_MINUTES)
    parts.append(f'<path class="cap" d="M{LEFT} {px(cap)}H{px(area.end)}"/>')
    usual = tr("usual most: {minutes:.0f} min", minutes=DAY_MINUTES)
    parts.append(f'<text class="end" x="{px(area.end)}" y="{px(cap - 6)}">{usual}</text>')
    highest = max(bins, key=lambda one: one.site_minutes)
    too_many = sum(one.site_minutes > DAY_MINUTES for one in bins)
    told = [
        tr_many(
            "Most is {most:.0f} min ({days}). {count} bar above the line of {minutes:.0f} min.",
            "Most is {most:.0f} min ({days}). {count} bars above the line of {minutes:.0f} min.",
            too_many,
            most=most,
            days=named(highest, each),
            minutes=DAY_MINUTES,
        )
    ]
    told += [tr_text(HIGHEST_OF[each])] if each in HIGHEST_OF else []
    return svg("minutes", tr("Minutes a day on the site that had most"), " ".join(told), area.floor + 26, parts)


def _bar(area: Area, number: int, value: float, kind: str, said: str = "") -> str:
    wide = min(26.0, area.band * 0.72)
    top = area.y(value)
    title = f"<title>{escape(said)}</title>" if said else ""
    return (
        f'<rect class="{kind}" x="{px(area.x(number) - wide / 2)}" y="{px(top)}" width="{px(wide)}" '
        f'height="{px(area.floor - top)}">{title}</rect>'
    )


def adherence_bars(bins: Sequence[Bin], each: str, width: float = WIDTH) -> str:
    """Draw the share of slots done: a frame for all that count, filled as far as they were done."""
    area = Area(24, 190 if width < WIDTH else 120, 100, len(bins), width)
    parts = [_grid(area, (0, 50, 100), " %"), _times(area, bins)]
    shares = []
    for number, one in enumerate(bins):
        if not one.counted:
            continue
        share = 100 * one.done / one.counted
        shares.append((share, one))
        of_all = tr("{done} of {count}", done=one.done, count=one.counted)
        said = f"{named(one, each)}: {of_all}"
        parts.append(_bar(area, number, 100, "frame", said) + _bar(area, number, share, "bar", said))
        if area.band >= 50:
            x = px(area.x(number))
            parts.append(f'<text class="time" x="{x}" y="{px(area.top - 8)}">{of_all}</text>')
    told = tr("No slot is over yet.")
    if shares:
        (least, worst) = min(shares, key=lambda one: one[0])
        (most, _) = max(shares, key=lambda one: one[0])
        told = tr(BETWEEN[each], least=percent(least / 100), worst=named(worst, each), most=percent(most / 100))
    return svg("slots", tr("Slots done {by}", by=by_each(each)), told, area.floor + 26, parts, width)


def level_line(levels: Levels, named_: str, number: int) -> str:
    """Draw the highest level of each session, one mark a session, in the order of time."""
    values = [value for _, value in levels.points]
    most = max(values)
    area = Area(28, 90, most * 1.15, len(values))
    step = max(1, -int(-most // 4))
    parts = [
        f'<text class="end" x="{px(area.end)}" y="14">{escape(named_)}</text>',
        _grid(area, range(0, most + 1, step)),
    ]
    path = "".join(f"{'L' if at else 'M'}{px(area.x(at))} {px(area.y(value))}" for at, value in enumerate(values))
    parts.append(f'<path class="line level" d="{path}"/>')
    if len(values) <= MARKS_MAX:
        for at, (moment, value) in enumerate(levels.points):
            parts.append(_mark("level", area.x(at), area.y(value), f"{moment:%Y-%m-%d %H:%M}: {value}"))
    for at, anchor in ((0, "start"), (len(values) - 1, "end")):
        if at or anchor == "start":
            on = short(levels.points[at][0].date())
            parts.append(f'<text class="{anchor}" x="{px(area.x(at))}" y="{px(area.floor + 18)}">{on}</text>')
    told = tr(
        "{sessions}: {first} first, {last} last, between {least} and {most}.",
        sessions=counted(len(values), "session"),
        first=values[0],
        last=values[-1],
        least=min(values),
        most=most,
    )
    return svg(f"level-{number}", tr("Level, {name}", name=named_), told, area.floor + 26, parts)
