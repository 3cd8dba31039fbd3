"""The session screen: draws the Snapshots of a host and sends it Commands; it holds no truth and times no session.

1. F12 never enters the message queue: the key is taken on its way in, and its Stop gets a task of its own. Should the
   loop hang, a thread of its own sends one soon after (client/direct_stop.py).
2. What is drawn comes from the last Snapshot. If Snapshots stay away, the picture says that it is old.
3. Leaving, suspending and signals stop first and wait for zero; only a second `q` leaves an unproved stop behind.
4. A picture is drawn at most four times a second, and only where it differs.
5. The session (or what comes before and after it) lies below; places are above it, dialogs above those. When the
   session begins or ends, it comes to the top again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Any, ClassVar, Literal

from textual import events
from textual.app import App, ScreenStackError
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen
from textual.widget import MountError
from textual.widgets import Input
from textual.worker import WorkerError

from estim.client.consent import Consent
from estim.client.direct_stop import DirectStop
from estim.client.follower import Client, Follower, Sleep
from estim.client.stop_keys import STOP_LETTERS, bare
from estim.config.options import HostOptions
from estim.core.days.diary import Topic
from estim.core.days.screening import Question
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Acknowledge, Arm, Reply, Resume, Scan, SetLevel, Start, Status, Watch
from estim.core.messages.lowering import Pause, Stop
from estim.core.messages.shown import ChannelView
from estim.core.translation import mark, tr
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.journal.today import Today
from estim.tui import signals, wording
from estim.tui.all_keys import NAMED
from estim.tui.choose import Choose
from estim.tui.day import Day
from estim.tui.desk import Desk
from estim.tui.dialog import Dialog
from estim.tui.drill import Drill, Drills
from estim.tui.editing import Editing
from estim.tui.key_names import bound, name_keys
from estim.tui.key_order import KeyFollowed, KeyOrder
from estim.tui.keymap import KEYBOARD, USUAL, Keymap, key_of, key_while, shown
from estim.tui.keys import Keys
from estim.tui.looks import readable
from estim.tui.model import SCAN_S, Model, View
from estim.tui.pair import Pair
from estim.tui.palette import Commands, Palette
from estim.tui.place import Place, built, place_class
from estim.tui.places import FIRST_START, PLACES, SESSION, TODAY, listed
from estim.tui.questions import Questions
from estim.tui.session import Session
from estim.tui.stopping import LEAVE_KEYS, STOP_KEYS
from estim.tui.summary import Summary
from estim.tui.terminal import Terminal
from estim.tui.two_units import TwoUnits
from estim.tui.watched import Watched
from estim.tui.widgets import LaneView
from estim.tui.wording import Offer

__all__ = ["Client", "Offer", "SessionApp"]

DRAW_GAP_S = 0.25
"""Shortest time between two pictures, s."""
LEAP_PCT = 5
"""How much of its scale PageUp and PageDown move a goal, %."""
FIRST_PICTURE_S = 1.0
"""Longest wait of the list for what the first place reads, s."""
LEAVE_S = 15.0
"""Longest wait for a proved zero before the person is asked to decide, s (several stop ladders of at most 3 s)."""
SUSPEND_S = 3.0
"""Longest wait for zero before the terminal gets its Ctrl-Z, s (safety.md section 2: a ladder ends within 3 s)."""

PANIC = Stop(reason="panic")

Face = Choose | Session | Summary


class SessionApp(App[int]):
    """One host, seen through a client. `again` starts or joins a host anew after a loss.

    `joining`: the first one has yet to be joined; `no_host` says why that failed. `read_offers` reads the programs and
    what is wrong with them, once there is a picture; without it `offers` are all.
    """

    CSS_PATH = Path(__file__).with_name("estim.tcss")
    TITLE = "estim"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(STOP_KEYS, "stop", mark("Stop"), key_display="s"),
        bound("panic", "panic", priority=True),
        bound("quiet", "quiet"),
        Binding(LEAVE_KEYS, "quit", mark("Quit"), key_display="q"),
        Binding("ctrl+q,ctrl+c", "quit", mark("Quit"), show=False, priority=True),
        Binding("escape", "soft", mark("Soft stop"), show=False),
        bound("help", "keys"),
        bound("palette", "command_palette", show=False, priority=True),
        bound("unit", "unit", show=False),
        *(bound(one.name, f"go('{one.name}')", show=False) for one in PLACES),
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
        joining: Awaitable[Client] | None = None,
        read_offers: Callable[[], tuple[Sequence[Offer], Sequence[str]]] | None = None,
    ) -> None:
        super().__init__(driver_class=Terminal)
        KEYBOARD.keymap = self._keys = keys
        name_keys(self)
        self.animation_level = "none"
        self._offers = tuple(offers)
        self._read_offers = read_offers
        self._reading = asyncio.Lock()
        self._sleep = sleep
        self._changed = asyncio.Event()
        self._off = asyncio.Event()
        self._leaving: asyncio.Task[None] | None = None
        self._frozen: asyncio.Task[None] | None = None
        self._stuck = self.alone = self.wants_demo = False
        self._alarmed = self._live = False
        self._direct = DirectStop(options.place) if options is not None else None
        simulated = options is not None and options.simulate is not None
        self._here = asyncio.Event()
        self.no_host: EstimError | None = None
        self.model = Model(self._wake, self._ring, simulated=simulated, joined=joining is None)
        self.follower = Follower(client, self.model, again, sleep, greeting=(Watch(), Status()), joining=joining)
        self._consent = Consent()
        self._order = KeyOrder(super().post_message)
        self.pair = Pair(self.follower, self.model.say, self._consent)
        self.model.pair = self.pair
        self._day = Day(today, self.model, self.follower.send)
        self._two = TwoUnits(self, self.model, options, lambda: self._offers, self._start_two)
        self._opening = opening
        self._drills = Drills(options, self._begin_drill, self.model.say, self._keep)
        self.model.overhear = self._drills.heard
        self.model.waits = self._consent.led_here
        self.model.host_gone = self._drills.lost
        self._editing = Editing(self, self.model)
        self._desk = Desk(
            options, self.follower.say, self.model.answer, self._start, self._go, self._choose, self._offer,
            lambda: self.model.view, drill=self._drill, look=self.model.look_at, sleep=sleep, editing=self._editing,
        )  # fmt: skip

    def get_css_variables(self) -> dict[str, str]:
        """Return the theme's colours, and ours that can be read on them."""
        return readable(super().get_css_variables())

    async def on_mount(self) -> None:
        """Begin where a program is chosen; listen, draw, and take the signals that would take this process away."""
        if isinstance(self._driver, Terminal):
            self._driver.key_read = self.key_read
        await self.push_screen(Choose(self._offers, self._consent, empty=self._opening != SESSION))
        if self._opening != SESSION:
            await self.push_screen(built(self._opening, self._desk))
        self.run_worker(self._follow_on(), group="post")
        self.run_worker(self._tick_on(), group="tick")
        self.run_worker(self._draw_on(), group="draw")
        self.run_worker(self._begin_day(), group="day")
        if not self.is_headless:
            signals.take(self.leave_by_signal, self.freeze)

    async def _follow_on(self) -> None:
        """Follow the host; where there has never been one to be had, end with its words."""
        try:
            await self.follower.run()
        except EstimError as error:
            self.no_host = error
            self.exit(return_code=error.code)

    async def _begin_day(self) -> None:
        """Say what the day asks for, and ask what has no answer yet."""
        self._wake()
        await self._here.wait()
        if self._opening == FIRST_START.name and self.model.flows:
            await self._leave_first_start()
        await self._first_picture()
        await self._fill_list()
        still_open = await self._day.begin()
        # at a first start they are the second of its steps
        if still_open and not self.model.flows and self._opening != FIRST_START.name:
            await self._ask(still_open)

    async def _first_picture(self) -> None:
        """Wait for what the place reads with which the screen opens: the list below it comes after that."""
        reads = [one for one in self.workers if one.group == "fetch"]
        with suppress(WorkerError, TimeoutError):
            async with asyncio.timeout(FIRST_PICTURE_S):
                for one in reads:
                    await one.wait()

    async def _fill_list(self) -> None:
        """Read the programs, if they haven't been yet, and make the list with which a session begins.

        Only for a worker: see `_back`.
        """
        async with self._reading:
            if self._read_offers is not None:
                offers, problems = await asyncio.to_thread(self._read_offers)
                self._read_offers = None
                self._offer(offers)
                if problems:
                    self.model.say("; ".join(problems))
        await self._make_list()

    async def _make_list(self) -> None:
        """Make what is shown before a session, with the programs that have been read; those that come later join."""
        below = self._below
        try:
            if isinstance(below, Choose):
                await below.fill()
        except (NoMatches, MountError):
            # A session that begins takes the list's place, and an app that is closing takes the parts away.
            if self.is_running and below in self.screen_stack:
                raise

    async def _leave_first_start(self) -> None:
        """Show the day instead: the host is there now, and says that something may be on."""
        self._opening = TODAY
        while self.screen.is_modal:
            await self.pop_screen()
        await self.action_go(TODAY)

    async def _ask(self, questions: Sequence[Question]) -> None:
        asked = Questions(questions)
        answers = await self.push_screen_wait(asked)
        await self._day.answer(answers or {})
        if asked.quits:
            await self.action_quit()

    def action_answer_again(self) -> None:
        """Ask the questions again whose yes forbids every session: a slip of a key can be taken back."""
        self.run_worker(self._ask_again(), group="day")

    async def _ask_again(self) -> None:
        blocking = await self._day.blocking()
        if blocking and not self.model.flows and isinstance(self.screen, Choose):
            await self._ask(blocking)

    def action_after(self, topic: str, word: str) -> None:
        """Keep how the session was."""
        self.run_worker(self._day.after(Topic(topic), word), group="day")

    def action_last_level(self) -> None:
        """Go up to the last comfortable level, or fill it in before a start."""
        if isinstance(self.screen, Choose):
            units = [(one.name, self.model.choice.site_of(one)) for one in self.model.choice.two or ()]
            program = self.screen.program
            into = self.screen.fill_goal
            filled = self._day.fill_two(program, units, into) if units else self._day.fill(program, into)
            self.run_worker(filled, group="day")
        elif self.model.shown is not None:
            self.run_worker(self._day.go_to_last(self.model.shown), group="day")

    def on_unmount(self) -> None:
        """Give the signals back."""
        if not self.is_headless:
            signals.give_back()

    def key_read(self, key: str) -> None:
        """Send a stop past the loop, for a key that stops from everywhere; called in the thread that reads keys.

        Where the letters stop is known to the loop alone: there may be a field to type into.
        """
        if self._direct is not None:
            if bare(key) in self._keys.panic:
                self._direct.send(PANIC)
            elif bare(key) in self._keys.stop:
                self._direct.send(Stop())

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
            stops = key in STOP_LETTERS or message.character in STOP_LETTERS
            if stops and not isinstance(self.focused, Input) and self._order.passes():
                self.action_stop()
                return True
        if (
            isinstance(message, events.Key | events.Paste)
            and not message.is_forwarded
            and not self._order.take(message)
        ):
            return True
        return super().post_message(message)

    async def on_event(self, event: events.Event) -> None:
        """Let the next key wait until this one has come through."""
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        target = (self.focused or self.screen) if typed else None
        await super().on_event(event)
        if target is not None:
            self._order.follow(target)

    @property
    def last_key(self) -> str:
        """The key that was handled last, as the library names it."""
        return self._order.last

    @property
    def plain(self) -> bool:
        """Whether the terminal gets plain signs, of which no big figures can be made."""
        return isinstance(self._driver, Terminal) and self._driver.plain

    def on_key_followed(self, message: KeyFollowed) -> None:
        """A key has come through."""
        self._order.came(message)

    def take_keys(self, keys: Keymap) -> None:
        """Let other keys hold from now on, on every screen that is there."""
        KEYBOARD.keymap = self._keys = keys
        for node in (self, *self.screen_stack):
            name_keys(node)
        self.refresh_bindings()
        self._wake()

    def on_resize(self) -> None:
        """Share the rows out anew."""
        self._wake()

    def get_key_display(self, binding: Binding) -> str:
        """Return a key as people read it, in their language."""
        named = {"stop": "stop", "app.stop": "stop", "quit": "quit"}.get(binding.action)
        if named and binding.key != NAMED[named].usual:  # the letter is typed into a field
            return key_while(named, typing=True)
        return binding.key_display or shown(binding.key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show in the footer only what can be done now."""
        return self._alarmed if action == "quiet" else True

    def on_choose_chosen(self, event: Choose.Chosen) -> None:
        """Start what was chosen: the Enter on that button was the pads-on act."""
        if not self.model.choice.two:
            self._start(replace(event.start, unit=self.model.start_unit))
        elif isinstance(self.screen, Choose):  # else a dialog asks already: Enter has bounced
            self._two.start(event.start, event.level_beside)

    def _start_two(self, starts: Sequence[Start]) -> None:
        """Order two units, without the pads-on act of either."""
        if self._may_start():
            self.model.begin()
            self.run_worker(self.pair.begin(starts), group="pair")

    def action_beside(self) -> None:
        """Choose a second unit beside the first, before a start."""
        self.run_worker(self._choose_beside(), group="beside", exclusive=True)

    async def _choose_beside(self) -> None:
        await asyncio.to_thread(self._two.read)
        if isinstance(self.screen, Choose):
            self._two.next(self.screen.program)

    def _start(self, start: Start) -> None:
        if self._may_start():
            self.model.begin()
            self.follower.send(start)

    def _may_start(self) -> bool:
        """Say whether anything may be started from here now, and tell why not; each start asks this."""
        if self.model.connecting:
            self.model.answer(tr("the controller is not there yet: start again when it is"))
        elif self.pair.on:
            self.model.answer(tr("end the session first, then start another one: two units are one session already"))
        else:
            return not self.model.starting and not self._editing.lent
        return False

    def _drill(self, drill: Drill) -> None:
        """Begin a stop drill; the key for it was the act that output needs, with the pads off."""
        if self._may_start():
            self._keep(self._drills.begin(drill))

    async def _begin_drill(self, start: Start) -> Reply | None:
        self.model.begin()
        return await self.follower.say(start)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        self.run_worker(work, group="drill")

    def on_stop_bar_pressed(self) -> None:
        self.action_stop()

    def on_lane_view_chosen(self, event: LaneView.Chosen) -> None:
        self.model.choose(event.channel.value)
        self._light()

    def action_panic(self) -> None:
        """Zero at once, on all units."""
        self._send_stop(replace(PANIC))
        self._drills.pressed()
        self._say_sent(tr("PANIC: stop sent, waiting for the unit to say zero"))

    def action_stop(self) -> None:
        """Zero at once, and end, on all units."""
        self._send_stop(Stop())
        self._say_sent(tr("stop sent, waiting for the unit to say zero"))

    def _say_sent(self, sent: str) -> None:
        """Say what becomes of a stop: of a unit without a link it can't be sent yet."""
        lost = self.model.out_of_link
        told = [sent] if self.model.reaches else []
        for one in lost:
            text = tr(
                "no link to {unit}: it can't be stopped from here now; {by_hand}. It is stopped as soon as it is found",
                unit=one.unit,
                by_hand=one.by_hand,
            )
            told.append(text)
        self.model.say("\n".join(told) or sent)

    def _send_stop(self, stop: Stop) -> None:
        self.follower.send(stop)
        if self._direct is not None:
            # behind the task that has just been begun, in which it is written
            asyncio.get_running_loop().call_soon(self._direct.taken)
        with suppress(ScreenStackError):  # before the first screen is there a stop is one too
            if isinstance(self.screen, Choose):
                self.screen.step_back()

    def action_soft(self) -> None:
        """Down in two seconds, and end, on all units; only where a session is under way."""
        shown = self.model.shown
        if shown is not None and shown.live:
            several = self.pair.on or self.model.view.panes
            self.follower.send(Stop(unit=None if several else shown.unit, soft=True))
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
            self.model.hint(tr("paused: {key} goes on from zero, then the goal can be raised", key=key_of("pause")))
        elif lane.goal >= lane.cap:
            self.model.hint(tr("{channel} is at its cap of {cap}", channel=lane.channel, cap=lane.cap))
        elif lane.room < 1:
            self.model.hint(
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
        paused = () if going else self.model.in_state(State.PAUSED)
        if paused and not self._consent.given():
            self.model.hint(tr("to go on: wait a moment, then press {key} again", key=key_of("pause")))
            return
        for unit in paused:
            self.follower.send(Resume(unit=unit))

    def action_arm(self) -> None:
        """Take the pads-on act for a session that waits for it; of two that are one each has a key of its own."""
        shown = self.model.shown
        if self.pair.on and self.pair.explain():
            return
        if shown is None or shown.state is not State.READY or not shown.program or self._editing.lent:
            return
        if self._consent.given():
            self.follower.send(Arm(unit=shown.unit))
        else:
            self.model.hint(tr("to start: wait a moment, then press {key} again", key=key_of("arm")))

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
        """Choose a unit by its number, from the left; with one unit the key leads to its place, as everywhere.

        Of two that were started as one it is the pads-on act of its unit too.
        """
        if self.pair.on:
            in_sight = isinstance(self.screen, Session) and self.screen.draws(number)
            self.model.turn_to(number)
            self._light()
            self.pair.press(number, in_sight=in_sight)
        elif self.model.view.panes:
            self.model.turn_to(number)
            self._light()
        else:
            keys = self._keys.keys
            place = next((one.name for one in PLACES if set(keys[one.name]) & set(keys[f"unit_{number}"])), None)
            if place is not None:
                await self.action_go(place)

    def action_again(self) -> None:
        """Leave the summary for a new session."""
        self.model.again()
        self.action_renew_day()

    def action_renew_day(self) -> None:
        """Show what the day asks for, after something was answered or played."""
        self.run_worker(self._day.renew(), group="day")

    async def action_go(self, name: str) -> None:
        """Go to a place, in the stead of the one where one is; the session itself is below them all."""
        if self._may_go(name):
            self.model.left()
            await self._lead(name)

    def _may_go(self, name: str) -> bool:
        there = name != SESSION and isinstance(self.screen, place_class(name))
        return not (there or self.screen.is_modal or (listed(name).simulated and not self.model.view.simulated))

    async def _lead(self, name: str) -> None:
        if not self._may_go(name):
            return
        if name == SESSION:
            await self._back()
        elif isinstance(self.screen, Place):
            await self.switch_screen(built(name, self._desk))
        else:
            await self.push_screen(built(name, self._desk))
        self._wake()

    def _go(self, name: str) -> None:
        """Go to a place after what is being done now: a place that is left can't wait for its own end.

        Whatever leads there has just been answered, so that stays.
        """
        self.call_later(self._lead, name)

    def _choose(self, program: str) -> None:
        """Light a program in the list that a session begins with; nothing starts by this."""
        below = self._below
        if isinstance(below, Choose):
            below.light(program)
            self._go(SESSION)
        else:
            self.model.answer(tr("end the session first, then choose another program"))

    def _offer(self, offers: Sequence[Offer]) -> None:
        """Offer these programs from here on, in the list that is open too."""
        self._offers = tuple(offers)
        if isinstance(self._below, Choose):
            self._below.offer(self._offers)

    async def action_away(self) -> None:
        """Leave a place by Escape, which may have been meant as a stop: so it is one too, and first."""
        self.model.left()
        self.action_soft()
        await self._back()

    async def _back(self) -> None:
        # Programs may take long to be read, from a disk that hangs for ever: no key waits for that.
        self.run_worker(self._fill_list(), group="list")
        await self._make_list()
        while isinstance(self.screen, Place):
            await self.pop_screen()
        self._consent.led_here()
        self._wake()

    def action_command_palette(self) -> None:
        """Open the list of everything that can be done, with STOP in it."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette())

    async def action_keys(self) -> None:
        if not self.screen.is_modal:
            from estim.tui.help import help_on  # as every place: imported when it is first opened

            await self.push_screen(Keys(help_on(type(self.screen), simulated=self.model.view.simulated)))
            self._wake()

    def action_keys_away(self) -> None:
        """Take the keys away."""
        self._keys_off()

    async def action_quit(self) -> None:
        """Stop first if output may be on, wait for zero, then leave; a second time: leave all the same."""
        self._leave("stopped", Exit.DONE)

    def action_without_hardware(self) -> None:
        """Leave as by q; who began this screen then opens a demo home, which is another one."""
        self.wants_demo = True
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
        self._say_sent(tr("stop sent; leaving when the unit says zero"))
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
        if not self.model.connecting:
            self._here.set()
        if not self.model.flows:
            self._off.set()
            self._stuck = False

    def _ring(self) -> None:
        self.bell()
        self._keys_off()

    def _keys_off(self) -> None:
        if self.is_running and isinstance(self.screen, Keys | Watched):
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
            self._consent.led_here()
        for screen in reversed(self.screen_stack[1:]):
            if isinstance(screen, Choose | Session | Summary | Place | Dialog | Palette) and screen.is_mounted:
                await screen.draw(view)
            if not screen.is_modal:
                break  # what lies below can't be seen, and is drawn when it is
        for begun in self.model.unrecalled():
            self.run_worker(self._day.recall(begun), group="day")
        if (self._alarmed, self._live) != (view.alarmed, bool(self.model.live)):
            self._alarmed = view.alarmed
            self._live = bool(self.model.live)
            self.refresh_bindings()

    @property
    def _below(self) -> Screen[Any]:
        """What lies below all places and dialogs: the session, or what comes before or after it."""
        return self.screen_stack[1]

    def _build(self, face: type[Face]) -> Face:
        return Choose(self._offers, self._consent) if issubclass(face, Choose) else face()


def _face(view: View) -> type[Face]:
    if view.snapshot is not None and view.snapshot.live and not view.looked_at:
        return Session
    return Choose if view.ended is None else Summary
