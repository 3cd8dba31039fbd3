"""What the report says comes in the reader's language: nothing of it stays English, as text or as a page."""

import re
from datetime import UTC, datetime

import pytest

from estim import language
from estim.core.translation import LANGUAGE, English
from estim.report.page import as_html
from estim.report.text import as_text
from tests.pseudo import plain_words, pseudo
from tests.report.written import clinic, nothing, written

MADE = datetime(2026, 6, 14, 9, 5, tzinfo=UTC)
OF_THE_PERSON = (
    *("tens-ankle", "ems-recovery", "coyote3", "em70", "mine", "ankle-left", "calf-left", "UTC", "Hz"),
    *("after stairs", "new shoes", "blue", "Achilles tendon, left", "Anna Beispiel", "estim", "km", "min"),
    *("building up, since", "fine: building up", "rest again; first steps 5 on", "rest"),
)
"""Names, and what somebody wrote: as it was written in every language."""

TAGS = re.compile(r"<style>.*?</style>|<[^>]*>", re.DOTALL)


@pytest.mark.parametrize("days", [1, 28, 200, 1000])
def test_the_text_is_translated_throughout(days: int) -> None:
    with pseudo():
        told = as_text(written(days), 100)
    assert plain_words(told, *OF_THE_PERSON) == []


def test_an_empty_one_is_translated_too() -> None:
    with pseudo():
        assert plain_words(as_text(nothing(), 100), *OF_THE_PERSON) == []


@pytest.mark.parametrize("days", [1, 28, 200, 1000])
def test_the_page_is_translated_throughout(days: int) -> None:
    with pseudo():
        page = as_html(written(days), title="Achilles tendon, left", made_at=MADE, clinic=clinic())
    assert plain_words(TAGS.sub(" ", page), *OF_THE_PERSON) == []
    assert '<html lang="xx">' in page


def test_a_german_page_says_so_and_writes_decimals_with_a_comma() -> None:
    language.choose({"LANG": "de_DE.UTF-8"})
    try:
        page = as_html(written(), title="Achillessehne", made_at=MADE)
    finally:
        LANGUAGE.speak("en", English())
    assert '<html lang="de">' in page
    assert "Auf einen Blick" in page
    assert re.search(r"\d,\d h in \d+ Sitzungen", page)
