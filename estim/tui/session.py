"""The screen while a session is under way: all that is known, and how old it is. Its rows are shared out here."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer, Static

from estim.core.messages.shown import Snapshot
from estim.tui import wording
from estim.tui.model import View
from estim.tui.room import Room, rows_of
from estim.tui.widgets import (
    ALARM_ROWS,
    GOAL_MARGIN,
    MARGIN,
    NARROW,
    Alarms,
    Banner,
    Clock,
    LaneRows,
    Lanes,
    Line,
    StopBar,
)
from protocols.vocabulary import Channel

CLOCK_WIDTH = 22
"""Columns of the big figures."""
URGENT_ROWS = 6
"""Rows that a lost controller or link has before anything that isn't a channel or STOP."""


class Session(Screen[None]):
    """While a session is under way: everything that is known, and how old it is.

    The rows of a small screen go first to STOP, every channel, what is going on, and what is wrong.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "app.move(1)", "Level", key_display="+ −"),
        Binding("minus,underscore", "app.move(-1)", "Level down", show=False),
        Binding("space", "app.pause", "Pause"),
        Binding("tab", "app.channel('')", "Channel", show=False, priority=True),
        *(
            Binding(f"{name.lower()},{name}", f"app.channel('{name}')", f"Channel {name}", show=False)
            for name in (channel.value for channel in Channel)
        ),
        Binding("enter", "app.arm", "Pads on", show=False),
        Binding("l,L", "app.last_level", "Last level", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Who and what on top, time and phase, channels, alarms, STOP."""
        yield Banner(id="banner")
        yield Line(id="program")
        yield Line(id="unit")
        yield Line(id="link")
        yield Alarms(id="alarms")
        with Horizontal(id="time"):
            yield Clock(id="clock")
            with Vertical(id="doing"):
                yield Line(id="state")
                yield Line(id="phase")
                yield Line(id="differs")
        yield Lanes(id="lanes")
        yield Line(id="others", classes="medium")
        yield Static(id="space")
        yield Line(id="note")
        yield StopBar()
        yield Footer(show_command_palette=False)

    @property
    def lit(self) -> tuple[str, Channel] | None:
        """What the level keys move: the unit and channel that are lit on the screen."""
        return self.query_one(Lanes).lit

    def light(self, view: View) -> None:
        """Light the channel that was chosen just now."""
        self.query_one(Lanes).light(view)

    async def draw(self, view: View) -> None:
        """Show it all; what hasn't changed isn't touched."""
        width, height = self.app.size
        rows = session_rows(view, width, height)
        self.query_one("#banner", Banner).draw(view, rows.banner)
        self.query_one("#alarms", Alarms).draw(view, rows.alarms)
        self.query_one("#note", Line).say(view.note, rows.note)
        self.query_one("#others", Line).say(view.also_on, rows.others)
        self.query_one(StopBar).draw(rows.stop)
        self.query_one(Footer).display = bool(rows.footer)
        snapshot = view.snapshot
        if snapshot is None:
            return
        self.query_one("#program", Line).say(_program(snapshot), rows.program)
        self.query_one("#unit", Line).say(view.named, rows.unit)
        link = self.query_one("#link", Line)
        link.say(wording.link(snapshot, view.silent or bool(view.gone)), rows.link)
        link.set_class(view.stale, "-stale")
        self.query_one("#time").styles.margin = (rows.gap, 0, rows.gap, 0)
        clock = self.query_one(Clock)
        clock.draw(snapshot, view.stale)
        clock.display = rows.clock
        self.query_one("#state", Line).say(_state(view, snapshot, clock=rows.clock), rows.state)
        self.query_one("#phase", Line).say(wording.phase(snapshot), rows.phase)
        self.query_one("#differs", Line).say("; ".join(snapshot.differs), rows.differs)
        self.query_one("#space").display = bool(rows.free)
        await self.query_one(Lanes).draw(view, rows.lanes)


@dataclass(frozen=True, slots=True)
class SessionRows:
    """How many rows each part of the session screen has; each channel's level has one in any case."""

    stop: int
    state: int
    banner: int
    others: int
    alarms: int
    note: int
    footer: int
    link: int
    clock: bool
    phase: int
    program: int
    unit: int
    differs: int
    gap: int
    free: int
    lanes: LaneRows


def session_rows(view: View, width: int, height: int) -> SessionRows:
    """Share the rows of a session screen out, what matters most first; every channel has its row before anything else.

    40 columns by 12 rows are enough for four channels, STOP, the state, and a lost link in full.
    """
    snapshot = view.snapshot
    lanes = snapshot.lanes if snapshot else ()
    line = width - MARGIN
    below = width - GOAL_MARGIN
    wide = width >= NARROW
    doing = width - CLOCK_WIDTH - MARGIN if wide else line
    room = Room(height)
    stop = room.take(1)
    room.take(len(lanes))
    state = room.take(1)
    banner = room.take(1 if view.simulated else 0)
    urgent = sum(rows_of(text, line) for text in Alarms.urgent(view))
    alarms = room.take(min(urgent, URGENT_ROWS))
    others = room.take(min(2, rows_of(view.also_on, line)))
    alarmed = [rows_of(wording.alarm(alarm), line) for alarm in (snapshot.alarms if snapshot else ())]
    alarms += room.take(min(sum(alarmed), 3))
    note = room.take(min(2, rows_of(view.note, line)))
    footer = room.take(1)
    stop += room.take(2, whole=True)
    link = room.take(rows_of(wording.link(snapshot, view.silent), line) if snapshot else 0)
    goals = [rows_of(wording.goal(lane), below) for lane in lanes]
    goal: int | None = 1 if room.take(len(lanes), whole=True) else 0
    alarms += room.take(max(0, min(sum(alarmed), ALARM_ROWS) - alarms + min(urgent, URGENT_ROWS)))
    clock = bool(room.take(3 if wide else 4, whole=True))
    beside = room.take if not (clock and wide) else Room(3).take  # next to the clock there are three rows anyway
    phase = beside(1)
    program = room.take(1)
    unit = room.take(1)
    if goal and room.take(sum(goals) - len(lanes), whole=True):
        goal = None
    helds = sum(rows_of(wording.held(lane), below) for lane in lanes)
    held = None if room.take(helds, whole=True) else 0
    differs = "; ".join(snapshot.differs) if snapshot else ""
    told = beside(rows_of(differs, doing))
    told += room.take(rows_of(differs, doing) - told)
    note += room.take(rows_of(view.note, line) - note)
    gap = room.take(len(lanes) + 2, whole=True) > 0
    return SessionRows(
        stop=stop,
        state=state,
        banner=banner,
        others=others,
        alarms=alarms,
        note=note,
        footer=footer,
        link=link,
        clock=clock,
        phase=phase,
        program=program,
        unit=unit,
        differs=told,
        gap=int(gap),
        free=room.left,
        lanes=LaneRows(goal, held, int(gap)),
    )


def _program(snapshot: Snapshot) -> str:
    return f"{snapshot.program_title} ({snapshot.program})" if snapshot.program else "no program"


def _state(view: View, snapshot: Snapshot, *, clock: bool) -> str:
    state = "NOT KNOWN any more" if view.gone else wording.state(snapshot)
    return state if clock or wording.searched(snapshot) else f"{state} · {wording.clock(snapshot.left_s)} left"
