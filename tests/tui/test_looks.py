"""How it looks where it can't look as it was drawn: plain signs, no colours, and every theme readable."""

import html
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES
from textual.widget import Widget
from textual.widgets import Digits, Static

from estim.config.options import HostOptions
from estim.core.errors import EstimError, Exit
from estim.core.values import replace
from estim.core.vocabulary import Priority, State
from estim.tui.app import SessionApp
from estim.tui.looks import contrast
from estim.tui.main import run_screen
from estim.tui.show import theme_of
from estim.tui.signs import PLAIN, in_plain, wants_plain
from estim.tui.terminal import Terminal
from estim.tui.themes import check_theme, read_themes
from tests.tui.scripted import ALARM, ENDED, RUNNING, ScriptedClient, screen_of, settle
from tests.tui.test_in_sight import LOST, PHASES, PULSE

LIVELY = replace(
    RUNNING,
    simulated=True,
    phases=PHASES,
    pulse=replace(PULSE, contraction_s=(1.0, 2.0, 1.0, 2.0), burst_s=()),
    lanes=(replace(RUNNING.lanes[0], hi=14, held_by="one step each 0.5 s"), RUNNING.lanes[1]),
    alarms=tuple(replace(ALARM, number=number, priority=priority) for number, priority in enumerate(Priority)),
)


def seen_signs(pilot: Pilot[int]) -> set[str]:
    """Return every sign that is on the screen, but for letters of ours."""
    picture = pilot.app.export_screenshot()
    return {sign for text in re.findall(r"<text[^>]*>([^<]*)</text>", picture) for sign in html.unescape(text)}


async def test_every_sign_on_the_screen_has_a_plain_one() -> None:
    client = ScriptedClient()
    async with screen_of(client).run_test(size=(120, 50)) as pilot:
        signs: set[str] = set()
        for shown in (None, LIVELY, replace(LIVELY, state=State.PAUSED), LOST, replace(RUNNING, state=State.ENDED)):
            if shown is not None:
                client.show(shown)
            await settle(pilot)
            signs |= seen_signs(pilot)
            await pilot.press("question_mark")
            await settle(pilot)
            signs |= seen_signs(pilot)
            await pilot.press("enter")
        client.tell(ENDED)
        await settle(pilot)
        signs |= seen_signs(pilot)
    strange = {sign for sign in signs if not sign.isascii() and sign != "\xa0" and ord(sign) not in PLAIN}
    assert {"█", "◆", "▶"} <= signs
    assert not strange


@given(st.text("█▒·◇▶│─━◆▁▂▃▄▅▆▇–…µ日é abc"))
def test_plain_signs_keep_their_place(text: str) -> None:
    assert len(in_plain(text, "ascii")) == len(text)
    assert in_plain(text, "ascii").isascii()
    assert "é" not in text or "é" in in_plain(text, "latin-1"), "what the terminal can show stays"


@pytest.mark.parametrize(
    ("environment", "encoding", "plain"),
    [
        ({"TERM": "xterm-256color"}, "utf-8", False),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "UTF8", False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "utf-8", True),
        ({"TERM": "dumb"}, "utf-8", True),
        ({"TERM": "linux"}, "iso-8859-15", True),
        ({"TERM": "linux"}, None, True),
        ({"TERM": "linux"}, "no-such", True),
        ({}, "utf-8", True),
    ],
)
def test_who_gets_plain_signs(environment: dict[str, str], encoding: str | None, plain: bool) -> None:
    assert wants_plain(environment, encoding) is plain


class Kept:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.written = ""
        self._queue = self

    def is_alive(self) -> bool:
        return True

    def full(self) -> bool:
        return False

    def write(self, text: str) -> None:
        self.written += text


