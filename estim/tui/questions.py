"""The questions before the first session, one at a time: y or n, Escape to leave them open (no session begins then)."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from estim.tui.stopping import STOP_KEYS
from estim.tui.widgets import StopBar


class Questions(ModalScreen[dict[str, bool]]):
    """Returns the answers by id; fewer than all if they were left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "answer(True)", "Yes"),
        Binding("n,N", "answer(False)", "No"),
        Binding("escape", "leave", "Later"),
        Binding(
            STOP_KEYS, "app.stop", "Stop", show=False
        ),  # as the STOP row says: a modal screen hides the app's own keys
    ]

    def __init__(self, questions: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._questions = tuple(questions)
        self._answers: dict[str, bool] = {}

    def compose(self) -> ComposeResult:
        """One question, and STOP as everywhere."""
        with Vertical(id="keys"):
            yield Static(self._text(), id="question", markup=False)
        yield StopBar()

    def action_answer(self, yes: bool) -> None:
        """Take an answer and show the next question."""
        about, _ = self._questions[len(self._answers)]
        self._answers[about] = yes
        if len(self._answers) == len(self._questions):
            self.dismiss(self._answers)
        else:
            self.query_one("#question", Static).update(self._text())

    def action_leave(self) -> None:
        """Keep what was answered so far."""
        self.dismiss(self._answers)

    def _text(self) -> str:
        number = len(self._answers)
        return (
            f"Before a session, and every 90 days ({number + 1} of {len(self._questions)})\n\n"
            f"{self._questions[number][1]}\n\n"
            "y yes   n no   Escape later (no session begins before all are answered)"
        )
