"""One unit's session in a column of its own: who and what, time, phases, channels, and the pulses that are played."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from estim.core.messages.shown import Snapshot
from estim.core.translation import figure, tr, tr_text
from estim.core.values import replace
from estim.tui import drawing, wording
from estim.tui.model import View
from estim.tui.rows import CLOCK_WIDTH, SessionRows, with_time
from estim.tui.widgets import MARGIN, NARROW, Alarms, Clock, Lanes, Line


class Pane(Vertical):
    """See the module. `unit` is what it drew last, `number` its key if it is one of two that were started as one."""

    unit = ""
    number = 0

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes(id="lanes")

    def compose(self) -> ComposeResult:
        """Who and what on top, time and phase, channels, pulses."""
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
        yield Line(id="way")
        yield Line(id="way-names")
        yield self.lanes
        yield Line(id="pulse")
        yield Line(id="pulses")
        yield Line(id="says")

    async def draw(self, view: View, rows: SessionRows) -> None:
        """Show it all; what hasn't changed isn't touched."""
        snapshot = view.snapshot
        if snapshot is None:
            return
        self.unit = snapshot.unit
        self.number = view.number
        self.set_class(rows.width < NARROW, "-narrow")
        self.set_class(view.lit and not rows.alone, "-lit")
        self.query_one("#alarms", Alarms).draw(view, rows.alarms, rows.width)
        self.query_one("#program", Line).say(_program(snapshot), rows.program, rows.width)
        number = f"{view.number}: " if view.number else ""
        name = view.named if rows.alone else f"{'▶ ' if view.lit else ''}{number}{wording.unit(snapshot)}"
        self.query_one("#unit", Line).say(name, rows.unit, rows.width)
        link = self.query_one("#link", Line)
        link.say(wording.link(snapshot, view.unheard), rows.link, rows.width)
        link.styles.min_height = rows.link
        link.set_class(view.grey, "-stale")
        self._draw_time(view, snapshot, rows)
        self._draw_course(snapshot, rows)
        self.query_one("#says", Line).say(wording.unit_says(snapshot, aged=not view.unheard), rows.says, rows.width)
        await self.lanes.draw(view, rows.lanes)

    def _draw_time(self, view: View, snapshot: Snapshot, rows: SessionRows) -> None:
        self.query_one("#time").styles.margin = (rows.gap, 0, rows.gap, 0)
        clock = self.query_one(Clock)
        clock.draw(snapshot, view.stale)
        clock.display = bool(rows.clock)
        taken = any(unit == snapshot.unit for _, unit in view.waits)
        state = wording.state(snapshot, view.number, taken=taken)
        state = tr("NOT KNOWN any more") if view.unknown else state
        columns = rows.width - (CLOCK_WIDTH if rows.clock and rows.width >= NARROW else 0)
        phase = " · ".join(filter(None, (wording.phase(snapshot), wording.phase_left(snapshot))))
        self.query_one("#state", Line).say(state if rows.clock else with_time(state, snapshot), rows.state, columns)
        self.query_one("#phase", Line).say(phase, rows.phase, columns)
        self.query_one("#differs", Line).say("; ".join(snapshot.differs), rows.differs, columns)

    def _draw_course(self, snapshot: Snapshot, rows: SessionRows) -> None:
        """Show where the session is, and what is played beside what the unit says of it."""
        indent = " " * rows.lanes.indent
        way = drawing.timeline(snapshot.phases, snapshot.elapsed_s, rows.lanes.way)
        self.query_one("#way", Line).say(f"{indent}{way}" if way else "", rows.way, rows.width)
        names = drawing.names([replace(one, title=tr_text(one.title)) for one in snapshot.phases], rows.lanes.way)
        self.query_one("#way-names", Line).say(f"{indent}{names}" if names else "", rows.names, rows.width)
        pulse = snapshot.pulse
        self.query_one("#pulse", Line).say(wording.pulse(pulse) if pulse else "", rows.pulse, rows.width)
        self.query_one("#pulses", Line).say(_pulses(snapshot, rows.width - MARGIN), rows.picture, rows.width)


def _program(snapshot: Snapshot) -> str:
    return f"{tr_text(snapshot.program_title)} ({snapshot.program})" if snapshot.program else tr("no program")


def _pulses(snapshot: Snapshot, width: int) -> str:
    """Return the picture of the pulses with the time that it shows behind it."""
    if snapshot.pulse is None:
        return ""
    seconds = f" {figure(drawing.window_s(snapshot.pulse))} s"
    room = max(0, width - len(seconds))
    return f"{drawing.pulses(snapshot.pulse, room):<{room}}{seconds}"
