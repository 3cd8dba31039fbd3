"""From 120 columns on the places have two columns: nothing is lost, and prose stays readable."""

from datetime import timedelta
from pathlib import Path

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from estim.core.days.diary import Check, Note, Pain, Run, Topic, When
from estim.core.values import replace
from estim.core.vocabulary import Priority, State
from estim.journal.database import stamp
from estim.tui.detail import Detail
from estim.tui.place import BROAD
from estim.tui.room import hung
from tests.tui.scripted import IDLE, RUNNING, Pulse, ScriptedClient, screen_of, settle, text_of
from tests.tui.test_every_place import seen
from tests.tui.test_log import rows
from tests.tui.test_today import NOW, Home, assert_seen, played

ROOM = (200, 50)
"""A terminal that fills a usual screen."""

LEVELS = ((0.0, "A", 4), (300.0, "A", 12), (1190.0, "A", 0))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    pains = [Pain(at=NOW - timedelta(days=ago), score=3, when=When.MORNING) for ago in (1, 3)]
    home.write(
        [
            Check(at=NOW - timedelta(days=3), topic=Topic.CARE, answer="begin"),
            played(1),
            *pains,
            Run(at=NOW - timedelta(days=4), km=3, pain=2),
            Note(at=NOW - timedelta(hours=2), text="new shoes"),
        ]
    )
    with home.journal() as journal:
        number = journal.db.execute("SELECT id FROM session").fetchone()[0]
        journal.db.executemany(
            "INSERT INTO level_change (session, at_s, channel, level, author) VALUES (?, ?, ?, ?, 'key')",
            [(number, *level) for level in LEVELS],
        )
        journal.db.commit()
    return home


def region(pilot: Pilot[int], selector: str) -> Region:
    return pilot.app.screen.query(selector).first().region


async def test_today_has_the_week_and_curves_beside_what_is_due(home: Home) -> None:
    async with home.app(ScriptedClient()).run_test(size=ROOM) as pilot:
        await assert_seen(pilot, lambda: "level over time: A channel" in text_of(pilot, "#levels"))
        assert "pain, 0 to 10, 14 days: m morning, x run" in text_of(pilot, "#trend")
        assert region(pilot, "#week").x >= region(pilot, "#due").right - 1
        assert "\n        " in text_of(pilot, "#steps")
        for size in ((80, 24), (40, 12), (BROAD - 1, 50)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert region(pilot, "#week").x == region(pilot, "#due").x
            assert text_of(pilot, "#levels") == ""
            assert text_of(pilot, "#week") != ""
        await pilot.resize_terminal(BROAD, 30)
        await settle(pilot)
        assert "level over time" in text_of(pilot, "#levels")


async def test_the_whole_button_can_be_read_where_a_column_is_narrow(home: Home) -> None:
    home.write([replace(played(0.5), id=88, unit="the one for the left leg", sites=("achilles-insertion-left",))])
    async with home.app(ScriptedClient()).run_test(size=(BROAD, 30)) as pilot:
        await assert_seen(pilot, lambda: "A 12" in " ".join(line[:60] for line in seen(pilot).split("\n")))
        assert region(pilot, "#again").height == 2


async def test_the_log_tells_of_what_is_lit_beside_the_list_and_follows_it(home: Home) -> None:
    async with home.app(ScriptedClient(), "log").run_test(size=ROOM) as pilot:
        await assert_seen(pilot, lambda: text_of(pilot, "#detail") == "new shoes")
        await assert_seen(pilot, lambda: region(pilot, "#beside").x >= region(pilot, "#entries").right - 1)
        place = next(number for number, row in enumerate(rows(pilot)) if "pain 3" in row)
        await pilot.press(*["down"] * place)
        await assert_seen(pilot, lambda: "pain, 0 to 10, 30 days" in text_of(pilot, "#detail"))
        place = next(number for number, row in enumerate(rows(pilot)) if "tens-ankle" in row)
        await pilot.press("home", *["down"] * place)
        await assert_seen(pilot, lambda: "level over time: A channel" in text_of(pilot, "#detail"))
        await pilot.press("g")
        await assert_seen(pilot, lambda: text_of(pilot, "#detail").startswith("pain, 0 to 10, 30 days"))
        await pilot.press("g", "g")
        await assert_seen(pilot, lambda: "level over time: A channel" in text_of(pilot, "#detail"))


async def test_below_so_many_columns_the_log_is_the_list_until_enter(home: Home) -> None:
    async with home.app(ScriptedClient(), "log").run_test(size=(BROAD - 1, 50)) as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) > 3)
        assert not pilot.app.screen.query_one(Detail).display
        await pilot.press("enter")
        await assert_seen(pilot, lambda: text_of(pilot, "#detail") == "new shoes")


