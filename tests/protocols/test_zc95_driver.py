"""Plays the zc95 driver against its twin over a bad air: levels, slope, replies that never come, proof, hanging up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.core.guard import Limits, Plea, family_cap, permit
from protocols.score import Burst, Envelope, Part, Score, Steady, Sweep
from protocols.vocabulary import (
    AirError,
    Channel,
    Close,
    Event,
    Hand,
    Level,
    Mode,
    Op,
    Out,
    Read,
    Reported,
    Span,
    Wanted,
    Write,
    Zero,
)
from protocols.zc95 import CAPS, DIALS, ENABLES, FAMILY, POWERS, RATES, WIDTHS
from simulator.chance import Chance
from simulator.trace import Trace
from simulator.twin import WriteRefused
from simulator.zc95 import KIND
from simulator.zc95_options import Zc95Options

A, B, C, D = CAPS.channels
SCORE = Score((Part("all", 0, 1200, Steady(100), Steady(200)),))
LIMITS = Limits((family_cap(CAPS),))
REPLY_S = 0.035


@dataclass(frozen=True, slots=True)
class Air:
    """Shares of requests that are `hung` (done, never replied to), `dropped` (nor done) and `late` by 3 s.

    `overtaken`: commands pass requests that wait, as they do in a queue of BlueZ; else all keep their order.
    """

    hung: float = 0.0
    dropped: float = 0.0
    late: float = 0.0
    overtaken: bool = False
    seed: int = 0


@dataclass
class Loop:
    """Driver, Guard and twin on a virtual clock."""

    options: Zc95Options = field(default_factory=Zc95Options)
    air: Air = field(default_factory=Air)
    score: Score = SCORE

    def __post_init__(self) -> None:
        self.trace = Trace()
        self.twin = KIND.make("28:CD:C1:09:05:01", self.options, Chance(1), self.trace.of("zc95"))
        self.luck = Random(self.air.seed)
        self.now_s, self.linked, self.mute = 0.0, True, False
        self.mode, self.wish = Mode.READY, dict.fromkeys(CAPS.channels, 0)
        self.begun_s = 0.0
        self.events: list[Event] = []
        self.ops: list[tuple[float, Op]] = []
        self.granted: list[tuple[float, dict[Channel, int]]] = []
        self.last: Reported | None = None
        self._waiting: set[int] = set()
        self._told: set[int] = set()
        self._free_s = [0.0, 0.0]
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self.twin.connect(0.0)
        for endpoint in FAMILY.subscribe:
            self.twin.subscribe(0.0, endpoint, True)
        self.driver = FAMILY.connect(0.0, "")

    def run(self, seconds: float, until: Callable[[Reported], bool] = lambda _: False) -> float:
        """Live for so long, or until a report is so; return the time that took."""
        begin_s = self.now_s
        self._pass()
        while self.linked and self.now_s < begin_s + seconds and not until(self.reported):
            heap_s = self._heap[0][0] if self._heap else begin_s + seconds
            next_s = min(heap_s, self.driver.due_s, self.twin.due_s, self.now_s + 0.1)
            self.now_s = max(self.now_s, min(next_s, begin_s + seconds))
            while self._heap and self._heap[0][0] <= self.now_s:
                heappop(self._heap)[2]()
            self._hear()
            if self.linked:
                self._pass()
        return self.now_s - begin_s

    @property
    def reported(self) -> Reported:
        return self.driver.reported(self.now_s)

    def ready(self) -> "Loop":
        """Connect and make ready."""
        self.run(30, lambda now: now.ready)
        assert self.reported.ready
        return self

    def play(self, *levels: int, seconds: float = 30.0) -> "Loop":
        """Wish for levels of A, B, …, until they are known."""
        wish = {channel: Level(level) for channel, level in zip(CAPS.channels, (*levels, 0, 0, 0), strict=False)}
        self.begun_s = self.begun_s if self.mode is Mode.PLAY else self.now_s
        self.mode, self.wish = Mode.PLAY, dict(wish)
        self.run(seconds, lambda now: all(now.level[channel] == Span(level, level) for channel, level in wish.items()))
        return self

    def stop(self, seconds: float = CAPS.stop_s) -> float:
        """Stop until it is proved, or the link is closed; return how long that took."""
        self.mode, self.wish = Mode.OFF, dict.fromkeys(CAPS.channels, 0)
        return self.run(seconds, lambda now: now.zero is Zero.CONFIRMED)

    def wrote(self, since_s: float = 0.0) -> list[Write]:
        return [op for at_s, op in self.ops if at_s >= since_s and isinstance(op, Write)]

    def levels(self) -> dict[str, int]:
        return {channel.value: self.twin.level(channel) for channel in CAPS.channels}

    def bound(self, channel: Channel, at_s: float, back_s: float) -> int:
        """Return the highest level that was granted while a write that arrives now was on its way."""
        held = [level[channel] for since_s, level in self.granted if since_s <= at_s - back_s]
        return max([0, *held[-1:], *(level[channel] for s, level in self.granted if at_s - back_s < s <= at_s)])

    def _pass(self) -> None:
        now_s, driver = self.now_s, self.driver
        reported = driver.reported(now_s)
        plea = Plea(self.mode, {ch: Level(level) for ch, level in self.wish.items()}, 1.0, self.begun_s, 1e6)
        level = permit(now_s, plea, reported, CAPS, LIMITS).level
        self.granted.append((now_s, {channel: int(value) for channel, value in level.items()}))
        driver.want(now_s, Wanted(self.mode, level, {}, self.score, self.begun_s, self.begun_s + 1e5))
        for op in driver.poll(now_s):
            self._send(op, level)
        assert driver.due_s > now_s, "a livelock"
        if driver.reported(now_s).zero is Zero.CONFIRMED:
            assert not any(self.levels().values()), "a proof is true"

    def _send(self, op: Op, level: object) -> None:
        self.ops.append((self.now_s, op))
        if isinstance(op, Close):
            self._at(self.now_s + 0.1, self.cut)
            return
        request = isinstance(op, Read) or op.response
        if isinstance(op, Write) and op.endpoint in POWERS.values():
            channel = next(channel for channel, endpoint in POWERS.items() if endpoint == op.endpoint)
            assert int.from_bytes(op.data, "little") <= self.granted[-1][1][channel], "never above what is wanted"
        if request and not (isinstance(op, Write) and op.urgent):
            self._waiting.add(op.tag)
            assert len(self._waiting) <= 1, "one request at a time"
        queue = 1 if request and self.air.overtaken else 0
        stalls_s = 3.0 if request and self.luck.random() < self.air.late else 0.0
        there_s = max(self.now_s + (0.015 if request else 0.005) + stalls_s, self._free_s[queue])
        self._free_s[queue] = there_s
        dropped = request and self.luck.random() < self.air.dropped
        hung = dropped or self.mute or (request and self.luck.random() < self.air.hung)
        self._at(there_s, lambda: self._arrive(op, dropped=dropped, hung=hung))
        if request:  # as the host does
            self._at(self.now_s + 2.0, lambda: self._done(op.tag, b"", AirError("no answer within 2 s")))

    def _arrive(self, op: Read | Write, *, dropped: bool, hung: bool) -> None:
        data, error = b"", None
        try:
            if isinstance(op, Read):
                data = self.twin.read(self.now_s, op.endpoint)
            elif not dropped:
                self.twin.write(self.now_s, op.endpoint, op.data, op.response)
        except WriteRefused as refused:
            error = AirError(str(refused), code=refused.code)
        command = isinstance(op, Write) and not op.response
        if command or not hung:
            self._at(self.now_s + (0.0 if command else REPLY_S), lambda: self._done(op.tag, data, error))

    def _done(self, tag: int, data: bytes, error: AirError | None) -> None:
        if tag not in self._told:
            self._told.add(tag)
            self._waiting.discard(tag)
            self.events += self.driver.done(self.now_s, tag, data, error)

    def _hear(self) -> None:
        for said in self.twin.advance(self.now_s) if self.linked else ():
            self.events += self.driver.receive(self.now_s, said.endpoint, said.data)

    def cut(self) -> None:
        """Lose the link."""
        if self.linked:
            self.linked = False
            self.last = self.driver.lost(self.now_s)
            self.twin.disconnect(self.now_s)

    def _at(self, at_s: float, what: Callable[[], None]) -> None:
        heappush(self._heap, (at_s, next(self._number), what))


AIRS = st.builds(
    Air,
    hung=st.sampled_from([0.0, 0.2, 0.5]),
    dropped=st.sampled_from([0.0, 0.2]),
    late=st.sampled_from([0.0, 0.1]),
    overtaken=st.booleans(),
    seed=st.integers(0, 2**32),
)
LEVELS = st.tuples(st.sampled_from([0, 1, 20, 50]), st.sampled_from([0, 0, 30]))


@pytest.mark.control("C-01", "C-02", "C-04", "C-05")
@settings(max_examples=40, deadline=None)
@given(AIRS, st.lists(st.tuples(st.floats(0.05, 5), LEVELS), min_size=1, max_size=6), st.sampled_from([0, 500]))
def test_no_raise_passes_what_is_wanted_and_a_proof_is_true(
    air: Air, wishes: list[tuple[float, tuple[int, int]]], left: int
) -> None:
    loop = Loop(Zc95Options(strength=(left, left)), air)
    loop.run(30, lambda now: now.ready)
    loop.mode, loop.begun_s = Mode.PLAY, loop.now_s
    for seconds, (a, b) in wishes if loop.reported.ready else ():
        loop.wish = {A: a, B: b, C: 0, D: 0}
        loop.run(seconds)
    loop.stop(20)
    assert not any(loop.levels().values())
    assert loop.reported.zero is Zero.CONFIRMED or (loop.last is not None and loop.last.zero is Zero.CONFIRMED)
    host = [record for record in loop.trace.records if record["event"] == "level" and record["by"] == "host"]
    for channel in (A, B):
        rises, level = [], left
        for record in (record for record in host if record["channel"] == channel.value):
            at_s, now = float(str(record["t"])), int(str(record["level"]))
            if now > level:
                rises.append(at_s)
                assert now <= level + CAPS.step
                assert now <= loop.bound(channel, at_s, 0.1 if not (air.overtaken or air.late) else 8.0)
            level = now
        assert all(later - sooner >= CAPS.raise_gap_s - 1e-3 for sooner, later in pairwise(rises))


@pytest.mark.control("C-07", "C-08")
def test_a_clean_stop_is_silent_at_once_and_proved_in_half_a_second() -> None:
    loop = Loop().ready().play(60, 40)
    begin_s = loop.now_s
    assert loop.stop() < 0.5
    zeros = [record for record in loop.trace.records if record["event"] == "level" and record["level"] == 0][-2:]
    assert all(float(str(record["t"])) - begin_s < 0.01 for record in zeros)
    wrote = loop.wrote(begin_s)
    assert [(op.endpoint, op.response, op.urgent) for op in wrote[:8]] == [
        *((POWERS[channel], False, True) for channel in CAPS.channels),
        *((ENABLES[channel], False, True) for channel in CAPS.channels),
    ]
    assert {(op.endpoint, op.data.strip(b"\0")) for op in wrote if op.response} == {
        (endpoint, b"") for endpoint in (*POWERS.values(), *ENABLES.values())
    }
    assert loop.reported.closable


@pytest.mark.control("C-07", "C-08", "C-09")
def test_a_stop_comes_through_at_every_moment() -> None:
    seen = set()
    for step in range(40):
        loop = Loop()
        loop.run(step * 0.06)
        if loop.reported.ready:
            loop.play(60, 40, seconds=max(0.0, step * 0.16 - 1.0))
        seen.add(loop.reported.zero)
        began_s = loop.now_s
        assert loop.stop() < 0.6
        assert loop.reported.zero is Zero.CONFIRMED
        loop.run(1.0)
        assert not any(loop.levels().values())
        ends = [op for op in loop.wrote() if op.endpoint in (POWERS[A], ENABLES[A])][-1]
        assert ends.data.strip(b"\0") == b"" or began_s == 0.0
    assert seen == {Zero.NO, Zero.SENT, Zero.CONFIRMED}


@pytest.mark.control("C-08", "C-10")
def test_without_replies_a_stop_hangs_up_and_that_is_the_proof() -> None:
    loop = Loop().ready().play(60)
    loop.mute = True
    loop.run(0.3)
    begin_s = loop.now_s
    took_s = loop.stop()
    assert 1.2 <= took_s < 1.5
    zeros = [at_s - begin_s for at_s, op in loop.ops if isinstance(op, Write) and at_s >= begin_s and not op.response]
    assert zeros[0] == 0.0
    assert max(later - sooner for sooner, later in pairwise(zeros)) < 0.35
    last = loop.last
    assert last is not None
    assert (last.out, last.zero, last.level[A], last.until_s) == (Out.OFF, Zero.CONFIRMED, Span(0, 0), loop.now_s)


@pytest.mark.control("C-01", "C-07")
def test_a_box_that_never_answers_gets_nothing_but_zeros() -> None:
    loop = Loop()
    loop.mute = True
    loop.run(20)
    assert not loop.reported.ready
    assert loop.reported.zero is Zero.SENT
    assert {op.data.strip(b"\0") for op in loop.wrote()} == {b""}
    assert loop.reported.told_s == loop.reported.heard_s == float("-inf")


@pytest.mark.control("C-01", "C-27")
def test_while_a_reply_is_missing_only_zeros_and_readings_follow() -> None:
    loop = Loop().ready().play(40)
    loop.run(1.2)
    loop.mute, loop.wish[A] = True, 60
    began_s = loop.now_s
    loop.run(6.0)
    asked = [op for at_s, op in loop.ops if at_s > began_s and (isinstance(op, Read) or op.response)]  # type: ignore[union-attr]
    assert all(isinstance(op, Read) for op in asked[1:])
    assert loop.now_s - loop.reported.heard_s > 6.0
    loop.mute = False
    loop.run(6.0)
    assert loop.reported.level[A] == Span(60, 60)


@pytest.mark.control("C-10", "C-11")
def test_the_last_word_on_a_lost_link_is_honest() -> None:
    loop = Loop().ready()
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero, last.until_s) == (Out.OFF, Zero.CONFIRMED, loop.now_s)
    loop.play(40)
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero, last.level[A], last.until_s) == (Out.MAYBE, Zero.NO, Span(40, 40), loop.now_s + 6.0)
    fresh = FAMILY.connect(0.0, "").lost(1.0)
    assert (fresh.out, fresh.zero, fresh.level[A]) == (Out.MAYBE, Zero.NO, Span(0, 1000))


@pytest.mark.control("C-15")
def test_a_play_ends_at_its_end_without_being_told() -> None:
    loop = Loop().ready().play(40)
    now_s = loop.now_s
    loop.driver.want(now_s, Wanted(Mode.PLAY, {A: Level(40)}, {}, SCORE, loop.begun_s, now_s + 0.5))
    loop.driver.poll(now_s)
    assert loop.driver.due_s <= now_s + 0.5
    first = loop.driver.poll(now_s + 0.5)[0]
    assert isinstance(first, Write)
    assert (first.endpoint, first.data, first.urgent) == (POWERS[A], b"\0\0", True)


@pytest.mark.control("C-26")
def test_a_dial_holds_the_level_down_and_brings_nothing_back() -> None:
    loop = Loop().ready().play(60)
    loop.twin.hand(loop.now_s, "A-950")
    loop.run(1.0)
    assert [event for event in loop.events if isinstance(event, Hand)] == [Hand(A, Level(50), rose=False)]
    assert (loop.reported.ceiling[A], loop.twin.level("A")) == (50, 50)
    loop.wish[A] = 50  # as a session does after a hand
    loop.twin.hand(loop.now_s, "A+900")
    loop.run(3.0)
    assert (loop.reported.ceiling[A], loop.twin.level("A")) == (950, 50)


def test_before_the_first_power_width_rate_and_enable_are_proved() -> None:
    loop = Loop().ready().play(20, 0, 20)
    order = [op.endpoint for op in loop.wrote() if op.response and op.data.strip(b"\0")]
    for channel in (A, C):
        first = order.index(POWERS[channel])
        assert {WIDTHS[channel], RATES[channel], ENABLES[channel]} <= set(order[:first])
    assert ENABLES[B] not in order
    assert [op for _, op in loop.ops[:40] if isinstance(op, Read) and op.endpoint in DIALS.values()][3:]


MOVING = {
    "a sweep": Part("p", 0, 1200, Sweep(2, 150, 6), Steady(200)),
    "bursts": Part("p", 0, 1200, Steady(100), Steady(180), burst=Burst(0.1, 0.4)),
    "contractions": Part("p", 0, 1200, Steady(50), Steady(250), envelope=Envelope(1, 4, 1, 6)),
    "width that moves": Part("p", 0, 1200, Steady(100), Sweep(100, 200, 4)),
}


@pytest.mark.parametrize("part", MOVING.values(), ids=MOVING.keys())
def test_what_moves_goes_out_as_commands_on_slots_for_all_four_channels(part: Part) -> None:
    loop = Loop(score=Score((part,))).ready().play(20, 20, 20, 20)
    loop.run(1.0)
    began_s = loop.now_s
    loop.run(12.0)
    moved = [(at_s, op) for at_s, op in loop.ops if isinstance(op, Write) and at_s > began_s and not op.response]
    assert moved
    assert not any(op.urgent for _, op in moved)
    assert all(later - sooner >= 0.01 - 1e-9 for (sooner, _), (later, _) in pairwise(moved))
    each = [sum(op.endpoint in (WIDTHS[channel], RATES[channel]) for _, op in moved) for channel in CAPS.channels]
    assert max(each) - min(each) <= 2, "no channel starves"
    asked = [op for at_s, op in loop.ops if at_s > began_s and isinstance(op, Write) and op.response]
    assert sum(op.endpoint in POWERS.values() for op in asked) >= 40, "each level is asked for each second"
