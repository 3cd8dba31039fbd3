"""Two calendar libraries that aren't ours show what the schedule says, after a change of times and with a holiday.

vobject has a reader of its own, and icalendar another; dateutil expands what they read. Both look at the last file
alone, as a calendar does that subscribes to it.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.rrule import rruleset, rrulestr
from icalendar import Calendar

from estim.core.days.diary import Break
from estim.core.days.schedule import TWICE_A_DAY
from estim.export.ics import to_ics
from estim.export.known_events import Known
from tests.export.test_ics import HOME, NOW, known

ZONE = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 3, 27)
DAYS = 5
"""The clocks go forward on the third of them."""


def by_vobject(data: bytes) -> list[datetime]:
    """Return the moments that vobject finds within those days."""
    found: list[datetime] = []
    for event in vobject.readOne(data.decode()).vevent_list:
        if event.status.value == "CANCELLED":
            continue
        rules: Any = event.getrruleset(addRDate=True)
        start = datetime.combine(FIRST, time(), event.dtstart.value.tzinfo)
        found += rules.between(start, start + timedelta(days=DAYS), inc=True)
    return sorted(one.astimezone(UTC) for one in found)


def by_icalendar(data: bytes) -> list[datetime]:
    """Return the moments that icalendar finds within those days."""
    found: list[datetime] = []
    calendar: Any = Calendar.from_ical(data)
    for event in calendar.walk("VEVENT"):
        if event.get("STATUS") == "CANCELLED":
            continue
        first = event["DTSTART"].dt
        rules = rruleset()
        rule: Any = rrulestr(event["RRULE"].to_ical().decode(), dtstart=first)
        rules.rrule(rule)
        left_out = event.get("EXDATE", [])
        for dates in left_out if isinstance(left_out, list) else [left_out]:
            for one in dates.dts:
                rules.exdate(one.dt)
        start = datetime.combine(FIRST, time(), first.tzinfo)
        found += rules.between(start, start + timedelta(days=DAYS), inc=True)
    return sorted(one.astimezone(UTC) for one in found)


READERS = [by_vobject, by_icalendar]


def hours(moments: list[datetime]) -> list[str]:
    return [f"{one.astimezone(ZONE):%d %H:%M}" for one in moments]


@pytest.mark.parametrize("reader", READERS)
def test_the_schedule_is_shown_over_the_change_of_clocks(reader: Callable[[bytes], list[datetime]]) -> None:
    first = known([TWICE_A_DAY], Known(home=HOME))
    shown = [f"{day:02} {clock}" for day in range(27, 32) for clock in ("08:00", "20:00")]
    assert hours(reader(to_ics(first.events))) == shown


@pytest.mark.parametrize("reader", READERS)
def test_after_a_change_of_times_with_a_holiday_only_what_is_left_is_shown(
    reader: Callable[[bytes], list[datetime]],
) -> None:
    first = known([TWICE_A_DAY], Known(home=HOME))
    away = Break(at=NOW, first=date(2026, 3, 28), last=date(2026, 3, 29), holiday=True)
    later = NOW + timedelta(days=3)
    changed = known(["FREQ=DAILY;BYHOUR=7;BYMINUTE=30"], first, later, breaks=[away])
    assert any(event.cancelled for event in changed.events), "the other time of the day is gone"
    assert hours(reader(to_ics(changed.events))) == ["27 07:30", "30 07:30", "31 07:30"]
    back = known(["FREQ=DAILY;BYHOUR=7;BYMINUTE=30"], changed, later + timedelta(days=1))
    assert hours(reader(to_ics(back.events))) == [f"{day} 07:30" for day in range(27, 32)]
