"""What is said of programs and families that can't be had, and of plug-ins that break a rule, is translated."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from estim.catalogue.contained import Contained, PluginError, blamed, checked
from estim.catalogue.families import check_unit_name, find_family, profile_of
from estim.catalogue.programs import SIZE_MAX, find_program
from estim.core.errors import EstimError
from estim.core.values import replace
from protocols import registry
from protocols.family import Family
from protocols.vocabulary import Channel, Close, Reported
from tests.pseudo import plain_words, pseudo

COYOTE = registry.family("coyote3")


def refused(act: Callable[[], object], *names: str) -> list[str]:
    """Return the words of a refusal that nobody translated."""
    with pseudo(), pytest.raises((EstimError, PluginError)) as error:
        act()
    assert any("ａ" <= sign <= "ｚ" for sign in str(error.value))
    return plain_words(str(error.value), *names)


def test_what_there_is_none_of_is_said_in_the_language(tmp_path: Path) -> None:
    program = tmp_path / "mine.toml"
    program.write_text("#" * (SIZE_MAX + 1))
    paths = (str(tmp_path), "mine.toml", "mine")
    assert refused(lambda: find_program(tmp_path, "tens-ankl"), "tens-ankl", "tens-ankle", "tens-han", "tens-al") == []
    assert refused(lambda: find_program(tmp_path, "zzzzzzzz"), "zzzzzzzz") == []
    assert refused(lambda: find_program(tmp_path, "mine"), *paths) == []
    assert refused(lambda: find_program(tmp_path, "/dev/null"), "/dev/null") == []
    assert refused(lambda: find_program(tmp_path, "/none/none.toml"), "/none/none.toml") == []
    assert refused(lambda: find_family("coyot3"), "coyot3", "coyote3") == []
    assert refused(lambda: find_family("zzzz"), "zzzz", *registry.names()) == []
    assert refused(lambda: check_unit_name("coyote3", "em70"), "coyote3", "em70") == []
    yokonex = registry.family("yokonex")
    assert refused(lambda: profile_of(yokonex, "V9"), yokonex.title, "V9", *yokonex.profiles) == []
    assert refused(lambda: profile_of(COYOTE, "V9"), COYOTE.title, "V9") == []


WRONG: dict[str, Callable[[], object]] = {
    "no family": lambda: "family",
    "another name": lambda: replace(COYOTE, name="mine"),
    "no endpoint": lambda: replace(COYOTE, name="mine", caps=replace(COYOTE.caps, family="mine"), endpoints=()),
    "no hand": lambda: replace(COYOTE, name="mine", caps=replace(COYOTE.caps, family="mine"), by_hand=" "),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_with_a_plug_in_is_said_in_the_language(wrong: str) -> None:
    with_family = WRONG[wrong]()
    assert refused(lambda: checked(with_family, "mine", "their-plug", ()), "mine", "their-plug", "coyote3", "str") == []


def broken(**answers: Callable[..., Any]) -> Family:
    """Return a family whose driver is ours, but for these answers."""

    def connect(now_s: float, profile: str) -> Any:
        driver = COYOTE.connect(now_s, profile)

        class Theirs:
            caps = driver.caps
            due_s = driver.due_s

            def __getattr__(self, name: str) -> Any:
                return answers.get(name, getattr(driver, name))

        return Theirs()

    return replace(COYOTE, connect=connect)


def told(**changes: Any) -> Callable[[float], Reported]:
    """Return an answer that is right but for these fields."""
    return lambda now_s: replace(COYOTE.connect(0.0, "").reported(now_s), **changes)


ANSWERS: dict[str, Callable[..., Any]] = {
    "stop": told(stop=7),
    "level": told(level={}),
    "since": told(settled_s=dict.fromkeys(Channel, float("nan"))),
    "heard": told(heard_s=1e9),
    "sent": told(told_s=1e9),
    "fed": told(fed_s=1e9),
    "bug": lambda now_s: 1 / 0,
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_a_plug_ins_driver_does_wrong_is_said_in_the_language(answer: str) -> None:
    driver = Contained(broken(reported=ANSWERS[answer]), "their-plug", 0.0, "")
    assert refused(lambda: driver.reported(0.0), "their-plug", "ZeroDivisionError('division by zero')") == []


@pytest.mark.parametrize("ops", [[Close(1)] * 40, [5]], ids=["flood", "none"])
def test_what_a_plug_ins_driver_asks_for_is_said_in_the_language(ops: list[Any]) -> None:
    driver = Contained(broken(poll=lambda now_s: ops), "their-plug", 0.0, "")
    assert refused(lambda: driver.poll(0.0), "their-plug", "int") == []


def test_a_bug_of_ours_is_called_one() -> None:
    assert blamed(ValueError("x")) == "a bug in estim: ValueError('x')"
    with pseudo():
        assert plain_words(blamed(ValueError("x")), "ValueError") == []
