"""Questions before the first session: nothing starts without answers, a hard yes blocks, and both grow old."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.days.diary import Check, Diary, Topic
from estim.core.days.screening import QUESTIONS, REASK_DAYS, SIGNS, blocked, cautions, red_flag, unanswered
from estim.core.values import replace

HERE = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=HERE)
IDS = [question.id for question in QUESTIONS]
ONCE = [question.id for question in QUESTIONS if question.runs]
HARD = [question.id for question in QUESTIONS if question.never]
CARE = [question.id for question in QUESTIONS if not question.never]


def said(about: str, answer: str, ago: timedelta = timedelta(0), note: str = "") -> Check:
    return Check(at=NOW - ago, topic=Topic.HEALTH, about=about, answer=answer, note=note)


def diary(*checks: Check) -> Diary:
    return Diary(checks=tuple(sorted(checks, key=lambda check: check.at)))


def all_no(*but: Check) -> Diary:
    return diary(*(said(name, "no", timedelta(days=1)) for name in IDS), *but)


def asked(journal: Diary, now: datetime = NOW) -> list[str]:
    return [question.id for question in unanswered(journal, now)]


def flag(sign: str, ago: timedelta = timedelta(0), answer: str = "", number: int = 0) -> Check:
    return Check(at=NOW - ago, id=number, topic=Topic.RED_FLAG, about=sign, answer=answer)


def begun(ago: timedelta = timedelta(0), number: int = 0) -> Check:
    return Check(at=NOW - ago, id=number, topic=Topic.CARE, answer="begin")


def test_every_contraindication_is_asked_for_and_each_has_a_name_of_its_own() -> None:
    assert HARD == ["implant", "epilepsy", "pregnancy", "undiagnosed-pain", "thrombosis", "arterial-disease", "cancer"]
    assert CARE == ["metal-implant", "allergy", "numbness", "anticoagulants", "child", "antibiotics", "steroids"]
    assert all(question.question.endswith("?") and bool(question.care) is not question.never for question in QUESTIONS)


@pytest.mark.control("C-25")
def test_with_an_empty_diary_every_question_is_open() -> None:
    assert asked(Diary()) == IDS
    assert asked(all_no()) == []


@pytest.mark.control("C-25")
@pytest.mark.parametrize("name", IDS)
def test_each_question_left_out_is_asked(name: str) -> None:
    answers = [said(other, "no") for other in IDS if other != name]
    assert asked(diary(*answers)) == [name]
    assert asked(diary(*answers, said(name, "perhaps"))) == [name]


@pytest.mark.control("C-25")
@pytest.mark.parametrize(
    ("ago", "again"),
    [
        (timedelta(days=REASK_DAYS) - timedelta(seconds=1), False),
        (timedelta(days=REASK_DAYS), True),
        (timedelta(hours=-20), False),
        (timedelta(days=-2), True),
    ],
)
def test_an_answer_of_ninety_days_or_of_a_wrong_clock_is_asked_for_again(ago: timedelta, again: bool) -> None:
    journal = diary(*(said(name, "no") for name in IDS if name != "epilepsy"), said("epilepsy", "no", ago))
    assert (asked(journal) == ["epilepsy"]) is again


def test_ninety_days_are_counted_in_hours_that_passed_on_any_night_and_in_any_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    at = datetime(2026, 9, 1, 12, 0, tzinfo=berlin)  # the clocks go back in between
    journal = Diary(checks=tuple(Check(at=at, topic=Topic.HEALTH, about=name, answer="no") for name in IDS))
    over = at.astimezone(UTC) + timedelta(days=REASK_DAYS)
    for zone in (berlin, ZoneInfo("Pacific/Auckland"), UTC):
        assert asked(journal, (over - timedelta(minutes=1)).astimezone(zone)) == []
        assert asked(journal, over.astimezone(zone)) == [name for name in IDS if name not in ONCE]


@pytest.mark.control("C-25")
@pytest.mark.parametrize("name", HARD)
def test_a_hard_yes_blocks_and_names_how_it_is_cleared(name: str) -> None:
    journal = all_no(said(name, "yes", timedelta(hours=1)))
    sentence = blocked(journal, NOW)
    assert sentence.startswith('no session: "')
    assert "was answered yes at 08:00" in sentence
    assert sentence.endswith(f'estim care clear {name} --reason "…"')
    assert asked(journal) == []


@pytest.mark.control("C-25")
@pytest.mark.parametrize(
    ("answer", "note", "free"),
    [("cleared", "my cardiologist agrees", True), ("cleared", " ", False), ("no", "", True), ("hm", "", False)],
)
def test_only_a_reason_or_a_no_lifts_the_block(answer: str, note: str, free: bool) -> None:
    journal = all_no(said("implant", "yes", timedelta(hours=2)), said("implant", answer, timedelta(hours=1), note))
    assert (blocked(journal, NOW) == "") is free


def test_several_hard_answers_are_all_told_and_a_yes_after_a_clearance_blocks_again() -> None:
    cleared = said("cancer", "cleared", timedelta(hours=2), "healed for ten years")
    journal = all_no(cleared, said("cancer", "yes"), said("implant", "yes"))
    assert blocked(journal, NOW).count("no session: ") == 2


def test_what_was_cleared_stays_in_sight_and_is_asked_for_again() -> None:
    journal = all_no(said("epilepsy", "cleared", timedelta(hours=1), "doctor agrees"))
    assert cautions(journal, NOW) == ("epilepsy was cleared at 08:00: doctor agrees",)
    again = [name for name in IDS if name != "epilepsy" and name not in ONCE]
    assert asked(journal, NOW + timedelta(days=REASK_DAYS - 1)) == again


@pytest.mark.parametrize("name", CARE)
def test_a_yes_to_a_question_of_care_blocks_nothing_and_is_told(name: str) -> None:
    journal = all_no(said(name, "yes"))
    assert blocked(journal, NOW) == ""
    assert cautions(journal, NOW) == tuple(question.care for question in QUESTIONS if question.id == name)
    assert cautions(all_no(), NOW) == ()


@pytest.mark.control("C-45")
@pytest.mark.parametrize(("sign", "told"), [one for one in SIGNS.items() if one[0] != "calf"])
def test_a_sign_of_a_torn_tendon_says_to_get_it_looked_at_now(sign: str, told: str) -> None:
    sentence = red_flag(diary(begun(timedelta(days=3)), flag(sign)))
    assert sentence.startswith(f"get it looked at now: {told} on 2026-11-25 ")
    assert red_flag(diary(flag(sign))) == sentence


@pytest.mark.control("C-45")
def test_a_sign_stands_until_the_plan_is_begun_anew() -> None:
    signs = (flag("pop", timedelta(days=2)), flag("gap", timedelta(days=1)))
    told = f"{SIGNS['pop']} and {SIGNS['gap']} on 2026-11-23"
    assert told in red_flag(diary(begun(timedelta(days=3)), *signs))
    assert red_flag(diary(*signs, begun())) == ""
    assert red_flag(diary(*signs, begun(), flag("toes"))) != ""
    assert red_flag(diary(*signs, Check(at=NOW, topic=Topic.CARE, answer="end"))) != ""


def test_at_the_same_moment_the_number_tells_which_came_later() -> None:
    assert red_flag(diary(flag("pop", number=7), begun(number=8))) == ""
    assert red_flag(diary(begun(number=7), flag("pop", number=8))) != ""


def test_what_came_later_is_decided_by_time_that_passed_also_when_the_clocks_go_back() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = Check(at=datetime(2026, 10, 25, 2, 50, tzinfo=berlin), topic=Topic.CARE, answer="begin")
    sign = Check(at=datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=berlin), topic=Topic.RED_FLAG, about="pop")
    assert red_flag(Diary(checks=(start, sign))) != ""
    assert red_flag(Diary(checks=(sign, replace(start, at=sign.at.replace(hour=3, fold=0))))) == ""


def test_a_sign_that_was_denied_is_none_and_an_unknown_one_is_one() -> None:
    assert red_flag(diary(flag("pop", answer="no"))) == ""
    assert "a sign on 2026-11-25 may mean a torn tendon" in red_flag(diary(flag("")))


@pytest.mark.control("C-25")
@given(
    st.lists(
        st.tuples(st.sampled_from(IDS), st.sampled_from(["yes", "no", "cleared", ""]), st.integers(0, 200)), max_size=30
    )
)
def test_free_to_start_means_a_fresh_answer_to_each_and_no_hard_yes_last(answers: list[tuple[str, str, int]]) -> None:
    checks = [
        said(name, answer, timedelta(days=ago, seconds=n), "why") for n, (name, answer, ago) in enumerate(answers)
    ]
    journal = diary(*checks)
    last = {check.about: check for check in journal.checks if check.answer}
    old = [name for name in IDS if name in last and NOW - last[name].at >= timedelta(days=REASK_DAYS)]
    stale = [name for name in IDS if name not in last or (name in old and name not in ONCE)]
    assert asked(journal) == stale
    assert (blocked(journal, NOW) != "") is any(name in last and last[name].answer == "yes" for name in HARD)
