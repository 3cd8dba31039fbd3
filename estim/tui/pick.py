"""A dialog that takes one key of a few: a score, a number of a list, yes or no. STOP works in it as everywhere."""

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from estim.core.translation import mark, tr
from estim.tui.stopping import STOP_KEYS
from estim.tui.widgets import StopBar


class Pick(ModalScreen[str | None]):
    """Returns what the key that was pressed stands for, None if it was left. No key of it may be one that stops."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", mark("Leave it")),
        Binding(STOP_KEYS, "app.stop", mark("Stop"), show=False),
    ]

    def __init__(self, question: str, answers: Mapping[str, str], rows: Mapping[str, str] | None = None) -> None:
        """`answers`: what each key stands for; `rows`: what is told of each, where its key alone doesn't."""
        super().__init__()
        self._question = question
        self._answers = dict(answers)
        self._rows = dict(rows or {})

    def compose(self) -> ComposeResult:
        """The question, its keys, and STOP."""
        rows = [f"{key}  {text}" for key, text in self._rows.items()]
        with Vertical(id="keys"):
            yield Static(
                "\n".join([self._question, "", *rows, tr("Escape leaves it open")]), id="question", markup=False
            )
        yield StopBar()

    def on_key(self, event: events.Key) -> None:
        """Take the key, if it is one of them."""
        if event.character in self._answers:
            event.stop()
            self.dismiss(self._answers[event.character])

    def action_leave(self) -> None:
        """Leave it open. While a session runs, Escape may have been meant as a stop: so it is one too."""
        self.dismiss(None)
        self.app.action_soft()  # type: ignore[attr-defined] # a SessionApp, which imports this


def scores() -> dict[str, str]:
    """Return the keys of a score: 0 to 9, and x for ten."""
    return {**{str(number): str(number) for number in range(10)}, "x": "10"}
