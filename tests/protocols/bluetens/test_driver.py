"""Plays the bluetens driver with its Guard against the software unit over a bad air: levels, traps, proofs, stops."""

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from itertools import count, pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.core.session.guard import Limits, Request, family_cap, permit
from protocols.bluetens.family import FAMILY
from protocols.bluetens.packets import CAPS, LAYOUTS, SHELL
from protocols.layout import Direction
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
    Reported,
    Span,
    Wanted,
    Write,
    Zero,
)
from simulator.bluetens.options import BluetensOptions
from simulator.bluetens.shell import DEFAULT_FILE
from simulator.bluetens.unit import KIND, Bluetens
from simulator.chance import Chance
from simulator.trace import Trace
from tests.effort import lived
from tests.packets import literal

A = Channel.A
SCORE = Score((Part("all", 0, 1200, Steady(100), Steady(200)),))
LIMITS = Limits((family_cap(CAPS),))
CALM = (0.0, 0.0, 0.0)


class Loop:
    """Driver, Guard and unit on a virtual clock. The air loses, doubles and delays what the unit says, in order."""

    def __init__(
        self, options: BluetensOptions | None = None, air: tuple[float, float, float] = CALM, seed: int = 0
    ) -> None:
        self.lost, self.doubled, self.late_s = air
        self.chance = Random(seed)
        self.trace = Trace()
        twin = KIND.make("B1:7E:45:33:07:01", options or BluetensOptions(), Chance(seed), self.trace.of("box"))
        assert isinstance(twin, Bluetens)
        self.twin = twin
        self.now_s = self.air_s = 0.0
        self.driver = FAMILY.connect(0.0, "")
        self.mode = Mode.READY
        self.wish = 0
        self.end_s = 1800.0
        self.number = 0
        self.granted: Mapping[Channel, Level] = {}
        self.events: list[Event] = []
        self.ops: list[tuple[float, Write]] = []
        self.wishes: list[tuple[float, int]] = []
        self.proofs: list[tuple[float, int]] = []
        self.broken = False
        self._waiting: set[int] = set()
        self._number = count()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        twin.connect(0.0)
        twin.subscribe(0.0, SHELL, True)

    def run(self, seconds: float, until: Callable[[Reported], bool] = lambda _: False) -> float:
        """Live for so long, or until a report is so; return the time that took."""
        begin_s = self.now_s
        self._pass()
        while self.now_s < begin_s + seconds and not until(self.driver.reported(self.now_s)):
            heap_s = self._heap[0][0] if self._heap else begin_s + seconds
            next_s = min(heap_s, self.driver.due_s, self.twin.due_s, self.now_s + 0.1, begin_s + seconds)
            self.now_s = max(self.now_s, next_s)
            while self._heap and self._heap[0][0] <= self.now_s:
                heappop(self._heap)[2]()
            self._listen()
            self._pass()
        return self.now_s - begin_s

    def ready(self) -> "Loop":
        self.run(30, lambda now: now.ready)
        assert self.driver.reported(self.now_s).ready
        return self

    def play(self, level: int, seconds: float = 30.0) -> "Loop":
        """Ramp for a level, until it is known."""
        self.mode = Mode.PLAY
        self.wish = level
        self.run(seconds, lambda now: now.level[A] == Span(level, level))
        return self

    def stop(self, seconds: float = CAPS.stop_s) -> float:
        """Stop until it is proved; return how long that took."""
        self.mode = Mode.OFF
        self.wish = 0
        self.number = self.number + 1
        return self.run(seconds, self.proved)

    def proved(self, now: Reported) -> bool:
        """Say whether the stop that was asked for last is proved."""
        return now.zero is Zero.CONFIRMED and now.stop == self.number

    def rises(self) -> list[tuple[float, int, int]]:
        """Return (time, from, to) of what the host raised, as the unit recorded it."""
        out = []
        level = 0
        for record in self.trace.records:
            if record["event"] == "level":
                now = record["level"]
                assert isinstance(now, int)
                if now > level and record["by"] == "host":
                    out.append((float(str(record["t"])), level, now))
                level = now
        return out

    def wished(self, at_s: float) -> int:
        """Return the highest wish while a write that arrives now was on its way."""
        held = [level for since_s, level in self.wishes if since_s <= at_s - 0.1]
        return max([*held[-1:], *(level for since_s, level in self.wishes if at_s - 0.1 < since_s <= at_s)])

    def wrote(self) -> list[bytes]:
        return [op.data for _, op in self.ops]

    def _pass(self) -> None:
        now_s = self.now_s
        driver = self.driver
        request = Request(self.mode, {A: Level(self.wish)}, 1.0, 0.0, self.end_s, held=self.granted)
        granted = permit(now_s, request, driver.reported(now_s), CAPS, LIMITS)
        level = self.granted = granted.level
        if not self.wishes or self.wishes[-1][1] != self.wish:
            self.wishes.append((now_s, self.wish))
        asks = granted.asks
        number = self.number
        wanted = Wanted(self.mode, level, {A: CAPS.scale}, SCORE, 0.0, self.end_s, stop=number, rises=asks)
        driver.want(now_s, wanted)
        for op in driver.poll(now_s):
            self._send(op)
        assert driver.due_s > now_s, "a livelock"
        if self.proved(driver.reported(now_s)):
            self.proofs.append((now_s, self.twin.level()))

    def _send(self, op: Op) -> None:
        assert isinstance(op, Write)
        assert op.response
        assert len(op.data) <= 20
        self.ops.append((self.now_s, op))
        if not op.urgent:
            self._waiting.add(op.tag)
        assert len(self._waiting) <= 1, "one write at a time"
        self._at(self.now_s + 0.02, lambda: self._arrive(op))
        self._at(self.now_s + 0.04, lambda: self._acknowledge(op.tag))

    def _arrive(self, op: Write) -> None:
        if not self.broken:
            self.twin.write(self.now_s, SHELL, op.data, True)
        self._listen()

    def _listen(self) -> None:
        for said in self.twin.advance(self.now_s):
            if self.chance.random() < self.lost:
                continue
            for _ in range(2 if self.chance.random() < self.doubled else 1):
                self.air_s = max(self.air_s, self.now_s + 0.02 + self.chance.random() * self.late_s)
                self._at(self.air_s, lambda data=said.data: self._hear(data))

    def _hear(self, data: bytes) -> None:
        self.events += self.driver.receive(self.now_s, SHELL, data)

    def _acknowledge(self, tag: int) -> None:
        self._waiting.discard(tag)
        error = AirError("no answer within 2 s") if self.broken else None
        self.events += self.driver.done(self.now_s, tag, b"", error)

    def _at(self, at_s: float, what: Callable[..., None]) -> None:
        heappush(self._heap, (at_s, next(self._number), what))


