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
from estim.core.numbers import m_ss
from estim.core.vocabulary import Priority, Reason, State
from estim.terminal import steer

BAR = 28
"""Width of the bar, characters: a line fits 80 columns."""

NAME_MAX = 12
"""Longest name of one of several units beside each other, characters."""

COLUMNS_MIN = 20
"""A terminal that says it is narrower says nothing useful."""

LOST = "the link was lost; "
"""What needn't be said twice."""
SIGN = {Priority.HIGH: "!!!", Priority.MEDIUM: " ! ", Priority.LOW: " i "}
ENDED = {
    Reason.COMPLETED: "completed",
    Reason.STOPPED: "stopped",
    Reason.PANIC: "stopped by the panic key",
    Reason.INTERRUPTED: "interrupted",
    Reason.LINK_LOST: "ended: the link was lost",
    Reason.CONTACT_LOST: "ended: the pads lost contact with the skin",
    Reason.DEVICE_ENDED: "ended by the unit itself",
    Reason.FAULT: "ended by a fault",
    Reason.REFUSED: "refused",
    Reason.NO_DEVICE: "no unit",
}


def minutes(seconds: float) -> str:
    """Return m:ss, rounded to the second."""
    return m_ss(round(seconds))


def said(event: Happened) -> str:
    """Return one happening as a line, empty for one that the bar shows better."""
    match event:
        case Connected():
            battery = "" if event.battery is None else f", battery {event.battery} %"
            mark = "SIMULATED " if event.simulated else ""
            lines = [f"{mark}{event.unit} ({event.family}) is ready at zero{battery}"]
            return "\n".join(lines + [f"  differs: {sentence}" for sentence in event.differs])
        case Armed():
            caps = ", ".join(f"{channel.value} {cap}" for channel, cap in event.cap.items())
            return f"armed; the caps are {caps}"
        case Started():
            return f"started {event.program}, {minutes(event.length_s)}"
        case Levelled():
            return f"{minutes(event.at_s):>6}  level {event.channel.value} {event.level} of {event.cap} ({event.by})"
        case Phased():
            return f"{minutes(event.at_s):>6}  phase {event.number} of {event.count}: {event.phase}"
        case Paused():
            return (
                f"{minutes(event.at_s):>6}  {event.why if event.why.startswith('paused') else f'paused: {event.why}'}"
            )
        case Resumed():
            return f"{minutes(event.at_s):>6}  resumed, up from zero"
        case Alarmed():
            do = f"\n      {event.do}" if event.do else ""
            return f"{SIGN[event.priority]} {event.text}{do}"
        case LinkLost():
            return f"!!! link lost: {event.text.removeprefix(LOST)}; looking for it, to stop it"
        case LinkBack():
            return "the link is back"
        case Reminded():
            return f" i  {event.text}"
        case Ended():
            return summary(event)
        case _:
            assert_never(event)


def summary(event: Ended) -> str:
    """Return the last words on a session."""
    mark = "SIMULATED: " if event.simulated else ""
    top = ", ".join(f"{channel.value} {level}" for channel, level in event.level_max.items())
    lines = [f"{mark}{_once(ENDED[event.reason], event.message)}"]
    if event.started_at is not None:
        proof = "confirmed by the unit" if event.stop_confirmed else "NOT CONFIRMED"
        lines.append(f"{event.program} on {event.unit}: {minutes(event.duration_s)}, highest level {top}, zero {proof}")
    if event.may_be_on:
        how_long = f"until {event.on_until}" if event.on_until else "and doesn't end by itself"
        lines.append(f"!!! {event.unit} may still be on {how_long}; it is being searched for, to be stopped")
    return "\n".join(lines)


def _once(reason: str, message: str) -> str:
    """Return why it ended with what else there is to say, and the same not twice."""
    short = reason.removeprefix("ended: ")
    clause = message.partition("; ")[0]
    if not clause.startswith(short):
        return f"{reason}: {message}"
    return f"{reason.removesuffix(short)}{message}"


