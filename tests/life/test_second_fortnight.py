"""A second fortnight against a written expectation: two legs, three programs in turn, runs, a flag, skin not all right.

The person has a sore tendon on the left and treats the right one now and then. The unit refuses the third program of
the schedule. On day 7 the clocks go back.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from estim.catalogue.playable import kind_of, refused
from estim.config.care_plan import shipped
from estim.core.care.plan import read_plan
from estim.core.care.planned import cancelled
from estim.core.care.rotation import fitted
from estim.core.care.standing import Standing, may_run_at, standing
from estim.core.days import skin
from estim.core.days.diary import Check, Diary, Pain, Run, Topic, When
from estim.core.days.entry_text import told
from estim.core.days.slots import Slot
from estim.core.days.statistics import Tally, tally
from estim.report.page import as_html
from estim.report.text import as_text
from tests.life.life import Life

BERLIN = ZoneInfo("Europe/Berlin")
BORN = datetime(2026, 10, 19, 6, 0, tzinfo=BERLIN)
FIRST = date(2026, 10, 19)
LAST = date(2026, 11, 1)
ROTATION = ("tens-ankle", "tens-lowleg", "tens-al")

SETTINGS = f"""
site = "left"
minutes = 5
[schedule]
late_min = 30
programs = {list(ROTATION)}
[reminders]
prepare = false
"""
"""Prepared sessions are lived in the first fortnight. Late by half an hour, an extra session leaves no room for one."""

SHORT_MIN = 2.75
"""Most of the five minutes that a slot has."""

CUT_MIN = 2.25
"""Less than half of them, though it was ordered so: a part, and whoever plays it has the rest to wait for."""

SLOTS = """
10-19 done[left,right] done[left]
10-20 part[left] off
10-21 off done[left]
10-22 done[left,right] off
10-23 off done[right]
10-24 off done[left]
10-25 missed done[left]
10-26 done[left,right] done[left]
10-27 done[left] done[left]
10-28 done[left] done[left]
10-29 done[left] done[left]
10-30 off done[left]
10-31 done[left,right] done[left]
11-01 done[left] done[left]
"""

WHYS = """
10-20T08:00 2 of 5 min
10-20T20:00 a red flag
10-21T08:00 a red flag
10-22T20:00 the skin wasn't all right
10-23T08:00 the skin wasn't all right
10-24T08:00 the hours before a run
10-28T20:00 the session of 18:30 leaves no room for another one
10-30T08:00 the hours before a run
"""
"""10-24: the run was cancelled only in the slot's window. 10-25: another was cancelled the evening before, so that the
slot counts. 10-30: that run was planned nowhere, and is in the log."""

OFFERED = """
10-19 ankle ankle
10-20 lowleg
10-21 ankle
10-22 ankle
10-23 lowleg lowleg
10-24 ankle ankle
10-25 ankle ankle
10-26 lowleg lowleg
10-27 ankle ankle
10-28 ankle
10-29 lowleg lowleg
10-30 ankle ankle
10-31 ankle ankle
11-01 lowleg lowleg
"""
"""With which program (tens-…) a person was reminded: never tens-al, whose turn is every third day from 10-21 on, and
not at all of a slot that is off or that an extra session has served. 10-23 and 10-24: as soon as it was possible again.
"""

STEPS = """
10-20 ended 1, -
10-27 rest 7, 2 of 2 today
10-28 trial 1, 0 of 2 today
10-28 morning 1, 1 of 2 today
10-29 build 1, 2 of 2 today
10-31 build 1, 2 of 2 today
11-01 build 2, 2 of 2 today
"""
"""The care plan, and its step of two sessions a day. 10-29 and 11-01: done with tens-lowleg, which it doesn't name but
the schedule does. 10-31: left, right and left are two."""

SAID = """
an extra session after the run, until 20:05: tens-ankle
6 km on 2026-10-30: at most 3.0 km were meant: the next run on 2026-11-02 at the earliest
6 km on 2026-10-30: at most 3.0 km were meant: the next run on 2026-11-02 at the earliest
"""
"""The unit refuses ems-recovery-simple, which the plan names as well."""

GATES = """
at most 3.0 km for the next run, slowly
two days off belong after the run of 2026-10-30: from 2026-11-02 on
5 km is more than the 3.0 km that are the most for the next run: run less, or stop on the way; a longer run needs one \
more day off after it
"""
"""Asked before the first run, and after the one that was too long, of the first and the second day of November."""

REFUSALS = (
    "get it looked at now: a sudden snap or pop",
    "the skin at ankle-left wasn't all right on 2026-10-22: no pads there until somebody has looked",
    "a run is planned at 11:00, and no session takes place in the 4 h before it",
    "a run is planned at 18:00, and no session takes place in the 4 h before it",
    "the last session on ankle-left ended at 18:32 and 2 h of rest belong between two",
)

DOSES = """
ankle-left 13
ankle or lower-leg left 7
ankle-right 3
ankle or lower-leg right 2
"""

LOG = """
tens-ankle on em70, left leg
tens-ankle on em70, right leg
"""


class Fortnight:
    """What happens, and what was seen on the way."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.diary = Diary()
        self.slots: tuple[Slot, ...] = ()
        self.end = BORN
        self.refusals: list[str] = []
        self.offered: dict[str, str] = {}
        self.said: list[str] = []
        self.gates: list[str] = []

    async def story(self, life: Life) -> None:
        self.life = life
        folder = life.home.programs
        self.plan = fitted(
            read_plan(shipped(), "eight-steps.toml"),
            ROTATION,
            lambda program: kind_of(folder, program),
            lambda program: program in refused(folder, [program], ("em70",)),
        )
        await life.well()
        await self.tick(Topic.CARE, answer="begin")
        await self.a_flag()
        await self.skin_not_all_right()
        await self.runs_that_are_cancelled()
        await self.calm_days()
        await self.a_run_and_its_extra_session()
        await self.a_run_that_is_too_long()
        self.diary = await life.diary()
        self.end = life.now
        self.slots = life.slots(self.diary, BORN, self.end)
        self.refusals = life.refusals
        self.offered = life.offered

    async def a_flag(self) -> None:
        await self.plays(19, "8:01", "8:10")
        await self.plays(19, "20:01", worst=4)
        await self.life.until(20, "8:01")
        await self.life.play(CUT_MIN, program=self.turn())
        await self.life.until(20, "12:00")
        await self.tick(Topic.RED_FLAG, about="pop", answer="yes")
        await self.plays(20, "20:01")  # refused
        await self.stand(20)
        await self.life.until(21, "12:00")
        await self.tick(Topic.CARE, answer="begin", note="my doctor")
        await self.plays(21, "20:01", worst=3)

    async def skin_not_all_right(self) -> None:
        life = self.life
        await self.plays(22, "8:01", "8:10")
        diary = await life.diary()
        for session in diary.sessions[-2:]:
            await life.write(skin.seen(diary, session, skin.BAD, life.now))
        await self.plays(22, "20:01", worst=2)  # refused
        await life.until(23, "8:20")  # in the slot's window, and nobody plays then
        await life.write(*skin.looked(await life.diary(), life.now))
        await self.plays(23, "20:01", leg="right", worst=2)

    async def runs_that_are_cancelled(self) -> None:
        life = self.life
        first = datetime(2026, 10, 24, 11, 0, tzinfo=BERLIN)
        await life.write(Check(at=first, topic=Topic.RUN_PLANNED))
        await self.plays(24, "8:01")  # refused
        await life.until(24, "8:20")
        await life.write(cancelled(first, life.now))
        await self.plays(24, "20:01", worst=2)
        second = datetime(2026, 10, 25, 11, 0, tzinfo=BERLIN)
        await life.write(Check(at=second, topic=Topic.RUN_PLANNED))
        await life.until(24, "21:00")
        await life.write(cancelled(second, life.now))
        await self.plays(25, "20:01", worst=2)

    async def calm_days(self) -> None:
        await self.plays(26, "8:01", "8:10")
        await self.plays(26, "20:01", worst=2)
        await self.plays(27, "8:01")
        await self.plays(27, "20:01", worst=1)
        await self.stand(27)

    async def a_run_and_its_extra_session(self) -> None:
        life = self.life
        await life.until(28, "7:00")
        await life.write(Pain(at=life.now, score=1, when=When.MORNING))
        await self.stand(28)
        await self.plays(28, "8:01")
        await life.until(28, "12:00")
        planned = life.now + timedelta(hours=6)
        self.gates.append(may_run_at(self.plan, await life.diary(), planned, 2.5).text)
        await life.write(Check(at=planned, topic=Topic.RUN_PLANNED))
        await self.plays(28, "15:00")  # refused: a run is planned at 18:00
        await life.until(28, "17:30")
        await life.write(Run(at=life.now - timedelta(minutes=25), km=2.5, minutes=20, pain=2))
        await self.stand(28)
        await self.plays(28, "18:30")  # the extra session, allowed though the plan said 18:00
        await self.plays(28, "20:15", worst=2)  # refused: it leaves no room
        await life.until(29, "7:00")
        await life.write(Pain(at=life.now, score=1, when=When.MORNING))
        await self.plays(29, "8:01")
        await self.plays(29, "20:01", worst=1)
        await self.stand(29)

    async def a_run_that_is_too_long(self) -> None:
        life = self.life
        await life.until(30, "11:30")
        await life.write(Run(at=life.now - timedelta(hours=1), km=6.0, minutes=40, pain=2))
        await self.plays(30, "20:01", worst=2)
        await life.until(31, "7:00")
        await life.write(Pain(at=life.now, score=1, when=When.MORNING))
        await self.plays(31, "8:01", "8:10")
        tomorrow = life.now + timedelta(days=1, hours=8)
        for later in (timedelta(), timedelta(days=1)):
            self.gates.append(may_run_at(self.plan, await life.diary(), tomorrow + later, 5.0).text)
        await self.plays(31, "20:01", worst=1)
        await self.stand(31)
        await self.plays(1, "8:01", month=11)
        await self.plays(1, "20:01", worst=1)
        await self.stand(1)

    # What a person does

    def turn(self) -> str:
        """Return what was offered for the slot that is due, or the program of every day."""
        return next(reversed(self.life.offered.values()), "tens-ankle")

    async def plays(
        self, day: int, clock: str, then: str = "", *, leg: str | None = None, worst: int | None = None, month: int = 0
    ) -> None:
        """Play on a leg (None: the usual one), perhaps on the other one `then`, and write down the worst pain."""
        life = self.life
        await life.until(day, clock, month=month)
        await life.play(SHORT_MIN, program=self.turn(), site=leg)
        if then:
            await life.until(day, then)
            await life.play(SHORT_MIN, program=self.turn(), site="right")
        if worst is not None:
            await life.write(Pain(at=life.now, score=worst, when=When.WORST))

    async def tick(self, topic: Topic, about: str = "", answer: str = "", note: str = "") -> None:
        await self.life.write(Check(at=self.life.now, topic=topic, about=about, answer=answer, note=note))

    async def stand(self, day: int) -> None:
        now: Standing = standing(self.plan, await self.life.diary(), self.life.now)
        assert self.life.now.day == day
        tens = next((one.text.split(".")[0] for one in now.today if one.step == "tens"), "-")
        self.steps.append(f"{self.life.now:%m-%d} {now.stage.value} {now.day}, {tens}")
        self.said += [one for one in (*now.asks, *now.warnings) if "km on" in one or "extra session" in one]


