"""Turns Snapshots and Ended lines into the words on the screen, and typed words into a Start; pure functions only.

1. A level that is not known is told as a span, never as a number.
2. An age is told in whole seconds and is always there, in a place of its own: units report about once a second, so
   one that came with its first second would come and go all the time.
3. Nothing is told by colour or symbol alone: each has its word.
"""

from math import ceil
from typing import assert_never

from msgspec import Struct

from estim.core.errors import Exit
from estim.core.levels import read_levels
from estim.core.messages.events import Ended
from estim.core.messages.shown import Alarm, ChannelView, PulseView, Snapshot
from estim.core.moment import hour as hour
from estim.core.moment import local as local
from estim.core.numbers import m_ss, read_number
from estim.core.translation import tr, tr_text
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from estim.tui.drawing import bar
from estim.tui.keymap import key_of
from estim.tui.room import rows_of
from protocols.vocabulary import Channel

MINUTES_MAX = 30
"""Longest session, minutes (safety.md C-31)."""

MINUTES_MIN = 0.1
"""Shortest session that can be chosen on the screen, minutes."""
BAR_MIN = 4
"""Narrowest bar, cells."""

BAR_MAX = 120
"""Widest bar, cells."""
AGE_WIDTH = 9
"""Room for the age of a level, columns."""
OLD_S = 3.0
"""From this age on a figure is grey, s."""
LINK_OLD_S = 2.0
"""From this age of a level on that of the link is told too, s: before, it would come and go with each report."""
OLDEST_S = 99.0
"""An age that is as wide as any that is shown for long, s."""
LANE_WIDE = 56
"""Below so many columns a channel's row has no words that can be spared."""


class Offer(Struct, frozen=True):
    """One program that can be chosen: `minutes` is its own length, `about` how it should feel and where the pads go.

    `never` is where no pad may go, which is shown before all else and whole; `locked` says why it can't be started.
    `sites` are those that its pads may be on.
    """

    id: str
    title: str
    minutes: float
    about: str = ""
    never: str = ""
    locked: str = ""
    sites: tuple[str, ...] = ()


def may_flow(snapshot: Snapshot | None) -> bool:
    """Whether leaving now could leave output on: a session is under way, or the unit isn't known to be off."""
    return snapshot is not None and (snapshot.live or snapshot.out != "off")


def clock(seconds: float) -> str:
    """Return seconds as m:ss, rounded up: the last second is shown until it is over."""
    return m_ss(max(0, ceil(seconds)))


def age(seconds: float) -> str:
    """Return an age as words."""
    return tr("{seconds} s ago", seconds=int(seconds))


def level(lane: ChannelView) -> str:
    """Return what the unit is at: one number if known, else the span it may be in."""
    return str(lane.lo) if lane.lo == lane.hi else f"{lane.lo}–{lane.hi}"


def searched(snapshot: Snapshot) -> bool:
    """Say whether the unit is looked for, to stop it: its link was lost, or an earlier host has left it behind."""
    left_behind = snapshot.state is State.STOPPING and not snapshot.program and snapshot.heard_age_s is None
    return snapshot.lost_at is not None or left_behind


def may_be_on(snapshot: Snapshot) -> str:
    """Return the channels that may carry current with what they may be at, such as `A 8, B 0–5`; empty if none may."""
    if snapshot.out == "off" and not snapshot.live:
        return ""
    return ", ".join(f"{lane.channel} {level(lane)}" for lane in snapshot.lanes if lane.hi > 0)


def lost(snapshot: Snapshot) -> str:
    """Return the sentences on a unit that is looked for: since when, what may be on until when, and what to do."""
    if not searched(snapshot):
        return ""
    if snapshot.lost_at:
        since = tr("LINK LOST since {time}", time=hour(snapshot.lost_at))
    else:
        since = tr("LEFT ON by an earlier session, perhaps")
    return tr(
        "{since}: {on}. The unit is searched for, to stop it. By hand: {by_hand}",
        since=since,
        on=_on_still(snapshot),
        by_hand=snapshot.by_hand,
    )


def _on_still(snapshot: Snapshot) -> str:
    levels = may_be_on(snapshot) or tr("the output")
    if snapshot.lost_at is None:
        return tr("{levels} may be on", levels=levels)
    if snapshot.on_left_s is None:
        return tr("{levels} may be on and does not end by itself", levels=levels)
    if snapshot.on_left_s > 0 and snapshot.on_until is not None:
        until = hour(snapshot.on_until)
        return tr(
            "{levels} may be on until {time} ({left} left)", levels=levels, time=until, left=clock(snapshot.on_left_s)
        )
    if snapshot.zero == "confirmed":
        return tr("the unit was off")
    return tr("the unit should have fallen silent, but that isn't proved")


