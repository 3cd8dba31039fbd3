"""The way back to running: each stage is earned by what was written down, and a worse morning means rest again."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.care.standing import Stage, standing
from estim.core.days.diary import Check, Entry, Pain, Run, Topic, When
from estim.core.values import replace
from tests.core.days.journals import (
    BUILT,
    CALM,
    PLAN,
    at,
    begin,
    check,
    diary,
    morning,
    played,
    ran,
    shut,
    stage,
    stand,
    worst,
)


def test_without_a_beginning_there_is_no_stage() -> None:
    here = stand(at(1), worst(1, 1), ran(1))
    assert (here.stage, here.day, here.step, here.today, here.programs) == (Stage.NOT_BEGUN, 0, "", (), ())


def test_the_first_day_is_day_one_of_rest() -> None:
    here = stand(at(1, 9), begin())
    assert (here.stage, here.since, here.day, here.step) == (Stage.REST, date(2026, 11, 1), 1, "rest")
    assert here.programs == ("tens-ankle", "tens-han")
    assert [gate.text for gate in here.gates] == [
        "day 1 of 7 of rest: a trial run on 2026-11-08 at the earliest",
        "two days in a row with a worst pain of 2 or less: 0 of 2 (days count from 2026-11-01 on)",
    ]


@pytest.mark.parametrize(("day", "ok"), [(7, False), (8, True), (9, True)])
def test_a_trial_run_waits_for_the_days_of_rest_however_calm_they_are(day: int, ok: bool) -> None:
    here = stand(at(day, 22), begin(), *(worst(each, 0) for each in range(1, day + 1)))
    assert here.gates[0].ok is ok
    assert (here.stage is Stage.TRIAL) is ok
    assert here.since == (date(2026, 11, 8) if ok else date(2026, 11, 1))


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ({7: 3, 8: 1}, "1 of 2 (worst pain 3 on 2026-11-07)"),
        ({7: 1, 8: 3}, "0 of 2 (worst pain 3 on 2026-11-08)"),
        ({7: 0, 8: 0, 9: 4}, "0 of 2 (worst pain 4 on 2026-11-09)"),
        ({6: 0, 8: 0}, "1 of 2 (no worst pain is noted for 2026-11-07)"),
        ({6: 0, 7: 0}, "0 of 2 (no worst pain is noted for 2026-11-08)"),
        ({7: 0, 9: 0}, "1 of 2 (no worst pain is noted for 2026-11-08)"),
    ],
)
def test_a_trial_run_waits_for_two_calm_days_that_end_yesterday_or_today(scores: dict[int, int], told: str) -> None:
    entries = (begin(), *(worst(day, score) for day, score in scores.items()))
    assert stage(at(9, 22), *entries) is Stage.REST
    assert shut(at(9, 22), *entries) == [f"two days in a row with a worst pain of 2 or less: {told}"]


def test_six_mornings_without_pain_are_not_a_worst_pain() -> None:
    entries = (begin(), *(morning(day, 0) for day in range(3, 10)))
    assert stage(at(9, 22), *entries) is Stage.REST
    assert shut(at(9, 22), *entries) == [
        "two days in a row with a worst pain of 2 or less: 0 of 2 (no worst pain is noted for 2026-11-08)"
    ]
    assert stage(at(9, 8), *entries, worst(7, 1), worst(8, 1)) is Stage.TRIAL
    assert stage(at(9, 8), *entries[:-1], morning(9, 3), worst(7, 1), worst(8, 1)) is Stage.REST, "it counts against"


@pytest.mark.parametrize("days", [(7, 8), (8, 9), (7, 8, 9)])
def test_two_calm_days_open_the_trial_run_and_say_so(days: tuple[int, ...]) -> None:
    here = stand(at(9, 22), begin(), *(worst(day, 2) for day in days))
    assert (here.stage, here.step) == (Stage.TRIAL, "trial-run")
    assert [gate.ok for gate in here.gates] == [True, True, True, True]
    assert here.gates[1].text == "two days in a row with a worst pain of 2 or less: 2 of 2"


def test_the_worst_score_of_a_day_counts_whatever_it_was_about() -> None:
    rest = Pain(at=at(8, 9), score=3, when=When.REST)
    assert stage(at(9, 12), *CALM, rest) is Stage.REST
    assert stage(at(9, 12), *CALM) is Stage.TRIAL


def test_a_run_is_judged_by_the_next_morning_and_not_worse_means_build_up() -> None:
    waits = stand(at(9, 19), *CALM, ran(9))
    assert (waits.stage, waits.since, waits.step) == (Stage.MORNING, date(2026, 11, 9), "trial-run")
    assert waits.gates[0].text == (
        "the run of 2026-11-09 isn't judged yet: it is judged by the first steps of a later morning, "
        "until 2026-11-11 18:00"
    )
    assert stage(at(9, 22), *CALM, ran(9), morning(9, 0, hour=20)) is Stage.MORNING
    here = stand(at(10, 8), *BUILT)
    assert (here.stage, here.since, here.day, here.step) == (Stage.BUILD, date(2026, 11, 10), 1, "pattern")
    assert "ems-capillar" in here.programs
    assert [gate.text for gate in here.gates] == [
        "a day off belongs after the run of 2026-11-09: from 2026-11-11 on",
        "no session in the 4 h before a run",
        "at most 3.0 km for the next run, slowly",
    ]
    assert stage(at(10, 8), *CALM, ran(9, pain=3), morning(10, 1)) is Stage.BUILD
    assert here.warnings == ()


def test_a_run_on_time_is_not_told_to_be_too_early() -> None:
    entries = (begin(), worst(7, 1), worst(8, 1), ran(9, hour=23))
    assert stand(at(9, 23.5), *entries).warnings == ()


def test_the_day_of_a_run_that_led_to_rest_is_never_a_calm_one() -> None:
    short = replace(PLAN, rest_days=1, calm_days=1)
    entries = diary(begin(), morning(3, 1), ran(3, pain=6))
    assert standing(short, entries, at(4)).stage is Stage.REST
    assert standing(short, diary(begin(), morning(3, 1), ran(3, pain=6), worst(4, 1)), at(4, 22)).stage is Stage.TRIAL


def test_a_worse_morning_means_rest_again_from_that_day() -> None:
    here = stand(at(10, 8), *CALM, ran(9), morning(10, 3))
    assert (here.stage, here.since, here.day) == (Stage.REST, date(2026, 11, 10), 1)
    assert here.warnings == (
        "first steps 3 on 2026-11-10, worse than 1 on the morning of 2026-11-09: "
        "rest until the calm days are met again",
    )
    (sentence,) = shut(at(10, 8), *CALM, ran(9), morning(10, 3))
    assert sentence.endswith("0 of 2 (days count from 2026-11-11 on)")


def test_pain_above_five_in_a_run_means_rest_at_once() -> None:
    for entries in ((ran(9, pain=6),), (ran(9, pain=None), Pain(at=at(9, 18.5), score=6, when=When.RUN))):
        here = stand(at(9, 19), *CALM, *entries)
        assert (here.stage, here.since) == (Stage.REST, date(2026, 11, 9))
        assert here.warnings == (
            "pain 6 in the run of 2026-11-09, and above 5 means rest until the calm days are met again",
        )


@pytest.mark.parametrize(
    ("pain", "told"),
    [
        (4, "the pain in the run of 2026-11-09 was 4, and at most 3 is safe"),
        (5, "the pain in the run of 2026-11-09 was 5, and at most 3 is safe"),
        (None, "the pain in the run of 2026-11-09 isn't written down"),
    ],
)
def test_pain_that_wasnt_safe_or_wasnt_told_means_the_trial_run_again(pain: int | None, told: str) -> None:
    entries = (*CALM, ran(9, pain=pain), worst(9, 4), morning(10, 1))
    here = stand(at(10, 8), *entries)
    assert (here.stage, here.since) == (Stage.REST, date(2026, 11, 10))
    assert here.warnings == (f"{told}: the gates of a trial run are asked anew",)
    assert here.gates[0].ok, "the days of rest aren't asked again"
    assert here.gates[1].text.endswith("0 of 2 (days count from 2026-11-10 on)")
    assert stage(at(11, 22), *entries, worst(10, 2), worst(11, 2)) is Stage.TRIAL


def test_a_run_that_nobody_judged_in_two_days_leads_to_the_trial_run_again() -> None:
    assert stage(at(11, 18), *CALM, ran(9)) is Stage.MORNING
    late = (*CALM, ran(9), morning(11, 0, hour=18.1))
    here = stand(at(11, 19), *late)
    assert (here.stage, here.since) == (Stage.REST, date(2026, 11, 11))
    assert here.warnings == (
        "the run of 2026-11-09 wasn't judged by the first steps of a morning within 48 h: "
        "the gates of a trial run are asked anew",
    )
    assert stage(at(11, 19), *CALM, ran(9), morning(11, 0, hour=18)) is Stage.BUILD


@pytest.mark.parametrize(
    ("before", "score", "led"),
    [
        ((), 2, Stage.BUILD),
        ((), 3, Stage.REST),
        ((worst(2, 6),), 3, Stage.REST),
        ((Pain(at=at(3, 12), score=0, when=When.REST),), 1, Stage.BUILD),
        ((Pain(at=at(3, 12), score=0, when=When.REST),), 2, Stage.REST),
        ((Pain(at=at(3, 12), score=4, when=When.REST),), 2, Stage.BUILD),
        ((Pain(at=at(3, 12), score=4, when=When.REST),), 3, Stage.REST),
        ((Pain(at=at(3, 20), score=4, when=When.WORST),), 4, Stage.REST),
        ((morning(2, 0), Pain(at=at(3, 12), score=6, when=When.REST)), 1, Stage.BUILD),
        ((morning(2, 0), Pain(at=at(3, 12), score=6, when=When.REST)), 2, Stage.REST),
        ((morning(2, 3), Pain(at=at(3, 12), score=6, when=When.REST)), 3, Stage.REST),
    ],
)
def test_a_morning_is_held_against_the_last_one_before_the_run(
    before: tuple[Pain, ...], score: int, led: Stage
) -> None:
    assert stage(at(4), begin(), *before, ran(3), morning(4, score)) is led


def test_a_morning_of_a_day_that_is_still_to_come_where_the_run_was_is_no_measure() -> None:
    ahead = Pain(at=at(3, 16).astimezone(ZoneInfo("Pacific/Auckland")), score=5, when=When.MORNING)
    assert ahead.at.date() == date(2026, 11, 4)
    assert stage(at(4), begin(), morning(2, 1), ahead, ran(3), morning(4, 3)) is Stage.REST


def test_every_run_of_building_up_is_judged_the_same_way() -> None:
    assert stage(at(12, 19), *BUILT, ran(12)) is Stage.MORNING
    assert stage(at(13), *BUILT, ran(12), morning(13, 1)) is Stage.BUILD
    assert stage(at(13), *BUILT, ran(12), morning(13, 3)) is Stage.REST
    assert stage(at(13), *BUILT, ran(12, pain=4), morning(13, 1)) is Stage.REST
    assert stage(at(12, 19), *BUILT, ran(12, pain=6)) is Stage.REST


def test_a_run_in_the_days_of_rest_is_judged_too_and_is_told_to_be_too_early() -> None:
    here = stand(at(4), begin(), morning(3, 1), ran(3), morning(4, 1))
    assert here.stage is Stage.BUILD
    assert here.warnings[0].startswith("the run of 2026-11-03 came before its gates: day 3 of 7 of rest")


def test_of_several_runs_before_a_judgement_the_least_good_one_leads() -> None:
    two = (*CALM, ran(9, pain=4), ran(10, hour=5))
    assert stage(at(10), *two, morning(10, 3)) is Stage.REST
    waits = stand(at(10), *two, morning(10, 1))
    assert (waits.stage, waits.since) == (Stage.MORNING, date(2026, 11, 9))
    assert waits.warnings[0] == "the run of 2026-11-10 came before the last one was judged"
    after = stand(at(11), *two, morning(10, 1), morning(11, 1))
    assert after.stage is Stage.REST
    assert any("was 4" in warning for warning in after.warnings)
    assert stage(at(11), *CALM, ran(9), ran(10, hour=5), morning(10, 1), morning(11, 1)) is Stage.BUILD


@pytest.mark.control("C-30")
@pytest.mark.parametrize(("over", "masked"), [(13.9, False), (14.0, False), (14.1, True), (17.9, True), (18.2, True)])
def test_a_session_in_the_four_hours_before_a_run_keeps_it_from_leading_on(over: float, masked: bool) -> None:
    entries = (*CALM, played(at(9, over) - timedelta(minutes=20)), ran(9), morning(10, 1))
    here = stand(at(10), *entries)
    assert here.stage is (Stage.REST if masked else Stage.BUILD)
    assert any("may have been masked: a session lasted until" in warning for warning in here.warnings) is masked


@pytest.mark.control("C-30")
def test_only_what_was_put_out_masks_pain() -> None:
    for session in (played(at(9, 17), minutes=0), played(at(9, 17), simulated=True), played(at(9, 18.5))):
        assert stage(at(10), *CALM, session, ran(9), morning(10, 1)) is Stage.BUILD
    longest = played(at(9, 13))  # its host died: what was put out ended nobody knows when
    unknown = replace(longest, ended=None, delivered_until=at(9, 14.5))
    assert stage(at(10), *CALM, unknown, played(at(9, 13.2), minutes=5), ran(9), morning(10, 1)) is Stage.REST


def test_only_what_was_written_since_the_last_beginning_counts() -> None:
    assert stage(at(11), *BUILT, begin(at(11))) is Stage.REST
    here = stand(at(12), *BUILT, begin(at(11)), morning(12, 0))
    assert (here.since, here.day) == (date(2026, 11, 11), 2)
    assert here.gates[1].text.endswith("(no worst pain is noted for 2026-11-11)"), "what was noted before doesn't count"


def test_a_plan_that_was_ended_by_hand_is_over_until_it_is_begun_anew() -> None:
    end = check(Topic.CARE, at(11), answer="end")
    here = stand(at(12), *BUILT, end)
    assert (here.stage, here.since, here.day) == (Stage.ENDED, date(2026, 11, 11), 2)
    assert here.ended == "the plan was ended on 2026-11-11; to begin it anew: estim care begin"
    assert stage(at(13), *BUILT, end, begin(at(12))) is Stage.REST


@pytest.mark.control("C-45")
@pytest.mark.parametrize("sign", ["pop", "gap", "toes", "swelling"])
@pytest.mark.parametrize("before", [(), (begin(),), CALM, (*CALM, ran(9)), BUILT])
def test_a_sign_of_a_torn_tendon_ends_the_plan_in_every_stage(sign: str, before: tuple[Entry, ...]) -> None:
    flag = check(Topic.RED_FLAG, at(11), sign)
    here = stand(at(12), *before, flag, morning(12, 0))
    assert (here.stage, here.since) == (Stage.ENDED, date(2026, 11, 11))
    assert here.ended.startswith("get it looked at now: ")
    assert (here.programs, here.today, here.gates) == ((), (), ())
    assert stage(at(30), *before, flag, check(Topic.CARE, at(12), answer="end")) is Stage.ENDED
    assert stage(at(13), *before, flag, begin(at(12))) is Stage.REST


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("over", "led"), [(timedelta(hours=48), Stage.BUILD), (timedelta(hours=48.1), Stage.REST)])
def test_forty_eight_hours_are_hours_that_passed_also_when_the_clocks_go_back(over: timedelta, led: Stage) -> None:
    evening = datetime(2026, 10, 24, 6, 30, tzinfo=BERLIN)
    judged = (evening.astimezone(UTC) + over).astimezone(BERLIN)  # 05:30 by the clock
    run = Run(at=evening, km=2, pain=1)
    score = Pain(at=judged, score=1, when=When.MORNING)
    assert standing(PLAN, diary(begin(evening - timedelta(days=20)), run, score), judged).stage is led


@pytest.mark.control("C-30")
@pytest.mark.parametrize(("hour", "led"), [(23, Stage.BUILD), (23.5, Stage.REST)])
def test_four_hours_before_a_run_are_hours_that_passed_also_when_the_clocks_go_back(hour: float, led: Stage) -> None:
    midnight = datetime(2026, 10, 24, 0, 0, tzinfo=BERLIN)
    session = played(midnight + timedelta(hours=hour))
    # 02:20 by the clock twice this night: the second one is 4 h after 23:20, the first one 3 h
    run = Run(at=datetime(2026, 10, 25, 2, 20, fold=1, tzinfo=BERLIN), km=2, pain=1)
    score = Pain(at=datetime(2026, 10, 26, 7, 0, tzinfo=BERLIN), score=1, when=When.MORNING)
    entries = diary(begin(midnight - timedelta(days=20)), session, run, score)
    assert standing(PLAN, entries, datetime(2026, 10, 26, 8, 0, tzinfo=BERLIN)).stage is led
    first = replace(run, at=run.at.replace(fold=0))
    assert standing(PLAN, replace(entries, runs=(first,)), score.at).stage is Stage.REST


def test_a_day_is_the_persons_own_wherever_they_are() -> None:
    far = ZoneInfo("Pacific/Auckland")  # twelve hours ahead of where the plan was begun
    late = Pain(at=datetime(2026, 11, 9, 1, 0, tzinfo=far), score=2, when=When.WORST)
    assert late.at.astimezone(UTC).date() == date(2026, 11, 8)
    now = datetime(2026, 11, 9, 9, 0, tzinfo=far)
    entries = (begin(), worst(7, 1), Pain(at=at(8, 9), score=1, when=When.WORST), late)
    assert standing(PLAN, diary(*entries), now).stage is Stage.TRIAL
    west = now.astimezone(ZoneInfo("Pacific/Honolulu"))  # there it is still the 8th: what was written "tomorrow" counts
    assert west.date() == date(2026, 11, 8)
    assert standing(PLAN, diary(*entries), west).stage is Stage.TRIAL
    assert standing(PLAN, diary(*entries, replace(late, score=3)), west).stage is Stage.REST


def test_what_is_still_to_come_counts_for_nothing() -> None:
    assert stage(at(9, 12), *CALM, ran(9), worst(9, 9)) is Stage.TRIAL
    assert stage(at(9, 20), *CALM, ran(9), morning(10, 0)) is Stage.MORNING


ENTRIES = st.one_of(
    st.builds(
        lambda minute, score, when: Pain(at=at(1) + timedelta(minutes=minute), score=score, when=when),
        st.integers(-2000, 30_000),
        st.integers(0, 4) | st.integers(0, 10),
        st.sampled_from(When),
    ),
    st.builds(
        lambda minute, pain: Run(at=at(1) + timedelta(minutes=minute), km=2, pain=pain),
        st.integers(0, 30_000),
        st.none() | st.integers(0, 4) | st.integers(0, 10),
    ),
    st.builds(lambda minute: played(at(1) + timedelta(minutes=minute)), st.integers(0, 30_000)),
    st.builds(
        lambda minute, topic, answer: check(topic, at(1) + timedelta(minutes=minute), "pop", answer),
        st.integers(-2000, 30_000),
        st.sampled_from([Topic.RED_FLAG, Topic.CARE, Topic.CARE]),
        st.sampled_from(["begin", "end", ""]),
    ),
)
MOSTLY_CALM = st.sampled_from([0, 1, 1, 2, 2, 2, 3, 6])
JOURNALS = st.builds(
    lambda mornings, evenings, more: [
        *(morning(day, score) for day, score in enumerate(mornings, 1)),
        *(worst(day, score) for day, score in enumerate(evenings, 1)),
        *more,
    ],
    st.lists(MOSTLY_CALM, max_size=21),
    st.lists(MOSTLY_CALM, min_size=7, max_size=21),
    st.lists(ENTRIES, max_size=3),
)
"""Three weeks that are calm often enough for gates to open now and then."""


@pytest.mark.control("C-45")
@given(journal=JOURNALS, minute=st.integers(9_000, 32_000), shift_h=st.integers(-12, 14))
def test_nothing_leads_to_a_run_past_pain_or_a_sign(journal: list[Entry], minute: int, shift_h: int) -> None:
    now = (at(1) + timedelta(minutes=minute)).astimezone(ZoneInfo(f"Etc/GMT{-shift_h:+d}"))
    here = standing(PLAN, diary(begin(at(0)), *journal), now)
    begun = max(one.at for one in [begin(at(0)), *journal] if isinstance(one, Check) and one.answer == "begin")
    if any(isinstance(one, Check) and one.topic is Topic.RED_FLAG and one.at >= begun for one in journal):
        assert here.stage is Stage.ENDED
    days: dict[date, int] = {}
    for one in journal:
        if isinstance(one, Pain) and begun <= one.at <= now:
            day = min(one.at.date(), now.date())
            days[day] = max(one.score, days.get(day, 0))
    if any(days[day] > PLAN.calm_pain for day in sorted(days)[-PLAN.calm_days :]):
        assert here.stage is not Stage.TRIAL
    if here.stage in (Stage.TRIAL, Stage.MORNING, Stage.BUILD):
        assert here.stage is not Stage.TRIAL or len(days) >= PLAN.calm_days
        assert here.step
    assert here.day >= 1


@given(journal=JOURNALS, minute=st.integers(9_000, 32_000))
def test_the_order_in_which_things_were_typed_in_changes_nothing(journal: list[Entry], minute: int) -> None:
    now = at(1) + timedelta(minutes=minute)
    moments = {one.at for one in journal}
    entries = journal if len(moments) == len(journal) else journal[:1]
    assert standing(PLAN, diary(begin(at(0)), *entries), now) == standing(
        PLAN, diary(*entries[::-1], begin(at(0))), now
    )
