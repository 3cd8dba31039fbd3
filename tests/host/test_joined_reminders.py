"""How the reminders are joined to a host: which ways of telling there are, and which hosts prepare a unit."""

import asyncio
import io
from pathlib import Path

import pytest

from estim.config.options import HostOptions
from estim.config.settings import ReminderSettings
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Watch
from estim.core.messages.events import Reminded
from estim.core.values import replace
from estim.host.main import reminded, ways_of
from estim.host.services import Services
from estim.host.supervisor import Supervisor
from estim.journal.writer import JournalWriter
from simulator.trace import Trace
from tests.host.reminding import BAD_ADDRESS, BORN, FIRST, PLAIN, SILENT, folder
from tests.life.life import Life, Seat

__all__ = ["folder"]


# How it is joined


async def watched(life: Life, services: Services, options: HostOptions) -> list[str]:
    """Be reminded of the schedule as a host does it, over its first slot; return what a front end was told of it."""
    supervisor = Supervisor(services, solo=options.solo, leaving=asyncio.Event())
    seat = Seat()
    await supervisor.ask(seat, Watch())
    async with reminded(services, supervisor, options):
        await life.until(23, "8:10")
    await supervisor.sessions.close()
    return [line.text for line in seat.told if isinstance(line, Reminded)]


def test_a_host_for_one_front_end_reminds_and_connects_nothing(folder: Path) -> None:
    trace = Trace()

    async def story(life: Life) -> None:
        await life.well()
        assert await watched(life, life.services, HostOptions(solo=True)) == [FIRST]
        assert not any(record["event"] == "connect" for record in trace.records)

    Life(folder, BORN, "Europe/Berlin", PLAIN + SILENT, reminds=False, trace=trace).live(story)


def test_a_host_that_stays_reminds_and_prepares(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        first, then = await watched(life, life.services, HostOptions(solo=False))
        assert first == FIRST
        assert "is ready and at zero" in then

    Life(folder, BORN, "Europe/Berlin", PLAIN + SILENT, reminds=False).live(story)


def test_a_host_of_software_units_reminds_of_nothing(folder: Path) -> None:
    async def story(life: Life) -> None:
        journal = await JournalWriter.open(life.home.simulated, simulated=True)
        try:
            assert await watched(life, replace(life.services, journal=journal), HostOptions(solo=False)) == []
            assert (await journal.diary()).regimes == ()
        finally:
            await journal.close()

    Life(folder, BORN, "Europe/Berlin", PLAIN + SILENT, reminds=False).live(story)


def test_a_bad_address_in_the_settings_leaves_no_unit_on_that_a_dead_host_left(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        playing = asyncio.get_running_loop().create_task(life.play(level=4))
        await asyncio.sleep(60)
        await life.die()
        playing.cancel()
        assert life.twin.level() == 4
        life.home.settings_file.write_text(PLAIN + BAD_ADDRESS, encoding="utf-8")
        await life.wake()
        with pytest.raises(EstimError):
            async with reminded(life.services, life.supervisor, HostOptions(solo=False)):
                pass
        assert life.twin.level() == 0

    Life(folder, BORN, "Europe/Berlin", PLAIN + SILENT, reminds=False).live(story)


class Screen(io.StringIO):
    """A stream that is a terminal, or isn't."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("settings", "terminal", "names"),
    [
        (ReminderSettings(), True, ["desktop", "terminal"]),
        (ReminderSettings(), False, ["desktop"]),
        (ReminderSettings(desktop=False), True, ["terminal"]),
        (ReminderSettings(terminal=False), True, ["desktop"]),
        (ReminderSettings(desktop=False, terminal=False), True, []),
    ],
)
def test_ways_are_those_that_are_wanted_and_there(
    monkeypatch: pytest.MonkeyPatch, settings: ReminderSettings, terminal: bool, names: list[str]
) -> None:
    monkeypatch.setattr("sys.stderr", Screen(terminal))
    monkeypatch.setattr("sys.platform", "linux")
    assert [way.name for way in ways_of(settings, lambda _key, _action: None)] == names


def test_a_bad_address_is_refused_without_showing_it() -> None:
    settings = ReminderSettings(desktop=False, terminal=False, elsewhere=("nonsense://secret@nowhere",))
    with pytest.raises(EstimError) as refused:
        ways_of(settings, lambda _key, _action: None)
    assert refused.value.code is Exit.CONFIG
    assert "secret" not in refused.value.text
    assert "nowhere" not in refused.value.text
