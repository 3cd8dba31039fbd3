"""What may be asked from anywhere, also from afar: commands that lower or end an output, and entries for the diary.

Nothing in this file, nor in what it imports, can start, arm, resume or raise: whoever takes commands from a network
imports this one and not `commands`, and a contract holds that (pyproject.toml).
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.vocabulary import Channel

Name = Annotated[str, Meta(min_length=1, max_length=64)]


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """The root of all commands. `unit` names one unit; None means the only one there is (for stops: all).

    `number` comes back in the answer, so that who asks several things at once can tell which answer is which.
    """

    number: Annotated[int, Meta(ge=0)] = 0


class Pause(Command, tag="pause", frozen=True):
    """Zero at once, keep the time that is left."""

    unit: Name | None = None


class Stop(Command, tag="stop", frozen=True, kw_only=True):
    """Zero and end. `soft` ramps down in two seconds first; `reason` says who stopped.

    `seen_off`: a person has looked, and a unit that can't be reached is off: it is searched for no longer.
    """

    unit: Name | None = None
    soft: bool = False
    reason: Literal["stopped", "panic", "interrupted"] = "stopped"
    seen_off: bool = False


class Disconnect(Command, tag="disconnect", frozen=True):
    """Stop, and answer when the links of what was stopped are given back too, so that another program can connect."""

    unit: Name | None = None


class Lower(Struct, frozen=True, kw_only=True):
    """Move the goal down by `steps` of the unit's own scale, on one channel or (None) on all."""

    steps: Annotated[int, Meta(ge=1, le=1000)] = 1
    channel: Channel | None = None
    unit: Name | None = None


class EnterPain(Struct, frozen=True):
    """How much it hurts now, 0 (not at all) to 10."""

    score: Annotated[int, Meta(ge=0, le=10)]


class Snooze(Struct, frozen=True):
    """Remind later of the slot that is due."""


class SetReminders(Struct, frozen=True):
    """Remind, or don't, until the next change."""

    on: bool


Lowering = Stop | Pause | Lower | EnterPain | Snooze | SetReminders
