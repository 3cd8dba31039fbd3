"""The programs' place: search, kinds, locked ones with the reason, where pads must not go, what this unit changes."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from estim.catalogue.programs import shipped
from estim.cli.programs import _listed, _row
from estim.core.messages.commands import Start
from estim.core.programs.program import Program
from estim.core.values import replace
from estim.tui.choose import Choose
from estim.tui.log import LogPlace
from estim.tui.offers import offers_of
from estim.tui.programs import LOCKED, ProgramsPlace, pads_first, preview, told
from estim.tui.programs import _row as _shown_row
from estim.tui.today import LastTime
from tests.tui.scripted import IDLE, ScriptedClient, lit_in, settle, text_of
from tests.tui.test_log import rows
from tests.tui.test_today import Home, assert_seen


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def text(pilot: Pilot[int]) -> str:
    return text_of(pilot, "#program-text")


async def test_programs_are_searched_filtered_and_told_in_full(home: Home) -> None:
    client = ScriptedClient(IDLE)
    async with home.app(client, "programs").run_test() as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) == len(shipped()))
        await pilot.press("f")
        await assert_seen(pilot, lambda: 0 < len(rows(pilot)) < len(shipped()))
        await pilot.press("slash", *"ankle")
        await assert_seen(pilot, lambda: "Pads: Not on the ankle bones" in text(pilot))
        assert "On your coyote3: " in text(pilot)
        assert "rate in Hz over the session:" in text(pilot)
        await pilot.press("enter", "enter")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Choose))
        assert lit_in(pilot) == "tens-ankle"
        assert not any(isinstance(command, Start) for command in client.asked)


async def test_they_stand_as_they_are_offered_and_no_locked_one_stands_before_one_that_plays(home: Home) -> None:
    async with home.app(ScriptedClient(), "programs").run_test() as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) == len(shipped()))
        listed = rows(pilot)
    offers = offers_of(shipped())
    assert [row.split("(")[-1].split(",")[0] for row in listed] == [offer.id for offer in offers]
    assert offers[0].id == "tens-ankle"
    locked = [row.startswith("LOCKED") for row in listed]
    assert locked == sorted(locked)
    assert any(locked)


async def test_a_locked_program_says_so_and_why_and_is_not_chosen(home: Home) -> None:
    async with home.app(ScriptedClient(), "programs").run_test() as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) == len(shipped()))
        await pilot.press("slash", *"ems-strength", "enter")
        await assert_seen(pilot, lambda: [row.startswith("LOCKED") for row in rows(pilot)] == [True])
        assert LOCKED in text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await assert_seen(pilot, lambda: LOCKED in text_of(pilot, "#note"))
        assert pilot.app.screen.query(OptionList)


@pytest.mark.parametrize("program", shipped(), ids=lambda one: one.id)
def test_where_pads_must_not_go_comes_first_and_nothing_is_lost(program: Program) -> None:
    pads = program.pads
    first = pads_first(pads)
    assert sorted(first.split()) == sorted(pads.split())
    if "Not " in pads:
        assert first.startswith(("Not ", "Never ")) or ", never " in first.split(". ")[0]
    assert len(preview(program, 70, 8)) == 9


def test_a_phase_is_told_in_the_same_words_by_the_screen_and_the_command_line() -> None:
    program = next(one for one in shipped() if one.id == "ems-strength")
    odd = replace(program, phases=tuple(replace(one, length_s=one.length_s + 10) for one in program.phases))
    lines = told(odd, "", 70)
    phases = _row(odd)["phases"]
    assert isinstance(phases, list)
    for number, phase in enumerate(phases, 1):
        assert f"{number}. {phase['plays']}" in lines


def test_the_log_and_the_programs_have_one_search_and_one_key_for_the_next_kind() -> None:
    for name in ("action_kind", "action_search", "on_input_changed", "on_input_submitted"):
        assert getattr(LogPlace, name) is getattr(ProgramsPlace, name), name


def test_minutes_are_rounded_where_people_read_them_and_exact_in_json() -> None:
    program = next(one for one in shipped() if one.id == "ems-endurance")
    assert program.length_s / 60 != round(program.length_s / 60, 1)
    assert "(ems-endurance, 29.9 min, twitch)" in _shown_row(program)
    assert told(program, "", 70)[0].endswith(", 29.9 min")
    assert told(program, "", 70)[-1].endswith("29.9 min")
    assert " 29.9 min " in _listed(program)
    assert _row(program)["minutes"] == round(program.length_s / 60, 3)
    last = LastTime("ems-endurance", "coyote3", "", round(program.length_s / 60, 2), {})
    assert "29.9 min" in last.text


def test_the_pictures_of_the_pads_stand_below_their_words() -> None:
    program = next(one for one in shipped() if one.id == "tens-ankle")
    lines = told(program, "", 70)
    first = next(index for index, line in enumerate(lines) if line.startswith("Picture: "))
    assert lines[first - 1].startswith("Pads: ")
    assert "[1] lower calf, just above the sore part" in lines
    assert "\n".join(lines).count("When the feeling fades") == 1


async def test_where_there_is_room_the_text_stands_beside_the_list(home: Home) -> None:
    async with home.app(ScriptedClient(IDLE), "programs").run_test(size=(120, 40)) as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) == len(shipped()))
        screen = pilot.app.screen
        entries = screen.query_one("#entries").region
        full = screen.query_one("#full").region
        assert entries.right <= full.x
        assert full.right == 120
        assert abs(entries.bottom - full.bottom) <= 1
        widest = max(map(len, text(pilot).partition("rate in Hz")[2].splitlines()))
        assert widest <= full.width - 5, "the plot fits between frame and scrollbar"
        await pilot.resize_terminal(80, 24)
        await assert_seen(
            pilot, lambda: screen.query_one("#entries").region.bottom <= screen.query_one("#full").region.y
        )
        assert screen.query_one("#entries").region.height >= 3


@pytest.mark.parametrize("size", [(120, 40), (121, 24), (80, 24), (40, 20)])
async def test_every_row_of_the_list_is_there_in_full(home: Home, size: tuple[int, int]) -> None:
    async with home.app(ScriptedClient(IDLE), "programs").run_test(size=size) as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) == len(shipped()))
        await settle(pilot)
        entries = pilot.app.screen.query_one("#entries", OptionList)
        assert entries.show_vertical_scrollbar, "there are more rows than find room"
        drawn: list[str] = []
        for line in range(entries.virtual_size.height):
            entries.scroll_to(y=line, animate=False)
            await pilot.pause()
            drawn.append(entries.render_line(line - entries.scroll_offset.y).text)
        assert " ".join(" ".join(drawn).split()) == " ".join(" ".join(rows(pilot)).split())
