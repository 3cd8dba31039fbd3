"""One look at the schedule without a host: told once, once more an hour later, without buttons, and without a radio."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from estim.config.paths import Home, find_home
from estim.core.moment import Now
from estim.host.main import remind
from estim.host.notify.notice import Notification
from estim.host.radio.link import NoAir
from estim.host.reminders import Unanswered
from protocols.registry import family
from protocols.vocabulary import AirError
from tests.host.reminding import BERLIN, FIRST, MORNING, NAG, PLAIN, SILENT, folder

__all__ = ["folder"]


class At:
    """A clock that stands at a time of that day."""

    def __init__(self, time: str) -> None:
        self._utc = datetime.fromisoformat(f"{MORNING[:10]}T{time}").replace(tzinfo=BERLIN)

    def now(self) -> Now:
        return Now(self._utc.timestamp(), self._utc)


def looked(home: Home, time: str) -> str:
    return asyncio.run(remind(home, At(time)))


def test_a_slot_is_told_once_and_once_more_an_hour_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    (folder / "config.toml").write_text(PLAIN + SILENT, encoding="utf-8")
    home = find_home(str(folder))
    times = ("07:00", "08:01", "08:06", "09:02", "09:07", "10:30")
    nothing = "nothing is due now"
    assert [looked(home, time) for time in times] == [nothing, FIRST, nothing, NAG, nothing, nothing]


async def test_a_notice_has_no_buttons_that_nobody_would_take() -> None:
    told: list[Notification] = []

    class Ear:
        async def tell(self, notice: Notification) -> tuple[str, ...]:
            told.append(notice)
            return ("ear",)

        async def withdraw(self, key: str) -> None:
            told.clear()

    notice = Notification("key", "estim", "time", actions=(("snooze", "Snooze"),))
    assert await Unanswered(Ear()).tell(notice) == ("ear",)
    assert [(one.text, one.actions) for one in told] == [("time", ())]


async def test_without_a_radio_nothing_is_found_and_nothing_reached() -> None:
    assert await NoAir().scan(1.0) == []
    with pytest.raises(AirError):
        NoAir().link("C0:70:7E:03:00:01", family("em70"))
