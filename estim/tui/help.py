"""Help: what can be done where one is, then the keys that work everywhere, then all places."""

from estim.core.translation import mark, tr, tr_text
from estim.tui.keys import Keys
from estim.tui.places import PLACES

EVERYWHERE = mark("""\
F12           panic: zero at once, works everywhere
s             stop: zero at once, and end; in a field Ctrl+S, or a press on STOP
Escape        back; while a session runs it is a soft stop too
k             acknowledge the first alarm
q, Ctrl+Q     stop if output may be on, then leave
Ctrl+P        everything that can be done, by its name""")


class Help(Keys):
    """The list of keys of the session, or of a place."""

    def __init__(self, of_place: str, *, simulated: bool) -> None:
        super().__init__()
        places = [f"{one.key:<13} {one.title}: {one.about}" for one in PLACES if simulated or not one.simulated]
        first = [tr_text(of_place), tr_text(EVERYWHERE)] if of_place else []
        self._parts = [*(first or [tr_text(self.TEXT), tr("Ctrl+P        everything, by its name")]), "\n".join(places)]

    @property
    def whole(self) -> str:
        """The list, then the places."""
        return "\n\n".join(self._parts)
