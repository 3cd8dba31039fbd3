"""Writes a tally as one HTML page that needs nothing else: no script, no request, no font of its own.

1. Every text that a person wrote is escaped, and the page forbids itself to load anything (its content policy).
2. Each plot has its numbers in a table below it, so nothing is told by a picture alone.
3. The same tally gives the same bytes; a long period is told by week or month, so the page stays small.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files

from estim.core.days.dose import DAY_MINUTES
from estim.core.days.statistics import Tally
from estim.report.bins import Bin, by_month, by_week, fitting, named
from estim.report.heatmap import sessions_map
from estim.report.svg import HALF, WIDTH, adherence_bars, minutes_bars, pain_trend
from estim.report.words import headline, meaning, nothing_yet, percent, period, printable, score, site_name

REMARKS_MAX = 200
"""More notes than these are left to the export."""

PAIR_WEEKS_MAX = 9
"""Up to so many weeks two of the plots stand side by side."""

HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
<p class="period">{period}</p>
</header>
"""

FOOT = """<footer>
<p>Made on {made} by estim from what one person wrote down and what their unit played. Not a diagnosis.</p>
</footer>
</main>
</body>
</html>
"""


def as_html(tally: Tally, *, title: str, made_at: datetime) -> str:
    """Return the page; `made_at` is told as it is given, with its offset."""
    css = files("estim.report").joinpath("page.css").read_text(encoding="utf-8")
    head = HEAD.format(title=escape(title), css=css, period=escape(period(tally)))
    foot = FOOT.format(made=escape(made_at.strftime("%Y-%m-%d %H:%M (UTC%z)")))
    if tally.empty:
        return f'{head}<p class="empty">{escape(nothing_yet(tally))}</p>\n{foot}'
    parts = [_glance(tally), _meaning(tally), *_plots(tally), _doses(tally), _programs(tally), _remarks(tally)]
    return head + "".join(parts) + foot


def _glance(tally: Tally) -> str:
    banner = (
        '<p class="simulated">SIMULATED: a software unit, nobody had these sessions.</p>\n' if tally.simulated else ""
    )
    cards = "".join(
        f"<div><dt>{_said(label)}</dt><dd>{_said(value)}</dd>"
        + (f'<dd class="remark">{_said(remark)}</dd>' if remark else "")
        + "</div>\n"
        for label, value, remark in headline(tally)
    )
    return f'{banner}<section>\n<h2>At a glance</h2>\n<dl class="cards">\n{cards}</dl>\n</section>\n'


def _said(sentence: str) -> str:
    """Escape a sentence; no line breaks within a date, nor between a number and its percent sign."""
    tied = escape(sentence).replace(" %", "\N{NO-BREAK SPACE}%")
    return re.sub(r"\d{4}-\d\d-\d\d", r"<time>\g<0></time>", tied)


def _meaning(tally: Tally) -> str:
    sentences = "".join(f"<li>{_said(one)}</li>\n" for one in meaning(tally) if not one.startswith("SIMULATED"))
    return f"<section>\n<h2>What it means</h2>\n<ul>\n{sentences}</ul>\n</section>\n" if sentences else ""


def _plots(tally: Tally) -> list[str]:
    bins, each = fitting(tally.days)
    found = []
    if any(_scored(one) for one in bins):
        found.append(_figure("Pain", pain_trend(bins, each), f"Pain and runs by {each}", _pain_table(bins, each)))
    weeks, of_week = (by_month(tally.days), "month") if each == "month" else (by_week(tally.days), "week")
    pair = len(weeks) <= PAIR_WEEKS_MAX and tally.sessions > 0 and tally.counted > 0
    width = HALF if pair else WIDTH
    both = []
    if tally.sessions:
        caption = f"Sessions by {of_week}"
        both.append(_figure("Sessions", sessions_map(tally.days, width), caption, _sessions_table(weeks, of_week)))
    if tally.counted:
        drawing = adherence_bars(weeks, of_week, width)
        both.append(_figure("Slots done", drawing, f"Slots done by {of_week}", _slots_table(weeks, of_week)))
    found.append(f'<div class="pair">\n{"".join(both)}</div>\n' if pair else "".join(both))
    if tally.sessions:
        drawing = minutes_bars(bins, each)
        found.append(_figure("Minutes a day", drawing, f"Minutes by {each}", _minutes_table(bins, each)))
    return found


