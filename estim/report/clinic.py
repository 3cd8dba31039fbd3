"""Tells a clinic what it asks for: whose days these are, what was played and how strong, how it felt, and every run."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct, field

from estim.core.care.loading import load_of
from estim.core.days.particulars import Levels, Particulars
from estim.core.days.statistics import Tally
from estim.core.translation import mark, tr, tr_many, tr_text
from estim.report.markup import figure, said, table
from estim.report.svg import level_line
from estim.report.words import counted, printable, score

LEVEL_PLOTS_MAX = 4
"""More pictures than these nobody compares; the table has them all."""

TRENDS = (mark("rising"), mark("falling"), mark("steady"))
FELT = (mark("weaker"), mark("same"), mark("stronger"))
"""Words that are kept in English, as people read them."""


class Clinic(Struct, frozen=True, kw_only=True):
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
        (tr("Name"), clinic.name),
        (tr("Side"), _sides(clinic.particulars.sides)),
        (tr("Plan"), clinic.stage),
    ]
    told = "".join(f"<div><dt>{label}</dt><dd>{said(value)}</dd></div>\n" for label, value in rows if value)
    if not told:
        return ""
    return f'<section>\n<h2>{tr("Whose days these are")}</h2>\n<dl class="cards">\n{told}</dl>\n</section>\n'


def _sides(sides: Sequence[str]) -> str:
    if len(sides) == 2:
        return tr("{one} and {other}", one=tr_text(sides[0]), other=tr_text(sides[1]))
    return "".join(tr_text(one) for one in sides)


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
            tr_text(one.trend) or tr("too few to tell"),
        ]
        for one in levels
    ]
    header = tr("Program, unit and channel|Sessions|First|Last|Highest|Trend").split("|")
    drawings = "".join(level_line(one, _named(one), number) for number, one in enumerate(shown))
    heading = tr("Highest level of each session, in the unit's own steps")
    return [figure("levels", heading, drawings, tr("Levels"), table(header, rows))]


def _named(one: Levels) -> str:
    return printable(f"{one.program}, {one.unit} {one.channel}") + (f": {tr_text(one.trend)}" if one.trend else "")


def programs_played(clinic: Clinic) -> str:
    """Return the programs with the rate and width that their unit plays."""
    if not clinic.particulars.played:
        return ""
    rows = [
        [printable(program), str(number), printable(family), clinic.played_as.get((program, family), tr("not known"))]
        for program, family, number in clinic.particulars.played
    ]
    told = table(tr("Program|Sessions|Unit|Rate and width, as the program is now").split("|"), rows, words=2)
    return f"<section>\n<h2>{tr('Programs')}</h2>\n{told}</section>\n"


def felt(clinic: Clinic, tally: Tally) -> str:
    """Return how sessions felt, what the skin was like, and what of the plan was ticked."""
    rows = [[tr("Felt against the last time"), _counts(clinic.particulars.feels)]]
    fine = (
        [tr_many("fine after {count} session", "fine after {count} sessions", tally.skin_ok)] if tally.skin_ok else []
    )
    bad = [tr("not fine on {days}", days=", ".join(map(str, tally.skin_bad)))] if tally.skin_bad else []
    looked = ", ".join([*fine, *bad])
    rows += [[tr("Skin"), looked], [tr("Ticked in the plan"), _counts(clinic.particulars.ticks)]]
    rows += [[tr("Morning stiffness"), _stiff(clinic.particulars.stiffness)]]
    rows += [[tr("Logged by hand"), counted(hand, "session") if (hand := clinic.particulars.by_hand) else ""]]
    told = table([tr("What"), tr("How often")], [row for row in rows if row[1]], words=1)
    if not any(value for _, value in rows):
        return ""
    return f"<section>\n<h2>{tr('How it felt, skin and plan')}</h2>\n{told}</section>\n"


def _stiff(found: tuple[tuple[date, float], ...]) -> str:
    """Return the shortest and the longest, and the last one."""
    if not found:
        return ""
    minutes = [one for _, one in found]
    day, last = found[-1]
    return tr_many(
        "{least} to {most} min on {count} morning, {last} min on {day}",
        "{least} to {most} min on {count} mornings, {last} min on {day}",
        len(found),
        least=score(min(minutes)),
        most=score(max(minutes)),
        last=score(last),
        day=day,
    )


def _counts(found: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{printable(tr_text(word))} {number}" for word, number in found)


def runs(clinic: Clinic) -> str:
    """Return every run with its verdict, the newest first."""
    if not clinic.particulars.runs:
        return ""
    shod = any(run.shoes for run in clinic.particulars.runs)
    rows = [
        [
            f"{run.at:%Y-%m-%d %H:%M}",
            score(run.km),
            score(run.minutes),
            score(run.pain),
            score(run.morning_after),
            *([printable(run.shoes) or "–"] if shod else []),
            clinic.verdicts.get(run.at, "–"),
        ]
        for run in reversed(clinic.particulars.runs)
    ]
    header = tr("Run|km|min|Pain in it|Next morning").split("|")
    header += [*([tr("Shoes")] if shod else []), tr("The plan's verdict")]
    return f"<section>\n<h2>{tr('Runs')}</h2>\n{table(header, rows, words=1 + shod)}</section>\n"


def heel_raises(clinic: Clinic) -> str:
    """Return each time of heel raises, the newest first; one that says no such thing is left out."""
    told = [(one.at, load) for one in clinic.particulars.loads if (load := load_of(one)) is not None]
    if not told:
        return ""
    rows = [
        [f"{at:%Y-%m-%d %H:%M}", str(load.sets), str(load.repetitions), score(load.pain)] for at, load in reversed(told)
    ]
    header = tr("When|Sets|Repetitions each|Worst pain in it").split("|")
    return f"<section>\n<h2>{tr('Heel raises')}</h2>\n{table(header, rows)}</section>\n"
