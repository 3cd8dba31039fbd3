"""The way into a stop drill: first the pads come off, by a person's hand; only then, by another key, it begins."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from estim.core.translation import mark, tr
from estim.tui.desk import Desk
from estim.tui.keymap import key_of
from estim.tui.watched import Watched


class DrillGuide(Watched[bool]):
    """Returns True where the pads are off and the drill is to begin."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "off", mark("Pads are off")),
        Binding("enter", "start", mark("Begin")),
    ]

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk)
        self._name = name
        self._off = False

    def body(self) -> Iterable[Widget]:
        """One step at a time."""
        yield Static(self._told(), id="question", markup=False)

    def action_off(self) -> None:
        """The pads are off, as a person says: the next key begins."""
        self._off = True
        self.query_one("#question", Static).update(self._told())

    def action_start(self) -> None:
        """Begin, but never before the pads are off."""
        if self._off:
            self.dismiss(True)

    def _told(self) -> str:
        """Return the step, with its keys above it: on a small terminal the rest may have to be scrolled."""
        if not self._off:
            keys = tr("Stop drill with {unit}. y: the pads are off. Escape leaves it.", unit=self._name)
            first = tr(
                "1  Take every pad off your skin, and pull the leads out of the unit or lay the pads apart. Keep a "
                "hand at the unit's own switch."
            )
            return f"{keys}\n\n{first}"
        keys = tr("Stop drill with {unit}. Enter begins. Escape leaves it.", unit=self._name)
        second = tr(
            "2  {unit} starts at level 1, its lowest, for a minute at most. The session comes up.", unit=self._name
        )
        third = tr(
            "3  When it says level 1, press {panic}: it must be at 0 within three seconds. What came of it is told.",
            panic=key_of("panic"),
        )
        return f"{keys}\n\n{second}\n\n{third}"