def old(snapshot: Snapshot) -> str:
    """Return how old the levels are, in the room of an age; empty where the unit never said one."""
    told = snapshot.told_age_s
    if told is None:
        return ""
    return age(told) if told <= OLDEST_S else tr("long ago")


def is_old(snapshot: Snapshot) -> bool:
    """Say whether the levels are so old that they are grey, whatever the unit's family is allowed."""
    return snapshot.told_age_s is not None and snapshot.told_age_s >= OLD_S


class LaneMarks(Struct, frozen=True):
    """What stands beside a channel's level: whether the keys are meant for it, and how far it can be believed."""

    chosen: bool = False
    stale: bool = False
    age: str = ""
    last: int | None = None


def lane(lane: ChannelView, width: int, marks: LaneMarks) -> str:
    """Return one channel in one row: mark, name, level first; then as much of bar and cap as `width` has room for."""
    wide = width >= LANE_WIDE
    word = f"  {tr('level')}" if wide else ""
    name = f"{'▶' if marks.chosen else ' '} {lane.channel}{word}"
    stale = f"{tr('STALE')} " if marks.stale else ""
    text = f"{name} {level(lane):<{7 if wide else 3}} {stale}"
    cap = f" {tr('cap {cap}', cap=lane.cap)}"
    # Room for an age is kept free, so that a bar doesn't change its length with every report.
    if len(text) + AGE_WIDTH + len(cap) <= width:
        text += f"{marks.age:<{AGE_WIDTH}}"
    room = width - len(text) - len(cap)
    if room >= BAR_MIN:
        return f"{text}{bar(lane, min(BAR_MAX, room), marks.last)}{cap}"
    return (text + cap.strip() if room >= 0 else text)[:width]


def aimed(lane: ChannelView, snapshot: Snapshot) -> ChannelView:
    """Return a channel with the goal that it has now: a soft stop goes to zero, whatever was set before."""
    return replace(lane, goal=0) if snapshot.softening else lane


def goal(lane: ChannelView, state: State = State.RUNNING, last: int | None = None, *, softening: bool = False) -> str:
    """Return a channel's goal, what is asked for and told where that differs, its cap, and what was good last time.

    `softening`: a soft stop goes to zero.
    """
    parts = [tr("going to 0") if softening else tr("goal {level}", level=lane.goal)]
    if state is State.PAUSED and lane.goal:
        parts = [tr("paused at {level}", level=lane.goal)]
    elif state in (State.STOPPING, State.FAULT):
        parts = [tr("going to 0")]
    elif state in (State.RAMPING, State.RUNNING) and not lane.lo == lane.hi == lane.request:
        parts += [tr("asked {level}", level=lane.request), tr("unit says {level}", level=level(lane))]
    elif state in (State.RAMPING, State.RUNNING) and lane.request != lane.goal:
        parts.append(tr("asked {level}", level=lane.request))
    if last and not softening:
        parts.append(tr("last time {level}", level=last))
    cap = tr("cap {cap} of {scale}", cap=lane.cap, scale=lane.scale)
    parts.append(f"{cap}: {lane.cap_why}" if lane.cap_why else cap)
    return " · ".join(parts)


def goal_rows(lane: ChannelView, last: int | None, width: int) -> int:
    """Return how many rows `goal_in` takes at most, whatever the unit says: so nothing moves while a level does."""
    at_rest = replace(lane, lo=lane.goal, hi=lane.goal, request=lane.goal)
    moving = replace(lane, lo=0, hi=lane.scale, goal=lane.scale, request=lane.scale, cap_why="")
    return max(rows_of(goal(one, State.RUNNING, last), width) for one in (at_rest, moving))


def goal_in(lane: ChannelView, snapshot: Snapshot, last: int | None, width: int) -> str:
    """Return `goal` in the rows that it has: while a level moves the cap's reason makes room, where it has to."""
    text = goal(lane, snapshot.state, last, softening=snapshot.softening)
    if rows_of(text, width) <= goal_rows(lane, last, width):
        return text
    return goal(replace(lane, cap_why=""), snapshot.state, last, softening=snapshot.softening)


def held(lane: ChannelView) -> str:
    """Return what holds a channel below what was asked for, empty if nothing does."""
    return tr("held: {why}", why=lane.held_by) if lane.held_by else ""


def simulated(really: bool, width: int) -> str:
    """Return the banner over software units, in one row."""
    text = tr("SIMULATED: a software device, no current flows")
    return (text if width > len(text) else tr("SIMULATED: no current flows")) if really else ""


