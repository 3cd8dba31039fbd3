"""Fourteen days of somebody's life against a written expectation: both nights of changing clocks, a flight, a crash."""

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from estim.config.care_plan import shipped
from estim.core.care.plan import read_plan
from estim.core.care.standing import Standing, standing
from estim.core.days.diary import Break, Check, Diary, Marked, Pain, Run, Topic, When
from estim.core.days.screening import QUESTIONS
from estim.core.days.slots import Slot
from estim.core.days.statistics import Tally, tally
from estim.report.page import as_html
from estim.report.text import as_text
from tests.life.life import Life
from tests.report.browsing import asked_for, browser, missing

__all__ = ["browser"]

BERLIN = ZoneInfo("Europe/Berlin")
SYDNEY = ZoneInfo("Australia/Sydney")
BORN = datetime(2026, 3, 23, 6, 0, tzinfo=BERLIN)
PLAN = read_plan(shipped(), "eight-steps.toml")

SLOTS = """
03-23 done done
03-24 done done
03-25 done missed
03-26 part done
03-27 done done
03-28 done done
03-29 done done
03-30 done done
03-31 done missed
04-01 done skipped
04-02 off off
04-03 done done
04-04 done missed
04-05 done done
"""
"""03-26: a crash after 2 of 7 minutes, 1 more until the next host. 03-29 is Berlin's short night, 04-05 Sydney's."""

SHORT_MIN = 4.0
"""The length of most sessions: most of the minutes that a slot has here, which are those of the settings, 7."""

MINUTES = {
    "03-23": 24, "03-24": 8, "03-25": 4, "03-26": 7, "03-27": 14, "03-28": 8, "03-29": 8, "03-30": 28,
    "03-31": 4, "04-01": 4, "04-02": 0, "04-03": 8, "04-04": 4, "04-05": 8,
}  # fmt: skip

STEPS = """
03-23 rest 1
03-29 rest 7
03-30 trial 1
03-30 morning 1
03-31 rest 1
04-05 rest 6
"""
"""Where the care plan stands, asked at some moments: the day, the stage, and which day of the stage it is."""

SAID = """
23 08:00 23 08:00
23 20:00 23 20:00
24 08:00 24 08:00
24 20:00 24 20:00
24 20:20 24 20:00
25 08:00 25 08:00
25 20:00 25 20:00
25 21:00 25 20:00
26 08:00 26 08:00
26 20:00 26 20:00
27 08:00 27 08:00
27 20:00 27 20:00
28 08:00 28 08:00
28 20:00 28 20:00
29 08:00 29 08:00
29 20:00 29 20:00
30 08:00 30 08:00
30 21:30 30 20:00
31 08:00 31 08:00
31 20:00 31 20:00
31 21:00 31 20:00
01 08:00 01 08:00
03 08:00 03 08:00
03 20:00 03 20:00
04 08:00 04 08:00
04 20:00 04 20:00
04 21:00 04 20:00
05 08:00 05 08:00
05 20:00 05 20:00
"""
"""When a person was reminded, and of which slot: after a snooze once more, without an answer one nag, and no more."""


REFUSALS = (
    "the last session on ankle-left ended at 08:11 and 2 h of rest",
    "a run is planned at 18:00, and no session takes place in the 4 h before it",
    "the last session on ankle-left ended at 19:20 and 2 h of rest",
)


