"""Programs are edited in the person's own editor: a real one, a small script; never while anything may be on."""

import os
import pty
import select
import signal
import stat
import subprocess
import sys
import termios
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from textual.widgets import OptionList

from estim.catalogue.programs import find_program, shipped
from estim.config.editor import editor_of
from estim.core.errors import Exit
from estim.core.messages.commands import Arm, Start
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui.choose import Choose
from estim.tui.editing import Editing
from estim.tui.programs import ProgramsPlace, Wrong, wrong_told
from estim.tui.session import Session
from tests.tui.scripted import IDLE, RUNNING, ScriptedClient, asked_of, let_go, lit_in, settle, text_of
from tests.tui.test_log import rows
from tests.tui.test_today import Home, assert_seen

REAL_TIME = True
"""An editor is a process of its own, which a thread waits for."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor that does what stands in the script; "$1" is the file."""
    script = tmp_path / "editor"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))
    does(script, "touch opened")
    return script


def does(editor: Path, line: str) -> None:
    editor.write_text(f"#!/bin/sh\ncd {editor.parent}\n{line}\n")
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)


async def test_a_shipped_program_is_copied_edited_checked_and_offered(home: Home, editor: Path) -> None:
    own = home.options.place.programs / "evening.toml"
    async with home.app(ScriptedClient(IDLE), "programs").run_test(size=(100, 30)) as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) == len(shipped()))
        await pilot.press("slash", *"tens-ankle", "enter", "e")
        await assert_seen(pilot, lambda: "what shall your copy be called?" in text_of(pilot, "#question"))
        await pilot.press("ctrl+u", *"Evening", "enter")
        await assert_seen(pilot, lambda: "it takes small letters" in asked_of(pilot))
        does(editor, """sed -i 's/^rate_hz = 100/rate_hz = 999/; s/^per_day = .*/per_day = 9/' "$1" """)
        await pilot.press("ctrl+u", *"evening", "enter")
        await assert_seen(pilot, lambda: "not right yet: phases[0].rate_hz = 999: it takes" in text_of(pilot, "#note"))
        await pilot.press("slash", "ctrl+u", "enter")
        await assert_seen(pilot, lambda: rows(pilot)[0] == "NOT RIGHT  evening.toml")
        text = text_of(pilot, "#program-text")
        assert f"{own} isn't right yet: e edits it again" in text
        assert "a number from 0.5 to 150 Hz" in text
        assert "caps.per_day = 9: it takes a whole number from 1 to 4 sessions" in text
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, ProgramsPlace), "what is wrong can't be chosen"
        does(editor, """sed -i 's/= 999/= 80/; s/^per_day = 9/per_day = 2/' "$1" """)
        await pilot.press("e")
        await assert_seen(pilot, lambda: "evening is fine, 20 minutes in 1 phase" in text_of(pilot, "#note"))
        await assert_seen(pilot, lambda: any("(evening, 20 min, pain)" in row for row in rows(pilot)))
        assert "80 Hz" in text_of(pilot, "#program-text"), "the one that was edited is lit"
        await pilot.press("enter")
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Choose))
        assert lit_in(pilot) == "evening"
    assert find_program(home.options.place.programs, "evening").phases


