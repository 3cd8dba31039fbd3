"""The language between host and front ends: Commands go in; Answers, Snapshots (shown) and Happenings come out.

All values are frozen and serialise to JSON; a Snapshot carries the age of every figure that came from the unit.
On the socket each is one JSON line, told apart by its first field: `do`, `answer`, `show` or `event`.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from estim.core.days.dose import Gate
from estim.core.messages.lowering import Command, Disconnect, Name, Pause, Stop
from estim.core.messages.shown import Snapshot
from protocols.vocabulary import Channel

LINE_MAX = 64 * 1024
"""Longest JSON line on the socket, bytes; a longer one is refused."""

ProgramName = Annotated[str, Meta(min_length=1, max_length=4096)]
"""An id, or the absolute path of a file."""
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Steps = Annotated[int, Meta(ge=-1000, le=1000)]
LevelIn = Annotated[int, Meta(ge=0, le=10_000)]


# --- Commands: what a front end may ask for ---------------------------------------------------------------------


class Start(Command, tag="start", frozen=True, kw_only=True):
    """Play a program. `pads_on` is the arming act; without it the session waits, armed by Arm, for five minutes.

    `level` is the goal on the unit's own scale, per channel; a channel that isn't named stays at 0. `keep` lets the
    session live on when this front end vanishes; `wait_after_loss` pauses for a key after a lost link came back,
    instead of ending. `override` holds the gates that the user typed in full. `site` is one of the program's sites,
    None: all of them. `unasked`: nobody sits there who could answer a question, so open ones are told and kept
    instead of refusing. `typed_s` is when a person asked for it, seconds since the computer's start: a stop that was
    typed later goes first, whichever of them arrives first.
    """

    program: ProgramName
    unit: Name | None = None
    minutes: Annotated[float, Meta(gt=0, le=1440)] | None = None
    level: dict[Channel, LevelIn] = field(default_factory=dict)
    ramp_s: Seconds | None = None
    pads_on: bool = False
    override: tuple[Gate, ...] = ()
    site: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    unasked: bool = False
    keep: bool = False
    wait_after_loss: bool = False
    typed_s: Annotated[float, Meta(ge=0)] | None = None


class Arm(Command, tag="arm", frozen=True):
    """The pads are on the skin and the person is ready: output may begin now."""

    unit: Name | None = None


class SetLevel(Command, tag="level", frozen=True, kw_only=True):
    """Move the goal of one channel: `by` steps, or `to` an absolute level (exactly one of them)."""

    channel: Channel
    by: Steps | None = None
    to: LevelIn | None = None
    unit: Name | None = None

    @property
    def only_lowers(self) -> bool:
        """Say whether it can't raise, wherever the level is."""
        return self.to == 0 or (self.to is None and self.by is not None and self.by < 0)


class Resume(Command, tag="resume", frozen=True):
    """Ramp up again from zero to the last goal."""

    unit: Name | None = None


class Acknowledge(Command, tag="quiet", frozen=True):
    """Acknowledge an alarm, which is latched until then; `alarm` is its number."""

    alarm: int


class Watch(Command, tag="watch", frozen=True):
    """Send Snapshots (at most every `every_s`) and Happenings from now on."""

    every_s: Annotated[float, Meta(ge=0.05, le=60)] = 0.25


class Status(Command, tag="status", frozen=True):
    """Answer with one Overview."""


class Scan(Command, tag="scan", frozen=True):
    """Look for units for `seconds`, and answer with one Found."""

    seconds: Annotated[float, Meta(gt=0, le=60)] = 5.0


class Touch(Command, tag="touch", frozen=True, kw_only=True):
    """Do something to a software unit, or to its air, as a person or the world would: refused where a unit is real.

    A wheel or key turned (`A+`), pads off and on, the unit off and on, its battery low; `cut`: the link is lost for a
    while; `deaf`: the unit ignores whatever it is told, stops too, until `hears`.
    """

    act: Literal[
        "A+", "A-", "B+", "B-", "pads-off", "pads-on", "power-off", "power-on", "low-battery", "cut", "deaf", "hears"
    ]
    address: Annotated[str, Meta(max_length=64)] | None = None


Ask = Start | Touch | Arm | SetLevel | Pause | Resume | Stop | Disconnect | Acknowledge | Watch | Status | Scan


# --- Answers: exactly one for each command ---------------------------------------------------------------------


class Answer(Struct, frozen=True, kw_only=True, tag_field="answer", omit_defaults=False):
    """The root of all answers; `to` is the number of the command that is answered."""

    to: int = 0


class Done(Answer, tag="done", frozen=True):
    """It was done; `text` says what in one sentence. After a Start, `unit` names the unit that was chosen.

    `proved`, after a Stop: every unit that was or may have been on has proved zero.
    """

    text: str = ""
    unit: str | None = None
    proved: bool = False


class Refusal(Answer, tag="refused", frozen=True, kw_only=True):
    """It was refused and changed nothing. `code` is the exit code of the command line, `text` says what to do."""

    code: int
    text: str
    nearest: tuple[str, ...] = ()


class Overview(Answer, tag="overview", frozen=True, kw_only=True):
    """Everything the host knows now. `simulate`: what was asked for where its units are software, as it was typed."""

    pid: int
    simulated: bool
    units: tuple[Snapshot, ...]
    simulate: str = ""


class Sighting(Struct, frozen=True, kw_only=True):
    """One unit on the air. `sure` is false where only its services or the pinned address speak for it."""

    address: str
    name: str
    family: str
    sure: bool
    known_as: str | None = None
    rssi_dbm: int | None = None


class Found(Answer, tag="found", frozen=True):
    """What a scan saw."""

    units: tuple[Sighting, ...]


Reply = Done | Refusal | Overview | Found
