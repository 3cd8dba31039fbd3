"""The stop drill: with the pads off a unit is started at its lowest level, and F12 must bring it to 0 in three seconds.

1. It asks the host for nothing that a session doesn't: a Start at level 1, and the person's own F12. The session is
   shown as any other, with every way to stop.
2. What is measured is the time from the key until the host says what the *unit* has proved; what is kept is what
   happened. An F12 at level 0 proves nothing and is not kept.
3. It listens beside the model: no stop goes through it, and none waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from msgspec import Struct

from estim.catalogue.families import find_family
from estim.clock import wall_s
from estim.config.options import HostOptions
from estim.core.addresses import same_address
from estim.core.days.diary import Check, Topic
from estim.core.errors import EstimError
from estim.core.messages.commands import Done, Refusal, Reply, Start
from estim.core.messages.events import Ended
from estim.core.messages.lines import Line
from estim.core.messages.shown import Snapshot
from estim.core.translation import mark, tr
from estim.core.vocabulary import Reason, State
from estim.journal.home_journal import opened
from estim.tui.keymap import key_of

PROGRAM = "tens-ankle"
"""Every family plays it, as the doctor's looks do; at its lowest level any would do."""
MINUTES = 1.0
"""Longest drill: whoever presses nothing is stopped by the time. So short a session asks for no rest after it."""
JUST_NOW = timedelta(minutes=5)
"""How far back the session of a drill can have begun: a minute, what connecting takes, and then some."""
RAMP_S = 3.0
STOP_S = 3.0
"""A stop that takes longer is told as late (safety.md section 2: a ladder ends within 3 s)."""


class Drill(Struct, frozen=True):
    """A unit whose stop is to be tried: what a host finds it by, its address, and what a person calls it."""

    unit: str
    address: str
    name: str
    family: str


class Result(Struct, frozen=True):
    """What came of a drill: at which level F12 was pressed, and after how long the unit was proved to be at 0.

    `unit` is its name in the session.
    """

    drill: Drill
    unit: str
    level: int
    took_s: float
    proved: bool

    @property
    def answer(self) -> str:
        """Return it as the diary keeps it."""
        if not self.proved:
            return "unproved"
        return "zero" if self.took_s <= STOP_S else "late"

    @property
    def text(self) -> str:
        """Return it for a person, with what to do where it isn't good."""
        name = self.drill.name
        if not self.proved:
            return tr(
                "Stop drill: {unit} did NOT say 0. Switch it off by hand, and use it no more before you know why.",
                unit=name,
            )
        if self.took_s > STOP_S:
            return tr(
                "Stop drill: {unit} said 0 only after {seconds:.1f} s, and three are allowed: bring it nearer, and do "
                "it again.",
                unit=name,
                seconds=self.took_s,
            )
        return tr(
            "Stop drill: at level {level} {key} was pressed, and {unit} said 0 after {seconds:.1f} s. The stop works.",
            key=key_of("panic"),
            unit=name,
            level=self.level,
            seconds=self.took_s,
        )


def start_of(drill: Drill) -> Start:
    """Return the session of a drill: one channel, its lowest level. The key before it was the act that it needs.

    Raises EstimError (2) for a family that nothing here knows.
    """
    caps = find_family(drill.family).caps
    level = {caps.channels[0]: int(caps.first)}
    return Start(program=PROGRAM, unit=drill.unit, minutes=MINUTES, level=level, ramp_s=RAMP_S, pads_on=True)


def was_drill(ended: Ended, shown: Snapshot | None) -> bool:
    """Say whether a session is as a drill is: its program, its minute, and no level but the lowest.

    One that a person ordered like that was no treatment either.
    """
    if shown is None or (shown.unit, shown.program) != (ended.unit, ended.program) or ended.program != PROGRAM:
        return False
    try:
        first = int(find_family(ended.family).caps.first)
    except EstimError:  # of a family whose plug-in has gone
        return False
    shortest_s = MINUTES * 60
    return max(shown.length_s, ended.duration_s) <= shortest_s and max(ended.level_max.values(), default=0) <= first


