"""Turns what happens in a session into sentences, alarms and Happenings, each told once.

Every event of a session is built here and returned as a list; the session only says what has happened, and joins them.
"""

from collections.abc import Mapping
from datetime import timedelta
from math import isinf

from estim.core.messages.events import (
    Alarmed,
    Armed,
    Connected,
    Ended,
    Happened,
    Levelled,
    LinkBack,
    LinkLost,
    Paused,
    Phased,
    Resumed,
    Started,
)
from estim.core.messages.shown import Alarm
from estim.core.moment import Now
from estim.core.session.guard import Limits
from estim.core.session.order import Order, Unit
from estim.core.translation import tr, tr_text
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from protocols.score import Score, part_at
from protocols.vocabulary import Capabilities, Channel, Level, Out, Reported, Zero

ALARMS_MAX = 20
"""Unacknowledged alarms kept; the oldest of lowest priority goes first."""

SOON_S = 5.0
"""An end of output that is nearer than this is told without its time: the alarm stays until somebody reads it."""

_ORDER = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}


class Alarms:
    """Remembers what has been told already; decides nothing."""

    def __init__(self, unit: Unit, caps: Capabilities, limits: Limits, order: Order | None) -> None:
        self._unit = unit
        self._caps = caps
        self._limits = limits
        self._order = order
        self._level: dict[Channel, int] = {}
        self.level_max: dict[Channel, int] = dict.fromkeys(caps.channels, 0)
        self._phase = -1
        self._dialled: set[Channel] = set()
        self._number = 0
        self.alarms: list[Alarm] = []
        self._doubts: dict[int, str] = {}

    def ring(self, now: Now, priority: Priority, text: str, do: str, *, proved: str = "") -> list[Happened]:
        """Latch an alarm until somebody acknowledges it; the same text twice rings once.

        `proved`: it says that output may be on, and this is what is so once zero is proved.
        """
        if any(alarm.text == text for alarm in self.alarms):
            return []
        self._number += 1
        if proved:
            self._doubts[self._number] = proved
        self._latch(Alarm(number=self._number, priority=priority, text=text, do=do, at=now.iso()))
        return [Alarmed(unit=self._unit.name, priority=priority, text=text, do=do)]

    def _latch(self, alarm: Alarm) -> None:
        self.alarms.append(alarm)
        self.alarms.sort(key=lambda alarm: (_ORDER[alarm.priority], -alarm.number))
        del self.alarms[ALARMS_MAX:]
        self._forget()

    def _forget(self) -> None:
        latched = {alarm.number for alarm in self.alarms}
        self._doubts = {number: text for number, text in self._doubts.items() if number in latched}

    def proved(self) -> None:
        """Zero is proved: what said that output may be on isn't so any more, and stays as a note until it is read."""
        doubts = self._doubts
        self._doubts = {}
        doubted = [alarm for alarm in self.alarms if alarm.number in doubts]
        self.alarms = [alarm for alarm in self.alarms if alarm.number not in doubts]
        for alarm in doubted:
            text = doubts[alarm.number]
            if not any(other.text == text for other in self.alarms):
                do = tr("nothing more has to be done for that")
                self._latch(replace(alarm, priority=Priority.LOW, text=text, do=do))

    def quiet(self, number: int) -> bool:
        """Acknowledge an alarm; say whether there was one."""
        before = len(self.alarms)
        self.alarms = [alarm for alarm in self.alarms if alarm.number != number]
        self._forget()
        return len(self.alarms) < before

    def connected(self, reported: Reported) -> list[Happened]:
        """The unit is ready: zero is proved."""
        differs = tuple(tr_text(one) for one in self._order.course.differs) if self._order else ()
        unit = self._unit
        return [
            Connected(
                unit=unit.name,
                address=unit.address,
                family=unit.family,
                simulated=unit.simulated,
                battery=reported.battery,
                differs=differs,
            )
        ]

    def armed(self) -> list[Happened]:
        """The pads-on act was taken."""
        return [Armed(unit=self._unit.name, cap={ch: int(level) for ch, level in self._limits.ceiling.items()})]

    def started(self, now: Now, length_s: float) -> list[Happened]:
        """Output may flow from now on; levels told before don't count."""
        program = self._order.course.program.id if self._order else ""
        self._level = dict.fromkeys(self._caps.channels, 0)
        return [Started(unit=self._unit.name, program=program, length_s=length_s, started_at=now.iso())]

    def levels(self, by: Mapping[Channel, str], reported: Reported, at_s: float) -> list[Happened]:
        """Tell each channel's level that is newly known, and by whom it was moved."""
        told: list[Happened] = []
        for channel, span in reported.level.items():
            if channel not in self._level:
                continue
            self.level_max[channel] = max(self.level_max[channel], span.lo)
            if not span.known or span.lo == self._level[channel]:
                continue
            self._level[channel] = span.lo
            told.append(
                Levelled(
                    unit=self._unit.name,
                    channel=channel,
                    level=Level(span.lo),
                    cap=self._limits.of(channel)[0],
                    by=by[channel],
                    at_s=round(at_s, 3),
                )
            )
        return told

    def playing(self, now: Now, reported: Reported, score: Score, at_s: float) -> list[Happened]:
        """Tell a phase when it begins, and a dial or limit of the unit itself that is below what was asked for."""
        return [*self._dials(now, reported), *self._phases(score, at_s)]

    def _dials(self, now: Now, reported: Reported) -> list[Happened]:
        told: list[Happened] = []
        for channel, goal in (self._order.goal if self._order else {}).items():
            ceiling = reported.ceiling.get(channel, goal)
            if ceiling >= goal:
                self._dialled.discard(channel)
            elif channel not in self._dialled:
                self._dialled.add(channel)
                text = tr(
                    "the unit itself holds {channel} at {ceiling} at most, {goal} was asked for",
                    channel=channel.value,
                    ceiling=ceiling,
                    goal=goal,
                )
                told += self.ring(now, Priority.MEDIUM, text, tr("turn its dial up, slowly; or ask for less"))
        return told

    def _phases(self, score: Score, at_s: float) -> list[Happened]:
        index, part = part_at(score, at_s)
        if index == self._phase:
            return []
        self._phase = index
        count = len(score.parts)
        return [
            Phased(unit=self._unit.name, phase=tr_text(part.title), number=index + 1, count=count, at_s=round(at_s, 3)),
        ]

    def paused(self, why: str, at_s: float) -> list[Happened]:
        """Output is being taken to zero; the time is kept."""
        return [Paused(unit=self._unit.name, why=why, at_s=round(at_s, 3))]

    def resumed(self, at_s: float) -> list[Happened]:
        """It ramps again from zero."""
        return [Resumed(unit=self._unit.name, at_s=round(at_s, 3))]

    def back(self) -> list[Happened]:
        """A lost link is open again."""
        return [LinkBack(unit=self._unit.name)]

    def lost(self, now: Now, last: Reported, why: str) -> list[Happened]:
        """The link is gone; output is assumed on for as long as the driver's last word says."""
        until = on_until(now, last)
        if last.out is Out.OFF or last.until_s <= now.mono_s + SOON_S:  # a time would be over before it is read
            silent = tr("the unit should fall silent by itself, which isn't proved")
            sentence = tr("the unit was off") if last.zero is Zero.CONFIRMED else silent
        elif until:
            sentence = tr("output may be on until {until}", until=until)
        else:
            sentence = tr("output may be on and does not end by itself")
        told: list[Happened] = [LinkLost(unit=self._unit.name, on_until=until, text=f"{why}; {sentence}")]
        text = tr("link lost: {what}", what=sentence)
        after = tr("the link was lost; the unit is at zero now, confirmed")
        return told + self.ring(now, Priority.HIGH, text, self._unit.by_hand, proved=after)

    def ended(
        self,
        reason: Reason,
        why: str,
        started: Now | None,
        played_s: float,
        reported: Reported | None,
        confirmed: bool,
        until: tuple[bool, str | None] = (False, None),
        untouched: bool = False,
    ) -> list[Happened]:
        """The last word on a session; `until`: whether the unit may be on after it, and the local time of its end.

        `untouched`: it never began, and the unit was never seen on.
        """
        level_end: dict[Channel, int | None] = dict.fromkeys(self._caps.channels)
        for channel, span in (reported.level if reported else {}).items():
            level_end[channel] = 0 if span.hi == 0 else None  # a level that isn't proved to be 0 is not known
        if confirmed:
            level_end = dict.fromkeys(self._caps.channels, 0)
        ended = Ended(
            reason=reason,
            program=self._order.course.program.id if self._order else "",
            unit=self._unit.name,
            family=self._unit.family,
            simulated=self._unit.simulated,
            started_at=started.iso() if started else None,
            duration_s=round(played_s, 3),
            level_max=dict(self.level_max),
            level_end=level_end,
            stop_confirmed=confirmed,
            message=_message(self._unit, why, confirmed, untouched and not until[0]),
            may_be_on=until[0],
            on_until=until[1],
        )
        return [ended]


