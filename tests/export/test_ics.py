"""A calendar of a schedule shows the times of its rules, on both nights on which the clocks change."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from dateutil.rrule import rrulestr
from icalendar import Calendar

from estim.core.days.schedule import TWICE_A_DAY, resolve
from estim.core.errors import EstimError, Exit
from estim.export.ics import to_ics

NEW_YEAR = date(2026, 1, 1)
BERLIN = "Europe/Berlin"
NEW_YORK = "America/New_York"
AT_NIGHT = "RRULE:FREQ=DAILY;BYHOUR=1,2;BYMINUTE=30;BYSECOND=0"
"""At half past one and half past two: one of them is missing or comes twice when the clocks change."""

RULES = [
    TWICE_A_DAY,
    AT_NIGHT,
    "RRULE:FREQ=DAILY;INTERVAL=3;BYHOUR=7,19;BYMINUTE=15;BYSECOND=0",
    "FREQ=WEEKLY;BYDAY=MO,WE,SU;BYHOUR=2,14;BYMINUTE=0;BYSECOND=0",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;BYHOUR=8;BYMINUTE=0;BYSECOND=0",
    "FREQ=WEEKLY;INTERVAL=2;BYHOUR=8;BYMINUTE=0;BYSECOND=0",
    "FREQ=MONTHLY;BYMONTHDAY=25,29;BYHOUR=2,20;BYMINUTE=30;BYSECOND=0",
    "FREQ=MONTHLY;BYDAY=-1SU;BYHOUR=2;BYMINUTE=30;BYSECOND=0",
    "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=-1;BYHOUR=2;BYMINUTE=30;BYSECOND=0",
    "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0,30;BYSECOND=0;UNTIL=20261025T203000",
    "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0;BYSECOND=0;UNTIL=20261025T120000Z",
    "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0;BYSECOND=0;UNTIL=20261025",
    "FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0;UNTIL=20260329T023000",
    "FREQ=DAILY;BYHOUR=8,12,20;BYMINUTE=0;BYSECOND=0;COUNT=400",
    "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=25;BYHOUR=2,3;BYMINUTE=30;BYSECOND=0",
]


def ics(rules: Sequence[str], zone: str | None = BERLIN, since: date = NEW_YEAR, **more: Any) -> bytes:
    usual: dict[str, Any] = {"minutes": 20, "summary": "Session", "uid_root": "estim-ankle", "sequence": 3}
    return to_ics(rules, zone, since, **usual | more)


def events(data: bytes) -> list[Any]:
    return list(Calendar.from_ical(data).walk("VEVENT"))


def wall(event: Any) -> list[datetime]:
    """Expand an event on local times, as RFC 5545 3.3.10 asks for."""
    first = event["DTSTART"].dt
    rule = event["RRULE"].to_ical().decode()
    if first.tzinfo is None:
        return list(rrulestr(rule, dtstart=first).between(datetime(2026, 1, 1), datetime(2027, 1, 1), inc=True))  # noqa: DTZ001
    return list(
        rrulestr(rule, dtstart=first).between(
            datetime(2026, 1, 1, tzinfo=first.tzinfo), datetime(2027, 1, 1, tzinfo=first.tzinfo), inc=True
        )
    )


def asked(rule: str, since: date) -> list[datetime]:
    """Evaluate a rule as the schedule does: on naive local times, from midnight of the day on which it began."""
    start = datetime.combine(since, time())
    return list(rrulestr(rule, dtstart=start, ignoretz=True).between(start, datetime(2027, 1, 1), inc=True))  # noqa: DTZ001


@pytest.mark.parametrize("since", [NEW_YEAR, date(2026, 3, 14)])
@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize("rule", RULES)
def test_the_events_have_the_moments_of_the_rule_all_year(rule: str, zone: str, since: date) -> None:
    place = ZoneInfo(zone)
    found = [
        resolve(local.replace(tzinfo=None), place).astimezone(UTC)
        for event in events(ics([rule], zone, since))
        for local in wall(event)
    ]
    assert sorted(found) == [resolve(local, place).astimezone(UTC) for local in asked(rule, since)]
    assert found


@pytest.mark.parametrize("rule", RULES)
def test_without_a_zone_times_are_those_of_the_place_where_the_person_is(rule: str) -> None:
    data = ics([rule], None)
    assert b"TZID" not in data
    assert b"VTIMEZONE" not in data
    assert sorted(local for event in events(data) for local in wall(event)) == asked(rule, NEW_YEAR)


@pytest.mark.parametrize(
    ("zone", "moment", "clock"),
    [
        (BERLIN, datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "03:30"),
        (BERLIN, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "02:30"),
        (NEW_YORK, datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "03:30"),
        (NEW_YORK, datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "01:30"),
    ],
)
def test_a_time_that_is_missing_or_comes_twice_is_there_once(zone: str, moment: datetime, clock: str) -> None:
    place = ZoneInfo(zone)
    found = [
        resolve(local.replace(tzinfo=None), place).astimezone(UTC)
        for event in events(ics([AT_NIGHT], zone))
        for local in wall(event)
        if local.date() == moment.astimezone(place).date()
    ]
    assert len(set(found)) == len(found) == 2
    assert moment in found
    assert moment.astimezone(place).strftime("%H:%M") == clock


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
def test_a_reader_that_does_not_know_the_zone_finds_its_changes(zone: str) -> None:
    text = ics([TWICE_A_DAY], zone).decode().replace(f"TZID:{zone}", "TZID:Somewhere")
    start = text.index("BEGIN:VTIMEZONE")
    table = tz.tzical(io.StringIO(text[start : text.index("BEGIN:VEVENT")])).get("Somewhere")
    assert table is not None
    place = ZoneInfo(zone)
    moment = datetime(2026, 1, 1, 0, 0, tzinfo=UTC)
    while moment < datetime(2028, 1, 1, tzinfo=UTC):
        local = moment.astimezone(place)
        if not local.fold:  # dateutil takes an hour that comes twice for the first one
            assert local.replace(tzinfo=table).utcoffset() == local.utcoffset(), local
        before, after = ((moment + timedelta(days=days)).astimezone(place).utcoffset() for days in (-1, 1))
        moment += timedelta(hours=6) if before == after else timedelta(minutes=30)  # closely around a change


def test_each_time_of_the_day_is_an_event_of_its_own_without_byhour() -> None:
    data = ics([TWICE_A_DAY])
    assert b"BYHOUR" not in data
    assert b"BYMINUTE" not in data
    morning, evening = events(data)
    assert morning["RRULE"].to_ical() == evening["RRULE"].to_ical() == b"FREQ=DAILY"
    assert b"DTSTART;TZID=Europe/Berlin:20260101T080000" in data
    assert b"DTSTART;TZID=Europe/Berlin:20260101T200000" in data
    assert [event["UID"] for event in (morning, evening)] == ["estim-ankle-0800", "estim-ankle-2000"]


def test_an_event_says_how_long_it_is_and_keeps_nobody_busy_and_rings_before() -> None:
    data = ics([TWICE_A_DAY], minutes=22.5, lead_min=10, summary="TENS, left; ankle")
    for event in events(data):
        assert event["DURATION"].dt == timedelta(minutes=22, seconds=30)
        assert event["TRANSP"] == "TRANSPARENT"
        assert event["SEQUENCE"] == 3
        assert event["SUMMARY"] == "TENS, left; ankle"
        assert event["DTSTAMP"].dt == datetime(2026, 1, 1, tzinfo=UTC)
        (alarm,) = event.walk("VALARM")
        assert (alarm["ACTION"], alarm["TRIGGER"].dt) == ("DISPLAY", timedelta(minutes=-10))
        assert alarm["DESCRIPTION"] == "TENS, left; ankle"
    assert b"TRIGGER:-PT5M" in ics([TWICE_A_DAY])


def test_the_same_schedule_gives_the_same_bytes() -> None:
    assert ics(RULES) == ics(RULES)


def test_the_same_time_on_other_days_has_another_uid_and_the_same_rule_counts_once() -> None:
    rules = ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=8", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=8", "RRULE:FREQ=WEEKLY;BYDAY=MO;BYHOUR=8"]
    assert [event["UID"] for event in events(ics(rules))] == ["estim-ankle-0800", "estim-ankle-0800-2"]


def test_the_first_day_is_one_that_the_rule_names() -> None:
    (event,) = events(ics(["FREQ=WEEKLY;BYDAY=FR;BYHOUR=8"], since=date(2026, 6, 10)))
    assert event["DTSTART"].dt.date() == date(2026, 6, 12)


def test_a_count_is_split_exactly_and_a_time_without_a_share_is_left_out() -> None:
    rule = "FREQ=DAILY;BYHOUR=8,20;COUNT="
    assert [event["RRULE"]["COUNT"] for event in events(ics([f"{rule}5"]))] == [[3], [2]]
    assert [event["UID"] for event in events(ics([f"{rule}1"]))] == ["estim-ankle-0800"]


def test_an_end_is_written_in_utc_where_there_is_a_zone() -> None:
    rule = "FREQ=DAILY;BYHOUR=8,20;UNTIL=20260610T120000"
    assert [event["RRULE"]["UNTIL"] for event in events(ics([rule]))] == [
        [datetime(2026, 6, 10, 6, tzinfo=UTC)],
        [datetime(2026, 6, 9, 18, tzinfo=UTC)],
    ]
    assert b"UNTIL=20260610T080000\r\n" in ics([rule], None)


def test_a_rule_that_is_over_is_left_out() -> None:
    over = "FREQ=DAILY;BYHOUR=9;UNTIL=20251231T235959"
    assert len(events(ics([over, TWICE_A_DAY]))) == 2
    with pytest.raises(EstimError, match="no time on 2026-01-01 or later") as caught:
        ics([over])
    assert caught.value.code is Exit.BAD_DATA


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("FREQ=DAILY;BYHOUR=8,20;COUNT=0", "COUNT=0 can't be split"),
        ("FREQ=DAILY;BYHOUR=8,20;COUNT=2.5", "COUNT=2.5 can't be split"),
        ("FREQ=DAILY;BYHOUR=8;COUNT=3;UNTIL=20260601", "COUNT=3 and UNTIL don't go together"),
        ("FREQ=DAILY;BYHOUR=8;UNTIL=soon", "UNTIL is a local time"),
        ("FREQ=DAILY", "it names no hour"),
        ("FREQ=HOURLY;BYHOUR=8", "FREQ is one of DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR is 0 to 23"),
        ("FREQ=DAILY;BYHOUR=8;BYHOUR=9", "each name once"),
        ("every day", "NAME=VALUE"),
        ("FREQ=DAILY;BYHOUR=8;INTERVAL=0", "INTERVAL is a whole number from 1 to 9999"),
        ("FREQ=DAILY;BYHOUR=8;INTERVAL=-1", "INTERVAL is a whole number from 1 to 9999"),
        ("FREQ=DAILY;BYHOUR=8;BYEASTER=1", "calendars don't know BYEASTER"),
        ("FREQ=DAILY;BYHOUR=8;BYDAY=2MO", "FREQ=MONTHLY or YEARLY"),
        ("FREQ=MONTHLY;BYHOUR=8;BYDAY=9MO", "can't be written into a calendar"),
        ("FREQ=MONTHLY;BYHOUR=8;BYDAY=MO(+1)", "can't be written into a calendar"),
        ("FREQ=DAILY;BYHOUR=8;BYDAY=XX", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=MO;BYHOUR=8,20;BYSETPOS=1", "BYSETPOS picks among several times"),
    ],
)
def test_a_rule_that_can_not_be_written_is_refused_with_the_reason(rule: str, told: str) -> None:
    with pytest.raises(EstimError) as caught:
        ics([rule])
    assert told in caught.value.text
    assert caught.value.code is Exit.BAD_DATA


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(EstimError, match="no time zone 'Nowhere/Town'"):
        ics([TWICE_A_DAY], "Nowhere/Town")


def test_a_rule_without_a_day_and_an_end_in_utc_are_as_in_the_schedule() -> None:
    weekly = "RRULE:FREQ=WEEKLY;BYHOUR=8;UNTIL=20260624T000000Z"
    tuesday = date(2026, 6, 2)
    (event,) = events(ics([weekly], NEW_YORK, date(2026, 5, 1), began={weekly: tuesday}))
    assert [f"{local:%d %H}" for local in wall(event)] == ["02 08", "09 08", "16 08", "23 08"]
    (floating,) = events(ics([f"{weekly};BYDAY=TU"], None, tuesday, present=NEW_YORK))
    assert len(wall(floating)) == 4
    (floating,) = events(ics(["FREQ=DAILY;BYHOUR=20;UNTIL=20260604T000000Z"], None, tuesday, present=NEW_YORK))
    assert len(wall(floating)) == 2
