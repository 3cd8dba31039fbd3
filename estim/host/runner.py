"""Runs one session on one unit: carries bytes between its driver and its link, and time to everything that is pure.

Rules:
1. After every input one synchronous pass: receive/done, session.step, guard.permit, driver.want, driver.poll, link.
   Then it sleeps until the nearest due time. Nothing in a pass waits. When only the driver is due (a frame of a level
   that stays), it alone is polled: what it was last told to want still holds, up to the time of the next step.
2. Ops run as tasks with a time-out, so a hung write can't hold a stop: that is a task of its own, made at once.
3. A lost link is opened again to stop, never to play on; the new link gets a new driver, which knows nothing.
4. A session that only stops a unit ends by proof, or when the unit's output has ended by itself: until then it looks
   for the unit, and opens a link anew on which nothing is proved.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf, isinf

from estim.catalogue.contained import blamed
from estim.clock import Clock
from estim.core.messages.events import Happened
from estim.core.messages.shown import Snapshot
from estim.core.moment import Now
from estim.core.session.guard import Permit, permit
from estim.core.session.session import Session
from estim.core.session.snapshot import snapshot
from estim.core.session.unit_texts import of_unit
from estim.core.translation import tr, tr_text
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.host.operations import Entry, Operations, hang_up
from estim.host.radio.link import Air, Link
from estim.host.seen import Seen
from estim.host.session_log import MAKE_ROOM, SessionLog
from protocols.family import Family
from protocols.vocabulary import AirError, Endpoint, Event, OffBy, Out, Reported, Zero

OPEN_TIMEOUT_S = 20.0
"""One attempt to connect: scanning, connecting and discovery."""

OPEN_TRIES = 2
"""Attempts before a unit counts as absent, when nothing has flowed yet."""

REOPEN_MIN_S = 60.0
"""A lost unit is looked for at least this long, even where its output ends by itself: its level may have stayed."""

RELINK_S = 30.0
"""A link on which a unit that was left on proves nothing for this long is closed and opened anew."""

LATE_S = 0.4
"""Nobody has looked after the unit for this long: all is decided anew before a frame goes out."""

STILL_S = 3.0
"""Nobody has looked after the unit for this long: the session hangs (between two looks lies a second at most)."""

REOPEN_PAUSE_S = 0.5
"""Between attempts in the first minute; later ten times as long."""

INBOX_MAX = 256
"""Inputs waiting for one pass; more means that something floods, and is dropped and counted."""

TIMER_SLACK_S = 1e-7
"""Two due times that differ by less are the same: sums of floats."""

LOOK_S = 1.0
"""How often a session is looked after that has no link yet."""

POLLS_MAX = 8
"""Rounds in which a driver may have something to say at one and the same moment."""


class Runner:
    """One session's life, from opening the link to hanging up. All methods are called on the loop."""

    def __init__(self, air: Air, family: Family, session: Session, clock: Clock, session_log: SessionLog) -> None:
        self.session = session
        self.dropped = 0
        self.output_s = 0.0
        self.ended = asyncio.Event()
        self._air = air
        self._family = family
        self._clock = clock
        self._session_log = session_log
        self._loop = asyncio.get_running_loop()
        self._operations: Operations | None = None
        self.reported: Reported | None = None
        self._permit: Permit | None = None
        self._inbox: deque[tuple[Link, Entry]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._soon = False
        self._broken: str | None = None
        self._wakes = asyncio.Event()
        self._bug: Exception | None = None
        self._seen_s = self._step_s = self._looked_s = clock.now().mono_s

    def ask(self, act: Callable[[Now, Reported | None], list[Happened]]) -> None:
        """Apply a command to the session and act on it in the same breath; errors of the session pass through."""
        now = self._clock.now()
        told = act(now, self.reported)
        if told:
            self._session_log.happened(self._seen(now), told)
        self._pass()
        self._wakes.set()

    def snapshot(self) -> Snapshot:
        """Return what is so now, for a front end."""
        return snapshot(self._clock.now(), self.session, self.reported, self._permit)

    def seen(self) -> Seen:
        """Return what is so now, for the log."""
        return self._seen(self._clock.now())

    def _seen(self, now: Now) -> Seen:
        session = self.session
        reported = self.reported
        return Seen(
            now=now,
            stops_only=session.order is None,
            proved=bool(session.stop_confirmed),
            untouched=session.untouched,
            seen_off=session.was_seen_off,
            may_repeat=session.may_repeat,
            output_s=self.output_s,
            plays_until_s=None if reported is None or reported.out is Out.OFF else reported.until_s,
            on_until_s=session.on_until_s(now, reported),
            level_max=dict(session.alarms.level_max),
            goal=session.goals,
        )

    async def run(self) -> None:
        """Connect, play, reconnect to stop if need be, hang up."""
        try:
            if self.session.state is State.IDLE:  # else a stop came first, and is carried out all the same
                self.session.connect(self._clock.now())
            await self._live()
        finally:
            await self._hang_up()
            self.ended.set()

    async def _live(self) -> None:
        lost_s: float | None = None
        tries = 0
        while self.session.state is not State.ENDED:
            if await self._ends_by_itself():
                return
            tries += 1
            error = await self._open()
            now = self._clock.now()
            if self.ended.is_set():
                return
            if error is None:
                lost_s = None
                tries = 0
                await self._until_lost_or_ended()
                continue
            if self.reported is None and self.session.order is not None:
                if tries >= OPEN_TRIES or self._stopping():
                    self._tell(self.session.no_device(now, error))
                    return
                continue
            lost_s = now.mono_s if lost_s is None else lost_s
            if await self._hopeless(now, lost_s):
                return

    async def _ends_by_itself(self) -> bool:
        """Wait for a unit to go off that does so without its link, rather than to open one anew; true if it has.

        A link that was opened would start its time-out anew, and a box that obeys nothing would be opened and closed
        for ever.
        """
        last = self.reported
        if last is None or not self._stopping() or isinf(last.until_s):
            return False
        if self.session.caps.off_by is not OffBy.LINK or self.session.waits_for_link:
            return False
        while self.session.state is not State.ENDED:
            now = self._clock.now()
            if now.mono_s >= last.until_s:
                self._tell(self.session.give_up(now, last))
                break
            await self._sleep(last.until_s - now.mono_s + TIMER_SLACK_S)
        return True

    async def _hopeless(self, now: Now, lost_s: float) -> bool:
        """Wait a little before the next attempt; true if a lost unit need not be looked for any longer."""
        looked_s = now.mono_s - lost_s
        if self.session.order is None:
            over = now.mono_s >= self.session.until_s
        else:
            over = self.reported is not None and now.mono_s > self.reported.until_s
        if over and (looked_s > REOPEN_MIN_S or self.session.surely_off(now, self.reported)):
            self._tell(self.session.give_up(now, self.reported))
            return True
        await self._sleep(REOPEN_PAUSE_S if looked_s <= REOPEN_MIN_S else 10 * REOPEN_PAUSE_S)
        return self.session.state is State.ENDED

    def forget(self, *, linked: bool = False) -> None:
        """Stop looking for a lost unit: a person wants to leave. `linked`: also one that proves nothing on its link."""
        if (linked or self._operations is None) and self.session.state is not State.ENDED:
            self._tell(self.session.give_up(self._clock.now(), self.reported))
            self._wakes.set()

    @property
    def on_until_s(self) -> float:
        """Return until when the unit may be on (monotonic seconds, inf: it doesn't end by itself); -inf: it is off."""
        return self.session.on_until_s(self._clock.now(), self.reported)

    @property
    def says_on(self) -> bool:
        """Say whether the unit is linked and talks, and doesn't say that it is off."""
        reported = self.reported
        if self._operations is None or reported is None:
            return False
        talks = self._clock.now().mono_s - reported.heard_s <= self.session.caps.fault_s
        return talks and reported.out is not Out.OFF

    @property
    def stands_still(self) -> bool:
        """Say whether nobody has looked after a linked unit for much longer than any pause between two looks."""
        return self._operations is not None and self._clock.now().mono_s - self._looked_s > STILL_S

    @property
    def unsettled(self) -> bool:
        """Say whether the session has ended and its unit may be putting out all the same."""
        may_be_on = self.on_until_s > self._clock.now().mono_s or self.session.may_repeat
        return self.session.state is State.ENDED and may_be_on

    def broke_off(self, bug: Exception) -> None:
        """End a session whose runner had a bug: nothing is known of its unit any more."""
        if self.session.state is not State.ENDED:
            self._tell(self.session.give_up(self._clock.now(), None, blamed(bug)))

    def _stopping(self) -> bool:
        return self.session.state in (State.STOPPING, State.FAULT)

    async def _open(self) -> str | None:
        """Open a link with a fresh driver; return the sentence of what went wrong, or None."""
        to_stop = self.reported is not None or self.session.order is None
        link = self._air.link(self.session.unit.address, self._family, to_stop=to_stop)
        self._broken = None
        opening = self._loop.create_task(link.open(partial(self._hear, link), self._lose, OPEN_TIMEOUT_S))
        waking = self._loop.create_task(self._until_given_up())
        try:
            await self._either(opening, waking)
            if not opening.done():
                return tr("the unit was not reached")
            opening.result()
        except AirError as error:
            return str(error)
        finally:
            waking.cancel()
            if not opening.done():
                opening.cancel()
            await asyncio.wait({opening, waking}, timeout=5)
            self._tell(self.session.looked_after(self._clock.now()))  # a radio may take its time to give up, too
            if opening.cancelled():
                await hang_up(link)
        now = self._clock.now()
        self._operations = Operations(
            link,
            self._family.connect(now.mono_s, self.session.unit.profile),
            self._clock,
            put=partial(self._put, link),
            lose=self._lose,
            sent=self._sent,
            carried=self._session_log.carried,
        )
        self._tell(self.session.link_up(now))
        self._pass()
        return None

    async def _either(self, opening: asyncio.Task[None], waking: asyncio.Task[None]) -> None:
        """Wait for a link, or for the end of the wish for one, and look after the session meanwhile."""
        end_s = self._loop.time() + OPEN_TIMEOUT_S + 5
        done: set[asyncio.Task[None]] = set()
        while not done and self._loop.time() < end_s:
            done, _ = await asyncio.wait({opening, waking}, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            self._tell(self.session.looked_after(self._clock.now()))

    async def _until_given_up(self) -> None:
        """Return when opening has lost its point: a stop before anything was reached, or the end."""
        begins = self.session.order is not None and self.reported is None
        while self.session.state is not State.ENDED and not (begins and self._stopping()):
            self._wakes.clear()
            await self._wakes.wait()

    async def _until_lost_or_ended(self) -> None:
        relink_s = self._clock.now().mono_s + RELINK_S
        while self.session.state is not State.ENDED and self._broken is None and self._bug is None:
            if self.session.order is None and self._clock.now().mono_s >= relink_s:
                self._broken = tr("the unit doesn't answer: it is connected anew")
                break
            self._wakes.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(RELINK_S):
                    await self._wakes.wait()
        if self._bug is not None:
            raise self._bug
        if self._broken is None:
            return
        now = self._clock.now()
        assert self._operations is not None, "a link has a driver"
        self._take(
            now.mono_s, self._operations
        )  # what came before the end was said by the unit, and may prove something
        self.reported = self._last_word(now, self._operations)
        self._tell(self.session.link_down(now, self.reported, of_unit(self._broken)))
        await self._drop()
        self._tell(self._settle(now))

    def _last_word(self, now: Now, operations: Operations) -> Reported:
        """Return what the lost unit may do by itself.

        Where the radio didn't say that the connection has ended, the end is none of the unit's: it may still be
        connected, so it proves neither that a unit is off which is so without its link, nor that one hung up itself.
        """
        before = operations.driver.reported(now.mono_s)
        last = operations.driver.lost(now.mono_s)
        if operations.link.severed:
            return last
        if last.zero is Zero.CONFIRMED and before.zero is not Zero.CONFIRMED:
            last = replace(last, out=Out.MAYBE, zero=Zero.NO, level=before.level, until_s=before.until_s)
        if self.session.caps.off_by is OffBy.LINK and last.zero is not Zero.CONFIRMED:
            last = replace(last, out=Out.MAYBE, until_s=inf)
        return last

    def _settle(self, now: Now) -> list[Happened]:
        """End at once if the lost unit's last word was a proved zero of a stop that was under way."""
        if self.reported is not None and self._stopping() and self.session.proved(self.reported):
            return self.session.give_up(now, self.reported)
        return []

    async def _hang_up(self) -> None:
        self._disarm()
        for _ in range(20):
            if self._operations is None or self._operations.driver.reported(self._clock.now().mono_s).closable:
                break
            await asyncio.sleep(0.05)
        await self._drop()

    async def _drop(self) -> None:
        self._disarm()
        operations = self._operations
        self._operations = None
        if operations is not None:
            await operations.close()

    async def _sleep(self, seconds: float) -> None:
        self._wakes.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wakes.wait()

    def _hear(self, link: Link, endpoint: Endpoint, data: bytes) -> None:
        self._session_log.carried(self._clock.now(), "in", endpoint, data)
        self._put(link, lambda now_s, driver: driver.receive(now_s, endpoint, data))

    def _lose(self, text: str) -> None:
        self._broken = self._broken or text
        self._wakes.set()

    def _put(self, link: Link, entry: Entry) -> None:
        if len(self._inbox) >= INBOX_MAX:
            self.dropped += 1
            return
        self._inbox.append((link, entry))
        if not self._soon:
            self._soon = True
            self._loop.call_soon(self._pass)

    def _pass(self) -> None:
        """Make a pass; a bug in it ends this runner, since a session that nobody steps must not play on."""
        try:
            self._make_pass()
        except Exception as bug:  # noqa: BLE001 - told by run(), which logs it
            self._break_off(bug)

    def _make_pass(self) -> None:
        """Rule 1: everything that a moment asks for, without waiting."""
        self._soon = False
        if self._operations is None or self._broken is not None:
            return
        driver = self._operations.driver
        now_s = (now := self._clock.now()).mono_s
        self._looked_s = now_s
        events = self._take(now_s, self._operations)
        before = self.reported
        reported = driver.reported(now_s)
        self.reported = reported
        self._count(now_s, reported, before)
        told = self.session.step(now, reported, events)
        request = self.session.request(now)
        granted = self._permit = permit(now_s, request, reported, driver.caps, self.session.limits)
        driver.want(now_s, self.session.wanted(now, request, granted))
        self._poll(now, self._operations)
        self._step_s = now_s + self.session.nap_s(now, request, granted)
        self._rearm(now_s)
        if wrong := self._session_log.wrong():
            told += self.session.warn(now, wrong, tr_text(MAKE_ROOM))
        if told:
            self._tell(told)
        self._session_log.passed(self._seen(now))

    def _take(self, now_s: float, operations: Operations) -> list[Event]:
        """Give the driver what has come for it; what an older link brought is for no driver any more."""
        events: list[Event] = []
        while self._inbox:
            link, entry = self._inbox.popleft()
            if link is operations.link:
                events += entry(now_s, operations.driver)
        return events

    def _count(self, now_s: float, reported: Reported, before: Reported | None) -> None:
        """Count the time since the last pass as output if the unit may have put out at its beginning or its end."""
        if _may_put_out(reported) or (before is not None and _may_put_out(before)):
            self.output_s += now_s - self._seen_s
        self._seen_s = now_s

    def _tell(self, told: list[Happened]) -> None:
        if told:
            self._session_log.happened(self.seen(), told)
        if self.session.state is State.ENDED and not self.ended.is_set():
            self.ended.set()
            self._wakes.set()

    def _rearm(self, now_s: float) -> None:
        """Sleep until the driver is due, or the session; a timer that fits already stays."""
        assert self._operations is not None, "a pass has a driver"
        at_s = self._loop.time() + max(TIMER_SLACK_S, min(self._operations.driver.due_s, self._step_s) - now_s)
        if self._timer is not None:
            if not self._timer.cancelled() and abs(self._timer.when() - at_s) < TIMER_SLACK_S:
                return
            self._timer.cancel()
            self._timer = None
        if self.session.state is not State.ENDED:
            self._timer = self._loop.call_at(at_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        now = self._clock.now()
        late = now.mono_s - self._looked_s > LATE_S
        if late or self._inbox or self._operations is None or now.mono_s >= self._step_s - TIMER_SLACK_S:
            self._pass()
            return
        self._looked_s = now.mono_s
        try:
            self._poll(now, self._operations)  # a frame is due, and nothing has changed that decides its level
            self._rearm(now.mono_s)
        except Exception as bug:  # noqa: BLE001 - told by run(), which logs it
            self._break_off(bug)

    def _break_off(self, bug: Exception) -> None:
        self._bug = bug
        self._wakes.set()

    def _sent(self) -> None:
        """A command went out later than at once: the next one may be due by now."""
        if self._operations is None or self._soon:
            return
        now_s = self._clock.now().mono_s
        if self._inbox or self._operations.driver.due_s <= now_s:
            self._pass()
        else:
            self._rearm(now_s)

    def _poll(self, now: Now, operations: Operations) -> None:
        """Carry what the driver has to say now; a command that the air took at once may make room for the next."""
        for _ in range(POLLS_MAX):
            for op in operations.driver.poll(now.mono_s):
                operations.perform(now, op)
            if operations.driver.due_s > now.mono_s:
                return
        raise AssertionError(f"{self._family.name}: due {operations.driver.due_s} at {now.mono_s}: a livelock")

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _may_put_out(reported: Reported) -> bool:
    return reported.out is not Out.OFF and any(span.hi > 0 for span in reported.level.values())