def state(snapshot: Snapshot, number: int = 0, *, taken: bool = True) -> str:
    """Return what the session is doing, in words; `number` is the key of one of two units that were started as one.

    `taken`: that key begins it now.
    """
    if searched(snapshot):
        return tr("LINK LOST: searching, to stop it") if snapshot.lost_at else tr("searching for it, to stop it")
    if snapshot.softening:
        return tr("SOFT STOP: going down to 0")
    match snapshot.state:
        case State.IDLE:
            return tr("idle")
        case State.CONNECTING:
            return tr("connecting to the unit")
        case State.READY if number and not taken:
            return tr("ready: waits for the other unit")
        case State.READY if number:
            return tr("ready: press {number} when its pads are on", number=key_of(f"unit_{number}"))
        case State.READY:
            return tr("ready: press {key} when the pads are on", key=key_of("arm")) if snapshot.program else tr("ready")
        case State.ARMED:
            return tr("about to start")
        case State.RAMPING:
            return tr("running: going up to the goal")
        case State.RUNNING:
            return tr("running")
        case State.PAUSED:
            return tr("PAUSED: {key} goes on from zero", key=key_of("pause"))
        case State.STOPPING:
            return tr("STOPPING: waiting for the unit to say zero")
        case State.FAULT:
            return tr("FAULT: stopping")
        case State.ENDED:
            return tr("ended")
        case _ as never:
            assert_never(never)


def phase(snapshot: Snapshot) -> str:
    """Return the phase, empty if there is none."""
    if not snapshot.phase_count:
        return ""
    return tr(
        "phase {number} of {count}: {title}",
        number=snapshot.phase_number,
        count=snapshot.phase_count,
        title=tr_text(snapshot.phase),
    )


def phase_left(snapshot: Snapshot) -> str:
    """Return how long the phase goes on and what comes then; empty for the only one."""
    number = snapshot.phase_number
    if snapshot.phase_count < 2 or not 0 < number <= len(snapshot.phases):
        return ""
    ends_s = sum(phase.length_s for phase in snapshot.phases[:number])
    then = tr_text(snapshot.phases[number].title) if number < len(snapshot.phases) else tr("the end")
    return tr("{time} more, then {phase}", time=clock(ends_s - snapshot.elapsed_s), phase=then)


def pulse(pulse: PulseView) -> str:
    """Return what the course plays now, in words."""
    parts = [tr("{rate:g} Hz", rate=pulse.rate_hz), f"{pulse.width_us:.0f} µs"]
    if pulse.burst_s:
        parts.append(tr("bursts {on:g} s on, {off:g} s off", on=pulse.burst_s[0], off=pulse.burst_s[1]))
    if pulse.contraction_s:
        parts.append(tr("contraction at {percent:.0f} %", percent=pulse.gate * 100))
    return tr("plays {what}", what=", ".join(parts))


def unit_says(snapshot: Snapshot, *, aged: bool = True) -> str:
    """Return what the unit itself reported of its output, with its age where that is known."""
    if snapshot.told_age_s is None:
        return tr("the unit has reported no level yet")
    out = {"on": [tr("on")], "off": [tr("off")]}.get(snapshot.out, [])
    parts = [*out, *(f"{lane.channel} {level(lane)}" for lane in snapshot.lanes)]
    if snapshot.own_left_s is not None:
        parts.append(tr("own timer {time}", time=clock(snapshot.own_left_s)))
    what = " · ".join(filter(None, (", ".join(parts), old(snapshot) if aged else "")))
    text = (
        tr("the unit last reported: {what}", what=what)
        if snapshot.lost_at
        else tr("the unit reports: {what}", what=what)
    )
    return text if out else tr("perhaps on; {report}", report=text)


def unit(snapshot: Snapshot) -> str:
    """Return the unit and its family, each once."""
    return " · ".join(dict.fromkeys((snapshot.unit, snapshot.title or snapshot.family, snapshot.family)))


def link(snapshot: Snapshot, silent: bool) -> str:
    """Return the age of the last report and the battery; `silent`: the controller itself says nothing any more."""
    battery = tr("battery unknown")
    if snapshot.battery is not None:
        battery = tr("battery {percent} %", percent=snapshot.battery)
    if silent:
        return f"{tr('STALE: the controller says nothing')} · {battery}"
    heard = snapshot.heard_age_s
    told = snapshot.told_age_s
    text = tr("no level reported yet") if told is None else tr("level reported {age}", age=age(told))
    # A unit may talk and keep its level to itself; only then do the two ages differ enough to be worth a word.
    if heard is not None and (told is None or (told >= LINK_OLD_S and told - heard >= 1)):
        text = tr("{level}, link {age}", level=text, age=age(heard))
    return f"{tr('STALE: {what}', what=text) if snapshot.stale else text} · {battery}"


