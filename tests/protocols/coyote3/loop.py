"""A small reference box for coyote3 with a bad radio, one driver and the real Guard, all on one virtual clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from random import Random

from estim.core.session.guard import Cap, Limits, Request, permit
from protocols.coyote3.family import FAMILY
from protocols.coyote3.packets import B0, BF, CAPS, FRAME, IN, LIMITS, OUT, TOLD
from protocols.coyote3.packets import B1 as Told
from protocols.score import Part, Score, Steady
from protocols.vocabulary import (
    UNFED_MAX_S,
    AirError,
    Channel,
    Event,
    Hand,
    Level,
    Mode,
    Read,
    Reported,
    Wanted,
    Write,
    Zero,
)

A = Channel.A
B = Channel.B
SCORE = Score((Part("all", 0, 600, Steady(100), Steady(152)),))
CEILING = {A: Level(60), B: Level(40)}
GUARD = Limits((Cap("test", CEILING),))


@dataclass
class Weather:
    """Shares of B1 that get lost, doubled or late; `hangs` of writes whose outcome is never told."""

    seed: int = 0
    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    hangs: float = 0.0
    mute: bool = False
    deaf_to_zero: int = 0


@dataclass
class Box:
    """What the document says of strengths, and a record of them: (time, channel, level before, after, by hand)."""

    level: list[int] = field(default_factory=lambda: [35, 40])
    limit: list[int] = field(default_factory=lambda: [200, 200])
    changes: list[tuple[float, int, int, int, bool]] = field(default_factory=list)
    valid_s: list[float] = field(default_factory=list)
    frames: list[tuple[float, B0]] = field(default_factory=list)
    zeroed: bool = False

    def set(self, now_s: float, index: int, level: int, *, by_hand: bool = False) -> None:
        level = max(0, min(200, self.limit[index], level))
        if level != self.level[index]:
            self.changes.append((now_s, index, self.level[index], level, by_hand))
            self.level[index] = level

    def frame(self, now_s: float, frame: B0, *, deaf: bool) -> None:
        self.frames.append((now_s, frame))
        steps = (frame.mode_a, frame.strength_a), (frame.mode_b, frame.strength_b)
        for index, (mode, value) in enumerate(steps):
            before = self.level[index]
            if not (deaf and mode == 3):
                self.set(now_s, index, (before, before + value, before - value, value)[mode])
        self.zeroed = self.zeroed or self.level == [0, 0]
        blocks = (frame.period_a, frame.intensity_a), (frame.period_b, frame.intensity_b)
        for periods, intensities in blocks:
            if all(10 <= period <= 240 for period in periods) and max(intensities) <= 100:
                assert self.zeroed, "a valid block before the box was ever at zero"
                assert self.limit != [200, 200], "a valid block before the limits"
                self.valid_s.append(now_s)


class Rig:
    """Driver, radio and box on one virtual clock; one pass after every input, as the host makes it."""

    def __init__(self, weather: Weather | None = None, *, start_s: float = 0.0) -> None:
        self.weather = weather or Weather()
        self.random = Random(self.weather.seed)
        self.box = Box()
        self.driver = FAMILY.connect(start_s, "")
        self.now_s = start_s
        self.request = Request(Mode.READY, {}, 1.0, 0.0, 0.0)
        self.events: list[Hand] = []
        self.granted: list[tuple[float, int, int]] = []
        self.writes: list[tuple[float, Write]] = []
        self.reads: list[float] = []
        self.read_fails = False
        self.stop = 0
        self.after_gap: Request | None = None
        self._held: Mapping[Channel, Level] = {}
        self._heap: list[tuple[float, int, str, tuple[int, bytes]]] = []
        self._number = count()
        self._wire_s = self._told_s = start_s
        self._waiting: dict[int, float] = {}

    def reported(self) -> Reported:
        return self.driver.reported(self.now_s)

    def play(self, a: int, b: int, *, end_s: float = 500.0) -> None:
        self.request = Request(Mode.PLAY, {A: Level(a), B: Level(b)}, 1.0, self.request.started_s or self.now_s, end_s)
        self.step()

    def ask(self, mode: Mode) -> None:
        self.stop += mode is Mode.OFF
        self.after_gap = None
        self.request = Request(mode, {}, 1.0, 0.0, 0.0, halted="test")
        self.step()

    def wheel(self, index: int, by: int) -> None:
        self.box.set(self.now_s, index, self.box.level[index] + by, by_hand=True)
        self._say(0)

    def run(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while True:
            due_s = min(self.driver.due_s, self._heap[0][0] if self._heap else end_s)
            if due_s >= end_s:
                self.now_s = end_s
                return
            self.now_s = max(self.now_s, due_s)
            while self._heap and self._heap[0][0] <= self.now_s:
                self._arrive(*heappop(self._heap)[2:])
            self.step()

    def step(self) -> None:
        reported = self.reported()
        self._interrupted(reported)
        request = replace(self.request, held=self._held)
        granted = self._held = permit(self.now_s, request, reported, self.driver.caps, GUARD).level
        self.granted.append((self.now_s, granted[A], granted[B]))
        end_s = self.request.end_s
        asked = Wanted(self.request.mode, granted, CEILING, SCORE, self.request.started_s, end_s, stop=self.stop)
        self.driver.want(self.now_s, asked)
        for op in self.driver.poll(self.now_s):
            if isinstance(op, Write):
                self._send(op)
            else:
                assert isinstance(op, Read)
                self.reads.append(self.now_s)
                self._later(0.03, "fail" if self.read_fails else "read", op.tag, b"\x50")
        assert self.driver.due_s > self.now_s, "a livelock"
        if reported.zero is Zero.CONFIRMED and not self.weather.doubled:
            assert self.box.level == [0, 0] or bool(self.events)

    def _interrupted(self, reported: Reported) -> None:
        """Do as the session does when it was unfed: zero first, with a number of its own, and then it plays again."""
        if self.request.mode is Mode.PLAY and self.now_s - (reported.fed_s or self.now_s) > UNFED_MAX_S:
            self.after_gap = self.request
            self.request = Request(Mode.OFF, {}, 1.0, 0.0, 0.0, halted="unfed")
            self.stop += 1
        elif self.after_gap is not None and reported.zero is Zero.CONFIRMED and reported.stop == self.stop:
            self.request = self.after_gap
            self.after_gap = None

    def _send(self, op: Write) -> None:
        assert op.endpoint == IN
        self.writes.append((self.now_s, op))
        if not op.urgent:
            self._waiting = {tag: since_s for tag, since_s in self._waiting.items() if self.now_s < since_s + 0.5}
            assert not self._waiting, "two commands at once"
            self._waiting[op.tag] = self.now_s
            if self.random.random() >= self.weather.hangs:
                self._later(self.random.uniform(0.0005, 0.005), "done", op.tag, b"")
        # Air keeps order: nothing overtakes what is on its way.
        self._wire_s = max(self._wire_s, self.now_s + self.random.uniform(0.002, 0.06))
        self._later(self._wire_s - self.now_s, "wire", 0, op.data)

    def _later(self, delay_s: float, what: str, tag: int, data: bytes) -> None:
        heappush(self._heap, (self.now_s + delay_s, next(self._number), what, (tag, data)))

    def _say(self, sequence: int) -> None:
        if self.weather.mute or self.random.random() < self.weather.lost:
            return
        self._told_s = max(self._told_s, self.now_s + self.random.uniform(0.01, 0.04))
        delay_s = self._told_s - self.now_s
        if self.random.random() < self.weather.late:  # and out of order, worse than any air
            delay_s = self.random.uniform(0.3, 1.2)
        told = TOLD.build(Told(sequence, *self.box.level))
        self._later(delay_s, "told", 0, told)
        if self.random.random() < self.weather.doubled:
            self._later(delay_s + 0.01, "told", 0, told)

    def _arrive(self, what: str, content: tuple[int, bytes]) -> None:
        tag, data = content
        match what:
            case "wire" if data[:1] == b"\xbf":
                limits: BF = LIMITS.parse(data)
                assert (limits.limit_a, limits.limit_b) == (CEILING[A], CEILING[B])
                self.box.limit = [limits.limit_a, limits.limit_b]
                for index in (0, 1):
                    self.box.set(self.now_s, index, self.box.level[index])
            case "wire":
                frame: B0 = FRAME.parse(data)
                deaf = self.weather.deaf_to_zero > 0
                self.weather.deaf_to_zero -= deaf
                self.box.frame(self.now_s, frame, deaf=deaf)
                if frame.sequence and (frame.mode_a or frame.mode_b):
                    self._say(frame.sequence)
            case "told":
                self._follow(self.driver.receive(self.now_s, OUT, data))
            case "fail":
                self.driver.done(self.now_s, tag, b"", AirError("busy"))
            case _:
                self._waiting.pop(tag, None)
                self.driver.done(self.now_s, tag, data, None)

    def _follow(self, events: list[Event]) -> None:
        """Do with the request what the session does after a hand: lowered is a new goal, raised is adopted."""
        for event in events:
            assert isinstance(event, Hand)
            self.events.append(event)
            if self.request.mode is Mode.PLAY:
                choose = max if event.rose else min
                goal = choose(self.request.level[event.channel], event.level)
                self.request = replace(self.request, level={**self.request.level, event.channel: goal})

    def check(self) -> None:
        """No rise but by a granted step, and never two within the gap."""
        last_s = {0: -1.0, 1: -1.0}
        turned: dict[int, list[tuple[float, int]]] = {0: [], 1: []}
        for now_s, index, before, after, by_hand in self.box.changes:
            if by_hand and after > before:
                turned[index].append((now_s, after - before))
            if after <= before or by_hand:
                continue
            assert after - before <= CAPS.step
            assert now_s - last_s[index] >= CAPS.raise_gap_s - 0.06, "two raises within the gap"
            last_s[index] = now_s
            top = max(grant[1 + index] for grant in self.granted if now_s - 0.2 <= grant[0] <= now_s)
            by_wheel = [rose for at_s, rose in turned[index] if now_s - 0.3 <= at_s]
            assert after <= top + sum(by_wheel), "above what was granted and what a hand has added meanwhile"
