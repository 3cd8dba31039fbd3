"""The screens: choose a program, follow a session, read its summary, look up the keys.

Each draws a View and posts what a person has chosen; the app alone sends commands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Footer, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from estim.core.errors import EstimError
from estim.core.messages.commands import Start
from estim.core.messages.events import Ended
from estim.core.messages.shown import Snapshot
from estim.tui import wording
from estim.tui.model import View
from estim.tui.room import Room, rows_of
from estim.tui.stopping import STOP_KEYS
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
from estim.tui.wording import Offer
from protocols.vocabulary import Channel

CLOCK_WIDTH = 22
"""Columns of the big figures."""
URGENT_ROWS = 6
"""Rows that a lost controller or link has before anything that isn't a channel or STOP."""

GOAL_HINT = "Goal: 0 begins at zero, + goes up; 12 is channel A; A=12,B=8 both; l: as last time."


class Choose(Screen[None]):
    """Before a start: program, minutes, goal level, and the pads-on act."""

    class Chosen(Message):
        """Everything is chosen, and the pads are on."""

        def __init__(self, start: Start) -> None:
            super().__init__()
            self.start = start

    BINDINGS: ClassVar[list[BindingType]] = [Binding("l,L", "app.last_level", "Last level", show=False)]

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__()
        self._offers = tuple(offers)
        self._unread: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """The id of the program under the cursor, empty for none."""
        offer = self._offer(self.query_one("#programs", OptionList).highlighted)
        return "" if offer is None else offer.id

    def fill_goal(self, goal: str) -> None:
        """Write a goal into its field; the person still has to start."""
        self.query_one("#goal", Input).value = goal

    def compose(self) -> ComposeResult:
        """List on top, the two fields and the button below, STOP as everywhere."""
        yield Banner(id="banner")
        yield Line(id="today")
        yield Line(id="unit")
        yield Alarms(id="alarms")
        with Vertical(id="choice"):
            yield OptionList(*(Option(_row(offer), id=offer.id) for offer in self._offers), id="programs", markup=False)
            yield Line(id="about")
            with Horizontal(id="fields"):
                yield Label("Minutes", classes="field-name")
                yield Input("20", id="minutes", compact=True)
                yield Label("Goal level", classes="field-name")
                yield Input("0", id="goal", compact=True)
            yield Line(id="wrong", classes="high")
            yield Static(GOAL_HINT, id="goal-hint")
            yield Button("Pads on, start", id="start", variant="primary")
        yield Line(id="note")
        yield StopBar()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin at the list. A cursor that blinks would be drawn again and again for nothing."""
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one("#programs", OptionList).focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell what it is, and take its own length."""
        offer = self._offer(event.option_index)
        if offer is not None:
            self.query_one("#about", Line).say(offer.about)
            self.query_one("#minutes", Input).value = f"{offer.minutes:g}"

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A chosen program leads to the button: Enter twice is the whole way."""
        event.stop()
        self.query_one("#start", Button).focus()

    def on_input_changed(self) -> None:
        """What was wrong may be right by now; it is looked at again when the field is left."""
        if self._typed() != self._unread:
            self.query_one("#wrong", Line).say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A filled field leads to the next one, and never starts anything; one that can't be read isn't left."""
        event.stop()
        if self._read_fields() is not None:
            self.focus_next()

    def _typed(self) -> tuple[str, ...]:
        return tuple(self.query_one(f"#{name}", Input).value for name in ("minutes", "goal"))

    def _read_fields(self) -> tuple[float, dict[Channel, int]] | None:
        """Return minutes and goal; None if a field can't be read: then it is said which, and what it would take."""
        field = self.query_one("#minutes", Input)
        try:
            minutes = wording.minutes_of(field.value)
            field = self.query_one("#goal", Input)
            goal = wording.goal_of(field.value)
        except EstimError as error:
            self._unread = self._typed()
            self.query_one("#wrong", Line).say(error.text)
            field.focus()
            return None
        return minutes, goal

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The pads-on act and the start."""
        event.stop()
        offer = self._offer(self.query_one("#programs", OptionList).highlighted)
        if offer is None:
            self.query_one("#note", Line).say("choose a program first")
            return
        fields = self._read_fields()
        if fields is None:
            return
        minutes, goal = fields
        start = Start(program=offer.id, minutes=minutes, level=goal, pads_on=True, wait_after_loss=True)
        self.post_message(self.Chosen(start))

    async def draw(self, view: View) -> None:
        """Show the unit, if there is one, and whether a start is under way."""
        self.query_one("#banner", Banner).draw(view)
        self.query_one("#alarms", Alarms).draw(view)
        self.query_one("#today", Line).say(view.today)
        self.query_one("#unit", Line).say(_unit(view))
        self.query_one("#note", Line).say(view.note)
        self.query_one("#start", Button).disabled = view.starting or bool(view.gone)

    def _offer(self, index: int | None) -> Offer | None:
        return self._offers[index] if index is not None and index < len(self._offers) else None


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
        self.query_one("#others", Line).say(_others_on(view), rows.others)
        self.query_one(StopBar).draw(rows.stop)
        self.query_one(Footer).display = bool(rows.footer)
        snapshot = view.snapshot
        if snapshot is None:
            return
        self.query_one("#program", Line).say(_program(snapshot), rows.program)
        self.query_one("#unit", Line).say(_unit(view), rows.unit)
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
    others = room.take(min(2, rows_of(_others_on(view), line)))
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


class Summary(Screen[None]):
    """After a session: why it ended, how long, how high, and whether the stop is proved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "app.again", "New session", key_display="Enter"),
        Binding("o,O", "app.after('skin', 'ok')", "Skin ok", show=False),
        Binding("b,B", "app.after('skin', 'bad')", "Skin not ok", show=False),
        Binding("w,W", "app.after('feel', 'weaker')", "Weaker", show=False),
        Binding("e,E", "app.after('feel', 'same')", "The same", show=False),
        Binding("r,R", "app.after('feel', 'stronger')", "Stronger", show=False),
    ]
    ASKS = "Skin under the pads: o ok, b not ok.  Against last time: w weaker, e the same, r stronger."

    def compose(self) -> ComposeResult:
        """A short list, and STOP as everywhere: an unproved stop can be asked for again."""
        yield Banner(id="banner")
        yield Line(id="program")
        yield Alarms(id="alarms")
        with VerticalScroll(id="summary", can_focus=False):
            for row in ("reason", "minutes", "highest", "stop", "on", "message", "asks"):
                yield Line(id=f"sum-{row}", classes="sum")
        yield Line(id="note")
        yield StopBar()
        yield Footer(show_command_palette=False)

    async def draw(self, view: View) -> None:
        """Show the end."""
        self.query_one("#banner", Banner).draw(view)
        self.query_one("#alarms", Alarms).draw(view)
        self.query_one("#note", Line).say(view.note)
        ended = view.ended
        if ended is None:
            return
        self.query_one("#program", Line).say(f"Session over: {_title(view.snapshot, ended)}")
        for row, name, text in (
            ("reason", "why", wording.reason(ended.reason)),
            ("minutes", "length", f"{wording.clock(ended.duration_s)} min"),
            ("highest", "highest level", wording.highest(ended)),
            ("stop", "stop confirmed", wording.confirmed(ended)),
            ("on", "may be on", wording.may_be_on(view.snapshot) if view.snapshot and not ended.stop_confirmed else ""),
            ("message", "", ended.message),
            ("asks", "", self.ASKS if ended.started_at is not None and not ended.simulated else ""),
        ):
            self.query_one(f"#sum-{row}", Line).say(f"{name:<16}{text}" if name and text else text)
        self.query_one("#sum-on").set_class(True, "high")
        self.query_one("#sum-stop").set_class(not ended.stop_confirmed, "high")