@pytest.mark.parametrize(("colours", "written"), [("1", "\x1b[1m#@ 12-14 .\x1b[0m"), ("", "\x1b[1m█◆ 12–14 ·\x1b[0m")])
async def test_the_driver_writes_plain_signs(monkeypatch: pytest.MonkeyPatch, colours: str, written: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", colours)
    async with screen_of(ScriptedClient()).run_test() as pilot:
        terminal = Terminal(pilot.app)
        kept = Kept()
        terminal._file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        terminal._writer_thread = kept  # type: ignore[assignment]
        terminal.write("\x1b[1m█◆ 12–14 ·\x1b[0m")
        assert kept.written == written


LEAST = 4.5
"""Contrast of text that is readable (WCAG 2.2, 1.4.3)."""


def faint(widgets: Sequence[Widget]) -> dict[str, float]:
    """Return the texts that are too faint, with their contrast."""
    found = {}
    for widget in widgets:
        style = widget.visual_style
        assert style.background is not None
        assert style.foreground is not None
        ratio = contrast(style.background + style.foreground, style.background)
        if ratio < LEAST:
            found[f"{widget.id or ' '.join(sorted(widget.classes))}"] = round(ratio, 2)
    return found


THEMES = sorted(name for name, theme in BUILTIN_THEMES.items() if not theme.name.startswith("ansi"))
"""Themes with colours of their own; the two others use the terminal's, whatever those are."""


async def test_every_theme_is_readable() -> None:
    lost = replace(LOST, unit="lost", alarms=LIVELY.alarms, differs=LIVELY.differs)
    app = screen_of(ScriptedClient(LIVELY, lost))  # beside each other: fresh figures and old ones in one picture
    too_faint: dict[str, dict[str, float]] = {}
    async with app.run_test(size=(120, 50)) as pilot:
        app.model.say("a note")
        for theme in THEMES:
            app.theme = theme
            await settle(pilot)
            texts = [one for one in app.screen.query("*") if isinstance(one, Static | Digits) and one.display]
            assert len(texts) > 30
            too_faint[theme] = faint(texts)
    assert len(THEMES) > 15
    assert not {theme: texts for theme, texts in too_faint.items() if texts}


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(Color.parse("black"), Color.parse("white")) == pytest.approx(21.0)
    assert contrast(Color.parse("#777777"), Color.parse("white")) == pytest.approx(4.48, abs=0.01)


def test_a_theme_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(EstimError, match="did you mean nord") as refused:
        run_screen(HostOptions(simulate="em70"), "nordd")
    assert refused.value.code is Exit.USAGE
    check_theme("nord", "--theme", Exit.USAGE)


@pytest.mark.parametrize(("line", "theme"), [("", None), ('theme = "nord"', "nord"), ('theme = "nrd"', EstimError)])
def test_the_theme_of_the_settings(tmp_path_factory: pytest.TempPathFactory, line: str, theme: object) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / "config.toml").write_text(line, encoding="utf-8")
    options = HostOptions(home=str(home))
    if theme is EstimError:
        with pytest.raises(EstimError, match="there is no theme “nrd”") as refused:
            theme_of(options)
        assert refused.value.code is Exit.CONFIG
    else:
        assert theme_of(options) == theme


def own(folder: Path, name: str, text: str) -> Path:
    """Write a theme."""
    (folder / "themes").mkdir(exist_ok=True)
    file = folder / "themes" / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "primary is missing"),
        ('primary = "nocolour"', 'it takes a colour such as "#2e3440"'),
        ('primary = "#1234567890"', "it takes a colour"),
        ('primary = "#88c0d080"', "it takes a colour"),
        ('primary = "ansi_red"', "it takes a colour"),
        ("primary = 4", "it takes a colour"),
        ('primary = "#88c0d0"\ndark = "yes"', "it takes true or false"),
        ('primary = "#88c0d0"\nlumin = 4', "lumin isn't a part of a theme; known: name, dark, primary"),
        ('primary = "#88c0d0"\nname = "nord"', "a theme that is there already"),
        ('primary = "#88c0d0"\nname = "a b"', "it takes letters, digits and -"),
        (
            'primary = "#88c0d0"\nforeground = "#777777"\nbackground = "#888888"',
            "a contrast of 1.3, and text needs 4.5",
        ),
        ('primary = "#88c0d0"\nforeground = "#000000"\nbackground = "#808080"', "no text is clear on it"),
        ("primary = ", "not TOML"),
    ],
)
def test_a_theme_that_is_wrong_says_what_and_where(tmp_path: Path, text: str, says: str) -> None:
    file = own(tmp_path, "mine", text)
    found, wrong = read_themes(tmp_path / "themes")
    assert not found
    assert wrong["mine"].startswith(str(file))
    assert says in wrong["mine"]


