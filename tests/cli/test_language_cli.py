"""The words of the everyday verbs in another language: a session, a stop, what is refused, what is kept and asked."""

import ast
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from estim import language
from estim.cli.questions import LEG_NAMES, MEANT, SAID_AFTER, _how_it_was, _typed_leg, ask_signs, confirmed
from estim.cli.quick import _unproved
from estim.cli.text import ENDED as ENDS
from estim.cli.text import MOVERS, STATES, bar, left_on, line_of, plain_line, said, status, summary
from estim.core.days.screening import SIGNS
from estim.core.messages.commands import Overview
from estim.core.messages.events import (
    Armed,
    Connected,
    Happened,
    Levelled,
    LinkBack,
    LinkLost,
    Paused,
    Phased,
    Resumed,
    Started,
)
from estim.core.translation import LANGUAGE, English
from estim.core.values import replace
from estim.core.vocabulary import Reason, State
from protocols.vocabulary import Channel, Level
from tests.catalogue_texts import ROOT, of_code
from tests.cli.line import Person
from tests.pseudo import plain_words, pseudo
from tests.tui.scripted import ENDED, RUNNING

NAMES = (RUNNING.unit, RUNNING.program, RUNNING.phase, ENDED.unit, ENDED.program, "em70", "tens-ankle")
"""What has the same name in every language."""

EVENTS: tuple[Happened, ...] = (
    Connected(unit="u", family="em70", simulated=True, battery=80, differs=("7",), address="7"),
    Armed(unit="u", cap={Channel.A: 20}),
    Started(unit="u", program="tens-ankle", length_s=1200.0, started_at="2026-03-05T07:30:00+00:00"),
    Phased(unit="u", phase="7", number=1, count=2, at_s=0.0),
    *(Levelled(unit="u", channel=Channel.A, level=Level(3), cap=20, by=by, at_s=61.0) for by in MOVERS),
    Paused(unit="u", why="paused by a person", at_s=61.0),
    Paused(unit="u", why="7", at_s=61.0),
    Resumed(unit="u", at_s=61.0),
    LinkLost(unit="u", on_until=None, text="7"),
    LinkBack(unit="u"),
)


@pytest.fixture(autouse=True)
def english_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody's language be asked for."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_happens_in_a_session_is_told_in_that_language(event: Happened) -> None:
    with pseudo():
        told = said(event)
    assert told
    assert plain_words(told.replace("paused by a person", ""), *NAMES) == []


@pytest.mark.parametrize("reason", Reason)
def test_how_a_session_ended_is_told_in_that_language(reason: Reason) -> None:
    ended = replace(ENDED, reason=reason, message="", simulated=True, may_be_on=True)
    with pseudo():
        told = [
            summary(replace(ended, stop_confirmed=proved, on_until=until))
            for proved in (True, False)
            for until in (None, "12:03")
        ]
    assert plain_words("\n".join(told), *NAMES) == []
    assert reason in ENDS


@pytest.mark.parametrize("state", State)
def test_the_bar_and_the_status_are_told_in_that_language(state: State) -> None:
    shown = replace(RUNNING, state=state, simulated=True, stale=True, alarms=(), phase="7")
    with pseudo():
        told = [
            bar(shown),
            plain_line(shown),
            line_of(shown, 30),
            status(Overview(pid=1, simulated=True, units=(shown,))),
        ]
        told += [status(Overview(pid=pid, simulated=True, units=())) for pid in (0, 1)]
    assert plain_words("\n".join(told), *NAMES, "estim") == []
    assert state in STATES


def test_what_an_earlier_session_left_on_is_told_in_that_language() -> None:
    shown = replace(RUNNING, state=State.STOPPING, program="", by_hand="7")
    with pseudo():
        told = [left_on(replace(shown, on_until=until)) for until in (None, "12:03")]
        told.append(_unproved("7").text)
    assert all(told)
    assert plain_words("\n".join(told), *NAMES) == []


REFUSED: tuple[tuple[str, ...], ...] = (
    ("pain", "3", "evening"),
    ("pain", "3", "left", "right"),
    ("pain", "3", "stiff"),
    ("pain", "3", "10min"),
    ("pain", "3", "worst", "stiff", "10min"),
    ("pain", "3", "--when", "never"),
    ("pain", "3", "morning", "--when", "rest"),
    ("pain", "3", "--at", "soon"),
    ("pain", "3", "--at", "2999-01-01"),
    ("pain", "3", "--at", "1999-01-01"),
    ("pain", "3", "--red-flag", "odd"),
    ("pain", "3", "--note", "7" * 9000),
    ("run-log", "add", "3km", "--shoes", "7" * 99),
    ("run-log", "add", "30min", "--minutes", "30"),
    ("run-log", "add", "0km"),
    ("run-log", "cancel"),
    ("run-log", "move", "18:00"),
    ("run-log", "plan", "2020-01-01"),
    ("note", "add", " "),
    ("undo",),
    ("log", "--session", "7"),
    ("log", "add", "7" * 99),
    ("log", "add", "tens-ankle", "0min"),
    ("log", "add", "tens-ankle", "--site", "7" * 99),
    ("schedule", "set"),
    ("schedule", "set", "8:00", "--rule", "7"),
    ("schedule", "set", "25:00"),
    ("schedule", "set", "8:00", "--days", "x"),
    ("schedule", "resume"),
    ("schedule", "resume", "2020-01-01"),
    ("schedule", "holiday", "2999-01-02", "2999-01-01"),
    ("schedule", "holiday", "2020-01-01", "2020-01-02"),
    ("schedule", "skip", "3:33"),
    ("schedule", "skip", "soon"),
    ("care", "show", "77"),
    ("care", "tick", "77"),
    ("care", "tick", "1", "77"),
    ("care", "tick", "tens"),
    ("care", "--short", "end"),
    ("care", "loading", "maybe"),
    ("care", "load", "much"),
    ("care", "flag", "odd"),
    ("care", "questions", "--answer", "x"),
    ("care", "clear", "odd", "--reason", "x"),
    ("care", "clear", "implant", "--reason", " "),
    ("care", "after"),
    ("care", "after", "--skin", "odd"),
    ("care", "after", "--skin", "ok"),
    ("care", "skin", "odd"),
    ("report", "--name", "x"),
    ("report", "--all", "--weeks", "2"),
    ("report", "--since", "2999-01-01"),
    ("export", "odd"),
    ("export", "csv", "--todo"),
    ("export", "ics", "--bom"),
    ("export", "csv", "--fhir-version", "R4"),
)
"""Lines that are refused in sentences of these verbs."""


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_what_is_refused_is_told_in_that_language(person: Person, words: tuple[str, ...]) -> None:
    with pseudo():
        refused = person.types(*words)
    assert refused.code
    assert not any(word in ENGLISH for word in plain_words(refused.err)), refused.err


