"""The simulator's place asks the host for faults of software units only; a demo home is made up, marked, and apart."""

from datetime import timedelta
from pathlib import Path

import pytest

from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Start, Touch
from estim.core.values import replace
from estim.journal.demo import DAYS, MISSED, make_demo
from estim.journal.home_journal import opened
from estim.tui.app import SessionApp
from estim.tui.keymap import KEYBOARD
from estim.tui.place import Place
from estim.tui.simulator import ACTS, SimulatorPlace
from tests.tui.scripted import IDLE, OFFERS, RUNNING, Pulse, ScriptedClient, Successors, screen_of, settle, text_of
from tests.tui.test_today import assert_seen, label


async def test_every_fault_has_a_key_and_is_asked_for_at_the_unit_that_is_shown() -> None:
    client = ScriptedClient(replace(RUNNING, simulated=True))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("7")
        await settle(pilot)
        assert isinstance(pilot.app.screen, SimulatorPlace)
        assert "SIMULATED" in text_of(pilot, "#banner")
        client.asked.clear()
        for name, act, _ in ACTS:
            await pilot.press(KEYBOARD.keymap.keys[f"simulator.{name}"][0])
            await settle(pilot)
            assert client.asked[-1] == Touch(act=act, address=RUNNING.address)  # type: ignore[arg-type]


@pytest.mark.control("C-40")
async def test_with_a_real_unit_there_is_no_simulator() -> None:
    client = ScriptedClient(IDLE)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("7")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, Place)


def demo(folder: Path) -> HostOptions:
    make_demo(find_home(str(folder)))
    return HostOptions(home=str(folder), simulate="coyote3")


def test_a_demo_home_holds_a_fortnight_and_every_session_in_it_is_simulated(tmp_path: Path) -> None:
    options = demo(tmp_path)
    with opened(options) as journal:
        diary = journal.recent()
        assert len(diary.sessions) == 2 * DAYS - len(MISSED)
        assert all(session.simulated for session in diary.sessions)
        assert {session.at.date() for session in diary.sessions} == {
            (journal.now - timedelta(days=ago)).date() for ago in range(1, DAYS + 1)
        }
        details = journal.details(diary.sessions[-1].id)
        assert details is not None
        assert max(level for _, _, level, _ in details.levels) == 14
        assert journal.alarms()
    again = demo(tmp_path)
    with opened(again) as journal:
        assert len(journal.recent().sessions) == len(diary.sessions), "it stays as it is"


@pytest.mark.control("C-40")
def test_nothing_real_is_read_or_written_in_a_demo_home_and_no_real_home_becomes_one(tmp_path: Path) -> None:
    demo(tmp_path / "demo")
    for write in (False, True):
        with (
            pytest.raises(EstimError, match="made up") as refused,
            opened(HostOptions(home=str(tmp_path / "demo")), write=write),
        ):
            pass
        assert refused.value.code is Exit.REFUSED
    real = find_home(str(tmp_path / "real"))
    real.prepare()
    real.settings_file.write_text("minutes = 20\n", encoding="utf-8")
    with pytest.raises(EstimError, match="is a home already"):
        make_demo(real)
    assert not real.demo


async def test_a_demo_begins_a_session_with_two_keys_from_its_first_screen(tmp_path: Path) -> None:
    client = ScriptedClient(replace(IDLE, simulated=True))
    app = SessionApp(client, OFFERS, Successors(), Pulse(), options=demo(tmp_path), opening="today")
    async with app.run_test() as pilot:
        await assert_seen(pilot, lambda: label(pilot).endswith("20 min, up to A 14"))
        assert "SIMULATED" in text_of(pilot, "#banner")
        await pilot.press("enter", "y")
        await assert_seen(pilot, lambda: any(isinstance(command, Start) for command in client.asked))
