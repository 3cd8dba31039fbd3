"""An invented unit with one channel: `4C level` sets its level 0-50, the same bytes come back, and it must be fed.

1. It falls silent when it hears nothing for two seconds, so a frame goes out each ASK_S while it plays. If the air
   takes none for UNFED_MAX_S, the driver begins a stop by itself, and plays again only after the next stop number.
2. The level is believed from the answers only, as of when the frame was sent that is answered.
3. Zero is proved by an answer of 0 to a frame that was sent after this very stop was asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import construct
from construct_typed import DataclassMixin, csfield

from protocols.belief import Answer, Belief, Change, How
from protocols.driver import Driver
from protocols.family import Family
from protocols.layout import Direction, Forms, Layout, pick
from protocols.score import Playable
from protocols.vocabulary import (
    FRESH_MAX_S,
    UNFED_MAX_S,
    Advert,
    AirError,
    BadPacket,
    Can,
    Capabilities,
    Channel,
    Control,
    Endpoint,
    Event,
    Hand,
    Level,
    Match,
    Mode,
    OffBy,
    Op,
    Out,
    Pause,
    Reported,
    Wanted,
    Write,
    Zero,
    ZeroBy,
)

NAME = "example"
TOP = 50
ASK_S = 0.25
IDLE_S = 1.0
LATE_S = 2.5
"""An answer comes within this of its frame, or never; so does the word that a frame went out."""

SILENT_S = 2.0
SERVICE = "6e1a0001-2c5f-4f0e-9d0a-3b7c5a1e9f10"
BOX = Endpoint("box", SERVICE, "6e1a0002-2c5f-4f0e-9d0a-3b7c5a1e9f10", Can.WRITE | Can.NOTIFY)
_A = Channel.A


@dataclass
class Strength(DataclassMixin):
    """A level, 0-50."""

    level: int = csfield(construct.Int8ub)


def _check(packet: Strength) -> None:
    if packet.level > TOP:
        raise BadPacket(f"level: 0-{TOP}, not {packet.level}")


LEVEL = Layout("level", Strength, b"\x4c", check=_check)
LAYOUTS: Forms = {Direction.TO_DEVICE: {BOX.name: (LEVEL,)}, Direction.FROM_DEVICE: {BOX.name: (LEVEL,)}}
CAPS = Capabilities(
    family=NAME,
    channels=(_A,),
    scale=Level(TOP),
    step=1,
    first=Level(1),
    raise_gap_s=0.5,
    ask_s=ASK_S,
    fresh_s=FRESH_MAX_S,
    stale_s=3.0,
    fault_s=10.0,
    stop_s=4.0,
    control=Control.LIVE,
    off_by=OffBy.FEED,
    pause=Pause.HOLD,
    zero_by=ZeroBy.REPORT,
)


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame that went out: the level in it, the stop that it was sent for, and when."""

    tag: int
    level: int
    stop: int
    sent_s: float


