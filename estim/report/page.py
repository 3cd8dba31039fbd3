"""Writes a tally as one HTML page that needs nothing else: no script, no request, no font of its own.

1. Every text that a person wrote is escaped, and the page forbids itself to load anything (its content policy).
2. Each plot has its numbers in a table below it, so nothing is told by a picture alone. A box without a script shows
   the table on a screen; on paper it is always there.
3. The same tally gives the same bytes; a long period is told by week or month, so the page stays small.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from importlib.resources import files

from estim.core.days.dose import DAY_MINUTES
from estim.core.days.statistics import Tally
from estim.core.translation import LANGUAGE, tr
from estim.report.bins import Bin, by_each, by_month, by_week, each_named, fitting, named
from estim.report.clinic import Clinic, felt, heel_raises, level_plots, programs_played, runs, whose
from estim.report.heatmap import sessions_map
from estim.report.markup import figure, header_row, said, table
from estim.report.svg import HALF, WIDTH, adherence_bars, minutes_bars, pain_trend
from estim.report.words import (
    SIMULATED,
    hand_logged,
    headline,
    meaning,
    nothing_yet,
    percent,
    period,
    ran,
    score,
    site_name,
)

REMARKS_MAX = 200
"""More notes than these are left to the export."""

PAIR_WEEKS_MAX = 9
"""Up to so many weeks two of the plots stand side by side."""

HEAD = """<!DOCTYPE html>
<html lang="{language}">
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
"""  # untranslated: markup

FOOT = """<footer>
<p>{made}</p>
</footer>
</main>
</body>
</html>
"""  # untranslated: markup


def as_html(tally: Tally, *, title: str, made_at: datetime, clinic: Clinic | None = None) -> str:
    """Return the page; `made_at` is told as it is given, with its offset. `clinic` is what a tally doesn't hold."""
    css = files("estim.report").joinpath("page.css").read_text(encoding="utf-8")
    head = HEAD.format(language=LANGUAGE.name, title=escape(title), css=css, period=escape(period(tally)))
    made = tr(
        "Made on {made} by estim from what one person wrote down and what their unit played. Not a diagnosis.",
        made=made_at.strftime("%Y-%m-%d %H:%M (UTC%z)"),
    )
    foot = FOOT.format(made=escape(made))
    if tally.empty:
        return f'{head}<p class="empty">{escape(nothing_yet(tally))}</p>\n{foot}'
    more = []
    if clinic is not None:
        more += [*level_plots(clinic), programs_played(clinic), felt(clinic, tally), runs(clinic), heel_raises(clinic)]
    parts = [_glance(tally, clinic), _meaning(tally), *_plots(tally), _doses(tally), *more, _remarks(tally)]
    return head + "".join(parts) + foot


def _glance(tally: Tally, clinic: Clinic | None) -> str:
    banner = (
        f'<p class="simulated">{tr("SIMULATED: a software unit, nobody had these sessions.")}</p>\n'
        if tally.simulated
        else ""
    )
    cards = "".join(
        f"<div><dt>{said(label)}</dt><dd>{said(value)}</dd>"
        + (f'<dd class="remark">{said(remark)}</dd>' if remark else "")
        + "</div>\n"
        for label, value, remark in headline(tally)
    )
    about = "" if clinic is None else whose(clinic)
    return f'{banner}{about}<section>\n<h2>{tr("At a glance")}</h2>\n<dl class="cards">\n{cards}</dl>\n</section>\n'


def _meaning(tally: Tally) -> str:
    sentences = "".join(f"<li>{said(one)}</li>\n" for one in meaning(tally) if one != tr(SIMULATED))
    return f"<section>\n<h2>{tr('What it means')}</h2>\n<ul>\n{sentences}</ul>\n</section>\n" if sentences else ""


