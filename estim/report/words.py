"""Says in plain sentences what a tally holds. It claims nothing: numbers that go together aren't cause and effect."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from estim.core.days.dose import ANY, DAY_MINUTES
from estim.core.days.statistics import (
    CLEAR_POINTS,
    ENDS,
    USAGE_DAYS,
    USAGE_HIGH_MIN,
    USAGE_LOW_MAX,
    Tally,
)

DATES_MAX = 5
"""More dates than these aren't read by anybody."""


def period(tally: Tally) -> str:
    """Return the days that are told of."""
    if tally.first == tally.last:
        return f"{tally.first} (1 day)"
    return f"{tally.first} to {tally.last} ({len(tally.days)} days)"


def headline(tally: Tally) -> list[tuple[str, str, str]]:
    """Return label, value and remark of the four figures to begin with."""
    best = f"best {counted(tally.best_streak_days, 'day')}"
    if tally.streak.forgiven:
        best += f", {counted(len(tally.streak.forgiven), 'day')} forgiven"
    highest = tally.highest
    most = f"most on one day {highest.minutes:.0f} min, {highest.on}" if highest is not None else ""
    return [
        ("Slots done", *_adherence(tally)),
        ("Streak", counted(tally.streak_days, "day"), best if tally.best_streak_days else ""),
        ("Time", f"{tally.hours:.1f} h in {counted(tally.sessions, 'session')}", most),
        ("Worst pain", *_pain(tally)),
    ]


def meaning(tally: Tally) -> list[str]:
    """Return what it means, the urgent first."""
    return [
        *_urgent(tally),
        *_of_slots(tally),
        *_of_grace(tally),
        *_of_pain(tally),
        *_of_usage(tally),
        *_of_dose(tally),
    ]


def nothing_yet(tally: Tally) -> str:
    """Return what to type so that the next report isn't empty."""
    return (
        f"Nothing was written down yet from {tally.first} to {tally.last}. A session (estim run tens-ankle) and the "
        "worst pain of the day (estim pain add 3 --when worst) are enough for a first report."
    )


def counted(number: int, what: str) -> str:
    """Return "1 day" or "2 days"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def score(value: float | None) -> str:
    """Return a score without a needless .0, a dash if there is none."""
    if value is None:
        return "–"
    return f"{value:.1f}".removesuffix(".0")


def distance(km: float, run_min: float) -> str:
    """Return how much was run: "5 km", "30 min" where only the time is known, "" for nothing."""
    return " and ".join([*([f"{score(km)} km"] if km else []), *([f"{run_min:.0f} min"] if run_min else [])])


def ran(km: float, run_min: float) -> str:
    """Return how much was run for a column of km: "5", "30 min", "–"."""
    return distance(km, run_min).removesuffix(" km") or "–"


def hand_logged(number: int) -> str:
    """Return how many sessions a person logged by hand, as a sentence; "" for none."""
    return f"Logged by hand, and measured by nobody: {counted(number, 'session')}." if number else ""


def site_name(site: str) -> str:
    """Return a site as a person reads it."""
    return "not named" if site == ANY else printable(site)


def printable(text: str) -> str:
    """Return a name without characters that would steer a terminal: it may come from somebody else's file."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def percent(share: float) -> str:
    """Return a share as full percent, rounded down: 100 % is all of it."""
    return f"{int(share * 100 + 1e-9)} %"


def _dates(found: Sequence[date]) -> str:
    told = ", ".join(str(on) for on in found[-DATES_MAX:])
    return told if len(found) <= DATES_MAX else f"{told} and {len(found) - DATES_MAX} earlier"


def _adherence(tally: Tally) -> tuple[str, str]:
    if not tally.begun:
        return "nothing to count yet", "no session was played"
    if tally.adherence is None:
        return "none is over yet", ""
    part = sum(day.part for day in tally.days)
    missed = sum(day.missed for day in tally.days)
    parts = [f"{part} in part"] * bool(part) + [f"{missed} missed"] * bool(missed)
    return f"{tally.done} of {counted(tally.counted, 'slot')}, {percent(tally.adherence)}", ", ".join(parts)


