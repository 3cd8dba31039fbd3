"""The list of all keys, laid over whatever is shown; it goes on telling what may be on."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from estim.core.translation import mark, tr, tr_text
from estim.tui import wording
from estim.tui.key_names import name_keys
from estim.tui.model import View
from estim.tui.stopping import STOP_KEYS
from estim.tui.widgets import Line, StopBar


class Keys(ModalScreen[None]):
    """All keys, with what they do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.keys_away(True)", mark("Close")),
        Binding("question_mark,enter", "app.keys_away", mark("Close")),
        Binding(STOP_KEYS, "app.stop", mark("Stop"), show=False),
    ]

    TEXT = mark("""\
F12           panic: zero at once, works everywhere,
              also with Shift, Ctrl or Alt
s             stop: zero at once, and end (also with Caps Lock,
              and as the same key of another layout)
Escape        soft stop: down in two seconds, and end
space         pause; again: go on, up from zero
+ and −       goal of the lit channel one step up, down; held, it
              stays a few steps above what the unit says
PageUp, -Down the same in larger steps, at most a twentieth
A, B, C, D    choose that channel: it is lit, and + and − move it
Tab           choose the next channel
k             acknowledge the first alarm
u, 1 to 4     the next unit, or that one, if there are several
b             before a start: a second unit beside the first;
              then 1 and 2 start theirs when its pads are on, and
              Ctrl+P leads to the places of these numbers
l             the level that was comfortable last time
h             answer again what forbids every session
q, Ctrl+Q     stop if output may be on, then leave
?             this list; Enter closes it

bar: █ the unit is there   ▒ it may be   ◇ goal   │ last time""")

    def __init__(self) -> None:
        super().__init__()
        name_keys(self)

    @property
    def whole(self) -> str:
        """The list as people read it."""
        return tr_text(self.TEXT)

    def compose(self) -> ComposeResult:
        """What is on, the list, and STOP as everywhere."""
        yield Line(id="on", classes="medium")
        with VerticalScroll(id="keys"):
            yield Static(self.whole, markup=False)
        yield StopBar()

    async def draw(self, view: View) -> None:
        """Go on showing what may be on: the list covers the channels."""
        on = wording.may_be_on(view.snapshot) if view.snapshot else ""
        text = tr("level {levels}", levels=on) if on else ""
        lost = wording.lost(view.snapshot) if view.snapshot else ""
        self.query_one("#on", Line).say("; ".join(filter(None, (lost or text, view.also_on()))))
