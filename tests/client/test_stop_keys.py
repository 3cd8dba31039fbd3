"""The keys that stop, as data, and as a terminal sends them to `estim run`."""

import asyncio
import os
import pty
from io import StringIO

import pytest

from estim.cli.keys import Keys, read_keys
from estim.cli.run import Run
from estim.cli.text import Screen
from estim.client.follower import Follower
from estim.client.stop_keys import LEAVE_LETTERS, STOP_LETTERS, bare, panics
from estim.clock import new_loop
from estim.config.options import HostOptions
from estim.core.messages.commands import Ask, Refusal, Reply, SetLevel, Start
from estim.core.messages.lowering import Stop
from protocols.vocabulary import Channel
from tests.tui.scripted import RUNNING, ScriptedClient, Successors


@pytest.mark.parametrize("letter", ["s", "S", "ы", "Ы", "і", "с", "σ", "ς", "Σ", "ד", "س"])
def test_the_key_at_the_place_of_s_stops_on_every_usual_layout(letter: str) -> None:
    assert letter in STOP_LETTERS


def test_no_key_with_another_meaning_stops() -> None:
    others = set("abcdkulABCDKULoOwWeErRyYnN+-=_ ?\n\r\t0123456789")
    assert not others & (STOP_LETTERS | LEAVE_LETTERS)
    assert not STOP_LETTERS & LEAVE_LETTERS
    assert all(len(letter) == 1 for letter in STOP_LETTERS | LEAVE_LETTERS)


@pytest.mark.parametrize("key", ["f12", "shift+f12", "ctrl+f12", "alt+f12", "ctrl+alt+shift+f12", "f24", "ctrl+f24"])
def test_f12_panics_with_whatever_modifier(key: str) -> None:
    assert panics(key)


@pytest.mark.parametrize("key", ["f1", "f2", "f11", "s", "plus", "+", "ctrl+s"])
def test_nothing_else_panics(key: str) -> None:
    assert not panics(key)
    assert bare(key)


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("s", ["s"]),
        ("ыS", ["ы", "S"]),
        ("\x1b[24~", ["f12"]),
        ("\x1b[24;2~\x1b[24;5~\x1b[24;3~", ["f12", "f12", "f12"]),
        ("\x1b[24$\x1b[24^\x1b[24@", ["f12", "f12", "f12"]),
        ("\x1b[23~", []),
        ("\x1bOS", []),
        ("\x1b[1;2S", []),
        ("\x1b[A+", ["+"]),
        ("\x1bs", ["s"]),
        ("\x1bOs", ["O", "s"]),
        (" q\n", [" ", "q", "\n"]),
    ],
)
def test_what_a_terminal_sends_is_read_as_keys_and_no_sequence_as_letters(sent: str, keys: list[str]) -> None:
    assert read_keys(sent) == keys


def test_a_letter_of_two_bytes_that_comes_in_two_pieces_is_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    host, terminal = pty.openpty()
    pressed: list[str] = []
    loop, _ = new_loop("1")

    async def life() -> None:
        with os.fdopen(os.dup(terminal)) as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            keys = Keys(pressed.append)
            try:
                for piece in ("ы".encode()[:1], "ы".encode()[1:], b"\x1b", b"[2", b"4~", b"\x1b", b"s"):
                    os.write(host, piece)
                    keys._read()
            finally:
                keys.close()

    try:
        loop.run_until_complete(life())
    finally:
        loop.close()
        os.close(host)
        os.close(terminal)
    assert pressed == ["ы", "f12", "s"]


class Refusing(ScriptedClient):
    """A host on which the unit hasn't come up yet."""

    async def ask(self, command: Ask) -> Reply:
        return Refusal(code=75, text="A waits for the unit")


def running(client: ScriptedClient) -> Run:
    """Return `estim run` in mid-session on a scripted host."""
    run = Run(HostOptions(), Start(program="tens-ankle", pads_on=True), screen=Screen(StringIO()), may_ask=False)
    run._follower = Follower(client, run, Successors())
    run._unit = "coyote3"
    return run


async def pressed(run: Run, *keys: str) -> None:
    for key in keys:
        run.key(key)
    await asyncio.sleep(0)  # each key has a task of its own


@pytest.mark.control("C-38")
@pytest.mark.parametrize("key", ["s", "S", "q", "Q", "ы", "Й", "σ", "ς", "ד", "س"])
async def test_estim_run_stops_by_the_same_keys_even_before_anything_is_known(key: str) -> None:
    client = ScriptedClient(RUNNING)
    await pressed(running(client), key)
    assert client.stops == [Stop(unit="coyote3")]


@pytest.mark.control("C-38")
async def test_estim_run_takes_f12_as_panic() -> None:
    client = ScriptedClient(RUNNING)
    await pressed(running(client), "f12")
    assert client.stops == [Stop(unit="coyote3", reason="panic")]


async def test_a_key_that_is_held_and_refused_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    run = running(Refusing(RUNNING))
    for _ in range(30):
        run._send(SetLevel(channel=Channel.A, by=1, unit="coyote3"))
        await asyncio.sleep(0)
    assert capsys.readouterr().err.count("A waits for the unit") == 1
