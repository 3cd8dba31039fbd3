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
    Leg,
    Tally,
)
from estim.core.translation import figure, mark, tr, tr_many, tr_text

SIMULATED = mark("SIMULATED: these sessions were played on a software unit; nobody had them.")

DATES_MAX = 5
"""More dates than these aren't read by anybody."""


def period(tally: Tally) -> str:
    """Return the days that are told of."""
    if tally.first == tally.last:
        return tr("{day} (1 day)", day=tally.first)
    return tr("{first} to {last} ({count} days)", first=tally.first, last=tally.last, count=len(tally.days))


def headline(tally: Tally) -> list[tuple[str, str, str]]:
    """Return label, value and remark of the four figures to begin with."""
    best = tr("best {days}", days=counted(tally.best_streak_days, "day"))
    if tally.streak.forgiven:
        best = tr("{best}, {days} forgiven", best=best, days=counted(len(tally.streak.forgiven), "day"))
    highest = tally.highest
    most = (
        ""
        if highest is None
        else tr("most on one day {minutes:.0f} min, {day}", minutes=highest.minutes, day=highest.on)
    )
    time = tr_many(
        "{hours:.1f} h in {count} session", "{hours:.1f} h in {count} sessions", tally.sessions, hours=tally.hours
    )
    return [
        (tr("Slots done"), *_adherence(tally)),
        (tr("Streak"), counted(tally.streak_days, "day"), best if tally.best_streak_days else ""),
        (tr("Time"), time, most),
        (tr("Worst pain"), *_pain(tally)),
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
    return tr(
        "Nothing was written down yet from {first} to {last}. A session (estim run tens-ankle) and the "
        "worst pain of the day (estim pain add 3 --when worst) are enough for a first report.",
        first=tally.first,
        last=tally.last,
    )


def counted(number: int, what: str) -> str:
    """Return "1 day" or "2 days", of a day, session, slot or morning."""
    match what:
        case "session":
            return tr_many("{count} session", "{count} sessions", number)
        case "slot":
            return tr_many("{count} slot", "{count} slots", number)
        case "morning":
            return tr_many("{count} morning", "{count} mornings", number)
        case _:
            return tr_many("{count} day", "{count} days", number)


def score(value: float | None) -> str:
    """Return a score without a needless .0, a dash if there is none."""
    if value is None:
        return "–"
    return figure(value, ".0f" if f"{value:.1f}".endswith(".0") else ".1f")


def distance(km: float, run_min: float) -> str:
    """Return how much was run: "5 km", "30 min" where only the time is known, "" for nothing."""
    if km and run_min:
        return tr("{km} km and {minutes:.0f} min", km=score(km), minutes=run_min)
    if km:
        return tr("{km} km", km=score(km))
    return tr("{minutes:.0f} min", minutes=run_min) if run_min else ""


def ran(km: float, run_min: float) -> str:
    """Return how much was run for a column of km: "5", "30 min", "–"."""
    return score(km) if km and not run_min else distance(km, run_min) or "–"


def hand_logged(number: int) -> str:
    """Return how many sessions a person logged by hand, as a sentence; "" for none."""
    if not number:
        return ""
    return tr("Logged by hand, and measured by nobody: {sessions}.", sessions=counted(number, "session"))


def site_name(site: str) -> str:
    """Return a site as a person reads it."""
    return tr("not named") if site == ANY else printable(site)


def printable(text: str) -> str:
    """Return a name without characters that would steer a terminal: it may come from somebody else's file."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def percent(share: float) -> str:
    """Return a share as full percent, rounded down: 100 % is all of it."""
    return f"{int(share * 100 + 1e-9)} %"


def _dates(found: Sequence[date]) -> str:
    told = ", ".join(str(on) for on in found[-DATES_MAX:])
    if len(found) <= DATES_MAX:
        return told
    return tr("{days} and {count} earlier", days=told, count=len(found) - DATES_MAX)


def _adherence(tally: Tally) -> tuple[str, str]:
    if not tally.begun:
        return tr("nothing to count yet"), tr("no session was played")
    if tally.adherence is None:
        return tr("none is over yet"), ""
    part = sum(day.part for day in tally.days)
    missed = sum(day.missed for day in tally.days)
    parts = [tr("{count} in part", count=part)] if part else []
    parts += [tr("{count} missed", count=missed)] if missed else []
    done = tr_many(
        "{done} of {count} slot, {share}",
        "{done} of {count} slots, {share}",
        tally.counted,
        done=tally.done,
        share=percent(tally.adherence),
    )
    return done, ", ".join(parts)


def _pain(tally: Tally) -> tuple[str, str]:
    change = tally.change
    if change is None:
        days = sum(day.worst is not None for day in tally.days)
        with_score = tr_many("{count} day with a score", "{count} days with a score", days)
        return with_score, tr("{count} are needed for a change", count=2 * ENDS)
    scores = f"{figure(change.before, '.1f')} → {figure(change.after, '.1f')}"
    return scores, _points(change.fell) if change.clear else tr("no clear change")


def _points(fell: float) -> str:
    if fell > 0:
        return tr("{points:.1f} less", points=fell)
    return tr("{points:.1f} more", points=-fell)


def _urgent(tally: Tally) -> list[str]:
    found = []
    if tally.simulated:
        found.append(tr(SIMULATED))
    if tally.red_flags:
        signs = ", ".join(
            tr("{sign} on {day}", sign=printable(about), day=on) for on, about in tally.red_flags[-DATES_MAX:]
        )
        found.append(
            tr(
                "A sign of a torn tendon or a clot was noted ({signs}): a doctor has to look at it before more is "
                "done.",
                signs=signs,
            )
        )
    if tally.skin_bad:
        found.append(
            tr_many(
                "The skin wasn't fine on {count} day ({days}): red for more than an hour, or a blister, ends the plan "
                "until somebody had a look.",
                "The skin wasn't fine on {count} days ({days}): red for more than an hour, or a blister, ends the plan "
                "until somebody had a look.",
                len(tally.skin_bad),
                days=_dates(tally.skin_bad),
            )
        )
    return found


def _of_slots(tally: Tally) -> list[str]:
    skipped = sum(day.skipped for day in tally.days)
    left_out = [tr("{count} skipped beforehand", count=skipped)] if skipped else []
    reasons = Counter(one.why for one in tally.off)
    left_out += [tr("{count} off ({why})", count=count, why=printable(tr_text(why))) for why, count in reasons.items()]
    rest = tr("Not counted: {slots}.", slots=", ".join(left_out)) if left_out else ""
    if not tally.begun:
        return [f"{tr('No session was played yet, so there is nothing to count.')} {rest}".strip()]
    if tally.adherence is None:
        return [rest] if rest else []
    done = tr_many(
        "{count} of {slots} so far was done.",
        "{count} of {slots} so far were done.",
        tally.done,
        slots=counted(tally.counted, "slot"),
    )
    return [f"{done} {rest}".strip(), *_of_legs(tally)]


def _of_legs(tally: Tally) -> list[str]:
    if not tally.legs:
        return []
    return [tr("Slots done by leg: {legs}.", legs=", ".join(_leg(one) for one in tally.legs))]


def _leg(one: Leg) -> str:
    leg = tr_text(one.leg) if one.leg else tr("leg not said")
    if one.part:
        return tr("{leg} {done} and {part} in part", leg=leg, done=one.done, part=one.part)
    return f"{leg} {one.done}"


def _of_grace(tally: Tally) -> list[str]:
    if not tally.streak.forgiven:
        return []
    return [
        tr(
            "Forgiven in the streak: {days}. One slot that wasn't done breaks no streak, once in seven days; the slot "
            "itself stays missed and is never made up for.",
            days=_dates(tally.streak.forgiven),
        )
    ]


def _of_pain(tally: Tally) -> list[str]:
    change = tally.change
    if change is None:
        return [
            tr(
                "With the worst pain of {both} days or more this report compares the first {each} days with the last "
                "{each}: estim pain add 3 --when worst.",
                both=2 * ENDS,
                each=ENDS,
            )
        ]
    figures = {"before": change.before, "after": change.after, "days": change.days}
    if not change.clear:
        return [
            tr(
                "The worst pain of the day was {before:.1f} of 10 in the beginning and {after:.1f} in the end (means "
                "of the first and the last {days} days with a score). Less than {points} points of difference says "
                "nothing either way.",
                points=CLEAR_POINTS,
                **figures,
            )
        ]
    if change.fell > 0:
        return [
            tr(
                "The worst pain of the day fell from {before:.1f} to {after:.1f} of 10 (means of the first and the "
                "last {days} days with a score): {points:.1f} points less. It doesn't say why: such pain also comes "
                "and goes by itself.",
                points=change.fell,
                **figures,
            )
        ]
    return [
        tr(
            "The worst pain of the day rose from {before:.1f} to {after:.1f} of 10 (means of the first and the last "
            "{days} days with a score): {points:.1f} points more. It doesn't say why: such pain also comes and goes by "
            "itself.",
            points=-change.fell,
            **figures,
        )
    ]


def _of_usage(tally: Tally) -> list[str]:
    used = tally.usage_days
    if used is None:
        return []
    level = tr("low use") if used <= USAGE_LOW_MAX else tr("high use") if used >= USAGE_HIGH_MIN else tr("middle use")
    return [
        tr(
            "Sessions on {used} of the last {days} days: {level}, as a study of a worn unit counted it (low up to "
            "{low} days, high from {high}).",
            used=used,
            days=USAGE_DAYS,
            level=level,
            low=USAGE_LOW_MAX,
            high=USAGE_HIGH_MIN,
        )
    ]


def _of_dose(tally: Tally) -> list[str]:
    above = [day.on for day in tally.days if day.site_minutes > DAY_MINUTES]
    if not above:
        return []
    return [
        tr_many(
            "On {count} day one site can have had more than {minutes:.0f} min, the usual most ({days}).",
            "On {count} days one site can have had more than {minutes:.0f} min, the usual most ({days}).",
            len(above),
            minutes=DAY_MINUTES,
            days=_dates(above),
        )
    ]
