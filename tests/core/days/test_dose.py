"""The rest between sessions holds on every night of the year, and the day's dose is counted."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import fsum
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.days.dose import ANY, BRIEF_S, DAY_SESSIONS, GAP, Delivered, Gate, local_time, may_start
from estim.core.values import replace

BERLIN = ZoneInfo("Europe/Berlin")
GAP_ALL: tuple[Gate, ...] = ("gap",)
DOSE_ALL: tuple[Gate, ...] = ("dose",)
NOON = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
"""12:00 in Berlin."""

SITES = st.sampled_from(["ankle-left", "ankle-right", "calf-left", ANY])
NIGHTS = st.sampled_from([datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC), NOON])
"""The evenings before the clocks of Berlin go forward and back, and a plain day."""

PAST = st.lists(
    st.builds(
        lambda site, night, minute, output_s, paused_s: Delivered(
            site,
            night + timedelta(minutes=minute),
            output_s,
            night + timedelta(minutes=minute, seconds=output_s + paused_s),
        ),
        SITES,
        NIGHTS,
        st.integers(-600, 900),
        st.floats(0, 1800),
        st.floats(0, 600),
    ),
    max_size=6,
)
MOMENTS = st.builds(lambda night, minute: night + timedelta(minutes=minute), NIGHTS, st.integers(-60, 900))


def ended(minutes_ago: float, output_s: float = 1200.0, site: str = "ankle-left") -> Delivered:
    over = NOON - timedelta(minutes=minutes_ago)
    return Delivered(site, over - timedelta(seconds=output_s), output_s, over)


@pytest.mark.control("C-17")
def test_a_refusal_names_the_local_time_and_the_way_around() -> None:
    verdict = may_start(NOON, ("ankle-left",), 20, [ended(30)], zone=BERLIN)
    assert not verdict.ok
    assert verdict.again_at == NOON + timedelta(minutes=90)
    assert "on ankle-left ended at 11:30" in verdict.why
    assert "possible again at 13:30" in verdict.why
    assert verdict.why.endswith("--override gap")


@pytest.mark.parametrize(("minutes_ago", "ok"), [(119.9, False), (120, True), (121, True)])
def test_two_hours_after_the_end_it_is_allowed(minutes_ago: float, ok: bool) -> None:
    assert may_start(NOON, ("ankle-left",), 20, [ended(minutes_ago)]).ok is ok


@pytest.mark.parametrize(("output_s", "ok"), [(BRIEF_S - 0.1, True), (BRIEF_S, False)])
def test_a_brief_one_asks_for_no_rest(output_s: float, ok: bool) -> None:
    assert may_start(NOON, ("ankle-left",), 20, [ended(10, output_s)]).ok is ok


def played(tries: int, output_s: float, every_s: float, site: str = "ankle-left") -> list[Delivered]:
    """Return the sessions of somebody who tries again and again: those that were allowed."""
    done: list[Delivered] = []
    for number in range(tries):
        now = NOON + timedelta(seconds=number * every_s)
        if may_start(now, (site,), output_s / 60, done).ok:
            done.append(Delivered(site, now, output_s, now + timedelta(seconds=output_s)))
    return done


@pytest.mark.control("C-17")
def test_sixty_sessions_of_119_seconds_are_not_a_way_around_the_rest() -> None:
    done = played(tries=60, output_s=119, every_s=120)
    assert sum(record.output_s for record in done) < 2 * BRIEF_S
    verdict = may_start(NOON + timedelta(hours=1), ("ankle-left",), 20, done, zone=BERLIN)
    assert verdict.again_at == done[-1].over_utc + GAP
    assert verdict.why == (
        "the last sessions on ankle-left add up to 3:58 min of output, the last one ended at 12:03 and 2 h of rest "
        "belong after that: possible again at 14:04; to start all the same: --override gap"
    )


@pytest.mark.control("C-17")
def test_short_ones_that_lie_two_hours_apart_or_on_other_sites_ask_for_no_rest() -> None:
    assert len(played(tries=10, output_s=119, every_s=7200 + 119)) == 10
    elsewhere = [ended(60, 119, "calf-left"), ended(50, 119, "ankle-right"), ended(40, 119)]
    assert may_start(NOON, ("ankle-left",), 20, elsewhere).ok
    assert not may_start(NOON, (), 20, elsewhere).ok  # nobody says where: it may have been one place
    assert may_start(NOON, ("ankle-left",), 20, [ended(60, 119), ended(50, 0)]).ok


@pytest.mark.control("C-17")
def test_a_short_one_that_lies_in_the_two_hours_in_part_counts_as_a_whole() -> None:
    last = ended(10, 60)
    before = ended(130.5, 100)
    assert before.started_utc < last.started_utc - GAP < before.over_utc
    assert not may_start(NOON, ("ankle-left",), 20, [before, last]).ok
    assert may_start(NOON, ("ankle-left",), 20, [ended(131.5, 100), last]).ok


@pytest.mark.control("C-17")
@given(tries=st.lists(st.tuples(MOMENTS, st.floats(0, 300)), min_size=2, max_size=20))
def test_between_two_rests_no_more_than_two_minutes_precede_the_last_session(
    tries: list[tuple[datetime, float]],
) -> None:
    done: list[Delivered] = []
    for now, output_s in sorted(tries):
        if may_start(now.astimezone(BERLIN), ("ankle-left",), output_s / 60, done, DOSE_ALL, BERLIN).ok:
            within = [record.output_s for record in done if now - record.over_utc < GAP]
            assert fsum(within) < BRIEF_S
            done.append(Delivered("ankle-left", now.astimezone(BERLIN), output_s))


@pytest.mark.parametrize(
    ("sites", "site", "ok"),
    [
        (("calf-left",), "ankle-left", True),
        (("calf-left", "ankle-left"), "ankle-left", False),
        ((), "ankle-left", False),
        (("calf-left",), ANY, False),
        ((), ANY, False),
    ],
)
def test_only_the_same_site_counts_and_an_unnamed_one_may_be_any(sites: tuple[str, ...], site: str, ok: bool) -> None:
    assert may_start(NOON, sites, 20, [ended(30, site=site)]).ok is ok


def test_an_override_lets_it_start_and_is_told() -> None:
    verdict = may_start(NOON, ("ankle-left",), 20, [ended(30)], override=GAP_ALL)
    assert verdict.ok
    assert verdict.warn[0].startswith("gap overridden: the last session on ankle-left ended")


@pytest.mark.control("C-16")
def test_a_full_day_is_refused_until_midnight_unless_that_is_overridden() -> None:
    past = [ended(130 * number) for number in range(1, DAY_SESSIONS + 1)]
    verdict = may_start(NOON, ("ankle-left",), 60, past, zone=BERLIN)
    assert not verdict.ok
    assert verdict.why == (
        "this is session 5 of the day on ankle-left, and 4 are the most; possible again at 2026-06-11 00:00, "
        "to start all the same: --override dose"
    )
    assert verdict.again_at == datetime(2026, 6, 10, 22, 0, tzinfo=UTC)
    assert may_start(NOON, ("ankle-left",), 60, past, override=DOSE_ALL, zone=BERLIN).warn == (
        "dose overridden: this is session 5 of the day on ankle-left, and 4 are the most",
        "dose overridden: this makes 140 min in one day on ankle-left, and 120 are the most",
    )
    assert may_start(NOON + timedelta(days=1), ("ankle-left",), 60, past, zone=BERLIN).warn == ()


@pytest.mark.control("C-16")
def test_more_of_a_program_than_its_file_allows_is_refused() -> None:
    past = [replace(ended(180), program="tens-al"), replace(ended(320), program="tens-ankle")]
    assert may_start(NOON, ("ankle-left",), 20, past, zone=BERLIN, program="tens-al", per_day=2).ok
    verdict = may_start(NOON, ("ankle-left",), 20, past, zone=BERLIN, program="tens-al", per_day=1)
    assert "session 2 of tens-al that day on ankle-left; it is meant for 1" in verdict.why


@pytest.mark.control("C-16")
def test_an_interrupted_session_counts_what_was_put_out() -> None:
    past = [ended(150, output_s=70 * 60), ended(320, output_s=45 * 60)]
    assert may_start(NOON, ("ankle-left",), 5, past, zone=BERLIN).ok
    assert not may_start(NOON, ("ankle-left",), 6, past, zone=BERLIN).ok


def test_a_clock_that_was_set_back_refuses_and_says_so() -> None:
    verdict = may_start(NOON, ("ankle-left",), 20, [ended(-60)])
    assert not verdict.ok
    assert "check this computer's clock" in verdict.why


def test_the_told_time_is_never_too_early() -> None:
    record = Delivered("ankle-left", NOON - timedelta(minutes=30), 1200, NOON - timedelta(minutes=9, seconds=30))
    assert "possible again at 13:51" in may_start(NOON, ("ankle-left",), 20, [record], zone=BERLIN).why


@pytest.mark.parametrize(
    ("moment", "now", "told"),
    [
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "03:30 (UTC+0200)"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 24, 23, 30, tzinfo=UTC), "02:30"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 24, 23, 30, tzinfo=UTC), "02:30 (UTC+0100)"),
        (datetime(2026, 6, 11, 1, 0, tzinfo=UTC), NOON, "2026-06-11 03:00"),
    ],
)
def test_a_time_in_a_night_of_changing_clocks_is_unambiguous(moment: datetime, now: datetime, told: str) -> None:
    assert local_time(moment, now, BERLIN) == told


@pytest.mark.control("C-17")
@given(now=MOMENTS, past=PAST, sites=st.lists(SITES, max_size=3).map(tuple))
def test_again_means_again_and_not_a_moment_earlier(
    now: datetime, past: list[Delivered], sites: tuple[str, ...]
) -> None:
    verdict = may_start(now, sites, 20, past, zone=BERLIN)
    assert verdict.ok is (verdict.again_at is None) is (not verdict.why)
    if verdict.again_at is not None:
        assert now < verdict.again_at
        assert may_start(verdict.again_at, sites, 20, past, zone=BERLIN).ok
        assert not may_start(verdict.again_at - timedelta(microseconds=1), sites, 20, past, zone=BERLIN).ok


@pytest.mark.control("C-17")
@given(tries=st.lists(st.tuples(MOMENTS, st.floats(BRIEF_S, 1800)), min_size=2, max_size=12))
def test_sessions_that_were_allowed_lie_two_hours_apart_on_any_night(tries: list[tuple[datetime, float]]) -> None:
    done: list[Delivered] = []
    for now, output_s in sorted(tries):
        if may_start(now.astimezone(BERLIN), ("ankle-left",), output_s / 60, done, zone=BERLIN).ok:
            done.append(Delivered("ankle-left", now.astimezone(BERLIN), output_s))
    assert all(
        after.started_utc.astimezone(UTC) - before.over_utc.astimezone(UTC) >= GAP for before, after in pairwise(done)
    )


@given(past=PAST, now=MOMENTS, shift_h=st.integers(-12, 14))
def test_the_rest_is_the_same_in_every_zone_though_a_day_is_not(
    past: list[Delivered], now: datetime, shift_h: int
) -> None:
    zone = ZoneInfo(f"Etc/GMT{-shift_h:+d}")
    here, there = (may_start(now.astimezone(at), (), 20, past, DOSE_ALL, zone=at) for at in (BERLIN, zone))
    assert (here.ok, here.again_at) == (there.ok, there.again_at)


def test_a_moment_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        Delivered("ankle-left", datetime(2026, 6, 10, 12, 0), 60)  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        may_start(datetime(2026, 6, 10, 12, 0), (), 20, [])  # noqa: DTZ001
