"""What became of every slot: each session serves one slot, each slot one session, and nothing is made up for.

1. A session belongs to the nearest slot in whose window it began that is free for its leg: left and right in one
   morning are one slot, done on each. Most of the slot's minutes put out is done (slots.py); less is a part, neither
   done nor missed, since two hours of rest leave no room for another one. Under two minutes it serves no slot.
2. A session that served no slot serves the next one that it leaves no room for: its rest is longer than the window,
   or with it the day's dose is full. So the extra session after a run is the evening's.
3. A slot is off, with its reason, in a pause or a holiday, in the hours before a run (care/quiet.py), and where no
   session was allowed at its time or when its window closed (a red flag, an answer, the skin). As soon as a session is
   possible again within the window it is due, and off all the same if none is played.
4. A window opens only when the rest after the last session is over, or after short ones that add up (dose.py), and
   closes before the hours before a run. A slot that is missed stays missed.
5. What is still open is told apart from now: it is due, snoozed, or not yet.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

from msgspec import Struct, field

from estim.core.days import screening, skin
from estim.core.days.diary import Break, Diary, Mark, Marked, Played
from estim.core.days.dose import ANY, BRIEF_S, DAY_SESSIONS, GAP, LOOK_BACK, Delivered, Gate, may_start, put_out_s
from estim.core.days.legs import UNSAID, leg_of
from estim.core.days.schedule import Schedule, Time, times
from estim.core.days.screening import Span
from estim.core.days.slots import Slot, Status, slot_s, so_far_s, whole
from estim.core.translation import tr

BACK = timedelta(days=1)
"""So much before the first slot that is asked for is judged as well: what served a slot there serves no other."""

REST: tuple[Gate, ...] = ("gap",)
"""The gate that is left out where only the day's dose is asked for."""

QUIET_MAX = timedelta(hours=25)
"""No hours before a run are more than these: up to 24 by the plan, and a session."""

AHEAD_MAX = timedelta(minutes=15)
"""How long before a slot someone with the pads on may arm it."""

LATE_MAX = timedelta(seconds=30)
"""How late an armed slot may begin: a computer that slept over it doesn't start anything."""


class _Open(Struct):
    """A slot that is being judged; its window in seconds since 1970, which compare much faster than moments do."""

    time: Time
    at_s: float
    opens_s: float
    closes_s: float
    sessions: list[Played] = field(default_factory=list)
    extra: bool = False

    @property
    def session(self) -> Played | None:
        return self.sessions[0] if self.sessions else None


class Terms(Struct, frozen=True):
    """What decides beside the diary whether a session was possible.

    `quiet` are the hours before runs by their beginning, `per_day` how often a day the file of a program allows it,
    `turn` whose turn it is on a day (None: by the schedule alone), `sites` where a program is played (None: unknown).
    `leg` is the usual one: what was played on the other leg takes no room from it.
    """

    quiet: Sequence[Span] = ()
    per_day: Callable[[str], int] = lambda _program: DAY_SESSIONS
    turn: Callable[[datetime], str] | None = None
    leg: str = UNSAID
    sites: Callable[[str], Sequence[str] | None] = lambda _program: None


USUAL_TERMS = Terms()
"""No run, and as many sessions a day as any program may have."""


