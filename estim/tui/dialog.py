"""What every dialog has around its question: SIMULATED, the session that runs, alarms, and the keys; and STOP.

1. What lies below is covered, so a dialog says itself what may be on, and goes on saying it.
2. A STOP that still shows from below stops too: a person presses the one that they see.
3. Escape leaves it. While a session runs it may have been meant as a stop, so it is a soft one too.
"""

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget

from estim.core.translation import mark
from estim.tui.app_interface import app_of
from estim.tui.frame import draw_frame, frame, on_a_stop_below
from estim.tui.key_bar import KeyBar
from estim.tui.key_names import name_keys
from estim.tui.model import View
from estim.tui.place import ROOMY
from estim.tui.stopping import STOP_KEYS
from estim.tui.widgets import StopBar

T = TypeVar("T")

ONE_EACH = mark("One press is one answer: let the key go for a moment, then press it again.")
"""What a question says to a key that is held."""

ALARM_ROWS = 3
ALARM_ROWS_SMALL = 2
"""Rows for alarms above a question: the most urgent one."""


class Dialog(ModalScreen[T]):
    """A question over what is shown; it returns the answer, or None where it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", mark("Leave it")),
        # a modal screen hides the app's own keys
        Binding(STOP_KEYS, "app.stop", mark("Stop"), show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        name_keys(self)

    def body(self) -> Iterable[Widget]:
        """What is asked."""
        return ()

    def compose(self) -> ComposeResult:
        """The frame, and the question in it."""
        yield from frame()
        with Vertical(id="asked"), VerticalScroll(id="keys"):
            yield from self.body()
        yield StopBar()
        yield KeyBar()

    async def on_mount(self) -> None:
        """Say what is on before anything of the question is seen."""
        await self.draw(app_of(self).model.view)

    async def draw(self, view: View) -> None:
        """Show what is on and what is wrong, as wherever else one is."""
        roomy = self.app.size.height >= ROOMY
        draw_frame(self, view, ALARM_ROWS if roomy else ALARM_ROWS_SMALL)
        self.query_one(StopBar).draw(3 if roomy else 1)
        self.query_one(KeyBar).display = roomy

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Stop where the press was on a STOP of what lies below."""
        if on_a_stop_below(self, event):
            event.stop()
            self.post_message(StopBar.Pressed())

    def action_leave(self) -> None:
        """Leave it without an answer."""
        self.dismiss(None)
        app_of(self).action_soft()
