"""The parts of the screen: each draws one corner of a View, holds no truth, and redraws only what has changed."""

from msgspec import Struct
from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.app import ComposeResult, RenderResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Digits, Static

from estim.core.messages.shown import Alarm, ChannelView, Snapshot
from estim.core.translation import tr
from estim.core.vocabulary import Priority
from estim.tui import drawing, wording
from estim.tui.app_interface import app_of
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.room import Room, cut, rows_of
from estim.tui.stopping import stop_key
from protocols.vocabulary import Channel

ALARMS_SHOWN = 4
"""Alarms on the screen at once, the most urgent first; the rest are counted."""
ALARM_ROWS = 9
"""Rows for alarms where nothing else needs them."""
NARROW = 60
"""Below so many columns everything stands in one column."""
MARGIN = 2
"""Columns that a line keeps free at its sides."""
GOAL_MARGIN = 7
"""The same for the lines below a channel's level."""
BIG_WIDTH = 13
"""Columns of a channel's big figures."""
INDENT = 5
"""Columns before a session's way and the levels on it, behind the big figures."""


class Line(Static):
    """Text that is drawn again only when it is another text; an empty one takes no room."""

    def __init__(self, *, id: str | None = None, classes: str | None = None, sides: int = MARGIN) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self._said = ""
        self._rows: int | None = None
        self._sides = sides
        self.display = False

    def say(self, text: str, rows: int | None = None, columns: int | None = None) -> None:
        """Show this text, in at most so many rows of so many columns (None: the screen's); 0 hides it.

        What finds no room is left out with a sign.
        """
        if rows:
            text = cut(text, (self.app.size.width if columns is None else columns) - self._sides, rows)
        if text == self._said and rows == self._rows:
            return
        # A line that only changes its figures, or has as many rows as before, keeps its height: nothing around it is
        # laid out.
        same_shape = rows == self._rows and bool(text) == bool(self._said) and (rows == 1 or self._is_as_high(text))
        if rows != self._rows:
            self.styles.max_height = rows or None
        self._said = text
        self._rows = rows
        self.update(text, layout=not same_shape)
        self.display = bool(text) and rows != 0

    def _is_as_high(self, text: str) -> bool:
        """Say whether a text takes as many rows, of the width that was drawn last, as the one that is shown."""
        width = self.content_size.width
        shown = self._said
        if cell_len(text) != len(text) or cell_len(shown) != len(shown):
            return False  # rows of wide signs are counted by the library alone
        return bool(text) and width > 0 and rows_of(text, width) == rows_of(shown, width)


class Banner(Line):
    """SIMULATED, as long as it is."""

    def draw(self, view: View, rows: int | None = None) -> None:
        """Show or hide."""
        self.say(wording.simulated(view.simulated, self.app.size.width), rows)


class Alarms(Vertical):
    """A lost controller and a lost link first, then the unit's alarms, each latched until it is acknowledged."""

    def compose(self) -> ComposeResult:
        """One line for the controller, one for the link, a fixed number for alarms, one for the rest."""
        yield Line(id="gone", classes="high")
        yield Line(id="lost", classes="high")
        for row in range(ALARMS_SHOWN):
            yield Line(id=f"alarm-{row}")
        yield Line(id="alarms-more", classes="high")

    @staticmethod
    def urgent(view: View) -> tuple[str, str]:
        """Return what is said of a lost controller and of a lost link."""
        gone = f"{wording.symbol(Priority.HIGH)}: " + "\n".join(view.gone) if view.gone and view.lit else ""
        return gone, f"!!! {wording.lost(view.snapshot)}" if view.snapshot and wording.searched(view.snapshot) else ""

    @classmethod
    def needed(cls, view: View, columns: int) -> int:
        """Return how many rows all that is wrong takes in so many columns."""
        texts = [*cls.urgent(view), *(wording.alarm(one) for one in (view.snapshot.alarms if view.snapshot else ()))]
        return sum(rows_of(text, columns - MARGIN) for text in texts)

    def draw(self, view: View, rows: int = ALARM_ROWS, columns: int | None = None) -> None:
        """Show the most urgent ones in so many rows, and columns (None: all there are)."""
        width = (self.app.size.width if columns is None else columns) - MARGIN
        room = Room(rows)
        for name, text in zip(("gone", "lost"), self.urgent(view), strict=True):
            self.query_one(f"#{name}", Line).say(text, room.take(rows_of(text, width)), width + MARGIN)
        alarms = view.snapshot.alarms if view.snapshot else ()
        needed = [rows_of(wording.alarm(alarm), width) for alarm in alarms[:ALARMS_SHOWN]]
        more = 1 if len(alarms) > ALARMS_SHOWN or sum(needed) > room.left else 0
        count = room.take(more) if room.left > 1 else 0
        shown = 0
        for row in range(ALARMS_SHOWN):
            given = room.take(needed[row]) if row < len(needed) else 0
            shown += 1 if given else 0
            self._row(row, alarms[row] if given else None, given, width + MARGIN)
        left = len(alarms) - shown
        self.query_one("#alarms-more", Line).say(
            tr("and {count} more: {key} acknowledges the first", count=left, key=key_of("quiet")) if left else "",
            count if shown else room.take(1),
        )
        self.display = bool(rows and (view.gone or alarms or self.urgent(view)[1]))

    def _row(self, row: int, alarm: Alarm | None, rows: int, columns: int) -> None:
        line = self.query_one(f"#alarm-{row}", Line)
        line.say(wording.alarm(alarm) if alarm else "", rows, columns)
        for priority in Priority:
            line.set_class(alarm is not None and alarm.priority is priority, priority.value)


