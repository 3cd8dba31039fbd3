"""The example's driver by itself: which zero it may call proved, what it is fed, and how fresh its level is."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from protocols.driver import Driver
from protocols.vocabulary import UNFED_MAX_S, Channel, Level, Mode, Wanted, Write, Zero

A = Channel.A
FOLDER = str(Path(__file__).parent.parent / "examples" / "estim-example")


@pytest.fixture
def example() -> Iterator[Any]:
    sys.path.insert(0, FOLDER)
    try:
        yield import_module("estim_example.family")
    finally:
        sys.path.remove(FOLDER)


class Box:
    """A unit that answers each frame after 20 ms; `stalled` is an air that takes nothing any more."""

    def __init__(self, example: Any) -> None:
        self.example = example
        self.driver: Driver = example.FAMILY.connect(0.0, "")
        self.now_s = 0.0
        self.level = 0
        self.stalled = self.mute = False
        self.written: list[tuple[float, int, bool]] = []
        self._answers: list[tuple[float, int]] = []
        self._held: list[Write] = []

    def run(self, seconds: float, wanted: Wanted) -> None:
        for _ in range(round(seconds * 100)):
            self.now_s += 0.01
            while self._answers and self._answers[0][0] <= self.now_s:
                self.driver.receive(self.now_s, self.example.BOX, bytes((0x4C, self._answers.pop(0)[1])))
            self.driver.want(self.now_s, wanted)
            for op in self.driver.poll(self.now_s):
                assert isinstance(op, Write)
                self.written.append((self.now_s, op.data[1], op.urgent))
                (self._held.append if self.stalled else self._arrive)(op)
            assert self.driver.due_s > self.now_s

    def _arrive(self, op: Write) -> None:
        self.level = op.data[1]
        self.driver.done(self.now_s, op.tag, b"", None)
        if not self.mute:
            self._answers.append((self.now_s + 0.02, self.level))

    def arrive_late(self) -> None:
        """The air takes what it held back."""
        for op in self._held:
            self._arrive(op)
        self._held.clear()


def play(level: int, stop: int = 0) -> Wanted:
    return Wanted(Mode.PLAY, {A: Level(level)}, end_s=999.0, stop=stop)


@pytest.mark.control("C-46")
def test_a_zero_is_proved_by_an_answer_to_a_frame_of_this_stop(example: Any) -> None:
    box = Box(example)
    box.run(1, Wanted(Mode.OFF, stop=1))
    assert box.driver.reported(box.now_s).zero is Zero.CONFIRMED
    box.mute = True
    box.run(1, Wanted(Mode.OFF, stop=2))
    report = box.driver.reported(box.now_s)
    assert (report.stop, report.zero, box.driver.lost(box.now_s).zero) == (2, Zero.SENT, Zero.SENT)
    box.mute = False
    box.run(4, Wanted(Mode.OFF, stop=2))
    assert box.driver.reported(box.now_s).zero is Zero.CONFIRMED


@pytest.mark.control("C-46")
def test_an_answer_to_a_zero_of_an_earlier_stop_proves_no_later_one(example: Any) -> None:
    box = Box(example)
    box.run(0.01, Wanted(Mode.OFF, stop=1))
    box.mute = True  # but what was asked for is still answered
    box.run(0.5, Wanted(Mode.OFF, stop=2))
    report = box.driver.reported(box.now_s)
    assert report.heard_s == pytest.approx(0.03, abs=0.011)
    assert (report.stop, report.zero) == (2, Zero.SENT)


@pytest.mark.control("C-15")
def test_it_ends_by_itself_though_nobody_says_stop(example: Any) -> None:
    box = Box(example)
    box.run(1, Wanted(Mode.OFF))
    wanted = Wanted(Mode.PLAY, {A: Level(1)}, end_s=3.0)
    box.run(1.9, wanted)
    assert box.level == 1
    box.run(0.2, wanted)
    assert box.level == 0


@pytest.mark.control("C-46")
def test_a_level_that_the_air_held_back_keeps_a_stop_from_being_proved(example: Any) -> None:
    box = Box(example)
    box.run(1, Wanted(Mode.OFF))
    box.stalled = True
    box.run(0.1, play(1))
    held = box._held.copy()
    assert [op.data[1] for op in held] == [1]
    box._held.clear()
    box.stalled = False
    box.run(1, Wanted(Mode.OFF, stop=1))
    assert box.driver.reported(box.now_s).zero is Zero.SENT
    box._held = held
    box.arrive_late()
    assert (box.level, box.driver.reported(box.now_s).zero) == (1, Zero.SENT)
    box.run(4, Wanted(Mode.OFF, stop=1))
    assert (box.level, box.driver.reported(box.now_s).zero) == (0, Zero.CONFIRMED)


@pytest.mark.control("C-50")
def test_after_a_gap_in_feeding_it_plays_only_after_the_next_stop(example: Any) -> None:
    box = Box(example)
    box.run(1, Wanted(Mode.OFF))
    box.run(2, play(1))
    fed_s = box.driver.reported(box.now_s).fed_s
    assert fed_s is not None
    assert fed_s > box.now_s - 0.3
    box.stalled = True
    box.run(1, play(1))
    frozen_s = box.driver.reported(box.now_s).fed_s
    assert frozen_s is not None
    zeros = [(at_s, urgent) for at_s, level, urgent in box.written if level == 0 and at_s > frozen_s]
    assert zeros[0][1]
    assert zeros[0][0] <= frozen_s + UNFED_MAX_S + 0.02
    box.stalled = False
    box.arrive_late()
    box.run(2, play(1))
    assert (box.level, box.driver.reported(box.now_s).fed_s) == (0, frozen_s)
    box.run(1, Wanted(Mode.OFF, stop=1))
    box.run(1, play(1, stop=1))
    assert box.level == 1


@pytest.mark.control("C-52")
def test_a_raise_asks_at_once_and_a_level_is_as_old_as_the_frame_that_was_answered(example: Any) -> None:
    box = Box(example)
    box.run(2, Wanted(Mode.OFF))
    box.run(0.5, Wanted(Mode.OFF))
    before = len(box.written)
    wanted = Wanted(Mode.PLAY, {A: Level(0)}, end_s=999.0, rises=True)
    box.run(0.1, wanted)
    assert len(box.written) == before + 1
    assert box.driver.reported(box.now_s).told_s == pytest.approx(box.written[-1][0])
