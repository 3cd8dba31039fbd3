"""Turns Snapshots and Ended lines into the words on the screen, and typed words into a Start; pure functions only.

1. A level that is not known is told as a span, never as a number.
2. An age is told in whole seconds from one second on, so a screen at rest isn't drawn again.
3. Nothing is told by colour or symbol alone: each has its word.
"""

import re
from dataclasses import dataclass
from math import ceil
from typing import assert_never

from estim.core.errors import EstimError, Exit
from estim.core.happenings import Ended
from estim.core.panel import Alarm, Lane, Priority, Reason, Snapshot, State
from protocols.vocabulary import Channel

MINUTES_MAX = 30
"""Longest session, minutes (safety.md C-31)."""

_AT_WORK = frozenset({State.ARMED, State.RAMPING, State.RUNNING, State.PAUSED, State.STOPPING, State.FAULT})
_ON_THE_WAY = frozenset({State.CONNECTING, State.READY})


@dataclass(frozen=True, slots=True)
class Offer:
    """One program that can be chosen: `minutes` is its own length, `about` one line on what it is."""

    id: str
    title: str
    minutes: float
    about: str = ""


def live(snapshot: Snapshot | None) -> bool:
    """Whether a session is under way: from its start on, or a stop that isn't finished, until it has ended."""
    if snapshot is None:
        return False
    return snapshot.state in _AT_WORK or (snapshot.state in _ON_THE_WAY and bool(snapshot.program))


def may_flow(snapshot: Snapshot | None) -> bool:
    """Whether leaving now could leave output on: a session is under way, or the unit isn't known to be off."""
    return snapshot is not None and (live(snapshot) or snapshot.out != "off")


