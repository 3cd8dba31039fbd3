"""Walks through the screen by real keys in a real terminal (tmux), and what people see of them in docs/screens.

One table holds each step's keys, what has to be seen then, and its picture; walks, pictures, page and tests come from
it. `python -m tests.tui.walk` walks, and renews the pictures and the page.
"""

import html
import os
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

from estim.client.consent import APART_S, READ_S
from estim.clock import RealClock
from estim.config.options import HostOptions
from estim.journal.first_start import UNIT, WHAT_IT_IS, keep_step
from tests.generate import ROOT, without_fonts

TMUX = shutil.which("tmux")
WAIT_S = 60.0
"""Longest wait for something to be seen: a slow machine that runs several tests at once."""
LET_GO_S = READ_S + 0.1
"""A person's way from one question to the next, s."""
WIDTH = 80
HEIGHT = 24
CELL_PX = 12.2
"""How wide one column is in a picture."""
PICTURES = ROOT / "docs/screens"
PAGE = ROOT / "docs/screens.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Keys by tmux's names, all words that are seen after them, and those that are not; a picture has a sentence.

    `let_go_s`: so long nothing was pressed before each key: a terminal tells by time alone that one was let go.
    """

    keys: tuple[str, ...] = ()
    words: tuple[str, ...]
    gone: tuple[str, ...] = ()
    let_go_s: float = 0.0
    picture: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """What is typed in a shell, {home} being a new folder, and the steps to its end.

    `left_at`: where the first start had been left there.
    """

    line: str
    steps: tuple[Step, ...]
    left_at: int = WHAT_IT_IS


FIRST_START = Walk(
    "--home {home} --simulate coyote3 --speed 20",
    (
        Step(
            words=(
                "SIMULATED",
                "Step 1 of 3",
                "It is not a medical device",
                "with a pacemaker",
                "F12",
                "STOP",
                "? Help",
            ),
            picture="first-start",
            sentence="The first start says what estim is, what it isn't, and how to stop, before anything else.",
        ),
        Step(keys=("3", "x", "BSpace"), words=("Step 1 of 3", "First these three steps")),
        Step(
            keys=("Enter",),
            words=("Step 2 of 3", "question 1 of 14", "Do you have a pacemaker", "Backspace back", "STOP"),
            picture="first-questions",
            sentence="Then fourteen questions, one at a time; each answer can be taken back.",
        ),
        Step(
            let_go_s=LET_GO_S,
            keys=("y",),
            words=("question 2 of 14", "NO SESSION may take place", "Do you have epilepsy?"),
        ),
        Step(keys=("BSpace", "BSpace"), words=("Step 1 of 3",), gone=("question 1 of 14",)),
        Step(keys=("Enter",), words=("question 1 of 14",)),
        Step(let_go_s=LET_GO_S, keys=("n",) * 9, words=("question 10 of 14",)),
        Step(keys=("x", "Enter", "3"), words=("question 10 of 14",)),
        Step(
            let_go_s=LET_GO_S,
            keys=("n",) * 5,
            words=("Step 3 of 3, your unit, is left out", "Next: Enter leads to the programs"),
        ),
        Step(
            keys=("Enter",),
            words=(
                "Ankle and Achilles tendon",
                "Not on the ankle bones",
                "Minutes 20",
                "Pads on, start",
                "STOP",
                "? Help",
            ),
            picture="choose",
            sentence="Before a start: the program, where its pads go and where they never may, minutes, and a level.",
        ),
        Step(keys=("Tab",), words=("Minutes 20",), gone=("? Help",)),  # letters are typed from here on
        Step(keys=("x",), words=("Minutes x",)),
        Step(keys=("Enter",), words=("Minutes “x”", "Pads on, start")),
        Step(keys=("BSpace",), words=("Goal level 0",), gone=("“x”", "Minutes x")),
        Step(keys=("1",), words=("Minutes 1 ", "Goal level 0")),
        Step(keys=("Enter", "Enter"), words=("Minutes 1 ", "Pads on, start", "? Help")),
        Step(keys=("Enter",), words=("wait a moment, then press Enter again", "Pads on, start")),
        Step(let_go_s=APART_S, keys=("Enter",), words=("left of 1:00", "▶ A level 0", "STOP")),
        Step(keys=("+", "+"), words=("▶ A level 2",)),
        Step(keys=("d",), words=("this unit has no channel D", "▶ A", "STOP")),
        Step(words=("Session over", "completed", "yes, the unit says zero")),
        Step(keys=("3",), words=("SIMULATED", "Log: everything", "#1 tens-ankle on coyote3", "A=2, completed")),
        Step(keys=("q",), words=("LEFT WITH 0",)),
    ),
)

DEMO = Walk(
    "--simulate coyote3 --speed 20 demo {home}",
    (
        Step(
            words=("SIMULATED", "As last time: tens-ankle", "yesterday: 2 sessions", "week", "? Help", "STOP"),
            gone=("connecting to",),
            picture="today",
            sentence="Today: what is due, one key that plays it as last time, the steps of the plan, the week.",
        ),
        Step(
            keys=("Enter",),
            words=("As last time: tens-ankle", "Are the pads on?", "y  yes, they are on: start", "STOP"),
            picture="pads-on",
            sentence="Nothing begins before you have said that the pads are on, by a key of its own.",
        ),
        Step(keys=("y",), words=("left of 20:00", "level", "STOP")),
        Step(
            words=("SIMULATED", "left of 20:00", "▶ A  level 1", "cap 70", "goal 14", "plays 100 Hz", "STOP", "? Help"),
            picture="running",
            sentence="A session: level, goal and cap of each channel, the time that is left, and what the unit plays.",
        ),
        Step(
            keys=("3",),
            words=("Log: everything", "left · s or F12 stops", "it runs now", "SIMULATED", "STOP", "f Filter"),
            picture="elsewhere",
            sentence="Wherever you go meanwhile, the session stays in sight in one line, and STOP below.",
        ),
        Step(
            keys=("F12",),
            words=("Session over", "by the panic key", "yes, the unit says zero", "STOP", "? Help"),
            picture="over",
            sentence="After it: why it ended, how high it went, and whether the unit itself says zero.",
        ),
        Step(
            keys=("3",),
            words=("Log: everything", "#27 tens-ankle on coyote3, left leg", "SIMULATED", "STOP", "f Filter"),
            gone=("s or F12 stops",),
            picture="log",
            sentence="The log: every session, score, run and note, newest first.",
        ),
        Step(
            keys=("4",),
            words=("Programs: every kind", "Pads:", "SIMULATED", "STOP", "f Kind"),
            picture="programs",
            sentence="The programs: what each plays on your unit, and where its pads go.",
        ),
        Step(
            keys=("5",),
            words=("Care plan", "Eight steps back to running", "no run is planned", "SIMULATED", "STOP", "r Red flag"),
            picture="care",
            sentence="The eight steps back to running, and what still has to be so before the next run.",
        ),
        Step(keys=("1",), words=("As last time: tens-ankle",)),
        Step(keys=("q",), words=("LEFT WITH 0",)),
    ),
)

WITHOUT_HARDWARE = Walk(
    "--home {home} --radio hci:tcp-client:127.0.0.1:9",  # where nobody listens, so no radio of this computer is used
    (
        Step(words=("Step 3 of 3: your unit", "w tries estim without hardware"), gone=("SIMULATED",)),
        Step(keys=("w",), words=("SIMULATED", "As last time: tens-ankle", "? Help")),
        Step(keys=("q",), words=("the demo is kept: estim demo", "LEFT WITH 0")),
    ),
    left_at=UNIT,
)

WALKS = (FIRST_START, DEMO)
PICTURED = tuple(step for walk in WALKS for step in walk.steps if step.picture)


class Terminal:
    """One tmux of our own, with one window; it is as big as the pictures."""

    def __init__(self, folder: Path, line: str) -> None:
        assert TMUX is not None, "a walk is left out without it"
        self.home = folder / "home"
        self._socket = str(folder / "tmux")
        estim = f"TMPDIR={folder} {sys.executable} -m estim.cli.main {line.format(home=self.home)}"
        shell = f"{estim}; echo LEFT WITH $?; read x"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT), shell)
        news = folder / "news"
        os.mkfifo(news)
        self._news = os.open(news, os.O_RDWR | os.O_NONBLOCK)  # whatever is drawn comes here too: something to wait for
        self._tmux("pipe-pane", "-O", f"cat > {news}")

    def _tmux(self, *words: str) -> str:
        assert TMUX is not None
        env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        for name in ("TMUX", "NO_COLOR", "TEXTUAL_THEME"):
            env.pop(name, None)
        line = [TMUX, "-S", self._socket, *words]
        return subprocess.run(line, env=env, capture_output=True, text=True, check=True).stdout

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        if keys:
            self._tmux("send-keys", *keys)

    def see(self) -> Text:
        """Return what is on the screen, with its colours."""
        return Text.from_ansi(self._tmux("capture-pane", "-e", "-N", "-p"))

    def wait_for(self, step: Step) -> Text:
        """Look until all of the step's words are on the screen, and none of those that must have gone."""
        clock = RealClock()
        until_s = clock.now().mono_s + WAIT_S
        while clock.now().mono_s < until_s:
            seen = self.see()
            if missing(step, seen.plain) == []:
                return seen
            if select.select([self._news], [], [], 1.0)[0]:
                os.read(self._news, 65536)
        seen = self.see()
        raise AssertionError(f"{missing(step, seen.plain)} after {step.keys}:\n{seen.plain}")

    def close(self) -> None:
        """End it, and what runs in it."""
        self._tmux("kill-server")
        os.close(self._news)


