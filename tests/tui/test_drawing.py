"""Rows of signs: each as wide as it was asked for, and nothing in them that wasn't seen."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.messages.shown import PhaseView, PulseView
from estim.core.values import replace
from estim.tui import drawing
from tests.tui.scripted import LANES


@given(
    lo=st.integers(0, 200),
    more=st.integers(0, 200),
    goal=st.integers(0, 300),
    cap=st.integers(0, 200),
    width=st.integers(1, 120),
)
def test_a_bar_keeps_its_width_and_shows_every_level_above_zero(
    lo: int, more: int, goal: int, cap: int, width: int
) -> None:
    lane = replace(LANES[0], lo=lo, hi=lo + more, goal=goal, cap=cap)
    bar = drawing.bar(lane, width)
    assert len(bar) == width
    assert ("█" in bar) == (lo > 0)
    assert set(bar) <= set("█▒·◇")
    assert bar.count("◇") <= 1
    if width > 1:
        assert ("▒" in bar) == (more > 0), "a known level has no doubt in it, and a span has one"


@given(last=st.integers(0, 100), lo=st.integers(0, 70), width=st.integers(2, 120))
def test_the_last_comfortable_level_stands_on_the_bar_at_its_place(last: int, lo: int, width: int) -> None:
    lane = replace(LANES[0], lo=lo, hi=lo, goal=lo, request=lo, cap=70)
    bar = drawing.bar(lane, width, last)
    assert len(bar) == width
    assert ("│" in bar) == (0 < last <= 70)
    if 0 < last <= 70:
        assert bar.index("│") == ceil(last * width / 70) - 1


PHASES = st.lists(
    st.builds(PhaseView, title=st.text("abc ", min_size=1, max_size=20), length_s=st.floats(1, 900)),
    min_size=1,
    max_size=12,
)


@given(phases=PHASES, share=st.floats(0, 1.2), width=st.integers(1, 200))
def test_a_timeline_says_where_it_is_once_and_keeps_its_width(
    phases: list[PhaseView], share: float, width: int
) -> None:
    length_s = sum(phase.length_s for phase in phases)
    row = drawing.timeline(phases, share * length_s, width)
    assert len(row) == width
    assert row.count("◆") == 1
    assert "━" not in row[row.index("◆") :]
    assert "─" not in row[: row.index("◆")]
    assert len(drawing.names(phases, width)) <= width


def test_phases_begin_at_their_crosses_and_have_their_titles_there() -> None:
    phases = [PhaseView(title=title, length_s=300) for title in ("warm-up", "main", "a long one at the end")]
    row = drawing.timeline(phases, 0, 60)
    assert [place for place, sign in enumerate(row) if sign == "┼"] == [20, 40]
    assert drawing.names(phases, 60) == "warm-up".ljust(20) + "main".ljust(20) + "a long one at the …"
    assert drawing.names(phases[:1], 60) == ""


@given(
    levels=st.dictionaries(st.integers(0, 1799), st.integers(0, 200)),
    top=st.integers(1, 200),
    width=st.integers(1, 200),
    height=st.integers(1, 6),
)
def test_a_trace_shows_what_was_seen_and_nothing_else(
    levels: dict[int, int], top: int, width: int, height: int
) -> None:
    rows = drawing.trace(levels, 1800, top, width, height)
    assert len(rows) == height
    assert all(len(row) <= width for row in rows)
    seen = {min(width - 1, second * width // 1800) for second in levels}
    assert seen <= {place for place, sign in enumerate(rows[-1]) if sign != " "}
    if not levels:
        assert not "".join(rows).strip()


def test_a_trace_stands_as_high_as_its_level() -> None:
    assert drawing.trace({0: 0, 1: 35, 2: 70, 4: 70}, 5, 70, 5, 1) == ["▁▄█ █"]
    assert drawing.trace({0: 0, 1: 35, 2: 70}, 3, 70, 3, 2) == ["  █", "▁██"]


PULSE = PulseView(rate_hz=2.0, width_us=200, gate=1, into_s=0)


@pytest.mark.parametrize(
    ("pulse", "width", "row"),
    [
        (PULSE, 10, "│    │"),
        (replace(PULSE, rate_hz=80.0), 10, "█" * 10),
        (replace(PULSE, rate_hz=80.0, burst_s=(0.25, 0.25)), 8, "██  ██"),
        (replace(PULSE, rate_hz=40.0, contraction_s=(2.0, 2.0, 2.0, 2.0)), 8, "◆▆██▆▂"),
        (replace(PULSE, rate_hz=40.0, contraction_s=(2.0, 2.0, 2.0, 2.0), into_s=15.5), 8, "▂▆██▆▂ ◆"),
        (replace(PULSE, rate_hz=0.0), 8, ""),
    ],
)
def test_pulses_are_drawn_as_they_are_played(pulse: PulseView, width: int, row: str) -> None:
    assert drawing.pulses(pulse, width) == row


@given(
    rate_hz=st.floats(0.5, 1000),
    burst=st.one_of(st.just(()), st.tuples(st.floats(0.05, 2), st.floats(0.05, 2))),
    width=st.integers(1, 200),
)
def test_no_picture_of_pulses_is_wider_than_it_may_be(rate_hz: float, burst: tuple[float, ...], width: int) -> None:
    row = drawing.pulses(replace(PULSE, rate_hz=rate_hz, burst_s=burst), width)
    assert len(row) <= width
    assert row.strip(), "what is played shows"
