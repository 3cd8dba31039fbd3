"""What was played and written down as curves: a session's levels over its time, and pain over days; pure functions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from estim.core.days.diary import SCORE_MAX, Entry, Pain, Run, When
from estim.core.days.entry_text import when_named
from estim.core.moment import local
from estim.core.numbers import m_ss
from estim.core.translation import mark, tr, tr_text
from estim.journal.reader import Details
from estim.tui.plot import Point, plot

LETTERS = {When.MORNING: "m", When.WORST: "w", When.REST: "r", When.RUN: "x"}
"""How each pain is drawn."""

SIGNS = {"hand": "h", "pause": "p", "stop": "s", "guard": "g", "lost": "l"}
"""Who moved a level, as it is marked below the curve; keys and ramps move it all the time and have no mark."""

ALARM = "!"

MEANT = {
    ALARM: mark("alarm", "curve"),
    "h": mark("by hand", "curve"),
    "p": mark("pause", "curve"),
    "s": mark("stop", "curve"),
    "g": mark("held by a limit", "curve"),
    "l": mark("link lost", "curve"),
}
"""What each mark below the curve means."""


def curve_of(details: Details, width: int, height: int) -> list[str]:
    """Return a session's levels over its time, with its alarms and who else but a key moved them."""
    length_s = max(float(str(details.facts.get("duration_s") or 0)), *(at_s for at_s, *_ in details.levels), 1.0)
    curves: dict[str, list[Point]] = {}
    marks: dict[str, list[float]] = {}
    for at_s, channel, level, author in details.levels:
        curves.setdefault(channel, []).append((at_s, level))
        if author in SIGNS:
            marks.setdefault(SIGNS[author], []).append(at_s)
    started = datetime.fromisoformat(str(details.facts["started_utc"]))
    for at, *_ in details.alarms:
        marks.setdefault(ALARM, []).append((datetime.fromisoformat(at) - started).total_seconds())
    top = max([level for points in curves.values() for _, level in points], default=0)
    if not top:
        return [tr("no level was put out"), *_alarms(details)]
    channels = [tr("{letter} channel", letter=letter) for letter in curves]
    legend = ", ".join([*channels, *(f"{sign} {tr_text(MEANT[sign], 'curve')}" for sign in marks)])
    drawn = plot(
        curves, width=width, height=height - 1, x=(0, length_s), y_top=top, names=("0:00", m_ss(int(length_s))),
        held=True, marks=marks,
    )  # fmt: skip
    return [tr("level over time: {legend}", legend=legend), *drawn, *_alarms(details)]


def _alarms(details: Details) -> list[str]:
    return [
        f"{ALARM} {datetime.fromisoformat(at).astimezone():%H:%M:%S} {local(tr_text(text))}: {local(tr_text(do))}"
        for at, _, text, do in details.alarms
    ]


def trend_of(entries: Sequence[Entry], now: datetime, days: int, width: int, height: int) -> list[str]:
    """Return the pain of so many days, 0 to 10."""
    first = now - timedelta(days=days)
    curves: dict[str, list[Point]] = {}
    for entry in entries:
        if isinstance(entry, Pain) and entry.at >= first:
            at = (entry.at - first).total_seconds()
            curves.setdefault(LETTERS[entry.when], []).append((at, entry.score))
        elif isinstance(entry, Run) and entry.pain is not None and entry.at >= first:
            curves.setdefault(LETTERS[When.RUN], []).append(((entry.at - first).total_seconds(), entry.pain))
    if not curves:
        return [tr("no pain was written down in the last {days} days", days=days)]
    legend = ", ".join(f"{letter} {when_named(when)}" for when, letter in LETTERS.items() if letter in curves)
    span_s = timedelta(days=days).total_seconds()
    drawn = plot(
        curves, width=width, height=height - 1, x=(0, span_s), y_top=SCORE_MAX,
        names=(tr("{at:%d %b}", at=first), tr("{at:%d %b}", at=now)),
    )  # fmt: skip
    return [tr("pain, 0 to 10, {days} days: {legend} (+ where two meet)", days=days, legend=legend), *drawn]