def missing(step: Step, seen: str) -> list[str]:
    """Return what isn't as it should be after a step: words that aren't there, and words that still are."""
    text = " ".join(seen.split())  # a sentence may go on in the next row
    return [
        *(word for word in step.words if " ".join(word.split()) not in text),
        *(f"still {word}" for word in step.gone if word in text),
    ]


@contextmanager
def opened(walk: Walk) -> Iterator[Terminal]:
    """Open a walk's terminal in a folder of its own."""
    with TemporaryDirectory(prefix="estim-walk-") as folder:
        if walk.left_at != WHAT_IT_IS:
            keep_step(HostOptions(home=f"{folder}/home"), walk.left_at)
        terminal = Terminal(Path(folder), walk.line)
        try:
            yield terminal
        finally:
            terminal.close()


def walked(walk: Walk) -> dict[str, Text]:
    """Go all steps of a walk, and return what was seen at those that have a picture."""
    seen = {}
    with opened(walk) as terminal:
        for step, found in going(terminal, walk):
            if step.picture:
                seen[step.picture] = found
    return seen


def going(terminal: Terminal, walk: Walk) -> Iterator[tuple[Step, Text]]:
    """Go step by step, and give what is seen at each."""
    for step in walk.steps:
        for keys in [(key,) for key in step.keys] if step.let_go_s else [step.keys]:
            select.select([], [], [], step.let_go_s)
            terminal.press(*keys)
        yield step, terminal.wait_for(step)


