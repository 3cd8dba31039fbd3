"""A diary is counted exactly: by the person's own day, with grace, and without a promise about the pain."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.days.diary import Check, Diary, Note, Pain, Played, Run, Topic, When
from estim.core.days.particulars import particulars
from estim.core.days.slots import Slot, Status
from estim.core.days.statistics import Day, Leg, Off, tally
from estim.core.days.streak import GRACE_DAYS
from estim.core.errors import EstimError, Exit
from estim.report.text import as_text

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
LETTERS = {"d": "done", "p": "part", "m": "missed", "s": "skipped", "o": "off", ".": "upcoming"}


def at(day: date, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)


def slots(days: str, first: date = MONDAY) -> list[Slot]:
    """Return the slots of days, a word a day: "dd dm ss" are two slots done, one done and one missed, two skipped."""
    found = []
    for number, word in enumerate(days.split()):
        for index, letter in enumerate(word.strip("-")):
            moment = at(first + timedelta(days=number), 8 + 4 * index)
            status = Status(LETTERS[letter])
            found.append(Slot(f"{moment:%Y-%m-%dT%H:%M}", moment, moment, moment + timedelta(hours=2), status))
    return found


def played(
    moment: datetime,
    minutes: float = 20,
    sites: tuple[str, ...] = ("ankle-left",),
    program: str = "tens-ankle",
    simulated: bool = False,
) -> Played:
    over = moment + timedelta(minutes=minutes)
    return Played(
        at=moment,
        program=program,
        unit="mine",
        family="em70",
        sites=sites,
        simulated=simulated,
        length_s=1200,
        output_s=minutes * 60,
        delivered_until=over,
        ended=over,
    )


def worsts(scores: Sequence[int | None], first: date = MONDAY) -> tuple[Pain, ...]:
    days = (first + timedelta(days=number) for number in range(len(scores)))
    return tuple(
        Pain(at=at(day, 20), score=score, when=When.WORST)
        for day, score in zip(days, scores, strict=True)
        if score is not None
    )


def streak(days: str, now_day: int | None = None) -> tuple[int, int, list[int]]:
    """Return streak, best streak and the numbers of the forgiven days; today is the day after the last, or given."""
    length = len(days.split())
    today = MONDAY + timedelta(days=length if now_day is None else now_day)
    found = tally(Diary(), slots(days), at(today, 12), MONDAY, MONDAY + timedelta(days=length - 1))
    return found.streak_days, found.best_streak_days, [(day - MONDAY).days for day in found.streak.forgiven]


def test_a_small_fortnight_is_counted_exactly() -> None:
    diary = Diary(
        sessions=(
            played(at(MONDAY)),
            played(at(MONDAY, 18), 10),
            played(at(MONDAY + timedelta(days=1)), 0),
            played(at(MONDAY + timedelta(days=2)), 30, program="tens-strong"),
        ),
        pains=(
            Pain(at=at(MONDAY, 7), score=5, when=When.MORNING),
            Pain(at=at(MONDAY, 9), score=1, when=When.REST),
            Pain(at=at(MONDAY, 12), score=4, when=When.WORST),
            Pain(at=at(MONDAY, 20), score=6, when=When.WORST, note="after stairs"),
        ),
        runs=(Run(at=at(MONDAY, 17), km=3.5, pain=2), Run(at=at(MONDAY, 19), km=1.5)),
    )
    found = tally(diary, slots("dp m s"), at(MONDAY + timedelta(days=3)), MONDAY, MONDAY + timedelta(days=2))
    assert found.days[0] == Day(
        on=MONDAY,
        done=1,
        part=1,
        sessions=2,
        minutes=30,
        site_minutes=30,
        worst=6,
        morning=5,
        rest=1,
        run=2,
        km=5.0,
    )
    assert found.days[1] == Day(on=MONDAY + timedelta(days=1), missed=1)
    assert found.days[2] == Day(on=MONDAY + timedelta(days=2), skipped=1, sessions=1, minutes=30, site_minutes=30)
    assert (found.done, found.counted, found.adherence) == (1, 3, 1 / 3)
    assert (found.sessions, found.hours) == (3, 1.0)
    assert found.programs == (("tens-ankle", 2), ("tens-strong", 1))
    assert found.highest == found.days[0]
    assert [(one.about, one.text) for one in found.remarks] == [("pain, worst", "after stairs")]


def test_without_a_slot_that_is_over_there_is_no_adherence() -> None:
    found = tally(Diary(), slots("s o .."), at(MONDAY + timedelta(days=2)), MONDAY, MONDAY + timedelta(days=2))
    assert found.adherence is None
    assert [(day.skipped, day.off, day.open) for day in found.days] == [(1, 0, 0), (0, 1, 0), (0, 0, 2)]


def test_a_home_in_which_nothing_was_played_has_nothing_to_count_yet() -> None:
    last = MONDAY + timedelta(days=1)
    missed = slots("mm mm")
    found = tally(Diary(), missed, at(last, 23), MONDAY, last)
    assert (found.adherence, found.counted, found.begun) == (None, 0, False)
    earlier = tally(Diary(played_before=True), missed, at(last, 23), MONDAY, last)
    assert (earlier.adherence, earlier.counted) == (0.0, 4), "who has played before did miss them"


def test_a_slot_counts_once_and_what_was_done_on_each_leg_is_told_beside_it() -> None:
    left = played(at(MONDAY))
    right = played(at(MONDAY, 9), sites=("ankle-right",))
    cut_short = played(at(MONDAY, 20), 5, sites=("ankle-right",))
    moment = at(MONDAY)
    both = Slot("2026-03-02T08:00", moment, moment, moment, Status.DONE, session=left, also=(right,))
    part = Slot("2026-03-02T20:00", moment, moment, moment, Status.PART, session=cut_short)
    off = Slot("2026-03-03T08:00", moment, moment, moment, Status.OFF, why="holiday")
    later = Slot("2026-03-09T08:00", moment, moment, moment, Status.OFF, why="holiday")
    diary = Diary(sessions=(left, right, cut_short))
    found = tally(diary, [both, part, off, later], at(MONDAY, 23), MONDAY, MONDAY + timedelta(days=1))
    assert (found.done, found.counted, found.adherence) == (1, 2, 0.5)
    assert found.legs == (Leg(leg="left", done=1, part=0), Leg(leg="right", done=1, part=1))
    assert found.off == (Off(slot="2026-03-03T08:00", why="holiday"),)
    unsaid = Slot("2026-03-02T08:00", moment, moment, moment, Status.DONE, session=played(at(MONDAY), sites=()))
    assert tally(diary, [unsaid], at(MONDAY, 23), MONDAY, MONDAY).legs == ()


def test_what_lies_outside_the_period_is_left_out_but_a_streak_reaches_back() -> None:
    diary = Diary(sessions=tuple(played(at(MONDAY + timedelta(days=number))) for number in range(6)))
    last = MONDAY + timedelta(days=4)
    found = tally(diary, slots("d d d d d d"), at(MONDAY + timedelta(days=6)), MONDAY + timedelta(days=3), last)
    assert (found.streak_days, found.done, found.sessions) == (5, 2, 2)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("dd dd dd", (3, 3, [])),
        ("dd dm dd", (2, 2, [1])),
        ("dd p dd", (2, 2, [1])),
        ("dd mm dd", (1, 1, [])),
        ("dd dd pm d", (1, 2, [])),
        ("d d d m", (3, 3, [3])),
        ("m d d", (2, 2, [])),
        ("m", (0, 0, [])),
        ("", (0, 0, [])),
    ],
)
def test_one_slot_not_done_is_forgiven_and_two_are_not(days: str, expected: tuple[int, int, list[int]]) -> None:
    assert streak(days or "-") == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("d m d d d d d d m d", (8, 8, [1, 8])),
        ("d m d d d d d m d d", (7, 7, [7])),
        ("d d d d m m d", (1, 4, [])),
        ("d m m d m d", (2, 2, [4])),
    ],
)
def test_grace_comes_once_in_seven_days(days: str, expected: tuple[int, int, list[int]]) -> None:
    assert streak(days) == expected


@pytest.mark.parametrize("neutral", ["-", "s", "oo", "so", "- - o s -"])
def test_a_holiday_neither_adds_nor_breaks(neutral: str) -> None:
    assert streak(f"dd dd {neutral} dd") == (3, 3, [])


def test_a_skipped_slot_leaves_the_day_to_the_other() -> None:
    assert streak("ds sm sd") == (2, 2, [1])


@pytest.mark.parametrize(
    ("today", "days"), [("..", 2), ("d.", 2), ("m.", 2), ("mm", 2), ("dm", 2), ("dd", 3), ("ds", 3)]
)
def test_today_counts_once_all_is_done_and_never_breaks(today: str, days: int) -> None:
    assert streak(f"dd dd {today}", now_day=2) == (days, days, [])


def naive(days: Sequence[str]) -> tuple[int, int]:
    """Go back from each end day by day, as the rule is told to a person; slow, and another way than the code's."""

    def back(end: int) -> int:
        kept = 0
        graced = GRACE_DAYS + end
        for number in range(end, -1, -1):
            not_done = sum(letter in "mp" for letter in days[number])
            if not_done > 1 or (not_done == 1 and graced - number < GRACE_DAYS):
                break
            graced = number if not_done else graced
            kept += not not_done and "d" in days[number]
        return kept

    return back(len(days) - 1), max(back(end) for end in range(len(days)))


