"""Knows which events a calendar was given, so that a changed schedule moves or cancels those and adds no second ones.

1. A calendar takes an event with a UID that it has for the same one, if its SEQUENCE is higher; an event that is simply
   no longer in a file stays in it for ever. So what was told has to be remembered, and a time that is gone has to be
   told once more, as cancelled.
2. The memory is a file of the state folder (calendar.json): it is what estim remembers by itself, nothing that a person
   wrote, so it isn't the journal's, and an export of the diary doesn't carry it to another home, where its UIDs would
   be somebody else's events. The journal's own history of rules doesn't serve: it doesn't say what was ever exported.
3. `revised` is pure: the old memory and the new schedule give the new memory, and that is all that a calendar says.
4. UIDs come from a random number that a home draws once and a count: no two homes share one, and none says anything.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import product
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import msgspec
from msgspec import Struct

from estim.config.files import read_small, write_whole
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.core.values import replace

CANCELLED_KEPT = timedelta(days=366)
"""So long a cancelled event is told again with every export: a calendar that is fed rarely hears of it too."""


class Form(StrEnum):
    """What a time becomes in a calendar: an event, or something to do."""

    EVENT = "VEVENT"
    TASK = "VTODO"


class Planned(Struct, frozen=True, kw_only=True):
    """One time of the day as the schedule has it now; `first` and `off` are local times of `zone` (None: floating).

    `rule` is an RFC 5545 rule without times of the day, `off` what it names and a holiday or pause leaves out.
    """

    first: datetime
    zone: str | None
    rule: str
    off: tuple[datetime, ...]
    length_s: int
    summary: str
    lead_min: int

    @property
    def clock_min(self) -> int:
        """Return the time of the day, in minutes after midnight."""
        return 60 * self.first.hour + self.first.minute

    @property
    def likeness(self) -> tuple[object, ...]:
        """Return what makes it the same time of a changed schedule: its time of the day, and on which days it is."""
        days = [part for part in self.rule.split(";") if not part.startswith(("UNTIL=", "COUNT="))]
        return self.first.time(), tuple(days)


class KnownEvent(Struct, frozen=True, kw_only=True):
    """One event as it was told last; `stamp` is when it became so."""

    uid: str
    form: Form
    planned: Planned
    sequence: int
    stamp: datetime
    cancelled: bool = False


class Known(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that calendars were told; `home` is the random number, `drawn` how many UIDs came of it."""

    schema: int = 1
    home: UUID
    drawn: int = 0
    events: tuple[KnownEvent, ...] = ()

    def of(self, form: Form) -> tuple[KnownEvent, ...]:
        """Return the events of one form."""
        return tuple(event for event in self.events if event.form is form)


def revised(known: Known, form: Form, planned: Sequence[Planned], now: datetime) -> Known:
    """Return what a calendar is told now that the schedule has these times.

    A time that was told before is the same event. One that wasn't takes the place of one that is gone, the nearest in
    the day first: that event moves. What is left over is new, or cancelled.
    """
    mine = list(known.of(form))
    others = [event for event in known.events if event.form is not form]
    found: dict[int, KnownEvent] = {}
    for number, plan in enumerate(planned):
        same = [event for event in mine if event.planned.likeness == plan.likeness]
        if same:
            found[number] = min(same, key=lambda event: event.cancelled)
            mine.remove(found[number])
    gone = [event for event in mine if not event.cancelled]
    fresh = [number for number in range(len(planned)) if number not in found]
    pairs = sorted(product(fresh, gone), key=lambda pair: abs(planned[pair[0]].clock_min - pair[1].planned.clock_min))
    for number, event in pairs:
        if number not in found and event in mine:
            found[number] = event
            mine.remove(event)
    told: list[KnownEvent] = []
    drawn = known.drawn
    for number, plan in enumerate(planned):
        if number in found:
            told.append(_changed(found[number], plan, now))
        else:
            uid = str(uuid5(known.home, str(drawn)))
            drawn += 1
            told.append(KnownEvent(uid=uid, form=form, planned=plan, sequence=0, stamp=now))
    ended = [_cancelled(event, now) for event in mine]
    kept = [event for event in ended if now - event.stamp < CANCELLED_KEPT]
    return replace(known, drawn=drawn, events=(*others, *told, *kept))


def _changed(event: KnownEvent, plan: Planned, now: datetime) -> KnownEvent:
    if event.planned == plan and not event.cancelled:
        return event
    return replace(event, planned=plan, sequence=event.sequence + 1, stamp=now, cancelled=False)


def _cancelled(event: KnownEvent, now: datetime) -> KnownEvent:
    if event.cancelled:
        return event
    return replace(event, sequence=event.sequence + 1, stamp=now, cancelled=True)


def nothing_known() -> Known:
    """Return the memory of a home that has never exported a calendar: with a random number of its own."""
    return Known(home=uuid4())


def read_known(file: Path) -> Known:
    """Return what a file remembers; raises EstimError (78) if it can't be read, rather than forget what was told."""
    try:
        return msgspec.json.decode(read_small(file), type=Known)
    except FileNotFoundError:
        return nothing_known()
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise EstimError(
            tr(
                "{file} can't be read ({why}): it says which events your calendar has. Put it right or remove it; then "
                "the next export makes new events, and the old ones have to be deleted by hand",
                file=file,
                why=error,
            ),
            code=Exit.CONFIG,
        ) from error


def write_known(file: Path, known: Known) -> None:
    """Keep what was told; raises EstimError (73)."""
    write_whole(file, msgspec.json.format(msgspec.json.encode(known), indent=1))


def moment_of_telling(now: datetime) -> datetime:
    """Return a moment as a calendar says it: in UTC, to the second."""
    return now.astimezone(UTC).replace(microsecond=0)
