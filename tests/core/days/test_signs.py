"""When a person is asked for the signs of a torn tendon and of a clot, and what follows from one."""

from datetime import UTC, datetime, timedelta

import pytest

from estim.core.care.standing import may_run_at
from estim.core.days.diary import Check, Diary, Pain, Regime, Run, Topic, When
from estim.core.days.outcomes import judge
from estim.core.days.reminders import Quiet, reminders
from estim.core.days.schedule import TWICE_A_DAY, Schedule
from estim.core.days.screening import QUESTIONS, SIGNS, cautions, doctor_first, red_flag, signs_due, unanswered
from estim.core.days.slots import Slot, Status
from tests.core.days.journals import CALM, PLAN, at, begin, check, diary, morning, ran, stand, worst

NONE = check(Topic.RED_FLAG, at(3, 20), "none", "no")
RULES = Regime(at=at(1, 0), rules=(TWICE_A_DAY,), zone="Etc/GMT-1")


def due(score: int, when: When, *before: Pain | Run, note: str = "") -> bool:
    return signs_due(diary(*before), Pain(at=at(3, 12), score=score, when=when, note=note))


@pytest.mark.control("C-45")
def test_the_signs_are_asked_for_from_three_on_and_on_a_sudden_change() -> None:
    assert due(3, When.WORST)
    assert not due(2, When.WORST)
    assert due(2, When.MORNING, morning(2, 0))
    assert not due(2, When.MORNING, morning(2, 1))
    assert not due(2, When.WORST, morning(2, 0)), "of another kind"
    assert not due(2, When.MORNING, morning(1, 0), morning(2, 1)), "held against the last one"
    assert not due(2, When.MORNING, morning(4, 0)), "a later one is none before"
    assert due(2, When.RUN, ran(2, pain=0))
    assert not due(2, When.RUN, ran(2, pain=None))


@pytest.mark.control("C-45")
@pytest.mark.parametrize(
    ("note", "asked"),
    [
        ("there was a POP in the heel", True), ("it snapped", True), ("as if kicked", True), ("ein Knall", True),
        ("wie ein Peitschenhieb", True), ("hat geknackt", True), ("da ist was geplatzt", True),
        ("popular shoes", False), ("stiff", False), ("", False),
    ],
)  # fmt: skip
def test_a_note_of_a_pop_is_a_sudden_change_however_low_the_score(note: str, asked: bool) -> None:
    assert due(0, When.WORST, note=note) is asked


@pytest.mark.control("C-45")
def test_care_asks_for_the_signs_on_a_new_plan_and_after_such_a_score_until_it_is_answered() -> None:
    asked = "any of these?"

    def asks(now: datetime, *entries: Check | Pain) -> bool:
        return any(asked in one for one in stand(now, *entries).asks)

    assert asks(at(1, 9), begin())
    assert not asks(at(1, 9), begin(), check(Topic.RED_FLAG, at(1, 8.5), "none", "no"))
    assert not asks(at(3, 9), begin())
    assert asks(at(3, 22), begin(), worst(3, 3))
    assert not asks(at(3, 22), begin(), worst(3, 2))
    assert asks(at(3, 22), begin(), NONE, worst(3, 3))
    assert not asks(at(3, 22), begin(), worst(3, 3), check(Topic.RED_FLAG, at(3, 21.5), "none", "no"))


@pytest.mark.control("C-45")
def test_signs_are_told_in_words_that_a_person_knows() -> None:
    assert list(SIGNS) == ["pop", "gap", "toes", "swelling", "calf"]
    words = " ".join(SIGNS.values())
    for word in ("hit the back of your leg", "dent", "tiptoe", "bruise", "hot, tight or swollen calf"):
        assert word in words


@pytest.mark.control("C-45")
def test_a_hot_calf_means_urgent_care_today() -> None:
    calf = check(Topic.RED_FLAG, at(2), "calf", "yes")
    sentence = red_flag(diary(begin(), calf))
    assert sentence.startswith("urgent care today: a hot, tight or swollen calf on 2026-11-02 may mean a blood clot")
    assert "no running and no sessions until somebody has had a look" in sentence
    both = red_flag(diary(begin(), calf, check(Topic.RED_FLAG, at(2), "pop", "yes")))
    assert "urgent care today" in both
    assert "get it looked at now" in both
    assert red_flag(diary(begin(), check(Topic.RED_FLAG, at(2), "none", "no"))) == ""


