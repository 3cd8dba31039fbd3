"""The screens: choose a program, follow a session, read its summary, look up the keys.

Each draws a View and posts what a person has chosen; the app alone sends commands.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Footer, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from estim.core.errors import EstimError
from estim.core.happenings import Ended
from estim.core.panel import Snapshot, Start
from estim.tui import words
from estim.tui.picture import View
from estim.tui.widgets import Alarms, Banner, Clock, Lanes, Line, StopBar
from estim.tui.words import Offer

GOAL_HINT = "Goal: 0 begins at zero, + goes up; 12 is channel A; A=12,B=8 both; l: as last time."


class Choose(Screen[None]):
    """Before a start: program, minutes, goal level, and the pads-on act."""

    class Chosen(Message):
        """Everything is chosen, and the pads are on."""

        def __init__(self, start: Start) -> None:
            super().__init__()
            self.start = start

    BINDINGS: ClassVar[list[BindingType]] = [Binding("l", "app.last_level", "Last level", show=False)]

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__()
        self._offers = tuple(offers)

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
                yield Input("20", type="number", max_length=4, id="minutes", compact=True)
                yield Label("Goal level", classes="field-name")
                yield Input("0", max_length=24, restrict="[0-9A-Da-d=, ]*", id="goal", compact=True)
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

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A filled field leads to the next one, and never starts anything."""
        event.stop()
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The pads-on act and the start."""
        event.stop()
        offer = self._offer(self.query_one("#programs", OptionList).highlighted)
        if offer is None:
            self.query_one("#note", Line).say("choose a program first")
            return
        try:
            minutes = words.minutes_of(self.query_one("#minutes", Input).value)
            goal = words.goal_of(self.query_one("#goal", Input).value)
        except EstimError as error:
            self.query_one("#note", Line).say(error.text)
            return
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
    """While a session is under way: everything that is known, and how old it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "app.move(1)", "Level", key_display="+ −"),
        Binding("minus,underscore", "app.move(-1)", "Level down", show=False),
        Binding("space", "app.pause", "Pause"),
        Binding("tab", "app.channel('')", "Channel", show=False, priority=True),
        Binding("a", "app.channel('A')", "Channel A", show=False),
        Binding("b", "app.channel('B')", "Channel B", show=False),
        Binding("enter", "app.arm", "Pads on", show=False),
        Binding("l", "app.last_level", "Last level", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Who and what on top, time and phase, channels, alarms, STOP."""
        yield Banner(id="banner")
        yield Line(id="program")
        yield Line(id="unit")
        yield Line(id="link")
        yield Alarms(id="alarms")
        with VerticalScroll(id="body", can_focus=False):
            with Horizontal(id="time"):
                yield Clock(id="clock")
                with Vertical(id="doing"):
                    yield Line(id="state")
                    yield Line(id="phase")
                    yield Line(id="differs")
            yield Lanes(id="lanes")
        yield Line(id="note")
        yield StopBar()
        yield Footer(show_command_palette=False)

    async def draw(self, view: View) -> None:
        """Show it all; what hasn't changed isn't touched."""
        self.query_one("#banner", Banner).draw(view)
        self.query_one("#alarms", Alarms).draw(view)
        self.query_one("#note", Line).say(view.note)
        snapshot = view.snapshot
        if snapshot is None:
            return
        program = f"{snapshot.program_title} ({snapshot.program})" if snapshot.program else "no program"
        self.query_one("#program", Line).say(program)
        self.query_one("#unit", Line).say(_unit(view))
        link = self.query_one("#link", Line)
        link.say(words.link(snapshot, view.silent or bool(view.gone)))
        link.set_class(view.stale, "-stale")
        self.query_one(Clock).draw(snapshot, view.stale)
        self.query_one("#state", Line).say("NOT KNOWN any more" if view.gone else words.state(snapshot))
        self.query_one("#phase", Line).say(words.phase(snapshot))
        self.query_one("#differs", Line).say("; ".join(snapshot.differs))
        await self.query_one(Lanes).draw(view)


class Summary(Screen[None]):
    """After a session: why it ended, how long, how high, and whether the stop is proved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "app.again", "New session", key_display="Enter"),
        Binding("o", "app.after('skin', 'ok')", "Skin ok", show=False),
        Binding("b", "app.after('skin', 'bad')", "Skin not ok", show=False),
        Binding("w", "app.after('feel', 'weaker')", "Weaker", show=False),
        Binding("e", "app.after('feel', 'same')", "The same", show=False),
        Binding("r", "app.after('feel', 'stronger')", "Stronger", show=False),
    ]
    ASKS = "Skin under the pads: o ok, b not ok.  Against last time: w weaker, e the same, r stronger."

    def compose(self) -> ComposeResult:
        """A short list, and STOP as everywhere: an unproved stop can be asked for again."""
        yield Banner(id="banner")
        yield Line(id="program")
        yield Alarms(id="alarms")
        with VerticalScroll(id="summary", can_focus=False):
            for row in ("reason", "minutes", "highest", "stop", "message", "asks"):
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
            ("reason", "why", words.reason(ended.reason)),
            ("minutes", "length", f"{words.clock(ended.duration_s)} min"),
            ("highest", "highest level", words.highest(ended)),
            ("stop", "stop confirmed", words.confirmed(ended)),
            ("message", "", ended.message),
            ("asks", "", self.ASKS if ended.started_at is not None and not ended.simulated else ""),
        ):
            self.query_one(f"#sum-{row}", Line).say(f"{name:<16}{text}" if name else text)
        self.query_one("#sum-stop").set_class(not ended.stop_confirmed, "high")


class Keys(ModalScreen[None]):
    """All keys, with what they do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.keys_away(True)", "Close"),
        Binding("question_mark,enter", "app.keys_away", "Close"),
        Binding("s", "app.stop", "Stop", show=False),
    ]

    TEXT = """\
F12           panic: zero at once, works everywhere
s             stop: zero at once, and end
Escape        soft stop: down in two seconds, and end
space         pause; again: go on, up from zero
+ and −       goal of the chosen channel one step up, down
Tab, A, B     choose the channel
k             acknowledge the first alarm
u             the next unit, if there are several
l             the level that was comfortable last time
q, Ctrl+Q     stop if output may be on, then leave
?             this list; Enter closes it

bar: █ the unit is there   ▒ it may be there   ◇ goal"""

    def compose(self) -> ComposeResult:
        """The list, and STOP as everywhere."""
        with Vertical(id="keys"):
            yield Static(self.TEXT, markup=False)
        yield StopBar()


def _row(offer: Offer) -> str:
    return f"{offer.title}  ({offer.id}, {offer.minutes:g} min)"


def _unit(view: View) -> str:
    others = f" · also: {', '.join(view.others)} (u)" if view.others else ""
    return f"{words.unit(view.snapshot) if view.snapshot else 'the unit is looked for at the start'}{others}"


def _title(snapshot: Snapshot | None, ended: Ended) -> str:
    title = snapshot.program_title if snapshot and snapshot.program == ended.program else ""
    return f"{title} ({ended.program})" if title else ended.program or "no program"
