"""What begins output is a key that is pressed anew: never the one that led here, however it bounces or is held."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.client.consent import APART_S, READ_S, Consent, OneEach


class Told:
    """A consent at a time that a test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.consent = Consent(lambda: self.now_s)


@pytest.mark.control("C-78")
@given(
    delay_s=st.floats(min_value=0.0, max_value=APART_S, exclude_max=True),
    repeats=st.lists(st.floats(min_value=0.0, max_value=APART_S, exclude_max=True), max_size=40),
)
def test_a_key_that_is_held_is_no_consent_however_long(delay_s: float, repeats: list[float]) -> None:
    told = Told()
    told.consent.led_here()
    for gap_s in (delay_s, *repeats):
        told.now_s += gap_s * (1 - 1e-9)
        assert not told.consent.given()
    told.now_s += APART_S * (1 + 1e-9)
    assert told.consent.given()


@pytest.mark.control("C-78")
def test_where_nothing_led_here_the_first_key_is_one_and_it_stays_one_until_something_does() -> None:
    told = Told()
    assert told.consent.given()
    assert told.consent.given(), "units of one session go on by one key"
    told.consent.led_here()
    assert not told.consent.given()


class Asking:
    """Questions that are answered at moments of a test's own."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.one_each = OneEach(lambda: self.now_s)
        self.one_each.asked()
        self.answers = 0

    def press(self, after_s: float) -> None:
        """Press the key; an answer brings the next question."""
        self.now_s += after_s
        if self.one_each.given():
            self.answers += 1
            self.one_each.asked()


@pytest.mark.control("C-78")
@given(
    first_s=st.floats(0.25, 0.66),
    gaps_s=st.lists(st.floats(0.005, 0.55), max_size=300),
    led=st.booleans(),
)
def test_a_key_that_is_held_answers_one_question_at_most(first_s: float, gaps_s: list[float], led: bool) -> None:
    asking = Asking()
    asking.press(0.0 if led else 5.0)
    for gap_s in (first_s, *gaps_s):
        asking.press(gap_s)
    assert asking.answers == (0 if led else 1)


@given(apart_s=st.floats(0.61, 3.0))
def test_a_person_who_presses_again_and_again_answers_as_soon_as_a_question_could_be_read(apart_s: float) -> None:
    asking = Asking()
    for _ in range(60):
        asking.press(apart_s)
    least = int(60 / ceil((READ_S + 1e-6) / apart_s))
    assert asking.answers >= least - 1


def test_a_press_that_came_too_soon_doesnt_make_the_wait_a_longer_one() -> None:
    asking = Asking()
    asking.press(0.4)
    assert asking.answers == 0
    asking.press(0.65)
    assert asking.answers == 1
    for _ in range(10):
        asking.press(0.7001)
    assert asking.answers == 11
