"""A rehearsal is drawn and refused in the reader's language, and its labels fit into their margin."""

from collections.abc import Iterator

import pytest

from estim import language
from estim.catalogue.programs import find_program
from estim.core.errors import EstimError
from estim.core.translation import LANGUAGE, English
from estim.rehearsal.electrodes import rehearse
from estim.rehearsal.scope import MARGIN, close, text, whole
from protocols import registry
from tests.catalogue_texts import ROOT
from tests.pseudo import plain_words, pseudo


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave the language as it was."""
    yield
    LANGUAGE.speak("en", English())


def test_a_picture_of_a_session_is_translated() -> None:
    seen = rehearse(find_program(ROOT, "tens-fm"), registry.family("coyote3"), minutes=0.5)
    hidden = rehearse(find_program(ROOT, "tens-ankle"), registry.family("em70"), minutes=0.5)
    with pseudo():
        drawn = [text(seen, 80), text(hidden, 80)]
        with pytest.raises(EstimError) as refusal:
            rehearse(find_program(ROOT, "tens-fm"), registry.family("coyote3"), level=9999)
    for one in drawn:
        assert "ｓｅｓｓｉｏｎ" in one
        assert plain_words(one) == []
    assert plain_words(refusal.value.text, registry.family("coyote3").title) == []
    language.choose({"LANG": "de_DE.UTF-8"})
    views = [whole(seen, 40), close(seen, 40)]
    titles = [strip.title for view in views if view is not None for strip in view.strips]
    assert titles == ["Stufe", "Impulse/s", "Breite µs", "Freq. Hz", "Breite µs"]
    assert max(len(title) for title in titles) < MARGIN
