"""The log: what was played and written down, newest first; a session's levels, and pain over time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import ClassVar

from msgspec import Struct
from textual.binding import BindingType
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import OptionList

from estim.config.options import HostOptions
from estim.core.days.diary import Entry, Note, Pain, Played, Run
from estim.core.days.entry_text import all_entries, told
from estim.core.translation import mark, tr, tr_text
from estim.journal.home_journal import RECENT, opened
from estim.journal.reader import Details
from estim.tui.curves import curve_of, trend_of
from estim.tui.detail import TO_THE_TEXT, Detail
from estim.tui.key_names import bound
from estim.tui.model import View
from estim.tui.pick import Pick
from estim.tui.searched import SearchedPlace
from estim.tui.widgets import Line

KINDS: tuple[tuple[str, tuple[type[Entry], ...]], ...] = (
    (mark("everything", "log"), (Entry,)),
    (mark("sessions", "log"), (Played,)),
    (mark("pain", "log"), (Pain,)),
    (mark("runs", "log"), (Run,)),
    (mark("notes", "log"), (Note,)),
)
"""What the filter steps through."""

TREND_DAYS = 30
"""Days of pain that are shown first."""

CURVE_ROWS = 24
"""Rows of a curve beside the list, at most."""

GONE_TOLD = 3
"""So many entries of what was taken back are told; an import may have brought thousands."""


class Kept(Struct, frozen=True):
    """The months that are shown, newest first, and when they were read."""

    entries: tuple[Entry, ...] = ()
    now: datetime | None = None


def read_kept(options: HostOptions) -> Kept:
    """Return what these months hold."""
    with opened(options) as journal:
        return Kept(tuple(reversed(all_entries(journal.recent()))), journal.now)


class LogPlace(SearchedPlace):
    """The log; see the module."""

    HEADING = mark("Log")
    FIXED = (("enter", mark("a session's levels over time, with what happened")), TO_THE_TEXT)
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("log.filter", "kind"),
        bound("log.search", "search", show=False),
        bound("log.trend", "trend"),
        bound("log.undo", "undo", show=False),
    ]
    _kept = Kept()
    _shown: tuple[Entry, ...] = ()
    kinds = len(KINDS)
    _days = 0
    _going: tuple[str, str] | None = None
    _meant: Entry | None = None
    _size = Size()

    def body(self) -> Iterable[Widget]:
        """A search, the list, and what a line of it says in full."""
        yield from super().body()
        yield Detail(id="beside")

    def load(self) -> None:
        """Read it."""
        super().load()
        self._say([])
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: read_kept(options), self._show)

    def _show(self, kept: Kept) -> None:
        self._kept = kept
        self._list()

    def _list(self) -> None:
        """Show what fits to kind and search."""
        name, kinds = KINDS[self._kind]
        self._shown = tuple(
            entry
            for entry in self._kept.entries
            if isinstance(entry, kinds) and self.searched_in(_row(entry, self._going))
        )
        self.list_rows(_row(entry, self._going) for entry in self._shown)
        heading = tr(
            "Log: {kind}, {count} in the last {days} days",
            kind=tr_text(name, "log"),
            count=len(self._shown),
            days=RECENT.days,
        )
        self.query_one("#heading", Line).say(heading)

    async def draw(self, view: View) -> None:
        """A session that runs has no end in the journal yet: it is told as one that runs."""
        await super().draw(view)
        now = view.snapshot
        going = (now.unit, now.program) if now is not None and now.live else None
        if going != self._going:
            self._going = going
            self._list()
        if self._size != self.app.size:
            self._size = self.app.size
            if self.broad:
                self._tell_lit()

    def on_option_list_option_highlighted(self) -> None:
        """Where there is room for two columns, what is lit is told at once."""
        if self.broad:
            self._days = 0
            self._tell_lit()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show a session's levels; of all else the line says everything."""
        event.stop()
        self._days = 0
        self._ask_of(self._shown[event.option_index])

    def _tell_lit(self) -> None:
        lit = self.query_one("#entries", OptionList).highlighted
        if lit is None or lit >= len(self._shown):
            self._say([])
        else:
            self._ask_of(self._shown[lit])

    def _ask_of(self, entry: Entry) -> None:
        """Tell of an entry, of a session once its levels are read."""
        self._meant = entry
        options = self.desk.options
        if isinstance(entry, Played) and options is not None:
            self.fetch(partial(_details, options, entry.id), partial(self._read_of, entry))
        elif self.broad and isinstance(entry, Pain | Run) and self._kept.now is not None:
            trend = trend_of(self._kept.entries, self._kept.now, TREND_DAYS, *self._room)
            self._say([_told(entry, self._going), "", *trend])
        else:
            self._say([_told(entry, self._going)])

    def _read_of(self, entry: Entry, details: Details | None) -> None:
        """Tell of a session, if it is still the one that is meant."""
        if entry is self._meant and not self._days:
            self._tell(entry, details)

    def _tell(self, entry: Entry, details: Details | None) -> None:
        if details is not None:
            width, height = self._room
            self._say([_told(entry, self._going), *curve_of(details, width, height - 1)])

    def action_trend(self) -> None:
        """Show the pain of a month, then of all that was read, then the list alone, or beside it what is lit."""
        self._days = {0: TREND_DAYS, TREND_DAYS: RECENT.days}.get(self._days, 0)
        if self._days and self._kept.now is not None:
            self._say(trend_of(self._kept.entries, self._kept.now, self._days, *self._room))
        elif self.broad:
            self._tell_lit()
        else:
            self._say([])

    @property
    def _room(self) -> tuple[int, int]:
        """Columns and rows for what is told in full: half of what there is."""
        width, height = self.app.size
        if self.broad:
            return width // 2 - 5, max(6, min(CURVE_ROWS, height - 10))
        return width - 2, max(6, (height - 6) // 2)

    def _say(self, lines: Sequence[str]) -> None:
        self.query_one(Detail).say(lines)

    def action_undo(self) -> None:
        """Ask first, with what it would be: the last thing of all, not the line that is lit."""
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: _last_act(options), self._ask_undo)

    def _ask_undo(self, act: Sequence[Entry]) -> None:
        if not act:
            self.desk.say(taken_back(act))
            return
        question = tr("Take back the last thing that was written down? It is marked, never deleted.")
        rows = {"y": tr("yes, take it back"), "n": tr("no")}
        asked = "\n\n".join([question, _listed(act)])
        self.app.push_screen(Pick(asked, {"y": "y", "n": ""}, rows), partial(self._undo, act))

    def _undo(self, act: Sequence[Entry], answer: str | None) -> None:
        options = self.desk.options
        if answer and options is not None:
            self.fetch(lambda: _undone(options, act), self._undone)

    def _undone(self, gone: Sequence[Entry] | None) -> None:
        """Tell what was taken back; where another thing has become the last one meanwhile, ask about that."""
        if gone is None:
            self.action_undo()
        else:
            self._gone(gone)

    def _gone(self, gone: Sequence[Entry]) -> None:
        self.desk.say(taken_back(gone))
        self.load()


