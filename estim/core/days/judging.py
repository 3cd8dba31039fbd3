"""What became of every slot: each session serves one slot, each slot one session, and nothing is made up for.

1. A session belongs to the nearest free slot in whose window it began. Half of its length put out is done; less is a
   part, neither done nor missed, since two hours of rest leave no room for another one. Under two minutes it doesn't
   count here, as it asks for no rest either.
2. A window opens only when the rest after the last session is over. A slot that is missed stays missed.
3. What is still open is told apart from now: it is due, snoozed, or not yet.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from estim.core.days.diary import Break, Diary, Mark, Marked, Played
from estim.core.days.schedule import Schedule, Time, times
from estim.core.days.slots import Slot, Status
from estim.core.dose import BRIEF_S, GAP

DONE_SHARE = 0.5
"""How much of its length a session must have put out to count as done."""

AHEAD_MAX = timedelta(minutes=15)
"""How long before a slot someone with the pads on may arm it."""

LATE_MAX = timedelta(seconds=30)
"""How late an armed slot may begin: a computer that slept over it doesn't start anything."""


@dataclass(slots=True)
class _Open:
    """A slot that is being judged."""

    time: Time
    opens: datetime
    closes: datetime
    session: Played | None = None


def judge(schedule: Schedule, diary: Diary, now: datetime, since: datetime, until: datetime) -> tuple[Slot, ...]:
    """Return all slots with since <= at < until, in order, as they stand at `now`."""
    early, late = timedelta(minutes=schedule.early_min), timedelta(minutes=schedule.late_min)
    found = times(diary.regimes, since, until, late)
    slots = [_Open(one, one.at - early, one.at + late) for one in found]
    _serve(slots, diary.sessions)
    kept = _once(slots)
    marks: dict[str, list[Mark]] = {}
    for mark in diary.marks:
        marks.setdefault(mark.slot, []).append(mark)
    counted = [one for one in diary.sessions if one.output_s >= BRIEF_S]
    starts = [one.at for one in counted]
    snooze = timedelta(minutes=schedule.snooze_min)
    return tuple(
        _judged(slot, now, diary.breaks, marks.get(slot.time.key, []), _before(slot, counted, starts), snooze)
        for slot in kept
    )


def due(slots: Sequence[Slot]) -> Slot | None:
    """Return the slot that is due now, snoozed or not, None if there is none."""
    return next((one for one in slots if one.status in (Status.DUE, Status.SNOOZED)), None)


def coming(slots: Sequence[Slot]) -> Slot | None:
    """Return the next slot that will open, None if there is none among these."""
    return next((one for one in slots if one.status is Status.UPCOMING), None)


def ahead(slot: Slot, now: datetime) -> timedelta:
    """Return how long a slot may still be waited for with the pads on; negative: it isn't time for that yet."""
    return AHEAD_MAX - (slot.at - now)


def begins(slot_at: datetime, act: datetime, now: datetime) -> bool:
    """Say whether a slot that was armed ahead may begin: now, and not much later, by an act that isn't too old."""
    return slot_at <= now <= slot_at + LATE_MAX and timedelta() <= slot_at - act <= AHEAD_MAX


def program_of(schedule: Schedule, slot_at: datetime) -> str:
    """Return whose turn it is on that day: one program after the other, so that the effect doesn't wear off.

    The same level of the same program every day had lost its effect by day 5 (programs.md section 1, fact 5).
    """
    return schedule.programs[slot_at.date().toordinal() % len(schedule.programs)]


def _serve(slots: Sequence[_Open], sessions: Sequence[Played]) -> None:
    if not slots:
        return
    ats = [slot.time.at for slot in slots]
    for session in sessions:
        if session.output_s < BRIEF_S:
            continue
        place = bisect_right(ats, session.at)
        near = [one for one in slots[max(0, place - 2) : place + 2] if one.opens <= session.at <= one.closes]
        near.sort(key=lambda one: abs(one.time.at - session.at))
        for slot in near:
            if slot.session is None or (not _whole(slot.session) and _whole(session)):
                slot.session = session
                break


def _whole(session: Played) -> bool:
    return session.output_s >= DONE_SHARE * session.length_s


def _once(slots: Sequence[_Open]) -> list[_Open]:
    """Of a local time that came twice keep the one that was used, else the later one: it is still to come."""
    kept: dict[str, _Open] = {}
    for slot in slots:
        before = kept.get(slot.time.key)
        if before is None or before.session is None:
            kept[slot.time.key] = slot
    return sorted(kept.values(), key=lambda one: one.time.at)


def _before(slot: _Open, sessions: Sequence[Played], starts: Sequence[datetime]) -> datetime | None:
    """Return when the rest is over after the last session that began before a slot's window closes."""
    place = bisect_right(starts, slot.closes)
    over = [one.delivered_until for one in sessions[max(0, place - 3) : place]]
    return max(over) + GAP if over else None


def _judged(
    slot: _Open,
    now: datetime,
    breaks: Sequence[Break],
    marks: Sequence[Mark],
    rested: datetime | None,
    snooze: timedelta,
) -> Slot:
    session = slot.session
    opens = (
        slot.opens if rested is None or session is not None else max(slot.opens, rested.astimezone(slot.time.at.tzinfo))
    )
    made = Slot(slot.time.key, slot.time.at, opens, slot.closes, Status.UPCOMING, session)
    if session is not None:
        return _served(made, session, now)
    if any(mark.what is Marked.SKIPPED for mark in marks):
        return replace(made, status=Status.SKIPPED)
    day = slot.time.at.date()
    off = next((one for one in breaks if one.first <= day and (one.last is None or day <= one.last)), None)
    if off is not None:
        return replace(made, status=Status.OFF, why="holiday" if off.holiday else "pause")
    if now > slot.closes:
        return replace(made, status=Status.MISSED)
    if opens > slot.closes:
        return replace(made, status=Status.MISSED, why="the rest after the last session is longer than its window")
    if now < opens:
        return made
    snoozed = [mark.at + snooze for mark in marks if mark.what is Marked.SNOOZED]
    if snoozed and now < min(max(snoozed), slot.closes):
        return replace(made, status=Status.SNOOZED, snoozed_until=min(max(snoozed), slot.closes))
    return replace(made, status=Status.DUE)


def _served(slot: Slot, session: Played, now: datetime) -> Slot:
    if _whole(session):
        return replace(slot, status=Status.DONE)
    minutes = f"{session.output_s / 60:.0f} of {session.length_s / 60:.0f} min"
    if session.ended is None and now < session.delivered_until:
        return replace(slot, status=Status.DUE, why=f"being played: {minutes}")
    return replace(slot, status=Status.PART, why=minutes)
