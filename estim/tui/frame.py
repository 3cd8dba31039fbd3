"""What stands around everything that covers the session: SIMULATED, the session in a line, alarms, and STOP."""

from collections.abc import Iterable
from typing import Any

from textual import events
from textual.screen import Screen
from textual.widget import Widget

from estim.core.messages.shown import Snapshot
from estim.core.translation import tr
from estim.tui import wording
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.stopping import stop_key
from estim.tui.widgets import MARGIN, Alarms, Banner, Line, StopBar

TALL = 30
"""From so many rows on STOP is as big as beside a session."""


def strip(view: View, width: int, key: str = "") -> str:
    """Return the line on what is on: level, time left and how to stop it; empty where nothing is.

    `key` stops where one is, if that isn't the usual one.
    """
    snapshot = view.snapshot
    others = "; ".join(f"{unit}: {text}" for unit, text in view.on if snapshot is None or unit != snapshot.unit)
    stops = tr("{key} or {panic} stops", key=key or key_of("stop"), panic=key_of("panic"))
    if view.unknown:
        return tr("NOT KNOWN any more what is on: {stops}", stops=stops)
    if view.connecting:
        text = tr("connecting to the controller … · {stops}", stops=stops)
        return text if len(text) <= width else tr("connecting … · {stops}", stops=stops)
    if snapshot is None or not wording.may_flow(snapshot):
        return tr("ON: {units} · {stops}", units=others, stops=stops) if others else ""
    levels = ", ".join(f"{lane.channel} {wording.level(lane)}" for lane in snapshot.lanes) or tr("not known")
    doubt = _doubt(view, snapshot)
    left = _left(snapshot)
    parts = [f"{doubt}{tr('level {levels}', levels=levels)}", left, stops]
    more = [tr("also on: {units}", units=others)] if others else []
    for spare in ([snapshot.unit, wording.state(snapshot), *more], [snapshot.unit, *more], more):
        text = " · ".join([*spare[:2], *parts, *spare[2:]])
        if len(text) <= width:
            return text
    count = sum(snapshot.unit != unit for unit, _ in view.on)
    told = " · ".join([f"{doubt}{levels}", *([tr("+{count} ON", count=count)] if count else [])])
    for less in (stops, tr("{key} stops", key=key or key_of("stop"))):
        text = " · ".join([told, left, less])
        if len(text) <= width:
            return text
    text = f"{told} · {left}"  # STOP itself is in sight below
    return told if count and snapshot.live and len(text) > width else text


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

    _view = View()

    def on_mount(self) -> None:
        """Name another key as soon as letters are typed into a field."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self.draw(self._view))

    def draw(self, view: View) -> None:
        """Show what is on."""
        self._view = view
        self.say(strip(view, self.app.size.width - MARGIN, stop_key(self.screen)), 1)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """As on STOP: the press counts."""
        event.stop()
        self.post_message(StopBar.Pressed())


def frame() -> Iterable[Widget]:
    """Return what stands above everything that covers the session: SIMULATED, the session in a line, alarms."""
    yield Banner(id="banner")
    yield Strip(id="strip", classes="medium")
    yield Alarms(id="alarms")


def draw_frame(screen: Screen[Any], view: View, alarm_rows: int) -> None:
    """Draw what `frame` has made, and STOP."""
    screen.query_one("#banner", Banner).draw(view, 1)
    screen.query_one("#strip", Strip).draw(view)
    screen.query_one("#alarms", Alarms).draw(view, alarm_rows)
    screen.query_one(StopBar).draw(3 if screen.app.size.height >= TALL else 1)


def on_a_stop_below(screen: Screen[Any], event: events.MouseDown) -> bool:
    """Say whether a press is on a STOP that shows from below a dialog."""
    below = [bar for one in screen.app.screen_stack if one is not screen for bar in one.query(StopBar)]
    return any(bar.region.contains(int(event.screen_x), int(event.screen_y)) for bar in below)
