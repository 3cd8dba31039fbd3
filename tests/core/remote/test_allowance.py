"""How many orders are carried out: some at once, then one an interval, however many come."""

from hypothesis import given
from hypothesis import strategies as st

from estim.core.remote.allowance import Allowance


def test_some_at_once_then_one_an_interval() -> None:
    allowance = Allowance(most=3, every_s=10.0)
    assert [allowance.take(100.0) for _ in range(5)] == [True, True, True, False, False]
    assert [allowance.take(moment_s) for moment_s in (109.0, 110.5, 111.0, 120.6)] == [False, True, False, True]
    assert [allowance.take(1000.0) for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(0, 5), max_size=200))
def test_never_more_than_it_allows(gaps_s: list[float]) -> None:
    allowance = Allowance(most=3, every_s=10.0)
    now_s = 0.0
    taken = 0
    for gap_s in gaps_s:
        now_s += gap_s
        taken += allowance.take(now_s)
        assert taken <= 3 + now_s / 10 + 1e-6
