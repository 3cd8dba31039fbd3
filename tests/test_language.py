"""Every sentence has its translation, the reader's language is chosen as elsewhere, and none keeps a stop away."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

from estim import language
from estim.core.translation import LANGUAGE, English, day_name, figure, mark, tr, tr_many, tr_text
from tests.catalogue_texts import LANGUAGES, compiled, in_step, of_code, place, read, translations, written
from tests.pseudo import plain_words, pseudo
from tests.untranslated import ROOT, sentences


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave the language as it was."""
    yield
    LANGUAGE.speak("en", English())


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_text_has_its_translation_and_nothing_else_is_kept(name: str) -> None:
    catalogue = in_step(name)
    open_ = [one.id for one in catalogue if one.id and not all(translations(one))]
    assert not open_, f"{len(open_)} without a translation in {place(name).name}: {open_[:5]}"
    assert place(name).read_bytes() == written(catalogue), f"{name} is behind: make docs"
    assert place(name).with_suffix(".mo").read_bytes() == compiled(catalogue), f"{name} is behind: make docs"


def parts_of(text: str) -> set[str]:
    """Return the names that a sentence leaves open."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_translation_leaves_the_same_parts_open(name: str) -> None:
    catalogue = read(name)
    wrong = []
    for text in of_code():  # those of data are told as they are, braces and all
        forms = translations(catalogue.get(text.forms[0], text.context or None))
        # a language with two forms has them for one and for many, as English
        pairs = zip(text.forms if len(forms) == len(text.forms) else text.forms[-1:] * len(forms), forms, strict=True)
        wrong += [(english, form) for english, form in pairs if parts_of(form) != parts_of(english)]
    assert not wrong


def test_what_people_read_is_said_in_their_language() -> None:
    found = [line for path in sorted((ROOT / "estim").rglob("*.py")) for line in sentences(path)]
    assert not found, "\n".join(["put these through estim.core.translation:", *found])


@pytest.mark.parametrize(
    ("surroundings", "codes"),
    [
        ({}, []),
        ({"LANG": "de_DE.UTF-8"}, ["de"]),
        ({"LANG": "de_AT.UTF-8@euro"}, ["de"]),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "de_CH"}, ["de"]),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"}, []),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "de:en"}, ["de", "en"]),
        ({"LANG": "C", "LANGUAGE": "de"}, []),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": ""}, ["fr"]),
    ],
)
def test_the_language_is_asked_of_the_surroundings_as_gettext_does(
    surroundings: dict[str, str], codes: list[str]
) -> None:
    assert language.wanted(surroundings) == codes


def test_a_language_that_there_is_none_of_is_english() -> None:
    language.choose({"LANG": "xx_YY.UTF-8"})
    assert LANGUAGE.name == "en"
    language.choose({"LANG": "xx_YY.UTF-8", "LANGUAGE": "xx:de"})
    assert LANGUAGE.name == "de"


@pytest.mark.control("C-60")
@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, b"\xde\x12\x04\x95" + b"\xff" * 60, None])
def test_a_damaged_catalogue_leaves_english(
    damage: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(language.CATALOGUES, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "de/LC_MESSAGES/estim.mo"
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    monkeypatch.setattr(language, "CATALOGUES", tmp_path)
    language.choose({"LANG": "de_DE.UTF-8"})
    assert tr("  ticked: {step}", step="rest") == "  ticked: rest"


class Wrong(English):
    """A translation that names parts that nobody gives, and opens braces that nobody closes."""

    def gettext(self, message: str, /) -> str:
        return message if message.startswith(("decimal", "Mon", "Jan")) else "{nobody} {"


@pytest.mark.control("C-60")
def test_a_translation_that_can_not_be_filled_in_is_left_for_the_english_sentence() -> None:
    LANGUAGE.speak("xx", Wrong())
    assert tr("stopped after {minutes:g} min", minutes=2.5) == "stopped after 2.5 min"


def test_figures_and_days_follow_the_language_and_moments_for_programs_do_not() -> None:
    at = datetime(2026, 3, 5, 7, 30, tzinfo=UTC)
    assert (figure(2.5), day_name(at, "%a %d %b")) == ("2.5", "Thu 05 Mar")
    language.choose({"LANG": "de_DE.UTF-8"})
    assert (figure(2.5), figure(2, ".1f"), day_name(at, "%A %d. %B")) == ("2,5", "2,0", "Donnerstag 05. März")
    assert at.isoformat() == "2026-03-05T07:30:00+00:00"


def test_one_and_many_have_their_own_words() -> None:
    one = mark("{count} day")
    assert tr_many("{count} day", "{count} days", 1) == "1 day"
    assert tr_many("{count} day", "{count} days", 3) == "3 days"
    assert tr_text(one) == "{count} day"


def test_a_text_that_nobody_translates_is_found_by_its_letters() -> None:
    with pseudo():
        told = tr("next session {at:%a %H:%M}: {what}", at=datetime(2026, 3, 5, 7, 30, tzinfo=UTC), what="tens-ankle")
    assert plain_words(told, "tens-ankle") == []
    assert plain_words(f"{told} on it", "tens-ankle") == ["on", "it"]
