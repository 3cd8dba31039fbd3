"""The history of alarms: what rang, when, in which session, and what a person was told to do; newest first."""

from collections.abc import Iterable, Sequence

from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from estim.config.options import HostOptions
from estim.core.translation import mark, tr
from estim.core.vocabulary import Priority
from estim.journal.home_journal import opened
from estim.journal.reader import Rang
from estim.tui import wording
from estim.tui.place import Place
from estim.tui.widgets import Line


def told(rang: Rang) -> str:
    """Return one alarm as a line: mark and word of its priority first, so that nothing is told by colour."""
    session = tr("outside a session") if rang.session is None else tr("session #{number}", number=rang.session)
    symbol = wording.symbol(Priority(rang.priority))
    return f"{rang.at.astimezone():%Y-%m-%d %H:%M:%S}  {symbol}: {rang.text} → {rang.do} ({session})"


class AlarmsPlace(Place):
    """The history; those that wait now stand above it, as in every place."""

    HEADING = mark("History of alarms")

    def body(self) -> Iterable[Widget]:
        """One list."""
        yield OptionList(id="entries", markup=False, compact=True)

    def load(self) -> None:
        """Read it."""
        self.query_one("#entries").focus()
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: _read(options), self._show)

    def _show(self, found: Sequence[Rang]) -> None:
        entries = self.query_one("#entries", OptionList)
        entries.clear_options()
        entries.add_options([Option(told(one)) for one in found] or [Option(tr("no alarm has ever rung here"))])
        if found:
            self.query_one("#heading", Line).say(tr("History of alarms: the last {count}", count=len(found)))


def _read(options: HostOptions) -> Sequence[Rang]:
    with opened(options) as journal:
        return journal.alarms()
