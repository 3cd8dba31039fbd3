"""Shares the rows of the session screen out, what matters most first; pure functions.

1. Every channel has its row before anything else; then come STOP, the state with the time, and what is wrong.
   40 columns by 12 rows are enough for four channels, STOP, the state, and a lost link in full.
2. Units beside each other have the same rows: as many as the one that needs the most.
3. What is left is drawn larger: figures three rows high, levels so far, the pulses.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct, field
from msgspec.structs import asdict

from estim.core.messages.shown import Snapshot
from estim.core.translation import tr
from estim.core.values import replace
from estim.tui import wording
from estim.tui.model import View
from estim.tui.room import Room, rows_of
from estim.tui.widgets import ALARM_ROWS, BIG_WIDTH, GOAL_MARGIN, MARGIN, NARROW, Alarms, LaneRows

CLOCK_WIDTH = 22
"""Columns of the big figures of the time."""
URGENT_ROWS = 6
"""Rows that a lost controller or link has before anything that isn't a channel or STOP."""
PANE_WIDTH = 40
"""Columns that a unit beside another one has at least."""
ROOMY = 30
"""From so many rows on one is kept free for a note, so that nothing moves when one comes."""
TRACE_ROWS = 10
"""Rows of a channel's levels so far, at most."""


class SessionRows(Struct):
    """How many rows each part of the session screen has; each channel's level has one in any case.

    `width` are a unit's columns, `alone`: one unit is drawn.
    """

    width: int
    alone: bool = True
    stop: int = 0
    state: int = 0
    banner: int = 0
    others: int = 0
    alarms: int = 0
    note: int = 0
    footer: int = 0
    link: int = 0
    clock: int = 0
    phase: int = 0
    program: int = 0
    unit: int = 0
    differs: int = 0
    way: int = 0
    names: int = 0
    pulse: int = 0
    picture: int = 0
    says: int = 0
    gap: int = 0
    lanes: LaneRows = field(default_factory=LaneRows)


