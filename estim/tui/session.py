"""The screen while sessions are under way: a pane for each unit, beside each other where they fit, and one STOP."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen

from estim.core.values import replace
from estim.tui.key_bar import KeyBar
from estim.tui.key_names import bound, name_keys
from estim.tui.model import View
from estim.tui.pane import Pane
from estim.tui.rows import also_on, beside, session_rows
from estim.tui.widgets import Banner, Line, StopBar
from protocols.vocabulary import Channel


class Session(Screen[None]):
    """While a session is under way: everything that is known, and how old it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("level_up", "app.move(1)", beside="level_down"),
        bound("level_down", "app.move(-1)", show=False),
        bound("level_far_up", "app.leap(1)", show=False),
        bound("level_far_down", "app.leap(-1)", show=False),
        bound("pause", "app.pause"),
        bound("channel_next", "app.channel('')", show=False, priority=True),
        *(bound(f"channel_{one.value.lower()}", f"app.channel('{one.value}')", show=False) for one in Channel),
        *(bound(f"unit_{number}", f"app.unit_number({number})", show=False) for number in range(1, 5)),
        bound("arm", "app.arm", show=False),
        bound("last_level", "app.last_level", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        name_keys(self)
        self._shown: tuple[Pane, ...] = ()

    def compose(self) -> ComposeResult:
        """The units, and STOP for all of them."""
        yield Banner(id="banner")
        with Horizontal(id="panes"):
            yield Pane()
        yield Line(id="others", classes="medium")
        yield Line(id="note")
        yield StopBar()
        yield KeyBar()

    @property
    def lit(self) -> tuple[str, Channel] | None:
        """What the level keys move: the unit and channel that are lit on the screen."""
        return next((pane.lanes.lit for pane in self._shown if pane.lanes.lit is not None), None)

    def draws(self, number: int) -> bool:
        """Say whether the unit of this number, of two that were started as one, has been drawn."""
        return any(pane.number == number for pane in self._shown)

    def light(self, view: View) -> None:
        """Light the channel that was chosen just now."""
        views = {one.snapshot.unit: one for one in (view.panes or (view,)) if one.snapshot}
        for pane in self._shown:
            if pane.unit in views:
                pane.lanes.light(views[pane.unit])

    async def draw(self, view: View) -> None:
        """Show it all; what hasn't changed isn't touched."""
        width, height = self.app.size
        rows = session_rows(view, width, height)
        views = beside(view, width)
        self.query_one("#banner", Banner).draw(view, rows.banner)
        self.query_one("#note", Line).say(view.note or (" " if rows.note else ""), rows.note)
        self.query_one("#others", Line).say(also_on(view, views), rows.others)
        self.query_one(StopBar).draw(rows.stop)
        self.query_one(KeyBar).display = bool(rows.footer)
        panes = await self._panes(len(views))
        self._shown = tuple(panes)
        for pane, one in zip(panes, views, strict=True):
            await pane.draw(replace(one, waits=view.waits), rows)

    async def _panes(self, count: int) -> list[Pane]:
        """Return so many panes; what is too many goes, what is missing comes."""
        panes = list(self.query(Pane))
        self._shown = tuple(panes[:count])  # no key is meant for one that goes
        for pane in panes[count:]:
            await pane.remove()
        fresh = [Pane() for _ in range(count - len(panes))]
        if fresh:
            await self.query_one("#panes").mount_all(fresh)
        return [*panes[:count], *fresh]
