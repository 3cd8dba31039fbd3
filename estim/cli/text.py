"""Plain text of a session: a sentence for each happening, a progress bar on a terminal, a summary at the end."""

import os
import shutil
from collections.abc import Mapping
from typing import TextIO, assert_never

from estim.core.messages.commands import Overview
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
    Reminded,
    Resumed,
    Started,
)
from estim.core.messages.shown import ChannelView, Snapshot
from estim.core.moment import local
from estim.core.numbers import m_ss
from estim.core.translation import mark, tr, tr_text
from estim.core.vocabulary import Priority, Reason, State
from estim.terminal import steer

BAR = 28
"""Width of the bar, characters: a line fits 80 columns."""

NAME_MAX = 12
"""Longest name of one of several units beside each other, characters."""

COLUMNS_MIN = 20
"""A terminal that says it is narrower says nothing useful."""

LOST = mark("the link was lost")
"""What needn't be said twice."""
PAUSED = mark("paused by a person")
"""A reason for a pause that says by itself that it is one."""
SIGN = {Priority.HIGH: "!!!", Priority.MEDIUM: " ! ", Priority.LOW: " i "}
ENDED = {
    Reason.COMPLETED: mark("completed"),
    Reason.STOPPED: mark("stopped"),
    Reason.PANIC: mark("stopped by the panic key"),
    Reason.INTERRUPTED: mark("interrupted"),
    Reason.LINK_LOST: mark("ended: the link was lost"),
    Reason.CONTACT_LOST: mark("ended: the pads lost contact with the skin"),
    Reason.DEVICE_ENDED: mark("ended by the unit itself"),
    Reason.FAULT: mark("ended by a fault"),
    Reason.REFUSED: mark("refused"),
    Reason.NO_DEVICE: mark("no unit"),
}
STATES = {
    State.IDLE: mark("idle", "state"),
    State.CONNECTING: mark("connecting", "state"),
    State.READY: mark("ready", "state"),
    State.ARMED: mark("armed", "state"),
    State.RAMPING: mark("ramping", "state"),
    State.RUNNING: mark("running", "state"),
    State.PAUSED: mark("paused", "state"),
    State.STOPPING: mark("stopping", "state"),
    State.FAULT: mark("fault", "state"),
    State.ENDED: mark("ended", "state"),
}
"""What people read for where a session is."""
MOVERS = {
    "ramp": mark("ramp", "moved by"),
    "key": mark("key", "moved by"),
    "hand": mark("hand", "moved by"),
    "pause": mark("pause", "moved by"),
    "stop": mark("stop", "moved by"),
    "guard": mark("guard", "moved by"),
    "end": mark("end", "moved by"),
}
"""What people read for who moved a level."""


def minutes(seconds: float) -> str:
    """Return m:ss, rounded to the second."""
    return m_ss(round(seconds))


def said(event: Happened) -> str:
    """Return one happening as a line, empty for one that the bar shows better."""
    match event:
        case Connected():
            return _ready(event)
        case Armed():
            caps = ", ".join(f"{channel.value} {cap}" for channel, cap in event.cap.items())
            return tr("the pads are on; the caps are {caps}", caps=caps)
        case Started():
            return tr("started {program}, {length}", program=event.program, length=minutes(event.length_s))
        case Levelled() | Phased() | Paused() | Resumed():
            return f"{minutes(event.at_s):>6}  {_moved(event)}"
        case Alarmed():
            do = f"\n{_what_to_do(event)}" if event.do else ""
            return f"{SIGN[event.priority]} {local(event.text)}{do}"
        case LinkLost():
            text = local(event.text).removeprefix(f"{tr_text(LOST)}; ")
            return tr("!!! link lost: {what}; looking for it, to stop it", what=text)
        case LinkBack():
            return tr("the link is back")
        case Reminded():
            return f" i  {event.text}"
        case Ended():
            return summary(event)
        case _:
            assert_never(event)


def _what_to_do(event: Alarmed) -> str:
    return f"      {local(event.do)}"


