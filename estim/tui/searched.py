"""What the places with a long list have in common: a search that works while typing, and a key for the next kind."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from estim.core.translation import tr
from estim.tui.key_names import keys_in
from estim.tui.keymap import key_of
from estim.tui.place import Place


class SearchedPlace(Place):
    """A place with a list that is searched by `/` and filtered by `f`; each has its own words for these keys.

    `kinds`: how many there are to step through.
    """

    kinds = 1
    _kind = 0

    def body(self) -> Iterable[Widget]:
        """A search, and the list."""
        name = next(name for name in keys_in(type(self)) if name.endswith(".search"))
        yield Input(placeholder=tr("{key} to search", key=key_of(name)), id="search", compact=True)
        yield OptionList(id="entries", markup=False, compact=True)

    def load(self) -> None:
        """Begin in the list; no cursor blinks in the search: it would be drawn again and again for nothing."""
        self.query_one("#search", Input).cursor_blink = False
        self.query_one("#entries").focus()

    def _list(self) -> None:
        """Show what fits to kind and search; what that is, each place knows."""

    def searched_in(self, text: str) -> bool:
        """Say whether what is typed is in a text."""
        return self.query_one("#search", Input).value.casefold() in text.casefold()

    def list_rows(self, rows: Iterable[str]) -> None:
        """Show these rows, the first one lit."""
        entries = self.query_one("#entries", OptionList)
        entries.clear_options()
        entries.add_options(Option(row) for row in rows)
        if entries.option_count:
            entries.highlighted = 0

    def on_input_changed(self) -> None:
        """Search while typing."""
        self._list()

    def on_input_submitted(self) -> None:
        """Back to the list."""
        self.query_one("#entries").focus()

    def action_search(self) -> None:
        """Type what is looked for."""
        self.query_one("#search").focus()

    def action_kind(self) -> None:
        """The next kind."""
        self._kind = (self._kind + 1) % self.kinds
        self._list()