class Example:
    """See protocols.driver.Driver. A frame is a question too: whatever is sent, the answer tells the level."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._belief = Belief(TOP)
        self._tag = 0
        self._sent = -1
        self._sent_s = -inf
        self._next_s = now_s
        self._heard_s = self._told_s = -inf
        self._asked: list[_Frame] = []  # those that no answer has come to, oldest first
        self._level_frame: _Frame | None = None  # the one with a level that nobody said of that it went out
        self._proved: int | None = None  # the stop whose zero is proved
        self._fed_s: float | None = None
        self._unfed: int | None = None  # the stop number at which a gap in feeding came
        self._bad = 0

    @property
    def caps(self) -> Capabilities:
        return CAPS

    @property
    def due_s(self) -> float:
        feeds = self._fed_s is not None and self._unfed is None
        return min(self._next_s, self._fed_s + UNFED_MAX_S) if feeds and self._fed_s is not None else self._next_s

    def want(self, now_s: float, wanted: Wanted) -> None:
        anew = wanted.stop != self._wanted.stop
        self._wanted = wanted
        if anew:
            self._proved = None  # whatever proved zero before proves nothing any more
            self._unfed = None
        level = self._level(now_s)
        asks = wanted.rises and now_s >= self._sent_s + ASK_S
        if anew or asks or level != self._sent:
            self._next_s = min(self._next_s, now_s)
        if level == 0 and self._unfed is None:
            self._fed_s = None

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        try:
            _, packet = pick(LAYOUTS[Direction.FROM_DEVICE].get(endpoint.name, ()), data)
        except BadPacket:
            self._bad += 1
            return []
        self._heard_s = now_s
        self._asked = [frame for frame in self._asked if now_s < frame.sent_s + LATE_S]
        if not self._asked:
            if self._belief.overhear(now_s, packet.level) in (Answer.ROSE, Answer.FELL):
                return [Hand(_A, Level(packet.level), rose=packet.level > self._sent)]  # a key at the unit
            return []
        # The bytes carry no number: an answer is taken for the oldest frame's that still waits for one.
        frame = self._asked.pop(0)
        self._told_s = max(self._told_s, frame.sent_s)
        self._belief.answer(now_s, frame.tag, packet.level)
        zeroed = packet.level == frame.level == self._sent == 0 and self._level_frame is None
        if zeroed and frame.stop == self._wanted.stop:
            self._proved = frame.stop
        return []

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        frame = self._level_frame
        if frame is not None and tag == frame.tag:
            self._level_frame = None
            if self._sent == 0:
                # a zero went past it, so it may have come after that
                self._proved = None
                self._next_s = now_s
            elif error is None and self._unfed is None:
                self._fed_s = now_s
        if error is not None:
            self._next_s = min(self._next_s, now_s + ASK_S)
        return []

    def poll(self, now_s: float) -> list[Op]:
        if self._fed_s is not None and self._unfed is None and now_s >= self._fed_s + UNFED_MAX_S:
            self._unfed = self._wanted.stop
            self._next_s = now_s
        if self._level_frame is not None and now_s >= self._level_frame.sent_s + LATE_S:
            self._level_frame = None
            self._proved = None
            self._next_s = now_s
        level = self._level(now_s)
        if now_s < self._next_s:
            return []
        if self._wanted.mode is Mode.WATCH or (level and self._level_frame is not None):
            self._next_s = now_s + ASK_S
            return []
        self._next_s = now_s + (ASK_S if level or self._proved is None else IDLE_S)
        self._tag += 1
        self._sent = level
        self._sent_s = now_s
        frame = _Frame(self._tag, level, self._wanted.stop, now_s)
        self._asked.append(frame)
        if level:
            self._level_frame = frame
            self._proved = None
            self._fed_s = now_s if self._fed_s is None else self._fed_s
        self._belief.write(now_s, Change(How.SET, level), self._tag)
        return [Write(self._tag, BOX, LEVEL.build(Strength(level)), response=True, urgent=level == 0)]

    def reported(self, now_s: float) -> Reported:
        span = self._belief.span
        out = Out.ON if span.lo > 0 else Out.MAYBE if span.hi > 0 else Out.OFF
        proved = self._proved is not None and span.hi == 0
        zero = Zero.CONFIRMED if proved else Zero.SENT if self._sent == 0 else Zero.NO
        return self._report(out, zero, now_s if span.hi == 0 else now_s + SILENT_S)

    def lost(self, now_s: float) -> Reported:
        return self.reported(now_s)

    def _level(self, now_s: float) -> int:
        playing = self._wanted.mode is Mode.PLAY and now_s < self._wanted.end_s and self._unfed is None
        return min(self._wanted.level.get(_A, 0), TOP) if playing else 0

    def _report(self, out: Out, zero: Zero, until_s: float) -> Reported:
        counts: Mapping[str, int] = {"bad": self._bad}
        return Reported(
            ready=zero is Zero.CONFIRMED or self._wanted.mode is Mode.PLAY,
            closable=True,
            level={_A: self._belief.span},
            settled_s={_A: self._belief.settled_s},
            ceiling={_A: CAPS.scale},
            out=out,
            zero=zero,
            until_s=until_s,
            heard_s=self._heard_s,
            told_s=self._told_s,
            counts=counts,
            stop=self._wanted.stop,
            fed_s=self._fed_s,
        )


def match(advert: Advert) -> Match:
    """Say whether an advert is one of the unit's."""
    return Match.YES if SERVICE in advert.services else Match.NO


def _connect(now_s: float, _profile: str) -> Driver:
    return Example(now_s)


FAMILY = Family(
    name=NAME,
    title="Example unit",
    caps=CAPS,
    endpoints=(BOX,),
    subscribe=(BOX,),
    layouts=LAYOUTS,
    match=match,
    connect=_connect,
    by_hand="there is no such unit",
    evidence="invented",
    playable=Playable(rate_hz=(100.0, 100.0), width_us=(100.0, 100.0)),
)