@pytest.mark.control("C-45")
@pytest.mark.parametrize("name", ["antibiotics", "steroids"])
def test_medicine_that_weakens_tendons_means_a_doctor_before_any_run_and_is_asked_once(name: str) -> None:
    answers = tuple(check(Topic.HEALTH, at(1), one.id, "no") for one in QUESTIONS if one.id != name)
    assert [one.id for one in unanswered(diary(*answers), at(2))] == [name]
    yes = check(Topic.HEALTH, at(1), name, "yes")
    entries = (*CALM, *answers, yes)
    assert "see a doctor before you run" in doctor_first(diary(*entries))
    gate = may_run_at(PLAN, diary(*entries), at(9, 18))
    assert (gate.ok, f"estim care clear {name}" in gate.text) == (False, True)
    assert any("see a doctor before you run" in text for text in stand(at(9), *entries).warnings)
    assert any("see a doctor before you run" in text for text in cautions(diary(*entries), at(9)))
    cleared = Check(at=at(8), topic=Topic.HEALTH, about=name, answer="cleared", note="my doctor had a look")
    assert may_run_at(PLAN, diary(*entries, cleared), at(9, 18)).ok
    assert name not in [one.id for one in unanswered(diary(*entries), at(120))], "once is enough"


def slots(now: datetime, *checks: Check) -> list[Slot]:
    journal = Diary(checks=checks, regimes=(RULES,))
    return list(judge(Schedule(), journal, now, at(2, 0), at(5, 0)))


FLAG = check(Topic.RED_FLAG, at(3, 9), "pop", "yes")
AGAIN = check(Topic.CARE, at(4, 12), answer="begin")


@pytest.mark.control("C-45")
def test_slots_under_a_red_flag_are_off_with_their_reason_and_never_missed() -> None:
    found = slots(at(5), begin(), FLAG)
    assert [slot.status.value for slot in found] == ["missed", "missed", "off", "off", "off", "off"]
    assert {slot.why for slot in found[2:]} == {"a red flag"}
    found = slots(at(5), begin(), FLAG, AGAIN)
    assert [slot.status.value for slot in found] == ["missed", "missed", "off", "off", "off", "missed"]


@pytest.mark.control("C-45")
def test_a_slot_whose_time_lay_under_a_flag_is_never_missed_though_it_was_lifted_in_its_window() -> None:
    lifted = check(Topic.CARE, at(4, 9), answer="begin")
    assert slots(at(4, 9.5), begin(), FLAG, lifted)[4].status is Status.DUE
    assert slots(at(5), begin(), FLAG, lifted)[4].why == "a red flag"


@pytest.mark.control("C-45")
def test_slots_under_an_answer_that_forbids_are_off() -> None:
    yes = check(Topic.HEALTH, at(3, 12), "implant", "yes")
    assert [slot.status for slot in slots(at(5), yes)][2:] == [Status.MISSED, Status.OFF, Status.OFF, Status.OFF]
    no = check(Topic.HEALTH, at(4, 1), "implant", "no")
    assert [slot.status for slot in slots(at(5), yes, no)][2:] == [
        Status.MISSED,
        Status.OFF,
        Status.MISSED,
        Status.MISSED,
    ]
    assert slots(at(3, 21), yes)[3].why == "an answer that forbids it"
    metal = check(Topic.HEALTH, at(3, 12), "metal-implant", "yes")
    assert Status.OFF not in [slot.status for slot in slots(at(5), metal)]


@pytest.mark.control("C-45")
def test_after_a_red_flag_nothing_reminds_any_more() -> None:
    quiet = Quiet(at(1, 0).time(), at(1, 0).time())
    assert len(reminders(slots(at(3, 8.1), begin()), (), at(3, 8.1), quiet)) == 1
    for hour in (9.1, 20.1, 21.1):
        assert reminders(slots(at(3, hour), begin(), FLAG), (), at(3, hour), quiet) == ()
    assert FLAG.at.astimezone(UTC) + timedelta(hours=1) < at(3, 20.1)
