"""`estim run` at a terminal: a key that is held, or pressed again in haste, begins nothing and goes on with nothing."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from estim.client.consent import APART_S
from estim.clock import VirtualLoop
from estim.core.messages.commands import Arm, Resume
from estim.core.messages.lowering import Pause
from estim.core.vocabulary import State
from tests.cli.test_together import Terminal, shown

DELAY_S = 0.5
GAP_S = 0.03
"""When a key that is held repeats, and how often then, s."""


def live(life: Callable[[], Coroutine[object, object, None]]) -> None:
    """Live on time that jumps."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(life())


async def hold(terminal: Terminal, key: str) -> None:
    """Hold a key down for two seconds, as a terminal tells it."""
    await terminal.press(key)
    become(terminal, State.PAUSED if key == " " else State.READY)
    await asyncio.sleep(DELAY_S)
    for _ in range(50):
        await terminal.press(key)
        await asyncio.sleep(GAP_S)


def become(terminal: Terminal, state: State) -> None:
    """Let every unit be in this state, as its host would tell it."""
    for run, unit in zip(terminal.together._runs, ("left", "right"), strict=False):
        run._begun = True
        run.heard(shown(unit, state))


@pytest.mark.control("C-78")
@pytest.mark.parametrize("units", [("left",), ("left", "right")])
def test_the_key_that_pauses_goes_on_only_when_it_is_pressed_anew(
    units: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    async def life() -> None:
        terminal = Terminal(*(shown(unit, State.RUNNING) for unit in units))
        await hold(terminal, " ")
        assert [client.asked for client in terminal.clients] == [[Pause(unit)] for unit in units]
        await asyncio.sleep(APART_S)
        await terminal.press(" ")
        assert [client.asked for client in terminal.clients] == [[Pause(unit), Resume(unit)] for unit in units]

    live(life)
    assert "wait a moment, then press the key again" in capsys.readouterr().err


@pytest.mark.control("C-78")
def test_one_that_is_paused_for_long_doesnt_go_on_by_the_held_key_that_paused_the_other() -> None:
    async def life() -> None:
        terminal = Terminal(shown("left", State.RUNNING), shown("right", State.PAUSED))
        left, right = terminal.together._runs
        right._begun = True
        right.heard(shown("right", State.PAUSED))
        await asyncio.sleep(APART_S)
        await terminal.press(" ")
        left._begun = True
        left.heard(shown("left", State.PAUSED))
        await asyncio.sleep(DELAY_S)
        await terminal.press(" ")
        assert [client.asked for client in terminal.clients] == [[Pause("left")], []]

    live(life)


@pytest.mark.control("C-78")
def test_enter_in_haste_doesnt_say_that_the_pads_are_on(capsys: pytest.CaptureFixture[str]) -> None:
    async def life() -> None:
        terminal = Terminal(shown("left", State.CONNECTING))
        await hold(terminal, "\n")
        assert terminal.clients[0].asked == []
        await asyncio.sleep(APART_S)
        await terminal.press("\n")
        assert terminal.clients[0].asked == [Arm("left")]

    live(life)
    assert "wait a moment, then press the key again" in capsys.readouterr().err


@pytest.mark.control("C-78")
def test_a_key_that_was_meant_to_pause_doesnt_go_on_with_what_has_just_been_paused_elsewhere() -> None:
    async def life() -> None:
        terminal = Terminal(shown("left", State.RUNNING))
        become(terminal, State.RUNNING)
        await asyncio.sleep(APART_S)
        become(terminal, State.PAUSED)
        assert await terminal.press(" ") == [[]]
        await asyncio.sleep(APART_S)
        assert await terminal.press(" ") == [[Resume("left")]]

    live(life)
