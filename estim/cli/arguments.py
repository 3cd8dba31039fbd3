"""Reads what a person types after these verbs: moments, distances, scores; each refusal is one sentence (exit 2)."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import typer

from estim.core.days.diary import NOTE_MAX, SCORE_MAX, When
from estim.core.days.schedule import resolve
from estim.core.errors import EstimError, Exit
from estim.core.numbers import read_number, read_whole, shown
from estim.core.translation import mark, tr

EARLIEST = date(2000, 1, 1)
"""Nobody keeps this journal of anything before."""

AHEAD = timedelta(minutes=1)
"""A clock that is a little behind another one isn't the future."""

KM_MAX = 500.0
"""Longest run, km."""

PAIR_MAX = 40
"""Longest name of a pair of shoes."""

RUN_MAX_MIN = 1440.0
"""Longest run, minutes."""

NO_DISTANCE = mark("distance {typed}: say such as 3.2km, 800m or 2mi, up to {most:g} km")

_UNITS_KM = {"km": 1.0, "m": 0.001, "mi": 1.609344}


USUAL = {When.MORNING: time(7), When.REST: time(12), When.WORST: time(20), When.RUN: time(18)}
"""At what time of a day that is named without one."""

AT = typer.Option(metavar="MOMENT", help="8:05, yesterday, 2026-11-24 or 2026-11-24T08:05; usually now")

NOTE = typer.Option(metavar="WORDS", help="a word about it")


def wrong(text: str) -> EstimError:
    """Return a refusal of what was typed."""
    return EstimError(text, code=Exit.USAGE)


def score_of(text: str) -> int:
    """Read a pain score, 0 to 10."""
    return read_whole(
        text, what=tr("pain"), lo=0, hi=SCORE_MAX, unit=tr("(0: none, 10: the worst that you can imagine)")
    )


def km_of(text: str) -> float:
    """Read a distance, "3.2km", "3,2", "800m" or "2mi", as km."""
    found = re.fullmatch(r"([^a-z]*?)\s*(km|m|mi|)", text.strip().lower())
    if found is None:
        raise wrong(tr(NO_DISTANCE, typed=shown(text), most=KM_MAX))
    unit = found[2] or "km"
    most = KM_MAX / _UNITS_KM[unit]
    km = round(read_number(found[1], what=tr("distance"), lo=0, hi=most, unit=unit) * _UNITS_KM[unit], 3)
    if km == 0:
        raise wrong(tr(NO_DISTANCE, typed=shown(text), most=KM_MAX))
    return km


def run_of(text: str) -> tuple[float | None, float | None]:
    """Read what a run was, its distance as km or, "30min", its time as minutes; the other one is None."""
    found = re.fullmatch(r"(.*?)\s*(min|mins|minutes)", text.strip().lower())
    if found is None:
        return km_of(text), None
    minutes = read_number(found[1], what="time", lo=0, hi=RUN_MAX_MIN, unit="min")
    if minutes == 0:
        raise wrong(tr("time {typed}: say such as 30min, up to {most:g} min", typed=shown(text), most=RUN_MAX_MIN))
    return None, minutes


def note_of(text: str) -> str:
    """Read a note: up to NOTE_MAX characters."""
    if len(text) > NOTE_MAX:
        raise wrong(tr("the note has {count} characters: up to {most} are kept", count=len(text), most=NOTE_MAX))
    return text.strip()


def pair_of(text: str) -> str:
    """Read the name of a pair of shoes: one line of up to PAIR_MAX characters."""
    pair = " ".join(text.split())
    if len(pair) > PAIR_MAX:
        raise wrong(
            tr("--shoes {typed}: a name of up to {most} characters, such as blue", typed=shown(text), most=PAIR_MAX)
        )
    return pair


def moment_of(text: str | None, now: datetime, usual: time = time(12)) -> datetime:
    """Read a moment up to now: "8:05" (today), a date (at `usual`), date and time, with or without an offset."""
    at = now if text is None else any_moment(text, now, usual)
    if at.timestamp() > now.timestamp() + AHEAD.total_seconds():
        raise wrong(
            tr("{typed}: that is in the future; say a moment up to now ({now:%Y-%m-%d %H:%M})", typed=text, now=now)
        )
    return min(at, now, key=datetime.timestamp)


def any_moment(text: str, now: datetime, usual: time = time(12)) -> datetime:
    """Read a moment, also one ahead."""
    clock = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip())
    try:
        if clock:
            at = datetime.combine(now.date(), time(int(clock[1]), int(clock[2])))
        elif "T" in text or " " in text.strip():
            at = datetime.fromisoformat(text.strip())
        else:
            day = day_of(text, now)
            at = datetime.combine(day, usual)
            if day == now.date() and at > now.replace(tzinfo=None):
                at = now.replace(tzinfo=None)
    except ValueError as error:
        raise wrong(tr("{typed!r} isn't a moment: try 8:05, 2026-11-24, or 2026-11-24T08:05", typed=text)) from error
    if at.tzinfo is None:
        zone = now.tzinfo
        at = resolve(at, zone) if isinstance(zone, ZoneInfo) else at.replace(tzinfo=zone)
    if at.date() < EARLIEST:
        raise wrong(tr("{typed}: that is before {earliest}; is the year right?", typed=text, earliest=EARLIEST))
    return at


def day_of(text: str, now: datetime) -> date:
    """Read a day: today, yesterday, tomorrow, or a date."""
    words = {"today": 0, "yesterday": -1, "tomorrow": 1}
    if text.strip().lower() in words:
        return now.date() + timedelta(days=words[text.strip().lower()])
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise wrong(tr("{typed!r} isn't a day: try today, yesterday, or 2026-11-24", typed=text)) from error


def clock_of(text: str) -> time:
    """Read a time of the day, "8", "8:00" or "20:30"."""
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?", text.strip())
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise wrong(tr("{typed!r} isn't a time of day: try 8:00 or 20:30", typed=text))
    return time(int(found[1]), int(found[2] or 0))
