"""The times at which a session is meant to take place: RFC 5545 rules on local time, in whatever zone the person is.

1. A rule gives local times without a zone; the zone is attached afterwards. So 08:00 stays 08:00 on both nights on
   which the clocks change: a time that doesn't exist moves on by the gap (02:30 becomes 03:30), one that comes twice
   is taken the first time (conventions.md section 8).
2. Which rules held, and where, is kept as regimes: the past is judged by what held then.
3. A flight makes some local hours vanish and others come twice. A time that had vanished with its whole window is
   nobody's slot; one that comes twice is one slot (outcomes.py drops the one that wasn't used).
4. A rule begins on the day on which it was first there, and keeps that beginning through flights and through changes of
   other rules. A weekly or monthly one that names no day has the day of its beginning, whatever stretch is looked at.
5. UNTIL in UTC (…Z) is that moment, in the rule's own local time; without a Z it is a local time, a day alone its first
   moment.
"""

import io
import re
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rruleset, rrulestr
from msgspec import Meta, Struct

from estim.core.days.diary import Regime
from estim.core.days.dose import GAP
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr

LOCAL = "local"
"""As a zone: wherever the person is."""

TWICE_A_DAY = "RRULE:FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0;BYSECOND=0"
"""Morning and evening, 08:00 and 20:00 (programs.md section 6: twice a day)."""

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

SLOTS_MAX = 6
"""Slots a day; the rest between two sessions leaves room for few more."""

LOOK_AHEAD_DAYS = 400
"""A rule is tried over a year and a month: one that gives no time in there gives none that anybody waits for."""

RuleText = Annotated[str, Meta(min_length=1, max_length=500)]
Minutes = Annotated[int, Meta(ge=0, le=720)]


class Schedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person has set. `programs` take turns by the day; windows and snooze in minutes (conventions.md 8)."""

    rules: Annotated[
        tuple[RuleText, ...],
        Meta(
            max_length=12,
            description=mark('up to 12 rules such as "RRULE:FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0;BYSECOND=0" (RFC 5545)'),
        ),
    ] = (TWICE_A_DAY,)
    zone: Annotated[
        str,
        Meta(min_length=1, max_length=64, description=mark('"local", or the name of a zone such as "Europe/Berlin"')),
    ] = LOCAL
    programs: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...],
        Meta(min_length=1, max_length=7, description=mark("1 to 7 programs, which take turns by the day")),
    ] = ("tens-ankle",)
    early_min: Annotated[Minutes, Meta(description=mark("minutes before a slot, whole, 0 to 720"))] = 30
    late_min: Annotated[Minutes, Meta(description=mark("minutes after a slot, whole, 0 to 720"))] = 120
    snooze_min: Annotated[int, Meta(ge=1, le=120, description=mark("whole minutes, 1 to 120"))] = 15


class Time(Struct, frozen=True):
    """One time of the schedule: `key` is its local time without a zone, `at` the moment."""

    key: str
    at: datetime


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its IANA name, or a fixed offset by that of `fixed_zone`.

    Raises EstimError (78) for one that doesn't exist.
    """
    found = re.fullmatch(r"UTC([+-])([01][0-9]|2[0-3]):([0-5][0-9])", name)
    if found is not None:
        minutes = int(found[2]) * 60 + int(found[3])
        return _fixed(name, -minutes if found[1] == "-" else minutes)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise EstimError(
            tr(
                "there is no time zone {name!r}: try a name such as Europe/Berlin or America/New_York, or local",
                name=name,
            ),
            code=Exit.CONFIG,
        ) from error


