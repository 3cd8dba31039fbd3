"""Plays the em70 driver against a small box of its own over a bad air: levels, slope, ladder, proof, link loss."""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.core.guard import Limits, Plea, family_cap, permit
from protocols.em70 import CAPS, CONTROL, FAMILY, frame, unframe
from protocols.score import Part, Score, Steady
from protocols.vocabulary import (
    AirError,
    Channel,
    Ended,
    Event,
    Level,
    Mode,
    Op,
    Out,
    Refused,
    Reported,
    Span,
    Wanted,
    Write,
    Zero,
)

A = Channel.A
UP, DOWN, ZERO, SELECT, ASK, OFF = (
    frame(bytes.fromhex(body)) for body in ("0100", "0200", "0300", "0409", "0700", "0d00")
)
SCORE = Score((Part("all", 0, 1200, Steady(100), Steady(200)),), number=9)
LIMITS = Limits((family_cap(CAPS),))


@dataclass(slots=True)
class Box:
    """A unit after the fact sheet: what it was told, in order, and its level."""

    level: int = 0
    program: int = 9
    stops_ignored: int = 0
    downs_ignored: int = 0
    takes_program: bool = True
    switches_off: bool = True
    on: bool = True
    left_s: int = 1800
    heard: list[tuple[float, bytes]] = field(default_factory=list)

    def write(self, now_s: float, data: bytes) -> bytes | None:
        """Obey, and return the notification, if there is one."""
        self.heard.append((now_s, data))
        code, value = unframe(data)
        if code == 0x01:
            self.level = min(15, self.level + 1)
        elif code == 0x02 and self.level and self.downs_ignored:
            self.downs_ignored -= 1
        elif code == 0x02:
            self.level = max(0, self.level - 1)
        elif code == 0x03 and self.level and self.stops_ignored:
            self.stops_ignored -= 1
        elif code == 0x03:
            self.level = value
        elif code == 0x04 and self.takes_program:
            self.program, self.level = value, 0
        elif code == 0x07:
            minutes, seconds = divmod(self.left_s, 60)
            return frame(bytes((7, 1, self.program, 1, self.level, minutes, 60, seconds, 0)))
        elif code == 0x0D and self.switches_off:
            self.on, self.level = False, 0
        return frame(bytes((code, self.level))) if code in (0x01, 0x02) else None


class Loop:
    """Driver, Guard and box on a virtual clock. The air loses, doubles and delays what the box says."""

    def __init__(
        self, box: Box, *, lost: float = 0.0, doubled: float = 0.0, late_s: float = 0.0, seed: int = 0
    ) -> None:
        self.box, self.lost, self.doubled, self.late_s = box, lost, doubled, late_s
        self.chance = Random(seed)
        self.now_s = 0.0
        self.driver = FAMILY.connect(0.0, "")
        self.mode, self.wish = Mode.READY, 0
        self.events: list[Event] = []
        self.ops: list[tuple[float, Write]] = []
        self.ups: list[tuple[float, int, int]] = []
        self.wishes: list[tuple[float, int]] = []
        self.proofs: list[tuple[float, int]] = []
        self._waiting: set[int] = set()
        self._number = count()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []

    def run(self, seconds: float, until: Callable[[Reported], bool] = lambda _: False) -> float:
        """Live for so long, or until a report is so; return the time that took."""
        begin_s = self.now_s
        self._pass()
        while self.now_s < begin_s + seconds and self.box.on and not until(self.driver.reported(self.now_s)):
            next_s = min(self._heap[0][0] if self._heap else begin_s + seconds, self.driver.due_s, self.now_s + 0.1)
            self.now_s = max(self.now_s, min(next_s, begin_s + seconds))
            while self._heap and self._heap[0][0] <= self.now_s:
                heappop(self._heap)[2]()
            self._pass()
        return self.now_s - begin_s

    def ready(self) -> "Loop":
        """Connect and make ready."""
        self.run(30, lambda now: now.ready)
        assert self.driver.reported(self.now_s).ready
        return self

    def play(self, level: int, seconds: float = 30.0) -> "Loop":
        """Wish for a level, until it is known."""
        self.mode, self.wish = Mode.PLAY, level
        self.run(seconds, lambda now: now.level[A] == Span(level, level))
        return self

    def stop(self, seconds: float = CAPS.stop_s) -> float:
        """Stop until it is proved; return how long that took."""
        self.mode, self.wish = Mode.OFF, 0
        return self.run(seconds, lambda now: now.zero is Zero.CONFIRMED)

    def _pass(self) -> None:
        now_s, driver = self.now_s, self.driver
        reported = driver.reported(now_s)
        plea = Plea(self.mode, {A: Level(self.wish)}, 1.0, 0.0, 1800.0)
        level = permit(now_s, plea, reported, CAPS, LIMITS).level
        if not self.wishes or self.wishes[-1][1] != self.wish:
            self.wishes.append((now_s, self.wish))
        driver.want(now_s, Wanted(self.mode, level, {A: CAPS.scale}, SCORE, 0.0, 1800.0))
        for op in driver.poll(now_s):
            self._send(op)
        assert driver.due_s > now_s, "a livelock"
        if driver.reported(now_s).zero is Zero.CONFIRMED:
            self.proofs.append((now_s, self.box.level))

    def _send(self, op: Op) -> None:
        assert isinstance(op, Write)
        self.ops.append((self.now_s, op))
        if not op.urgent:
            self._waiting.add(op.tag)
        assert len(self._waiting) <= 1, "one request at a time"
        there_s = self.now_s + 0.015
        self._at(there_s, lambda: self._arrive(op))
        self._at(there_s + 0.015, lambda: self._acknowledge(op.tag))

    def _arrive(self, op: Write) -> None:
        if not self.box.on:
            return
        before = self.box.level
        said = self.box.write(self.now_s, op.data)
        if op.data == UP:
            self.ups.append((self.now_s, before, self.box.level))
        copies = 0 if self.chance.random() < self.lost else 2 if self.chance.random() < self.doubled else 1
        for _ in range(copies if said else 0):
            self._at(self.now_s + 0.03 + self.chance.random() * self.late_s, lambda: self._hear(said or b""))

    def _hear(self, data: bytes) -> None:
        self.events += self.driver.receive(self.now_s, CONTROL, data)

    def _acknowledge(self, tag: int) -> None:
        self._waiting.discard(tag)
        self.events += self.driver.done(self.now_s, tag, b"", None if self.box.on else AirError("gone", lost=True))

    def _at(self, at_s: float, what: Callable[[], None]) -> None:
        heappush(self._heap, (at_s, next(self._number), what))

    def wished(self, at_s: float) -> int:
        """Return the highest wish while a write that arrives now was on its way."""
        held = [level for since_s, level in self.wishes if since_s <= at_s - 0.05]
        return max([*held[-1:], *(level for since_s, level in self.wishes if at_s - 0.05 < since_s <= at_s)])