def taken_back(gone: Sequence[Entry]) -> str:
    """Return what was taken back in words."""
    if not gone:
        return tr("there is nothing to take back")
    return tr("taken back: {entries}", entries=_listed(gone))


def _listed(act: Sequence[Entry]) -> str:
    entries = "; ".join(told(entry) for entry in act[:GONE_TOLD])
    if len(act) <= GONE_TOLD:
        return entries
    return tr("{entries} and {more} more", entries=entries, more=len(act) - GONE_TOLD)


def _row(entry: Entry, going: tuple[str, str] | None) -> str:
    """Return one line; `going`: unit and program of the session that runs, whose row has no end yet."""
    number = f"#{entry.id} " if isinstance(entry, Played) else ""
    return f"{entry.at:%Y-%m-%d %H:%M}  {number}{_told(entry, going)}"


def _told(entry: Entry, going: tuple[str, str] | None) -> str:
    if isinstance(entry, Played) and entry.ended is None and going == (entry.unit, entry.program):
        return tr("{program} on {unit}: it runs now (2)", program=entry.program, unit=entry.unit)
    return told(entry)


def _details(options: HostOptions, number: int) -> Details | None:
    with opened(options) as journal:
        return journal.details(number)


def _last_act(options: HostOptions) -> Sequence[Entry]:
    with opened(options) as journal:
        return journal.last_act()


def _undone(options: HostOptions, act: Sequence[Entry]) -> Sequence[Entry] | None:
    """Take back what was asked about; None: it isn't the last thing any more."""
    with opened(options, write=True) as journal:
        return journal.undo() if tuple(journal.last_act()) == tuple(act) else None
