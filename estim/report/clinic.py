"""Tells a clinic what it asks for: whose days these are, what was played and how strong, how it felt, and every run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from estim.core.days.particulars import Levels, Particulars
from estim.core.days.statistics import Tally
from estim.report.markup import figure, said, table
from estim.report.svg import level_line
from estim.report.words import counted, printable, score

LEVEL_PLOTS_MAX = 4
"""More pictures than these nobody compares; the table has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """What the page says to a clinic. `name` is typed for this page alone and kept nowhere.

    `stage` is where the plan stands, `played_as` the rate and width by program and family, `verdicts` the plan's word
    on each run.
    """

    name: str = ""
    stage: str = ""
    particulars: Particulars
    played_as: Mapping[tuple[str, str], str] = field(default_factory=dict)
    verdicts: Mapping[datetime, str] = field(default_factory=dict)


def whose(clinic: Clinic) -> str:
    """Return name, side and stage, as far as there is any."""
    rows = [
        ("Name", clinic.name),
        ("Side", " and ".join(clinic.particulars.sides)),
        ("Plan", clinic.stage),
    ]
    told = "".join(f"<div><dt>{label}</dt><dd>{said(value)}</dd></div>\n" for label, value in rows if value)
    return f'<section>\n<h2>Whose days these are</h2>\n<dl class="cards">\n{told}</dl>\n</section>\n' if told else ""


def level_plots(clinic: Clinic) -> list[str]:
    """Return a plot for each program, unit and channel that had most sessions, and one table of all."""
    levels = clinic.particulars.levels
    if not levels:
        return []
    shown = sorted(levels, key=lambda one: -len(one.points))[:LEVEL_PLOTS_MAX]
    rows = [
        [
            printable(f"{one.program}, {one.unit} {one.channel}"),
            str(len(one.points)),
            str(one.points[0][1]),
            str(one.points[-1][1]),
            str(max(value for _, value in one.points)),
            one.trend or "too few to tell",
        ]
        for one in levels
    ]
    header = ["Program, unit and channel", "Sessions", "First", "Last", "Highest", "Trend"]
    drawings = "".join(level_line(one, _named(one), number) for number, one in enumerate(shown))
    return [
        figure(
            "levels", "Highest level of each session, in the unit's own steps", drawings, "Levels", table(header, rows)
        )
    ]


def _named(one: Levels) -> str:
    return printable(f"{one.program}, {one.unit} {one.channel}") + (f": {one.trend}" if one.trend else "")


def programs_played(clinic: Clinic) -> str:
    """Return the programs with the rate and width that their unit plays."""
    if not clinic.particulars.played:
        return ""
    rows = [
        [printable(program), str(number), printable(family), clinic.played_as.get((program, family), "not known")]
        for program, family, number in clinic.particulars.played
    ]
    told = table(["Program", "Sessions", "Unit", "Rate and width, as the program is now"], rows, words=2)
    return f"<section>\n<h2>Programs</h2>\n{told}</section>\n"


def felt(clinic: Clinic, tally: Tally) -> str:
    """Return how sessions felt, what the skin was like, and what of the plan was ticked."""
    rows = [["Felt against the last time", _counts(clinic.particulars.feels)]]
    fine = [f"fine after {counted(tally.skin_ok, 'session')}"] if tally.skin_ok else []
    bad = [f"not fine on {', '.join(map(str, tally.skin_bad))}"] if tally.skin_bad else []
    looked = ", ".join([*fine, *bad])
    rows += [["Skin", looked], ["Ticked of the plan", _counts(clinic.particulars.ticks)]]
    rows += [["Morning stiffness", _stiff(clinic.particulars.stiffness)]]
    rows += [["Logged by hand", counted(hand, "session") if (hand := clinic.particulars.by_hand) else ""]]
    told = table(["What", "How often"], [row for row in rows if row[1]], words=1)
    if not any(value for _, value in rows):
        return ""
    return f"<section>\n<h2>How it felt, skin and plan</h2>\n{told}</section>\n"


def _stiff(found: tuple[tuple[date, float], ...]) -> str:
    """Return the shortest and the longest, and the last one."""
    if not found:
        return ""
    minutes = [one for _, one in found]
    day, last = found[-1]
    range_ = f"{score(min(minutes))} to {score(max(minutes))} min"
    return f"{range_} on {counted(len(found), 'morning')}, {score(last)} min on {day}"


def _counts(found: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{printable(word)} {number}" for word, number in found)


def runs(clinic: Clinic) -> str:
    """Return every run with its verdict, the newest first."""
    if not clinic.particulars.runs:
        return ""
    rows = [
        [
            f"{run.at:%Y-%m-%d %H:%M}",
            score(run.km),
            score(run.minutes),
            score(run.pain),
            score(run.morning_after),
            clinic.verdicts.get(run.at, "–"),
        ]
        for run in reversed(clinic.particulars.runs)
    ]
    header = ["Run", "km", "min", "Pain in it", "Next morning", "The plan's verdict"]
    return f"<section>\n<h2>Runs</h2>\n{table(header, rows, words=1)}</section>\n"
