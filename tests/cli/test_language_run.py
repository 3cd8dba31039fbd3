"""Verbs that play, stop, look after units and explain themselves, in the reader's language."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from gettext import textdomain
from pathlib import Path

import pytest
import typer

from estim.catalogue.programs import shipped
from estim.cli.at_slot import Ahead
from estim.cli.doctor import _line
from estim.cli.fleet import HEAD, STATES, Stopped, fitted, told
from estim.cli.help_texts import LIBRARY
from estim.cli.run import Run
from estim.cli.together import _prompt
from estim.clock import LoopClock, VirtualLoop
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Start
from estim.core.programs.phase_text import KIND_NAMES
from estim.core.remote.fleet import UnitSeen
from estim.core.translation import LANGUAGE, English
from estim.core.vocabulary import State
from estim.doctor.findings import LOOKED_AT, good
from protocols.registry import names
from protocols.vocabulary import Channel
from tests.catalogue_texts import of_help, read, translations
from tests.cli.line import Person
from tests.cli.test_run_follows import Host, Played, live, texts, turns
from tests.pseudo import plain_words, pseudo, wide
from tests.tui.scripted import RUNNING


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave the language as it was, ours and that of gettext."""
    domain = textdomain()
    yield
    LANGUAGE.speak("en", English())
    textdomain(domain)


def test_every_text_of_help_is_in_the_catalogue() -> None:
    catalogue = read("de")
    texts_ = of_help()
    assert len(texts_) > 150
    assert [one.key for one in texts_ if not translations(catalogue.get(one.key))] == []