def drawn(seen: Text, title: str) -> str:
    """Return what was seen as a picture that fetches nothing."""
    console = Console(
        record=True, width=WIDTH, height=HEIGHT, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(seen, no_wrap=True, crop=False, overflow="ignore", end="")
    return without_fonts(console.export_svg(title=title, unique_id="estim"))


def words_of(picture: str) -> str:
    """Return what can be read in a picture, row by row. Gaps aren't written into it, but where each word stands is."""
    rows: dict[str, str] = {}
    for x, y, text in re.findall(r'<text class="estim-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', picture):
        before = rows.get(y, "")
        rows[y] = f"{before:<{round(float(x) / CELL_PX)}}{html.unescape(text)}"
    return "\n".join(rows.values()).replace("\xa0", " ")


def page() -> str:
    """Return the page that shows all pictures, each with its sentence."""
    lines = [
        "# The screen",
        "",
        "What you see from the first start to the log, at 80 columns and 24 rows, with a software unit. Each picture"
        " is of a step that a test walks by real keys (`python -m tests.tui.walk`).",
    ]
    for step in PICTURED:
        lines += ["", step.sentence, "", f"![{step.sentence}](screens/{step.picture}.svg)"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Walk, and renew the pictures and their page."""
    PICTURES.mkdir(exist_ok=True)
    for walk in WALKS:
        for name, seen in walked(walk).items():
            (PICTURES / f"{name}.svg").write_text(drawn(seen, "estim"), encoding="utf-8")
            sys.stdout.write(f"{name} renewed\n")
    for old in PICTURES.glob("*.svg"):
        if old.stem not in {step.picture for step in PICTURED}:
            old.unlink()
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
