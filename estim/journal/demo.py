"""Fills a demo home: a fortnight of sessions with their levels, pain, runs and notes, all of it made up and simulated.

There is no chance in it: two demo homes of one day are the same.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from estim.clock import RealClock
from estim.config.files import write_whole
from estim.config.paths import Home
from estim.config.settings import change_fields
from estim.config.timezone import local_zone
from estim.core.days.diary import Check, Entry, Note, Pads, Pain, Played, Run, Topic, When
from estim.core.days.schedule import rules_at, zone_of
from estim.core.days.screening import NO, QUESTIONS
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr
from estim.core.vocabulary import Priority
from estim.journal.database import stamp, transaction
from estim.journal.journal import Journal

DAYS = 14
PROGRAM = "tens-ankle"
SITE = "ankle-left"
UNIT = "coyote3"
LENGTH_S = 1200.0
TIMES = (time(8), time(20))
MORNING = (6, 6, 5, 6, 5, 4, 5, 4, 3, 4, 3, 3, 2, 2)
WORST = (5, 6, 5, 4, 5, 4, 4, 3, 4, 3, 2, 2, 2, 1)
"""Pain day by day, oldest first: it gets better, with a worse day in between, as it does."""
LEVELS = (8, 8, 9, 10, 10, 11, 11, 12, 12, 12, 13, 13, 14, 14)
"""The level that was comfortable, day by day."""
LOOSE_PAD = (mark("a pad lost contact"), mark("look at the pads, then start again"))
"""What the demo's alarm said, and what to do; kept in English as any alarm's, and translated where it is shown."""
MISSED = {(3, 1), (8, 0)}
"""Sessions that did not take place: the day, and which of its two."""


def make_demo(home: Home) -> None:
    """Fill a new folder; one that is a demo home already stays as it is. Raises EstimError (73) for any other."""
    if home.demo:
        return
    if home.journal.exists() or home.settings_file.exists() or home.units_file.exists():
        text = tr(
            "{home} is a home already: name a new folder for the demo, so that nothing real is mixed up",
            home=home.state,
        )
        raise EstimError(text, code=Exit.CANT_CREATE)
    home.prepare()
    write_whole(home.demo_file, tr("Every day in this folder is made up; estim uses no real unit here.") + "\n")
    change_fields(home.settings_file, {"schedule.rules": list(rules_at(TIMES)), "site": SITE})
    now = RealClock().now().utc.astimezone(zone_of(local_zone()))
    journal = Journal.open(home.journal)
    try:
        sessions = list(_sessions(now))
        journal.adopt(sessions, list(_entries(now)), {}, now)
        _detail(journal)
    finally:
        journal.close()


def _days(now: datetime) -> Iterator[tuple[int, datetime]]:
    """Give the days before today by their number, at midnight."""
    for day in range(DAYS):
        on = (now - timedelta(days=DAYS - day)).replace(hour=0, minute=0, second=0, microsecond=0)
        yield day, on


def _sessions(now: datetime) -> Iterator[Played]:
    for day, on in _days(now):
        for which, at in enumerate(TIMES):
            if (day, which) in MISSED:
                continue
            begun = on.replace(hour=at.hour, minute=4 + day % 7)
            cut = day == 5 and which == 1
            length_s = 400.0 if cut else LENGTH_S
            over = begun + timedelta(seconds=length_s)
            yield Played(
                id=2 * day + which + 1, at=begun, program=PROGRAM, unit=UNIT, family=UNIT, sites=(SITE,),
                simulated=True, length_s=LENGTH_S, output_s=length_s, delivered_until=over, ended=over,
                reason="stopped" if cut else "completed", duration_s=length_s, level_max={"A": LEVELS[day]},
                goal={"A": LEVELS[day]}, stop_confirmed=True, message=mark("made up for the demo"),
            )  # fmt: skip


def _entries(now: datetime) -> Iterator[Entry]:
    days = list(_days(now))
    first = days[0][1] + timedelta(hours=7)
    for question in QUESTIONS:
        yield Check(at=first, topic=Topic.HEALTH, about=question.id, answer=NO)
    yield Check(at=first, topic=Topic.CARE, answer="begin")
    yield Check(at=first, topic=Topic.CARE, about="honesty")
    yield Pads(at=first + timedelta(days=2))
    yield Note(at=first + timedelta(days=1, hours=3), text=tr("old running shoes: heel worn down on the outside"))
    yield Note(at=first + timedelta(days=9, hours=12), text=tr("stairs down without a thought for the first time"))
    for day, on in days:
        yield Pain(at=on + timedelta(hours=7), score=MORNING[day], when=When.MORNING)
        yield Pain(at=on + timedelta(hours=21), score=WORST[day], when=When.WORST)
        yield Check(at=on + timedelta(hours=21, minutes=1), topic=Topic.TICK, about="rest")
        if day < DAYS - 1:
            yield Check(at=on + timedelta(hours=20, minutes=40), topic=Topic.SKIN, answer="ok", session=2 * day + 2)
    yield Check(at=days[5][1] + timedelta(hours=7, minutes=5), topic=Topic.RED_FLAG, about="none", answer=NO)
    yield Run(at=days[11][1] + timedelta(hours=18), km=2, minutes=15, pain=2, note=tr("easy, on grass"))


def _detail(journal: Journal) -> None:
    """Give each session a curve: up in a minute, a step now and then, down at the end; one alarm of a loose pad."""
    found = journal.db.execute("SELECT id, started_utc, output_s, level_max FROM session ORDER BY id").fetchall()
    with transaction(journal.db):
        for number, started, output_s, level_max in found:
            top = int(level_max.partition(":")[2].strip(" }"))
            rows = [(number, 4.0 + 4 * level, "A", level, "ramp") for level in range(1, top - 1)]
            rows += [(number, 300.0, "A", top - 1, "key"), (number, 390.0, "A", top, "key")]
            rows.append((number, output_s - 2, "A", 0, "stop" if output_s < LENGTH_S else "end"))
            journal.db.executemany("INSERT INTO level_change VALUES (?, ?, ?, ?, ?)", rows)
            if output_s < LENGTH_S:
                at = stamp(datetime.fromisoformat(started) + timedelta(seconds=output_s - 3))
                journal.db.execute(
                    "INSERT INTO alarm VALUES (?, ?, ?, ?, ?)",
                    (number, at, Priority.MEDIUM.value, *LOOSE_PAD),
                )
