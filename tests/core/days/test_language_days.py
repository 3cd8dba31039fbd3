"""What the diary's days say to a person is said in their language: under a made-up one no plain word is left."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from estim.core.addresses import check_address
from estim.core.care.loading import OFF, ON
from estim.core.care.progression import RECOVERED
from estim.core.days import advice, by_hand, screening, skin
from estim.core.days.diary import (
    Break,
    Diary,
    Entry,
    Mark,
    Marked,
    Note,
    Pads,
    Pain,
    Played,
    Regime,
    Run,
    Side,
    Topic,
    When,
)
from estim.core.days.dose import ANY, BRIEF_S, Delivered, Gate, local_time, may_start
from estim.core.days.entry_text import told
from estim.core.days.legs import LEGS, leg_text, place_of
from estim.core.days.outcomes import Terms, judge
from estim.core.days.schedule import TWICE_A_DAY, Schedule, check_rules, zone_of
from estim.core.days.screening import CLEARED, NO, NO_SIGN, QUESTIONS, SIGNS, YES, Span
from estim.core.days.statistics import tally
from estim.core.errors import MEANING, EstimError
from estim.core.levels import read_levels
from estim.core.moment import BUILT_UTC, check_clock
from estim.core.numbers import read_number, read_whole
from estim.core.translation import tr_text
from estim.core.values import replace
from estim.core.vocabulary import Reason
from estim.language import choose
from tests.core.days.journals import HERE, at, check, diary, played
from tests.pseudo import plain_words, pseudo

IDS = ("ankle-left", "ankle-right", "ankle", "calf", "tens-ankle", "one", *SIGNS, *(one.id for one in QUESTIONS))
"""Names of sites, programs, units, signs and questions; they are typed, so they stay."""

NOW = at(9, 12)
GAP: tuple[Gate, ...] = ("gap",)
DOSE: tuple[Gate, ...] = ("dose",)


@pytest.fixture(autouse=True)
def another_language() -> Iterator[None]:
    """Speak the made-up one."""
    with pseudo():
        yield


def checked(text: str, *names: str) -> str:
    """Hold that a text is there and that all of it is in that language, and return it."""
    assert text
    assert plain_words(text, *IDS, *names) == [], text
    return text


@pytest.mark.parametrize("sign", [*SIGNS, ""])
def test_a_red_flag_is_told_in_the_language(sign: str) -> None:
    flags = [check(Topic.RED_FLAG, at(9), about=about, answer=YES) for about in dict.fromkeys((sign, "calf", "gap"))]
    for some in (flags[:1], flags):
        checked(screening.red_flag(diary(*some)))
    checked(told(flags[0]))
    checked(screening.own_words(flags[0]))
    checked(screening.signs_text(), NO_SIGN)


def test_every_question_and_what_its_answer_forbids_or_asks_for_is() -> None:
    for question in QUESTIONS:
        checked(question.question)
        yes = check(Topic.HEALTH, at(8), about=question.id, answer=YES)
        checked(told(yes))
        cleared = check(Topic.HEALTH, at(9), about=question.id, answer=CLEARED)
        for care in screening.cautions(diary(yes, replace(cleared, note="17")), NOW):
            checked(care)
        if question.never:
            checked(screening.blocked(diary(yes), NOW))
            checked(screening.own_words(yes))
            assert [checked(span.why) for span in screening.forbidden(diary(yes))]
        else:
            checked(question.care)
        if question.runs:
            checked(screening.doctor_first(diary(yes)))


def test_what_is_said_of_the_skin_is() -> None:
    session = played(at(8))
    bad = skin.seen(diary(session), session, skin.BAD, at(8, 9))
    nowhere = check(Topic.SKIN, at(8), answer=skin.BAD)
    for entries in ((session, bad), (nowhere,)):
        checked(skin.refusal(diary(*entries), ("ankle-left",)))
        checked("; ".join(skin.told(diary(*entries))))
        checked(skin.holds(diary(*entries)).why_at(NOW.timestamp(), "", lambda: None))
    checked(told(bad))
    checked(screening.own_words(bad))


def test_what_is_asked_and_offered_after_a_session_is() -> None:
    session = replace(played(at(8)), id=7, goal={"A": 12}, level_max={"A": 12})
    for _, question in advice.after(session):
        checked(question)
    checked(advice.pads_old(advice.PADS_USES))
    felt = replace(check(Topic.FEEL, at(8, 9), answer=advice.WEAKER), session=7)
    offer = advice.last_level(diary(session, felt), "tens-ankle", ("ankle-left",), "one")
    assert offer is not None
    checked(offer.why)


@pytest.mark.parametrize("site", ["ankle-left", ANY])
def test_refusals_of_rest_and_dose_are(site: str) -> None:
    minute = timedelta(minutes=1)
    long = Delivered(site, NOW - 40 * minute, 1200, NOW - 20 * minute, "tens-ankle")
    short = [Delivered(site, NOW - ago * minute, BRIEF_S - 30) for ago in (20, 10)]
    ahead = Delivered(site, NOW + 9 * minute, 1200)
    for past in ([long], short, [ahead]):
        checked(may_start(NOW, (site,), 20, past, zone=HERE).why)
        checked("; ".join(may_start(NOW, (site,), 20, past, GAP, zone=HERE).warn))
    day = [Delivered(site, NOW - hours * 60 * minute, 2400, program="tens-ankle") for hours in (4, 6, 8, 10)]
    refused = may_start(NOW, (site,), 20, day, program="tens-ankle", per_day=2, zone=HERE)
    checked(refused.why)
    warned = may_start(NOW, (site,), 20, day, DOSE, program="tens-ankle", per_day=2, zone=HERE).warn
    assert len([checked(one) for one in warned]) == 3


ENTRIES: tuple[Entry, ...] = (
    *(Pain(at=NOW, score=3, when=when, stiffness_min=0) for when in When),
    *(Pain(at=NOW, score=3, when=When.MORNING, stiffness_min=2.5, side=side) for side in Side),
    Run(at=NOW, km=2.5, minutes=15, pain=2, shoes="17"),
    Run(at=NOW, km=None, minutes=15),
    Run(at=NOW, km=None),
    Pads(at=NOW),
    *(Mark(at=NOW, slot="2026-03-05", what=what) for what in Marked),
    *(Break(at=NOW, first=date(2026, 3, 5), last=None, holiday=holiday) for holiday in (True, False)),
    *(Break(at=NOW, first=date(2026, 3, 5), last=date(2026, 3, day), holiday=day < 7) for day in (5, 6, 7)),
    Break(at=NOW, first=date(2026, 3, 5), last=date(2026, 3, 5)),
    Regime(at=NOW, rules=("1",), zone="2"),
    *(check(Topic.HEALTH, NOW, about="child", answer=answer) for answer in (YES, NO, CLEARED)),
    check(Topic.RED_FLAG, NOW, about=NO_SIGN, answer=NO),
    *(check(Topic.SKIN, NOW, answer=answer) for answer in (skin.OK, skin.BAD)),
    *(check(Topic.FEEL, NOW, answer=answer) for answer in (advice.WEAKER, advice.SAME, advice.STRONGER)),
    replace(check(Topic.SKIN, NOW, answer=skin.OK), session=7),
    replace(check(Topic.FEEL, NOW, answer=advice.SAME), session=7),
    check(Topic.TICK, NOW, about="1", answer="2"),
    check(Topic.TICK, NOW, about="1"),
    *(check(Topic.LOADING, NOW, answer=answer) for answer in (ON, OFF)),
    check(Topic.LOAD, NOW, about="3x15", answer="2"),
    check(Topic.LOAD, NOW, about="3x15"),
    *(check(Topic.CARE, NOW, answer=answer) for answer in ("begin", RECOVERED, "end")),
    check(Topic.CARE, NOW, about="honesty"),
    *(check(Topic.RUN_PLANNED, NOW, answer=answer) for answer in ("", "cancelled")),
)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_line_of_the_diary_is(entry: Entry) -> None:
    checked(told(entry))


def test_a_note_comes_through_as_it_was_written() -> None:
    assert told(Note(at=NOW, text="stairs down")) == "stairs down"
    assert told(Pads(at=NOW, note="stairs down")).endswith(": stairs down")


def _sessions() -> Iterator[Played]:
    usual = replace(played(at(8)), level_max={"A": 12}, reason="completed", stop_confirmed=False)
    yield from (replace(usual, reason=reason.value) for reason in Reason)
    yield replace(usual, sites=("ankle-left", "ankle-right"), ended=None, reason="", seen=at(8, 9), seen_output_s=7)
    yield replace(usual, output_s=0.0, level_max={}, message="its host died", reason="fault")
    yield by_hand.session("tens-ankle", at(8), 20, ("ankle-left",), {"A": 3})
    yield by_hand.session("tens-ankle", at(8), 20, ("ankle-left",), {})


def test_every_line_of_a_session_is() -> None:
    lines = [checked(told(one), "A=") for one in _sessions()]
    assert len(lines) == len(set(lines))


def test_an_answer_and_an_end_of_another_journal_are_told_as_they_stand() -> None:
    choose({"LANG": "de_DE.UTF-8"})
    assert told(replace(played(at(8)), reason="fell_asleep")).endswith(", Stufe 0, fell asleep")
    assert told(check(Topic.SKIN, NOW, answer="so so")) == "Haut: so so"


def test_why_a_session_by_hand_is_refused_is() -> None:
    checked(by_hand.misdated(by_hand.session("tens-ankle", NOW, 20, (), {}), NOW))
    checked(by_hand.misdated(by_hand.session("tens-ankle", datetime(2001, 1, 1, tzinfo=HERE), 20, (), {}), NOW))
    mine = by_hand.session("tens-ankle", at(8), 20, ("ankle-left",), {})
    for known in (played(at(8)), replace(played(at(8)), id=7), mine):
        checked(by_hand.overlapped(mine, [known], NOW))


def test_legs_and_places_are() -> None:
    for sites in (*((f"ankle-{leg}",) for leg in LEGS), ("ankle-left", "ankle-right")):
        checked(leg_text(sites))
    for sites in (("ankle-left", "calf-left"), ("ankle-right", "calf-right"), ("ankle-left", "calf-right")):
        checked(place_of(sites))


def _slots(*entries: Entry, quiet: tuple[Span, ...] = (), now: datetime = NOW) -> Iterator[str]:
    """Give why slots of some days are what they are."""
    regime = Regime(at=at(1), rules=(TWICE_A_DAY,), zone="UTC+01:00")
    breaks = tuple(one for one in entries if isinstance(one, Break))
    kept = replace(diary(*entries), regimes=(regime,), breaks=breaks)
    for slot in judge(Schedule(), kept, now, at(7, 0), at(11, 0), Terms(quiet=quiet)):
        if slot.why:
            yield checked(slot.why)


def test_why_a_slot_is_off_missed_or_short_is() -> None:
    run = (Span(at(8, 9), at(8, 10.5), "1"),)
    states = (
        _slots(Break(at=at(7), first=at(8).date(), last=at(8).date())),
        _slots(Break(at=at(7), first=at(8).date(), last=at(8).date(), holiday=True)),
        _slots(check(Topic.RED_FLAG, at(7), about="gap", answer=YES)),
        _slots(check(Topic.SKIN, at(7), answer=skin.BAD)),
        _slots(quiet=run),
        _slots(played(at(8), 5)),
        _slots(replace(played(at(9, 8), 20), ended=None), now=at(9, 8.1)),
        _slots(played(at(8, 9.4)), played(at(8, 5))),
        _slots(played(at(8, 8.2)), played(at(8, 10), 1), played(at(8, 10.2), 9)),
        _slots(played(at(8, 5)), played(at(8, 7.4))),
        _slots(played(at(8, 4)), played(at(8, 7.2), 90)),
    )
    said = {why for state in states for why in state}
    assert len(said) >= 8, said


def test_what_a_report_says_of_notes_is() -> None:
    pain = Pain(at=at(8), score=3, when=When.MORNING, note="17")
    kept = replace(diary(pain, Run(at=at(8), km=2, note="17")), notes=(Note(at=at(8), text="17"),))
    counted = tally(kept, (), NOW, at(7).date(), at(9).date())
    assert len([checked(one.about) for one in counted.remarks]) == 3
    with pytest.raises(EstimError) as refused:
        tally(Diary(), (), NOW, at(9).date(), at(8).date())
    checked(refused.value.text)


RULES = (
    ("RRULE:FREQ=YEARLY;BYHOUR=8",),
    ("RRULE:FREQ=DAILY;INTERVAL=0;BYHOUR=8",),
    ("RRULE:FREQ=DAILY",),
    ("DTSTART:20260101\nRRULE:FREQ=DAILY;BYHOUR=8",),
    ("RRULE:FREQ=DAILY;BYHOUR=8;BYSECOND=3",),
    ("RRULE:FREQ=DAILY;BYHOUR=8;UNTIL=20200101",),
    ("RRULE:FREQ=DAILY;BYHOUR=8,9",),
    ("RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9",),
)


@pytest.mark.parametrize("rules", RULES)
def test_why_a_rule_is_refused_is(rules: tuple[str, ...]) -> None:
    with pytest.raises(EstimError) as refused:
        check_rules(rules)
    checked(refused.value.text, repr(rules[0]), TWICE_A_DAY)


@pytest.mark.parametrize("typed", ["", "7 000", "1.000", "x", "17"])
def test_why_a_number_is_refused_is(typed: str) -> None:
    with pytest.raises(EstimError) as refused:
        read_number(typed, what="--at", lo=0, hi=10, unit="%")
    checked(refused.value.text, "--at", "“x”")


def test_why_anything_else_that_is_typed_is_refused_is() -> None:
    for read in (
        lambda: read_whole("2,5", what="--at", lo=0, hi=10),
        lambda: read_levels("x", "--at"),
        lambda: read_levels("1 2", "--at"),
        lambda: read_levels("", "--at"),
        lambda: check_address("xy"),
        lambda: zone_of("Foo/Bar"),
        lambda: check_clock(BUILT_UTC - timedelta(days=1)),
    ):
        with pytest.raises(EstimError) as refused:
            read()
        checked(refused.value.text, "--at", "“X”", "'xy'", "'Foo/Bar'")


def test_what_each_exit_code_tells_is() -> None:
    for meaning in MEANING.values():
        checked(tr_text(meaning))


def test_figures_and_days_in_german() -> None:
    choose({"LANG": "de_DE.UTF-8"})
    assert told(Run(at=NOW, km=2.5, minutes=15, pain=2)) == "Lauf 2,5 km, 15 min, Schmerz 2"
    assert local_time(at(8, 20), NOW, HERE) == "08.11.2026 20:00"
    with pytest.raises(EstimError, match=r"„1\.234“ kann 1234 oder 1,2340 bedeuten: bitte 1234 oder 1,2340"):
        read_number("1.234", what="--at", lo=0, hi=10)
    assert read_number("1,2340", what="--at", lo=0, hi=10) == 1.234
