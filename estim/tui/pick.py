"""A dialog that takes one key of a few: a score, a number of a list, yes or no. STOP works in it as everywhere."""

from collections.abc import Iterable, Mapping

from textual import events
from textual.widget import Widget
from textual.widgets import Static

from estim.client.consent import OneEach
from estim.core.translation import tr, tr_text
from estim.tui.app_interface import app_of
from estim.tui.dialog import ONE_EACH, Dialog


class Pick(Dialog[str | None]):
    """Returns what the key that was pressed stands for, None if it was left. No key of it may be one that stops."""

    def __init__(self, question: str, answers: Mapping[str, str], rows: Mapping[str, str] | None = None) -> None:
        """`answers`: what each key stands for; `rows`: what is told of each, where its key alone doesn't."""
        super().__init__()
        self._question = question
        self._answers = dict(answers)
        self._rows = dict(rows or {})
        self._one_each = OneEach()
        self._led_by = ""

    async def on_mount(self) -> None:
        """Know the key that led here: held, it is no answer. The library calls the dialog's own too."""
        self._led_by = app_of(self).last_key
        self._one_each.asked()

    def body(self) -> Iterable[Widget]:
        """The question, and its keys."""
        yield Static(self._text(), id="question", markup=False)

    def _text(self) -> str:
        rows = [f"{key}  {text}" for key, text in self._rows.items()]
        return "\n".join([self._question, "", *rows, tr("Escape goes back without an answer")])

    def on_key(self, event: events.Key) -> None:
        """Take the key, if it is one of them."""
        if event.character in self._answers:
            event.stop()
            if event.key == self._led_by and not self._one_each.given():
                self.query_one("#question", Static).update(f"{self._text()}\n\n{tr_text(ONE_EACH)}")
                return
            self.dismiss(self._answers[event.character])


def scores() -> dict[str, str]:
    """Return the keys of a score: 0 to 9, and x for ten."""
    return {**{str(number): str(number) for number in range(10)}, "x": "10"}
