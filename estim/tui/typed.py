"""A dialog that takes one line: a name, a search, a moment. F12 and a press on STOP work in it, as everywhere."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input, Static

from estim.core.translation import tr
from estim.tui.dialog import Dialog


class Typed(Dialog[str | None]):
    """Returns what was typed, None if it was left."""

    def __init__(self, question: str, usual: str = "") -> None:
        super().__init__()
        self._question = question
        self._usual = usual

    def body(self) -> Iterable[Widget]:
        """The question, and its field."""
        how = tr("Enter takes it, Escape leaves it")
        yield Static(f"{self._question}\n\n{how}", id="question", markup=False)
        yield Input(self._usual, id="typed", compact=True)

    async def on_mount(self) -> None:
        """No cursor that blinks: it would be drawn again and again for nothing."""
        await super().on_mount()
        field = self.query_one("#typed", Input)
        field.cursor_blink = False
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it."""
        event.stop()
        self.dismiss(event.value.strip())
