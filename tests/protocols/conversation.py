"""Plays the conversations of the golden files with a driver: one harness, and what really differs in a family.

A step says at which second (`at`) the unit is heard (`hear`) or an op gets its outcome (`reply`), what is wanted from
then on (`want`, `level`, `ceiling`, `end`), and all that the driver then sends (`out`: "!" before what is urgent,
"read" before a reading), tells (`events`) and reports (`report`). What a step doesn't name stays as it was.
A reply names its op by endpoint or by what was written, then a value ("9B01=E803") or an error ("9B41 error 13").
`fed`: until then it goes on as it was, and each op gets its outcome at once; `reads`: from then on a reading ends that.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, assert_never

from protocols.driver import Driver
from protocols.registry import family
from protocols.score import Burst, Envelope, Part, Score, Steady
from protocols.vocabulary import (
    AirError,
    Channel,
    Close,
    Contact,
    Ended,
    Endpoint,
    Event,
    Hand,
    Level,
    LowBattery,
    Mode,
    Op,
    Read,
    Refused,
    Wanted,
    Write,
)
from tests.packets import golden

Step = dict[str, Any]

MD5 = "93f247fcb97cf257d8b3343488510eb6"
"""Of the script that all conversations of bluetens play."""


def bare(op: Write) -> str:
    """Spell a write of a family that writes to one endpoint."""
    return op.data.hex().upper()


def text(op: Write) -> str:
    """Spell a write of a family whose packets are text, by requests only."""
    assert op.response, "a safe driver never writes without response"
    assert len(op.data) <= 20
    return op.data.decode()


def named(op: Write) -> str:
    """Spell a command to one of several endpoints."""
    assert not op.response
    return f"{op.endpoint.name} {bare(op)}"


def asked(op: Write) -> str:
    """Spell a write to one of several endpoints: "=" for a command, "?" for a request."""
    return f"{op.endpoint.name}{'?' if op.response else '='}{bare(op)}"


def line(words: str) -> bytes:
    """Return what a bluetens says: "<idle>", "<off>" and "<LEVEL at SECOND>" are its states."""
    words = words.replace("<idle>", f"tick=0,lmd5={'0' * 32},str=0\r\n").replace(
        "<off>", f"tick=0,lmd5={MD5},str=0\r\n"
    )
    for level in range(1, 10):
        for tick in range(7):
            words = words.replace(f"<{level} at {tick}>", f"tick={tick},lmd5={MD5},str={level}\r\n")
    return words.encode()


def never(_op: Op) -> bool:
    """Nobody waits: each op gets its outcome as it goes out."""
    return False


def a_reading(op: Op) -> bool:
    """Only a reading waits for its value."""
    return isinstance(op, Read)


def a_request(op: Op) -> bool:
    """A request waits, and a command that isn't urgent."""
    return isinstance(op, Read) or (isinstance(op, Write) and (op.response or not op.urgent))


@dataclass(frozen=True, slots=True)
class Manner:
    """What differs in a family's conversations.

    `spell` writes a write down, `hear` makes bytes of what is heard. `waits` says which ops wait for a step's reply.
    Where `at_once`, what follows from an outcome goes out in the same step. `origin_s` is where the score begins (None:
    where it is first played). `starts` are the conversations, and how many of their steps, that come before one that
    says so.
    """

    spell: Callable[[Write], str]
    waits: Callable[[Op], bool]
    at_once: bool
    rate_hz: float
    width_us: float
    ceiling: int | None
    origin_s: float | None = 0.0
    end_s: float = 60.0
    length_s: float = 60.0
    hear: Callable[[str], bytes] = bytes.fromhex
    starts: dict[str, tuple[int, int]] = field(default_factory=lambda: {"begin": (0, 99)})


MANNERS = {
    "bluetens": Manner(text, never, True, 100, 200, 20, 0.0, 1200.0, 1200, line, {"begin": (1, 99), "plays": (2, 4)}),
    "coyote2": Manner(named, a_reading, True, 100, 100, 700, 10.0, 70.0, 600),
    "coyote3": Manner(bare, a_reading, False, 100, 152, None, 10.0, 70.0, 60, starts={"begin": (0, 3)}),
    "em70": Manner(bare, never, False, 100, 200, 10, starts={"begin": (0, 3)}),
    "openemsstim": Manner(text, a_request, False, 100, 200, 100, 8.0, 3600.0, 3600, starts={"begin": (0, 6)}),
    "yokonex": Manner(bare, never, True, 80, 90.5, 276, 0.0, 600.0, 600),
    "zc95": Manner(asked, a_request, False, 100.5, 120.9, 300, None),
}


