"""What a clinic is told is counted from the diary, and a trend only over enough of it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from estim.core.days.diary import Check, Diary, Pain, Played, Run, Topic, When
from estim.core.days.particulars import Levels, Ran, particulars

FIRST = datetime(2026, 3, 2, 8, tzinfo=UTC)
LAST = date(2026, 3, 29)


def session(day: int, level: int = 5, *, unit: str = "mine", site: str = "ankle-left", begun: bool = True) -> Played:
    at = FIRST + timedelta(days=day)
    over = at + timedelta(minutes=20)
    return Played(
        at=at, id=day + 1, program="tens-ankle", unit=unit, family="em70", sites=(site,), simulated=False,
        length_s=1200, output_s=1200 if begun else 0, delivered_until=over, ended=over, level_max={"A": level, "B": 0},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "every_days", "trend"),
    [
        ([5, 5, 5, 6, 6, 6, 8, 8, 8], 1, "rising"),
        ([8, 8, 8, 6, 6, 6, 5, 5, 5], 1, "falling"),
        ([10, 10, 10, 3, 3, 3, 10, 11, 10], 1, "steady"),
        ([5, 5, 5, 6, 6, 8, 8, 8], 1, ""),
        ([5, 5, 5, 6, 6, 6, 8, 8, 8], 0, ""),
    ],
)
def test_a_trend_needs_nine_sessions_and_a_week(values: list[int], every_days: int, trend: str) -> None:
    points = tuple((FIRST + timedelta(days=every_days * number), value) for number, value in enumerate(values))
    assert Levels(program="tens-ankle", unit="mine", channel="A", points=points).trend == trend


def test_levels_are_those_of_one_program_unit_and_channel() -> None:
    diary = Diary(sessions=(session(0, 4), session(1, 9, unit="other"), session(2, 6), session(3, begun=False)))
    one, other = particulars(diary, FIRST.date(), LAST).levels
    assert (one.unit, one.channel, [value for _, value in one.points]) == ("mine", "A", [4, 6])
    assert (other.unit, [value for _, value in other.points]) == ("other", [9])


def test_sides_feelings_and_ticks_are_those_of_the_period() -> None:
    checks = (
        Check(at=FIRST - timedelta(days=1), topic=Topic.FEEL, answer="weaker"),
        Check(at=FIRST, topic=Topic.FEEL, answer="same"),
        Check(at=FIRST, topic=Topic.FEEL, answer="same"),
        Check(at=FIRST, topic=Topic.TICK, about="rest"),
        Check(at=FIRST, topic=Topic.SKIN, answer="ok"),
    )
    found = particulars(Diary(sessions=(session(0, site="calf-right"), session(1)), checks=checks), FIRST.date(), LAST)
    assert (found.sides, found.feels, found.ticks) == (("left", "right"), (("same", 2),), (("rest", 1),))
    assert found.played == (("tens-ankle", "em70", 2),)


def test_a_run_is_told_with_the_next_morning() -> None:
    run = Run(at=FIRST + timedelta(hours=9), km=5, minutes=30, pain=2)
    pains = (
        Pain(at=FIRST, score=1, when=When.MORNING),
        Pain(at=FIRST + timedelta(hours=24), score=3, when=When.MORNING),
        Pain(at=FIRST + timedelta(hours=25), score=4, when=When.MORNING),
        Pain(at=FIRST + timedelta(hours=26), score=9, when=When.WORST),
    )
    found = particulars(Diary(runs=(run,), pains=pains), FIRST.date(), LAST).runs
    assert found == (Ran(at=run.at, km=5, minutes=30, pain=2, morning_after=4),)
