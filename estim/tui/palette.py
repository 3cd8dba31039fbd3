"""The palette (Ctrl+P): every screen and everything that can be done, by name. STOP is in it, and F12 works in it."""

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from estim.core.translation import mark, tr, tr_text
from estim.tui.app_interface import app_of
from estim.tui.dialog import ALARM_ROWS_SMALL
from estim.tui.frame import draw_frame, frame
from estim.tui.key_bar import KeyBar
from estim.tui.key_names import name_keys
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.places import PLACES
from estim.tui.stopping import STOP_KEYS
from estim.tui.widgets import StopBar

DONE = (
    (mark("Stop"), "stop", mark("zero at once, and end, on all units")),
    (mark("Soft stop"), "soft", mark("down in two seconds, and end")),
    (mark("Pause, or go on"), "pause", mark("zero at once; again: up from zero")),
    (mark("Acknowledge the alarm"), "quiet", mark("the first one that waits")),
    (mark("Next unit"), "unit", mark("show the next one, if there are several")),
    (mark("A second unit"), "beside", mark("before a start: the next one beside the first, or none")),
    (mark("Help"), "keys", mark("all keys, and what can be done here")),
    (mark("Quit"), "quit", mark("stop if output may be on, then leave")),
)
"""What can be done from everywhere: its name, the app's action, and a few words."""


LIST_ROWS = 2
"""Rows of the list at least."""
AROUND_ROWS = 2 + ALARM_ROWS_SMALL + 5 + 2
"""Rows that the list can't have: SIMULATED and the session, alarms, the search with its edges, STOP and the keys."""


class Palette(CommandPalette):
    """The library's palette, with STOP below it: the letter s is typed here, F12 and a press on STOP stop."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "escape", mark("Close")),
        Binding(STOP_KEYS, "app.stop", mark("Stop")),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder=tr("What would you like to do?"))
        name_keys(self)

    def compose(self) -> ComposeResult:
        """What is on, the search, and STOP as everywhere."""
        yield from frame()
        yield from super().compose()
        yield StopBar()
        yield KeyBar()

    async def on_mount(self) -> None:
        """Say what is on before anything is typed. The library calls its own too."""
        await self.draw(app_of(self).model.view)

    async def draw(self, view: View) -> None:
        """Go on saying what is on and what is wrong: the list covers it."""
        draw_frame(self, view, ALARM_ROWS_SMALL)
        height = self.app.size.height
        # the list is laid over whatever is below it: without a limit it would cover STOP on a small terminal
        self.query_one("#--results").styles.max_height = max(LIST_ROWS, min(height // 2, height - AROUND_ROWS))


class Commands(Provider):
    """What the palette finds."""

    def _all(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        simulated = app_of(self.screen).model.view.simulated
        for one in PLACES:
            if simulated or not one.simulated:
                yield one.title, f"{one.about} ({key_of(one.name)})", partial(self._run, f"go('{one.name}')")
        for title, action, about in DONE:
            yield tr_text(title), tr_text(about), partial(self._run, action)

    def _themes(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        """Every look, for who asks for one: twenty of them would hide the rest."""
        for name in sorted(self.app.available_themes):
            yield (
                tr("Theme {name}", name=name),
                tr("colours, until you leave; Settings keeps one"),
                partial(self._wear, name),
            )

    async def _run(self, action: str) -> None:
        await self.app.run_action(action)

    def _wear(self, theme: str) -> None:
        self.app.theme = theme

    async def discover(self) -> Hits:
        """Everything, as long as nothing is typed."""
        for title, about, run in self._all():
            yield DiscoveryHit(title, run, help=about)

    async def search(self, query: str) -> Hits:
        """What fits to what is typed, by name and by what it is for."""
        matcher = self.matcher(query)
        for title, about, run in (*self._all(), *self._themes()):
            score = max(matcher.match(title), matcher.match(about) / 2)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, help=about)
