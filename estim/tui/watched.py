"""A dialog that stays open for a while: what may be on stays in sight above it, and STOP below, as on every screen."""

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget

from estim.core.translation import mark
from estim.tui.desk import Desk
from estim.tui.key_names import name_keys
from estim.tui.model import View
from estim.tui.place import TALL, strip
from estim.tui.stopping import STOP_KEYS
from estim.tui.widgets import Banner, Line, StopBar

T = TypeVar("T")


class Watched(ModalScreen[T | None]):
    """Returns None where it was left. Its work is done by workers of its own, which end with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", mark("Close")),
        Binding(STOP_KEYS, "app.stop", mark("Stop"), show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        name_keys(self)
        self.desk = desk

    def body(self) -> Iterable[Widget]:
        """What is between the line of what is on and STOP."""
        return ()

    def compose(self) -> ComposeResult:
        """That it is simulated, what is on, the body, and STOP."""
        with Vertical(id="top"):
            yield Banner(id="banner")
            yield Line(id="on", classes="medium")
        with VerticalScroll(id="keys"):
            yield from self.body()
        yield StopBar()

    async def on_mount(self) -> None:
        """Show what is on before anything else; then begin."""
        await self.draw(self.desk.view())
        self.query_one("#keys").focus()
        self.begin()

    def begin(self) -> None:
        """Begin what the dialog is for."""

    async def draw(self, view: View) -> None:
        """Show what is on; on a small terminal STOP takes one row."""
        width, height = self.app.size
        self.query_one("#banner", Banner).draw(view, 1)
        self.query_one("#on", Line).say(strip(view, width - 2), 1)
        self.query_one(StopBar).draw(3 if height >= TALL else 1)

    def action_leave(self) -> None:
        """Leave. While a session runs, Escape may have been meant as a stop: so it is one too."""
        self.dismiss(None)
        self.app.action_soft()  # type: ignore[attr-defined] # a SessionApp, which imports this
