"""The log's place with a real journal: filter, search, a session's levels, pain over time, undo; and plots."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import OptionList

from estim.core.days.diary import Check, Note, Pain, Run, Topic, When
from estim.core.values import replace
from estim.journal.reader import Details
from estim.tui.choose import Choose
from estim.tui.curves import curve_of
from estim.tui.plot import plot
from estim.tui.session import Session
from tests.tui.scripted import IDLE, RUNNING, ScriptedClient, answer, asked_of, text_of
from tests.tui.test_today import NOW, Home, assert_seen, played


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    pain = Pain(at=NOW - timedelta(days=3), score=6, when=When.MORNING)
    run = Run(at=NOW - timedelta(days=2), km=3, pain=2)
    home.write([played(1), pain, run, Note(at=NOW - timedelta(hours=2), text="new shoes")])
    return home


def rows(pilot: Pilot[int]) -> list[str]:
    entries = pilot.app.screen.query_one("#entries", OptionList)
    return [str(entries.get_option_at_index(index).prompt) for index in range(entries.option_count)]


async def test_the_log_is_newest_first_filtered_by_a_key_and_searched(home: Home) -> None:
    async with home.app(ScriptedClient(), "log").run_test() as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) > 3)
        assert "new shoes" in rows(pilot)[0]
        for count, word in ((1, "tens-ankle on coyote3"), (1, "pain 6, morning"), (1, "run 3 km"), (1, "new shoes")):
            await pilot.press("f")
            await assert_seen(pilot, lambda count=count: len(rows(pilot)) == count)  # type: ignore[misc]
            assert word in rows(pilot)[0]
        await pilot.press("f", "slash", "k", "m")
        await assert_seen(pilot, lambda: ["run 3 km" in row for row in rows(pilot)] == [True])


async def test_a_session_that_runs_is_told_as_one_and_not_as_one_without_an_end(home: Home) -> None:
    home.write([replace(played(0), id=77, ended=None, reason="", duration_s=None)])
    client = ScriptedClient(RUNNING)
    async with home.app(client).run_test() as pilot:
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Session))  # what runs comes to the top
        await pilot.press("3")
        await assert_seen(pilot, lambda: any(row.endswith(": it runs now (2)") for row in rows(pilot)))
        client.show(IDLE)
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("3")
        await assert_seen(pilot, lambda: any("no end noted yet" in row for row in rows(pilot)))


async def test_pain_over_time_has_axes_and_a_letter_for_each_kind(home: Home) -> None:
    async with home.app(ScriptedClient(), "log").run_test() as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) > 3)
        await pilot.press("g")
        await assert_seen(pilot, lambda: "m morning, x run" in text_of(pilot, "#detail"))
        drawn = text_of(pilot, "#detail").split("\n")
        assert drawn[1].startswith("   10│")
        assert any("m" in line.partition("│")[2] for line in drawn)
        assert f"{NOW.astimezone():%d %b}" in drawn[-1]


async def test_undo_asks_first_and_says_what_was_taken_back(home: Home) -> None:
    with home.journal() as journal:
        journal.enter([Note(at=NOW, text="a slip")], NOW + timedelta(seconds=1))
    async with home.app(ScriptedClient(), "log").run_test() as pilot:
        await assert_seen(pilot, lambda: "a slip" in "".join(rows(pilot)))
        await pilot.press("z")
        await assert_seen(pilot, lambda: "written down? It is marked, never deleted.\n\na slip" in asked_of(pilot))
        await pilot.press("n")
        assert "a slip" in [note.text for note in home.diary.notes]
        await pilot.press("z")
        await assert_seen(pilot, lambda: "a slip" in asked_of(pilot))
        with home.journal() as journal:
            journal.enter([Note(at=NOW, text="another")], NOW + timedelta(seconds=2))
        await pilot.press("y")
        await assert_seen(pilot, lambda: "another" in asked_of(pilot))  # it isn't the last thing any more
        await answer(pilot, "y")
        await assert_seen(pilot, lambda: text_of(pilot, "#note") == "taken back: another")
        await pilot.press("z")
        await assert_seen(pilot, lambda: "a slip" in asked_of(pilot))
        await pilot.press("y")
        await assert_seen(pilot, lambda: text_of(pilot, "#note") == "taken back: a slip")
        await assert_seen(pilot, lambda: "a slip" not in "".join(rows(pilot)))


async def test_what_undo_refuses_is_told_before_anything_is_asked(home: Home) -> None:
    flag = Check(at=NOW, topic=Topic.RED_FLAG, about="calf", answer="yes")
    with home.journal() as journal:
        journal.enter([flag], NOW + timedelta(seconds=1))
    async with home.app(ScriptedClient(), "log").run_test(size=(120, 30)) as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) > 3)
        await pilot.press("z")
        await assert_seen(pilot, lambda: "undo doesn't take back" in text_of(pilot, "#note"))
        assert asked_of(pilot) == ""


def test_a_session_s_curve_shows_each_channel_who_moved_it_and_its_alarms() -> None:
    start = datetime(2026, 3, 1, 8, tzinfo=UTC)
    details = Details(
        {"duration_s": 600.0, "started_utc": start.isoformat()},
        [(0.0, "A", 0, "ramp"), (60.0, "A", 12, "key"), (300.0, "A", 3, "hand"), (590.0, "A", 0, "stop")],
        [((start + timedelta(seconds=301)).isoformat(), "high", "pads off", "look at the pads")],
    )
    drawn = curve_of(details, 70, 10)
    assert drawn[0] == "level over time: A channel, h by hand, s stop, ! alarm"
    assert "A" in drawn[1]
    assert drawn[1].startswith("   12│")
    marks = next(line for line in drawn if line.strip().endswith("s") and "─" not in line and "│" not in line)
    assert marks.strip()[0] in "h!"
    assert drawn[-1].endswith("pads off: look at the pads")


@given(
    points=st.lists(st.tuples(st.floats(-5, 2000), st.floats(-5, 300)), max_size=40),
    width=st.integers(5, 200),
    height=st.integers(1, 50),
    held=st.booleans(),
)
def test_a_plot_never_leaves_its_room_and_draws_every_curve(
    points: list[tuple[float, float]], width: int, height: int, held: bool
) -> None:
    lines = plot({"A": points}, width=width, height=height, x=(0, 1200), y_top=200, names=("0", "20"), held=held)
    assert len(lines) == max(height, 5)
    assert all(len(line) <= max(width, 14) for line in lines)
    assert any("A" in line for line in lines) is bool(points or held)