def _ready(event: Connected) -> str:
    line = tr("{unit} ({family}) is ready at zero", unit=event.unit, family=event.family)
    if event.battery is not None:
        line += f", {_battery(event.battery)}"
    lines = [tr("SIMULATED {what}", what=line) if event.simulated else line]
    return "\n".join(lines + [tr("  differs: {sentence}", sentence=sentence) for sentence in event.differs])


def _battery(percent: int) -> str:
    return tr("battery {percent} %", percent=percent)


def _moved(event: Levelled | Phased | Paused | Resumed) -> str:
    """Return what happened at a minute of the session, without it."""
    match event:
        case Levelled(channel=channel, level=level, cap=cap, by=by):
            return tr(
                "level {channel} {level} of {cap} ({by})", channel=channel.value, level=level, cap=cap, by=mover(by)
            )
        case Phased(number=number, count=count, phase=phase):
            return tr("phase {number} of {count}: {phase}", number=number, count=count, phase=tr_text(phase))
        case Paused(why=why):
            return why if why in (PAUSED, tr_text(PAUSED)) else tr("paused: {why}", why=why)
        case Resumed():
            return tr("resumed, up from zero")
        case _:
            assert_never(event)


def mover(by: str) -> str:
    """Return who moved a level, as people read it."""
    return tr_text(MOVERS[by], "moved by") if by in MOVERS else by


def summary(event: Ended) -> str:
    """Return the last words on a session."""
    why = _once(event.reason, local(event.message))
    lines = [tr("SIMULATED: {what}", what=why) if event.simulated else why]
    if event.started_at is not None:
        lines.append(_played(event))
    if event.may_be_on:
        lines.append(_still_on(event))
    return "\n".join(lines)


def _played(event: Ended) -> str:
    top = ", ".join(f"{channel.value} {level}" for channel, level in event.level_max.items())
    parts = {"program": event.program, "unit": event.unit, "length": minutes(event.duration_s), "level": top}
    if event.stop_confirmed:
        return tr("{program} on {unit}: {length}, highest level {level}, zero confirmed by the unit", **parts)
    return tr("{program} on {unit}: {length}, highest level {level}, zero NOT CONFIRMED", **parts)


def _still_on(event: Ended) -> str:
    if event.on_until:
        return tr(
            "!!! {unit} may still be on until {until}: switch it off, or let estim stop search for it",
            unit=event.unit,
            until=local(event.on_until),
        )
    return tr(
        "!!! {unit} may still be on and doesn't end by itself: switch it off, or let estim stop search for it",
        unit=event.unit,
    )


SHORT = {
    Reason.LINK_LOST: LOST,
    Reason.CONTACT_LOST: mark("the pads lost contact with the skin"),
}
"""What is said behind "ended: " of these; of any other reason it is all that is said."""


def _once(reason: Reason, message: str) -> str:
    """Return why it ended with what else there is to say, and the same not twice.

    A message that was made in another language says it twice, and nothing is lost.
    """
    clause = message.partition("; ")[0]
    if not clause.startswith(tr_text(SHORT.get(reason, ENDED[reason]))):
        return f"{tr_text(ENDED[reason])}: {message}"
    return tr("ended: {why}", why=message) if reason in SHORT else message


def bar(shown: Snapshot) -> str:
    """Return one line: how far it is, the levels, and how old they are."""
    done = 0.0 if shown.length_s <= 0 else min(1.0, shown.elapsed_s / shown.length_s)
    full = int(done * BAR)
    levels = " ".join(f"{lane.channel.value} {_level(lane)}" for lane in shown.lanes if lane.goal or lane.hi)
    left = tr("{time} left", time=minutes(shown.left_s))
    drawn = f"[{'#' * full}{'.' * (BAR - full)}]"
    return f"{_simulated(shown)}{drawn} {left}  {levels}{_old(shown)}{_state(shown)}  {tr_text(shown.phase)}"