class Keys(ModalScreen[None]):
    """All keys, with what they do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.keys_away(True)", "Close"),
        Binding("question_mark,enter", "app.keys_away", "Close"),
        Binding(STOP_KEYS, "app.stop", "Stop", show=False),
    ]

    TEXT = """\
F12           panic: zero at once, works everywhere,
              also with Shift, Ctrl or Alt
s             stop: zero at once, and end (also with Caps Lock,
              and as the same key of another layout)
Escape        soft stop: down in two seconds, and end
space         pause; again: go on, up from zero
+ and −       goal of the lit channel one step up, down; held, it
              stays a few steps above what the unit says
A, B, C, D    choose that channel: it is lit, and + and − move it
Tab           choose the next channel
k             acknowledge the first alarm
u             the next unit, if there are several
l             the level that was comfortable last time
q, Ctrl+Q     stop if output may be on, then leave
?             this list; Enter closes it

bar: █ the unit is there   ▒ it may be there   ◇ goal"""

    def compose(self) -> ComposeResult:
        """What is on, the list, and STOP as everywhere."""
        yield Line(id="on", classes="medium")
        with VerticalScroll(id="keys"):
            yield Static(self.TEXT, markup=False)
        yield StopBar()

    async def draw(self, view: View) -> None:
        """Go on showing what may be on: the list covers the channels."""
        on = wording.may_be_on(view.snapshot) if view.snapshot else ""
        text = f"level {on}" if on else ""
        lost = wording.lost(view.snapshot) if view.snapshot else ""
        self.query_one("#on", Line).say("; ".join(filter(None, (lost or text, _others_on(view)))))


def _row(offer: Offer) -> str:
    return f"{offer.title}  ({offer.id}, {offer.minutes:g} min)"


def _program(snapshot: Snapshot) -> str:
    return f"{snapshot.program_title} ({snapshot.program})" if snapshot.program else "no program"


def _others_on(view: View) -> str:
    return f"also on: {view.others_on} (u)" if view.others_on else ""


def _state(view: View, snapshot: Snapshot, *, clock: bool) -> str:
    state = "NOT KNOWN any more" if view.gone else wording.state(snapshot)
    return state if clock or wording.searched(snapshot) else f"{state} · {wording.clock(snapshot.left_s)} left"


def _unit(view: View) -> str:
    others = f" · also: {', '.join(view.others)} (u)" if view.others else ""
    return f"{wording.unit(view.snapshot) if view.snapshot else 'the unit is looked for at the start'}{others}"


def _title(snapshot: Snapshot | None, ended: Ended) -> str:
    title = snapshot.program_title if snapshot and snapshot.program == ended.program else ""
    return f"{title} ({ended.program})" if title else ended.program or "no program"