async def test_care_has_its_steps_beside_its_gates_and_prose_of_ninety_columns(home: Home) -> None:
    async with home.app(ScriptedClient(), "care").run_test(size=ROOM) as pilot:
        await assert_seen(pilot, lambda: "resting, day 4" in text_of(pilot, "#care-stage"))
        assert region(pilot, "#care-steps").x >= region(pilot, "#care-gates").right - 1
        lines = text_of(pilot, "#care-steps").split("\n")
        assert 60 < max(map(len, lines)) <= 90
        behind = [line for line in lines if not line[:1].isdigit() and not line.startswith("·")]
        assert behind, "what a line goes on with begins where it begins"
        assert all(line.startswith("        ") for line in behind)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert max(map(len, text_of(pilot, "#care-steps").split("\n"))) <= 76


async def test_a_unit_is_told_in_full_beside_the_list() -> None:
    shown = replace(RUNNING, family="coyote3", battery=64, state=State.IDLE, program="", heard_age_s=0.2)
    async with screen_of(ScriptedClient(shown)).run_test(size=ROOM) as pilot:
        await settle(pilot)
        await pilot.press("6")
        await settle(pilot)
        told = text_of(pilot, "#detail")
        for words in ("battery 64 %", "linked", "To end output by hand: turn both wheels down to 0", "Stop drill (r)"):
            assert words in told
        assert region(pilot, "#beside").x >= region(pilot, "#entries").right - 1
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        await pilot.press("down")
        assert "Stop drill (r)" in text_of(pilot, "#detail")


async def test_an_alarm_is_told_in_full_beside_the_list_and_in_its_row_where_there_is_no_room(home: Home) -> None:
    until = NOW.astimezone()
    with home.journal() as journal:
        at = stamp(NOW)
        text = f"link lost; output may be on until {until.isoformat(timespec='seconds')}"
        row = (at, Priority.HIGH.value, text)
        journal.db.execute("INSERT INTO alarm VALUES (NULL, ?, ?, ?, 'take the pads off')", row)
        journal.db.commit()
    clear = f"link lost; output may be on until {until:%H:%M:%S}"
    async with home.app(ScriptedClient(), "alarms").run_test(size=ROOM) as pilot:
        await assert_seen(pilot, lambda: "What to do: take the pads off" in text_of(pilot, "#detail"))
        assert clear in text_of(pilot, "#detail")
        assert rows(pilot)[0].endswith(f"!!! ALARM: {clear}")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert rows(pilot)[0].endswith(f"!!! ALARM: {clear} → take the pads off (outside a session)")
        assert not pilot.app.screen.query_one(Detail).display


async def test_the_simulator_tells_of_the_unit_beside_its_keys() -> None:
    client = ScriptedClient(replace(RUNNING, simulated=True))
    async with screen_of(client, pulse=Pulse()).run_test(size=ROOM) as pilot:
        await settle(pilot)
        await pilot.press("7")
        await settle(pilot)
        assert "level 12, goal 20" in text_of(pilot, "#unit-full")
        assert region(pilot, "#acts").x >= region(pilot, "#unit-now").right - 1
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert text_of(pilot, "#unit-full") == ""
        assert "cut the link" in text_of(pilot, "#acts")


async def test_where_a_session_has_ended_no_age_of_its_last_word_is_told() -> None:
    client = ScriptedClient(replace(RUNNING, simulated=True))
    async with screen_of(client, pulse=Pulse()).run_test() as pilot:
        await settle(pilot)
        await pilot.press("7")
        await settle(pilot)
        assert "level reported 0 s ago" in text_of(pilot, "#unit-now")
        client.show(replace(IDLE, simulated=True, state=State.ENDED, told_age_s=26.0, heard_age_s=26.0, battery=87))
        await settle(pilot)
        await pilot.press("7")
        await settle(pilot)
        assert text_of(pilot, "#unit-now") == "coyote3 · Coyote 3: ended · battery 87 %"


def test_what_a_line_goes_on_with_hangs_below_its_beginning() -> None:
    assert hung("1 Rest\n    a b c d", 9) == "1 Rest\n    a b c\n    d"
    assert hung("x  off   one two", 12, 9) == "x  off   one\n      two"