def test_own_themes_are_known_by_their_names_and_a_broken_one_keeps_no_screen_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(tmp_path, "evening", 'primary = "#ff8800"')
    own(tmp_path, "copy", 'primary = "#ff8800"\nname = "evening"')
    own(tmp_path, "bad", "primary = ")
    themes, broken = read_themes(tmp_path / "themes")
    assert list(broken) == ["bad", "evening"]
    assert list(themes) == ["evening"], "the first of a name counts"
    with pytest.raises(EstimError, match="there is no theme “evenin”; did you mean evening"):
        check_theme("evenin", "--theme", Exit.USAGE, themes)
    shown: list[tuple[object, str | None, object]] = []

    async def show(_options: object, _starting: object, problems: object, looks: tuple[str | None, object]) -> int:
        shown.append((problems, *looks))
        return 0

    monkeypatch.setattr("estim.tui.show._show", show)
    monkeypatch.setattr("estim.tui.main.has_screen", lambda: True)
    monkeypatch.setattr("estim.tui.main._begun", lambda _options: None)
    (tmp_path / "themes" / "copy.toml").unlink()
    for asked, got in (("evening", "evening"), ("bad", None), (None, None)):
        run_screen(HostOptions(home=str(tmp_path)), asked)
        problems, look, own_ = shown.pop()
        assert look == got
        assert own_ == themes
        assert "bad.toml" in str(problems)
    (tmp_path / "config.toml").write_text('theme = "bad"', encoding="utf-8")
    run_screen(HostOptions(home=str(tmp_path)))
    assert shown.pop()[1] is None


async def test_an_own_theme_that_is_taken_is_readable(tmp_path: Path) -> None:
    themes = {
        "dark": 'primary = "#7f7f7f"\nwarning = "#808080"\nerror = "#ff00ff"\nbackground = "#101820"',
        "light": 'primary = "#ff0"\ndark = false\nforeground = "#222222"\nbackground = "#f8f0e0"\nsurface = "#eeeeee"',
        "edge": 'primary = "#00ff00"\nforeground = "#767676"\nbackground = "#ffffff"\nsurface = "#ffffff"\n'
        'panel = "#ffffff"\ndark = false',
        "odd": 'primary = "#0000ff"\nsecondary = "#ffffff"\nforeground = "#ffff00"\nbackground = "#000080"\n'
        'surface = "#400040"\npanel = "#303030"',
    }
    for name, text in themes.items():
        own(tmp_path, name, text)
    found, wrong = read_themes(tmp_path / "themes")
    assert not wrong
    lost = replace(LOST, unit="lost", alarms=LIVELY.alarms, differs=LIVELY.differs)
    app = screen_of(ScriptedClient(LIVELY, lost))
    async with app.run_test(size=(120, 50)) as pilot:
        app.model.say("a note")
        for theme in found.values():
            app.register_theme(theme)
            app.theme = theme.name
            await settle(pilot)
            texts = [one for one in app.screen.query("*") if isinstance(one, Static | Digits) and one.display]
            assert not faint(texts), theme.name


@pytest.mark.parametrize("plain", [False, True], ids=["Unicode", "plain"])
async def test_big_figures_are_plain_ones_where_the_terminal_has_plain_signs(
    monkeypatch: pytest.MonkeyPatch, plain: bool
) -> None:
    monkeypatch.setattr(SessionApp, "plain", plain)
    async with screen_of(ScriptedClient(replace(RUNNING, left_s=1200.0))).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        screen = pilot.app.screen
        rows = ["".join(one.text for one in row) for row in screen._compositor.render_strips(screen.size)]
        left = screen.query_one("#left", Digits).region
        assert left.height == 3, "what lies around it keeps its place"
        clock = [row[left.x : left.right].strip() for row in rows[left.y : left.bottom]]
        assert (clock == ["", "20:00", ""]) is plain, clock
        big = screen.query(".lane-big").first(Digits).region
        figures = [row[big.x : big.right].strip() for row in rows[big.y : big.bottom]]
        assert (figures == ["", "12", ""]) is plain, figures
