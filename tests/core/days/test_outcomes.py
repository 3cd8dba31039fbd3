"""What becomes of a slot: done, part, missed, never made up for, and never nearer than the rest allows."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.days.diary import Break, Diary, Mark, Marked, Played, Regime
from estim.core.days.dose import ANY, GAP
from estim.core.days.outcomes import Terms, begins, coming, due, judge, may_arm, program_of
from estim.core.days.schedule import TWICE_A_DAY, Schedule
from estim.core.days.screening import Span
from estim.core.days.slots import Slot, Status
from estim.core.values import replace

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2026, 6, 1, tzinfo=BERLIN)
SET = Regime(at=DAY, rules=(TWICE_A_DAY,), zone="Europe/Berlin")
MORNING = "2026-06-01T08:00"
EVENING = "2026-06-01T20:00"


def at(hour: float, day: int = 0) -> datetime:
    return DAY + timedelta(days=day, hours=hour)


def played(start: datetime, minutes: float = 20, length: float = 20, *, runs: bool = False) -> Played:
    over = start + timedelta(minutes=minutes)
    return Played(
        at=start,
        program="tens-ankle",
        unit="one",
        family="coyote3",
        sites=("ankle-left",),
        simulated=False,
        length_s=length * 60,
        output_s=minutes * 60,
        delivered_until=start + timedelta(minutes=length) if runs else over,
        ended=None if runs else over,
    )


def slots(now: datetime, *sessions: Played, **more: object) -> list[Slot]:
    diary = Diary(sessions=sessions, **{"regimes": (SET,), **more})  # type: ignore[arg-type] # tuples of the right kind
    return list(judge(Schedule(), diary, now, DAY, DAY + timedelta(days=1)))


def statuses(now: datetime, *sessions: Played, **more: object) -> list[Status]:
    return [slot.status for slot in slots(now, *sessions, **more)]


def test_a_window_goes_from_half_an_hour_before_to_two_hours_after() -> None:
    assert statuses(at(7.49)) == [Status.UPCOMING, Status.UPCOMING]
    assert statuses(at(7.5)) == [Status.DUE, Status.UPCOMING]
    assert statuses(at(10)) == [Status.DUE, Status.UPCOMING]
    assert statuses(at(10.01)) == [Status.MISSED, Status.UPCOMING]


def test_a_session_in_the_window_is_done_and_most_of_its_minutes_are_enough() -> None:
    assert statuses(at(12), played(at(7.6)))[0] is Status.DONE
    assert statuses(at(12), played(at(9.9), minutes=11))[0] is Status.DONE
    assert statuses(at(12), played(at(9.9), minutes=10))[0] is Status.PART, "half isn't most"
    part = slots(at(12), played(at(8), minutes=7))[0]
    assert (part.status, part.why) == (Status.PART, "7 of 20 min")


def test_a_session_outside_of_every_window_serves_none() -> None:
    assert statuses(at(23), played(at(12)))[:2] == [Status.MISSED, Status.MISSED]


def test_a_start_of_a_minute_leaves_the_slot_open() -> None:
    assert statuses(at(8.2), played(at(8), minutes=1))[0] is Status.DUE


def test_a_slot_is_being_played_while_its_session_runs() -> None:
    slot = slots(at(8.1), played(at(8), minutes=6, runs=True))[0]
    assert (slot.status, slot.session is not None) == (Status.DUE, True)


def test_what_is_being_played_is_done_when_it_has_come_so_far_and_not_because_it_may() -> None:
    endless = replace(played(at(8), runs=True), output_s=86_400.0, delivered_until=at(32))  # a unit that plays on alone
    slot = slots(at(8.05), endless)[0]
    assert (slot.status, slot.why, slot.legs) == (Status.DUE, "being played: 3 of 20 min", {})
    slot = slots(at(8.2), endless)[0]
    assert (slot.status, slot.legs) == (Status.DONE, {"left": Status.DONE})


@pytest.mark.control("C-17")
def test_a_window_opens_only_when_the_rest_is_over() -> None:
    slot = slots(at(20), played(at(18.5)))[1]
    assert slot.status is Status.UPCOMING
    assert slot.opens == at(18.5) + timedelta(minutes=20) + GAP
    assert statuses(at(21), played(at(18.5)))[1] is Status.DUE


@pytest.mark.control("C-17")
def test_a_window_opens_only_when_short_sessions_that_add_up_have_had_their_rest() -> None:
    short = [played(at(18.5), minutes=1.5), played(at(18.6), minutes=1.5)]
    slot = slots(at(20), *short)[1]
    assert (slot.status, slot.opens) == (Status.UPCOMING, short[-1].delivered_until + GAP)
    assert slots(at(20), short[0])[1].status is Status.DUE
    elsewhere = replace(short[0], sites=("calf-left",))
    assert slots(at(20), elsewhere, short[1])[1].status is Status.DUE
    assert slots(at(20), replace(elsewhere, sites=(ANY,)), short[1])[1].status is Status.UPCOMING


@pytest.mark.control("C-17")
def test_a_missed_slot_is_never_made_up_for() -> None:
    after = slots(at(19.5))
    assert [slot.status for slot in after] == [Status.MISSED, Status.DUE]
    assert statuses(at(23), played(at(20)))[:2] == [Status.MISSED, Status.DONE]


def after_a_run(session: Played, *others: Played, now: float = 23, per_day: int = 4, late_min: int = 60) -> list[Slot]:
    terms = Terms(per_day=lambda _program: per_day)
    diary = Diary(sessions=(*others, session), regimes=(SET,))
    return list(judge(Schedule(late_min=late_min), diary, at(now), DAY, DAY + timedelta(days=1), terms))


def test_an_extra_session_serves_the_evening_that_its_rest_leaves_no_room_for() -> None:
    extra = played(at(18.75))
    _, evening = after_a_run(extra)
    assert (evening.status, evening.session) == (Status.DONE, extra)
    assert evening.why == "the session of 18:45 leaves no room for another one"
    assert after_a_run(extra, now=19.2)[1].status is Status.DONE, "it is known at once, so nobody is reminded"
    _, evening = after_a_run(replace(extra, output_s=420.0, delivered_until=at(19.05)))
    assert (evening.status, evening.why.split(";")[0]) == (Status.PART, "7 of 20 min")
    assert after_a_run(extra, late_min=120)[1].status is Status.MISSED, "there was room from 21:05 on"
    running = replace(extra, ended=None)
    assert after_a_run(running, now=19)[1].status is Status.MISSED, "what is being played may still be cut short"


def test_an_extra_session_serves_the_evening_that_the_dose_of_the_day_leaves_no_room_for() -> None:
    extra = played(at(16))
    assert [one.status for one in after_a_run(extra, played(at(8)), per_day=2)] == [Status.DONE, Status.DONE]
    assert [one.status for one in after_a_run(extra, played(at(8)), per_day=3)] == [Status.DONE, Status.MISSED]
    other_leg = replace(extra, sites=("ankle-right",))
    assert after_a_run(other_leg, played(at(8)), per_day=2)[1].status is Status.MISSED, "that leg had one session"


def test_an_extra_session_serves_one_slot_and_none_that_has_a_session_of_its_own() -> None:
    extra = played(at(18.75))
    own = played(at(20.9))
    assert after_a_run(own, extra)[1].session == own
    rules = ("RRULE:FREQ=DAILY;BYHOUR=20,22",)
    diary = Diary(sessions=(replace(extra, length_s=7200, output_s=7000, delivered_until=at(20.7)),))
    diary = replace(diary, regimes=(replace(SET, rules=rules),))
    found = judge(Schedule(late_min=30), diary, at(23.9), DAY, DAY + timedelta(days=1))
    assert [one.status for one in found] == [Status.DONE, Status.MISSED]
    assert [one.session is not None for one in found] == [True, False]


def test_two_and_a_half_minutes_are_not_twenty() -> None:
    short = replace(played(at(8), minutes=2.5, length=2.5), usual_s=1200.0)
    slot = slots(at(12), short)[0]
    assert (slot.status, slot.why) == (Status.PART, "2 of 20 min")
    assert statuses(at(12), replace(short, output_s=601.0))[0] is Status.DONE, "most of them is enough"
    assert statuses(at(12), replace(short, usual_s=None))[0] is Status.DONE, "from before that was kept"


def test_left_and_then_right_in_one_morning_are_one_slot_done_on_each_leg() -> None:
    left = played(at(8))
    right = replace(played(at(8.5)), sites=("ankle-right",))
    morning, evening = slots(at(23), left, right)
    assert (morning.status, morning.session, morning.also) == (Status.DONE, left, (right,))
    assert morning.legs == {"left": Status.DONE, "right": Status.DONE}
    assert evening.status is Status.MISSED, "the other leg's isn't one session more"
    part = replace(right, output_s=300.0)
    assert slots(at(23), left, part)[0].legs == {"left": Status.DONE, "right": Status.PART}
    assert slots(at(23), replace(left, output_s=300.0), right)[0].status is Status.DONE
    unsaid = replace(right, sites=("ankle-left", "ankle-right"))
    assert slots(at(23), left, unsaid)[0].also == (), "it may have been the left leg again"


def test_the_other_leg_takes_no_room_from_the_usual_one() -> None:
    other = replace(played(at(18.75)), sites=("ankle-right",))
    diary = Diary(sessions=(other,), regimes=(SET,))
    for leg, status, opens in (("left", Status.DUE, at(19.5)), ("right", Status.DONE, None), ("", Status.DONE, None)):
        terms = Terms(leg=leg)
        evening = judge(Schedule(late_min=60), diary, at(19.6), DAY, DAY + timedelta(days=1), terms)[1]
        assert (evening.status, opens in (None, evening.opens)) == (status, True)


def before(hour: float, until: float | None = None) -> Terms:
    return Terms(quiet=(Span(at(hour - 4), at(hour if until is None else until), "the hours before a run"),))


def day(now: float, terms: Terms, *sessions: Played) -> list[tuple[str, str]]:
    diary = Diary(sessions=sessions, regimes=(SET,))
    found = judge(Schedule(), diary, at(now), DAY, DAY + timedelta(days=1), terms)
    return [(one.status.value, one.why) for one in found]


def test_a_slot_in_the_hours_before_a_run_is_off_with_its_reason_and_never_missed() -> None:
    off = ("off", "the hours before a run")
    for now in (0.5, 8, 9, 12):
        assert day(now, before(11))[0] == off
    assert day(23, before(23))[1] == off
    assert day(21, before(21))[1] == ("due", ""), "after the run there is room again"
    assert day(22.1, before(21))[1] == off, "but nothing is missed"
    assert day(22.1, before(21), played(at(21.5)))[1] == ("done", "")
    assert day(8, before(11, until=7.9))[0] == ("due", ""), "a run that was cancelled before"
    assert day(12, before(11, until=7.9))[0] == ("missed", "")


def test_a_window_ends_where_the_hours_before_a_run_begin() -> None:
    terms = before(12.5)
    diary = Diary(regimes=(SET,))
    slot = judge(Schedule(), diary, at(8.2), DAY, DAY + timedelta(days=1), terms)[0]
    assert (slot.status, slot.closes) == (Status.DUE, at(8.5))
    assert day(8.6, terms)[0] == ("missed", "it was possible until 08:30, before a run")


def test_skipped_paused_and_holiday_are_not_missed() -> None:
    skip = Mark(at=at(7), slot=MORNING, what=Marked.SKIPPED)
    assert statuses(at(12), marks=(skip,))[0] is Status.SKIPPED
    away = Break(at=at(0), first=date(2026, 6, 1), last=date(2026, 6, 3), holiday=True)
    found = slots(at(23), breaks=(away,))
    assert [(one.status, one.why) for one in found] == [(Status.OFF, "holiday")] * 2
    assert statuses(at(23), played(at(8)), breaks=(away,)) == [Status.DONE, Status.OFF]
    open_end = Break(at=at(0), first=date(2026, 6, 1), last=None)
    assert slots(at(23), breaks=(open_end,))[0].why == "pause"


def test_a_snooze_puts_it_off_for_a_quarter_of_an_hour_but_not_beyond_its_window() -> None:
    snooze = Mark(at=at(8), slot=MORNING, what=Marked.SNOOZED)
    slot = slots(at(8.2), marks=(snooze,))[0]
    assert (slot.status, slot.snoozed_until) == (Status.SNOOZED, at(8.25))
    assert statuses(at(8.25), marks=(snooze,))[0] is Status.DUE
    late = Mark(at=at(9.9), slot=MORNING, what=Marked.SNOOZED)
    assert slots(at(9.95), marks=(late,))[0].snoozed_until == at(10)
    assert statuses(at(10.01), marks=(late,))[0] is Status.MISSED


def test_of_a_local_time_that_came_twice_one_slot_remains() -> None:
    new_york = ZoneInfo("America/New_York")
    landed = Regime(at=datetime(2026, 6, 1, 16, 0, tzinfo=new_york), rules=(TWICE_A_DAY,), zone="America/New_York")
    end = datetime(2026, 6, 2, tzinfo=new_york)
    for sessions, zone in (((), "EDT"), ((played(at(20)),), "CEST")):
        diary = Diary(regimes=(SET, landed), sessions=sessions)
        found = judge(Schedule(), diary, end, DAY, end)
        assert [slot.key for slot in found] == [MORNING, EVENING]
        assert found[1].at.tzname() == zone


def test_what_is_due_and_what_comes_next() -> None:
    now = slots(at(8))
    assert due(now) is now[0]
    assert coming(now) is now[1]
    assert due(slots(at(12))) is None


@pytest.mark.control("C-13")
def test_a_slot_that_was_armed_ahead_begins_at_its_time_or_not_at_all() -> None:
    slot = slots(at(7.5))[0]
    assert not may_arm(slot, at(7.74))
    assert may_arm(slot, at(7.75))
    assert begins(slot.at, at(7.75), slot.at)
    assert not begins(slot.at, at(7.75), slot.at - timedelta(seconds=1))
    assert not begins(slot.at, at(7.7), slot.at)
    assert not begins(slot.at, at(7.9), slot.at + timedelta(minutes=1))
    assert not begins(slot.at, slot.at + timedelta(seconds=1), slot.at + timedelta(seconds=2))


def test_ahead_is_counted_in_time_that_passes_on_the_night_that_is_an_hour_longer() -> None:
    three = Regime(at=datetime(2026, 10, 24, tzinfo=BERLIN), rules=("RRULE:FREQ=DAILY;BYHOUR=3",), zone="Europe/Berlin")
    night = datetime(2026, 10, 25, tzinfo=BERLIN)
    first, second = (datetime(2026, 10, 25, 2, 50, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    for now, near in ((first, False), (second, True)):
        (slot,) = judge(Schedule(), Diary(regimes=(three,)), now, night, night + timedelta(hours=6))
        assert may_arm(slot, now) is near


def test_programs_take_turns_by_the_day() -> None:
    schedule = Schedule(programs=("tens-ankle", "tens-han"))
    turns = [program_of(schedule, at(8, day)) for day in range(4)]
    assert turns in (["tens-ankle", "tens-han"] * 2, ["tens-han", "tens-ankle"] * 2)


def test_a_program_that_the_unit_refuses_gives_its_turn_to_the_next() -> None:
    schedule = Schedule(programs=("tens-ankle", "tens-al", "tens-han"))
    days = [at(8, day) for day in range(3)]
    turns = [program_of(schedule, one) for one in days]
    instead = [program_of(schedule, one, {"tens-al"}) for one in days]
    assert instead == ["tens-han" if one == "tens-al" else one for one in turns]
    assert [program_of(schedule, one, set(turns)) for one in days] == turns, "all are refused: its player says why"


@given(
    starts=st.lists(st.integers(0, 5 * 24 * 60), max_size=30, unique=True),
    now=st.integers(0, 6 * 24 * 60),
    lasts=st.integers(2, 30),
)
def test_each_session_serves_one_slot_and_nothing_is_due_within_the_rest(
    starts: list[int], now: int, lasts: int
) -> None:
    moment = (DAY + timedelta(minutes=now)).astimezone(UTC)
    sessions = tuple(
        played((DAY + timedelta(minutes=start)).astimezone(UTC), lasts) for start in sorted(starts) if start <= now
    )
    found = judge(Schedule(), Diary(sessions=sessions, regimes=(SET,)), moment, DAY, DAY + timedelta(days=5))
    served = [id(slot.session) for slot in found if slot.session is not None]
    assert len(served) == len(set(served))
    assert len(found) == 10
    over = [one.delivered_until for one in sessions]
    for slot in found:
        if slot.status is Status.DUE:
            assert not any(end + GAP > moment for end in over)
        assert slot.closes < moment or slot.status is not Status.MISSED or slot.why
