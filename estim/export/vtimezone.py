"""Writes a zone into a calendar: when its clocks change, for readers that don't know it by its name.

icalendar makes such a table itself, but has the clocks go forward one hour late: it writes the hour after the change,
where RFC 5545 3.6.5 asks for the local time before it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from icalendar import Timezone

YEARS = 20
"""How far ahead changes are written; after that the last one holds."""

DAY = timedelta(days=1)


def zone_table(zone: ZoneInfo, since: date) -> "Timezone":
    """Return the VTIMEZONE of a zone from the day before `since` on."""
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

    table = Timezone()
    table.add("tzid", zone.key)
    onsets: dict[tuple[timedelta, timedelta, str, bool], list[datetime]] = {}
    first = datetime.combine(since, time(), UTC) - 2 * DAY
    offset = _offset(first, zone)
    for change in (first, *_changes(zone, first, first.replace(year=first.year + YEARS, day=1))):
        local = change.astimezone(zone)
        kind = (offset, _offset(change, zone), local.tzname() or zone.key, bool(local.dst()))
        onsets.setdefault(kind, []).append((change + offset).replace(tzinfo=None))
        offset = _offset(change, zone)
    for (before, after, name, summer), (onset, *more) in onsets.items():
        part = TimezoneDaylight() if summer else TimezoneStandard()
        part.add("dtstart", onset)
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        part.add("tzname", name)
        if more:
            part.add("rdate", more)
        table.add_component(part)
    return table


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _changes(zone: ZoneInfo, first: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the moments (UTC) from which on another offset holds."""
    offset = _offset(first, zone)
    while first < end:
        after = _offset(first + DAY, zone)
        if after != offset:
            low = first
            high = first + DAY
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                if _offset(middle, zone) == offset:
                    low = middle
                else:
                    high = middle
            yield high
        first = first + DAY
        offset = after