class Fortnight:
    """What happens, and what was seen on the way."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.diary = Diary()
        self.slots: tuple[Slot, ...] = ()
        self.end: datetime = BORN
        self.refusals: list[str] = []
        self.said: list[tuple[str, str]] = []
        self.hanging: set[str] = set()

    async def story(self, life: Life) -> None:
        await life.write(*(Check(at=life.now, topic=Topic.HEALTH, about=one.id, answer="no") for one in QUESTIONS))
        await life.write(Check(at=life.now, topic=Topic.CARE, answer="begin"))
        await self.first_days(life)
        await self.crash(life)
        await self.calm_days(life)
        await self.trial_run(life)
        await self.flight(life)
        await self.last_days(life)
        self.diary = await life.diary()
        self.end = life.now
        self.slots = life.slots(self.diary, BORN, self.end)
        self.refusals = life.refusals
        self.said = life.said
        self.hanging = life.wall.hanging

    async def first_days(self, life: Life) -> None:
        await self.plain(life, 23, worst=5)
        await life.until(24, "8:01")
        await life.play(SHORT_MIN)
        await life.until(24, "20:02")
        await life.mark("2026-03-24T20:00", Marked.SNOOZED)
        await life.until(24, "20:25")
        await life.play(SHORT_MIN)
        await self.pain(life, 4)
        await life.until(25, "8:01")
        await life.play(SHORT_MIN)
        await self.pain(life, 4)
        await life.until(25, "22:30")  # the first slot that is missed

    async def crash(self, life: Life) -> None:
        await life.until(26, "8:08")
        playing = asyncio.get_running_loop().create_task(life.play())
        await asyncio.sleep(130)  # past a look at the schedule, which takes the notice down
        await life.die()
        playing.cancel()
        await asyncio.sleep(60)
        assert life.twin.level("A") == 5, "this unit plays on without its host"
        await life.wake()  # the next host stops it, first of all
        await life.until(26, "9:30")
        assert "2 h of rest" in await life.ask_for_more(), "the rest holds after a crash too"
        await life.until(26, "20:01")
        await life.play(SHORT_MIN)
        await self.pain(life, 4)

    async def calm_days(self, life: Life) -> None:
        await life.until(27, "8:01")
        await life.press_enter()
        await life.until(27, "20:01")
        await life.press_enter()
        await self.pain(life, 3)
        for day in (28, 29):
            await self.plain(life, day, worst=2)
        await self.stand(life)

    async def trial_run(self, life: Life) -> None:
        await life.until(30, "7:00")
        await life.write(Pain(at=life.now, score=2, when=When.MORNING))
        await self.stand(life)
        await life.until(30, "8:01")
        await life.play(SHORT_MIN)
        await life.until(30, "12:00")
        await life.write(Check(at=life.now + timedelta(hours=6), topic=Topic.RUN_PLANNED))
        await life.until(30, "15:00")
        await life.play(SHORT_MIN)  # refused: a run is planned within four hours
        await life.until(30, "18:15")
        await life.write(Run(at=life.now, km=3.0, minutes=20, pain=4))
        await self.stand(life)
        await life.until(30, "19:00")
        await life.play()  # the extra session after the run
        await life.until(30, "19:45")
        await life.play(SHORT_MIN)  # refused: two hours of rest
        await life.until(30, "21:35")
        await life.play(SHORT_MIN)
        await life.until(31, "7:00")
        await life.write(Pain(at=life.now, score=5, when=When.MORNING))
        await self.stand(life)
        await life.until(31, "8:01")
        await life.play(SHORT_MIN)
        await life.until(31, "23:00")  # the second slot that is missed

    async def flight(self, life: Life) -> None:
        await life.until(1, "8:01", month=4)
        await life.play(SHORT_MIN)
        await life.mark("2026-04-01T20:00", Marked.SKIPPED)
        await life.write(Break(at=life.now, first=date(2026, 4, 2), last=date(2026, 4, 2), holiday=True))
        await life.until(1, "13:00")
        await life.sleep()
        await asyncio.sleep(21 * 3600)
        life.zone = "Australia/Sydney"
        await life.wake()
        assert abs(life.now - datetime(2026, 4, 2, 19, 0, tzinfo=SYDNEY)) < timedelta(seconds=1)

    async def last_days(self, life: Life) -> None:
        await self.plain(life, 3, worst=3)
        await life.until(4, "8:01")
        await life.play(SHORT_MIN)
        await self.pain(life, 3)
        await life.until(4, "23:00")  # the third slot that is missed
        await self.plain(life, 5, worst=2)
        await life.until(5, "20:25")  # the last notice is taken down at the next look
        await self.stand(life)

    async def plain(self, life: Life, day: int, worst: int) -> None:
        """A day as it should be; the first session of all is a long one."""
        await life.until(day, "8:01")
        await life.play(20 if day == 23 else SHORT_MIN)
        if day == 23:
            await self.stand(life)
        await life.until(day, "20:01")
        await life.play(SHORT_MIN)
        await self.pain(life, worst)

    async def pain(self, life: Life, worst: int) -> None:
        await life.write(Pain(at=life.now, score=worst, when=When.WORST))

    async def stand(self, life: Life) -> None:
        now: Standing = standing(PLAN, await life.diary(), life.now)
        self.steps.append(f"{life.now:%m-%d} {now.stage.value} {now.day}")


def lived(folder: Path) -> Fortnight:
    fortnight = Fortnight()
    Life(folder, BORN, "Europe/Berlin", 'site = "ankle-left"\nminutes = 7\n').live(fortnight.story)
    return fortnight


def counted(fortnight: Fortnight) -> Tally:
    return tally(fortnight.diary, fortnight.slots, fortnight.end, date(2026, 3, 23), date(2026, 4, 5))


def by_day(slots: tuple[Slot, ...]) -> str:
    days: dict[str, list[str]] = {}
    for slot in slots:
        days.setdefault(slot.key[5:10], []).append(slot.status.value)
    return "\n".join(f"{day} {' '.join(found)}" for day, found in days.items())


def test_fourteen_days_are_told_exactly_as_they_were(browser: str, tmp_path: Path) -> None:
    with TemporaryDirectory(prefix="estim-") as folder:
        fortnight = lived(Path(folder))
    found = counted(fortnight)
    assert by_day(fortnight.slots) == SLOTS.strip()
    assert {day.on.strftime("%m-%d"): round(day.minutes) for day in found.days} == MINUTES
    assert fortnight.steps == STEPS.strip().splitlines()
    assert [" ".join(one) for one in fortnight.said] == SAID.strip().splitlines()
    assert (found.done, found.counted) == (21, 25)
    assert (found.streak_days, found.best_streak_days) == (3, 6)
    assert len(fortnight.refusals) == len(REFUSALS)
    assert all(map(str.startswith, fortnight.refusals, REFUSALS))
    assert fortnight.hanging == set()
    page = tmp_path / "report.html"
    page.write_text(as_html(found, title="Fourteen days", made_at=fortnight.end), encoding="utf-8")
    log = tmp_path / "net.json"
    wanted = ("worst", "morning", "bar", "m1", "m2", "m3")
    assert missing(browser, page, tmp_path / "shot.png", f"--log-net-log={log}", wanted=wanted) == []
    assert asked_for(log) == []
    assert "21 of 25" in as_text(found)
