"""The log: what was played and written down, newest first; a session's levels, and pain over time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from estim.config.options import HostOptions
from estim.core.days.diary import SCORE_MAX, Entry, Note, Pain, Played, Run, When
from estim.core.days.entry_text import all_entries, told
from estim.core.numbers import m_ss
from estim.journal.home_journal import RECENT, opened
from estim.journal.reader import Details
from estim.tui.model import View
from estim.tui.pick import Pick
from estim.tui.place import Place
from estim.tui.plot import Point, plot
from estim.tui.widgets import Line

KINDS: tuple[tuple[str, tuple[type[Entry], ...]], ...] = (
    ("everything", (Entry,)),
    ("sessions", (Played,)),
    ("pain", (Pain,)),
    ("runs", (Run,)),
    ("notes", (Note,)),
)
"""What the filter steps through."""

LETTERS = {When.MORNING: "m", When.WORST: "w", When.REST: "r", When.RUN: "x"}
"""How each pain is drawn."""

SIGNS = {"hand": "h", "pause": "p", "stop": "s", "guard": "g", "lost": "l"}
"""Who moved a level, as it is marked below the curve; keys and ramps move it all the time and have no mark."""


GONE_TOLD = 3
"""So many entries of what was taken back are told; an import may have brought thousands."""


@dataclass(frozen=True, slots=True)
class Kept:
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
        marks.setdefault("!", []).append((datetime.fromisoformat(at) - started).total_seconds())
    top = max([level for points in curves.values() for _, level in points], default=0)
    if not top:
        return ["no level was put out", *_alarms(details)]
    words = {"!": "alarm", "h": "by hand", "p": "pause", "s": "stop", "g": "held by a limit", "l": "link lost"}
    legend = ", ".join([*(f"{letter} channel" for letter in curves), *(f"{sign} {words[sign]}" for sign in marks)])
    drawn = plot(
        curves, width=width, height=height - 1, x=(0, length_s), y_top=top, names=("0:00", m_ss(int(length_s))),
        held=True, marks=marks,
    )  # fmt: skip
    return [f"level over time: {legend}", *drawn, *_alarms(details)]


def _alarms(details: Details) -> list[str]:
    return [f"! {datetime.fromisoformat(at).astimezone():%H:%M:%S} {text}: {do}" for at, _, text, do in details.alarms]


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
        return [f"no pain was written down in the last {days} days"]
    legend = ", ".join(f"{letter} {when.value}" for when, letter in LETTERS.items() if letter in curves)
    span_s = timedelta(days=days).total_seconds()
    drawn = plot(
        curves, width=width, height=height - 1, x=(0, span_s), y_top=SCORE_MAX,
        names=(f"{first:%d %b}", f"{now:%d %b}"),
    )  # fmt: skip
    return [f"pain, 0 to 10, {days} days: {legend} (+ where two meet)", *drawn]


class LogPlace(Place):
    """The log; see the module."""

    HEADING = "Log"
    HELP = """\
Enter         a session's levels over time, with what happened
f             everything, sessions, pain, runs, notes
/             search; Enter leads back to the list
g             pain over 30 days; again: 120 days
z             undo the last thing that was written down"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f,F", "kind", "Filter", key_display="f"),
        Binding("slash", "search", "Search", key_display="/", show=False),
        Binding("g,G", "trend", "Pain trend", key_display="g"),
        Binding("z,Z", "undo", "Undo", key_display="z", show=False),
    ]
    _kept = Kept()
    _shown: tuple[Entry, ...] = ()
    _kind = 0
    _days = 0
    _going: tuple[str, str] | None = None

    def body(self) -> Iterable[Widget]:
        """A search, the list, and what a line of it says in full."""
        yield Input(placeholder="/ to search", id="search", compact=True)
        yield OptionList(id="entries", markup=False, compact=True)
        yield Static("", id="detail", markup=False)

    def load(self) -> None:
        """Read it."""
        self.query_one("#search", Input).cursor_blink = False
        self.query_one("#detail").display = False
        self.query_one("#entries").focus()
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: read_kept(options), self._show)

    def _show(self, kept: Kept) -> None:
        self._kept = kept
        self._list()

    def _list(self) -> None:
        """Show what fits to kind and search."""
        name, kinds = KINDS[self._kind]
        searched = self.query_one("#search", Input).value.casefold()
        self._shown = tuple(
            entry
            for entry in self._kept.entries
            if isinstance(entry, kinds) and searched in _row(entry, self._going).casefold()
        )
        entries = self.query_one("#entries", OptionList)
        entries.clear_options()
        entries.add_options(Option(_row(entry, self._going)) for entry in self._shown)
        if self._shown:
            entries.highlighted = 0
        days = RECENT.days
        self.query_one("#heading", Line).say(f"Log: {name}, {len(self._shown)} in the last {days} days")

    async def draw(self, view: View) -> None:
        """A session that runs has no end in the journal yet: it is told as one that runs."""
        await super().draw(view)
        now = view.snapshot
        going = (now.unit, now.program) if now is not None and now.live else None
        if going != self._going:
            self._going = going
            self._list()

    def on_input_changed(self) -> None:
        """Search while typing."""
        self._list()

    def on_input_submitted(self) -> None:
        """Back to the list."""
        self.query_one("#entries").focus()

    def action_search(self) -> None:
        """Type what is looked for."""
        self.query_one("#search").focus()

    def action_kind(self) -> None:
        """The next kind."""
        self._kind = (self._kind + 1) % len(KINDS)
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
        question = "Take back the last thing that was written down? It is marked, never deleted."
        self.app.push_screen(Pick(question, {"y": "y", "n": ""}, {"y": "yes, take it back", "n": "no"}), self._undo)

    def _undo(self, answer: str | None) -> None:
        options = self.desk.options
        if answer and options is not None:
            self.fetch(lambda: _undone(options), self._gone)

    def _gone(self, gone: Sequence[Entry]) -> None:
        more = f" and {len(gone) - GONE_TOLD} more" if len(gone) > GONE_TOLD else ""
        words = "; ".join(told(entry) for entry in gone[:GONE_TOLD])
        self.desk.say(f"taken back: {words}{more}" if gone else "there is nothing to take back")
        self.load()


def _row(entry: Entry, going: tuple[str, str] | None) -> str:
    """Return one line; `going`: unit and program of the session that runs, whose row has no end yet."""
    if isinstance(entry, Played) and entry.ended is None and going == (entry.unit, entry.program):
        return f"{entry.at:%Y-%m-%d %H:%M}  #{entry.id} {entry.program} on {entry.unit}: it runs now (2)"
    number = f"#{entry.id} " if isinstance(entry, Played) else ""
    return f"{entry.at:%Y-%m-%d %H:%M}  {number}{told(entry)}"


def _details(options: HostOptions, number: int) -> Details | None:
    with opened(options) as journal:
        return journal.details(number)


def _undone(options: HostOptions) -> Sequence[Entry]:
    with opened(options, write=True) as journal:
        return journal.undo()