AIRS = [CALM, (0.3, 0.0, 0.0), (0.0, 0.5, 1.0), (0.0, 0.0, 2.0), (0.3, 0.3, 1.5), (0.7, 0.3, 0.5)]


@pytest.mark.control("C-01")
@pytest.mark.control("C-02")
@pytest.mark.control("C-04")
@settings(max_examples=lived(60))
@given(
    st.lists(st.tuples(st.floats(0.05, 8), st.integers(0, 6)), min_size=1, max_size=7),
    st.sampled_from(AIRS),
    st.sampled_from(
        [BluetensOptions(), BluetensOptions(strength=9), BluetensOptions(ends=5.0), BluetensOptions(slow_stop_s=1.5)]
    ),
    st.integers(0, 2**32),
)
def test_no_raise_passes_the_wish_nothing_starts_by_mistake_and_a_proof_is_true(
    wishes: list[tuple[float, int]], air: tuple[float, float, float], options: BluetensOptions, seed: int
) -> None:
    loop = Loop(options, air, seed)
    loop.run(20, lambda now: now.ready)
    loop.mode = Mode.PLAY
    for seconds, level in wishes:
        loop.wish = level
        loop.run(seconds)
    loop.stop(20)
    assert all(to == before + 1 and to <= max(1, loop.wished(at_s)) for at_s, before, to in loop.rises())
    assert all(to <= loop.wished(at_s) or to == 1 for at_s, _, to in loop.rises())
    assert all(later - sooner >= CAPS.raise_gap_s - 0.05 for (sooner, *_), (later, *_) in pairwise(loop.rises()))
    assert all(level == 0 for _, level in loop.proofs)
    ends = [float(str(record["t"])) for record in loop.trace.records if record.get("by") == "script"]
    for record in loop.trace.records:
        if record["event"] == "program" and record["file"] == DEFAULT_FILE:
            near = [end_s for end_s in ends if 0 <= float(str(record["t"])) - end_s <= 0.4]
            assert near or record["t"] == 0.0, "the trap of >str: only if it ends between question and command"


