"""The slots of a schedule and what became of each: decided from the rules, the zones, and what was played."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from estim.core.days.diary import Played
from estim.core.days.legs import leg_of

DONE_SHARE = 0.5
"""A slot is done by more than this share of its minutes: those that the session's program usually lasted then."""


def whole(session: Played, now: datetime | None = None) -> bool:
    """Say whether a session was most of what its slot asks for, however short it was ordered.

    With `now` one that is still being played counts as far as it has come; without it, to where it can come.
    """
    put_out_s = session.output_s if now is None else so_far_s(session, now)
    return put_out_s > DONE_SHARE * slot_s(session)


def so_far_s(session: Played, now: datetime) -> float:
    """Return how long a session has put out: of one that is being played, no longer than since its start."""
    if session.ended is not None or now >= session.delivered_until:
        return session.output_s
    return min(session.output_s, max(0.0, now.timestamp() - session.at.timestamp()))


def slot_s(session: Played) -> float:
    """Return how long the slot of a session is; of one from before that was kept, what it was ordered for."""
    return session.length_s if session.usual_s is None else session.usual_s


class Status(StrEnum):
    """What became of a slot, or may still become of it."""

    UPCOMING = "upcoming"
    """Its window isn't open yet."""
    DUE = "due"
    """Now is a good time."""
    SNOOZED = "snoozed"
    """Due, and put off for some minutes."""
    DONE = "done"
    """A session was played for most of the slot's minutes."""
    PART = "part"
    """A session began and was cut short: neither done nor missed."""
    SKIPPED = "skipped"
    """The person said beforehand that it falls away."""
    MISSED = "missed"
    """Its window is over. It is never made up for."""
    OFF = "off"
    """In a pause or a holiday, or no session was allowed then: before a run, under a flag, by the skin, an answer."""


class Slot(Struct, frozen=True):
    """One time of the schedule. `key` is its local time without a zone; `opens` to `closes` is its window.

    `session` is the one that served it, `also` what was played on the other leg at the same slot.
    """

    key: str
    at: datetime
    opens: datetime
    closes: datetime
    status: Status
    session: Played | None = None
    why: str = ""
    snoozed_until: datetime | None = None
    also: tuple[Played, ...] = ()

    @property
    def legs(self) -> Mapping[str, Status]:
        """Return what was played of it on each leg; "" is the one of which nobody said it."""
        if self.session is None or self.status not in (Status.DONE, Status.PART):
            return {}
        played = (self.session, *self.also)
        return {leg_of(one.sites): Status.DONE if whole(one) else Status.PART for one in played}
