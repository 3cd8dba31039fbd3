"""What the yokonex driver may call proved, and what a raise may rest on: numbered stops, fresh words, late orders."""

import pytest

from protocols.driver import Driver
from protocols.vocabulary import FRESH_MAX_S, Channel, Mode, Op, Span, Wanted, Write, Zero
from protocols.yokonex.level import GIVE_UP_S
from protocols.yokonex.packets import CAPS, MOTOR_TOLD, OUT, STOP_V1, TOLD, V1, V2, Told, Value
from tests.protocols.kins import yokonex
from tests.protocols.world import Air, World

A = Channel.A
B = Channel.B
STEADY = yokonex().score


def tell_zero(driver: Driver, now_s: float) -> None:
    """Let the unit tell that both channels are off."""
    for channel in (1, 2):
        driver.receive(now_s, OUT, TOLD.build(Told(channel, 2, 0, 0, 0)))


@pytest.mark.control("C-46")
@pytest.mark.parametrize("profile", [V1, V2])
def test_a_stop_is_written_and_proved_anew_though_zero_was_proved_before(profile: str) -> None:
    loop = World(yokonex(profile), f"version={profile}", profile=profile).ready().play(9)
    loop.stop()
    loop.run(2)
    assert loop.reported.zero is Zero.CONFIRMED
    loop.ops.clear()
    loop.number += 1
    assert loop.reported.stop == loop.number - 1, "before it was told, it speaks of the stop before"
    loop.step()
    assert (loop.reported.zero, loop.reported.stop) == (Zero.SENT, loop.number)
    assert [op for op in loop.wrote() if op.data[1] != 0x71], "zero is written again"
    assert loop.run(CAPS.stop_s, lambda now: now.zero is Zero.CONFIRMED) < 0.3


@pytest.mark.control("C-46")
def test_a_report_that_may_be_older_than_the_stop_proves_nothing() -> None:
    loop = World(yokonex()).ready().play(9)
    loop.stop()
    loop.number += 1
    loop.step()
    for wait_s in (0.0, 0.5, 1.0):
        tell_zero(loop.driver, loop.now_s + wait_s)
        assert loop.driver.reported(loop.now_s + wait_s).zero is Zero.SENT
    assert loop.driver.lost(loop.now_s).zero is Zero.SENT, "nor does a link that is gone"


@pytest.mark.control("C-46")
def test_a_new_number_while_it_gets_ready_asks_for_zero_anew() -> None:
    loop = World(yokonex()).ready()
    loop.number += 1
    loop.step()
    assert loop.reported.zero is not Zero.CONFIRMED
    assert not loop.reported.ready
    loop.run(2, lambda now: now.ready)
    assert loop.reported.ready


@pytest.mark.control("C-46")
def test_an_order_that_nobody_knows_to_have_gone_out_keeps_a_stop_from_being_proved() -> None:
    """The air held an order back for longer than a command waits: it comes after the stop, and puts the unit on."""
    loop = World(yokonex()).ready()
    driver = loop.driver
    now_s = 5.0
    driver.want(now_s, Wanted(Mode.PLAY, {A: CAPS.first, B: CAPS.first}, {}, STEADY, 0.0, 1800.0))
    (order,) = driver.poll(now_s)
    now_s += 0.4
    driver.poll(now_s)  # it no longer holds up the next one
    driver.want(now_s, Wanted(Mode.OFF, stop=1))
    tags = [op.tag for op in driver.poll(now_s)]
    for _ in range(8):
        now_s += 0.1
        for tag in tags:
            driver.done(now_s, tag, b"", None)
        tags = [op.tag for op in driver.poll(now_s)]
        driver.receive(now_s, OUT, MOTOR_TOLD.build(Value(0)))
        tell_zero(driver, now_s)
        assert driver.reported(now_s).zero is Zero.SENT
        assert driver.lost(now_s).zero is Zero.SENT
    driver.done(now_s, order.tag, b"", None)
    again = driver.poll(now_s)
    assert [op.data for op in again if isinstance(op, Write)] == [STOP_V1], "it may have come after the stop"