class Drills:
    """At most one drill at a time. `later` takes what has to be written, which nobody waits for."""

    def __init__(
        self,
        options: HostOptions | None,
        begin: Callable[[Start], Awaitable[Reply | None]],
        say: Callable[[str], None],
        later: Callable[[Coroutine[Any, Any, None]], None],
        now_s: Callable[[], float] = wall_s,
    ) -> None:
        self._options = options
        self._begin = begin
        self._say = say
        self._later = later
        self._now_s = now_s
        self._drill: Drill | None = None
        self._unit = ""
        self._level = 0
        self._pressed_s: float | None = None
        self._at = 0
        self._answered = False
        self._owed = ""

    async def begin(self, drill: Drill) -> None:
        """Start it; a start that is refused is told as every other, and ends it."""
        try:
            start = start_of(drill)
        except EstimError as error:  # of a family whose plug-in has gone
            self._say(error.text)
            return
        self._drill = drill
        self._unit = drill.unit
        self._level = 0
        self._pressed_s = None
        reply = await self._begin(start)
        if not isinstance(reply, Done):
            self._drill = None
        elif self._drill is drill and not self._level:
            self._say(tr("Stop drill: wait until the level is 1, then press {panic}.", panic=key_of("panic")))

    def pressed(self) -> None:
        """F12 was pressed, and its stop is on its way already."""
        if self._drill is not None and self._pressed_s is None:
            self._pressed_s = self._now_s()
            self._at = self._level
            self._answered = False

    def heard(self, line: Line) -> None:
        """Take in what the host says of the unit, and answers: that to the stop is a note too, and may come last."""
        if isinstance(line, Done | Refusal):
            self._answered = True
            if self._owed:
                self._say(self._owed)
            self._owed = ""
        drill = self._drill
        if drill is None:
            return
        if isinstance(line, Snapshot) and same_address(line.address, drill.address):
            self._unit = line.unit  # a unit that nobody remembered has a name by now
            self._take(line)
        elif isinstance(line, Ended) and line.unit == self._unit:
            self._drill = None
            self._end(drill, line)

    def lost(self) -> None:
        """The host has gone, and its sessions with it: what is played after that is no drill."""
        if self._drill is not None:
            self._say(tr("Stop drill: the controller has gone, so it isn't done: do it again later"))
        self._drill = None
        self._owed = ""

    def _take(self, snapshot: Snapshot) -> None:
        """Note the level, and say when F12 is to be pressed."""
        before = self._level
        known = [lane.lo for lane in snapshot.lanes if lane.lo == lane.hi]
        if snapshot.state in (State.RAMPING, State.RUNNING):
            self._level = max(known, default=0)
        if self._level and not before and self._pressed_s is None:
            panic = key_of("panic")
            self._say(
                tr("Stop drill: the unit is at level {level}. Press {panic} now.", level=self._level, panic=panic)
            )

    def _end(self, drill: Drill, ended: Ended) -> None:
        panic = key_of("panic")
        if self._pressed_s is None or ended.reason is not Reason.PANIC:
            self._say(tr("Stop drill: no {panic} ended it, so it isn't done: {why}", panic=panic, why=ended.message))
            return
        result = Result(drill, ended.unit, self._at, self._now_s() - self._pressed_s, bool(ended.stop_confirmed))
        if not self._at and result.proved:
            text = mark("Stop drill: {key} came at level 0, which proves nothing: do it again, and wait for level 1.")
            self._say(tr(text, key=panic))
            return
        self._say(result.text)
        self._owed = "" if self._answered else result.text
        if self._options is not None and self._options.simulate is None:
            self._later(self._keep(self._options, result))

    async def _keep(self, options: HostOptions, result: Result) -> None:
        try:
            await asyncio.to_thread(keep, options, result)
        except EstimError as error:
            self._say(f"{result.text} {error.text}")


def keep(options: HostOptions, result: Result) -> None:
    """Write down what happened, with the session in which it did. Raises EstimError."""
    note = tr(
        "{unit}, level {level}, {seconds:.1f} s", unit=result.drill.name, level=result.level, seconds=result.took_s
    )
    with opened(options, write=True) as journal:
        played = journal.read(journal.now - JUST_NOW).sessions
        number = next((one.id for one in reversed(played) if one.unit == result.unit), None)
        entry = Check(
            at=journal.now,
            topic=Topic.DRILL,
            about=result.drill.address,
            answer=result.answer,
            session=number,
            note=note,
        )
        journal.enter(entry)
