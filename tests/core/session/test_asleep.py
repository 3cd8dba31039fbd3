"""A session on a computer that slept: it stops the unit before anything else, and the time asleep counts."""

import pytest

from estim.core.messages.events import Alarmed, Ended
from estim.core.vocabulary import Reason, State
from protocols.vocabulary import Mode
from tests.core.session.test_session_rules import GOAL, Box

SLEPT_S = 50 * 60.0


def playing() -> Box:
    box = Box()
    box.run(20)
    assert (box.at(), box.level) == (State.RUNNING, GOAL)
    box.told.clear()
    return box


@pytest.mark.control("C-51")
def test_after_fifty_minutes_asleep_the_first_thing_wanted_is_off_and_nothing_is_granted() -> None:
    box = playing()
    box.now_s += SLEPT_S
    box.step()
    assert box.wanted.mode is Mode.OFF
    assert not any(box.wanted.level.values())
    assert box.session.reason is Reason.FAULT


@pytest.mark.control("C-51")
def test_a_sleep_is_told_as_a_fault_with_its_minutes() -> None:
    box = playing()
    box.now_s += SLEPT_S
    box.step()
    (alarm,) = [word for word in box.told if isinstance(word, Alarmed)]
    assert alarm.text == "stopped: the computer slept, or stood still, for 50 minutes"


@pytest.mark.control("C-51")
def test_the_length_of_a_session_includes_the_time_asleep() -> None:
    box = playing()
    box.now_s += SLEPT_S
    box.step()
    box.run(1)
    (ended,) = [word for word in box.told if isinstance(word, Ended)]
    assert box.at() is State.ENDED
    assert ended.duration_s >= SLEPT_S


@pytest.mark.control("C-51")
def test_a_clock_that_jumps_three_seconds_plays_on() -> None:
    box = playing()
    box.now_s += 3
    box.step()
    assert (box.at(), box.wanted.mode) == (State.RUNNING, Mode.PLAY)
    box.run(5)
    assert (box.at(), box.level) == (State.RUNNING, GOAL)
    assert box.alarms == []


@pytest.mark.control("C-13", "C-51")
@pytest.mark.parametrize("linked", [False, True])
def test_what_was_agreed_to_before_a_sleep_begins_nothing_after_it(linked: bool) -> None:
    box = Box()
    box.says = {"ready": False}
    box.run(2 if linked else 0)
    box.now_s += 270.0
    box.told += [] if linked else box.session.looked_after(box.now)
    box.says = {}
    box.run(5)
    assert (box.at(), box.level) == (State.READY, 0)
    (alarm,) = [word for word in box.told if isinstance(word, Alarmed)]
    assert alarm.text.startswith("the computer slept, or stood still, for ")
    assert alarm.text.endswith(": output doesn't begin by itself any more")
    box.session.arm(box.now)
    box.run(20)
    assert (box.at(), box.level) == (State.RUNNING, GOAL)


def test_a_link_that_takes_its_time_is_no_sleep() -> None:
    box = Box()
    for _ in range(60):
        box.now_s += 1.0
        assert box.session.looked_after(box.now) == []
    box.run(20)
    assert (box.at(), box.level) == (State.RUNNING, GOAL)


@pytest.mark.control("C-13", "C-51")
@pytest.mark.parametrize(("waited_s", "sleeps"), [(15.0, False), (60.0, True)])
def test_a_disk_that_takes_its_time_is_no_sleep_and_no_disk_takes_a_minute(waited_s: float, sleeps: bool) -> None:
    box = Box()
    box.session.state = State.IDLE
    box.now_s += waited_s
    box.session.connect(box.now)
    box.run(20)
    assert (box.at(), box.level) == ((State.READY, 0) if sleeps else (State.RUNNING, GOAL))
    assert bool(box.alarms) == sleeps
