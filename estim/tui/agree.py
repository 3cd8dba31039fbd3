"""A warning that a person agrees to by y, and by no key that may have bounced from what was typed before it."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from estim.core.translation import mark
from estim.tui.desk import Desk
from estim.tui.watched import Watched


class Agree(Watched[bool]):
    """Returns True for a yes. `keys` says what y and n do, above the warning: on a small terminal it may be cut."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "agree", mark("Yes")),
        Binding("n,N", "refuse", mark("No")),
    ]

    def __init__(self, desk: Desk, keys: str, warning: str) -> None:
        super().__init__(desk)
        self._text = f"{keys}\n\n{warning}"

    def body(self) -> Iterable[Widget]:
        """What the keys do, then the warning."""
        yield Static(self._text, id="question", markup=False)

    def action_agree(self) -> None:
        """Agree."""
        self.dismiss(True)

    def action_refuse(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)
