"""The list of all keys, laid over whatever is shown; it goes on telling what may be on."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from estim.core.translation import mark, tr_text
from estim.tui.dialog import Dialog


class Keys(Dialog[None]):
    """All keys, with what they do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,enter", "app.keys_away", mark("Close")),
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
l             the level that was comfortable last time
h             answer again what forbids every session
q, Ctrl+Q     stop if output may be on, then leave
?             this list; Enter closes it

bar: █ the unit is there   ▒ it may be   ◇ goal   │ last time""")

    @property
    def whole(self) -> str:
        """The list as people read it."""
        return tr_text(self.TEXT)

    def body(self) -> Iterable[Widget]:
        """The list."""
        yield Static(self.whole, markup=False)