def bar(shown: Snapshot) -> str:
    """Return one line: how far it is, the levels, and how old they are."""
    done = 0.0 if shown.length_s <= 0 else min(1.0, shown.elapsed_s / shown.length_s)
    full = int(done * BAR)
    levels = " ".join(f"{lane.channel.value} {_level(lane)}" for lane in shown.lanes if lane.goal or lane.hi)
    mark = "SIM " if shown.simulated else ""
    old = " (old)" if shown.stale else ""
    state = "" if shown.state is State.RUNNING else f" {shown.state.value}"
    return f"{mark}[{'#' * full}{'.' * (BAR - full)}] {minutes(shown.left_s)} left  {levels}{old}{state}  {shown.phase}"


def status(overview: Overview) -> str:
    """Return what a host knows, a line for each unit and one for each alarm."""
    if overview.pid == 0:
        return "no estim is running here"
    if not overview.units:
        return "estim is running, no unit is in use"
    return "\n".join(_unit(shown) for shown in overview.units)


def left_on(shown: Snapshot) -> str:
    """Return the sentence on a unit that an earlier session may have left on; "" for any other."""
    if shown.program or shown.state is State.ENDED:
        return ""
    how_long = f"until {shown.on_until}" if shown.on_until else "and doesn't end by itself"
    return (
        f"{shown.unit} may be on {how_long}; it is being searched for, to be stopped. {shown.by_hand}; if you have seen"
        " that it is off: estim stop --seen-off"
    )


def _unit(shown: Snapshot) -> str:
    searched = left_on(shown)
    if searched:
        return f"!!! {searched}"
    mark = "SIMULATED " if shown.simulated else ""
    levels = ", ".join(f"{lane.channel.value} {_level(lane)} of {lane.cap}" for lane in shown.lanes)
    age = "never told" if shown.told_age_s is None else f"told {shown.told_age_s:.1f} s ago"
    battery = "" if shown.battery is None else f", battery {shown.battery} %"
    alarms = "".join(f"\n  {SIGN[alarm.priority]} {alarm.text}: {alarm.do}" for alarm in shown.alarms)
    return (
        f"{mark}{shown.unit}: {shown.state.value}, {shown.program or 'no program'}, "
        f"{minutes(shown.left_s)} left, level {levels} ({age}){battery}{alarms}"
    )


def _level(lane: ChannelView) -> str:
    """Return what the unit may be at: a number only if it is known."""
    return str(lane.lo) if lane.lo == lane.hi else f"{lane.lo}-{lane.hi}"


def line_of(shown: Snapshot, width: int) -> str:
    """Return `bar` where its level and state fit into the width, else `short`."""
    full = bar(shown)
    return full if len(full) - len(shown.phase) <= width else short(shown)


def short(shown: Snapshot) -> str:
    """Return what `bar` says in fewer signs: for a narrow terminal, or one of several units."""
    levels = " ".join(f"{lane.channel.value} {_level(lane)}" for lane in shown.lanes if lane.goal or lane.hi)
    mark = "SIM " if shown.simulated else ""
    old = " (old)" if shown.stale else ""
    state = "" if shown.state is State.RUNNING else f" {shown.state.value}"
    return f"{mark}{levels}{old}{state} {minutes(shown.left_s)}".replace("  ", " ").strip()


def named(shown: Snapshot) -> str:
    """Return `short` with the unit's name before it."""
    name = shown.unit if len(shown.unit) <= NAME_MAX else f"{shown.unit[: NAME_MAX - 1]}…"
    return f"{name} {short(shown)}"


class Screen:
    """Where the plain text goes: with a bar that is drawn over on a terminal, with a line a minute elsewhere.

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

    def tell(self, event: Happened) -> None:
        """Write one happening; raises OSError if nobody can read it."""
        self._write(said(event), event.unit)

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
            self._write(bar(shown), shown.unit)

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
