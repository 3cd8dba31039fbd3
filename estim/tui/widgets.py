"""The parts of the screen: each draws one corner of a View, holds no truth, and redraws only what has changed."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Digits, Static

from estim.core.panel import Alarm, Lane, Priority, Snapshot
from estim.tui import words
from estim.tui.picture import View
from protocols.vocabulary import Channel

ALARMS_SHOWN = 4
"""Alarms on the screen at once, the most urgent first; the rest are counted."""
BAR_MIN, BAR_MAX = 8, 60
"""Narrowest and widest bar, cells."""


class Line(Static):
    """Text that is drawn again only when it is another text; an empty one takes no room."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self._said = ""
        self.display = False

    def say(self, text: str) -> None:
        """Show this text."""
        if text == self._said:
            return
        # A line that only changes its figures keeps its height, so nothing around it has to be laid out again.
        same_shape = self._said.count("\n") == text.count("\n") and len(self._said) == len(text)
        self._said = text
        self.update(text, layout=not same_shape)
        self.display = bool(text)


class Banner(Line):
    """SIMULATED, as long as it is."""

    def draw(self, view: View) -> None:
        """Show or hide."""
        self.say("SIMULATED: a software device, no current flows" if view.simulated else "")


class Alarms(Vertical):
    """The lost controller first, then the unit's alarms, each latched until it is acknowledged."""

    def compose(self) -> ComposeResult:
        """One line for the controller, a fixed number for alarms, one for the rest."""
        yield Line(id="gone", classes="high")
        for row in range(ALARMS_SHOWN):
            yield Line(id=f"alarm-{row}")
        yield Line(id="alarms-more")

    def draw(self, view: View) -> None:
        """Show the most urgent ones."""
        self.query_one("#gone", Line).say("!!! ALARM: " + "\n".join(view.gone) if view.gone else "")
        alarms = view.snapshot.alarms if view.snapshot else ()
        for row in range(ALARMS_SHOWN):
            self._row(row, alarms[row] if row < len(alarms) else None)
        more = len(alarms) - ALARMS_SHOWN
        self.query_one("#alarms-more", Line).say(f"and {more} more: k acknowledges the first" if more > 0 else "")
        self.display = bool(view.gone or alarms)

    def _row(self, row: int, alarm: Alarm | None) -> None:
        line = self.query_one(f"#alarm-{row}", Line)
        line.say(words.alarm(alarm) if alarm else "")
        for priority in Priority:
            line.set_class(alarm is not None and alarm.priority is priority, priority.value)


class StopBar(Static):
    """STOP, always in sight, for the mouse; the keys work without it."""

    class Pressed(Message):
        """It was clicked."""

    def __init__(self) -> None:
        super().__init__("STOP   s or a click here · F12 from everywhere", id="stop", markup=False)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The press counts, not the release: a hand that shakes or slips has stopped all the same."""
        event.stop()
        self.post_message(self.Pressed())


class LaneView(Vertical):
    """One channel: what the unit reports, with its bar, goal and cap; and what holds it."""

    class Chosen(Message):
        """It was clicked: the level keys are meant for it."""

        def __init__(self, channel: Channel) -> None:
            super().__init__()
            self.channel = channel

    def __init__(self, channel: Channel) -> None:
        super().__init__(id=f"lane-{channel}", classes="lane")
        self.channel = channel

    def compose(self) -> ComposeResult:
        """Level and bar, goal and cap, what holds it."""
        yield Line(classes="lane-level")
        yield Line(classes="lane-goal")
        yield Line(classes="lane-held")

    def on_click(self) -> None:
        """Choose it."""
        self.post_message(self.Chosen(self.channel))

    def draw(self, view: View, lane: Lane, several: bool) -> None:
        """Show it; `several`: mark the one that the level keys are meant for."""
        chosen = several and view.channel is self.channel
        mark = "▶" if chosen else " "
        level = f"{mark} {lane.channel}  level {words.level(lane):<7} {'STALE ' if view.stale else ''}"
        cap = f" cap {lane.cap}"
        # The line's own margins are two cells.
        width = min(BAR_MAX, max(BAR_MIN, self.app.size.width - len(level) - len(cap) - 2))
        self.query_one(".lane-level", Line).say(f"{level}{words.bar(lane, width)}{cap}")
        wanted = f", now wanted {lane.wish}" if lane.wish != lane.goal else ""
        cap = f"cap {lane.cap} of {lane.scale}{f': {lane.cap_why}' if lane.cap_why else ''}"
        self.query_one(".lane-goal", Line).say(f"goal {lane.goal}{wanted} · {cap}")
        self.query_one(".lane-held", Line).say(f"held: {lane.held_by}" if lane.held_by else "")
        self.set_class(view.stale, "-stale")
        self.set_class(chosen, "-chosen")


class Lanes(Vertical):
    """All channels of the unit, in its own order."""

    async def draw(self, view: View) -> None:
        """Show them; they are built again only when the unit has other channels."""
        lanes = view.snapshot.lanes if view.snapshot else ()
        views = list(self.query(LaneView))
        if [view_.channel for view_ in views] != [lane.channel for lane in lanes]:
            async with self.batch():
                await self.remove_children()
                views = [LaneView(lane.channel) for lane in lanes]
                await self.mount_all(views)
        for view_, lane in zip(views, lanes, strict=True):
            view_.draw(view, lane, len(lanes) > 1)


class Clock(Vertical):
    """The time that is left, big enough to be read from the sofa."""

    def compose(self) -> ComposeResult:
        """Figures, and what they mean."""
        yield Digits("0:00", id="left")
        yield Line(id="left-of")

    def draw(self, snapshot: Snapshot, stale: bool) -> None:
        """Show it; `stale`: it may be running on, or not."""
        self.set_class(stale, "-stale")
        digits = self.query_one("#left", Digits)
        left = words.clock(snapshot.left_s)
        if digits.value != left:
            digits.update(left)
        self.query_one("#left-of", Line).say(f"left of {words.clock(snapshot.length_s)}")
