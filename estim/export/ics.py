"""Writes a schedule as a calendar (RFC 5545), so that a phone can remind as well: one event for each time of the day.

1. A rule with BYHOUR=8,20 becomes two events without BYHOUR, since some calendars ignore it (conventions.md section 8).
   What else a rule says stays.
2. A rule begins on its day in `began`, as it does in the schedule (core/days/schedule.py), else on the day `since`: its
   day, INTERVAL and COUNT come from there. A COUNT is split exactly: of five times at 8 and 20 h, three are at 8.
3. UNTIL is a local time, or a moment in UTC, as in the schedule: each event ends with its own last time.
4. The same schedule gives the same bytes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from estim.core.days.schedule import settled, zone_of
from estim.core.errors import EstimError, Exit
from estim.export.vtimezone import zone_table

if TYPE_CHECKING:
    from icalendar import Alarm, Event

PRODUCT = "-//estim//schedule//EN"

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

NAMES = (
    *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYSETPOS", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY"),
    *("BYWEEKNO", "BYHOUR", "BYMINUTE", "BYSECOND"),
)
"""All that RFC 5545 3.3.10 knows; dateutil follows some others too, which no calendar does."""

HORIZON = timedelta(days=366 * 9)
"""A rule that gives no day in nine years gives none at all: even a 29 February comes within eight."""


@dataclass(frozen=True, slots=True)
class Daily:
    """One time of the day of one rule. `parts` is the rule without its times and its end; `last` is a local time."""

    at: time
    parts: tuple[tuple[str, str], ...]
    first: datetime
    last: datetime | None
    count: int | None


def to_ics(
    rules: Sequence[str],
    zone: str | None,
    since: date,
    *,
    minutes: float,
    summary: str,
    uid_root: str,
    sequence: int,
    lead_min: int = 5,
    began: Mapping[str, date] | None = None,
    present: str = "UTC",
) -> bytes:
    """Return a calendar with the times of some rules in a zone (None: wherever the person is).

    `since` is the day on which the rules began, `began` that of single ones; `present` is the zone in which an UNTIL in
    UTC is told where `zone` is None. `minutes` is the length of a session, `lead_min` how long before it a
    display alarm goes off. The uid of an event is `uid_root` with its time; `sequence` has to grow when the schedule
    changes. Raises EstimError (65) for a rule or zone that can't be written, or if there is nothing to write.
    """
    from icalendar import Calendar

    place = None if zone is None else _zone(zone)
    days = {rule: (began or {}).get(rule, since) for rule in rules}
    whole = {rule: settled(rule, day, place or zone_of(present)) for rule, day in days.items()}
    times = list(dict.fromkeys(found for rule in rules for found in _times(whole[rule], days[rule])))
    if not times:
        raise EstimError(
            f"the schedule has no time on {since} or later: set one first, or export from an earlier day",
            code=Exit.BAD_DATA,
        )
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    if place is not None:
        calendar.add_component(zone_table(place, since))
    uids: dict[str, int] = {}
    for found in times:
        uid = f"{uid_root}-{found.at:%H%M%S}" if found.at.second else f"{uid_root}-{found.at:%H%M}"
        uids[uid] = uids.get(uid, 0) + 1
        event = _event(found, place)
        event.add("uid", uid if uids[uid] == 1 else f"{uid}-{uids[uid]}")  # the same time on other days
        event.add("sequence", sequence)
        event.add("dtstamp", datetime.combine(since, time(), UTC))
        event.add("summary", summary)
        event.add("duration", timedelta(seconds=round(minutes * 60)))
        event.add_component(_alarm(summary, lead_min))
        calendar.add_component(event)
    data: bytes = calendar.to_ical()
    return data


def _event(found: Daily, place: ZoneInfo | None) -> "Event":
    from icalendar import Event, vRecur

    rule = list(found.parts)
    if found.last is not None and place is None:
        rule.append(("UNTIL", f"{found.last:%Y%m%dT%H%M%S}"))
    elif found.last is not None:
        rule.append(("UNTIL", f"{found.last.replace(tzinfo=place).astimezone(UTC):%Y%m%dT%H%M%SZ}"))
    if found.count is not None:
        rule.append(("COUNT", str(found.count)))
    event = Event()
    # With a zone put on it, icalendar would write UTC without its name.
    event.add("dtstart", found.first, parameters={} if place is None else {"TZID": place.key})
    event.add("rrule", vRecur.from_ical(";".join(f"{name}={value}" for name, value in rule)))
    event.add("transp", "TRANSPARENT")
    return event


def _alarm(summary: str, lead_min: int) -> "Alarm":
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", timedelta(minutes=-lead_min))
    return alarm


def _zone(name: str) -> ZoneInfo:
    try:
        return zone_of(name)
    except EstimError as error:
        raise EstimError(error.text, code=Exit.BAD_DATA) from error


def _times(rule: str, since: date) -> Iterator[Daily]:
    """Yield what one rule becomes: nothing for a time that has no day left."""
    parts = _parts(rule)
    until = _until(rule, parts)
    count = _count(rule, parts)
    times = _times_of_day(rule, parts)
    if "BYSETPOS" in parts and len(times) > 1:
        raise _bad(rule, "BYSETPOS picks among several times of one day, which separate events can't")
    rest = tuple((name, value) for name, value in parts.items() if name not in ("UNTIL", "COUNT"))
    for index, at in enumerate(times):
        share = None if count is None else count // len(times) + (index < count % len(times))
        first = _first(rule, rest, at, since)
        last = None if until is None else _last(at, until)
        if first is not None and share != 0 and (last is None or first <= last):
            yield Daily(at, rest, first, last, share)


def _parts(rule: str) -> dict[str, str]:
    text = rule.strip().upper().removeprefix("RRULE:")
    pairs = [pair.partition("=")[::2] for pair in text.split(";")]
    parts = dict(pairs)
    if len(parts) < len(pairs) or not all(name and value for name, value in pairs):
        raise _bad(rule, "it consists of NAME=VALUE with a semicolon between two, each name once")
    if parts.get("FREQ") not in FREQUENCIES:
        raise _bad(rule, f"FREQ is one of {', '.join(FREQUENCIES)}")
    strange = next((name for name in parts if name not in NAMES), None)
    if strange is not None:
        raise _bad(rule, f"calendars don't know {strange}")
    if not re.fullmatch("[1-9][0-9]{0,3}", parts.get("INTERVAL", "1")):  # dateutil would search for ever with 0
        raise _bad(rule, "INTERVAL is a whole number from 1 to 9999")
    if parts["FREQ"] in ("DAILY", "WEEKLY") and re.search("[0-9]", parts.get("BYDAY", "")):
        raise _bad(rule, "a number before a day goes with FREQ=MONTHLY or YEARLY: BYDAY=MO,WE")
    return parts


def _times_of_day(rule: str, parts: dict[str, str]) -> list[time]:
    """Take the times out of a rule, in order; a rule without BYHOUR has none of its own."""
    if "BYHOUR" not in parts:
        raise _bad(rule, "it names no hour: BYHOUR=8,20")
    try:
        hours, minutes, seconds = (
            [int(number) for number in parts.pop(name, "0").split(",")] for name in ("BYHOUR", "BYMINUTE", "BYSECOND")
        )
        return sorted({time(*numbers) for numbers in product(hours, minutes, seconds)})
    except ValueError as error:
        raise _bad(rule, "BYHOUR is 0 to 23, BYMINUTE and BYSECOND are 0 to 59") from error


def _until(rule: str, parts: dict[str, str]) -> datetime | None:
    from dateutil import parser

    if "UNTIL" not in parts:
        return None
    try:
        return parser.parse(parts["UNTIL"], ignoretz=True)
    except (ValueError, OverflowError) as error:
        raise _bad(rule, "UNTIL is a local time such as 20261231T235959") from error


def _count(rule: str, parts: dict[str, str]) -> int | None:
    text = parts.get("COUNT")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise _bad(rule, f"COUNT={text} can't be split: a whole number from 1 on")
    if "UNTIL" in parts:
        raise _bad(rule, f"COUNT={text} and UNTIL don't go together: one of them")
    return int(text)


def _first(rule: str, rest: tuple[tuple[str, str], ...], at: time, since: date) -> datetime | None:
    """Return the first local time on or after `since`, None if there is none in sight."""
    from dateutil.rrule import rrulestr
    from icalendar import vRecur

    start = datetime.combine(since, time())
    times = f"BYHOUR={at.hour};BYMINUTE={at.minute};BYSECOND={at.second};UNTIL={start + HORIZON:%Y%m%dT%H%M%S}"
    text = ";".join(f"{name}={value}" for name, value in rest)
    try:
        vRecur.from_ical(text)
        return next(iter(rrulestr(f"{text};{times}", dtstart=start)), None)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise _bad(rule, str(error)) from error


def _last(at: time, until: datetime) -> datetime:
    day = until.date() if at <= until.time() else until.date() - timedelta(days=1)
    return datetime.combine(day, at)


def _bad(rule: str, why: str) -> EstimError:
    return EstimError(f"the rule {rule[:80]!r} can't be written into a calendar: {why}", code=Exit.BAD_DATA)
