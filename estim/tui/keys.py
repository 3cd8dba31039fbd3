"""The list of all keys, laid over whatever is shown; it goes on telling what may be on."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from estim.core.translation import mark
from estim.tui.dialog import Dialog
from estim.tui.key_names import bound


class Keys(Dialog[None]):
    """All keys, with what they do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("help", "app.keys_away"),
        Binding("enter", "app.keys_away", mark("Close")),
    ]

    def __init__(self, told: str) -> None:
        """`told`: the list, see estim/tui/help.py."""
        super().__init__()
        self._told = told

    def body(self) -> Iterable[Widget]:
        """The list."""
        yield Static(self._told, markup=False)