def test_a_slot_that_is_not_there_is_told_in_that_language(person: Person) -> None:
    assert person.types("schedule", "pause").code == 0, "else one may be due, whatever time it is"
    with pseudo():
        refused = person.types("schedule", "snooze")
    assert refused.code
    assert not any(word in ENGLISH for word in plain_words(refused.err)), refused.err


ENGLISH = frozenset(
    {"the", "is", "a", "say", "isn", "of", "and", "or", "to", "such", "as", "with", "for", "not", "no", "it"}
)
"""Words of a sentence; names, options and what was typed have none of them."""


DONE: tuple[tuple[str, ...], ...] = (
    ("pads", "new"),
    ("pads", "show"),
    ("note", "add", "7"),
    ("schedule", "show"),
    ("schedule", "set", "3:00", "20:00"),
    ("schedule", "skip"),
    ("log",),
    ("care", "end"),
    ("care", "loading", "off"),
    ("care", "flag", "none"),
    ("care", "tick", "rest"),
    ("care", "skin", "ok"),
    ("care", "edit"),
)


@pytest.mark.parametrize("words", DONE, ids=" ".join)
def test_what_was_done_is_told_in_that_language(person: Person, words: tuple[str, ...]) -> None:
    with pseudo():
        done = person.types(*words)
    assert done.code == 0
    assert not any(word in ENGLISH for word in plain_words(done.out)), done.out


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


@pytest.mark.parametrize(
    ("word", "yes"), [("y", True), ("yes", True), ("j", True), ("Ja", True), ("n", False), ("nein", False), ("", False)]
)
def test_yes_and_no_may_be_said_in_german(word: str, yes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "vielleicht", word)
    assert confirmed("?") is yes


@pytest.mark.parametrize(
    ("word", "leg"), [("left", "left"), ("l", "left"), ("links", "left"), ("re", "right"), ("rechts", "right")]
)
def test_a_leg_may_be_said_in_german(word: str, leg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, word)
    language.choose({"LANG": "de_DE.UTF-8"})
    try:
        assert _typed_leg() == leg
    finally:
        LANGUAGE.speak("en", English())


@pytest.mark.parametrize(
    ("word", "kept"),
    [("schwächer", "weaker"), ("weaker", "weaker"), ("g", "same"), ("stä", "stronger"), ("s", ""), ("", "")],
)
def test_how_it_was_may_be_said_in_german_and_is_kept_as_ever(
    word: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, word)
    language.choose({"LANG": "de_DE.UTF-8"})
    try:
        assert _how_it_was("?", ("weaker", "same", "stronger")) == kept
    finally:
        LANGUAGE.speak("en", English())


def test_questions_are_asked_in_that_language(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pseudo():
        typed(monkeypatch, "7x", "")
        ask_signs()
        typed(monkeypatch, "7x", "")
        _typed_leg()
        typed(monkeypatch, "7x", "")
        confirmed("7?")
    assert plain_words(capsys.readouterr().err, *SIGNS.values()) == []
    assert set(LEG_NAMES) == {"left", "right"}
    assert set(MEANT) <= set(SAID_AFTER)


def asked_for(path: Path) -> Sequence[str]:
    """Return the texts that a file puts through a translation."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    named = [call for call in calls if getattr(call.func, "id", "") in ("tr", "tr_many", "mark")]
    first = [call.args[0] for call in named if call.args]
    return [one.value for one in first if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def test_no_sentence_stands_where_the_catalogue_does_not_find_it() -> None:
    """A call within an f-string or within another call's is not found by Babel."""
    known = {text.forms[0] for text in of_code()}
    lost = [text for path in sorted((ROOT / "estim").rglob("*.py")) for text in asked_for(path) if text not in known]
    assert lost == []


@pytest.mark.parametrize("width", [40, 60, 79])
def test_level_and_state_are_there_in_german_at_every_width(width: int) -> None:
    language.choose({"LANG": "de_DE.UTF-8"})
    try:
        seen = line_of(replace(RUNNING, state=State.PAUSED, stale=True), width)[:width]
    finally:
        LANGUAGE.speak("en", English())
    assert "A 12" in seen
    assert "(alt) pausiert" in seen