def _stops(key: str) -> tuple[str, ...]:
    """Return what stands on STOP, as it is where there is room and where there is less; `key` stops where one is."""
    panic = key_of("panic")
    return (
        tr("STOP   {key} or a click here · {panic} from everywhere", key=key, panic=panic),
        tr("STOP   {key} or click · {panic} anywhere", key=key, panic=panic),
        tr("STOP   {key} · {panic} anywhere", key=key, panic=panic),
    )


class StopBar(Static):
    """STOP, always in sight, for the mouse; the keys work without it."""

    class Pressed(Message):
        """It was clicked."""

    def __init__(self) -> None:
        self._said = _stops(key_of("stop"))[0]
        super().__init__(self._said, id="stop", markup=False)

    def on_mount(self) -> None:
        """Name another key as soon as letters are typed into a field."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self._say(self.size.width))

    def draw(self, rows: int) -> None:
        """Take so many rows."""
        self.styles.height = rows
        self._say(self.size.width)

    def on_resize(self, event: events.Resize) -> None:
        """Say it in one row."""
        self._say(event.size.width)

    def _say(self, width: int) -> None:
        """Say it with the keys that hold now; drawn again only when it is another text."""
        texts = _stops(stop_key(self.screen))
        text = next((one for one in texts if width > len(one)), texts[-1])
        if text != self._said:
            self._said = text
            self.update(text)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The press counts, not the release: a hand that shakes or slips has stopped all the same."""
        event.stop()
        self.post_message(self.Pressed())


class Figures(Digits):
    """Figures three rows high; where the terminal gets plain signs, of which none can be made, as usual ones."""

    def render(self) -> RenderResult:
        """Draw them, in as many rows either way: nothing else moves."""
        return Text(f"\n{self.value}", style="bold") if app_of(self).plain else super().render()


class LaneRows(Struct, frozen=True):
    """How many rows each channel has for goal and cap, for what holds it, for its levels so far, and for the gap below,
    beside its level; `big`: its figures are three rows high. None: as many as it takes; so many are kept free too."""

    goal: int | None = None
    held: int | None = None
    gap: int = 0
    trace: int = 0
    big: bool = False
    width: int = 80

    @property
    def indent(self) -> int:
        """How far a session's way is set in, columns."""
        return INDENT + (BIG_WIDTH if self.big else 0)

    @property
    def way(self) -> int:
        """How wide a session's way is, columns."""
        return max(0, self.width - MARGIN - self.indent)


