"""What is offered about the level and the pads, and never done alone."""

from datetime import UTC, datetime, timedelta

import pytest

from estim.core.days.advice import PADS_USES, after, last_level, pads_old, pads_used
from estim.core.days.diary import Check, Diary, Pads, Played, Topic

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def played(number: int, minutes: float = 20, level: int = 12, program: str = "tens-ankle", unit: str = "one") -> Played:
    at = NOON + timedelta(days=number)
    over = at + timedelta(minutes=minutes)
    return Played(
        id=number, at=at, program=program, unit=unit, family="coyote3", sites=("ankle-left",), simulated=False,
        length_s=1200, output_s=minutes * 60, delivered_until=over, ended=over, goal={"A": level, "B": 0},
    )  # fmt: skip


def test_the_last_comfortable_level_is_that_of_program_site_and_unit() -> None:
    diary = Diary(sessions=(played(1), played(2, level=20, program="tens-han"), played(3, level=30, unit="two")))
    offer = last_level(diary, "tens-ankle", ("ankle-left",), "one")
    assert offer is not None
    assert (offer.level, offer.more) == ({"A": 12}, {})
    assert last_level(diary, "tens-ankle", ("ankle-right",), "one") is None
    assert last_level(diary, "tens-ankle", (), "ONE") == offer
    latest = last_level(diary, "tens-ankle", (), None)
    assert latest is not None
    assert latest.level == {"A": 30}, "without a name: the unit that was used last"
    assert last_level(diary, "tens-fm", (), "one") is None


def test_what_felt_weaker_is_offered_one_step_more_and_a_short_try_counts_for_nothing() -> None:
    weaker = Check(at=NOON, topic=Topic.FEEL, answer="weaker", session=1)
    offer = last_level(
        Diary(sessions=(played(1), played(2, minutes=3, level=40)), checks=(weaker,)), "tens-ankle", (), "one"
    )
    assert offer is not None
    assert (offer.level, offer.more) == ({"A": 12}, {"A": 13})


@pytest.mark.control("C-19")
def test_uses_of_the_pads_are_counted_since_they_were_new_and_old_ones_are_told() -> None:
    sessions = tuple(played(number) for number in range(1, PADS_USES + 1))
    assert pads_used(Diary(sessions=sessions)) == PADS_USES
    assert "new ones" in pads_old(PADS_USES)
    assert pads_old(PADS_USES - 1) == ""
    fresh = Diary(sessions=sessions, pads=(Pads(at=sessions[-2].at),))
    assert pads_used(fresh) == 2


@pytest.mark.control("C-20")
def test_after_a_session_the_skin_is_always_asked_for() -> None:
    assert [topic for topic, _ in after(played(1))] == [Topic.SKIN, Topic.FEEL]
    assert [topic for topic, _ in after(played(1, minutes=3))] == [Topic.SKIN]
