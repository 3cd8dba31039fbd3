"""What became of every slot: each session serves one slot, each slot one session, and nothing is made up for.

1. A session belongs to the nearest free slot in whose window it began. Half of its length put out is done; less is a
   part, neither done nor missed, since two hours of rest leave no room for another one. Under two minutes it serves
   no slot.
   A slot whose window closed while no session was allowed (a red flag, an answer, the skin) is off, with its reason.
2. A window opens only when the rest after the last session is over, or after short ones that add up (dose.py). A slot
   that is missed stays missed.
3. What is still open is told apart from now: it is due, snoozed, or not yet.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

from estim.core.days import screening, skin
from estim.core.days.diary import Break, Diary, Mark, Marked, Played
from estim.core.days.dose import ANY, BRIEF_S, GAP, LOOK_BACK, Delivered, put_out_s
from estim.core.days.schedule import Schedule, Time, times
from estim.core.days.screening import Span
from estim.core.days.slots import Slot, Status

DONE_SHARE = 0.5
"""How much of its length a session must have put out to count as done."""

AHEAD_MAX = timedelta(minutes=15)
"""How long before a slot someone with the pads on may arm it."""

LATE_MAX = timedelta(seconds=30)
"""How late an armed slot may begin: a computer that slept over it doesn't start anything."""


@dataclass(slots=True)
class _Open:
    """A slot that is being judged; its window in seconds since 1970, which compare much faster than moments do."""

    time: Time
    at_s: float
    opens_s: float
    closes_s: float
    session: Played | None = None


def judge(schedule: Schedule, diary: Diary, now: datetime, since: datetime, until: datetime) -> tuple[Slot, ...]:
    """Return all slots with since <= at < until, in order, as they stand at `now`."""
    early = timedelta(minutes=schedule.early_min)
    late = timedelta(minutes=schedule.late_min)
    slots = [_open(one, early, late) for one in times(diary.regimes, since, until, late)]
    played = [one for one in diary.sessions if one.output_s >= BRIEF_S]
    _serve(slots, played, [one.at.timestamp() for one in played])
    tiring = _asking_rest(diary.sessions)
    starts_s = [one.at.timestamp() for one in tiring]
    marks: dict[str, list[Mark]] = {}
    for mark in diary.marks:
        marks.setdefault(mark.slot, []).append(mark)
    judged = _Judge(
        now,
        now.timestamp(),
        early,
        late,
        timedelta(minutes=schedule.snooze_min),
        diary.breaks,
        (*screening.forbidden(diary), *skin.forbidden(diary)),
    )
    return tuple(
        judged.slot(slot, marks.get(slot.time.key, ()), _rested_s(slot, tiring, starts_s)) for slot in _once(slots)
    )


def _open(time: Time, early: timedelta, late: timedelta) -> _Open:
    at_s = time.at.timestamp()
    return _Open(time, at_s, at_s - early.total_seconds(), at_s + late.total_seconds())


def due(slots: Sequence[Slot]) -> Slot | None:
    """Return the slot that is due now, snoozed or not, None if there is none."""
    return next((one for one in slots if one.status in (Status.DUE, Status.SNOOZED)), None)


def coming(slots: Sequence[Slot]) -> Slot | None:
    """Return the next slot that will open, None if there is none among these."""
    return next((one for one in slots if one.status is Status.UPCOMING), None)


def may_arm(slot: Slot, now: datetime) -> bool:
    """Say whether a slot may be armed ahead now: it is near enough, and its window will be open at its time.

    Counted in elapsed time: on the wall's clock an hour may vanish, or come twice, between now and then.
    """
    return slot.at.timestamp() - now.timestamp() <= AHEAD_MAX.total_seconds() and slot.opens <= slot.at


def begins(slot_at: datetime, act: datetime, now: datetime) -> bool:
    """Say whether a slot that was armed ahead may begin: now, and not much later, by an act that isn't too old."""
    return slot_at <= now <= slot_at + LATE_MAX and timedelta() <= slot_at - act <= AHEAD_MAX


def program_of(schedule: Schedule, slot_at: datetime) -> str:
    """Return whose turn it is on that day: one program after the other, so that the effect doesn't wear off.

    The same level of the same program every day had lost its effect by day 5 (programs.md section 1, fact 5).
    """
    return schedule.programs[slot_at.date().toordinal() % len(schedule.programs)]


def _serve(slots: Sequence[_Open], played: Sequence[Played], starts_s: Sequence[float]) -> None:
    ats_s = [slot.at_s for slot in slots]
    for session, start_s in zip(played, starts_s, strict=True):
        place = bisect_right(ats_s, start_s)
        near = [one for one in slots[max(0, place - 2) : place + 2] if one.opens_s <= start_s <= one.closes_s]
        near.sort(key=lambda one: abs(one.at_s - start_s))
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
    return sorted(kept.values(), key=lambda one: one.at_s)


