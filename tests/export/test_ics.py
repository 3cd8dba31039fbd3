"""A calendar of a schedule shows the times of its rules, on both nights on which the clocks change."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from dateutil.rrule import rrulestr
from icalendar import Calendar

from estim.core.days.diary import Break
from estim.core.days.schedule import TWICE_A_DAY, resolve
from estim.core.errors import EstimError, Exit
from estim.export.ics import planned_events, to_ics
from estim.export.known_events import CANCELLED_KEPT, Form, Known, nothing_known, read_known, revised, write_known
from tests.export.strict_calendar import Phone, parse

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


HOME = UUID("8f14e45f-ceea-467f-a5d8-2f9f7d2c1b6a")
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def known(rules: Sequence[str], before: Known, now: datetime = NOW, form: Form = Form.EVENT, **more: Any) -> Known:
    usual: dict[str, Any] = {"zone": BERLIN, "since": NEW_YEAR, "minutes": 20, "summary": "Session"}
    return revised(before, form, planned_events(rules, **usual | more), now)


def ics(rules: Sequence[str], zone: str | None = BERLIN, since: date = NEW_YEAR, **more: Any) -> bytes:
    return to_ics(known(rules, Known(home=HOME), zone=zone, since=since, **more).events)


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
    assert morning["UID"] != evening["UID"]


def test_an_event_says_how_long_it_is_and_keeps_nobody_busy_and_rings_before() -> None:
    data = ics([TWICE_A_DAY], minutes=22.5, lead_min=10, summary="TENS, left; ankle")
    for event in events(data):
        assert event["DURATION"].dt == timedelta(minutes=22, seconds=30)
        assert event["TRANSP"] == "TRANSPARENT"
        assert event["SEQUENCE"] == 0
        assert event["SUMMARY"] == "TENS, left; ankle"
        assert event["DTSTAMP"].dt == NOW
        (alarm,) = event.walk("VALARM")
        assert (alarm["ACTION"], alarm["TRIGGER"].dt) == ("DISPLAY", timedelta(minutes=-10))
        assert alarm["DESCRIPTION"] == "TENS, left; ankle"
    assert b"TRIGGER:-PT5M" in ics([TWICE_A_DAY])


def test_the_same_schedule_gives_the_same_bytes() -> None:
    assert ics(RULES) == ics(RULES)


def test_the_same_time_on_other_days_has_another_uid_and_the_same_rule_counts_once() -> None:
    rules = ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=8", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=8", "RRULE:FREQ=WEEKLY;BYDAY=MO;BYHOUR=8"]
    assert len({event["UID"] for event in events(ics(rules))}) == len(events(ics(rules))) == 2


def test_the_first_day_is_one_that_the_rule_names() -> None:
    (event,) = events(ics(["FREQ=WEEKLY;BYDAY=FR;BYHOUR=8"], since=date(2026, 6, 10)))
    assert event["DTSTART"].dt.date() == date(2026, 6, 12)


def test_a_count_is_split_exactly_and_a_time_without_a_share_is_left_out() -> None:
    rule = "FREQ=DAILY;BYHOUR=8,20;COUNT="
    assert [event["RRULE"]["COUNT"] for event in events(ics([f"{rule}5"]))] == [[3], [2]]
    assert [event["DTSTART"].dt.hour for event in events(ics([f"{rule}1"]))] == [8]


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
    with pytest.raises(EstimError, match="no time from now on") as caught:
        ics([over])
    assert caught.value.code is Exit.BAD_DATA


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("FREQ=DAILY;BYHOUR=8,20;COUNT=0", "COUNT=0: give a whole number"),
        ("FREQ=DAILY;BYHOUR=8,20;COUNT=2.5", "COUNT=2.5: give a whole number"),
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


def hours(phone: Phone, first: date, days: int) -> list[str]:
    start = datetime.combine(first, time(), ZoneInfo(BERLIN)).astimezone(UTC)
    shown = phone.shows(start, start + timedelta(days=days, seconds=-1))
    return [f"{at.astimezone(ZoneInfo(BERLIN)):%d %H:%M}" for at in shown]


def test_after_a_change_of_times_a_calendar_shows_the_new_ones_only() -> None:
    """The foreign calendar takes both files; icalendar reads the second one as well."""
    first = known([TWICE_A_DAY], Known(home=HOME))
    second = known(["FREQ=DAILY;BYHOUR=7;BYMINUTE=30", "FREQ=DAILY;BYHOUR=20"], first, NOW + timedelta(days=3))
    phone = Phone()
    phone.takes(to_ics(first.events))
    assert hours(phone, date(2026, 1, 5), 1) == ["05 08:00", "05 20:00"]
    phone.takes(to_ics(second.events))
    phone.takes(to_ics(second.events))
    assert hours(phone, date(2026, 1, 5), 1) == ["05 07:30", "05 20:00"]
    assert len(phone.held) == 2, "the event of 8:00 has moved"
    assert {f"{event['DTSTART'].dt:%H:%M}": event["SEQUENCE"] for event in events(to_ics(second.events))} == {
        "07:30": 1,
        "20:00": 0,
    }


def test_a_time_that_is_gone_is_cancelled_and_comes_back_as_the_same_event() -> None:
    twice = known([TWICE_A_DAY], Known(home=HOME))
    once = known(["FREQ=DAILY;BYHOUR=20"], twice, NOW + timedelta(days=1))
    again = known([TWICE_A_DAY], once, NOW + timedelta(days=2))
    none = known([], again, NOW + timedelta(days=3))
    phone = Phone()
    for state, shown in ((twice, 2), (once, 1), (again, 2), (none, 0)):
        phone.takes(to_ics(state.events))
        assert len(hours(phone, date(2026, 1, 10), 1)) == shown
    assert len(phone.held) == 2
    gone = next(event for event in once.events if event.cancelled)
    (cancelled,) = [event for event in events(to_ics(once.events)) if event["STATUS"] == "CANCELLED"]
    assert (cancelled["UID"], cancelled["SEQUENCE"]) == (gone.uid, 1)
    assert {event.uid for event in again.events} == {event.uid for event in twice.events}
    assert known([], once, NOW + CANCELLED_KEPT + timedelta(days=2)).events[-1].uid != gone.uid


def test_a_holiday_is_left_out_to_the_day_and_comes_back_if_it_is_taken_back() -> None:
    away = Break(at=NOW, first=date(2026, 3, 28), last=date(2026, 3, 30), holiday=True)
    before = known([TWICE_A_DAY], Known(home=HOME))
    holiday = known([TWICE_A_DAY], before, NOW + timedelta(days=1), breaks=[away])
    back = known([TWICE_A_DAY], holiday, NOW + timedelta(days=2))
    phone = Phone()
    phone.takes(to_ics(before.events))
    assert len(hours(phone, date(2026, 3, 27), 5)) == 10
    phone.takes(to_ics(holiday.events))
    assert hours(phone, date(2026, 3, 27), 5) == ["27 08:00", "27 20:00", "31 08:00", "31 20:00"]
    found = events(to_ics(holiday.events))
    assert [[day.dts[0].dt.day for day in event["EXDATE"]] for event in found] == [[28, 29, 30]] * 2
    assert b"EXDATE;TZID=Europe/Berlin:20260329T080000\r\n" in to_ics(holiday.events)
    phone.takes(to_ics(back.events))
    assert len(hours(phone, date(2026, 3, 27), 5)) == 10


def test_a_pause_without_an_end_is_left_out_for_weeks_that_stay_the_same_for_weeks() -> None:
    pause = Break(at=NOW, first=date(2026, 1, 10), last=None)
    one = known([TWICE_A_DAY], Known(home=HOME), breaks=[pause], today=date(2026, 1, 11))
    assert known([TWICE_A_DAY], one, NOW + timedelta(days=20), breaks=[pause], today=date(2026, 1, 31)) == one
    later = known([TWICE_A_DAY], one, NOW + timedelta(days=50), breaks=[pause], today=date(2026, 2, 20))
    phone = Phone()
    phone.takes(to_ics(one.events))
    assert hours(phone, date(2026, 1, 9), 30) == ["09 08:00", "09 20:00"]
    phone.takes(to_ics(later.events))
    assert hours(phone, date(2026, 2, 20), 28) == []


@pytest.mark.parametrize("zone", [BERLIN, None])
@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("rule", RULES)
def test_a_strict_reader_finds_nothing_that_is_not_allowed(rule: str, form: Form, zone: str | None) -> None:
    away = Break(at=NOW, first=date(2026, 6, 1), last=date(2026, 6, 20), holiday=True)
    told = known([rule], Known(home=HOME), form=form, zone=zone, breaks=[away], summary="estim, links; Übung" * 4)
    gone = known([], told, NOW + timedelta(days=1), form)
    for state in (told, gone):
        parts = [part for part in parse(to_ics(state.of(form))).parts if part.name != "VTIMEZONE"]
        assert {part.name for part in parts} == {form}


def test_things_to_do_are_events_of_their_own_and_due_when_the_session_ends() -> None:
    both = known([TWICE_A_DAY], known([TWICE_A_DAY], Known(home=HOME)), form=Form.TASK)
    assert len({event.uid for event in both.events}) == 4
    assert events(to_ics(both.of(Form.TASK))) == []
    todos: list[Any] = list(Calendar.from_ical(to_ics(both.of(Form.TASK))).walk("VTODO"))
    assert [(f"{one['DTSTART'].dt:%H:%M}", f"{one['DUE'].dt:%H:%M}", one["STATUS"]) for one in todos] == [
        ("08:00", "08:20", "NEEDS-ACTION"),
        ("20:00", "20:20", "NEEDS-ACTION"),
    ]
    less = known(["FREQ=DAILY;BYHOUR=8"], both, NOW + timedelta(days=1), form=Form.TASK)
    assert less.of(Form.EVENT) == both.of(Form.EVENT), "the calendar isn't touched"


def test_no_two_homes_share_a_uid_and_none_says_anything() -> None:
    uids = [event.uid for _ in range(3) for event in known([TWICE_A_DAY], nothing_known()).events]
    assert len(set(uids)) == 6
    assert all(UUID(uid).version == 5 for uid in uids)


def test_what_was_told_is_kept_in_a_file_and_a_broken_one_is_not_forgotten_quietly(tmp_path: Path) -> None:
    file = tmp_path / "calendar.json"
    first = known(RULES[:4], read_known(file), breaks=[Break(at=NOW, first=NEW_YEAR, last=None)])
    write_known(file, first)
    assert read_known(file) == first
    assert known(RULES[:4], read_known(file), breaks=[Break(at=NOW, first=NEW_YEAR, last=None)]) == first
    file.write_text('{"schema": 1, "home": "mine"}', encoding="utf-8")
    with pytest.raises(EstimError, match="which events your calendar has") as caught:
        read_known(file)
    assert caught.value.code is Exit.CONFIG