def beside(view: View, width: int) -> tuple[View, ...]:
    """Return the views of the units that are drawn beside each other, the lit one among them; as many as fit."""
    count = max(1, width // PANE_WIDTH)
    if len(view.panes) < 2 or count < 2:
        return (view,)
    lit = [pane for pane in view.panes if pane.lit]
    return view.panes if len(view.panes) <= count else (*lit, *(pane for pane in view.panes if not pane.lit))[:count]


def with_time(state: str, snapshot: Snapshot) -> str:
    """Return the state with the time that is left behind it, where that isn't drawn big."""
    if wording.searched(snapshot):
        return state
    return tr("{state} · {time} left", state=state, time=wording.clock(snapshot.left_s))


def also_on(view: View, views: Sequence[View]) -> str:
    """Return what may be on beyond the units that are drawn, and what waits there for its key."""
    drawn = [one.snapshot.unit for one in views if one.snapshot]
    waits = [
        tr("{unit} waits too: press {number}", unit=unit, number=number)
        for number, unit in view.waits
        if unit not in drawn
    ]
    return "; ".join(filter(None, [view.also_on(drawn), *waits]))


class Needs(Struct, frozen=True):
    """How many rows each part of one unit would take; `held`: what holds a channel, of the one that needs the most."""

    lanes: int = 0
    urgent: int = 0
    alarmed: int = 0
    link: int = 0
    goals: int = 0
    helds: int = 0
    held: int = 0
    differs: int = 0
    way: int = 0
    names: int = 0
    pulse: int = 0


def needs_of(view: View, width: int) -> Needs:
    """Return what one unit needs in a column of this width."""
    shown = view.snapshot
    if shown is None:
        return Needs()
    line = width - MARGIN
    wide = width >= NARROW
    below = width - GOAL_MARGIN - (BIG_WIDTH if wide else 0)
    return Needs(
        lanes=len(shown.lanes),
        urgent=sum(rows_of(text, line) for text in Alarms.urgent(view)),
        alarmed=sum(rows_of(wording.alarm(alarm), line) for alarm in shown.alarms),
        link=wording.link_rows(shown, view.unheard, line),
        goals=sum(wording.goal_rows(lane, view.last.get(lane.channel), below) for lane in shown.lanes),
        helds=sum(rows_of(wording.held(lane), below) for lane in shown.lanes),
        held=max((rows_of(wording.held(lane), below) for lane in shown.lanes), default=0),
        differs=rows_of("; ".join(shown.differs), width - CLOCK_WIDTH - MARGIN if wide else line),
        way=1 if shown.phases else 0,
        names=1 if len(shown.phases) > 1 else 0,
        pulse=1 if shown.pulse else 0,
    )


def session_rows(view: View, width: int, height: int) -> SessionRows:
    """Share the rows out; see the module."""
    views = beside(view, width)
    rows = SessionRows(width=width // len(views), alone=len(views) == 1)
    needs = [asdict(needs_of(one, rows.width)) for one in views]
    need = Needs(**{name: max(one[name] for one in needs) for name in needs[0]})
    room = Room(height)
    others = rows_of(also_on(view, views), width - MARGIN)
    note = rows_of(view.note, width - MARGIN)
    rows.stop = room.take(1)
    room.take(need.lanes)
    rows.state = room.take(1)
    rows.banner = room.take(1 if view.simulated else 0)
    rows.alarms = room.take(min(need.urgent, URGENT_ROWS))
    rows.others = room.take(min(2, others))
    rows.alarms += room.take(min(need.alarmed, 3))
    rows.note = room.take(min(2, note))
    rows.footer = room.take(1)
    rows.stop += room.take(2, whole=True)
    _share_usual(rows, room, need)
    _share_large(rows, room, need)
    rows.note += room.take(max(note, 1 if height >= ROOMY else 0) - rows.note)
    _share_rest(rows, room, need)
    return rows


def _share_usual(rows: SessionRows, room: Room, need: Needs) -> None:
    """How old it is, a row for each goal, the big clock, phase and way, program and unit."""
    wide = rows.width >= NARROW
    rows.link = room.take(need.link)
    goal = 1 if room.take(need.lanes, whole=True) else 0
    rows.alarms += room.take(max(0, min(need.alarmed, ALARM_ROWS) - rows.alarms + min(need.urgent, URGENT_ROWS)))
    rows.clock = int(bool(room.take(3 if wide else 4, whole=True)))
    rows.phase = _next_to_clock(rows, room)(1)
    rows.program = room.take(1)
    rows.unit = room.take(1)
    rows.way = room.take(need.way)
    rows.lanes = LaneRows(goal, 0)


def _share_large(rows: SessionRows, room: Room, need: Needs) -> None:
    """Pulses, levels so far with big figures, then the sentences in full."""
    wide = rows.width >= NARROW
    rows.pulse = room.take(need.pulse)
    trace = 1 if rows.lanes.goal and room.take(need.lanes, whole=True) else 0
    rows.picture = room.take(rows.pulse)
    whole = rows.lanes.goal == 1 and _all(room, need.goals - need.lanes)
    held = None if _all(room, need.helds) else 0
    free = 3 - rows.phase if rows.clock and wide else 0  # next to the clock there are three rows anyway
    rows.differs = min(need.differs, free)
    rows.differs += room.take(need.differs - rows.differs)
    rows.says = room.take(1 if need.lanes else 0)
    rows.names = room.take(need.names if rows.way else 0)
    rows.lanes = LaneRows(None if whole else rows.lanes.goal, held, trace=trace, big=bool(trace and wide))


def _share_rest(rows: SessionRows, room: Room, need: Needs) -> None:
    """Air between the parts, then more rows for the levels so far."""
    rows.gap = int(room.take(need.lanes + 2, whole=True) > 0)
    trace = rows.lanes.trace
    held = rows.lanes.held
    if rows.gap and held is None and need.held <= 1 and _all(room, need.lanes - need.helds):
        held = 1  # kept free where nothing is held: what comes and goes with a key must not move all the rest
    if trace:
        trace += room.take(need.lanes * min(TRACE_ROWS - trace, room.left // need.lanes)) // need.lanes
    rows.lanes = replace(rows.lanes, held=held, gap=rows.gap, trace=trace, width=rows.width)


def _next_to_clock(rows: SessionRows, room: Room) -> Callable[[int], int]:
    """Return what gives rows beside the clock: there are three anyway."""
    return Room(3).take if rows.clock and rows.width >= NARROW else room.take


def _all(room: Room, rows: int) -> bool:
    """Take so many rows if there are, and say whether there were."""
    return rows <= 0 or room.take(rows, whole=True) == rows
