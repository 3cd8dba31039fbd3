"""Heel raises are off until the person says that they were agreed, and off again by whatever speaks against them."""

import pytest

from estim.core.care.loading import AGREE, Load, entry_of, judged, load_of, why_off, why_shut
from estim.core.care.plan import Tick
from estim.core.care.standing import Item
from estim.core.days.diary import Check, Entry, Topic
from estim.core.days.entry_text import told
from estim.core.values import replace
from tests.core.days.journals import BUILT, PLAN, at, begin, check, diary, stand

ON = check(Topic.LOADING, at(2), answer="on")
OFF = check(Topic.LOADING, at(4), answer="off")
POP = check(Topic.RED_FLAG, at(3), "pop", "yes")


@pytest.mark.control("C-71")
def test_they_are_off_until_it_is_said_that_they_were_agreed_and_off_again_by_a_word() -> None:
    assert why_off(diary(begin())) == AGREE
    assert why_off(diary(begin(), ON)) == ""
    assert why_off(diary(begin(), ON, OFF)) == AGREE
    assert why_off(diary(begin(), ON, OFF, check(Topic.LOADING, at(5), answer="on"))) == ""


@pytest.mark.control("C-71")
def test_they_belong_to_a_plan_that_goes_on_and_a_new_one_asks_anew() -> None:
    assert why_off(diary(ON)).endswith("estim care begin")
    assert why_off(diary(begin(), ON, check(Topic.CARE, at(3), answer="end"))).endswith("estim care begin")
    assert why_off(diary(begin(), ON, begin(at(3)))) == AGREE
    assert why_off(diary(begin(), ON, begin(at(3)), check(Topic.LOADING, at(3, 9), answer="on"))) == ""
    assert why_off(diary(begin(), replace(ON, id=8), replace(begin(ON.at), id=9))) == AGREE, (
        "the later word of a moment"
    )
    assert why_off(diary(begin(), replace(ON, id=9), replace(begin(ON.at), id=8))) == ""


@pytest.mark.control("C-71")
@pytest.mark.parametrize(
    ("against", "told"),
    [
        (POP, "get it looked at now"),
        (check(Topic.RED_FLAG, at(3), "calf", "yes"), "urgent care today"),
        (
            check(Topic.HEALTH, at(3), "antibiotics", "yes"),
            "no heel raises yet: fluoroquinolones can make a tendon tear",
        ),
        (check(Topic.HEALTH, at(3), "steroids", "yes"), "no heel raises yet: a tendon tears more easily"),
    ],
)
def test_signs_of_a_tear_and_medicine_that_weakens_tendons_shut_them_whatever_was_said(
    against: Check, told: str
) -> None:
    assert why_shut(diary(begin(), ON)) == ""
    for entries in ((begin(), ON, against), (begin(), against)):
        assert told in why_shut(diary(*entries))
        assert why_off(diary(*entries)) == why_shut(diary(*entries))


def test_a_doctors_word_and_a_new_agreement_open_them_again() -> None:
    yes = check(Topic.HEALTH, at(3), "steroids", "yes")
    cleared = Check(at=at(4), topic=Topic.HEALTH, about="steroids", answer="cleared", note="my doctor had a look")
    assert why_off(diary(begin(), ON, yes, cleared)) == ""
    assert why_off(diary(begin(), ON, POP, begin(at(5)))) == AGREE


def item(day: int, *entries: Entry) -> Item:
    (found,) = (one for one in stand(at(day, 20), *entries).today if one.step == "loading")
    return found


@pytest.mark.control("C-45")
def test_pain_in_heel_raises_asks_for_the_signs_of_a_torn_tendon_until_they_are_answered() -> None:
    none = check(Topic.RED_FLAG, at(3, 7), "none", "no")
    for load, note, asked in ((Load(3, 15, 3), "", True), (Load(3, 15, 1), "", False), (Load(3, 15), "a pop", True)):
        done = entry_of(load, at(3, 9), note)
        asks = stand(at(3, 20), begin(), ON, none, done).asks
        assert any("any of these?" in one for one in asks) is asked
        asks = stand(at(3, 20), begin(), ON, none, done, check(Topic.RED_FLAG, at(3, 10), "none", "no")).asks
        assert not any("any of these?" in one for one in asks)


@pytest.mark.control("C-71")
def test_on_the_list_they_are_something_to_do_only_while_they_are_on_and_tick_themselves() -> None:
    off = item(3, begin())
    assert (off.tick, off.done, off.text) == (Tick.NONE, False, AGREE)
    on = item(3, begin(), ON)
    assert (on.tick, on.done, on.auto) == (Tick.LOAD, False, True)
    assert on.text.startswith("Heel raises as they were agreed")
    done = entry_of(Load(3, 15, 2), at(3, 9))
    assert item(3, begin(), ON, done).done
    assert not item(4, begin(), ON, done).done
    assert item(12, *BUILT, ON).tick is Tick.LOAD, "they go on while the runs grow"


@pytest.mark.parametrize(
    ("load", "text"),
    [
        (Load(3, 15, 2), "heel raises 3x15, pain 2"),
        (Load(3, 15), "heel raises 3x15, pain not said"),
        (Load(1, 8, 0), "heel raises 1x8, pain 0"),
        (Load(2, 10, 10), "heel raises 2x10, pain 10"),
    ],
)
def test_what_is_written_down_is_read_again(load: Load, text: str) -> None:
    entry = entry_of(load, at(3), "left leg only")
    assert load_of(entry) == load
    assert load.text == text
    assert told(entry) == f"{text}: left leg only"


@pytest.mark.parametrize(
    ("about", "answer", "found"),
    [
        ("3x", "2", None),
        ("", "", None),
        ("3 x 15", "2", None),
        ("3x15", "11", Load(3, 15)),
        ("3x15", "two", Load(3, 15)),
    ],
)
def test_a_table_may_hold_anything(about: str, answer: str, found: Load | None) -> None:
    assert load_of(check(Topic.LOAD, at(3), about, answer)) == found
    assert load_of(check(Topic.TICK, at(3), "3x15", "2")) is None


@pytest.mark.parametrize(
    ("pain", "begins"),
    [(0, "up to 3 is safe"), (3, "up to 3 is safe"), (4, "above 3"), (5, "above 3"), (6, "above 5 is too much")],
)
def test_the_pain_while_doing_them_is_judged_by_the_plans_figures(pain: int, begins: str) -> None:
    assert judged(PLAN, Load(3, 15, pain)).startswith(begins)
    assert judged(replace(PLAN, run_pain_safe=1, run_pain_stop=2), Load(3, 15, 3)).startswith("above 2 is too much")
    assert judged(PLAN, Load(3, 15)) == ""