@pytest.mark.control("C-46")
def test_a_held_back_order_that_is_never_heard_of_is_stopped_again_before_zero_is_proved() -> None:
    loop = World(yokonex()).ready()
    loop.mode = Mode.PLAY
    loop.wish = {A: 3, B: 0}
    held: list[Op] = []
    real = loop._send

    def send(op: Op) -> None:
        assert isinstance(op, Write)
        if op.data[1] == 0x11:
            held.append(op)
        else:
            real(op)

    loop._send = send  # type: ignore[method-assign]
    loop.run(1, lambda _: bool(held))
    assert held
    loop._send = real  # type: ignore[method-assign]
    began_s = loop.now_s
    loop.stop(6)
    assert loop.reported.zero is Zero.CONFIRMED
    late = [op.data for op in loop.wrote(began_s + GIVE_UP_S + 1e-6) if op.data[1] != 0x71]
    assert late == [STOP_V1], "when it surely went out or never will, zero is ordered once more"


@pytest.mark.control("C-52")
@pytest.mark.parametrize("profile", [V1, V2])
def test_a_unit_that_was_turned_to_zero_while_it_was_not_heard_is_never_raised_at_once(profile: str) -> None:
    for heard_s in (0.05 * step for step in range(40)):
        loop = World(yokonex(profile), f"version={profile},every_s=0", profile=profile).ready().play(10)
        loop.run(heard_s)
        loop.air.lost = 1.0
        loop.hand("A-10")
        loop.run(0.6)
        loop.wish = {A: 14, B: 0}
        loop.run(2.5)
        assert loop.twin.level("A") == 0, heard_s


@pytest.mark.control("C-52")
def test_what_plays_is_not_told_again_while_the_unit_is_not_heard() -> None:
    loop = World(yokonex(), "every_s=0").ready().play(10)
    loop.air.lost = 1.0
    loop.hand("A-10")
    loop.run(9)
    assert loop.twin.level("A") == 0


@pytest.mark.control("C-52")
def test_a_report_is_as_fresh_as_the_question_that_it_surely_came_after() -> None:
    for late_s in (0.0, 0.2, 0.6, 2.0):
        loop = World(yokonex(), air=Air(behind_s=late_s, doubled=0.5)).ready()
        loop.mode = Mode.PLAY
        loop.wish = {A: 14, B: 0}
        loop.run(8)
        age_s = loop.now_s - loop.reported.told_s
        assert age_s >= late_s
        assert loop.twin.level("A") == (14 if late_s + 0.1 < FRESH_MAX_S else 0)


@pytest.mark.control("C-52")
def test_a_climb_takes_no_longer_than_its_slope_and_the_answers() -> None:
    loop = World(yokonex(), "every_s=0").ready()
    began_s = loop.now_s
    loop.play(100)
    steps = -(-100 // CAPS.step)
    assert loop.now_s - began_s < steps * (CAPS.raise_gap_s + 0.06) + 0.2


def test_nothing_flows_from_the_end_on_though_nobody_says_stop() -> None:
    loop = World(yokonex()).ready()
    loop.mode = Mode.PLAY
    loop.wish = {A: 9, B: 4}
    loop.end_s = loop.now_s + 5
    driver = loop.driver
    end_s = loop.end_s
    loop.run(4.9)
    assert loop.twin.level("A") == 9
    # no word from the session any more, as if it hung
    now_s = loop.now_s
    wrote: list[bytes] = []
    while now_s < end_s + 0.05:
        now_s = max(now_s + 0.001, min(driver.due_s, end_s + 0.05))
        for op in driver.poll(now_s):
            assert isinstance(op, Write)
            if now_s >= end_s - 1e-9:
                wrote.append(op.data)
            driver.done(now_s, op.tag, b"", None)
    assert wrote[:1] == [STOP_V1]


def test_a_level_is_not_raised_while_nobody_knows_where_it_is() -> None:
    """The Guard holds it; the driver asks for no more than it sent last, whatever it is told."""
    loop = World(yokonex()).ready().play(10)
    driver = loop.driver
    now_s = loop.now_s
    loop.air.lost = 1.0
    loop.wish = {A: 6, B: 0}
    loop.run(0.1)  # the order is on its way, and nothing is heard of it
    now_s = loop.now_s + 0.2
    assert driver.reported(now_s).level[A] == Span(6, 10)
    driver.want(now_s, Wanted(Mode.PLAY, {A: CAPS.first, B: CAPS.first}, {}, STEADY, 0.0, 1800.0))
    driver.want(now_s, Wanted(Mode.PLAY, {A: loop.wish[A] + 5, B: 0}, {}, STEADY, 0.0, 1800.0))  # type: ignore[dict-item]
    data = [op.data for at in range(40) for op in driver.poll(now_s + at / 20) if isinstance(op, Write)]
    assert not [one for one in data if one[1] == 0x11 and one[2] == 1 and int.from_bytes(one[4:6], "big") > 6]
