"""The report fits a terminal, loses nothing without colour, and claims nothing."""

import re
from datetime import timedelta

import pytest

from estim.core.days.diary import Check, Diary, Pain, Topic, When
from estim.core.days.slots import Status
from estim.core.days.statistics import tally
from estim.report.text import as_text
from tests.report.written import FIRST, at, nothing, played, slot, written

FOUR_WEEKS = """Report, 2026-03-02 to 2026-03-29 (28 days)
Slots done  53 of 56 slots, 94 % (3 missed)
Streak      25 days (best 25 days, 3 days forgiven)
Time        25.2 h in 58 sessions (most on one day 130 min, 2026-03-05)
Worst pain  7.0 → 4.0 (3.0 less)
"""


def test_four_weeks_begin_with_these_figures() -> None:
    assert as_text(written()).startswith(FOUR_WEEKS)


@pytest.mark.parametrize("days", [1, 3, 28, 75, 100, 182, 183, 400, 3650])
@pytest.mark.parametrize("width", [44, 60, 80, 120, 200])
def test_no_line_is_longer_than_the_width(days: int, width: int) -> None:
    lines = as_text(written(days), width).splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]


def test_colour_adds_only_colour() -> None:
    plain = as_text(written())
    coloured = as_text(written(), colour=True)
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_an_empty_diary_says_what_to_type() -> None:
    text = " ".join(as_text(nothing()).split())
    assert "estim run tens-ankle" in text
    assert "estim pain add 3 --when worst" in text


def test_the_pain_stands_at_its_height() -> None:
    pains = (
        Pain(at=at(FIRST, 20), score=10, when=When.WORST),
        Pain(at=at(FIRST, 7), score=4, when=When.MORNING),
        Pain(at=at(FIRST + timedelta(days=1), 20), score=0, when=When.WORST),
        Pain(at=at(FIRST + timedelta(days=3), 20), score=1, when=When.WORST),
        Pain(at=at(FIRST + timedelta(days=3), 7), score=0, when=When.MORNING),
    )
    last = FIRST + timedelta(days=3)
    lines = as_text(tally(Diary(pains=pains), [], at(last, 23), FIRST, last)).splitlines()
    top = next(number for number, line in enumerate(lines) if line.startswith(" 10 ┤"))
    assert lines[top] == " 10 ┤ ██"
    assert lines[top + 6] == "  4 ┤ ●█"
    assert lines[top + 9] == "    │ ██ ▁▁    ██"
    assert lines[top + 10] == "  0 └──────────●──"


def test_the_map_tells_the_number_of_sessions_by_its_glyphs() -> None:
    sessions = [played(at(FIRST + timedelta(days=day), 6 + 3 * number)) for day in range(6) for number in range(day)]
    slots = [slot(at(FIRST + timedelta(days=6), 8), Status.OFF), slot(at(FIRST + timedelta(days=7), 8), Status.DUE)]
    last = FIRST + timedelta(days=7)
    text = as_text(tally(Diary(sessions=tuple(sessions)), slots, at(last, 9), FIRST, last))
    assert "2026-03-02   ·  ░░░ ▒▒▒ ▓▓▓ ███ ███  –\n2026-03-09   ?\n" in text


def test_more_than_half_a_year_shows_the_last_weeks_and_says_so() -> None:
    text = as_text(written(400))
    assert "Sessions a day, the last 26 weeks of 58" in text
    assert len(re.findall(r"^\d{4}-\d\d-\d\d  ", text, re.MULTILINE)) == 26
    assert "a column is the mean of a week" in text


def test_ten_years_fit_by_taking_weeks_together() -> None:
    assert "a column is the mean of 8 weeks" in as_text(written(3650))


def test_a_clear_change_is_told_and_nothing_is_claimed() -> None:
    text = " ".join(as_text(written()).split())
    assert "fell from 7.0 to 4.0 of 10 (means of the first and the last 7 days with a score): 3.0 points less" in text
    assert "It doesn't say why" in text
    assert not re.search(r"\b(heals?|cures?|works|helps|thanks to|because of|responders?)\b", text)


def of_scores(scores: list[int]) -> str:
    days = [FIRST + timedelta(days=number) for number in range(len(scores))]
    pains = tuple(Pain(at=at(day, 20), score=score, when=When.WORST) for day, score in zip(days, scores, strict=True))
    return " ".join(as_text(tally(Diary(pains=pains), [], at(days[-1], 23), FIRST, days[-1])).split())


def test_pain_that_rose_is_told_as_plainly() -> None:
    text = of_scores([1] * 7 + [4] * 7)
    assert "1.0 → 4.0 (3.0 more)" in text
    assert "rose from 1.0 to 4.0 of 10" in text


def test_less_than_two_points_or_two_weeks_are_no_change() -> None:
    text = of_scores([3] * 7 + [1] * 6 + [2])
    assert "3.0 → 1.1 (no clear change)" in text
    assert "Less than 2 points of difference says nothing either way" in text
    assert not re.search(r"\b(fell|rose|less|more)\b", text.partition("What it means")[0])
    assert "13 days with a score (14 are needed for a change)" in of_scores([9] * 7 + [1] * 6)


def test_a_sign_of_a_torn_tendon_comes_first() -> None:
    checks = (Check(at=at(FIRST, 9), topic=Topic.RED_FLAG, about="pop", answer="yes"),)
    found = tally(Diary(checks=checks, sessions=(played(at(FIRST, 8)),)), [], at(FIRST, 23), FIRST, FIRST)
    sentences = as_text(found, 120).partition("What it means\n")[2]
    assert sentences.startswith(
        "- A sign of a torn tendon or a clot was noted (pop on 2026-03-02): a doctor has to look at it"
    )


def test_a_day_above_the_usual_most_is_named() -> None:
    found = tally(Diary(sessions=(played(at(FIRST, 8), 130),)), [], at(FIRST, 23), FIRST, FIRST)
    text = " ".join(as_text(found).split())
    assert "On 1 day one site can have had more than 120 min, the usual most (2026-03-02)." in text


def test_a_name_cannot_steer_the_terminal() -> None:
    found = tally(Diary(sessions=(played(at(FIRST, 8), 20, "\x1b[2Jgone", "calf\r"),)), [], at(FIRST, 23), FIRST, FIRST)
    text = as_text(found)
    assert "\x1b" not in text
    assert "\r" not in text
    assert "·[2Jgone 1" in text


def test_use_is_told_as_a_study_counted_it() -> None:
    text = " ".join(as_text(written(61)).split())
    assert "Sessions on 60 of the last 60 days: high use" in text
    assert "of the last 60 days" not in " ".join(as_text(written(59)).split())