def _plots(tally: Tally) -> list[str]:
    """Return the plots with their tables, in which the newest stands first: nobody scrolls to what was long ago."""
    bins, each = fitting(tally.days)
    found = []
    if any(_scored(one) for one in bins):
        found.append(
            figure(
                "pain",
                tr("Pain"),
                pain_trend(bins, each),
                tr("Pain and runs {by}", by=by_each(each)),
                _pain_table(bins, each),
            )
        )
    weeks, of_week = (by_month(tally.days), "month") if each == "month" else (by_week(tally.days), "week")
    pair = len(weeks) <= PAIR_WEEKS_MAX and tally.sessions > 0 and tally.counted > 0
    width = HALF if pair else WIDTH
    both = []
    if tally.sessions:
        caption = tr("Sessions {by}", by=by_each(of_week))
        numbers = _sessions_table(weeks, of_week)
        both.append(figure("sessions", tr("Sessions"), sessions_map(tally.days, width), caption, numbers))
    if tally.counted:
        drawing = adherence_bars(weeks, of_week, width)
        caption = tr("Slots done {by}", by=by_each(of_week))
        both.append(figure("slots", tr("Slots done"), drawing, caption, _slots_table(weeks, of_week)))
    found.append(f'<div class="pair">\n{"".join(both)}</div>\n' if pair else "".join(both))
    if tally.sessions:
        drawing = minutes_bars(bins, each)
        caption = tr("Minutes {by}", by=by_each(each))
        found.append(figure("minutes", tr("Minutes a day"), drawing, caption, _minutes_table(bins, each)))
    return found


def _scored(one: Bin) -> bool:
    scores = (one.worst, one.morning, one.rest, one.stiffness_min)
    return one.km > 0 or one.run_min > 0 or any(value is not None for value in scores)


def _pain_table(bins: Sequence[Bin], each: str) -> str:
    stiff = any(one.stiffness_min is not None for one in bins)
    rows = [
        [
            named(one, each),
            score(one.worst),
            score(one.morning),
            score(one.rest),
            score(one.run),
            ran(one.km, one.run_min),
            *([score(one.stiffness_min)] if stiff else []),
        ]
        for one in reversed(bins)
    ]
    header = [each_named(each), *tr("Worst|Morning|At rest|On the run|Run, km").split("|")]
    return table([*header, tr("Stiff, min")] if stiff else header, rows)


def _sessions_table(bins: Sequence[Bin], each: str) -> str:
    rows = [[named(one, each), str(one.sessions), f"{one.minutes:.0f}"] for one in reversed(bins)]
    return table([each_named(each), tr("Sessions"), tr("Minutes")], rows)


def _slots_table(bins: Sequence[Bin], each: str) -> str:
    rows = [
        [named(one, each), str(one.done), str(one.counted), percent(one.done / one.counted)]
        for one in reversed(bins)
        if one.counted
    ]
    return table([each_named(each), tr("Done"), tr("That count"), tr("Share")], rows)


def _minutes_table(bins: Sequence[Bin], each: str) -> str:
    rows = [
        [named(one, each), f"{one.minutes:.0f}", f"{one.site_minutes:.0f}"] for one in reversed(bins) if one.sessions
    ]
    return table([each_named(each), tr("Minutes in all"), tr("Most on one site and day")], rows)


def _doses(tally: Tally) -> str:
    if not tally.doses:
        return ""
    rows = []
    for dose in tally.doses:
        on, most = dose.highest
        rows.append([site_name(dose.site), str(dose.sessions), f"{dose.minutes:.0f}", f"{most:.0f}", str(on)])
    doses = table(tr("Site|Sessions|Minutes|Most on one day, min|On").split("|"), rows)
    usual = tr("{minutes:.0f} minutes a day and site are the usual most.", minutes=DAY_MINUTES)
    told = f"<p>{usual} {hand_logged(tally.by_hand)}".rstrip() + "</p>\n"
    return f"<section>\n<h2>{tr('Dose by site')}</h2>\n{doses}{told}</section>\n"


def _remarks(tally: Tally) -> str:
    if not tally.remarks:
        return ""
    shown = tally.remarks[: -REMARKS_MAX - 1 : -1]
    rows = "".join(
        f'<tr><th scope="row">{one.at:%Y-%m-%d %H:%M}</th><td class="words">{escape(one.about)}</td>'
        f'<td class="words">{escape(one.text)}</td></tr>\n'
        for one in shown
    )
    title = tr("Notes")
    if len(tally.remarks) > REMARKS_MAX:
        title = tr("Notes, the last {shown} of {all}", shown=REMARKS_MAX, all=len(tally.remarks))
    header = [tr("When"), tr("About"), tr("Note")]
    own = tr("In the person's own words.")
    return (
        f"<section>\n<h2>{title}</h2>\n<p>{own}</p>\n"
        f'<div class="wide"><table>\n<thead>{header_row(header, words=2)}</thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table></div>\n</section>\n"
    )