def on_until(now: Now, last: Reported) -> str | None:
    """Return the local time until which output may be on (ISO), None if it has no known end or is off."""
    return None if last.out is Out.OFF else local_time(now, last.until_s)


def local_time(now: Now, at_s: float) -> str | None:
    """Return the local time (ISO) of a monotonic moment that is to come; None if it is past, or never comes."""
    if isinf(at_s) or at_s <= now.mono_s:
        return None
    ahead = timedelta(seconds=at_s - now.mono_s)
    return (now.utc + ahead).astimezone().isoformat(timespec="seconds")


def on_left_s(now_s: float, last: Reported) -> float | None:
    """Return how long output may still be on, s: 0 if it is off or over, None if it has no known end."""
    if last.out is Out.OFF:
        return 0.0
    return None if isinf(last.until_s) else round(max(0.0, last.until_s - now_s), 2)


def _message(unit: Unit, why: str, confirmed: bool, untouched: bool) -> str:
    if confirmed:
        return tr("{why}; {unit} is at zero, confirmed", why=why, unit=unit.name)
    if untouched:
        return tr("{why}; this session put nothing out", why=why)
    return tr("{why}; the stop is NOT confirmed: {by_hand}", why=why, by_hand=unit.by_hand)


def ages(now_s: float, reported: Reported) -> tuple[float | None, float | None]:
    """Return seconds since the unit said anything, and since it said its level; None if never."""

    def age(at_s: float) -> float | None:
        return None if isinf(at_s) else round(max(0.0, now_s - at_s), 2)

    return age(reported.heard_s), age(reported.told_s)


def count_words(counts: Mapping[str, int]) -> dict[str, int]:
    """Return only the counts that say something."""
    return {name: count for name, count in counts.items() if count}


def author_of(state: State, reason: Reason | None, *, softening: bool, fading: bool) -> str | None:
    """Return who moves all levels now; None if the ramp knows it for each channel."""
    if state in (State.STOPPING, State.FAULT, State.ENDED):
        return "end" if reason is Reason.COMPLETED else "stop"
    if state is State.PAUSED:
        return "pause"
    if softening:
        return "stop"
    return "end" if fading else None