def fixed_zone(offset: timedelta) -> str:
    """Return the name of a zone that is nothing but an offset from UTC, to the minute: "UTC+05:30"."""
    minutes = round(offset.total_seconds() / 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


@lru_cache(maxsize=64)
def _fixed(name: str, minutes: int) -> ZoneInfo:
    """Return an offset as a zone like any other: a zone file (RFC 8536, version 1) with one offset and no change."""
    sign = b"UTC\0"
    counts = (0, 0, 0, 0, 1, len(sign))
    file = struct.pack(">4sc15x6l", b"TZif", b"\0", *counts) + struct.pack(">lbb", minutes * 60, 0, 0) + sign
    return ZoneInfo.from_file(io.BytesIO(file), key=name)


def offset_s(at: datetime, zone: str) -> int:
    """Return a zone's offset from UTC at a moment, seconds; raises as `zone_of`."""
    offset = at.astimezone(zone_of(zone)).utcoffset()
    assert offset is not None, "a moment in a zone has one"
    return int(offset.total_seconds())


def resolve(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of a local time: moved on by the gap if it doesn't exist, the first one if it comes twice."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone)


def check_rules(rules: Sequence[str]) -> None:
    """Raise EstimError (78) for a rule that can't be understood or that no body should follow."""
    _check(tuple(rules))


@lru_cache(maxsize=32)
def _check(rules: tuple[str, ...]) -> None:
    days: dict[date, list[datetime]] = {}
    start = datetime.combine(date(2026, 1, 1), time())
    for text in rules:
        try:
            whole = settled(text, start.date(), zone_of("UTC"))
            found = list(_parsed(whole, start).between(start, start + timedelta(days=LOOK_AHEAD_DAYS), inc=True))
        except (ValueError, IndexError, TypeError) as error:  # what dateutil finds out only while it counts
            raise _bad(text, str(error)) from error
        if not found:
            raise _bad(text, tr("it gives no time at all within a year"))
        for at in found:
            if at.second:
                raise _bad(text, tr("times are whole minutes: BYSECOND=0"))
            days.setdefault(at.date(), []).append(at)
    full = next((day for day, times in days.items() if len(set(times)) > SLOTS_MAX), None)
    if full is not None:
        raise EstimError(
            tr("the rules give more than {most} times a day: give fewer", most=SLOTS_MAX), code=Exit.CONFIG
        )
    ordered = sorted({at for times in days.values() for at in times})
    for one, other in pairwise(ordered):
        if other - one < GAP:
            raise EstimError(
                tr(
                    "the rules give {one:%H:%M} and {other:%H:%M}: two hours of rest belong between two sessions on "
                    "one site, so times lie at least two hours apart",
                    one=one,
                    other=other,
                ),
                code=Exit.CONFIG,
            )


@lru_cache(maxsize=32)
def clock_times(rules: tuple[str, ...]) -> tuple[time, ...]:
    """Return the times of the day that rules give within a year, in order; raises as `check_rules`."""
    check_rules(rules)
    start = datetime.combine(date(2026, 1, 1), time())
    whole = [settled(text, start.date(), zone_of("UTC")) for text in rules]
    ends = start + timedelta(days=LOOK_AHEAD_DAYS)
    return tuple(sorted({at.time() for text in whole for at in _parsed(text, start).between(start, ends, inc=True)}))


def rules_at(times: Sequence[time], days: str = "") -> tuple[str, ...]:
    """Return the fewest rules for times of the day, on all days or on some ("MO,WE,FR")."""
    by_minute: dict[int, list[int]] = {}
    for at in sorted(set(times)):
        by_minute.setdefault(at.minute, []).append(at.hour)
    head = f"RRULE:FREQ=WEEKLY;BYDAY={days}" if days else "RRULE:FREQ=DAILY"
    return tuple(
        f"{head};BYHOUR={','.join(map(str, hours))};BYMINUTE={minute};BYSECOND=0" for minute, hours in by_minute.items()
    )


def noted(regimes: Sequence[Regime], rules: Sequence[str], zone: str, now: datetime) -> Regime | None:
    """Return the regime that has to be noted because rules or zone are others than before, None if they are not."""
    if regimes and regimes[-1].rules == tuple(rules) and regimes[-1].zone == zone:
        return None
    return Regime(at=now, rules=tuple(rules), zone=zone)


def times(regimes: Sequence[Regime], since: datetime, until: datetime, late: timedelta) -> list[Time]:
    """Return all times with since <= at < until, in order; after a flight one key may be there twice.

    Times before the first regime are nobody's. Of a new zone those count too whose window was still open when the
    person arrived; of new rules only those that lie ahead.
    """
    found: list[Time] = []
    seen: set[tuple[str, datetime]] = set()
    last: Regime | None = None
    for index, (regime, began) in enumerate(zip(regimes, beginnings(regimes), strict=True)):
        ends = regimes[index + 1].at if index + 1 < len(regimes) else until
        flown = last is not None and last.rules == regime.rules
        begins = regime.at - late if flown else regime.at
        last = regime
        if ends <= since:
            continue
        for time_ in _of(regime, began, max(begins, since), min(ends, until)):
            if (time_.key, time_.at) not in seen:
                seen.add((time_.key, time_.at))
                found.append(time_)
    return sorted(found, key=lambda one: one.at)


def beginnings(regimes: Sequence[Regime]) -> list[dict[str, date]]:
    """Return for each regime on which local day each of its rules began: where it was first there without a break."""
    found: list[dict[str, date]] = []
    before: dict[str, date] = {}
    for regime in regimes:
        today = regime.at.astimezone(zone_of(regime.zone)).date()
        before = {text: before.get(text, today) for text in regime.rules}
        found.append(before)
    return found


def settled(text: str, began: date, zone: ZoneInfo) -> str:
    """Return a rule that says itself what it takes from elsewhere: the day of its beginning, its end in local time."""
    shown = text.upper()
    if not re.search("BY(DAY|WEEKDAY|MONTHDAY|YEARDAY|WEEKNO|EASTER)=", shown):
        if "FREQ=WEEKLY" in shown:
            text = f"{text};BYDAY={WEEKDAYS[began.weekday()]}"
        elif "FREQ=MONTHLY" in shown:
            text = f"{text};BYMONTHDAY={began.day}"
    return re.sub("UNTIL=([0-9]{8}T[0-9]{6})Z(?=;|$)", lambda found: _until(found, zone), text, flags=re.IGNORECASE)


def _until(found: re.Match[str], zone: ZoneInfo) -> str:
    try:
        moment = datetime.strptime(f"{found[1].upper()}+0000", "%Y%m%dT%H%M%S%z")
        return f"UNTIL={moment.astimezone(zone):%Y%m%dT%H%M%S}"
    except (ValueError, OverflowError):
        return found[0]  # no moment at all: it is refused where the rule is read


def _of(regime: Regime, began: dict[str, date], first: datetime, end: datetime) -> Iterator[Time]:
    if end <= first:
        return
    zone = zone_of(regime.zone)
    low = first.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    high = end.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    for text in regime.rules:
        start = datetime.combine(began[text], time())
        whole = settled(text, began[text], zone)
        for local in _parsed(whole, _near(whole, start, low)).between(low, high, inc=True):
            at = resolve(local, zone)
            if first <= at < end:
                yield Time(local.isoformat(timespec="minutes"), at)


def _near(text: str, start: datetime, low: datetime) -> datetime:
    """A rule that counts nothing may begin anywhere: then ten years need not be walked through for one day."""
    counts = any(word in text.upper() for word in ("INTERVAL", "COUNT"))
    whole = low.date().replace(day=1) - timedelta(days=7)  # a month and a week that are cut would count otherwise
    return start if counts else max(start, datetime.combine(whole, time()))


@lru_cache(maxsize=256)
def _parsed(text: str, start: datetime) -> rrule:
    shown = text.upper()
    for unit in ("SECONDLY", "MINUTELY", "HOURLY", "YEARLY"):
        if f"FREQ={unit}" in shown:
            raise _bad(text, tr("FREQ is DAILY, WEEKLY or MONTHLY"))
    if (interval := re.search(r"INTERVAL=([^;]*)", shown)) and not re.fullmatch(r"[1-9]\d{0,3}", interval[1]):
        raise _bad(text, tr("INTERVAL is a whole number from 1 to 9999"))
    if "BYHOUR=" not in shown:
        raise _bad(text, tr("it names no hour: BYHOUR=8,20"))
    if "DTSTART" in shown or "\n" in text:
        raise _bad(text, tr("one RRULE and nothing else, it begins on the day on which it is set"))
    if "BYMINUTE=" not in shown:
        text = f"{text};BYMINUTE=0"
    if "BYSECOND=" not in shown:
        text = f"{text};BYSECOND=0"
    try:
        rule = rrulestr(text, dtstart=start, ignoretz=True)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise _bad(text, str(error)) from error
    if isinstance(rule, rruleset):
        raise _bad(text, tr("one RRULE and nothing else"))
    return rule


def _bad(text: str, why: str) -> EstimError:
    shown = text if len(text) <= 80 else f"{text[:79]}…"
    return EstimError(
        tr(
            "{rule!r} isn't a rule that can be followed: {why}; try {example}",
            rule=shown,
            why=why,
            example=TWICE_A_DAY,
        ),
        code=Exit.CONFIG,
    )
