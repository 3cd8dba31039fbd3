"""What comes over a network: lowering and entering is read, everything else is refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.errors import EstimError
from estim.core.messages.lowering import EnterPain, Lower, Lowering, Pause, SetReminders, Snooze, Stop
from estim.core.remote.orders import ORDER_MAX, SETTLE_S, Ignored, ignored, read_order

pytestmark = pytest.mark.control("C-14")


@pytest.mark.parametrize(
    ("payload", "order"),
    [
        (b"stop", Stop(unit="left")),
        (b" STOP\n", Stop(unit="left")),
        (b"pause", Pause(unit="left")),
        (b"level_down", Lower(steps=1, unit="left")),
        (b"level_down 12", Lower(steps=12, unit="left")),
        (b"pain 0", EnterPain(0)),
        (b"pain 10", EnterPain(10)),
        (b"snooze", Snooze()),
        (b"reminders on", SetReminders(on=True)),
        (b"reminders off", SetReminders(on=False)),
    ],
)
def test_an_order(payload: bytes, order: Lowering) -> None:
    assert read_order(payload, "left") == order


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"start",
        b"resume",
        b"arm",
        b"level_up",
        b"level 5",
        b"level_down -1",
        b"level_down 0",
        b"level_down 1001",
        b"level_down 1,000",
        b"level_down 1 2",
        b"pain 11",
        b"pain -1",
        b"pain 2.5",
        b"stop please",
        b"reminders",
        b"reminders perhaps",
        b'{"do": "start"}',
        b"\xff\xfe",
        "ｓｔｏｐ".encode(),
        b"stop\x00",
    ],
)
def test_no_order(payload: bytes) -> None:
    with pytest.raises(EstimError) as refused:
        read_order(payload, "left")
    assert refused.value.text.isprintable()


@given(st.binary(max_size=64))
def test_whatever_comes_is_an_order_that_lowers_or_a_sentence(payload: bytes) -> None:
    try:
        said: Lowering | str = read_order(payload, None)
    except EstimError as error:
        said = error.text
    assert said.isprintable() if isinstance(said, str) else isinstance(said, Lowering)


@pytest.mark.parametrize(
    ("payload", "retained", "now_s", "why"),
    [
        (b"stop", False, SETTLE_S, None),
        (b"x" * ORDER_MAX, False, SETTLE_S, None),
        (b"x" * (ORDER_MAX + 1), False, SETTLE_S, Ignored.LONG),
        (b"stop", True, 100.0, Ignored.RETAINED),
        (b"stop", False, SETTLE_S - 0.001, Ignored.EARLY),
        (b"stop", False, 0.0, Ignored.EARLY),
    ],
)
def test_what_is_not_even_read(payload: bytes, retained: bool, now_s: float, why: Ignored | None) -> None:
    assert ignored(payload, retained=retained, subscribed_s=0.0, now_s=now_s) is why