def _pain(tally: Tally) -> tuple[str, str]:
    change = tally.change
    if change is None:
        days = sum(day.worst is not None for day in tally.days)
        return f"{counted(days, 'day')} with a score", f"{2 * ENDS} are needed for a change"
    moved = f"{abs(change.fell):.1f} {'less' if change.fell > 0 else 'more'}" if change.clear else "no clear change"
    return f"{change.before:.1f} → {change.after:.1f}", moved


def _urgent(tally: Tally) -> list[str]:
    found = []
    if tally.simulated:
        found.append("SIMULATED: these sessions were played on a software unit; nobody had them.")
    if tally.red_flags:
        signs = ", ".join(f"{printable(about)} on {on}" for on, about in tally.red_flags[-DATES_MAX:])
        found.append(
            f"A sign of a torn tendon or a clot was noted ({signs}): a doctor has to look at it before more is done."
        )
    if tally.skin_bad:
        days = counted(len(tally.skin_bad), "day")
        found.append(
            f"The skin wasn't fine on {days} ({_dates(tally.skin_bad)}): red for more than an hour, or a "
            "blister, ends the plan until somebody had a look."
        )
    return found


def _of_slots(tally: Tally) -> list[str]:
    skipped = sum(day.skipped for day in tally.days)
    left_out = [f"{skipped} skipped beforehand"] * bool(skipped)
    left_out += [f"{number} off ({printable(why)})" for why, number in Counter(one.why for one in tally.off).items()]
    rest = f"Not counted: {', '.join(left_out)}." if left_out else ""
    if not tally.begun:
        return [f"No session was played yet, so there is nothing to count. {rest}".strip()]
    if tally.adherence is None:
        return [rest] if rest else []
    done = f"{tally.done} of {counted(tally.counted, 'slot')} so far {'was' if tally.done == 1 else 'were'} done."
    return [f"{done} {rest}".strip(), *_of_legs(tally)]


def _of_legs(tally: Tally) -> list[str]:
    if not tally.legs:
        return []
    told = [
        f"{one.leg or 'leg not said'} {one.done}{f' and {one.part} in part' if one.part else ''}" for one in tally.legs
    ]
    return [f"Slots done by leg: {', '.join(told)}."]


def _of_grace(tally: Tally) -> list[str]:
    if not tally.streak.forgiven:
        return []
    return [
        f"Forgiven in the streak: {_dates(tally.streak.forgiven)}. One slot that wasn't done breaks no streak, once in "
        "seven days; the slot itself stays missed and is never made up for."
    ]


def _of_pain(tally: Tally) -> list[str]:
    change = tally.change
    if change is None:
        return [
            f"With the worst pain of {2 * ENDS} days or more this report compares the first {ENDS} days with the last "
            f"{ENDS}: estim pain add 3 --when worst."
        ]
    ends = f"(means of the first and the last {change.days} days with a score)"
    if not change.clear:
        return [
            f"The worst pain of the day was {change.before:.1f} of 10 in the beginning and {change.after:.1f} in the "
            f"end {ends}. Less than {CLEAR_POINTS} points of difference says nothing either way."
        ]
    moved = "fell" if change.fell > 0 else "rose"
    points = f"{abs(change.fell):.1f} points {'less' if change.fell > 0 else 'more'}"
    return [
        f"The worst pain of the day {moved} from {change.before:.1f} to {change.after:.1f} of 10 {ends}: {points}. It "
        "doesn't say why: such pain also comes and goes by itself."
    ]


def _of_usage(tally: Tally) -> list[str]:
    used = tally.usage_days
    if used is None:
        return []
    level = "low" if used <= USAGE_LOW_MAX else "high" if used >= USAGE_HIGH_MIN else "middle"
    return [
        f"Sessions on {used} of the last {USAGE_DAYS} days: {level} use, as a study of a worn unit counted it (low up "
        f"to {USAGE_LOW_MAX} days, high from {USAGE_HIGH_MIN})."
    ]


def _of_dose(tally: Tally) -> list[str]:
    above = [day.on for day in tally.days if day.site_minutes > DAY_MINUTES]
    if not above:
        return []
    return [
        f"On {counted(len(above), 'day')} one site can have had more than {DAY_MINUTES:.0f} min, the usual most "
        f"({_dates(above)})."
    ]
