"""Checks the grid that never catches up, and the value that is read now and then."""

from hypothesis import given
from hypothesis import strategies as st

from protocols.pace import Grid, Reading


def test_a_point_is_taken_once_and_missed_ones_are_gone() -> None:
    grid = Grid(5.0, 0.1)
    assert grid.due(5.0)
    assert grid.take(5.0) == (5.0, 0)
    assert not grid.due(5.09)
    assert (grid.next_s, grid.after(5.31), grid.after(2.0)) == (5.1, 5.4, 5.1)
    at_s, missed = grid.take(5.57)
    assert (round(at_s, 6), missed) == (5.5, 4)
    grid.skip(7.0)
    assert grid.next_s == 7.0
    grid.skip(6.0)
    assert grid.next_s == 7.0, "a point that was left out does not come back"


@given(st.floats(0, 1e6), st.lists(st.floats(0.0005, 1.5), min_size=1, max_size=30))
def test_polling_whenever_it_is_due_takes_every_point_in_order(start_s: float, waits: list[float]) -> None:
    grid = Grid(start_s, 0.1)
    now_s = start_s
    taken = []
    missed = 0
    for wait_s in waits:
        now_s = max(now_s + wait_s, grid.next_s)
        at_s, left_out = grid.take(now_s)
        missed += left_out
        taken.append(at_s)
        assert at_s <= now_s + 1e-6 < at_s + 0.1 + 2e-6
        assert grid.next_s > now_s
    assert taken == sorted(set(taken))
    assert len(taken) + missed == round((taken[-1] - start_s) / 0.1) + 1


def test_a_reading_has_a_time_out_a_second_try_and_a_shortest_pause() -> None:
    reading = Reading(0.0, every_s=60.0, retry_s=5.0, timeout_s=2.0)
    assert reading.begin(0.0, 7)
    assert reading.is_of(7)
    assert not reading.begin(0.1, 8), "one at a time"
    assert reading.due_s == 2.0
    assert not reading.late(1.9)
    assert reading.late(2.0)
    assert (reading.due_s, reading.is_of(7)) == (7.0, False)
    assert reading.begin(7.0, 9)
    reading.took()
    assert reading.due_s == 67.0
    reading.hurry(2.0)
    assert reading.due_s == 9.0
