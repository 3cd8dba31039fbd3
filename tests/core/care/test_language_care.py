"""What the care plan says is said in the reader's language: in every stage, of every run, and of a plan's mistakes."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

import pytest

from estim.core.care import loading, pace, quiet
from estim.core.care.permission import check_person
from estim.core.care.plan import Plan, read_plan
from estim.core.care.progression import RECOVERED
from estim.core.care.standing import Standing, blocked, may_run_at, recovery, standing
from estim.core.days.diary import Entry, Topic
from estim.core.days.dose import Gate
from estim.core.days.screening import signs_text
from estim.core.errors import EstimError
from estim.core.translation import LANGUAGE, English
from estim.core.values import replace
from estim.language import choose
from tests.core.care.test_permission import WELL
from tests.core.care.test_plan import GOOD, changed
from tests.core.days.journals import BUILT, CALM, PLAN, at, begin, check, diary, morning, played, ran, stand, worst
from tests.pseudo import plain_words, pseudo

PLANNED = check(Topic.RUN_PLANNED, at(11, 18))
LIGHT = replace(check(Topic.CARE, at(20), answer=RECOVERED), id=7)
LOADING = check(Topic.LOADING, at(2), answer=loading.ON)
LONG = replace(ran(11), km=9.5)
NO_KM = replace(ran(10, hour=18), km=None)

STATES: dict[str, tuple[float, tuple[Entry, ...]]] = {
    "rest": (2, (begin(), worst(1, 4))),
    "heel raises": (3, (begin(), LOADING)),
    "no worst pain": (9, (begin(), worst(6, 0), worst(8, 0))),
    "worst pain": (9, (begin(), worst(7, 1), worst(8, 3))),
    "trial": (9, CALM),
    "after a run": (9.5, (*CALM, ran(9, hour=18))),
    "not judged": (10, (*CALM, ran(9))),
    "held against a calm day": (10, (begin(), worst(7, 1), worst(8, 2), ran(9))),
    "held against a worst": (10, (begin(), worst(7, 1), worst(8, 2), replace(worst(9, 1), at=at(9, 9)), ran(9))),
    "built": (10.2, BUILT),
    "worse": (10, (*CALM, ran(9), morning(10, 4))),
    "more than calm": (10, (*CALM[:3], morning(9, 2), ran(9), morning(10, 3))),
    "too much": (9.6, (*CALM, ran(9, 7))),
    "pain not safe": (10, (*CALM, ran(9, 4), morning(10, 1))),
    "pain not said": (10, (*CALM, ran(9, None), morning(10, 1))),
    "never judged": (13, (*CALM, ran(9))),
    "too early": (3, (begin(), ran(2))),
    "one after another": (10, (*CALM, ran(9), ran(9, hour=19))),
    "masked": (10, (*CALM, played(at(9, 16)), ran(9), morning(10, 1))),
    "a session before": (9.1, (*CALM, played(at(9, 8)))),
    "too soon, no distance": (10.9, (*BUILT, NO_KM)),
    "too soon": (10.9, (*BUILT, ran(10))),
    "too soon after too long": (13.9, (*BUILT, LONG, morning(12, 1), ran(13))),
    "too long": (12, (*BUILT, LONG, morning(12, 1))),
    "grown": (12, (*BUILT, replace(ran(11), km=3.0), morning(12, 1))),
    "run meant": (12, (*BUILT, PLANNED)),
    "run planned": (11, (*BUILT, PLANNED)),
    "sessions": (10.4, (*BUILT, played(at(10, 9)), played(at(10, 12)), played(at(10, 15)))),
    "ended": (4, (begin(), check(Topic.CARE, at(3), answer="end"))),
    "lighter": (21, (*BUILT, LIGHT)),
}
"""Days (and parts of them, from 08:00 on) with what was written down until then."""


def moment(day: float) -> timedelta:
    return timedelta(days=day - 1)


def told(here: Standing) -> list[str]:
    """Return all that a person reads of it, but what the questions about health say themselves."""
    items = chain.from_iterable((item.title, item.text, item.warn) for item in here.today)
    asks = [ask for ask in here.asks if ask != signs_text()]
    return [*(gate.text for gate in here.gates), *asks, *here.warnings, here.ended, *items]


NAMES = ("tens-ankle", "tens-han", "ems-recovery-simple", "DISTANCE", "--at")


def untold(*sentences: str) -> list[str]:
    return plain_words("\n".join(sentences), *NAMES)


@pytest.mark.parametrize("name", STATES)
def test_where_a_person_stands_is_said_in_their_language(name: str) -> None:
    day, entries = STATES[name]
    now = at(1) + moment(day)
    english = told(stand(now, *entries))
    with pseudo():
        assert untold(*told(stand(now, *entries))) == []
    assert len(untold(*english)) > 4, "what is told in English is found by its letters"


def test_the_states_say_every_sentence_of_the_course_and_its_runs() -> None:
    said = " ".join(" ".join(told(stand(at(1) + moment(day), *entries))) for day, entries in STATES.values())
    for words in (
        "came before its gates", "was judged", "wasn't judged", "isn't written down", "may have been masked: a session",
        "the pain in the run of 2026-11-09 was 4", "above 5 means rest", "worse than 1 on the morning of",
        "more than the 2 of a calm day", "2, the most of a calm day", "the worst before the run", "has no distance",
        "without the day off", "without the two days off", "km were meant", "take place?", "an extra session",
        "2 of 2 today and 1 more.", "is the skin", "a run belongs 4 h after one", "more than the longest",
        "two days off belong", "a day off belongs", "was ended on", "worst pain 3 on", "no worst pain is noted",
    ):  # fmt: skip
        assert words in said


def plans() -> Iterator[Plan]:
    """Return the plan, and one whose days of calm and of rest are one and three."""
    yield PLAN
    yield replace(PLAN, calm_days=1, days_off=3)


@pytest.mark.parametrize("plan", plans(), ids=["shipped", "other"])
def test_what_is_said_of_a_planned_run_and_of_the_lighter_plan_is_too(plan: Plan) -> None:
    built = diary(*BUILT)
    other = diary(*BUILT, PLANNED)
    with pseudo():
        gates = [
            *(may_run_at(plan, built, at(day, 18), km) for day in (10, 13) for km in (None, 2.0, 9.5)),
            may_run_at(plan, other, at(12, 18)),
            may_run_at(plan, diary(*CALM[:1]), at(9, 18)),
            may_run_at(plan, diary(*CALM), at(9, 18)),
            may_run_at(plan, diary(begin(), worst(7, 1)), at(8, 18)),
            may_run_at(plan, diary(*CALM, ran(9)), at(10, 18)),
            *(recovery(plan, diary(*entries), at(day)) for day, entries in ((9, ()), (9, CALM), (21, (*BUILT, LIGHT)))),
            *(recovery(plan, built, at(day)) for day in (20, 120)),
            recovery(replace(plan, steps=tuple(replace(one, light="") for one in plan.steps)), built, at(20)),
        ]
        assert untold(*(gate.text for gate in gates), blocked(plan, other, at(11, 16))) == []
    assert "before the run" not in " ".join(gate.text for gate in gates)


def test_numbers_of_days_are_words_of_the_language() -> None:
    with pseudo():
        assert untold(*(pace.in_words(number) for number in range(2, 15))) == []
    choose({"LANG": "de_DE.UTF-8"})
    assert [pace.in_words(number) for number in (2, 7, 8)] == ["zwei", "sieben", "8"]


def test_heel_raises_are_told_in_the_language_and_kept_as_before() -> None:
    loads = [loading.Load(3, 15), *(loading.Load(3, 15, pain) for pain in (2, 4, 6))]
    with pseudo():
        said = [*(load.text for load in loads), *(loading.judged(PLAN, load) for load in loads)]
        shut = [loading.why_off(diary(*entries)) for entries in ((), (begin(),))]
        assert untold(*said, *shut) == []
        assert all(shut)
        assert [loading.entry_of(load, at(3)).about for load in loads] == ["3x15"] * 4


def test_the_hours_before_a_run_are_named_in_the_language() -> None:
    with pseudo():
        [span] = quiet.quiet_spans(4, 20, diary(*CALM, ran(9)))
        assert untold(span.why) == []


def test_what_stands_against_a_session_is_told_in_the_language() -> None:
    answers = [replace(one, at=at(1)) for one in WELL]
    soon = diary(*BUILT, PLANNED, *answers)
    with pseudo():
        open_ = [*check_person(PLAN, diary(*BUILT), at(9), 20, (), (), unasked=True)]
        one = [*check_person(PLAN, diary(*BUILT, *answers[1:]), at(9), 20, (), (), unasked=True)]
        with pytest.raises(EstimError) as caught:
            check_person(PLAN, soon, at(11, 16), 20, (), (), unasked=False)
        overridden: tuple[Gate, ...] = ("run",)
        warned = check_person(PLAN, soon, at(11, 16), 20, (), overridden, unasked=False)
    assert untold(caught.value.text, *open_, *one, *warned) == []
    assert (len(open_), len(one), len(warned)) == (1, 1, 1)


MISTAKES = (
    ('stages = ["rest"]', "stages = []"),
    ('id = "pads"', 'id = "walk"'),
    ('tick = "daily"', 'tick = "daily"\ntimes = 2'),
    ('tick = "sessions"\ntimes = 2', 'tick = "once"\nkinds = ["bike"]'),
    ('title = "Pads on"', 'title = "Pads on"\npart_of = "nobody"\nsources = ["none"]'),
    ('stages = ["rest", "trial", "morning", "build"]', 'stages = ["rest"]'),
    ("schema = 1", "schema = 1\nrun_pain_safe = 5\nrun_pain_stop = 3"),
)


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_why_a_plan_is_not_taken_is_told_in_the_language(old: str, new: str) -> None:
    names = ("tick", "sessions", "daily", "kinds", "once", "rest", "trial", "morning", "build", "walk", "pads", "steps")
    with pseudo(), pytest.raises(EstimError) as caught:
        read_plan(changed(old, new), "own.toml")
    whys = [line.split(": ", 2)[2] for line in caught.value.text.splitlines()]
    assert all(whys)
    assert plain_words("\n".join(whys), *names, "nobody", "none", "run_pain_stop", "load", "sources") == []


def test_the_plan_of_the_shipped_file_is_german_in_full_and_a_persons_own_stays() -> None:
    own = read_plan(GOOD, "own.toml")
    choose({"LANG": "de_DE.UTF-8"})
    items = stand(at(9), *CALM).today
    assert [item.title for item in items][-1] == "Ein Probelauf"
    assert all(item.title not in {step.title for step in PLAN.steps} - {"TENS"} for item in items)
    assert standing(own, diary(begin()), at(1)).today[0].title == "Walk"
    assert "Probelauf frühestens am So 08. Nov" in stand(at(1), begin()).gates[0].text


def test_a_warning_says_the_days_that_it_is_about_by_itself_in_any_language() -> None:
    day, entries = STATES["pain not safe"]
    choose({"LANG": "de_DE.UTF-8"})
    here = stand(at(1) + moment(day), *entries)
    assert [one.days for one in here.said] == [frozenset({at(9).date()})]
    assert "2026-11-09" not in here.warnings[0], "German days are told in their own way"


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave the language as it was."""
    yield
    LANGUAGE.speak("en", English())
