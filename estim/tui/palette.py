"""The palette (Ctrl+P): every screen and everything that can be done, by name. STOP is in it, and F12 works in it."""

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from estim.core.translation import mark, tr_text
from estim.tui.key_names import name_keys
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


class Palette(CommandPalette):
    """The library's palette, with STOP below it: the letter s is typed here, F12 and a press on STOP stop."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding(STOP_KEYS, "app.stop", mark("Stop"), show=False)]

    def __init__(self) -> None:
        super().__init__()
        name_keys(self)

    def compose(self) -> ComposeResult:
        """The search, and STOP as everywhere."""
        yield from super().compose()
        yield StopBar()


class Commands(Provider):
    """What the palette finds."""

    def _all(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        simulated = self.app.model.view.simulated  # type: ignore[attr-defined] # a SessionApp, which imports this
        for one in PLACES:
            if simulated or not one.simulated:
                yield one.title, f"{one.about} ({one.key})", partial(self._run, f"go('{one.name}')")
        for title, action, about in DONE:
            yield tr_text(title), tr_text(about), partial(self._run, action)

    async def _run(self, action: str) -> None:
        await self.app.run_action(action)

    async def discover(self) -> Hits:
        """Everything, as long as nothing is typed."""
        for title, about, run in self._all():
            yield DiscoveryHit(title, run, help=about)

    async def search(self, query: str) -> Hits:
        """What fits to what is typed, by name and by what it is for."""
        matcher = self.matcher(query)
        for title, about, run in self._all():
            score = max(matcher.match(title), matcher.match(about) / 2)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, help=about)
