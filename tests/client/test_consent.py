"""What begins output is a key that is pressed anew: never the one that led here, however it bounces or is held."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.client.consent import APART_S, Consent


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