@given(st.lists(st.sampled_from(["dd", "dd", "d", "dm", "p", "mm", "s", "-"]), min_size=1, max_size=40))
def test_one_pass_finds_what_going_back_day_by_day_finds(days: list[str]) -> None:
    assert streak(" ".join(days))[:2] == naive(days)


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ([7] * 7 + [5] * 7, (49, 35, True)),
        ([7] * 7 + [5] * 6 + [6], (49, 36, False)),
        ([2] * 7 + [0] * 6 + [1], (14, 1, False)),
        ([0] * 7 + [2] * 7, (0, 14, True)),
        ([0] * 14, (0, 0, False)),
        ([9, 0, 0, 9, 0, 0, 0, 5, 0, 9, 0, 0, 9, 0], (18, 23, False)),
        ([6, None, *[6] * 6, 9, None, 9, *[3] * 7], (42, 21, True)),
    ],
)
def test_a_change_of_the_pain_is_clear_from_two_points_on(
    scores: list[int | None], told: tuple[int, int, bool]
) -> None:
    last = MONDAY + timedelta(days=len(scores) - 1)
    change = tally(Diary(pains=worsts(scores)), [], at(last, 23), MONDAY, last).change
    assert change is not None
    assert (change.before_sum, change.after_sum, change.clear) == told
    assert change.days == 7


