"""The one reader of numbers that a person typed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.errors import EstimError, Exit
from estim.core.numbers import read_number, read_whole


def read(text: str, lo: float = -1e9, hi: float = 1e9) -> float:
    return read_number(text, what="--gap", lo=lo, hi=hi, unit="km")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("20", 20.0),
        ("2.5", 2.5),
        ("2,5", 2.5),
        (" 10,0 ", 10.0),
        ("0,125", 0.125),
        ("0.500", 0.5),
        ("000,500", 0.5),
        (".5", 0.5),
        (",125", 0.125),
        ("1234.567", 1234.567),
        ("3.2175", 3.2175),
        ("-2,5", -2.5),
        ("-0", 0.0),
        ("007", 7.0),
    ],
)
def test_a_point_and_a_comma_are_both_a_decimal_sign(text: str, number: float) -> None:
    assert str(read(text)) == str(number)


@pytest.mark.control("C-55")
@pytest.mark.parametrize(
    ("text", "large", "small"),
    [
        ("10,000", "10000", "10.0"),
        ("1.000", "1000", "1.0"),
        ("1.234", "1234", "1.2340"),
        ("-1,500", "-1500", "-1.5"),
        ("100,050", "100050", "100.05"),
        ("01,500", "01500", "01.5"),
    ],
)
def test_what_can_be_thousands_or_a_fraction_is_asked_back(text: str, large: str, small: str) -> None:
    with pytest.raises(EstimError, match="can mean") as caught:
        read(text)
    assert caught.value.code == Exit.USAGE
    assert text in caught.value.text
    assert small in caught.value.text
    assert large.lstrip("0") in caught.value.text
    assert read(small) * 1000 == pytest.approx(read(large))  # what is advised is taken


@pytest.mark.control("C-55")
@pytest.mark.parametrize(
    "text", ["1,234.5", "1.234,5", "1,000,000", "1.2.3", "10 000", "10'000", "10_000", "1\u00a0000"]
)
def test_groups_and_two_signs_are_asked_back(text: str) -> None:
    with pytest.raises(EstimError, match="can be read in two ways") as caught:
        read(text)
    assert caught.value.code == Exit.USAGE


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", ",", "-", "5.", "5,", "+5", "1e3", "nan", "inf", "-inf", "0x10", "٣", "１０", "5 km", "5\x1b[2J"],
)
def test_what_is_no_number_gets_a_sentence(text: str) -> None:
    with pytest.raises(EstimError) as caught:
        read(text)
    assert caught.value.code == Exit.USAGE
    assert caught.value.text.startswith("--gap")
    assert caught.value.text.isprintable()


def test_outside_the_range_names_what_what_was_typed_and_the_range() -> None:
    with pytest.raises(EstimError, match="--gap “31”: it takes 1 to 30 km"):
        read("31", 1, 30)
    with pytest.raises(EstimError, match="it takes 1 to 30 km"):
        read("9" * 5000, 1, 30)


def test_a_whole_number_has_no_fraction() -> None:
    assert read_whole("5,0", what="pain", lo=0, hi=10) == 5
    with pytest.raises(EstimError, match="pain “5,5”: it takes a whole number, 0 to 10"):
        read_whole("5,5", what="pain", lo=0, hi=10)
    with pytest.raises(EstimError, match="can mean"):
        read_whole("1.000", what="pain", lo=0, hi=10)


def _told(text: str) -> float | EstimError:
    try:
        return read(text)
    except EstimError as error:
        return error


@given(st.text("0123456789.,-+ 'e_", max_size=12) | st.text(max_size=8))
def test_whatever_is_typed_is_the_same_with_point_and_comma_and_never_thousands(text: str) -> None:
    number = _told(text)
    if isinstance(number, EstimError):
        assert number.code == Exit.USAGE
        assert number.text.isprintable()
        return
    assert number == read(text.replace(",", "\0").replace(".", ",").replace("\0", "."))
    assert number == float(text.strip().replace(",", "."))
    assert not re.fullmatch(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}", text.strip())