def clock(seconds: float) -> str:
    """Return seconds as m:ss, rounded up: the last second is shown until it is over."""
    whole = max(0, ceil(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def age(seconds: float | None) -> str:
    """Return an age as words, None as never."""
    if seconds is None:
        return "never"
    return "under 1 s ago" if seconds < 1 else f"{int(seconds)} s ago"


def level(lane: Lane) -> str:
    """Return what the unit is at: one number if known, else the span it may be in."""
    return str(lane.lo) if lane.lo == lane.hi else f"{lane.lo}–{lane.hi}"


def bar(lane: Lane, width: int) -> str:
    """Return a bar of `width` cells from 0 to the cap: full up to lo, shaded up to hi, the goal as a diamond."""
    top = max(lane.cap, lane.hi, lane.goal, 1)
    known, maybe = ceil(lane.lo * width / top), ceil(lane.hi * width / top)
    cells = ["█" if cell < known else "▒" if cell < maybe else "·" for cell in range(width)]
    goal = ceil(lane.goal * width / top) - 1
    if goal >= maybe:
        cells[goal] = "◇"
    return "".join(cells)


def state(snapshot: Snapshot) -> str:
    """Return what the session is doing, in words."""
    match snapshot.state:
        case State.IDLE:
            return "idle"
        case State.CONNECTING:
            return "connecting to the unit"
        case State.READY:
            return "ready: press Enter when the pads are on" if snapshot.program else "ready"
        case State.ARMED:
            return "armed: about to start"
        case State.RAMPING:
            return "running: going up to the goal"
        case State.RUNNING:
            return "running"
        case State.PAUSED:
            return "PAUSED: space goes on from zero"
        case State.STOPPING:
            return "STOPPING: waiting for the unit to say zero"
        case State.FAULT:
            return "FAULT: stopping"
        case State.ENDED:
            return "ended"
        case _ as never:
            assert_never(never)


def phase(snapshot: Snapshot) -> str:
    """Return the phase, empty if there is none."""
    if not snapshot.phase_count:
        return ""
    return f"phase {snapshot.phase_number} of {snapshot.phase_count}: {snapshot.phase}"


def unit(snapshot: Snapshot) -> str:
    """Return the unit and its family, each once."""
    return " · ".join(dict.fromkeys((snapshot.unit, snapshot.title or snapshot.family, snapshot.family)))


def link(snapshot: Snapshot, silent: bool) -> str:
    """Return the age of the last report and the battery; `silent`: the controller itself says nothing any more."""
    battery = "battery unknown" if snapshot.battery is None else f"battery {snapshot.battery} %"
    if silent:
        return f"STALE: the controller says nothing · {battery}"
    heard, told = snapshot.heard_age_s, snapshot.told_age_s
    text = f"level told {age(told)}"
    # A unit may talk and keep its level to itself; only then do the two ages differ enough to be worth a word.
    if heard is not None and (told is None or told - heard >= 1):
        text += f", link {age(heard)}"
    return f"{'STALE: ' if snapshot.stale else ''}{text} · {battery}"


def symbol(priority: Priority) -> str:
    """Return the mark and the word of a priority (safety.md section 3: not by colour only)."""
    match priority:
        case Priority.HIGH:
            return "!!! ALARM"
        case Priority.MEDIUM:
            return "!! warning"
        case Priority.LOW:
            return "! note"
        case _ as never:
            assert_never(never)


def alarm(alarm: Alarm) -> str:
    """Return one alarm: mark, what is wrong, what to do."""
    return f"{symbol(alarm.priority)}: {alarm.text} → {alarm.do}"


def gone(by_hand: str) -> str:
    """Return the sentence for a controller that has gone; `by_hand` is empty where no output can be on."""
    if not by_hand:
        return "the controller has gone; no output was on"
    return f"the controller has gone: take the pads off / switch the unit off: {by_hand}"


def reason(reason: Reason) -> str:
    """Return why a session ended, in words."""
    match reason:
        case Reason.COMPLETED:
            return "completed"
        case Reason.STOPPED:
            return "stopped"
        case Reason.PANIC:
            return "stopped by the panic key"
        case Reason.INTERRUPTED:
            return "interrupted"
        case Reason.LINK_LOST:
            return "the link was lost"
        case Reason.CONTACT_LOST:
            return "a pad lost contact"
        case Reason.DEVICE_ENDED:
            return "ended by the unit"
        case Reason.FAULT:
            return "ended by a fault"
        case Reason.REFUSED:
            return "refused"
        case Reason.NO_DEVICE:
            return "no unit"
        case _ as never:
            assert_never(never)


def highest(ended: Ended) -> str:
    """Return the highest level of each channel."""
    return ", ".join(f"{channel} {top}" for channel, top in sorted(ended.level_max.items())) or "none"


def confirmed(ended: Ended) -> str:
    """Return whether the stop is proved, in words."""
    if ended.stop_confirmed:
        return "yes, the unit says zero"
    return "NO: look at the unit, output may still be on"


def farewell(ended: Ended) -> str:
    """Return the line that stays in the terminal after leaving."""
    return (
        f"{ended.program or 'session'}: {reason(ended.reason)} after {clock(ended.duration_s)} min, "
        f"highest level {highest(ended)}; stop confirmed: {confirmed(ended)}"
    )


def exit_code(ended: Ended | None) -> int:
    """Return the exit code after a last session: 80 if its stop isn't proved, else 0."""
    unproved = ended is not None and not ended.stop_confirmed and ended.started_at is not None
    return int(Exit.NOT_CONFIRMED if unproved else Exit.DONE)


def goal_of(text: str) -> dict[Channel, int]:
    """Return the goal levels of a text `12` (channel A) or `A=12,B=8`; empty is no goal: begin at zero."""
    goal: dict[Channel, int] = {}
    for part in filter(None, re.split(r"[,\s]+", text.strip())):
        found = re.fullmatch(r"(?:([A-D])=)?([0-9]{1,4})", part.upper())
        if found is None:
            raise EstimError(f"“{part}” is no level: write a number for channel A, or A=12,B=8", code=Exit.USAGE)
        goal[Channel(found[1] or "A")] = int(found[2])
    return goal


def minutes_of(text: str) -> float:
    """Return the minutes of a text: more than 0, at most 30."""
    try:
        minutes = float(text.replace(",", "."))
    except ValueError:
        minutes = 0.0
    if not 0 < minutes <= MINUTES_MAX:
        raise EstimError(f"“{text}” is no length: write minutes from 0.5 to {MINUTES_MAX}", code=Exit.USAGE)
    return minutes