class LaneView(Horizontal):
    """One channel: what the unit reports, big and with its bar; goal and cap; what holds it; and its levels so far."""

    class Chosen(Message):
        """It was clicked: the level keys are meant for it."""

        def __init__(self, channel: Channel) -> None:
            super().__init__()
            self.channel = channel

    def __init__(self, channel: Channel) -> None:
        super().__init__(id=f"lane-{channel}", classes="lane")
        self.channel = channel
        self._big = Figures("", classes="lane-big")
        self._level = Line(classes="lane-level")
        self._goal = Line(classes="lane-goal", sides=GOAL_MARGIN)
        self._held = Line(classes="lane-held", sides=GOAL_MARGIN)
        self._trace = Line(classes="lane-trace")
        self._traced: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Big figures; beside them level and bar, goal and cap, what holds it, the levels so far."""
        yield self._big
        with Vertical(classes="lane-rows"):
            yield self._level
            yield self._goal
            yield self._held
            yield self._trace

    def on_click(self) -> None:
        self.post_message(self.Chosen(self.channel))

    def draw(self, view: View, lane: ChannelView, rows: LaneRows) -> None:
        """Show it; the one that the level keys are meant for is lit, and has a mark."""
        snapshot = view.snapshot
        assert snapshot is not None, "a channel is of a unit"
        chosen = view.lit and view.channel is self.channel
        age = wording.old(snapshot) if snapshot.live and not view.unheard else ""
        marks = wording.LaneMarks(chosen, view.stale, age, view.last.get(self.channel))
        columns = rows.width - (BIG_WIDTH if rows.big else 0)
        self._level.say(wording.lane(wording.aimed(lane, snapshot), columns - MARGIN, marks), 1, columns)
        self._goal.say(wording.goal_in(lane, snapshot, marks.last, columns - GOAL_MARGIN), rows.goal, columns)
        self._held.say(wording.held(lane) or (" " if rows.held else ""), rows.held, columns)
        self._draw_trace(view, lane, rows, columns)
        self._draw_big(lane, rows.big)
        self.styles.margin = (0, 0, rows.gap, 0)
        self.set_class(view.grey, "-stale")
        self.set_class(chosen, "-chosen")

    def _draw_trace(self, view: View, lane: ChannelView, rows: LaneRows, columns: int) -> None:
        """Show the levels so far; they are drawn anew when a second or a level is another one."""
        snapshot = view.snapshot
        assert snapshot is not None, "a channel is of a unit"
        seen = (snapshot.unit, snapshot.program, int(snapshot.elapsed_s), lane.lo, lane.hi, lane.cap, rows)
        if seen == self._traced:
            return
        self._traced = seen
        levels = view.trace.get(self.channel, {})
        drawn = drawing.trace(levels, snapshot.length_s, lane.cap, rows.way, rows.trace)
        self._trace.say("\n".join(f"{'':<{INDENT}}{row}" for row in drawn), rows.trace, columns)

    def _draw_big(self, lane: ChannelView, big: bool) -> None:
        digits = self._big
        text = str(lane.lo) if lane.lo == lane.hi else "--"  # a span finds no room, and no number would be true
        digits.display = big
        if digits.value != text:
            digits.update(text)


class Lanes(Vertical):
    """All channels of the unit, in its own order. `lit` is what the level keys move: a unit and a channel in sight."""

    lit: tuple[str, Channel] | None = None
    _rows = LaneRows()
    _views: tuple[LaneView, ...] = ()

    async def draw(self, view: View, rows: LaneRows) -> None:
        """Show them; they are built again only when the unit has other channels."""
        self._rows = rows
        lanes = view.snapshot.lanes if view.snapshot else ()
        if self._channels() != [lane.channel for lane in lanes]:
            self.lit = None
            self._views = ()  # while they are built again no key is meant for any
            async with self.batch():
                await self.remove_children()
                fresh = tuple(LaneView(lane.channel) for lane in lanes)
                await self.mount_all(fresh)
            self._views = fresh
        self.light(view)

    def light(self, view: View) -> None:
        """Show them as they are, if these are the unit's channels: at once, no key is meant for an unlit one."""
        lanes = view.snapshot.lanes if view.snapshot else ()
        if view.snapshot is None or not lanes or self._channels() != [lane.channel for lane in lanes]:
            return
        for view_, lane in zip(self._views, lanes, strict=True):
            view_.draw(view, lane, self._rows)
        self.lit = (view.snapshot.unit, view.channel) if view.lit else None

    def _channels(self) -> list[Channel]:
        return [view_.channel for view_ in self._views]


class Clock(Vertical):
    """The time that is left, big enough to be read from the sofa."""

    def compose(self) -> ComposeResult:
        """Figures, and what they mean."""
        yield Figures("0:00", id="left")
        yield Line(id="left-of")

    def draw(self, snapshot: Snapshot, stale: bool) -> None:
        """Show it; `stale`: it may be running on, or not."""
        self.set_class(stale, "-stale")
        digits = self.query_one("#left", Digits)
        left = wording.clock(snapshot.left_s)
        if digits.value != left:
            digits.update(left)
        self.query_one("#left-of", Line).say(tr("left of {time}", time=wording.clock(snapshot.length_s)))
