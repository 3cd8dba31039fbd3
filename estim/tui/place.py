"""What every place has around it: SIMULATED, the session that runs, alarms, STOP and the footer.

1. A place draws what it is given; what it reads, it reads in a thread, and shows when it is there.
2. A session that runs stays in sight in one line, with its level and the time that is left, wherever one is.
3. Escape leads back. While a session runs it may have been meant as a stop, so it is a soft one too.
"""

import asyncio
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget

from estim.core.errors import EstimError
from estim.core.translation import mark, tr_text
from estim.tui.desk import Desk
from estim.tui.frame import draw_frame, frame
from estim.tui.key_bar import KeyBar
from estim.tui.key_names import name_keys
from estim.tui.model import View
from estim.tui.places import listed
from estim.tui.widgets import Line, StopBar

T = TypeVar("T")

BROAD = 120
"""From so many columns on a place may have its text beside its list."""
ROOMY = 20
"""From so many rows on a note has as many as it needs."""
NOTE_ROWS = 5
ALARM_ROWS = 4
"""Rows for alarms in a place: the most urgent one, in full."""


class Place(Screen[None]):
    """One screen beside the session."""

    HEADING: ClassVar[str] = ""
    FIXED: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys that can't be others, with what they do here, for `?`; what the bindings do it knows by itself."""
    HORIZONTAL_BREAKPOINTS = [(BROAD, "-broad")]  # noqa: RUF012 - declared so by the library
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
        yield from frame()
        yield Line(id="heading")
        with Vertical(id="place"):
            yield from self.body()
        yield Line(id="note")
        yield StopBar()
        yield KeyBar()

    async def on_mount(self) -> None:
        """Show what is on, and that it is simulated, before anything of it is seen; then read."""
        self.query_one("#heading", Line).say(tr_text(self.HEADING))
        await self.draw(self.desk.view())
        self.load()

    def fetch(
        self, work: Callable[[], T], then: Callable[[T], None], refused: Callable[[EstimError], None] | None = None
    ) -> None:
        """Do what blocks in a thread, then show what came of it; a trouble is said as a note, or as `refused` says."""
        self.run_worker(self._fetch(work, then, refused), group="fetch")

    async def _fetch(
        self, work: Callable[[], T], then: Callable[[T], None], refused: Callable[[EstimError], None] | None
    ) -> None:
        try:
            got = await asyncio.to_thread(work)
        except EstimError as error:
            if refused is None or not self.is_attached:
                self.desk.say(error.text)
            else:
                refused(error)
            return
        if self.is_attached:
            try:
                then(got)
            except NoMatches:
                # The parts of a place that is being left, or whose app is closing, are taken away one by one.
                if self.app.is_running and self in self.app.screen_stack:
                    raise

    @property
    def broad(self) -> bool:
        """Whether there is room for two columns."""
        return self.app.size.width >= BROAD

    async def draw(self, view: View) -> None:
        """Show what is on, what is wrong, and the last note."""
        height = self.app.size.height
        draw_frame(self, view, ALARM_ROWS)
        self.query_one("#note", Line).say(view.note, NOTE_ROWS if height >= ROOMY else 2)
        self.query_one("#heading", Line).display = height >= 14


def place_class(name: str) -> type[Place]:
    """Return what a place is made from; import its file if it isn't yet."""
    file, _, kind = listed(name).where.partition(":")
    made: type[Place] = getattr(import_module(f"estim.tui.{file}"), kind)
    return made


def built(name: str, desk: Desk) -> Place:
    """Make a place."""
    return place_class(name)(desk)
