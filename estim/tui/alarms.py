"""The history of alarms: what went wrong, when, in which session, and what a person was told to do; newest first."""

from collections.abc import Iterable, Sequence

from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from estim.config.options import HostOptions
from estim.core.moment import local
from estim.core.translation import mark, tr, tr_text
from estim.core.vocabulary import Priority
from estim.journal.home_journal import opened
from estim.journal.reader import Rang
from estim.tui import wording
from estim.tui.detail import TO_THE_TEXT, Detail, list_and_text
from estim.tui.model import View
from estim.tui.place import Place
from estim.tui.widgets import Line


def row_of(rang: Rang) -> str:
    """Return one alarm as a line: mark and word of its priority first, so that nothing is told by colour."""
    symbol = wording.symbol(Priority(rang.priority))
    return f"{rang.at.astimezone():%Y-%m-%d %H:%M:%S}  {symbol}: {local(tr_text(rang.text))}"


def told(rang: Rang) -> str:
    """Return one alarm in a line of its own, with what to do and the session in which it rang."""
    return f"{row_of(rang)} → {local(tr_text(rang.do))} ({_when(rang)})"


def in_full(rang: Rang) -> list[str]:
    """Return one alarm for where there is room beside the list."""
    heading = f"{wording.symbol(Priority(rang.priority))} · {rang.at.astimezone():%Y-%m-%d %H:%M:%S} · {_when(rang)}"
    return [heading, "", local(tr_text(rang.text)), "", tr("What to do: {do}", do=local(tr_text(rang.do)))]


def _when(rang: Rang) -> str:
    return tr("outside a session") if rang.session is None else tr("session #{number}", number=rang.session)


class AlarmsPlace(Place):
    """The history; those that wait now stand above it, as in every place."""

    HEADING = mark("History of alarms")
    FIXED = (TO_THE_TEXT,)
    _found: Sequence[Rang] = ()
    _two = False

    def body(self) -> Iterable[Widget]:
        """The list; what is lit is told beside it, where there is room."""
        yield from list_and_text()

    def load(self) -> None:
        """Read it."""
        self.query_one("#entries").focus()
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: _read(options), self._show)

    async def draw(self, view: View) -> None:
        """A screen that has become broad or narrow has another list."""
        await super().draw(view)
        if self._two != self.broad:
            self._list()

    def _show(self, found: Sequence[Rang]) -> None:
        self._found = found
        self._list()
        if found:
            self.query_one("#heading", Line).say(tr("History of alarms: the last {count}", count=len(found)))

    def _list(self) -> None:
        self._two = self.broad
        entries = self.query_one("#entries", OptionList)
        lit = entries.highlighted
        entries.clear_options()
        row = row_of if self._two else told
        none = tr("no alarm has ever rung here")
        entries.add_options([Option(row(one)) for one in self._found] or [Option(none)])
        entries.highlighted = lit or 0
        self._tell()

    def on_option_list_option_highlighted(self) -> None:
        """Tell of the one that is lit."""
        self._tell()

    def _tell(self) -> None:
        lit = self.query_one("#entries", OptionList).highlighted
        known = self._two and lit is not None and lit < len(self._found)
        self.query_one(Detail).say(in_full(self._found[lit or 0]) if known else [])


def _read(options: HostOptions) -> Sequence[Rang]:
    with opened(options) as journal:
        return journal.alarms()