def _scored(one: Bin) -> bool:
    return one.km > 0 or any(value is not None for value in (one.worst, one.morning, one.rest))


def _pain_table(bins: Sequence[Bin], each: str) -> str:
    rows = [
        [
            named(one, each),
            score(one.worst),
            score(one.morning),
            score(one.rest),
            score(one.run),
            score(one.km) if one.km else "–",
        ]
        for one in bins
    ]
    return _table([each.capitalize(), "Worst", "Morning", "At rest", "On the run", "Run, km"], rows)


def _sessions_table(bins: Sequence[Bin], each: str) -> str:
    rows = [[named(one, each), str(one.sessions), f"{one.minutes:.0f}"] for one in bins]
    return _table([each.capitalize(), "Sessions", "Minutes"], rows)


def _slots_table(bins: Sequence[Bin], each: str) -> str:
    rows = [
        [named(one, each), str(one.done), str(one.counted), percent(one.done / one.counted)]
        for one in bins
        if one.counted
    ]
    return _table([each.capitalize(), "Done", "That count", "Share"], rows)


def _minutes_table(bins: Sequence[Bin], each: str) -> str:
    rows = [[named(one, each), f"{one.minutes:.0f}", f"{one.site_minutes:.0f}"] for one in bins if one.sessions]
    return _table([each.capitalize(), "Minutes in all", "Most on one site and day"], rows)


def _figure(heading: str, drawing: str, caption: str, table: str) -> str:
    return (
        f'<section>\n<h2>{escape(heading)}</h2>\n<figure>\n<div class="plot">{drawing}</div>\n'
        f"<details>\n<summary>{escape(caption)}, as a table</summary>\n{table}</details>\n</figure>\n</section>\n"
    )


def _doses(tally: Tally) -> str:
    if not tally.doses:
        return ""
    rows = []
    for dose in tally.doses:
        on, most = dose.highest
        rows.append([site_name(dose.site), str(dose.sessions), f"{dose.minutes:.0f}", f"{most:.0f}", str(on)])
    table = _table(["Site", "Sessions", "Minutes", "Most on one day, min", "On"], rows)
    told = f"<p>{DAY_MINUTES:.0f} minutes a day and site are the usual most.</p>\n"
    return f"<section>\n<h2>Dose by site</h2>\n{table}{told}</section>\n"


def _programs(tally: Tally) -> str:
    if not tally.programs:
        return ""
    table = _table(["Program", "Sessions"], [[printable(program), str(number)] for program, number in tally.programs])
    return f"<section>\n<h2>Programs</h2>\n{table}</section>\n"


def _remarks(tally: Tally) -> str:
    if not tally.remarks:
        return ""
    shown = tally.remarks[-REMARKS_MAX:]
    rows = "".join(
        f'<tr><th scope="row">{one.at:%Y-%m-%d %H:%M}</th><td class="words">{escape(one.about)}</td>'
        f'<td class="words">{escape(one.text)}</td></tr>\n'
        for one in shown
    )
    more = f", the last {REMARKS_MAX} of {len(tally.remarks)}" if len(tally.remarks) > REMARKS_MAX else ""
    return (
        f"<section>\n<h2>Notes{more}</h2>\n<details open>\n<summary>In the person's own words</summary>\n"
        f'<div class="wide"><table>\n<thead>{_header(["When", "About", "Note"])}</thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table></div>\n</details>\n</section>\n"
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(text)}</td>" for text in others)}</tr>\n'
        for first, *others in rows
    )
    return f'<div class="wide"><table>\n<thead>{_header(header)}</thead>\n<tbody>\n{body}</tbody>\n</table></div>\n'


def _header(header: Iterable[str]) -> str:
    cells = "".join(f'<th scope="col">{escape(text)}</th>' for text in header)
    return f"<tr>{cells}</tr>"
