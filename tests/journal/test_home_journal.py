"""What a front end reads of years is enough: a plan is told the same from these months as from its beginning."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from estim.core.care.pace import LONGEST_OF, MEMORY
from estim.core.care.standing import standing
from estim.core.days.diary import Entry
from estim.core.values import replace
from estim.journal.home_journal import RECENT, SETTLED, settled
from tests.core.days.journals import PLAN, at, begin, diary, morning, played, ran, worst

DAYS = 120
CUT = at(25, 0)

ENTRIES = st.lists(
    st.one_of(
        st.builds(worst, st.integers(1, DAYS), st.integers(0, 6)),
        st.builds(morning, st.integers(1, DAYS), st.integers(0, 6)),
        st.builds(
            lambda day, pain, km: ran(day, pain, km=km),
            st.integers(1, DAYS),
            st.sampled_from([None, 1, 1, 2, 3, 4, 6]),
            st.sampled_from([2.0, 3.0, 3.3, 4.0, 6.0, 6.5, 12.0]),
        ),
        st.builds(lambda day, hour: played(at(day, hour)), st.integers(1, DAYS), st.sampled_from([8, 15, 19])),
    ),
    min_size=80,
    max_size=240,
)


def test_months_hold_all_that_the_length_of_the_next_run_is_decided_by() -> None:
    assert RECENT - SETTLED > MEMORY + LONGEST_OF


@given(entries=ENTRIES, now=st.integers(95, DAYS + 5))
def test_months_that_settle_a_plan_tell_the_same_as_all_of_it(entries: list[Entry], now: int) -> None:
    whole = diary(begin(at(1)), *[one for one in entries if one.at <= at(now)])
    pains = tuple(one for one in whole.pains if one.at >= CUT)
    months = replace(whole, pains=pains, runs=tuple(one for one in whole.runs if one.at >= CUT))
    if settled(months, CUT):
        assert standing(PLAN, months, at(now)) == standing(PLAN, whole, at(now))


def test_two_runs_after_a_morning_settle_it_and_less_does_not() -> None:
    enough = [morning(26, 2), ran(30), ran(35)]
    assert settled(diary(*enough), CUT)
    for number in range(3):
        assert not settled(diary(*enough[:number], *enough[number + 1 :]), CUT)
    assert not settled(diary(morning(26, 2), ran(30), ran(31)), CUT)
    assert not settled(diary(*enough), CUT + timedelta(days=5))