def test_less_than_two_weeks_with_a_score_say_nothing_of_a_change() -> None:
    last = MONDAY + timedelta(days=19)
    assert tally(Diary(pains=worsts([9] * 7 + [1] * 6)), [], at(last), MONDAY, last).change is None


def test_sessions_of_one_night_belong_to_the_day_they_began_on_when_clocks_change() -> None:
    spring = date(2026, 3, 29)
    autumn = date(2026, 10, 25)
    twice = [datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1)]
    sessions = (played(at(spring, 0, 30)), played(at(spring, 23, 50)), *map(played, twice), played(at(autumn, 23, 59)))
    found = tally(Diary(sessions=sessions), [], at(autumn, 23), spring, autumn)
    assert (found.days[0].sessions, found.days[0].minutes) == (2, 40)
    assert (found.days[-1].sessions, found.days[-1].minutes) == (3, 60)
    assert len(found.days) == 211


def test_a_slot_belongs_to_the_day_of_its_key_wherever_the_moment_is_told() -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=ZoneInfo("Pacific/Auckland")).astimezone(BERLIN)
    one = Slot("2026-03-02T23:30", late, late, late, Status.DONE)
    two = Slot("2026-03-02T00:10", late - timedelta(hours=23), late, late, Status.MISSED)
    found = tally(Diary(), [one, two], at(MONDAY, 23), MONDAY, MONDAY)
    assert (found.days[0].done, found.days[0].missed) == (1, 1)


def test_morning_stiffness_is_the_longest_of_its_day_and_a_run_by_its_minutes_has_no_kilometres() -> None:
    pains = tuple(
        Pain(at=at(MONDAY, hour), score=1, when=When.MORNING, stiffness_min=minutes)
        for hour, minutes in ((6, 10.0), (7, 25.0), (8, None))
    )
    runs = (Run(at=at(MONDAY, 18), km=None, minutes=30), Run(at=at(MONDAY, 19), km=2.5, minutes=15))
    day, after = tally(Diary(pains=pains, runs=runs), [], at(MONDAY, 23), MONDAY, MONDAY + timedelta(days=1)).days
    assert (day.stiffness_min, day.run_min, day.km) == (25, 30, 2.5)
    assert (after.stiffness_min, after.run_min) == (None, 0)
    text = as_text(tally(Diary(pains=pains, runs=runs), [], at(MONDAY, 23), MONDAY, MONDAY), 100)
    assert "stiff min" in text
    assert "2.5 km and 30 min" in text
    assert particulars(Diary(pains=pains), MONDAY, MONDAY).stiffness == ((MONDAY, 25),)


