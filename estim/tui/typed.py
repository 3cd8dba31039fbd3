"""A dialog that takes one line: a name, a search, a moment. F12 and a press on STOP work in it, as everywhere."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from textual.widget import Widget
from textual.widgets import Input, Static

from estim.core.errors import EstimError
from estim.core.translation import tr
from estim.tui.dialog import Dialog
from estim.tui.place import Place

T = TypeVar("T")


class Typed(Dialog[str | None]):
    """Returns what was typed, None if it was left. `why`: what was wrong with what was typed before."""

    def __init__(self, question: str, usual: str = "", why: str = "") -> None:
        super().__init__()
        self._question = question
        self._usual = usual
        self._why = why

    def body(self) -> Iterable[Widget]:
        """The question, what was wrong, and its field."""
        how = tr("Enter takes it, Escape leaves it")
        told = "\n\n".join(filter(None, (self._question, how, self._why)))
        yield Static(told, id="question", markup=False)
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


def ask(
    place: Place, question: str, work: Callable[[str], T], then: Callable[[T], None], usual: str = "", why: str = ""
) -> None:
    """Ask for one line and do with it what blocks, as `fetch` does; what is refused is asked again, with why.

    Who has gone on to something else meanwhile gets a note, and no question over what they look at.
    """

    def again(text: str, error: EstimError) -> None:
        if place.app.screen is place:
            ask(place, question, work, then, text, error.text)
        else:
            place.desk.say(error.text)

    def take(text: str | None) -> None:
        if text:
            place.fetch(partial(work, text), then, partial(again, text))

    place.app.push_screen(Typed(question, usual, why), take)
