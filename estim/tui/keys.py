"""The list of all keys, laid over whatever is shown; it goes on telling what may be on."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from estim.core.translation import mark, tr
from estim.tui import wording
from estim.tui.key_names import bound, name_keys
from estim.tui.model import View
from estim.tui.stopping import STOP_KEYS
from estim.tui.widgets import Line, StopBar


class Keys(ModalScreen[None]):
    """All keys, with what they do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.keys_away(True)", mark("Close")),
        bound("help", "app.keys_away"),
        Binding("enter", "app.keys_away", mark("Close")),
        Binding(STOP_KEYS, "app.stop", mark("Stop"), show=False),
    ]

    def __init__(self, told: str) -> None:
        """`told`: the list, see estim/tui/help.py."""
        super().__init__()
        name_keys(self)
        self._told = told

    def compose(self) -> ComposeResult:
        """What is on, the list, and STOP as everywhere."""
        yield Line(id="on", classes="medium")
        with VerticalScroll(id="keys"):
            yield Static(self._told, markup=False)
        yield StopBar()

    async def draw(self, view: View) -> None:
        """Go on showing what may be on: the list covers the channels."""
        on = wording.may_be_on(view.snapshot) if view.snapshot else ""
        text = tr("level {levels}", levels=on) if on else ""
        lost = wording.lost(view.snapshot) if view.snapshot else ""
        self.query_one("#on", Line).say("; ".join(filter(None, (lost or text, view.also_on()))))
