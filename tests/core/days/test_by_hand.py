"""A session that a unit played by itself: what is refused of it, and that it counts as any other."""

from datetime import UTC, datetime, timedelta

import pytest

from estim.core.days.advice import last_level
from estim.core.days.by_hand import UNIT, misdated, overlapped, session
from estim.core.days.diary import Diary
from estim.core.days.entry_text import told
from tests.core.days.journals import at, played

NOW = at(3, 12)
LEFT = ("ankle-left",)


@pytest.mark.control("C-69")
@pytest.mark.parametrize(
    ("hour", "minutes", "why"),
    [
        (11.5, 30, ""),
        (11.6, 30, "in the future: log it when it is over"),
        (12.5, 20, "in the future: log it when it is over"),
        (11.51, 30, ""),
    ],
)
def test_what_is_not_over_is_refused(hour: float, minutes: float, why: str) -> None:
    found = misdated(session("x", at(3, hour), minutes, LEFT, {}), NOW)
    assert found.endswith(why)
    assert bool(found) is bool(why)


@pytest.mark.control("C-69")
def test_what_began_before_this_estim_was_made_is_refused() -> None:
    old = session("x", datetime(2025, 12, 31, 23, 59, tzinfo=UTC), 20, LEFT, {})
    assert "before this estim was made" in misdated(old, NOW)
    assert misdated(session("x", datetime(2026, 1, 1, 0, 0, tzinfo=UTC), 20, LEFT, {}), NOW) == ""


@pytest.mark.control("C-69")
@pytest.mark.parametrize(
    ("hour", "sites", "overlaps"),
    [
        (7.99, LEFT, True),
        (8.3, LEFT, True),
        (7.6, LEFT, False),
        (8 + 20 / 60, LEFT, False),
        (8, ("ankle-right",), False),
        (8, ("ankle-right", "ankle-left"), True),
        (8, (), True),
    ],
)
def test_a_known_session_on_its_site_at_that_time_refuses_it(
    hour: float, sites: tuple[str, ...], overlaps: bool
) -> None:
    known = played(at(3, 8))
    found = overlapped(session("x", at(3, hour), 20, sites, {}), [known], NOW)
    assert bool(found) is overlaps
    if overlaps:
        assert found.startswith("a session (tens-ankle on one, 08:00 to 08:20) was on that site at that time")
    assert overlapped(session("x", at(3, 8), 20, LEFT, {}), [played(at(3, 8), simulated=True)], NOW) == ""


def test_its_levels_are_offered_for_no_next_session() -> None:
    one = session("tens-ankle", at(3, 8), 20, LEFT, {"A": 12})
    assert told(one) == "tens-ankle, logged by hand, 20:00 min, level A=12"
    assert told(session("x", at(3, 8), 20, LEFT, {})).endswith("level not said")
    assert (one.unit, one.begun, one.output_s) == (UNIT, True, 1200)
    assert last_level(Diary(sessions=(one,)), "tens-ankle", LEFT, None) is None
    assert one.delivered_until - one.at == timedelta(minutes=20)
