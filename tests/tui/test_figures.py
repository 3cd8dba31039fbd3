"""The figures of a session: how old they are, where they differ, how far keys lead, and the pictures of the course."""

from typing import Any

import pytest
from textual.widgets import Digits

from estim.core.messages.commands import SetLevel
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui.widgets import Line
from tests.tui.scripted import LANES, RUNNING, ScriptedClient, screen_of, settle, text_of
from tests.tui.test_in_sight import PHASES, PULSE


async def test_big_figures_never_show_a_number_that_is_not_known() -> None:
    span = replace(LANES[0], lo=12, hi=14)
    client = ScriptedClient(replace(RUNNING, lanes=(LANES[0], replace(LANES[1], lo=0, hi=0))))
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        big = pilot.app.screen.query(".lane-big").first(Digits)
        assert big.display
        assert big.value == "12"
        client.show(replace(RUNNING, lanes=(span, LANES[1])))
        await settle(pilot)
        assert big.value == "--"
        assert "level 12–14" in text_of(pilot, ".lane-level")


@pytest.mark.control("C-27")
@pytest.mark.parametrize(
    ("told_s", "word", "grey"), [(0.9, "0 s ago", False), (1.2, "1 s ago", False), (3.0, "3 s ago", True)]
)
async def test_a_level_shows_its_age_and_is_grey_from_three_seconds_on(told_s: float, word: str, grey: bool) -> None:
    client = ScriptedClient(replace(RUNNING, told_age_s=told_s, heard_age_s=told_s))
    for size in ((100, 30), (40, 12)):
        async with screen_of(client).run_test(size=size) as pilot:
            await settle(pilot)
            text = text_of(pilot, ".lane-level")
            assert word in text
            lane = pilot.app.screen.query_one("#lane-A")
            assert lane.has_class("-stale") is grey
            figure = lane.query_one(".lane-level")
            assert lane.has_class("-chosen")
            colour = figure.visual_style.foreground
            client.show(RUNNING)
            await settle(pilot)
            assert (figure.visual_style.foreground != colour) is grey, "the lit one too"
            client.show(replace(RUNNING, told_age_s=told_s, heard_age_s=told_s))


@pytest.mark.control("C-27")
async def test_no_age_is_told_where_nobody_knows_it_any_more() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        parts = (".lane-level", "#says", "#link")
        assert all("0 s ago" in text_of(pilot, part) for part in parts)
        client.die()
        await settle(pilot)
        assert "STALE" in text_of(pilot, ".lane-level")
        assert not any("ago" in text_of(pilot, part) for part in parts)


@pytest.mark.control("C-27")
@pytest.mark.parametrize("battery", [None, 87])
@pytest.mark.parametrize("units", [1, 2])
@pytest.mark.parametrize("size", [(40, 12), (60, 20), (80, 24), (100, 30), (120, 40)])
async def test_nothing_moves_while_the_reports_come_a_second_apart(
    size: tuple[int, int], units: int, battery: int | None
) -> None:
    one = replace(RUNNING, battery=battery, phases=PHASES[:1], phase_count=1)
    others = [replace(one, unit="right")] if units == 2 else []
    client = ScriptedClient(one, *others)
    async with screen_of(client).run_test(size=size) as pilot:
        await settle(pilot)
        seen = set()
        for told, heard in ((0.2, 0.2), (1.1, 0.1), (0.9, 0.9), (1.9, 0.0), (1.2, 1.2)):
            client.show(replace(one, told_age_s=told, heard_age_s=heard))
            await settle(pilot)
            drawn = tuple((part.region, len(str(part.render()))) for part in pilot.app.screen.query(Line))
            seen.add(drawn)
        assert len(seen) == 1, "every part keeps its place, and every text its length"


async def test_a_bar_keeps_its_place_when_an_age_comes_and_goes() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        young = text_of(pilot, ".lane-level")
        client.show(replace(RUNNING, told_age_s=2.2))
        await settle(pilot)
        old = text_of(pilot, ".lane-level")
        assert old != young
        assert old.index("█") == young.index("█")
        assert len(old) == len(young)


async def test_what_was_asked_and_what_the_unit_says_stand_beside_each_other_where_they_differ() -> None:
    behind = replace(LANES[0], lo=11, hi=11, request=12, goal=20)
    client = ScriptedClient(replace(RUNNING, lanes=(behind, LANES[1])))
    async with screen_of(client).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "goal 20 · asked 12 · unit says 11" in text_of(pilot, ".lane-goal")
        client.show(replace(RUNNING, state=State.PAUSED, lanes=(replace(behind, lo=0, hi=0, request=0), LANES[1])))
        await settle(pilot)
        assert text_of(pilot, ".lane-goal").startswith("paused at 20")


@pytest.mark.parametrize(
    ("lane", "key", "by", "word"),
    [
        ({"scale": 1000, "cap": 350, "goal": 20, "room": 20}, "pageup", 20, ""),
        ({"scale": 1000, "cap": 350, "goal": 20, "room": 400}, "pageup", 50, ""),
        ({"scale": 2000, "cap": 700, "goal": 20, "room": 0}, "pageup", None, "A waits for the unit"),
        ({"scale": 200, "cap": 70, "goal": 70, "room": 0}, "pageup", None, "A is at its cap of 70"),
        ({"scale": 15, "cap": 5, "goal": 3, "room": 2}, "pageup", 1, ""),
        ({"scale": 1000, "cap": 350, "goal": 20, "room": 0}, "pagedown", -50, ""),
    ],
)
@pytest.mark.control("C-01")
async def test_page_keys_move_a_twentieth_of_the_scale_and_never_further_than_a_key_may_lead(
    lane: dict[str, Any], key: str, by: int | None, word: str
) -> None:
    client = ScriptedClient(replace(RUNNING, lanes=(replace(LANES[0], **lane),)))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        moves = [(command.by, command.unit) for command in client.asked if isinstance(command, SetLevel)]
        assert moves == ([] if by is None else [(by, "coyote3")])
        assert word in text_of(pilot, "#note")


async def test_a_session_shows_where_it_is_what_is_played_and_what_the_unit_says() -> None:
    running = replace(RUNNING, phases=PHASES, pulse=PULSE, elapsed_s=600.0, phase="main", phase_number=2)
    client = ScriptedClient(running)
    async with screen_of(client).run_test(size=(120, 40)) as pilot:
        for second in range(595, 600):
            client.show(replace(running, elapsed_s=float(second)))
        client.show(running)
        await settle(pilot)
        assert text_of(pilot, "#phase") == "phase 2 of 3: main · 3:20 more, then cool-down"
        way = text_of(pilot, "#way")
        assert way.count("◆") == 1
        assert way.count("┼") == 2
        assert "build-up" in text_of(pilot, "#way-names")
        assert text_of(pilot, "#pulse") == "plays 80 Hz, 152 µs, bursts 0.25 s on, 0.25 s off"
        assert text_of(pilot, "#pulses").strip().startswith("│")
        assert text_of(pilot, "#says") == "the unit reports: on, A 12, B 0 · 0 s ago"
        seen = text_of(pilot, ".lane-trace").split("\n")[-1]
        assert abs(seen.rstrip().rindex(seen.strip()[-1]) - way.index("◆") + 13) <= 1, "levels stand below their moment"
