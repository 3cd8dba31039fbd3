"""Skin that wasn't all right: no pads there until somebody has looked, whatever else is said or passes."""

from datetime import datetime

import pytest

from estim.core.days import skin
from estim.core.days.diary import Check, Diary, Played, Regime
from estim.core.days.dose import ANY
from estim.core.days.outcomes import Terms, judge
from estim.core.days.schedule import TWICE_A_DAY, Schedule
from estim.core.values import replace
from tests.core.days.journals import at, begin, diary, played, stand

LEFT = replace(played(at(2, 8)), id=1)
RIGHT = replace(played(at(2, 12)), id=2, sites=("ankle-right",))
BARE = Diary(sessions=(LEFT, RIGHT))


def look(session: Played, answer: str, when: datetime, journal: Diary = BARE) -> Check:
    return skin.seen(journal, session, answer, when)


BAD = look(LEFT, "bad", at(2, 9))


@pytest.mark.control("C-59")
def test_skin_that_was_not_ok_holds_its_site_until_somebody_has_looked_and_no_other() -> None:
    journal = diary(LEFT, RIGHT, BAD)
    sentence = skin.refusal(journal, ("ankle-left",))
    assert sentence.startswith(
        "the skin at ankle-left wasn't all right on 2026-11-02: no pads there until somebody has"
    )
    assert sentence.endswith("estim care skin ok")
    assert skin.refusal(journal, ("ankle-right",)) == ""
    assert skin.refusal(journal, ("ankle-right", "ankle-left")) != ""
    assert skin.refusal(journal, ()) != "", "a site that isn't known may be any"
    assert skin.refusal(journal, (ANY,)) != ""
    assert skin.refusal(diary(LEFT, BAD, begin(at(3))), ("ankle-left",)) != "", "a new plan is no look"


@pytest.mark.control("C-59")
def test_only_a_look_at_the_site_itself_lets_go() -> None:
    other = look(RIGHT, "ok", at(2, 13), diary(LEFT, RIGHT, BAD))
    journal = diary(LEFT, RIGHT, BAD, other)
    assert skin.refusal(journal, ("ankle-left",)) != ""
    well = skin.looked(journal, at(3))
    assert skin.refusal(diary(LEFT, RIGHT, BAD, other, *well), ("ankle-left",)) == ""
    again = look(LEFT, "ok", at(3), journal)
    assert skin.refusal(diary(LEFT, RIGHT, BAD, again), ("ankle-left",)) == ""
    assert skin.refusal(diary(LEFT, BAD, *well, replace(BAD, at=at(4))), ("ankle-left",)) != ""


@pytest.mark.control("C-59")
def test_what_holds_and_what_lets_go_is_understood_without_the_session() -> None:
    well = skin.looked(diary(LEFT, BAD), at(3))
    assert set(skin.held(diary(BAD))) == {"ankle-left"}
    assert skin.held(diary(BAD, *well)) == {}
    assert look(LEFT, "ok", at(3)).about == "", "an everyday answer keeps none, so that years of them needn't be read"


@pytest.mark.control("C-59")
def test_a_check_from_before_takes_its_sites_from_its_session_and_else_holds_any() -> None:
    old = replace(BAD, about="")
    assert set(skin.held(diary(LEFT, old))) == {"ankle-left"}
    assert set(skin.held(diary(old))) == {ANY}
    assert skin.refusal(diary(old), ("knee",)) != ""
    later = replace(played(at(5)), id=9)
    assert skin.held(diary(LEFT, later, old, look(later, "ok", at(5, 9)))) == {}
    assert skin.held(diary(old, *skin.looked(diary(old), at(3)))) == {}


def slots(*entries: Check | Played) -> list[tuple[str, str]]:
    rules = Regime(at=at(1, 0), rules=(TWICE_A_DAY,), zone="Etc/GMT-1")
    journal = replace(diary(*entries), regimes=(rules,))
    return [(one.status.value, one.why) for one in judge(Schedule(), journal, at(4), at(3, 0), at(4, 0))]


@pytest.mark.control("C-59")
def test_slots_are_off_while_there_is_nowhere_to_put_the_pads() -> None:
    assert slots(LEFT, BAD) == [("off", "the skin wasn't all right")] * 2
    assert [status for status, _ in slots(LEFT, RIGHT, BAD)] == ["missed", "missed"], "the other leg could be played"
    assert [status for status, _ in slots(LEFT, BAD, look(LEFT, "ok", at(3, 12), diary(LEFT, BAD)))] == [
        "off",
        "missed",
    ]


@pytest.mark.control("C-59")
def test_slots_are_off_where_the_program_of_the_day_would_have_been_on_the_site_that_is_held() -> None:
    rules = Regime(at=at(1, 0), rules=(TWICE_A_DAY,), zone="Etc/GMT-1")
    calf = replace(played(at(2, 16)), id=3, sites=("calf-left",))

    def statuses(sites: tuple[str, ...] | None, *entries: Check | Played, leg: str = "") -> set[str]:
        journal = replace(diary(*entries), regimes=(rules,))
        terms = Terms(sites=lambda _program: sites, leg=leg)
        found = judge(Schedule(), journal, at(4), at(3, 0), at(4, 0), terms)
        return {one.status.value for one in found}

    ankles = ("ankle-left", "ankle-right")
    assert statuses(ankles, LEFT, calf, BAD) == {"off"}, "that there is a calf doesn't help: the ankle's turn it was"
    assert statuses(("lower-leg-left", *ankles), LEFT, calf, BAD) == {"off"}
    assert statuses(("calf-left", "calf-right"), LEFT, calf, BAD) == {"missed"}
    assert statuses(ankles, LEFT, RIGHT, BAD) == {"missed"}, "the other leg could be played"
    assert statuses(None, LEFT, calf, BAD) == {"missed"}, "a program that isn't known may be for the calf"
    assert statuses(("back",), LEFT, BAD) == {"missed"}
    for sites in (ankles, None):
        assert statuses(sites, LEFT, RIGHT, BAD, leg="left") == {"off"}, "slots are for the usual leg"
        assert statuses(sites, LEFT, RIGHT, BAD, leg="right") == {"missed"}


def test_care_tells_what_is_held() -> None:
    assert "no pads there until somebody has looked" in stand(at(5), begin(), LEFT, BAD).warnings[0]
    assert stand(at(5), begin(), LEFT, BAD, *skin.looked(diary(LEFT, BAD), at(4))).warnings == ()