@pytest.mark.control("C-01")
@pytest.mark.control("C-02")
@pytest.mark.control("C-04")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 8), st.integers(0, 6)), min_size=1, max_size=6),
    st.sampled_from([(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.7, 2.0), (0.5, 0.5, 2.0), (0.9, 0.3, 1.0)]),
    st.integers(0, 2**32),
)
def test_no_raise_passes_the_wish_and_a_proof_is_true(
    wishes: list[tuple[float, int]], air: tuple[float, ...], seed: int
) -> None:
    lost, doubled, late_s = air
    loop = Loop(Box(level=seed % 3), lost=lost, doubled=doubled, late_s=late_s, seed=seed)
    loop.run(30, lambda now: now.ready)
    loop.mode = Mode.PLAY
    for seconds, level in wishes:
        loop.wish = level
        loop.run(seconds)
    loop.stop(20)
    assert all(to == before + 1 and to <= loop.wished(at_s) for at_s, before, to in loop.ups)
    assert all(later - sooner >= CAPS.raise_gap_s for (sooner, _, _), (later, _, _) in pairwise(loop.ups))
    assert all(level == 0 for _, level in loop.proofs)
    assert all(data == ZERO for _, data in loop.box.heard if data[2] == 0x03), "03 never raises"
    assert not any(isinstance(event, Ended | Refused) for event in loop.events)


@pytest.mark.control("C-09")
def test_half_of_the_replies_lost_still_reaches_the_level_and_a_proved_stop() -> None:
    took_s = []
    for seed in range(60):
        loop = Loop(Box(), lost=0.5, seed=seed).ready().play(5)
        assert loop.box.level == 5
        took_s.append(loop.stop(20))
        assert loop.box.on, "lost replies alone switch nothing off"
        assert loop.driver.reported(loop.now_s).zero is Zero.CONFIRMED
    assert sum(seconds <= CAPS.stop_s for seconds in took_s) >= 57, sorted(took_s)
    assert sorted(took_s)[30] < 1.0


def test_a_clean_stop_is_proved_in_a_tenth_of_a_second() -> None:
    loop = Loop(Box()).ready().play(5)
    loop.run(5)
    assert loop.stop() < 0.15
    assert [op.data for _, op in loop.ops[-3:]] == [ZERO, ASK, ASK]


@pytest.mark.control("C-08")
@pytest.mark.parametrize("ignored", [1, 2, 3, 5])
def test_a_stop_that_is_ignored_is_climbed_past(ignored: int) -> None:
    loop = Loop(Box(stops_ignored=ignored)).ready().play(4)
    loop.run(3)
    begin_s = loop.now_s
    assert loop.stop() < 1.5
    wrote = [op.data for at_s, op in loop.ops if at_s >= begin_s]
    assert wrote.count(ZERO) == min(3, ignored + 1)
    assert wrote.count(DOWN) == (0 if ignored < 3 else 4)
    assert OFF not in wrote
    assert loop.box.level == 0