def link_rows(snapshot: Snapshot, silent: bool, width: int) -> int:
    """Return how many rows `link` takes at most, whatever the ages are: so nothing moves while they do."""
    oldest = replace(snapshot, told_age_s=OLDEST_S, heard_age_s=OLDEST_S - 1, stale=True)
    return max(rows_of(text, width) for text in (link(snapshot, silent), link(oldest, silent=False)))


def symbol(priority: Priority) -> str:
    """Return the mark and the word of a priority (safety.md section 3: not by colour only)."""
    match priority:
        case Priority.HIGH:
            return tr("!!! ALARM")
        case Priority.MEDIUM:
            return tr("!! warning")
        case Priority.LOW:
            return tr("! note")
        case _ as never:
            assert_never(never)


def alarm(alarm: Alarm) -> str:
    """Return one alarm: mark, what is wrong, what to do."""
    return local(f"{symbol(alarm.priority)}: {alarm.text} → {alarm.do}")


def gone(by_hand: str) -> str:
    """Return the sentence for a controller that has gone; `by_hand` is empty where no output can be on."""
    if not by_hand:
        return tr("the controller has gone; no output was on")
    return tr("the controller has gone, and output may be on; at the unit: {by_hand}", by_hand=by_hand)


def reason(reason: Reason) -> str:
    """Return why a session ended, in words."""
    match reason:
        case Reason.COMPLETED:
            return tr("completed")
        case Reason.STOPPED:
            return tr("stopped")
        case Reason.PANIC:
            return tr("stopped by the panic key")
        case Reason.INTERRUPTED:
            return tr("interrupted")
        case Reason.LINK_LOST:
            return tr("the link was lost")
        case Reason.CONTACT_LOST:
            return tr("a pad lost contact")
        case Reason.DEVICE_ENDED:
            return tr("ended by the unit")
        case Reason.FAULT:
            return tr("ended by a fault")
        case Reason.REFUSED:
            return tr("refused")
        case Reason.NO_DEVICE:
            return tr("no unit")
        case _ as never:
            assert_never(never)


def why(ended: Ended) -> tuple[str, str]:
    """Return why a session ended, and what else there is to say of it: the same isn't said twice."""
    short = reason(ended.reason)
    clause, _, rest = local(ended.message).partition("; ")
    if clause.startswith(short):
        return clause, rest
    return short, local(ended.message)


def highest(ended: Ended) -> str:
    """Return the highest level of each channel."""
    return ", ".join(f"{channel} {top}" for channel, top in sorted(ended.level_max.items())) or tr("none")


def confirmed(ended: Ended) -> str:
    """Return whether the stop is proved, in words."""
    if ended.stop_confirmed:
        return tr("yes, the unit says zero")
    if (
        ended.program and ended.started_at is None and not ended.unproved
    ):  # one without only looked for what was left on
        return tr("not needed: this session put nothing out")
    return tr("NO: look at the unit, output may still be on")


def farewell(ended: Ended) -> str:
    """Return the line that stays in the terminal after leaving."""
    return tr(
        "{program}: {reason} after {time} min, highest level {highest}; stop confirmed: {confirmed}",
        program=ended.program or tr("session"),
        reason=reason(ended.reason),
        time=clock(ended.duration_s),
        highest=highest(ended),
        confirmed=confirmed(ended),
    )


def farewell_of(ended: Ended) -> str:
    """Return the end of one of several units, with its name."""
    return f"{ended.unit}: {farewell(ended)}"


def proof_of(ended: Ended) -> str:
    """Return the same in few words: why, and whether its stop is proved."""
    return tr("{unit}: {reason}; stop confirmed: {confirmed}",
              unit=ended.unit, reason=reason(ended.reason), confirmed=confirmed(ended))  # fmt: skip


def exit_code(ended: Ended | None) -> int:
    """Return the exit code after a last session: 80 if its stop isn't proved, else 0."""
    return int(Exit.NOT_CONFIRMED if ended is not None and ended.unproved else Exit.DONE)


def goal_of(text: str) -> dict[Channel, int]:
    """Return the goal levels of a field; empty is no goal: begin at zero. Raises EstimError (2)."""
    return read_levels(text, tr("Goal level")) if text.strip() else {}


def goals_of(text: str) -> tuple[dict[Channel, int], dict[Channel, int]]:
    """Return the goal levels of two units: one text is for both, "12 / 8" for each its own. Raises EstimError (2)."""
    first, stroke, second = text.partition("/")
    return goal_of(first), goal_of(second if stroke else first)


def minutes_of(text: str) -> float:
    """Return the minutes of a text, 0.5 to 30."""
    return read_number(text, what=tr("Minutes"), lo=MINUTES_MIN, hi=MINUTES_MAX, unit=tr("minutes"))
