"""A computer whose clock stands at 1970: nothing is written by it and nothing starts, and a stop is never refused."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import estim.journal.home_journal
from estim.clock import VIRTUAL_START
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Done, Refusal, Start
from estim.core.messages.lowering import Stop
from estim.core.moment import BUILT_UTC, Now, check_clock
from protocols.vocabulary import Channel
from tests.cli.conftest import person, systemd
from tests.cli.line import Person
from tests.host.reminding import PLAIN, folder, life_in
from tests.life.life import Life

__all__ = ["folder", "person", "systemd"]

EPOCH = datetime(1970, 1, 1, 7, 0, tzinfo=UTC)


class Stopped:
    """A clock without a battery."""

    def now(self) -> Now:
        return Now(5.0, EPOCH)


def test_the_first_moment_that_is_believed_is_not_later_than_virtual_time() -> None:
    check_clock(BUILT_UTC)
    check_clock(VIRTUAL_START)
    with pytest.raises(EstimError, match="set the clock"):
        check_clock(BUILT_UTC - timedelta(seconds=1))
    with pytest.raises(EstimError, match="clock says 1 January 1970, but this estim was made after") as caught:
        check_clock(EPOCH)
    assert caught.value.code == Exit.CONFIG


def test_no_session_starts_no_regime_begins_and_a_stop_is_obeyed(folder: Path) -> None:
    async def story(life: Life) -> None:
        reply = await life.ask(Start(program="tens-ankle", minutes=20, pads_on=True, unasked=True))
        assert isinstance(reply, Refusal)
        assert (reply.code, "clock says 1 January 1970" in reply.text) == (Exit.CONFIG, True)
        await life.until(1, "8:01")
        diary = await life.journal.diary(None)
        assert (diary.regimes, diary.sessions, life.wall.texts) == ((), (), [])
        assert isinstance(await life.ask(Stop()), Done)

    Life(folder, EPOCH, "UTC", PLAIN).live(story)


@pytest.mark.control("C-12")
def test_what_was_left_on_is_stopped_whatever_the_clock_says(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        level = {Channel.A: 3}
        assert isinstance(await life.ask(Start(program="tens-ankle", minutes=20, level=level, pads_on=True)), Done)
        await asyncio.sleep(60)
        assert life.twin.level("A") == 3
        await life.die()
        life.clock.set_s = (EPOCH - life.clock.now().utc).total_seconds()
        await life.wake()
        assert isinstance(await life.ask(Stop()), Done)
        assert life.twin.level("A") == 0

    life_in(folder, PLAIN).live(story)


@pytest.mark.parametrize(
    "line",
    [
        "pain add 3",
        "run-log add 3km",
        "note add x",
        "pads new",
        "care begin",
        "schedule set 8:00",
        "schedule pause",
        "undo",
    ],
)
def test_a_person_writes_nothing_by_a_clock_at_1970(person: Person, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(estim.journal.home_journal, "RealClock", Stopped)
    said = person.types(*line.split())
    assert (said.code, "set the clock" in said.err, said.err.count("\n")) == (Exit.CONFIG, True, 1)
    assert person.counts() == {}
    assert not (person.home / "config.toml").exists()
    assert person.types("log").code == Exit.DONE