def plain_line(shown: Snapshot) -> str:
    """Return what `bar` says in words: for who has it read aloud, or reads it later."""
    levels = " ".join(f"{lane.channel.value} {_level(lane)}" for lane in shown.lanes if lane.goal or lane.hi)
    parts = [
        tr_text(STATES[shown.state], "state"),
        tr("{time} left", time=minutes(shown.left_s)),
        tr("level {levels}{old}", levels=levels or "0", old=_old(shown)),
        tr_text(shown.phase),
    ]
    line = ", ".join(filter(None, parts))
    return tr("SIMULATED {what}", what=line) if shown.simulated else line


def _simulated(shown: Snapshot) -> str:
    return tr("SIM ") if shown.simulated else ""


def _old(shown: Snapshot) -> str:
    return tr(" (old)") if shown.stale else ""


def _state(shown: Snapshot) -> str:
    return "" if shown.state is State.RUNNING else f" {tr_text(STATES[shown.state], 'state')}"


def status(overview: Overview) -> str:
    """Return what a host knows, a line for each unit and one for each alarm."""
    if overview.pid == 0:
        return tr("no estim is running here")
    if not overview.units:
        return tr("estim is running, no unit is in use")
    return "\n".join(_unit(shown) for shown in overview.units)


def left_on(shown: Snapshot) -> str:
    """Return the sentence on a unit that an earlier session may have left on; "" for any other."""
    if shown.program or shown.state is State.ENDED:
        return ""
    if shown.on_until:
        return tr(
            "{unit} may be on until {until}; it is being searched for, to be stopped. {by_hand}; if you have seen that "
            "it is off: estim stop --seen-off",
            unit=shown.unit,
            until=local(shown.on_until),
            by_hand=shown.by_hand,
        )
    return tr(
        "{unit} may be on and doesn't end by itself; it is being searched for, to be stopped. {by_hand}; if you have "
        "seen that it is off: estim stop --seen-off",
        unit=shown.unit,
        by_hand=shown.by_hand,
    )


def _unit(shown: Snapshot) -> str:
    doubt = left_on(shown) or _unproved(shown)
    searched = shown.state is not State.ENDED
    line = f"!!! {doubt}" if doubt and searched else _session(shown)
    if shown.simulated:
        line = tr("SIMULATED {what}", what=line)
    if doubt and not searched:
        line += f"\n!!! {doubt}"
    alarms = "".join(f"\n  {SIGN[alarm.priority]} {local(alarm.text)}: {local(alarm.do)}" for alarm in shown.alarms)
    return f"{line}{alarms}"


def _unproved(shown: Snapshot) -> str:
    """Return the sentences on a session that has ended and whose stop nothing has proved; "" for any other."""
    if shown.state is not State.ENDED or shown.stop_confirmed is not False:
        return ""
    parts = {"unit": shown.unit, "why": local(shown.message), "by_hand": shown.by_hand}
    if shown.on_left_s == 0:
        return tr(
            "{unit}: the stop is NOT confirmed ({why}). It should have gone off by itself by now, and is not being "
            "searched for. {by_hand}",
            **parts,
        )
    if shown.on_until:
        return tr(
            "{unit}: the stop is NOT confirmed ({why}). It may be on until {until}, and is not being searched for. "
            "{by_hand}",
            until=local(shown.on_until),
            **parts,
        )
    return tr(
        "{unit}: the stop is NOT confirmed ({why}). It may be on and doesn't end by itself, and is not being searched "
        "for. {by_hand}",
        **parts,
    )


def _session(shown: Snapshot) -> str:
    """Return the line on a session: how much of it is left, or, once it has ended, how long it played."""
    levels = [
        tr("{channel} {level} of {cap}", channel=lane.channel.value, level=_level(lane), cap=lane.cap)
        for lane in shown.lanes
    ]
    age = tr("never reported") if shown.told_age_s is None else tr("reported {age:.1f} s ago", age=shown.told_age_s)
    ended = shown.state is State.ENDED
    played = tr("played {time}", time=minutes(shown.elapsed_s))
    left = tr("{time} left", time=minutes(shown.left_s))
    line = tr(
        "{unit}: {state}, {program}, {time}, level {levels} ({age})",
        unit=shown.unit,
        state=tr_text(STATES[shown.state], "state"),
        program=shown.program or tr("no program"),
        time=played if ended else left,
        levels=", ".join(levels),
        age=age,
    )
    if shown.battery is not None:
        line += f", {_battery(shown.battery)}"
    return line