def _asking_rest(sessions: Sequence[Played]) -> list[Played]:
    """Return the sessions after which rest belongs, as dose.py has it: one of two minutes, or several that add up."""
    found = []
    for place, one in enumerate(sessions):
        if one.output_s >= BRIEF_S or (
            one.output_s > 0 and _adds_up(one, (sessions[at] for at in range(place - 1, -1, -1)))
        ):
            found.append(one)
    return found


def _adds_up(one: Played, before: Iterator[Played]) -> bool:
    """Say whether a short session and those before it, the latest first, make two minutes on one site."""
    first = one.at.astimezone(UTC) - LOOK_BACK
    near = list(takewhile(lambda other: other.at >= first, before))
    places = set(one.sites or (ANY,))
    if ANY in places:
        places = {site for other in near for site in other.sites} | {ANY}
    return any(put_out_s(_delivered(one), _of_site(near, site)) >= BRIEF_S for site in places)


def _of_site(sessions: Iterable[Played], site: str) -> list[Delivered]:
    return [_delivered(one) for one in sessions if not {site, ANY}.isdisjoint(one.sites or (ANY,))]


def _delivered(one: Played) -> Delivered:
    return Delivered(ANY, one.at, one.output_s, one.delivered_until)


def _rested_s(slot: _Open, played: Sequence[Played], starts_s: Sequence[float]) -> float:
    """Return when the rest is over after the last sessions that began before a slot's window closes."""
    if slot.session is not None:
        return 0.0
    place = bisect_right(starts_s, slot.closes_s)
    over_s = [one.delivered_until.timestamp() for one in played[max(0, place - 3) : place]]
    return max(over_s) + GAP.total_seconds() if over_s else 0.0


@dataclass(frozen=True, slots=True)
class _Judge:
    """What every slot is judged by."""

    now: datetime
    now_s: float
    early: timedelta
    late: timedelta
    snooze: timedelta
    breaks: Sequence[Break]
    forbidden: Sequence[Span]

    def slot(self, slot: _Open, marks: Sequence[Mark], rested_s: float) -> Slot:
        """Return what became of a slot; `rested_s` is when the rest after the sessions before it is over, 0.0: none."""
        at = slot.time.at
        session = slot.session
        opens = elapsed(at, -self.early)
        closes = elapsed(at, self.late)
        if rested_s > slot.opens_s:
            opens = datetime.fromtimestamp(rested_s, at.tzinfo)
        status = Status.UPCOMING
        why = ""
        until = None
        if session is not None:
            status, why = self._served(session)
        elif any(mark.what is Marked.SKIPPED for mark in marks):
            status = Status.SKIPPED
        elif (off := self._off(slot.time.key)) is not None:
            status = Status.OFF
            why = "holiday" if off.holiday else "pause"
        elif shut := self._forbidden(slot.closes_s):
            status = Status.OFF
            why = shut
        elif self.now_s > slot.closes_s:
            status = Status.MISSED
        elif rested_s > slot.closes_s:
            status = Status.MISSED
            why = "the rest after the last session is longer than its window"
        elif self.now_s >= max(slot.opens_s, rested_s):
            until = self._snoozed(closes, marks)
            status = Status.DUE if until is None else Status.SNOOZED
        return Slot(slot.time.key, at, opens, closes, status, session, why, until)

    def _served(self, session: Played) -> tuple[Status, str]:
        if _whole(session):
            return Status.DONE, ""
        minutes = f"{session.output_s / 60:.0f} of {session.length_s / 60:.0f} min"
        if session.ended is None and self.now < session.delivered_until:
            return Status.DUE, f"being played: {minutes}"
        return Status.PART, minutes

    def _off(self, key: str) -> Break | None:
        day = date.fromisoformat(key[:10])
        return next((one for one in self.breaks if one.first <= day and (one.last is None or day <= one.last)), None)

    def _forbidden(self, closes_s: float) -> str:
        """Return why no session was allowed when a window closed, "": one was."""
        for span in self.forbidden:
            if span.since.timestamp() <= closes_s and (span.until is None or span.until.timestamp() >= closes_s):
                return span.why
        return ""

    def _snoozed(self, closes: datetime, marks: Sequence[Mark]) -> datetime | None:
        """Return until when it is put off, never beyond its window; None: it isn't any more."""
        said = [mark.at for mark in marks if mark.what is Marked.SNOOZED]
        until = min(max(said) + self.snooze, closes) if said else None
        return until if until is not None and self.now < until else None


def elapsed(at: datetime, by: timedelta) -> datetime:
    """Move a moment by elapsed time; local arithmetic would be off by an hour twice a year."""
    return (at.astimezone(UTC) + by).astimezone(at.tzinfo)
