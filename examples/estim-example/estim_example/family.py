"""An invented unit with one channel: `4C level` sets its level 0-50, the same bytes come back, and it must be fed.

1. It falls silent when it hears nothing for two seconds, so a frame goes out each second while it plays.
2. The level is believed from the answers only. Zero is proved by an answer of 0 to a question asked after the stop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import construct
from construct_typed import DataclassMixin, csfield

from protocols.belief import Answer, Belief, Change, How
from protocols.driver import Direction, Driver, Family, Forms
from protocols.layout import Layout, pick
from protocols.score import Playable
from protocols.vocabulary import (
    FRESH_MAX_S,
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
FEED_S = 1.0
ASK_S = 0.3
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


class Example:
    """See protocols.driver.Driver. A frame is a question too: whatever is sent, the answer tells the level."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._belief = Belief(TOP)
        self._key = 0
        self._sent = -1
        self._next_s = now_s
        self._heard_s = -inf
        self._proved = False
        self._bad = 0

    @property
    def caps(self) -> Capabilities:
        return CAPS

    @property
    def due_s(self) -> float:
        return self._next_s

    def want(self, now_s: float, wanted: Wanted) -> None:
        before, self._wanted = self._level(now_s), wanted
        if self._level(now_s) != before or (before == 0 and self._sent > 0):
            self._next_s = now_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        try:
            _, packet = pick(LAYOUTS[Direction.FROM_DEVICE].get(endpoint.name, ()), data)
        except BadPacket:
            self._bad += 1
            return []
        self._heard_s = now_s
        events: list[Event] = []
        if self._belief.awaits(self._key):
            self._belief.answer(now_s, self._key, packet.level)
        elif self._belief.overhear(now_s, packet.level) in (Answer.ROSE, Answer.FELL):
            events.append(Hand(_A, Level(packet.level), rose=packet.level > self._sent))  # a key at the unit
        self._proved = packet.level == 0 and self._sent == 0
        self._next_s = max(self._next_s, now_s + FEED_S) if self._sent == packet.level else now_s
        return events

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        if error is not None:
            self._next_s = min(self._next_s, now_s + ASK_S)
        return []

    def poll(self, now_s: float) -> list[Op]:
        if now_s < self._next_s or self._wanted.mode is Mode.WATCH:
            self._next_s = max(self._next_s, now_s + FEED_S) if self._wanted.mode is Mode.WATCH else self._next_s
            return []
        level = self._level(now_s)
        self._next_s = now_s + ASK_S
        self._key += 1
        self._sent = level
        self._proved = False
        self._belief.write(now_s, Change(How.SET, level), self._key)
        data = LEVEL.build(Strength(level))
        return [Write(self._key, BOX, data, response=True, urgent=level == 0)]

    def reported(self, now_s: float) -> Reported:
        span = self._belief.span
        out = Out.ON if span.lo > 0 else Out.MAYBE if span.hi > 0 else Out.OFF
        zero = Zero.CONFIRMED if self._proved and span.hi == 0 else Zero.SENT if self._sent == 0 else Zero.NO
        return self._report(out, zero, now_s if span.hi == 0 else now_s + SILENT_S)

    def lost(self, now_s: float) -> Reported:
        return self.reported(now_s)

    def _level(self, now_s: float) -> int:
        playing = self._wanted.mode is Mode.PLAY and now_s < self._wanted.end_s
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
            told_s=self._heard_s,
            counts=counts,
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
