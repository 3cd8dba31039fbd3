"""`estim run`: one unit's session in plain text or JSON lines, from pads-on to the line that says how it ended.

1. The last line is always `ended`, also after a refusal and after a host that died.
2. Who is interrupted asks for a stop and stays until that line is written; a second time changes nothing.
3. If the host dies, a new one is started within a second, which stops the unit by itself; its word is the last line.
   One that can't be started is tried again for as long as there is time.
4. A host that says nothing for three seconds is asked; if it doesn't answer, that is an alarm (safety.md H-29).
5. Nobody who reads the output any more is a hang-up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from estim.cli.at_slot import Ahead
from estim.cli.output import complain, note, outlet
from estim.cli.questions import next_slot
from estim.cli.record import Record, exit_code
from estim.cli.text import Screen, left_on
from estim.client.connection import join
from estim.client.consent import Consent
from estim.client.follower import LOOK_S, SILENT_TICKS, Client, Follower
from estim.client.stop_keys import LEAVE_LETTERS, PANIC_KEY, STOP_LETTERS
from estim.clock import RealClock, began_s
from estim.config.options import HostOptions
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Arm, Ask, Done, Refusal, Reply, Resume, SetLevel, Start
from estim.core.messages.events import Alarmed, Ended, Happened
from estim.core.messages.lines import Line
from estim.core.messages.lowering import Pause, Stop
from estim.core.messages.shown import Snapshot
from estim.core.moment import local
from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from estim.tasks import Tasks
from protocols.vocabulary import Channel

RECOVERY_S = 40.0
"""Longest wait for the word of a new host after the first one died: it has to start, and to find the unit."""

STOP_S = 30.0
"""Longest wait for `ended` after a signal: the longest ladder, and 10 s for a unit that is lost just now, with room."""

LEVEL_MAX = 10_000
"""Highest level that the socket takes (estim.core.messages.commands.LevelIn)."""

STOPS = STOP_LETTERS | LEAVE_LETTERS | {PANIC_KEY}
"""The keys that stop."""

PROMPT = mark("Are the pads on, and are you sitting or lying? Press Enter to start, q to leave.")
"""What asks for the key that starts a session."""


class Run:
    """One unit's run. `screen` None tells it as JSON lines; `may_ask`: a person sits at the terminal, and may be asked.

    `prompt` asks for the key that starts it, "": the usual one; `taken` is told when the host has taken the start.
    Several at one terminal have one `consent`.
    """

    def __init__(
        self,
        options: HostOptions,
        start: Start,
        *,
        screen: Screen | None,
        may_ask: bool,
        at_slot: bool = False,
        prompt: str = "",
        consent: Consent | None = None,
        taken: Callable[[], None] = lambda: None,
    ) -> None:
        self._options = options
        self._at_slot = at_slot
        self._ahead: Ahead | None = None
        self._start = start
        self._may_ask = may_ask
        self._prompt = prompt
        self._consent = consent or Consent()
        self._taken = taken
        self._record = Record(options.simulate, start, screen)
        self._signal: Exit | None = None
        self._follower: Follower | None = None
        self._reply: Reply | None = None
        self._begun = False
        self._limit: asyncio.TimerHandle | None = None
        self._last_word: Stop | None = None
        self._why = ""
        self._code: int | None = None
        self._unit: str | None = None
        self._asked_to_stop = False
        self._prompted = False
        self._waits = State.IDLE
        self._warned: set[str] = set()
        self._refusals: set[str] = set()
        self._tasks = Tasks()

    async def run(self) -> int:
        """Play; return the exit code."""
        try:
            self._check()
            if self._at_slot:
                self._ahead = Ahead(next_slot(self._options).at, RealClock())
                await self._ahead.until_lead(self._signalled)
            return await self.play(await join(self._options), lambda: join(self._options))
        except EstimError as error:
            return self._refused(error.code, error.text)

    def _check(self) -> None:
        """Refuse what needs no host to be refused."""
        if not self._start.pads_on and not self._may_ask:
            text = tr("nobody said that the pads are on: add --pads-on when they are, or run it at a terminal")
            raise EstimError(text, code=Exit.REFUSED)
        if self._at_slot and (not self._start.pads_on or self._options.simulate is not None):
            text = tr("--at-slot is for pads that are on now, on a real unit: add --pads-on, or leave --at-slot out")
            raise EstimError(text, code=Exit.REFUSED)
        for channel, level in self._start.level.items():
            if level > LEVEL_MAX:
                text = tr(
                    "level {level} on {channel} is above every cap: no unit goes beyond {most}",
                    level=level,
                    channel=channel.value,
                    most=LEVEL_MAX,
                )
                raise EstimError(text, code=Exit.REFUSED)

    async def play(self, client: Client, again: Callable[[], Awaitable[Client]]) -> int:
        """Play on this host, and let the next one (`again` joins or starts it) stop; return the exit code."""
        self._follower = Follower(client, self, again)
        try:
            return await self._play(self._follower)
        finally:
            await self._follower.close()

    async def _play(self, follower: Follower) -> int:
        if self._signal is not None:
            return self._refused(self._signal, tr("interrupted before it began"))
        start = replace(self._start, typed_s=began_s())
        if self._ahead is not None:
            start = replace(start, pads_on=False)
        self._reply = await follower.say(start)
        if isinstance(self._reply, Refusal):
            return self._refused(self._reply.code, self._reply.text)
        if self._reply is None:
            follower.give_up()
        else:
            self._unit = self._reply.unit if isinstance(self._reply, Done) else self._start.unit
            if self._ahead is not None:
                self._tasks.begin(self._begin_at_slot(follower, self._ahead))
            self._taken()
        await follower.run()
        assert self._code is not None, "it is left with a code only"
        return self._code

    def _leave(self, code: int) -> None:
        assert self._follower is not None, "who hears or is answered has a follower"
        self._code = code
        self._follower.leave()

    # What the follower tells

    def heard(self, line: Line) -> None:
        """Tell what happens from the start's answer on; what stands before it belongs to somebody else's session.

        Of the next host only its word on the stop counts.
        """
        if self._last_word is not None:
            return
        self._begun = self._begun or line is self._reply
        if isinstance(line, Snapshot) and line.unit != self._unit:
            self._warn_of(line)
        if not self._begun or not isinstance(line, Snapshot | Happened) or line.unit != self._unit:
            return
        if isinstance(line, Snapshot):
            self._show(line)
            return
        self._tell(self._truly(line))
        if self._record.ended is not None:
            self._leave(exit_code(self._record.ended, self._signal))

    def answered(self, command: Ask, reply: Reply) -> None:
        """Tell what was refused; the start's answer is `_play`'s."""
        if command is self._last_word:
            self._recovered(reply)
        elif isinstance(reply, Refusal) and isinstance(command, Stop):
            self._not_stopped(reply.text)
        elif isinstance(reply, Refusal) and not isinstance(command, Start):
            self._say_refused(reply.text)

    def undelivered(self, command: Ask, why: str) -> None:
        """Tell of a stop without an answer: nothing may swallow that."""
        if command is self._last_word:
            self._why = why
        elif isinstance(command, Stop):
            self._not_stopped(why or tr("the host doesn't answer"))

    def fell_silent(self) -> None:
        """Say nothing yet: the host is asked first."""

    def stands_still(self) -> None:
        """Alarm: a silent host doesn't answer."""
        if self._record.live and self._last_word is None:
            silent_s = SILENT_TICKS * LOOK_S
            self._alarm(tr("the host has said nothing for {seconds:g} s, and output may be on", seconds=silent_s))

    def lost(self) -> None:
        """Have a host started again, which stops what was left running; a software unit has died with its host."""
        assert self._follower is not None, "it is the follower that tells"
        if self._last_word is not None:
            return  # the next one has gone as well, and there may be time for another
        if self._limit is not None:
            self._limit.cancel()
        last = self._record.last
        if self._options.simulate is not None or (last is not None and last.simulated):
            self._host_died(tr("the host died, and the software unit with it"), confirmed=True)
            return
        if self._unit is not None:
            self._alarm(tr("the host died, and output may be on: a new one is started to stop it"))
        self._last_word = Stop(reason="interrupted")
        self._follower.owe(self._last_word)
        self._limit = asyncio.get_running_loop().call_later(RECOVERY_S, self._not_recovered)

    def failed_again(self, why: str) -> None:
        """Keep why there is no new host yet."""
        self._why = why

    async def _begin_at_slot(self, follower: Follower, ahead: Ahead) -> None:
        why = await ahead.at_slot(lambda: self.ready, self._is_over, lambda: follower.say(Arm(self._unit)))
        if why:
            note(why)
            self._stop("stopped")

    def _warn_of(self, other: Snapshot) -> None:
        """Say once that another unit may be on."""
        text = left_on(other)
        if text and other.unit not in self._warned:
            self._warned.add(other.unit)
            complain(text)

    def _is_over(self) -> bool:
        """Say whether there is nothing left to begin: it was started by a key, stopped, or has ended."""
        return self._signalled() or self._record.live or self._record.ended is not None

    def _alarm(self, text: str) -> None:
        assert self._unit is not None, "only a session that was taken can go wrong"
        self._tell(Alarmed(unit=self._unit, priority=Priority.HIGH, text=text, do=self._record.by_hand))

    def _truly(self, event: Happened) -> Happened:
        """A stop that crossed the start is this person's interruption too."""
        if isinstance(event, Ended) and self._signal is not None and event.reason is Reason.STOPPED:
            return replace(event, reason=Reason.INTERRUPTED)
        return event

    def _show(self, shown: Snapshot) -> None:
        if shown.state is not self._waits and shown.state in (State.READY, State.PAUSED):
            self._consent.led_here()  # a key that was on its way was meant for what was before
        self._waits = shown.state
        if shown.state is State.READY and not self._start.pads_on and not self._prompted:
            self._prompted = True
            note(self._prompt or tr_text(PROMPT))
        if not self._record.show(shown):
            self.interrupt(Exit.HUNG_UP)

    def _tell(self, event: Happened) -> None:
        if not self._record.tell(event):
            self.interrupt(Exit.HUNG_UP)

    # Ends that the host didn't tell

    def _refused(self, code: int, text: str) -> int:
        self._record.refuse(code, text)
        return code

    def _recovered(self, reply: Reply) -> None:
        if isinstance(reply, Done) and reply.proved:
            self._host_died(tr("the host died; a new one has stopped the unit, zero confirmed"), confirmed=True)
            return
        self._why = reply.text if isinstance(reply, Refusal | Done) else tr("it was answered with something else")
        self._not_recovered()

    def _not_recovered(self) -> None:
        why = self._why or tr("no word of a new host for {seconds:g} s", seconds=RECOVERY_S)
        text = tr(
            "the host died, and the stop is NOT confirmed ({why}): {by_hand}", why=why, by_hand=self._record.by_hand
        )
        self._host_died(text, confirmed=False)

    def _host_died(self, text: str, *, confirmed: bool) -> None:
        if self._record.ended is None:
            self._tell(self._record.made_up(Reason.FAULT, text, confirmed=confirmed))
            self._leave(Exit.GENERAL if confirmed else Exit.NOT_CONFIRMED)

    # What a person does

    @property
    def ready(self) -> bool:
        """Whether its unit waits for the key that starts it."""
        return self._record.last is not None and self._record.last.state is State.READY

    @property
    def paused(self) -> bool:
        """Whether it waits for a key to go on."""
        return self._record.last is not None and self._record.last.state is State.PAUSED

    @property
    def stops(self) -> bool:
        """Whether it is on its way to its end already, by whomever."""
        last = self._record.last
        return self._asked_to_stop or (last is not None and last.state in (State.STOPPING, State.ENDED))

    @property
    def completed(self) -> bool:
        """Whether it has ended as it was meant to."""
        return self._record.ended is not None and self._record.ended.reason is Reason.COMPLETED

    def _signalled(self) -> bool:
        return self._signal is not None

    def interrupt(self, code: Exit) -> None:
        """Stop, and end with this code; the first one holds."""
        if self._signal is None:
            self._signal = code
            self._stop()

    async def stop_first(self) -> None:
        """Stop, and return when that is answered: somebody is about to freeze this process."""
        self._signal = self._signal or Exit.INTERRUPTED
        if self._follower is not None and self._record.ended is None:
            self._limit_stop(self._follower)
            await self._follower.say(Stop(unit=self._unit, reason="interrupted"))

    def _stop(self, reason: Literal["stopped", "panic", "interrupted"] = "interrupted") -> None:
        """Stop; what comes of it is told if it isn't done."""
        if self._follower is None or self._record.ended is not None:
            return
        self._asked_to_stop = True
        if reason == "interrupted":
            self._limit_stop(self._follower)
        self._follower.send(Stop(unit=self._unit, reason=reason))

    def _limit_stop(self, follower: Follower) -> None:
        """Give the host its time to end; once, and a host that has died has another limit."""
        if self._limit is None:
            self._limit = asyncio.get_running_loop().call_later(STOP_S, follower.give_up)

    def _not_stopped(self, why: str) -> None:
        """Tell that a stop wasn't carried out, or proved nothing, unless the session has told its end by itself."""
        if self._record.ended is None and self._unit is not None:
            self._alarm(why)

    def key(self, key: str) -> None:
        """Take a key that a person pressed, as estim.cli.keys names it."""
        if key in STOPS:
            self._stop("panic" if key == PANIC_KEY else "stopped")
            return
        last = self._record.last
        if last is None:
            return
        channel = next((lane.channel for lane in last.lanes if lane.goal), Channel.A)
        match key:
            case "\n" | "\r" if last.state is State.READY:
                self._send_if_anew(Arm(self._unit))
            case "+" | "=":
                self._send(SetLevel(channel=channel, by=1, unit=self._unit))
            case "-" | "_":
                self._send(SetLevel(channel=channel, by=-1, unit=self._unit))
            case " ":
                self.pause_or_resume()
            case _:
                pass

    def pause_or_resume(self) -> None:
        """Pause, or go on where it is paused: a key that is held pauses only."""
        if self.paused:
            self._send_if_anew(Resume(self._unit))
        else:
            self._send(Pause(self._unit))

    def _send_if_anew(self, command: Arm | Resume) -> None:
        if self._consent.given():
            self._send(command)
        else:
            self._say_refused(tr("wait a moment, then press the key again"))

    def _send(self, command: Arm | SetLevel | Pause | Resume) -> None:
        assert self._follower is not None, "keys and stops come after the connection"
        self._follower.send(command)

    def _say_refused(self, text: str) -> None:
        """Tell why a key did nothing, once: a key that is held is refused thirty times a second."""
        if text not in self._refusals:
            self._refusals.add(text)
            note(f"\n{local(text)}")


def refuse_session(options: HostOptions, program: str, error: EstimError, *, as_json: bool) -> int:
    """Tell a session that was refused before a host was asked, as every other; return the exit code."""
    screen = None if as_json else Screen(outlet())
    Record(options.simulate, Start(program=program), screen).refuse(error.code, error.text)
    return error.code