def test_a_default_file_that_was_started_after_a_silent_end_is_told_and_stopped() -> None:
    loop = Loop().ready().play(2)
    loop.run(3)
    loop.twin.write(loop.now_s, SHELL, b">osto\r\n", True)
    loop.twin.write(loop.now_s, SHELL, b">str 3\r\n", True)
    assert loop.twin.level() == 1
    loop.run(1.5)
    assert any(isinstance(event, Ended) for event in loop.events), "by its time, or by its md5"
    assert loop.stop() < 1
    assert loop.twin.level() == 0


@pytest.mark.control("C-08")
@settings(max_examples=lived(60))
@given(
    st.floats(0, 12), st.integers(1, 5), st.sampled_from([CALM, (0.2, 0.0, 0.0), (0.0, 0.0, 0.5)]), st.integers(0, 99)
)
def test_a_stop_at_any_moment_ends_at_zero_and_is_proved(
    after_s: float, level: int, air: tuple[float, float, float], seed: int
) -> None:
    loop = Loop(air=air, seed=seed)
    loop.run(min(after_s, 1.5))
    loop.mode, loop.wish = (Mode.PLAY, level) if loop.driver.reported(loop.now_s).ready else (Mode.READY, 0)
    loop.run(max(0.0, after_s - 1.5))
    before = len(loop.ops)
    begin_s = loop.now_s
    took_s = loop.stop()
    at_s, first = loop.ops[before]
    assert (at_s, first.urgent) == (begin_s, True), "it goes out at once"
    assert loop.driver.reported(loop.now_s).zero is Zero.CONFIRMED
    assert loop.twin.level() == 0
    assert took_s < CAPS.stop_s
    loop.run(5)
    assert loop.twin.level() == 0


def test_a_clean_stop_is_proved_in_a_tenth_of_a_second() -> None:
    loop = Loop().ready().play(3)
    loop.run(5)
    assert loop.stop() < 0.15
    assert loop.wrote()[-2:] == [b"\r\n>osto\r\n", b">stat\r\n"]


@pytest.mark.control("C-46")
def test_no_older_zero_proves_a_stop_not_for_one_pass() -> None:
    loop = Loop().ready()
    for mode in (Mode.READY, Mode.OFF, Mode.OFF):
        loop.mode = mode
        loop.run(5.0)
        sent = len(loop.ops)
        loop.number += 1
        loop.driver.want(loop.now_s, Wanted(mode, score=SCORE, stop=loop.number))
        now = loop.driver.reported(loop.now_s)
        assert (now.stop, now.zero) == (loop.number, Zero.NO)
        assert loop.run(8.0, loop.proved) > 0.07, "a round for the stop, and one for the question after it"
        assert [op.data for _, op in loop.ops[sent : sent + 2]] == [b"\r\n>osto\r\n", b">stat\r\n"]


@pytest.mark.control("C-46")
@pytest.mark.parametrize("late_s", [0.2, 0.5, 1.0, 2.4])
def test_a_zero_of_before_that_comes_twice_proves_no_later_stop(late_s: float) -> None:
    loop = Loop(BluetensOptions(stop_ignored=99)).ready()
    loop.run(5.0)
    sent = len(loop.ops)
    loop.run(5.0, lambda _: any(op.data == b">stat\r\n" for _, op in loop.ops[sent:]))
    asked_s = loop.now_s
    loop.run(0.1)
    loop.proofs.clear()
    loop.lost = 1.0  # somebody starts it by its button, and nothing that it says arrives
    loop.twin.hand(loop.now_s, "A+2")
    loop.mode = Mode.OFF
    loop.number = loop.number + 1
    loop.run(asked_s + late_s - loop.now_s)
    double = f"tick=0,lmd5={'0' * 32},str=0\r\n".encode()
    loop.driver.receive(loop.now_s, SHELL, double)
    loop.run(0.5)
    assert loop.twin.level() == 2
    assert loop.proofs == []


