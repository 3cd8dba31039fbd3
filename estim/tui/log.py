"""The log: what was played and written down, newest first; a session's levels, and pain over time."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from msgspec import Struct
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import OptionList, Static

from estim.config.options import HostOptions
from estim.core.days.diary import SCORE_MAX, Entry, Note, Pain, Played, Run, When
from estim.core.days.entry_text import all_entries, told, when_named
from estim.core.numbers import m_ss
from estim.core.translation import mark, tr, tr_text
from estim.journal.home_journal import RECENT, opened
from estim.journal.reader import Details
from estim.tui.key_names import bound
from estim.tui.model import View
from estim.tui.pick import Pick
from estim.tui.plot import Point, plot
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

LETTERS = {When.MORNING: "m", When.WORST: "w", When.REST: "r", When.RUN: "x"}
"""How each pain is drawn."""

SIGNS = {"hand": "h", "pause": "p", "stop": "s", "guard": "g", "lost": "l"}
"""Who moved a level, as it is marked below the curve; keys and ramps move it all the time and have no mark."""

ALARM = "!"

MEANT = {
    ALARM: mark("alarm", "curve"),
    "h": mark("by hand", "curve"),
    "p": mark("pause", "curve"),
    "s": mark("stop", "curve"),
    "g": mark("held by a limit", "curve"),
    "l": mark("link lost", "curve"),
}
"""What each mark below the curve means."""

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


def curve_of(details: Details, width: int, height: int) -> list[str]:
    """Return a session's levels over its time, with its alarms and who else but a key moved them."""
    length_s = max(float(str(details.facts.get("duration_s") or 0)), *(at_s for at_s, *_ in details.levels), 1.0)
    curves: dict[str, list[Point]] = {}
    marks: dict[str, list[float]] = {}
    for at_s, channel, level, author in details.levels:
        curves.setdefault(channel, []).append((at_s, level))
        if author in SIGNS:
            marks.setdefault(SIGNS[author], []).append(at_s)
    started = datetime.fromisoformat(str(details.facts["started_utc"]))
    for at, *_ in details.alarms:
        marks.setdefault(ALARM, []).append((datetime.fromisoformat(at) - started).total_seconds())
    top = max([level for points in curves.values() for _, level in points], default=0)
    if not top:
        return [tr("no level was put out"), *_alarms(details)]
    channels = [tr("{letter} channel", letter=letter) for letter in curves]
    legend = ", ".join([*channels, *(f"{sign} {tr_text(MEANT[sign], 'curve')}" for sign in marks)])
    drawn = plot(
        curves, width=width, height=height - 1, x=(0, length_s), y_top=top, names=("0:00", m_ss(int(length_s))),
        held=True, marks=marks,
    )  # fmt: skip
    return [tr("level over time: {legend}", legend=legend), *drawn, *_alarms(details)]


def _alarms(details: Details) -> list[str]:
    return [
        f"{ALARM} {datetime.fromisoformat(at).astimezone():%H:%M:%S} {tr_text(text)}: {tr_text(do)}"
        for at, _, text, do in details.alarms
    ]


def trend_of(entries: Sequence[Entry], now: datetime, days: int, width: int, height: int) -> list[str]:
    """Return the pain of so many days, 0 to 10."""
    first = now - timedelta(days=days)
    curves: dict[str, list[Point]] = {}
    for entry in entries:
        if isinstance(entry, Pain) and entry.at >= first:
            at = (entry.at - first).total_seconds()
            curves.setdefault(LETTERS[entry.when], []).append((at, entry.score))
        elif isinstance(entry, Run) and entry.pain is not None and entry.at >= first:
            curves.setdefault(LETTERS[When.RUN], []).append(((entry.at - first).total_seconds(), entry.pain))
    if not curves:
        return [tr("no pain was written down in the last {days} days", days=days)]
    legend = ", ".join(f"{letter} {when_named(when)}" for when, letter in LETTERS.items() if letter in curves)
    span_s = timedelta(days=days).total_seconds()
    drawn = plot(
        curves, width=width, height=height - 1, x=(0, span_s), y_top=SCORE_MAX,
        names=(tr("{at:%d %b}", at=first), tr("{at:%d %b}", at=now)),
    )  # fmt: skip
    return [tr("pain, 0 to 10, {days} days: {legend} (+ where two meet)", days=days, legend=legend), *drawn]