@pytest.mark.control("C-08")
def test_a_unit_that_obeys_nothing_is_switched_off_and_the_dropped_link_is_proof() -> None:
    loop = Loop(Box(stops_ignored=10**6, downs_ignored=10**6)).ready().play(4)
    loop.run(3)
    begin_s = loop.now_s
    loop.stop()
    wrote = [(at_s - begin_s, op.data) for at_s, op in loop.ops if at_s >= begin_s]
    assert [data for _, data in wrote if data != ASK][:7] == [ZERO] * 3 + [DOWN] * 4
    assert [2.0 <= at_s <= 2.4 for at_s, data in wrote if data == OFF] == [True]
    assert not loop.box.on
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero, last.level[A]) == (Out.OFF, Zero.CONFIRMED, Span(0, 0))


@pytest.mark.control("C-09")
def test_without_any_answer_zeros_go_on_and_nothing_is_called_proved() -> None:
    loop = Loop(Box(switches_off=False)).ready().play(4)
    loop.lost = 1.0
    loop.run(1)
    begin_s = loop.now_s
    loop.stop(12)
    wrote = [(at_s - begin_s, op) for at_s, op in loop.ops if at_s >= begin_s]
    zeros = [at_s for at_s, op in wrote if op.data == ZERO]
    assert zeros[0] == 0
    assert max(later - sooner for sooner, later in pairwise([*zeros, 12.0])) < 1.0
    assert next(at_s for at_s, op in wrote if op.data == OFF) >= 3.0
    assert all(op.urgent for _, op in wrote)
    now = loop.driver.reported(loop.now_s)
    assert (now.zero, now.level[A], now.closable) == (Zero.SENT, Span(0, 4), False)


@pytest.mark.control("C-07")
def test_a_stop_passes_a_request_that_hangs() -> None:
    loop = Loop(Box()).ready().play(2)
    driver, now_s = loop.driver, loop.now_s + 2.0
    play = Wanted(Mode.PLAY, {A: Level(2)}, {A: CAPS.scale}, SCORE, 0.0, 1800.0)
    driver.want(now_s, play)
    hung = driver.poll(now_s)
    assert [op.data for op in hung if isinstance(op, Write)] == [ASK]
    driver.want(now_s + 0.01, Wanted(Mode.OFF, score=SCORE))
    stop = [op for op in driver.poll(now_s + 0.01) if isinstance(op, Write)]
    assert [(op.data, op.urgent) for op in stop] == [(ZERO, True), (ASK, True)]


@pytest.mark.control("C-15")
def test_a_play_ends_at_its_end_without_being_told() -> None:
    loop = Loop(Box()).ready().play(3)
    now_s = loop.now_s
    loop.driver.want(now_s, Wanted(Mode.PLAY, {A: Level(3)}, {A: CAPS.scale}, SCORE, 0.0, now_s + 0.5))
    loop.driver.poll(now_s)
    assert loop.driver.due_s <= now_s + 0.5
    ops = [op for op in loop.driver.poll(now_s + 0.5) if isinstance(op, Write)]
    assert ops[0].data == ZERO
    assert ops[0].urgent


def test_zero_is_watched_after_it_was_proved() -> None:
    loop = Loop(Box()).ready()
    loop.box.level = 2  # somebody pressed a key, and its word was lost
    loop.run(1.5, lambda now: now.zero is Zero.SENT)
    assert not loop.driver.reported(loop.now_s).ready
    loop.run(4, lambda now: now.ready)
    assert loop.box.level == 0
    assert loop.driver.reported(loop.now_s).ready


def test_another_program_is_selected_before_ready_or_refused() -> None:
    loop = Loop(Box(program=16)).ready()
    assert loop.box.program == 9
    stubborn = Loop(Box(program=16, takes_program=False))
    stubborn.run(6)
    assert [event for event in stubborn.events if isinstance(event, Refused)] == [
        Refused("the unit stays at its program 16 and doesn't take program 9")
    ]
    assert not stubborn.driver.reported(stubborn.now_s).ready
    assert sum(data == SELECT for _, data in stubborn.box.heard) == 3


@pytest.mark.control("C-10")
@pytest.mark.control("C-11")
def test_a_lost_link_counts_as_on_until_the_units_own_timer_has_ended() -> None:
    loop = Loop(Box(left_s=600)).ready()
    assert (loop.driver.lost(loop.now_s).out, loop.driver.lost(loop.now_s).zero) == (Out.OFF, Zero.CONFIRMED)
    loop.play(3)
    last = loop.driver.lost(loop.now_s + 10)
    assert (last.out, last.zero, last.level[A]) == (Out.MAYBE, Zero.NO, Span(3, 3))
    assert last.until_s == pytest.approx(loop.now_s + 605)
    unknown = FAMILY.connect(0.0, "").lost(5.0)
    assert (unknown.out, unknown.until_s) == (Out.MAYBE, 1805.0)
