"""Draws diaries for property tests: every kind of entry, every optional field there or not, and texts that bite."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar

from hypothesis import strategies as st

from estim.core.days.diary import (
    Break,
    Check,
    Diary,
    Entry,
    Mark,
    Marked,
    Note,
    Pads,
    Pain,
    Played,
    Regime,
    Run,
    Side,
    Topic,
    When,
)
from estim.core.days.schedule import TWICE_A_DAY

E = TypeVar("E", bound=Entry)

OFFSETS = st.sampled_from([0, 60, 120, -300, -210, 345, 765, -720, 840]).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)
MOMENTS = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001  # the strategy adds the offset
    datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=OFFSETS,
)
SECONDS = MOMENTS.map(lambda moment: moment.replace(microsecond=0))
"""Moments as a person's own clock gives them."""

DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
TEXTS = st.one_of(
    st.sampled_from(
        ["", "=1+1", '"', '""', ",", "a,b", "a\nb", "a\r\nb", "\r", " ", ";", "\\", "É 痛 🦵", "'", "\x85"]
    ),
    st.text("ab\"',;=\\\r\n \té→🦵\u2028", max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
NAMES = st.text('abc-;\\,"= \né', min_size=1, max_size=8)
LISTS = st.lists(NAMES, max_size=3).map(tuple)
LEVELS = st.dictionaries(st.one_of(st.sampled_from(["A", "B", "left"]), NAMES), st.integers(0, 999), max_size=3)
NUMBERS = st.one_of(st.integers(0, 5000).map(float), st.floats(0, 1e9))
SCORES = st.integers(0, 10)
SLOTS = MOMENTS.map(lambda moment: moment.replace(tzinfo=None).isoformat(timespec="minutes"))
RULES = st.sampled_from(
    [
        TWICE_A_DAY,
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=7;BYMINUTE=30;BYSECOND=0",
        "RRULE:FREQ=DAILY;INTERVAL=2;BYHOUR=12;BYMINUTE=0;BYSECOND=0",
    ]
)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"])


def by_time(entries: st.SearchStrategy[E]) -> st.SearchStrategy[tuple[E, ...]]:
    """Draw some entries, oldest first."""
    some = st.lists(entries, max_size=3)
    return some.map(lambda found: tuple(sorted(found, key=lambda entry: entry.at.astimezone(UTC))))


SESSIONS = st.builds(
    Played,
    at=MOMENTS,
    id=st.integers(1, 1000),
    program=TEXTS,
    unit=TEXTS,
    family=TEXTS,
    sites=LISTS,
    simulated=st.booleans(),
    length_s=NUMBERS,
    output_s=NUMBERS,
    delivered_until=MOMENTS,
    ended=st.none() | MOMENTS,
    reason=st.sampled_from(["", "completed", "stopped", "panic", "link_lost"]) | TEXTS,
    duration_s=st.none() | NUMBERS,
    level_max=LEVELS,
    goal=LEVELS,
    stop_confirmed=st.none() | st.booleans(),
    message=TEXTS,
    overrides=LISTS,
    usual_s=st.none() | NUMBERS,
    by_hand=st.booleans(),
)
PAINS = st.builds(
    Pain,
    at=MOMENTS,
    score=SCORES,
    when=st.sampled_from(When),
    note=TEXTS,
    stiffness_min=st.none() | NUMBERS,
    side=st.none() | st.sampled_from(Side),
)
RUNS = st.one_of(
    st.builds(
        Run, at=MOMENTS, km=NUMBERS, minutes=st.none() | NUMBERS, pain=st.none() | SCORES, note=TEXTS, shoes=TEXTS
    ),
    st.builds(Run, at=MOMENTS, km=st.none(), minutes=NUMBERS, pain=st.none() | SCORES, note=TEXTS),
)
PADS = st.builds(Pads, at=MOMENTS, note=TEXTS)
NOTES = st.builds(Note, at=MOMENTS, text=TEXTS)
MARKS = st.builds(Mark, at=MOMENTS, slot=SLOTS, what=st.sampled_from(Marked))
BREAKS = st.builds(
    lambda at, first, days, holiday: Break(
        at=at, first=first, last=None if days is None else first + timedelta(days=days), holiday=holiday
    ),
    MOMENTS,
    DAYS,
    st.none() | st.integers(0, 60),
    st.booleans(),
)
REGIMES = st.builds(Regime, at=MOMENTS, rules=st.lists(RULES, max_size=3).map(tuple), zone=ZONES)


@st.composite
def diaries(draw: st.DrawFn) -> Diary:
    """Draw a whole journal; a check is about one of its sessions, or about none."""
    sessions = draw(by_time(SESSIONS).filter(lambda found: len({played.id for played in found}) == len(found)))
    numbers = st.none() | st.sampled_from([played.id for played in sessions]) if sessions else st.none()
    checks = st.builds(
        Check, at=MOMENTS, topic=st.sampled_from(Topic), about=TEXTS, answer=TEXTS, session=numbers, note=TEXTS
    )
    return Diary(
        sessions=sessions,
        pains=draw(by_time(PAINS)),
        runs=draw(by_time(RUNS)),
        checks=draw(by_time(checks)),
        pads=draw(by_time(PADS)),
        notes=draw(by_time(NOTES)),
        marks=draw(by_time(MARKS)),
        breaks=draw(by_time(BREAKS)),
        regimes=draw(by_time(REGIMES)),
    )
