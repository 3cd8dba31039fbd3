"""The session screen: draws the Snapshots of a host and sends it Commands; it holds no truth and times no session.

1. F12 never enters the message queue: the key is taken on its way in, and its Stop gets a task of its own.
2. What is drawn comes from the last Snapshot. If Snapshots stay away, the picture says that it is old.
3. Leaving, suspending and signals stop first and wait for zero; only a second `q` leaves an unproved stop behind.
4. A picture is drawn at most four times a second, and only where it differs.
5. The session (or what comes before and after it) lies below; places are above it, dialogs above those. When the
   session begins or ends, it comes to the top again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Any, ClassVar, Literal

from msgspec.structs import replace
from textual import events
from textual.app import App, ScreenStackError
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen
from textual.widgets import OptionList
from textual.widgets.option_list import OptionDoesNotExist

from estim.client.follower import Client, Follower, Sleep
from estim.client.stop_keys import PANIC_KEY, bare
from estim.config.options import HostOptions
from estim.core.days.diary import Topic
from estim.core.errors import Exit
from estim.core.messages.commands import Acknowledge, Arm, Resume, Scan, SetLevel, Start, Status, Watch
from estim.core.messages.lowering import Pause, Stop
from estim.core.messages.shown import ChannelView
from estim.core.translation import mark, tr
from estim.core.vocabulary import State
from estim.journal.today import Today
from estim.tui import signals, wording
from estim.tui.choose import Choose
from estim.tui.day import Day
from estim.tui.desk import Desk
from estim.tui.editing import Editing
from estim.tui.key_names import name_keys
from estim.tui.keymap import USUAL, Keymap
from estim.tui.keys import Keys
from estim.tui.looks import readable
from estim.tui.model import SCAN_S, Model, View
from estim.tui.palette import Commands, Palette
from estim.tui.place import BROAD, Place
from estim.tui.places import PLACES, SESSION, built, listed
from estim.tui.questions import Questions
from estim.tui.session import Session
from estim.tui.stopping import LEAVE_KEYS, STOP_KEYS
from estim.tui.summary import Summary
from estim.tui.terminal import Terminal
from estim.tui.widgets import LaneView
from estim.tui.wording import Offer

__all__ = ["Client", "Offer", "SessionApp"]

DRAW_GAP_S = 0.25
"""Shortest time between two pictures, s."""
LEAP_PCT = 5
"""How much of its scale PageUp and PageDown move a goal, %."""
LEAVE_S = 15.0
"""Longest wait for a proved zero before the person is asked to decide, s (several stop ladders of at most 3 s)."""
SUSPEND_S = 3.0
"""Longest wait for zero before the terminal gets its Ctrl-Z, s (safety.md section 2: a ladder ends within 3 s)."""

Face = Choose | Session | Summary


class SessionApp(App[int]):
    """One host, seen through a client. `again` starts or joins a host anew after a loss."""

    CSS_PATH = Path(__file__).with_name("estim.tcss")
    TITLE = "estim"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-wide"), (BROAD, "-broad")]  # noqa: RUF012 - declared so by the library
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(STOP_KEYS, "stop", mark("Stop"), key_display="s"),
        Binding(PANIC_KEY, "panic", mark("PANIC"), key_display="F12", priority=True, id="panic"),
        Binding("k,K", "quiet", mark("OK alarm"), key_display="k", id="quiet"),
        Binding(LEAVE_KEYS, "quit", mark("Quit"), key_display="q"),
        Binding("ctrl+q,ctrl+c", "quit", mark("Quit"), show=False, priority=True),
        Binding("escape", "soft", mark("Soft stop"), show=False),
        Binding("question_mark", "keys", mark("Help"), key_display="?", id="help"),
        Binding("ctrl+p", "command_palette", mark("Palette"), show=False, priority=True, id="palette"),
        Binding("u,U", "unit", mark("Next unit"), show=False, id="unit"),
        *(Binding(one.key, f"go('{one.name}')", one.titled, show=False, id=one.name) for one in PLACES),
    ]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}

    def __init__(
        self,
        client: Client,
        offers: Sequence[Offer],
        again: Callable[[], Awaitable[Client]],
        sleep: Sleep = asyncio.sleep,
        today: Today | None = None,
        options: HostOptions | None = None,
        opening: str = SESSION,
        keys: Keymap = USUAL,
    ) -> None:
        super().__init__(driver_class=Terminal)
        name_keys(self)
        self.animation_level = "none"
        self._offers = tuple(offers)
        self._sleep = sleep
        self._changed = asyncio.Event()
        self._off = asyncio.Event()
        self._leaving: asyncio.Task[None] | None = None
        self._frozen: asyncio.Task[None] | None = None
        self._stuck = self.alone = False
        self._alarmed = False
        self.model = Model(self._wake, self._ring, simulated=options is not None and options.simulate is not None)
        self.follower = Follower(client, self.model, again, sleep, greeting=(Watch(), Status()))
        self._day = Day(today, self.model, self.follower.send)
        self._opening = opening
        self._editing = Editing(self, self.model)
        self._keys = keys
        self._desk = Desk(
            options,
            self.follower.say,
            self.model.say,
            self._start,
            self._go,
            self._choose,
            self._offer,
            lambda: self.model.view,
            self._editing,
        )

    def get_css_variables(self) -> dict[str, str]:
        """Return the theme's colours, and ours that can be read on them."""
        return readable(super().get_css_variables())

    async def on_mount(self) -> None:
        """Begin where a program is chosen; listen, draw, and take the signals that would take this process away."""
        self.set_keymap(dict(self._keys.bindings))
        await self.push_screen(Choose(self._offers))
        if self._opening != SESSION:
            await self.push_screen(built(self._opening, self._desk))
        self.run_worker(self.follower.run(), group="post")
        self.run_worker(self._tick_on(), group="tick")
        self.run_worker(self._draw_on(), group="draw")
        self.run_worker(self._begin_day(), group="day")
        if not self.is_headless:
            signals.take(self.leave_by_signal, self.freeze)

    async def _begin_day(self) -> None:
        """Say what the day asks for, and ask what has no answer yet."""
        still_open = await self._day.begin()
        if still_open and not self.model.flows:
            await self._day.answer(await self.push_screen_wait(Questions(still_open)) or {})

    def action_answer_again(self) -> None:
        """Ask the questions again whose yes forbids every session: a slip of a key can be taken back."""
        self.run_worker(self._ask_again(), group="day")

    async def _ask_again(self) -> None:
        blocking = await self._day.blocking()
        if blocking and not self.model.flows and isinstance(self.screen, Choose):
            await self._day.answer(await self.push_screen_wait(Questions(blocking)) or {})

    def action_after(self, topic: str, word: str) -> None:
        """Keep how the session was."""
        self.run_worker(self._day.after(Topic(topic), word), group="day")

    def action_last_level(self) -> None:
        """Go up to the last comfortable level, or fill it in before a start."""
        if isinstance(self.screen, Choose):
            self.run_worker(self._day.fill(self.screen.program, self.screen.fill_goal), group="day")
        elif self.model.shown is not None:
            self.run_worker(self._day.go_to_last(self.model.shown), group="day")

    def on_unmount(self) -> None:
        """Give the signals back."""
        if not self.is_headless:
            signals.give_back()

    def post_message(self, message: Message) -> bool:
        """Take F12 on its way in, before every queue, and what the person stops with; all else goes its usual way."""
        if isinstance(message, events.Key) and not message.is_forwarded:
            key = bare(message.key)
            if key in self._keys.panic:
                self.action_panic()
                return True
            if key in self._keys.stop:
                self.action_stop()
                return True
            if key in self._keys.leave:
                self._leave("stopped", Exit.DONE)
                return True
        return super().post_message(message)

    def on_resize(self) -> None:
        """Share the rows out anew."""
        self._wake()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show in the footer only what can be done now."""
        return self._alarmed if action == "quiet" else True

    def on_choose_chosen(self, event: Choose.Chosen) -> None:
        """Start what was chosen: the Enter on that button was the pads-on act."""
        self._start(replace(event.start, unit=self.model.start_unit))

    def _start(self, start: Start) -> None:
        if not self.model.starting and not self._editing.lent:
            self.model.begin()
            self.follower.send(start)

    def on_stop_bar_pressed(self) -> None:
        self.action_stop()

    def on_lane_view_chosen(self, event: LaneView.Chosen) -> None:
        self.model.choose(event.channel.value)
        self._light()

    def action_panic(self) -> None:
        """Zero at once, on all units."""
        self.follower.send(Stop(reason="panic"))
        self.model.say(tr("PANIC: stop sent, waiting for the unit to say zero"))

    def action_stop(self) -> None:
        """Zero at once, and end, on all units."""
        self.follower.send(Stop())
        self.model.say(tr("stop sent, waiting for the unit to say zero"))

    def action_soft(self) -> None:
        """Down in two seconds, and end, on all units; only where a session is under way."""
        shown = self.model.shown
        if shown is not None and shown.live:
            self.follower.send(Stop(unit=None if self.model.view.panes else shown.unit, soft=True))
            self.model.say(tr("soft stop sent: down in two seconds"))

    def action_move(self, by: int) -> None:
        """Move the goal of the channel that is lit on the screen, and of no other: what isn't in sight isn't raised."""
        if isinstance(self.screen, Session) and self.screen.lit is not None:
            unit, channel = self.screen.lit
            self.follower.send(SetLevel(channel=channel, by=by, unit=unit))

    def action_leap(self, way: int) -> None:
        """Move the lit goal by about a twentieth of the scale, up only as far as a key may lead from where the unit
        is."""
        lane = self._lit_lane()
        shown = self.model.shown
        if lane is None or shown is None:
            return
        by = ceil(lane.scale * LEAP_PCT / 100)
        if way < 0:
            self.action_move(-by)
        elif shown.state is State.PAUSED:
            self.model.say(tr("paused: space goes on from zero, then the goal can be raised"))
        elif lane.goal >= lane.cap:
            self.model.say(tr("{channel} is at its cap of {cap}", channel=lane.channel, cap=lane.cap))
        elif lane.room < 1:
            self.model.say(
                tr(
                    "{channel} waits for the unit to come near {goal}; press again when it is there",
                    channel=lane.channel,
                    goal=lane.goal,
                )
            )
        else:
            self.action_move(min(by, lane.room))

    def _lit_lane(self) -> ChannelView | None:
        """Return the channel that the level keys are meant for, as it was drawn."""
        lit = self.screen.lit if isinstance(self.screen, Session) else None
        shown = self.model.of(lit[0]) if lit else None
        return next((lane for lane in shown.lanes if lit and lane.channel is lit[1]), None) if shown else None

    def action_channel(self, name: str) -> None:
        """Choose a channel by its name, or the next one."""
        self.model.choose(name)
        self._light()

    def _light(self) -> None:
        if isinstance(self.screen, Session):
            self.screen.light(self.model.view)

    def action_pause(self) -> None:
        """Pause every unit that plays; where none does, go on: units beside each other are one session."""
        going = self.model.in_state(State.RAMPING, State.RUNNING)
        for unit in going:
            self.follower.send(Pause(unit=unit))
        for unit in () if going else self.model.in_state(State.PAUSED):
            self.follower.send(Resume(unit=unit))

    def action_arm(self) -> None:
        """Take the pads-on act for a session that waits for it."""
        shown = self.model.shown
        if shown is not None and shown.state is State.READY and shown.program and not self._editing.lent:
            self.follower.send(Arm(unit=shown.unit))

    def action_quiet(self) -> None:
        """Acknowledge the most urgent alarm."""
        shown = self.model.shown
        if not self.model.seen() and shown is not None and shown.alarms:
            self.follower.send(Acknowledge(shown.alarms[0].number))

    def action_unit(self) -> None:
        """Show the next unit; before a start choose it, of those that are in range."""
        if not isinstance(self.screen, Choose):
            self.model.turn()
            self._light()
        elif self.model.next_meant():
            self.follower.send(Scan(seconds=SCAN_S))

    async def action_unit_number(self, number: int) -> None:
        """Choose a unit by its number, from the left; with one unit the key leads to its place, as everywhere."""
        if self.model.view.panes:
            self.model.turn_to(number)
            self._light()
        else:
            await self.action_go(next(one.name for one in PLACES if one.key == str(number)))

    def action_again(self) -> None:
        """Leave the summary for a new session."""
        self.model.again()
        self.run_worker(self._day.renew(), group="day")

    async def action_go(self, name: str) -> None:
        """Go to a place, in the stead of the one where one is; the session itself is below them all."""
        if self.screen.is_modal or (listed(name).simulated and not self.model.view.simulated):
            return
        if name == SESSION:
            await self._back()
        elif isinstance(self.screen, Place):
            await self.switch_screen(built(name, self._desk))
        else:
            await self.push_screen(built(name, self._desk))
        self._wake()

    def _go(self, name: str) -> None:
        """Go to a place after what is being done now: a place that is left can't wait for its own end."""
        self.call_later(self.action_go, name)

    def _choose(self, program: str) -> None:
        """Light a program in the list that a session begins with; nothing starts by this."""
        below = self._below
        if isinstance(below, Choose):
            programs = below.query_one("#programs", OptionList)
            with suppress(OptionDoesNotExist):
                programs.highlighted = programs.get_option_index(program)
            self._go(SESSION)
        else:
            self.model.say(tr("end the session first, then choose another program"))

    def _offer(self, offers: Sequence[Offer]) -> None:
        """Offer these programs from here on, in the list that is open too."""
        self._offers = tuple(offers)
        if isinstance(self._below, Choose):
            self._below.offer(self._offers)

    async def action_away(self) -> None:
        """Leave a place by Escape, which may have been meant as a stop: so it is one too."""
        await self._back()
        self.action_soft()

    async def _back(self) -> None:
        while isinstance(self.screen, Place):
            await self.pop_screen()
        self._wake()

    def action_command_palette(self) -> None:
        """Open the list of everything that can be done, with STOP in it."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette())

    async def action_keys(self) -> None:
        if not self.screen.is_modal:
            from estim.tui.help import Help  # as every place: imported when it is first opened

            shown = self.screen.HELP if isinstance(self.screen, Place) else ""
            await self.push_screen(Help(shown, simulated=self.model.view.simulated))
            self._wake()

    def action_keys_away(self, soft: bool = False) -> None:
        """Take the keys away; an Escape may have been meant as a stop, so it is one too."""
        self._keys_off()
        if soft:
            self.action_soft()

    async def action_quit(self) -> None:
        """Stop first if output may be on, wait for zero, then leave; a second time: leave all the same."""
        self._leave("stopped", Exit.DONE)

    def freeze(self, really: Callable[[], None]) -> None:
        """Stop, wait for zero, and only then let the terminal have this process."""
        if self._frozen is None or self._frozen.done():
            self._frozen = asyncio.get_running_loop().create_task(self._stop_then(really))

    async def _stop_then(self, really: Callable[[], None]) -> None:
        await self._stop_and_wait("stopped", SUSPEND_S)
        really()

    def leave_by_signal(self, code: Exit) -> None:
        """Stop, wait for zero for a while, and leave: a signal leaves nobody to ask. Ctrl-C may be the editor's."""
        if code is Exit.INTERRUPTED and self._editing.lent:
            if self.model.flows:
                self.action_stop()
            return
        self.alone = True
        self._leave("interrupted", code)

    def _leave(self, reason: Literal["stopped", "interrupted"], code: Exit) -> None:
        if self._stuck:
            self._finish(Exit.NOT_CONFIRMED)
        elif self._leaving is None or self._leaving.done():
            # A task of its own: waiting here would keep the keys from being read, F12 among them.
            self._leaving = asyncio.get_running_loop().create_task(self._stop_and_leave(reason, code))

    async def _stop_and_leave(self, reason: Literal["stopped", "interrupted"], code: Exit) -> None:
        off = await self._stop_and_wait(reason, LEAVE_S)
        await self._editing.end()
        if off:
            self._finish(code)
        elif self.alone:
            # The host goes on trying.
            self._finish(Exit.NOT_CONFIRMED)
        else:
            self._stuck = True
            self.model.say(tr("NOT CONFIRMED off: {by_hand}. q again leaves all the same", by_hand=self.model.by_hand))

    async def _stop_and_wait(self, reason: Literal["stopped", "interrupted"], limit_s: float) -> bool:
        """Stop if output may be on; say whether it is off."""
        if not self.model.flows:
            return True
        self._off.clear()
        self.follower.send(Stop(reason=reason))
        self.model.say(tr("stop sent; leaving when the unit says zero"))
        off = asyncio.create_task(self._off.wait())
        limit = asyncio.ensure_future(self._sleep(limit_s))
        await asyncio.wait({off, limit}, return_when=asyncio.FIRST_COMPLETED)
        off.cancel()
        limit.cancel()
        return not self.model.flows

    def _finish(self, code: Exit) -> None:
        self.follower.leave()
        ended = self.model.last_ended
        unproved = wording.exit_code(ended)
        self.exit(return_code=unproved or code, message=wording.farewell(ended) if ended else None)

    def _wake(self) -> None:
        self._changed.set()
        if not self.model.flows:
            self._off.set()
            self._stuck = False

    def _ring(self) -> None:
        self.bell()
        self._keys_off()

    def _keys_off(self) -> None:
        if self.is_running and isinstance(self.screen, Keys):
            self.pop_screen()

    async def _tick_on(self) -> None:
        while True:
            await self._sleep(1.0)
            self.model.tick()

    async def _draw_on(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._draw(self.model.view)
            except (NoMatches, ScreenStackError):
                # An app that is closing takes the parts away while they are drawn.
                if self.is_running and not self.follower.left:
                    raise
            await self._sleep(DRAW_GAP_S)

    async def _draw(self, view: View) -> None:
        face = _face(view)
        if not isinstance(self._below, face):
            while self.screen is not self._below:
                await self.pop_screen()
            await self.switch_screen(self._build(face))
        for screen in reversed(self.screen_stack[1:]):
            if isinstance(screen, Choose | Session | Summary | Place | Keys) and screen.is_mounted:
                await screen.draw(view)
            if not screen.is_modal:
                break  # what lies below can't be seen, and is drawn when it is
        for shown in self.model.unrecalled():
            self.run_worker(self._day.recall(shown), group="day")
        if self._alarmed != view.alarmed:
            self._alarmed = view.alarmed
            self.refresh_bindings()

    @property
    def _below(self) -> Screen[Any]:
        """What lies below all places and dialogs: the session, or what comes before or after it."""
        return self.screen_stack[1]

    def _build(self, face: type[Face]) -> Face:
        return Choose(self._offers) if issubclass(face, Choose) else face()


def _face(view: View) -> type[Face]:
    if view.snapshot is not None and view.snapshot.live:
        return Session
    return Choose if view.ended is None else Summary
