"""What a house is told of a unit and of its host: flat JSON, every field always there, null where nothing is known.

1. Home Assistant logs a warning for a field that is missing and takes null for "unknown", so each is always sent.
2. Switches and binary sensors read exactly ON and OFF; whole numbers are sent without a fraction; moments are ISO texts
   with their offset.
3. What a person does with a unit is health data: programs, pain, doses and the schedule are null unless `health`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from estim.core.messages.events import (
    Alarmed,
    Armed,
    Ended,
    Happened,
    LinkBack,
    LinkLost,
    Paused,
    Reminded,
    Resumed,
    Started,
)
from estim.core.messages.shown import Snapshot
from estim.core.vocabulary import Reason, State
from protocols.vocabulary import Channel, Out

Value = str | int | None
Fields = dict[str, Value]

STATES = tuple(state.value for state in State)
REASONS = tuple(reason.value for reason in Reason)

UNIT_EVENTS = (
    "armed",
    "started",
    "paused",
    "resumed",
    "alarm",
    "link_lost",
    "link_back",
    *(reason.value for reason in Reason if reason is not Reason.LINK_LOST),
)
"""What a unit's event topic may say; a session's end is said by its reason."""

TEXT_MAX = 255
"""Longest state that Home Assistant keeps, characters."""

HOST_EVENTS = ("due",)

_ENDING = frozenset({State.IDLE, State.READY, State.ENDED})
"""States in which no end of a session is coming nearer."""


class Day(Struct, frozen=True):
    """What the diary says of today. `adherence_pct` is of seven days, None if no slot counts; `due` the next slot."""

    reminders: bool
    due: datetime | None
    sessions: int
    minutes: float
    adherence_pct: float | None
    pain: int | None


def on_off(true: bool) -> str:
    """Return a truth as Home Assistant reads it."""
    return "ON" if true else "OFF"


def level_key(channel: Channel) -> str:
    """Return the field of a channel's level."""
    return f"level_{channel.value.casefold()}"


def unit_state(shown: Snapshot, now: datetime, *, health: bool) -> Fields:
    """Return a unit's state; a level that isn't known for sure is told as the highest that it may be."""
    plays = shown.state not in _ENDING
    alarm = shown.alarms[-1] if shown.alarms else None
    levels: Fields = {level_key(lane.channel): lane.hi for lane in shown.lanes}
    ends = now.astimezone(UTC) + timedelta(seconds=shown.left_s)
    return {
        "unit": shown.unit,
        "state": shown.state.value,
        "stimulating": on_off(shown.out != Out.OFF.value),
        "may_be_on": on_off(shown.out == Out.MAYBE.value or (shown.lost_at is not None and shown.on_left_s != 0)),
        "may_be_on_until": shown.on_until,
        "level": max((lane.hi for lane in shown.lanes), default=None),
        "cap": max((lane.cap for lane in shown.lanes), default=None),
        **levels,
        "left_s": int(shown.left_s) if plays else None,
        "ends_at": ends.isoformat(timespec="seconds") if plays and shown.state is State.RUNNING else None,
        "battery": shown.battery,
        "heard_s": None if shown.heard_age_s is None else int(shown.heard_age_s),
        "alarm": on_off(alarm is not None),
        "alarm_text": None if alarm is None else f"{alarm.text}: {alarm.do}"[:TEXT_MAX],
        "reason": None if shown.reason is None else shown.reason.value,
        "stop_confirmed": None if shown.stop_confirmed is None else on_off(shown.stop_confirmed),
        "phase": (shown.phase or None) if health else None,
        "program": (shown.program_title or None) if health else None,
    }


def idle_state(unit: str, channels: Sequence[Channel], doubts: Sequence[str]) -> Fields:
    """Return the state of a unit that this host knows and does nothing with; the same fields as `unit_state`.

    It may be on where there are `doubts`: something was left on, and the host can't say that it isn't this one.
    """
    nothing: Fields = dict.fromkeys(("may_be_on_until", "level", "cap"))
    levels: Fields = {level_key(channel): None for channel in channels}
    rest: Fields = dict.fromkeys(
        ("left_s", "ends_at", "battery", "heard_s", "alarm_text", "reason", "stop_confirmed", "phase", "program")
    )
    known: Fields = {"unit": unit, "state": State.IDLE.value, "stimulating": "OFF"}
    doubted: Fields = {"may_be_on": on_off(bool(doubts)), "alarm": "OFF"}
    return {**known, **doubted, **nothing, **levels, **rest}


def host_state(
    units: int, playing: int, dropped: Mapping[str, int], doubts: Sequence[str], day: Day | None, *, health: bool
) -> Fields:
    """Return a host's own state: `dropped` counts orders that weren't carried out, by why.

    `doubts` are sentences on what may be on and can't be stopped from there.
    """
    known = day if health else None
    return {
        "units": units,
        "playing": playing,
        "orders_dropped": sum(dropped.values()),
        "may_be_on": on_off(bool(doubts)),
        "warning": "; ".join(doubts)[:TEXT_MAX] or None,
        "reminders": None if known is None else on_off(known.reminders),
        "next_due": None if known is None or known.due is None else known.due.isoformat(timespec="seconds"),
        "sessions_today": None if known is None else known.sessions,
        "minutes_today": None if known is None else round(known.minutes),
        "adherence_pct": None if known is None or known.adherence_pct is None else round(known.adherence_pct),
        "pain": None if known is None else known.pain,
    }


def event(happened: Happened, *, health: bool) -> Fields | None:
    """Return what happened for an event topic; None for what only a screen needs (each level, each phase)."""
    match happened:
        case Armed():
            return {"event_type": "armed"}
        case Started(program=program):
            return {"event_type": "started", "program": program if health else None}
        case Paused(why=why):
            return {"event_type": "paused", "why": why}
        case Resumed():
            return {"event_type": "resumed"}
        case Alarmed(text=text, do=do, priority=priority):
            return {"event_type": "alarm", "text": text, "do": do, "priority": priority.value}
        case LinkLost(text=text, on_until=on_until):
            return {"event_type": "link_lost", "text": text, "on_until": on_until}
        case LinkBack():
            return {"event_type": "link_back"}
        case Ended(reason=reason, message=message):
            kind = "fault" if reason is Reason.LINK_LOST else reason.value
            confirmed = None if happened.stop_confirmed is None else on_off(happened.stop_confirmed)
            return {"event_type": kind, "text": message, "stop_confirmed": confirmed}
        case Reminded(text=text):
            return {"event_type": "due", "text": text if health else None}
        case _:
            return None
