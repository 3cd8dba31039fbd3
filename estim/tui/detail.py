"""The text on what is lit in a list: below it, and beside it where there is room; Tab leads to it, to scroll in it."""

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import OptionList, Static

from estim.core.translation import mark

TO_THE_TEXT = ("tab", mark("to the text, to scroll in it"))
"""The key that leads there, for `?`."""


class Detail(VerticalScroll):
    """See the module. A text that is longer than its room can be scrolled."""

    _said: tuple[str, ...] | None = None

    def compose(self) -> ComposeResult:
        """The text."""
        yield Static("", id="detail", markup=False)

    def say(self, lines: Sequence[str]) -> None:
        """Show these lines, from the first one on; none: take the room that it has back."""
        if tuple(lines) == self._said:
            return  # who has scrolled in it stays there while the screen is drawn
        self._said = tuple(lines)
        self.query_one("#detail", Static).update("\n".join(lines))
        self.display = bool(lines)
        self.scroll_home(animate=False)


def list_and_text() -> Iterable[Widget]:
    """Return a list, and the text on what is lit in it."""
    yield OptionList(id="entries", markup=False, compact=True)
    yield Detail(id="beside")
