"""When a person is reminded of a slot: once when it is due, once more if nothing happens, and then no more.

A time that the person chose beats the quiet hours: a slot that lies in them is told at its time, a snooze that ends in
them too. What nobody chose for then they hold back: the reminder once more, and one for an earlier slot that a computer
had slept over. Such a computer reminds when it wakes, if the window is still open, and only once.

Who wants it is asked once a day for the worst pain, from a time on that they chose, if it isn't written down by then.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

from msgspec import Struct

from estim.core.days.diary import Diary, Mark, Marked, When
from estim.core.days.screening import red_flag
from estim.core.days.slots import Slot, Status

NAG_AFTER = timedelta(minutes=60)
"""How long after the reminder it is said once more (conventions.md section 9: one reminder and one nag)."""


class Quiet(Struct, frozen=True):
    """Hours without unasked reminders, local: from `first` to `end`, over midnight if need be; both alike: none."""

    first: time
    end: time

    def holds(self, at: datetime) -> bool:
        """Say whether a moment lies in them."""
        return self._hold(at.time().replace(tzinfo=None))

    def among(self, clocks: Iterable[time]) -> tuple[time, ...]:
        """Return those times of the day that lie in them."""
        return tuple(clock for clock in clocks if self._hold(clock))

    def _hold(self, clock: time) -> bool:
        if self.first <= self.end:
            return self.first <= clock < self.end
        return clock >= self.first or clock < self.end


class Reminder(Struct, frozen=True):
    """One thing to say; `what` is what is noted about the slot once it was said."""

    slot: Slot
    what: Marked


def reminders(slots: Sequence[Slot], marks: Sequence[Mark], now: datetime, quiet: Quiet) -> tuple[Reminder, ...]:
    """Return what is to be said now; it is said again until it is noted as a mark."""
    found: list[Reminder] = []
    for slot in slots:
        mine = [mark for mark in marks if mark.slot == slot.key]
        what = _about(slot, mine, now)
        chosen = what is Marked.REMINDED and (quiet.holds(slot.at) or any(one.what is Marked.SNOOZED for one in mine))
        if what is not None and (chosen or not quiet.holds(now.astimezone(slot.at.tzinfo))):
            found.append(Reminder(slot, what))
    return tuple(found)


def evening(diary: Diary, clock: time | None, now: datetime, quiet: Quiet) -> Mark | None:
    """Return what is noted when the day's worst pain is asked for now, None if it isn't; no `clock`: never."""
    if clock is None or now.time() < clock or (quiet.holds(now) and not quiet.among([clock])) or red_flag(diary):
        return None
    today = now.date()
    if any(pain.when is When.WORST and pain.at.date() == today for pain in diary.pains):
        return None
    if any(mark.what is Marked.EVENING and mark.slot.startswith(f"{today}T") for mark in diary.marks):
        return None
    return Mark(at=now, slot=f"{today}T{clock:%H:%M}", what=Marked.EVENING)


def _about(slot: Slot, marks: Sequence[Mark], now: datetime) -> Marked | None:
    if slot.status is not Status.DUE or slot.session is not None or now.timestamp() < slot.at.timestamp():
        return None
    said = [mark.at for mark in marks if mark.what in (Marked.REMINDED, Marked.NAGGED)]
    snoozed = [mark.at for mark in marks if mark.what is Marked.SNOOZED]
    if not said or (snoozed and max(snoozed) >= max(said)):
        return Marked.REMINDED  # a snooze is the person's own wish to hear of it again
    nagged = any(mark.what is Marked.NAGGED for mark in marks)
    return Marked.NAGGED if not nagged and now >= min(said) + NAG_AFTER else None
