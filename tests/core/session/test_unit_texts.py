"""What the drivers of every family say to people is known to estim, so that it comes in the reader's language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from estim.core.session.unit_texts import BY_HAND, NOTES, SAID, of_unit, template_of
from estim.core.translation import mark
from protocols import registry
from protocols.yokonex.packets import V1, V2
from protocols.yokonex.proof import Proof
from tests.pseudo import plain_words, pseudo
from tests.untranslated import _SENTENCE, ROOT, _needs_none

NOT_SAID = {"packets.py", "script.py"}
"""Files whose sentences are about bytes, and for whoever writes a driver."""

FOR_THE_CATALOGUE = {"evidence", "title"}


def said_in(path: Path) -> Iterator[str]:
    """Return the sentences of a driver's file, with a 7 for each part that is left open."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    free = {id(node) for call in ast.walk(tree) if _needs_none(call) for node in ast.walk(call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in FOR_THE_CATALOGUE:
            free |= {id(below) for below in ast.walk(node)}
        if isinstance(node, ast.JoinedStr):
            free |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in free or not isinstance(node, ast.JoinedStr | ast.Constant):
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
        if isinstance(getattr(node, "value", ""), str) and _SENTENCE.search(text):
            yield text


def is_known(text: str) -> bool:
    return text in (*SAID, *BY_HAND, *NOTES) or template_of(text) is not None


@pytest.mark.parametrize("name", registry.names())
def test_whatever_a_driver_says_is_known(name: str) -> None:
    files = [path for path in sorted((ROOT / "protocols" / name).glob("*.py")) if path.name not in NOT_SAID]
    by_itself = {"yokonex/proof.py", "yokonex/driver.py"}
    files = [path for path in files if f"{name}/{path.name}" not in by_itself]
    assert [text for path in files for text in said_in(path) if not is_known(text)] == []


@pytest.mark.parametrize("name", registry.names())
def test_how_a_unit_is_ended_by_hand_and_how_a_family_differs_is_known(name: str) -> None:
    made = registry.family(name)
    assert made.by_hand in BY_HAND
    assert set(made.playable.notes) <= set(NOTES)


@pytest.mark.parametrize("profile", [V1, V2])
@pytest.mark.parametrize("pads_on", [True, False])
def test_another_protocol_is_told_whole(profile: str, pads_on: bool) -> None:
    said = Proof(profile).trouble(pads_on=pads_on)
    with pseudo():
        told = of_unit(said)
    assert plain_words(told, V1, V2, "NAME", "profile") == []
    assert of_unit(said) == said


def test_a_figure_in_a_sentence_stays_in_it() -> None:
    with pseudo():
        told = of_unit("the unit went to its program 8, away from 4")
    assert plain_words(told) == []
    assert told.endswith("8, ａｗａｙ ｆｒｏｍ 4")


def test_a_driver_that_is_not_ours_is_told_as_it_speaks() -> None:
    foreign = "{it} smells of smoke: 5 {"
    with pseudo():
        assert of_unit("") == ""
        assert template_of(foreign) is None
    assert of_unit(foreign) == foreign
    assert mark(SAID[0]) == of_unit(SAID[0])
