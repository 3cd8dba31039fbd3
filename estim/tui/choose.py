"""The screen before a start: a program, its minutes, a goal level, and the pads-on act."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Footer, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from estim.core.errors import EstimError
from estim.core.messages.commands import Start
from estim.tui import wording
from estim.tui.model import View
from estim.tui.widgets import Alarms, Banner, Line, StopBar
from estim.tui.wording import Offer
from protocols.vocabulary import Channel

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
        self.query_one("#unit", Line).say(view.named)
        self.query_one("#note", Line).say(view.note)
        self.query_one("#start", Button).disabled = view.starting or bool(view.gone)

    def _offer(self, index: int | None) -> Offer | None:
        return self._offers[index] if index is not None and index < len(self._offers) else None


def _row(offer: Offer) -> str:
    return f"{offer.title}  ({offer.id}, {offer.minutes:g} min)"
