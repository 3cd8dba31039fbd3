"""Writes a schedule as a calendar (RFC 5545), so that a phone can remind as well: one event for each time of the day.

1. A rule with BYHOUR=8,20 becomes two events without BYHOUR, since some calendars ignore it (conventions.md section 8).
   What else a rule says stays.
2. A rule begins on its day in `began`, as it does in the schedule (core/days/schedule.py), else on the day `since`: its
   day, INTERVAL and COUNT come from there. A COUNT is split exactly: of five times at 8 and 20 h, three are at 8.
3. UNTIL is a local time, or a moment in UTC, as in the schedule: each event ends with its own last time.
4. A time within a holiday or pause is an EXDATE. One that was changed is the same event with a higher SEQUENCE, one
   that is gone is told as cancelled (known_events.py).
5. The same schedule gives the same bytes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from estim.core.days.diary import Break
from estim.core.days.schedule import settled, zone_of
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.export.known_events import Form, KnownEvent, Planned
from estim.export.vtimezone import zone_table

if TYPE_CHECKING:
    from icalendar import Alarm
    from icalendar.cal import Component

PRODUCT = "-//estim//schedule//EN"

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

NAMES = (
    *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYSETPOS", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY"),
    *("BYWEEKNO", "BYHOUR", "BYMINUTE", "BYSECOND"),
)
"""All that RFC 5545 3.3.10 knows; dateutil follows some others too, which no calendar does."""

PAUSE_STEP_DAYS = 28
"""A pause that has no end yet is shown in steps of so many days."""

HORIZON = timedelta(days=366 * 9)
"""A rule that gives no day in nine years gives none at all: even a 29 February comes within eight."""


class Daily(Struct, frozen=True):
    """One time of the day of one rule. `parts` is the rule without its times and its end; `last` is a local time."""

    at: time
    parts: tuple[tuple[str, str], ...]
    first: datetime
    last: datetime | None
    count: int | None


def planned_events(
    rules: Sequence[str],
    zone: str | None,
    since: date,
    *,
    minutes: float,
    summary: str,
    lead_min: int = 5,
    began: Mapping[str, date] | None = None,
    present: str = "UTC",
    breaks: Sequence[Break] = (),
    today: date | None = None,
) -> list[Planned]:
    """Return the times of some rules in a zone (None: wherever the person is), one for each time of the day.

    `since` is the day on which the rules began, `began` that of single ones; `present` is the zone in which an UNTIL in
    UTC is told where `zone` is None. `minutes` is the length of a session, `lead_min` how long before it a
    display alarm goes off. Times within `breaks` are left out; a pause without an end reaches some weeks beyond `today`
    (None: `since`). Raises EstimError (65) for a rule or zone that can't be written.
    """
    place = None if zone is None else _zone(zone)
    days = {rule: (began or {}).get(rule, since) for rule in rules}
    whole = {rule: settled(rule, day, place or zone_of(present)) for rule, day in days.items()}
    times = list(dict.fromkeys(found for rule in rules for found in _times(whole[rule], days[rule])))
    left_out = [(one.first, one.last or _paused_until(one.first, today or since)) for one in breaks]
    return [
        Planned(
            first=found.first,
            zone=None if place is None else place.key,
            rule=_rule(found, place),
            off=_off(found, left_out),
            length_s=round(minutes * 60),
            summary=summary,
            lead_min=lead_min,
        )
        for found in times
    ]


def to_ics(events: Sequence[KnownEvent]) -> bytes:
    """Return a calendar of events, the cancelled ones too; raises EstimError (65) if there are none."""
    from icalendar import Calendar

    if not events:
        raise EstimError(
            tr("the schedule has no time from now on: set one first (estim schedule set 8:00 20:00)"),
            code=Exit.BAD_DATA,
        )
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    first: dict[str, date] = {}
    for event in events:
        if event.planned.zone is not None:
            on = event.planned.first.date()
            first[event.planned.zone] = min(on, first.get(event.planned.zone, on))
    for zone, on in first.items():
        calendar.add_component(zone_table(_zone(zone), on))
    for event in events:
        calendar.add_component(_component(event))
    data: bytes = calendar.to_ical()
    return data


def _paused_until(first: date, today: date) -> date:
    """Return up to when a pause without an end is shown: the same day for four weeks, so that exports stay the same."""
    weeks = max(0, (today - first).days) // PAUSE_STEP_DAYS + 2
    return first + timedelta(days=weeks * PAUSE_STEP_DAYS - 1)


def _rule(found: Daily, place: ZoneInfo | None) -> str:
    rule = [f"{name}={value}" for name, value in found.parts]
    if found.last is not None and place is None:
        rule.append(f"UNTIL={found.last:%Y%m%dT%H%M%S}")
    elif found.last is not None:
        rule.append(f"UNTIL={found.last.replace(tzinfo=place).astimezone(UTC):%Y%m%dT%H%M%SZ}")
    if found.count is not None:
        rule.append(f"COUNT={found.count}")
    return ";".join(rule)


def _off(found: Daily, left_out: Sequence[tuple[date, date]]) -> tuple[datetime, ...]:
    """Return the times that a rule names within some days, each of them once."""
    from dateutil.rrule import rrulestr

    text = ";".join(f"{name}={value}" for name, value in found.parts)
    if found.count is not None:
        text += f";COUNT={found.count}"
    rule = rrulestr(text, dtstart=found.first)
    times: set[datetime] = set()
    for first, last in left_out:
        times.update(rule.between(datetime.combine(first, time()), datetime.combine(last, time.max), inc=True))
    return tuple(sorted(at for at in times if found.last is None or at <= found.last))


def _component(event: KnownEvent) -> "Component":
    """Return one event, or thing to do; what was cancelled rings no more."""
    from icalendar import Event, Todo, vRecur

    planned = event.planned
    # With a zone put on it, icalendar would write UTC without its name.
    there = {} if planned.zone is None else {"TZID": planned.zone}
    length = timedelta(seconds=planned.length_s)
    part: Component
    if event.form is Form.TASK:
        part = Todo()
        part.add("due", planned.first + length, parameters=there)
        part.add("status", "CANCELLED" if event.cancelled else "NEEDS-ACTION")
    else:
        part = Event()
        part.add("duration", length)
        part.add("transp", "TRANSPARENT")
        part.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    part.add("uid", event.uid)
    part.add("sequence", event.sequence)
    part.add("dtstamp", event.stamp)
    part.add("dtstart", planned.first, parameters=there)
    part.add("rrule", vRecur.from_ical(planned.rule))
    for at in planned.off:
        part.add("exdate", at, parameters=there)
    part.add("summary", planned.summary)
    if not event.cancelled:
        part.add_component(_alarm(planned.summary, planned.lead_min))
    return part


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
        raise _bad(rule, tr("BYSETPOS picks among several times of one day, which separate events can't"))
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
        raise _bad(rule, tr("it consists of NAME=VALUE with a semicolon between two, each name once"))
    if parts.get("FREQ") not in FREQUENCIES:
        raise _bad(rule, tr("FREQ is one of {names}", names=", ".join(FREQUENCIES)))
    strange = next((name for name in parts if name not in NAMES), None)
    if strange is not None:
        raise _bad(rule, tr("calendars don't know {name}", name=strange))
    if not re.fullmatch("[1-9][0-9]{0,3}", parts.get("INTERVAL", "1")):  # dateutil would search for ever with 0
        raise _bad(rule, tr("INTERVAL is a whole number from 1 to 9999"))
    if parts["FREQ"] in ("DAILY", "WEEKLY") and re.search("[0-9]", parts.get("BYDAY", "")):
        raise _bad(rule, tr("a number before a day goes with FREQ=MONTHLY or YEARLY: BYDAY=MO,WE"))
    return parts


def _times_of_day(rule: str, parts: dict[str, str]) -> list[time]:
    """Take the times out of a rule, in order; a rule without BYHOUR has none of its own."""
    if "BYHOUR" not in parts:
        raise _bad(rule, tr("it names no hour: BYHOUR=8,20"))
    try:
        hours, minutes, seconds = (
            [int(number) for number in parts.pop(name, "0").split(",")] for name in ("BYHOUR", "BYMINUTE", "BYSECOND")
        )
        return sorted({time(*numbers) for numbers in product(hours, minutes, seconds)})
    except ValueError as error:
        raise _bad(rule, tr("BYHOUR is 0 to 23, BYMINUTE and BYSECOND are 0 to 59")) from error


def _until(rule: str, parts: dict[str, str]) -> datetime | None:
    from dateutil import parser

    if "UNTIL" not in parts:
        return None
    try:
        return parser.parse(parts["UNTIL"], ignoretz=True)
    except (ValueError, OverflowError) as error:
        raise _bad(rule, tr("UNTIL is a local time such as 20261231T235959")) from error


def _count(rule: str, parts: dict[str, str]) -> int | None:
    text = parts.get("COUNT")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise _bad(rule, tr("COUNT={count}: give a whole number, 1 or more", count=text))
    if "UNTIL" in parts:
        raise _bad(rule, tr("COUNT={count} and UNTIL don't go together: leave one of them out", count=text))
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
    text = tr("the rule {rule!r} can't be written into a calendar: {why}", rule=rule[:80], why=why)
    return EstimError(text, code=Exit.BAD_DATA)