def test_dose_is_told_by_site_and_an_unnamed_site_may_be_any() -> None:
    both = ("ankle-left", "ankle-right")
    diary = Diary(sessions=(played(at(MONDAY), 30, both), played(at(MONDAY, 12), 20, ()), played(at(MONDAY, 16), 40)))
    found = tally(diary, [], at(MONDAY, 20), MONDAY, MONDAY)
    assert [(dose.site, dose.sessions, dose.minutes) for dose in found.doses] == [
        ("ankle-left", 1, 40),
        ("ankle, leg not said", 1, 30),
        ("any", 1, 20),
    ]
    assert found.doses[0].highest == (MONDAY, 40.0)
    assert (found.days[0].minutes, found.days[0].site_minutes) == (90.0, 90.0)


def test_answers_about_skin_and_signs_of_a_torn_tendon_are_told() -> None:
    checks = (
        Check(at=at(MONDAY), topic=Topic.SKIN, answer="ok"),
        Check(at=at(MONDAY, 12), topic=Topic.SKIN, answer="bad"),
        Check(at=at(MONDAY, 13), topic=Topic.RED_FLAG, about="pop", answer="yes"),
        Check(at=at(MONDAY, 14), topic=Topic.RED_FLAG, about="gap", answer="no"),
    )
    found = tally(Diary(checks=checks), [], at(MONDAY, 20), MONDAY, MONDAY)
    assert (found.skin_ok, found.skin_bad, found.red_flags) == (1, (MONDAY,), ((MONDAY, "pop"),))


@pytest.mark.parametrize(("used", "usage_days"), [(1, 1), (31, 31), (60, 60)])
def test_days_of_use_are_those_of_the_last_sixty(used: int, usage_days: int) -> None:
    sessions = tuple(played(at(MONDAY + timedelta(days=number))) for number in range(used))
    today = MONDAY + timedelta(days=60)
    assert tally(Diary(sessions=sessions), [], at(today), MONDAY, today).usage_days == usage_days
    assert tally(Diary(sessions=sessions), [], at(today), MONDAY + timedelta(days=1), today).usage_days is None


def test_days_before_the_first_entry_are_no_days_without_use() -> None:
    today = MONDAY + timedelta(days=90)
    sessions = (played(at(today - timedelta(days=3))),)
    assert tally(Diary(sessions=sessions), [], at(today), MONDAY, today).usage_days is None


def test_a_software_unit_is_never_told_as_a_real_one() -> None:
    found = tally(Diary(sessions=(played(at(MONDAY), simulated=True),)), [], at(MONDAY, 9), MONDAY, MONDAY)
    assert found.simulated


def test_an_empty_diary_is_empty_and_a_note_is_something() -> None:
    assert tally(Diary(), [], at(MONDAY), MONDAY, MONDAY).empty
    assert not tally(Diary(notes=(Note(at=at(MONDAY), text="new shoes"),)), [], at(MONDAY), MONDAY, MONDAY).empty


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(EstimError, match="must not be before its first") as refused:
        tally(Diary(), [], at(MONDAY), MONDAY, MONDAY - timedelta(days=1))
    assert refused.value.code is Exit.USAGE
    with pytest.raises(ValueError, match="zone"):
        tally(Diary(), [], datetime(2026, 3, 2), MONDAY, MONDAY)  # noqa: DTZ001


def test_ten_years_are_counted_to_the_last() -> None:
    days = 3650
    first = date(2016, 3, 2)
    moments = [at(first + timedelta(days=number), hour) for number in range(days) for hour in (8, 18)]
    diary = Diary(
        sessions=tuple(played(moment) for moment in moments),
        pains=tuple(
            Pain(at=moment, score=number % 11, when=when)
            for number, moment in enumerate(moments)
            for when in (When.WORST, When.MORNING)[: 1 + number % 2]
        ),
    )
    schedule = slots("dd " * days, first)
    last = first + timedelta(days=days - 1)
    found = tally(diary, schedule, at(last, 23), first, last)
    assert (found.sessions, found.streak_days) == (7300, 3650)
