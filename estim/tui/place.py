"""What every place has around it: SIMULATED, the session that runs, alarms, STOP and the footer.

1. A place draws what it is given; what it reads, it reads in a thread, and shows when it is there.
2. A session that runs stays in sight in one line, with its level and the time that is left, wherever one is.
3. Escape leads back. While a session runs it may have been meant as a stop, so it is a soft one too.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from estim.core.errors import EstimError
from estim.core.messages.shown import Snapshot
from estim.core.translation import mark, tr, tr_text
from estim.tui import wording
from estim.tui.desk import Desk
from estim.tui.key_names import name_keys
from estim.tui.model import View
from estim.tui.widgets import Alarms, Banner, Line, StopBar

T = TypeVar("T")

TALL = 30
"""From so many rows on STOP is as big as beside a session."""
BROAD = 120
"""From so many columns on a place may have its text beside its list."""
ROOMY = 20
"""From so many rows on a note has as many as it needs."""
NOTE_ROWS = 5
ALARM_ROWS = 4
"""Rows for alarms in a place: the most urgent one, in full."""


def strip(view: View, width: int) -> str:
    """Return the line on what is on: level, time left and how to stop it; empty where nothing is."""
    snapshot = view.snapshot
    others = "; ".join(f"{unit}: {text}" for unit, text in view.on if snapshot is None or unit != snapshot.unit)
    stops = tr("s or F12 stops")
    if view.gone:
        return tr("NOT KNOWN any more what is on: {stops}", stops=stops)
    if snapshot is None or not wording.may_flow(snapshot):
        return tr("ON: {units} · {stops}", units=others, stops=stops) if others else ""
    levels = ", ".join(f"{lane.channel} {wording.level(lane)}" for lane in snapshot.lanes) or tr("not known")
    doubt = _doubt(view, snapshot)
    left = _left(snapshot)
    parts = [f"{doubt}{tr('level {levels}', levels=levels)}", left, stops]
    more = [tr("also on: {units}", units=others)] if others else []
    for spare in ([snapshot.unit, wording.state(snapshot), *more], [snapshot.unit, *more], more, []):
        text = " · ".join([*spare[:2], *parts, *spare[2:]])
        if len(text) <= width:
            return text
    return " · ".join([f"{doubt}{levels}", left, tr("s stops")])


def _doubt(view: View, snapshot: Snapshot) -> str:
    """Return why the levels can't be believed, with a gap behind it; "": nothing speaks against them."""
    if wording.searched(snapshot):
        return f"{tr('LINK LOST')} "
    return f"{tr('STALE')} " if view.stale else ""


def _left(snapshot: Snapshot) -> str:
    """Return how long it goes on; of a unit that can't be reached, how long it may be on."""
    if not snapshot.live:
        return tr("may be ON after the session")
    if wording.searched(snapshot):
        until = snapshot.on_until if snapshot.on_left_s else None
        return tr("may be on until {time}", time=wording.hour(until)) if until else tr("may be on")
    return tr("{time} left", time=wording.clock(snapshot.left_s))


class Strip(Line):
    """The session that runs, in one line; a press on it stops, as on STOP."""

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """As on STOP: the press counts."""
        event.stop()
        self.post_message(StopBar.Pressed())


class Place(Screen[None]):
    """One screen beside the session."""

    HEADING: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    """What one can do here, for `?`."""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.away", mark("Back"), show=False)]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        name_keys(self)
        self.desk = desk

    def body(self) -> Iterable[Widget]:
        """What is between the heading and STOP."""
        return ()

    def load(self) -> None:
        """Read what is to be shown; called when the place is opened, and after each change."""

    def compose(self) -> ComposeResult:
        """The frame, and the body in it."""
        yield Banner(id="banner")
        yield Strip(id="strip", classes="medium")
        yield Alarms(id="alarms")
        yield Line(id="heading")
        with Vertical(id="place"):
            yield from self.body()
        yield Line(id="note")
        yield StopBar()
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        """Show what is on, and that it is simulated, before anything of it is seen; then read."""
        self.query_one("#heading", Line).say(tr_text(self.HEADING))
        await self.draw(self.desk.view())
        self.load()

    def fetch(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do what blocks in a thread, then show what came of it; a trouble is said as a note."""
        self.run_worker(self._fetch(work, then), group="fetch")

    async def _fetch(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        try:
            got = await asyncio.to_thread(work)
        except EstimError as error:
            self.desk.say(error.text)
            return
        if self.is_attached:
            then(got)

    async def draw(self, view: View) -> None:
        """Show what is on, what is wrong, and the last note."""
        width, height = self.app.size
        self.query_one("#banner", Banner).draw(view, 1)
        self.query_one("#strip", Line).say(strip(view, width - 2), 1)
        self.query_one("#alarms", Alarms).draw(view, ALARM_ROWS)
        self.query_one("#note", Line).say(view.note, NOTE_ROWS if height >= ROOMY else 2)
        self.query_one(StopBar).draw(3 if height >= TALL else 1)
        self.query_one("#heading", Line).display = height >= 14
