"""A dialog that takes one line: a name, a search, a moment. F12 and a press on STOP work in it, as everywhere."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from estim.core.translation import mark, tr
from estim.tui.stopping import STOP_KEYS
from estim.tui.widgets import StopBar


class Typed(ModalScreen[str | None]):
    """Returns what was typed, None if it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", mark("Leave it")),
        Binding(STOP_KEYS, "app.stop", mark("Stop"), show=False),
    ]

    def __init__(self, question: str, usual: str = "") -> None:
        super().__init__()
        self._question = question
        self._usual = usual

    def compose(self) -> ComposeResult:
        """The question, its field, and STOP."""
        with Vertical(id="keys"):
            how = tr("Enter takes it, Escape leaves it")
            yield Static(f"{self._question}\n\n{how}", id="question", markup=False)
            yield Input(self._usual, id="typed", compact=True)
        yield StopBar()

    def on_mount(self) -> None:
        """No cursor that blinks: it would be drawn again and again for nothing."""
        field = self.query_one("#typed", Input)
        field.cursor_blink = False
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it."""
        event.stop()
        self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Leave it. While a session runs, Escape may have been meant as a stop: so it is one too."""
        self.dismiss(None)
        self.app.action_soft()  # type: ignore[attr-defined] # a SessionApp, which imports this