class LogPlace(SearchedPlace):
    """The log; see the module."""

    HEADING = mark("Log")
    FIXED = (("enter", mark("a session's levels over time, with what happened")),)
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

    def body(self) -> Iterable[Widget]:
        """A search, the list, and what a line of it says in full."""
        yield from super().body()
        yield Static("", id="detail", markup=False)

    def load(self) -> None:
        """Read it."""
        super().load()
        self.query_one("#detail").display = False
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

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show a session's levels; of all else the line says everything."""
        event.stop()
        entry = self._shown[event.option_index]
        options = self.desk.options
        if isinstance(entry, Played) and options is not None:
            self.fetch(partial(_details, options, entry.id), partial(self._tell, entry))
        else:
            self._say([told(entry)])

    def _tell(self, entry: Played, details: Details | None) -> None:
        if details is not None:
            width, height = self._room
            self._say([told(entry), *curve_of(details, width, height - 1)])

    def action_trend(self) -> None:
        """Show the pain of a month, then of all that was read, then the list alone."""
        self._days = {0: 30, 30: RECENT.days}.get(self._days, 0)
        if self._days and self._kept.now is not None:
            width, height = self._room
            self._say(trend_of(self._kept.entries, self._kept.now, self._days, width, height))
        else:
            self._say([])

    @property
    def _room(self) -> tuple[int, int]:
        """Columns and rows for what is told in full: half of what there is."""
        width, height = self.app.size
        return width - 2, max(6, (height - 6) // 2)

    def _say(self, lines: Sequence[str]) -> None:
        detail = self.query_one("#detail", Static)
        detail.update("\n".join(lines))
        detail.display = bool(lines)

    def action_undo(self) -> None:
        """Ask first: what is taken back is the last thing of all, not the line that is lit."""
        question = tr("Take back the last thing that was written down? It is marked, never deleted.")
        rows = {"y": tr("yes, take it back"), "n": tr("no")}
        self.app.push_screen(Pick(question, {"y": "y", "n": ""}, rows), self._undo)

    def _undo(self, answer: str | None) -> None:
        options = self.desk.options
        if answer and options is not None:
            self.fetch(lambda: _undone(options), self._gone)

    def _gone(self, gone: Sequence[Entry]) -> None:
        self.desk.say(taken_back(gone))
        self.load()


def taken_back(gone: Sequence[Entry]) -> str:
    """Return what was taken back in words."""
    if not gone:
        return tr("there is nothing to take back")
    entries = "; ".join(told(entry) for entry in gone[:GONE_TOLD])
    if len(gone) <= GONE_TOLD:
        return tr("taken back: {entries}", entries=entries)
    return tr("taken back: {entries} and {more} more", entries=entries, more=len(gone) - GONE_TOLD)


def _row(entry: Entry, going: tuple[str, str] | None) -> str:
    """Return one line; `going`: unit and program of the session that runs, whose row has no end yet."""
    if isinstance(entry, Played) and entry.ended is None and going == (entry.unit, entry.program):
        going_on = tr("{program} on {unit}: it runs now (2)", program=entry.program, unit=entry.unit)
        return f"{entry.at:%Y-%m-%d %H:%M}  #{entry.id} {going_on}"
    number = f"#{entry.id} " if isinstance(entry, Played) else ""
    return f"{entry.at:%Y-%m-%d %H:%M}  {number}{told(entry)}"


def _details(options: HostOptions, number: int) -> Details | None:
    with opened(options) as journal:
        return journal.details(number)


def _undone(options: HostOptions) -> Sequence[Entry]:
    with opened(options, write=True) as journal:
        return journal.undo()
