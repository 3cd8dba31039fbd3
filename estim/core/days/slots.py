"""The slots of a schedule and what became of each: decided from the rules, the zones, and what was played."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from estim.core.days.diary import Played


class Status(StrEnum):
    """What became of a slot, or may still become of it."""

    UPCOMING = "upcoming"
    """Its window isn't open yet."""
    DUE = "due"
    """Now is a good time."""
    SNOOZED = "snoozed"
    """Due, and put off for some minutes."""
    DONE = "done"
    """A session was played for at least half its length."""
    PART = "part"
    """A session began and was cut short: neither done nor missed."""
    SKIPPED = "skipped"
    """The person said beforehand that it falls away."""
    MISSED = "missed"
    """Its window is over. It is never made up for."""
    OFF = "off"
    """In a pause or a holiday, or no session was allowed when its window closed."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One time of the schedule. `key` is its local time without a zone; `opens` to `closes` is its window."""

    key: str
    at: datetime
    opens: datetime
    closes: datetime
    status: Status
    session: Played | None = None
    why: str = ""
    snoozed_until: datetime | None = None