def lived(folder: Path) -> Fortnight:
    fortnight = Fortnight()
    Life(folder, BORN, "Europe/Berlin", SETTINGS, look_s=1800).live(fortnight.story)
    return fortnight


def by_day(slots: tuple[Slot, ...]) -> str:
    days: dict[str, list[str]] = {}
    for slot in slots:
        legs = f"[{','.join(slot.legs)}]" if slot.legs else ""
        days.setdefault(slot.key[5:10], []).append(f"{slot.status.value}{legs}")
    return "\n".join(f"{day} {' '.join(found)}" for day, found in days.items())


def test_fourteen_days_more_are_told_exactly_as_they_were() -> None:
    with TemporaryDirectory(prefix="estim-") as folder:
        fortnight = lived(Path(folder))
    found = tally(fortnight.diary, fortnight.slots, fortnight.end, FIRST, LAST)
    assert by_day(fortnight.slots) == SLOTS.strip()
    assert [f"{slot.key[5:]} {slot.why}" for slot in fortnight.slots if slot.why] == WHYS.strip().splitlines()
    assert offered(fortnight) == OFFERED.strip()
    assert fortnight.steps == STEPS.strip().splitlines()
    assert fortnight.said == SAID.strip().splitlines()
    assert fortnight.gates == GATES.strip().splitlines()
    assert len(fortnight.refusals) == len(REFUSALS)
    assert all(map(str.startswith, fortnight.refusals, REFUSALS))
    assert [told(one).split(", 2:")[0] for one in fortnight.diary.sessions[:2]] == LOG.strip().splitlines()
    check_figures(found)
    page = as_html(found, title="Fourteen days more", made_at=fortnight.end)
    for text in (" ".join(as_text(found).split()), page.replace("&#x27;", "'")):
        assert "20 of 22 slots" in text
        assert "2 off (a red flag), 2 off (the skin wasn't all right), 2 off (the hours before a run)" in text
        assert "Slots done by leg: left 19 and 1 in part, right 5." in text


def offered(fortnight: Fortnight) -> str:
    days: dict[str, list[str]] = {}
    for slot, program in sorted(fortnight.offered.items()):
        days.setdefault(slot[5:10], []).append(program.removeprefix("tens-"))
    return "\n".join(f"{day} {' '.join(found)}" for day, found in days.items())


def check_figures(found: Tally) -> None:
    assert (found.done, found.counted) == (20, 22)
    assert [(one.leg, one.done, one.part) for one in found.legs] == [("left", 19, 1), ("right", 5, 0)]
    assert found.programs == (("tens-ankle", 16), ("tens-lowleg", 9))
    assert [f"{one.site} {one.sessions}" for one in found.doses] == DOSES.strip().splitlines()
    assert (found.streak_days, found.streak.forgiven) == (11, (date(2026, 10, 25),))
    assert {day.on.day: day.sessions for day in found.days if day.sessions != 2} == {
        19: 3, 20: 1, 21: 1, 23: 1, 24: 1, 25: 1, 26: 3, 30: 1, 31: 3,
    }  # fmt: skip