LOWERED = {
    "it answers, and stays": BluetensOptions(down_ignored=99),
    "its answers tell the level before": BluetensOptions(down_ignored=99, old_level=True),
}


@pytest.mark.control("C-08")
@pytest.mark.parametrize("options", LOWERED.values(), ids=LOWERED.keys())
def test_a_level_that_does_not_come_down_is_stopped(options: BluetensOptions) -> None:
    loop = Loop(options).ready().play(5)
    loop.run(2.0)
    loop.wish = 3
    loop.run(3.0, lambda _: loop.twin.level() == 0)
    assert loop.twin.level() == 0
    assert b">str 3\r\n" in loop.wrote()


@pytest.mark.control("C-08")
def test_a_level_that_cannot_be_lowered_since_nothing_is_heard_is_stopped() -> None:
    loop = Loop().ready().play(5)
    loop.run(2.0)
    loop.lost = 1.0
    loop.wish = 3
    sent = len(loop.ops)
    begun_s = loop.now_s
    loop.run(2.5)
    stops = [at_s for at_s, op in loop.ops[sent:] if b">osto" in op.data]
    assert 1.9 <= stops[0] - begun_s <= 2.1
    assert loop.twin.level() == 0


def test_a_level_that_comes_down_slowly_is_not_stopped() -> None:
    loop = Loop().ready().play(6)
    for level in (5, 4, 3, 2):
        loop.wish = level
        loop.run(1.2)
    assert loop.twin.level() == 2
    assert not [data for data in loop.wrote()[-20:] if b">osto" in data]


@pytest.mark.control("C-52")
@pytest.mark.parametrize("before_s", [0.0, 0.2, 0.5, 0.9])
def test_a_raise_never_jumps_over_a_hand_whose_word_was_lost(before_s: float) -> None:
    loop = Loop().ready().play(6)
    loop.run(4.0 + before_s)
    loop.lost = 1.0
    loop.twin.hand(loop.now_s, "A-5")
    loop.run(0.06)
    loop.lost = 0.0
    loop.wish = 7
    loop.run(1.5)
    assert loop.twin.level() <= 2, "one step from where the hand left it"
    assert all(to == before + 1 for _, before, to in loop.rises())


@pytest.mark.control("C-52")
def test_a_session_climbs_a_step_a_second_and_asks_no_more_than_it_has_to() -> None:
    loop = Loop().ready().play(1)
    sent = len(loop.ops)
    begun_s = loop.now_s
    loop.play(9)
    assert loop.now_s - begun_s < 8 * 1.35
    asked = [at_s for at_s, op in loop.ops[sent:] if op.data == b">stat\r\n"]
    assert len(asked) <= 4 * 9


@pytest.mark.control("C-07")
def test_a_stop_passes_a_write_that_hangs() -> None:
    loop = Loop().ready().play(2)
    driver = loop.driver
    now_s = loop.now_s + 2.0
    driver.want(now_s, Wanted(Mode.PLAY, {A: Level(2)}, {A: CAPS.scale}, SCORE, 0.0, 1800.0))
    hung = driver.poll(now_s)
    assert [op.data for op in hung if isinstance(op, Write)] == [b">stat\r\n"]
    driver.want(now_s + 0.01, Wanted(Mode.OFF, score=SCORE))
    stop = [op for op in driver.poll(now_s + 0.01) if isinstance(op, Write)]
    assert [(op.data, op.urgent) for op in stop] == [(b"\r\n>osto\r\n", True)]