def test_help_is_in_the_readers_language(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    said = person.types("devices", "set", "--help").out
    assert "Ändern, was über ein Gerät gemerkt ist" in said
    assert "unit              Name oder Adresse  [erforderlich]" in said
    assert "Optionen:\n" in said
    assert "  --help  Diese Hilfe zeigen.\n" in said


def test_help_is_english_again_after_another_language(person: Person) -> None:
    english = person.types("pause", "--help").out
    with pseudo():
        other = person.types("pause", "--help").out
    assert wide("Zero at once, keep the time that is left.") in other
    assert "Zero at once, keep the time that is left." in english
    assert person.types("pause", "--help").out == english


def test_what_typer_says_in_help_is_what_is_translated() -> None:
    """Another typer may say it otherwise, and nobody would be told that a translation is used no more."""
    source = "".join(path.read_text(encoding="utf-8") for path in Path(typer.__file__).parent.rglob("*.py"))
    joined = re.sub(r'"\s*\n\s*"', "", source)
    assert [one for one in LIBRARY if f'"{one}"' not in joined] == []
    catalogue = read("de")
    assert [one for one in LIBRARY if not translations(catalogue.get(one))] == []


def test_a_start_that_needs_no_host_to_be_refused_is_refused_in_it() -> None:
    starts = [
        (Start(program="p"), False, HostOptions()),
        (Start(program="p", pads_on=True), True, HostOptions(simulate="coyote3")),
        (Start(program="p", pads_on=True, level={Channel.A: 20_000}), False, HostOptions()),
    ]
    for start, at_slot, options in starts:
        with pseudo():
            run = Run(options, start, screen=None, may_ask=False, at_slot=at_slot)
            with pytest.raises(EstimError) as refused:
                run._check()
        assert refused.value.code == Exit.REFUSED
        assert plain_words(refused.value.text) == [], refused.value.text


def test_a_host_that_dies_is_told_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    async def life() -> None:
        host = Host()
        played = Played(host, OSError("no adapter"), Host(mute=True))
        await turns()
        host.play()
        await turns()
        host.die()
        assert (await played.end())[0] == Exit.NOT_CONFIRMED

    with pseudo():
        lines = texts(live(life, capsys))
    assert len(lines) == 2
    assert [plain_words(str(line), RUNNING.by_hand, "no adapter") for line in lines] == [[], []], lines


def test_two_units_and_a_slot_ahead_are_told_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    born = datetime(2026, 6, 1, 7, 57, 30, tzinfo=UTC)
    loop = VirtualLoop(None)
    ahead = Ahead(born + timedelta(minutes=2), LoopClock(loop, born))

    async def wait() -> str:
        await ahead.until_lead(lambda: False)
        return await ahead.at_slot(lambda: False, lambda: False, lambda: asyncio.sleep(0))

    with pseudo():
        why = loop.run_until_complete(wait())
        prompt = _prompt(Start(program="p", unit="left"), 1)
    loop.close()
    counted = capsys.readouterr().err
    assert "2:00" in counted
    assert plain_words(counted) == []
    assert why
    assert plain_words(why + prompt, "left") == []


def seen(host: str, **more: object) -> dict[str, object]:
    """Return a row of a fleet's table."""
    return {"host": host, "online": False, "unit": "u1", "linked": True, "state": "running", "level": 2, "left_s": 61,
            "alarm": None, "may_be_on": True, "age_s": 40.0, **more}  # fmt: skip


def test_a_fleet_is_told_in_it() -> None:
    unit = UnitSeen("u1")
    stops = [
        (Stopped(0, ()), None),
        (Stopped(2, ()), "h1"),
        (Stopped(30, (("h1", unit),) * 22, frozenset({"h1"})), None),
    ]
    with pseudo():
        said = [told(stopped, host)[0] for stopped, host in stops]
        said += fitted([seen("h1"), *[seen("h1", state=one.value) for one in State]], 50)
        said += fitted([seen("h1")] * 9, 4)
    assert [plain_words(line, "h1", "u1") for line in said if plain_words(line, "h1", "u1")] == []


def test_every_column_and_state_of_a_fleet_has_a_word_in_every_language() -> None:
    catalogue = read("de")
    (heads,) = translations(catalogue.get(HEAD))
    assert len(heads.split("|")) == len(HEAD.split("|"))
    assert set(STATES) == {one.value for one in State}


VERBS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("devices", "list"), ()),
    (("devices", "add", "C1:00:00:00:00:01", "--family", "coyote3", "--name", "calf"), ("calf", "coyote", "C1")),
    (("devices", "add", "C1:00:00:00:00:01", "--family", "nope"), ("nope", *names())),
    (("programs", "list"), (*(one.id for one in shipped()),)),
    (("programs", "matrix"), (*(one.id for one in shipped()), *names())),
    (("programs", "new", "calf-1"), ("home", "calf-1", "toml", "programs")),
    (("service", "install"), ("home", "estim.service", "config", "systemd", "user")),
    (("service", "status"), ("home", "estim.service", "estim-remind.timer", "config", "systemd", "user", "active")),
    (("service", "install", "--remind-only"), ()),
    (("service", "uninstall"), ("home", "estim.service", "config", "systemd", "user")),
    (("completion", "nope"), ("nope", "bash", "zsh", "fish")),
    (("plugins",), ("docs/plugins.md",)),
    (("decode", "coyote3", "nope", "00"), ("nope", "to-device", "from-device")),
    (("decode", "coyote3", "to-device"), ("batch", "stdin")),
    (("level", "A", "nope"), ("level", "nope")),
    (("--speed", "2", "status"), ("speed", "simulate")),
    (("run", " "), ()),
    (("run", "--minutes", "0"), ("minutes",)),
    (("stop", "--seen-off", "--unit", "a", "--unit", "b"), ("seen-off", "unit")),
    (("help", "nope"), ("nope", "exit-codes")),
    (("fleet", "stop", "Nope"), ("Nope", "clinic", "estim fleet")),
    (("fleet", "stop"), ("mqtt", "HOST", "config.toml", "docs/mqtt.md")),
    (("paths",), ()),
]
"""Lines, and the names in what is told of them."""


@pytest.mark.parametrize(("line", "known"), VERBS, ids=lambda value: " ".join(value)[:40])
def test_a_line_is_answered_in_it(line: tuple[str, ...], known: tuple[str, ...], person: Person) -> None:
    if line in (("service", "status"), ("service", "uninstall"), ("service", "install", "--remind-only")):
        person.types("service", "install")
    with pseudo():
        said = person.types(*line)
    text = "\n".join(word for part in (said.out + said.err).splitlines() for word in part.split() if "/" not in word)
    assert said.out + said.err or line == ("devices", "list")
    assert plain_words(text, "estim", *known) == [], text


def test_a_finding_is_told_in_it() -> None:
    with pseudo():
        lines = [_line(good(str(about), "3")) for about in LOOKED_AT]
    assert [plain_words(line) for line in lines] == [[]] * len(LOOKED_AT)
    assert _line(good("host", "none runs")) == "ok  host         none runs"


def test_kinds_and_places_are_those_that_there_are(person: Person) -> None:
    assert {one.kind for one in shipped()} <= set(KIND_NAMES)
    assert {row["what"] for row in person.types("paths", json_=True).rows} == set(find_home(str(person.home)).places())