async def test_an_editor_that_is_not_there_or_fails_and_a_file_that_is_gone_are_told(
    home: Home, editor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with home.app(ScriptedClient(IDLE), "programs").run_test(size=(100, 30)) as pilot:
        await assert_seen(pilot, lambda: len(rows(pilot)) == len(shipped()))
        monkeypatch.setenv("EDITOR", "/nowhere/editor")
        await pilot.press("slash", *"ems-recovery", "enter", "e", "enter")
        await assert_seen(pilot, lambda: "can't start the editor '/nowhere/editor'" in text_of(pilot, "#note"))
        await assert_seen(pilot, lambda: any("my-ems-recovery" in row for row in rows(pilot)))
        await pilot.press("slash", "ctrl+u", "enter")
        entries = pilot.app.screen.query_one("#entries", OptionList)
        await assert_seen(pilot, lambda: len(rows(pilot)) == len(shipped()) + 1)
        assert "my-ems-recovery" in rows(pilot)[entries.highlighted or 0]
        await assert_seen(pilot, lambda: entries.scroll_offset.y > 0)  # it is far down, and in sight all the same
        monkeypatch.setenv("EDITOR", str(editor))
        does(editor, "exit 3")
        await pilot.press("e")
        await assert_seen(pilot, lambda: "ended with 3" in text_of(pilot, "#note"))
        does(editor, 'rm "$1"')
        await pilot.press("e")
        await assert_seen(pilot, lambda: "isn't there any more" in text_of(pilot, "#note"))


@pytest.mark.control("C-76")
async def test_the_terminal_is_lent_only_while_nothing_can_be_on_and_nothing_begins_until_it_is_back(
    home: Home, editor: Path
) -> None:
    opened = home.path.parent / "opened"
    os.mkfifo(home.path.parent / "typed")
    does(editor, "touch opened; read line < typed")
    client = ScriptedClient(IDLE)
    app = home.app(client, "programs")
    async with app.run_test(size=(100, 30)) as pilot, AsyncExitStack() as stack:
        await assert_seen(pilot, lambda: len(rows(pilot)) == len(shipped()))
        for shown in (replace(RUNNING, state=State.ENDED, out="maybe", stop_confirmed=False), IDLE):
            client.show(shown)
            app.model.starting = shown is IDLE
            await settle(pilot)
            await pilot.press("e")
            await settle(pilot)
            assert "not while output may be on or a start is under way" in text_of(pilot, "#note")
        app.model.starting = False
        await pilot.press("e", "enter")
        await assert_seen(pilot, opened.exists)
        editing: Editing = app._editing
        assert editing.lent
        stack.push_async_callback(editing.end)  # a test that fails leaves no editor behind
        app.leave_by_signal(Exit.INTERRUPTED)
        await settle(pilot)
        assert client.stops == [], "Ctrl-C is the editor's"
        app._start(Start(program="tens-ankle", pads_on=True))
        client.show(replace(RUNNING, state=State.READY))
        await assert_seen(pilot, lambda: isinstance(pilot.app.screen, Session))  # the follower went on hearing
        await settle(pilot)
        await let_go()
        app.action_arm()
        await settle(pilot)
        assert not any(isinstance(command, Start | Arm) for command in client.asked)
        assert app.model.in_state(State.READY), "what is prepared stays prepared"
        client.show(RUNNING)
        await assert_seen(pilot, lambda: app.model.flows)
        app.leave_by_signal(Exit.INTERRUPTED)
        await assert_seen(pilot, lambda: client.stops == [Stop()])  # where something may be on it is a stop too
        await assert_seen(pilot, lambda: not app.model.flows)
        client.show(replace(RUNNING, state=State.READY))
        (home.path.parent / "typed").write_text("done\n")
        await assert_seen(pilot, lambda: not editing.lent)
        await assert_seen(pilot, lambda: "is fine" in text_of(pilot, "#note"))
        assert isinstance(pilot.app.screen, Session), "what began elsewhere is shown"
        await let_go()
        app.action_arm()
        await settle(pilot)
        assert any(isinstance(command, Arm) for command in client.asked)


def test_visual_goes_before_editor_and_a_blank_one_is_none() -> None:
    assert editor_of({"VISUAL": "code -w", "EDITOR": "nano"}) == "code -w"
    assert editor_of({"VISUAL": " ", "EDITOR": "nano"}) == "nano"
    assert editor_of({"EDITOR": ""}) == "vi"


def test_of_many_mistakes_the_first_are_told_and_how_many_more_there_are() -> None:
    told = wrong_told(Wrong(Path("a.toml"), tuple(map(str, range(8)))))
    assert told[1:] == ["0", "1", "2", "3", "4", "and 3 mistakes more"]


SCREEN = """
import asyncio, fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from pathlib import Path
from tests.tui.scripted import IDLE, ScriptedClient
from tests.tui.test_today import Home
app = Home(Path(sys.argv[1])).app(ScriptedClient(IDLE), "programs")
asyncio.run(app.run_async())
sys.exit(app.return_code or 0)
"""


class Person:
    """Somebody at a terminal in front of the screen: a process of its own, whose controlling terminal it is."""

    def __init__(self, home: Path) -> None:
        self.sees, self.terminal = pty.openpty()
        termios.tcsetwinsize(self.terminal, (30, 100))
        self.before = termios.tcgetattr(self.terminal)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCREEN, str(home)],
            stdin=self.terminal, stdout=self.terminal, stderr=self.terminal, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        self.seen = ""

    def reads(self, until: str) -> None:
        """Read until something is shown, and forget what was seen up to it."""
        while until not in self.seen:
            there, _, _ = select.select([self.sees], [], [], 30)
            got = os.read(self.sees, 65536) if there else b""
            assert got, f"{until!r} never came: {self.seen[-2000:]}"
            self.seen += got.decode(errors="replace")
        self.seen = self.seen.partition(until)[2]

    def types(self, keys: str) -> None:
        os.write(self.sees, keys.encode())

    def ends(self) -> int:
        """Return its exit code."""
        code = self.process.wait(30)
        os.close(self.terminal)
        with suppress(OSError):  # how a terminal says that nobody writes to it any more
            while got := os.read(self.sees, 65536):
                self.seen += got.decode(errors="replace")
        os.close(self.sees)
        return code


EDITOR = """
trap 'echo CTRL-C IS MINE' INT
echo EDITOR HAS IT
read line || read line
echo "GOT $line"
"""


@pytest.mark.control("C-76", "C-38")
def test_at_a_real_terminal_the_editor_has_all_of_it_and_a_signal_ends_both(
    home: Home, editor: Path, request: pytest.FixtureRequest
) -> None:
    does(editor, EDITOR)
    person = Person(home.path.parent)
    request.addfinalizer(person.process.kill)
    person.reads("tens-ankle")
    person.types("e")
    person.reads("what shall your")
    person.types("\r")
    person.reads("EDITOR HAS IT")
    assert termios.tcgetattr(person.terminal)[3] & termios.ICANON, "as it was before the screen"
    person.types("\x03")
    person.reads("CTRL-C IS MINE")
    person.types("q s 2\nq")  # what is left over was typed for the editor: no key of it reaches the screen
    person.reads("GOT q s 2")
    person.reads("\x1b[?1049h")
    person.reads("fine,")
    assert person.process.poll() is None
    person.types("e")
    person.reads("EDITOR HAS IT")
    person.process.send_signal(signal.SIGTERM)
    assert person.ends() == 143
    assert "GOT" not in person.seen
    assert "\x1b[?1049l" in person.seen.rpartition("\x1b[?1049h")[2], "the terminal is given back as it was"
