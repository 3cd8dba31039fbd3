"""The screen before a start: a program, its minutes, a goal level, and the pads-on act.

Under a place with which the screen opens it stays empty until it is to be seen: most of the styles that were applied
until the first picture were those of its parts.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.compose import compose
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input, Label, OptionList
from textual.widgets.option_list import Option, OptionDoesNotExist

from estim.client.consent import Consent
from estim.core.errors import EstimError
from estim.core.messages.commands import Start
from estim.core.translation import figure, tr
from estim.tui import wording
from estim.tui.frame import Strip, strip
from estim.tui.key_bar import KeyBar
from estim.tui.key_names import bound, name_keys
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.room import Room, rows_of
from estim.tui.widgets import ALARM_ROWS, MARGIN, NARROW, Alarms, Banner, Line, StopBar
from estim.tui.wording import Offer
from protocols.vocabulary import Channel


def goal_hint(view: View) -> str:
    """Return what may be typed as a goal."""
    last = key_of("last_level")
    if view.units:
        return tr("Goal: one for both, or 12 / 8 for each its own; A=12,B=8; {last}: as last time.", last=last)
    return tr(
        "Goal: 0 begins at zero, {up} goes up; 12 is channel A; A=12,B=8 both; {last}: as last time.",
        up=key_of("level_up"),
        last=last,
    )


ABOUT_ROWS = 10
"""Most rows for how a program should feel and where its pads go."""
LIST_ROWS = 5
"""Rows of the list before anything is said at length."""


class ChooseRows(Struct):
    """How many rows each part has; the list has what is left."""

    stop: int = 0
    banner: int = 0
    strip: int = 0
    button: int = 0
    never: int = 0
    wrong: int = 0
    alarms: int = 0
    unit: int = 0
    note: int = 0
    footer: int = 0
    today: int = 0
    hint: int = 0
    about: int = 0


def choose_rows(view: View, texts: tuple[str, str, str], width: int, height: int) -> ChooseRows:
    """Share the rows out: what a start needs first, then where no pad may go, and what is wrong; see draw."""
    never, about, wrong = (rows_of(text, width - MARGIN) for text in texts)
    room = Room(height)
    rows = ChooseRows()
    rows.stop = room.take(1)
    rows.button = room.take(1)
    room.take(1)  # the fields
    room.take(2)  # the list
    rows.banner = room.take(1 if view.simulated else 0)
    rows.strip = room.take(1 if strip(view, width) else 0)
    meant = rows_of(view.meant, width - MARGIN)
    rows.unit = room.take(meant if view.units else 0)
    rows.never = room.take(never)
    rows.wrong = room.take(wrong)
    urgent = sum(rows_of(text, width - MARGIN) for text in Alarms.urgent(view))
    rows.alarms = room.take(min(urgent, 4))
    rows.note = room.take(min(2, rows_of(view.note, width - MARGIN)))
    rows.unit += room.take(1 - min(1, rows.unit))
    rows.footer = room.take(1)
    rows.today = room.take(rows_of(view.today, width - MARGIN))
    alarms = view.snapshot.alarms if view.snapshot else ()
    rows.alarms += room.take(min(ALARM_ROWS, sum(rows_of(wording.alarm(one), width - MARGIN) for one in alarms)))
    rows.stop += room.take(2, whole=True)
    room.take(LIST_ROWS - 2)
    rows.hint = room.take(rows_of(goal_hint(view), width - MARGIN), whole=True) if width >= NARROW else 0
    rows.button += room.take(2, whole=True)
    rows.about = room.take(min(ABOUT_ROWS, about))
    rows.unit += room.take(meant - rows.unit)
    rows.note += room.take(rows_of(view.note, width - MARGIN) - rows.note)
    return rows


class Choose(Screen[None]):
    """Before a start: program, minutes, goal level, and the pads-on act."""

    class Chosen(Message):
        """Everything is chosen, and the pads are on. `level_beside` is the goal of the second unit, if there is one."""

        def __init__(self, start: Start, level_beside: Mapping[Channel, int]) -> None:
            super().__init__()
            self.start = start
            self.level_beside = level_beside

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("last_level", "app.last_level"),
        bound("beside", "app.beside", show=False),
        bound("answer_again", "app.answer_again"),
    ]

    def __init__(self, offers: Sequence[Offer], consent: Consent, *, empty: bool = False) -> None:
        super().__init__()
        name_keys(self)
        self._consent = consent
        self._offers = tuple(offers)
        self._empty = empty
        self._filling = asyncio.Lock()
        self._program = ""
        self._unread: tuple[str, ...] = ()
        self._wrong = ""
        self._view = View()

    @property
    def program(self) -> str:
        """The id of the program under the cursor, empty for none."""
        if self._empty:
            return self._program
        offer = self._offer(self.query_one("#programs", OptionList).highlighted)
        return "" if offer is None else offer.id

    def step_back(self) -> None:
        """Stand at the list again: after a stop a start takes both keys."""
        for programs in self.query("#programs"):  # a stop is behind this: no part of it has to be there
            programs.focus()

    def fill_goal(self, goal: str) -> None:
        """Write a goal into its field; the person still has to start."""
        self.query_one("#goal", Input).value = goal

    def offer(self, offers: Sequence[Offer]) -> None:
        """Offer these from here on; the one under the cursor stays there, if it still is among them."""
        if tuple(offers) == self._offers:
            return
        before = self.program or self._program
        self._offers = tuple(offers)
        if not self._empty:
            self._list(before)

    def _list(self, before: str) -> None:
        programs = self.query_one("#programs", OptionList)
        programs.clear_options()
        programs.add_options(Option(_row(offer), id=offer.id) for offer in self._offers)
        ids = [offer.id for offer in self._offers]
        programs.highlighted = ids.index(before) if before in ids else 0 if ids else None

    def light(self, program: str) -> None:
        """Put the cursor on a program; on one that isn't offered it isn't put."""
        self._program = program
        if not self._empty:
            programs = self.query_one("#programs", OptionList)
            with suppress(OptionDoesNotExist):
                programs.highlighted = programs.get_option_index(program)

    def compose(self) -> ComposeResult:
        """List on top, the two fields and the button below, STOP as everywhere."""
        if not self._empty:
            yield from self._parts()

    async def fill(self) -> None:
        """Make its parts if it has none yet; asked for before it is seen."""
        async with self._filling:
            if self._empty:
                made_of = self._offers
                await self.mount_all(compose(self, self._parts()))
                self._empty = False
                self._begin()
                if self._offers is not made_of:  # they were read meanwhile
                    self._list(self._program)
                self.light(self._program)

    def _parts(self) -> ComposeResult:
        yield Banner(id="banner")
        yield Strip(id="strip", classes="medium")
        yield Line(id="today")
        yield Line(id="unit")
        yield Alarms(id="alarms")
        with Vertical(id="choice"):
            yield OptionList(*(Option(_row(offer), id=offer.id) for offer in self._offers), id="programs", markup=False)
            yield Line(id="never", classes="medium")
            yield Line(id="about")
            with Horizontal(id="fields"):
                yield Label(tr("Minutes"), classes="field-name")
                yield Input("20", id="minutes", compact=True)
                yield Label(tr("Goal level"), classes="field-name")
                yield Input("0", id="goal", compact=True)
            yield Line(id="wrong", classes="high")
            yield Line(id="goal-hint")
            yield Button(tr("Pads on, start"), id="start", variant="primary")
        yield Line(id="note")
        yield StopBar()
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin at the list."""
        if not self._empty:
            self._begin()

    def _begin(self) -> None:
        """Stand at the list. A cursor that blinks would be drawn again and again for nothing."""
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one("#programs", OptionList).focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell what it is, and take its own length."""
        offer = self._offer(event.option_index)
        if offer is not None:
            self._complain("")
            self.query_one("#minutes", Input).value = figure(offer.minutes)

    def _complain(self, text: str) -> None:
        """Say what is wrong with what was chosen or typed; empty: nothing is."""
        self._wrong = text
        self._share()

    def _share(self) -> None:
        """Show what is chosen; where no pad may go is whole at every size, the rest has what room there is."""
        offer = self._offer(self.query_one("#programs", OptionList).highlighted) or Offer("", "", 0)
        width, height = self.app.size
        locked = tr("LOCKED: {why}.", why=offer.locked) if offer.locked else ""
        never = " ".join(filter(None, (locked, offer.never)))
        rows = choose_rows(self._view, (never, offer.about, self._wrong), width, height)
        for part, text, given in (
            ("today", self._view.today, rows.today),
            ("unit", self._view.meant, rows.unit),
            ("never", never, rows.never),
            ("about", offer.about, rows.about),
            ("wrong", self._wrong, rows.wrong),
            ("note", self._view.note, rows.note),
        ):
            self.query_one(f"#{part}", Line).say(text, given)
        self.query_one("#banner", Banner).draw(self._view, rows.banner)
        self.query_one("#strip", Strip).say(strip(self._view, width - MARGIN), rows.strip)
        self.query_one("#alarms", Alarms).draw(self._view, rows.alarms)
        self.query_one("#goal-hint", Line).say(goal_hint(self._view), rows.hint)
        button = self.query_one("#start", Button)
        button.compact = rows.button == 1
        button.label = tr("Get both ready") if self._view.units else tr("Pads on, start")
        self.query_one(StopBar).draw(rows.stop)
        self.query_one(KeyBar).display = bool(rows.footer)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A chosen program leads to the button: Enter twice is the whole way. A locked one leads nowhere."""
        event.stop()
        offer = self._offer(event.option_index)
        if offer is not None and offer.locked:
            self._complain(tr("{program} is locked: {why}", program=offer.title, why=offer.locked))
        else:
            self.query_one("#start", Button).focus()
            self._consent.led_here()

    def on_input_changed(self) -> None:
        """What was wrong may be right by now; it is looked at again when the field is left."""
        if self._typed() != self._unread:
            self._complain("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A filled field leads to the next one, and never starts anything; one that can't be read isn't left."""
        event.stop()
        if self._read_fields() is not None:
            self.focus_next()
            self._consent.led_here()

    def _typed(self) -> tuple[str, ...]:
        return tuple(self.query_one(f"#{name}", Input).value for name in ("minutes", "goal"))

    def _read_fields(self) -> tuple[float, tuple[dict[Channel, int], dict[Channel, int]]] | None:
        """Return minutes and each unit's goal; None if a field can't be read: it is said which and what it takes."""
        field = self.query_one("#minutes", Input)
        try:
            minutes = wording.minutes_of(field.value)
            field = self.query_one("#goal", Input)
            goal = wording.goals_of(field.value) if self._view.units else (wording.goal_of(field.value), {})
        except EstimError as error:
            self._unread = self._typed()
            self._complain(error.text)
            field.focus()
            return None
        return minutes, goal

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The pads-on act and the start."""
        event.stop()
        offer = self._offer(self.query_one("#programs", OptionList).highlighted)
        if offer is None:
            self._complain(tr("choose a program first"))
            return
        if offer.locked:
            self._complain(tr("{program} is locked: {why}", program=offer.title, why=offer.locked))
            return
        fields = self._read_fields()
        if fields is None:
            return
        if not self._view.units and not self._consent.given():  # two units begin nothing yet: each has its number
            self._complain(tr("wait a moment, then press Enter again: it says that the pads are on"))
            return
        minutes, (goal, beside) = fields
        self._complain("")
        start = Start(program=offer.id, minutes=minutes, level=goal, pads_on=True, wait_after_loss=True)
        self.post_message(self.Chosen(start, beside))

    async def draw(self, view: View) -> None:
        """Show the unit, if there is one, and whether a start is under way."""
        await self.fill()
        self._view = view
        self.query_one("#start", Button).disabled = view.starting or view.connecting or bool(view.gone)
        if self.focused is None:  # the button was, until a start was under way; a second start takes two keys again
            self.query_one("#programs", OptionList).focus()
        self._share()

    def _offer(self, index: int | None) -> Offer | None:
        return self._offers[index] if index is not None and index < len(self._offers) else None


def _row(offer: Offer) -> Content:
    """Return a program's row; a locked one says so, and leans."""
    row = tr("{title}  ({id}, {minutes:g} min)", title=offer.title, id=offer.id, minutes=offer.minutes)
    return Content.styled(tr("LOCKED  {program}", program=row), "italic") if offer.locked else Content(row)
