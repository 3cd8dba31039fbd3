"""The rules of a schedule: local times on any night, in any zone, and nothing that a body can't follow."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.days.diary import Regime
from estim.core.days.schedule import TWICE_A_DAY, check_rules, noted, resolve, rules_at, times, zone_of
from estim.core.errors import EstimError, Exit

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LATE = timedelta(hours=2)


def regime(at: datetime, zone: str = "Europe/Berlin", *rules: str) -> Regime:
    return Regime(at=at, rules=rules or (TWICE_A_DAY,), zone=zone)


def keys(regimes: list[Regime], since: datetime, until: datetime) -> list[str]:
    return [one.key for one in times(regimes, since, until, LATE)]


def test_twice_a_day_is_local_on_both_nights_on_which_the_clocks_change() -> None:
    for first in (date(2026, 3, 28), date(2026, 10, 24)):
        since = datetime.combine(first, time(), BERLIN)
        found = times([regime(since)], since, since + timedelta(days=3), LATE)
        assert [one.at.hour for one in found] == [8, 20] * 3
        offsets = {one.at.utcoffset() for one in found}
        assert offsets == {timedelta(hours=1), timedelta(hours=2)}


def test_a_time_that_does_not_exist_moves_on_and_one_that_comes_twice_is_taken_once() -> None:
    night = "RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0"
    since = datetime(2026, 3, 29, tzinfo=BERLIN)
    (gap,) = times([regime(since, "Europe/Berlin", night)], since, since + timedelta(days=1), LATE)
    assert (gap.key, gap.at.isoformat()) == ("2026-03-29T02:30", "2026-03-29T03:30:00+02:00")
    since = datetime(2026, 10, 25, tzinfo=BERLIN)
    (twice,) = times([regime(since, "Europe/Berlin", night)], since, since + timedelta(days=1), LATE)
    assert twice.at.isoformat() == "2026-10-25T02:30:00+02:00"


def test_times_before_the_schedule_was_set_are_nobodys() -> None:
    since = datetime(2026, 6, 1, 9, 0, tzinfo=BERLIN)
    assert keys([regime(since)], since - timedelta(days=2), since + timedelta(days=1)) == [
        "2026-06-01T20:00",
        "2026-06-02T08:00",
    ]


def test_hours_that_a_flight_to_the_east_skips_are_no_slot() -> None:
    home = datetime(2026, 6, 1, tzinfo=NEW_YORK)
    landed = datetime(2026, 6, 2, 12, 0, tzinfo=BERLIN)
    found = keys([regime(home, "America/New_York"), regime(landed)], home, landed + timedelta(days=1))
    assert found == ["2026-06-01T08:00", "2026-06-01T20:00", "2026-06-02T20:00", "2026-06-03T08:00"]


def test_a_window_that_is_still_open_on_landing_counts() -> None:
    home = datetime(2026, 6, 1, tzinfo=NEW_YORK)
    landed = datetime(2026, 6, 2, 9, 30, tzinfo=BERLIN)
    found = keys([regime(home, "America/New_York"), regime(landed)], home, landed + timedelta(hours=5))
    assert found == ["2026-06-01T08:00", "2026-06-01T20:00", "2026-06-02T08:00"]


def test_a_local_time_that_comes_twice_on_a_flight_to_the_west_is_there_twice_for_the_judge() -> None:
    home = datetime(2026, 6, 1, tzinfo=BERLIN)
    landed = datetime(2026, 6, 1, 16, 0, tzinfo=NEW_YORK)
    found = keys([regime(home), regime(landed, "America/New_York")], home, landed + timedelta(hours=6))
    assert found == ["2026-06-01T08:00", "2026-06-01T20:00", "2026-06-01T20:00"]


def test_new_rules_change_nothing_that_was() -> None:
    home = datetime(2026, 6, 1, tzinfo=BERLIN)
    later = datetime(2026, 6, 2, 9, 0, tzinfo=BERLIN)
    new = regime(later, "Europe/Berlin", *rules_at([time(8, 30), time(18)]))
    assert keys([regime(home), new], home, later + timedelta(days=1)) == [
        "2026-06-01T08:00",
        "2026-06-01T20:00",
        "2026-06-02T08:00",
        "2026-06-02T18:00",
        "2026-06-03T08:30",
    ]


def test_a_rule_that_counts_keeps_its_beginning_through_a_flight() -> None:
    other_day = "RRULE:FREQ=DAILY;INTERVAL=2;BYHOUR=8;BYMINUTE=0;BYSECOND=0"
    home = datetime(2026, 6, 1, tzinfo=BERLIN)
    flown = regime(datetime(2026, 6, 4, tzinfo=NEW_YORK), "America/New_York", other_day)
    found = keys([regime(home, "Europe/Berlin", other_day), flown], home, home + timedelta(days=8))
    assert [key[8:10] for key in found] == ["01", "03", "05", "07"]


@given(look=st.integers(0, 700), days=st.integers(1, 20))
def test_every_other_day_stays_every_other_day_whatever_stretch_is_looked_at(look: int, days: int) -> None:
    other_day = "RRULE:FREQ=DAILY;INTERVAL=2;BYHOUR=8"
    began = date(2026, 6, 1)
    since = datetime.combine(began + timedelta(days=look), time(), BERLIN)
    until = datetime.combine(since.date() + timedelta(days=days), time(), BERLIN)
    stretch = [since.date() + timedelta(days=day) for day in range(days)]
    found = keys([regime(datetime.combine(began, time(), BERLIN), "Europe/Berlin", other_day)], since, until)
    assert found == [f"{day}T08:00" for day in stretch if (day - began).days % 2 == 0]


WEEKLY = "RRULE:FREQ=WEEKLY;BYHOUR=8"
MONTHLY = "RRULE:FREQ=MONTHLY;BYHOUR=8"


@given(first=st.dates(date(2026, 1, 1), date(2026, 12, 31)), look=st.integers(0, 700), days=st.integers(1, 60))
def test_a_rule_without_a_day_keeps_that_of_its_beginning_whatever_stretch_is_looked_at(
    first: date, look: int, days: int
) -> None:
    began = datetime.combine(first, time(), BERLIN)
    since = datetime.combine(first + timedelta(days=look), time(), BERLIN)
    until = datetime.combine(since.date() + timedelta(days=days), time(), BERLIN)
    stretch = [since.date() + timedelta(days=day) for day in range(days)]
    found = keys([regime(began, "Europe/Berlin", WEEKLY)], since, until)
    assert found == [f"{day}T08:00" for day in stretch if day.weekday() == first.weekday()]
    found = keys([regime(began, "Europe/Berlin", MONTHLY)], since, until)
    assert found == [f"{day}T08:00" for day in stretch if day.day == first.day]


def test_a_rule_keeps_its_beginning_when_others_are_added_and_through_a_flight() -> None:
    tuesday = datetime(2026, 6, 2, tzinfo=BERLIN)
    regimes = [
        regime(tuesday, "Europe/Berlin", WEEKLY),
        regime(tuesday + timedelta(days=3), "Europe/Berlin", WEEKLY, "RRULE:FREQ=WEEKLY;BYHOUR=20"),
        regime(tuesday + timedelta(days=5), "America/New_York", WEEKLY, "RRULE:FREQ=WEEKLY;BYHOUR=20"),
    ]
    assert keys(regimes, tuesday, tuesday + timedelta(days=15)) == [
        *("2026-06-02T08:00", "2026-06-05T20:00", "2026-06-09T08:00", "2026-06-12T20:00", "2026-06-16T08:00"),
    ]


@pytest.mark.parametrize(
    ("zone", "until", "last"),
    [
        ("America/New_York", "20260611T000000Z", "2026-06-10T20:00"),
        ("America/New_York", "20260610T235959Z", "2026-06-10T08:00"),
        ("Asia/Tokyo", "20260610T110000Z", "2026-06-10T20:00"),
        ("Asia/Tokyo", "20260610t105959z", "2026-06-10T08:00"),
        ("Asia/Tokyo", "20260610t110000z", "2026-06-10T20:00"),
        ("Europe/Berlin", "20260610T200000", "2026-06-10T20:00"),
    ],
)
def test_an_end_in_utc_is_that_moment_in_local_time(zone: str, until: str, last: str) -> None:
    began = datetime(2026, 6, 8, tzinfo=ZoneInfo(zone))
    found = keys([regime(began, zone, f"{TWICE_A_DAY};UNTIL={until}")], began, began + timedelta(days=9))
    assert found[-1] == last


def test_only_what_is_new_is_noted() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    first = noted([], [TWICE_A_DAY], "Europe/Berlin", now)
    assert first is not None
    assert noted([first], [TWICE_A_DAY], "Europe/Berlin", now) is None
    assert noted([first], [TWICE_A_DAY], "Asia/Tokyo", now) is not None


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("nonsense", "FREQ|hour"),
        ("RRULE:FREQ=DAILY;BYHOUR=25", "."),
        ("RRULE:FREQ=HOURLY;BYHOUR=8", "DAILY, WEEKLY or MONTHLY"),
        ("RRULE:FREQ=DAILY", "names no hour"),
        ("RRULE:FREQ=DAILY;BYHOUR=8,9", "two hours of rest"),
        ("RRULE:FREQ=DAILY;BYHOUR=0,3,6,9,12,15,18,21", "more than 6 times a day"),
        ("RRULE:FREQ=DAILY;BYHOUR=8;UNTIL=20200101", "no time at all"),
        ("RRULE:FREQ=DAILY;BYHOUR=8;BYSECOND=30", "whole minutes"),
        ("DTSTART:20260101T000000\nRRULE:FREQ=DAILY;BYHOUR=8", "nothing else"),
        ("RRULE:FREQ=DAILY;BYHOUR=8;COLOUR=RED", "."),
        ("RRULE:FREQ=DAILY;BYHOUR=8;INTERVAL=0", "INTERVAL"),
        ("RRULE:FREQ=DAILY;BYHOUR=8;INTERVAL=-1", "INTERVAL"),
        ("RRULE:FREQ=MONTHLY;BYHOUR=8;BYDAY=9MO", "."),
    ],
)
def test_a_broken_rule_gets_a_sentence(rule: str, why: str) -> None:
    with pytest.raises(EstimError, match=why) as caught:
        check_rules([rule])
    assert caught.value.code is Exit.CONFIG
    assert "\n" not in caught.value.text


def test_a_zone_that_does_not_exist_gets_a_sentence() -> None:
    for name in ("Mars/Olympus", "../etc/passwd", "", "Europe"):
        with pytest.raises(EstimError, match="there is no time zone"):
            zone_of(name)


@given(
    hours=st.lists(st.integers(0, 23), min_size=1, max_size=3, unique=True),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    first=st.dates(date(2026, 1, 1), date(2027, 12, 1)),
    days=st.integers(1, 40),
)
def test_every_day_has_each_of_its_times_once(hours: list[int], zone: str, first: date, days: int) -> None:
    home = ZoneInfo(zone)
    since = datetime.combine(first, time(), home)
    until = datetime.combine(first + timedelta(days=days), time(), home)
    rules = rules_at([time(hour) for hour in hours])
    found = times([regime(since, zone, *rules)], since, until, LATE)
    assert [one.key for one in found] == [
        f"{first + timedelta(days=day)}T{hour:02d}:00" for day in range(days) for hour in sorted(hours)
    ]
    assert [one.at for one in found] == sorted(resolve(datetime.fromisoformat(one.key), home) for one in found)