def judge(
    schedule: Schedule,
    diary: Diary,
    now: datetime,
    since: datetime,
    until: datetime,
    terms: Terms = USUAL_TERMS,
) -> tuple[Slot, ...]:
    """Return all slots with since <= at < until, in order, as they stand at `now`."""
    early = timedelta(minutes=schedule.early_min)
    late = timedelta(minutes=schedule.late_min)
    before = elapsed(since, -BACK)
    slots = [_open(one, early, late) for one in times(diary.regimes, before, until, late)]
    played = [one for one in diary.sessions if one.output_s >= BRIEF_S]
    left = _serve(slots, played, [one.at.timestamp() for one in played])
    mine = [one for one in diary.sessions if _takes_room(one, terms.leg)]
    tiring = _asking_rest(mine)
    kept = _once(slots)
    over = [one for one in left if _takes_room(one, terms.leg) and (one.ended or one.delivered_until) <= now]
    if over:
        _serve_extra(kept, over, mine, schedule, terms)
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
        screening.forbidden(diary),
        _Quiet.of(terms.quiet),
        skin.holds(diary),
        terms.leg,
        lambda at: terms.sites(_turn(schedule, terms, at)),
    )
    since_s = since.timestamp()
    return tuple(
        judged.slot(slot, marks.get(slot.time.key, ()), _rested_s(slot, tiring, starts_s))
        for slot in kept
        if slot.at_s >= since_s
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


def program_of(schedule: Schedule, slot_at: datetime, refused: Collection[str] = ()) -> str:
    """Return whose turn it is on that day: one program after the other, so that the effect doesn't wear off.

    One that is refused gives its turn to the next that isn't; if all are, it is told by whoever is to play it.

    The same level of the same program every day had lost its effect by day 5 (programs.md section 1, fact 5).
    """
    turn = slot_at.date().toordinal() % len(schedule.programs)
    in_turn = (*schedule.programs[turn:], *schedule.programs[:turn])
    return next((program for program in in_turn if program not in refused), in_turn[0])


def _serve(slots: Sequence[_Open], played: Sequence[Played], starts_s: Sequence[float]) -> list[Played]:
    """Give each session to its slot, and return those that served none."""
    ats_s = [slot.at_s for slot in slots]
    left = []
    for session, start_s in zip(played, starts_s, strict=True):
        place = bisect_right(ats_s, start_s)
        near = [one for one in slots[max(0, place - 2) : place + 2] if one.opens_s <= start_s <= one.closes_s]
        near.sort(key=lambda one: abs(one.at_s - start_s))
        if not any(_taken(slot, session) for slot in near):
            left.append(session)
    return left


def _taken(slot: _Open, session: Played) -> bool:
    """Let a session serve a slot that is free for its leg, or had only a part there, and say whether it does."""
    leg = leg_of(session.sites)
    for place, one in enumerate(slot.sessions):
        if UNSAID in (leg, leg_of(one.sites)) or leg == leg_of(one.sites):
            if whole(one) or not whole(session):
                return False
            slot.sessions[place] = session
            return True
    slot.sessions.append(session)
    return True


def _takes_room(session: Played, usual: str) -> bool:
    """Say whether rest and dose of a session keep the usual leg from another one: on the other leg they don't."""
    return not usual or leg_of(session.sites) in (usual, UNSAID)


def _serve_extra(
    slots: Sequence[_Open], left: Sequence[Played], sessions: Sequence[Played], schedule: Schedule, terms: Terms
) -> None:
    """Give what served no slot to the next one that it leaves no room for, each to one."""
    starts_s = [one.at.timestamp() for one in left]
    gone: set[int] = set()
    for slot in slots:
        if slot.session is not None:
            continue
        first = bisect_right(starts_s, slot.at_s - BACK.total_seconds())
        for place in range(bisect_left(starts_s, slot.opens_s) - 1, first - 1, -1):
            if place not in gone and _no_room(slot, left[place], sessions, schedule, terms):
                slot.sessions.append(left[place])
                slot.extra = True
                gone.add(place)
                break


def _no_room(slot: _Open, session: Played, sessions: Sequence[Played], schedule: Schedule, terms: Terms) -> bool:
    """Say whether a session left no room for a slot: by its rest, or by the dose of the day that it filled."""
    if session.delivered_until.timestamp() + GAP.total_seconds() > slot.closes_s:
        return True
    closes = datetime.fromtimestamp(slot.closes_s, slot.time.at.tzinfo)
    program = _turn(schedule, terms, slot.time.at)
    first = bisect_left(sessions, session.at.timestamp() - BACK.total_seconds(), key=_started_s)
    past = [
        Delivered(site, one.at, one.output_s, one.delivered_until, one.program)
        for one in sessions[first : bisect_left(sessions, slot.closes_s, key=_started_s)]
        for site in one.sites or (ANY,)
    ]
    sites = session.sites or (ANY,)
    length_min = slot_s(session) / 60
    zone = closes.tzinfo
    return not may_start(closes, sites, length_min, past, REST, zone, program, terms.per_day(program)).ok


def _turn(schedule: Schedule, terms: Terms, at: datetime) -> str:
    return program_of(schedule, at) if terms.turn is None else terms.turn(at)


def _started_s(session: Played) -> float:
    return session.at.timestamp()


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


class _Quiet(Struct, frozen=True):
    """The hours before runs, in seconds since 1970, by their beginning."""

    since_s: Sequence[float]
    until_s: Sequence[float]
    why: Sequence[str]

    @classmethod
    def of(cls, spans: Sequence[Span]) -> "_Quiet":
        known = [(one.since.timestamp(), one.until.timestamp(), one.why) for one in spans if one.until is not None]
        known.sort()
        return cls([one[0] for one in known], [one[1] for one in known], [one[2] for one in known])

    def holding(self, at_s: float) -> tuple[str, float]:
        """Return why no session was possible at a moment and until when; "" and 0.0: one was."""
        last = bisect_right(self.since_s, at_s)
        first = bisect_left(self.since_s, at_s - QUIET_MAX.total_seconds())
        holds = [place for place in range(first, last) if self.until_s[place] >= at_s]
        return (self.why[holds[0]], max(self.until_s[place] for place in holds)) if holds else ("", 0.0)

    def first_within(self, at_s: float, closes_s: float) -> float:
        """Return when the first of them begins in a window after its slot's time, the window's end: none does."""
        place = bisect_right(self.since_s, at_s)
        return min(closes_s, self.since_s[place]) if place < len(self.since_s) else closes_s


class _Judge(Struct, frozen=True):
    """What every slot is judged by."""

    now: datetime
    now_s: float
    early: timedelta
    late: timedelta
    snooze: timedelta
    breaks: Sequence[Break]
    forbidden: Sequence[Span]
    quiet: "_Quiet"
    held: skin.Holds
    usual: str
    sites: Callable[[datetime], Sequence[str] | None]

    def slot(self, slot: _Open, marks: Sequence[Mark], rested_s: float) -> Slot:
        """Return what became of a slot; `rested_s` is when the rest after the sessions before it is over, 0.0: none."""
        at = slot.time.at
        before_run, ran_s = self.quiet.holding(slot.at_s)
        opens_s = max(slot.opens_s, rested_s, ran_s)
        closes_s = self.quiet.first_within(slot.at_s, slot.closes_s)
        opens = elapsed(at, -self.early) if opens_s <= slot.opens_s else datetime.fromtimestamp(opens_s, at.tzinfo)
        closes = elapsed(at, self.late) if closes_s >= slot.closes_s else datetime.fromtimestamp(closes_s, at.tzinfo)
        shut = self._kept_away(slot, marks) or self._shut(slot, before_run, ran_s, closes_s)
        until = None
        if slot.session is not None:
            status, why = self._served(slot, slot.session)
        elif shut is not None:
            status, why = shut
        else:
            status, why = self._open(opens_s, closes_s, rested_s)
            if closes_s < slot.closes_s and status is Status.MISSED and not why:
                why = tr("it was possible until {closes:%H:%M}, before a run", closes=closes)
            until = self._snoozed(closes, marks) if status is Status.DUE else None
        status = status if until is None else Status.SNOOZED
        return Slot(slot.time.key, at, opens, closes, status, slot.session, why, until, tuple(slot.sessions[1:]))

    def _kept_away(self, slot: _Open, marks: Sequence[Mark]) -> tuple[Status, str] | None:
        """Return what a person said about a slot: that it falls away, or that they are away; None: nothing."""
        if any(mark.what is Marked.SKIPPED for mark in marks):
            return Status.SKIPPED, ""
        off = self._off(slot.time.key)
        return None if off is None else (Status.OFF, tr("holiday") if off.holiday else tr("pause"))

    def _open(self, opens_s: float, closes_s: float, rested_s: float) -> tuple[Status, str]:
        """Return what an open slot is by its window, and why it is missed before that is over."""
        if self.now_s > closes_s:
            return Status.MISSED, ""
        if rested_s > closes_s:
            return Status.MISSED, tr("the rest after the last session is longer than its window")
        return Status.DUE if self.now_s >= opens_s else Status.UPCOMING, ""

    def _served(self, slot: _Open, session: Played) -> tuple[Status, str]:
        instead = tr("the session of {at:%H:%M} leaves no room for another one", at=session.at) if slot.extra else ""
        if any(whole(one, self.now) for one in slot.sessions):
            return Status.DONE, instead
        minutes = tr("{minutes:.0f} of {of:.0f} min", minutes=so_far_s(session, self.now) / 60, of=slot_s(session) / 60)
        if session.ended is None and self.now < session.delivered_until:
            return Status.DUE, tr("being played: {minutes}", minutes=minutes)
        return Status.PART, f"{minutes}; {instead}" if instead else minutes

    def _off(self, key: str) -> Break | None:
        day = date.fromisoformat(key[:10])
        return next((one for one in self.breaks if one.first <= day and (one.last is None or day <= one.last)), None)

    def _shut(self, slot: _Open, before_run: str, ran_s: float, closes_s: float) -> tuple[Status, str] | None:
        """Return why no session was allowed in a slot; None: one was, or is possible again in what is left of it."""
        why = self._forbids(slot, slot.closes_s)
        if before_run and (self.now_s < ran_s or ran_s > closes_s):
            why = before_run
        elif not why and self.now_s > closes_s:
            why = before_run or self._forbids(slot, slot.at_s)
        return (Status.OFF, why) if why else None

    def _forbids(self, slot: _Open, moment_s: float) -> str:
        """Return why no session of a slot's program was allowed at a moment, "": one was."""
        if why := _why_at(self.forbidden, moment_s):
            return why
        return self.held.why_at(moment_s, self.usual, lambda: self.sites(slot.time.at))

    def _snoozed(self, closes: datetime, marks: Sequence[Mark]) -> datetime | None:
        """Return until when it is put off, never beyond its window; None: it isn't any more."""
        said = [mark.at for mark in marks if mark.what is Marked.SNOOZED]
        until = min(max(said) + self.snooze, closes) if said else None
        return until if until is not None and self.now < until else None


def _holds(span: Span, moment_s: float) -> bool:
    return span.since.timestamp() <= moment_s and (span.until is None or span.until.timestamp() >= moment_s)


def _why_at(spans: Sequence[Span], moment_s: float) -> str:
    """Return why no session was allowed at a moment, "": one was."""
    return next((span.why for span in spans if _holds(span, moment_s)), "")


def elapsed(at: datetime, by: timedelta) -> datetime:
    """Move a moment by elapsed time; local arithmetic would be off by an hour twice a year."""
    return (at.astimezone(UTC) + by).astimezone(at.tzinfo)