def _level(lane: ChannelView) -> str:
    """Return what the unit may be at: a number only if it is known."""
    return str(lane.lo) if lane.lo == lane.hi else f"{lane.lo}-{lane.hi}"


def line_of(shown: Snapshot, width: int) -> str:
    """Return `bar` where its level and state fit into the width, else `short`."""
    full = bar(shown)
    return full if len(full) - len(tr_text(shown.phase)) <= width else short(shown)


def short(shown: Snapshot) -> str:
    """Return what `bar` says in fewer signs: for a narrow terminal, or one of several units."""
    levels = " ".join(f"{lane.channel.value} {_level(lane)}" for lane in shown.lanes if lane.goal or lane.hi)
    told = f"{_simulated(shown)}{levels}{_old(shown)}{_state(shown)} {minutes(shown.left_s)}"
    return told.replace("  ", " ").strip()


def named(shown: Snapshot) -> str:
    """Return `short` with the unit's name before it."""
    name = shown.unit if len(shown.unit) <= NAME_MAX else f"{shown.unit[: NAME_MAX - 1]}…"
    return f"{name} {short(shown)}"


class Screen:
    """Where the plain text goes: with a bar that is drawn over on a terminal, with words once a minute elsewhere.

    `several`: there is more than one unit, and each line says of which it is. `plain`: a terminal is used as anything
    else is, for who has it read aloud or kept. No colour and no cursor movement but the
    carriage return, so that NO_COLOR has nothing to turn off.
    """

    def __init__(
        self, out: TextIO, environ: Mapping[str, str] = os.environ, *, several: bool = False, plain: bool = False
    ) -> None:
        self._out = out
        self._moves = not plain and out.isatty() and environ.get("TERM") not in (None, "", "dumb")
        self._several = several
        self._shown: dict[str, Snapshot] = {}
        self._drawn = 0
        self._minute: dict[str, int] = {}
        self._lost: dict[str, str] = {}

    def tell(self, event: Happened) -> None:
        """Write one happening; raises OSError if nobody can read it."""
        self._write(self._anew(event), event.unit)

    def _anew(self, event: Happened) -> str:
        """Return what a happening says that hasn't just been said: the alarm of a lost link repeats what is on then."""
        if isinstance(event, LinkLost):
            self._lost[event.unit] = event.text.rpartition("; ")[2]
        elif isinstance(event, Alarmed):
            lost = self._lost.pop(event.unit, "")
            if lost and event.do and event.text.endswith(lost):
                return _what_to_do(event)
        return said(event)

    def show(self, shown: Snapshot) -> None:
        """Draw the bar anew, or write a line if a minute of the session has passed; raises OSError as `tell`."""
        if shown.state in (State.IDLE, State.CONNECTING, State.ENDED):
            self._shown.pop(shown.unit, None)
            return
        self._shown[shown.unit] = shown
        if self._moves:
            self._draw()
        elif int(shown.elapsed_s // 60) > self._minute.get(shown.unit, -1):
            self._minute[shown.unit] = int(shown.elapsed_s // 60)
            self._write(plain_line(shown), shown.unit)

    def _draw(self) -> None:
        width = max(COLUMNS_MIN, shutil.get_terminal_size().columns - 1)
        every = sorted(self._shown.values(), key=lambda one: one.unit)
        text = (" | ".join(named(one) for one in every) if self._several else line_of(every[0], width))[:width]
        steer(self._out, "\r")
        self._out.write(f"{text:<{min(self._drawn, width)}}")
        steer(self._out, "\r")
        self._drawn = len(text)
        self._out.flush()

    def _write(self, text: str, unit: str) -> None:
        if self._drawn:
            steer(self._out, "\r" + " " * self._drawn + "\r")
        self._drawn = 0
        name = f"{unit}: " if self._several else ""
        self._out.write(f"{name}{text}\n")
        self._out.flush()