@pytest.mark.control("C-15")
def test_a_play_ends_at_its_end_without_being_told_and_level_0_is_a_stop() -> None:
    loop = Loop().ready().play(2)
    loop.wish = 0
    loop.run(2)
    assert (loop.twin.level(), loop.driver.reported(loop.now_s).level[A]) == (0, Span(0, 0))
    loop.play(1)
    assert loop.twin.level() == 1
    loop.end_s = loop.now_s + 0.5
    loop.driver.want(loop.now_s, Wanted(Mode.PLAY, {A: Level(1)}, {A: CAPS.scale}, SCORE, 0.0, loop.end_s))
    loop.driver.poll(loop.now_s)
    assert loop.driver.due_s <= loop.end_s
    ops = [op for op in loop.driver.poll(loop.end_s) if isinstance(op, Write)]
    assert (ops[0].data, ops[0].urgent) == (b"\r\n>osto\r\n", True)


def test_a_unit_that_never_answers_gets_no_level_and_is_never_called_proved() -> None:
    loop = Loop(BluetensOptions(strength=5), (1.0, 0.0, 0.0))
    loop.run(20)
    loop.mode = Mode.PLAY
    loop.wish = 5
    loop.run(10)
    assert not [data for data in loop.wrote() if data.startswith((b">ssta", b">str "))]
    assert loop.proofs == []
    now = loop.driver.reported(loop.now_s)
    assert (now.ready, now.closable) == (True, False), "it plays, as far as the mode goes, and nothing is known"
    assert now.level[A] == Span(0, CAPS.scale)
    assert loop.twin.level() == 0, "the stop was obeyed all the same"


def test_writes_that_fail_leave_the_level_open_and_the_stop_goes_on() -> None:
    loop = Loop().ready().play(3)
    loop.broken = True
    loop.stop(5)
    now = loop.driver.reported(loop.now_s)
    assert (now.zero, now.level[A], now.out) == (Zero.SENT, Span(0, 3), Out.MAYBE)
    loop.broken = False
    assert loop.run(5, loop.proved) < 1.0
    assert loop.twin.level() == 0


def test_watching_changes_nothing_and_keeps_it_awake() -> None:
    loop = Loop(BluetensOptions(strength=7))
    loop.mode = Mode.WATCH
    loop.run(60)
    assert loop.twin.level() == 7
    assert {data.strip() for data in loop.wrote()} == {b">stat", b">ver", b">bat"}
    idle = Loop()
    idle.mode = Mode.WATCH
    idle.run(90)
    assert idle.twin.on, "asked, it doesn't switch itself off"


@pytest.mark.control("C-12")
def test_what_runs_is_stopped_and_proved_before_anything_is_loaded() -> None:
    loop = Loop(BluetensOptions(strength=30, slow_stop_s=2.0)).ready()
    wrote = loop.wrote()
    assert wrote[0] == b"\r\n>osto\r\n"
    first_s = next(at_s for at_s, op in loop.ops if op.data.startswith(b">md5"))
    assert first_s > 2.0
    assert loop.twin.level() == 0


def test_a_button_in_ready_is_told_and_stopped() -> None:
    loop = Loop().ready()
    loop.twin.hand(loop.now_s, "A+3")
    loop.run(0.3)
    assert loop.twin.level() == 0
    assert [event for event in loop.events if not isinstance(event, Ended)]
    loop.run(5, lambda now: now.ready)
    assert loop.driver.reported(loop.now_s).ready


@pytest.mark.control("C-34")
@settings(max_examples=lived(200))
@given(st.integers(0, 2**32), st.integers(0, 60))
def test_damaged_lines_never_make_a_level_known_that_no_whole_line_says(seed: int, cut: int) -> None:
    luck = Random(seed)
    loop = Loop().ready().play(2, 10)
    known = [data for data in literal("bluetens", Direction.FROM_DEVICE, SHELL.name) if data.count(b"\r\n") == 1]
    for _ in range(8):
        data: Any = bytearray(luck.choice(known))
        data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
        whole = bytes(data[: cut or None])
        if any(form.starts(whole) for form in LAYOUTS[Direction.FROM_DEVICE][SHELL.name]):
            continue  # a letter turned into another may well be a line
        before = loop.driver.reported(loop.now_s).level
        loop.driver.receive(loop.now_s, SHELL, whole + b"\xff\r\n")
        assert loop.driver.reported(loop.now_s).level == before
