"""What a person's own answers and plans say against a session."""

from datetime import UTC, datetime, timedelta

import pytest

from estim.config.care_plan import shipped
from estim.core.care.permission import check_person
from estim.core.care.plan import read_plan
from estim.core.days.diary import Check, Diary, Topic
from estim.core.days.dose import Gate
from estim.core.days.screening import QUESTIONS
from estim.core.errors import EstimError, Exit
from estim.core.values import replace

PLAN = read_plan(shipped(), "eight-steps.toml")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WELL = tuple(Check(at=NOW, topic=Topic.HEALTH, about=one.id, answer="no") for one in QUESTIONS)


def gate(*checks: Check, override: tuple[Gate, ...] = (), unasked: bool = False) -> tuple[str, ...]:
    return check_person(PLAN, Diary(checks=checks), NOW, 20, ("ankle-left",), override, unasked=unasked)


def refusal(*checks: Check, override: tuple[Gate, ...] = (), unasked: bool = False) -> str:
    with pytest.raises(EstimError) as caught:
        gate(*checks, override=override, unasked=unasked)
    assert caught.value.code is Exit.REFUSED
    return caught.value.text


@pytest.mark.control("C-25")
def test_open_questions_refuse_unless_nobody_can_be_asked() -> None:
    assert "14 questions" in refusal()
    assert "14 questions" in gate(unasked=True)[0]
    assert gate(*WELL) == ()


@pytest.mark.control("C-25")
def test_an_answer_that_forbids_it_holds_for_everybody_until_it_is_cleared() -> None:
    yes = Check(at=NOW, id=99, topic=Topic.HEALTH, about="implant", answer="yes")
    everything: tuple[Gate, ...] = ("gap", "dose", "run")
    assert "estim care clear implant" in refusal(*WELL, yes, override=everything, unasked=True)
    cleared = Check(at=NOW, id=100, topic=Topic.HEALTH, about="implant", answer="cleared", note="the clinic agreed")
    assert "the clinic agreed" in gate(*WELL, yes, cleared)[0]


@pytest.mark.control("C-45")
def test_a_red_flag_forbids_every_session() -> None:
    flag = Check(at=NOW, id=99, topic=Topic.RED_FLAG, about="gap", answer="yes")
    assert "get it looked at now" in refusal(*WELL, flag, override=("run",), unasked=True)


@pytest.mark.control("C-30")
def test_a_run_within_four_hours_forbids_it_and_can_be_overridden_in_full() -> None:
    soon = Check(at=NOW + timedelta(hours=3), topic=Topic.RUN_PLANNED)
    assert "--override run" in refusal(*WELL, soon)
    assert "run overridden" in gate(*WELL, soon, override=("run",))[0]
    assert gate(*WELL, Check(at=NOW + timedelta(hours=5), topic=Topic.RUN_PLANNED)) == ()


@pytest.mark.control("C-59")
def test_skin_that_nobody_has_looked_at_forbids_it_and_cannot_be_overridden() -> None:
    bad = Check(at=NOW, id=99, topic=Topic.SKIN, about="ankle-left", answer="bad", session=1)
    everything: tuple[Gate, ...] = ("gap", "dose", "run")
    assert "estim care skin ok" in refusal(*WELL, bad, override=everything, unasked=True)
    assert gate(*WELL, replace(bad, about="ankle-right")) == ()
    assert gate(*WELL, bad, replace(bad, id=100, answer="ok")) == ()