class Talk:
    """One conversation with a driver."""

    def __init__(self, name: str, entry: dict[str, Any]) -> None:
        self.family = family(name)
        self.manner = MANNERS[name]
        self.score = score_of(entry, self.manner)
        self.driver: Driver = self.family.connect(0.0, entry.get("profile", ""))
        channels = self.family.caps.channels
        top = self.manner.ceiling
        ceiling = {} if top is None else dict.fromkeys(channels, Level(top))
        end_s = entry.get("end", self.manner.end_s)
        self.wanted = Wanted(Mode.WATCH, {}, ceiling, self.score, self.manner.origin_s or 0.0, end_s)
        self._open: list[Read | Write] = []
        self._leaves: bool = entry.get("leaves", True)
        self._value = b""
        self._now_s = 0.0
        for start, (number, steps) in self.manner.starts.items():
            for step in golden(name)["conversation"][number]["steps"][:steps] if entry.get(start) else ():
                self.take(step)

    def take(self, step: Step) -> tuple[list[str], list[str]]:
        """Take a step; return what the driver sent and what it told."""
        now_s: float = step["at"]
        events: list[Event] = []
        if step.get("fed"):
            reading = self._feed(now_s, step.get("reads", now_s), events)
            if reading:
                return [reading], [told(event) for event in events]
        self._now_s = now_s
        for words in step.get("hear", []):
            where, _, value = words.rpartition("=") if self.manner.spell is asked else ("", "", words)
            events += self.driver.receive(now_s, self._endpoint(where), self.manner.hear(value))
        out: list[str] = []
        replies = step.get("reply", [])
        for number, words in enumerate(replies):
            if number:
                out += self._poll(now_s, events)
            self._reply(now_s, words, events)
        self._want(step)
        for _ in range(2 if replies else 1):  # one for the last reply, and one for the step
            out += self._poll(now_s, events)
        return out, [told(event) for event in events]

    def reports(self, now_s: float) -> dict[str, object]:
        """Return what the driver reports, in the words of the golden files."""
        now = self.driver.reported(now_s)
        return {
            **{channel.value: [span.lo, span.hi] for channel, span in now.level.items()},
            "ready": now.ready,
            "closable": now.closable,
            "zero": now.zero.value,
            "output": now.out.value,
            "battery": now.battery or 0,
            "left": now.left_s,
            "trouble": now.trouble,
            "ceiling": now.ceiling.get(Channel.A),
        }

    def _endpoint(self, name: str) -> Endpoint:
        """Return an endpoint by its name, or the first one that is listened to."""
        return next(at for at in (*self.family.subscribe, *self.family.endpoints) if name in ("", at.name))

    def _feed(self, until_s: float, reads_s: float, events: list[Event]) -> str:
        """Let it go on as it was; return the reading that is left to the next step, if one is."""
        while self.driver.due_s < until_s:
            self._now_s = max(self._now_s, self.driver.due_s)
            for op in self.driver.poll(self._now_s):
                if isinstance(op, Read) and self._now_s >= reads_s:
                    self._open.append(op)
                    return said(op, self.manner.spell)
                assert not isinstance(op, Close)
                value = self._value if isinstance(op, Read) else b""
                events += self.driver.done(self._now_s, op.tag, value, None)
        return ""

    def _want(self, step: Step) -> None:
        """Say what is wanted, new or as before; another mode without a level wants the same level."""
        given = self.wanted
        mode = Mode(step.get("want", given.mode.value))
        channels = self.family.caps.channels
        level, ceiling = (
            dict(zip(channels, map(Level, step[key]), strict=False)) if key in step else kept
            for key, kept in (("level", given.level), ("ceiling", given.ceiling))
        )
        begins = self.manner.origin_s is None and mode is Mode.PLAY and given.mode is not mode
        origin_s = step["at"] if begins else given.origin_s
        self.wanted = Wanted(mode, level, ceiling, self.score, origin_s, step.get("end", given.end_s))
        self.driver.want(step["at"], self.wanted)

    def _reply(self, now_s: float, words: str, events: list[Event]) -> None:
        """Tell the outcome of an op that waits: of the oldest one of that name."""
        words, failed, code = words.partition(" error")
        name, _, value = words.partition("=")
        spell = self.manner.spell
        op = next(op for op in self._open if name in (op.endpoint.name, said(op, spell).lstrip("!")))
        self._open.remove(op)
        self._value = bytes.fromhex(value)
        error = AirError("refused", code=int(code, 16) if code else None) if failed else None
        events += self.driver.done(now_s, op.tag, self._value, error)

    def _poll(self, now_s: float, events: list[Event]) -> list[str]:
        """Return all that goes out; what nobody waits for has its outcome in the same moment."""
        out: list[str] = []
        while ops := self.driver.poll(now_s):
            assert self.driver.due_s > now_s
            assert len(out) < 20, "a livelock"
            for op in ops:
                out.append(said(op, self.manner.spell))
                if isinstance(op, Close):
                    continue
                if self.manner.waits(op):
                    self._open.append(op)
                elif self._leaves:
                    events += self.driver.done(now_s, op.tag, b"", None)
            if not self.manner.at_once:
                break
        return out


def score_of(entry: dict[str, Any], manner: Manner) -> Score:
    """Return the score of a conversation: one part, with what the entry names."""
    shapes: dict[str, Callable[..., Any]] = {"burst": Burst, "envelope": Envelope}
    shape = {name: kind(*entry[name]) for name, kind in shapes.items() if name in entry}
    rate = Steady(entry.get("rate", manner.rate_hz))
    width = Steady(entry.get("width", manner.width_us))
    return Score((partial(Part, "all", 0, manner.length_s, rate, width)(**shape),), number=entry.get("number"))


def said(op: Op, spell: Callable[[Write], str]) -> str:
    """Write an op down."""
    match op:
        case Write():
            return ("!" if op.urgent else "") + spell(op)
        case Read():
            return f"read {op.endpoint.name}"
        case Close():
            return "close"


def told(event: Event) -> str:
    """Write an event down."""
    match event:
        case Hand(channel, level, rose):
            return f"hand {channel.value} {level} {'rose' if rose else 'fell'}"
        case Ended(why):
            return f"ended: {why}"
        case Contact(channel, ok):
            return f"contact {channel.value} {'found' if ok else 'lost'}"
        case LowBattery():
            return "low battery"
        case Refused(why):
            return f"refused: {why}"
        case _:
            assert_never(event)
